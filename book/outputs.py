"""Run every chapter and write back what a commit keeps (`make outputs`): the printed text of cells tagged
nbval-check-output, which every test run compares, and nothing else of what a run leaves in a notebook.

With `--strip` first, nothing is run: what a commit does not keep is taken away (a hook of .pre-commit-config.yaml)."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

CHAPTERS = Path(__file__).parent.parent / "chapters"
COMPARED = "nbval-check-output"
# Every kernel would warn that its connection is not encrypted. What the code of a notebook warns of is no part of this log.
QUIET = ["--log-level=ERROR"]


def keep_what_is_compared(notebook: nbformat.NotebookNode) -> None:
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        compared = COMPARED in cell.metadata.get("tags", [])
        cell.execution_count = 1 if compared else None  # nbval takes a cell without a count as never run
        cell.outputs = cell.outputs if compared else []
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = 1
        cell.metadata.pop("execution", None)


def main(paths: list[Path], run: bool = True) -> None:
    if missing := [str(path) for path in paths if not path.is_file()]:
        raise SystemExit(f"There is no {', no '.join(missing)}; nothing is run.")
    for path in paths:
        before = path.read_text(encoding="utf-8")
        notebook = nbformat.reads(before, as_version=4)
        if run:
            NotebookClient(
                notebook, timeout=600, extra_arguments=QUIET, resources={"metadata": {"path": str(path.parent)}}
            ).execute()
        keep_what_is_compared(notebook)
        after = nbformat.writes(notebook, indent=1, ensure_ascii=False) + "\n"
        if after != before:
            path.write_text(after, encoding="utf-8")
            print(f"{path}: written")


if __name__ == "__main__":
    names = [name for name in sys.argv[1:] if name != "--strip"]
    main([Path(name) for name in names] or sorted(CHAPTERS.glob("*.ipynb")), run="--strip" not in sys.argv)
