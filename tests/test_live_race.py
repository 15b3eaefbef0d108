"""Races and Newton's methods on landscapes: tuned alike, ranked truly, ended where they say."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import traitlets

from dlcourse import grad, hessian, landscapes, live, optim, palette
from dlcourse.live.descent import ALL_METHODS
from dlcourse.live.newton_descent import NEWTON_METHODS
from dlcourse.live.race import ENTRANTS, RATES, STEPS, tuned_rate


@pytest.fixture(scope="module")
def race() -> live.Race:
    return live.Race()


def arrival(landscape: str, rule: optim.UpdateRule, target: float) -> tuple[float, float]:
    """The step from which a run of its own stays below the target (or ∞) and the last value; (∞, ∞) outside the domain."""
    f = landscapes.get(landscape)
    with np.errstate(all="ignore"):
        run = optim.descend(rule, f, np.array(f.start), STEPS)
    low, high = np.transpose(f.domain)
    if not np.all((low <= run.path) & (run.path <= high)):
        return np.inf, np.inf
    above = np.flatnonzero(run.values - f.minimum >= target)
    return float(above[-1]) + 1.0 if above[-1] < STEPS else np.inf, float(run.values[-1] - f.minimum)


@pytest.mark.parametrize(
    ("landscape", "method"), [("ravine", "gradient_descent"), ("rotated_ravine", "adam"), ("ravine", "rmsprop")]
)
def test_no_other_rate_of_the_same_effort_is_better(landscape, method):
    """All rates at once are all rates one by one, and the chosen one is the best of them, rounded to three digits."""
    rule = ALL_METHODS[method].rule
    scores = [arrival(landscape, rule(α, 0.9), 1e-6) for α in map(float, RATES)]
    best = min(range(len(RATES)), key=lambda i: scores[i])
    assert tuned_rate(landscape, method, 1e-6) == float(f"{RATES[best]:.3g}")
    assert scores[best] < (np.inf, np.inf)


def test_the_ranking_is_that_of_the_rules(race):
    race.landscape, race.start = "rotated_ravine", landscapes.rotated_ravine.start
    wanted = {}
    for name in race.methods:
        with np.errstate(all="ignore"):
            run = optim.descend(
                ALL_METHODS[name].rule(race.rates[name], 0.9), landscapes.rotated_ravine, np.array(race.start), STEPS
            )
        last = np.flatnonzero(~(run.values < 1e-6))[-1]
        wanted[name] = int(last) + 1 if last < STEPS else None
        np.testing.assert_array_equal(race.paths[name], run.path)
    assert dict(race.ranking) == wanted
    steps = [np.inf if step is None else step for _, step in race.ranking]
    assert steps == sorted(steps)


def test_who_only_passes_has_not_arrived():
    """Below the target at step 118, RMSProp with momentum ends above it, and is no winner; nor is one that left the world."""
    alone = live.Race("ravine", ["nesterov", "rmsprop_momentum"], landscape_choices=[], method_choices=[], shows=[])
    passing = alone.runs()["rmsprop_momentum"]["loss"]
    assert passing.min() < 1e-6 < passing[-1]
    assert alone.ranking == [("nesterov", 131), ("rmsprop_momentum", None)]


def test_turning_the_ravine_takes_the_gift_of_separate_steps(race):
    """What knows no axes needs as many steps in either; Adagrad and RMSProp, which do, lose."""
    found = {}
    for name in ("ravine", "rotated_ravine"):
        race.landscape, race.start = name, landscapes.get(name).start
        found[name] = dict(race.ranking)
    assert found["ravine"]["nesterov"] == found["rotated_ravine"]["nesterov"]
    assert found["ravine"]["adagrad"] < 10
    assert found["rotated_ravine"]["adagrad"] is None


def test_the_factor_multiplies_every_rate(race):
    one = live.Race("plateau", ["gradient_descent"], factor=0.5, landscape_choices=[], method_choices=[], shows=[])
    α = 0.5 * tuned_rate("plateau", "gradient_descent", 1e-6)
    run = optim.descend(optim.GradientDescent(α), landscapes.plateau, np.array(landscapes.plateau.start), STEPS)
    np.testing.assert_array_equal(one.path, run.path)
    assert one.runs()["gradient_descent"]["rate"] == α


@pytest.mark.parametrize("kind", [live.Race, live.NewtonDescent])
def test_its_face_is_whole(kind):
    made = kind()
    text = made.to_html()
    assert "nan" not in text[text.index("<noscript>") :].lower()
    assert re.search(r'aria-label="[^"]{40,}"', text)
    spec = json.loads(json.dumps(made.spec, allow_nan=False))
    assert list(spec["controls"]) == [*(name for name in kind.sliders if name in spec["controls"]), "step"]
    for show in spec["shows"]:
        for name, value in show["set"].items():
            setattr(made, name, value)
        assert all(np.isfinite(path[0]).all() for path in made.paths.values())


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: live.Race("ravin"), ValueError, "did you mean 'ravine'"),
        (lambda: live.Race(methods=["newton"]), traitlets.TraitError, "there is no 'newton'"),
        (lambda: live.Race(alpha=0.1), TypeError, "Race: has no control 'alpha'; it has .*factor"),
        (lambda: live.Race(factor=1000.0), traitlets.TraitError, "from 0.01 to 100, got 1000"),
        (lambda: live.Race(needs={"methods": ["newton"]}), traitlets.TraitError, "there is no 'newton'"),
        (lambda: live.Race(method_choices=["newton"]), ValueError, "Race: there is no landscape or method 'newton'"),
        (lambda: live.Race(shows=[live.Show("x", {"gamma": 1.0})]), ValueError, "no control is called 'gamma'"),
        (lambda: live.Race(shows=[live.Show("x", {"factor": 1e9})]), traitlets.TraitError, "from 0.01 to 100"),
        (
            lambda: live.Race(shows=[live.Show("x", {"landscape": "saddle"})]),
            ValueError,
            "'x' needs 'saddle' among the landscapes",
        ),
        (lambda: live.NewtonDescent(methods=["adam"]), traitlets.TraitError, "there is no 'adam'"),
        (lambda: live.NewtonDescent(damping=0.0), traitlets.TraitError, "from 0.05 to 1, got 0.0"),
        (
            lambda: live.Descent(needs={"landscape": "bowl"}, landscape_choices=["beale"], landscape="beale"),
            ValueError,
            "'goal' needs 'bowl'",
        ),
        (lambda: live.Descent(needs=["bowl"]), TypeError, "Descent: needs must be a dict of values by the names of controls"),
        (lambda: live.NewtonDescent(landscape_choices=["hill"]), ValueError, "NewtonDescent: there is no landscape or method"),
    ],
)
def test_what_does_not_exist(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_descent_has_buttons_if_it_is_given_some():
    made = live.Descent("bowl", landscape_choices=[], shows=[live.Show("the edge", {"alpha": 0.2, "start": (-5.0, 3.0)})])
    assert made.spec["shows"] == [{"label": "the edge", "set": {"alpha": 0.2, "start": [-5.0, 3.0]}}]
    assert "shows" not in live.Descent("bowl", landscape_choices=[]).spec


def test_newton_goes_where_the_model_says():
    """From the starts of the buttons: to the saddle, to the maximum, away from the plateau; saddle-free: to a minimum."""
    made = live.NewtonDescent()
    for show in made.spec["shows"]:
        for name, value in show["set"].items():
            setattr(made, name, value)
        f = landscapes.get(made.landscape)
        end = made.paths["newton"][-1]
        if "saddle" in show["label"]:
            assert min(np.hypot(*(end - s)) for s in f.saddles) < 1e-9
        elif "maximum" in show["label"]:
            assert min(np.hypot(*(end - m)) for m in f.maxima) < 1e-9
        elif "plateau" in show["label"]:
            assert np.linalg.norm(end) > 1000
        else:
            assert np.all(made.paths["newton"][1] == 0)
        if "saddle_free_newton" in made.methods:
            assert min(np.hypot(*(made.paths["saddle_free_newton"][-1] - m)) for m in f.minima) < 1e-9


def test_newton_steps_against_linear_algebra():
    """NumPy's solver and eigenvectors, on a point where the Hessian is indefinite."""
    f, start, s = landscapes.himmelblau, np.array([2.5, 0.0]), 0.35
    g, H = grad(f)(start), hessian(f)(start)
    λ, Q = np.linalg.eigh(H)
    assert λ[0] < 0 < λ[1]
    made = live.NewtonDescent(methods=list(NEWTON_METHODS), start=start, damping=s, alpha=0.01)
    wanted = {
        "gradient_descent": start - 0.01 * g,
        "newton": start - np.linalg.solve(H, g),
        "damped_newton": start - s * np.linalg.solve(H, g),
        "saddle_free_newton": start - s * Q @ (Q.T @ g / np.abs(λ)),
    }
    for name, point in wanted.items():
        np.testing.assert_allclose(made.paths[name][1], point, rtol=1e-12)


def test_the_colours_of_one_picture_differ():
    colours = [palette.PATHS[name] for name in NEWTON_METHODS]
    assert len(set(colours)) == len(colours)
    assert {m["colour"] for m in live.NewtonDescent().spec["methods"]} == set(colours)
    assert set(ENTRANTS) < set(ALL_METHODS)


@pytest.mark.parametrize("place", ["ravine", "rotated_ravine", "rosenbrock"])
def test_runs_that_diverge_have_a_still_picture_too(place):
    made = live.Race(place, factor=live.Race.factor.high)
    assert np.nanmax([run["loss"] for run in made.runs().values()]) > 1e30  # also where it is inf
    assert made.still().startswith("<svg")
