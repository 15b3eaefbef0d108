// Kernels that move elements without computing.

import { copy } from "./elementwise.js";
import { denseSlot, loops, positions, size, text } from "./slots.js";

/** The same elements under another shape. */
function reshape(build, [x], shape) {
  if (size(shape) !== size(x.shape)) throw new Error(`${text(x.shape)} cannot be reshaped to ${text(shape)}.`);
  return denseSlot(shape, build.dense(x).offset);
}

function checkReach(shape, strides, offset, length) {
  if (size(shape) === 0) return;
  const reach = shape.map((n, d) => (n - 1) * strides[d]);
  const first = reach.reduce((sum, r) => sum + Math.min(r, 0), offset);
  const last = reach.reduce((sum, r) => sum + Math.max(r, 0), offset);
  if (first < 0 || last >= length) {
    throw new Error(`Offset ${offset} and strides ${text(strides)} leave an array of ${length} elements.`);
  }
}

/** A view of the input: indexing, transposition, repetition. Kernels that need dense operands copy it on their own. */
function strided(build, [x], shape, { offset, strides }) {
  checkReach(shape, strides, offset, size(x.shape));
  return { shape, offset: build.dense(x).offset + offset, strides };
}

/** The adjoint of `strided`: adds every element of the input to its place in an array of zeros. */
function scatter(build, [x], shape, { offset, strides }) {
  checkReach(x.shape, strides, offset, size(shape));
  const out = build.allocate(shape);
  const [start, end] = [out.offset, out.offset + size(shape)];
  const { sizes, strides: [from, to] } = loops(x.shape, [x.strides, strides]);
  const n = sizes.pop() ?? 1;
  const [step, stepTo] = [from.pop() ?? 0, to.pop() ?? 0];
  const sources = positions(sizes, from, x.offset);
  const targets = positions(sizes, to, out.offset + offset);
  build.emit((m) => {
    m.fill(0, start, end);
    for (let r = 0; r < sources.length; r++) addTo(m, targets[r], stepTo, n, sources[r], step);
  });
  return out;
}

function addTo(m, o, so, n, a, sa) {
  for (let i = 0; i < n; i++, o += so, a += sa) m[o] += m[a];
}

function concatenate(build, parts, shape, { axis }) {
  const out = build.allocate(shape);
  const rows = size(shape.slice(0, axis));
  const width = size(shape.slice(axis));
  let shift = out.offset;
  for (const part of parts) {
    const n = size(part.shape.slice(axis));
    const [from, to] = [build.dense(part).offset, shift];
    build.emit((m) => { for (let r = 0; r < rows; r++) copy(m, to + r * width, n, from + r * n, 1); });
    shift += n;
  }
  if (shift !== out.offset + width) {
    throw new Error(`${parts.map((part) => text(part.shape)).join(" and ")} do not concatenate to ${text(shape)}.`);
  }
  return out;
}

/** `index` as a position among `length` rows; negative ones count from the end, as in NumPy. */
export function rowNumber(index, length) {
  const row = index < 0 ? index + length : index;
  if (row >= 0 && row < length && Number.isInteger(row)) return row;
  throw new Error(`Index ${index} is not one of the ${length} rows.`);
}

/** X[index] along the first axis. */
function take(build, [X, index], shape) {
  const out = build.allocate(shape);
  const rows = X.shape[0];
  const width = size(X.shape.slice(1));
  const n = size(index.shape);
  const [x, at] = [build.dense(X).offset, build.dense(index).offset];
  const o = out.offset;
  build.emit((m) => {
    for (let i = 0; i < n; i++) copy(m, o + i * width, width, x + rowNumber(m[at + i], rows) * width, 1);
  });
  return out;
}

/** The adjoint of `take`: adds every row of g to the row it was taken from. */
function takeAdjoint(build, [g, index], shape) {
  const out = build.allocate(shape);
  const rows = shape[0];
  const width = size(shape.slice(1));
  const n = size(index.shape);
  const [from, at] = [build.dense(g).offset, build.dense(index).offset];
  const [start, end] = [out.offset, out.offset + size(shape)];
  build.emit((m) => {
    m.fill(0, start, end);
    for (let i = 0; i < n; i++) addTo(m, start + rowNumber(m[at + i], rows) * width, 1, width, from + i * width, 1);
  });
  return out;
}

export const layoutKernels = { reshape, strided, scatter, concatenate, take, take_adjoint: takeAdjoint };
