"""Configurations to try: all combinations of a grid, or draws from named distributions."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.random import Generator

from ..checks import generator, number, whole

Configuration = dict[str, Any]


class Distribution(Protocol):
    """What `sample` draws from: anything that can `draw`."""

    def draw(self, rng: Generator) -> Any:
        """A value, drawn by the generator."""


@dataclass(frozen=True)
class Bounded(Distribution):
    """What distributions between two bounds share: low < high, both finite."""

    low: float
    high: float

    def __post_init__(self) -> None:
        low, high = (number(type(self).__name__, name, getattr(self, name), -math.inf) for name in ("low", "high"))
        if not (self.low < self.high and high - low < math.inf):
            raise ValueError(f"{type(self).__name__}: low must lie below high, both finite, got {self.low} and {self.high}")


@dataclass(frozen=True)
class uniform(Bounded):
    """A number between low and high, each equally likely; ValueError unless low < high, both finite.

    >>> 0.0 <= uniform(0.0, 1.0).draw(np.random.default_rng(0)) < 1.0
    True
    """

    def draw(self, rng: Generator) -> float:
        return float(rng.uniform(self.low, self.high))


@dataclass(frozen=True)
class log_uniform(Bounded):
    """A number between low > 0 and high whose logarithm is uniform: each factor of ten is equally likely.

    For what acts by its order of magnitude, such as α and λ [Bergstra and Bengio 2012]. ValueError unless 0 < low < high.

    >>> 1e-4 <= log_uniform(1e-4, 1.0).draw(np.random.default_rng(0)) < 1.0
    True
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.low <= 0:
            raise ValueError(f"log_uniform: low must be above 0, got {self.low}")

    def draw(self, rng: Generator) -> float:
        return float(np.exp(rng.uniform(math.log(self.low), math.log(self.high))))


@dataclass(frozen=True)
class integers(Bounded):
    """A whole number from low to high, both included; ValueError unless both are whole and low < high.

    >>> integers(1, 6).draw(np.random.default_rng(0)) in range(1, 7)
    True
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.low != int(self.low) or self.high != int(self.high) or max(-self.low, self.high) >= 2**63:
            raise ValueError(f"integers: low and high must be whole numbers of 64 bits, got {self.low} and {self.high}")

    def draw(self, rng: Generator) -> int:
        return int(rng.integers(int(self.low), int(self.high), endpoint=True))


@dataclass(frozen=True)
class choice(Distribution):
    """One of some values, each equally likely; ValueError if there is none.

    >>> choice(["tanh", "relu"]).draw(np.random.default_rng(0)) in ("tanh", "relu")
    True
    """

    values: Sequence[Any]

    def __post_init__(self) -> None:
        check_values("choice", self.values)

    def draw(self, rng: Generator) -> Any:
        return plain(self.values[int(rng.integers(len(self.values)))])


def check_values(who: str, given: Any) -> None:
    if isinstance(given, (str, dict)) or not hasattr(given, "__getitem__") or not getattr(given, "shape", 1) or not len(given):
        raise ValueError(f"{who}: needs a list of values, got {given!r}; give at least one value")


def plain(value: Any) -> Any:
    """Numbers of NumPy as those of Python."""
    return value.item() if isinstance(value, np.generic) else value


def grid(**values: Sequence[Any]) -> list[Configuration]:
    """Grid search: each value of each name with each value of every other. The last name varies fastest. [source 002]

    Raises ValueError for a name without a list of values.

    >>> grid(width=[8, 16], activation=["tanh", "relu"])[1]
    {'width': 8, 'activation': 'relu'}
    """
    for name, each in values.items():
        check_values(f"grid: {name}", each)
    return [dict(zip(values, map(plain, combination))) for combination in itertools.product(*values.values())]


def sample(rng: Generator, n: int, /, **distributions: Distribution) -> list[Configuration]:
    """Random search: n configurations, each name drawn from its distribution: `uniform`, `log_uniform`, `integers`, `choice`.

    Where few of the names matter, n draws try n values of each of these; a grid of n points tries far fewer.
    [Bergstra and Bengio 2012; source 002]

    Raises ValueError for an n below 1 and for what is no distribution.

    >>> sample(np.random.default_rng(0), 1, alpha=log_uniform(1e-4, 1.0), width=integers(8, 64))
    [{'alpha': 0.035305856304085934, 'width': 37}]
    """
    generator("sample", rng)
    whole("sample", "n", n)
    for name, each in distributions.items():
        if not hasattr(each, "draw"):
            raise ValueError(f"sample: {name} must be uniform, log_uniform, integers or choice, got {each!r}")
    return [{name: each.draw(rng) for name, each in distributions.items()} for _ in range(n)]
