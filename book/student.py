"""The chapters for class, without their solutions: `make student` writes them to student/, which no build empties.

What is left out is everything from a `{solution-start}` to its `{solution-end}`, and the sentence that speaks of it. The
stubs stay as they are, with the checks that answer whoever fills them; outputs are left for the class to make.
Nothing is written over a copy that someone has edited.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

TOP = Path(__file__).parent.parent
STUDENT = TOP / "student"
START, END = "```{solution-start}", "```{solution-end}"
ANNOUNCED = re.compile(r" ?Solutions are folded below\.")


def without_solutions(notebook: NotebookNode) -> NotebookNode:
    """The same notebook for class.

    Raises ValueError where a solution begins or ends twice, or never ends.
    """
    kept, inside = [], False
    for cell in notebook.cells:
        starts, ends = cell.source.lstrip().startswith(START), cell.source.lstrip().startswith(END)
        if (starts and inside) or (ends and not inside):
            raise ValueError(f"student: {cell.source.splitlines()[0]!r} stands where the other mark is needed")
        if not (inside or starts):
            kept.append(cell)
        inside = starts or (inside and not ends)
    if inside:
        raise ValueError("student: the last solution of the notebook never ends")
    clean = NotebookNode({**notebook, "cells": [bare(cell) for cell in kept]})
    nbformat.validate(clean)
    return clean


def bare(cell: NotebookNode) -> NotebookNode:
    """A cell that has not run, and does not speak of what is left out."""
    if cell.cell_type != "code":
        return NotebookNode({**cell, "source": ANNOUNCED.sub("", cell.source)})
    return NotebookNode({**cell, "outputs": [], "execution_count": None})


def main(target: Path = STUDENT) -> list[Path]:
    """Raises FileExistsError, and writes nothing, where a copy says something else than the one to be written."""
    copies = {}
    for path in sorted((TOP / "chapters").glob("*.ipynb")):
        notebook = without_solutions(nbformat.read(path, as_version=4))
        copies[target / path.name] = nbformat.writes(notebook, indent=1, ensure_ascii=False) + "\n"
    other = [path.name for path, copy in copies.items() if path.exists() and path.read_text(encoding="utf-8") != copy]
    if other:
        raise FileExistsError(
            f"{target} holds other copies of {', '.join(other)}: edited, or of another version. Nothing is written; "
            "move them away, or name another folder: make student COPIES=folder"
        )
    target.mkdir(parents=True, exist_ok=True)
    for path, copy in copies.items():
        path.write_text(copy, encoding="utf-8")
    return list(copies)


if __name__ == "__main__":
    try:
        there = main(*map(Path, sys.argv[1:]))
    except FileExistsError as error:
        sys.exit(str(error))
    print(f"{len(there)} notebooks without solutions: {there[0].parent.resolve()}")
