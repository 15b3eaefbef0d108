"""What must not pass does not: each fault is put into a copy, and the check that everybody runs is seen to fail at it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Edit = Callable[[Path], None]


def run(folder: Path, *command: str) -> tuple[int, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment | {"NO_COLOR": "1"}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def edit(path: Path, pattern: str, new: str) -> None:
    """One place of a file, which must be there."""
    text, count = re.subn(pattern, new, path.read_text(encoding="utf-8"), count=1, flags=re.DOTALL)
    assert count == 1, f"{path.name} has no {pattern!r}"
    path.write_text(text, encoding="utf-8")


def notebook(*cells: dict[str, Any]) -> str:
    meant = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return json.dumps({"cells": cells, "metadata": meant, "nbformat": 4, "nbformat_minor": 5})


def code(name: str, source: str, printed: str | None = None) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": name,
        "metadata": {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }
    if printed is not None:
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": printed}]
        cell |= {"metadata": {"tags": ["nbval-check-output"]}, "execution_count": 1}
    return cell


# --- `make test` ------------------------------------------------------------------------------------------------------

# fault → what is changed in a copy, the test of the project that must notice, and what it says
CHAPTER = "chapters/06-gradient-descent.ipynb"
FAULTS: dict[str, tuple[Edit, str, str]] = {
    "a stale bundle": (
        lambda top: edit(top / "js" / "src" / "mount.js", r"\Z", "// and more\n"),
        "tests/test_house.py::test_the_committed_bundle_is_of_these_sources",
        "stale: run `make bundle`",
    ),
    "a lock without a package": (
        lambda top: edit(top / "requirements.txt", r"\nmatplotlib==[^\n]*", ""),
        "tests/test_house.py::test_the_lock_is_within_the_ranges",
        "run `make lock`",
    ),
    "an unmapped item": (
        lambda top: edit(top / "tests" / "coverage_map.py", r"\Z", '\ndel ITEMS["A1"]\n'),
        "tests/test_coverage_map.py::test_every_item_stands_in_the_table",
        "'A1'",
    ),
    "a figure without words": (
        lambda top: edit(top / CHAPTER, r"figures\.show\(fig, alt=", "figures.show(fig, title="),
        "tests/test_chapters.py::test_figures_go_through_figures_show_with_words[06-gradient-descent]",
        "a figure without alt",
    ),
    "an unchecked equation": (
        lambda top: edit(top / CHAPTER, r"\$\$ \(gd-update\)", "$$ (gd-other)"),
        "tests/test_equations.py::test_every_equation_stands_in_the_table[06-gradient-descent]",
        "'gd-other'",
    ),
    "a vendored file that was changed": (
        lambda top: edit(top / "book" / "static" / "vendor" / "mathjax" / "startup.js", r"\Z", "\n"),
        "tests/test_house.py::test_vendored_files_are_those_of_the_manifest",
        "mathjax/startup.js",
    ),
    "a drifted output": (
        lambda top: (top / "chapters" / "drifted.ipynb").write_text(notebook(code("sum", "print(1 + 1)", "3\n"))) and None,
        "chapters/drifted.ipynb::Cell 0",
        "Cell outputs differ",
    ),
    "a failing cell": (
        lambda top: (top / "chapters" / "failing.ipynb").write_text(notebook(code("wrong", "assert 1 + 1 == 3"))) and None,
        "chapters/failing.ipynb::Cell 0",
        "assert 1 + 1 == 3",
    ),
}


def test_make_test_fails_at_each(repository: Path, tmp_path: Path) -> None:
    """All at once, as pytest goes on after a failure; that the same tests pass without is what this run of them shows."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=repository, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (repository / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(repository / name, tmp_path / name)
    for change, _, _ in FAULTS.values():
        change(tmp_path)
    tests = [test.split("::Cell")[0] for _, test, _ in FAULTS.values()]
    status, said = run(tmp_path, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", *tests)
    assert status == 1, said[-3000:]
    for fault, (_, test, words) in FAULTS.items():
        assert f"FAILED {test}" in said, f"{fault} is not noticed:\n{said[-3000:]}"
        assert words in said, f"{fault}: {said[-3000:]}"


# --- `make book` ------------------------------------------------------------------------------------------------------

CONTENTS = "format: jb-book\nroot: index\nchapters:\n- file: chapters/page\n- file: chapters/references\n"
FRONT = "# A tiny book\n\nRead {doc}`the page <chapters/page>`, from {ref}`its place <place>` on.\n"
TEXT = "# A page\n\n(place)=\n## A place\n\nSee {cite:p}`reddi2018` and [the front](../index.md).\n\n![A square](square.svg)\n"
SQUARE = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9H0z"/></svg>'


def tiny_book(repository: Path, folder: Path, front: str = FRONT, text: str = TEXT, source: str = "print(1 + 1)") -> Path:
    """A book of two pages with the project's own configuration and extension."""
    (folder / "chapters").mkdir()
    (folder / "_toc.yml").write_text(CONTENTS)
    (folder / "index.md").write_text(front)
    (folder / "chapters" / "square.svg").write_text(SQUARE)
    title = {"cell_type": "markdown", "id": "title", "metadata": {}, "source": text}
    (folder / "chapters" / "page.ipynb").write_text(notebook(title, code("sum", source)))
    shutil.copy(repository / "_config.yml", folder)
    shutil.copytree(repository / "book", folder / "book", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("references.md", "references.bib"):
        shutil.copy(repository / "chapters" / name, folder / "chapters")
    return folder


def make_book(repository: Path, folder: Path) -> tuple[int, str]:
    """As the Makefile builds it, in its own words."""
    recipe = re.search(
        r'\$\(PY\) (-c "from jupyter_book[^"]*") (build .*) \$\(BOOKFLAGS\)', (repository / "Makefile").read_text()
    )
    assert recipe, "the recipe of `make book` has changed"
    return run(folder, "-c", recipe[1].removeprefix("-c ").strip('"'), *recipe[2].split())


@pytest.mark.nightly
def test_the_tiny_book_is_built(repository: Path, tmp_path: Path) -> None:
    status, said = make_book(repository, tiny_book(repository, tmp_path))
    assert status == 0, said[-3000:]
    assert (tmp_path / "_build" / "html" / "index.html").is_file()


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"source": "assert 1 + 1 == 3"}, "CellExecutionError"),
        ({"source": "import warnings; warnings.warn('careless')"}, "stderr"),
        ({"text": TEXT.replace("square.svg", "circle.svg")}, "image file not readable"),
        ({"text": TEXT.replace("![A square]", "![]")}, "a picture without words"),
        ({"text": TEXT.replace("reddi2018", "nobody1900")}, "nobody1900"),
        ({"text": TEXT.replace("../index.md", "../nowhere.md")}, "nowhere"),
        ({"front": FRONT.replace("chapters/page>", "chapters/nowhere>")}, "nowhere"),
        ({"front": FRONT.replace("<place>", "<no-place>")}, "no-place"),
    ],
    ids=["failing cell", "warning", "missing image", "no alt", "unknown citation", "dead link", "dead page", "dead label"],
)
def test_make_book_fails_at_it(changes: dict[str, str], words: str, repository: Path, tmp_path: Path) -> None:
    status, said = make_book(repository, tiny_book(repository, tmp_path, **changes))
    assert status != 0
    assert words in said, said[-3000:]
