"""What a model gets wrong on average, and how much it depends on the examples that it happened to see."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..checks import finite


class BiasVariance(NamedTuple):
    """Means over the points: squared bias, variance over the training sets, and their sum, the error without noise.

    >>> bias_and_variance([[0.0], [2.0]], [0.0]).error
    2.0
    """

    squared_bias: float
    variance: float
    error: float


def bias_and_variance(predictions: Any, truth: Any) -> BiasVariance:
    """The generalisation error of a method, taken apart over resampled training sets.

        E (f̂(x) − f(x))² = (E f̂(x) − f(x))² + Var f̂(x)

    averaged over the points x. A target y = f(x) + noise adds the variance of the noise, which no model can take
    away. The mean of R predictions still varies: its squared bias contains about the variance over R, which shows where the
    bias itself is small. [Geman, Bienenstock and Doursat 1992; source 002]

    predictions : (R, T), what the model learned from training set r says at point t. truth : (T,), f there.
    Raises ValueError for other shapes, numbers that are not finite, and fewer than two training sets.

    >>> bias_and_variance([[1.0, 2.0], [3.0, 2.0]], [1.0, 2.0])
    BiasVariance(squared_bias=0.5, variance=0.5, error=1.0)
    """
    f, y = np.asarray(predictions, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    if f.ndim != 2 or y.shape != f.shape[1:] or len(f) < 2 or not y.size:
        needs = "predictions (R, T) of at least 2 training sets and the truth (T,)"
        raise ValueError(f"bias_and_variance: needs {needs}, got {f.shape} and {y.shape}")
    finite("bias_and_variance", "predictions − truth", f - y)
    squared_bias = float(np.mean((f.mean(axis=0) - y) ** 2))
    variance = float(np.mean(f.var(axis=0)))
    return BiasVariance(squared_bias, variance, float(np.mean((f - y) ** 2)))
