"""The exercises of the chapter on networks recognise what goes wrong; two facts that the chapter stands on."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from dlcourse import exercises, nn
from dlcourse.exercises.networks import PASS, error_rate


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda w: sum(a * b for a, b in pairwise(w)), "each unit has a bias"),
        (lambda w: sum(a * b for a, b in pairwise(w)) + sum(w), "inputs have no biases"),
        (lambda w: sum(a * b for a, b in pairwise(w)) + sum(w[1:-1]), "units of the output"),
        (lambda w: 0, "should be 25"),
    ],
)
def test_miscounted_parameters(answer: Any, hint: str) -> None:
    feedback = exercises.check("parameters", answer)
    assert feedback.right is False
    assert hint in feedback.text


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (([[1, 1], [1, 1]], [0, -1], [1, -1], 0), "At (1, 1) the output should be 0, but is 1."),
        (([[1, 0], [0, 1]], [0, 0], [1, 1], 0), "At (1, 1)"),
        (([1, 1], [0, -1], [1, -2], 0), "W has the shape (2,)"),
        (0, "four things"),
        (([[np.nan] * 2] * 2, [0, 0], [1, 1], 0), "but is nan"),
    ],
)
def test_what_is_not_exclusive_or(answer: Any, words: str) -> None:
    feedback = exercises.check("xor", lambda: answer)
    assert feedback.right is False
    assert words in feedback.text


def test_other_weights_for_exclusive_or() -> None:
    assert exercises.check("xor", lambda: ([[1, -1], [-1, 1]], [0, 0], [1, 1], 0)).right is True


def bump(u: float, v: float, height: float, c: float) -> Any:
    return {"W": [np.array([[c], [c]]), np.array([[height, -height]])], "b": [np.array([-c * u, -c * v]), np.zeros(1)]}


@pytest.mark.parametrize(
    ("steepness", "words"),
    [(lambda width, height, ε: 1.0, "should be within"), (lambda width, height, ε: 1e5, "is enough"),
     (lambda width, height, ε: 2 / width * np.log(2 * height / ε), None)],
)  # fmt: skip
def test_bumps_too_flat_and_too_steep(steepness: Any, words: str | None) -> None:
    feedback = exercises.check("bump", lambda u, v, height, ε: bump(u, v, height, steepness(v - u, abs(height), ε)))
    assert feedback.right is (words is None)
    assert words is None or words in feedback.text


def as_lists(θ: Any) -> Any:
    return {name: [each.tolist() for each in arrays] for name, arrays in θ.items()}


def test_a_bump_may_be_made_of_lists() -> None:
    answer = lambda u, v, height, ε: bump(u, v, height, 2 / (v - u) * np.log(2 * abs(height) / ε))  # noqa: E731
    assert exercises.check("bump", lambda *given: as_lists(answer(*given))).right is True
    assert "is enough" in exercises.check("bump", lambda u, v, h, ε: as_lists(bump(u, v, h, 1e5))).text


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda θ: {"W": θ["W"]}, 'the parameters are a nest {"W": [W1, W2], "b": [b1, b2]}'),
        (lambda θ: [*θ["W"], *θ["b"]], 'the parameters are a nest {"W": [W1, W2], "b": [b1, b2]}'),
        (lambda θ: {"W": θ["W"][::-1], "b": θ["b"]}, "have the shapes (2, 1), (1, 2), (2,), (1,); got"),
        (lambda θ: {"W": θ["W"], "b": θ["b"][:1]}, "have the shapes (2, 1), (1, 2), (2,), (1,); got"),
    ],
)
def test_the_form_of_a_bump_is_named(answer: Any, words: str) -> None:
    assert words in exercises.check("bump", lambda u, v, height, ε: answer(bump(u, v, height, 10.0))).text


def test_centres_alone_are_no_pair() -> None:
    for alone in (lambda X, y: X[:8], lambda X, y: (X[:8],)):
        assert "a pair" in exercises.check("centres", alone).text


def test_centres_of_the_wrong_shape_are_explained() -> None:
    assert "got the shapes (7, 2) and (8,)" in exercises.check("centres", lambda X, y: (X[:7], np.ones(8))).text
    assert "positive" in exercises.check("centres", lambda X, y: (X[:8], np.zeros(8))).text


def test_the_first_eight_examples_are_no_good_centres() -> None:
    reached = error_rate(lambda X, y: (X[:8], np.full(8, 0.3)))
    assert reached > PASS
    assert f"{reached:.2%}" in exercises.check("centres", lambda X, y: (X[:8], np.full(8, 0.3))).text


# What the chapter stands on


def test_a_bump_is_two_steps() -> None:
    net = nn.MLP([1, 2, 1], "sigmoid", task="regression")
    x = np.linspace(-1.0, 2.0, 301)
    steps = (1 / (1 + np.exp(-80 * (x - 0.2)))) - 1 / (1 + np.exp(-80 * (x - 0.7)))
    assert np.allclose(net(bump(0.2, 0.7, 3.0, 80.0), x[:, None])[:, 0], 3 * steps)
    inside, outside = (x > 0.3) & (x < 0.6), (x < 0.1) | (x > 0.8)
    assert abs(3 * steps[inside] - 3).max() < 6 * np.exp(-8)
    assert abs(3 * steps[outside]).max() < 6 * np.exp(-8)


@pytest.mark.parametrize("k", range(1, 9))
def test_folding_doubles_the_pieces(k: int) -> None:
    net = nn.MLP([1] + [2] * k + [1], "relu", task="regression")
    between = [np.array([[2.0, -4.0], [2.0, -4.0]])] * (k - 1)
    θ = {"W": [np.ones((2, 1)), *between, np.array([[2.0, -4.0]])], "b": [np.array([0.0, -0.5])] * k + [np.zeros(1)]}
    x = np.arange(2**11 + 1) / 2**11
    y = net(θ, x[:, None])[:, 0]
    expected = x
    for _ in range(k):
        expected = 1 - np.abs(2 * expected - 1)
    assert np.array_equal(y, expected)
    assert 1 + np.sum(np.diff(np.sign(np.diff(y))) != 0) == 2**k


@pytest.mark.parametrize(("times", "right"), [(0.99, False), (1.001, True), (9.9, True), (10.1, False)])
def test_how_steep_a_bump_has_to_be(times: float, right: bool) -> None:
    """Two sigmoids err in the middle by 2 |h| σ(−c (v − u)/2), and that is ε at this c."""
    least = lambda u, v, height, ε: 2 / (v - u) * np.log(2 * abs(height) / ε - 1)  # noqa: E731
    answer = lambda u, v, height, ε: bump(u, v, height, times * least(u, v, height, ε))  # noqa: E731
    feedback = exercises.check("bump", answer)
    assert feedback.right is right
    if times > 10:
        assert "a steepness of about 10.6 is enough" in feedback.text


@pytest.mark.parametrize(
    ("μ", "σ", "words", "never"),
    [
        (np.ones((8, 2)), -np.ones(8), "the widths must be positive, the smallest is -1", "shape"),
        (np.full((8, 2), np.nan), np.ones(8), "must be finite", "shape"),
        (np.ones((8, 3)), np.ones(8), "got the shapes (8, 3) and (8,)", "positive"),
    ],
)
def test_what_is_wrong_with_centres_is_named(μ: Any, σ: Any, words: str, never: str) -> None:
    text = exercises.check("centres", lambda X, y: (μ, σ)).text
    assert words in text
    assert never not in text
