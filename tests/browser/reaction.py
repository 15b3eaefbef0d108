"""How long a page takes from the event of a slider to the last attribute written, in milliseconds."""

from __future__ import annotations

from typing import NamedTuple

from playwright.sync_api import Browser, Page
from stand_in import alive

# How long the callbacks of each animation frame take, and tasks over 50 ms.
WATCH = """
    window.tasks = [];
    const observer = new PerformanceObserver(list => tasks.push(...list.getEntries().map(each => each.duration)));
    observer.observe({type: 'longtask', buffered: true});
    window.spent = [];
    const ask = requestAnimationFrame.bind(window);
    window.requestAnimationFrame = draw => ask(now => {
        const begun = performance.now();
        draw(now);
        spent.push(performance.now() - begun);
    });
"""

# The inner four fifths of the slider, to and fro; the first events only warm it up.
DRAG = """async input => {
    const times = [];
    tasks.length = 0;
    const span = Number(input.max) - Number(input.min);
    for (let i = 0; i < 60; i++) {
        await new Promise(done => setTimeout(done, 20));
        spent.length = 0;
        input.value = Number(input.min) + Math.round(span * (0.1 + 0.8 * ((i * 37) % 60) / 60));
        const begun = performance.now();
        input.dispatchEvent(new Event('input', {bubbles: true}));
        const handler = performance.now() - begun;
        for (let wait = 0; !spent.length && wait < 50; wait++) await new Promise(done => setTimeout(done, 1));
        times.push(handler + spent.reduce((a, b) => a + b, 0));
    }
    return [times.slice(15).sort((a, b) => a - b), Math.max(0, ...tasks)];
}"""


class Reaction(NamedTuple):
    quartile: float  # the lower one: what other work on the machine does not reach
    median: float
    p95: float
    longest_task: float  # 0 if none was over 50 ms


def watched(browser: Browser, address: str) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(WATCH)
    page.goto(address)
    alive(page)
    return page


def drag(page: Page, slider: str) -> Reaction:
    """Moves the slider that the selector names."""
    found = page.locator(slider)
    found.scroll_into_view_if_needed()
    page.wait_for_timeout(100)  # an explorable draws itself when it comes into view
    times, longest = found.evaluate(DRAG)
    return Reaction(times[len(times) // 4], times[len(times) // 2], times[int(0.95 * len(times))], longest)
