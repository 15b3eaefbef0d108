"""Exponentially weighted averages: what β remembers, and what bias correction repairs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import palette
from ..autodiff.primitives import take
from ..programs import scan
from .controls import Slider, Switch
from .curves import Axis, Curves, Goal, Line, Panel, Sentence, Series

DAYS = 180
AGES = 100  # days back whose weights are shown
NOISE = 2.5
SEED = 4


def temperatures() -> tuple[np.ndarray, np.ndarray]:
    """Invented: the season's course over half a year, and days scattered around it, °C."""
    day = np.arange(1.0, DAYS + 1)
    season = 13.0 + 7.0 * np.cos(2 * np.pi * (day - 15.0) / 180.0)
    return season, season + NOISE * np.random.default_rng(SEED).normal(size=DAYS)


class Averages(Curves):
    """A noisy series and its exponentially weighted average, v_t = β v_{t−1} + (1 − β) y_t from v_0 = 0.

    The switch divides by 1 − β^t. The second panel shows what each past day still weighs, against the newest; the weight has
    fallen to about 1/e at an age of 1/(1 − β) days [sources 003, 004].
    """

    beta = Slider(0.9, low=0.0, high=0.99, step=0.01, label="β", description="memory")
    day = Slider(20, low=1, high=DAYS, step=1, label="t", description="day")
    correction = Switch(False, label="Bias correction")

    def __init__(self, *, identity: str = "averages", **state: Any) -> None:
        season, measured = temperatures()
        blue, orange = palette.SERIES[:2]
        days = Axis("day t", (0, DAYS))
        series = (
            Series("days", "measured", "measured", palette.DATA, kind="dots", faint=True, at="measured_here"),
            Series("days", "season", "season", palette.DATA, dash="5 4", faint=True),
            Series("days", "average", "average", blue, at="average_here", when="plain"),
            Series("days", "average", "uncorrected", blue, dash="2 4", at="average_here", when="correction"),
            Series("days", "corrected", "corrected", orange, at="corrected_here", when="correction"),
        )
        ages = Axis("days back", (0, AGES))
        weights = Panel(
            ages,
            Axis("weight against the newest", (0.0, 1.0)),
            (Series("ages", "weights", "", blue, kind="dots"), Series("ages", "weights", "", blue, faint=True)),
            (Line("window", "1/(1 − β)"), Line(1 / math.e, "1/e", axis="y")),
            share=0.6,
        )
        super().__init__(
            identity,
            lambda beta, day, correction: averages(season, measured, beta, day, correction),
            (Panel(days, Axis("temperature, °C", (0.0, 30.0)), series, pick="day"), weights),
            words=(
                Sentence("β = {beta} remembers about 1/(1 − β) = {window:.1f} days."),
                Sentence("Without correction the first value is {first:.2f} of what it should be.", when="short"),
                Sentence(
                    "Divided by 1 − βᵗ, the average is right from the first value on; the correction fades as βᵗ does.",
                    when="correction",
                ),
                Sentence("On day {day} the thermometer said {measured_here:.1f} °C.", colour=palette.DATA),
                Sentence("The average said {average_here:.1f} °C: its weights add up to {total:.3f}.", colour=blue),
                Sentence("Corrected it said {corrected_here:.1f} °C.", when="correction", colour=orange),
                Sentence("It is {distance:.2f} °C from the season, as a root mean square over all days."),
                Sentence("Goal reached.", when="reached", tone="good"),
            ),
            goal=Goal("Bring the average to within 1 °C of the season (root mean square over all days).", "reached"),
            **state,
        )


def averages(season: Any, measured: Any, beta: Any, day: Any, correction: Any) -> dict[str, Any]:
    """v_t, v_t / (1 − β^t), what they are on one day, and how far from the season."""

    def step(carry: Any, y: Any) -> Any:
        v, power = carry
        v, power = beta * v + (1.0 - beta) * y, beta * power
        return (v, power), (v, power)

    _, (average, powers) = scan(step, (0.0 * beta, 1.0 + 0.0 * beta), measured)
    corrected = average / (1.0 - powers)
    shown = correction * corrected + (1.0 - correction) * average
    distance = np.sqrt(np.mean((shown - season) ** 2))
    _, weights = scan(lambda w, _: (beta * w, w), 1.0 + 0.0 * beta, np.zeros(AGES + 1))
    here = np.reshape(day - 1.0, (1,))
    on = lambda series: np.sum(take(series, here, axis=0))  # noqa: E731
    return {
        "days": np.arange(1.0, DAYS + 1),
        "measured": measured,
        "season": season,
        "average": average,
        "corrected": corrected,
        "ages": np.arange(AGES + 1.0),
        "weights": weights,
        "window": 1.0 / (1.0 - beta),
        "first": 1.0 - beta,
        "total": 1.0 - on(powers),
        "measured_here": on(measured),
        "average_here": on(average),
        "corrected_here": on(corrected),
        "distance": distance,
        "plain": 1.0 - correction,
        "short": (1.0 - correction) * np.greater(beta, 0.0),
        "reached": np.less(distance, 1.0),
    }
