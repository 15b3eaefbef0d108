# mypy: disable-error-code="attr-defined"
"""How Tensors reach the table: Python's operators, NumPy's functions, methods."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..box import FUNCTIONS, UFUNCS, Tensor, shape_of
from ..errors import ShapeError
from .elementwise import (
    absolute,
    add,
    divide,
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    multiply,
    negative,
    not_equal,
    raise_to,
    subtract,
    where,
)
from .products import matmul
from .reductions import broadcast_to, max, mean, norm, sum
from .shapes import concatenate, getitem, reshape, stack, take, transpose


def dot(a: Any, b: Any) -> Any:
    """a · b of vectors, the product of matrices, the multiple by a scalar."""
    ranks = len(shape_of(a)), len(shape_of(b))
    if 0 in ranks:
        return a * b
    if ranks[0] > 2 or ranks[1] > 2:
        raise ShapeError(f"dot: of stacks of matrices, {shape_of(a)} and {shape_of(b)}, use @ and say which axes you mean")
    return matmul(a, b)


FUNCTIONS.update(
    {
        np.sum: sum,
        np.mean: mean,
        np.max: max,
        np.amax: max,
        np.where: where,
        np.reshape: reshape,
        np.transpose: transpose,
        np.broadcast_to: broadcast_to,
        np.concatenate: concatenate,
        np.stack: stack,
        np.take: take,
        np.ravel: lambda x: reshape(x, (-1,)),
        np.dot: dot,
        np.outer: lambda a, b: reshape(a, (-1, 1)) * reshape(b, (1, -1)),
        np.linalg.norm: norm,
        np.zeros_like: lambda x: np.zeros(shape_of(x)),
        np.ones_like: lambda x: np.ones(shape_of(x)),
        np.shape: shape_of,
        np.ndim: lambda x: len(shape_of(x)),
        np.size: lambda x: math.prod(shape_of(x)),
    }
)
UFUNCS[np.matmul] = matmul


def reflected(apply: Any) -> Any:
    return lambda b, a: apply(a, b)


def refuse_in_place(self: Tensor, other: Any) -> Tensor:
    raise TypeError("a Tensor can't be changed in place: write t = t + ... instead of t += ...")


for name, apply in {"add": add, "sub": subtract, "mul": multiply, "truediv": divide, "matmul": matmul, "pow": raise_to}.items():
    setattr(Tensor, f"__{name}__", apply)
    setattr(Tensor, f"__r{name}__", reflected(apply))
    setattr(Tensor, f"__i{name}__", refuse_in_place)
for name, apply in {"gt": greater, "ge": greater_equal, "lt": less, "le": less_equal, "eq": equal, "ne": not_equal}.items():
    setattr(Tensor, f"__{name}__", apply)
for name, apply in {"neg": negative, "abs": absolute, "getitem": getitem}.items():
    setattr(Tensor, f"__{name}__", apply)
Tensor.__pos__ = lambda self: self  # type: ignore[operator]
Tensor.__hash__ = None  # type: ignore[assignment]
Tensor.sum, Tensor.mean, Tensor.max = sum, mean, max
Tensor.dot = dot
Tensor.reshape = lambda self, *shape: reshape(self, shape[0] if len(shape) == 1 else shape)
Tensor.transpose = lambda self, *axes: transpose(self, (axes[0] if len(axes) == 1 and np.ndim(axes[0]) else axes) or None)
Tensor.T = property(transpose)
