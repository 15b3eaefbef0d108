"""The playground as a reader works it: it trains as Python does, in slices, and only while it is seen."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from stand_in import HALT, frame, show_widget, write_page

from dlcourse import live
from dlcourse.live.controls import Choice, Slider

Open = Callable[..., Page]
CHALLENGE = live.Challenge(
    "Clouds <b>", "Two <b>clouds</b>", "Two <i>clouds</i>: no more than 10 % wrong after 60 steps.",
    {"data": "blobs", "hidden": "none", "alpha": 0.0001, "seed": 2},
    0.1, 60, ("data", "hidden"), {"alpha": 0.5},
)  # fmt: skip


SECOND = live.Challenge(
    "moons",
    "Two moons",
    "Two moons: no more than 10 % wrong.",
    {"data": "moons", "hidden": "8", "rule": "adam"},
    0.1,
    100,
    ("data",),
    {},
)


@pytest.fixture(scope="module")
def made() -> str:
    return live.Playground(challenges=[CHALLENGE, SECOND]).to_html()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, made: str) -> str:
    return write_page(tmp_path_factory.mktemp("playground"), "", made, "", "")


@pytest.fixture
def page(open_page: Open, address: str) -> Page:
    page = open_page(address)
    page.locator("#playground .dl-figure").scroll_into_view_if_needed()
    page.wait_for_function("document.getElementById('playground').explorable.results.step === 0")
    return page


def put(page: Page, **values: Any) -> None:
    for key, value in values.items():
        page.evaluate("([key, value]) => document.getElementById('playground').explorable.set(key, value)", [key, value])
    frame(page)


def results(page: Page) -> dict[str, Any]:
    found = json.loads(
        page.evaluate(
            """() => JSON.stringify(document.getElementById('playground').explorable.results,
                (key, value) => (ArrayBuffer.isView(value) ? [...value] : value))"""
        )
    )
    assert isinstance(found, dict)
    return found


def trained(page: Page, steps: int) -> dict[str, Any]:
    put(page, step=steps)
    page.wait_for_function(
        "n => { const r = document.getElementById('playground').explorable.results; return r.step === n && !r.playing }",
        arg=steps,
    )
    return results(page)


def state(page: Page) -> dict[str, Any]:
    found = page.evaluate("({...document.getElementById('playground').explorable.state})")
    assert isinstance(found, dict)
    return found


def ends() -> list[dict[str, Any]]:
    """Every option of every choice, and the sliders at both ends and in the middle."""
    found: list[dict[str, Any]] = []
    for name, trait in live.Playground.class_traits(sync=True).items():
        if name in ("challenge", "step", "speed"):
            continue
        if isinstance(trait, Choice):
            found += [{name: option} for option in trait.names]
        elif isinstance(trait, Slider):
            stops = trait.stops()
            found += [{name: stop} for stop in (stops[0], stops[len(stops) // 2], stops[-1])]
    return found


def test_every_control_against_python(page: Page) -> None:
    """After 12 steps the parameters, the losses on the way and the maps are those of the same programs in Python."""
    start = {**live.Playground().state, "hidden": "4-4"}
    for setting in ends():
        asked = {**start, **setting}
        put(page, **{**asked, "step": 0})
        there = trained(page, 12)
        here = live.Playground(**{k: v for k, v in asked.items() if k != "challenge"}).run(12)
        if np.isfinite(here.records).all():
            near = 1e-6 if setting.get("alpha") == 10.0 else 1e-9  # such steps multiply what was rounded
            slack = near * (1.0 + np.abs(here.theta).max())
            np.testing.assert_allclose(there["theta"], here.theta, rtol=near, atol=slack, err_msg=str(setting))
            np.testing.assert_allclose(there["records"], here.records, rtol=near, atol=1e-3 * near, err_msg=str(setting))
            np.testing.assert_allclose(there["boundary"], here.boundary, rtol=near, atol=1e-3 * near, err_msg=str(setting))
            np.testing.assert_allclose(there["units"], here.units, rtol=near, atol=slack, err_msg=str(setting))
        drawn = page.evaluate("document.querySelector('#playground .dl-root').outerHTML")
        assert not re.search(r"NaN|Infinity|undefined", drawn), setting


def test_a_thousand_steps_and_their_records(page: Page) -> None:
    settings = {"data": "moons", "hidden": "4", "batch": "10", "rule": "nesterov", "alpha": 0.05, "l2": 0.001, "seed": 3}
    put(page, **settings)
    there = trained(page, 1000)
    here = live.Playground(**settings).run(1000)
    np.testing.assert_allclose(there["theta"], here.theta, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(there["records"], here.records, rtol=1e-6, atol=1e-6)
    assert 100 < len(there["records"]) <= 241


def test_a_run_that_diverges_says_so_and_stops(page: Page) -> None:
    put(page, hidden="8-8", activation="identity", alpha=10.0, l2=0.05, rule="accumulated_momentum")
    page.get_by_role("button", name="Train").click()
    expect(page.locator("#playground .dl-verdict")).to_contain_text("It diverged: after step")
    expect(page.get_by_role("button", name="Train")).to_be_visible()
    drawn = page.evaluate("document.querySelector('#playground .dl-root').outerHTML")
    assert not re.search(r"NaN|Infinity|undefined", drawn)


def test_the_boundary_lies_where_both_classes_are_equally_probable(page: Page) -> None:
    """And it has the colour of the page's text, in either theme and on paper."""
    put(page, hidden="8-8", noise=0.3)
    found = trained(page, 40)
    line = page.locator("#playground .dl-over-heat .dl-heat path")
    drawn = re.findall(r"[ML](\d+) (\d+)", line.get_attribute("d") or "")
    across, down = line.evaluate("({ownerSVGElement: {viewBox: {baseVal: {width, height}}}}) => [width, height]")
    cells = int(len(found["boundary"]) ** 0.5)
    values = np.pad(np.reshape(found["boundary"], (cells, cells)), 1, mode="edge")
    assert len(drawn) > cells
    for x, y in np.array(drawn, dtype=float):
        j, i = cells * (1 - y / down) + 0.5, cells * x / across + 0.5
        corner = np.s_[int(j) : int(j) + 2, int(i) : int(i) + 2]
        around = np.array([1 - j % 1, j % 1]) @ values[corner] @ np.array([1 - i % 1, i % 1])
        assert abs(around - 0.5) <= 0.02 + 0.1 * np.ptp(values[corner]), (x, y)
    inks = []
    for theme, medium in (("light", "screen"), ("dark", "screen"), ("dark", "print")):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        page.emulate_media(media=medium)
        inks.append(line.evaluate("line => getComputedStyle(line).stroke"))
        assert inks[-1] == page.locator("#playground .dl-axis-words").first.evaluate("words => getComputedStyle(words).fill")
    assert len(set(inks)) == 3
    assert inks[-1] == "rgb(0, 0, 0)"


