"""The pages that are made when the book is built hold all that they are made of, and nothing by hand.

What becomes of them in the built pages is in tests/browser/test_made_pages.py.
"""

from __future__ import annotations

import doctest
import inspect
import re
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from coverage_map import ITEMS
from prose import CHAPTERS, cells, markdown
from sphinx.ext.autodoc.preserve_defaults import update_defvalue
from test_public_names import PUBLIC

import dlcourse
from dlcourse import live
from dlcourse.exercises.checking import EXERCISES, load

TOP = Path(__file__).parent.parent
sys.path.insert(0, str(TOP / "book"))  # as Sphinx does for local extensions

from back_of_book import HERE, MADE, api, careful, chapters, citation, coverage, prerequisites, teachers, versions  # noqa: E402


class App:
    """As much of Sphinx as these functions ask for."""

    srcdir = str(TOP)


APP: Any = App()
ANYTHING = "(*args, **kwargs)"


def test_every_page_asks_for_what_there_is_and_everything_is_asked_for() -> None:
    asked = [
        (name, argument)
        for folder in ("chapters", "api")
        for page in sorted((TOP / folder).glob("*.md"))
        for name, argument in HERE.findall(page.read_text(encoding="utf-8"))
    ]
    assert len(set(asked)) == len(asked)
    assert {name for name, _ in asked} == set(MADE)
    assert {argument for _, argument in asked if argument} == set(api.MODULES)


@pytest.mark.parametrize("module", [api, chapters])
def test_their_examples_run(module: Any) -> None:
    failed, attempted = doctest.testmod(module)
    assert failed == 0 < attempted


# --- topics -----------------------------------------------------------------------------------------------------------


def test_topics_are_those_of_the_table() -> None:
    text = coverage.topics(APP)
    for name, item in ITEMS.items():
        assert text.count(f"\n{name} · {item.title}\n") == 1
    assert text.count("*Planned.*") == sum(not item.covered for item in ITEMS.values())
    sections = sum(len(item.sections) for item in ITEMS.values())
    assert len(re.findall(r"\[[^\]]+\]\([\w-]+\.ipynb(?:#[\w-]+)?\)", text)) == sections


def test_the_code_of_a_section_is_what_its_cells_use() -> None:
    rule = coverage.functions(TOP, ["chapters/06-gradient-descent.ipynb#The rule"])
    assert rule == ["dlcourse.optim.GradientDescent"]
    whole = coverage.functions(TOP, ["chapters/06-gradient-descent.ipynb#Gradient descent"])
    assert {"dlcourse.live.Descent", "dlcourse.optim.descend", "dlcourse.grad"} <= set(whole)
    for item in ITEMS.values():
        assert all(full in api.documented().values() for full in coverage.functions(TOP, item.sections))


def test_a_test_is_named_by_what_it_shows() -> None:
    listed = coverage.tests(["tests/test_a.py::test_one_thing", "tests/test_b.py::test_x", "tests/test_a.py::test_another"])
    assert listed == ["`tests/test_a.py`: one thing; another", "`tests/test_b.py`: x"]


# --- careful ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_box_and_every_row_is_collected(path: Path) -> None:
    chapter = chapters.read(path)
    boxes = careful.boxes_of(chapter)
    assert len(boxes) == markdown(path).count(":class: careful") > 0
    for box in boxes:
        assert box.body, box.title
        assert not re.search(r"^\$\$ \(|^\([\w-]+\)=|href=\"#", box.body, flags=re.MULTILINE)
    table = markdown(path).split("## The sources, and where they err", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in table.splitlines() if re.match(r"\| *\d{3}", line)]
    collected = list(careful.rows_of(chapter))
    assert len({(says, holds) for _, says, holds in collected}) == len(rows), "a row is | source | says | what holds |"
    assert rows or "draws on none of the sources" in table, "one row for each thing that a source says, or say that none does"


def test_chapters_that_are_named_are_linked() -> None:
    text = "As in chapter 6 ({doc}`chapter 7 <07-momentum>`, [chapter 8](08-adaptive-methods.ipynb))."
    made = text.replace("chapter 6", "{doc}`chapter 6 <06-gradient-descent>`")
    assert careful.linked(text, TOP) == made == careful.linked(made, TOP)


# --- reference --------------------------------------------------------------------------------------------------------


def test_every_public_name_is_documented() -> None:
    missing = [name for name in PUBLIC if f"dlcourse.{name}" not in api.documented()]
    assert missing == []
    engine = [name for name in dlcourse.__all__ if not inspect.ismodule(getattr(dlcourse, name))]
    assert [name for name in engine if api.documented()[f"dlcourse.{name}"] != f"dlcourse.{name}"] == []


