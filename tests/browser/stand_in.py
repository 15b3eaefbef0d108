"""A bare page with nothing but the committed bundle and some explorables, and what a reader sees and does there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page

from dlcourse import live
from dlcourse.live.controls import Choice, Slider, Switch
from dlcourse.live.curves import Curves

APART = '<p style="height: 900px"></p>'  # so that one is on screen at a time


def write_page(folder: Path, *bodies: str) -> str:
    """The address of a page with these pieces of HTML, far from each other."""
    for name in ("explorables.js", "explorables.css"):
        shutil.copy(live.explorable.STATIC / name, folder / name)
    page = folder / "page.html"
    page.write_text(
        '<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8"><title>Explorables</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="explorables.css">'
        "<style>body { font: 16px sans-serif; margin: 0 } main { max-width: 46rem; margin: auto; padding: 16px }</style></head>"
        f'<body><main>{APART.join(bodies)}</main><script src="explorables.js"></script></body></html>',
        encoding="utf-8",
    )
    return page.as_uri()


def frame(page: Page) -> None:
    """Wait until what is due has been drawn."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def state(page: Page, name: str) -> dict[str, Any]:
    found = page.evaluate("id => ({...document.getElementById(id).explorable.state})", name)
    assert isinstance(found, dict)
    return found


def put(page: Page, name: str, **values: Any) -> None:
    page.locator(f"#{name} .dl-figure").scroll_into_view_if_needed()  # nothing is drawn off screen
    page.evaluate(
        "([id, values]) => { for (const [key, value] of values) document.getElementById(id).explorable.set(key, value); }",
        [name, list(values.items())],
    )
    frame(page)


def results(page: Page, name: str) -> dict[str, np.ndarray]:
    found = page.evaluate(
        """id => JSON.stringify(Object.entries(document.getElementById(id).explorable.results)
            .map(([name, array]) => [name, [...array].map(String)]))""",
        name,
    )
    return {key: np.array([float(x.replace("Infinity", "inf")) for x in values]) for key, values in json.loads(found)}


def words(page: Page, name: str) -> str:
    rows = page.locator(f"#{name} .dl-readout li:not(.dl-note)").all()
    return " ".join(row.inner_text() for row in rows if row.is_visible())


def settings(kind: type[Curves]) -> Iterator[dict[str, Any]]:
    """Every option; in each, every control at both ends and in the middle, and all of them at either end."""
    declared = kind.declared()
    ends = {}
    for key, trait in declared.items():
        if isinstance(trait, Slider):
            stops = trait.stops()
            ends[key] = [stops[0], stops[len(stops) // 2], stops[-1]]
        elif isinstance(trait, Switch):
            ends[key] = [False, True]
    choice = next((key for key, trait in declared.items() if isinstance(trait, Choice)), None)
    for option in declared[choice].names if choice else [None]:
        chosen = {choice: option} if choice else {}
        yield chosen
        for key, values in ends.items():
            yield from ({**chosen, key: value} for value in values)
        yield {**chosen, **{key: values[0] for key, values in ends.items()}}
        yield {**chosen, **{key: values[-1] for key, values in ends.items()}}
