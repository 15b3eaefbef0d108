"""Parameters as one flat vector, on which update rules act, and as a nest of views of it, which networks read."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .autodiff import ShapeError, Tensor, nest, value_and_grad

Unflatten = Callable[[Any], Any]


def flatten(theta: Any) -> tuple[Any, Unflatten]:
    """(flat, unflatten): all arrays of a nest as one vector θ (n,), and the way back, which copies nothing.

    `unflatten(θ)` is the same nest of views of θ (of recorded parts of it if θ is a Tensor); where a number was, an entry.
    A nest that was made by `unflatten` is flattened without copying too: it gives back its θ. Other nests are joined.
    Many θ at once, one to a column (n, R), become a nest of arrays (…, R). unflatten raises ShapeError for another length.

    >>> flat, unflatten = flatten({"W": [np.ones((1, 2))], "b": [np.zeros(1)]})
    >>> flat
    array([1., 1., 0.])
    >>> unflatten(np.array([4.0, 5.0, 6.0]))
    {'W': [array([[4., 5.]])], 'b': [array([6.])]}
    """
    leaves, rebuild = nest.flatten(theta)
    shapes = [np.shape(leaf) for leaf in leaves]
    ends = list(itertools.accumulate(map(math.prod, shapes), initial=0))

    def unflatten(flat: Any) -> Any:
        if np.shape(flat)[:1] != (ends[-1],):
            raise ShapeError(f"unflatten: needs a vector of {ends[-1]} parameters, got shape {np.shape(flat)}")
        parts, more = zip(itertools.pairwise(ends), shapes, strict=True), np.shape(flat)[1:]
        return rebuild([np.reshape(flat[start:end], shape + more) if shape else flat[start] for (start, end), shape in parts])

    return buffer_of(leaves, ends) if leaves else np.zeros(0), unflatten


def buffer_of(leaves: list[Any], ends: list[int]) -> Any:
    """The vector of which the leaves are views, one after the other; if there is none, a new one."""
    if not any(isinstance(leaf, Tensor) for leaf in leaves):
        whole = getattr(leaves[0], "base", None)
        if (
            isinstance(whole, np.ndarray)
            and whole.shape == (ends[-1],)
            and whole.dtype == np.float64
            and whole.flags.c_contiguous
        ):
            start = whole.ctypes.data
            if all(
                isinstance(x, np.ndarray) and x.base is whole and x.flags.c_contiguous and x.ctypes.data == start + 8 * i
                for x, i in zip(leaves, ends[:-1], strict=True)
            ):
                return whole
    leaves = [leaf if isinstance(leaf, Tensor) else np.asarray(leaf, dtype=np.float64) for leaf in leaves]
    return np.concatenate([np.reshape(leaf, (-1,)) for leaf in leaves])


def flat_value_and_grad(f: Callable[..., Any], unflatten: Unflatten) -> Callable[..., tuple[Any, Any]]:
    """The function (flat θ, *args) → (f(nest, *args), ∇f as a flat vector), for f of a nest.

    Each array is a variable of its own and the gradients are joined once, which is cheaper than to differentiate
    through the slices of a flat variable. Errors as for `value_and_grad`.

    >>> _, unflatten = flatten([np.zeros(2), np.zeros(1)])
    >>> flat_value_and_grad(lambda θ: np.sum(θ[0] ** 2) + 3.0 * np.sum(θ[1]), unflatten)(np.array([1.0, 2.0, 5.0]))
    (20.0, array([2., 4., 3.]))
    """
    return joined(value_and_grad(f), unflatten)


def joined(with_gradient: Callable[..., tuple[Any, Any]], unflatten: Unflatten) -> Callable[..., tuple[Any, Any]]:
    """The function of a flat θ, for one that takes a nest and gives a value and a nest of gradients."""

    def whole(flat: Any, *args: Any) -> tuple[Any, Any]:
        θ = unflatten(flat)
        value, gradient = with_gradient(θ, *args)
        return value, np.concatenate([np.reshape(g, (-1,)) for g in nest.leaves_like(gradient, θ)])

    return whole