def test_a_thing_is_described_once_under_one_name() -> None:
    documented = api.documented()
    assert documented["dlcourse.optim.armijo"] == documented["dlcourse.optim.line_search.armijo"]
    text = "\n".join(api.module(APP, name) for name in api.MODULES)
    described = re.findall(r"^\.\. (?:autoclass|autofunction|autoexception|py:data):: (\S+)$", text, flags=re.MULTILINE)
    assert sorted(described) == sorted(set(documented.values()))


def test_every_name_on_the_first_page_of_the_reference_is_a_link() -> None:
    linked = re.findall(r"`([\w.]+) <([\w.]+)>`", api.modules(APP))
    assert "optim.armijo" in dict(linked)
    assert {full for _, full in linked} == set(api.documented().values())


def test_every_module_on_that_page_leads_to_its_description() -> None:
    text = api.modules(APP)
    linked = re.findall(r"^\[[^\]]+\]\(([\w.]+)(?:#[\w-]+)?\) · `([\w.]+)`$", text, flags=re.MULTILINE)
    assert [known_as for _, known_as in linked] == list(api.MODULES.values())
    assert ("optim.md", "dlcourse.optim") in linked
    assert "[Programs](engine.md#programs) · `dlcourse`" in text


def test_a_class_of_traits_says_what_its_init_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is written there, not as its value prints."""
    init = live.Playground.__init__
    monkeypatch.setattr(init, "__signature__", inspect.signature(init), raising=False)  # taken back at the end
    config = SimpleNamespace(autodoc_preserve_defaults=True)
    app: Any = SimpleNamespace(config=config, emit=lambda event, *given: update_defvalue(app, *given))
    said = api.say_what_it_takes(app, "class", "", live.Playground, None, ANYTHING, None)
    assert said == ('(*, identity="playground", challenges=CHALLENGES, **state)', None)
    assert api.say_what_it_takes(APP, "function", "", len, None, ANYTHING, None) is None


@pytest.mark.nightly
@pytest.mark.parametrize("name", api.MODULES)
def test_examples_run_after_the_lines_that_the_reference_names(name: str) -> None:
    names: dict[str, Any] = {}
    for line in ("import numpy as np", "from dlcourse import *", f"from {name} import *"):
        exec(line, names)
    finder, runner = doctest.DocTestFinder(), doctest.DocTestRunner()
    for each, thing in api.offered(name):
        for example in finder.find(thing, each, module=None if inspect.isclass(thing) else False, globs=names):
            runner.run(example)
    assert runner.tries > 0
    assert runner.failures == 0


def letters(text: str) -> str:
    """A text without spaces, the signs that markup is made of, and those that stand between two arguments."""
    return re.sub(r"[\s\\`*:.,;]", "", text)


@pytest.mark.parametrize("full", sorted(set(api.documented().values())))
def test_a_docstring_loses_nothing_on_its_way(full: str) -> None:
    """All its letters come out in their order; what comes in is directives, and the targets of links."""
    module, name = full.rsplit(".", 1)
    docstring = inspect.getdoc(getattr(sys.modules[module], name)) or ""
    made = "\n".join(api.to_rst(docstring.splitlines(), full))
    made = re.sub(r":py:obj:`([^`<]+) <[^`>]+>`", r"\1", made).replace(".. code-block:: text\n", "")
    plain = re.sub(r"^-{3,}$", "", docstring, flags=re.MULTILINE)
    assert letters(made) == letters(plain)


def test_formulas_stay_text_and_words_are_no_markup() -> None:
    made = api.to_rst(
        [
            "Of x_t and |W|, a * b.",
            "",
            "    θ ← θ − α ∇J(θ)",
            "",
            "X, y : rows. rng : shuffles `X`. a : (n,), b : (m,). Raises `Odd`.",
        ]
    )
    assert made == [
        r"Of x\_t and \|W\|, a \* b.", "", ".. code-block:: text", "", "    θ ← θ − α ∇J(θ)", "",
        "X, y", "    rows.", "", "rng", r"    shuffles \ ``X``\ .", "", "a", "    (n,)", "", "b", "    (m,).", "",
            r"Raises \ ``Odd``\ .",
        ]  # fmt: skip


def test_a_word_in_backticks_is_linked_if_it_means_one_thing() -> None:
    assert api.meant("HeavyBall", "dlcourse.optim.Momentum") == "dlcourse.optim.HeavyBall"
    assert api.meant("optim.HeavyBall", "dlcourse.training.fit") == "dlcourse.optim.HeavyBall"
    assert api.meant("theta", "dlcourse.training.fit") is None
    assert api.meant("Momentum", "dlcourse.optim.Momentum") is None, "no link to where one is"


# --- for teachers -----------------------------------------------------------------------------------------------------


def test_every_exercise_is_listed_at_its_level() -> None:
    load()
    text = teachers.exercises(APP)
    assert sorted(re.findall(r"\(`([\w-]+)`\)$", text, flags=re.MULTILINE)) == sorted(EXERCISES)
    levels = text.split("### ")
    assert "`walk`" in next(part for part in levels if part.startswith("Recall"))
    assert "`spend`" in next(part for part in levels if part.startswith("Open-ended"))


def test_settings_are_those_of_buttons_challenges_and_text() -> None:
    spec = {"shows": [{"label": "Far", "set": {"start": [1.5, -2], "on": True}}], "challenges": [{"name": "a", "title": "1 A"}]}
    text = 'See <a href="#x?alpha=0.1">*here*,</a> <a href="#y?alpha=1">there</a>, <a href="#x?start=1.5,-2&on=true">far</a>.'
    found = teachers.each_once(teachers.settings("x", spec, text))
    assert found == (("start", "#x"), ("Far", "#x?start=1.5,-2&on=true"), ("1 A", "#x?challenge=a"), ("here", "#x?alpha=0.1"))


def test_a_setting_is_listed_once_whatever_its_article() -> None:
    labels = ["a curved valley", "Curved valley", "the curved valley", "another valley"]
    found = teachers.each_once(teachers.Setting(label, f"#x?a={i}") for i, label in enumerate(labels))
    assert [setting.label for setting in found] == ["a curved valley", "another valley"]


def test_students_install_all_that_a_notebook_needs() -> None:
    assert ",lab]" in teachers.install(APP)
    extras = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert any(line.startswith("jupyterlab-myst") for line in extras["lab"])


# --- how to cite ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("date", ['"2026-11-26"', "2026-11-26"])
def test_the_citation_is_read_as_others_write_it(date: str, tmp_path: Path) -> None:
    """Without quotation marks, as GitHub's form writes it, a date is no text to YAML; some people have one name."""
    authors = "authors:\n  - {family-names: Plato}\n  - {given-names: Ada, family-names: Lovelace}\n"
    cff = f"title: T\n{authors}version: 1.0\ndate-released: {date}\n"
    (tmp_path / "CITATION.cff").write_text(cff)
    found = citation.read(tmp_path)
    assert citation.sentence(found) == "Plato, Ada Lovelace (2026). *T*, version 1.0."
    assert "year    = {2026}" in citation.bibtex(found)


