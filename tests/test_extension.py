"""What the build does to every page."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from docutils import nodes
from prose import TOP

sys.path.insert(0, str(TOP / "book"))

from extension import (
    as_the_standard_has_it,
    keep_punctuation_with_its_formula,
    keep_words_of_a_title_whole,
    leave_out_markers,
    let_names_break_between_their_parts,
    name_the_tables_of_sources,
    say_where_answers_are_checked,
)
from sphinx.util.docutils import new_document

from dlcourse.exercises import check, checking

FORMULA = r'<span class="math notranslate nohighlight">\(L = 2\)</span>'


@pytest.mark.parametrize(
    ("before", "after"),
    [("“", "”"), ("(", "),"), ("(“", ""), ("", "."), ("", "!?”")],
    ids=["quoted", "both", "open", "end", "three"],
)
def test_no_line_breaks_between_a_formula_and_its_punctuation(before: str, after: str) -> None:
    context: dict[str, Any] = {"body": f"<p>so {before}{FORMULA}{after} is</p>"}
    keep_punctuation_with_its_formula(None, "", "", context, None)  # type: ignore[arg-type]
    assert context["body"] == f'<p>so <span class="with-punctuation">{before}{FORMULA}{after}</span> is</p>'


@pytest.mark.parametrize("page", [{"body": f"<p>so {FORMULA} is, (and)</p>"}, {}], ids=["none beside it", "no body"])
def test_a_formula_without_punctuation_is_left_alone(page: dict[str, Any]) -> None:
    context = dict(page)
    keep_punctuation_with_its_formula(None, "", "", context, None)  # type: ignore[arg-type]
    assert context == page


@pytest.mark.parametrize(
    ("name", "marked"),
    [
        ("halve_on_plateau", "halve_|on_|plateau"),
        ("ReduceLROnPlateau", "Reduce|LROn|Plateau"),
        ("nn.cross_entropy", "nn.|cross_|entropy"),
        ("loss(theta, 0.5)", "loss(|theta, 0.5)"),
        ("gelu", "gelu"),
    ],
)
def test_a_name_in_a_table_may_break_between_its_parts(name: str, marked: str) -> None:
    code = '<code class="docutils literal notranslate"><span class="pre">{}</span></code>'
    context: dict[str, Any] = {"body": f"<p>{code.format(name)}</p><td><p>{code.format(name)}</p></td>"}
    let_names_break_between_their_parts(None, "", "", context, None)  # type: ignore[arg-type]
    inside = code.format(marked.replace("|", "<wbr/>"))
    assert context["body"] == f"<p>{code.format(name)}</p><td><p>{inside}</p></td>"


def test_a_solution_is_shown_without_its_markers() -> None:
    code = f"def double(x):\n    {checking.BEGIN}\n    return 2 * x\n    {checking.END}"
    document = new_document("page")
    for tag in ("tag_solution", "tag_exercise"):
        block = nodes.literal_block(code, code, language="ipython3")
        document += nodes.container("", nodes.container("", block), classes=["cell", tag])
    leave_out_markers(None, document)  # type: ignore[arg-type]
    solution, other = document.findall(nodes.literal_block)
    assert solution.rawsource == solution.astext() == "def double(x):\n    return 2 * x"
    assert other.astext() == code


def after(step: Any, body: str) -> str:
    context: dict[str, Any] = {"body": body}
    step(None, "", "", context, None)
    return context["body"]


def test_an_answer_that_nobody_could_give_on_a_page_is_not_missed() -> None:
    stub = check("walk", lambda gradient, θ, α, steps: None)._repr_html_()
    wrong = check("walk", lambda gradient, θ, α, steps: "θ")._repr_html_()
    assert "Not answered yet" in stub
    shown = after(say_where_answers_are_checked, stub + wrong)
    assert ">Checked when you run this cell in the notebook.</div>" in shown
    assert "Not answered" not in shown
    assert shown.endswith(wrong)


def test_the_title_of_a_solution_holds_no_link() -> None:
    title = '<p class="admonition-title">Solution to{} Exercise 2.1 (Of <code>a</code>){}</p>'
    link = title.format('<a class="reference internal" href="#net-ex">', "</a>")
    assert after(as_the_standard_has_it, f'{link}<a href="#b">b</a>') == title.format("", "") + '<a href="#b">b</a>'


def test_a_title_breaks_between_its_words() -> None:
    page = '<h1>Learning-rate schedules<a class="headerlink" href="#learning-rate-schedules">#</a></h1><p>a well-known rule</p>'
    marked = page.replace("Learning-rate schedules<", '<span class="unbroken">Learning-rate</span> schedules<')
    assert after(keep_words_of_a_title_whole, page) == marked


@pytest.mark.parametrize(
    ("heads", "named"),
    [(["source", "says", "what holds"], True), (["says", "what holds", "chapter"], True), (["source", "what holds"], False)],
)
def test_tables_of_sources_are_named(heads: list[str], named: bool) -> None:
    row = "\n".join(f'<th class="head"><p>{head}</p></th>' for head in heads)
    table = f'<table class="table{{}}">\n<thead>\n<tr class="row-odd">{row}\n</tr>\n</thead></table>'
    assert after(name_the_tables_of_sources, table.format("")) == table.format(" sources" if named else "")
