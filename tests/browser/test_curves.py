"""Curves as a reader works them: every control at both ends and in the middle, against the numbers of Python."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from reaction import drag, watched
from stand_in import alive, come_to, frame, nameless, plain, put, settings, show_widget, state, words, work

from dlcourse import live
from dlcourse.live.controls import Choice, Slider, Switch
from dlcourse.live.curves import Axis, Curves, Goal, Line, Panel, Sentence, Series

Open = Callable[..., Page]


class Growth(Curves):
    """What the others do not use: axes that follow the data, steps, gaps, a goal line, two options of different controls."""

    law = Choice(["power", "root"], label="Law", labels=["a power", "a <b>root</b>"])
    size = Slider(1.0, low=1e-3, high=1e3, scale="log", label="a", description="size")
    exponent = Slider(2, low=1, high=6, step=1, label="n", description="exponent")
    shown = Switch(True, label="Show it")

    def __init__(self, **state: Any) -> None:
        x = np.linspace(-2.0, 2.0, 41)

        def power(size: Any, exponent: Any, shown: Any) -> dict[str, Any]:
            y = size * np.abs(x) ** exponent
            return {"x": x, "y": y, "top": np.max(y), "high": np.greater(np.max(y), 100.0)}

        def root(size: Any) -> dict[str, Any]:
            y = size * np.sqrt(x + 0.0 * size)  # NaN on the left
            return {"x": x, "y": y, "top": size * np.sqrt(2.0), "high": 0.0 * size}

        drawn = (Series("x", "y", "curve", when="shown"), Series("x", "y", kind="steps", colour="#0f9d74"))
        lines = (Line("top", "top", axis="y"), Line(100.0, "goal", axis="y", tone="goal"))
        super().__init__(
            "growth",
            {"power": power, "root": root},
            (Panel(Axis("x"), Axis("y"), drawn, lines), Panel(Axis("x", (-2.0, 2.0)), Axis("y", None, "log"), drawn, lines)),
            words=(Sentence("{law} reaches {top}."), Sentence("{size}"), Sentence("Above.", "high", tone="good")),
            goal=Goal("Above 100 <i>now</i>.", "high"),
            presets={"power": {"size": 1.0}, "root": {"size": 10.0}},
            **state,
        )


MADE: dict[str, Callable[..., Curves]] = {
    "averages": live.Averages,
    "gradient-check": live.GradientCheck,
    "activations": live.Activations,
    "growth": Growth,
}


@pytest.mark.parametrize("name", list(MADE))
def test_every_control_against_python(page: Page, name: str) -> None:
    with np.errstate(all="ignore"):
        here = MADE[name]()
        start = here.state
        asked = [{**start, **setting} for setting in settings(type(here))]
        for setting, seen in zip(asked, work(page, name, asked), strict=True):
            for key, value in setting.items():
                setattr(here, key, value)
            assert seen.state == here.state
            there, values = seen.results, here.values
            assert set(there) == set(values)
            noisy = getattr(here, "function", "") in ("exponential", "sine")
            for key, value in values.items():
                if noisy and key in ("central_errors", "forward_errors"):
                    # Their roundings are divided by ε, and those of exp and sin need not be the same here and there.
                    slack = 1e-9 * np.abs(value) + 8 * values["rounding"]
                    assert np.all(np.abs(there[key] - value) <= slack), (setting, key)
                elif noisy and key in ("central", "forward", "central_error", "forward_error", "reached"):
                    if key != "reached":
                        at = int(np.argmin(np.abs(np.log(values["steps"] / here.epsilon))))
                        assert abs(there[key][0] - value) <= 8 * values["rounding"][at] + 1e-9 * abs(value), (setting, key)
                else:
                    np.testing.assert_allclose(
                        there[key], np.atleast_1d(value), rtol=1e-9, atol=1e-300, err_msg=f"{setting} {key}"
                    )
            if not noisy:
                assert seen.words == plain(here.words)
            assert seen.broken == [], setting
        assert page.problems == []  # type: ignore[attr-defined]


def test_nothing_is_drawn_far_outside(page: Page) -> None:
    put(page, "growth", size=1000.0, exponent=6)
    put(page, "activations", activation="soboleva_tanh", a=2.0, b=2.0, c=0.0, d=0.0)
    numbers = page.evaluate(
        """() => [...document.querySelectorAll('.dl-series')]
            .flatMap(path => ((path.getAttribute('d') ?? '').match(/-?[\\d.]+/g) ?? []).map(Number))"""
    )
    assert numbers
    assert all(-10 < n < 1000 for n in numbers)


def test_sliders_by_keyboard(page: Page) -> None:
    averages = page.locator("#averages")
    control = averages.get_by_label(re.compile("memory"))
    before, said = state(page, "averages")["beta"], words(page, "averages")
    control.press("ArrowRight")
    frame(page)
    assert state(page, "averages")["beta"] == pytest.approx(before + 0.01)
    assert words(page, "averages") != said
    assert control.get_attribute("aria-valuetext") == "0.91"
    switch = averages.get_by_role("switch", name="Bias correction")
    switch.press("Space")
    assert state(page, "averages")["correction"] is True
    assert switch.is_checked()
    expect(averages.locator("[data-series=corrected]")).to_be_visible()
    page.evaluate("window.heard = 0; document.addEventListener('keydown', () => heard++)")
    control.press("ArrowLeft")
    assert page.evaluate("heard") == 0  # a notebook would take them for its cells


def test_dragging_moves_the_position(page: Page) -> None:
    box = page.locator("#averages .dl-pickable .dl-frame").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    page.mouse.down()
    assert state(page, "averages")["day"] == 90
    page.mouse.move(box["x"] + box["width"] + 300, box["y"] - 50, steps=4)
    page.mouse.up()
    frame(page)
    assert state(page, "averages")["day"] == 180
    assert "On day 180 the thermometer said" in words(page, "averages")
    line = page.locator("#averages .dl-pickable .dl-now").get_attribute("d")
    page.mouse.move(box["x"] + 10, box["y"] + 40)  # released: nothing moves
    frame(page)
    assert page.locator("#averages .dl-pickable .dl-now").get_attribute("d") == line


def test_dragging_on_a_log_axis_stays_on_the_sliders_stops(page: Page) -> None:
    page.locator("#gradient-check").scroll_into_view_if_needed()
    frame(page)
    box = page.locator("#gradient-check .dl-frame").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.6871, box["y"] + 40)
    assert state(page, "gradient-check")["epsilon"] in live.GradientCheck.class_traits()["epsilon"].stops()
    assert -6 < np.log10(state(page, "gradient-check")["epsilon"]) < -4


def test_a_finger_scrolls_unless_it_is_on_the_handle(open_page: Open, address: str) -> None:
    page = open_page(address, width=390, has_touch=True)
    style = "s => getComputedStyle(document.querySelector(s)).touchAction"
    assert page.evaluate(style, "#averages .dl-handle") == "none"
    assert page.evaluate(style, "#averages .dl-pickable") == "auto"
    box = page.locator("#averages .dl-pickable .dl-frame").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + 20)
    assert state(page, "averages")["day"] == 90


def test_an_option_brings_its_settings_and_nothing_is_lost(page: Page) -> None:
    growth = page.locator("#growth")
    put(page, "growth", size=5.0, law="power")
    growth.get_by_label("Law").select_option("root")
    frame(page)
    assert state(page, "growth")["size"] == 10
    expect(growth.get_by_label(re.compile("exponent"))).to_be_hidden()  # it changes nothing there
    growth.get_by_label("Law").select_option("power")
    frame(page)
    assert state(page, "growth")["size"] == 5
    expect(growth.get_by_label(re.compile("exponent"))).to_be_visible()
    growth.get_by_role("button", name="Reset").click()
    assert state(page, "growth") == Growth().state
    activations = page.locator("#activations")
    put(page, "activations", x=1.0)
    activations.get_by_label("Activation").select_option("elu")
    assert state(page, "activations")["alpha"] == 1.0
    frame(page)
    assert activations.locator(".dl-sliders > :not([hidden])").count() == 2
    activations.get_by_label("Activation").select_option("gelu")
    expect(activations.locator(".dl-note")).to_have_text(f"Range {live.activations.OFFERED['gelu'].range()}.")


def test_the_goal(page: Page) -> None:
    goal = page.locator("#growth .dl-goal")
    expect(goal).to_contain_text("Above 100 <i>now</i>.")  # text, never HTML
    put(page, "growth", size=30.0)
    expect(goal).to_have_class(re.compile("dl-done"))
    expect(page.locator("#growth .dl-verdict")).to_be_visible()
    put(page, "growth", size=20.0)
    expect(goal).not_to_have_class(re.compile("dl-done"))


MOVE = """async ([id, name, values]) => {
    const element = document.getElementById(id);
    const seen = [];
    for (const value of values) {
        element.explorable.set(name, value);
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        seen.push(element.querySelector(".dl-axes").textContent);
    }
    return seen;
}"""


def test_axes_that_follow_the_data_stand_still_while_a_slider_moves(page: Page) -> None:
    come_to(page, "growth")
    wide, moved = page.evaluate(MOVE, ["growth", "size", [100, 1]])  # without a pause, which the axis would take for rest
    assert "400" in wide
    assert moved == wide
    expect(page.locator("#growth .dl-axes").first).not_to_have_text(wide)  # at rest it fits again


def test_gaps_where_there_is_no_number(page: Page) -> None:
    put(page, "growth", law="root", size=1.0)
    path = page.locator("#growth .dl-line").first.get_attribute("d") or ""
    assert path.count("M") == 1
    left = float(re.findall(r"[\d.]+", path)[0])
    width = page.evaluate("document.querySelector('#growth .dl-frame').width.baseVal.value")
    assert left >= width / 2 - 1
    put(page, "activations", activation="binary_step")
    assert (page.locator("#activations [data-series=g]").get_attribute("d") or "").count("M") == 2


# ---- links ----


def test_link_to_a_setting(open_page: Open, address: str) -> None:
    page = open_page(address + "#averages?beta=0.5&day=17.4&correction=true")
    assert state(page, "averages") == {"beta": 0.5, "day": 17, "correction": True}
    page = open_page(address + "#activations?activation=elu&x=99")
    assert (state(page, "activations")["alpha"], state(page, "activations")["x"]) == (1, 5)


@pytest.mark.parametrize(
    "fragment",
    [
        "#averages?beta=NaN&day=&correction=1&constructor=1",
        "#averages?beta=1e999&day=Infinity&correction=<b>",
        "#growth?law=__proto__&size=0x10&exponent=one&shown=yes",
        "#growth?__proto__=power&law=",
    ],
)
def test_hostile_link_changes_nothing(open_page: Open, address: str, fragment: str) -> None:
    page = open_page(address + fragment)
    for name, make in MADE.items():
        assert state(page, name) == make().state


def test_show_me_and_copy_link(open_page: Open, page: Page, address: str) -> None:
    page.evaluate(
        """() => {
            const link = document.createElement('a');
            link.href = '#averages?beta=0.98';
            link.textContent = 'show me';
            document.querySelector('main').prepend(link);
        }"""
    )
    for _ in range(2):
        put(page, "averages", beta=0.1)
        page.get_by_text("show me").click()
        frame(page)
        assert state(page, "averages")["beta"] == 0.98
    put(page, "averages", correction=True, day=33)
    left = state(page, "averages")
    heard = """() => new Promise((done) => {
        const region = document.querySelector('#averages [aria-live]');
        new MutationObserver(() => region.textContent.includes('ink') && done(true)).observe(region, { childList: true });
        document.querySelector('#averages .dl-link').click();
        setTimeout(done, 2000, false);
    })"""
    assert [page.evaluate(heard) for _ in range(2)] == [True, True]  # who copies it again hears it again
    assert page.url.startswith(address + "#averages?")
    assert state(open_page(page.url), "averages") == left


# ---- looks ----


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_is_cut_off(open_page: Open, address: str, width: int) -> None:
    page = open_page(address, width=width)
    put(page, "averages", correction=True)
    put(page, "activations", activation="soboleva_tanh")
    page.wait_for_function("[...document.querySelectorAll('.dl-panel')].every(svg => svg.querySelector('.dl-axes text'))")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = page.evaluate(
        """() => [...document.querySelectorAll('.dl-root *')].filter(e => {
            const r = e.getBoundingClientRect();
            return r.width > 1 && e.tagName !== 'g' && getComputedStyle(e).visibility !== 'hidden'
                && !e.closest('clipPath, .dl-curves, .dl-handle') && (r.left < -1 || r.right > innerWidth + 1);
        }).map(e => e.outerHTML.slice(0, 120))"""
    )
    assert outside == []
    small = page.evaluate(
        """[...document.querySelectorAll('.dl-root text, .dl-root label, .dl-root li')]
            .filter(e => parseFloat(getComputedStyle(e).fontSize) < 12).length"""
    )
    assert small == 0


@pytest.mark.parametrize("width", [390, 1280])
def test_labels_do_not_overlap_and_stand_at_their_curve(open_page: Open, address: str, width: int) -> None:
    page = open_page(address, width=width)
    for setting in ({"beta": 0.9}, {"beta": 0.98, "correction": True}, {"beta": 0.3, "day": 120}):
        put(page, "averages", **setting)
        boxes = page.evaluate(
            """() => [...document.querySelectorAll('#averages .dl-panel')].map(svg => [...svg.querySelectorAll('.dl-label')]
                .filter(e => e.textContent && e.getAttribute('visibility') === 'visible')
                .map(e => e.getBBox()).map(b => [b.x, b.y + 2, b.x + b.width, b.y + b.height - 2]))"""
        )
        assert len(boxes[0]) >= 3
        for panel in boxes:
            for i, a in enumerate(panel):
                for b in panel[:i]:
                    assert min(a[2], b[2]) <= max(a[0], b[0]) + 1 or min(a[3], b[3]) <= max(a[1], b[1]) + 1, (a, b)


def test_dark_theme(page: Page) -> None:
    ink = "getComputedStyle(document.querySelector('#averages .dl-axis-words')).fill"
    light = page.evaluate(ink)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")

    def brightness(colour: str) -> float:
        return sum(float(c) for c in re.findall(r"[\d.]+", colour)[:3])

    assert brightness(page.evaluate(ink)) > brightness(light)


def test_everything_has_a_name(page: Page) -> None:
    """Controls by their label, pictures by a description, what changes by polite words."""
    assert nameless(page) == []
    for picture in page.locator(".dl-panel").all():
        assert picture.get_attribute("role") == "img"
        assert " against " in (picture.get_attribute("aria-label") or "")
    spoken = page.locator("#averages [aria-live=polite]")
    assert spoken.inner_text() == ""
    page.locator("#averages").get_by_label(re.compile("memory")).press("ArrowRight")
    expect(spoken).to_have_text(re.compile(r"^β\s=\s0.91 remembers"))


def test_a_short_equation_stays_on_its_line(page: Page) -> None:
    """Of formulas in words, of any length, no line begins or ends with the sign."""
    come_to(page, "averages")
    put(page, "averages", beta=0.9)
    said = page.locator("#averages .dl-readout li:not(.dl-note)").first
    assert said.inner_text().startswith("β\xa0=\xa00.90 remembers about 1/(1 − β)\xa0=\xa010.0 days.")
    width = said.evaluate("row => row.parentElement.style.width")
    lines = """row => {
        const range = document.createRange(), text = row.lastChild.firstChild, lines = new Map();
        for (let i = 0; i < text.length; i++) {
            range.setStart(text, i);
            range.setEnd(text, i + 1);
            const { top } = range.getBoundingClientRect();
            lines.set(top, (lines.get(top) ?? "") + text.data[i]);
        }
        return [...lines.values()].map((line) => line.trim());
    }"""
    for pixels in range(160, 400, 8):
        said.evaluate("(row, width) => { row.parentElement.style.width = `${width}px`; }", pixels)
        for line in said.evaluate(lines):
            assert line.strip("=") == line, (pixels, line)
    said.evaluate("(row, width) => { row.parentElement.style.width = width; }", width)


def test_what_a_long_run_draws_belongs_to_what_it_was_asked(page: Page) -> None:
    """On screen, while the slider has moved on; on paper stands where it has moved to."""
    come_to(page, "averages")
    on_screen, on_paper = page.evaluate(
        """async () => {
            const here = document.getElementById('averages');
            const words = () => here.querySelector('.dl-readout').textContent;
            const first = words();
            let now = performance.now();
            performance.now = () => (now += 50); // each operation takes longer than a frame
            here.explorable.set('beta', 0.5);
            await new Promise(requestAnimationFrame);
            await new Promise(requestAnimationFrame);
            here.explorable.set('beta', 0.95);
            while (words() === first) await new Promise(requestAnimationFrame);
            const seen = words();
            dispatchEvent(new Event('beforeprint'));
            delete performance.now;
            return [seen, words()];
        }"""
    )
    assert "β = 0.50 remembers about 1/(1 − β) = 2.0 days" in plain(on_screen)
    assert "β = 0.95 remembers about 1/(1 − β) = 20.0 days" in plain(on_paper)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ('delete spec.programs[""]', "lacks the program"),
        ("spec.panels = []", "no panel"),
        ("delete spec.words", 'lacks "words"'),
        ('state.beta = "many"', 'beta cannot be "many"'),
        ('spec.programs[""].ops[0][0] = "conjure"', "conjure"),
    ],
)
def test_what_cannot_be_shown_says_so(browser: Browser, address: str, change: str, says: str) -> None:
    page = browser.new_page()
    page.goto(address)
    alive(page)
    page.evaluate(
        """change => {
            const el = document.getElementById('averages');
            const { spec, state } = JSON.parse(el.querySelector('script').textContent);
            new Function('spec', 'state', change)(spec, state);
            const root = document.createElement('div');
            root.id = 'broken';
            document.querySelector('main').prepend(root);
            const values = { ...state };
            window.dlcourse.mount(root, 'curves', spec, { initial: { ...state }, get: name => values[name],
                set(name, value) { values[name] = value }, onChange: () => () => {}, destroy() {} });
        }""",
        change,
    )
    assert says in page.locator("#broken").get_by_role("alert").inner_text()
    page.close()


def test_widget_face_over_a_model(page: Page) -> None:
    """A stand-in for the notebook's model: the description names the controls, changes travel both ways."""
    shown = live.Averages()
    show_widget(page, "here", "curves", shown)
    page.evaluate("model.set('beta', 0.5)")
    expect(page.locator("#here .dl-readout")).to_contain_text("β = 0.50 remembers")
    assert page.evaluate("model.saves") == 0  # what came from the kernel is not sent back
    page.locator("#here").get_by_role("switch").press("Space")
    frame(page)
    assert page.evaluate("[model.saves, model.get('correction')]") == [1, True]
    page.evaluate("clean()")
    assert page.evaluate("model.listeners()") == 0
    expect(page.locator("#here *")).to_have_count(0)


@pytest.mark.nightly  # time: benchmarks/page.py prints it
def test_reacts_within_a_frame(browser: Browser, address: str, record_property: Callable[[str, object], None]) -> None:
    page = watched(browser, address)
    for name, slider in [("averages", "beta"), ("gradient-check", "x"), ("activations", "x")]:
        found = drag(page, f"#{name} .dl-{slider} input")
        record_property(f"{name}, {slider}: input event to drawn, ms", {"median": found.median, "p95": found.p95})
        assert found.median < 16, f"{name}, {slider}: {found}"
    page.close()
