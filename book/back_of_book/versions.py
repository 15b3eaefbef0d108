"""What the book was built with, and how long its notebooks took."""

from __future__ import annotations

import platform
import re
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.application import Sphinx

RIGHT = ' style="text-align: right"'


def wanted(top: Path) -> list[str]:
    """The packages that pyproject.toml asks for to run and to build the book."""
    project = tomllib.loads((top / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *(line for extra in ("live", "figures", "training", "book") for line in extras[extra])]
    names = {re.match(r"[\w-]+", line)[0] for line in lines}  # type: ignore[index]
    return sorted(names - {project["name"]}, key=str.lower)


def packages(app: Sphinx) -> str:
    rows = [("Python", platform.python_version()), *((name, version(name)) for name in wanted(Path(app.srcdir)))]
    return "| package | version |\n|---|---|\n" + "\n".join(f"| {name} | {number} |" for name, number in rows)


def times(app: Sphinx) -> str:
    """Seconds differ from build to build: as HTML, which the search does not read, and only on this page."""
    data: dict[str, dict[str, Any]] = NbMetadataCollector.get_doc_data(app.env)
    found = {name: each["exec_data"]["runtime"] for name, each in sorted(data.items()) if each.get("exec_data")}
    assert not any(seconds is None for seconds in found.values()), "a notebook was not run by this build"
    front = app.config.root_doc
    titles = {name: "Front page" if name == front else app.env.titles[name].astext() for name in found}
    rows = "".join(
        f"<tr><td>{titles[name]}</td><td{RIGHT}>{found[name]:.1f}</td></tr>\n"
        for name in sorted(found, key=lambda name: (name != front, name))
    )
    total = f"<tr><th scope='row'>All</th><td{RIGHT}>{sum(found.values()):.1f}</td></tr>\n"
    head = f"<thead><tr><th>page</th><th{RIGHT}>seconds</th></tr></thead>"
    table = f'<table class="table">{head}<tbody>\n{rows}{total}</tbody></table>'
    return f'```{{raw}} html\n<div class="pst-scrollable-table-container">{table}</div>\n```'
