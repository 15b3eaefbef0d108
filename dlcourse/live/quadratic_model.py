"""The quadratic model of a landscape at a point that the reader drags: where it sends Newton, and where the gradient goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import landscapes, optim, palette
from ..autodiff import grad, hessian
from ..landscapes import Landscape
from .controls import Choice, Slider
from .curves import Axis, Curves, Goal, Handle, Heat, Panel, Sentence, Series, Show

COLUMNS, ROWS = 64, 48
HALF = 60  # points of a branch of a hyperbola, and of half an ellipse
LEVELS = (0.25, 1.0, 2.25, 4.0)  # of the model, in units of what it has at the point dragged

PLACES = ("himmelblau", "rosenbrock", "beale", "saddle", "plateau", "bowl")
GOAL_IN = "himmelblau"  # elsewhere the start may do already
START = {
    "himmelblau": {"x": 1.5, "y": 3.0, "alpha": 0.01},
    "rosenbrock": {"x": -1.2, "y": 1.0, "alpha": 0.002},
    "beale": {"x": 1.0, "y": 1.2, "alpha": 0.05},
    "saddle": {"x": -1.2, "y": 0.4, "alpha": 0.3},
    "plateau": {"x": -1.5, "y": 1.0, "alpha": 2.0},
    "bowl": {"x": -4.0, "y": 2.0, "alpha": 0.1},
}


class QuadraticModel(Curves):
    """The second-order Taylor model of J at a point, over the landscape itself [sources 000, 002, 003].

        m(θ + d) = J(θ) + ∇J(θ)ᵀ d + ½ dᵀ H(θ) d

    Its one critical point is where Newton's step goes: its minimum where both eigenvalues of H are positive, else a saddle or
    a maximum. Beside it the gradient step with α. Gradient and Hessian are the engine's, inside the program of the page.

    Parameters
    ----------
    landscape : one of `PLACES`. x, y : the point. alpha : of the gradient step.
    """

    landscape = Choice(list(PLACES), label="Landscape", labels=[landscapes.get(name).label for name in PLACES])
    x = Slider(1.5, low=-6.0, high=6.0, step=0.05, label="θ₁", description="of the point")
    y = Slider(3.0, low=-5.0, high=5.0, step=0.05, label="θ₂", description="of the point")
    alpha = Slider(0.01, low=1e-4, high=10.0, scale="log", label="α", description="learning rate")

    def __init__(
        self,
        landscape: str = "himmelblau",
        *,
        identity: str = "quadratic-model",
        shows: Sequence[Show] | None = None,
        **state: Any,
    ) -> None:
        blue, orange = palette.SECOND_ORDER["newton"], palette.METHODS["gradient_descent"]
        domains = [{name: landscapes.get(name).domain[i] for name in PLACES} for i in (0, 1)]
        plane = Panel(
            Axis("θ₁", domains[0]),
            Axis("θ₂", domains[1]),
            (
                Series("model_x", "model_y", "model", blue, faint=True),
                Series("gradient_x", "gradient_y", "gradient step", orange),
                Series("newton_x", "newton_y", "", blue),
                Series("end_x", "end_y", "", orange, kind="circles"),
                Series("critical_x", "critical_y", "model’s minimum", blue, kind="circles", when="minimum"),
                Series("critical_x", "critical_y", "model’s saddle", blue, kind="squares", when="saddle"),
                Series("critical_x", "critical_y", "model’s maximum", blue, kind="squares", when="maximum"),
            ),
            handles=(Handle("x", "y", across="x", up="y"),),
            heat=Heat("heights", COLUMNS, ROWS),
        )
        along = Panel(
            Axis("part of Newton’s step", (-0.5, 1.5)),
            Axis("J along the step"),
            (
                Series("parts", "model_along", "model", blue, dash="5 4"),
                Series("parts", "along", "J", palette.DATA),
                Series("ends", "ends_along", "", palette.DATA, kind="circles"),
            ),
            share=0.7,
        )
        super().__init__(
            identity,
            {name: compute_for(landscapes.get(name)) for name in PLACES},
            (plane, along),
            words=(
                Sentence("At ({x}, {y}) J = {value}; the eigenvalues of the Hessian are {low} and {high}."),
                Sentence("Both are positive: the model has a minimum, and Newton’s step goes there.", "minimum"),
                Sentence("One is negative: the model has a saddle, and Newton’s step goes there.", "saddle", tone="bad"),
                Sentence("Both are negative: the model has a maximum, and Newton’s step goes there.", "maximum", tone="bad"),
                Sentence("One is 0: the model has no critical point, and Newton no step.", "singular", tone="bad"),
                Sentence("The gradient is 0: no step.", "still"),
                Sentence("Newton’s step: the model promises {promised}, J is {newton_value}.", "steps", colour=blue),
                Sentence("Gradient step: J = {gradient_value}.", "moves", colour=orange),
                Sentence("It goes uphill: α is too large for this curvature.", "overshoots", tone="bad"),
                Sentence("The point lies outside the map.", "outside"),
                Sentence("Goal reached.", "reached", tone="good"),
            ),
            goal=Goal(
                "In the landscape of the four wells, find a point where the model has a saddle and Newton’s step leads uphill.",
                "reached",
            ),
            shows=SHOWS if shows is None else shows,
            presets=START,
            landscape=landscape,
            **state,
        )


def compute_for(f: Landscape) -> Callable[..., dict[str, Any]]:
    """Model, steps and map for one landscape."""
    (left, right), (lower, upper) = f.domain
    columns = left + (right - left) * (np.arange(COLUMNS) + 0.5) / COLUMNS
    rows = np.reshape(lower + (upper - lower) * (np.arange(ROWS) + 0.5) / ROWS, (ROWS, 1))
    small = 0.02 * float(np.median(f.function(columns, rows, **f.parameters) - f.minimum))
    diagonal = float(np.hypot(right - left, upper - lower))
    angles = np.pi * np.arange(2.0 * HALF + 1.0) / HALF
    cosines, sines = np.cos(angles), np.sin(angles)
    along_branch = np.linspace(-1.0, 1.0, HALF)
    both, side = np.concatenate([along_branch, [np.nan], along_branch]), np.repeat([1.0, -1.0], [HALF, HALF + 1])
    levels = np.array([[sign * level] for sign in (1.0, -1.0) for level in LEVELS])
    parts = np.linspace(-0.5, 1.5, 61)

    def compute(x: Any, y: Any, alpha: Any) -> dict[str, Any]:
        θ = np.stack([x, y])
        value, g, H = f(θ), grad(f)(θ), hessian(f)(θ)
        a, b, c = H[0, 0], H[0, 1], H[1, 1]
        centre = optim.NewtonStep().step(grad(f), θ, (), 1.0)[0]
        end = optim.GradientDescent(alpha).step(grad(f), θ, (), 1.0)[0]
        p = centre - θ
        half, root = (a + c) / 2.0, np.sqrt(((a - c) / 2.0) ** 2 + b * b)
        low, high = half - root, half + root
        promised = value + 0.5 * np.sum(g * p)
        # On the eigenvector of λ (high: (cosine, sine), low: at right angles to it) the model is λ r² / 2 above its critical
        # point. So a level line is cos, sin times √(2 Δ / λ) where both λ have the sign of Δ, its height above that point,
        # and cosh, sinh where one has. In these angles, true or hyperbolic, the points lie dense where the line bends.
        turn = (a - c) / 2.0 / np.maximum(root, 1e-300)
        cosine = np.sqrt(np.maximum(1.0 + turn, 0.0) / 2.0)
        sine = np.where(np.less(b, 0.0), -1.0, 1.0) * np.sqrt(np.maximum(1.0 - turn, 0.0) / 2.0)
        of_high, of_low = 2.0 * (value - promised) * levels / high, 2.0 * (value - promised) * levels / low
        across, up = np.sqrt(np.abs(of_high)), np.sqrt(np.abs(of_low))
        reach = np.log(2.0 + 2.0 * (diagonal + np.sqrt(np.sum(p * p))) / np.sqrt(across**2 + up**2))
        grown = np.exp(reach * both)  # far enough that no branch ends on the map
        cosh, sinh = side * (grown + 1.0 / grown) / 2.0, (grown - 1.0 / grown) / 2.0
        with_high, with_low = np.greater(of_high, 0.0), np.greater(of_low, 0.0)
        u = across * np.where(with_high, np.where(with_low, cosines, cosh), np.where(with_low, sinh, np.nan))
        v = up * np.where(with_high, np.where(with_low, sines, sinh), np.where(with_low, cosh, np.nan))
        gap = np.full((len(levels), 1), np.nan)
        line = lambda centre, r: np.reshape(np.concatenate([centre + r, gap], axis=1), (-1,))  # noqa: E731
        on_line = np.reshape(θ, (2, 1)) + np.reshape(p, (2, 1)) * parts
        newton_value, gradient_value = f(centre), f(end)
        surface = f.function(columns + 0.0 * x, rows, **f.parameters)  # 0 x: computed in the page, not sent to it
        regular, moves = np.not_equal(a * c - b * b, 0.0), np.greater(np.sum(g * g), 0.0)
        steps = regular * moves
        saddle = steps * np.less(low, 0.0) * np.greater(high, 0.0)
        inside = np.less_equal(left, x) * np.less_equal(x, right) * np.less_equal(lower, y) * np.less_equal(y, upper)
        pair = lambda i, to: np.stack([θ[i], to[i]])  # noqa: E731
        one = lambda v: np.reshape(v, (1,))  # noqa: E731
        return {
            "heights": np.reshape(-np.log(np.maximum(surface - f.minimum, 0.0) + small), (-1,)),
            "model_x": line(centre[0], u * cosine - v * sine),
            "model_y": line(centre[1], u * sine + v * cosine),
            "newton_x": pair(0, centre),
            "newton_y": pair(1, centre),
            "gradient_x": pair(0, end),
            "gradient_y": pair(1, end),
            "end_x": one(end[0]),
            "end_y": one(end[1]),
            "critical_x": one(centre[0]),
            "critical_y": one(centre[1]),
            "parts": parts,
            "along": f(on_line),
            "model_along": value + np.sum(g * p) * (parts - 0.5 * parts**2),
            "ends": np.array([0.0, 1.0]),
            "ends_along": np.stack([value, newton_value]),
            "value": value,
            "low": low,
            "high": high,
            "promised": promised,
            "newton_value": newton_value,
            "gradient_value": gradient_value,
            "steps": steps,
            "moves": moves,
            "still": 1.0 - moves,
            "singular": 1.0 - regular,
            "minimum": steps * np.greater(low, 0.0),
            "saddle": saddle,
            "maximum": steps * np.less(high, 0.0),
            "overshoots": np.greater(gradient_value, value),
            "outside": 1.0 - inside,
            "reached": saddle * np.greater(newton_value, value) * float(f.name == GOAL_IN),
        }

    return compute


SHOWS = (
    Show("a model that fits", {"landscape": "himmelblau", "x": 2.5, "y": 2.5, "alpha": 0.015}),
    Show("a saddle, and Newton goes there", {"landscape": "saddle", "x": -1.2, "y": 0.4, "alpha": 0.3}),
    Show("a maximum", {"landscape": "himmelblau", "x": -0.5, "y": -0.5, "alpha": 0.01}),
    Show("far from the well", {"landscape": "plateau", "x": -3.0, "y": 2.0, "alpha": 2.0}),
)
