# mypy: disable-error-code="has-type"
"""Rows that reduce: sums and their adjoint, broadcasting; maxima; log Σ exp and its gradient, softmax."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..box import Primitive, call, directions, raised, shape_of
from ..errors import ShapeError
from .elementwise import equal, exp, sqrt, square, where
from .shapes import as_axes, reshape, strided
from .table import row


def reduction(name: str, forward: Any, rule: Any, push: Any) -> Primitive:
    """A row that reduces over `axes` (a sorted tuple); keepdims only changes the shape."""
    return row(name, forward, (rule,), push=push, lower=lambda shapes, options: (name, {"axes": list(options["axes"])}))


def shifted(axes: tuple[int, ...], t: Any, x: Any) -> tuple[int, ...]:
    """Axes of x as axes of its tangent."""
    k = len(directions(t, x))
    return tuple(a + k for a in axes)


def kept(x: Any, axes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of x with the reduced axes kept at length 1."""
    return tuple(1 if i in axes else n for i, n in enumerate(shape_of(x)))


BROADCAST = row(
    "broadcast_to",
    lambda x, shape: np.broadcast_to(x, shape),
    (lambda g, y, x, shape: sum_to(g, shape_of(x)),),
    push=lambda t, y, x, shape: broadcast_to(raised(t[0], x, len(shape)), directions(t[0], x) + shape),
    lower=strided(lambda x, shape: np.broadcast_to(x, shape)),
)
SUM = reduction(
    "sum",
    lambda x, axes, keepdims: np.sum(x, axis=axes, keepdims=keepdims),
    lambda g, y, x, axes, keepdims: broadcast_to(reshape(g, kept(x, axes)), shape_of(x)),
    lambda t, y, x, axes, keepdims: sum(t[0], axis=shifted(axes, t[0], x), keepdims=keepdims),
)
MAX = reduction(
    "max",
    lambda x, axes, keepdims: np.max(x, axis=axes, keepdims=keepdims),
    lambda g, y, x, axes, keepdims: reshape(g, kept(x, axes)) * winners(x, y, axes),
    lambda t, y, x, axes, keepdims: sum(t[0] * winners(x, y, axes), axis=shifted(axes, t[0], x), keepdims=keepdims),
)
LOGSUMEXP = reduction(
    "logsumexp",
    lambda x, axes, keepdims: logsumexp_values(x, axes, keepdims),
    lambda g, y, x, axes, keepdims: reshape(g, kept(x, axes)) * exp(x - reshape(y, kept(x, axes))),
    lambda t, y, x, axes, keepdims: sum(
        t[0] * exp(x - reshape(y, kept(x, axes))), axis=shifted(axes, t[0], x), keepdims=keepdims
    ),
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


def broadcast_to(x: Any, shape: Any) -> Any:
    """x repeated, by NumPy's rules, to the given shape."""
    shape = (shape,) if np.ndim(shape) == 0 else tuple(shape)
    return x if shape_of(x) == shape else call(BROADCAST, x, shape=shape)


def sum_to(g: Any, shape: tuple[int, ...]) -> Any:
    """The adjoint of broadcasting: sum over the axes along which `shape` was repeated."""
    given = shape_of(g)
    extra = len(given) - len(shape)
    axes = (*range(extra), *(extra + i for i, n in enumerate(shape) if n == 1 and given[extra + i] != 1))
    return reshape(sum(g, axis=axes), shape) if axes else reshape(g, shape)


SOFTMAX = row(
    "softmax",
    lambda x: softmax_values(x),
    (lambda g, y, x: pull_softmax(g, y),),
    push=lambda t, y, x: pull_softmax(t[0], y),
    lower=lambda shapes, options: ("softmax", None),
)


def softmax_values(x: Any) -> Any:
    """exp(x) / Σ exp(x) over the last axis, shifted by the maximum."""
    e = np.exp(x - row_maxima(x))
    e /= row_sums(e)
    return e


def row_maxima(x: Any) -> Any:
    """The maximum over a last axis that is usually short, where column by column is much faster than np.max."""
    if x.ndim == 2 and 0 < x.shape[1] <= 16:
        top = x[:, 0]
        for j in range(1, x.shape[1]):
            top = np.maximum(top, x[:, j])
        return top[:, None]
    return np.max(x, axis=-1, keepdims=True)


def row_sums(x: Any) -> Any:
    return (x @ np.ones(x.shape[-1]))[..., None]


def pull_softmax(g: Any, y: Any) -> Any:
    """The Jacobian ρᵢ(δᵢⱼ − ρⱼ) is symmetric: it carries gradients and tangents alike."""
    return y * (g - sum(g * y, axis=-1, keepdims=True))


def softmax(x: Any) -> Any:
    """ρᵢ = exp(xᵢ) / Σⱼ exp(xⱼ) over the last axis."""
    if not shape_of(x) or not shape_of(x)[-1]:
        raise ShapeError(f"softmax: needs at least one entry along the last axis, got shape {shape_of(x)}")
    return call(SOFTMAX, x)


def norm(x: Any) -> Any:
    """‖x‖, the root of the sum of squares; its gradient at 0 is taken as 0, which is a subgradient."""
    total = sum(square(x))
    nothing = equal(total, 0.0)
    return where(nothing, 0.0, sqrt(where(nothing, 1.0, total)))
