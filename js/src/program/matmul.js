// Matrix products. Every element is summed over k from left to right, so a result does not depend on the tiling.

import { broadcastStrides, positions, size, text } from "./slots.js";
import { tanh } from "./tanh.js";

/**
 * C[i, j] = Σ_k A[i, k] B[k, j] for rows × cols elements, where X[i, j] lies at x + i·xi + j·xj, so that a
 * transposed matrix needs no copy. Two rows by four columns at a time: eight sums stay in registers, and six
 * elements read serve eight products; what is left of the rows goes by four columns, what is left of those one by one.
 */
function product(m, rows, cols, depth, c, ci, cj, a, ai, ak, b, bk, bj) {
  const [tiledRows, tiledCols] = [rows - (rows % 2), cols - (cols % 4)];
  const [bj2, bj3] = [2 * bj, 3 * bj];
  for (let i = 0; i < tiledRows; i += 2) {
    for (let j = 0; j < tiledCols; j += 4) {
      let s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
      let p = a + i * ai;
      let q = b + j * bj;
      for (let k = 0; k < depth; k++, p += ak, q += bk) {
        const x0 = m[p], x1 = m[p + ai];
        const y0 = m[q], y1 = m[q + bj], y2 = m[q + bj2], y3 = m[q + bj3];
        s00 += x0 * y0; s01 += x0 * y1; s02 += x0 * y2; s03 += x0 * y3;
        s10 += x1 * y0; s11 += x1 * y1; s12 += x1 * y2; s13 += x1 * y3;
      }
      let o = c + i * ci + j * cj;
      m[o] = s00; m[o + cj] = s01; m[o + 2 * cj] = s02; m[o + 3 * cj] = s03;
      o += ci;
      m[o] = s10; m[o + cj] = s11; m[o + 2 * cj] = s12; m[o + 3 * cj] = s13;
    }
  }
  for (let i = 0; i < rows; i++) {
    let j = i < tiledRows ? tiledCols : 0;
    for (; j + 3 < cols; j += 4) {
      let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      for (let k = 0, p = a + i * ai, q = b + j * bj; k < depth; k++, p += ak, q += bk) {
        const x = m[p];
        s0 += x * m[q]; s1 += x * m[q + bj]; s2 += x * m[q + bj2]; s3 += x * m[q + bj3];
      }
      const o = c + i * ci + j * cj;
      m[o] = s0; m[o + cj] = s1; m[o + 2 * cj] = s2; m[o + 3 * cj] = s3;
    }
    for (; j < cols; j++) {
      let s = 0;
      for (let k = 0, p = a + i * ai, q = b + j * bj; k < depth; k++, p += ak, q += bk) s += m[p] * m[q];
      m[c + i * ci + j * cj] = s;
    }
  }
}

const MUCH = 4096; // products that are worth a memory for WebAssembly
const SOME = 256; // and, where there is one, a call

/** A @ B for two matrices as `at(m, c, a, b)`; in JavaScript the longer side of the result gets the four of the tile. */
function matrices(build, rows, cols, depth, [ai, ak], [bk, bj]) {
  const products = rows * cols * depth;
  const simd = products >= MUCH ? build.simd() : products >= SOME && build.layout.simd;
  if (simd && bj === 1) return (m, c, a, b) => simd.product(rows, cols, depth, c, a, ai, ak, b, bk);
  if (simd && rows >= 4) {
    const packed = build.allocate([depth, cols]).offset;
    return (m, c, a, b) => {
      simd.pack(depth, cols, packed, b, bk, bj);
      simd.product(rows, cols, depth, c, a, ai, ak, packed, cols);
    };
  }
  return cols >= rows
    ? (m, c, a, b) => product(m, rows, cols, depth, c, cols, 1, a, ai, ak, b, bk, bj)
    : (m, c, a, b) => product(m, cols, rows, depth, c, 1, cols, b, bj, bk, a, ak, ai);
}

const asMatrix = ({ shape, offset, strides }, left) => {
  if (shape.length !== 1) return { shape, offset, strides };
  return left
    ? { shape: [1, ...shape], offset, strides: [0, ...strides] }
    : { shape: [...shape, 1], offset, strides: [...strides, 0] };
};

function matmul(build, [x, y], shape) {
  const [A, B] = [asMatrix(x, true), asMatrix(y, false)];
  const [rows, depth] = A.shape.slice(-2);
  const [inner, cols] = B.shape.slice(-2);
  const batch = shape.slice(0, shape.length - (x.shape.length > 1) - (y.shape.length > 1));
  if (inner !== depth || size(batch) * rows * cols !== size(shape)) {
    throw new Error(`${text(x.shape)} @ ${text(y.shape)} do not fit to ${text(shape)}.`);
  }
  const out = build.allocate(shape);
  const starts = (X) => {
    const leading = { shape: X.shape.slice(0, -2), strides: X.strides.slice(0, -2) };
    return positions(batch, broadcastStrides(leading, batch), X.offset);
  };
  const [as, bs] = [starts(A), starts(B)];
  const at = matrices(build, rows, cols, depth, A.strides.slice(-2), B.strides.slice(-2));
  const o = out.offset;
  build.emit((m) => { for (let i = 0; i < as.length; i++) at(m, o + i * rows * cols, as[i], bs[i]); });
  return out;
}

/** Adds b[j] to C[i, j]. */
function addBias(m, simd, c, rows, cols, b) {
  if (simd) return simd.addBias(c, rows, cols, b);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++, c++) m[c] += m[b + j];
}

/** C[i, j] ← tanh(C[i, j] + b[j]). */
function addBiasTanh(m, simd, c, rows, cols, b) {
  addBias(m, simd, c, rows, cols, b);
  if (simd) simd.tanh(c, rows * cols, c);
  else tanh(m, c, rows * cols, c, 1);
}

/** X @ W.T + b, and what `finish` makes of it. */
const affine = (finish) => (build, [X, W, b], shape) => {
  const [rows, depth] = X.shape;
  const cols = W.shape[0];
  if (W.shape[1] !== depth || size(b.shape) !== cols || shape[0] !== rows || shape[1] !== cols) {
    throw new Error(`${text(X.shape)} @ ${text(W.shape)}.T + ${text(b.shape)} do not fit to ${text(shape)}.`);
  }
  const out = build.allocate(shape);
  const at = matrices(build, rows, cols, depth, X.strides, [W.strides[1], W.strides[0]]);
  const [o, x, w, bias] = [out.offset, X.offset, W.offset, build.dense(b).offset];
  const { simd } = build.layout;
  build.emit((m) => {
    at(m, o, x, w);
    finish(m, simd, o, rows, cols, bias);
  });
  return out;
};

const linear = affine(addBias);
export const linearTanh = affine(addBiasTanh);

export const productKernels = { matmul, linear };
