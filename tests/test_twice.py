"""A notebook that is run twice says and draws the same."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from prose import TOP

sys.path.insert(0, str(TOP / "book"))

from execution import execute

NOTEBOOKS = sorted((TOP / "chapters").glob("*.ipynb"))
# What a cell that measures time, or shows what was measured, says depends on the machine.
TIMES = re.compile(r"(?<!np\.)\brepeat\(|\bseconds\(|\bseconds, here|\btimes(?=[\[.])")
SHOWN = ("text/plain", "text/html", "text/markdown", "image/svg+xml", "image/png")


def shown(notebook: Path) -> list[list[Any]]:
    """What each cell shows that measures no time."""
    found = []
    for cell in execute(notebook, 600).cells:
        if TIMES.search(cell.source):
            continue
        outputs = cell.get("outputs", [])
        printed = [output.text for output in outputs if output.output_type == "stream"]
        widget = any("application/vnd.jupyter.widget-view+json" in output.get("data", {}) for output in outputs)
        kinds = SHOWN[1:] if widget else SHOWN  # the plain text of a widget is an address of this run
        data = [output.data[kind] for output in outputs if "data" in output for kind in kinds if kind in output.data]
        found.append([*printed, *data])
    return found


@pytest.mark.nightly
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_second_run_shows_the_same(notebook: Path) -> None:
    first, second = shown(notebook), shown(notebook)
    assert len(first) == len(second)
    differ = [n for n, (one, other) in enumerate(zip(first, second, strict=True)) if one != other]
    assert differ == [], [(n, first[n], second[n]) for n in differ]
