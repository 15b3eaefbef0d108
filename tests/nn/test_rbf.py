"""RBF networks: the formula, finite differences, the recipes of two and of three steps."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats
from sklearn.cluster import KMeans

from dlcourse import ShapeError, check_gradient, nn, optim, trace
from dlcourse.nn import rbf as module

RNG = np.random.default_rng(11)
X = RNG.normal(0, 1, (40, 2))
TASKS = {
    "regression": (1, np.sin(2 * X[:, 0]) * X[:, 1]),
    "binary": (1, (X[:, 0] * X[:, 1] > 0).astype(int)),
    "multiclass": (3, (X[:, 0] > 0.3).astype(int) + (X[:, 1] > 0)),
}


def start(network: nn.RBF) -> dict[str, Any]:
    theta = network.place(np.random.default_rng(0), X, "examples")
    theta["W"][...] = np.random.default_rng(1).normal(0, 1, theta["W"].shape)
    return theta


@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 3), st.integers(1, 5))
def test_features_are_the_formula(d: int, n: int, m: int, examples: int) -> None:
    rng = np.random.default_rng(0)
    network = nn.RBF(d, n, m)
    theta = {"centres": rng.normal(0, 1, (n, d)), "widths": rng.uniform(0.5, 2, n), "W": rng.normal(0, 1, (m, n))}
    inputs = rng.normal(0, 1, (examples, d))
    φ = np.array([
        [np.exp(-np.linalg.norm(x - μ) ** 2 / (2 * σ**2)) for μ, σ in zip(theta["centres"], theta["widths"], strict=True)]
        for x in inputs
    ])  # fmt: skip
    np.testing.assert_allclose(network.features(theta, inputs), φ, rtol=1e-13)
    np.testing.assert_allclose(network(theta, inputs), φ @ theta["W"].T, atol=1e-13)
    assert network.size == n * (d + 1 + m)


@pytest.mark.parametrize("task", TASKS)
def test_gradients_equal_finite_differences(task: str) -> None:
    outputs, y = TASKS[task]
    network = nn.RBF(2, 4, outputs, task)
    assert check_gradient(lambda θ: network.loss(θ, X, y, l2=0.01), start(network)) < 1e-7
    flat = network.flat(start(network))
    program = trace(lambda θ: network.loss(θ, X, y), flat)
    assert program.run(flat) == pytest.approx(float(network.loss(start(network), X, y)), rel=1e-14)


def test_two_steps_of_a_regression_find_the_least_squares() -> None:
    outputs, y = TASKS["regression"]
    network = nn.RBF(2, 6, outputs)
    theta = network.two_step(np.random.default_rng(0), X, y)
    φ = network.features(theta, X)
    best = optimize.lsq_linear(φ, y, tol=1e-14)
    np.testing.assert_allclose(theta["W"][0], best.x, rtol=1e-6)
    np.testing.assert_allclose(φ.T @ (φ @ theta["W"][0] - y), 0.0, atol=1e-10)  # the normal equations
    assert network.flat(theta) is network.flat(theta)


@pytest.mark.parametrize("task", TASKS)
def test_three_steps_go_further_than_two(task: str) -> None:
    outputs, y = TASKS[task]
    network = nn.RBF(2, 5, outputs, task)
    rule = optim.HeavyBall(0.02, 0.9)
    placed = network.place(np.random.default_rng(0), X)
    two = network.two_step(np.random.default_rng(0), X, y, None if task == "regression" else rule)
    three = network.three_step(np.random.default_rng(0), X, y, rule)
    losses = [float(network.loss(θ, X, y)) for θ in (placed, two, three)]
    assert losses[0] > losses[1] > losses[2]
    np.testing.assert_array_equal(two["centres"], placed["centres"])
    np.testing.assert_array_equal(two["widths"], placed["widths"])
    assert np.abs(three["centres"] - two["centres"]).max() > 1e-3
    assert np.abs(three["widths"] - two["widths"]).max() > 1e-3
    if task != "regression":
        assert np.mean(network.classify(three, X) == y) > 0.8


@pytest.mark.parametrize("placement", list(module.PLACEMENTS))
def test_placements(placement: str) -> None:
    centres = nn.RBF(2, 5, 1).place(np.random.default_rng(0), X, placement)["centres"]
    again = nn.RBF(2, 5, 1).place(np.random.default_rng(0), X, placement)["centres"]
    np.testing.assert_array_equal(centres, again)
    assert len(np.unique(centres, axis=0)) == 5
    assert (centres >= X.min(axis=0)).all()
    assert (centres <= X.max(axis=0)).all()
    if placement == "examples":
        assert all((centre == X).all(axis=1).any() for centre in centres)


def test_kmeans_centres_are_means_and_quantise_better_than_chance() -> None:
    def error(centres: Any) -> float:
        return float(((X[:, None] - centres) ** 2).sum(axis=2).min(axis=1).mean())

    means = module.kmeans_centres(np.random.default_rng(0), X, 5)
    nearest = ((X[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    for i in range(5):
        np.testing.assert_allclose(means[i], X[nearest == i].mean(axis=0), atol=1e-12)
    assert all(error(means) < error(module.example_centres(np.random.default_rng(seed), X, 5)) for seed in range(5))


def test_kmeans_settles_where_scikit_learn_settles() -> None:
    for seed in range(10):
        start = module.spread_centres(np.random.default_rng(seed), X, 6)
        theirs = KMeans(6, init=start, n_init=1, tol=0.0, algorithm="lloyd").fit(X).cluster_centers_
        np.testing.assert_allclose(module.settled_centres(X, start), theirs, atol=1e-12)
    nobody = np.array([[0.0, 0.0], [99.0, 99.0]])  # is nearest to the second
    np.testing.assert_allclose(module.settled_centres(X, nobody), [X.mean(axis=0), nobody[1]], atol=1e-12)


def test_kmeans_starts_with_probabilities_proportional_to_squared_distances() -> None:
    points, rng = np.array([[0.0], [1.0], [3.0]]), np.random.default_rng(0)
    pairs = [tuple(module.spread_centres(rng, points, 2).ravel()) for _ in range(3000)]
    expected = {(0, 1): 1 / 10, (0, 3): 9 / 10, (1, 0): 1 / 5, (1, 3): 4 / 5, (3, 0): 9 / 13, (3, 1): 4 / 13}
    counts = [pairs.count(pair) for pair in expected]
    assert stats.chisquare(counts, [1000 * p for p in expected.values()]).pvalue > 0.01


def test_neither_scikit_learn_nor_scipy_is_loaded() -> None:
    program = """
