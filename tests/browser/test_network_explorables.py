"""The explorables about networks as a reader works them: every control, every step, against the numbers of Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from stand_in import come_to, frame, nameless, plain, settings, state, work

from dlcourse import live
from dlcourse.live.controls import Choice
from dlcourse.live.curves import Curves
from dlcourse.live.diagram import Stepped

Open = Callable[..., Page]

MADE: dict[str, Callable[..., Curves]] = {
    "back-propagation": live.BackPropagation,
    "graph-steps": live.GraphSteps,
    "depth": live.Depth,
    "initialisation": live.Initialisation,
    "dying-units": live.DyingUnits,
    "bumps": live.Bumps,
    "radial-basis": live.RadialBasis,
}
STEPPED = [name for name, make in MADE.items() if isinstance(make, type) and issubclass(make, Stepped)]


# What is said of the step, of what is picked, and the readout, as a reader sees it.
SAID = ":is(.dl-stage, .dl-detail, .dl-readout li:not(.dl-note))"


def everything(here: Curves) -> Iterator[dict[str, Any]]:
    """Every control at its ends and in the middle, and in a diagram every step with something else picked."""
    yield from settings(type(here))
    for key, trait in here.declared().items():
        if isinstance(trait, Choice) and trait.numbered:
            yield from ({here.by: option, key: name} for option in here.programs for name in trait.names)
    if isinstance(here, Stepped):
        for option, diagram in here.diagrams.items():
            names = ["", *(each.name for each in diagram.items if each.name)]
            for step in range(len(diagram.stages)):
                chosen = {here.by: option} if option else {}
                yield {**chosen, here.step_name: step, "picked": names[(3 * step) % len(names)]}
            yield from ({**chosen, here.step_name: len(diagram.stages) - 1, "picked": each} for each in names)


@pytest.mark.parametrize("name", list(MADE))
def test_every_control_against_python(page: Page, name: str) -> None:
    here = MADE[name]()
    start = here.state
    asked = [{**start, **setting} for setting in everything(here)]
    # Steps that are too large multiply roundings: what is exact there after ten steps is chance after eighty.
    wild = [name == "dying-units" and setting["alpha"] > 0.1 for setting in asked]
    for setting, chance in zip(asked, wild, strict=True):
        if chance:
            setting["step"] = min(setting["step"], 10)
    for setting, chance, seen in zip(asked, wild, work(page, name, asked, SAID), strict=True):
        for key, value in setting.items():
            setattr(here, key, value)
        assert seen.state == here.state
        there, values = seen.results, here.values
        assert set(there) == set(values)
        # Where a gradient grows on its way through the layers, so does the last bit of a tanh on its way up.
        exact = 1e-6 if chance or name == "radial-basis" or np.max(values.get("ratio", 0.0)) > 1e3 else 1e-9
        for key, value in values.items():
            if chance and key in ("dead_relu", "dead_other"):
                there[key], value = there[key][:11], value[:11]
            np.testing.assert_allclose(
                there[key], np.atleast_1d(value), rtol=exact, atol=1e-3 * exact, err_msg=f"{setting} {key}", equal_nan=True
            )
        said = " ".join(text for text in seen.rows if text and not text.startswith("Choose a box"))
        assert plain(said) == plain(here.words), setting
        assert seen.broken == seen.strange == [], setting
    assert page.problems == []  # type: ignore[attr-defined]


# ---- diagrams ----


def shown_lines(page: Page, name: str, item: str) -> list[str]:
    """The numbers at a box or an edge."""
    label = page.locator(f"#{name} [data-name='{item}']").get_attribute("aria-label") or ""
    return label.split(", ")[:-1]  # then its title


def test_numbers_stand_at_their_place(page: Page) -> None:
    here = live.BackPropagation(step=11)
    put_and_come(page, "back-propagation", step=11)
    values = here.values
    assert shown_lines(page, "back-propagation", "h2") == [
        f"{symbol} {values[key][1]:.3f}".replace("-", "−")
        for symbol, key in (("b", "b1"), ("a⁽¹⁾₂", "a1"), ("h₂", "h1"), ("∇h₂", "g_h1"), ("∇a⁽¹⁾₂", "g_a1"))
    ]
    assert shown_lines(page, "back-propagation", "w221") == [
        f"{values['W2'][3]:.3f}".replace("-", "−"),
        f"∇ {values['g_W2'][3]:.3f}".replace("-", "−"),
    ]
    put_and_come(page, "back-propagation", step=0)
    assert shown_lines(page, "back-propagation", "h2") == [f"b {values['b1'][1]:.3f}".replace("-", "−")]


def put_and_come(page: Page, name: str, **values: Any) -> None:
    come_to(page, name)
    for key, value in values.items():
        page.evaluate("([id, key, value]) => document.getElementById(id).explorable.set(key, value)", [name, key, value])
    frame(page)


@pytest.mark.parametrize("name", STEPPED)
def test_buttons_go_through_the_steps(page: Page, name: str) -> None:
    here = MADE[name]()
    assert isinstance(here, Stepped)
    come_to(page, name)
    back, onward = page.locator(f"#{name} .dl-previous"), page.locator(f"#{name} .dl-next")
    said = []
    expect(back).to_be_disabled()
    for step in range(len(here.diagram.stages)):
        assert state(page, name)[here.step_name] == step
        said.append(page.locator(f"#{name} .dl-stage:visible").inner_text())
        if step < len(here.diagram.stages) - 1:
            onward.click()
            frame(page)
    assert len(set(said)) == len(said)  # every step says something of its own
    back.click()
    assert state(page, name)[here.step_name] == len(here.diagram.stages) - 2


def test_the_walk_ends_where_nothing_changes_any_more(page: Page) -> None:
    """Forward mode is through when backward mode begins."""
    put_and_come(page, "graph-steps", forward=True, step=15)
    box = page.locator("#graph-steps")
    onward, slider = box.locator(".dl-next"), box.locator(".dl-stepper input")
    expect(onward).to_be_disabled()
    expect(slider).to_have_attribute("max", "8")
    expect(slider).to_have_value("8")
    seen = [box.locator(".dl-diagram:visible").inner_html(), box.locator(".dl-stage:visible").inner_text()]
    put_and_come(page, "graph-steps", step=8)
    assert [box.locator(".dl-diagram:visible").inner_html(), box.locator(".dl-stage:visible").inner_text()] == seen
    box.locator(".dl-previous").click()
    frame(page)
    assert state(page, "graph-steps")["step"] == 7
    assert box.locator(".dl-stage:visible").inner_text() != seen[1]
    put_and_come(page, "graph-steps", forward=False)
    expect(slider).to_have_attribute("max", "15")


def test_once_more_goes_on_with_the_next_update(page: Page) -> None:
    put_and_come(page, "back-propagation", step=12)
    page.get_by_role("button", name="Once more").click()
    frame(page)
    assert (state(page, "back-propagation")["step"], state(page, "back-propagation")["updates"]) == (0, 1)
    page.locator("#back-propagation .dl-previous").click()
    assert (state(page, "back-propagation")["step"], state(page, "back-propagation")["updates"]) == (12, 0)
    put_and_come(page, "back-propagation", updates=20)
    expect(page.locator("#back-propagation .dl-next")).to_be_disabled()


def test_a_position_ends_at_the_limit_of_its_slider(page: Page) -> None:
    """A network of 8 layers has no layer 30, by whichever way one asks for it."""
    put_and_come(page, "depth", layer=30, depth=8)
    panel = page.locator("#depth .dl-pickable").first
    there = panel.locator(".dl-now").get_attribute("d")
    box = panel.locator(".dl-frame").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 40)
    page.mouse.down()
    frame(page)
    assert panel.locator(".dl-now").get_attribute("d") != there
    page.mouse.move(box["x"] + box["width"] - 20, box["y"] + 40, steps=3)
    page.mouse.up()
    frame(page)
    assert state(page, "depth")["layer"] == 8
    assert panel.locator(".dl-now").get_attribute("d") == there


def test_a_slider_ends_at_its_limit(page: Page) -> None:
    """There is no bump after the last one; with a single bump there is nothing to move."""
    slider = page.locator("#bumps .dl-bump")
    for n, shown in ((6, "6"), (1, "1"), (9, "9")):
        put_and_come(page, "bumps", bumps=n, bump=50)
        expect(slider.locator("output")).to_have_text(shown)
        assert f"Bump {shown} is" in page.locator("#bumps .dl-readout").inner_text()
        assert slider.locator("input").get_attribute("max") == str(n - 1)
        assert "NaN" not in (slider.locator("input").get_attribute("style") or "")
    slider.locator("input").press("ArrowLeft")
    assert state(page, "bumps")["bump"] == 8


def test_the_direction_is_asked_for_where_there_is_one(page: Page) -> None:
    come_to(page, "graph-steps")
    slider = page.locator("#graph-steps .dl-direction")
    expect(slider).to_be_hidden()
    switch = page.locator("#graph-steps").get_by_role("switch", name="Forward mode")
    switch.press("Space")
    expect(slider).to_be_visible()
    switch.press("Space")
    expect(slider).to_be_hidden()


@pytest.mark.parametrize("name", STEPPED)
def test_a_diagram_by_keyboard(page: Page, name: str) -> None:
    come_to(page, name)
    page.locator(f"#{name} .dl-diagram:visible [tabindex='0']").first.focus()
    start = state(page, name)
    for key, change in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1)):
        page.keyboard.press(key)
        frame(page)
        assert state(page, name)["step"] == start["step"] + change
    page.keyboard.press("ArrowDown")
    first = state(page, name)["picked"]
    page.keyboard.press("ArrowDown")
    frame(page)
    second = state(page, name)["picked"]
    assert first
    assert second not in ("", first)
    assert page.evaluate("document.activeElement.dataset.name") == second
    assert page.locator(f"#{name} [data-name='{second}']:visible").first.get_attribute("aria-pressed") == "true"
    page.keyboard.press("Escape")
    frame(page)
    assert state(page, name)["picked"] == ""
    expect(page.locator(f"#{name} .dl-detail:visible")).to_contain_text("Choose a box")


@pytest.mark.parametrize("name", STEPPED)
def test_a_tap_reads_a_box(open_page: Open, address: str, name: str) -> None:
    page = open_page(address, width=390, has_touch=True)
    come_to(page, name)
    box = page.locator(f"#{name} .dl-node[role]:visible").first
    box.tap()
    frame(page)
    assert state(page, name)["picked"] == box.get_attribute("data-name")
    box.tap()
    assert state(page, name)["picked"] == ""


def test_link_to_a_step(open_page: Open, address: str) -> None:
    page = open_page(address + "#back-propagation?step=9.4&picked=h2&activation=relu&updates=99")
    found = state(page, "back-propagation")
    assert (found["step"], found["picked"], found["activation"], found["updates"]) == (9, "h2", "relu", 20)
    page = open_page(address + "#back-propagation?step=x&picked=constructor&activation=softmax&w=1e999")
    assert state(page, "back-propagation") == MADE["back-propagation"]().state


# ---- looks ----

SEEN = """id => {
    const svg = [...document.querySelectorAll(`#${id} .dl-diagram`)].find(e => e.style.display !== 'none');
    const box = e => { const r = e.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; };
    const texts = e => [...e.querySelectorAll('text')].filter(e => e.getAttribute('visibility') === 'visible').map(box);
    const nodes = [...svg.querySelectorAll('.dl-node')];
    return %s;
}"""
BOXES = SEEN % "[[...nodes.map(g => box(g.querySelector('rect'))), ...texts(svg.querySelector('.dl-numbers'))], box(svg)]"
INSIDE = SEEN % "nodes.map(g => [box(g.querySelector('rect')), texts(g)])"


def covers(a: list[float], b: list[float], slack: float) -> bool:
    return bool(a[0] - slack <= b[0] and b[2] <= a[2] + slack and a[1] - slack <= b[1] and b[3] <= a[3] + slack)


@pytest.mark.parametrize("name", STEPPED)
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_in_a_diagram_covers_anything_else(open_page: Open, address: str, name: str, width: int) -> None:
    page = open_page(address, width=width)
    here = MADE[name]()
    assert isinstance(here, Stepped)
    for option in here.diagrams:
        put_and_come(page, name, **({here.by: option} if option else {}))
        for step in (len(here.diagram.stages) - 2, len(here.diagram.stages) - 1):
            put_and_come(page, name, step=step)
            parts, whole = page.evaluate(BOXES, name)
            assert len(parts) >= 4
            for i, a in enumerate(parts):
                assert covers(whole, a, 1), (option, step, a)
                for b in parts[:i]:
                    assert min(a[2], b[2]) - max(a[0], b[0]) < 2 or min(a[3], b[3]) - max(a[1], b[1]) < 2.5, (step, a, b)
            for box, texts in page.evaluate(INSIDE, name):
                assert all(covers(box, text, 1) for text in texts), (option, step, box, texts)


@pytest.mark.parametrize("width", [390, 1280])
def test_numbers_of_weights_lie_on_paper(open_page: Open, address: str, width: int) -> None:
    """Above all lines, and as large as the numbers are."""
    page = open_page(address, width=width)
    for step in (0, 12):
        put_and_come(page, "back-propagation", step=step)
        pairs = page.evaluate(
            SEEN
            % """[...svg.querySelectorAll('.dl-paper')].map((paper, i) => [
                getComputedStyle(paper).fill,
                [...svg.querySelectorAll('.dl-wire')].at(-1).compareDocumentPosition(paper) === 4, // it follows
                box(paper),
                texts(svg.querySelectorAll('.dl-numbers > g:not(:first-child)')[i]),
            ])""",
            "back-propagation",
        )
        assert len(pairs) == 12
        for fill, above, paper, texts in pairs:
            assert fill == "rgb(255, 255, 255)"
            assert above
            assert len(texts) == (2 if step else 1)
            assert all(covers(paper, text, 3) for text in texts), (paper, texts)


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_is_cut_off(open_page: Open, address: str, width: int) -> None:
    page = open_page(address, width=width)
    for name in MADE:
        come_to(page, name)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = page.evaluate(
        """[...document.querySelectorAll('.dl-root text, .dl-root label, .dl-root li')]
            .filter(e => parseFloat(getComputedStyle(e).fontSize) < 12).length"""
    )
    assert small == 0


def test_everything_has_a_name(page: Page) -> None:
    assert nameless(page) == []


def test_without_scripts_there_is_a_still_picture(open_page: Open, address: str) -> None:
    page = open_page(address, java_script_enabled=False)
    for name in MADE:
        picture = page.locator(f"#{name} noscript svg")
        assert picture.count() == 1
        assert len(picture.get_attribute("aria-label") or "") > 40
