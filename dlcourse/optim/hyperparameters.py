"""Hyper-parameters: what they may be, and how values made of them are checked."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, dataclass_transform

import numpy as np

from ..autodiff import Tensor

HyperParameter = float | Callable[[Any], Any] | Tensor

Bound = tuple[str, Callable[[float], bool]]
POSITIVE: Bound = ("a finite number > 0", lambda v: v > 0)
NOT_NEGATIVE: Bound = ("a finite number ≥ 0", lambda v: v >= 0)
DECAY: Bound = ("a number from 0 up to, but not including, 1", lambda v: 0 <= v < 1)
FACTOR: Bound = ("a number above 0, up to 1", lambda v: 0 < v <= 1)
COUNT: Bound = ("a whole number ≥ 1", lambda v: v >= 1 and v == int(v))

# name of the field → what it must satisfy, in words and in code; fields of other names are not numbers
BOUNDS: dict[str, Bound] = {
    **dict.fromkeys(["learning_rate", "smallest"], POSITIVE),
    **dict.fromkeys(["epsilon", "l1"], NOT_NEGATIVE),
    **dict.fromkeys(["beta", "beta1", "beta2", "momentum"], DECAY),
    **dict.fromkeys(["initial", "final", "peak", "low", "high", "delta", "threshold"], NOT_NEGATIVE),
    **dict.fromkeys(["every", "steps", "half_period", "period", "multiplier"], COUNT),
    "factor": FACTOR,
    "patience": ("a whole number ≥ 0", lambda v: v >= 0 and v == int(v)),
    **dict.fromkeys(["c1", "c2"], ("a number between 0 and 1", lambda v: 0 < v < 1)),  # of a line search
    "memory": COUNT,
    "rise": ("a number above 0, below ½", lambda v: 0 < v < 0.5),
}


def at(parameter: HyperParameter, t: Any) -> Any:
    """The value of a hyper-parameter at step t."""
    return parameter(t) if callable(parameter) else parameter


@dataclass_transform(frozen_default=True)
@dataclass(frozen=True)
class Checked:
    """A value whose numbers are checked when it is made. Subclasses are frozen dataclasses without saying so.

    Raises ValueError for a number outside its range (or two in the wrong order), TypeError for what is no number,
    schedule or Tensor.
    """

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True)(cls)

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if callable(value) or isinstance(value, Tensor) or field.name not in BOUNDS:
                continue
            need, holds = BOUNDS[field.name]
            if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
                raise TypeError(f"{type(self).__name__}: {field.name} must be a number, a schedule or a Tensor, got {value!r}")
            if not (math.isfinite(value) and holds(float(value))):
                raise ValueError(f"{type(self).__name__}: {field.name} must be {need}, got {value}")
        for low, high in (("low", "high"), ("c1", "c2")):
            a, b = getattr(self, low, 0), getattr(self, high, 1)
            if not isinstance(a, Tensor) and not isinstance(b, Tensor) and a > b:
                raise ValueError(f"{type(self).__name__}: {low} must not exceed {high}, got {a} and {b}")
