"""Schedules and noise: against plain loops of NumPy, the schedules' own verdicts, and what theory says of the floor."""

from __future__ import annotations

import math

import numpy as np
import pytest
import traitlets

from dlcourse import data, live
from dlcourse.data import Sample
from dlcourse.live.noise import EXAMPLES, START
from dlcourse.live.noise import STEPS as STEPS_OF_NOISE
from dlcourse.live.schedules import DISTANCE, RUNS, SCHEDULES, SEED, STEPS
from dlcourse.optim import schedules

each = pytest.mark.parametrize("name", list(SCHEDULES))


@pytest.fixture(scope="module")
def shown() -> live.Schedules:
    return live.Schedules()


@pytest.fixture(scope="module")
def cloud() -> live.Noise:
    return live.Noise()


def put(explorable, **values):
    for key, value in values.items():
        setattr(explorable, key, value)
    return explorable.values


def test_every_schedule_of_the_package_is_there():
    offered = {name for name in schedules.__all__ if name.islower()}
    assert set(SCHEDULES) == offered


@each
def test_runs_against_a_plain_loop(shown, name):
    """The same draws, the schedule called with numbers, one run at a time."""
    found = put(shown, schedule=name, alpha=0.2, noise=1.5, **SCHEDULES[name].start)
    controls = {key: getattr(shown, key) for key, _ in shown.programs[name].inputs if key != "noise"}
    schedule = SCHEDULES[name].make(**controls)
    ξ = np.rint(16.0 * np.random.default_rng(SEED).normal(size=(STEPS, RUNS))) / 16.0
    squares, rates = np.zeros(STEPS), np.zeros(STEPS)
    for run in range(RUNS):
        θ, plateau = DISTANCE, schedule.begin() if name == "halve_on_plateau" else None
        for t in range(1, STEPS + 1):
            plateau = plateau and schedule.update(plateau, 0.5 * θ * θ)
            α = float(plateau[0] if plateau else schedule(t))
            θ -= α * (θ + 1.5 * ξ[t - 1, run])
            squares[t - 1] += θ * θ / RUNS
            rates[t - 1] += α / RUNS
    np.testing.assert_allclose(found["rates"], rates, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(found["distances"], np.sqrt(squares), rtol=1e-9)
    assert found["total"] == pytest.approx(rates.sum(), rel=1e-12)


@each
def test_the_verdict_is_the_schedules_own(shown, name):
    """For numbers on and off the places where it changes."""
    rng = np.random.default_rng(3)
    decides = SCHEDULES[name].decides or ("alpha", (0.3,))
    trait = live.Schedules.declared()[decides[0]]
    for x in [trait.low, *decides[1], trait.high, *rng.uniform(trait.low, trait.high, 5)]:
        found = put(shown, schedule=name, **{decides[0]: float(x)})
        controls = {key: getattr(shown, key) for key, _ in shown.programs[name].inputs if key != "noise"}
        verdict = SCHEDULES[name].make(**controls).robbins_monro
        flags = {key: bool(found[key]) for key in ("satisfied", "restless", "short", "depends")}
        assert sum(flags.values()) == 1
        assert flags["satisfied"] is (verdict.satisfied is True)
        assert flags["restless"] is (verdict.sum_diverges is True and not verdict.squares_converge)
        assert flags["short"] is (verdict.sum_diverges is False)
        assert flags["depends"] is (verdict.sum_diverges is None)


def test_a_constant_rate_keeps_its_floor(shown):
    """σ √(α / (2 − α)), within the scatter of 32 runs over the second half: 640 draws of about 5 % memory each."""
    found = put(shown, schedule="constant", alpha=0.3, noise=1.0)
    late = math.sqrt(np.mean(found["distances"][150:] ** 2))
    assert found["floors"][0] == pytest.approx(math.sqrt(0.3 / 1.7))
    assert late == pytest.approx(found["floors"][0], rel=0.1)


def test_the_goal_of_schedules(shown):
    assert not put(shown, schedule="constant", alpha=0.3, noise=1.0)["reached"]
    assert put(shown, schedule="power", alpha=1.0, delta=1.0, noise=1.0)["reached"]
    assert not put(shown, noise=0.5)["reached"]
    shown.schedule, shown.factor = "exponential", 0.9
    assert "first condition fails, Σα < ∞" in shown.words


# Noise -------------------------------------------------------------------------------------------------------------


def test_batches_are_drawn_without_replacement(cloud):
    """With all examples the runs are one: gradient descent on the risk."""
    found = put(cloud, batch=EXAMPLES, alpha=0.2)
    X, y = cloud.sample
    θ = np.array(START)
    for _ in range(80):
        θ = θ - 0.2 * (-2.0 / EXAMPLES) * X.T @ (y - X @ θ)
    np.testing.assert_allclose(found["end_x"], θ[0], rtol=1e-12)
    np.testing.assert_allclose(found["end_y"], θ[1], rtol=1e-12)
    assert found["floor"] == 0


def test_the_floor_is_that_of_many_longer_runs(cloud):
    """A simulation of its own: 400 runs with fresh batches. Where α is small the noise is that of the minimum (10 %)."""
    X, y = cloud.sample
    rng = np.random.default_rng(0)
    best = np.linalg.lstsq(X, y, rcond=None)[0]
    least = np.mean((y - X @ best) ** 2)
    for M, α in ((5, 0.03), (15, 0.1)):
        θ = np.tile(best, (400, 1))
        seen = []
        for t in range(200):
            rows = rng.permuted(np.tile(np.arange(EXAMPLES), (400, 1)), axis=1)[:, :M]
            residual = y[rows] - np.einsum("rmk,rk->rm", X[rows], θ)
            θ = θ + α * 2.0 / M * np.einsum("rm,rmk->rk", residual, X[rows])
            if t >= 100:
                seen.append(np.mean(np.mean((y - θ @ X.T) ** 2, axis=1)) - least)
        assert put(cloud, batch=M, alpha=α)["floor"] == pytest.approx(float(np.mean(seen)), rel=0.12)


def test_without_noise_nothing_is_said_of_it(shown):
    put(shown, schedule="constant", noise=0.0)
    assert "With noise" not in shown.words
    assert "noise floor" not in shown.words
    assert "Σα² = ∞: without noise, no harm." in shown.words


def test_what_is_left_without_noise(cloud):
    for α in (0.01, 0.02):
        found = put(cloud, batch=EXAMPLES, alpha=α)
        assert found["distance"] == pytest.approx(found["measured"], rel=1e-9)
        at = int(np.argmin(np.abs(np.log(found["rates"] / α))))
        assert found["unreached"][at] == pytest.approx(found["distance"], rel=0.5)


def test_what_is_said_of_the_noise(cloud):
    said = {
        (1, 0.1): "the noise keeps them",
        (30, 0.1): "no noise, no floor",
        (1, 0.8): "They diverge.",
        (30, 0.005): "have not arrived",
        (1, 1.0): "Theory: no floor",
        (30, 0.95): "They diverge.",  # slowly
    }
    for (cloud.batch, cloud.alpha), wanted in said.items():
        assert wanted in cloud.words
        assert ("no floor" in cloud.words) != ("keeps them" in cloud.words)
        assert not ("diverge" in cloud.words and "too small" in cloud.words)
    cloud.batch, cloud.alpha = 5, 0.03
    assert cloud.words.endswith("Goal reached.")
    assert not live.Noise().values["reached"]


def test_the_goal_counts_examples_as_it_says():
    """With one example a step the usual goal is out of reach; a place that asks for that sets its own."""
    usual, own = live.Noise(batch=1), live.Noise(batch=1, goal="One example a step.", target=0.05, most=STEPS_OF_NOISE)
    assert (
        usual.spec["goal"]["text"] == "Bring the runs to within 0.01 of the least risk, looking at no more than 800 examples."
    )
    assert own.spec["goal"]["text"] == "One example a step."
    for alpha, wanted in [(0.1, False), (0.025, True), (0.015, False)]:
        usual.alpha = own.alpha = alpha
        assert bool(own.values["reached"]) is wanted
        assert not usual.values["reached"]
    own.batch, own.alpha = 2, 0.025
    assert own.values["measured"] < 0.05
    assert not own.values["reached"]


def test_what_lies_below_the_axis_is_marked_at_its_end(cloud):
    low = cloud.panels[1].y.domain[0]
    found = put(cloud, batch=EXAMPLES, alpha=0.1)
    assert found["measured"] < low < found["lowest_here"][0] < 2 * low
    assert (found["lower"], found["visible"]) == (1.0, 0.0)
    found = put(cloud, batch=1, alpha=0.1)
    assert (found["lower"], found["visible"]) == (0.0, 1.0)


def test_nothing_is_drawn_of_noise_that_is_not_there(shown):
    series = {s.label: s for s in shown.panels[1].series}
    put(shown, schedule="exponential", alpha=0.3, factor=0.9, noise=0.0)
    assert not shown.seen(series["with noise"].when, shown.values)
    assert "of the distance is left." in shown.words
    put(shown, schedule="constant", alpha=1.0, noise=1.0)
    assert shown.seen(series["with noise"].when, shown.values)
    assert "Without noise, nothing is left of the distance." in shown.words


def test_a_cycle_begins_upwards_as_its_name_says(shown):
    rates = put(shown, schedule="cyclic", alpha=0.3, **SCHEDULES["cyclic"].start)["rates"]
    assert rates[0] < rates[10]
    assert SCHEDULES["cyclic"].label.startswith("Cyclic: up and down")


def test_another_sample():
    sample = data.line(np.random.default_rng(0))
    made = live.Noise(sample)
    np.testing.assert_allclose(
        [made.values["best_x"][0], made.values["best_y"][0]], np.linalg.lstsq(*sample, rcond=None)[0], rtol=1e-9
    )


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: live.Schedules("weekly"), traitlets.TraitError, "there is no 'weekly'; choose one of constant"),
        (lambda: live.Schedules(alpha=2.0), traitlets.TraitError, "from 0.01 to 1, got 2"),
        (lambda: live.Schedules(period=5.5), traitlets.TraitError, "needs a whole number, got 5.5"),
        (lambda: live.Noise(target=-0.1), ValueError, "target must be a finite number ≥ 0, got -0.1"),
        (lambda: live.Noise(most=79), ValueError, "most must be a whole number ≥ 80, got 79"),
        (lambda: live.Noise(batch=31), traitlets.TraitError, "from 1 to 30, got 31"),
        (
            lambda: live.Noise(Sample(np.ones((3, 2)), np.ones(3))),
            ValueError,
            r"Noise: needs X of shape \(30, 2\) .* got \(3, 2\)",
        ),
        (lambda: live.Noise(Sample(np.zeros((30, 2)), np.ones(30))), ValueError, "ones in its first column"),
    ],
)
def test_what_cannot_be_made(make, error, words):
    with pytest.raises(error, match=words):
        make()


@pytest.mark.parametrize(("make", "most"), [(live.Schedules, 100_000), (live.Noise, 50_000)])
def test_it_is_light_and_has_a_still_picture(make, most):
    text = make().to_html()
    assert len(text[: text.index("<noscript>")]) < most
    still = text[text.index("<noscript>") :]
    assert "<svg" in still
    assert "nan" not in still.lower()
