"""When the goal of a descent counts as reached: by the methods that it names, in its place, by its step, and for good."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page
from stand_in import frame, put

from dlcourse import live

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
]  # fmt: skip


def test_what_counts_as_reached(page: Page) -> None:
    found = []
    for name, setting, _ in CASES:
        put(page, name, **{**MADE[name]().state, **setting})
        frame(page)
        found.append((name, setting, "reached" in page.locator(f"#{name} .dl-goal").inner_text()))
    assert found == CASES
