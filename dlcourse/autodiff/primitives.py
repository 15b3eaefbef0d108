"""The table of primitives: forward computation, derivative rules, browser kernel, one row each.

A rule takes the gradient g of the loss with respect to the result y, then y and the inputs, and returns the
gradient with respect to one input. Rules are written in operations of this very table, so that they run raw
on arrays, are recorded on Tensors (hence Hessians), and can be exported (hence training in the browser).

Elementwise rows have a diagonal Jacobian: one rule per input serves the backward and the forward walk.
"""

# mypy: disable-error-code="has-type,attr-defined"
# (rules name rows that stand below them, and Tensor gets its operators here)

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .box import FUNCTIONS, UFUNCS, Primitive, Tensor, binary, call, shape_of, unary
from .errors import ShapeError
from .special import erf as erf_forward

TABLE: dict[str, Primitive] = {}


def row(name: str, forward: Any, rules: Any, **more: Any) -> Primitive:
    """Enter a row into the table."""
    TABLE[name] = Primitive(name, forward, rules, **more)
    return TABLE[name]


def elementwise(name: str, forward: Any, *rules: Any, ufunc: Any = None) -> Callable[..., Any]:
    """An elementwise row with one or two inputs; returns the function that records it."""
    apply: Callable[..., Any] = (unary if len(rules) == 1 else binary)(row(name, forward, rules))
    apply.__doc__ = f"{name}, elementwise."
    if ufunc is not None:
        UFUNCS[ufunc] = apply
    return apply


def quotient(g: Any, d: Any) -> Any:
    """g / d, and 0 where g is 0: a gradient that nobody asked for stays 0 even where the derivative is infinite."""
    if type(g) is Tensor or type(d) is Tensor:
        nothing = equal(g, 0.0)
        return where(nothing, 0.0, divide(g, where(nothing, 1.0, d)))
    if type(g) is float and type(d) is float:
        return divide_values(g, d) if g != 0.0 else 0.0
    g, d = np.broadcast_arrays(g, d)
    return np.divide(g, d, out=np.zeros(g.shape), where=g != 0.0)


def divide_values(a: Any, b: Any) -> Any:
    """a / b with IEEE's infinities for floats too, where Python raises."""
    try:
        return a / b
    except ZeroDivisionError:
        return float(np.divide(a, b))


def truth(compare: Any) -> Any:
    """A comparison as 0.0 and 1.0."""
    return lambda a, b: compare(a, b) * 1.0


# Arithmetic -----------------------------------------------------------------------------------------------

add = elementwise("add", operator.add, lambda g, y, a, b: g, lambda g, y, a, b: g, ufunc=np.add)
subtract = elementwise("subtract", operator.sub, lambda g, y, a, b: g, lambda g, y, a, b: -g, ufunc=np.subtract)
multiply = elementwise("multiply", operator.mul, lambda g, y, a, b: g * b, lambda g, y, a, b: g * a, ufunc=np.multiply)
divide = elementwise(
    "divide", divide_values, lambda g, y, a, b: quotient(g, b), lambda g, y, a, b: quotient(-g * a, b * b), ufunc=np.divide
)
negative = elementwise("negative", operator.neg, lambda g, y, x: -g, ufunc=np.negative)
square = elementwise("square", lambda x: x * x, lambda g, y, x: g * (2.0 * x), ufunc=np.square)
power = elementwise(
    "power",
    np.power,
    lambda g, y, a, b: g * b * power(a, b - 1.0),
    lambda g, y, a, b: g * y * where(greater(a, 0.0), log(where(greater(a, 0.0), a, 1.0)), 0.0),
    ufunc=np.float_power,
)
sqrt = elementwise("sqrt", np.sqrt, lambda g, y, x: quotient(g, 2.0 * y), ufunc=np.sqrt)
absolute = elementwise("absolute", operator.abs, lambda g, y, x: g * sign(x), ufunc=np.absolute)

# Transcendental functions ---------------------------------------------------------------------------------

