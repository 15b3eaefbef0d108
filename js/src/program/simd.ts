// The kernels in which training spends its time, two numbers at a time: AssemblyScript, built to WebAssembly. Each has a twin
// in JavaScript (matmul.js, tanh.js, fuse.js) which does the work where there is no WebAssembly, and gives the same bits:
// every element of a product is summed over k from left to right, and nothing is fused to one rounding.
//
// Positions and steps are counted in numbers of the arena, which is the memory from address 0 on.

// @ts-ignore: decorator
@inline function at(i: i32): usize { return (<usize>i) << 3; }

// @ts-ignore: decorator
@inline function axpy(sum: v128, x: v128, y: v128): v128 { return f64x2.add(sum, f64x2.mul(x, y)); }

/** Four rows by four columns: sixteen sums in eight registers, and a row of B read once for all of them. */
// @ts-ignore: decorator
@inline function tile4x4(depth: i32, c: i32, ci: i32, a: i32, ai: i32, ak: i32, b: i32, bk: i32): void {
  let s00 = f64x2.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
  let p = at(a), q = at(b);
  const p1 = at(ai), p2 = at(2 * ai), p3 = at(3 * ai), pk = at(ak), qk = at(bk);
  for (let k = 0; k < depth; k++, p += pk, q += qk) {
    const y0 = v128.load(q), y1 = v128.load(q, 16);
    let x = v128.load_splat<f64>(p);
    s00 = axpy(s00, x, y0); s01 = axpy(s01, x, y1);
    x = v128.load_splat<f64>(p + p1);
    s10 = axpy(s10, x, y0); s11 = axpy(s11, x, y1);
    x = v128.load_splat<f64>(p + p2);
    s20 = axpy(s20, x, y0); s21 = axpy(s21, x, y1);
    x = v128.load_splat<f64>(p + p3);
    s30 = axpy(s30, x, y0); s31 = axpy(s31, x, y1);
  }
  let o = at(c);
  v128.store(o, s00); v128.store(o, s01, 16); o += at(ci);
  v128.store(o, s10); v128.store(o, s11, 16); o += at(ci);
  v128.store(o, s20); v128.store(o, s21, 16); o += at(ci);
  v128.store(o, s30); v128.store(o, s31, 16);
}

/** Four rows by two columns. */
// @ts-ignore: decorator
@inline function tile4x2(depth: i32, c: i32, ci: i32, a: i32, ai: i32, ak: i32, b: i32, bk: i32): void {
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0;
  let p = at(a), q = at(b);
  const p1 = at(ai), p2 = at(2 * ai), p3 = at(3 * ai), pk = at(ak), qk = at(bk);
  for (let k = 0; k < depth; k++, p += pk, q += qk) {
    const y = v128.load(q);
    s0 = axpy(s0, v128.load_splat<f64>(p), y);
    s1 = axpy(s1, v128.load_splat<f64>(p + p1), y);
    s2 = axpy(s2, v128.load_splat<f64>(p + p2), y);
    s3 = axpy(s3, v128.load_splat<f64>(p + p3), y);
  }
  let o = at(c);
  v128.store(o, s0); o += at(ci);
  v128.store(o, s1); o += at(ci);
  v128.store(o, s2); o += at(ci);
  v128.store(o, s3);
}

/** One row by four columns. */
// @ts-ignore: decorator
@inline function tile1x4(depth: i32, c: i32, a: i32, ak: i32, b: i32, bk: i32): void {
  let s0 = f64x2.splat(0), s1 = s0;
  let p = at(a), q = at(b);
  for (let k = 0; k < depth; k++, p += at(ak), q += at(bk)) {
    const x = v128.load_splat<f64>(p);
    s0 = axpy(s0, x, v128.load(q));
    s1 = axpy(s1, x, v128.load(q, 16));
  }
  v128.store(at(c), s0);
  v128.store(at(c), s1, 16);
}

/** One element. */
// @ts-ignore: decorator
@inline function element(depth: i32, c: i32, a: i32, ak: i32, b: i32, bk: i32): void {
  let s: f64 = 0;
  let p = at(a), q = at(b);
  for (let k = 0; k < depth; k++, p += at(ak), q += at(bk)) s += load<f64>(p) * load<f64>(q);
  store<f64>(at(c), s);
}

/** C[i, j] = Σ_k A[i, k] B[k, j], where A[i, k] lies at a + i·ai + k·ak, and the rows of B and C are whole: B[k, j] at b + k·bk + j. */
export function product(rows: i32, cols: i32, depth: i32, c: i32, a: i32, ai: i32, ak: i32, b: i32, bk: i32): void {
  const tiled = rows & ~3;
  let j = 0;
  for (; j + 3 < cols; j += 4) {
    for (let i = 0; i < tiled; i += 4) tile4x4(depth, c + i * cols + j, cols, a + i * ai, ai, ak, b + j, bk);
    for (let i = tiled; i < rows; i++) tile1x4(depth, c + i * cols + j, a + i * ai, ak, b + j, bk);
  }
  let pairs = j; // the columns that are done in the tiled rows
  if (j + 1 < cols) {
    for (let i = 0; i < tiled; i += 4) tile4x2(depth, c + i * cols + j, cols, a + i * ai, ai, ak, b + j, bk);
    pairs += 2;
  }
  for (let i = 0; i < rows; i++) {
    for (let l = i < tiled ? pairs : j; l < cols; l++) element(depth, c + i * cols + l, a + i * ai, ak, b + l, bk);
  }
}

