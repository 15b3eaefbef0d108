"""A bare page with nothing but the committed bundle and some explorables, and what a reader sees and does there."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from playwright.sync_api import Page

from dlcourse import live
from dlcourse.live.controls import Choice, Slider, Switch
from dlcourse.live.curves import Curves

APART = '<p style="height: 900px"></p>'  # so that one is on screen at a time


def write_page(folder: Path, *bodies: str) -> str:
    """The address of a page with these pieces of HTML, far from each other."""
    for name in ("explorables.js", "explorables.css"):
        shutil.copy(live.explorable.STATIC / name, folder / name)
    page = folder / "page.html"
    page.write_text(
        '<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8"><title>Explorables</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="explorables.css">'
        "<style>body { font: 16px sans-serif; margin: 0 } main { max-width: 46rem; margin: auto; padding: 16px }</style></head>"
        f'<body><main>{APART.join(bodies)}</main><script src="explorables.js"></script></body></html>',
        encoding="utf-8",
    )
    return page.as_uri()


def alive(page: Page) -> None:
    """Wait until all that a loaded page makes of itself is there: explorables come alive after `load`, a few a frame."""
    page.evaluate("window.book?.ready ?? window.dlcourse?.ready")


READOUT = ".dl-readout li:not(.dl-note)"

# Sets what is asked one after the other and reads the page after each, when what is due has been drawn.
# Floats travel as base64, so that −0, infinities and NaN arrive unharmed.
READ = """async ([id, asked, rows]) => {
    const element = document.getElementById(id);
    const encode = (array) => {
        const bytes = new Uint8Array(Float64Array.from(array).buffer);
        return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    };
    const visible = (row) => row.getClientRects().length && getComputedStyle(row).visibility !== "hidden";
    const strange = (text) => text.match(/.{0,60}(?:NaN|Infinity|undefined).{0,20}/gs) ?? [];
    const found = [];
    for (const values of asked) {
        for (const [name, value] of values) element.explorable.set(name, value);
        const root = element.querySelector(".dl-root");
        for (let wait = 0; wait < (root.hasAttribute("data-busy") ? 600 : 1); wait++) {
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        }
        found.push([
            {...element.explorable.state},
            Object.entries(element.explorable.results).map(([name, array]) => [name, encode(array)]),
            [...element.querySelectorAll(rows)].filter(visible).map((row) => row.innerText),
            strange(root.outerHTML.replace(/>[^<]*</g, "><")),
            strange(root.textContent),
        ]);
    }
    return found;
}"""


# Nothing is drawn off screen. The page hears of it in the frame after the scrolling, and draws in the one after that.
COME = """async (id) => {
    const root = document.querySelector(`#${id} .dl-root`);
    root.scrollIntoView();
    await new Promise((done) => {
        const place = new IntersectionObserver((entries) => {
            if (!entries.at(-1).isIntersecting) return;
            place.disconnect();
            done();
        });
        place.observe(root);
    });
    do await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    while (!root.matches("[data-drawn]:not([data-busy])") && !root.querySelector(".dl-error"));
}"""


def come_to(page: Page, name: str) -> None:
    """Bring an explorable on screen and wait until it is drawn there."""
    page.evaluate(COME, name)


class Seen(NamedTuple):
    """What stands in the page: also what should not, in attributes and in text."""

    state: dict[str, Any]
    results: dict[str, np.ndarray]
    rows: list[str]
    broken: list[str]
    strange: list[str]

    @property
    def words(self) -> str:
        return plain(" ".join(self.rows))


def plain(text: str) -> str:
    """Without what keeps an equation on one line."""
    return text.replace("\N{NO-BREAK SPACE}", " ")


def work(page: Page, name: str, asked: Iterable[dict[str, Any]], rows: str = READOUT, at_once: int = 24) -> Iterator[Seen]:
    """What is seen after each of these settings. Many go in one call: asking a browser takes longer than its answer."""
    come_to(page, name)
    for some in batched(asked, at_once):
        for state, results, texts, broken, strange in page.evaluate(READ, [name, [list(each.items()) for each in some], rows]):
            numbers = {key: np.frombuffer(base64.b64decode(text), "<f8") for key, text in results}
            yield Seen(state, numbers, texts, broken, strange)


def batched(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


def look(page: Page, name: str, rows: str = READOUT) -> Seen:
    return next(work(page, name, [{}], rows))


def nameless(page: Page) -> list[str]:
    """The controls that a screen reader cannot name."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('.dl-root :is(input, select, button, [role=button])')]
            .filter(e => !(e.labels?.length || e.textContent.trim() || e.getAttribute('aria-label'))).map(e => e.outerHTML)"""
    )
    return found


# A stand-in for the notebook's model of a widget; `saves` counts what is sent to the kernel.
MODEL = """async ([code, id, values]) => {
    const handlers = {};
    window.model = {
        saves: 0,
        get: name => values[name],
        set(name, value) { this.receive({ [name]: value }) },
        receive(all) {
            Object.assign(values, all);
            for (const name of Object.keys(all)) (handlers[`change:${name}`] ?? []).slice().forEach(call => call());
        },
        save_changes() { this.saves++ },
        on(name, call) { (handlers[name] ??= []).push(call) },
        off(name, call) { handlers[name] = handlers[name].filter(other => other !== call) },
        listeners: () => Object.values(handlers).flat().length,
    };
    const widget = await import(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));
    const el = document.createElement('div');
    el.id = id;
    document.querySelector('main').replaceChildren(el);
    window.clean = await widget.default.render({ model, el });
}"""


# The page stood still for so many milliseconds: a hidden tab, a closed lid. Who asks for a frame after this sees a later time.
HALT = """(milliseconds) => {
    const [frame, now] = [requestAnimationFrame.bind(window), performance.now.bind(performance)];
    window.requestAnimationFrame = (call) => frame((at) => call(at + milliseconds));
    performance.now = () => now() + milliseconds;
}"""


def show_widget(page: Page, name: str, kind: str, shown: live.Explorable) -> None:
    """The widget face of an explorable, in place of all that the page has: `model` and `clean()` are there."""
    code = (live.explorable.STATIC / "explorables.mjs").read_text("utf-8")
    page.evaluate(MODEL, [code, name, {"kind": kind, **shown.get_state("spec"), **shown.state}])


def frame(page: Page) -> None:
    """Wait until what is due has been drawn."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def state(page: Page, name: str) -> dict[str, Any]:
    found = page.evaluate("id => ({...document.getElementById(id).explorable.state})", name)
    assert isinstance(found, dict)
    return found


