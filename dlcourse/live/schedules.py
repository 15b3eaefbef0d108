"""Schedules: the shape of α over the steps, and what becomes of a noisy descent under it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from .. import optim, palette
from ..autodiff import grad
from ..optim import schedules
from ..programs import scan
from .controls import Choice, Slider
from .curves import Axis, Curves, Goal, Line, Panel, Sentence, Series, Show

STEPS = 300
RUNS = 32
DISTANCE = 10.0  # of the start from the minimum
TARGET = 0.1
LATE = 20  # the steps at the end over which the distance is averaged
SEED = 9
SIXTEENTHS = 16.0


class Scheduled(NamedTuple):
    """A schedule as the reader knows it: label, how it is made of sliders, the slider that decides on Robbins and Monro's
    conditions with the values at which the verdict changes, and the setting to begin with."""

    label: str
    make: Callable[..., Any]
    decides: tuple[str, tuple[float, ...]] | None = None
    start: dict[str, Any] = {}


SCHEDULES = {
    "constant": Scheduled("Constant", lambda alpha: schedules.constant(alpha)),
    "step": Scheduled(
        "Step: times f every n steps",
        lambda alpha, period, factor: schedules.step(alpha, period, factor),
        ("factor", (1.0,)),
        {"period": 50, "factor": 0.5},
    ),
    "halve_every": Scheduled(
        "Halve every n steps", lambda alpha, period: schedules.halve_every(alpha, period), None, {"period": 40}
    ),
    "exponential": Scheduled(
        "Exponential: times f every step",
        lambda alpha, factor: schedules.exponential(alpha, factor),
        ("factor", (1.0,)),
        {"factor": 0.98},
    ),
    "inverse_time": Scheduled(
        "α / (1 + δ t)", lambda alpha, delta: schedules.inverse_time(alpha, delta), ("delta", (0.0,)), {"delta": 0.2}
    ),
    "power": Scheduled(
        "α / t^δ", lambda alpha, delta: schedules.power(alpha, delta), ("delta", (0.0, 0.5, 1.0)), {"delta": 0.7}
    ),
    "linear": Scheduled(
        "Linear to a lowest value in n steps",
        lambda alpha, low, period: schedules.linear(alpha, low, period),
        ("low", (0.0,)),
        {"period": 200, "low": 0.01},
    ),
    "constant_then": Scheduled(
        "Constant for n steps, then α / t^δ",
        lambda alpha, period, delta: schedules.constant_then(alpha, period, schedules.power(alpha, delta)),
        ("delta", (0.0, 0.5, 1.0)),
        {"period": 30, "delta": 1.0},
    ),
    "cyclic": Scheduled(
        "Cyclic: up and down in 2n steps",
        lambda alpha, low, period: schedules.cyclic(low, np.maximum(alpha, low), period),
        None,
        {"period": 40, "low": 0.01},
    ),
    "one_cycle": Scheduled(
        "One cycle over n steps",
        lambda alpha, low, period: schedules.one_cycle(0.1 * alpha, alpha, low, period),
        ("low", (0.0,)),
        {"period": 250, "low": 0.0},
    ),
    "warm_restarts": Scheduled(
        "Cosine with warm restarts, each twice as long",
        lambda alpha, low, period: schedules.warm_restarts(np.maximum(alpha, low), period, low, 2),
        None,
        {"period": 40, "low": 0.0},
    ),
    "halve_on_plateau": Scheduled(
        "Halve when the loss stops falling", lambda alpha, patience: schedules.halve_on_plateau(alpha, patience), None
    ),
}


def pieces(breaks: Sequence[float], low: float, high: float) -> list[float]:
    """A number from each piece of low … high on which the verdict is one: before, at and after every break.

    >>> pieces([0.5, 1.0], 0.0, 2.0)
    [0.25, 0.5, 0.75, 1.0, 1.5]
    """
    middles = [(a + b) / 2.0 for a, b in pairwise([low, *breaks, high])]
    return [x for pair in zip(middles, breaks) for x in pair] + middles[-1:]


class Schedules(Curves):
    """A schedule, its numbers, and the distance from the minimum that it leaves after 300 steps on a noisy quadratic.

        θ ← θ − α_t (θ + σ ξ),  ξ ~ N(0, 1), from θ = 10

    The distance is the root mean square of 32 runs; a run without noise shows how far the steps reach by themselves. The
    verdict on Robbins and Monro's conditions is that of the schedule itself [sources 002, 003, 004].
    """

    schedule = Choice(list(SCHEDULES), label="Schedule", labels=[each.label for each in SCHEDULES.values()])
    alpha = Slider(0.3, low=0.01, high=1.0, scale="log", label="α", description="scale")
    low = Slider(0.01, low=0.0, high=0.2, step=0.005, label="low", description="lowest or last value")
    factor = Slider(0.98, low=0.1, high=1.0, step=0.01, label="f", description="factor")
    delta = Slider(0.7, low=0.0, high=2.0, step=0.05, label="δ", description="decay")
    period = Slider(50, low=5, high=300, step=1, label="n", description="steps")
    patience = Slider(10, low=0, high=50, step=1, label="patience", description="steps to wait")
    noise = Slider(1.0, low=0.0, high=2.0, step=0.05, label="σ", description="noise of the gradient")

    def __init__(
        self, schedule: str = "constant", *, identity: str = "schedules", shows: Sequence[Show] | None = None, **state: Any
    ) -> None:
        shape, noisy, plain, grey = *palette.SERIES[:3], palette.DATA
        # in sixteenths, so that each draw is one byte of the page
        ξ = np.rint(SIXTEENTHS * np.random.default_rng(SEED).normal(size=(STEPS, RUNS))) + 0.0
        panels = (
            Panel(
                Axis("step t", (0.0, float(STEPS))),
                Axis("learning rate α"),
                (Series("steps", "nothing", "", grey, faint=True), Series("steps", "rates", "α", shape)),
                share=0.8,
            ),
            Panel(
                Axis("step t", (0.0, float(STEPS))),
                Axis("distance from the minimum", (1e-3, 100.0), "log"),
                (
                    Series("steps", "reach", "without noise", plain),
                    Series("steps", "distances", "with noise", noisy, when="noisy"),
                    Series("steps", "floors", "floor", grey, dash="5 4"),
                ),
                (Line(TARGET, f"goal {TARGET:g}", axis="y", tone="goal"),),
            ),
        )
        super().__init__(
            identity,
            {name: compute_for(each, ξ) for name, each in SCHEDULES.items()},
            panels,
            words=(
                Sentence("α goes from {first} to {last}; in 300 steps Σα = {total:.1f}, Σα² = {squares:.2f}.", colour=shape),
                Sentence("Without noise, {left} of the distance is left.", "remains", colour=plain),
                Sentence("Without noise, nothing is left of the distance.", "vanishes", colour=plain),
                Sentence(
                    "With noise, the last steps are {final} from the minimum, as a root mean square.", "noisy", colour=noisy
                ),
                Sentence("Robbins and Monro’s conditions are satisfied: Σα = ∞ and Σα² < ∞.", "satisfied", tone="good"),
                Sentence(
                    "Robbins and Monro’s second condition fails, Σα² = ∞: a noise floor may remain.", "floored", tone="bad"
                ),
                Sentence("Robbins and Monro’s second condition fails, Σα² = ∞: without noise, no harm.", "harmless"),
                Sentence("Robbins and Monro’s first condition fails, Σα < ∞: the run can end too early.", "short", tone="bad"),
                Sentence("Robbins and Monro’s conditions do not apply: the values depend on the losses.", "depends"),
                Sentence("Goal reached.", "reached", tone="good"),
            ),
            goal=Goal("With noise σ = 1 or more, come to within 0.1 of the minimum.", "reached"),
            shows=SHOWS if shows is None else shows,
            presets={name: {"alpha": 0.3, **each.start} for name, each in SCHEDULES.items()},
            notes={"halve_on_plateau": "Each run has its own α; the mean of them is shown."},
            schedule=schedule,
            **state,
        )


def verdicts(each: Scheduled, controls: dict[str, Any]) -> dict[str, Any]:
    """The schedule's own verdict on each piece of the slider that decides, and the piece on which that slider is."""
    sliders = Schedules.declared()
    typical = {name: sliders[name].default_value for name in controls}
    name, breaks = each.decides or ("alpha", ())
    values = pieces(breaks, sliders[name].low, sliders[name].high)
    found = [each.make(**{**typical, name: x}).robbins_monro for x in values]
    x = controls[name]
    piece = sum((np.greater_equal(x, b) + np.greater(x, b) for b in breaks), 0.0 * np.sum(controls["alpha"]))
    here = lambda holds: sum(float(holds(v)) * np.equal(piece, float(i)) for i, v in enumerate(found))  # noqa: E731
    return {
        "satisfied": here(lambda v: v.satisfied is True),
        "restless": here(lambda v: bool(v.sum_diverges) and not v.squares_converge),
        "short": here(lambda v: v.sum_diverges is False),
        "depends": here(lambda v: v.sum_diverges is None),
    }


