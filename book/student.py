"""The chapters for class, without their solutions: `make student` writes them to _build/student.

What is left out is everything from a `{solution-start}` to its `{solution-end}`, and the sentence that speaks of it. The
stubs stay as they are, with the checks that answer whoever fills them; outputs are left for the class to make.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

TOP = Path(__file__).parent.parent
STUDENT = TOP / "_build" / "student"
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
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for path in sorted((TOP / "chapters").glob("*.ipynb")):
        notebook = without_solutions(nbformat.read(path, as_version=4))
        written.append(target / path.name)
        written[-1].write_text(nbformat.writes(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return written


if __name__ == "__main__":
    there = main(*map(Path, sys.argv[1:]))
    print(f"{len(there)} notebooks without solutions: {there[0].parent}")
