"""What a chapter says: its numbers come from its cells, its terms stand in the glossary, its symbols in Notation."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from numbers_in_prose import ALLOWED
from prose import (
    CHAPTERS,
    DIRECTIVE,
    DISPLAYED,
    INLINE,
    NOTATION,
    ROLE,
    TERM,
    TOP,
    Quoted,
    calls,
    cells,
    formulas,
    glossary,
    is_produced,
    linked_terms,
    markdown,
    notation,
    numbers,
    produced,
    read_number,
    strip,
    symbols,
)
from pybtex.database import parse_file

every_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


# How it begins ----------------------------------------------------------------------------------------------------


@every_chapter
def test_opens_with_a_question_and_something_that_moves(path: Path) -> None:
    first, second = [(kind, cell) for kind, cell in in_order(path) if kind == "markdown" or "remove-cell" not in cell["tags"]][
        :2
    ]
    assert first[0] == "markdown"
    assert re.match(r"# [^\n]+\n\n\*[^*\n]+\?\*\n\n", first[1]["source"]), "a title, and the question in italics"
    assert second[0] == "code"
    assert re.search(r"\blive\.(?!Question)[A-Z]", second[1]["source"]), "the first cell is an explorable"


def in_order(path: Path) -> list[tuple[str, dict]]:  # type: ignore[type-arg]
    every = {kind: {c["id"]: c for c in cells(path, kind)} for kind in ("markdown", "code")}
    order = re.findall(r'^   "id": "([\w-]+)"', path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [(kind, every[kind][name]) for name in order for kind in every if name in every[kind]]


@every_chapter
def test_says_what_one_will_be_able_to_do(path: Path) -> None:
    goals = re.search(r"^\*\*After this chapter you can\*\*\n\n((?:- .+\n)+)", markdown(path), flags=re.MULTILINE)
    assert goals
    assert goals[1].count("\n- ") + 1 >= 3


# Numbers ----------------------------------------------------------------------------------------------------------


def claims(path: Path) -> list[tuple[str, Quoted]]:
    """(cell, number) for all that is written: text, questions and their answers, goals, alternative texts."""
    found = [(cell["id"], n) for cell in cells(path, "markdown") for n in numbers(cell["source"])]
    for cell in cells(path, "code"):
        found += [(cell["id"], n) for text in said(cell["source"]) for n in numbers(text) if "." in n.text]
    return found


def said(source: str) -> list[str]:
    """What a cell of code says to the reader in questions and of figures."""
    nodes = [node for kind in ("Question", "show") for call in calls(source, kind) for node in ast.walk(call)]
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


@every_chapter
def test_says_nothing_twice_in_a_row(path: Path) -> None:
    for text in (markdown(path), *(text for cell in cells(path, "code") for text in said(cell["source"]))):
        twice = re.search(r"(?<!\S)((?:[^\s|]+ ){2,8}[^\s|]+?),? \1(?!\w)", text)
        assert not twice, twice[0]


@every_chapter
def test_every_number_comes_from_a_cell(path: Path) -> None:
    allowed = {read_number(text).value for text in ALLOWED.get(path.stem, {})}
    values = produced(path)
    unfounded = [f"{n.text} in {cell}" for cell, n in claims(path) if not is_produced(n, values) and n.value not in allowed]
    assert not unfounded, f"no cell prints, asserts or sets {'; '.join(unfounded)}"


def test_exceptions_are_needed_and_explained() -> None:
    for chapter, exceptions in ALLOWED.items():
        path = TOP / "chapters" / f"{chapter}.ipynb"
        values = produced(path)
        unfounded = {n.value for _, n in claims(path) if not is_produced(n, values)}
        for text, why in exceptions.items():
            assert read_number(text).value in unfounded, f"{chapter}: {text} needs no exception"
            assert len(why) > 10, f"{chapter}: say why {text} is allowed"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The rate is 0.37 after 1,200 steps.", ["0.37", "1,200"]),
        ("In chapters 3 and 4, in 1986, source 003 says 30.", ["30"]),
        ("A formula $\\alpha = 0.05$, $\\theta_{12}$ and $$ 7.5 $$ and `x = 8.5`.", ["0.05"]),
        ("See {eq}`gd-7.5`, <a href='#edge?alpha=0.02'>α = 0.03</a> and {cite:p}`a2016`.", ["0.03"]),
        ("| 003 | about 94 % |", ["94"]),
        ("1. first\n2. second 2.5", ["2.5"]),
    ],
)
def test_the_reading_of_numbers(text: str, found: list[str]) -> None:
    assert [n.text for n in numbers(text.replace("'", '"'))] == found


@pytest.mark.parametrize(
    ("text", "value", "right"),
    [
        ("0.147", 0.14712, True),
        ("0.147", 0.1478, False),
        ("94", 0.9412, True),
        ("94", 0.912, False),
        ("1,797", 1797.0, True),
        ("1,797", 1800.0, False),
        ("50", 49.7, True),
        ("−3", 3.0, True),
        ("3e-4", 0.0003, True),
        ("3e-4", 0.001, False),
    ],
)
def test_a_quotation_is_a_rounded_value(text: str, value: float, right: bool) -> None:
    assert is_produced(read_number(text), {value}) is right


# Terms ------------------------------------------------------------------------------------------------------------


def mentions(text: str) -> list[tuple[str, bool]]:
    """The glossary's terms in a text in order, and whether each mention is a link; the longest term at a place counts."""
    text = re.sub(TERM, lambda m: f"⟦{' '.join((m[2] or m[1]).split())}⟧", text)
    text = strip(text, DISPLAYED, INLINE, ROLE, DIRECTIVE, r"^#+ [^\n]*$", r"<[^>]+>")
    longest_first = sorted(glossary(), key=len, reverse=True)
    words = "|".join(re.escape(term).replace(r"\ ", r"\s+") for term in longest_first)
    found = re.finditer(rf"⟦([^⟧]+)⟧|(?<![\w-])({words})(?:s|es)?(?![\w-])", text, flags=re.IGNORECASE)
    lower = {term.lower(): term for term in glossary()}
    return [(m[1], True) if m[1] else (lower[" ".join(m[2].lower().split())], False) for m in found]


