"""Exercises of the chapter on learning-rate schedules. What is expected comes from interpolation, means and runs, never from
the formulas of the solutions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import optim
from ..optim import schedules
from .checking import Case, Exercise, Feedback, answered, exercise, register
from .goals import beside

# 1 Warm-up ----------------------------------------------------------------------------------------------------------


def warmed_case(t: int, peak: float, n: int) -> Case:
    right = float(np.interp(t, [0, n], [0.0, peak]))  # constant beyond the ends
    mistakes = (
        (float(np.interp(t - 1, [0, n], [0.0, peak])), "Step 1 must move already: it is taken at peak/n, not at 0."),
        (peak * t / n, "It rises on and on; from step n on it stays at the peak."),
        (0.0, "After the rise it stays at the peak."),
    )
    return Case((t, peak, n), right, f"warmed(t={t}, peak={peak:g}, n={n})", mistakes)


exercise(
    "warmed",
    [warmed_case(1, 0.4, 4), warmed_case(3, 0.4, 4), warmed_case(4, 0.4, 4), warmed_case(90, 0.4, 4), warmed_case(1, 0.2, 1)],
    praise="The first step counts: a warm-up that begins at 0 wastes a gradient.",
)

# 2 Which α averages? ------------------------------------------------------------------------------------------------


def judge_averaging(rate: Callable[[int], Any]) -> Feedback:
    for seed, count in ((0, 1), (1, 2), (2, 7), (3, 50)):
        rng = np.random.default_rng(seed)
        y, θ = rng.normal(3.0, 2.0, size=count), float(rng.normal(0.0, 10.0))
        for t in range(1, count + 1):
            θ = θ - float(answered(rate(t))) * (θ - y[t - 1])
        off = abs(θ - y.mean())
        if not off < 1e-9:
            shown = np.array2string(y, precision=3) if count < 3 else f"{count} measurements"
            return Feedback(
                False, f"Not yet. After {shown} θ should be their mean, {y.mean():.4g}, but is {θ:.4g}, off by {off:.1g}."
            )
    return Feedback(True, "Right: whatever the start, θ is the plain mean after every step.")


register(Exercise("averaging_rate", judge_averaging))

# 3 What an exponential schedule leaves over -------------------------------------------------------------------------

LONG = 2000  # steps after which f^t is nothing


def left_case(α: float, f: float, λ: float) -> Case:
    """The share of the way that is left on ½ λ θ², found by walking until the steps have died."""
    rule = optim.GradientDescent(schedules.exponential(α, f))
    path = optim.descend(rule, lambda θ: 0.5 * λ * np.sum(θ**2), np.ones(1), LONG).path
    right = float(path[-1, 0])
    mistakes = (
        (0.0, "The steps die before it arrives: all of them together are α/(1 − f)."),
        (float(np.exp(-λ * α / (1.0 - f))), "That is the estimate exp(−λ Σα). The factors themselves are 1 − αλfᵏ."),
        (1.0 - λ * α / (1.0 - f), "Distances shrink by factors, they are not subtracted."),
        (float(path[-1, 0] / (1.0 - α * λ)), "The first factor is 1 − αλ: k begins at 0."),
    )
    return Case((α, f, λ), right, f"left_over(α={α:g}, f={f:g}, λ={λ:g})", mistakes)


exercise(
    "left_over",
    [left_case(0.3, 0.9, 1.0), left_case(0.5, 0.5, 1.0), left_case(0.1, 0.98, 0.5), left_case(0.2, 0.99, 0.2)],
    praise="However many steps you add, this share of the distance stays.",
    tolerance=1e-6,
)

# 4 Fifty steps ------------------------------------------------------------------------------------------------------

STEPS = 50
CURVATURES = np.array([0.05, 1.0])
DISTANCE = 10.0
PASS = 0.3


def after_fifty(plan: Callable[[int], Any]) -> float:
    """The expected J = ½ (0.05 θ₁² + θ₂²) after 50 steps from (10, 10), gradients with noise of variance 1 in each coordinate.

    Mean and variance of θ follow m ← (1 − αλ) m and v ← (1 − αλ)² v + α², exactly. plan(t) → α of step t = 1 … 50.
    """
    m, v = np.full(2, DISTANCE), np.zeros(2)
    for t in range(1, STEPS + 1):
        α = float(answered(plan(t)))
        if not 0.0 <= α < np.inf:
            raise ValueError(f"at step {t} the plan gave α = {α:g}; it needs a finite α ≥ 0")
        m, v = (1.0 - α * CURVATURES) * m, (1.0 - α * CURVATURES) ** 2 * v + α**2
    return float(0.5 * np.sum(CURVATURES * (m**2 + v)))


def judge_fifty(plan: Callable[[int], Any]) -> Feedback:
    reached, start = after_fifty(plan), after_fifty(lambda t: 0.0)
    if not reached <= start:
        end = f"{reached:.3g}" if np.isfinite(reached) else "infinity"
        return Feedback(
            False,
            f"Not yet. The plan climbs, from J = {start:g} to {end}: the steep direction bears α up to 2, and not for long.",
        )
    words = f"Your plan ends at J = {beside(reached, PASS, '.3g')}, in expectation; it began at {start:g}."
    if reached > PASS:
        return Feedback(False, f"Not yet. {words} The best constant α reaches 0.474; the goal is below {PASS:g}.")
    return Feedback(True, f"Right: {words} The best constant α reaches 0.474. How low can you go?")


register(Exercise("fifty", judge_fifty))