/** Makes the rows of a matrix whole: X[k, j] from x + k·xk + j·xj to o + k·cols + j. */
export function pack(rows: i32, cols: i32, o: i32, x: i32, xk: i32, xj: i32): void {
  for (let k = 0; k < rows; k++, x += xk) {
    for (let j = 0, p = x; j < cols; j++, o++, p += xj) store<f64>(at(o), load<f64>(at(p)));
  }
}

/** Adds b[j] to C[i, j]. */
export function addBias(c: i32, rows: i32, cols: i32, b: i32): void {
  for (let i = 0; i < rows; i++) {
    let j = 0;
    for (; j + 1 < cols; j += 2, c += 2) v128.store(at(c), f64x2.add(v128.load(at(c)), v128.load(at(b + j))));
    if (j < cols) {
      store<f64>(at(c), load<f64>(at(c)) + load<f64>(at(b + j)));
      c++;
    }
  }
}

/** g · (1 − h²). */
export function slope(o: i32, n: i32, g: i32, h: i32): void {
  const one = f64x2.splat(1);
  const end = o + n;
  for (; o + 1 < end; o += 2, g += 2, h += 2) {
    const y = v128.load(at(h));
    v128.store(at(o), f64x2.mul(v128.load(at(g)), f64x2.sub(one, f64x2.mul(y, y))));
  }
  if (o < end) {
    const y = load<f64>(at(h));
    store<f64>(at(o), load<f64>(at(g)) * (1 - y * y));
  }
}

// @ts-ignore: decorator
@inline function horner(y: v128, x: v128, coefficient: f64): v128 { return f64x2.add(f64x2.mul(y, x), f64x2.splat(coefficient)); }

/** tanh of two numbers by both formulas of tanh.js: to choose at the end costs less than to branch. */
// @ts-ignore: decorator
@inline function tanhOf(x: v128): v128 {
  const one = f64x2.splat(1), two = f64x2.splat(2);
  const size = f64x2.abs(x);

  const z = f64x2.mul(x, x);
  let p = f64x2.splat(-0.964399179425052238628);
  p = horner(p, z, -99.2877231001918586564);
  p = horner(p, z, -1614.68768441708447952);
  let q = f64x2.add(z, f64x2.splat(112.811678491632931402));
  q = horner(q, z, 2235.48839060100448583);
  q = horner(q, z, 4844.06305325125486048);
  const near = f64x2.add(size, f64x2.mul(f64x2.mul(size, z), f64x2.div(p, q)));

  const y = f64x2.mul(two, f64x2.pmin(size, f64x2.splat(22))); // keeps NaN
  const k = f64x2.floor(f64x2.add(f64x2.mul(y, f64x2.splat(1.4426950408889634)), f64x2.splat(0.5)));
  const r = f64x2.sub(
    f64x2.sub(y, f64x2.mul(k, f64x2.splat(6.93147180369123816490e-1))),
    f64x2.mul(k, f64x2.splat(1.90821492927058770002e-10)),
  );
  const t = f64x2.mul(r, r);
  let e = f64x2.splat(4.13813679705723846039e-8);
  e = horner(e, t, -1.65339022054652515390e-6);
  e = horner(e, t, 6.61375632143793436117e-5);
  e = horner(e, t, -2.77777777770155933842e-3);
  e = horner(e, t, 1.66666666666666019037e-1);
  const s = f64x2.sub(two, f64x2.sub(r, f64x2.mul(t, e)));
  // The last bits of k + 2^52 are the integer k; shifted to where a number has its exponent, they make 1 into 2^k.
  const power = i64x2.add(i64x2.shl(f64x2.add(k, f64x2.splat(4503599627370496)), 52), one);
  const far = f64x2.sub(one, f64x2.div(f64x2.mul(two, s), f64x2.add(f64x2.mul(power, f64x2.add(s, f64x2.mul(two, r))), s)));

  const h = v128.bitselect(near, far, f64x2.lt(size, f64x2.splat(0.625)));
  return v128.bitselect(x, h, i64x2.splat(0x8000000000000000)); // the sign of x
}

/** Of n numbers from a on, to o. */
export function tanh(o: i32, n: i32, a: i32): void {
  const end = o + n;
  for (; o + 3 < end; o += 4, a += 4) {
    const h = tanhOf(v128.load(at(a))), g = tanhOf(v128.load(at(a), 16));
    v128.store(at(o), h);
    v128.store(at(o), g, 16);
  }
  for (; o < end; o++, a++) store<f64>(at(o), f64x2.extract_lane(tanhOf(f64x2.splat(load<f64>(at(a)))), 0));
}
