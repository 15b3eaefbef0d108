"""The chapters as their notebooks say them, for the pages that are made of them."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

HEADING = re.compile(r"^(#{1,4}) (.+)$", flags=re.MULTILINE)
LABEL = re.compile(r"^\(([\w-]+)\)=\n(?=#)", flags=re.MULTILINE)


class Cell(NamedTuple):
    """A cell and the headings that it stands under, outermost first."""

    kind: str
    source: str
    tags: frozenset[str]
    under: tuple[str, ...]


class Chapter(NamedTuple):
    name: str  # "06-gradient-descent"
    title: str
    cells: tuple[Cell, ...]

    @property
    def number(self) -> int:
        return int(self.name[:2])

    @property
    def document(self) -> str:
        """Its name in Sphinx."""
        return f"chapters/{self.name}"

    @property
    def text(self) -> str:
        return "\n\n".join(cell.source for cell in self.cells if cell.kind == "markdown")


@cache
def read(path: Path) -> Chapter:
    """A notebook. A markdown cell counts as standing under the last of its own headings."""
    found: list[Cell] = []
    under: list[tuple[int, str]] = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            for marks, heading in HEADING.findall(source):
                under = [(n, h) for n, h in under if n < len(marks)] + [(len(marks), heading.strip())]
        tags = frozenset(cell["metadata"].get("tags", ()))
        found.append(Cell(cell["cell_type"], source, tags, tuple(heading for _, heading in under)))
    return Chapter(path.stem, found[0].under[0], tuple(found))


def every(top: Path) -> list[Chapter]:
    """The chapters that there are, in their order."""
    return [read(path) for path in sorted((top / "chapters").glob("[0-9][0-9]-*.ipynb"))]


# --- what a code cell uses --------------------------------------------------------------------------------------------


def plain(source: str) -> str:
    """A cell without the lines that only IPython understands."""
    return "\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!")))


def imported(sources: Iterator[str]) -> dict[str, str]:
    """Names as cells import them from the package → what they name in full.

    >>> imported(iter(["from dlcourse import grad, nn as networks", "import numpy as np"]))
    {'grad': 'dlcourse.grad', 'networks': 'dlcourse.nn'}
    """
    found = {}
    for source in sources:
        for node in ast.walk(ast.parse(plain(source))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "dlcourse":
                found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found


def used(source: str, names: dict[str, str]) -> Iterator[str]:
    """What of the package a cell uses, in full, in the order of the text.

    >>> list(used("networks.MLP([2, 1])(theta)", {"networks": "dlcourse.nn"}))
    ['dlcourse.nn.MLP', 'dlcourse.nn']
    """
    for node in ast.walk(ast.parse(plain(source))):
        chain: Any = node
        attributes: list[str] = []
        while isinstance(chain, ast.Attribute):
            attributes.append(chain.attr)
            chain = chain.value
        if isinstance(chain, ast.Name) and chain.id in names:
            yield ".".join([names[chain.id], *reversed(attributes)])
