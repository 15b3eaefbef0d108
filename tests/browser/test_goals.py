"""When the goal of a descent counts as reached: by the methods that it names, in its place, by its step, and for good."""

from __future__ import annotations

from typing import Any

import numpy as np
from playwright.sync_api import Page
from stand_in import frame, put

from dlcourse import data, landscapes, live

NARROW = {"landscape_choices": ["bowl", "rosenbrock"], "condition": 25.0, "beta": 0.0}
MADE = {
    "both": lambda: live.Descent(
        "bowl", ["heavy_ball", "nesterov"], identity="both",
        needs={"landscape": "bowl", "methods": ["heavy_ball", "nesterov"]}, **NARROW,
    ),
    "ridge": lambda: live.Descent(
        "saddle", identity="ridge", alpha=0.1, start=(-1.7, 0.001), step=40, target=0.001, landscape_choices=["saddle"],
        method_choices=["adam"], needs={"start": (-1.7, 0.001), "step": 40},
    ),
    "anywhere": lambda: live.Descent("bowl", "nesterov", identity="anywhere", **NARROW),
    "noisy": lambda: live.NoisyDescent(
        data.line(np.random.default_rng(0)), ["one", "all"], identity="noisy", alpha=0.2, start=(9.0, 6.0),
        domain=((-2, 10), (-1, 8)), target=1e-3, needs={"methods": ["one"], "step": 150},
    ),
    "same": lambda: live.Descent(
        "bowl", ["momentum", "heavy_ball"], identity="same", landscape_choices=["bowl"], alpha=0.02, beta=0.9,
        condition=10.0, target=1e-3,
        needs={"methods": ["momentum"], "alpha": 0.2, "beta": 0.9, "condition": 10.0, "start": landscapes.bowl.start},
    ),
}  # fmt: skip


CASES: list[tuple[str, dict[str, Any], bool]] = [
    ("both", {"alpha": 0.04, "beta": 0.6}, True),
    ("both", {"alpha": 0.06, "beta": 0.7}, False),  # Nesterov diverges
    ("both", {"alpha": 0.04, "beta": 0.6, "methods": ["heavy_ball"]}, False),  # who does not walk does not arrive
    ("both", {"landscape": "rosenbrock", "start": [1.0, 1.0], "alpha": 0.0002}, False),
    ("ridge", {"alpha": 0.4}, True),
    ("ridge", {"alpha": 0.4, "step": 20}, False),  # not there yet
    ("ridge", {"step": 100}, False),  # there too late
    ("ridge", {"alpha": 0.1, "start": [-1.7, 0.1]}, False),
    ("ridge", {"alpha": 0.4, "start": [-1.7, 0.1]}, False),  # from elsewhere
    ("ridge", {"methods": ["adam"], "beta": 0.9}, False),  # below at step 20, above at 40
    ("anywhere", {"landscape": "rosenbrock", "start": [-1.2, 1.0], "alpha": 0.00105, "beta": 0.96}, False),  # passes at 84
    ("anywhere", {"alpha": 0.04, "beta": 0.6}, True),
    ("noisy", {"alpha": 0.04}, True),
    ("noisy", {"alpha": 0.1}, False),  # happens to end below, but still rattles above at step 150
    ("noisy", {"alpha": 0.04, "methods": ["all"]}, False),
    ("same", {"alpha": 0.2}, True),
    ("same", {"alpha": 0.21}, False),  # low enough, on another path
]  # fmt: skip


def test_what_counts_as_reached(page: Page) -> None:
    found = []
    for name, setting, _ in CASES:
        put(page, name, **{**MADE[name]().state, **setting})
        frame(page)
        found.append((name, setting, "reached" in page.locator(f"#{name} .dl-goal").inner_text()))
    assert found == CASES
