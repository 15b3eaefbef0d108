"""Running program JSON in the page, for the tests of the interpreter."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page

BUNDLE = Path(__file__).parents[2] / "dlcourse" / "live" / "static" / "explorables.js"

# Floats travel as base64, so that −0, infinities and NaN arrive unharmed and thousands of cases fit into one call.
RUN = """programs => programs.map(([program, inputs]) => {
    const decode = (text) => new Float64Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
    const encode = (array) => {
        const bytes = new Uint8Array(array.slice().buffer);
        return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    };
    const values = Object.fromEntries(Object.entries(inputs).map(([name, text]) => [name, decode(text)]));
    const results = dlcourse.compile(program).run(values);
    return Object.fromEntries(Object.entries(results).map(([name, array]) => [name, encode(array)]));
})"""


def open_page(browser: Browser) -> Page:
    """An empty page with the bundle in it."""
    page = browser.new_page()
    page.add_script_tag(path=BUNDLE)
    return page


def encode(array: Any) -> str:
    return base64.b64encode(np.ascontiguousarray(array, "<f8").tobytes()).decode()


def run_all(page: Page, tasks: list[tuple[dict, dict]]) -> list[dict[str, np.ndarray]]:
    """Runs (program, inputs) pairs; returns their outputs, flat."""
    sent = [(program, {name: encode(value) for name, value in inputs.items()}) for program, inputs in tasks]
    return [
        {name: np.frombuffer(base64.b64decode(text), "<f8") for name, text in outputs.items()}
        for outputs in page.evaluate(RUN, sent)
    ]


def run(page: Page, program: dict, **inputs: Any) -> dict[str, np.ndarray]:
    return run_all(page, [(program, inputs)])[0]


def program(inputs: dict[str, Any], ops: list, outputs: dict[str, int], constants: Sequence = ()) -> dict:
    """Program JSON; `inputs` maps names to shapes or arrays."""
    shapes = [[name, list(x) if isinstance(x, (tuple, list)) else list(np.shape(x))] for name, x in inputs.items()]
    return {"inputs": shapes, "constants": list(constants), "ops": ops, "outputs": list(map(list, outputs.items()))}


def assert_agrees(actual: np.ndarray, expected: Any, error: float, message: str = "") -> None:
    expected = np.ravel(np.asarray(expected, float))
    assert actual.shape == expected.shape, message
    if error:
        np.testing.assert_allclose(actual, expected, rtol=error, atol=error * 1e-2, err_msg=message)
    nan, zero = np.isnan(expected), (actual == 0) & (expected == 0)
    np.testing.assert_array_equal(np.signbit(actual[zero]), np.signbit(expected[zero]), f"{message}: the sign of 0")
    np.testing.assert_array_equal(np.isnan(actual), nan, message)
    if not error:
        same = (actual.view(np.int64) == expected.view(np.int64)) | nan
        assert same.all(), f"{message}: {actual[~same]} instead of {expected[~same]}"