import sys, numpy as np
from dlcourse import nn
nn.RBF(1, 2, 1).place(np.random.default_rng(0), [[0.0], [1.0]])
assert "sklearn" not in sys.modules and "scipy" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_one_centre_has_a_width() -> None:
    theta = nn.RBF(2, 1, 1).place(np.random.default_rng(0), X)
    assert theta["widths"][0] == pytest.approx(np.sqrt(((X - X.mean(axis=0)) ** 2).sum(axis=1).mean()))


def test_bad_input() -> None:
    network = nn.RBF(2, 4, 1)
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="RBF: centres must be a whole number ≥ 1, got 0"):
        nn.RBF(2, 0, 1)
    with pytest.raises(ValueError, match="no placement is called 'kmean'; did you mean 'kmeans'"):
        network.place(rng, X, "kmean")
    with pytest.raises(ValueError, match="X is nan in row 3, column 1, counted from 0"):
        network.place(rng, np.where(np.arange(80).reshape(40, 2) == 7, np.nan, X))
    with pytest.raises(ValueError, match="4 centres need as many distinct examples, got 3"):
        network.place(rng, np.repeat(X[:3], 5, axis=0))
    with pytest.raises(ValueError, match=r"4 centres need as many examples apart; squared distances add up to 0\.0"):
        network.place(rng, 1e-200 * X)
    with pytest.raises(ValueError, match="X is empty"):
        network.place(rng, np.zeros((0, 2)))
    with pytest.raises(ShapeError, match=r"takes 2 input\(s\)"):
        network.place(rng, X[:, :1])
    theta = network.place(rng, X)
    with pytest.raises(ValueError, match="no part is called 'weights'"):
        network.train(theta, X, X[:, 0], optim.GradientDescent(0.1), 1, ("weights",))
    with pytest.raises(ValueError, match="least squares are for a regression"):
        nn.RBF(2, 4, 1, "binary").solve(theta, X, X[:, 0])
    with pytest.raises(ValueError, match="that of centre 0 is"):
        network({**theta, "widths": np.zeros(4)}, X)
    with pytest.raises(ValueError, match="has no distance from its neighbours"):
        network.place(rng, X, lambda rng, X, n: np.zeros((n, 2)))
    with np.errstate(all="ignore"), pytest.raises(ArithmeticError, match="try a smaller learning rate"):
        network.train(theta, X, X[:, 0], optim.GradientDescent(1e200), 5)
