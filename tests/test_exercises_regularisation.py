"""The exercises of the chapter on initialisation and regularisation recognise what goes wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlcourse import exercises, nn, optim
from dlcourse.exercises.regularisation import DEGREE, PASS, by_the_package, error_of, least


def test_what_is_expected_is_the_minimum() -> None:
    x = np.linspace(-5.0, 5.0, 100_001)
    for z, τ in [(3.0, 1.0), (-0.5, 1.0), (-2.0, 0.3), (1.0, 1.0), (0.0, 0.0)]:
        assert least(z, τ) == pytest.approx(x[np.argmin(0.5 * (x - z) ** 2 + τ * np.abs(x))], abs=1e-4)
        assert least(z, τ) == pytest.approx(float(optim.soft_threshold(z, τ)), abs=1e-12)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda z, τ: z - τ * np.sign(z), "past 0"),
        (lambda z, τ: np.where(np.abs(z) > τ, z, 0.0), "hard threshold"),
        (lambda z, τ: np.maximum(z - τ, 0.0), "Negative entries"),
        (lambda z, τ: np.maximum(np.abs(z) - τ, 0.0), "sign is lost"),
        (lambda z, τ: z / (1.0 + τ), "as a square penalty does"),
    ],
)
def test_likely_mistakes_of_the_threshold_are_named(answer: Any, hint: str) -> None:
    feedback = exercises.check("soft_threshold", answer)
    assert feedback.right is False
    assert hint in feedback.text


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda i, u, s: np.sqrt(4 / ((1 + s**2) * (i + u))), "standard deviation"),
        (lambda i, u, s: 12 / ((1 + s**2) * (i + u)), "Take the root"),
        (lambda i, u, s: np.sqrt(6 / (i + u)), "Glorot's"),
        (lambda i, u, s: np.sqrt(12 / ((1 + s) * (i + u))), "mean of the squares"),
        (lambda i, u, s: np.sqrt(6 / (i * (1 + s**2))), "signal alone"),
    ],
)
def test_likely_mistakes_of_the_bound_are_named(answer: Any, hint: str) -> None:
    feedback = exercises.check("weight_bound", answer)
    assert feedback.right is False
    assert hint in feedback.text


def test_the_bound_for_slope_1_is_glorots() -> None:
    right = lambda inputs, units, s: np.sqrt(12 / ((1 + s**2) * (inputs + units)))  # noqa: E731
    assert exercises.check("weight_bound", right).right is True
    W = nn.glorot_uniform(np.random.default_rng(0), (320, 640))
    assert np.abs(W).max() == pytest.approx(right(640, 320, 1.0), rel=1e-4)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda losses, patience: tuple(n - 1 for n in by_the_package(losses, patience)), "counted from 1"),
        (lambda losses, patience: (by_the_package(losses, patience)[1],) * 2, "go back to"),
        (lambda losses, patience: (int(np.argmin(losses)) + 1, by_the_package(losses, patience)[1]), "never reached"),
        (lambda losses, patience: (int(np.argmin(losses)) + 1, len(losses)), "before the last loss"),
    ],
)
def test_likely_mistakes_of_looking_ahead_are_named(answer: Any, hint: str) -> None:
    feedback = exercises.check("look_ahead", answer)
    assert feedback.right is False
    assert hint in feedback.text


def test_no_single_price_is_enough_and_rising_prices_are() -> None:
    alike = [error_of(np.full(DEGREE, λ)) for λ in np.geomspace(1e-5, 1.0, 60)]
    assert round(min(alike), 3) == 0.115  # as the feedback says
    assert min(alike) > PASS
    assert "One λ for all" in exercises.check("price_list", lambda k: 0.01).text
    assert exercises.check("price_list", lambda k: 1e-4 * 3.0**k).right is True
    assert "something must cost" in exercises.check("price_list", lambda k: 0.0).text
    for wrong in (-1.0, np.nan, np.inf):
        assert "finite number ≥ 0" in exercises.check("price_list", lambda k, wrong=wrong: wrong).text
    all_at_once = exercises.check("price_list", lambda k: 1e-4 * 3.0 ** np.arange(1, 11)).text
    assert "must return one number, the λ of the power k alone" in all_at_once


def test_of_equal_losses_the_last_is_told_to_be_the_first() -> None:
    def late(losses: Any, patience: int) -> Any:
        best, at, waited = np.inf, 0, 0
        for epoch, loss in enumerate(losses, 1):
            best, at, waited = (loss, epoch, 0) if loss <= best else (best, at, waited + 1)
            if waited == patience:
                break
        return at, epoch

    assert exercises.check("look_ahead", late).text.endswith("Of equal losses the first counts.")


def test_a_threshold_may_round_at_zero() -> None:
    assert exercises.check("soft_threshold", lambda z, τ: z - np.clip(z, -τ, τ) + 2.4e-17).right is True
    assert exercises.check("soft_threshold", lambda z, τ: z - np.clip(z, -τ, τ) + 1e-6).right is False
