"""Data sets of the course, each drawn from a generator that the caller seeds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy import ndarray


class Sample(NamedTuple):
    """Examples X (T, d), one to a row, and their targets y (T,)."""

    X: ndarray
    y: ndarray


def line(rng: np.random.Generator, n: int = 30, *, intercept: float = 2.0, slope: float = 3.0, noise: float = 0.1) -> Sample:
    """Points near a straight line: y = slope · x + intercept + U(−noise, noise), x ~ N(0, 1).

    The regression of source 003, which gives n = 30 and y = 3x + 2 + U(−0.1, 0.1) but not the distribution
    of x; the standard normal is this course's choice. The rows of X are [1, x], so that the model is X @ θ with
    θ = (intercept, slope).

    Raises ValueError unless n is a whole number ≥ 1 and noise is finite and ≥ 0.

    >>> X, y = line(np.random.default_rng(0))
    >>> X.shape, y.shape
    ((30, 2), (30,))
    >>> bool(np.abs(y - X @ [2.0, 3.0]).max() <= 0.1)
    True
    """
    if isinstance(n, bool) or n != int(n) or n < 1:
        raise ValueError(f"line: n must be a whole number ≥ 1, got {n}")
    if not (np.isfinite(noise) and noise >= 0):
        raise ValueError(f"line: noise must be a finite number ≥ 0, got {noise}")
    X = np.stack([np.ones(n), rng.standard_normal(n)], axis=1)
    return Sample(X, X @ [intercept, slope] + rng.uniform(-noise, noise, n))
