"""The kernels in WebAssembly: to the last bit what their twins in JavaScript compute, and dispensable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from interpreter import BUNDLE, run, run_all
from playwright.sync_api import Browser, Page

from dlcourse import grad, nn, trace

RNG = np.random.default_rng(11)

# What is asked of WebAssembly, by name.
COUNT = """
window.asked = {};
for (const name of ["Module", "Instance", "Memory"]) {
    WebAssembly[name] = new Proxy(WebAssembly[name], { construct(target, given) {
        window.asked[name] = (window.asked[name] ?? 0) + 1;
        return new target(...given);
    }});
}
"""

WITHOUT = {
    "no WebAssembly": "delete window.WebAssembly",
    "forbidden": "WebAssembly.Module = class { constructor() { throw new WebAssembly.CompileError('forbidden'); } }",
    "no memory left": "WebAssembly.Memory = class { constructor() { throw new RangeError('could not allocate memory'); } }",
    "no room to grow": "WebAssembly.Memory.prototype.grow = () => { throw new RangeError('could not grow memory'); }",
}


def page_after(browser: Browser, script: str) -> Page:
    page = browser.new_page()
    page.add_script_tag(content=script)
    page.add_script_tag(path=BUNDLE)
    return page


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    page = page_after(browser, COUNT)
    yield page
    page.close()


@pytest.fixture(scope="module")
def plain(browser: Browser) -> Iterator[Page]:
    page = page_after(browser, WITHOUT["no WebAssembly"])
    yield page
    page.close()


def same_bits(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert found.keys() == expected.keys()
    for name, x in found.items():
        y = expected[name]
        np.testing.assert_array_equal(np.isnan(x), np.isnan(y), name)
        np.testing.assert_array_equal(x[~np.isnan(x)].view(np.int64), y[~np.isnan(y)].view(np.int64), name)


def training(points: int, widths: list[int]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A tanh network's loss and gradient: every kernel at work, on matrices of many shapes."""
    X, y = RNG.normal(size=(points, widths[0])), RNG.integers(0, widths[-1], points)
    mlp = nn.MLP(widths, "tanh")
    program = trace(lambda θ, X: (mlp.loss(θ, X, y), grad(lambda θ: mlp.loss(θ, X, y))(θ)), mlp.flat(mlp.init(RNG)), X)
    return program.to_json(), dict(zip([name for name, _ in program.inputs], [mlp.flat(mlp.init(RNG)), X], strict=True))


@pytest.mark.parametrize("widths", [[2, 16, 16, 2], [2, 17, 15, 3], [3, 8, 8, 8, 5], [1, 64, 2]])
@pytest.mark.parametrize("points", [4, 37, 201])
def test_a_network_and_its_gradient_keep_their_bits(page: Page, plain: Page, points: int, widths: list[int]) -> None:
    json, inputs = training(points, widths)
    found, expected = run(page, json, **inputs), run(plain, json, **inputs)
    assert all(np.isfinite(x).all() for x in found.values())
    same_bits(found, expected)


def test_products_of_all_shapes_keep_their_bits(page: Page, plain: Page) -> None:
    """Each number of rows and columns around the tiles, and every way in which an operand may lie."""
    big = np.asarray(RNG.normal(size=(32, 32)))  # the first product, for which the kernels are fetched
    f = lambda A, B, big: (big @ big, A @ B, (B.T @ A.T), A.T.T @ B[:, ::-1], A[::-1] @ B)  # noqa: E731
    tasks, expected = [], []
    for rows in range(1, 11):
        for cols in range(1, 11):
            for depth in (1, 7, 40):
                A, B = RNG.normal(size=(rows, depth)), RNG.normal(size=(depth, cols))
                program = trace(f, A, B, big)
                tasks.append((program.to_json(), {"A": A, "B": B, "big": big}))
                expected.append(np.concatenate([np.ravel(x) for x in f(A, B, big)]))
    here, there = run_all(page, tasks), run_all(plain, tasks)
    for x, y, z in zip(here, there, expected, strict=True):
        same_bits(x, y)
        np.testing.assert_allclose(np.concatenate(list(x.values())), z, rtol=1e-12, atol=1e-12)


def test_tanh_keeps_its_bits_everywhere(page: Page, plain: Page) -> None:
    around = [0.0, -0.0, 0.625, -0.625, np.nextafter(0.625, 0), 22.0, 22.1, -30.0]
    edges = [*around, 1e300, np.inf, -np.inf, np.nan, 5e-324, -1e-308, 1e-9]
    x = np.concatenate([edges, RNG.normal(size=2000), RNG.normal(size=2000) * 1e-5, RNG.uniform(-25, 25, 2000)])
    one, W = np.ones((1, 1)), RNG.normal(size=(64, 64))

    def f(x: Any, W: Any) -> Any:
        hidden = np.tanh(nn.linear(x.reshape(-1, 1), one, np.zeros(1)))
        return W @ W, hidden, hidden.reshape(-1)[1:] * 1.0

    json = trace(f, x, W).to_json()
    found, expected = run(page, json, x=x, W=W), run(plain, json, x=x, W=W)
    same_bits(found, expected)


def test_a_small_program_asks_for_nothing(browser: Browser) -> None:
    page = page_after(browser, COUNT)
    json = trace(lambda A, x: np.tanh(A @ x), np.ones((8, 8)), np.ones(8)).to_json()
    run(page, json, A=np.ones((8, 8)), x=np.ones(8))
    assert page.evaluate("window.asked") == {}
    page.close()


def test_it_is_compiled_once_and_each_program_has_its_memory(browser: Browser) -> None:
    page = page_after(browser, COUNT)
    json, inputs = training(100, [2, 16, 16, 2])
    run_all(page, [(json, inputs)] * 3)
    assert page.evaluate("window.asked") == {"Module": 1, "Memory": 3, "Instance": 3}
    page.close()


@pytest.mark.parametrize("missing", WITHOUT)
def test_without_it_the_page_computes_the_same(missing: str, browser: Browser, page: Page) -> None:
    other = page_after(browser, WITHOUT[missing])
    json, inputs = training(100, [2, 16, 16, 2])
    same_bits(run(other, json, **inputs), run(page, json, **inputs))
    other.close()
