"""Nothing jumps while a reader works an explorable, and what is drawn belongs to the settings, not to what was seen before."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page
from stand_in import come_to, frame, put, state, words

from dlcourse import live, palette
from dlcourse.live.controls import Slider
from dlcourse.live.curves import Axis, Curves, Panel, Sentence, Series

Open = Callable[..., Page]


class Counting(Curves):
    """A slider that counts between two others, and words that come and go."""

    first = Slider(0.5, low=0.0, high=1.0, step=0.1, label="s", description="spread")
    examples = Slider(100, low=20, high=20_000, scale="log", step=1, label="n", description="validation examples")
    last = Slider(0.5, low=0.0, high=1.0, step=0.1, label="t", description="trend")

    def __init__(self) -> None:
        x = np.linspace(0.0, 1.0, 9)

        def compute(first: Any, examples: Any, last: Any) -> dict[str, Any]:
            return {"x": x, "y": first + x * last, "many": np.greater(examples, 1000.0)}

        panel = Panel(Axis("x", (0.0, 1.0)), Axis("y", (0.0, 2.0)), (Series("x", "y", "curve"), Series("x", "x", "other")))
        said = (
            Sentence("{examples} examples."),
            Sentence("These are so many that it takes long to say so." + " It does." * 20, when="many"),
        )
        super().__init__("counting", compute, (panel,), words=said)


MADE: dict[str, Callable[[], live.Explorable]] = {
    "counting": Counting,
    "race": live.Race,
    "steps": lambda: live.BackPropagation(identity="steps"),
    "descent": lambda: live.Descent("ravine", ["gradient_descent", "momentum"], identity="descent", alpha=0.1),
    "edge": lambda: live.Descent("bowl", "gradient_descent", identity="edge", condition=25.0),
    "playground": live.Playground,
    "averages": live.Averages,
}


def places(page: Page, selector: str) -> list[list[float]]:
    """Left, top, width and height of what is to be seen, relative to its explorable."""
    frame(page)
    found: list[list[float]] = page.evaluate(
        """selector => [...document.querySelectorAll(selector)].filter(node => node.getClientRects().length).map(node => {
            const [box, root] = [node.getBoundingClientRect(), node.closest('.dl-root').getBoundingClientRect()];
            return [box.left - root.left, box.top - root.top, box.width, box.height].map(Math.round);
        })""",
        selector,
    )
    assert found
    return found


def labels(page: Page, name: str) -> list[tuple[str, str, str]]:
    """The direct labels that are shown, and where."""
    frame(page)
    return [
        tuple(each)
        for each in page.locator(f"#{name} .dl-label").evaluate_all(
            """nodes => nodes.filter(n => n.getClientRects().length && getComputedStyle(n).visibility === 'visible')
                .map(n => [n.textContent, n.getAttribute('x'), n.getAttribute('y')])"""
        )
    ]


def at_rest(page: Page) -> None:
    page.wait_for_timeout(600)
    frame(page)


def test_a_slider_that_counts_shows_whole_numbers(page: Page) -> None:
    come_to(page, "counting")
    control, stops = page.locator("#counting").get_by_label(re.compile("validation examples")), Counting.examples.stops()
    control.press("Home")
    seen = []
    for _ in stops:
        frame(page)
        shown = control.get_attribute("aria-valuetext") or ""
        seen.append(state(page, "counting")["examples"])
        assert shown == f"{seen[-1]:,d}"
        control.press("ArrowRight")
    seen = [20] + [min(stops, key=lambda stop: abs(stop - x)) for x in seen[1:]]  # the start value takes the place of a stop
    assert seen == stops
    here = Counting()
    here.examples = 20_000
    assert here.words.startswith("20,000 examples.")
    assert words(page, "counting") == here.words


def test_no_readout_moves_its_neighbour(open_page: Open, address: str) -> None:
    for width in (780, 390):
        page = open_page(address, width=width)
        come_to(page, "counting")
        before = places(page, "#counting .dl-slider > *")
        for examples in (20, 1000, 20_000):
            put(page, "counting", examples=examples)
            assert places(page, "#counting .dl-slider > *") == before


def test_words_that_were_high_keep_their_room(page: Page) -> None:
    put(page, "counting", examples=20_000)
    ((*_, high),) = places(page, "#counting .dl-readout")
    put(page, "counting", examples=20)
    assert places(page, "#counting .dl-readout")[0][3] == high


@pytest.mark.parametrize("width", [780, 390])
def test_a_race_moves_no_button(open_page: Open, address: str, width: int) -> None:
    page = open_page(address, width=width)
    come_to(page, "race")
    moving = "#race .dl-chip, #race .dl-time > *"
    before = places(page, moving)
    for step in (0, 1, 7, 40, 120, 199):
        put(page, "race", step=step, factor=1.0)
        assert places(page, moving) == before
    put(page, "race", factor=100.0)
    assert places(page, moving) == before
    put(page, "race", step=0, factor=1.0)
    said = page.locator("#race .dl-on .dl-chip-value").all_inner_texts()
    assert said
    assert all(text.startswith("J\N{NO-BREAK SPACE}") for text in said)  # a number that says what it is


@pytest.mark.parametrize("width", [780, 390])
def test_stepping_moves_no_button(open_page: Open, address: str, width: int) -> None:
    page = open_page(address, width=width)
    come_to(page, "steps")
    slider = page.locator("#steps .dl-stepper input")
    before = places(page, "#steps .dl-stepper *")
    for _ in range(12):
        page.locator("#steps .dl-next").click()
    assert places(page, "#steps .dl-stepper *") == before
    assert page.locator("#steps .dl-next").inner_text() == "Once more"
    assert slider.bounding_box()["width"] > 200
    slider.press("Home")
    once = places(page, "#steps .dl-controls")
    for _ in range(11):
        slider.press("ArrowRight")
        assert places(page, "#steps .dl-controls") == once


def test_after_a_reset_labels_stand_where_they_stood(page: Page) -> None:
    come_to(page, "descent")
    before = labels(page, "descent")
    for name, value in [("alpha", 0.5), ("start", [1.0, 1.0]), ("alpha", 1.9), ("alpha", 0.02), ("step", 3), ("step", 60)]:
        put(page, "descent", **{name: value})
    page.locator("#descent").get_by_role("button", name="Reset").click()
    assert labels(page, "descent") == before
    come_to(page, "averages")
    before = labels(page, "averages")
    for beta in (0.0, 0.99, 0.5, 0.95):
        put(page, "averages", beta=beta)
    page.locator("#averages").get_by_role("button", name="Reset").click()
    assert labels(page, "averages") == before


def test_labels_of_a_setting_are_the_same_on_every_way_to_it(page: Page) -> None:
    seen = []
    for way in ((0.01, 0.3), (5.0, 0.3), (0.3,)):
        for alpha in way:
            put(page, "descent", alpha=alpha)
        at_rest(page)
        seen.append(labels(page, "descent"))
    assert seen[0] == seen[1] == seen[2]


def test_a_minimum_is_seen_where_paths_end(page: Page) -> None:
    put(page, "descent", alpha=1.0, step=100)
    assert "minimum" in [text for text, *_ in labels(page, "descent")]
    above = """root => {
        const [cross, path] = [root.querySelector('.dl-cross.dl-minima'), root.querySelector('.dl-tails')];
        return Boolean(path.compareDocumentPosition(cross) & Node.DOCUMENT_POSITION_FOLLOWING)
            && cross.getBBox().width > 2 * root.querySelector('.dl-heads .dl-end').getAttribute('r') + 2;
    }"""
    assert page.locator("#descent").evaluate(above)


def test_a_loss_that_leaves_the_axis_says_so(page: Page) -> None:
    come_to(page, "edge")
    assert "leaves the axis" not in str(labels(page, "edge"))
    put(page, "edge", alpha=0.082)  # grows by more than the axis holds, and not so far that it counts as diverged
    assert "leaves the axis" in [text for text, *_ in labels(page, "edge")]
    assert "diverged" not in page.locator("#edge .dl-readout").inner_text()


def test_after_the_last_step_the_button_leads_back(page: Page) -> None:
    come_to(page, "descent")
    page.locator("#descent").get_by_role("button", name="To the first step").click()
    assert state(page, "descent")["step"] == 0
    frame(page)
    page.locator("#descent").get_by_role("button", name="One step").click()
    assert state(page, "descent")["step"] == 1


def test_the_playground_begins_with_whole_steps_and_both_names(page: Page) -> None:
    come_to(page, "playground")
    ticks = page.locator("#playground .dl-panel").last.locator(".dl-axes text").all_text_contents()
    assert [text for text in ticks if text.isdigit()][-6:] == ["0", "2", "4", "6", "8", "10"]
    assert {"training", "validation"} <= {text for text, *_ in labels(page, "playground")}


def test_no_space_after_a_sign_that_belongs_to_a_number(page: Page) -> None:
    come_to(page, "playground")
    formulas = []
    for tile in page.locator("#playground .dl-tile[role=radio]").all():
        tile.click()
        formulas.append(page.locator("#playground .dl-readout").last.inner_text())
    firsts = [re.search(r"(?:: |\()([−+]?)( ?)\d", text) for text in formulas]
    assert any(found and found[1] == "−" for found in firsts)
    assert all(found and not found[2] for found in firsts), formulas


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_on_a_phone_the_picture_comes_into_sight_after_show_me(open_page: Open, address: str, motion: str) -> None:
    page = open_page(address, width=390, height=700, has_touch=True, reduced_motion=motion)
    page.locator("#steps .dl-show").last.scroll_into_view_if_needed()
    seen = "n => (box => Math.min(box.bottom, innerHeight) - Math.max(box.top, 0))(n.getBoundingClientRect())"
    picture = page.locator("#steps .dl-diagram")
    assert picture.evaluate(seen) < 100
    page.locator("#steps .dl-show").last.tap()
    if motion == "reduce":
        assert picture.evaluate(seen) > 300
    page.wait_for_function(f"({seen})(document.querySelector('#steps .dl-diagram')) > 300")


CONTRAST = """colours => {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const luminance = () => {
        const parts = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map(v => v / 255);
        const [r, g, b] = parts.map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const paint = (colour, opacity) => {
        Object.assign(canvas, { globalAlpha: Number(opacity), fillStyle: colour });
        canvas.fillRect(0, 0, 1, 1);
        return luminance();
    };
    const panel = document.querySelector('#averages .dl-panel');
    return colours.flatMap(colour => ['dl-line', 'dl-dots', 'dl-marks'].map(kind => {
        const path = panel.appendChild(document.createElementNS('http://www.w3.org/2000/svg', 'path'));
        path.setAttribute('class', `dl-series ${kind} dl-faint`);
        path.style.setProperty('--dl-c', colour);
        const style = getComputedStyle(path);
        const ground = paint(getComputedStyle(panel).getPropertyValue('--dl-page'), 1);
        const own = kind === 'dl-marks' ? paint(style.fill, style.fillOpacity) : paint(style.stroke, style.strokeOpacity);
        return [(Math.max(ground, own) + 0.05) / (Math.min(ground, own) + 0.05), colour, kind];
    }));
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_faint_can_be_seen(page: Page, theme: str) -> None:
    page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
    found = page.evaluate(CONTRAST, [*palette.PATHS.values(), *palette.BATCHES.values()])
    assert [each for each in found if each[0] < 3.0] == []


# Asking for a size in the middle of drawing has the whole page laid out, which takes longer than all the rest.
ASKS = """async ([id, name, values]) => {
    const { explorable } = document.getElementById(id), { getBoundingClientRect } = Element.prototype;
    let asked = 0;
    Element.prototype.getBoundingClientRect = function () {
        asked += 1;
        return getBoundingClientRect.call(this);
    };
    for (const value of values) {
        explorable.set(name, value);
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    }
    Element.prototype.getBoundingClientRect = getBoundingClientRect;
    return asked;
}"""


@pytest.mark.parametrize(
    ("identity", "name", "values"),
    [
        ("descent", "alpha", [0.02, 0.2]),
        ("race", "factor", [0.5, 2.0]),
        ("averages", "beta", [0.5, 0.98]),
        ("steps", "b", [0.5, -0.5]),
    ],
)
def test_drawing_asks_for_no_size(identity: str, name: str, values: list[float], page: Page) -> None:
    come_to(page, identity)
    assert page.evaluate(ASKS, [identity, name, values]) == 0


def test_a_window_of_one_pixel_leaves_no_gap(open_page: Open, address: str) -> None:
    """A picture of the page is taken through such a window by some: words one letter wide are no measure of their room."""
    page = open_page(address)
    come_to(page, "counting")
    height = lambda: places(page, "#counting .dl-root")[0][3]  # noqa: E731
    before = height()
    for width in (1, 60):
        page.set_viewport_size({"width": width, "height": 900})
        for _ in range(3):
            frame(page)
        page.set_viewport_size({"width": 1280, "height": 900})
        for _ in range(3):
            frame(page)
        assert height() == before
