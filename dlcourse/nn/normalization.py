"""Batch normalisation [Ioffe & Szegedy 2015], as functions: what is learned and what is remembered are arguments."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..autodiff import ShapeError
from ..autodiff.box import value_of
from ..autodiff.primitives import mean, sqrt, square
from ..checks import kind


class Moments(NamedTuple):
    """Mean and variance of each feature (n,).

    >>> Moments(np.zeros(2), np.ones(2)).variance
    array([1., 1.])
    """

    mean: Any
    variance: Any


def batch_moments(X: Any) -> Moments:
    """Mean and (biased, divided by m) variance of each feature over the m rows of X.

    Raises ShapeError unless X is (m, n) with m ≥ 2: of a single example nothing but 0 would be left.

    >>> batch_moments(np.array([[1.0], [3.0]]))
    Moments(mean=array([2.]), variance=array([1.]))
    """
    if len(np.shape(X)) != 2 or np.shape(X)[0] < 2:
        raise ShapeError(f"batch_norm: needs X (m, n) with at least 2 examples, got shape {np.shape(X)}")
    μ = mean(X, axis=0)
    return Moments(μ, mean(square(X - μ), axis=0))


def normalize(X: Any, gamma: Any, beta: Any, moments: Moments, epsilon: float = 1e-5) -> Any:
    """γ (X − μ) / √(σ² + ε) + β with given moments: batch normalisation as it predicts, with the running ones.

    X : (m, n); gamma, beta and the moments : (n,). Raises ShapeError if they do not fit, ValueError unless ε > 0,
    TypeError for what are no Moments.

    >>> normalize(np.array([[3.0]]), np.ones(1), np.zeros(1), Moments(np.ones(1), np.full(1, 4.0)), epsilon=1e-12).round(6)
    array([[1.]])
    """
    kind("normalize", "moments", moments, Moments, "Moments(mean, variance)")
    n = np.shape(X)[-1:]
    given = [np.shape(gamma), np.shape(beta), np.shape(moments.mean), np.shape(moments.variance)]
    if len(np.shape(X)) != 2 or any(shape != n for shape in given):
        raise ShapeError(f"normalize: X {np.shape(X)} needs γ, β, mean and variance of shape (n,), got {given}")
    if not epsilon > 0:
        raise ValueError(f"normalize: epsilon must be a number > 0, got {epsilon}")
    return (X - moments.mean) / sqrt(moments.variance + epsilon) * gamma + beta


def batch_norm(X: Any, gamma: Any, beta: Any, epsilon: float = 1e-5) -> Any:
    """γ (X − μ) / √(σ² + ε) + β with the batch's own μ and σ²: as it trains.

    Gradients flow through μ and σ². X : (m, n), m ≥ 2; gamma, beta : (n,), learned.
    Keep `running_moments` beside it and predict with `normalize`.
    [Ioffe & Szegedy 2015, who explain it by "internal covariate shift", which is contested;
    source 000]
    Errors as for `batch_moments` and `normalize`.

    >>> batch_norm(np.array([[1.0], [3.0]]), np.ones(1), np.zeros(1)).round(4)
    array([[-1.],
           [ 1.]])
    """
    return normalize(X, gamma, beta, batch_moments(X), epsilon)


def running_moments(running: Moments, X: Any, momentum: float = 0.1) -> Moments:
    """The remembered moments after one more batch: r ← (1 − ρ) r + ρ (moments of the batch), of which no gradient is kept.

    The variance enters unbiased, divided by m − 1, as in PyTorch. Start with Moments(zeros, ones).
    X : (m, n), m ≥ 2. Raises ValueError unless 0 ≤ momentum ≤ 1, ShapeError as `batch_moments`.

    >>> running_moments(Moments(np.zeros(1), np.ones(1)), np.array([[1.0], [3.0]]), momentum=0.5)
    Moments(mean=array([1.]), variance=array([1.5]))
    """
    if not 0 <= momentum <= 1:
        raise ValueError(f"running_moments: momentum must lie in [0, 1], got {momentum}")
    batch, m = batch_moments(value_of(X)), np.shape(X)[0]
    unbiased = batch.variance * (m / (m - 1))
    return Moments(*[(1.0 - momentum) * r + momentum * new for r, new in zip(running, (batch.mean, unbiased), strict=True)])
