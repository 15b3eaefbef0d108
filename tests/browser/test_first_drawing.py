"""How soon the first explorable of the course stands in its page."""

from __future__ import annotations

import statistics
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

LOADS = 7
SOON = 500  # milliseconds after navigation began, on a quiet machine
PATIENCE = 4  # times that, where other tests want the processor too

# From the beginning of navigation to the end of the frame after which every path of the first explorable is drawn.
STANDS = """
    const look = () => {
        const root = document.querySelector('.dlcourse-explorable .dl-root');
        const drawn = root && root.querySelector('.dl-level[d^=M]') && root.querySelector('.dl-stroke[d^=M]');
        if (!drawn) return requestAnimationFrame(look);
        const channel = new MessageChannel();
        channel.port1.onmessage = () => { window.stands = performance.now() };
        channel.port2.postMessage(null);
    };
    requestAnimationFrame(look);
"""


def test_the_first_drawing_is_there_at_once(
    book_http: str,
    open_page: Callable[..., Page],
    capsys: pytest.CaptureFixture[str],
    record_property: Callable[[str, object], None],
) -> None:
    times = []
    for _ in range(LOADS):
        page = open_page("about:blank")  # a context of its own: nothing is in its cache
        page.add_init_script(STANDS)
        page.goto(book_http + "index.html")
        page.wait_for_function("window.stands")
        times.append(page.evaluate("window.stands"))
    median = statistics.median(times)
    record_property("first_drawing_ms", median)
    with capsys.disabled():
        print(f"\n  first drawing after {median:.0f} ms ({min(times):.0f} to {max(times):.0f})", end=" ")
    assert median < SOON * PATIENCE, f"median of {LOADS} loads: {median:.0f} ms"
