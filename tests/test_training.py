"""Batches and the data that the chapters train on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlcourse import data, grad, optim
from dlcourse.training import minibatches

SLIDES = {  # source 003: rule and printed solution (intercept, slope)
    "gradient descent": (optim.GradientDescent(0.005), (1.9882, 2.9975)),
    "momentum": (optim.HeavyBall(0.005, 0.6), (1.9837, 2.9933)),
    "Nesterov": (optim.Nesterov(0.005, 0.8), (1.9738, 2.9914)),
}


# Mini-batches -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "size"), [(1, 1), (10, 1), (10, 3), (10, 5), (10, 10), (7, 4)])
def test_an_epoch_shows_every_example_once(n, size):
    batches = list(minibatches(n, size, np.random.default_rng(0), epochs=3))
    per_epoch = -(-n // size)
    assert len(batches) == 3 * per_epoch
    for epoch in range(3):
        those = batches[epoch * per_epoch : (epoch + 1) * per_epoch]
        assert sorted(np.concatenate(those)) == list(range(n))
        assert all(len(batch) == size for batch in those[:-1])
        assert 1 <= len(those[-1]) <= size


def test_each_epoch_has_its_own_order_and_the_seed_decides():
    first, second = np.concatenate(list(minibatches(50, 7, np.random.default_rng(1), epochs=2))).reshape(2, 50)
    assert not np.array_equal(first, second)
    again = np.concatenate(list(minibatches(50, 7, np.random.default_rng(1))))
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("size", [0, -1, 11])
def test_sizes_that_do_not_fit(size):
    with pytest.raises(ValueError, match=f"minibatches: size must be a whole number from 1 to 10, got {size}"):
        next(minibatches(10, size, np.random.default_rng(0)))


def test_the_mean_gradient_of_an_epoch_is_the_full_gradient():
    """Batches of equal size partition the examples: their mean gradients average to the gradient of the risk."""
    X, y = data.line(np.random.default_rng(2))
    θ = np.array([10.0, 5.0])

    def gradient(rows: Any) -> Any:
        return grad(lambda θ: np.mean((y[rows] - X[rows] @ θ) ** 2))(θ)

    parts = [gradient(rows) for rows in minibatches(30, 5, np.random.default_rng(3))]
    np.testing.assert_allclose(np.mean(parts, axis=0), gradient(np.arange(30)), rtol=1e-13)
    np.testing.assert_allclose(gradient(np.arange(30)), -2.0 * X.T @ (y - X @ θ) / 30, rtol=1e-13)


@pytest.mark.parametrize("M", [1, 3, 10, 29, 30])
def test_the_noise_of_a_batch(M):
    """Without replacement the variance of the mean is σ²/M · (N − M)/(N − 1); 40,000 batches estimate it to
    √(2/40000) = 0.7% (one standard deviation), so 5% is seven of them."""
    N, draws = 30, 40_000
    values = np.random.default_rng(4).standard_normal(N)
    rng = np.random.default_rng(5)
    means = [values[next(minibatches(N, M, rng))].mean() for _ in range(draws if M == 3 else 4_000)]
    expected = values.var() / M * (N - M) / (N - 1)
    room = 0.05 if M == 3 else 0.16  # 4,000 batches: 2.2%
    assert np.var(means) == pytest.approx(expected, rel=room, abs=1e-28)


# The slides' regression -----------------------------------------------------------------------------------------------


def test_a_line():
    X, y = data.line(np.random.default_rng(0), 1000)
    np.testing.assert_array_equal(X[:, 0], np.ones(1000))
    residual = y - X @ [2.0, 3.0]
    assert 0.095 < np.max(np.abs(residual)) <= 0.1
    assert abs(np.mean(X[:, 1])) < 4 / np.sqrt(1000)
    other = data.line(np.random.default_rng(0), 5, intercept=-1.0, slope=0.5, noise=0.0)
    np.testing.assert_array_equal(other.y, other.X @ [-1.0, 0.5])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [({"n": 0}, "n must be"), ({"n": 2.5}, "n must be"), ({"noise": -1.0}, "noise"), ({"noise": np.nan}, "noise")],
)
def test_lines_that_are_none(arguments, words):
    with pytest.raises(ValueError, match=words):
        data.line(np.random.default_rng(0), **arguments)


def test_the_slides_solutions():
    """One example a step, gradient of the squared error with its 2, 1000 steps from (10, 5): within 0.05 of all three
    printed solutions on nine seeds in ten. The rules of the package, the gradient by hand, 100 seeds side by side."""
    seeds, steps = 100, 1000
    xs, ys = np.empty((steps, seeds)), np.empty((steps, seeds))
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        X, y = data.line(rng)
        rows = rng.integers(30, size=steps)
        xs[:, seed], ys[:, seed] = X[rows, 1], y[rows]
    near = []
    for rule, printed in SLIDES.values():
        θ: Any = np.tile([10.0, 5.0], (seeds, 1))
        state = rule.init(θ)
        for t in range(steps):

            def gradient(θ: Any, x: Any = xs[t], y: Any = ys[t]) -> Any:
                excess = 2.0 * (θ[:, 0] + θ[:, 1] * x - y)
                return np.stack([excess, excess * x], axis=1)

            θ, state = rule.step(gradient, θ, state, t + 1)
        near.append(np.max(np.abs(θ - printed), axis=1) < 0.05)
    share = np.mean(np.all(near, axis=0))
    assert share > 0.85  # 94% of 300 seeds: 0.85 is four standard deviations of a share of 100 below
    assert np.all([n[0] for n in near])  # seed 0, which the chapter states
