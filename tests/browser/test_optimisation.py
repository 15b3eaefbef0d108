"""The explorables on optimisation that are made of curves: every control at both ends and in the middle, against Python."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page
from reaction import drag, watched
from stand_in import come_to, frame, nameless, plain, put, settings, state, words, work

from dlcourse import live
from dlcourse.live.quadratic_model import SHOWS

Open = Callable[..., Page]
MADE: dict[str, Callable[[], Any]] = {
    "rates": live.Rates,
    "quadratic-model": live.QuadraticModel,
    "schedules": live.Schedules,
    "noise-cloud": live.Noise,
    "escape": live.Escape,
    "line-search": live.LineSearch,
}
SLIDERS = [
    ("rates", "alpha"),
    ("rates", "condition"),
    ("quadratic-model", "x"),
    ("schedules", "alpha"),
    ("noise-cloud", "alpha"),
    ("escape", "alpha"),
    ("line-search", "c2"),
]


# What the noise leaves is a difference of two risks of about 1.
ROUNDING = {"noise-cloud": 1e-13}
NUMBER = re.compile(r"[−-]?\d+(?:\.\d+)?")


def alike(said: str, here: str) -> bool:
    """The same words, and numbers that differ by no more than the last digit: roundings of 0.003125 may part."""
    if NUMBER.sub("#", said) != NUMBER.sub("#", here):
        return False
    pairs = zip(*([float(n.replace("−", "-")) for n in NUMBER.findall(text)] for text in (said, here)))
    return all(abs(a - b) <= 0.01 * abs(b) for a, b in pairs)


@pytest.mark.parametrize("name", list(MADE))
def test_every_control_against_python(page: Page, name: str) -> None:
    here = MADE[name]()
    start = here.state
    asked = []
    for setting in settings(type(here)):
        reads = {key for key, _ in here.programs[setting.get(here.by, "")].inputs} | {here.by}
        if len(setting) != 2 or setting.keys() <= reads:  # else a control that this option does not have
            asked.append({**start, **setting})
    for setting, seen in zip(asked, work(page, name, asked), strict=True):
        for key, value in setting.items():
            setattr(here, key, value)
        assert seen.state == here.state
        there, values = seen.results, here.values
        assert set(there) == set(values)
        for key, value in values.items():
            value = np.ravel(np.asarray(value, dtype=float))
            finite = np.abs(value[np.isfinite(value)])
            slack = 1e-9 * min(float(finite.max()) if finite.size else 0.0, 1.0) + ROUNDING.get(name, 0.0)
            np.testing.assert_allclose(there[key], value, rtol=1e-9, atol=slack, err_msg=f"{name} {setting}: {key}")
        assert alike(seen.words, plain(here.words))
        assert seen.broken == seen.strange == [], setting


@pytest.mark.parametrize("name", list(MADE))
def test_buttons_show_what_they_say(page: Page, name: str) -> None:
    here = MADE[name]()
    for show in here.spec["shows"]:
        page.locator(f"#{name}").get_by_role("button", name=show["label"], exact=True).click()
        frame(page)
        assert {key: state(page, name)[key] for key in show["set"]} == show["set"]
        for key, value in state(page, name).items():
            setattr(here, key, value)
        assert alike(words(page, name), plain(here.words))


def test_a_pair_is_picked_from_the_map(page: Page) -> None:
    """By a click, by a drag of the handle and, as ever, by the keys of the sliders."""
    box = page.locator("#rates .dl-panel .dl-frame").first.bounding_box()
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.4 * box["height"])
    frame(page)
    found = state(page, "rates")
    assert found["alpha"] == pytest.approx(2.0, rel=0.03)
    assert found["beta"] == pytest.approx(0.6, abs=0.011)
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.4 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.2 * box["height"], steps=4)
    page.mouse.up()
    frame(page)
    found = state(page, "rates")
    assert found["alpha"] == pytest.approx(3.0, rel=0.03)
    assert found["beta"] == pytest.approx(0.8, abs=0.011)
    page.locator("#rates .dl-beta input").press("ArrowRight")
    frame(page)
    assert state(page, "rates")["beta"] == pytest.approx(found["beta"] + 0.01)


def test_each_option_has_its_axis(page: Page) -> None:
    numbers = "[...document.querySelectorAll('#rates .dl-panel .dl-axes')][0].querySelectorAll('text')"
    shown = f"[...{numbers}].map(text => text.textContent)"
    assert "40" not in page.evaluate(shown)
    put(page, "rates", method="momentum")
    assert "40" in page.evaluate(shown)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("shown", [show.label for show in SHOWS[1:]])
def test_labels_stand_at_their_own_curves(open_page: Open, address: str, width: int, shown: str) -> None:
    """Of the model and J along Newton's step, each name is nearer to its curve than to the other's, and lies across none."""
    page = open_page(address, width=width)
    come_to(page, "quadratic-model")
    page.locator("#quadratic-model").get_by_role("button", name=shown, exact=True).click()
    frame(page)
    found = page.evaluate(
        """() => {
            const panel = document.querySelectorAll('#quadratic-model .dl-panel')[1];
            const curves = ['model_along', 'along'].map(y => panel.querySelector(`[data-series=${y}]`));
            const texts = [...panel.querySelectorAll('.dl-label')].filter(e => e.getAttribute('visibility') === 'visible');
            return ['model', 'J'].map(name => {
                const box = texts.find(e => e.textContent === name).getBBox();
                return curves.map(curve => {
                    let least = Infinity;
                    for (let at = 0; at <= curve.getTotalLength(); at += 1) {
                        const {x, y} = curve.getPointAtLength(at);
                        const across = Math.max(box.x - x, x - box.x - box.width, 0);
                        least = Math.min(least, Math.hypot(across, Math.max(box.y + 3 - y, y - box.y - box.height + 3, 0)));
                    }
                    return least;
                });
            });
        }"""
    )
    (model, from_model), (from_j, j) = found
    assert from_model > model + 4
    assert from_j > j + 4
    assert min(model, j) > 0


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1280, "light")])
def test_nothing_is_cut_off_or_nameless(open_page: Open, address: str, width: int, theme: str) -> None:
    page = open_page(address, width=width)
    page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
    for name in MADE:
        page.locator(f"#{name}").scroll_into_view_if_needed()
        frame(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    overlapping = page.evaluate(
        """() => [...document.querySelectorAll('.dl-slider')].filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1)
            .map(e => e.textContent)"""
    )
    assert overlapping == []
    assert nameless(page) == []


@pytest.mark.nightly  # time: benchmarks/page.py prints it
def test_reacts_within_a_frame(browser: Browser, address: str, record_property: Callable[[str, object], None]) -> None:
    page = watched(browser, address)
    for name, slider in SLIDERS:
        found = drag(page, f"#{name} .dl-{slider} input")
        record_property(f"{name}, {slider}: input event to drawn, ms", {"median": found.median, "p95": found.p95})
        assert found.quartile < 16, f"{name}, {slider}: {found}"
    page.close()