exp = elementwise("exp", np.exp, lambda g, y, x: g * y, ufunc=np.exp)
expm1 = elementwise("expm1", np.expm1, lambda g, y, x: g * (y + 1.0), ufunc=np.expm1)
log = elementwise("log", np.log, lambda g, y, x: quotient(g, x), ufunc=np.log)
log1p = elementwise("log1p", np.log1p, lambda g, y, x: quotient(g, 1.0 + x), ufunc=np.log1p)
sin = elementwise("sin", np.sin, lambda g, y, x: g * cos(x), ufunc=np.sin)
cos = elementwise("cos", np.cos, lambda g, y, x: -g * sin(x), ufunc=np.cos)
tanh = elementwise("tanh", np.tanh, lambda g, y, x: g * (1.0 - y * y), ufunc=np.tanh)
erf = elementwise("erf", erf_forward, lambda g, y, x: g * (2.0 / math.sqrt(math.pi)) * exp(-x * x))

# Functions with corners, and steps: the derivative is zero almost everywhere --------------------------------

maximum = elementwise(
    "maximum",
    np.maximum,
    lambda g, y, a, b: g * (0.5 * greater(a, b) + 0.5 * greater_equal(a, b)),
    lambda g, y, a, b: g * (0.5 * greater(b, a) + 0.5 * greater_equal(b, a)),
    ufunc=np.maximum,
)
minimum = elementwise(
    "minimum",
    np.minimum,
    lambda g, y, a, b: g * (0.5 * less(a, b) + 0.5 * less_equal(a, b)),
    lambda g, y, a, b: g * (0.5 * less(b, a) + 0.5 * less_equal(b, a)),
    ufunc=np.minimum,
)
sign = elementwise("sign", np.sign, None, ufunc=np.sign)
rint = elementwise("rint", np.rint, None, ufunc=np.rint)
greater = elementwise("greater", truth(operator.gt), None, None, ufunc=np.greater)
greater_equal = elementwise("greater_equal", truth(operator.ge), None, None, ufunc=np.greater_equal)
less = elementwise("less", truth(operator.lt), None, None, ufunc=np.less)
less_equal = elementwise("less_equal", truth(operator.le), None, None, ufunc=np.less_equal)
equal = elementwise("equal", truth(operator.eq), None, None, ufunc=np.equal)
not_equal = elementwise("not_equal", truth(operator.ne), None, None, ufunc=np.not_equal)

WHERE = row(
    "where",
    lambda c, a, b: np.where(c, a, b),
    (None, lambda g, y, c, a, b: where(c, g, 0.0), lambda g, y, c, a, b: where(c, 0.0, g)),
)


def where(condition: Any, a: Any, b: Any) -> Any:
    """a where the condition holds (is not 0), else b; both are computed, only the chosen one gets the gradient."""
    return call(WHERE, condition, a, b)


def repeated_product(x: Any, n: int) -> Any:
    y = x
    for _ in range(n - 1):
        y = y * x
    return y


INTEGER_POWER = row(
    "integer_power",
    repeated_product,
    (lambda g, y, x, n: g * (float(n) * (x if n == 2 else call(INTEGER_POWER, x, n=n - 1))),),
    lower=lambda shapes, options: ("integer_power", options),
)


def raise_to(x: Any, p: Any) -> Any:
    """x ** p: a product for small whole p (the same to the last bit everywhere), else `power`."""
    if type(p) in (int, float) and p == int(p) and 1 <= abs(p) <= 64:
        n = int(abs(p))
        y = x if n == 1 else square(x) if n == 2 else call(INTEGER_POWER, x, n=n)
        return y if p > 0 else divide(1.0, y)
    if type(p) in (int, float) and p == 0.5:
        return sqrt(x)
    return power(x, p)


UFUNCS[np.power] = raise_to

# Shapes: every one of these is a copy with other strides ----------------------------------------------------


def strides_of(shape: tuple[int, ...]) -> list[int]:
    """Strides of a C-ordered array, in entries."""
    strides = [1] * len(shape)
    for i in reversed(range(len(shape) - 1)):
        strides[i] = strides[i + 1] * shape[i + 1]
    return strides


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
    push=lambda t, y, x, shape: reshape(t[0], shape),
    lower=lambda shapes, options: ("reshape", None),
)
TRANSPOSE = row(
    "transpose",
    lambda x, axes: np.transpose(x, axes),
    (lambda g, y, x, axes: transpose(g, tuple(int(i) for i in np.argsort(axes))),),
    push=lambda t, y, x, axes: transpose(t[0], axes),
    lower=strided(lambda x, axes: np.transpose(x, axes)),
)
BROADCAST = row(
    "broadcast_to",
    lambda x, shape: np.broadcast_to(x, shape),
    (lambda g, y, x, shape: sum_to(g, shape_of(x)),),
    push=lambda t, y, x, shape: broadcast_to(t[0], shape),
    lower=strided(lambda x, shape: np.broadcast_to(x, shape)),
)
GETITEM = row(
    "getitem",
    lambda x, index: x[index],
    (lambda g, y, x, index: call(EMBED, g, index=index, shape=shape_of(x)),),
    push=lambda t, y, x, index: call(GETITEM, t[0], index=index),
    lower=strided(lambda x, index: x[index]),
)


