"""What is made when the book is built, as it stands in the pages: links that arrive, settings that hold, names that are."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from functools import cache
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Page, expect

TOP = Path(__file__).parent.parent.parent
sys.path.insert(0, str(TOP / "book"))  # as Sphinx does for local extensions

from back_of_book import api, prerequisites  # noqa: E402

LINK = re.compile(r"<a\b[^>]*?\shref=\"([^\"]*)\"")


@cache
def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@cache
def places(page: Path) -> set[str]:
    return set(re.findall(r"\sid=\"([^\"]+)\"", text(page)))


def test_no_link_of_any_page_leads_nowhere(built_book: Path, pages: list[str]) -> None:
    """To pages, files and places in them; a fragment may carry a setting (`#identity?alpha=0.1`)."""
    dead, followed = [], 0
    for name in pages:
        page = built_book / name
        for address in map(unescape, LINK.findall(text(page))):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            followed += 1
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            fragment = unquote(parts.fragment).partition("?")[0]
            if not target.is_file() or (target.suffix == ".html" and fragment and fragment not in places(target)):
                dead.append(f"{name}: {address}")
    assert followed > 1000
    assert dead == []


def test_every_name_of_the_package_has_its_place(built_book: Path) -> None:
    there = set().union(*(places(page) for page in (built_book / "api").glob("*.html")))
    assert set(api.documented().values()) - there == set()


def test_every_class_says_what_it_takes(built_book: Path) -> None:
    """Sphinx would say `(*args, **kwargs)` of all that has traits."""
    listed = {page.name: unescape(re.sub(r"<[^>]+>", "", text(page))) for page in (built_book / "api").glob("*.html")}
    assert [name for name, there in listed.items() if re.search(r"\bclass \S+\(\*args, \*\*kwargs\)", there)] == []
    assert "Descent(landscape=" in listed["live.html"]


def test_formulas_of_docstrings_are_text(built_book: Path) -> None:
    adam = text(built_book / "api" / "optim.html").split('id="dlcourse.optim.Adam"', 1)[1].split("<dt", 1)[0]
    assert "θ ← θ − α" in unescape(re.sub(r"<[^>]+>", "", adam))
    assert 'class="math' not in adam


def test_code_in_the_text_of_chapters_leads_to_its_description(built_book: Path) -> None:
    chapter = text(built_book / "chapters" / "06-gradient-descent.html")
    assert re.search(r'href="\.\./api/optim\.html#dlcourse\.optim\.descend"[^>]*><code', chapter)


def settings(built_book: Path) -> list[tuple[str, str, dict[str, str]]]:
    """(page, identity, what is set) of each link of the page for teachers."""
    found = []
    for address in map(unescape, re.findall(r'<a href="([^"]+)" title="', text(built_book / "chapters" / "teachers.html"))):
        page, _, fragment = address.partition("#")
        identity, _, query = fragment.partition("?")
        found.append((page, identity, dict(pair.split("=", 1) for pair in query.split("&") if pair)))
    return found


def test_settings_for_teachers_name_controls_that_there_are(built_book: Path) -> None:
    listed = settings(built_book)
    assert len(listed) > 50
    for page, identity, values in listed:
        there = text(built_book / "chapters" / page)
        found = re.search(rf'id="{identity}"><script type="application/json">(.*?)</script>', there, flags=re.DOTALL)
        assert found, f"{page} has no {identity}"
        unknown = values.keys() - json.loads(found[1])["state"].keys()
        assert not unknown, f"{page}#{identity} has no control {unknown}"


def test_every_explorable_is_listed_for_teachers(built_book: Path, pages: list[str]) -> None:
    listed = {(Path(page).name, identity) for page, identity, _ in settings(built_book)}
    for name in pages:
        for kind, identity in re.findall(
            r'class="dlcourse-explorable" data-kind="([^"]+)" id="([^"]+)"', text(built_book / name)
        ):
            assert kind == "question" or (Path(name).name, identity) in listed, f"{identity} of {name}"


def test_a_setting_for_teachers_opens_as_it_says(book: str, open_page: Callable[..., Page]) -> None:
    page = open_page(book + "chapters/teachers.html")
    page.get_by_role("link", name="a hair below the edge").click()
    page.wait_for_function("() => document.getElementById('edge')?.explorable?.state.alpha === 0.0796")
    page.evaluate("window.book.ready")


@pytest.mark.parametrize("kind", ["needed", "leading"])
def test_prerequisites_stand_under_the_title(kind: str, built_book: Path) -> None:
    there = [name for name in prerequisites.table() if (built_book / "chapters" / f"{name}.html").exists()]
    assert len(there) >= 6
    for name in there:
        others = prerequisites.table()[name] if kind == "needed" else prerequisites.leads_to(name)
        line = re.search(
            r'</h1>\s*<p class="prerequisites">(.*?)</p>', text(built_book / "chapters" / f"{name}.html"), re.DOTALL
        )
        for other in set(others) & set(there):
            assert line, name
            assert f'href="{other}.html"' in line[1], f"{name}: {other}"


def test_times_are_of_every_notebook(built_book: Path) -> None:
    table = text(built_book / "chapters" / "build.html").split("<tbody>\n")[-1]
    rows = re.findall(r"<td>([^<]+)</td><td[^>]*>([\d.]+)</td>", table)
    notebooks = [*(TOP / "chapters").glob("*.ipynb"), TOP / "index.md"]
    assert len(rows) == len(notebooks)
    assert rows[0][0] == "Front page"
    assert all(float(seconds) > 0 for _, seconds in rows)
    total = re.search(r"All</th><td[^>]*>([\d.]+)</td>", table)
    assert total
    assert float(total[1]) == pytest.approx(sum(float(seconds) for _, seconds in rows), abs=0.05 * (len(rows) + 1))


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ("saddle", "Careful: where the sources err"),
        ("HeavyBall", "dlcourse.optim.HeavyBall"),
        ("epoch", "Empirical risk minimisation"),
        ("condition number", "Gradient descent"),
        ("sigmoid", "dlcourse.nn.activations.sigmoid"),
    ],
)
def test_search_finds_terms_and_names(query: str, page: str, book: str, open_page: Callable[..., Page]) -> None:
    opened = open_page(f"{book}search.html?q={query}")
    expect(opened.locator("#search-results li a").filter(has_text=page).first).to_be_visible()
