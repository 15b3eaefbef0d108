// Turns a recorded program into a list of functions over one arena: each operation is bound once, to the kernel
// and to the layout of its operands, and nothing is allocated while the program runs.

import { copy, elementwise } from "./elementwise.js";
import { kernels } from "./kernels.js";
import { denseSlot, isDense, size, text } from "./slots.js";

/** The numbers of little-endian float64 in base64; as many as `shape` has, if it is given. */
export function decode(data, shape) {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  if (shape && bytes.length !== 8 * size(shape)) {
    throw new Error(`A constant of shape ${text(shape)} needs ${8 * size(shape)} bytes, but ${bytes.length} are given.`);
  }
  const view = new DataView(bytes.buffer);
  return Float64Array.from({ length: bytes.length >> 3 }, (_, i) => view.getFloat64(8 * i, true));
}

/** A constant's elements: a number or the name of one that JSON lacks, or numbers in base64. */
function constant(shape, data) {
  return shape.length ? decode(data, shape) : [Number({ nan: NaN, inf: Infinity, "-inf": -Infinity }[data] ?? data)];
}

/** `layout` is { length, constants }: what the arena will hold. It is shared with the bodies of scans. */
export function builder(layout = { length: 0, constants: [] }) {
  const ops = [];
  const copies = new Map(); // view → its dense copy

  const build = {
    layout,
    ops,
    emit: (op) => ops.push(op),
    nested: () => builder(layout),

    allocate(shape) {
      const slot = denseSlot(shape, layout.length);
      layout.length += size(shape);
      return slot;
    },

    dense(slot) {
      if (isDense(slot)) return slot;
      if (!copies.has(slot)) copies.set(slot, elementwise(build, copy, [slot], slot.shape));
      return copies.get(slot);
    },

    /** Adds the operations of a program over the slots of its inputs; returns the slots of its outputs. */
    program(json, inputs) {
      const slots = [...inputs];
      for (const [shape, data] of json.constants) {
        const slot = build.allocate(shape);
        layout.constants.push([slot.offset, constant(shape, data)]);
        slots.push(slot);
      }
      const at = (number) => {
        if (slots[number]) return slots[number];
        throw new Error(`Slot ${number} is used before anything is in it.`);
      };
      for (const [name, operands, shape, options] of json.ops) {
        if (!Object.hasOwn(kernels, name)) {
          throw new Error(`Unknown kernel "${name}": the program is newer than this script, or was not made by dlcourse.`);
        }
        try {
          slots.push(kernels[name](build, operands.map(at), shape, options));
        } catch (error) {
          throw new Error(`${name}: ${error.message}`, { cause: error });
        }
      }
      return json.outputs.map(([, number]) => at(number));
    },
  };
  return build;
}
