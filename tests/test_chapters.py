"""What every chapter keeps to: the standard of CONTRIBUTING, as far as a machine can check it."""

from __future__ import annotations

import ast
import inspect
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prose import CHAPTERS, calls, cells, markdown, plain, prose

from dlcourse import exercises, live
from dlcourse.exercises import stub_of

LONGEST_CELL = 15  # lines
WIDEST_LINE = 84  # characters that the column shows without scrolling
WIDEST_PRINT = 56  # characters of printed text that a phone shows without scrolling
HIDDEN = {"hide-input", "remove-input", "show-source"}
AMERICAN = r"\b(color(?!=)|behavior|center(?!ed)|initializ|optimiz|generaliz|regulariz|normaliz|minimiz|neighbor|favor)\w*"

every_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


def test_there_are_chapters() -> None:
    assert CHAPTERS


@every_chapter
def test_notebook_is_minimal_and_stable(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    for cell in notebook["cells"]:
        assert set(cell["metadata"]) <= {"tags", "jupyter", "mystnb"}, cell["id"]


@every_chapter
def test_only_compared_outputs_are_kept(path: Path) -> None:
    for cell in cells(path, "code"):
        if "nbval-check-output" in cell["tags"]:
            assert cell["outputs"], f"{cell['id']}: nothing to compare"
            assert cell["execution_count"] == 1, f"{cell['id']}: nbval takes a cell without a count for one that never ran"
            assert all(o["output_type"] == "stream" and o["name"] == "stdout" for o in cell["outputs"]), cell["id"]
        else:
            assert (cell["outputs"], cell["execution_count"]) == ([], None), f"{cell['id']}: strip its output"


@every_chapter
def test_code_fits_on_a_screen(path: Path) -> None:
    shown = [cell for cell in cells(path, "code") if not cell["tags"] & HIDDEN]
    long = {cell["id"]: lines for cell in shown if (lines := len(cell["source"].splitlines())) >= LONGEST_CELL}
    assert not long, f"lines of each: {long}"
    wide = {cell["id"]: line for cell in shown for line in cell["source"].splitlines() if len(line) > WIDEST_LINE}
    assert not wide


@every_chapter
def test_what_a_page_folds_is_folded_in_jupyterlab(path: Path) -> None:
    """A question's code holds its answer."""
    folded = [cell["metadata"] for cell in cells(path, "code") if cell["tags"] & {"remove-input", "hide-input", "solution"}]
    assert folded
    assert all(metadata.get("jupyter", {}).get("source_hidden") for metadata in folded)


@every_chapter
def test_links_to_other_chapters_lead_there_in_jupyterlab(path: Path) -> None:
    """It follows links to files; the role `doc` names a page of the book."""
    assert "{doc}" not in markdown(path)
    targets = re.findall(r"\]\(([\w-]+\.(?:ipynb|md))\)", markdown(path))
    assert [name for name in targets if not (path.parent / name).is_file()] == []


@every_chapter
def test_printed_tables_fit_on_a_phone(path: Path) -> None:
    """A table that is cut between two of its columns looks complete there, and says the contrary of the text."""
    kept = [(cell["id"], "".join(out["text"])) for cell in cells(path, "code") for out in cell["outputs"]]
    wide = [(name, line) for name, text in kept for line in text.splitlines() if len(line) > WIDEST_PRINT]
    assert wide == []


@every_chapter
def test_figures_go_through_figures_show_with_words(path: Path) -> None:
    for cell in cells(path, "code"):
        assert "pyplot" not in cell["source"], f"{cell['id']}: draw with dlcourse.figures"
        drawn = calls(cell["source"], "show")
        assert len(calls(cell["source"], "new")) == len(drawn), f"{cell['id']}: every figures.new ends in figures.show"
        for call in drawn:
            assert "alt" in {k.arg for k in call.keywords} or len(call.args) > 1, f"{cell['id']}: a figure without alt"


@every_chapter
def test_random_numbers_are_seeded(path: Path) -> None:
    for cell in cells(path, "code"):
        assert not re.search(r"np\.random\.(?!default_rng|Generator|SeedSequence)", cell["source"]), cell["id"]
        assert not re.search(r"default_rng\(\s*\)", cell["source"]), cell["id"]


@every_chapter
def test_explorables_have_names_of_their_own_and_goals(path: Path) -> None:
    names = []
    for cell in cells(path, "code"):
        for kind in live.__all__:
            for call in calls(cell["source"], kind):
                given = {k.arg: k.value for k in call.keywords}
                if "identity" not in given:
                    continue
                if "goal" in inspect.signature(getattr(live, kind)).parameters:  # otherwise the kind has one of its own
                    assert "goal" in given, f"{cell['id']}: an explorable without a goal"
                names.append(ast.literal_eval(given["identity"]))
        names += [ast.literal_eval(c.args[0]) for c in calls(cell["source"], "Question")]
    assert len(set(names)) == len(names)
    links = re.findall(r'href="#([^?"]+)\?', markdown(path))
    assert set(links) <= set(names), "a link to an explorable that is not on the page"


@every_chapter
def test_what_a_question_says_is_words_and_mathematics(path: Path) -> None:
    """Backticks and underscores are not set there, but between dollars."""
    for cell in cells(path, "code"):
        for call in calls(cell["source"], "Question"):
            said = [n.value for arg in [*call.args[1:], *(k.value for k in call.keywords)] for n in ast.walk(arg)
                    if isinstance(n, ast.Constant) and isinstance(n.value, str)]  # fmt: skip
            assert not [words for words in said if re.search(r"[`_]", re.sub(r"\$[^$]*\$", "", words))], cell["id"]


def questions() -> list[tuple[str, ast.Call]]:
    """All questions of the book: their names, and how they are made."""
    made = [call for path in CHAPTERS for cell in cells(path, "code") for call in calls(cell["source"], "Question")]
    return [(ast.literal_eval(call.args[0]), call) for call in made]


def test_questions_have_names_of_their_own_in_the_whole_book() -> None:
    """The browser remembers answers by these names, and pages opened from one place share its memory."""
    names = [name for name, _ in questions()]
    assert len(names) > 50
    assert {name for name in names if names.count(name) > 1} == set()


@pytest.mark.parametrize(
    ("name", "exact", "rounded"), [("q-slice", 0.049, 0.05), ("q-sure", 100 * (0.02 * 0.98 / 360) ** 0.5, 0.7)]
)
def test_an_answer_rounded_to_one_digit_is_taken_where_no_more_are_asked_for(name: str, exact: float, rounded: float) -> None:
    [question] = [call for named, call in questions() if named == name]
    given = {k.arg: ast.literal_eval(k.value) for k in question.keywords if k.arg in ("answer", "tolerance", "hints")}
    reach = given["tolerance"] * given["answer"]
    assert all(abs(taken - given["answer"]) <= reach for taken in (exact, rounded))
    assert all(abs(hint - given["answer"]) > reach for hint in given["hints"])


@every_chapter
def test_what_is_to_be_seen_comes_last_in_its_cell(path: Path) -> None:
    """A notebook shows only the value of the last statement."""
    for cell in cells(path, "code"):
        for statement in ast.parse(plain(cell["source"])).body[:-1]:
            shown = isinstance(statement, ast.Expr) and ast.unparse(statement).startswith("live.")
            assert not shown, f"{cell['id']}: {ast.unparse(statement):.60} is not shown"


@every_chapter
def test_questions_and_prediction(path: Path) -> None:
    assert sum(len(calls(cell["source"], "Question")) for cell in cells(path, "code")) >= 4
    text = markdown(path)
    assert ":class: predict" in text
    assert ":class: careful" in text
    assert ":class: card-summary" in text
    for heading in ("Exercises", "One card", "The sources, and where they err", "Read next"):
        assert re.search(rf"^## {heading}$", text, flags=re.MULTILINE), heading


@every_chapter
def test_one_experiment_of_the_reader_s_own(path: Path) -> None:
    own = [cell for cell in cells(path, "code") if "interactive-only" in cell["tags"]]
    assert any("interact(" in cell["source"] for cell in own)
    for cell in cells(path, "code"):
        assert "interact(" not in cell["source"] or "interactive-only" in cell["tags"], cell["id"]


@every_chapter
def test_every_formula_with_a_number_is_referred_to_or_checked(path: Path) -> None:
    text = markdown(path)
    labels = {page: re.findall(r"^\$\$ \(([\w-]+)\)$", markdown(page), flags=re.MULTILINE) for page in CHAPTERS}
    assert labels[path]
    everywhere = [label for page in CHAPTERS for label in labels[page]]
    assert len(set(everywhere)) == len(everywhere)
    for used in re.findall(r"\{eq\}`([\w-]+)`", text):
        assert used in everywhere, used


@every_chapter
def test_what_is_linked_to_has_a_name_of_its_own(path: Path) -> None:
    """Sphinx keeps the names of sections and of formulas apart, JupyterLab does not, and wants a # before the first."""
    text = markdown(path)
    names = re.findall(r"^(?:\(|\$\$ \()([\w-]+)\)(?:=|$)", text, re.MULTILINE)
    assert names
    assert len(set(names)) == len(names)
    assert re.findall(r"\]\(([\w-]+)\)", text) == []
    assert set(re.findall(r"\]\(#([\w-]+)\)", text)) <= set(names), "another page's section is a {ref}"


@every_chapter
def test_prose_outweighs_code(path: Path) -> None:
    words = len(prose(path).split())
    code = sum(len(re.findall(r"\w+", c["source"])) for c in cells(path, "code") if not c["tags"] & (HIDDEN | {"solution"}))
    assert words >= 1.5 * code, f"{words} words of prose, {code} of code"


@every_chapter
def test_british_spelling_and_no_filler(path: Path) -> None:
    text = prose(path)
    found = re.search(AMERICAN, text, flags=re.IGNORECASE)
    assert not found, found[0]
    for filler in ("it is important to note", "as we all know", "in this section we will", "let us dive", "simply put", "!!"):
        assert filler not in text.lower()


# Exercises ---------------------------------------------------------------------------------------------------------


def pairs(path: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Stub and solution of each exercise, in order."""
    code = cells(path, "code")
    return list(zip([c for c in code if "exercise" in c["tags"]], [c for c in code if "solution" in c["tags"]], strict=True))


@every_chapter
def test_at_least_three_exercises_with_solutions(path: Path) -> None:
    text = markdown(path)
    labels = re.findall(r"```\{exercise\}[^\n]*\n:label: ([\w-]+)", text)
    assert len(labels) >= 3
    assert labels == re.findall(r"```\{solution-start\} ([\w-]+)", text)
    assert text.count("```{solution-end}") == len(labels) == len(pairs(path))
    assert text.count(":class: dropdown") >= len(labels)
    for level in ("*Recall.*", "*Apply.*", "*Open-ended.*"):
        assert level in text, level


@every_chapter
def test_stubs_come_from_their_solutions(path: Path) -> None:
    for stub, solution in pairs(path):
        assert stub["source"] == stub_of(solution["source"]), stub["id"]


@every_chapter
def test_solutions_are_right_and_stubs_are_not_answered(path: Path) -> None:
    for stub, solution in pairs(path):
        for cell, expected in ((stub, None), (solution, True)):
            name, function = calls(cell["source"], "check")[0].args
            variables: dict[str, Any] = {"np": np, "exercises": exercises}
            exec(cell["source"], variables)
            feedback = exercises.check(ast.literal_eval(name), variables[ast.unparse(function)])
            assert feedback.right is expected, f"{cell['id']}: {feedback}"
