"""What second derivatives cost: memory as NumPy reports it, and operations as they are recorded."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from dlcourse import grad, hvp, nn, trace
from dlcourse.optim import BFGS, LBFGS, ConjugateGradient, Newton, NewtonCG, SaddleFreeNewton, minimize


def peak(method: Any, n: int) -> int:
    """Bytes in use at most during a few steps from a point of n coordinates."""
    f = lambda x: np.sum(np.exp(0.1 * x) - 0.1 * x)  # noqa: E731
    tracemalloc.start()
    try:
        minimize(f, np.linspace(-1.0, 1.0, n), method, 1e-15, max_steps=3)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("method", [Newton(), SaddleFreeNewton(), BFGS()], ids=lambda m: type(m).__name__)
def test_a_newton_step_takes_memory_in_proportion_to_n_squared(method):
    small, large = peak(method, 300), peak(method, 600)
    assert 8 * 600**2 < large < 10 * 8 * 600**2  # a few matrices
    assert 3.5 < large / small < 4.5


@pytest.mark.parametrize("method", [LBFGS(), ConjugateGradient(), NewtonCG()], ids=lambda m: type(m).__name__)
def test_the_methods_in_between_take_memory_in_proportion_to_n(method):
    small, large = peak(method, 20_000), peak(method, 40_000)
    assert large < 60 * 8 * 40_000  # some vectors
    assert 1.8 < large / small < 2.2


def test_a_product_takes_as_many_operations_whatever_n():
    rng = np.random.default_rng(0)
    counts = []
    for hidden in (3, 40):
        network = nn.MLP([6, hidden, 4], activation="tanh")
        X, y, θ = rng.normal(size=(20, 6)), rng.integers(4, size=20), network.flat(network.init(rng))
        f = lambda θ: network.loss(network.unflatten(θ), X, y)  # noqa: B023, E731 - called before the next turn
        value, gradient = (len(trace(each, θ).operations) for each in (f, grad(f)))
        product = len(trace(lambda θ, v: hvp(f, θ, v), θ, θ).operations)  # noqa: B023
        assert product < 2.5 * gradient < 7.5 * value
        counts.append((value, gradient, product))
    assert counts[0] == counts[1]
