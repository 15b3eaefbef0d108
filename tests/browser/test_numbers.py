"""The numbers of the built pages are the numbers of Python: every landscape and method that a page offers."""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from dlcourse import landscapes, live
from dlcourse.live.descent import ALL_METHODS

# α and β from the smallest to the largest that the sliders give; with those between, steep landscapes throw the paths about.
SETTINGS = [
    (1e-4, 0.0), (1e-4, 0.99), (0.001, 0.9), (0.0123, 0.37), (0.02, 0.99), (0.0437, 0.83),
    (0.1, 0.5), (0.15, 0.95), (0.199, 0.01), (0.3, 0.9), (0.7, 0.66), (1.5, 0.2), (10.0, 0.0), (10.0, 0.99),
]  # fmt: skip

# For each setting the paths and losses of all methods, as base64 of float64.
WALK = """(explorable, states) => states.map(state => {
    const encode = array => btoa(Array.from(new Uint8Array(array.slice().buffer), byte => String.fromCharCode(byte)).join(''));
    const each = runs => Object.fromEntries(Object.entries(runs).map(([name, array]) => [name, encode(array)]));
    for (const [name, value] of Object.entries(state)) explorable.set(name, value);
    const { paths, losses } = explorable.results;
    return [each(paths), each(losses), {...explorable.state}];
})"""


def decode(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f8")


def offers(page: Page) -> dict[str, tuple[list[str], list[str], list[str]]]:
    """identity → landscapes, methods and sliders of each explorable of the page that is a `Descent`."""
    found = page.evaluate(
        """() => [...document.querySelectorAll('.dlcourse-explorable[data-kind=descent]')].map(element => {
            const { spec } = JSON.parse(element.querySelector('script').textContent);
            return [element.id, [spec.landscapes.map(l => l.name), spec.methods.map(m => m.name), Object.keys(spec.controls)]];
        })"""
    )
    plain = {"alpha", "beta", "condition", "step"}
    return {name: tuple(offer) for name, offer in found if set(offer[0]) <= set(landscapes.ALL) and set(offer[2]) <= plain}


@functools.cache
def here(second_order: bool) -> live.Descent | live.NewtonDescent:
    return live.NewtonDescent() if second_order else live.Descent()


@functools.cache
def runs(state: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Path and loss of each method in a state, by Python."""
    found = json.loads(state)
    mine = here(not set(found["methods"]) <= ALL_METHODS.keys())
    for name, value in found.items():
        setattr(mine, name, value)
    return {method: (run["path"].ravel(), run["loss"]) for method, run in mine.runs().items()}


def check(page: Page, identity: str, places: list[str], methods: list[str], sliders: list[str]) -> tuple[int, int]:
    values = [
        {"alpha": α, "beta": β, "start": start, "condition": κ}
        for (α, β), κ, start in zip(SETTINGS, (1.0, 10.0, 37.5, 1000.0) * 4, ([-1.2, 1.0], [0.3, -0.7], [1.9, 1.5]) * 5)
    ]
    states = [
        {"landscape": place, "methods": methods, **{name: x for name, x in value.items() if name in ("start", *sliders)}}
        for place in places
        for value in values
    ]
    there = page.evaluate(f"([id, states]) => ({WALK})(document.getElementById(id).explorable, states)", [identity, states])
    compared = equal = 0
    for wanted, (paths, losses, used) in zip(states, there):
        assert used == {**used, **wanted, "start": used["start"]}  # a start outside the map is put on its edge
        computed = runs(json.dumps(used, sort_keys=True))
        assert computed.keys() == paths.keys() == set(methods)
        for method, both in computed.items():
            for mine, other in zip(both, (decode(paths[method]), decode(losses[method]))):
                np.testing.assert_allclose(other, mine, rtol=1e-9, atol=1e-300, err_msg=f"{identity}: {method} with {used}")
                compared += mine.size
                equal += int(((mine == other) | np.isnan(mine)).sum())
    return compared, equal


def test_every_landscape_and_method_gives_the_numbers_of_python(
    book_http: str,
    pages: list[str],
    built_book: Path,
    open_page: Callable[..., Page],
    record_property: Callable[[str, object], None],
) -> None:
    compared = equal = 0
    seen: set[tuple[str, str]] = set()
    for name in pages:
        if 'data-kind="descent"' not in (built_book / name).read_text(encoding="utf-8"):
            continue
        page = open_page(book_http + name)
        for identity, (places, methods, sliders) in offers(page).items():
            more = check(page, identity, places, methods, sliders)
            compared, equal = compared + more[0], equal + more[1]
            seen |= {(landscape, method) for landscape in places for method in methods}
    record_property("numbers of page and Python compared", compared)
    record_property("of these equal to the last digit", equal)
    assert seen >= {(landscape, method) for landscape in landscapes.ALL for method in live.descent.METHODS}
