"""Equations of chapters 1 to 4, 13 and 14 that no cell checks: risk, networks, priors, errors. See tests/equations.toml."""

from __future__ import annotations

from itertools import pairwise, product
from math import comb, log, sqrt

import numpy as np
import pytest
from scipy import integrate, optimize

from dlcourse import grad, nn, optim

sigmoid = nn.activations.sigmoid


def slope(f, x, step=1e-6):
    """By central differences."""
    return (f(x + step) - f(x - step)) / (2 * step)


def test_slopes_of_the_risk_of_a_constant():
    y = np.random.default_rng(0).normal(size=9)
    for c in np.random.default_rng(1).normal(size=20):
        assert np.isclose(slope(lambda c: np.mean((c - y) ** 2), c), 2 * (c - y.mean()))
        assert np.isclose(slope(lambda c: np.mean(np.abs(c - y)), c), (np.sum(y < c) - np.sum(y > c)) / len(y))


def test_the_training_risk_flatters():
    """Lines through 0, fitted to y = 2x + ε: the true risk of a slope w is (w − 2)² E x² + σ², exactly."""
    rng, σ = np.random.default_rng(0), 0.7
    x = rng.normal(size=(20_000, 5))
    y = 2 * x + σ * rng.normal(size=x.shape)
    fitted = np.sum(x * y, axis=1) / np.sum(x * x, axis=1)
    training, of_the_best = np.mean((y - fitted[:, None] * x) ** 2, axis=1), np.mean((y - 2 * x) ** 2, axis=1)
    true = (fitted - 2) ** 2 + σ**2
    assert (training <= of_the_best + 1e-12).all()
    assert (σ**2 <= true).all()
    assert training.mean() < σ**2 - 0.05 < σ**2 + 0.05 < true.mean()


@pytest.mark.parametrize("f", [-1.3, 0.2, 0.9])
def test_likelihoods_are_losses(f):
    y = np.linspace(-3, 3, 13)
    for density, loss in [
        (lambda y: np.exp(-((y - f) ** 2) / 2) / sqrt(2 * np.pi), (y - f) ** 2 / 2),
        (lambda y: np.exp(-np.abs(y - f)) / 2, np.abs(y - f)),
    ]:
        assert np.isclose(integrate.quad(density, -40, 40, points=[f], limit=200)[0], 1)
        assert np.allclose(np.ptp(-np.log(density(y)) - loss), 0, atol=1e-12)


def test_the_slopes_of_a_mismatch():
    for a, y in product([-8.0, -1.0, 0.3, 2.0], [0.0, 1.0]):
        f = sigmoid(a)
        assert np.isclose(slope(lambda a: (sigmoid(a) - y) ** 2, a), 2 * (f - y) * f * (1 - f), rtol=1e-6, atol=1e-10)
        assert np.isclose(slope(lambda a: -np.log(sigmoid(a)), a), f - 1)


def test_no_unit_says_one_but_not_both():
    """The four conditions, with the strict ones made as weak as scaling allows, have no solution; any three have."""
    conditions = [([0, 0, 1], 0), ([-1, 0, -1], -1), ([0, -1, -1], -1), ([1, 1, 1], 0)]

    def solvable(some):
        rows, bounds = zip(*some)
        return optimize.linprog([0, 0, 0], A_ub=rows, b_ub=bounds, bounds=[(None, None)] * 3).status == 0

    assert not solvable(conditions)
    assert all(solvable(conditions[:i] + conditions[i + 1 :]) for i in range(4))


def test_one_layer_of_n_units_has_n_corners():
    for n in (1, 3, 8):
        net = nn.MLP([1, n, 1], "relu", task="regression")
        for seed in range(20):
            θ = net.nest(np.random.default_rng(seed).normal(size=net.size))
            corners = np.sort(-θ["b"][0] / θ["W"][0][:, 0])
            ends = np.concatenate([[corners[0] - 1], corners, [corners[-1] + 1]])
            for left, right in pairwise(ends):  # n + 1 pieces, each of them straight
                x = np.linspace(left, right, 7)[:, None]
                y = net(θ, x)[:, 0]
                assert np.allclose(y, np.interp(x[:, 0], [left, right], y[[0, -1]]), atol=1e-9)


def test_tanh_is_a_sigmoid():
    x = np.linspace(-20, 20, 201)
    assert np.allclose(2 * sigmoid(2 * x) - 1, (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x)), atol=1e-15)


def test_a_dead_unit_gets_no_gradient():
    net, rng = nn.MLP([2, 3, 1], "relu", task="regression"), np.random.default_rng(0)
    X, y = rng.uniform(-1, 1, size=(30, 2)), rng.normal(size=30)
    θ = net.nest(rng.normal(size=net.size))
    θ["W"][0][1], θ["b"][0][:] = [0.5, -0.5], [2.0, -2.0, 2.0]  # off for every example, the others on for some
    g = grad(net.loss)(θ, X, y)
    assert not g["W"][0][1].any()
    assert g["b"][0][1] == 0
    assert g["W"][0][0].any()


