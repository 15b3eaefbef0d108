"""The explorables as a reader works them: keyboard, mouse, links, phones, and settings that go wrong.

On a bare page with nothing but the committed bundle and what `dlcourse.live` puts there.
"""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from reaction import drag, watched
from stand_in import MODEL, alive, frame, plain, show_widget, write_page

from dlcourse import landscapes, live

Open = Callable[..., Page]
ALL = ["gradient_descent", "momentum", "accumulated_momentum", "heavy_ball", "nesterov"]


MADE = {
    "descent": lambda: live.Descent("bowl", ["gradient_descent", "momentum"], identity="descent"),
    "second": lambda: live.Descent("rosenbrock", ["nesterov"], identity="second"),
    "plain": lambda: live.Descent("bowl", "gradient_descent", identity="plain", landscape_choices=[], method_choices=[]),
    "number": lambda: live.Question(
        "number", "At which $\alpha$ does it diverge?", answer=0.2, hints={0.1: "That is the best one."}
    ),
    "choice": lambda: live.Question(
        "choice", "Which is faster?", choices=[("this", "Indeed, this."), ("that", "Look again.")], right=0
    ),
}


def state(page: Page, name: str = "descent") -> dict[str, Any]:
    found = page.evaluate("id => ({...document.getElementById(id).explorable.state})", name)
    assert isinstance(found, dict)
    return found


def put(page: Page, **values: Any) -> None:
    for name, value in values.items():
        page.evaluate("([name, value]) => document.getElementById('descent').explorable.set(name, value)", [name, value])


def drawn(page: Page, method: str = "gradient_descent") -> str:
    frame(page)
    strokes = page.locator(f"#descent .dl-path[data-method={method}] .dl-stroke").all()
    return "".join(stroke.get_attribute("d") or "" for stroke in strokes)


def words(page: Page, method: str = "gradient_descent") -> str:
    frame(page)
    return plain(page.locator(f"#descent .dl-readout li[data-method={method}]").inner_text())


def slider(page: Page, label: str) -> Any:
    return page.locator("#descent").get_by_label(re.compile(label)).first


def test_mounts_and_says_what_it_shows(page: Page) -> None:
    assert state(page)["alpha"] == landscapes.bowl.learning_rate
    assert "after 100 steps J = " in words(page)
    assert drawn(page)
    expect(page.locator("#descent .dl-level").first).to_have_attribute("d", re.compile("^M"))


@pytest.mark.parametrize(("name", "label"), [("alpha", "learning rate"), ("beta", "momentum")])
def test_slider_by_keyboard_and_mouse(page: Page, name: str, label: str) -> None:
    control = slider(page, label)
    before, path, said = state(page)[name], drawn(page, "momentum"), words(page, "momentum")
    control.press("ArrowLeft")
    after = state(page)[name]
    assert after < before
    assert drawn(page, "momentum") != path
    assert words(page, "momentum") != said
    control.press("Home")
    lowest = state(page)[name]
    control.press("End")
    assert state(page)[name] > after > lowest

    control.press("Home")
    path = drawn(page, "momentum")
    box = control.bounding_box()
    page.mouse.move(box["x"] + 9, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    assert state(page)[name] > lowest
    assert drawn(page, "momentum") != path


def test_the_number_shown_is_the_number_used(page: Page) -> None:
    control = slider(page, "learning rate")
    for _ in range(7):
        control.press("ArrowRight")
        frame(page)
        shown = page.locator("#descent .dl-alpha output").inner_text()
        assert float(shown.replace("\N{NO-BREAK SPACE}× 10", "e")) == state(page)["alpha"]
        assert control.get_attribute("aria-valuetext") == shown
    for _ in range(7):
        control.press("ArrowLeft")
    assert state(page)["alpha"] == landscapes.bowl.learning_rate  # though no stop of the scale is so round


def test_key_events_stay_inside(page: Page) -> None:
    page.evaluate("window.heard = 0; document.addEventListener('keydown', () => heard++)")
    slider(page, "learning rate").press("ArrowRight")
    page.locator("#descent .dl-start").press("ArrowRight")
    assert page.evaluate("heard") == 0


def test_start_by_keys_and_by_mouse(page: Page) -> None:
    handle = page.locator("#descent .dl-start")
    x, y = state(page)["start"]
    path = drawn(page)
    handle.press("ArrowRight")
    small = state(page)["start"][0] - x
    assert small > 0
    handle.press("Shift+ArrowUp")
    assert state(page)["start"][1] - y > 3 * small
    assert drawn(page) != path
    assert "θ₁ = " in (handle.get_attribute("aria-valuetext") or "")

    path = drawn(page)
    box = page.locator("#descent .dl-start .dl-ring").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 80, box["y"] + 120, steps=5)
    page.mouse.up()
    moved = state(page)["start"]
    assert moved[0] > x
    assert moved[1] < y
    assert drawn(page) != path

    frame_box = page.locator("#descent .dl-map .dl-frame").bounding_box()
    page.mouse.click(frame_box["x"] + frame_box["width"] / 2, frame_box["y"] + frame_box["height"] / 2)
    assert state(page)["start"] == pytest.approx([0, 0], abs=0.05)

    page.mouse.move(frame_box["x"] + 30, frame_box["y"] + 30)  # dragged out of the map it stays at the edge
    page.mouse.down()
    page.mouse.move(frame_box["x"] - 500, frame_box["y"] - 50, steps=3)
    page.mouse.up()
    assert state(page)["start"][0] == pytest.approx(-6)


