"""Functions of two variables on which methods are compared, with what is known about them.

All are made of + − × ÷ and rounding alone, which every machine computes to the same last bit. So a path in
the page and a path in Python agree even where the motion is chaotic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .autodiff.box import floats
from .names import named

__all__ = [
    "ALL", "Landscape", "beale", "bowl", "get", "himmelblau", "many_minima", "plateau", "rosenbrock", "saddle",
]  # fmt: skip

Point = tuple[float, float]


@dataclass(frozen=True)
class Landscape:
    """A function J(θ) of θ = (θ₁, θ₂) with its domain for drawing, its critical points, and a start worth trying.

    Call it with θ of shape (2,) or, for a whole grid at once, (2, N); parameters by name. Raises ValueError for a θ without
    two coordinates, TypeError for parameters that it does not have.

    >>> float(rosenbrock(np.array([1.0, 1.0])))
    0.0
    """

    name: str
    label: str
    function: Callable[..., Any]
    domain: tuple[Point, Point]  # (θ₁ from, to), (θ₂ from, to)
    minima: tuple[Point, ...]
    minimum: float  # the lowest value
    start: Point
    learning_rate: float  # gradient descent from the start gets somewhere with this
    saddles: tuple[Point, ...] = ()
    maxima: tuple[Point, ...] = ()  # local ones, where their places are known
    parameters: dict[str, float] = field(default_factory=dict)  # name → usual value

    def __call__(self, θ: Any, **parameters: Any) -> Any:
        unknown = set(parameters) - set(self.parameters)
        if unknown:
            raise TypeError(f"{self.name}: has no parameter {sorted(unknown)}; it has {sorted(self.parameters) or 'none'}")
        if len(np.shape(θ)) == 0 or np.shape(θ)[0] != 2:
            raise ValueError(f"{self.name}: needs θ with 2 coordinates, got shape {np.shape(θ)}")
        return self.function(*map(floats, θ), **{**self.parameters, **parameters})

    def __repr__(self) -> str:
        return f"<landscape {self.name}>"


def bowl_value(x: Any, y: Any, condition: Any) -> Any:
    return 0.5 * (x**2 + condition * y**2)


bowl = Landscape(
    "bowl", "Quadratic bowl", bowl_value, ((-6.0, 6.0), (-4.0, 4.0)), ((0.0, 0.0),), 0.0, (-5.0, 3.0), 0.05,
    parameters={"condition": 10.0},
)  # fmt: skip
"""J = ½ (θ₁² + κ θ₂²): eigenvalues 1 and κ, condition number κ."""

ravine = Landscape(
    "ravine", "Ravine along an axis", lambda x, y: 0.5 * (x**2 + 100.0 * y**2),
    ((-6.0, 6.0), (-4.0, 4.0)), ((0.0, 0.0),), 0.0, (-5.0, 1.0), 0.018,
)  # fmt: skip
"""J = ½ (θ₁² + 100 θ₂²): eigenvalues 1 and 100, along the axes. A step for each coordinate undoes such a ravine."""

rotated_ravine = Landscape(
    "rotated_ravine", "Ravine across the axes", lambda x, y: 0.25 * ((x + y) ** 2 + 100.0 * (y - x) ** 2),
    ((-6.0, 6.0), (-4.0, 4.0)), ((0.0, 0.0),), 0.0, (-(18.0**0.5), -(8.0**0.5)), 0.018,
)  # fmt: skip
"""J = ¼ ((θ₁ + θ₂)² + 100 (θ₂ − θ₁)²): `ravine` and its start turned by 45°, eigenvalues 1 and 100 along (1, 1) and
(−1, 1). What knows no axes goes there as here; a step for each coordinate does not."""

rosenbrock = Landscape(
    "rosenbrock", "Rosenbrock’s valley", lambda x, y: (1.0 - x) ** 2 + 100.0 * (y - x**2) ** 2,
    ((-2.0, 2.0), (-1.0, 3.0)), ((1.0, 1.0),), 0.0, (-1.2, 1.0), 0.001,
)  # fmt: skip
"""J = (1 − θ₁)² + 100 (θ₂ − θ₁²)² [Rosenbrock 1960]: a curved valley, steep across and almost flat along."""

himmelblau = Landscape(
    "himmelblau", "Himmelblau’s four wells", lambda x, y: (x**2 + y - 11.0) ** 2 + (x + y**2 - 7.0) ** 2,
    ((-5.0, 5.0), (-5.0, 5.0)),
    ((3.0, 2.0), (-2.805118086952745, 3.131312518250573),
     (-3.779310253377747, -3.283185991286170), (3.584428340330492, -1.848126526964404)),
    0.0, (-0.5, -0.5), 0.01,
    saddles=((0.08667750455539635, 2.884254701174776), (-3.07302575076439, -0.0813530442879675),
             (3.385154183607021, 0.07385187983774928), (-0.1279613467306801, -1.953714980244576)),
    maxima=((-0.2708445906673476, -0.9230385564799815),),
)  # fmt: skip
"""J = (θ₁² + θ₂ − 11)² + (θ₁ + θ₂² − 7)² [Himmelblau 1972]: four equal minima."""

beale = Landscape(
    "beale", "Beale’s flat corners",
    lambda x, y: (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * (y * y * y)) ** 2,
    ((-1.0, 4.5), (-2.0, 2.0)), ((3.0, 0.5),), 0.0, (1.0, 1.6), 0.01,
    saddles=((0.0, 1.0),),
)  # fmt: skip
"""Beale's function [1958]: a narrow curved valley between steep corners, flat near its minimum."""

