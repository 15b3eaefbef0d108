"""The exercises of the chapter on empirical risk minimisation recognise what goes wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlcourse import exercises, grad, nn
from dlcourse.exercises.empirical_risk import PASS, central, distance


def right(θ: Any, X: Any, y: Any, λ: float) -> Any:
    return 2 * X.T @ (X @ θ - y) / len(y) + 2 * λ * θ


def test_what_is_expected_is_the_gradient_of_the_package() -> None:
    rng = np.random.default_rng(0)
    X, y, θ = rng.normal(size=(6, 3)), rng.normal(size=6), rng.normal(size=3)
    net = nn.MLP([3, 1], task="regression")
    J = lambda θ: nn.squared_error(X @ θ, y) + 0.3 * nn.l2(θ)  # noqa: E731
    assert np.allclose(central(J, θ), grad(J)(θ), atol=1e-8)
    assert np.allclose(right(θ, X, y, 0.3), grad(J)(θ))
    assert net.loss({"W": [θ[None]], "b": [np.zeros(1)]}, X, y, l2=0.3) == pytest.approx(J(θ))


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda θ, X, y, λ: 2 * X.T @ (X @ θ - y) + 2 * λ * θ, "J has their mean"),
        (lambda θ, X, y, λ: X.T @ (X @ θ - y) / len(y) + λ * θ, "factor 2"),
        (lambda θ, X, y, λ: right(θ, X, y, λ) - λ * θ, "The gradient of θᵀθ is 2θ"),
        (lambda θ, X, y, λ: right(θ, X, y, λ) - 2 * λ * θ * (1 - 1 / len(y)), "not divided by the number"),
        (lambda θ, X, y, λ: -right(θ, X, y, λ), "the direction of the step"),
    ],
)
def test_likely_mistakes_of_the_gradient_are_named(answer: Any, hint: str) -> None:
    feedback = exercises.check("risk_gradient", answer)
    assert feedback.right is False
    assert hint in feedback.text


@pytest.mark.parametrize(
    ("numbers", "words"),
    [([1, 1, 1], "Absolute error does not prefer 0"), ([0, 0, 0], "Squared error does not prefer 1"), ([], "one to ten"),
     (range(11), "one to ten"), ([np.nan], "finite"), ([[0, 1]], "shape (1, 2)")],
)  # fmt: skip
def test_no_quarrel(numbers: Any, words: str) -> None:
    feedback = exercises.check("quarrel", lambda: list(numbers))
    assert feedback.right is False
    assert words in feedback.text


def test_the_hint_for_a_quarrel_is_no_condition() -> None:
    """Most numbers at 0 or below is enough for absolute error, and not needed: none of these is."""
    assert exercises.check("quarrel", lambda: [0.4] * 6 + [10]).right is True
    assert "It does if most of them lie at 0 or below" in exercises.check("quarrel", lambda: [0.6] * 6 + [10]).text
    rng = np.random.default_rng(0)
    for _ in range(50):
        quarrel = [*-rng.exponential(size=5), *(100 + rng.exponential(size=4))]
        assert exercises.check("quarrel", lambda q=quarrel: q).right is True


def test_bounds_that_are_none_or_too_large() -> None:
    assert "no bound" in exercises.check("logistic_bound", lambda m: np.logaddexp(0, -m)).text
    assert "not the smallest" in exercises.check("logistic_bound", lambda m: 2 * np.logaddexp(0, -m)).text
    assert exercises.check("logistic_bound", lambda m: np.log2(1 + np.exp(-m))).right is False  # overflows at −1000


def test_losses_that_large_residuals_pull() -> None:
    assert distance(np.square) > 20 * PASS
    for loss, words in [
        (lambda r: r**2, "pull too hard"),
        (lambda r: np.sqrt(1 + r**2), "pull too hard"),
        (lambda r: 20 * np.abs(r), "one of −30 pulls as hard as one of −1."),
        (lambda r: 0 * r, "no slope"),
        (lambda r: np.sum(r**2), "shape ()"),
    ]:
        feedback = exercises.check("robust", loss)
        assert feedback.right is False
        assert words in feedback.text
    assert exercises.check("robust", lambda r: r**2 / (1 + r**2)).right is True


@pytest.mark.parametrize("loss", [lambda r: np.abs(r) ** 0.3, lambda r: np.sqrt(np.abs(r)), np.exp, lambda r: r])
def test_losses_that_large_residuals_hardly_pull_are_not_told_that_they_do(loss: Any) -> None:
    feedback = exercises.check("robust", loss)
    assert feedback.right is False
    assert "too hard" not in feedback.text
    assert "lowest at r = 0" in feedback.text


def test_a_number_that_is_not_finite_is_shown() -> None:
    assert exercises.check("quarrel", lambda: [0, 1, np.inf]).text.endswith("got [0.0, 1.0, inf].")