def test_start_by_touch_leaves_the_rest_to_scrolling(open_page: Open, address: str) -> None:
    page = open_page(address, width=390, has_touch=True)
    assert page.evaluate("getComputedStyle(document.querySelector('#descent .dl-start')).touchAction") == "none"
    assert page.evaluate("getComputedStyle(document.querySelector('#descent .dl-map')).touchAction") == "auto"
    box = page.locator("#descent .dl-map .dl-frame").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert state(page)["start"] == pytest.approx([0, 0], abs=0.1)


def test_choosing_a_landscape_and_coming_back(page: Page) -> None:
    put(page, alpha=0.123, start=[1.0, 2.0])
    chooser = page.locator("#descent").get_by_label("Landscape")
    contours = page.locator("#descent .dl-level").first.get_attribute("d")
    chooser.select_option("himmelblau")
    frame(page)
    assert state(page)["start"] == list(landscapes.himmelblau.start)
    assert state(page)["alpha"] == landscapes.himmelblau.learning_rate
    assert page.locator("#descent .dl-level").first.get_attribute("d") != contours
    expect(slider(page, "condition number")).to_be_hidden()
    chooser.select_option("bowl")
    frame(page)
    assert (state(page)["alpha"], state(page)["start"]) == (0.123, [1.0, 2.0])
    expect(slider(page, "condition number")).to_be_visible()


def test_choosing_methods(page: Page) -> None:
    chips = page.get_by_role("group", name="Methods").first
    chips.get_by_label("Nesterov").check()
    assert state(page)["methods"] == ["gradient_descent", "momentum", "nesterov"]
    assert drawn(page, "nesterov")
    chips.get_by_label("Nesterov").uncheck()
    chips.get_by_label("Momentum (averaged)").uncheck()
    chips.get_by_label("Gradient descent").click()
    assert state(page)["methods"] == ["gradient_descent"]  # the last one stays
    expect(slider(page, "momentum")).to_be_disabled()  # which it does not have
    expect(slider(page, "learning rate")).to_be_enabled()
    chips.get_by_label("Nesterov").check()
    expect(slider(page, "momentum")).to_be_enabled()
    chips.get_by_label("Nesterov").uncheck()
    assert chips.get_by_label("Gradient descent").is_checked()


def test_step_play_reset(page: Page) -> None:
    descent = page.locator("#descent")
    descent.get_by_role("slider", name="step").press("Home")
    assert "at the start" in words(page)
    descent.get_by_role("button", name="One step").click()
    assert "after 1 step " in words(page)
    descent.get_by_role("button", name="Play").click()
    page.wait_for_function("document.getElementById('descent').explorable.state.step > 1")
    between = state(page)["step"]
    assert 1 < between < 100
    descent.get_by_role("button", name="Pause").click()
    page.wait_for_timeout(150)
    stopped = state(page)["step"]
    page.wait_for_timeout(150)
    assert state(page)["step"] == stopped
    descent.get_by_role("button", name="Play").click()
    expect(descent.get_by_role("button", name="Play")).to_be_visible()
    assert state(page)["step"] == 100
    put(page, alpha=0.3, beta=0.5, methods=["nesterov"], start=[1.0, 1.0], condition=50.0)
    descent.get_by_role("button", name="Reset").click()
    as_built = live.Descent("bowl", ["gradient_descent", "momentum"]).state
    assert state(page) == as_built


