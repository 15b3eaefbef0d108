"""What to read before a chapter and what it leads to, under its title; and the role `chapter`, which names one by number."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole


@cache
def table() -> dict[str, list[str]]:
    """Chapter → the chapters to read before it."""
    found: dict[str, list[str]] = tomllib.loads(
        (Path(__file__).parent.parent / "prerequisites.toml").read_text(encoding="utf-8")
    )
    return found


def leads_to(name: str) -> list[str]:
    """The chapters that name this one as needed."""
    return [chapter for chapter, needed in table().items() if name in needed]


def reference(document: str, name: str) -> nodes.Node:
    """A link to a chapter, with its title."""
    there: dict[str, Any] = {"refdomain": "std", "reftype": "doc", "refexplicit": False, "refwarn": True}
    return pending_xref("", nodes.inline("", ""), refdoc=document, reftarget=f"/chapters/{name}", **there)


def show(app: Sphinx, document: nodes.document) -> None:
    name = app.env.docname.removeprefix("chapters/")
    if name not in table():
        return
    line = nodes.paragraph("", "", classes=["prerequisites"])
    for words, others in (("Read before", table()[name]), ("Leads to", leads_to(name))):
        there = [other for other in others if f"chapters/{other}" in app.env.found_docs]
        for i, other in enumerate(there):
            line += nodes.Text(", " if i else f"{words}: ")
            line += reference(app.env.docname, other)
        if there:
            line += nodes.Text(". ")
    title = document.next_node(nodes.title)
    if line.children and title is not None and title.parent is not None:
        title.parent.insert(title.parent.index(title) + 1, line)


class ChapterRole(SphinxRole):
    """``{chapter}`7` ``: a link to chapter 7 with its number and title; its name alone as long as it is not there."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        names = {int(name[:2]): name for name in table()}
        if not self.text.isdigit() or int(self.text) not in names:
            where = self.inliner.reporter  # type: ignore[attr-defined]
            return [], [where.error(f"There is no chapter {self.text!r}; there are {min(names)} to {max(names)}.")]
        name = names[int(self.text)]
        before = nodes.Text(f"{int(self.text)} ")
        if f"chapters/{name}" not in self.env.found_docs:
            return [before, nodes.Text(name[3:].replace("-", " ").capitalize())], []
        return [before, reference(self.env.docname, name)], []


def setup(app: Sphinx) -> None:
    app.add_role("chapter", ChapterRole())
    app.connect("doctree-read", show)