def embed_values(g: Any, index: Any, shape: tuple[int, ...]) -> Any:
    out = np.zeros(shape)
    out[index] = g
    return out


EMBED = row(
    "embed",
    embed_values,
    (lambda g, y, x, index, shape: call(GETITEM, g, index=index),),
    push=lambda t, y, x, index, shape: call(EMBED, t[0], index=index, shape=shape),
    lower=lambda shapes, options: ("scatter", layout(lambda x: x[options["index"]], options["shape"], {})),
)


def reshape(x: Any, shape: Any, *, order: str = "C") -> Any:
    """The same entries in C order under another shape; one size may be −1."""
    if order != "C":
        raise ShapeError(f"reshape: entries are kept in C order; order={order!r} is not offered")
    shape = (shape,) if np.ndim(shape) == 0 else tuple(shape)
    size = math.prod(shape_of(x))
    if shape.count(-1) == 1:
        known = -math.prod(shape)
        shape = tuple((size // known if known else 0) if n == -1 else n for n in shape)
    if math.prod(shape) != size or any(n < 0 for n in shape):
        raise ShapeError(f"reshape: {size} entries of shape {shape_of(x)} do not fit into {shape}")
    return call(RESHAPE, x, shape=shape)


def transpose(x: Any, axes: Any = None) -> Any:
    """Axes reversed, or permuted as given."""
    n = len(shape_of(x))
    axes = tuple(range(n))[::-1] if axes is None else tuple(int(a) % n for a in axes)
    if sorted(axes) != list(range(n)):
        raise ShapeError(f"transpose: {axes} is no permutation of the axes of shape {shape_of(x)}")
    return call(TRANSPOSE, x, axes=axes)


def broadcast_to(x: Any, shape: Any) -> Any:
    """x repeated, by NumPy's rules, to the given shape."""
    shape = (shape,) if np.ndim(shape) == 0 else tuple(shape)
    return x if shape_of(x) == shape else call(BROADCAST, x, shape=shape)


def getitem(x: Any, index: Any) -> Any:
    """x[index] for integers, slices, None, ..., and along the first axis for an array of integers or of booleans."""
    parts = index if type(index) is tuple else (index,)
    if all(p is None or p is Ellipsis or (isinstance(p, (int, np.integer, slice)) and not isinstance(p, bool)) for p in parts):
        try:
            return call(GETITEM, x, index=index)
        except IndexError:
            raise IndexError(f"index {index} does not fit a Tensor of shape {shape_of(x)}") from None
    if len(parts) == 1:
        return take(x, index, axis=0)
    if len(parts) == len(shape_of(x)) == 2:
        rows, columns = (np.asarray(whole_numbers(p, n)) for p, n in zip(parts, shape_of(x), strict=True))
        return take(reshape(x, (-1,)), rows * shape_of(x)[1] + columns, axis=0)
    raise IndexError(f"index {index!r:.60}: take integers, slices, one array of integers, or two for a matrix")


# Rows picked by number --------------------------------------------------------------------------------------


def whole_numbers(index: Any, n: int) -> Any:
    """Integer positions below n; a mask of booleans becomes the positions where it is true."""
    index = np.asarray(index)
    if index.dtype == bool:
        if index.shape != (n,):
            raise IndexError(f"a mask of shape {index.shape} does not fit an axis of length {n}")
        index = np.flatnonzero(index)
    whole = index.astype(np.int64)
    if index.dtype.kind not in "iuf" or (whole != index).any() or (whole < -n).any() or (whole >= n).any():
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
    push=lambda t, y, x, index: None if t[0] is None else call(TAKE, t[0], index),
)
TAKE_ADJOINT = row(
    "take_adjoint",
    add_rows,
    (lambda g, y, x, index, shape: call(TAKE, g, index), None),
    push=lambda t, y, x, index, shape: None if t[0] is None else call(TAKE_ADJOINT, t[0], index, shape=shape),
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


# Sums and maxima ----------------------------------------------------------------------------------------------


def reduction(name: str, forward: Any, rule: Any, push: Any) -> Primitive:
    """A row that reduces over `axes` (a sorted tuple); keepdims only changes the shape."""
    return row(name, forward, (rule,), push=push, lower=lambda shapes, options: (name, {"axes": list(options["axes"])}))


def as_axes(axis: Any, x: Any) -> tuple[int, ...]:
    n = len(shape_of(x))
    axes = tuple(range(n)) if axis is None else (axis,) if np.ndim(axis) == 0 else tuple(axis)
    if any(not -n <= a < n for a in axes):
        raise ShapeError(f"axis {axis} does not exist in shape {shape_of(x)}")
    return tuple(sorted({int(a) % n for a in axes}))


def kept(x: Any, axes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of x with the reduced axes kept at length 1."""
    return tuple(1 if i in axes else n for i, n in enumerate(shape_of(x)))


SUM = reduction(
    "sum",
    lambda x, axes, keepdims: np.sum(x, axis=axes, keepdims=keepdims),
    lambda g, y, x, axes, keepdims: broadcast_to(reshape(g, kept(x, axes)), shape_of(x)),
    lambda t, y, x, axes, keepdims: sum(t[0], axis=axes, keepdims=keepdims),
)
MAX = reduction(
    "max",
    lambda x, axes, keepdims: np.max(x, axis=axes, keepdims=keepdims),
    lambda g, y, x, axes, keepdims: reshape(g, kept(x, axes)) * winners(x, y, axes),
    lambda t, y, x, axes, keepdims: reshape(sum(t[0] * winners(x, y, axes), axis=axes), shape_of(y)),
)
LOGSUMEXP = reduction(
    "logsumexp",
    lambda x, axes, keepdims: logsumexp_values(x, axes, keepdims),
    lambda g, y, x, axes, keepdims: reshape(g, kept(x, axes)) * exp(x - reshape(y, kept(x, axes))),
    lambda t, y, x, axes, keepdims: reshape(sum(t[0] * exp(x - reshape(y, kept(x, axes))), axis=axes), shape_of(y)),
)


def logsumexp_values(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    top = np.max(x, axis=axes, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    total = np.log(np.sum(np.exp(x - top), axis=axes, keepdims=True)) + top
    return total if keepdims else np.squeeze(total, axis=axes)


def winners(x: Any, y: Any, axes: tuple[int, ...]) -> Any:
    """1 where x is the maximum y; equal winners share, so that the shares add up to 1."""
    won = equal(x, reshape(y, kept(x, axes)))
    return won / sum(won, axis=axes, keepdims=True)


def sum(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Σ over the given axes (all if None)."""
    return call(SUM, x, axes=as_axes(axis, x), keepdims=keepdims)


def mean(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """The average over the given axes (all if None)."""
    n = math.prod(shape_of(x)[a] for a in as_axes(axis, x))
    if n == 0:
        raise ShapeError(f"mean: no entries to average in shape {shape_of(x)}")
    return sum(x, axis, keepdims=keepdims) / float(n)


def max(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """The maximum over the given axes (all if None); equal winners share the gradient."""
    if 0 in shape_of(x):
        raise ShapeError(f"max: no entries in shape {shape_of(x)}")
    return call(MAX, x, axes=as_axes(axis, x), keepdims=keepdims)


def logsumexp(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """log Σ exp(x) over the given axes, shifted by the maximum so that nothing overflows."""
    return call(LOGSUMEXP, x, axes=as_axes(axis, x), keepdims=keepdims)


def sum_to(g: Any, shape: tuple[int, ...]) -> Any:
    """The adjoint of broadcasting: sum over the axes along which `shape` was repeated."""
    given = shape_of(g)
    extra = len(given) - len(shape)
    axes = (*range(extra), *(extra + i for i, n in enumerate(shape) if n == 1 and given[extra + i] != 1))
    return reshape(sum(g, axis=axes), shape) if axes else reshape(g, shape)


# Products -----------------------------------------------------------------------------------------------------


def matmul_values(a: Any, b: Any) -> Any:
    left, right = shape_of(a), shape_of(b)
    if not left or not right:
        raise ShapeError(f"matmul: {left} @ {right}: a scalar has no inner size; use * instead")
    inner = left[-1], right[-2 if len(right) > 1 else 0]
    if inner[0] != inner[1]:
        raise ShapeError(f"matmul: {left} @ {right} do not fit: inner sizes {inner[0]} and {inner[1]} differ")
    return np.matmul(a, b)


def swap(x: Any) -> Any:
    """The last two axes exchanged."""
    n = len(shape_of(x))
    return transpose(x, (*range(n - 2), n - 1, n - 2))


def pull_left(g: Any, y: Any, a: Any, b: Any) -> Any:
    """∂(A B): G Bᵀ for A, with vectors as one-row and one-column matrices."""
    left, right = shape_of(a), shape_of(b)
    if len(left) == len(right) == 1:
        return g * b
    column = reshape(b, (*right, 1)) if len(right) == 1 else b
    g = reshape(g, (*shape_of(g), 1)) if len(right) == 1 else g
    g = reshape(g, (*shape_of(g)[:-1], 1, shape_of(g)[-1])) if len(left) == 1 else g
    whole = matmul(g, swap(column))
    return reshape(sum_to(whole, (1, *left)), left) if len(left) == 1 else sum_to(whole, left)


def pull_right(g: Any, y: Any, a: Any, b: Any) -> Any:
    """∂(A B): Aᵀ G for B, with vectors as one-row and one-column matrices."""
    left, right = shape_of(a), shape_of(b)
    if len(left) == len(right) == 1:
        return g * a
    line = reshape(a, (1, *left)) if len(left) == 1 else a
    g = reshape(g, (*shape_of(g)[:-1], 1, shape_of(g)[-1])) if len(left) == 1 else g
    g = reshape(g, (*shape_of(g), 1)) if len(right) == 1 else g
    whole = matmul(swap(line), g)
    return reshape(sum_to(whole, (*right, 1)), right) if len(right) == 1 else sum_to(whole, right)


def push_matmul(t: Any, y: Any, a: Any, b: Any) -> Any:
    left = None if t[0] is None else matmul(t[0], b)
    right = None if t[1] is None else matmul(a, t[1])
    return left if right is None else right if left is None else left + right


MATMUL = row("matmul", matmul_values, (pull_left, pull_right), push=push_matmul)


def matmul(a: Any, b: Any) -> Any:
    """A @ B for vectors, matrices and stacks of matrices, by NumPy's rules."""
    return call(MATMUL, a, b)


# Joining ------------------------------------------------------------------------------------------------------


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
    return concatenate([np.zeros(shape_of(p)) if s is None else s for s, p in zip(t, parts, strict=True)], axis=axis)


CONCATENATE = row(
    "concatenate",
    concatenate_values,
    None,
    push=push_concatenate,
    joint=pull_concatenate,
    lower=lambda shapes, options: ("concatenate", options),
)


def concatenate(parts: Any, axis: int = 0) -> Any:
    """The parts one after the other along an axis that exists."""
    parts = list(parts)
    if not parts or not shape_of(parts[0]):
        raise ShapeError("concatenate: needs at least one part, and parts with an axis; join scalars with np.stack")
    return call(CONCATENATE, *parts, axis=as_axes(axis, parts[0])[0])


def stack(parts: Any, axis: int = 0) -> Any:
    """The parts, all of one shape, side by side along a new axis."""
    parts = list(parts)
    if not parts or any(shape_of(p) != shape_of(parts[0]) for p in parts):
        raise ShapeError(f"stack: needs parts of one shape, got {[shape_of(p) for p in parts]}")
    shape = shape_of(parts[0])
    at = axis % (len(shape) + 1)
    return concatenate([reshape(p, (*shape[:at], 1, *shape[at:])) for p in parts], axis=at)


def norm(x: Any) -> Any:
    """‖x‖, the root of the sum of squares; its gradient at 0 is taken as 0, which is a subgradient."""
    total = sum(square(x))
    nothing = equal(total, 0.0)
    return where(nothing, 0.0, sqrt(where(nothing, 1.0, total)))


# How Tensors reach the table ----------------------------------------------------------------------------------

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
        np.dot: matmul,
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
Tensor.dot = matmul
Tensor.reshape = lambda self, *shape: reshape(self, shape[0] if len(shape) == 1 else shape)
Tensor.transpose = lambda self, *axes: transpose(self, axes or None)
Tensor.T = property(transpose)