def test_reduced_motion_plays_in_few_jumps(open_page: Open, address: str) -> None:
    page = open_page(address, reduced_motion="reduce")
    page.evaluate(
        """() => {
            window.seen = new Set();
            const { state } = document.getElementById('descent').explorable;
            const look = () => { seen.add(state.step); requestAnimationFrame(look) };
            look();
        }"""
    )
    page.locator("#descent").get_by_role("button", name="Play").click()
    expect(page.locator("#descent").get_by_role("button", name="Play")).to_be_visible(timeout=5000)
    assert page.evaluate("seen.size") <= 7


@pytest.mark.parametrize("landscape", list(landscapes.ALL))
def test_divergence_is_told_and_drawn(page: Page, landscape: str) -> None:
    put(page, landscape=landscape, methods=ALL, alpha=10.0, beta=0.99, start=list(landscapes.get(landscape).start))
    frame(page)
    content = page.content()
    assert "NaN" not in content
    assert "Infinity" not in content
    results = page.evaluate("document.getElementById('descent').explorable.results.divergedAt")
    for method, diverged in results.items():
        assert (f"diverged at step {diverged}" in words(page, method)) == (diverged is not None)
    if landscape == "bowl":
        assert results["gradient_descent"] is not None
        label = page.locator("#descent .dl-map text[data-method=gradient_descent]")
        assert label.text_content() == f"Gradient descent diverged at step {results['gradient_descent']}"
        ticks = page.locator("#descent .dl-map .dl-axes").text_content()
        put(page, alpha=0.05, beta=0.9)
        frame(page)
        assert page.locator("#descent .dl-map .dl-axes").text_content() == ticks  # the map keeps its domain
        assert "diverged" not in words(page)


def test_nothing_is_drawn_far_outside(page: Page) -> None:
    put(page, methods=ALL, alpha=0.5)
    frame(page)
    numbers = page.evaluate(
        """() => [...document.querySelectorAll('#descent .dl-path path, #descent .dl-heads path, #descent .dl-losses path')]
            .flatMap(path => ((path.getAttribute('d') ?? '').match(/-?[\\d.]+/g) ?? []).map(Number))"""
    )
    assert numbers
    assert all(math.isfinite(n) and -400 < n < 1400 for n in numbers)


def test_same_numbers_as_python(page: Page) -> None:
    put(page, methods=ALL, alpha=0.0371, beta=0.83, condition=23.0, start=[-3.2, 1.7])
    here = live.Descent("bowl", ALL, alpha=0.0371, beta=0.83, condition=23.0, start=[-3.2, 1.7])
    there = page.evaluate(
        """() => Object.fromEntries(Object.entries(document.getElementById('descent').explorable.results.paths)
            .map(([name, path]) => [name, [...path]]))"""
    )
    for method, path in here.paths.items():
        np.testing.assert_allclose(np.reshape(there[method], (-1, 2)), path, rtol=1e-9, atol=1e-300)


def test_what_offers_no_choice_is_not_shown(page: Page) -> None:
    plain = page.locator("#plain")
    plain.scroll_into_view_if_needed()
    expect(plain.locator(".dl-readout li")).to_contain_text("after 100 steps")
    expect(plain.get_by_label("Landscape")).to_be_hidden()
    expect(plain.get_by_role("checkbox")).to_have_count(0)
    expect(plain.get_by_label(re.compile("momentum"))).to_have_count(0)


# ---- links ----


def opened_with(open_page: Open, address: str, fragment: str) -> dict[str, Any]:
    page = open_page(address + fragment)
    frame(page)
    assert drawn(page, state(page)["methods"][0])
    return state(page)


