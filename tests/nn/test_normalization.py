"""Batch normalisation against PyTorch's, in value, gradient and what it remembers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dlcourse import ShapeError, check_gradient, nn, trace, value_and_grad
from dlcourse.nn import Moments

RNG = np.random.default_rng(3)
X, GAMMA, BETA, OUT = RNG.normal(2, 3, (7, 4)), RNG.normal(1, 0.2, 4), RNG.normal(0, 1, 4), RNG.normal(0, 1, (7, 4))


def objective(γ: Any, β: Any, X: Any) -> Any:
    return np.sum(OUT * nn.batch_norm(X, γ, β))


def test_training_equals_pytorch_in_value_and_gradient_and_memory() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; gradients are checked without it")
    layer = torch.nn.BatchNorm1d(4, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(GAMMA))
        layer.bias.copy_(torch.tensor(BETA))
    running = Moments(np.zeros(4), np.ones(4))
    for k in range(5):
        batch = X + 0.3 * k
        x = torch.tensor(batch, requires_grad=True)
        layer.zero_grad()
        value = (torch.tensor(OUT) * layer(x)).sum()
        value.backward()
        found, slopes = value_and_grad(objective, argnums=(0, 1, 2))(GAMMA, BETA, batch)
        assert found == pytest.approx(value.item(), rel=1e-12)
        for ours, theirs in zip(slopes, (layer.weight.grad, layer.bias.grad, x.grad), strict=True):
            np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-13)
        running = nn.running_moments(running, batch)
    np.testing.assert_allclose(running.mean, layer.running_mean.numpy(), rtol=1e-14)
    np.testing.assert_allclose(running.variance, layer.running_var.numpy(), rtol=1e-14)
    layer.eval()
    np.testing.assert_allclose(nn.normalize(X, GAMMA, BETA, running), layer(torch.tensor(X)).detach().numpy(), rtol=1e-13)


def test_gradients() -> None:
    for i, x in enumerate((GAMMA, BETA, X)):
        check_gradient(lambda v, i=i: objective(*[v if j == i else u for j, u in enumerate((GAMMA, BETA, X))]), x)


@given(arrays.arrays(np.float64, st.tuples(st.integers(2, 8), st.integers(1, 4)), elements=st.floats(-100, 100)))
def test_it_has_mean_β_and_spread_γ(X: Any) -> None:
    n = X.shape[1]
    γ, β = np.full(n, 2.0), np.full(n, 3.0)
    Y = nn.batch_norm(X, γ, β)
    variance = X.var(axis=0)
    np.testing.assert_allclose(Y.mean(axis=0), β, atol=1e-9)
    np.testing.assert_allclose(Y.var(axis=0), 4 * variance / (variance + 1e-5), atol=1e-9)
    np.testing.assert_array_equal(trace(nn.batch_norm, X, γ, β).run(X, γ, β), Y)


def test_bad_input() -> None:
    with pytest.raises(ShapeError, match=r"at least 2 examples, got shape \(1, 4\)"):
        nn.batch_norm(X[:1], GAMMA, BETA)
    with pytest.raises(ShapeError, match="needs γ, β"):
        nn.batch_norm(X, GAMMA[:2], BETA)
    with pytest.raises(ValueError, match="epsilon"):
        nn.batch_norm(X, GAMMA, BETA, epsilon=0.0)
    with pytest.raises(ValueError, match="momentum"):
        nn.running_moments(Moments(np.zeros(4), np.ones(4)), X, momentum=1.5)
