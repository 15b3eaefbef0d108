// Elementwise kernels. Each has a loop of its own on purpose: one loop shared by all, with the operation passed in
// as a function, is twice as slow, since the engine that runs it can then inline none of them.
//
// A kernel fills the n elements from o on; it reads its operands from a, b, c on in steps of sa, sb, sc. A step of 0
// repeats a scalar. `m` is the arena.

import { erf } from "./erf.js";
import { logistic, power, rint, sign, softplus } from "./elementary.js";
import { broadcastStrides, loops, positions } from "./slots.js";
import { tanh } from "./tanh.js";

export const unary = {
  negative: (m, o, n, a, sa) => { for (const end = o + n; o < end; o++, a += sa) m[o] = -m[a]; },
  exp: (m, o, n, a, sa) => { for (const end = o + n; o < end; o++, a += sa) m[o] = Math.exp(m[a]); },
  log: (m, o, n, a, sa) => { for (const end = o + n; o < end; o++, a += sa) m[o] = Math.log(m[a]); },
  log1p: (m, o, n, a, sa) => { for (const end = o + n; o < end; o++, a += sa) m[o] = Math.log1p(m[a]); },
  expm1: (m, o, n, a, sa) => { for (const end = o + n; o < end; o++, a += sa) m[o] = Math.expm1(m[a]); },
  sqrt: (m, o, n, a, sa) => { for (const end = o + n; o < end; o++, a += sa) m[o] = Math.sqrt(m[a]); },
  square: (m, o, n, a, sa) => { for (const end = o + n; o < end; o++, a += sa) m[o] = m[a] * m[a]; },
  sin: (m, o, n, a, sa) => { for (const end = o + n; o < end; o++, a += sa) m[o] = Math.sin(m[a]); },
  cos: (m, o, n, a, sa) => { for (const end = o + n; o < end; o++, a += sa) m[o] = Math.cos(m[a]); },
  tanh,
  erf: (m, o, n, a, sa) => { for (const end = o + n; o < end; o++, a += sa) m[o] = erf(m[a]); },
  relu: (m, o, n, a, sa) => { for (const end = o + n; o < end; o++, a += sa) m[o] = Math.max(m[a], 0); },
  absolute: (m, o, n, a, sa) => { for (const end = o + n; o < end; o++, a += sa) m[o] = Math.abs(m[a]); },
  sign: (m, o, n, a, sa) => { for (const end = o + n; o < end; o++, a += sa) m[o] = sign(m[a]); },
  rint: (m, o, n, a, sa) => { for (const end = o + n; o < end; o++, a += sa) m[o] = rint(m[a]); },
  logistic: (m, o, n, a, sa) => { for (const end = o + n; o < end; o++, a += sa) m[o] = logistic(m[a]); },
  softplus: (m, o, n, a, sa) => { for (const end = o + n; o < end; o++, a += sa) m[o] = softplus(m[a]); },
};