def test_link_to_a_setting(open_page: Open, address: str) -> None:
    link = "#descent?alpha=0.12&beta=0.5&methods=nesterov,heavy_ball&start=1.5,-2&step=40&condition=30"
    found = opened_with(open_page, address, link)
    assert found == {
        "landscape": "bowl", "methods": ["heavy_ball", "nesterov"], "alpha": 0.12, "beta": 0.5,
        "condition": 30, "start": [1.5, -2], "step": 40,
    }  # fmt: skip


def test_link_to_a_landscape_brings_its_own_start(open_page: Open, address: str) -> None:
    found = opened_with(open_page, address, "#descent?landscape=beale")
    assert found["landscape"] == "beale"
    assert found["start"] == list(landscapes.beale.start)
    assert found["alpha"] == landscapes.beale.learning_rate


def test_link_out_of_range_is_clamped(open_page: Open, address: str) -> None:
    found = opened_with(open_page, address, "#descent?alpha=1e9&beta=-3&start=1000,-1000&step=1e6&condition=0")
    assert (found["alpha"], found["beta"], found["step"], found["condition"]) == (10, 0, 100, 1)
    assert max(map(abs, found["start"])) <= 10


@pytest.mark.parametrize(
    "fragment",
    [
        "#descent?alpha=NaN&beta=Infinity&step=&condition=0x10&start=1&methods=&landscape=__proto__",
        "#descent?alpha=1e999&start=1,2,3&methods=constructor,toString&landscape=<img src=x onerror=alert(1)>",
        "#descent?__proto__=1&constructor=2&spec=3&kind=question",
        "#descent?%E0%A4%A&alpha=%",
        "#%E0%A4%A?alpha=1",
        "#?alpha=1",
        "#nowhere?alpha=1",
        "#descent",
    ],
)
def test_hostile_link_changes_nothing(open_page: Open, address: str, fragment: str) -> None:
    page = open_page(address)
    built = state(page)
    assert opened_with(open_page, address, fragment) == built


def test_show_me_link_in_the_page(page: Page) -> None:
    page.evaluate(
        """() => {
            const link = document.createElement('a');
            link.href = '#descent?alpha=0.15';
            link.textContent = 'show me';
            document.querySelector('main').prepend(link);
        }"""
    )
    for _ in range(2):  # also when followed again
        put(page, alpha=0.01, step=10)  # the reader stopped there; the link shows all steps
        page.get_by_text("show me").click()
        frame(page)
        assert (state(page)["alpha"], state(page)["step"]) == (0.15, 100)


def test_copy_link_comes_back(open_page: Open, address: str) -> None:
    page = open_page(address)
    put(page, alpha=0.15, beta=0.7, start=[2.5, -1.5], step=33, methods=["nesterov"])
    left = state(page)
    page.locator("#descent").get_by_role("button", name="Copy link").click()
    assert page.url.startswith(address + "#descent?")
    assert opened_with(open_page, page.url, "") == left


# ---- looks ----


