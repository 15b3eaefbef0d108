"""What the build does to every page."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from prose import TOP

sys.path.insert(0, str(TOP / "book"))

from extension import keep_punctuation_with_its_formula, let_names_break_between_their_parts

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
