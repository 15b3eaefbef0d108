"""The exercises of the chapter on momentum recognise what goes wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlcourse import exercises
from dlcourse.exercises.momentum import PASS, fastest_by_search, noisy_ravine, radius


def uncorrected(y: Any, β: float) -> Any:
    v, found = 0.0, []
    for value in y:
        v = β * v + (1 - β) * value
        found.append(v)
    return np.array(found)


def corrected_inside(y: Any, β: float) -> Any:
    v, found = 0.0, []
    for t, value in enumerate(y, 1):
        v = (β * v + (1 - β) * value) / (1 - β**t)
        found.append(v)
    return np.array(found)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (uncorrected, "divide it by 1 − βᵗ"),
        (corrected_inside, "correct a copy"),
        (lambda y, β: np.zeros(len(y)), "should be"),
        (lambda y, β: float(np.mean(y)), "should be"),
    ],
)
def test_averages_with_bias(answer: Any, hint: str) -> None:
    feedback = exercises.check("corrected", answer)
    assert feedback.right is False
    assert hint in feedback.text


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda α, β, have, want: α, "too short"),  # the first pair needs a larger α
        (lambda α, β, have, want: α / (1 - β) ** 2, "too long"),
        (lambda α, β, have, want: -α, "above 0"),
        (lambda α, β, have, want: np.nan, "finite number"),
        (lambda α, β, have, want: α / (1 - β) if want == "average" else α, "average"),
    ],
)
def test_conversions_that_part_the_paths(answer: Any, words: str) -> None:
    feedback = exercises.check("convert", answer)
    assert feedback.right is False
    assert words in feedback.text


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda α, λ: 1 - np.sqrt(α * λ), "β is its square"),
        (lambda α, λ: 1 - α * λ, "discriminant"),
        (lambda α, λ: (1 + np.sqrt(α * λ)) ** 2, "the one below 1"),
        (lambda α, λ: 0.9, "should be"),
    ],
)
def test_what_is_not_critical(answer: Any, hint: str) -> None:
    feedback = exercises.check("critical_beta", answer)
    assert feedback.right is False
    assert hint in feedback.text


@pytest.mark.parametrize("αλ", [0.01, 0.3, 0.9, 1.7, 3.9])
def test_the_search_finds_where_the_roots_meet(αλ: float) -> None:
    """To the root of the rounding error in β, since the radius has a square root there."""
    β = fastest_by_search(αλ, 1.0)
    a, b = np.roots([1.0, -(1.0 + β - αλ), β])
    assert abs(a - b) < 1e-4
    assert all(radius(αλ, β, 1.0) < radius(αλ, other, 1.0) for other in (β - 1e-3, β + 1e-3) if 0 <= other < 1)


def test_no_constant_pair_passes_the_ravine() -> None:
    with np.errstate(all="ignore"):
        reached = [
            noisy_ravine(lambda t, α=α, β=β: (α, β))  # type: ignore[misc]
            for α in np.geomspace(0.004, 3.0, 9)
            for β in (0.0, 0.5, 0.8, 0.95, 0.98, 0.985, 0.99, 0.995)
        ]
    assert PASS < min(x for x in reached if np.isfinite(x)) < 2 * PASS


@pytest.mark.parametrize("pair", [(0.012, 0.985), (0.00464, 0.9953)])
def test_a_swing_that_is_at_the_minimum_at_the_last_step_does_not_pass(pair: tuple[float, float]) -> None:
    assert noisy_ravine(lambda t: pair) > PASS


def test_the_best_constant_pair_that_a_search_found_is_the_one_that_is_told() -> None:
    reached = noisy_ravine(lambda t: (0.01965, 0.9782))
    assert round(reached, 4) == 0.0047
    assert f"about {reached:.2g} at best" in exercises.check("noisy_ravine", lambda t: (0.01965, 0.9782)).text


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (lambda t: (5.0, 0.9), "diverges"),
        (lambda t: (0.2, 0.8), "Constant values reach about 0.0047"),
        (lambda t: (0.2, 1.0), "0 ≤ β < 1"),
        (lambda t: (-0.2, 0.5), "α > 0"),
    ],
)
def test_plans_that_do_not_pass(plan: Any, words: str) -> None:
    feedback = exercises.check("noisy_ravine", plan)
    assert feedback.right is False
    assert words in feedback.text


@pytest.mark.parametrize("name", ["corrected", "convert", "critical_beta", "noisy_ravine"])
def test_stubs_are_not_answered(name: str) -> None:
    assert exercises.check(name, lambda *_: ...).right is None


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda α, λ: (1 - np.sqrt(α)) ** 2, "α alone does not decide"),
        (lambda α, λ: (1 - np.sqrt(λ)) ** 2, "λ alone does not decide"),
        (lambda α, λ: 0.0, "but is 0."),
    ],
)
def test_who_left_out_which_is_told_that(answer: Any, hint: str) -> None:
    assert exercises.check("critical_beta", answer).text.endswith((hint, f"{hint}; αλ does."))
