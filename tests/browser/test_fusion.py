"""Operations that the page's interpreter does in one loop: to the last bit what it computes one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from interpreter import open_page, run
from playwright.sync_api import Browser, Page

from dlcourse import grad, nn, trace

RNG = np.random.default_rng(3)


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    page = open_page(browser)
    yield page
    page.close()


def one_by_one(json: dict[str, Any]) -> dict[str, Any]:
    """The program with every slot among its results: what others read cannot be fused."""
    first = len(json["inputs"]) + len(json["constants"])
    every = [[f"slot {number}", number] for number in range(first, first + len(json["ops"]))]
    return json | {"outputs": json["outputs"] + every}


@pytest.mark.parametrize(("points", "width"), [(1, 1), (7, 3), (40, 16)])
def test_a_tanh_network_and_its_gradient_keep_their_bits(page: Page, points: int, width: int) -> None:
    X, y = RNG.normal(size=(points, 2)), RNG.integers(0, 2, points)
    mlp = nn.MLP([2, width, width, 2], "tanh")
    f = lambda θ: (mlp.loss(θ, X, y), grad(lambda θ: mlp.loss(θ, X, y))(θ))  # noqa: E731
    θ = mlp.flat(mlp.init(RNG))
    json = trace(f, θ).to_json()
    name = json["inputs"][0][0]
    fused, apart = run(page, json, **{name: θ}), run(page, one_by_one(json), **{name: θ})
    assert fused
    for key in fused:
        np.testing.assert_array_equal(fused[key].view(np.int64), apart[key].view(np.int64), key)


def test_the_slope_of_tanh_at_the_edges(page: Page) -> None:
    h = np.array([0.0, -0.0, 1.0, -1.0, np.nan, np.inf, -np.inf, 1e200, 0.1])
    g = np.array([-0.0, 2.0, np.inf, -3.0, 1.0, 0.0, 1.0, -1.0, 0.7])
    json = trace(lambda g, h: g * (1.0 - h * h), np.ones(9), np.ones(9)).to_json()
    fused, apart = run(page, json, g=g, h=h)["result"], run(page, one_by_one(json), g=g, h=h)["result"]
    np.testing.assert_array_equal(np.isnan(fused), np.isnan(apart))
    seen = ~np.isnan(apart)
    np.testing.assert_array_equal(fused[seen].view(np.int64), apart[seen].view(np.int64))


def test_what_only_looks_like_it_is_left_alone(page: Page) -> None:
    g, h, k = RNG.normal(size=(3, 4, 5))
    for f in (
        lambda g, h, k: g * (1.0 - h * k),
        lambda g, h, k: g * (2.0 - h * h),
        lambda g, h, k: g * (h * h - 1.0) + k,
        lambda g, h, k: (g * (1.0 - h[:1] * h[:1]), k),
        lambda g, h, k: ((s := 1.0 - h * h) * g, s * k),
    ):
        program = trace(f, g, h, k)
        found = run(page, program.to_json(), g=g, h=h, k=k)
        expected = program.run(g, h, k)
        for (name, _), value in zip(program.outputs, expected if isinstance(expected, tuple) else [expected], strict=True):
            np.testing.assert_array_equal(found[name], np.ravel(value), name)
