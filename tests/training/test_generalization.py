"""Bias, variance and penalties: what training sets and regularisation do to what is learned."""

from __future__ import annotations

import numpy as np
import pytest

from dlcourse import data, nn, optim
from dlcourse.training import bias_and_variance, fit


def test_bias_and_variance_of_least_squares_are_those_of_the_theory() -> None:
    """Polynomials of degree p on fixed points: the mean prediction is the projection H f of the truth, and the mean
    variance is σ² (p + 1) / T, for tr H = p + 1. 4,000 training sets estimate a variance to about 1%."""
    x = np.linspace(-1.0, 1.0, 25)
    truth, σ, rng = np.sin(np.pi * x), 0.3, np.random.default_rng(0)
    Y = truth + σ * rng.standard_normal((4000, 25))
    last = np.inf
    for degree in (1, 3, 5):
        Q = np.linalg.qr(np.vander(x, degree + 1))[0]
        found = bias_and_variance(Y @ Q @ Q.T, truth)
        assert found.variance == pytest.approx(σ**2 * (degree + 1) / 25, rel=0.05)
        assert found.squared_bias == pytest.approx(np.mean((Q @ Q.T @ truth - truth) ** 2), rel=0.05, abs=1e-4)
        assert found.error == pytest.approx(found.squared_bias + found.variance, rel=1e-12)
        assert found.squared_bias < last
        last = found.squared_bias


@pytest.mark.parametrize("shapes", [((1, 5), 5), ((3, 5), 4), ((5,), 5), ((3, 0), 0)])
def test_predictions_that_do_not_fit(shapes: tuple[tuple[int, ...], int]) -> None:
    with pytest.raises(ValueError, match="at least 2 training sets"):
        bias_and_variance(np.zeros(shapes[0]), np.zeros(shapes[1]))


def test_predictions_that_are_not_finite() -> None:
    with pytest.raises(ValueError, match="bias_and_variance: predictions − truth is nan in row 0, column 0"):
        bias_and_variance([[np.nan], [1.0]], [0.0])
    with pytest.raises(ValueError, match="bias_and_variance: predictions − truth is -inf in row 0"):
        bias_and_variance([[0.0], [1.0]], [np.inf])


def test_exact_zeros_come_from_the_proximal_step_not_from_the_sign_gradient() -> None:
    """4 of 20 inputs matter. Both minimise the same J; only the soft threshold lands on 0."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 20))
    y = X[:, :4] @ [3.0, -2.0, 1.5, 1.0] + 0.1 * rng.standard_normal(200)
    network = nn.MLP([20, 1], task="regression")
    theta = network.init(rng)
    settings = {"epochs": 300, "batch_size": 200, "rng": rng, "progress": False}
    signs = fit(network, theta, (X, y), optim.GradientDescent(0.05), l1=0.2, **settings)  # type: ignore[arg-type]
    assert np.sum(signs.theta["W"][0] == 0) == 0
    assert np.sum(np.abs(signs.theta["W"][0]) < 0.02) == 16
    weights = network.flat({"W": [np.ones((1, 20))], "b": [np.zeros(1)]}) == 1
    soft = fit(network, theta, (X, y), optim.ProximalGradient(0.05, l1=0.2, weights=weights), **settings)  # type: ignore[arg-type]
    assert np.sum(soft.theta["W"][0] == 0) == 16
    np.testing.assert_allclose(soft.theta["W"][0], signs.theta["W"][0], atol=0.02)
    assert soft.theta["b"][0] != 0


def test_weight_decay_is_ridge_regression() -> None:
    """The minimiser of mean (y − Xw)² + λ ‖w‖² is (XᵀX + T λ I)⁻¹ Xᵀ y, for centred X and y the bias is 0."""
    X, y = data.line(np.random.default_rng(0), 40)
    X, y = X[:, 1:] - X[:, 1:].mean(), y - y.mean()
    network = nn.MLP([1, 1], task="regression")
    run = fit(
        network, network.init(np.random.default_rng(0)), (X, y), optim.GradientDescent(0.2),
        l2=0.5, epochs=200, batch_size=40, rng=np.random.default_rng(0), progress=False,
    )  # fmt: skip
    np.testing.assert_allclose(run.theta["W"][0][0], X.T @ y / (X.T @ X + 40 * 0.5)[0], rtol=1e-9)
    np.testing.assert_allclose(run.theta["b"][0], 0.0, atol=1e-9)
