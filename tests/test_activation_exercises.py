"""What the exercises on activations say of wrong answers, and that their measurements are right."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from dlcourse import exercises
from dlcourse.exercises.activations import missed_by_a_line, normal_moments, through_depth
from dlcourse.nn import activations


def told(name: str, answer: Any) -> str:
    feedback = exercises.check(name, answer)
    assert feedback.right is False
    return feedback.text


def test_what_is_said_of_wrong_slopes_of_silu() -> None:
    σ = activations.sigmoid
    assert "σ(x) alone" in told("silu_slope", lambda x: σ(x) + (x > 1) * 0.0 if np.ndim(x) else σ(x))
    assert "σ′ = σ(1 − σ)" in told("silu_slope", lambda x: σ(x) + x * σ(x))
    naive = lambda x: np.exp(x) / (1 + np.exp(x)) * (1 + x / (1 + np.exp(x)))  # noqa: E731
    assert "[-1000.0, 1000.0]" in told("silu_slope", naive)


def test_the_constants_of_selu() -> None:
    right = (activations.SELU_ALPHA, activations.SELU_SCALE)
    assert exercises.check("selu_constants", lambda: right).right is True
    assert "wrong way round" in told("selu_constants", lambda: right[::-1])
    assert "should be 0 and 1" in told("selu_constants", lambda: (1.67, 1.05))
    assert "a pair of numbers" in told("selu_constants", lambda: 1.67)
    assert "positive" in told("selu_constants", lambda: (-1.0, -1.0))


def test_moments_are_those_of_the_normal_distribution() -> None:
    assert np.allclose(normal_moments(lambda z: np.maximum(z, 0)), (1 / math.sqrt(2 * math.pi), 0.5), atol=1e-9)
    assert np.allclose(normal_moments(np.exp), (math.exp(0.5), math.exp(2.0)), rtol=1e-6)
    assert abs(missed_by_a_line(lambda z: 3 * z - 1)) < 1e-9
    relu = 0.5 - 1 / (2 * math.pi)  # its variance; the best line has the slope ½
    assert np.isclose(missed_by_a_line(lambda z: np.maximum(z, 0)), 1 - 0.25 / relu)


def test_what_depth_does() -> None:
    signal, gradient = through_depth(lambda x: 0.5 * x, 0)
    assert 0.3 < signal * 2**30 < 3
    assert 0.3 < gradient * 2**30 < 3


@pytest.mark.parametrize(
    ("g", "right"),
    [
        (lambda x: x, False),  # a straight line
        (np.tanh, False),  # shrinks
        (lambda x: 1.6 * np.tanh(x), False),  # keeps the signal, and the gradient grows
        (activations.sigmoid, False),
        (lambda x: math.sqrt(2) * np.maximum(x, 0), True),
    ],
)
def test_which_designs_pass(g: Any, right: bool) -> None:
    assert exercises.check("design", g).right is right


def test_a_design_must_go_entry_by_entry() -> None:
    assert "shape (2, 3)" in told("design", np.sum)
    assert exercises.check("design", lambda x: None).right is None


def test_the_slope_of_silu_must_not_warn() -> None:
    def overflowing(x: Any) -> Any:
        s = 1 / (1 + np.exp(-x))
        return s * (1 + x * (1 - s))

    def both_branches(x: Any) -> Any:
        s = np.where(x >= 0, 1 / (1 + np.exp(-x)), 1 - 1 / (1 + np.exp(x)))
        return s * (1 + x * (1 - s))

    for answer in (overflowing, both_branches):
        assert "at ±1000 NumPy warns (overflow)" in told("silu_slope", answer)
    assert exercises.check("silu_slope", lambda x: activations.get("silu").slope(np.asarray(x, dtype=float))).right is True


def relu(x: Any) -> Any:
    return 2**0.5 * np.maximum(x, 0)


def nearly_straight(x: Any) -> Any:
    return np.sqrt(2 / 1.36) * np.where(x < 0, 0.6 * x, x)


@pytest.mark.parametrize("f", [relu, nearly_straight])
def test_a_design_that_writes_into_its_argument_is_measured_like_one_that_does_not(f: Any) -> None:
    def in_place(x: Any) -> Any:
        x[...] = f(x)
        return x

    assert exercises.check("design", in_place).text.startswith(exercises.check("design", f).text)
