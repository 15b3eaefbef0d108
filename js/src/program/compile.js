import { builder } from "./build.js";
import { arenaFor } from "./simd.js";
import { size, text } from "./slots.js";

/** A program's operations, the slots of its inputs and outputs, and the arena in which they lie, with the constants. */
function prepare(json, simd) {
  const build = builder({ length: 0, constants: [], simd });
  const inputs = json.inputs.map(([name, shape]) => [name, build.allocate(shape)]);
  const outputs = build
    .program(json, inputs.map(([, slot]) => slot))
    .map((slot) => build.dense(slot));
  const { ops, layout } = build;
  const arena = arenaFor(layout.simd, layout.length);
  if (!arena) return prepare(json, null); // the memory of the kernels does not grow so far: without them, then
  for (const [offset, values] of layout.constants) arena.set(values, offset);
  return { ops, inputs, outputs, arena };
}

/**
 * Makes a recorded program (`dlcourse.programs.Program.to_json()`) ready to run.
 *
 *   const program = compile(json);
 *   const { loss } = program.run({ alpha: 0.1, start: [1, 2] });    // { name: Float64Array }
 *
 * All runs share one arena: the results are views of it, overwritten by the next run. To keep one, copy it.
 *
 * A long run can be cut in slices, so that the page stays responsive:
 *
 *   const task = program.start({ alpha: 0.1, start: [1, 2] });
 *   const frame = () => { if (!task.advance(8)) requestAnimationFrame(frame); else draw(task.results); };
 *
 * advance(milliseconds) says whether the run is done. The cuts are between the steps of the outermost scans.
 */
export function compile(json) {
  const { ops, inputs, outputs, arena } = prepare(json);
  const results = Object.fromEntries(
    json.outputs.map(([name], i) => [name, arena.subarray(outputs[i].offset, outputs[i].offset + size(outputs[i].shape))]),
  );
  let latest = 0; // the number of the run that the arena belongs to

  function load(values) {
    latest++;
    for (const name of Object.keys(values)) {
      if (!inputs.some(([known]) => known === name)) throw new Error(`The program has no input "${name}".`);
    }
    for (const [name, slot] of inputs) {
      if (!Object.hasOwn(values, name)) throw new Error(`The input "${name}" is missing.`);
      const value = typeof values[name] === "number" ? [values[name]] : values[name];
      if (!Array.isArray(value) && !ArrayBuffer.isView(value)) {
        throw new Error(`The input "${name}" is neither a number nor an array of numbers.`);
      }
      if (value.length !== size(slot.shape)) {
        const needed = `has shape ${text(slot.shape)} and needs ${size(slot.shape)}`;
        throw new Error(`The input "${name}" ${needed} numbers; ${value.length} are given.`);
      }
      arena.set(value, slot.offset);
    }
  }

  function run(values) {
    load(values);
    for (let i = 0; i < ops.length; i++) ops[i](arena);
    return results;
  }

  function start(values) {
    load(values);
    const number = latest;
    let i = 0; // the operation to go on with
    let t = 0; // and its step, if it is a scan
    const task = {
      done: ops.length === 0,
      results,
      advance(milliseconds) {
        if (number !== latest) throw new Error("This run was superseded by a later one of the same program.");
        const deadline = performance.now() + milliseconds;
        while (i < ops.length) {
          const { loop } = ops[i];
          if (!loop) ops[i](arena);
          else if (t === 0) loop.begin(arena);
          if (loop && t < loop.length) loop.step(arena, t++);
          if (!loop || t === loop.length) [i, t] = [i + 1, 0];
          if (performance.now() >= deadline) break;
        }
        return (task.done = i === ops.length);
      },
    };
    return task;
  }

  return { run, start };
}
