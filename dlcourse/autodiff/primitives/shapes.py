# mypy: disable-error-code="has-type"
"""Rows that move entries: reshape, transpose, indexing, picking rows, joining.

Axes are counted from the end and indices stand behind an Ellipsis, so that a row does the same to an array that
has more axes in front: to many tangents at once.
"""

import math
from typing import Any

import numpy as np

from ..box import Tensor, call, linear_row, row, shape_of
from ..errors import ShapeError
from ..walks import directions

RESHAPE = row(
    "reshape",
    lambda x, shape: np.asarray(x).reshape(shape),
    (lambda g, y, x, shape: reshape(g, shape_of(x)),),
    push=(lambda t, y, x, shape: reshape(t, directions(t, x) + shape),),
)


def reshape(x: Any, shape: Any, *, order: str = "C") -> Any:
    """The same entries in C order under another shape; one size may be −1."""
    if order != "C":
        raise ShapeError(f"reshape: entries are kept in C order; order={order!r} is not offered")
    own = shape_of(x)
    shape = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    if shape.count(-1) == 1:
        known = -math.prod(shape)
        shape = tuple([(math.prod(own) // known if known else 0) if n == -1 else n for n in shape])
    if shape == own:
        return x
    if math.prod(shape) != math.prod(own) or any(n < 0 for n in shape):
        raise ShapeError(f"reshape: {math.prod(own)} entries of shape {own} do not fit into {shape}")
    return call(RESHAPE, x, shape=shape)


TRANSPOSE = linear_row(
    "transpose",
    lambda x, axes: np.transpose(x, (*range(np.ndim(x) - len(axes)), *axes)),
    lambda g, y, x, axes: call(TRANSPOSE, g, axes=tuple([int(i) - len(axes) for i in np.argsort(axes)])),
)


def transpose(x: Any, axes: Any = None) -> Any:
    """Axes reversed, or permuted as given."""
    n = len(shape_of(x))
    order = tuple(range(-1, -n - 1, -1)) if axes is None else tuple([int(a) - n * int(a >= 0) for a in axes])
    if sorted(order) != list(range(-n, 0)):
        raise ShapeError(f"transpose: {axes} is no permutation of the axes of shape {shape_of(x)}")
    return call(TRANSPOSE, x, axes=order)


def swap(x: Any) -> Any:
    """The last two axes exchanged."""
    return call(TRANSPOSE, x, axes=(-1, -2))


# Indexing -------------------------------------------------------------------------------------------------

COMPARISONS = ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal")
GETITEM = linear_row(
    "getitem", lambda x, index: np.asarray(x)[index][()], lambda g, y, x, index: call(EMBED, g, index=index, shape=shape_of(x))
)


def room(given: tuple[int, ...], index: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape into which an array is embedded: it has as many axes in front as the array has before x[index]."""
    own = len([p for p in index[1:] if not isinstance(p, (int, np.integer))])
    return given[: len(given) - own] + shape


def embed_values(g: Any, index: Any, shape: tuple[int, ...]) -> Any:
    out = np.zeros(room(shape_of(g), index, shape))
    out[index] = g
    return out


EMBED = linear_row("embed", embed_values, lambda g, y, x, index, shape: call(GETITEM, g, index=index))


def getitem(x: Any, index: Any) -> Any:
    """x[index] for integers, slices, None, ..., for one array of integers or booleans, for two arrays on a matrix."""
    parts, shape = index if type(index) is tuple else (index,), shape_of(x)
    if any(type(p) is Tensor and p.row is not None and p.row.name in COMPARISONS for p in parts):
        raise IndexError("a comparison of Tensors holds numbers, 0 and 1: take np.where(mask, x, 0), or x[x.value > 0]")
    try:
        if all(p is None or p is Ellipsis or (isinstance(p, (int, np.integer, slice)) and type(p) is not bool) for p in parts):
            parts = parts if Ellipsis in parts else (*parts, Ellipsis)
            at, left_out = parts.index(Ellipsis), len(shape) + 1 - len([p for p in parts if p is not None])
            return call(GETITEM, x, index=(Ellipsis, *parts[:at], *[slice(None)] * left_out, *parts[at + 1 :]))
        if len(parts) == 1 and type(index) is not bool:
            return take(x, parts[0] if type(parts[0]) is Tensor else whole_numbers(parts[0], (*shape, 0)[0], True), axis=0)
        if len(parts) == len(shape) == 2:
            rows, columns = (np.asarray(whole_numbers(p, n, True)) for p, n in zip(parts, shape, strict=True))
            return take(reshape(x, (-1,)), rows * shape[1] + columns, axis=0)
    except (IndexError, TypeError, ValueError) as error:
        raise IndexError(f"index {index!r:.60} does not fit a Tensor of shape {shape}: {error}") from None
    raise IndexError(f"index {index!r:.60}: take integers, slices, one array of integers or booleans, or two for a matrix")


# Rows picked by number ------------------------------------------------------------------------------------


def whole_numbers(index: Any, n: int, masks: bool = False) -> Any:
    """Integer positions below n; where masks are allowed, booleans become the positions where they are true."""
    index = np.asarray(index)
    if index.dtype.kind not in ("iufb" if masks else "iuf"):
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


def add_rows(g: Any, index: Any, shape: tuple[int, ...]) -> Any:
    out = np.zeros(shape)
    np.add.at(out, whole_numbers(index, shape[0]), g)
    return out


def push_take_adjoint(t: Any, y: Any, x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Directions travel behind, as further columns of the rows that are added."""
    if not (many := directions(t, x)):
        return call(TAKE_ADJOINT, t, index, shape=shape)
    behind = call(TAKE_ADJOINT, transpose(t, (*range(1, len(shape_of(t))), 0)), index, shape=shape + many)
    return transpose(behind, (len(shape), *range(len(shape))))


TAKE = row(
    "take",
    lambda x, index: np.take(x, whole_numbers(index, shape_of(x)[0]), axis=0),
    (lambda g, y, x, index: call(TAKE_ADJOINT, g, index, shape=shape_of(x)), None),
    push=(lambda t, y, x, index: take(t, index, axis=len(directions(t, x))), None),
)
TAKE_ADJOINT = row(
    "take_adjoint", add_rows, (lambda g, y, x, index, shape: call(TAKE, g, index), None), push=(push_take_adjoint, None)
)


def take(x: Any, indices: Any, axis: Any = None) -> Any:
    """Entries along one axis by number (of the flattened x if axis is None); repeated numbers collect all gradients."""
    if axis is None:
        return take(reshape(x, (-1,)), indices, axis=0)
    if (n := len(shape_of(x))) == 0:
        raise IndexError("take: a scalar has no entries to pick")
    index = indices if type(indices) is Tensor else whole_numbers(indices, shape_of(x)[axis])
    if (axis := axis % n) == 0:
        return call(TAKE, x, index)
    picked = call(TAKE, transpose(x, (axis, *range(axis), *range(axis + 1, n))), index)
    k = len(shape_of(index))
    return transpose(picked, (*range(k, k + axis), *range(k), *range(k + axis, n - 1 + k)))


# Joining --------------------------------------------------------------------------------------------------


def pull_concatenate(g: Any, y: Any, parts: Any, options: Any, wanted: list[bool]) -> list[Any]:
    start, found, behind = 0, [], [slice(None)] * (-1 - options["axis"])
    for part, want in zip(parts, wanted, strict=True):
        stop = start + shape_of(part)[options["axis"]]
        found.append(getitem(g, (Ellipsis, slice(start, stop), *behind)) if want else None)
        start = stop
    return found


def push_concatenate(tangents: Any, y: Any, *parts: Any, axis: int) -> Any:
    many = next(directions(t, p) for t, p in zip(tangents, parts, strict=True) if t is not None)
    return concatenate([np.zeros(many + shape_of(p)) if t is None else t for t, p in zip(tangents, parts, strict=True)], axis)


CONCATENATE = row("concatenate", lambda *parts, axis: np.concatenate(parts, axis), pull_concatenate, push=push_concatenate)


def as_axes(axis: Any, x: Any) -> tuple[int, ...]:
    """The axes that are meant (all if None), counted from the end: −1 is the last."""
    n = len(shape_of(x))
    if axis is None:
        return tuple(range(-n, 0))
    axes = (axis,) if np.ndim(axis) == 0 else tuple(axis)
    if any(not -n <= a < n for a in axes):
        raise ShapeError(f"axis {axis} does not exist in shape {shape_of(x)}")
    return tuple(sorted({int(a) % n - n for a in axes}))


def concatenate(parts: Any, axis: Any = 0) -> Any:
    """The parts one after the other along an axis that exists; flattened first if axis is None."""
    parts = [reshape(p, (-1,)) for p in parts] if axis is None else list(parts)
    if not parts or not shape_of(parts[0]):
        raise ShapeError("concatenate: needs at least one part, and parts with an axis; join scalars with np.stack")
    return call(CONCATENATE, *parts, axis=as_axes(axis or 0, parts[0])[0])


def stack(parts: Any, axis: int = 0) -> Any:
    """The parts, all of one shape, side by side along a new axis."""
    parts = list(parts)
    if not parts or any(shape_of(p) != shape_of(parts[0]) for p in parts):
        raise ShapeError(f"stack: needs parts of one shape, got {[shape_of(p) for p in parts]}")
    shape = shape_of(parts[0])
    if not -len(shape) - 1 <= axis <= len(shape):
        raise ShapeError(f"stack: there is no place for a new axis {axis} in shape {shape}")
    at = axis % (len(shape) + 1)
    return concatenate([reshape(p, (*shape[:at], 1, *shape[at:])) for p in parts], at)
