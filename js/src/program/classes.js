// Probabilities of classes, a row of logits each.

import { rowNumber } from "./layout.js";
import { largest } from "./reduce.js";
import { positions, size } from "./slots.js";

/** Over the last axis, shifted by the maximum. */
function softmax(build, [x], shape) {
  const out = build.allocate(shape);
  const n = shape.at(-1);
  const columns = positions([n], [1]);
  const [from, o, end] = [build.dense(x).offset, out.offset, size(shape)];
  build.emit((m) => {
    for (let r = 0; r < end; r += n) {
      const top = largest(m, from + r, columns);
      let s = 0;
      for (let j = 0; j < n; j++) s += m[o + r + j] = Math.exp(m[from + r + j] - top);
      for (let j = 0; j < n; j++) m[o + r + j] /= s;
    }
  });
  return out;
}

/** The mean over rows of logsumexp(row) − row[label]. */
function crossEntropy(build, [logits, labels], shape) {
  const out = build.allocate(shape);
  const [rows, n] = logits.shape;
  const columns = positions([n], [1]);
  const [from, at, o] = [build.dense(logits).offset, build.dense(labels).offset, out.offset];
  build.emit((m) => {
    let sum = 0;
    for (let i = 0, a = from; i < rows; i++, a += n) {
      const top = largest(m, a, columns);
      let s = 0;
      for (let j = 0; j < n; j++) s += Math.exp(m[a + j] - top);
      sum += top - m[a + rowNumber(m[at + i], n)] + Math.log(s);
    }
    m[o] = sum / rows;
  });
  return out;
}

/** Room for the softmax of logits whose cross-entropy is the next operation, `crossEntropySoftmax`; who reads it reads what follows from them. */
export const softmaxRoom = (build, [_logits], shape) => build.allocate(shape);

/** Both at once, since they add the same exponentials. */
export function crossEntropySoftmax(build, [logits, labels, probabilities], shape) {
  const out = build.allocate(shape);
  const [rows, n] = logits.shape;
  const columns = positions([n], [1]);
  const [from, at, to, o] = [build.dense(logits).offset, build.dense(labels).offset, probabilities.offset, out.offset];
  build.emit((m) => {
    let sum = 0;
    for (let i = 0, a = from, p = to; i < rows; i++, a += n, p += n) {
      const top = largest(m, a, columns);
      let s = 0;
      for (let j = 0; j < n; j++) s += m[p + j] = Math.exp(m[a + j] - top);
      for (let j = 0; j < n; j++) m[p + j] /= s;
      sum += top - m[a + rowNumber(m[at + i], n)] + Math.log(s);
    }
    m[o] = sum / rows;
  });
  return out;
}

export const classKernels = { softmax, cross_entropy: crossEntropy };
