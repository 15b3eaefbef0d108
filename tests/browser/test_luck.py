"""The explorable that a chapter makes in its own first cell, `Luck` of chapter 14, against the numbers of Python."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page
from prose import CHAPTERS, cells
from stand_in import frame, plain, put, settings, state, words, work

from dlcourse.live.curves import Curves


def from_the_chapter() -> Callable[[], Curves]:
    """The class as the cell of the chapter defines it: nothing is copied here."""
    (chapter,) = (path for path in CHAPTERS if path.stem == "14-model-selection")
    (source,) = (cell["source"] for cell in cells(chapter, "code") if "class Luck" in cell["source"])
    names: dict[str, type[Curves]] = {}
    exec(compile(source, "the first cell of chapter 14", "exec"), names)
    return lambda: names["Luck"]("luck")  # type: ignore[call-arg, arg-type]


MADE = {"luck": from_the_chapter()}


def test_every_control_against_python(page: Page) -> None:
    here = MADE["luck"]()
    start = here.state
    asked = [{**start, **setting} for setting in settings(type(here))]
    ends = {name: {each[name] for each in asked} for name in ("models", "examples", "spread")}
    assert {name: (min(found), max(found)) for name, found in ends.items()} == {
        "models": (1, 100), "examples": (20.0, 20_000.0), "spread": (0.0, 4.0),
    }  # fmt: skip
    for setting, seen in zip(asked, work(page, "luck", asked), strict=True):
        for key, value in setting.items():
            setattr(here, key, value)
        assert seen.state == here.state
        assert set(seen.results) == set(here.values)
        for key, value in here.values.items():
            np.testing.assert_allclose(
                seen.results[key], np.atleast_1d(value), rtol=1e-10, atol=1e-10, err_msg=f"{setting} {key}"
            )
        assert seen.words == plain(here.words)
        assert seen.broken == []
        assert seen.strange == []


def test_the_page_tells_the_luck_of_the_winner(page: Page) -> None:
    """What its words say, computed here anew: the least of K equal models, and the truth of the chosen one."""
    here = MADE["luck"]()
    put(page, "luck", models=1)
    assert "With K = 1 the" in words(page, "luck")
    for models, examples in [(1, 100.0), (10, 100.0), (100, 100.0), (100, 20_000.0)]:
        put(page, "luck", models=models, examples=examples)
        best, truth = map(float, re.findall(r"(\d+\.\d) %", words(page, "luck")))
        assert truth == 10.0  # all are equally good
        draws = np.random.default_rng(7).binomial(int(examples), 0.1, size=(4000, models)).min(axis=1) / examples
        # 60 searches, printed to a tenth; the normal luck of the page against the binomial one differs by less than 0.6 here
        assert best == pytest.approx(100 * draws.mean(), abs=4 * 100 * draws.std() / np.sqrt(60) + 0.65)
    put(page, "luck", **here.state)
    assert "Goal reached." not in words(page, "luck")
    page.locator("#luck").get_by_label(re.compile("validation examples")).press("End")
    assert state(page, "luck")["examples"] == 20_000.0
    frame(page)
    assert "Goal reached." in words(page, "luck")
