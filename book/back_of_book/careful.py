"""*Careful: where the sources err*, collected from the chapters: their boxes, and their tables of what the sources say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from sphinx.application import Sphinx

from . import chapters

TABLE = "The sources, and where they err"
BOX = re.compile(r"(?ms)^(`{3,}|:{3,})\{admonition\} (?P<title>[^\n]+)\n:class: careful\n(?P<body>.*?)^\1$")
ROW = re.compile(r"^\| *(\d{3}(?:, *\d{3})*) *\| *(.+?) *\| *(.+?) *\|$", re.MULTILINE)
CHAPTER = re.compile(r"(?<![\[`\w])chapter (\d+)\b")


class Box(NamedTuple):
    title: str
    body: str
    label: str  # where it stands in its chapter


def boxes_of(chapter: chapters.Chapter) -> list[Box]:
    """The chapter's boxes "Careful", in order, as they can stand on another page."""
    found = []
    for number, box in enumerate(BOX.finditer(chapter.text), 1):
        body = re.sub(r"^\$\$ \([\w-]+\)$", "$$", box["body"], flags=re.MULTILINE)  # a formula has its number in the chapter
        body = re.sub(r"^\([\w-]+\)=\n", "", body, flags=re.MULTILINE)
        body = re.sub(r'href="#', f'href="{chapter.name}.html#', body).strip()
        title = re.sub(r"^Careful:? +", "", box["title"])
        found.append(Box(title[0].upper() + title[1:], body, label(chapter.document, number)))
    return found


def label(document: str, number: int) -> str:
    return f"careful-{document.removeprefix('chapters/')}-{number}"


def rows_of(chapter: chapters.Chapter) -> Iterator[tuple[str, str, str]]:
    """(source, what it says, what holds) for each row of the chapter's table of sources."""
    table = chapter.text.split(f"\n## {TABLE}\n", 1)
    for sources, says, holds in ROW.findall(table[1].split("\n## ", 1)[0] if len(table) > 1 else ""):
        for source in re.split(r", *", sources):
            yield source, says, holds


def linked(text: str, top: Path) -> str:
    """The text with a link wherever it names a chapter by its number, and has none."""
    names = {chapter.number: chapter.name for chapter in chapters.every(top)}
    return CHAPTER.sub(lambda found: f"{{doc}}`{found[0]} <{names[int(found[1])]}>`", text)


def by_source(app: Sphinx) -> str:
    found: dict[str, list[str]] = {}
    for chapter in chapters.every(Path(app.srcdir)):
        for source, says, holds in rows_of(chapter):
            found.setdefault(source, []).append(f"| {says} | {holds} | {{doc}}`{chapter.number} <{chapter.name}>` |")
    head = "| says | what holds | chapter |\n|---|---|---|\n"
    tables = (f"### Source {source}\n\n{head}" + "\n".join(rows) for source, rows in sorted(found.items()))
    return linked("\n\n".join(tables), Path(app.srcdir))


def boxes(app: Sphinx) -> str:
    parts = []
    for chapter in chapters.every(Path(app.srcdir)):
        listed = boxes_of(chapter)
        if listed:
            parts.append(f"## Chapter {chapter.number}: {chapter.title}")
        for box in listed:
            body = linked(box.body, Path(app.srcdir))
            parts.append(f"### {box.title}\n\n{body}\n\n{{ref}}`Where it stands <{box.label}>`")
    return "\n\n".join(parts)


def mark(app: Sphinx, document: nodes.document) -> None:
    """Give each box of a chapter a place that can be linked to."""
    found = [box for box in document.findall(nodes.admonition) if "careful" in box["classes"]]
    standard = app.env.get_domain("std")
    for number, box in enumerate(found, 1):
        name = label(app.env.docname, number)
        box["ids"].append(name)
        place = (app.env.docname, name)
        standard.anonlabels[name] = place  # type: ignore[attr-defined]
        standard.labels[name] = (*place, box.next_node(nodes.title).astext())  # type: ignore[attr-defined,union-attr]


def setup(app: Sphinx) -> None:
    app.connect("doctree-read", mark)