def settled(page: Page, complaints: str) -> list[str]:
    """What an expression complains of once it has had the time to stop complaining."""
    for _ in range(20):
        found = page.evaluate(complaints)
        if not found:
            break
        page.wait_for_timeout(100)
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_is_cut_off(open_page: Open, address: str, width: int) -> None:
    page = open_page(address, width=width)
    put(page, methods=ALL, alpha=0.3)
    frame(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = settled(
        page,
        """() => [...document.querySelectorAll('.dl-root *')].filter(e => {
            const r = e.getBoundingClientRect();
            return r.width > 1 && e.tagName !== 'g' && getComputedStyle(e).visibility !== 'hidden'
                && !e.closest('clipPath, .dl-tails, .dl-surface, .dl-start') && (r.left < -1 || r.right > innerWidth + 1);
        }).map(e => e.outerHTML.slice(0, 120))""",
    )
    assert outside == []
    small = page.evaluate(
        """[...document.querySelectorAll('.dl-root text, .dl-root label, .dl-root li')]
            .filter(e => parseFloat(getComputedStyle(e).fontSize) < 12).length"""
    )
    assert small == 0


def test_a_path_at_the_minimum_is_said_to_be_there(page: Page) -> None:
    put(page, start=[0.0, 0.0])
    row = page.locator("#descent .dl-readout li:visible").first
    expect(row).to_contain_text("J = 0, at the minimum")
    put(page, start=[1.0, 1.0])
    expect(row).to_contain_text("from the minimum")


def test_labels_of_the_map_do_not_overlap(page: Page) -> None:
    for alpha in (0.02, 0.1, 0.19):
        put(page, methods=ALL, alpha=alpha)
        frame(page)
        boxes = page.evaluate(
            """() => [...document.querySelectorAll('#descent .dl-map .dl-label')]
                .filter(e => e.textContent && e.getBoundingClientRect().width && getComputedStyle(e).visibility === 'visible')
                .map(e => e.getBBox()).map(b => [b.x, b.y + 2, b.x + b.width, b.y + b.height - 2])"""
        )
        assert len(boxes) >= 5
        for i, a in enumerate(boxes):
            for b in boxes[:i]:
                assert min(a[2], b[2]) <= max(a[0], b[0]) + 1 or min(a[3], b[3]) <= max(a[1], b[1]) + 1, (a, b)


def test_dark_theme(page: Page) -> None:
    shade = "getComputedStyle(document.querySelector('#descent .dl-deepest')).fill"
    text = "getComputedStyle(document.querySelector('#descent .dl-axes text')).fill"
    light = page.evaluate(shade), page.evaluate(text)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    dark = page.evaluate(shade), page.evaluate(text)

    def brightness(colour: str) -> float:
        return sum(float(c) for c in re.findall(r"[\d.]+", colour)[:3])

    assert brightness(dark[0]) < brightness(light[0])
    assert brightness(dark[1]) > brightness(light[1])


def test_off_screen_is_drawn_when_the_page_is_idle(page: Page) -> None:
    """So that it is not blank in a picture of the whole page; from then on nothing runs until it is seen."""
    levels = page.locator("#second .dl-level").first
    expect(levels).to_have_attribute("d", re.compile("^M"))
    page.wait_for_timeout(200)
    drawn = page.evaluate("document.getElementById('second').innerHTML")
    page.evaluate("document.getElementById('second').explorable.set('alpha', 0.002)")
    page.wait_for_timeout(200)
    picture = "document.querySelector('#second svg').outerHTML"
    before = page.evaluate(picture)
    assert before in drawn
    assert page.evaluate("document.getElementById('second').explorable.results.paths.nesterov.length") == 202
    page.locator("#second").scroll_into_view_if_needed()
    page.wait_for_function(f"before => {picture} !== before", arg=before)


def test_inside_a_closed_fold(open_page: Open, tmp_path: Path) -> None:
    fold = f"<details><summary>more</summary>{live.Descent(identity='descent').to_html()}</details>"
    page = open_page(write_page(tmp_path, fold))
    page.get_by_text("more").click()
    frame(page)
    assert drawn(page)
    page.set_viewport_size({"width": 500, "height": 800})
    frame(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 500


def test_announcements_are_polite_and_rare(page: Page) -> None:
    live_text = page.locator("#descent [aria-live=polite]")
    assert live_text.inner_text() == ""
    page.evaluate(
        """() => {
            [window.said, window.began] = [0, performance.now()];
            const live = document.querySelector('#descent [aria-live=polite]');
            new MutationObserver(() => said++).observe(live, { childList: true, characterData: true, subtree: true });
        }"""
    )
    for _ in range(10):
        slider(page, "learning rate").press("ArrowRight")
        frame(page)
    page.wait_for_timeout(1300)
    said, seconds = page.evaluate("[said, (performance.now() - began) / 1000]")
    assert 1 <= said <= seconds  # never more than one a second, however long the keys took
    assert "Gradient descent: after 100 steps" in live_text.inner_text()


# ---- what cannot be shown ----


@pytest.mark.parametrize(
    ("inside", "says"),
    [
        ('{"kind": "tea", "state": {}, "spec": {}}', 'no explorable is of the kind "tea"'),
        ('{"kind": "descent", "state": {}, "spec": {}}', 'lacks "steps"'),
        ("not JSON <b>at all</b>", "missing or damaged"),
        ("null", "missing or damaged"),
        ('{"kind": "question", "state": {}, "spec": {"type": "guess"}}', 'not "guess"'),
    ],
)
def test_broken_payload_says_so(browser: Browser, tmp_path: Path, inside: str, says: str) -> None:
    body = f'<div class="dlcourse-explorable" id="x"><script type="application/json">{inside}</script></div>'
    page = browser.new_page()
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.goto(write_page(tmp_path, body))
    alive(page)
    assert says in page.locator("#x").get_by_role("alert").inner_text()
    assert len(errors) == 1
    page.evaluate(
        MODEL, [(live.explorable.STATIC / "explorables.mjs").read_text("utf-8"), "here", {"kind": "descent", "spec": inside}]
    )
    page.get_by_role("alert").wait_for()  # the widget says so too
    page.evaluate("clean()")
    assert page.locator("#here *").count() == 0
    page.close()


def test_program_that_cannot_run_says_so(browser: Browser, tmp_path: Path) -> None:
    payload = {"kind": "descent", "state": live.Descent().state, "spec": json.loads(json.dumps(live.Descent().spec))}
    payload["spec"]["landscapes"][0]["surface"]["ops"][0][0] = "conjure"
    body = f'<div class="dlcourse-explorable" id="x"><script type="application/json">{json.dumps(payload)}</script></div>'
    page = browser.new_page()
    page.goto(write_page(tmp_path, body))
    alive(page)
    assert "conjure" in page.locator("#x").get_by_role("alert").inner_text()
    page.close()


def test_text_is_never_html(open_page: Open, tmp_path: Path) -> None:
    evil = "<img src=x onerror='window.owned = 1'>"
    page = open_page(write_page(tmp_path, live.Question("q", evil, choices=[(evil, evil), ("b", "no")], right=0).to_html()))
    page.locator("#q input").first.check()
    page.get_by_role("button", name="Check").click()
    assert html.unescape(plain(page.locator("#q .dl-feedback").inner_text())).endswith(evil)
    assert page.locator("#q .dl-root img").count() == 0
    assert page.evaluate("window.owned") is None


# ---- questions ----


def test_number_question(page: Page) -> None:
    number, feedback = page.locator("#number"), page.locator("#number .dl-feedback")
    field = number.get_by_role("textbox")
    for typed, result, says in [
        ("", "unread", "Type a number first"),
        ("a lot", "unread", "not a number"),
        ("0.1", "wrong", "best one"),
        ("7", "wrong", "Not yet."),
        ("0,2", "right", "Right."),
        ("1/5", "right", "Right."),
        ("2e-1", "right", "Right."),
        (".20001", "right", "Right."),
    ]:
        field.fill(typed)
        field.press("Enter")
        expect(feedback).to_have_attribute("data-result", result)
        assert says in feedback.inner_text()
    field.fill("0.3")
    expect(feedback).to_have_text("")  # what was said of another answer does not stay
    number.get_by_role("button", name="Check").click()
    page.reload()
    alive(page)
    expect(field).to_have_value("0.3")
    expect(feedback).to_have_attribute("data-result", "wrong")


def test_numbers_as_people_write_them(open_page: Open, tmp_path: Path) -> None:
    """A comma before three digits groups them, as in the book, or is a decimal comma: asked where only the second is right."""
    typed = {
        12000.0: {
            "right": ["12,000", "12 000", "12\u202f000", "12\u00a0000", "1.2 × 10⁴", "12000,0"],
            "wrong": ["12", "-12,000"],
        },
        3840000.5: {"right": ["3,840,000.5", "3 840 000,5"], "unread": ["3.840.000,5", "3,84,000"]},
        3.2: {
            "right": ["3,2", "3.200", "16/5", "6,4/2", "32 × 10^-1"],
            "unread": ["3,200", "1 2", "3.2*", "½"],
            "wrong": ["3,100"],
        },
        1e-10: {"right": ["10^-10", "10⁻¹⁰", "1 × 10⁻¹⁰", "10**-10", "1 e-10", "0,1^10", "1/10^10"], "wrong": ["10^10"]},
        -0.5: {"right": ["–0.5", "- 0.5", "−0,5", "-1/2", "-5,0e-1"], "wrong": ["+0,5"]},
    }
    page = open_page(
        write_page(tmp_path, "".join(live.Question(f"n{i}", "?", answer=x).to_html() for i, x in enumerate(typed)))
    )
    for i, (answer, results) in enumerate(typed.items()):
        for result, texts in results.items():
            for text in texts:
                page.evaluate("([id, text]) => document.getElementById(id).explorable.set('answer', text)", [f"n{i}", text])
                found = page.evaluate("id => document.getElementById(id).explorable.results.result", f"n{i}")
                assert found == result, f"{text!r} for {answer}"
    page.evaluate("document.getElementById('n2').explorable.set('answer', '3,200')")
    assert page.locator("#n2 .dl-feedback").inner_text() == "Do you mean 3.2 or 3200? Write it without the comma."


def test_choice_question_is_remembered(page: Page) -> None:
    choice, feedback = page.locator("#choice"), page.locator("#choice .dl-feedback")
    choice.get_by_role("button", name="Check").click()
    assert "Choose an answer first" in feedback.inner_text()
    choice.get_by_label("that").check()
    choice.get_by_role("button", name="Check").click()
    assert feedback.inner_text() == "Not yet. Look again."
    choice.get_by_label("this").check()
    choice.get_by_role("button", name="Check").click()
    assert feedback.inner_text() == "Right. Indeed, this."
    page.reload()
    alive(page)
    assert choice.get_by_label("this").is_checked()
    expect(feedback).to_have_text("Right. Indeed, this.")


def test_question_without_storage(browser: Browser, address: str) -> None:
    page = browser.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('', 'SecurityError') } })"
    )
    page.goto(address)
    alive(page)
    page.locator("#choice").get_by_label("this").check()
    page.locator("#choice").get_by_role("button", name="Check").click()
    assert page.locator("#choice .dl-feedback").inner_text() == "Right. Indeed, this."
    assert problems == []
    page.close()


