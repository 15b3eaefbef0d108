"""Initial weights: functions (rng, shape) → W, where shape = (n_k, n_{k−1}), units by inputs (H_k in source 002)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from ..checks import generator, number
from ..names import named

Initializer = Callable[[np.random.Generator, tuple[int, ...]], ndarray]


def zeros(rng: np.random.Generator, shape: tuple[int, ...]) -> ndarray:
    """W = 0: right for biases, fatal for the weights of hidden tanh units [source 002].

    >>> zeros(np.random.default_rng(0), (1, 2))
    array([[0., 0.]])
    """
    return np.zeros(shape)


def constant(value: float) -> Initializer:
    """The initialiser W = value: units that start equal stay equal [source 002]. ValueError for what is no number.

    >>> constant(0.5)(np.random.default_rng(0), (1, 2))
    array([[0.5, 0.5]])
    """
    return lambda rng, shape: np.full(shape, float(value))


def normal(scale: float) -> Initializer:
    """The initialiser W ~ N(0, scale²), whatever the sizes; ValueError unless scale is finite and ≥ 0.

    >>> normal(0.0)(np.random.default_rng(0), (1, 2))
    array([[0., 0.]])
    """
    number("normal", "scale", scale)
    return lambda rng, shape: rng.normal(0.0, scale, shape)


def glorot_uniform(rng: np.random.Generator, shape: tuple[int, ...]) -> ndarray:
    """W ~ U[−b, b], whose variance b²/3 is 2 / (n_k + n_{k−1}).

        b = √6 / √(n_k + n_{k−1})        [Glorot & Bengio 2010; source 002]

    Raises ValueError unless shape is (units, inputs), both ≥ 1, and
    TypeError for an rng that is no Generator.

    >>> W = glorot_uniform(np.random.default_rng(0), (4, 2))
    >>> W.shape, bool(np.abs(W).max() <= 1.0)
    ((4, 2), True)
    """
    b = math.sqrt(6.0) / math.sqrt(sum(sizes("glorot_uniform", rng, shape)))
    return rng.uniform(-b, b, shape)


def he_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> ndarray:
    """W ~ N(0, 2 / n_{k−1}), which keeps the mean square of ReLU layers [He et al. 2015].

    Raises ValueError unless shape is (units, inputs), both ≥ 1, TypeError for an rng that is no Generator.

    >>> he_normal(np.random.default_rng(0), (3, 2)).shape
    (3, 2)
    """
    return math.sqrt(2.0 / sizes("he_normal", rng, shape)[1]) * rng.standard_normal(shape)


def sizes(name: str, rng: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    generator(name, rng)
    if len(shape) != 2 or min(shape) < 1:
        raise ValueError(f"{name}: needs the shape (units, inputs) of a weight matrix, got {shape}")
    return shape


ALL: dict[str, Initializer] = {each.__name__: each for each in (zeros, glorot_uniform, he_normal)}


def get(name: str) -> Initializer:
    """The initialiser of this name; ValueError, with the nearest name, for one that does not exist.

    >>> get("zeros") is zeros
    True
    """
    return named(ALL, name, "initialiser")
