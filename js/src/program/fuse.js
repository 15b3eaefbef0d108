// Several recorded operations that one loop can do, found when a program is made ready. What a fused loop computes for
// an element is what the operations would have, in the same order: the numbers do not change.

import { crossEntropySoftmax, softmaxRoom } from "./classes.js";
import { elementwise } from "./elementwise.js";
import { linearTanh } from "./matmul.js";
import { isDense, size } from "./slots.js";

/** g · (1 − h²). */
const slope = (m, o, n, a, sa, b, sb) => {
  for (const end = o + n; o < end; o++, a += sa, b += sb) {
    const h = m[b];
    m[o] = m[a] * (1 - h * h);
  }
};

function tanhSlope(build, operands, shape) {
  const { simd } = build.layout;
  if (!simd || !operands.every((operand) => isDense(operand) && same(operand.shape, shape))) {
    return elementwise(build, slope, operands, shape);
  }
  const [out, [g, h], n] = [build.allocate(shape), operands, size(shape)];
  build.emit(() => simd.slope(out.offset, n, g.offset, h.offset));
  return out;
}

const isOne = ([shape, data]) => shape.length === 0 && data === 1;
const same = (a, b) => a.length === b.length && a.every((n, d) => n === b[d]);

/**
 * The operations of a program, with a kernel in place of the name where one does the work of several, and null for
 * those whose work it does:
 *   linear, tanh                     →  tanh is taken in place
 *   multiply, subtract, multiply     →  g · (1 − h²), the slope of tanh as its derivative rule records it
 *   softmax, cross_entropy           →  both in one pass over the same logits
 */
export function fuse({ inputs, constants, ops, outputs }) {
  const first = inputs.length + constants.length; // the number of the first operation's slot
  const uses = new Map();
  const count = (number) => uses.set(number, (uses.get(number) ?? 0) + 1);
  for (const [, operands] of ops) operands.forEach(count);
  for (const [, number] of outputs) count(number);

  const fused = [...ops];
  /** The operation that made a slot which nothing else reads. */
  const made = (number) => (number >= first && uses.get(number) === 1 ? fused[number - first] : null);
  const squared = (op) => (op?.[0] === "square" || (op?.[0] === "multiply" && op[1][0] === op[1][1]) ? op[1][0] : null);

  ops.forEach(([name, operands, shape], i) => {
    if (name === "tanh" && made(operands[0])?.[0] === "linear") {
      fused[i] = [linearTanh, made(operands[0])[1], shape];
      fused[operands[0] - first] = null;
    }
    const before = ops[i - 1];
    if (name === "cross_entropy" && before?.[0] === "softmax" && before[1][0] === operands[0] && before[2].length === 2) {
      fused[i - 1] = [softmaxRoom, [operands[0]], before[2]];
      fused[i] = [crossEntropySoftmax, [operands[0], operands[1], first + i - 1], shape];
    }
    if (name !== "multiply") return;
    for (const [g, factor] of [operands, [...operands].reverse()]) {
      const difference = made(factor);
      if (difference?.[0] !== "subtract") continue;
      const [from, square] = difference[1];
      if (!(from >= inputs.length && from < first && isOne(constants[from - inputs.length]))) continue;
      const h = squared(made(square));
      if (h === null || !same(shape, made(square)[2])) continue;
      fused[factor - first] = fused[square - first] = null;
      fused[i] = [tanhSlope, [g, h], shape];
      return;
    }
  });
  return fused;
}