def test_play_pause_step_and_start_again(page: Page) -> None:
    play = page.get_by_role("button", name="Train")
    page.get_by_role("button", name="One step").click()
    assert results(page)["step"] == 1
    assert state(page)["step"] == 1
    play.click()
    page.wait_for_function("document.getElementById('playground').explorable.results.step > 5")
    page.get_by_role("button", name="Pause").click()
    reached = results(page)["step"]
    assert state(page)["step"] == reached
    expect(page.locator("#playground .dl-readout").first).to_contain_text(f"Step {reached}, epoch {reached}.")
    frame(page)
    assert results(page)["step"] == reached
    page.get_by_role("button", name="Start again").click()
    assert results(page)["step"] == 0
    expect(page.locator("#playground .dl-readout").first).to_contain_text("Not trained yet")


def test_it_can_be_steered_while_it_trains(page: Page) -> None:
    page.get_by_role("button", name="Train").click()
    page.wait_for_function("document.getElementById('playground').explorable.results.step > 2")
    page.get_by_label(re.compile("learning rate")).press("ArrowRight")
    page.wait_for_function("document.getElementById('playground').explorable.results.step > 8")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#playground .dl-readout").first).to_contain_text("a link starts anew with the present numbers")
    page.get_by_label("Hidden units").select_option("2")  # another network begins at its first weights
    assert results(page)["step"] == 0


def test_training_rests_off_screen(page: Page) -> None:
    put(page, hidden="8-8")
    page.get_by_role("button", name="Train").click()
    page.wait_for_function("document.getElementById('playground').explorable.results.step > 40")
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.wait_for_function("!document.getElementById('playground').explorable.results.playing")
    stopped = results(page)["step"]
    page.wait_for_timeout(200)
    assert results(page)["step"] == stopped


