# mypy: disable-error-code="has-type"
"""Rows that reduce: sums and their adjoint, broadcasting; maxima; log Σ exp and its gradient, softmax."""

import math
from typing import Any

import numpy as np

from ..box import Primitive, Tensor, call, floats, linear_row, row, shape_of
from ..errors import ShapeError
from .elementwise import equal, exp, sqrt, square, where
from .shapes import as_axes, reshape


def kept(g: Any, x: Any, axes: tuple[int, ...]) -> Any:
    """What belongs to a reduction of x, with the reduced axes kept at length 1, so that it broadcasts against x."""
    shape = shape_of(x)
    if type(g) is float or not shape_of(g):
        return g
    return reshape(g, tuple(1 if i - len(shape) in axes else n for i, n in enumerate(shape)))


def broadcast_values(x: Any, shape: tuple[int, ...]) -> Any:
    y = np.empty(shape)  # a view of x would be read-only, and takes ten times as long to make
    y[...] = x
    return y


# Elementwise, as x + zeros(shape) would be: the walks do what there is to do.
BROADCAST = row("broadcast_to", broadcast_values, (lambda g, y, x, shape: g,))
SUM = linear_row(
    "sum",
    lambda x, axes, keepdims: np.add.reduce(x, axes, keepdims=keepdims),
    lambda g, y, x, axes, keepdims: broadcast_to(kept(g, x, axes), shape_of(x)),
)


def weighted(name: str, forward: Any, weights: Any) -> Primitive:
    """A reduction whose derivative by an entry is that entry's weight, given by (x, y, axes)."""
    return row(
        name,
        forward,
        (lambda g, y, x, axes, keepdims: kept(g, x, axes) * weights(x, y, axes),),
        push=(lambda t, y, x, axes, keepdims: sum(t * weights(x, y, axes), axes, keepdims=keepdims),),
    )


def winners(x: Any, y: Any, axes: tuple[int, ...]) -> Any:
    """1 where x is the maximum y; equal winners share, so that the shares add up to 1."""
    won = equal(x, kept(y, x, axes))
    return won / sum(won, axes, keepdims=True)


def logsumexp_values(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    top = np.max(x, axis=axes, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    total = np.log(np.sum(np.exp(x - top), axis=axes, keepdims=True)) + top
    return total if keepdims else np.squeeze(total, axis=axes)


MAX = weighted("max", lambda x, axes, keepdims: np.maximum.reduce(x, axes, keepdims=keepdims), winners)
LOGSUMEXP = weighted("logsumexp", logsumexp_values, lambda x, y, axes: exp(x - kept(y, x, axes)))


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


def norm(x: Any) -> Any:
    """‖x‖, the root of the sum of squares; at 0 its derivatives of all orders are taken as 0, the first is a subgradient."""
    total = sum(square(x))
    nothing = equal(total, 0.0)
    return where(nothing, 0.0, sqrt(where(nothing, 1.0, total)))


def softmax_values(x: Any) -> Any:
    """exp(x) / Σ exp(x) over the last axis, shifted by the maximum."""
    e = np.exp(x - row_maxima(x))
    e /= (e @ np.ones(e.shape[-1]))[..., None]
    return e


def row_maxima(x: Any) -> Any:
    """The maximum over a last axis that is usually short, where column by column is much faster than np.max."""
    if x.ndim == 2 and 0 < x.shape[1] <= 16:
        top = x[:, 0]
        for j in range(1, x.shape[1]):
            top = np.maximum(top, x[:, j])
        return top[:, None]
    return np.max(x, axis=-1, keepdims=True)


def times_jacobian(v: Any, y: Any) -> Any:
    """The Jacobian ρᵢ(δᵢⱼ − ρⱼ) is symmetric: it carries gradients and tangents alike."""
    return y * (v - sum(v * y, -1, keepdims=True))


SOFTMAX = row("softmax", softmax_values, (lambda g, y, x: times_jacobian(g, y),), push=(lambda t, y, x: times_jacobian(t, y),))


def softmax(x: Any) -> Any:
    """ρᵢ = exp(xᵢ) / Σⱼ exp(xⱼ) over the last axis."""
    if not shape_of(x) or not shape_of(x)[-1]:
        raise ShapeError(f"softmax: needs at least one entry along the last axis, got shape {shape_of(x)}")
    return call(SOFTMAX, x if type(x) is Tensor else floats(np.asarray(x)))