# --- prerequisites ----------------------------------------------------------------------------------------------------


def before(name: str) -> set[str]:
    """All that has to be read before a chapter."""
    direct = prerequisites.table()[name]
    return set(direct).union(*map(before, direct))


def test_prerequisites_are_earlier_chapters_of_a_course_without_gaps() -> None:
    names = list(prerequisites.table())
    assert names == sorted(names)
    assert [int(name[:2]) for name in names] == list(range(1, len(names) + 1))
    for name, needed in prerequisites.table().items():
        assert all(other < name and other in names for other in needed), name
        for other in needed:
            others = set(needed) - {other}
            assert other not in set().union(*map(before, others)), f"{name}: {other} is needed by {others} already"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_prerequisites_are_what_the_chapter_says(path: Path) -> None:
    assert path.stem in prerequisites.table(), "add the chapter to book/prerequisites.toml"
    needs = re.search(r"^You need [^\n]+$", markdown(path), flags=re.MULTILINE)
    assert needs, "say what a reader has to know: You need …"
    first = re.split(r"(?<=[.]) ", needs[0])[0]
    named = {int(number) for number in re.findall(r"\bchapters? (\d+)", first)}
    known = {int(name[:2]) for name in before(path.stem)}
    assert named <= known, f"book/prerequisites.toml lets {path.stem} need {sorted(known)}, its text names {sorted(named)}"


# --- versions ---------------------------------------------------------------------------------------------------------


def test_versions_are_of_what_the_project_asks_for() -> None:
    text = versions.packages(APP)
    listed = dict(re.findall(r"^\| ([\w-]+) \| (\S+) \|$", text, flags=re.MULTILINE))
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {re.match(r"[\w-]+", line)[0] for line in project["dependencies"]} <= set(listed)  # type: ignore[index]
    assert {"Python", "numpy", "jupyter-book", "matplotlib"} <= set(listed)


# --- the house --------------------------------------------------------------------------------------------------------


def test_readme_and_contributing_name_every_part_of_the_repository() -> None:
    for name, folder in (("README.md", TOP), ("CONTRIBUTING.md", TOP / "dlcourse")):
        text = (TOP / name).read_text(encoding="utf-8")
        parts = [part.name for part in sorted(folder.iterdir()) if part.is_dir() and re.match(r"[a-z]", part.name)]
        kept = [part for part in parts if any((folder / part).rglob("*.py")) or any((folder / part).rglob("*.md"))]
        missing = [part for part in kept if f"`{part}/`" not in text and f"`{folder.name}/{part}/`" not in text]
        assert missing == [], name


def test_cells_are_read_as_the_tests_read_them() -> None:
    for path in CHAPTERS:
        for kind in ("markdown", "code"):
            assert [cell.source for cell in chapters.read(path).cells if cell.kind == kind] == [
                cell["source"] for cell in cells(path, kind)
            ]
