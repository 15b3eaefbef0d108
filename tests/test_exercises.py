"""Exercises say what is wrong, and their stubs come from their solutions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlcourse import exercises
from dlcourse.exercises import Case, Feedback, stub_of
from dlcourse.exercises.checking import agree, shown
from dlcourse.exercises.gradient_descent import PASS, by_search, floor_by_iteration, spend


def walk(gradient: Any, θ: Any, α: float, steps: int) -> Any:
    for _ in range(steps):
        θ = θ - α * gradient(θ)
    return θ


def test_a_right_answer() -> None:
    feedback = exercises.check("walk", walk)
    assert feedback.right is True
    assert str(feedback).startswith("Right")


def test_the_first_failing_input_with_expected_and_got() -> None:
    feedback = exercises.check("walk", lambda gradient, θ, α, steps: walk(gradient, θ, -α, steps))
    assert feedback.right is False
    for words in ("θ=3.0, α=0.1, steps=2", "should be 1.92", "but is 4.32", "uphill"):
        assert words in feedback.text


@pytest.mark.parametrize("stub", [lambda *_: None, lambda *_: ...])
def test_a_stub_is_not_answered(stub: Any) -> None:
    assert exercises.check("walk", stub).right is None
    assert exercises.check("spend", stub).right is None


def test_what_the_reader_raises_becomes_feedback() -> None:
    feedback = exercises.check("walk", lambda *_: 1 / 0)
    assert (feedback.right, "ZeroDivisionError" in feedback.text) == (False, True)
    assert exercises.check("walk", lambda: 1).right is False
    assert exercises.check("walk", 3).right is False  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [np.nan, np.inf, "1.92", [1.92, 1.92], {}, 1.92 + 1e-6, (1.92,)])
def test_bad_values_are_never_right(wrong: Any) -> None:
    assert exercises.check("walk", lambda *_: wrong).right is False


def test_an_unknown_exercise_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean 'walk'"):
        exercises.check("walks", walk)


def test_an_exercise_is_registered_once() -> None:
    exercises.check("walk", walk)
    with pytest.raises(ValueError, match="already one called 'walk'"):
        exercises.exercise("walk", [Case((), 0.0, "walk()")])


def test_feedback_is_escaped() -> None:
    assert "<b>" not in Feedback(False, "<b>")._repr_html_()


def test_agreement_is_relative_and_minds_shapes() -> None:
    assert agree(1e6 + 1e-4, 1e6, 1e-9)
    assert not agree(1.0 + 1e-4, 1.0, 1e-9)
    assert not agree(np.ones(2), 1.0, 1.0)
    assert agree((1.0, [2.0, 3.0]), (1.0, np.array([2.0, 3.0])), 1e-9)
    assert shown(np.zeros(2)).endswith("(shape (2,))")


@pytest.mark.parametrize(
    "text",
    ["def f():\n    return 1", "# solution\n1", "# end of solution\n# solution", "# solution\n# solution\n# end of solution"],
)
def test_a_solution_without_proper_markers_has_no_stub(text: str) -> None:
    with pytest.raises(ValueError, match="stub_of"):
        stub_of(text)


# Expected values against closed forms: the checks are made by search and by iteration.


def test_best_rate_found_by_search_is_the_closed_form() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        A = rng.normal(size=(4, 4))
        H = A @ A.T + 0.1 * np.eye(4)
        λ = np.linalg.eigvalsh(H)
        expected = (2 / (λ[0] + λ[-1]), (λ[-1] - λ[0]) / (λ[-1] + λ[0]))
        assert np.allclose(by_search(H), expected, rtol=1e-7)


def test_floor_by_iteration_is_the_closed_form() -> None:
    for α, λ, σ, M in [(0.1, 1.0, 2.0, 1), (0.3, 4.0, 0.5, 2), (0.01, 0.5, 3.0, 64)]:
        assert np.isclose(floor_by_iteration(α, λ, σ, M), α * σ**2 / (M * λ * (2 - α * λ)), rtol=1e-12)


def test_no_constant_plan_meets_the_goal_of_the_budget() -> None:
    plans = [(α, M) for M in (1, 5, 30, 100, 200, 300) for α in (0.004, 0.005, 0.007, 0.03, 0.15, 0.2, 0.35, 0.45, 0.494)]
    with np.errstate(all="ignore"):
        reached = [spend(lambda seen, plan=plan: plan) for plan in plans]
    assert min(reached) > PASS
    assert round(min(reached), 4) == 0.0014  # three steps of 200: a finer search found nothing lower
    assert f"about {min(reached):.4f} at best" in exercises.check("spend", lambda seen: (0.1, 30)).text


@pytest.mark.parametrize("plan", [(0.1, 0), (0.1, 301), (-1.0, 1), (np.nan, 1), (0.1, 1.5)])
def test_an_impossible_plan_is_explained(plan: Any) -> None:
    feedback = exercises.check("spend", lambda seen: plan)
    assert feedback.right is False
    assert "whole M from 1 to 300" in feedback.text


def test_a_diverging_plan_is_told_so() -> None:
    assert "diverges" in exercises.check("spend", lambda seen: (2.0, 1)).text
