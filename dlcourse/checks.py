"""What a number has to be, said once and in one form of words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def whole(who: str, name: str, value: Any, low: int = 1, high: float = math.inf) -> int:
    """The value as an int; ValueError unless it is a whole number from low to high.

    >>> whole("fit", "epochs", 3)
    3
    """
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or not low <= value <= high:
        span = f"≥ {low}" if high == math.inf else f"from {low} to {high}"
        raise ValueError(f"{who}: {name} must be a whole number {span}, got {value!r}")
    return int(value)


def kind(who: str, name: str, value: Any, expected: type | tuple[type, ...], what: str) -> None:
    """TypeError for a value of another kind than the one that is expected, which `what` says in words.

    >>> kind("paths", "found", [1], dict, "a dict of paths by their names")
    Traceback (most recent call last):
    TypeError: paths: found must be a dict of paths by their names, got [1]
    """
    if not isinstance(value, expected):
        raise TypeError(f"{who}: {name} must be {what}, got {value!r:.60}")


def listed(who: str, name: str, given: Any, of: type) -> None:
    """TypeError unless it is a list or tuple of things of this kind.

    >>> listed("fit", "callbacks", "all", int)
    Traceback (most recent call last):
    TypeError: fit: callbacks must be a list of int, got 'all'
    """
    if not isinstance(given, (list, tuple)) or not all(isinstance(each, of) for each in given):
        raise TypeError(f"{who}: {name} must be a list of {of.__name__}, got {given!r:.60}")


def generator(who: str, rng: Any) -> None:
    """TypeError for what draws no random numbers: a seed, None, a generator of Python's own.

    >>> generator("moons", 0)
    Traceback (most recent call last):
    TypeError: moons: rng must be a NumPy Generator, np.random.default_rng(seed), got 0
    """
    kind(who, "rng", rng, np.random.Generator, "a NumPy Generator, np.random.default_rng(seed)")


def finite(who: str, name: str, array: Any) -> None:
    """ValueError, with the first row and column counted from 0, for an array with an entry that is no finite number.

    >>> finite("fit", "X", np.array([[1.0, np.inf]]))
    Traceback (most recent call last):
    ValueError: fit: X is inf in row 0, column 1, counted from 0
    """
    for row, *place in np.argwhere(~np.isfinite(array)).tolist()[:1]:
        column = f", column {', '.join(map(str, place))}," if place else ""
        raise ValueError(f"{who}: {name} is {array[(row, *place)]} in row {row}{column} counted from 0")


def number(who: str, name: str, value: Any, low: float = 0.0) -> float:
    """The value as a float; ValueError unless it is a finite number ≥ low (any finite number if low is −∞).

    >>> number("fit", "l2", 1)
    1.0
    """
    if (
        not isinstance(value, (int, float, np.integer, np.floating))
        or isinstance(value, bool)
        or not (low <= value < math.inf and value > -math.inf)
    ):
        least = "" if low == -math.inf else f" ≥ {low:g}"
        raise ValueError(f"{who}: {name} must be a finite number{least}, got {value!r}")
    return float(value)