def put(page: Page, name: str, **values: Any) -> None:
    come_to(page, name)
    page.evaluate(
        "([id, values]) => { for (const [key, value] of values) document.getElementById(id).explorable.set(key, value); }",
        [name, list(values.items())],
    )
    frame(page)


def results(page: Page, name: str) -> dict[str, np.ndarray]:
    return look(page, name).results


def words(page: Page, name: str) -> str:
    return look(page, name).words


def settings(kind: type[Curves]) -> Iterator[dict[str, Any]]:
    """Every option; in each, every control at both ends and in the middle, and all of them at either end."""
    declared = kind.declared()
    ends = {}
    for key, trait in declared.items():
        if isinstance(trait, Slider):
            stops = trait.stops()
            ends[key] = [stops[0], stops[len(stops) // 2], stops[-1]]
        elif isinstance(trait, Switch):
            ends[key] = [False, True]
    choice = next((key for key, trait in declared.items() if isinstance(trait, Choice)), None)
    for option in declared[choice].names if choice else [None]:
        chosen = {choice: option} if choice else {}
        yield chosen
        for key, values in ends.items():
            yield from ({**chosen, key: value} for value in values)
        yield {**chosen, **{key: values[0] for key, values in ends.items()}}
        yield {**chosen, **{key: values[-1] for key, values in ends.items()}}
