"""Gradient checking: the engine against central differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..autodiff import nest
from ..autodiff.box import as_value, shape_of
from ..autodiff.derivatives import value_and_grad
from ..autodiff.errors import ShapeError
from ..programs.leaves import leaf_names


class GradientMismatch(AssertionError):
    """A derivative that central differences contradict."""


def central_differences(f: Callable[[Any], Any], x: Any, epsilon: float = 1e-6) -> Any:
    """∂f/∂x_i ≈ (f(x + ε e_i) − f(x − ε e_i)) / 2ε for every entry of every array in x.

    Where |x_i| > 1, the step is ε |x_i|; it is divided by what is left of 2ε once x ± ε is rounded.
    Raises ValueError unless 0 < ε < ∞ and x ± ε differ, ShapeError if f does not return a scalar.

    >>> float(np.round(central_differences(lambda x: x**3, 2.0), 6))
    12.0
    """
    if not 0 < epsilon < np.inf:
        raise ValueError(f"central differences: the step ε must be a finite number > 0, got {epsilon}")
    leaves, rebuild = nest.flatten(x)
    leaves = [as_value(leaf) for leaf in leaves]
    found = []
    for k, leaf in enumerate(leaves):
        g = np.zeros(shape_of(leaf))
        for i in np.ndindex(*shape_of(leaf)):
            here = float(np.asarray(leaf)[i])
            step = epsilon * max(1.0, abs(here))
            places, values = (here + step, here - step), []
            if places[0] == places[1]:
                raise ValueError(f"central differences: the step ε = {epsilon:g} is lost when it is added to {here:g}")
            for place in places:
                moved = np.array(leaf)
                moved[i] = place
                value = f(rebuild([*leaves[:k], moved if moved.ndim else float(moved), *leaves[k + 1 :]]))
                if np.shape(value):
                    raise ShapeError(f"central differences: the function must return a scalar, got shape {np.shape(value)}")
                values.append(float(np.asarray(value)))
            g[i] = (values[0] - values[1]) / (places[0] - places[1])
        found.append(g if g.ndim else float(g))
    return rebuild(found)


def check_gradient(f: Callable[[Any], Any], x: Any, *, epsilon: float = 1e-6, tolerance: float = 1e-6) -> float:
    """Compare ∇f with central differences at x; return the largest error.

    The error of an entry is |engine − difference| / max(1, |engine|, |difference|).

    Raises GradientMismatch, naming the worst entry with both values and the step, if the error exceeds
    the tolerance or either value is not a number; else as `central_differences`.

    >>> check_gradient(lambda w: np.sum(np.tanh(w)), np.array([0.5, -1.0])) < 1e-9
    True
    """
    exact = value_and_grad(f)(x)[1]
    approximate = central_differences(f, x, epsilon)
    worst, where = 0.0, ""
    for name, a, b in zip(leaf_names(x, "x"), nest.flatten(exact)[0], nest.flatten(approximate)[0], strict=True):
        with np.errstate(invalid="ignore"):  # ∞ − ∞ and ∞ / ∞ are no agreement
            error = np.abs(np.subtract(a, b)) / np.maximum(1.0, np.maximum(np.abs(a), np.abs(b)))
        error = np.where(np.isnan(error), np.inf, error)
        if np.size(error) and error.max() >= worst:
            i = np.unravel_index(int(error.argmax()), error.shape)
            worst = float(error.max())
            index = f"[{', '.join(map(str, i))}]" if i else ""
            where = f"{name}{index}: the engine says {np.asarray(a)[i]:.10g}, central differences {np.asarray(b)[i]:.10g}"
    if worst > tolerance:
        raise GradientMismatch(f"{where} (step ε = {epsilon:g}, error {worst:.3g} > {tolerance:g})")
    return worst
