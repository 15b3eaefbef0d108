"""How soon the first explorable stands, on every page that has one."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page

LOADS = {"http": 3, "file": 1}
SOON = 500  # milliseconds after navigation began, on a quiet machine
PATIENCE = 6  # times that, where other tests want the processor too

# From the beginning of navigation to the end of the frame in which the first explorable that draws is whole.
STANDS = """
    const look = () => {
        const first = document.querySelector('.dlcourse-explorable:not([data-kind=question])');
        const drawn = first?.querySelector('.dl-root[data-drawn]') && first.querySelector('svg path[d^=M], canvas, .dl-error');
        if (!drawn) return requestAnimationFrame(look);
        const channel = new MessageChannel();
        channel.port1.onmessage = () => { window.stands = performance.now() };
        channel.port2.postMessage(null);
    };
    requestAnimationFrame(look);
"""


def live_pages(built_book: Path, pages: list[str]) -> list[str]:
    """The pages with an explorable that draws."""
    draws = re.compile(r'<div class="dlcourse-explorable" data-kind="(?!question")')
    return [name for name in pages if draws.search((built_book / name).read_text(encoding="utf-8"))]


def test_the_first_drawing_is_there_at_once(
    request: pytest.FixtureRequest,
    book: str,
    built_book: Path,
    pages: list[str],
    open_page: Callable[..., Page],
    record_property: Callable[[str, object], None],
) -> None:
    found = live_pages(built_book, pages)
    assert "index.html" in found
    assert "chapters/06-gradient-descent.html" in found
    scheme = book.partition(":")[0]
    medians = {}
    for name in found:
        times = []
        for _ in range(LOADS[scheme]):
            page = open_page("about:blank")  # a context of its own: nothing is in its cache
            page.add_init_script(STANDS)
            page.goto(book + name, wait_until="commit")
            page.wait_for_function("window.stands")
            times.append(page.evaluate("window.stands"))
            page.evaluate("window.book.ready")
            page.context.close()
        medians[name] = statistics.median(times)
        record_property(f"{name} ({scheme}), first drawing, ms", [round(time) for time in sorted(times)])
    slow = {name: median for name, median in medians.items() if median > SOON * PATIENCE}
    assert not slow, f"medians of {LOADS[scheme]} loads: {slow}"


def test_nothing_stands_before_the_first_drawing(
    book_http: str, built_book: Path, pages: list[str], open_page: Callable[..., Page]
) -> None:
    """Whatever the machine does: until then a page asks for its style sheet and the script that draws, and no more."""
    for name in live_pages(built_book, pages):
        page = open_page("about:blank")
        page.add_init_script(STANDS)
        page.goto(book_http + name, wait_until="commit")
        page.wait_for_function("window.stands")
        asked = page.evaluate(
            "performance.getEntriesByType('resource').filter(each => each.startTime < window.stands).map(each => each.name)"
        )
        names = sorted(address.rpartition("/")[2].partition("?")[0] for address in asked)
        names = [each for each in names if each.endswith((".css", ".js"))]  # images and fonts hold up nothing
        assert names == ["course.css", "explorables.js"], name
        page.evaluate("window.book.ready")
        page.context.close()


def test_a_page_answers_while_it_is_typeset(book_http: str, open_page: Callable[..., Page]) -> None:
    """Formulas come a few at a time, not all in one long task."""
    page = open_page("about:blank")
    page.add_init_script("""
        window.counts = [0];
        const formulas = document.getElementsByTagName('mjx-container');
        const channel = new MessageChannel();
        channel.port1.onmessage = () => {
            if (formulas.length !== window.counts.at(-1)) window.counts.push(formulas.length);
            setTimeout(() => channel.port2.postMessage(null));
        };
        channel.port2.postMessage(null);
    """)
    page.goto(book_http + "chapters/06-gradient-descent.html")
    page.evaluate("window.book.ready")
    counts = page.evaluate("window.counts")
    steps = [b - a for a, b in pairwise(counts)]
    assert len(steps) > 5
    assert max(steps) < sum(steps) / 2
