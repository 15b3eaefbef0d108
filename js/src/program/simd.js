import bytes from "./simd.wasm"; // built from simd.ts

let compiled; // once for the page

/** WebAssembly is missing in some browsers, and a page's policy may forbid it: its kernels have twins in JavaScript. */
function compiledModule() {
  try {
    return new WebAssembly.Module(bytes);
  } catch {
    return null;
  }
}

/** The kernels of simd.ts over a memory of their own, still empty; null where that cannot be had. */
export function simdKernels() {
  compiled ??= { module: compiledModule() };
  if (!compiled.module) return null;
  try {
    const memory = new WebAssembly.Memory({ initial: 0 }); // refused where a page has too many
    return { memory, ...new WebAssembly.Instance(compiled.module, { env: { memory } }).exports };
  } catch {
    return null;
  }
}

const PAGE = 65536; // bytes

/** An arena of `length` numbers, in the memory of the kernels if there are any; null where that cannot grow so far. */
export function arenaFor(simd, length) {
  if (!simd) return new Float64Array(length);
  try {
    simd.memory.grow(Math.ceil((8 * length) / PAGE));
  } catch {
    return null;
  }
  return new Float64Array(simd.memory.buffer, 0, length);
}
