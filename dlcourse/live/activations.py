"""Activations: g and its derivative, with the parameters that some of them have."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import palette
from ..nn import activations
from .controls import Choice, Slider
from .curves import Axis, Curves, Goal, Panel, Sentence, Series

# The sigmoid is where the chapter begins.
OFFERED = {name: g for name, g in sorted(activations.ALL.items(), key=lambda each: each[0] != "sigmoid") if g.elementwise}
DEPTH = 10
LEAST, MOST = 0.5, 10.0  # what is left of a gradient that arrives


def parameter(name: str, label: str, high: float) -> Slider:
    owner = next(g for g in OFFERED.values() if name in g.parameters)
    return Slider(
        owner.parameters[name].default, low=0.0, high=high, step=0.01, label=label,
        description="for x ≤ 0" if name == "slope" else "parameter",
    )  # fmt: skip


class Activations(Curves):
    """g(x), its tangent, and g′(x) by the engine's own rules, inside the program that the page runs."""

    activation = Choice(list(OFFERED), label="Activation", labels=[g.label for g in OFFERED.values()])
    x = Slider(2.0, low=-5.0, high=5.0, step=0.05, label="x", description="input")
    slope = parameter("slope", "slope", 1.0)
    alpha = parameter("alpha", "α", 2.0)
    a = parameter("a", "a", 2.0)
    b = parameter("b", "b", 2.0)
    c = parameter("c", "c", 2.0)
    d = parameter("d", "d", 2.0)

    def __init__(self, activation: str = "sigmoid", *, identity: str = "activations", **state: Any) -> None:
        grid = np.linspace(-5.0, 5.0, 401)
        value, derivative = palette.SERIES[:2]
        inputs = Axis("x", (-5.0, 5.0))
        names = self.declared()["activation"].names
        super().__init__(
            identity,
            {name: curves_of(name, grid) for name in names},
            (
                Panel(
                    inputs,
                    Axis("g(x)", (-2.0, 5.5)),
                    (
                        Series("tangent_x", "tangent_y", "", derivative, dash="5 4"),
                        Series("grid", "g", "g", value, at="g_here"),
                    ),
                    pick="x",
                ),
                Panel(
                    inputs, Axis("g′(x)", (-1.0, 2.0)), (Series("grid", "slopes", "g′", derivative, at="slope_here"),), pick="x"
                ),
            ),
            words=(
                Sentence("{activation}: g({x}) = {g_here}.", colour=value),
                Sentence("A gradient is multiplied by g′({x}) = {slope_here} on its way back.", colour=derivative),
                Sentence(f"{DEPTH} such units in a row multiply it by {{kept}}."),
                Sentence("It vanishes.", when="vanishes", tone="bad"),
                Sentence("It explodes.", when="explodes", tone="bad"),
                Sentence("It arrives.", when="arrives", tone="good"),
            ),
            goal=Goal(
                f"Find an x at which a gradient is between half and {MOST:g} times its size after {DEPTH} such units. "
                "For which activations is there none?",
                "arrives",
            ),
            presets={n: {p: q.default for p, q in OFFERED[n].parameters.items()} for n in names},
            notes={n: f"Range {OFFERED[n].range()}." for n in names if not OFFERED[n].parameters},
            activation=activation,
            **state,
        )


def torn(values: Any) -> Any:
    """A curve with a gap in its middle, at x = 0, where it jumps there."""
    middle = len(values) // 2
    jump = np.greater(np.abs(values[middle + 1] - values[middle - 1]), 0.2)
    hole = np.where(jump, np.nan, values[middle : middle + 1])
    return np.concatenate([values[:middle], hole, values[middle + 1 :]])


def curves_of(name: str, grid: Any) -> Callable[..., Any]:
    """The computation of one activation, as a function of x and its own parameters."""
    g = OFFERED[name]

    def compute(x: Any, **parameters: Any) -> dict[str, Any]:
        spot = np.reshape(x, (1,))
        points = np.concatenate([grid + 0.0 * x, spot])
        values, slopes = g.function(points, **parameters), g.slope(points, **parameters)
        g_here, slope_here = values[-1], slopes[-1]
        kept = np.abs(slope_here) ** DEPTH
        reach = np.array([-1.8, 1.8]) / np.sqrt(1.0 + slope_here**2)
        return {
            "grid": grid,
            "g": torn(values[:-1]),
            "slopes": torn(slopes[:-1]),
            "g_here": g_here,
            "slope_here": slope_here,
            "tangent_x": x + reach,
            "tangent_y": g_here + slope_here * reach,
            "kept": kept,
            "vanishes": np.less(kept, 1e-3),
            "explodes": np.greater(kept, 1e3),
            "arrives": np.greater_equal(kept, LEAST) * np.less_equal(kept, MOST),
        }

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    compute.__signature__ = inspect.Signature([inspect.Parameter(p, kind) for p in ("x", *g.parameters)])  # type: ignore[attr-defined]
    return compute
