"""Every displayed equation of the book is checked by a cell or a test, or defines. The table is tests/equations.toml."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
from prose import CHAPTERS, TOP, cells, markdown

TABLE: dict[str, dict[str, list[str]]] = tomllib.loads((TOP / "tests" / "equations.toml").read_text(encoding="utf-8"))
EQUATION = re.compile(r"\$\$(.+?)\$\$(?:[ \t]*\(([\w-]+)\))?", re.DOTALL)
# other ways to display an equation, which the table would not see
OTHERS = re.compile(r"^\s*(?:`{3,}|:{3,})\{math\}|\\begin\{(?:align|equation|gather|multline|eqnarray)\*?\}|\$\$", re.MULTILINE)
PAGES = [
    *CHAPTERS,
    *sorted({*(TOP / "chapters").glob("*.md"), *(TOP / "chapters").glob("*.ipynb"), TOP / "index.md"} - {*CHAPTERS}),
]


def equations(texts: list[tuple[str, str]]) -> list[str]:
    """The names of the equations in (cell, text): a label, or the cell and the place in it."""
    found = []
    for cell, text in texts:
        found += [label or f"{cell}/{place}" for place, (_, label) in enumerate(EQUATION.findall(text))]
        left = OTHERS.search(EQUATION.sub("", text))
        assert left is None, f"{cell}: {left and left[0].strip()!r}: display equations by a pair of $$, each with its end"
    return found


def texts(path: Path) -> list[tuple[str, str]]:
    if path.suffix == ".md":
        return [(path.stem, markdown(path))]
    return [(cell["id"], cell["source"]) for cell in cells(path, "markdown")]


@cache
def functions(file: str) -> set[str]:
    tree = ast.parse((TOP / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@cache
def checking(page: str) -> set[str]:
    """The cells of a page that fail if something is wrong."""
    code = cells(TOP / "chapters" / f"{page}.ipynb", "code")
    return {
        c["id"]
        for c in code
        if "assert " in c["source"] or "exercises.check(" in c["source"] or "nbval-check-output" in c["tags"]
    }


def problem(page: str, check: str) -> str | None:
    if check in ("definition", "quoted"):
        return None
    if "::" in check:
        file, function = check.split("::")
        return None if function in functions(file) else f"there is no {check}"
    page, _, cell = check.rpartition("#") if "#" in check else (page, "", check)
    return None if cell in checking(page) else f"no cell {cell!r} of {page} asserts or has its output compared"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_equation_stands_in_the_table(path: Path) -> None:
    there, named = equations(texts(path)), list(TABLE.get(path.stem, {}))
    assert [name for name in there if name not in named] == [], "say in tests/equations.toml what checks it, or that it defines"
    assert [name for name in named if name not in there] == [], "gone from the chapter: take it out of tests/equations.toml"


@pytest.mark.parametrize("page", TABLE)
def test_what_checks_an_equation_exists(page: str) -> None:
    wrong = {name: why for name, checks in TABLE[page].items() for check in checks if (why := problem(page, check))}
    assert wrong == {}
    assert all(TABLE[page].values())
    assert not [name for name, checks in TABLE[page].items() if "definition" in checks and len(checks) > 1]


def test_how_many(record_property: pytest.FixtureRequest) -> None:
    every = [checks for page in TABLE.values() for checks in page.values()]
    assert len(every) > 200
    assert sum(checks == ["definition"] for checks in every) < len(every) / 3


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$$\na = b\n$$ (a-label)\n", ["a-label"]),
        ("$$ a $$ and $$ b $$", ["cell/0", "cell/1"]),
        ("- in a list\n\n  $$\n  a\n  $$\n", ["cell/0"]),
        ("no $a$ formula", []),
    ],
)
def test_the_table_sees_every_equation(text: str, found: list[str]) -> None:
    assert equations([("cell", text)]) == found


@pytest.mark.parametrize("text", ["$$ a = b", "```{math}\na\n```", "\\begin{align}\na\n\\end{align}"])
def test_what_the_table_would_not_see_is_refused(text: str) -> None:
    with pytest.raises(AssertionError, match="display equations by"):
        equations([("cell", text)])


@pytest.mark.parametrize(
    "check", ["no-such-cell", "erm-losses", "02-networks#mean-median", "tests/test_optim.py::test_nothing"]
)
def test_a_check_that_is_not_there_is_found(check: str) -> None:
    assert problem("01-empirical-risk-minimisation", check)