# ---- the widget face ----


@pytest.mark.parametrize(("name", "answer"), [("number", 0.2), ("choice", 0)])
def test_the_kernel_may_take_an_answer_back(page: Page, name: str, answer: float) -> None:
    show_widget(page, name, "question", MADE[name]())
    feedback = page.locator(f"#{name} .dl-feedback")
    page.evaluate("answer => model.set('answer', answer)", answer)
    expect(feedback).to_have_attribute("data-result", "right")
    page.evaluate("model.set('answer', null)")
    expect(feedback).to_have_text("")
    assert page.locator(f"#{name} input").evaluate_all(
        "all => all.every(i => (i.type === 'radio' ? !i.checked : i.value === ''))"
    )


def test_widget_face_over_a_model(page: Page) -> None:
    """A stand-in for the notebook's model: what is moved is saved once an event, what the kernel sets is drawn."""
    shown = live.Descent("bowl", ["gradient_descent"])
    show_widget(page, "descent", "descent", shown)
    path = drawn(page)
    page.evaluate("model.set('alpha', 0.15)")
    assert drawn(page) != path
    assert page.evaluate("model.saves") == 0  # what came from the kernel is not sent back
    slider(page, "learning rate").press("ArrowRight")
    frame(page)
    assert page.evaluate("[model.saves, model.get('alpha') > 0.15]") == [1, True]
    page.locator("#descent").get_by_label("Landscape").select_option("beale")
    frame(page)
    assert page.evaluate("[model.saves, model.get('landscape'), model.get('alpha')]") == [
        2,
        "beale",
        landscapes.beale.learning_rate,
    ]
    page.evaluate("clean()")
    assert page.evaluate("model.listeners()") == 0
    expect(page.locator("#descent *")).to_have_count(0)


def test_what_cannot_be_drawn_does_not_listen(page: Page) -> None:
    shown = MADE["choice"]()
    shown.set_trait("spec", {**shown.spec, "options": []})
    show_widget(page, "choice", "question", shown)
    expect(page.locator("#choice .dl-error")).to_contain_text("at least two options")
    assert page.evaluate("model.listeners()") == 0
    assert len(page.problems) == 1  # type: ignore[attr-defined]  # the console is told, too
    page.problems.clear()  # type: ignore[attr-defined]


# ---- speed ----


@pytest.mark.nightly  # time: benchmarks/page.py prints it
def test_reacts_within_a_frame(browser: Browser, address: str, record_property: Callable[[str, object], None]) -> None:
    """From the input event of α to the last attribute written, five methods shown."""
    page = watched(browser, address)
    put(page, methods=ALL)
    found = drag(page, "#descent .dl-alpha input")
    record_property("descent, alpha: input event to drawn, ms", {"median": found.median, "p95": found.p95})
    assert found.median < 16, str(found)
    page.close()
