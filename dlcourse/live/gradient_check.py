"""The error of a numerical derivative against its step: truncation on one side, rounding on the other."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from .. import palette
from ..autodiff import vjp
from .controls import Choice, Slider
from .curves import Axis, Curves, Goal, Panel, Sentence, Series

UNIT = 2.0**-53  # relative size of one rounding


class Checked(NamedTuple):
    """A function of one variable, as prose and as code, and where it has a kink."""

    label: str
    f: Callable[[Any], Any]
    kink: float | None = None


FUNCTIONS = {
    "cube": Checked("x³", lambda x: x**3),
    "bell": Checked("1 / (1 + x²)", lambda x: 1.0 / (1.0 + x**2)),
    "root": Checked("√x", np.sqrt),
    "exponential": Checked("eˣ", np.exp),
    "sine": Checked("sin x", np.sin),
    "kink": Checked("|x − 1|", lambda x: np.abs(x - 1.0), kink=1.0),
}


def slope(f: Callable[[Any], Any], x: Any) -> Any:
    """f′ by the engine, entry by entry."""
    return vjp(f, x)[1](np.ones(np.shape(x)))[0]


class GradientCheck(Curves):
    """|f(x + ε) − f(x − ε)| / 2ε and the one-sided difference against the engine's f′(x), over sixteen decades of ε.

    The error of central differences falls as ε² |f‴| / 6 until rounding takes over: that of f(x ± ε) and that of x ± ε
    itself, about u (|f| + |x f′|) / ε with u = 2⁻⁵³ [source 002].
    """

    function = Choice(list(FUNCTIONS), label="f(x) =", labels=[each.label for each in FUNCTIONS.values()])
    epsilon = Slider(0.1, low=1e-16, high=1.0, scale="log", ticks=20, label="ε", description="step")
    x = Slider(1.2, low=0.5, high=3.0, step=0.01, label="x", description="point")

    def __init__(self, *, identity: str = "gradient-check", **state: Any) -> None:
        steps = np.array(self.declared()["epsilon"].stops())
        central, forward = palette.SERIES[:2]
        panel = Panel(
            Axis("step ε", (1e-16, 1.0), "log"),
            Axis("error of the derivative", (1e-14, 10.0), "log"),
            (
                Series("steps", "rounding", "rounding", palette.DATA, dash="5 4", faint=True),
                Series("steps", "forward_errors", "one-sided", forward, kind="dots", at="forward_error"),
                Series("steps", "central_errors", "central", central, kind="dots", at="central_error"),
                Series("steps", "truncation", "truncation (central)", palette.DATA, dash="5 4", faint=True),
            ),
            pick="epsilon",
        )
        super().__init__(
            identity,
            {name: partial(differences, each, steps) for name, each in FUNCTIONS.items()},
            (panel,),
            words=(
                Sentence("f(x) = {function} at x = {x}: the engine says f′(x) = {exact}.", when="has_slope"),
                Sentence(
                    "f(x) = {function} has no derivative at x = {x}: the engine says {exact}, which is one of the slopes "
                    "that it may choose there.",
                    when="on_kink",
                ),
                Sentence("Central difference with ε = {epsilon}: {central}, off by {central_error}.", colour=central),
                Sentence("One-sided difference: {forward}, off by {forward_error}.", colour=forward),
                Sentence(
                    "The step is larger than best: most of the error is what the Taylor series leaves out.", when="too_large"
                ),
                Sentence("The step is smaller than best: most of the error is rounding.", when="too_small"),
                Sentence("Little but rounding is left of f(x + ε) − f(x − ε).", when="lost", tone="bad"),
                Sentence(
                    "Both errors are about as large as each other: this is the bottom of the V.", when="best", tone="good"
                ),
                Sentence(
                    "The step reaches across a kink, where there is no derivative to approximate.", when="crossing", tone="bad"
                ),
                Sentence(
                    "On a straight piece a difference has no error but rounding, which grows as the step shrinks.",
                    when="straight",
                ),
            ),
            goal=Goal(
                "Choose ε so that the central difference of a smooth function is right to ten digits (error below 10⁻¹⁰).",
                "reached",
            ),
            **state,
        )


def differences(function: Checked, steps: Any, epsilon: Any, x: Any) -> dict[str, Any]:
    """The derivative of f at x by differences, for one ε and for many."""
    f = function.f
    exact = slope(f, x)
    third = slope(lambda z: slope(lambda y: slope(f, y), z), x)
    central = lambda ε: (f(x + ε) - f(x - ε)) / (2.0 * ε)  # noqa: E731
    forward = lambda ε: (f(x + ε) - f(x)) / ε  # noqa: E731
    truncation = lambda ε: np.abs(third) * ε**2 / 6.0  # noqa: E731
    rounding = lambda ε: UNIT * (np.abs(f(x)) + np.abs(x * exact)) / ε  # noqa: E731
    errors = {"central_error": np.abs(central(epsilon) - exact), "forward_error": np.abs(forward(epsilon) - exact)}
    smooth = float(function.kink is None)
    # the error itself, too: where f‴ happens to be 0, it comes from what follows in the series
    truncated = np.maximum(truncation(epsilon), errors["central_error"])
    too_large = smooth * np.greater(truncated, 10.0 * rounding(epsilon))
    too_small = (smooth - too_large) * np.greater(rounding(epsilon), 10.0 * truncation(epsilon))
    on_kink = (1.0 - smooth) * np.equal(x, function.kink or 0.0)
    crossing = (1.0 - smooth) * np.greater(epsilon, np.abs(x - (function.kink or 0.0)))
    return {
        "steps": steps,
        "central_errors": np.abs(central(steps) - exact),
        "forward_errors": np.abs(forward(steps) - exact),
        "truncation": truncation(steps),
        "rounding": rounding(steps),
        "exact": exact,
        "has_slope": 1.0 - on_kink,
        "on_kink": on_kink,
        "central": central(epsilon),
        "forward": forward(epsilon),
        **errors,
        "too_large": too_large,
        "too_small": too_small,
        "lost": too_small * np.greater(rounding(epsilon), 1e-2 * np.abs(exact)),
        "best": smooth - too_large - too_small,
        "crossing": crossing,
        "straight": 1.0 - smooth - crossing,
        "reached": smooth * np.less(errors["central_error"], 1e-10),  # where there is an error to bring down
    }
