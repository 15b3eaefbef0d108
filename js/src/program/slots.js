// A slot is where an array lies in the arena: { shape, offset, strides }, counted in elements, strides as in NumPy.
// A slot is dense when its elements follow each other in C order; others are views, which nothing was copied for.

export const size = (shape) => shape.reduce((product, n) => product * n, 1);

export function cStrides(shape) {
  const strides = new Array(shape.length);
  for (let d = shape.length - 1, step = 1; d >= 0; step *= shape[d], d--) strides[d] = step;
  return strides;
}

export const denseSlot = (shape, offset) => ({ shape, offset, strides: cStrides(shape) });

export function isDense({ shape, strides }) {
  const wanted = cStrides(shape);
  return size(shape) === 0 || shape.every((n, d) => n === 1 || strides[d] === wanted[d]);
}

export const text = (shape) => `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;

/** The strides that let `slot` be walked as an array of `shape`: 0 along each axis where it is repeated. */
export function broadcastStrides(slot, shape) {
  const missing = shape.length - slot.shape.length;
  const fits = missing >= 0 && slot.shape.every((n, d) => n === 1 || n === shape[d + missing]);
  if (!fits) throw new Error(`An array of shape ${text(slot.shape)} does not broadcast to ${text(shape)}.`);
  return shape.map((_, d) => (d < missing || slot.shape[d - missing] === 1 ? 0 : slot.strides[d - missing]));
}

/**
 * The fewest nested loops that walk arrays of one shape in C order, outermost first: { sizes, strides }, where
 * strides[i][k] is what loop k adds to the position in array i. Neighbouring axes become one loop where every
 * array allows it, so arrays of equal layout, and scalars, need a single loop.
 */
export function loops(shape, strides) {
  const sizes = [];
  const steps = strides.map(() => []);
  shape.forEach((n, d) => {
    if (n === 1) return;
    const last = sizes.length - 1;
    if (last >= 0 && strides.every((s, i) => steps[i][last] === s[d] * n)) {
      sizes[last] *= n;
      steps.forEach((step, i) => (step[last] = strides[i][d]));
    } else {
      sizes.push(n);
      steps.forEach((step, i) => step.push(strides[i][d]));
    }
  });
  return { sizes, strides: steps };
}

/** The position of every element of an array, in C order. */
export function positions(shape, strides, offset = 0) {
  let all = Int32Array.of(offset);
  shape.forEach((n, d) => {
    const next = new Int32Array(all.length * n);
    for (let i = 0, k = 0; i < all.length; i++) {
      for (let j = 0; j < n; j++, k++) next[k] = all[i] + j * strides[d];
    }
    all = next;
  });
  return all;
}
