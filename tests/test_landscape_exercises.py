"""What the exercises on loss landscapes expect, against independent counts and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dlcourse import exercises, grad, hessian, landscapes
from dlcourse.exercises.loss_landscapes import PASS, PRODUCTS, by_doubling, distinct_copies, height_at_the_end, saddles


@pytest.mark.parametrize(
    ("hidden", "activation", "count"),
    [([3], "relu", 6), ([3], "tanh", 48), ([2, 2], "tanh", 64), ([2, 3], "relu", 12), ([1], "tanh", 2)],
)
def test_copies_are_the_same_function(hidden: list[int], activation: str, count: int) -> None:
    assert distinct_copies(hidden, activation) == count


def test_what_the_kinds_of_critical_points_are() -> None:
    for f in landscapes.ALL.values():
        for kind, points in (("minimum", f.minima), ("saddle", f.saddles), ("maximum", f.maxima)):
            for point in map(np.array, points):
                λ = np.linalg.eigvalsh(hessian(f)(point))
                assert np.linalg.norm(grad(f)(point)) < 1e-6
                assert {"minimum": λ[0] > 0, "saddle": λ[0] < 0 < λ[1], "maximum": λ[1] < 0}[kind], (f, point)


@pytest.mark.parametrize(("D", "share"), [(2, (1 - math.sqrt(0.5)) / 2), (3, (math.pi - math.sqrt(8)) / (4 * math.pi))])
def test_random_matrices_are_rarely_positive_definite(D: int, share: float) -> None:
    """The chapter's closed forms against the eigenvalues of 100,000 draws of (A + Aᵀ)/2: four standard errors."""
    A = np.random.default_rng(0).normal(size=(100_000, D, D))
    found = np.mean(np.linalg.eigvalsh((A + np.swapaxes(A, 1, 2)) / 2)[:, 0] > 0)
    assert found == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / 100_000))


def test_a_way_down_that_builds_the_matrix_is_refused() -> None:
    feedback = exercises.check("downhill", lambda Hv, n: np.linalg.eigh(np.stack([Hv(e) for e in np.eye(n)]))[1][:, 0])
    assert feedback.right is False
    assert f"more than {PRODUCTS:,} products with a Hessian of 5,000 dimensions" in feedback.text


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda Hv, n: np.ones(n), "vector of length 1"),
        (lambda Hv, n: np.eye(n)[0], "should be -1"),
        (lambda Hv, n: None, "Not answered yet"),
    ],
)
def test_what_is_no_way_down(answer, words) -> None:
    feedback = exercises.check("downhill", answer)
    assert not feedback.right
    assert words in feedback.text


def test_the_saddles_of_the_exercise() -> None:
    *small, large = saddles()
    for saddle in small:
        H = np.stack([saddle.times(e) for e in np.eye(len(saddle.λ))])
        np.testing.assert_allclose(np.linalg.eigvalsh(H), np.sort(saddle.λ), atol=1e-12)
    assert np.linalg.norm(large.w) == pytest.approx(1.0)


@pytest.mark.parametrize(("p", "confidence"), [(0.1, 0.9), (0.03, 0.95), (1e-9, 0.9), (0.5, 0.4)])
def test_restarts_needed(p: float, confidence: float) -> None:
    n = by_doubling(p, confidence)
    assert -math.expm1(n * math.log1p(-p)) >= confidence
    assert n == 1 or -math.expm1((n - 1) * math.log1p(-p)) < confidence


def test_cooling_is_better_than_a_constant_temperature() -> None:
    constant = min(height_at_the_end(lambda done, T=T: T) for T in (0.0, 0.03, 0.05, 0.07, 0.1, 0.2))
    assert constant > 0.19 > PASS > height_at_the_end(lambda done: 0.2 * (1 - done))


@pytest.mark.parametrize("T", [-1.0, np.nan, np.inf])
def test_what_is_no_temperature(T: float) -> None:
    feedback = exercises.check("anneal", lambda done: T)
    assert feedback.right is False
    assert "needs to be a number ≥ 0" in feedback.text


def test_hints() -> None:
    assert "rises" not in exercises.check("copies", lambda hidden, activation: 6).text
    assert "sign of its own" in exercises.check("copies", lambda h, a: 6 * (2 if a == "tanh" else 1)).text
    assert "do not add up" in exercises.check("restarts", lambda p, c: math.ceil(c / p)).text


def test_only_the_largest_eigenvalue_is_called_so() -> None:
    def drawn(Hv, n):
        v = np.random.default_rng(0).normal(size=n)
        return v / np.linalg.norm(v)

    def unshifted(Hv, n):
        v = drawn(Hv, n)
        for _ in range(300):
            v = Hv(v) / np.linalg.norm(Hv(v))
        return v

    assert exercises.check("downhill", drawn).text.endswith("should be -1, but is 0.4259.")
    assert "largest eigenvalue in size" in exercises.check("downhill", unshifted).text