def test_matched_losses_have_one_form():
    rng = np.random.default_rng(0)
    for _ in range(20):
        a, t, classes, label = rng.normal(), float(rng.integers(2)), rng.normal(size=4), int(rng.integers(4))
        assert np.isclose(0.5 * (a - 1.7) ** 2 - (0.5 * a * a - a * 1.7), 1.7**2 / 2)  # but for what does not depend on a
        assert np.isclose(nn.binary_cross_entropy([a], [t]), np.log(1 + np.exp(a)) - a * t)
        assert np.isclose(nn.cross_entropy(classes[None], [label]), np.log(np.exp(classes).sum()) - classes[label])
        assert np.isclose(slope(lambda a: np.log(1 + np.exp(a)), a), sigmoid(a))
        assert np.allclose(grad(lambda a: np.log(np.sum(np.exp(a))))(classes), nn.activations.softmax(classes))


def test_what_is_left_after_the_first_order_is_of_second():
    q, p = lambda a: np.array([np.sin(a), a**3]), lambda q: q[0] * np.exp(q[1])
    slopes = lambda a: np.array([np.exp(a**3) * np.cos(a), np.sin(a) * np.exp(a**3) * 3 * a**2])
    for a in (-0.7, 0.4, 0.9):
        left = [p(q(a + ε)) - p(q(a)) - slopes(a).sum() * ε for ε in (1e-3, 5e-4)]
        assert np.isclose(left[0] / left[1], 4, rtol=0.01)


# Priors and early stopping -------------------------------------------------------------------------------------------------


def test_priors_are_penalties():
    rng, σ, τ, T = np.random.default_rng(0), 0.8, 0.5, 12
    X, w = rng.normal(size=(T, 3)), np.linspace(-2, 2, 9)
    y = X @ rng.normal(0, τ, 3) + σ * rng.normal(size=T)
    for prior, penalty in [
        (lambda w: np.exp(-(w**2) / (2 * τ**2)), w**2 / (2 * τ**2 * T)),
        (lambda w: np.exp(-np.abs(w) / τ), np.abs(w) / (τ * T)),
    ]:
        assert np.allclose(-np.log(prior(w)) / T, penalty)
    # the posterior of a linear model is a Gaussian of which linear algebra knows the mean; its peak minimises our loss
    mean = np.linalg.solve(X.T @ X / σ**2 + np.eye(3) / τ**2, X.T @ y / σ**2)
    λ = σ**2 / (τ**2 * T)
    assert np.allclose(optim.minimize(lambda w: np.mean((X @ w - y) ** 2) + λ * w @ w, np.zeros(3)).x, mean, atol=1e-6)
    map_risk = lambda w: np.mean((y - X @ w) ** 2) / (2 * σ**2) + np.sum(w**2) / (2 * τ**2) / T
    assert np.allclose(optim.minimize(map_risk, np.zeros(3)).x, mean, atol=1e-6)


def test_the_path_of_early_stopping():
    c, best, α = np.array([0.3, 1.0, 2.5]), np.array([1.0, -2.0, 0.5]), 0.4
    path = optim.descend(optim.GradientDescent(α), lambda w: 0.5 * np.sum(c * (w - best) ** 2), np.zeros(3), 50).path
    assert np.allclose(path, (1 - (1 - α * c) ** np.arange(51)[:, None]) * best)
    t = 1e4  # where curvature is small the factors of ridge and stopping agree
    small = 1e-3 / (α * t)
    assert np.isclose(1 - (1 - α * small) ** t, small / (small + 2 / (2 * α * t)), rtol=1e-3)


# Counting errors ---------------------------------------------------------------------------------------------------------


def test_mean_and_variance_of_an_error_rate():
    for n, p in [(1, 0.3), (7, 0.1), (20, 0.8)]:
        k = np.arange(n + 1)
        chance = np.array([comb(n, int(i)) * p**i * (1 - p) ** (n - i) for i in k])
        mean = np.sum(chance * k / n)
        assert np.isclose(mean, p)
        assert np.isclose(np.sum(chance * (k / n - mean) ** 2), p * (1 - p) / n)


def test_the_largest_of_many():
    """By the density K φ Φ^(K−1) of the largest of K independent standard normal numbers."""
    z = np.linspace(-12, 12, 48_001)
    φ = np.exp(-(z**2) / 2) / sqrt(2 * np.pi)
    Φ = np.concatenate([[0], np.cumsum((φ[1:] + φ[:-1]) / 2)]) * (z[1] - z[0])
    mean = lambda weight, density: np.sum(weight * density) * (z[1] - z[0])
    for K in (1, 2, 10, 1000):
        largest = K * φ * Φ ** (K - 1)
        assert np.isclose(mean(1, largest), 1)
        for t in (0.3, 1.0, 2.5):
            assert np.isclose(mean(np.exp(t * z), φ), np.exp(t * t / 2))
            assert np.exp(t * mean(z, largest)) <= mean(np.exp(t * z), largest) * (1 + 1e-9)
            assert mean(np.exp(t * z), largest) <= K * np.exp(t * t / 2) * (1 + 1e-9)
            assert mean(z, largest) <= log(K) / t + t / 2
        if K > 1:
            t = sqrt(2 * log(K))
            assert np.isclose(log(K) / t + t / 2, t)


def test_three_over_n():
    for n in (30, 100, 1000):
        p = 1 - 0.05 ** (1 / n)
        assert np.isclose((1 - p) ** n, 0.05)
        assert np.isclose(p, log(20) / n, rtol=2 / n)
        assert np.isclose(p, 3 / n, rtol=0.002 + 2 / n)
