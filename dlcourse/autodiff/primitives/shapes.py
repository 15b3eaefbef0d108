# mypy: disable-error-code="has-type"
"""Rows that move entries: reshape, transpose, indexing, picking rows, joining."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..box import Tensor, call, directions, shape_of
from ..errors import ShapeError
from .table import row


def strided(move: Any) -> Any:
    """Lower a rearrangement to the kernel that reads with an offset and strides, by moving the entries' numbers."""

    def lower(shapes: Any, options: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return "strided", layout(move, shapes[0], options)

    return lower


def layout(move: Any, shape: tuple[int, ...], options: dict[str, Any]) -> dict[str, Any]:
    """Where each entry of the moved array lies in the original one: offset and stride per axis."""
    numbers = np.asarray(move(np.arange(math.prod(shape)).reshape(shape), **options))
    offset = int(numbers.flat[0]) if numbers.size else 0
    steps = [
        int(np.take(numbers, 1, axis).flat[0]) - offset if n > 1 and numbers.size else 0 for axis, n in enumerate(numbers.shape)
    ]
    return {"offset": offset, "strides": steps}


def reshape_value(x: Any, shape: tuple[int, ...]) -> Any:
    return np.reshape(x, shape)


RESHAPE = row(
    "reshape",
    reshape_value,
    (lambda g, y, x, shape: reshape(g, shape_of(x)),),
    push=lambda t, y, x, shape: reshape(t[0], directions(t[0], x) + shape),
    lower=lambda shapes, options: ("reshape", None),
)
TRANSPOSE = row(
    "transpose",
    lambda x, axes: np.transpose(x, axes),
    (lambda g, y, x, axes: transpose(g, tuple(int(i) for i in np.argsort(axes))),),
    push=lambda t, y, x, axes: transpose(t[0], (*range(k := len(directions(t[0], x))), *(a + k for a in axes))),
    lower=strided(lambda x, axes: np.transpose(x, axes)),
)
GETITEM = row(
    "getitem",
    lambda x, index: np.asarray(x)[index],
    (lambda g, y, x, index: call(EMBED, g, index=index, shape=shape_of(x)),),
    push=lambda t, y, x, index: call(GETITEM, t[0], index=behind(directions(t[0], x), index)),
    lower=strided(lambda x, index: x[index]),
)


def behind(many: tuple[int, ...], index: Any) -> Any:
    """An index of x as an index of tangents of x that have axes in front."""
    return (slice(None),) * len(many) + (index if type(index) is tuple else (index,)) if many else index


def embed_values(g: Any, index: Any, shape: tuple[int, ...]) -> Any:
    out = np.zeros(shape)
    out[index] = g
    return out


EMBED = row(
    "embed",
    embed_values,
    (lambda g, y, x, index, shape: call(GETITEM, g, index=index),),
    push=lambda t, y, x, index, shape: call(
        EMBED, t[0], index=behind(directions(t[0], x), index), shape=directions(t[0], x) + shape
    ),
    lower=lambda shapes, options: ("scatter", layout(lambda x: x[options["index"]], options["shape"], {})),
)


def reshape(x: Any, shape: Any, *, order: str = "C") -> Any:
    """The same entries in C order under another shape; one size may be −1."""
    if order != "C":
        raise ShapeError(f"reshape: entries are kept in C order; order={order!r} is not offered")
    own = shape_of(x)
    shape = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    if shape == own:
        return x
    if -1 in shape and shape.count(-1) == 1:
        known = -math.prod(shape)
        shape = tuple((math.prod(own) // known if known else 0) if n == -1 else n for n in shape)
    if math.prod(shape) != math.prod(own) or any(n < 0 for n in shape):
        raise ShapeError(f"reshape: {math.prod(own)} entries of shape {own} do not fit into {shape}")
    return call(RESHAPE, x, shape=shape)


def transpose(x: Any, axes: Any = None) -> Any:
    """Axes reversed, or permuted as given."""
    n = len(shape_of(x))
    order = tuple(range(n))[::-1] if axes is None else tuple(int(a) + n * (a < 0) for a in axes)
    if sorted(order) != list(range(n)):
        raise ShapeError(f"transpose: {axes} is no permutation of the axes of shape {shape_of(x)}")
    return call(TRANSPOSE, x, axes=order)


def getitem(x: Any, index: Any) -> Any:
    """x[index] for integers, slices, None, ..., for one array of integers or booleans, for two arrays on a matrix."""
    parts = index if type(index) is tuple else (index,)
    try:
        if all(p is None or p is Ellipsis or (isinstance(p, (int, np.integer, slice)) and type(p) is not bool) for p in parts):
            return call(GETITEM, x, index=index)
        if len(parts) == 1 and type(index) is not bool:
            return take(x, parts[0], axis=0)
        if len(parts) == len(shape_of(x)) == 2:
            rows, columns = (np.asarray(whole_numbers(p, n)) for p, n in zip(parts, shape_of(x), strict=True))
            return take(reshape(x, (-1,)), rows * shape_of(x)[1] + columns, axis=0)
    except (IndexError, TypeError, ValueError) as error:
        raise IndexError(f"index {index!r:.60} does not fit a Tensor of shape {shape_of(x)}: {error}") from None
    raise IndexError(f"index {index!r:.60}: take integers, slices, one array of integers or booleans, or two for a matrix")


def as_axes(axis: Any, x: Any) -> tuple[int, ...]:
    n = len(shape_of(x))
    axes = tuple(range(n)) if axis is None else (axis,) if np.ndim(axis) == 0 else tuple(axis)
    if any(not -n <= a < n for a in axes):
        raise ShapeError(f"axis {axis} does not exist in shape {shape_of(x)}")
    return tuple(sorted({int(a) % n for a in axes}))


# Rows picked by number --------------------------------------------------------------------------------------


def whole_numbers(index: Any, n: int) -> Any:
    """Integer positions below n; a mask of booleans becomes the positions where it is true."""
    index = np.asarray(index)
    if index.dtype.kind not in "iufb":
        raise IndexError(f"take: needs whole numbers, got {index!r:.60}")
    if index.dtype == bool:
        if index.shape != (n,):
            raise IndexError(f"a mask of shape {index.shape} does not fit an axis of length {n}")
        index = np.flatnonzero(index)
    with np.errstate(invalid="ignore"):
        whole = index.astype(np.int64)
    if (whole != index).any() or (whole < -n).any() or (whole >= n).any():
        raise IndexError(f"take: needs whole numbers from {-n} to {n - 1}, got {index!r:.60}")
    return whole % n if n else whole


def take_rows(x: Any, index: Any) -> Any:
    return np.take(x, whole_numbers(index, shape_of(x)[0]), axis=0)


def add_rows(g: Any, index: Any, shape: tuple[int, ...]) -> Any:
    out = np.zeros(shape)
    np.add.at(out, whole_numbers(index, shape[0]), g)
    return out


TAKE = row(
    "take",
    take_rows,
    (lambda g, y, x, index: call(TAKE_ADJOINT, g, index, shape=shape_of(x)), None),
    push=lambda t, y, x, index: None if t[0] is None else take(t[0], index, axis=len(directions(t[0], x))),
)


def push_take_adjoint(t: Any, x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Directions travel behind, as further columns of the rows that are added."""
    if t is None or not directions(t, x):
        return None if t is None else call(TAKE_ADJOINT, t, index, shape=shape)
    n = len(shape_of(t))
    columns = call(TAKE_ADJOINT, transpose(t, (*range(1, n), 0)), index, shape=shape + directions(t, x))
    return transpose(columns, (len(shape), *range(len(shape))))


TAKE_ADJOINT = row(
    "take_adjoint",
    add_rows,
    (lambda g, y, x, index, shape: call(TAKE, g, index), None),
    push=lambda t, y, x, index, shape: push_take_adjoint(t[0], x, index, shape),
    lower=lambda shapes, options: ("take_adjoint", None),
)


def take(x: Any, index: Any, axis: Any = None) -> Any:
    """Entries along one axis by number (of the flattened x if axis is None); repeated numbers collect all gradients."""
    if axis is None:
        return take(reshape(x, (-1,)), index, axis=0)
    n = len(shape_of(x))
    if n == 0:
        raise IndexError("take: a scalar has no entries to pick")
    if type(index) is not Tensor:
        index = whole_numbers(index, shape_of(x)[axis])
    if axis % n == 0:
        return call(TAKE, x, index)
    order = (axis % n, *(i for i in range(n) if i != axis % n))
    picked = call(TAKE, transpose(x, order), index)
    k = len(shape_of(index))
    home = (*range(k, k + axis % n), *range(k), *range(k + axis % n, n - 1 + k))
    return transpose(picked, home)


# Joining ------------------------------------------------------------------------------------------


def concatenate_values(*parts: Any, axis: int) -> Any:
    return np.concatenate(parts, axis=axis)


def pull_concatenate(g: Any, y: Any, parts: Any, options: Any, wanted: list[bool]) -> list[Any]:
    axis, start, found = options["axis"], 0, []
    for part, want in zip(parts, wanted, strict=True):
        stop = start + shape_of(part)[axis]
        found.append(getitem(g, (slice(None),) * axis + (slice(start, stop),)) if want else None)
        start = stop
    return found


def push_concatenate(t: Any, y: Any, *parts: Any, axis: int) -> Any:
    many = next(directions(s, p) for s, p in zip(t, parts, strict=True) if s is not None)
    filled = [np.zeros(many + shape_of(p)) if s is None else s for s, p in zip(t, parts, strict=True)]
    return concatenate(filled, axis=axis + len(many))


CONCATENATE = row(
    "concatenate",
    concatenate_values,
    None,
    push=push_concatenate,
    joint=pull_concatenate,
    lower=lambda shapes, options: ("concatenate", options),
)


def concatenate(parts: Any, axis: Any = 0) -> Any:
    """The parts one after the other along an axis that exists; flattened first if axis is None."""
    parts = list(parts)
    if axis is None:
        parts, axis = [reshape(p, (-1,)) for p in parts], 0
    if not parts or not shape_of(parts[0]):
        raise ShapeError("concatenate: needs at least one part, and parts with an axis; join scalars with np.stack")
    return call(CONCATENATE, *parts, axis=as_axes(axis, parts[0])[0])


def stack(parts: Any, axis: int = 0) -> Any:
    """The parts, all of one shape, side by side along a new axis."""
    parts = list(parts)
    if not parts or any(shape_of(p) != shape_of(parts[0]) for p in parts):
        raise ShapeError(f"stack: needs parts of one shape, got {[shape_of(p) for p in parts]}")
    shape = shape_of(parts[0])
    if not -len(shape) - 1 <= axis <= len(shape):
        raise ShapeError(f"stack: there is no place for a new axis {axis} in shape {shape}")
    at = axis % (len(shape) + 1)
    return concatenate([reshape(p, (*shape[:at], 1, *shape[at:])) for p in parts], axis=at)