@every_chapter
def test_linked_terms_are_explained(path: Path) -> None:
    for term in linked_terms(markdown(path)):
        assert term in glossary(), f"{term!r} is not in the glossary"


def test_every_entry_of_the_glossary_is_linked_where_it_is_first_used() -> None:
    listed = re.findall(
        r"^ *- file: chapters/(\d\d-[\w-]+)$", (TOP / "_toc.yml").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert listed == [path.stem for path in CHAPTERS], "the order of _toc.yml is that of the numbers, and no chapter is missing"
    first: dict[str, tuple[str, bool]] = {}
    for path in CHAPTERS:
        for term, link in mentions(markdown(path)):
            first.setdefault(term, (path.stem, link))
    unused = set(glossary()) - set(first)
    assert not unused, f"no chapter uses {sorted(unused)}"
    bare = [f"{term} in {chapter}" for term, (chapter, link) in first.items() if not link]
    assert not bare, f"link the first mention of {'; '.join(bare)}"


def test_the_glossary_is_in_order() -> None:
    assert glossary() == sorted(glossary(), key=str.lower)
    assert len(set(glossary())) == len(glossary())


@every_chapter
def test_a_short_phrase_in_bold_is_a_term(path: Path) -> None:
    """Bold introduces a term (or emphasises a whole statement); a word that only needs stress is in italics."""
    for phrase in re.findall(r"(?<!\*)\*\*([a-zα-ω][^*\n]*)\*\*", strip(markdown(path), DISPLAYED, INLINE)):
        assert "{term}" in phrase or len(phrase.split()) > 3, f"{phrase!r}: link it to the glossary, or use italics"


def test_longer_terms_hide_shorter_ones() -> None:
    found = mentions("Stochastic gradient descent, then {term}`epochs <epoch>`, then gradients and $gradient$.")
    assert found == [("stochastic gradient descent", False), ("epoch", True), ("gradient", False)]


# Symbols ----------------------------------------------------------------------------------------------------------


@every_chapter
def test_every_symbol_stands_in_notation(path: Path) -> None:
    number = path.stem[:2]
    known = notation()[""] | notation().get(number, set())
    used = set().union(*(symbols(formula) for formula in formulas(markdown(path))))
    new, unused = sorted(used - known), sorted(notation().get(number, set()) - used)
    assert not new, f"add {new} to {NOTATION.name}, in the table of the course or of chapter {int(number)}"
    assert not unused, f"{unused} are listed for this chapter and not used in it"


def test_notation_lists_chapters_that_exist() -> None:
    assert set(notation()) - {""} <= {path.stem[:2] for path in CHAPTERS}


# References -------------------------------------------------------------------------------------------------------


def test_what_is_cited_is_listed_and_what_is_listed_is_cited() -> None:
    listed = re.findall(r"^@\w+\{([\w-]+),", (TOP / "chapters" / "references.bib").read_text(encoding="utf-8"), re.MULTILINE)
    pages = [*CHAPTERS, NOTATION, TOP / "index.md"]
    cited = {
        key.strip()
        for page in pages
        for keys in re.findall(r"\{cite[:\w]*\}`([^`]+)`", markdown(page))
        for key in keys.split(",")
    }
    assert len(set(listed)) == len(listed)
    assert cited == set(listed)


def test_every_reference_can_be_read_and_they_stand_in_order() -> None:
    """Two chapters that add references side by side can lose a closing brace between them."""
    listed = list(parse_file(TOP / "chapters" / "references.bib", "bibtex").entries)
    assert listed == sorted(listed)
