"""What the exercises on model selection expect, against sampling, SciPy and wrong answers that they must catch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from dlcourse import exercises
from dlcourse.exercises.model_selection import PASS, TRIALS, above_the_best, by_counting, by_the_book, invented_error


def test_the_winner_of_many_looks_too_good() -> None:
    """The expected minimum of K binomial error rates, from their distribution: below p by at most √(2 ln K) standard errors."""
    p, n = 0.1, 400
    for K in (2, 10, 100):
        tail = stats.binom.sf(np.arange(n), n, p) ** K  # P(all K counts > j)
        expected = float(np.sum(tail)) / n
        bound = math.sqrt(p * (1 - p) / n) * math.sqrt(2 * math.log(K))
        assert 0.0 < p - expected < bound
        drawn = np.random.default_rng(K).binomial(n, p, size=(4000, K)).min(axis=1) / n
        assert np.mean(drawn) == pytest.approx(expected, abs=4 * np.std(drawn) / math.sqrt(4000))


@pytest.mark.parametrize(("p", "width"), [(0.1, 0.01), (0.5, 0.1), (0.03, 0.007)])
def test_examples_needed(p: float, width: float) -> None:
    n = by_counting(p, width)
    assert 2 * math.sqrt(p * (1 - p) / n) <= width * (1 + 1e-9)
    assert 2 * math.sqrt(p * (1 - p) / (n - 1)) > width


def test_hints() -> None:
    for answer, words in (
        (lambda p, w: math.ceil(p * (1 - p) / w**2), "one standard error"),
        (lambda p, w: math.ceil(4 * p / w**2 - 1e-9), "not p"),
    ):
        assert words in exercises.check("examples_needed", answer).text

    def apart(e1: Any, e2: Any) -> tuple[float, float]:
        return e1.mean() - e2.mean(), math.sqrt(e1.var() / len(e1) + e2.var() / len(e2))

    assert "use the differences" in exercises.check("paired", apart).text
    assert exercises.check("paired", lambda e1, e2: (np.mean(e1 - e2), stats.sem(e1 - e2, ddof=0))).right is True


def cross(error: Any, rows: Any, settings: Any, k: int) -> Any:
    parts = np.array_split(rows, k)
    return min(settings, key=lambda s: np.mean([error(np.setdiff1d(rows, part), part, s) for part in parts]))


def test_a_selection_that_sees_the_outer_fold_is_caught() -> None:
    def leaky(error: Any, n: int, settings: Any, k: int) -> float:
        best = cross(error, np.arange(n), settings, k)  # on everything
        return float(np.mean([error(np.setdiff1d(np.arange(n), part), part, best) for part in np.array_split(np.arange(n), k)]))

    feedback = exercises.check("nested_error", leaky)
    assert feedback.right is False

    def inner_with_outer_training(error: Any, n: int, settings: Any, k: int) -> float:
        found = []
        for part in np.array_split(np.arange(n), k):
            rows = np.setdiff1d(np.arange(n), part)
            inner = np.array_split(rows, k)
            best = min(settings, key=lambda s: np.mean([error(np.setdiff1d(np.arange(n), p), p, s) for p in inner]))
            found.append(error(rows, part, best))
        return float(np.mean(found))

    feedback = exercises.check("nested_error", inner_with_outer_training)
    assert feedback.right is False
    assert "no part, not even in training" in feedback.text


def test_training_on_the_test_is_caught() -> None:
    feedback = exercises.check("nested_error", lambda error, n, s, k: error(np.arange(n), np.arange(n), s[0]))
    assert "in the training and in the test rows" in feedback.text


def test_nested_by_the_book() -> None:
    """With one setting there is nothing to select: the mean over the folds."""
    folds = np.array_split(np.arange(20), 4)
    assert by_the_book(20, [1], 4) == pytest.approx(np.mean([invented_error(fold, 1) for fold in folds]))


def draws(evaluate: Any, rng: np.random.Generator) -> Any:
    points = 10.0 ** rng.uniform([-4, -7], [1, -1], (TRIALS, 2))
    return tuple(min(points, key=lambda point: evaluate(*point)))


def test_plain_random_search_is_not_enough() -> None:
    assert 0.035 < above_the_best(draws) < 0.05
    assert above_the_best(draws) > PASS


@pytest.mark.parametrize(
    ("hunt", "words"),
    [
        (lambda evaluate, rng: (1e3, 1e-3), "α must lie between"),
        (lambda evaluate, rng: (0.0, 1e-3), "above 0"),
        (lambda evaluate, rng: [evaluate(0.1, 1e-3) for _ in range(TRIALS + 1)], "more than 24 trials"),
        (lambda evaluate, rng: (0.03, 1e-4), "The goal is 0.028"),
        (lambda evaluate, rng: 0.03, "must return a pair (α, λ), got 0.03"),
        (lambda evaluate, rng: (0.03, 1e-4, 0.1), "must return a pair"),
    ],
)
def test_hunts_that_fail(hunt: Any, words: str) -> None:
    feedback = exercises.check("hunt", hunt)
    assert feedback.right is False
    assert words in feedback.text


@pytest.mark.parametrize(
    "quotient",
    [
        lambda p, w: 4 * p * (1 - p) / w**2,
        lambda p, w: 4 * p * (1 - p) / w / w,
        lambda p, w: (2 / w) ** 2 * p * (1 - p),
        lambda p, w: (2 * math.sqrt(p * (1 - p)) / w) ** 2,
    ],
)
def test_rounding_decides_no_case_of_the_examples_needed(quotient: Any) -> None:
    assert exercises.check("examples_needed", lambda p, w: math.ceil(quotient(p, w))).right is True
    assert exercises.check("examples_needed", lambda p, w: math.floor(quotient(p, w))).right is False


def test_the_sign_of_a_difference_counts_and_one_example_less_does_not() -> None:
    error = lambda d, less=0: d.std(ddof=less) / math.sqrt(len(d))  # noqa: E731
    assert exercises.check("paired", lambda e1, e2: (np.mean(e1 - e2), error(e1 - e2, 1))).right is True
    for wrong in (lambda e1, e2: (abs(np.mean(e1 - e2)), error(e1 - e2)), lambda e1, e2: (np.mean(e2 - e1), error(e1 - e2))):
        assert exercises.check("paired", wrong).text.endswith("First minus second, with the sign that this gives.")
