"""A chapter begins as text: `book/new_chapter.py chapters/16-name.md` makes the notebook of it and takes the text away.

The text is MyST with `{code-cell}` blocks, whose options are the cells' metadata (`:tags: [hide-input]`). The notebook has
what the tests ask of one: names for its cells, no outputs, the metadata of the others.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from myst_nb.core.read import read_myst_markdown_notebook
from outputs import keep_what_is_compared


def convert(text: str) -> nbformat.NotebookNode:
    notebook = read_myst_markdown_notebook(text)
    for number, cell in enumerate(notebook.cells):
        cell.id = "title" if number == 0 else f"cell-{number}"
    keep_what_is_compared(notebook)
    return notebook


def main(source: Path) -> None:
    target = source.with_suffix(".ipynb")
    if target.exists():
        raise SystemExit(f"{target} is there already; nothing is written.")
    if not source.is_file():
        raise SystemExit(f"There is no {source}.")
    notebook = convert(source.read_text(encoding="utf-8"))
    target.write_text(nbformat.writes(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    source.unlink()
    print(f"{target}: written, {len(notebook.cells)} cells")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit("Name the text of a chapter: book/new_chapter.py chapters/16-name.md")
    for name in sys.argv[1:]:
        main(Path(name))
