// Reductions over axes. The elements of one group lie at start + steps[k]: `starts` has a group for each element of
// the result, in C order.

import { positions, size } from "./slots.js";

function groups(x, axes) {
  const pick = (values, reduced) => values.filter((_, d) => axes.includes(d) === reduced);
  return {
    starts: positions(pick(x.shape, false), pick(x.strides, false), x.offset),
    steps: positions(pick(x.shape, true), pick(x.strides, true)),
  };
}

const reduction = (kernel, acceptsNothing = true) => (build, [x], shape, { axes }) => {
  const out = build.allocate(shape);
  const { starts, steps } = groups(x, axes);
  if (starts.length !== size(shape)) throw new Error(`Reducing over the axes ${axes} gives another shape.`);
  if (!acceptsNothing && starts.length > 0 && steps.length === 0) throw new Error("No elements to take a maximum of.");
  const o = out.offset;
  build.emit((m) => kernel(m, o, starts, steps));
  return out;
};

/** Four partial sums: they do not wait for each other, and round less. */
function sum(m, o, starts, steps) {
  const n = steps.length;
  for (let i = 0; i < starts.length; i++) {
    const a = starts[i];
    let s0 = 0, s1 = 0, s2 = 0, s3 = 0, k = 0;
    for (; k + 3 < n; k += 4) {
      s0 += m[a + steps[k]];
      s1 += m[a + steps[k + 1]];
      s2 += m[a + steps[k + 2]];
      s3 += m[a + steps[k + 3]];
    }
    for (; k < n; k++) s0 += m[a + steps[k]];
    m[o + i] = s0 + s1 + (s2 + s3);
  }
}

export function largest(m, a, steps) {
  let y = -Infinity;
  for (let k = 0; k < steps.length; k++) y = Math.max(y, m[a + steps[k]]);
  return y;
}

function max(m, o, starts, steps) {
  for (let i = 0; i < starts.length; i++) m[o + i] = largest(m, starts[i], steps);
}

/** Shifted by the maximum; where that is infinite there is nothing to shift. */
function logsumexp(m, o, starts, steps) {
  for (let i = 0; i < starts.length; i++) {
    const a = starts[i];
    const top = largest(m, a, steps);
    const shift = Math.abs(top) === Infinity ? 0 : top;
    let s = 0;
    for (let k = 0; k < steps.length; k++) s += Math.exp(m[a + steps[k]] - shift);
    m[o + i] = shift + Math.log(s);
  }
}

export const reductionKernels = {
  sum: reduction(sum),
  max: reduction(max, false),
  logsumexp: reduction(logsumexp),
};
