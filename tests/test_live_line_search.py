"""The explorable of the Wolfe conditions: against the polynomial's own derivative, and what its buttons show."""

from __future__ import annotations

import numpy as np
import pytest

from dlcourse import live
from dlcourse.live.line_search import SHOWS, height


def slope(s):
    return (s - 1.0) * (s - 2.4) * (s - 3.5) / 8.4


def test_the_curve_is_what_it_says():
    assert height(0.0) == 1.0
    assert np.isclose(slope(0.0), -1.0)
    s, ε = np.linspace(0.0, 4.4, 50), 1e-6
    np.testing.assert_allclose((height(s + ε) - height(s - ε)) / (2 * ε), slope(s), atol=1e-8)


@pytest.mark.parametrize("state", [show.settings for show in SHOWS] + [{"alpha": 3.0, "c1": 0.3, "c2": 0.2}])
def test_both_conditions(state):
    here = live.LineSearch(**state)
    α, c1, c2 = here.alpha, here.c1, here.c2
    values = here.values
    assert bool(values["falls"]) == (height(α) <= 1.0 - c1 * α)
    assert bool(values["flat"]) == (abs(slope(α)) <= c2)
    s = values["steps"]
    room = np.minimum(1.0 - c1 * s - height(s), c2 - np.abs(slope(s)))  # where it is 0, rounding decides
    np.testing.assert_array_equal(np.isfinite(values["good"])[np.abs(room) > 1e-12], (room > 0)[np.abs(room) > 1e-12])


def test_what_the_buttons_promise():
    found = [live.LineSearch(**show.settings).values for show in SHOWS]
    assert [(bool(v["falls"]), bool(v["flat"])) for v in found] == [(True, False), (False, False), (True, True), (True, True)]


def test_the_goal_can_be_reached_and_is_not_at_the_start():
    assert not live.LineSearch().values["reached"]
    assert live.LineSearch(c1=0.3, c2=0.32).values["reached"]
    without = live.LineSearch(c1=0.6, c2=0.1).values
    assert without["crossed"]
    assert not np.isfinite(without["good"]).any()
    assert not without["reached"]


def test_no_step_is_not_judged():
    here = live.LineSearch(alpha=0.0)
    assert here.words.startswith("No step yet: φ = 1.00, and the slope is −1.00.")
    assert not any(here.values[name] for name in ("falls", "climbs", "flat", "steep"))
