/**
 * The shaded contours of a landscape: its own program over a grid, levels even in log10(J − J* + small).
 *
 * Marching squares for all levels in one pass over the cells, traced into rings. (d3-contour finds which ring is a
 * hole of which, a level at a time, and takes five times as long; the even-odd rule needs no such knowledge.)
 */

export const LEVELS = 14;
export const FINE = 10; // paths are written in tenths of a pixel: whole numbers are short and quick to write

/** Working arrays, kept between drawings: at sixty a second their disposal would cost more than their use. */
const kept = new Map();
function scratch(name, Type, length) {
  if (kept.get(name)?.length !== length) kept.set(name, new Type(length));
  return kept.get(name);
}

/** Values on the points of a grid; the program takes `batch` points at a time. Samples lie half a cell outside the window at its edges. */
export function sample(program, batch, [columns, rows], [[left, right], [low, high]]) {
  const total = columns * rows;
  const values = scratch("values", Float64Array, total);
  const x = scratch("x", Float64Array, batch);
  const y = scratch("y", Float64Array, batch);
  for (let from = 0; from < total; from += batch) {
    const count = Math.min(batch, total - from);
    for (let n = 0; n < batch; n++) {
      const at = from + Math.min(n, count - 1);
      const i = at % columns;
      x[n] = left + ((right - left) * (i - 0.5)) / (columns - 2);
      y[n] = low + ((high - low) * ((at - i) / columns - 0.5)) / (rows - 2);
    }
    values.set(program.run({ x, y }).J.subarray(0, count), from);
  }
  return values;
}

/** Height of every sample in units of levels, inside a border that lies below all of them; null for a flat surface. */
function heights(values, columns, rows, minimum) {
  let top = 0;
  for (const value of values) if (value - minimum > top && value < Infinity) top = value - minimum;
  if (!(top > 0)) return null;
  const some = [];
  for (let n = 3; n < values.length; n += 11) some.push(Math.max(0, values[n] - minimum) || 0);
  some.sort((a, b) => a - b);
  // One hundredth of the map lies below `small`: the deepest shade is about that large on every landscape.
  const small = Math.max(some[Math.floor(some.length / 100)], 1e-9 * top);
  const lowest = Math.log10(2 * small);
  const spacing = (Math.log10(top + small) - lowest) / LEVELS;
  const width = columns + 2;
  const q = scratch("heights", Float64Array, width * (rows + 2)).fill(-1e9);
  for (let j = 0, n = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++, n++) {
      const above = values[n] - minimum;
      const z = above >= 0 ? Math.min(above, top) : above < 0 ? 0 : top; // no number: as high as it gets
      q[(j + 1) * width + i + 1] = (Math.log10(z + small) - lowest) / spacing;
    }
  }
  return q;
}

// For each pattern of corners above the level (bit 0: lower left, then counter-clockwise), the edges a line enters
// and leaves by (0: lower, 1: right, 2: upper, 3: left), with the high ground on its left.
export const LINES = [[], [0, 3], [1, 0], [1, 3], [2, 1], [0, 3, 2, 1], [2, 0], [2, 3], [3, 2], [0, 2], [1, 0, 3, 2], [1, 2], [3, 1], [0, 1], [3, 0], []];

/**
 * → for each level, from the lowest, the path (even-odd) around everything above it, in 1/FINE of a pixel of a
 * width × height frame. Painted in this order, a level's line is the border between two shades.
 */
export function shade(values, [columns, rows], minimum, width, height) {
  const paths = Array(LEVELS).fill("");
  const q = heights(values, columns, rows, minimum);
  if (!q) return paths;
  const W = columns + 2;
  const edges = 2 * q.length; // edge 2n runs from node n to the right, 2n + 1 upwards
  const next = scratch("next", Int32Array, LEVELS * edges).fill(-1);
  const begun = scratch("begun", Int32Array, LEVELS * edges);
  const count = new Int32Array(LEVELS);
  for (let j = 0; j < rows + 1; j++) {
    for (let i = 0; i < columns + 1; i++) {
      const n = j * W + i;
      const a = q[n];
      const b = q[n + 1];
      const c = q[n + W + 1];
      const d = q[n + W];
      const first = Math.max(0, Math.floor(Math.min(a, b, c, d)) + 1);
      const last = Math.min(LEVELS - 1, Math.floor(Math.max(a, b, c, d)));
      for (let k = first; k <= last; k++) {
        const line = LINES[(a >= k ? 1 : 0) + (b >= k ? 2 : 0) + (c >= k ? 4 : 0) + (d >= k ? 8 : 0)];
        for (let m = 0; m < line.length; m += 2) {
          const from = edge(n, line[m], W);
          next[k * edges + from] = edge(n, line[m + 1], W);
          begun[k * edges + count[k]++] = from;
        }
      }
    }
  }
  const fx = (FINE * width) / (columns - 2);
  const fy = (FINE * height) / (rows - 2);
  for (let k = 0; k < LEVELS; k++) {
    let d = "";
    for (let m = 0; m < count[k]; m++) {
      const start = begun[k * edges + m];
      if (next[k * edges + start] < 0) continue; // already part of a ring
      let at = start;
      let u = 0;
      let v = 0;
      while (next[k * edges + at] >= 0) {
        const node = at >> 1;
        const other = at & 1 ? node + W : node + 1;
        const part = (k - q[node]) / (q[other] - q[node]);
        const i = node % W;
        const s = Math.round((i - 1.5 + (at & 1 ? 0 : part)) * fx);
        const t = Math.round(FINE * height - ((node - i) / W - 1.5 + (at & 1 ? part : 0)) * fy);
        d += at === start ? `M${s} ${t}` : `l${s - u} ${t - v}`;
        u = s;
        v = t;
        const following = next[k * edges + at];
        next[k * edges + at] = -1;
        at = following;
      }
      d += "Z";
    }
    paths[k] = d;
  }
  return paths;
}

const edge = (node, side, W) => (side === 0 ? 2 * node : side === 1 ? 2 * (node + 1) + 1 : side === 2 ? 2 * (node + W) : 2 * node + 1);
