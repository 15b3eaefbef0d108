"""What a page says of itself: its own first words, and with an address a picture."""

from __future__ import annotations

import re
import struct
import sys
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docutils import nodes
from docutils.core import publish_doctree

sys.path.insert(0, str(Path(__file__).parent.parent / "book"))

import card
import heads

PAGE = """
Gradient descent
================

*How far?*

You stand on a hillside. The rate :math:`\\alpha` decides. The loss is :math:`\\frac12 x^2` here. So step.

.. note:: A box is not the text.
"""


def document(text: str) -> nodes.document:
    return publish_doctree(text, settings_overrides={"doctitle_xform": False})


def said(base: str, folder: Path, doctree: Any) -> dict[str, str]:
    config = SimpleNamespace(html_title="The course", project="x", html_baseurl=base, root_doc="index")
    titles = {"chapters/06-gd": nodes.title("", "Gradient descent & co.")}
    app: Any = SimpleNamespace(
        builder=SimpleNamespace(name="html"), config=config, env=SimpleNamespace(titles=titles), outdir=str(folder)
    )
    context = {"metatags": '<meta name="viewport" content="width=device-width, initial-scale=1" />\n'}
    heads.describe(app, "chapters/06-gd", "page.html", context, doctree)
    found = re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)" />', context["metatags"])
    assert len(dict(found)) == len(found)
    assert "viewport" not in dict(found)  # the layout says it
    return {name: unescape(value) for name, value in found}


def test_a_page_is_described_by_its_first_words_without_formulas() -> None:
    assert heads.description(document(PAGE)) == "How far? You stand on a hillside. The rate α decides. So step."


def test_a_long_beginning_ends_with_a_sentence() -> None:
    found = heads.description(document("Title\n=====\n\n" + "A sentence of some words. " * 30))
    assert 150 < len(found) <= heads.LONGEST
    assert found.endswith("words.")


def test_without_an_address_nothing_points_anywhere(tmp_path: Path) -> None:
    found = said("", tmp_path, document(PAGE))
    assert found["og:title"] == "Gradient descent & co."
    assert found["description"] == found["og:description"]
    assert not [value for value in found.values() if "//" in value]
    assert list(tmp_path.iterdir()) == []


def test_with_an_address_there_is_a_picture(tmp_path: Path) -> None:
    found = said("https://course.example/book/", tmp_path, document(PAGE))
    assert found["og:url"] == "https://course.example/book/chapters/06-gd.html"
    picture = tmp_path / found["og:image"].removeprefix("https://course.example/book/")
    data = picture.read_bytes()
    assert struct.unpack(">II", data[16:24]) == (card.WIDTH, card.HEIGHT)
    said("https://course.example/book/", tmp_path, document(PAGE))
    assert picture.read_bytes() == data, "the same page gives the same bytes"


@pytest.mark.parametrize(("tex", "text"), [(r"\alpha", "α"), ("n = 3", "n = 3"), (r"\nabla J", heads.UNREADABLE)])
def test_formulas_of_letters_are_said(tex: str, text: str) -> None:
    assert heads.formula(tex) == text
