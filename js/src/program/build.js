// Turns a recorded program into a list of functions over one arena: each operation is bound once, to the kernel
// and to the layout of its operands, and nothing is allocated while the program runs.

import { copy, elementwise } from "./elementwise.js";
import { fuse } from "./fuse.js";
import { kernels } from "./kernels.js";
import { simdKernels } from "./simd.js";
import { denseSlot, isDense, size, text } from "./slots.js";

const READ = {
  float64: [8, (view, i) => view.getFloat64(8 * i, true)],
  int8: [1, (view, i) => view.getInt8(i)],
  int16: [2, (view, i) => view.getInt16(2 * i, true)],
};

/** The numbers of little-endian float64 in base64, or of the integers that are named before a colon; as many as `shape` has, if it is given. */
export function decode(data, shape) {
  const mark = data.indexOf(":");
  const kind = mark < 0 ? "float64" : data.slice(0, mark);
  if (!Object.hasOwn(READ, kind)) throw new Error(`A constant cannot be read as "${kind}".`);
  const [width, read] = READ[kind];
  const bytes = Uint8Array.from(atob(data.slice(mark + 1)), (character) => character.charCodeAt(0));
  if (shape && bytes.length !== width * size(shape)) {
    throw new Error(`A constant of shape ${text(shape)} needs ${width * size(shape)} bytes, but ${bytes.length} are given.`);
  }
  const view = new DataView(bytes.buffer);
  return Float64Array.from({ length: bytes.length / width }, (_, i) => read(view, i));
}

/** A constant's elements: a number or the name of one that JSON lacks, or numbers in base64. */
function constant(shape, data) {
  return shape.length ? decode(data, shape) : [Number({ nan: NaN, inf: Infinity, "-inf": -Infinity }[data] ?? data)];
}

/**
 * `layout` is { length, constants, simd }: what the arena will hold, and the kernels of WebAssembly once an operation is
 * large enough to ask for them (null: they cannot be had, or are not wanted). It is shared with the bodies of scans.
 */
export function builder(layout) {
  const ops = [];
  const reads = []; // for each of them, the inputs from which what it reads follows, by number
  const copies = new Map(); // view → its dense copy

  const build = {
    layout,
    ops,
    reads,
    emit: (op) => ops.push(op),
    nested: () => builder(layout),

    allocate(shape) {
      const slot = denseSlot(shape, layout.length);
      layout.length += size(shape);
      return slot;
    },

    /** The kernels of simd.ts, for operations that are large enough to be worth a memory of their own. */
    simd() {
      if (layout.simd === undefined) layout.simd = simdKernels();
      return layout.simd;
    },

    dense(slot) {
      if (isDense(slot)) return slot;
      if (!copies.has(slot)) copies.set(slot, elementwise(build, copy, [slot], slot.shape));
      return copies.get(slot);
    },

    /** Adds the operations of a program over the slots of its inputs; returns the slots of its outputs, dense. */
    program(json, inputs) {
      const slots = [...inputs];
      const origins = inputs.map((_, number) => [number]); // of each slot: the inputs that it follows from
      const follow = (numbers) => {
        const found = new Set(numbers.flatMap((number) => [...origins[number]]));
        while (reads.length < ops.length) reads.push(found);
        return found;
      };
      for (const [shape, data] of json.constants) {
        const slot = build.allocate(shape);
        layout.constants.push([slot.offset, constant(shape, data)]);
        slots.push(slot);
        origins.push([]);
      }
      const at = (number) => {
        if (slots[number]) return slots[number];
        throw new Error(`Slot ${number} is used before anything is in it.`);
      };
      for (const op of fuse(json)) {
        if (op === null) {
          slots.push(null); // another operation does its work
          origins.push([]);
          continue;
        }
        const [name, operands, shape, options] = op;
        const kernel = typeof name === "function" ? name : Object.hasOwn(kernels, name) && kernels[name];
        if (!kernel) {
          throw new Error(`Unknown kernel "${name}": the program is newer than this script, or was not made by dlcourse.`);
        }
        try {
          slots.push(kernel(build, operands.map(at), shape, options));
        } catch (error) {
          throw new Error(`${name.name ?? name}: ${error.message}`, { cause: error });
        }
        origins.push(follow(operands));
      }
      return json.outputs.map(([, number]) => {
        const slot = build.dense(at(number));
        follow([number]);
        return slot;
      });
    },
  };
  return build;
}
