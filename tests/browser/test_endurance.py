"""Sliders and choices moved at random for minutes, to their ends and between them: no error, and no memory that grows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import CDPSession, Page

NOTEBOOKS = sorted(path.stem for path in (Path(__file__).parents[2] / "chapters").glob("*.ipynb"))
EARLY, ALL = 1_000, 10_000  # events after which memory is measured
GROWTH = 1.1  # of the later over the earlier

# One event a frame, as a hand makes them; every fifty another explorable, brought into view.
DRIVE = """async ([seed, events]) => {
    const random = () => { // mulberry32
        seed = (seed + 0x6d2b79f5) | 0;
        let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
    const one = list => list[Math.floor(random() * list.length)];
    const movable = each => !each.disabled && each.checkVisibility();
    const controls = root => [...root.querySelectorAll('input[type=range], select')].filter(movable);
    const moving = [...document.querySelectorAll('.dlcourse-explorable:not([data-kind=question])')];
    let root = null;
    for (let n = 0; n < events; n++) {
        if (n % 50 === 0) {
            root = one(moving);
            root.scrollIntoView({ block: 'center', behavior: 'instant' });
        }
        const control = one(controls(root));
        if (control?.tagName === 'SELECT') control.selectedIndex = Math.floor(random() * control.options.length);
        else if (control) {
            const [low, high] = [Number(control.min), Number(control.max)];
            control.value = one([low, high, low + (high - low) * random()]);
        }
        for (const kind of ['input', 'change']) control?.dispatchEvent(new Event(kind, { bubbles: true }));
        await new Promise(requestAnimationFrame);
    }
    return moving.length && controls(moving[0]).length;
}"""


def memory(page: Page, inspector: CDPSession) -> dict[str, float]:
    """Bytes on the heap and nodes of documents that are left when all rubbish is collected."""
    page.wait_for_timeout(1000)  # what rests after a move has settled
    for _ in range(2):
        inspector.send("HeapProfiler.collectGarbage")
    return {
        "bytes": inspector.send("Runtime.getHeapUsage")["usedSize"],
        "nodes": inspector.send("Memory.getDOMCounters")["nodes"],
    }


@pytest.mark.nightly
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_minutes_of_moving_leave_no_error_and_no_growing_memory(
    name: str, book_http: str, open_page: Callable[..., Page], record_property: Callable[[str, object], None]
) -> None:
    page = open_page(f"{book_http}chapters/{name}.html")
    page.set_default_timeout(0)
    if not page.locator(".dlcourse-explorable:not([data-kind=question])").count():
        pytest.skip(f"{name} has nothing that moves")
    inspector = page.context.new_cdp_session(page)
    inspector.send("HeapProfiler.enable")
    assert page.evaluate(DRIVE, [1, EARLY])
    early = memory(page, inspector)
    page.evaluate(DRIVE, [2, ALL - EARLY])
    late = memory(page, inspector)
    record_property(name, f"after {EARLY} events {early}, after {ALL} {late}")
    assert page.locator(".dl-error").count() == 0
    assert late["bytes"] < GROWTH * early["bytes"], (early, late)
    assert late["nodes"] < GROWTH * early["nodes"], (early, late)
