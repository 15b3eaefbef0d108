"""What is trained on data, as a reader works it: every control against the numbers of Python, handles, play."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from stand_in import HALT, alive, frame, look, plain, put, settings, state, words, work

from dlcourse import live
from dlcourse.live.curves import Curves

Open = Callable[..., Page]
MADE: dict[str, Callable[..., Curves]] = {
    "fit-line": live.FitLine,
    "retrain": live.Retrain,
    "penalty": live.Penalty,
    "bias-variance": live.BiasVariance,
}


@pytest.mark.parametrize("name", list(MADE))
def test_every_control_against_python(page: Page, name: str) -> None:
    here = MADE[name]()
    start = here.state
    twin = live.Retrain(start=here.start * (1 + 1e-15 * np.sign(here.start - 0.3))) if isinstance(here, live.Retrain) else None
    asked = [{**start, **setting} for setting in settings(type(here))]
    for setting, seen in zip(asked, work(page, name, asked, at_once=1), strict=True):
        for key, value in setting.items():
            setattr(here, key, value)
            if twin:
                setattr(twin, key, value)
        assert seen.state == here.state
        there, values = seen.results, here.values
        other = twin.values if twin else {}
        assert set(there) == set(values)
        for key, value in values.items():
            # Sums in another order, carried on through as many steps as are shown: relative to what is drawn together.
            near = 1e-6 if setting.get("alpha") == 10.0 else 1e-9  # such steps multiply what was rounded
            slack = near * (1.0 + np.nanmax(np.abs(value), initial=0.0))
            if twin:  # what roundings of the first weights come to, with a margin of 1000
                slack = slack + 1000 * np.abs(other[key] - value).max()
            np.testing.assert_allclose(there[key], np.atleast_1d(value), rtol=near, atol=slack, err_msg=f"{setting} {key}")
        for _ in range(100):  # the drawing of a long run follows when it is ready
            if seen.words == plain(here.words):
                break
            page.wait_for_timeout(50)
            seen = look(page, name)
        assert seen.words == plain(here.words)
        assert seen.broken == [], setting


def middle(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Page, selector: str, across: float, up: float) -> None:
    x, y = middle(page, selector)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across, y - up, steps=5)
    page.mouse.up()
    frame(page)


def test_the_line_follows_the_hand(page: Page) -> None:
    grips = "#fit-line .dl-panel >> nth=0 >> .dl-grip >> nth={} >> .dl-core"
    frame(page)
    drag(page, grips.format(0), 15, 30)
    moved = state(page, "fit-line")
    assert moved["slope"] == 0
    assert moved["intercept"] > 1
    before = middle(page, grips.format(0))
    drag(page, grips.format(1), 0, 30)
    turned = state(page, "fit-line")
    # As high at x = 1.5: the slope grows by the height over 1.5.
    assert turned["slope"] == pytest.approx(moved["intercept"] / 1.5, abs=0.06)
    assert turned["intercept"] == moved["intercept"]
    assert middle(page, grips.format(0)) == before


def test_the_point_on_the_surface_is_the_line(page: Page) -> None:
    frame(page)
    drag(page, "#fit-line .dl-over-heat .dl-core", 60, 40)
    found = state(page, "fit-line")
    assert found["slope"] > 1
    assert found["intercept"] > 1
    box = page.locator("#fit-line .dl-over-heat .dl-frame").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.1)
    frame(page)
    assert state(page, "fit-line")["slope"] == pytest.approx(7.0, abs=0.1)
    assert state(page, "fit-line")["intercept"] == pytest.approx(6.0, abs=0.1)


def test_the_map_shows_its_values(page: Page) -> None:
    """The lowest risk lies where the map is strongest, and the map is repainted when the loss changes."""
    frame(page)
    pixels = """() => {
        const c = document.querySelector('#fit-line canvas'), {data} = c.getContext('2d').getImageData(0, 0, c.width, c.height);
        return {width: c.width, height: c.height, alpha: Array.from({length: c.width * c.height}, (_, i) => data[4 * i + 3])};
    }"""
    found = page.evaluate(pixels)
    alpha = np.array(found["alpha"]).reshape(found["height"], found["width"])[::-1]
    rows, columns = np.nonzero(alpha == alpha.max())
    surface = live.FitLine().values["surface"].reshape(41, 41)
    i, j = np.unravel_index(np.argmax(surface), surface.shape)
    assert rows.mean() / found["height"] == pytest.approx((i + 0.5) / 41, abs=0.03)
    assert columns.mean() / found["width"] == pytest.approx((j + 0.5) / 41, abs=0.03)
    put(page, "fit-line", loss="zero_one")
    assert page.evaluate(pixels)["alpha"] != found["alpha"]


def test_descent_is_played_and_begins_anew_where_the_hand_goes(page: Page) -> None:
    frame(page)
    line = page.locator("#fit-line")
    line.get_by_role("button", name="One step").click()
    assert state(page, "fit-line")["phase"] == 1
    line.get_by_role("button", name="Descend").click()
    expect(line.get_by_role("button", name="Pause")).to_be_visible()
    page.wait_for_function("document.getElementById('fit-line').explorable.state.phase > 3")
    line.get_by_label(re.compile("of the line")).press("ArrowRight")
    expect(line.get_by_role("button", name="Descend")).to_be_visible()
    assert state(page, "fit-line")["phase"] == 0
    line.get_by_role("button", name="Reset").click()
    assert state(page, "fit-line") == live.FitLine().state


def test_a_halt_of_the_page_is_not_played(page: Page) -> None:
    frame(page)
    page.get_by_role("button", name="Descend").click()
    page.evaluate(HALT, 600_000)
    page.wait_for_function("document.getElementById('fit-line').explorable.state.phase > 3")
    assert state(page, "fit-line")["phase"] < live.FitLine.declared()["phase"].stops()[-1] / 2


def test_played_in_few_jumps_where_motion_is_unwanted(open_page: Open, address: str) -> None:
    page = open_page(address, reduced_motion="reduce")
    seen = page.evaluate(
        """async () => {
            const seen = new Set(), e = document.getElementById('fit-line');
            e.querySelector('.dl-play').click();
            for (let i = 0; i < 60; i++) {
                seen.add(e.explorable.state.phase);
                await new Promise(requestAnimationFrame);
            }
            return [...seen];
        }"""
    )
    assert all(phase % 18 == 0 for phase in seen)


def test_a_long_run_is_cut_in_slices(page: Page) -> None:
    """Dragging leaves no task far longer than a slice, and what is drawn at last belongs to the last value."""
    page.locator("#retrain .dl-figure").scroll_into_view_if_needed()
    frame(page)
    here = live.Retrain(alpha=2.0, beta=0.5)
    page.evaluate(
        """async () => {
            const e = document.getElementById('retrain').explorable;
            for (let k = 0; k < 12; k++) {
                e.set('alpha', 1 + k / 11);
                await new Promise(requestAnimationFrame);
            }
            e.set('beta', 0.5);
        }"""
    )
    expect(page.locator("#retrain .dl-readout")).to_contain_text(f"training loss {here.values['loss']:.4f}")
    assert words(page, "retrain") == plain(here.words)


def test_the_buttons_show_what_they_say(page: Page) -> None:
    for name, make in (("penalty", live.Penalty), ("bias-variance", live.BiasVariance)):
        page.locator(f"#{name} .dl-figure").scroll_into_view_if_needed()
        for show in make().spec["shows"]:
            page.locator(f"#{name}").get_by_role("button", name=show["label"], exact=True).click()
            frame(page)
            here = make(**show["set"])
            assert state(page, name) == here.state
            assert words(page, name) == plain(here.words)


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_sticks_out(open_page: Open, address: str, width: int) -> None:
    page = open_page(address, width=width)
    for name in MADE:
        page.locator(f"#{name} .dl-figure").scroll_into_view_if_needed()
        frame(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    maps = page.evaluate(
        """() => [...document.querySelectorAll('.dl-over-heat')].map(e => ['canvas', '.dl-frame'].map(inside => {
            const {left, top, width, height} = e.querySelector(inside).getBoundingClientRect();
            return [left, top, width, height];
        }))"""
    )
    assert len(maps) == 3
    for canvas, border in maps:
        assert canvas == pytest.approx(border, abs=2)  # the map lies in its frame


def test_a_long_run_is_drawn_off_screen_too(open_page: Open, address: str) -> None:
    """None is blank on a picture of the whole page, or when it comes into view."""
    page = open_page(address)
    page.wait_for_function("document.querySelector('#retrain [data-series=losses]').getAttribute('d')?.length > 100")
    assert page.evaluate("window.scrollY") == 0


def test_what_is_passed_by_while_it_is_drawn_is_drawn_all_the_same(open_page: Open, address: str) -> None:
    """And then the page rests."""
    page = open_page("about:blank")
    page.add_init_script(
        """
        const [frame, now] = [requestAnimationFrame.bind(window), performance.now.bind(performance)];
        const idle = new Promise((done) => (window.idle = done));
        window.frames = window.late = window.hurry = 0;
        window.requestAnimationFrame = (call) => (window.frames++, frame(call));
        window.requestIdleCallback = (call) => idle.then(() => setTimeout(call));
        performance.now = () => now() + (window.late += window.hurry);
        """
    )
    page.goto(address)
    alive(page)
    page.evaluate(
        """async () => {
            const frame = () => new Promise(requestAnimationFrame);
            window.hurry = 50; // a slice of computing is over after one operation
            window.idle();
            while (!document.querySelector('#retrain [data-busy]')) await frame();
            document.getElementById('retrain').scrollIntoView();
            for (let k = 0; k < 3; k++) await frame();
            window.scrollTo(0, 0);
            for (let k = 0; k < 3; k++) await frame();
            window.hurry = 0;
        }"""
    )
    page.wait_for_function("document.querySelectorAll('.dl-root[data-drawn]:not([data-busy])').length === 4", timeout=10_000)
    page.wait_for_timeout(100)
    before = page.evaluate("window.frames")
    page.wait_for_timeout(200)
    assert page.evaluate("window.frames") == before