export const binary = {
  add: (m, o, n, a, sa, b, sb) => { for (const end = o + n; o < end; o++, a += sa, b += sb) m[o] = m[a] + m[b]; },
  subtract: (m, o, n, a, sa, b, sb) => { for (const end = o + n; o < end; o++, a += sa, b += sb) m[o] = m[a] - m[b]; },
  multiply: (m, o, n, a, sa, b, sb) => { for (const end = o + n; o < end; o++, a += sa, b += sb) m[o] = m[a] * m[b]; },
  divide: (m, o, n, a, sa, b, sb) => { for (const end = o + n; o < end; o++, a += sa, b += sb) m[o] = m[a] / m[b]; },
  power: (m, o, n, a, sa, b, sb) => { for (const end = o + n; o < end; o++, a += sa, b += sb) m[o] = power(m[a], m[b]); },
  maximum: (m, o, n, a, sa, b, sb) => { for (const end = o + n; o < end; o++, a += sa, b += sb) m[o] = Math.max(m[a], m[b]); },
  minimum: (m, o, n, a, sa, b, sb) => { for (const end = o + n; o < end; o++, a += sa, b += sb) m[o] = Math.min(m[a], m[b]); },
  greater: (m, o, n, a, sa, b, sb) => { for (const end = o + n; o < end; o++, a += sa, b += sb) m[o] = m[a] > m[b] ? 1 : 0; },
  greater_equal: (m, o, n, a, sa, b, sb) => { for (const end = o + n; o < end; o++, a += sa, b += sb) m[o] = m[a] >= m[b] ? 1 : 0; },
  less: (m, o, n, a, sa, b, sb) => { for (const end = o + n; o < end; o++, a += sa, b += sb) m[o] = m[a] < m[b] ? 1 : 0; },
  less_equal: (m, o, n, a, sa, b, sb) => { for (const end = o + n; o < end; o++, a += sa, b += sb) m[o] = m[a] <= m[b] ? 1 : 0; },
  equal: (m, o, n, a, sa, b, sb) => { for (const end = o + n; o < end; o++, a += sa, b += sb) m[o] = m[a] === m[b] ? 1 : 0; },
  not_equal: (m, o, n, a, sa, b, sb) => { for (const end = o + n; o < end; o++, a += sa, b += sb) m[o] = m[a] !== m[b] ? 1 : 0; },
};

export function where(m, o, n, a, sa, b, sb, c, sc) {
  for (const end = o + n; o < end; o++, a += sa, b += sb, c += sc) m[o] = m[a] !== 0 ? m[b] : m[c];
}

export function copy(m, o, n, a, sa) {
  for (const end = o + n; o < end; o++, a += sa) m[o] = m[a];
}

const integerPower = (exponent) => (m, o, n, a, sa) => {
  for (const end = o + n; o < end; o++, a += sa) {
    const x = m[a];
    let y = x;
    for (let i = 1; i < exponent; i++) y *= x;
    m[o] = y;
  }
};

/** Emits `kernel` over operands that broadcast to `shape`; returns the slot of the result. */
export function elementwise(build, kernel, operands, shape) {
  const arity = (kernel.length - 3) / 2; // m, o, n, then a position and a step for each operand
  if (operands.length !== arity) throw new Error(`${arity} operands are needed; ${operands.length} are given.`);
  const out = build.allocate(shape);
  const o = out.offset;
  const { sizes, strides } = loops(shape, operands.map((operand) => broadcastStrides(operand, shape)));
  const n = sizes.pop() ?? 1; // the innermost loop is the kernel's; the others are the rows
  const [sa, sb, sc] = strides.map((steps) => steps.pop() ?? 0);
  const [A, B, C] = operands.map((operand, i) => positions(sizes, strides[i], operand.offset));
  const rows = A.length;
  if (n === 0 || rows === 0) return out;

  const [a, b, c] = [A[0], B?.[0], C?.[0]];
  build.emit({
    1: rows === 1
      ? (m) => kernel(m, o, n, a, sa)
      : (m) => { for (let r = 0; r < rows; r++) kernel(m, o + r * n, n, A[r], sa); },
    2: rows === 1
      ? (m) => kernel(m, o, n, a, sa, b, sb)
      : (m) => { for (let r = 0; r < rows; r++) kernel(m, o + r * n, n, A[r], sa, B[r], sb); },
    3: rows === 1
      ? (m) => kernel(m, o, n, a, sa, b, sb, c, sc)
      : (m) => { for (let r = 0; r < rows; r++) kernel(m, o + r * n, n, A[r], sa, B[r], sb, C[r], sc); },
  }[arity]);
  return out;
}

const bound = (kernel) => (build, operands, shape) => elementwise(build, kernel, operands, shape);

export const elementwiseKernels = {
  ...Object.fromEntries(Object.entries({ ...unary, ...binary, where }).map(([name, kernel]) => [name, bound(kernel)])),
  integer_power: (build, operands, shape, { n }) => elementwise(build, integerPower(n), operands, shape),
};
