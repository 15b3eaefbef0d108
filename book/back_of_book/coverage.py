"""*Where each topic of the sources lives*: the table of the tests, with what of the package each section uses."""

from __future__ import annotations

import runpy
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from myst_parser.mdit_to_docutils.base import default_slugify
from sphinx.application import Sphinx

from . import api, chapters

MAP = Path("tests") / "coverage_map.py"
# What every section may use, and none is about.
BESIDE = ("dlcourse.data", "dlcourse.figures", "dlcourse.exercises", "dlcourse.live.Question", "dlcourse.live.Show")


def items(top: Path) -> dict[str, Any]:
    """The table of the tests, read as data: it imports nothing of them."""
    found: dict[str, Any] = runpy.run_path(str(top / MAP))["ITEMS"]
    return found


def functions(top: Path, sections: Iterable[str]) -> list[str]:
    """What of the package the code of these sections uses, by its documented names, in the order of the text."""
    found = []
    for section in sections:
        file, heading = section.split("#", 1)
        chapter = chapters.read(top / file)
        code = [cell for cell in chapter.cells if cell.kind == "code"]
        names = chapters.imported(cell.source for cell in code)
        for cell in code:
            if heading in cell.under and not cell.tags & {"exercise", "solution"}:
                found += [api.documented_as(name) for name in chapters.used(cell.source, names)]
    kept = [name for name in found if name and not name.startswith(BESIDE)]
    return list(dict.fromkeys(kept))


def place(top: Path, section: str) -> str:
    """A link to a section."""
    file, heading = section.split("#", 1)
    chapter = chapters.read(top / file)
    anchor = "" if heading == chapter.title else f"#{default_slugify(heading)}"
    return f"[{heading}]({Path(file).name}{anchor})"


def tests(named: Iterable[str]) -> list[str]:
    """The tests of an item: what each shows, and the file, each file once."""
    by_file: dict[str, list[str]] = {}
    for test in named:
        file, name = test.split("::")
        by_file.setdefault(file, []).append(name.removeprefix("test_").replace("_", " "))
    return [f"`{file}`: {'; '.join(names)}" for file, names in by_file.items()]


def topics(app: Sphinx) -> str:
    top = Path(app.srcdir)
    parts: list[str] = []
    listed = items(top)
    titles = {chapter.number: f"Chapter {chapter.number}: {chapter.title}" for chapter in chapters.every(top)}
    numbers = sorted({item.chapter for item in listed.values()}, key=lambda number: (isinstance(number, str), number))
    for number in numbers:
        parts.append(f"## {titles.get(number, f'Chapter {number}') if isinstance(number, int) else str(number).capitalize()}")
        for name, item in listed.items():
            if item.chapter != number:
                continue
            lines = [f"{name} · {item.title}"]
            if not item.covered:
                lines.append(": *Planned.*")
            else:
                lines.append(f": Section: {', '.join(place(top, section) for section in item.sections)}")
                names = functions(top, item.sections)
                alive = [full for full in names if full.startswith("dlcourse.live.")]
                for words, kind in (("Code", [full for full in names if full not in alive]), ("Explorable", alive)):
                    if kind:
                        lines.append(f": {words}: {', '.join(map(api.link, kind))}")
            lines += [f": Test: {each}" for each in tests(item.tests)]
            parts.append("\n".join(lines))
    return "\n\n".join(parts)
