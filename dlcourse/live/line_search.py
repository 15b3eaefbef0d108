"""The Wolfe conditions on one curve: which steps fall enough, which end where it is flat enough, and which do both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import palette
from ..autodiff import grad
from .controls import Slider
from .curves import Axis, Curves, Goal, Handle, Panel, Sentence, Series, Show

FARTHEST = 4.4  # step
STEPS = np.linspace(0.0, FARTHEST, 177)
DIP, NEAR = 1.0, 0.5  # where the first dip is, and what counts as near


def height(s: Any) -> Any:
    """φ with φ(0) = 1, φ'(0) = −1, dips at 1 and 3.5 and a hilltop at 2.4 between them."""
    return 1.0 + (((0.25 * s - 2.3) * s + 7.15) * s - 8.4) * s / 8.4


class LineSearch(Curves):
    """φ(α), the height along a direction, with the steps that the strong Wolfe conditions accept.

        φ(α) ≤ φ(0) + c₁ α φ'(0)        |φ'(α)| ≤ c₂ |φ'(0)|

    Parameters
    ----------
    alpha : the step that is judged. c1, c2 : the two constants; theory wants c₁ < c₂.
    """

    alpha = Slider(0.3, low=0.0, high=FARTHEST, step=0.05, label="α", description="step")
    c1 = Slider(0.1, low=0.01, high=0.6, step=0.01, label="c₁", description="part of the fall")
    c2 = Slider(0.5, low=0.02, high=0.98, step=0.02, label="c₂", description="part of the slope")

    def __init__(self, *, identity: str = "line-search", shows: Sequence[Show] | None = None, **state: Any) -> None:
        green, orange, blue = (palette.METHODS[name] for name in ("heavy_ball", "gradient_descent", "momentum"))
        panel = Panel(
            Axis("step α", (0.0, FARTHEST)),
            Axis("φ", (0.3, 1.3)),
            (
                Series("steps", "heights", "φ", palette.DATA),
                Series("steps", "line", "falls enough below", orange, dash="5 4"),
                Series("steps", "good", "both conditions", green, kind="dots"),
                Series("tangent_x", "tangent_y", "slope here", blue),
                Series("here_x", "here_y", "", blue, kind="circles"),
            ),
            pick="alpha",
            handles=(Handle("alpha", "height", across="alpha"),),
        )
        super().__init__(
            identity,
            conditions,
            (panel,),
            words=(
                Sentence("No step yet: φ = {height}, and the slope is {slope}.", "still"),
                Sentence("A step of {alpha} ends at φ = {height}, where the slope is {slope}.", "moves"),
                Sentence("It falls enough: the line allows {allowed}.", "falls", tone="good"),
                Sentence("It does not fall enough: the line allows {allowed}.", "climbs", tone="bad"),
                Sentence("It is flat enough: the slope may be {flattest} in size.", "flat", tone="good"),
                Sentence("It is too steep: the slope may be {flattest} in size.", "steep", tone="bad"),
                Sentence("With c₁ ≥ c₂ there may be no good step at all.", "crossed", tone="bad"),
                Sentence("Goal reached.", "reached", tone="good"),
            ),
            goal=Goal("Choose c₁ < c₂ so that good steps remain, and all of them lie near the first dip.", "reached"),
            shows=SHOWS if shows is None else shows,
            **state,
        )


def conditions(alpha: Any, c1: Any, c2: Any) -> dict[str, Any]:
    """Both conditions at one step, and along the whole curve."""
    slopes = grad(lambda s: np.sum(height(s)))
    steps, heights = STEPS + 0.0 * alpha, height(STEPS + 0.0 * alpha)  # 0 α: computed in the page, not sent to it
    start, here, slope = slopes(0.0 * alpha), height(alpha), slopes(alpha)
    line = 1.0 + c1 * start * steps
    flattest = c2 * np.abs(start)
    good = np.less_equal(heights, line) * np.less_equal(np.abs(slopes(steps)), flattest)
    allowed = 1.0 + c1 * alpha * start
    moves = np.greater(alpha, 0.0)
    falls, flat = moves * np.less_equal(here, allowed), moves * np.less_equal(np.abs(slope), flattest)
    aside = np.array([-0.35, 0.35])
    astray = np.sum(good * np.greater(np.abs(steps - DIP), NEAR))
    return {
        "steps": steps,
        "heights": heights,
        "line": line,
        "good": np.where(good, heights, np.nan),
        "tangent_x": alpha + aside,
        "tangent_y": here + slope * aside,
        "here_x": np.reshape(alpha, (1,)),
        "here_y": np.reshape(here, (1,)),
        "height": here,
        "slope": slope,
        "allowed": allowed,
        "flattest": flattest,
        "moves": moves,
        "still": 1.0 - moves,
        "falls": falls,
        "climbs": moves - falls,
        "flat": flat,
        "steep": moves - flat,
        "crossed": np.greater_equal(c1, c2),
        "reached": np.greater(np.sum(good), 0.0) * np.equal(astray, 0.0) * np.less(c1, c2),
    }


SHOWS = (
    Show("too short", {"alpha": 0.1, "c1": 0.1, "c2": 0.5}),
    Show("too far", {"alpha": 4.3, "c1": 0.1, "c2": 0.5}),
    Show("nearly exact", {"alpha": 1.05, "c1": 0.01, "c2": 0.06}),
    Show("a hilltop passes", {"alpha": 2.45, "c1": 0.01, "c2": 0.06}),
)
