"""How soon the first explorable stands, on every page that has one."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Page

SEVERAL = 3  # loads of the pages that most readers open first; the others are loaded once
FIRST = ("index.html", "chapters/06-gradient-descent.html", "chapters/playground.html")
AT_MOST = ["course.css", "explorables.js"]
SOON = 500  # milliseconds after navigation began, on a quiet machine
PATIENCE = 6  # times that, where other tests want the processor too

# From the beginning of navigation to the end of the frame in which the first explorable that draws is whole.
STANDS = """
    const frame = new MessageChannel(); // a message that is sent while a frame is made arrives when it is whole
    const next = () => requestAnimationFrame(() => frame.port2.postMessage(null));
    frame.port1.onmessage = () => {
        const first = document.querySelector('.dlcourse-explorable:not([data-kind=question])');
        const drawn = first?.querySelector('.dl-root[data-drawn]') && first.querySelector('svg path[d^=M], canvas, .dl-error');
        if (drawn) console.info('stands', window.stands = performance.now());
        else next();
    };
    next();
"""


def until_it_stands(page: Page, url: str) -> None:
    """Open a page that has STANDS. It says itself when it is whole: who asks it keeps it from its work."""
    with page.expect_console_message(lambda said: said.text.startswith("stands")):
        page.goto(url, wait_until="commit")


def live_pages(built_book: Path, pages: list[str]) -> list[str]:
    """The pages with an explorable that draws."""
    draws = re.compile(r'<div class="dlcourse-explorable" data-kind="(?!question")')
    return [name for name in pages if draws.search((built_book / name).read_text(encoding="utf-8"))]


# Until then: what the page has asked for.
ASKED = """performance.getEntriesByType('resource').filter(each => each.startTime < window.stands)
    .map(each => new URL(each.name).pathname.split('/').at(-1))"""


def test_the_first_drawing_is_there_at_once(
    book: str,
    built_book: Path,
    pages: list[str],
    open_page: Callable[..., Page],
    record_property: Callable[[str, object], None],
) -> None:
    """Whatever the machine does, before it a page asks for its style sheet and the script that draws, and no more."""
    found = live_pages(built_book, pages)
    assert set(FIRST) <= set(found)
    scheme = book.partition(":")[0]
    if scheme == "file":
        found = list(FIRST)
    medians = {}
    for name in found:
        times, asked = [], []
        wanted = SEVERAL if name in FIRST and scheme == "http" else 1
        while len(times) < wanted or (scheme == "http" and AT_MOST not in asked and len(times) < SEVERAL):
            page = open_page("about:blank")  # a context of its own: nothing is in its cache
            page.add_init_script(STANDS)
            until_it_stands(page, book + name)
            times.append(page.evaluate("window.stands"))
            asked.append(sorted(each for each in page.evaluate(ASKED) if each.endswith((".css", ".js"))))
            page.context.close()
            page.problems.clear()  # type: ignore[attr-defined]  # what was on its way is cut off; test_book loads whole pages
        if scheme == "http":  # images and fonts hold up nothing; on a busy machine the next script may begin a moment early
            assert AT_MOST in asked, f"{name}: {asked}"
        medians[name] = statistics.median(times)
        record_property(f"{name} ({scheme}), first drawing, ms", [round(time) for time in sorted(times)])
    slow = {name: median for name, median in medians.items() if median > SOON * PATIENCE}
    assert not slow, f"medians: {slow}"


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


def test_a_script_that_fails_stops_no_other(book_http: str, open_page: Callable[..., Page]) -> None:
    page = open_page("about:blank")
    page.route("**/course.js*", lambda route: route.abort())
    page.goto(book_http + "chapters/notation.html")
    page.evaluate("window.book.ready")
    assert page.locator("mjx-container").count() > 10
    page.problems.clear()  # type: ignore[attr-defined]
