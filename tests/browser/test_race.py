"""Race, Newton's methods and noisy descent as a reader works them: controls at both ends and in the middle, against Python."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from reaction import drag, watched
from stand_in import frame, nameless, plain, put, state, write_page

from dlcourse import landscapes, live
from dlcourse.data import Sample
from dlcourse.live.controls import Slider

Open = Callable[..., Page]
MADE: dict[str, Callable[[], Any]] = {"race": live.Race, "newton-descent": live.NewtonDescent}


def paths(page: Page, name: str) -> dict[str, np.ndarray]:
    found = page.evaluate(
        """id => JSON.stringify(Object.entries(document.getElementById(id).explorable.results.paths)
            .map(([name, path]) => [name, [...path].map(String)]))""",
        name,
    )
    return {
        key: np.array([float(x.replace("Infinity", "inf")) for x in path]).reshape(-1, 2) for key, path in json.loads(found)
    }


def settings(here: Any) -> Iterator[dict[str, Any]]:
    """Every landscape; in each, every slider at both ends and in the middle, and all of them at either end."""
    sliders = {name: trait.stops() for name, trait in here.traits().items() if isinstance(trait, Slider)}
    sliders = {name: stops for name, stops in sliders.items() if name in here.spec["controls"]}
    for place in here.places:
        start = landscapes.get(place)
        chosen = {"landscape": place, "start": list(start.start)}
        for name, stops in sliders.items():
            yield from ({**chosen, name: value} for value in (stops[0], stops[len(stops) // 2], stops[-1]))
        yield {**chosen, **{name: stops[0] for name, stops in sliders.items()}}
        yield {
            **chosen,
            **{name: stops[-1] for name, stops in sliders.items()},
            "start": [start.domain[0][0], start.domain[1][1]],
        }


@pytest.mark.parametrize("name", list(MADE))
def test_every_control_against_python(page: Page, name: str) -> None:
    here = MADE[name]()
    start = here.state
    everything = [m["name"] for m in here.spec["methods"]]
    for setting in settings(here):
        put(page, name, **{**start, "methods": everything, **setting})
        for key, value in state(page, name).items():
            setattr(here, key, value)
        there = paths(page, name)
        assert set(there) == set(everything)
        for method, path in here.paths.items():
            # Divisions and roots near 0 throw a path about: until it has left for good, and where it is at rest, it agrees.
            gone = np.flatnonzero(~(np.abs(path) < 1e6).all(axis=1))
            last = int(gone[0]) if len(gone) else len(path)
            np.testing.assert_allclose(there[method][:last], path[:last], rtol=1e-9, atol=1e-9, err_msg=f"{method} {setting}")
    html = page.evaluate("document.body.innerHTML")
    assert "NaN" not in html
    assert "Infinity" not in html


# Path and losses of each method, as words, for the numbers that JSON lacks.
RUNS = """methods => methods.map(name => ["paths", "losses"].map(what =>
    [...document.getElementById('noise').explorable.results[what][name]].map(String)))"""


def test_every_control_of_a_noisy_descent_against_python(open_page: Open, tmp_path: Path) -> None:
    """The same view over another computation: each slider at both ends and in the middle, each corner, each choice."""
    rng = np.random.default_rng(0)
    X = np.stack([rng.normal(size=30), np.ones(30)], axis=1)
    here = live.NoisyDescent(Sample(X, X @ [3.0, 2.0]), domain=((-2.0, 6.0), (-2.0, 6.0)), start=[5.0, 5.0])
    page = open_page(write_page(tmp_path, here.to_html()))
    names = {each["name"]: each["label"] for each in here.spec["methods"]}
    alphas, steps = live.NoisyDescent.alpha.stops(), live.NoisyDescent.step.stops()
    corners = [[x, y] for x in (-2.0, 6.0) for y in (-2.0, 6.0)]
    asked = [{}, *({"alpha": alphas[i]} for i in (0, len(alphas) // 2, -1)), *({"start": corner} for corner in corners)]
    asked += [{"step": steps[i]} for i in (0, len(steps) // 2)] + [{"methods": list(names)}, {"methods": ["few"]}]
    for setting in [*asked, {"alpha": alphas[-1], "start": corners[0], "methods": list(names)}]:
        put(page, "noise", **{**here.state, **setting})
        frame(page)
        mine = live.NoisyDescent(here.sample, domain=here.domain, **state(page, "noise"))
        there = page.evaluate(RUNS, list(mine.methods))
        for (name, run), both in zip(mine.runs().items(), there, strict=True):
            for wanted, found in zip((run["path"], run["loss"]), both, strict=True):
                numbers = np.array([float(x.replace("Infinity", "inf")) for x in found])
                np.testing.assert_allclose(numbers, wanted.ravel(), rtol=1e-9, atol=1e-12, err_msg=f"{name} {setting}")
            after = "at the start" if mine.step == 0 else f"after {mine.step} steps"
            told = plain(page.locator(f"#noise .dl-readout li[data-method={name}]").inner_text())
            assert told.startswith(f"{names[name]}: ")
            assert "diverged" in told or f"{after} J − J* = " in told


def test_the_ranking_in_words_is_that_of_python(page: Page) -> None:
    here = live.Race()
    for show in here.spec["shows"]:
        page.locator("#race").get_by_role("button", name=show["label"]).click()
        frame(page)
        for key, value in state(page, "race").items():
            setattr(here, key, value)
        assert {key: getattr(here, key) for key in show["set"]} == show["set"]
        (first, step), *_ = here.ranking
        label = next(m["label"] for m in here.spec["methods"] if m["name"] == first)
        expect(page.locator("#race .dl-ranking")).to_contain_text(f"{label} is first below 10⁻⁶ for good, at step {step}")
        chips = page.locator("#race .dl-chip")
        for method, reached in here.ranking:
            name = next(m["label"] for m in here.spec["methods"] if m["name"] == method)
            value = chips.filter(has=page.get_by_text(name, exact=True)).locator(".dl-chip-value").inner_text()
            assert value == f"step {reached}" if reached is not None else not value.startswith("step")


def test_the_goal_is_that_adam_is_first(page: Page) -> None:
    goal = page.locator("#race .dl-goal")
    assert "reached" not in goal.inner_text()
    put(page, "race", landscape="beale", start=list(landscapes.beale.start))
    frame(page)
    assert "reached" in goal.inner_text()
    put(page, "race", step=147)  # RMSProp with momentum is below at this step alone
    expect(page.locator("#race .dl-ranking")).to_contain_text(
        "None is below 10⁻⁶ for good after 147 steps. Below it, but not to stay: RMSProp with momentum."
    )
    put(page, "race", step=0)
    assert "reached" not in goal.inner_text()
    expect(page.locator("#race .dl-ranking")).to_have_text("All stand at the start.")


def test_inside_a_sentence_common_nouns_begin_small_and_names_do_not(page: Page) -> None:
    words = page.locator("#race .dl-ranking")
    put(page, "race", methods=["gradient_descent", "heavy_ball", "nesterov", "adagrad", "adam", "rmsprop_momentum"])
    expect(words).to_have_text(
        "Adagrad is first below 10⁻⁶ for good, at step 8; then Nesterov (131), Adam (163) and heavy ball (168). "
        "Still above it after 200 steps: RMSProp with momentum and gradient descent."
    )
    put(page, "race", methods=["gradient_descent", "heavy_ball"])
    expect(words).to_contain_text("Heavy ball is first below")


def test_pointing_at_a_chip_lets_the_others_stand_back(page: Page) -> None:
    back = "[...document.querySelectorAll('#race .dl-path')].filter(e => e.classList.contains('dl-back')).length"
    page.locator("#race .dl-figure").scroll_into_view_if_needed()
    assert page.evaluate(back) == 0
    chip = page.locator("#race .dl-chip").filter(has_text="Adam")
    chip.hover()
    frame(page)
    shown = len(state(page, "race")["methods"])
    assert page.evaluate(back) >= shown - 1
    assert "dl-back" not in (page.locator("#race .dl-path[data-method=adam]").get_attribute("class") or "")
    expect(page.locator("#race .dl-readout li:visible")).to_contain_text("Adam")
    page.mouse.move(5, 5)
    frame(page)
    assert page.evaluate(back) == 0
    page.locator("#race").get_by_label("Nesterov").focus()
    frame(page)
    assert page.evaluate(back) >= shown - 1
    expect(page.locator("#race .dl-readout li:visible")).to_contain_text("Nesterov")


def test_where_newton_ends_is_said_and_marked(page: Page) -> None:
    box = page.locator("#newton-descent")
    for name, word in [("Newton drawn to a saddle", "saddle"), ("Newton drawn to a maximum", "maximum")]:
        box.get_by_role("button", name=name).click()
        frame(page)
        row = box.locator(".dl-readout li[data-method=newton]")
        expect(row).to_contain_text(f"ended at a {word}, not at a minimum")
        expect(box.locator(".dl-readout li[data-method=saddle_free_newton]")).to_contain_text("below the goal line from step")
        assert "reached" not in box.locator(".dl-goal").inner_text()
    assert box.locator(".dl-saddles").count() == len(landscapes.himmelblau.saddles)
    assert box.locator(".dl-maxima").count() == 1
    put(page, "newton-descent", start=[3.3, 2.3])
    assert "reached" in box.locator(".dl-goal").inner_text()


def test_links_bring_the_sliders_of_each_kind(open_page: Open, address: str) -> None:
    page = open_page(address + "#race?landscape=rotated_ravine&factor=2&beta=5&methods=adam,adagrad&alpha=3&step=1e9")
    found = state(page, "race")
    assert (found["landscape"], found["factor"], found["beta"], found["step"]) == ("rotated_ravine", 2, 0.99, 200)
    assert found["methods"] == ["adagrad", "adam"]
    assert "alpha" not in found
    page = open_page(address + "#newton-descent?damping=0.25&landscape=<b>&start=1,1")
    found = state(page, "newton-descent")
    assert (found["damping"], found["landscape"], found["start"]) == (0.25, "himmelblau", [1, 1])


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_cut_off(open_page: Open, address: str, width: int) -> None:
    page = open_page(address, width=width)
    frame(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert nameless(page) == []


@pytest.mark.nightly  # time: benchmarks/page.py prints it
def test_reacts_within_a_frame(browser: Browser, address: str, record_property: Callable[[str, object], None]) -> None:
    page = watched(browser, address)
    for name, slider, limit in [("race", "factor", 40), ("newton-descent", "alpha", 16)]:
        found = drag(page, f"#{name} .dl-{slider} input")
        record_property(f"{name}, {slider}: input event to drawn, ms", {"median": found.median, "p95": found.p95})
        assert found.quartile < limit, f"{name}, {slider}: {found}"
    page.close()
