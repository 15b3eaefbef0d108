"""Exercises of the chapter on momentum. What is expected comes from weights, searches and runs, never from the formulas that
the solutions use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from .. import landscapes, optim
from .checking import Case, Exercise, Feedback, answered, exercise, register
from .goals import beside

# 1 An average without bias ------------------------------------------------------------------------------------------


def average_case(y: list[float], β: float) -> Case:
    """The mean of what was seen, each value weighted by β^age, the weights made to add up to 1."""
    series = np.array(y)
    weights = [β ** np.arange(t)[::-1] for t in range(1, len(y) + 1)]
    right = np.array([w @ series[: len(w)] / w.sum() for w in weights])
    plain = np.array([(1.0 - β) * (w @ series[: len(w)]) for w in weights])
    compounded, v = [], 0.0
    for t, value in enumerate(y, 1):
        v = (β * v + (1.0 - β) * value) / (1.0 - β**t)
        compounded.append(v)
    mistakes = (
        (plain, "That is v_t itself; divide it by 1 − βᵗ."),
        (np.array(compounded), "Keep v_t uncorrected from step to step, and correct a copy."),
        (right[:-1], "One value is missing: there are as many averages as measurements."),
    )
    return Case((series, β), right, f"corrected(y={y}, β={β:g})", mistakes)


exercise(
    "corrected",
    [
        average_case([7.0, 7.0, 7.0], 0.9),
        average_case([1.0, 2.0, 3.0, 4.0], 0.5),
        average_case([3.0, -1.0, 4.0, -1.0, 5.0], 0.99),
        average_case([2.0, 5.0], 0.0),
    ],
    praise="A constant series comes back unchanged from the first value on: that is what the correction is for.",
)

# 2 Convert a published setting --------------------------------------------------------------------------------------

FORMS = {"average": optim.Momentum, "sum": optim.AccumulatedMomentum, "velocity": optim.HeavyBall}


def path(form: str, α: float, β: float) -> ndarray:
    """40 steps on Himmelblau's function, which is no bowl."""
    with np.errstate(all="ignore"):
        return np.asarray(optim.descend(FORMS[form](α, β), landscapes.himmelblau, np.array([-0.5, -0.5]), 40).path)


def judge_convert(convert: Callable[..., Any]) -> Feedback:
    for have, want, α, β in (
        ("sum", "average", 0.001, 0.9),
        ("average", "velocity", 0.02, 0.8),
        ("velocity", "sum", 0.003, 0.5),
        ("average", "average", 0.01, 0.95),
        ("velocity", "average", 0.0005, 0.99),
    ):
        got = float(answered(convert(α, β, have, want)))
        call = f"convert(α={α:g}, β={β:g}, have={have!r}, want={want!r})"
        if not 0.0 < got < np.inf:
            return Feedback(False, f"Not yet. {call} gave {got:.4g}; a learning rate is a finite number above 0.")
        there, here = path(have, α, β), path(want, got, β)
        gap = float(np.max(np.abs(there - here))) if np.all(np.isfinite(here)) else np.inf
        if not gap < 1e-6:
            longer = "too long" if got * step(want, β) > α * step(have, β) else "too short"
            return Feedback(
                False,
                f"Not yet. {call} gave {got:.4g}: the two paths part by {gap:.2g} in 40 steps, and the first step is {longer}.",
            )
    return Feedback(True, "Right: on a function that is no bowl, all five pairs walk one path.")


def step(form: str, β: float) -> float:
    """The length of the first step from rest, with α = 1 and a slope of 1."""
    θ, _ = FORMS[form](1.0, β).step(lambda _: np.ones(1), np.zeros(1), np.zeros(1), 1)
    return -float(θ[0])


register(Exercise("convert", judge_convert))

# 3 Critical damping -------------------------------------------------------------------------------------------------


def radius(α: float, β: float, λ: float) -> float:
    """The larger modulus of the two eigenvalues of a step of the heavy ball on ½ λ θ²."""
    return float(np.max(np.abs(np.linalg.eigvals(np.array([[1.0 - α * λ, β], [-α * λ, β]])))))


