"""Nothing that the course must contain is skipped silently."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path

import pytest
from coverage_map import ITEMS

# how many items each part of the specification numbers; C also has its catalogue of activations
PARTS = {"A": 5, "B": 7, "C": 3, "D": 11, "E": 9, "F": 17, "G": 6, "H": 4, "I": 4}
COVERED = sorted(name for name, item in ITEMS.items() if item.covered)
REPOSITORY = Path(__file__).parent.parent


@cache
def functions(file: str) -> set[str]:
    tree = ast.parse((REPOSITORY / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@cache
def chapter(file: str) -> dict[str, str]:
    """The code that stands below each heading, that of its sub-headings included."""
    cells = json.loads((REPOSITORY / file).read_text(encoding="utf-8"))["cells"]
    found: dict[str, str] = {}
    open_headings: list[tuple[int, str]] = []
    for cell in cells:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            for marks, heading in re.findall(r"^(#+) (.+)$", text, flags=re.MULTILINE):
                open_headings = [(n, h) for n, h in open_headings if n < len(marks)] + [(len(marks), heading.strip())]
                found[heading.strip()] = ""
        elif cell["cell_type"] == "code":
            for _, heading in open_headings:
                found[heading] += text + "\n"
    return found


def test_every_item_stands_in_the_table():
    expected = [f"{part}{i}" for part, n in PARTS.items() for i in range(1, n + 1)] + ["C"]
    assert sorted(ITEMS) == sorted(expected)
    assert all(item.title for item in ITEMS.values())
    assert len({item.title for item in ITEMS.values()}) == len(ITEMS)


@pytest.mark.parametrize("name", sorted(ITEMS))
def test_what_is_named_exists(name):
    item = ITEMS[name]
    for test in item.tests:
        file, function = test.split("::")
        assert function in functions(file), f"{name}: there is no {test}"
    for section in item.sections:
        file, heading = section.split("#", 1)
        assert heading in chapter(file), f"{name}: {file} has no heading {heading!r}; it has {sorted(chapter(file))}"
        assert str(item.chapter).zfill(2) in file
    assert item.covered or item.chapter, f"{name}: neither covered nor planned"


@pytest.mark.parametrize("name", COVERED)
def test_what_is_covered_is_tested(name):
    assert ITEMS[name].tests


@pytest.mark.parametrize("name", [name for name in COVERED if ITEMS[name].live])
def test_what_must_be_alive_is(name):
    code = "\n".join(chapter(file)[heading] for file, heading in (s.split("#", 1) for s in ITEMS[name].sections))
    assert re.search(r"\b(live\.|Descent\(|NoisyDescent\()", code), f"{name}: no explorable in {ITEMS[name].sections}"


def test_how_many_are_covered(record_property):
    """Prints the state of the course, also when everything passes."""
    planned: dict[str, list[str]] = {}
    for name, item in ITEMS.items():
        if not item.covered:
            planned.setdefault(str(item.chapter), []).append(name)
    record_property(f"covered of {len(ITEMS)} items of the specification", f"{len(COVERED)}: {', '.join(COVERED)}")
    for number, names in planned.items():
        record_property(f"planned for chapter {number}", ", ".join(names))
