# mypy: disable-error-code="attr-defined"
"""How Tensors reach the table: Python's operators, NumPy's functions, methods."""

import math
from difflib import get_close_matches
from typing import Any

import numpy as np

from ..box import NUMPY, Tensor, shape_of
from ..errors import ShapeError
from . import elementwise as e
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


for ours in (sum, mean, max, e.where, reshape, transpose, broadcast_to, concatenate, stack, take, dot, matmul):
    NUMPY[getattr(np, ours.__name__)] = ours
NUMPY[np.amax], NUMPY[np.linalg.norm], NUMPY[np.shape] = max, norm, shape_of
NUMPY[np.ravel] = lambda x: reshape(x, (-1,))
NUMPY[np.outer] = lambda a, b: reshape(a, (-1, 1)) * reshape(b, (1, -1))
NUMPY[np.zeros_like] = lambda x: np.zeros(shape_of(x))
NUMPY[np.ones_like] = lambda x: np.ones(shape_of(x))
NUMPY[np.ndim] = lambda x: len(shape_of(x))
NUMPY[np.size] = lambda x: math.prod(shape_of(x))


def array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    name = ufunc.__name__
    if method != "__call__":
        raise TypeError(f"np.{name}.{method}: Tensors don't take this form of a NumPy function; call np.{name} itself")
    if kwargs:
        raise TypeError(f"np.{name}: Tensors don't take the argument {', '.join(map(repr, kwargs))}")
    return ours_for(ufunc)(*inputs)


def ours_for(function: Any) -> Any:
    """Our version of a function of NumPy's."""
    if function in NUMPY:
        return NUMPY[function]
    near = get_close_matches(function.__name__, sorted({f.__name__ for f in NUMPY}), n=1, cutoff=0.0)
    raise TypeError(f"np.{function.__name__}: Tensors have no such primitive; the nearest is np.{near[0]}")


def refuse_in_place(self: Tensor, other: Any) -> Tensor:
    raise TypeError("a Tensor can't be changed in place: write t = t + ... instead of t += ...")


arithmetic = {"add": e.add, "sub": e.subtract, "mul": e.multiply, "truediv": e.divide, "pow": e.raise_to, "matmul": matmul}
compare = {"gt": e.greater, "ge": e.greater_equal, "lt": e.less, "le": e.less_equal, "eq": e.equal, "ne": e.not_equal}
others = {"neg": e.negative, "pos": lambda x: x, "abs": e.absolute, "getitem": getitem, "array_ufunc": array_ufunc}
for name, apply in {**arithmetic, **compare, **others}.items():
    setattr(Tensor, f"__{name}__", apply)
for name, apply in arithmetic.items():
    setattr(Tensor, f"__r{name}__", lambda b, a, apply=apply: apply(a, b))
    setattr(Tensor, f"__i{name}__", refuse_in_place)
Tensor.ndim = property(lambda self: len(self.shape))
Tensor.__array_function__ = lambda self, function, types, args, kwargs: ours_for(function)(*args, **kwargs)
Tensor.sum, Tensor.mean, Tensor.max, Tensor.dot, Tensor.T = sum, mean, max, dot, property(transpose)
Tensor.reshape = lambda self, *shape: reshape(self, shape[0] if len(shape) == 1 else shape)
Tensor.transpose = lambda self, *axes: transpose(self, (axes[0] if len(axes) == 1 and np.ndim(axes[0]) else axes) or None)
