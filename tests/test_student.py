"""The notebooks for class: no solution is left, every stub is, and a stub that is filled is the solution that passes."""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from pathlib import Path

import nbformat
import pytest
from prose import CHAPTERS, TOP, cells

sys.path.insert(0, str(TOP / "book"))

import student

from dlcourse.exercises.checking import BEGIN, END, GAP


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {path.stem: path for path in student.main(tmp_path_factory.mktemp("student"))}


def body(solution: str) -> str:
    """What stands between the markers."""
    return textwrap.dedent(solution.split(f"{BEGIN}\n", 1)[1].rsplit(END, 1)[0].rstrip(" "))


def lines(source: str) -> set[str]:
    return {line.strip() for line in source.splitlines() if line.strip()}


def test_there_is_one_of_every_notebook(made: dict[str, Path]) -> None:
    assert sorted(made) == sorted(path.stem for path in (TOP / "chapters").glob("*.ipynb"))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_no_solution_is_left_and_every_stub_can_be_filled(path: Path, made: dict[str, Path]) -> None:
    text = nbformat.read(made[path.stem], as_version=4)
    assert not [cell for cell in text.cells if "solution" in cell.metadata.get("tags", []) or cell.get("outputs")]
    everything = "\n".join(cell.source for cell in text.cells)
    assert not re.search(rf"\{{solution|solutions are|^\s*({BEGIN}|{END})$", everything, flags=re.MULTILINE | re.IGNORECASE)

    code = cells(path, "code")
    before = {cell["id"]: cell["source"] for cell in code if "solution" not in cell["tags"]}
    assert {cell.id: cell.source for cell in text.cells if cell.cell_type == "code"} == before
    told = lines("\n".join(before.values()))  # what the chapter itself shows is no secret
    stubs = [cell for cell in text.cells if "exercise" in cell.metadata.get("tags", [])]
    solutions = [cell for cell in code if "solution" in cell["tags"]]
    for stub, solution in zip(stubs, solutions, strict=True):
        secret = {line for line in lines(body(solution["source"])) - told if len(line) > 12}
        assert not {line for line in secret if line in everything}, solution["id"]
        gap = next(line for line in stub.source.splitlines() if line.strip() == GAP)
        filled = stub.source.replace(gap, textwrap.indent(body(solution["source"]).rstrip("\n"), gap.removesuffix(GAP)))
        # The same code as the solution, which passes its checks in tests/test_chapters.py.
        assert ast.dump(ast.parse(filled)) == ast.dump(ast.parse(solution["source"])), stub.id


def test_an_edited_copy_is_never_written_over(tmp_path: Path) -> None:
    written = student.main(tmp_path / "class")
    assert student.main(tmp_path / "class") == written  # what is as it was written may be written again
    written[3].write_text(written[3].read_text(encoding="utf-8") + " ", encoding="utf-8")
    written[5].unlink()
    with pytest.raises(FileExistsError, match=rf"other copies of {written[3].name}: .* make student COPIES=folder"):
        student.main(tmp_path / "class")
    assert written[3].read_text(encoding="utf-8").endswith(" ")
    assert not written[5].exists()


def test_copies_stay_where_no_build_and_no_commit_takes_them() -> None:
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    assert f"COPIES ?= {student.STUDENT.name}\n" in makefile
    assert f"{student.STUDENT.name}/\n" in (TOP / ".gitignore").read_text(encoding="utf-8")
    assert not re.search(rf"^\trm .*\b{student.STUDENT.name}\b", makefile, flags=re.MULTILINE)
    assert student.STUDENT.parent == TOP


@pytest.mark.parametrize(
    "marks",
    [
        ["solution-start", "solution-start"],
        ["solution-end"],
        ["solution-start"],
        ["solution-start", "solution-end", "solution-end"],
    ],
)
def test_marks_out_of_place_are_refused(marks: list[str]) -> None:
    text = [nbformat.v4.new_markdown_cell(f"```{{{mark}}} name\n```") for mark in marks]
    with pytest.raises(ValueError, match="student: "):
        student.without_solutions(nbformat.v4.new_notebook(cells=text))
