"""The exercises of the chapter on Newton's method recognise what goes wrong; what they expect is what linear algebra gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlcourse import exercises
from dlcourse.exercises.newton import absolute, bottom


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda g, H: (np.linalg.solve(H, g), -0.5 * g @ np.linalg.solve(H, g)), "uphill"),
        (lambda g, H: (np.linalg.solve(H, g), 0.5 * g @ np.linalg.solve(H, g)), "uphill"),
        (lambda g, H: (np.linalg.solve(H, g), 1.5 * g @ np.linalg.solve(H, g)), "uphill"),
        (lambda g, H: (-H @ g, -0.5 * g @ np.linalg.solve(H, g)), "has to be solved"),
        (lambda g, H: (-np.linalg.solve(H, g), -g @ np.linalg.solve(H, g)), "half of it back"),
        (lambda g, H: (-np.linalg.solve(H, g), 0.5 * g @ np.linalg.solve(H, g)), "negative"),
        (lambda g, H: -np.linalg.solve(H, g), "should be"),
    ],
)
def test_a_wrong_bottom(answer: Any, hint: str) -> None:
    feedback = exercises.check("bottom", answer)
    assert feedback.right is False
    assert hint in feedback.text


def test_the_diagonal_alone_is_found_out_where_it_matters() -> None:
    def along_the_axes(g: Any, H: Any) -> Any:
        return -g / np.diag(H), -0.5 * g @ np.linalg.solve(H, g)

    assert "how the directions mix" in exercises.check("bottom", along_the_axes).text


def test_the_bottom_found_by_descent_is_that_of_linear_algebra() -> None:
    rng = np.random.default_rng(0)
    for _ in range(5):
        A, g = rng.normal(size=(3, 3)), rng.normal(size=3)
        H = A @ A.T + 0.5 * np.eye(3)
        p, change = bottom(g, H)
        np.testing.assert_allclose(p, -np.linalg.solve(H, g), rtol=1e-8)
        assert np.isclose(change, -0.5 * g @ np.linalg.solve(H, g))


def logistic(w: Any, X: Any, y: Any, weights: Any = lambda p: p * (1 - p), sign: float = 1.0) -> Any:
    p = 1 / (1 + np.exp(-X @ w))
    return w - sign * np.linalg.solve(X.T @ (weights(p)[:, None] * X), X.T @ (p - y))


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda w, X, y: logistic(w, X, y, sign=-1.0), "wrong way"),
        (lambda w, X, y: logistic(w, X, y) - w, "new w"),
        (lambda w, X, y: logistic(w, X, y, weights=np.ones_like), "p(1 − p)"),
        (lambda w, X, y: logistic(w, X, y, sign=1 / len(y)), "or neither"),
        (lambda w, X, y: w - X.T @ (1 / (1 + np.exp(-X @ w)) - y) / len(y), "gradient descent"),
    ],
)
def test_a_wrong_step_of_logistic_regression(answer: Any, hint: str) -> None:
    feedback = exercises.check("irls", answer)
    assert feedback.right is False
    assert hint in feedback.text
    assert exercises.check("irls", logistic).right is True


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda g, H: -np.linalg.solve(H, g), "goes to the saddle"),
        (lambda g, H: -g / np.abs(np.diag(H)), "diagonal"),
        (lambda g, H: -np.linalg.solve(np.abs(H), g), "absolute entries"),
    ],
)
def test_a_step_that_is_not_saddle_free(answer: Any, hint: str) -> None:
    feedback = exercises.check("saddle_free", answer)
    assert feedback.right is False
    assert hint in feedback.text


def test_the_absolute_value_of_a_matrix() -> None:
    A = np.random.default_rng(0).normal(size=(5, 5))
    H = A + A.T
    λ, Q = np.linalg.eigh(H)
    assert λ[0] < 0 < λ[-1]
    np.testing.assert_allclose(absolute(H), Q @ np.diag(np.abs(λ)) @ Q.T, atol=1e-10)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((-0.5, -0.9), "has to be 2.5 away"),
        ((4.5, 4.5), "ends in a minimum"),
        ((9.0, 0.0), "two numbers from -5 to 5"),
        (3.0, "two numbers"),
        ((np.nan, 0.0), "two numbers"),
    ],
)
def test_starts_that_do_not_climb_from_afar(answer: Any, words: str) -> None:
    feedback = exercises.check("far_start", lambda: answer)
    assert feedback.right is False
    assert words in feedback.text
