"""Escape: its runs against plain loops with the same draws, its counts against counting, restarts against drawing."""

from __future__ import annotations

import numpy as np
import pytest
import traitlets

from dlcourse import grad, landscapes, live
from dlcourse.live.escape import COOL, LABELS, PLACES, RUNS, SEED, STEPS, starts


@pytest.fixture(scope="module")
def escape() -> live.Escape:
    return live.Escape()


def put(explorable, **values):
    for key, value in values.items():
        setattr(explorable, key, value)
    return explorable.values


@pytest.mark.parametrize("place", PLACES)
def test_runs_against_plain_loops(escape, place):
    f = landscapes.get(place)
    settings = {"alpha": 0.1, "beta": 0.8, "noise": 2.0, "temperature": 0.4}
    found = put(escape, landscape=place, **settings)
    rng = np.random.default_rng(SEED + 1)
    ξ = np.rint(16.0 * rng.normal(size=(STEPS, 2, RUNS))) / 16.0
    chances = (np.floor(256.0 * rng.random((STEPS, RUNS))) + 0.5) / 256.0
    for run in (0, 7, RUNS - 1):
        plain = noisy = ball = best = θ = starts(f)[run]
        v = np.zeros(2)
        for t in range(STEPS):
            plain = plain - 0.1 * grad(f)(plain)
            v = 0.8 * v - 0.1 * grad(f)(ball)
            ball = ball + v
            noisy = noisy - 0.1 * (grad(f)(noisy) + 2.0 * max(0.0, 1.0 - t / (0.7 * STEPS)) * ξ[t, :, run])
            trial = θ + 0.5 * ξ[t, :, run]
            rise = float(f(trial) - f(θ))
            if rise <= 0 or chances[t, run] < np.exp(-rise / (0.4 * COOL ** (t / (STEPS - 1)))):
                θ = trial
            best = min(best, θ, key=lambda p: float(f(p)))
        for name, end in zip(LABELS, (plain, ball, noisy, best), strict=True):
            np.testing.assert_allclose([found[f"{name}_x"][run], found[f"{name}_y"][run]], end, rtol=1e-9, atol=1e-12)


def test_shares_and_counts(escape):
    found = put(escape, landscape="many_minima", alpha=0.05)
    f = landscapes.many_minima
    for name in LABELS:
        ends = np.stack([found[f"{name}_x"], found[f"{name}_y"]])
        above = f(ends) - f.minimum
        for i in (0, 10, 30, 60):
            assert found[f"{name}_share"][i] == pytest.approx(np.mean(above <= found["levels"][i] + 1e-9))
        assert found[f"{name}_found"] == np.sum(np.hypot(*ends) < 0.3)


def test_restarts_against_drawing(escape):
    """The best of n descents drawn from the 48, many times: three standard errors of 4,000 draws."""
    found = put(escape, landscape="many_minima", alpha=0.05, restarts=5)
    above = landscapes.many_minima(np.stack([found["descent_x"], found["descent_y"]]))
    best = np.random.default_rng(0).choice(above, (4000, 5)).min(axis=1)
    for i in (4, 10, 20):
        p = found["restarts_share"][i]
        assert np.mean(best <= found["levels"][i] + 1e-9) == pytest.approx(p, abs=3 * np.sqrt(p * (1 - p) / 4000) + 1e-9)


def test_the_ridge_holds_descent_and_noise_leaves_it(escape):
    found = put(escape, landscape="saddle", alpha=0.1, noise=0.5, show_noise=True)
    assert found["stuck"] == RUNS
    assert found["descent_found"] == 0
    assert found["noise_found"] == RUNS
    assert f"{RUNS} descents end at the saddle" in escape.words
    assert f"With noise: {RUNS} of {RUNS}." in escape.words
    assert f"0 of {RUNS} descents found a lowest point." in escape.words
    assert "at least one does" not in escape.words  # of none, however many
    assert not put(escape, landscape="many_minima")["at_saddle"]
    assert "descents found the lowest point." in escape.words
    assert "at least one does with probability" in escape.words


def test_the_ends_of_all_methods_are_drawn_alike(escape):
    assert {series.kind for series in escape.panels[0].series[1:]} == {"circles"}


def test_the_goal(escape):
    fresh = live.Escape()
    assert not fresh.values["reached"]
    fresh.show_annealing, fresh.temperature = True, 0.2
    assert fresh.values["reached"]
    assert not put(fresh, landscape="saddle")["reached"]


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: live.Escape("moon"), traitlets.TraitError, "there is no 'moon'; choose one of many_minima, saddle"),
        (lambda: live.Escape(restarts=0), traitlets.TraitError, "from 1 to 20, got 0"),
        (lambda: live.Escape(temperature=0.0), traitlets.TraitError, "from 0.01 to 10, got 0.0"),
        (lambda: live.Escape(show_noise=1), traitlets.TraitError, "needs True or False"),
    ],
)
def test_what_cannot_be_made(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_it_is_light_and_has_a_still_picture():
    text = live.Escape().to_html()
    assert len(text[: text.index("<noscript>")]) < 80_000
    still = text[text.index("<noscript>") :]
    assert "<svg" in still
    assert "nan" not in still.lower()