saddle = Landscape(
    "saddle", "Saddle between two wells", lambda x, y: 0.5 * x**2 - 0.5 * y**2 + 0.25 * (y**2) ** 2,
    ((-2.0, 2.0), (-1.6, 1.6)), ((0.0, 1.0), (0.0, -1.0)), -0.25, (-1.7, 0.001), 0.1,
    saddles=((0.0, 0.0),),
)  # fmt: skip
"""J = ½ θ₁² − ½ θ₂² + ¼ θ₂⁴: a saddle at the origin, minima at (0, ±1)."""


def well(q: Any) -> Any:
    return q / (1.0 + q)


plateau = Landscape(
    "plateau", "Well in a plateau", lambda x, y: well(0.5 * (x**2 + 2.0 * y**2)),
    ((-5.0, 5.0), (-4.0, 4.0)), ((0.0, 0.0),), 0.0, (-4.0, 2.5), 0.5,
)  # fmt: skip
"""J = q / (1 + q) with q = ½ (θ₁² + 2 θ₂²): almost no gradient away from the well."""


def ripple(u: Any) -> Any:
    """1 − (1 − 4 u²)² on |u| ≤ ½, repeated: smooth to the second derivative, 0 at whole numbers, 1 between them."""
    u = u - np.rint(u)
    return 1.0 - (1.0 - 4.0 * u**2) ** 2


many_minima = Landscape(
    "many_minima", "Many local minima", lambda x, y: 0.1 * (x**2 + y**2) + 0.5 * (ripple(x) + ripple(y)),
    ((-3.5, 3.5), (-3.0, 3.0)), ((0.0, 0.0),), 0.0, (2.8, 2.3), 0.02,
)  # fmt: skip
"""J = 0.1 ‖θ‖² + ½ Σ ripple(θᵢ): a bowl with a local minimum near every pair of whole numbers, in the manner of
Rastrigin [1974], with a piecewise polynomial in the place of the cosine."""

ALL: dict[str, Landscape] = {
    each.name: each for each in (bowl, ravine, rotated_ravine, rosenbrock, himmelblau, beale, saddle, plateau, many_minima)
}


def get(name: str) -> Landscape:
    """The landscape of this name; ValueError, with the nearest name, for one that does not exist.

    >>> get("bowl")
    <landscape bowl>
    """
    return named(ALL, name, "landscape")