def fastest_by_search(α: float, λ: float) -> float:
    """The β of the least radius: the radius falls up to it and rises after it."""
    low, high, golden = 0.0, 1.0, (np.sqrt(5.0) - 1.0) / 2.0
    for _ in range(80):
        a, b = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, b) if radius(α, a, λ) < radius(α, b, λ) else (a, high)
    return (low + high) / 2.0


def damping_case(α: float, λ: float) -> Case:
    right = fastest_by_search(α, λ)
    root = np.sqrt(α * λ)
    mistakes = (
        (1.0 - root, "That is √β, the rate; β is its square."),
        (1.0 - α * λ, "That is the factor of plain descent. Set the discriminant (1 + β − αλ)² − 4β to zero."),
        ((1.0 + root) ** 2, "Of the two solutions take the one below 1."),
        ((1.0 - np.sqrt(λ)) ** 2, "λ alone does not decide; αλ does."),
        ((1.0 - np.sqrt(α)) ** 2, "α alone does not decide; αλ does."),
    )
    return Case((α, λ), right, f"critical_beta(α={α:g}, λ={λ:g})", mistakes if λ != 1.0 else mistakes[:3])


exercise(
    "critical_beta",
    [damping_case(0.2, 0.5), damping_case(0.1, 1.0), damping_case(0.01, 1.0), damping_case(0.3, 8.0)],
    praise="The β was found by search, over the eigenvalues of the step itself. In the last case the ball has to hold back a "
    "direction that would overshoot.",
    tolerance=1e-6,
)

# 4 A plan for a noisy ravine ----------------------------------------------------------------------------------------

STEPS = 300
RUNS = 40
CURVATURES = np.array([0.01, 1.0])
NOISE = 0.1
LAST = 50  # the steps that count
PASS = 4e-3  # the mean of J over them


def noisy_ravine(plan: Callable[[int], Any]) -> float:
    """J = ½ (0.01 θ₁² + θ₂²) of the heavy ball from (10, 1), each gradient with noise of standard deviation 0.1 in each
    coordinate: the mean of the last 50 of 300 steps and of 40 runs. Of the last step alone, a ball that swings widely would
    be low if it happened to pass the minimum there.

    plan(t) → (α, β) of step t = 1 … 300.
    """
    rng = np.random.default_rng(7)
    θ = np.tile([10.0, 1.0], (RUNS, 1))
    v = np.zeros_like(θ)
    total = 0.0
    for t in range(1, STEPS + 1):
        α, β = (float(x) for x in answered(plan(t)))
        if not (0.0 < α < np.inf and 0.0 <= β < 1.0):
            raise ValueError(f"at step {t} the plan gave α = {α:g}, β = {β:g}; it needs α > 0 and 0 ≤ β < 1")
        ξ = NOISE * rng.normal(size=θ.shape)
        θ, v = optim.HeavyBall(α, β).step(lambda θ, ξ=ξ: CURVATURES * θ + ξ, θ, v, t)  # type: ignore[misc]
        if t > STEPS - LAST:
            total += float(np.mean(0.5 * np.sum(CURVATURES * θ**2, axis=1))) / LAST
    return total


def judge_ravine(plan: Callable[[int], Any]) -> Feedback:
    reached = noisy_ravine(plan)
    if not np.isfinite(reached) or reached > 1.0:
        return Feedback(False, "Not yet. The plan diverges: J began at 1.")
    words = f"Your plan ends at J = {beside(reached, PASS, '.2g')}, the mean of the last {LAST} steps of {RUNS} runs."
    if reached > PASS:
        return Feedback(False, f"Not yet. {words} Constant values reach about 0.0047 at best; the goal is below {PASS:g}.")
    return Feedback(True, f"Right: {words} No constant pair that we tried gets there. How low can you go?")


register(Exercise("noisy_ravine", judge_ravine))
