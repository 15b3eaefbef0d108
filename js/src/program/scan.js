// A loop whose body is itself a program.

import { copy } from "./elementwise.js";
import { denseSlot, size, text } from "./slots.js";

/**
 * Inputs: the carries' initial values, the sequences, the captures. The body maps (carries, one row of each
 * sequence, captures) to (new carries, ys). The result is one vector: the final carries, then each y stacked over
 * time. Its head is where the carries rest between two steps, so that a body may hand them on in any order.
 */
export function scan(build, operands, shape, { body, length, carries, sequences }) {
  const out = build.allocate(shape);
  const inner = build.nested();
  const sources = operands.map((operand) => build.dense(operand));

  const rows = sources.slice(carries, carries + sequences).map((X, i) => {
    const name = body.inputs[carries + i][0];
    if (X.shape[0] !== length) throw new Error(`The sequence "${name}", ${text(X.shape)}, has not ${length} rows.`);
    return { from: X.offset, n: size(X.shape.slice(1)), slot: inner.allocate(X.shape.slice(1)) };
  });
  const carried = sources.slice(0, carries).map((slot) => inner.allocate(slot.shape)); // next to each other
  const results = inner.program(body, [...carried, ...rows.map(({ slot }) => slot), ...sources.slice(carries + sequences)]);

  let end = out.offset;
  const place = (slot, repeat) => {
    const part = { to: end, n: size(slot.shape), from: slot.offset };
    end += part.n * repeat;
    return part;
  };
  const finals = results.slice(0, carries).map((slot) => place(slot, 1));
  const ys = results.slice(carries).map((slot) => place(slot, length));
  sources.slice(0, carries).forEach(({ shape: before }, i) => {
    if (size(before) !== finals[i]?.n) throw new Error(`The body does not hand on carry ${i} as ${text(before)}.`);
  });
  if (end - out.offset !== size(shape)) throw new Error(`The body gives ${end - out.offset} numbers, not ${text(shape)}.`);
  const state = carried.reduce((n, slot) => n + size(slot.shape), 0);
  const initials = finals.map(({ to, n }, i) => ({ to, n, from: sources[i].offset }));
  const [o, c] = [out.offset, carried[0]?.offset ?? 0];
  const ops = inner.ops;

  const begin = (m) => { for (const { to, n, from } of initials) copy(m, to, n, from, 1); };
  const step = (m, t) => {
    copy(m, c, state, o, 1);
    for (let i = 0; i < rows.length; i++) copy(m, rows[i].slot.offset, rows[i].n, rows[i].from + t * rows[i].n, 1);
    for (let i = 0; i < ops.length; i++) ops[i](m);
    for (let i = 0; i < finals.length; i++) copy(m, finals[i].to, finals[i].n, finals[i].from, 1);
    for (let i = 0; i < ys.length; i++) copy(m, ys[i].to + t * ys[i].n, ys[i].n, ys[i].from, 1);
  };
  const all = (m) => {
    begin(m);
    for (let t = 0; t < length; t++) step(m, t);
  };
  build.emit(Object.assign(all, { loop: { begin, step, length } }));
  return out;
}
