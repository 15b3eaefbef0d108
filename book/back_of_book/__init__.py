"""The back of the book: pages that are made of the chapters, the package and the tests when the book is built.

A page of it says where something is put, by a line `% here: NAME` or `% here: NAME ARGUMENT`; what is put there is MyST
text, made by the function of that name below. These pages are read last, when all others are known.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError

from . import api, careful, citation, coverage, prerequisites, teachers, versions

HERE = re.compile(r"^% here: ([\w-]+)(?: (.+))?$", flags=re.MULTILINE)

MADE: dict[str, Callable[..., str]] = {
    "topics": coverage.topics,
    "careful-by-source": careful.by_source,
    "careful-boxes": careful.boxes,
    "modules": api.modules,
    "module": api.module,
    "explorables": teachers.explorables,
    "exercises": teachers.exercises,
    "install": teachers.install,
    "citation": citation.citation,
    "versions": versions.packages,
    "times": versions.times,
}


def fill(app: Sphinx, document: str, source: list[str]) -> None:
    def made(found: re.Match[str]) -> str:
        if found[1] not in MADE:
            raise ExtensionError(f"{document}: there is nothing called {found[1]!r} to put here; there is {', '.join(MADE)}")
        return MADE[found[1]](app, *([found[2]] if found[2] else []))

    source[0] = HERE.sub(made, source[0])


def is_made(app: Sphinx, document: str) -> bool:
    path = Path(app.env.doc2path(document))
    return path.suffix == ".md" and HERE.search(path.read_text(encoding="utf-8")) is not None


def read_last(app: Sphinx, env: BuildEnvironment, documents: list[str]) -> None:
    documents.sort(key=lambda document: is_made(app, document))  # a stable sort: otherwise the order stays


def always_anew(app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    return [document for document in env.found_docs if is_made(app, document)]


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", fill)
    app.connect("env-before-read-docs", read_last)
    app.connect("env-get-outdated", always_anew)
    for part in (api, prerequisites, teachers, careful):
        part.setup(app)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}
