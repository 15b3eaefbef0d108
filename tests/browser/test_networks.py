"""Networks in the browser: every activation, training, and RBF networks, from the programs that the package traces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from interpreter import assert_agrees, open_page, run_all
from playwright.sync_api import Browser, Page

from dlcourse import grad, nn, optim, trace

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    page = open_page(browser)
    yield page
    page.close()


def agree(page: Page, f: Any, *inputs: Any, error: float) -> None:
    """The page and Python compute the same, up to a relative error."""
    program = trace(f, *inputs)
    names = [name for name, _ in program.inputs]
    found = run_all(page, [(program.to_json(), dict(zip(names, inputs, strict=True)))])[0]
    expected = f(*inputs)
    for (name, _), value in zip(program.outputs, expected, strict=True):
        assert_agrees(found[name], value, error, name)


@pytest.mark.parametrize("name", list(nn.activations.ALL))
def test_every_activation_with_its_slope_and_its_parameters(page: Page, name: str) -> None:
    entry = nn.activations.get(name)
    x = np.concatenate([np.linspace(-6.0, 6.0, 46), [-1000.0, 1000.0]]).reshape(8, 6)
    values = [p.default for p in entry.parameters.values()]

    def both(x: Any, *values: Any) -> Any:
        g = lambda x: entry.function(x, *values)  # noqa: E731
        return (g(x), grad(lambda x: np.sum(g(x)))(x)) if name != "identity" else (x + 0.0,)

    agree(page, both, x, *values, error=1e-13)


@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu", "prelu", "maxout"])
def test_an_mlp_trains(page: Page, activation: str) -> None:
    X, y = RNG.normal(size=(12, 2)), RNG.integers(0, 3, 12)
    mlp = nn.MLP([2, 5, 4, 3], activation)

    def run(θ: Any, α: Any, λ: Any) -> Any:
        path = optim.descend(optim.HeavyBall(α, 0.9), lambda θ: mlp.loss(θ, X, y, l2=λ), θ, 15)
        return path.path, path.values

    agree(page, run, mlp.flat(mlp.init(RNG)), 0.1, 0.01, error=1e-10)


def test_an_rbf_network_and_batch_normalisation(page: Page) -> None:
    X, y = RNG.normal(size=(12, 2)), RNG.normal(size=12)
    rbf = nn.RBF(2, 4, 1)
    theta = rbf.flat(rbf.two_step(RNG, X, y, placement="examples"))
    agree(page, lambda θ: (rbf(θ, X), grad(lambda θ: rbf.loss(θ, X, y))(θ)), theta, error=1e-11)
    agree(page, lambda γ, β: (nn.batch_norm(X, γ, β), nn.zero_one(X * γ, X[:, 0] * 0)), np.ones(2), np.ones(2), error=1e-13)