def compute_for(each: Scheduled, ξ: np.ndarray) -> Callable[..., dict[str, Any]]:
    """The descent of all runs under one schedule, and a run without noise beside them."""
    reads = [*inspect.signature(each.make).parameters, "noise"]
    steps = np.arange(1.0, STEPS + 1.0)
    columns = np.concatenate([ξ, np.zeros((STEPS, 1))], axis=1)

    def compute(**controls: Any) -> dict[str, Any]:
        σ = controls.pop("noise")
        schedule = each.make(**controls)
        adaptive = isinstance(schedule, schedules.halve_on_plateau)
        zeros = np.zeros(RUNS + 1) + 0.0 * σ
        begin = tuple(x + zeros for x in schedule.begin()) if adaptive else ()
        J = lambda θ: 0.5 * θ * θ  # noqa: E731

        def step(carry: Any, given: Any) -> Any:
            θ, state = carry
            t, row = given
            if adaptive:
                state = schedule.update(state, J(θ))
                α = state[0]
            else:
                α = schedule(t)
            noisy = lambda θ: grad(lambda θ: np.sum(J(θ)))(θ) + σ * row / SIXTEENTHS  # noqa: E731
            θ = optim.GradientDescent(lambda _: α).step(noisy, θ, (), t)[0]
            return (θ, state), (θ, α + zeros)

        _, (path, rates) = scan(step, (zeros + DISTANCE, begin), (steps, columns))
        rates = np.mean(rates[:, :RUNS], axis=1)
        distances = np.sqrt(np.mean(path[:, :RUNS] ** 2, axis=1))
        verdict = verdicts(each, controls)
        final = np.sqrt(np.mean(distances[-LATE:] ** 2))
        left = np.abs(path[-1, RUNS]) / DISTANCE
        return {
            "steps": steps,
            "nothing": np.zeros(STEPS),
            "rates": rates,
            "distances": distances,
            "reach": np.abs(path[:, RUNS]),
            "floors": σ * np.sqrt(rates / (2.0 - rates)),
            "first": rates[0],
            "last": rates[-1],
            "total": np.sum(rates),
            "squares": np.sum(rates**2),
            "left": left,
            "remains": np.greater_equal(left, 1e-12),
            "vanishes": np.less(left, 1e-12),
            "final": final,
            "reached": np.less(final, TARGET) * np.greater_equal(σ, 1.0),
            **verdict,
            "noisy": np.greater(σ, 0.0),
            "floored": verdict["restless"] * np.greater(σ, 0.0),
            "harmless": verdict["restless"] * np.equal(σ, 0.0),
        }

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    compute.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in reads])  # type: ignore[attr-defined]
    return compute


SHOWS = (
    Show("a constant α: a floor", {"schedule": "constant", "alpha": 0.3, "noise": 1.0}),
    Show("steps that sum to too little", {"schedule": "exponential", "alpha": 0.3, "factor": 0.9, "noise": 0.0}),
    Show("1/t reaches and rests", {"schedule": "power", "alpha": 1.0, "delta": 1.0, "noise": 1.0}),
    Show("α / t⁰·³ breaks a condition and falls", {"schedule": "power", "alpha": 0.3, "delta": 0.3, "noise": 1.0}),
)
