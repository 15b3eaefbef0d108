import { builder } from "./build.js";
import { arenaFor } from "./simd.js";
import { size, text } from "./slots.js";

/** A program's operations, those that follow from each input, the slots of inputs and outputs, and the arena with the constants. */
function prepare(json, simd) {
  const build = builder({ length: 0, constants: [], simd });
  const inputs = json.inputs.map(([name, shape]) => [name, build.allocate(shape)]);
  const outputs = build.program(json, inputs.map(([, slot]) => slot));
  const { ops, reads, layout } = build;
  const arena = arenaFor(layout.simd, layout.length);
  if (!arena) return prepare(json, null); // the memory of the kernels does not grow so far: without them, then
  for (const [offset, values] of layout.constants) arena.set(values, offset);
  const after = inputs.map((_, i) => Int32Array.from(ops.keys()).filter((op) => reads[op].has(i)));
  return { ops, after, inputs, outputs, arena };
}

function same(values, m, o) {
  for (let i = 0; i < values.length; i++) if (!Object.is(Number(values[i]), m[o + i])) return false;
  return true;
}

/**
 * Makes a recorded program (`dlcourse.programs.Program.to_json()`) ready to run.
 *
 *   const program = compile(json);
 *   const { loss } = program.run({ alpha: 0.1, start: [1, 2] });    // { name: Float64Array }
 *
 * All runs share one arena: the results are views of it, overwritten by the next run. To keep one, copy it. What an
 * operation left there is still good while the inputs that it follows from are the same, so it does not run again.
 *
 * A long run can be cut in slices, so that the page stays responsive:
 *
 *   const task = program.start({ alpha: 0.1, start: [1, 2] });
 *   const frame = () => { if (!task.advance(8)) requestAnimationFrame(frame); else draw(task.results); };
 *
 * advance(milliseconds) says whether the run is done. The cuts are between the steps of the outermost scans.
 */
export function compile(json) {
  const { ops, after, inputs, outputs, arena } = prepare(json);
  const results = Object.fromEntries(
    json.outputs.map(([name], i) => [name, arena.subarray(outputs[i].offset, outputs[i].offset + size(outputs[i].shape))]),
  );
  const stale = new Uint8Array(ops.length).fill(1); // the operations that are to run
  let latest = 0; // the number of the run that the arena belongs to

  function load(values) {
    latest++;
    for (const name of Object.keys(values)) {
      if (!inputs.some(([known]) => known === name)) throw new Error(`The program has no input "${name}".`);
    }
    inputs.forEach(([name, slot], number) => {
      if (!Object.hasOwn(values, name)) throw new Error(`The input "${name}" is missing.`);
      const value = typeof values[name] === "number" ? [values[name]] : values[name];
      if (!Array.isArray(value) && !ArrayBuffer.isView(value)) {
        throw new Error(`The input "${name}" is neither a number nor an array of numbers.`);
      }
      if (value.length !== size(slot.shape)) {
        const needed = `has shape ${text(slot.shape)} and needs ${size(slot.shape)}`;
        throw new Error(`The input "${name}" ${needed} numbers; ${value.length} are given.`);
      }
      if (same(value, arena, slot.offset)) return;
      arena.set(value, slot.offset);
      for (const op of after[number]) stale[op] = 1;
    });
  }

  function run(values) {
    load(values);
    for (let i = 0; i < ops.length; i++) {
      if (!stale[i]) continue;
      ops[i](arena);
      stale[i] = 0;
    }
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
          if (!stale[i]) {
            i++;
            continue;
          }
          if (!loop) ops[i](arena);
          else if (t === 0) loop.begin(arena);
          if (loop && t < loop.length) loop.step(arena, t++);
          if (!loop || t === loop.length) {
            stale[i++] = 0;
            t = 0;
          }
          if (performance.now() >= deadline) break;
        }
        return (task.done = i === ops.length);
      },
    };
    return task;
  }

  return { run, start };
}
