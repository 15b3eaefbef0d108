"""The exercises of the chapter on schedules recognise what goes wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlcourse import exercises
from dlcourse.exercises.schedules import CURVATURES, DISTANCE, PASS, STEPS, after_fifty


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda t, peak, n: peak * min(t - 1, n) / n, "Step 1 must move"),
        (lambda t, peak, n: peak * t / n, "stays at the peak"),
        (lambda t, peak, n: peak * t / n if t <= n else 0.0, "stays at the peak"),
        (lambda t, peak, n: peak, "should be 0.1"),
    ],
)
def test_what_is_no_warm_up(answer: Any, hint: str) -> None:
    feedback = exercises.check("warmed", answer)
    assert feedback.right is False
    assert hint in feedback.text


@pytest.mark.parametrize("rate", [lambda t: 1 / (t + 1), lambda t: 0.5, lambda t: 1 / t**2, lambda t: np.nan])
def test_rates_that_do_not_average(rate: Any) -> None:
    feedback = exercises.check("averaging_rate", rate)
    assert feedback.right is False
    assert "should be their mean" in feedback.text


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda α, f, λ: 0.0, "together are α/(1 − f)"),
        (lambda α, f, λ: np.exp(-λ * α / (1 - f)), "The factors themselves"),
        (lambda α, f, λ: np.prod(1 - α * λ * f ** np.arange(1, 5000)), "k begins at 0"),
        (lambda α, f, λ: 1 - λ * α / (1 - f), "not subtracted"),
    ],
)
def test_what_is_not_left_over(answer: Any, hint: str) -> None:
    feedback = exercises.check("left_over", answer)
    assert feedback.right is False
    assert hint in feedback.text


def test_the_expectation_is_that_of_many_runs() -> None:
    """20,000 runs: the mean of J, whose scatter is about J itself, to 3 %."""
    rng, plan = np.random.default_rng(0), lambda t: 1.2 * (1 - t / 51)
    θ = np.full((20_000, 2), DISTANCE)
    for t in range(1, STEPS + 1):
        θ = θ - plan(t) * (CURVATURES * θ + rng.normal(size=θ.shape))
    assert after_fifty(plan) == pytest.approx(np.mean(0.5 * np.sum(CURVATURES * θ**2, axis=1)), rel=0.03)


def test_no_constant_rate_passes() -> None:
    reached = [after_fifty(lambda t, α=α: α) for α in np.geomspace(0.01, 1.9, 200)]  # type: ignore[misc]
    assert min(reached) == pytest.approx(0.474, abs=1e-3)
    assert min(reached) > PASS


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (lambda t: 3.0, "climbs, from J = 52.5 to"),
        (lambda t: 1e9, "to infinity"),
        (lambda t: 0.5, "best constant α reaches 0.474"),
        (lambda t: -0.1, "α ≥ 0"),
        (lambda t: np.nan, "finite"),
    ],
)
def test_plans_that_do_not_pass(plan: Any, words: str) -> None:
    feedback = exercises.check("fifty", plan)
    assert feedback.right is False
    assert words in feedback.text


@pytest.mark.parametrize("name", ["warmed", "averaging_rate", "left_over", "fifty"])
def test_stubs_are_not_answered(name: str) -> None:
    assert exercises.check(name, lambda *_: ...).right is None


@pytest.mark.parametrize(("α", "words"), [(0.0, "J = 52.5, in expectation; it began at 52.5"), (1e-4, "J = 52,")])
def test_a_plan_that_stands_still_does_not_climb(α: float, words: str) -> None:
    text = exercises.check("fifty", lambda t: α).text
    assert words in text
    assert "climbs" not in text
