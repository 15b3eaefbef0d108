"""Standard test functions [Moré, Garbow & Hillstrom 1981; Jamil & Yang 2013], written in NumPy: (function, start)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Problem = tuple[Callable[[Any], Any], Any]


def rosenbrock(x: Any) -> Any:
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def extended_rosenbrock(x: Any) -> Any:
    return np.sum(100.0 * (x[1::2] - x[::2] ** 2) ** 2 + (1.0 - x[::2]) ** 2)


def beale(x: Any) -> Any:
    a, b = x[0], x[1]
    return (1.5 - a + a * b) ** 2 + (2.25 - a + a * b**2) ** 2 + (2.625 - a + a * b**3) ** 2


def himmelblau(x: Any) -> Any:
    return (x[0] ** 2 + x[1] - 11.0) ** 2 + (x[0] + x[1] ** 2 - 7.0) ** 2


def booth(x: Any) -> Any:
    return (x[0] + 2.0 * x[1] - 7.0) ** 2 + (2.0 * x[0] + x[1] - 5.0) ** 2


def powell_singular(x: Any) -> Any:
    a, b, c, d = x[::4], x[1::4], x[2::4], x[3::4]
    return np.sum((a + 10.0 * b) ** 2 + 5.0 * (c - d) ** 2 + (b - 2.0 * c) ** 4 + 10.0 * (a - d) ** 4)


def wood(x: Any) -> Any:
    a, b, c, d = x[0], x[1], x[2], x[3]
    bulk = 100.0 * (b - a**2) ** 2 + (1.0 - a) ** 2 + 90.0 * (d - c**2) ** 2 + (1.0 - c) ** 2
    return bulk + 10.1 * ((b - 1.0) ** 2 + (d - 1.0) ** 2) + 19.8 * (b - 1.0) * (d - 1.0)


def dixon_price(x: Any) -> Any:
    i = np.arange(2.0, x.shape[0] + 1.0)
    return (x[0] - 1.0) ** 2 + np.sum(i * (2.0 * x[1:] ** 2 - x[:-1]) ** 2)


def styblinski_tang(x: Any) -> Any:
    return 0.5 * np.sum(x**4 - 16.0 * x**2 + 5.0 * x)


def zakharov(x: Any) -> Any:
    s = np.sum(0.5 * np.arange(1.0, x.shape[0] + 1.0) * x)
    return np.sum(x**2) + s**2 + s**4


def trid(x: Any) -> Any:
    return np.sum((x - 1.0) ** 2) - np.sum(x[1:] * x[:-1])


def logistic_regression() -> Callable[[Any], Any]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 10)) * np.geomspace(0.3, 3.0, 10)
    y = np.where(X @ rng.standard_normal(10) + rng.standard_normal(200) > 0.0, 1.0, -1.0)
    return lambda w: np.mean(np.log1p(np.exp(-y * (X @ w)))) + 0.005 * np.sum(w**2)


PROBLEMS: dict[str, Problem] = {
    "rosenbrock 2": (rosenbrock, np.array([-1.2, 1.0])),
    "rosenbrock 10": (rosenbrock, np.linspace(-1.0, 1.0, 10)),
    "rosenbrock 20": (rosenbrock, np.tile([-1.2, 1.0], 10)),
    "extended rosenbrock 50": (extended_rosenbrock, np.tile([-1.2, 1.0], 25)),
    "beale 2": (beale, np.array([1.0, 1.0])),
    "himmelblau 2": (himmelblau, np.array([0.5, 0.5])),
    "booth 2": (booth, np.array([-4.0, 3.0])),
    "powell singular 20": (powell_singular, np.tile([3.0, -1.0, 0.0, 1.0], 5)),
    "wood 4": (wood, np.array([-3.0, -1.0, -3.0, -1.0])),
    "dixon-price 10": (dixon_price, np.linspace(2.0, 1.0, 10)),
    "styblinski-tang 10": (styblinski_tang, np.linspace(-4.0, -2.0, 10)),
    "zakharov 10": (zakharov, np.linspace(-1.0, 2.0, 10)),
    "trid 20": (trid, np.zeros(20)),
    "logistic regression 10": (logistic_regression(), np.zeros(10)),
}