def test_a_step_that_is_asked_for_is_reached_unseen(open_page: Open, made: str, tmp_path: Path) -> None:
    page = open_page(write_page(tmp_path, "", "", made.replace('"step":0}', '"step":300}')))
    page.wait_for_function("document.querySelector('#playground .dl-root:not([data-busy])[data-drawn]')")
    assert (page.evaluate("window.scrollY"), state(page)["step"], results(page)["step"]) == (0, 300, 300)
    expect(page.locator("#playground .dl-readout").first).to_contain_text("Step 300, epoch 300.")


def test_a_step_that_is_asked_for_is_kept_off_screen_and_reached_on_paper(page: Page) -> None:
    put(page, hidden="8-8")
    page.evaluate(
        """async () => {
            document.getElementById('playground').explorable.set('step', 600);
            await new Promise(requestAnimationFrame);
            window.scrollTo(0, document.body.scrollHeight);
        }"""
    )
    page.wait_for_timeout(200)  # what is off screen hears of it in the next frame, or the one after
    halted = results(page)["step"]
    assert halted < 600
    page.wait_for_timeout(100)
    assert (state(page)["step"], results(page)["step"]) == (600, halted)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#playground .dl-readout li").first.inner_text() == "Step 600, epoch 600."


@pytest.mark.parametrize("order", [("hidden", "step"), ("step", "hidden")])
def test_what_comes_in_one_message_is_one_change(page: Page, order: tuple[str, str]) -> None:
    """From a kernel that held its changes back: another network, and its step."""
    shown = live.Playground(challenges=[CHALLENGE])
    show_widget(page, "playground", "playground", shown)
    page.wait_for_function("document.getElementById('playground').explorable.results.step === 0")
    asked = {"hidden": "8", "step": 40}
    page.evaluate("all => model.receive(all)", {name: asked[name] for name in order})
    page.wait_for_function("document.getElementById('playground').explorable.results.step === 40")
    assert (state(page)["hidden"], state(page)["step"]) == ("8", 40)
    shown.hidden, shown.step = "8", 40
    np.testing.assert_allclose(results(page)["theta"], shown.run().theta, rtol=1e-9, atol=1e-12)


def test_training_stops_when_the_step_is_set_back(page: Page) -> None:
    set_ = "step => document.getElementById('playground').explorable.set('step', step)"
    page.get_by_role("button", name="One step").click()
    for ahead in (False, True):  # what runs at will, and what is on its way to a step
        page.evaluate(set_, 90_000) if ahead else page.get_by_role("button", name="Train").click()
        page.wait_for_function("document.getElementById('playground').explorable.results.step > 20")
        page.evaluate(set_, 0)
        expect(page.locator("#playground .dl-readout").first).to_contain_text("Not trained yet")
        found = results(page)
        assert (found["step"], found["playing"], state(page)["step"]) == (0, False, 0)
        expect(page.get_by_role("button", name="Train")).to_be_visible()


def test_an_epoch_is_of_the_examples_that_were_seen(page: Page) -> None:
    said = page.locator("#playground .dl-readout").first
    trained(page, 30)
    put(page, batch="1")
    for _ in range(3):
        page.get_by_role("button", name="One step").click()
    expect(said).to_contain_text("Step 33, epoch 30.")
    put(page, batch="10")
    page.get_by_role("button", name="Train").click()
    page.wait_for_function("document.getElementById('playground').explorable.results.step > 60")  # an epoch ends within a batch
    page.get_by_role("button", name="Pause").click()
    step = results(page)["step"]
    expect(said).to_contain_text(f"Step {step}, epoch {(30 * 200 + 3 + (step - 33) * 10) // 200}.")


def test_a_halt_of_the_page_is_not_made_up_for(page: Page) -> None:
    put(page, speed="slow")
    page.get_by_role("button", name="Train").click()
    page.wait_for_function("document.getElementById('playground').explorable.results.step > 1")
    before = results(page)["step"]
    page.evaluate(f"async () => {{ ({HALT})(600_000); for (let k = 0; k < 4; k++) await new Promise(requestAnimationFrame); }}")
    assert results(page)["step"] < before + 20  # 10 a second: not the 6000 of ten minutes


