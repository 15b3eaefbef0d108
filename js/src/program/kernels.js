// All kernels, one per primitive of dlcourse.autodiff. A kernel is called once per operation when a program is
// compiled, as kernel(build, operands, shape, options): it emits the function that will do the work on the arena,
// and returns the slot of its result.

import { classKernels } from "./classes.js";
import { elementwiseKernels } from "./elementwise.js";
import { layoutKernels } from "./layout.js";
import { productKernels } from "./matmul.js";
import { reductionKernels } from "./reduce.js";
import { scan } from "./scan.js";

export const kernels = {
  ...elementwiseKernels,
  ...layoutKernels,
  ...reductionKernels,
  ...productKernels,
  ...classKernels,
  scan,
};

export const kernelNames = Object.keys(kernels);