def test_a_challenge_from_a_link_is_met(open_page: Open, address: str) -> None:
    page = open_page(address + "#playground?challenge=Clouds%20%3Cb%3E&step=20")
    page.wait_for_function("document.getElementById('playground').explorable.results.step === 20")
    goal = page.locator("#playground .dl-goal")
    expect(goal).to_contain_text("Two <i>clouds</i>")
    found = state(page)
    assert {k: found[k] for k in CHALLENGE.settings} == CHALLENGE.settings
    expect(goal).not_to_have_class(re.compile("dl-done"))
    page.evaluate("location.hash = '#playground?challenge=Clouds%20%3Cb%3E&alpha=0.5&step=50'")
    page.wait_for_function("document.getElementById('playground').explorable.results.step === 50")
    expect(goal).to_have_class(re.compile("dl-done"))
    here = live.Playground(challenges=[CHALLENGE], challenge=CHALLENGE.name, **CHALLENGE.answer)
    run = here.run(50)
    assert here.reached(run)
    met = next(step for step, _, _, _, error in run.records if error <= CHALLENGE.error)
    assert results(page)["reachedAt"] == met
    page.evaluate("location.hash = '#playground?challenge=Clouds%20%3Cb%3E&alpha=0.5&hidden=2&step=50'")  # hidden must stay
    page.wait_for_function("document.getElementById('playground').explorable.state.hidden === '2'")
    page.wait_for_function("document.getElementById('playground').explorable.results.step === 50")
    assert results(page)["reachedAt"] is None


def test_a_challenge_begins_with_nothing_of_the_last(page: Page) -> None:
    fresh = {**live.Playground(challenges=[CHALLENGE, SECOND], challenge=SECOND.name).state, "speed": "slow"}
    menu = page.get_by_label("Challenge")
    put(page, speed="slow", batch="10", beta=0.5, l2=0.01, activation="relu")
    for title in (CHALLENGE.title, SECOND.title):
        menu.select_option(label=title)
    assert state(page) == fresh
    page.evaluate("location.hash = '#playground?challenge=Clouds%20%3Cb%3E&l2=0.01&batch=10'")
    page.wait_for_function("document.getElementById('playground').explorable.state.l2 === 0.01")
    page.evaluate("location.hash = '#playground?challenge=moons'")
    page.wait_for_function("document.getElementById('playground').explorable.state.challenge === 'moons'")
    assert state(page) == fresh
    put(page, seed=4)
    menu.select_option(label="free play")
    assert state(page) == {**fresh, "challenge": "free", "seed": 4}  # goes on with what is there


def test_a_link_is_not_trusted(open_page: Open, address: str) -> None:
    page = open_page(address + "#playground?data=__proto__&alpha=1e9&hidden=64&seed=2.7&step=-5&l1=NaN&rule=adam")
    page.wait_for_function("document.getElementById('playground').explorable.results.step === 0")
    found = state(page)
    assert (found["data"], found["alpha"], found["hidden"], found["seed"], found["step"]) == ("moons", 10, "4", 3, 0)
    assert (found["l1"], found["rule"]) == (0, "adam")


def test_units_by_keyboard(page: Page) -> None:
    first = page.get_by_role("radio", name="Unit 1 of hidden layer 1")
    expect(first).to_have_attribute("aria-checked", "true")
    said = page.locator("#playground .dl-readout").last
    expect(said).to_contain_text("Unit 1 of hidden layer 1: tanh(")
    first.press("ArrowRight")
    expect(page.get_by_role("radio", name="Unit 2 of hidden layer 1")).to_be_focused()
    expect(said).to_contain_text("Unit 2 of hidden layer 1: tanh(")
    theta = results(page)["theta"]
    weights = [float(x.replace("−", "-").replace(" ", "")) for x in re.findall(r"([−+]? ?[\d.]+) x", said.inner_text())]
    assert weights == pytest.approx(theta[2:4], abs=0.0051)


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_sticks_out(open_page: Open, address: str, width: int) -> None:
    page = open_page(address, width=width)
    put(page, hidden="16-16")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    over = page.evaluate(
        """() => [...document.querySelectorAll('#playground :is(button, select, input, canvas)')]
            .map(e => [e.outerHTML.slice(0, 100), e.getBoundingClientRect()])
            .filter(([, {width, left, right}]) => width && (right > innerWidth || left < -20)).map(([words]) => words)"""
    )
    assert over == []
