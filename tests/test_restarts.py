"""Restarts, annealing, and what leaves a shallow minimum: measured over seeds, against exact laws."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from dlcourse import grad, landscapes, optim
from dlcourse.landscapes import many_minima
from dlcourse.optim import Adam, GradientDescent, HeavyBall, RMSProp, descend, random_restarts, simulated_annealing
from dlcourse.optim.schedules import constant, exponential, linear

START = np.array(many_minima.start)
COOLING = exponential(1.0, 0.995)


def uniform(rng: np.random.Generator) -> np.ndarray:
    (x0, x1), (y0, y1) = many_minima.domain
    return rng.uniform([x0, y0], [x1, y1])


def downhill(f: Any, start: Any) -> Any:
    return descend(GradientDescent(0.02), f, start, 300).path[-1]


# Random restarts -----------------------------------------------------------------------------------------------------


def test_restarts_find_the_global_minimum():
    found = random_restarts(many_minima, uniform, np.random.default_rng(0), 60, downhill)
    np.testing.assert_allclose(found.x, [0.0, 0.0], atol=1e-3)
    assert found.value == many_minima(found.x) == found.values.min()
    assert (found.starts.shape, found.ends.shape, found.values.shape) == ((60, 2), (60, 2), (60,))
    assert len(np.unique(np.round(found.ends, 2), axis=0)) > 10  # there are many minima
    for start, end, value in zip(found.starts, found.ends, found.values, strict=True):
        assert value == many_minima(end) <= many_minima(start)


def test_the_chance_grows_with_the_number_of_starts():
    """Success within n starts has probability 1 − (1 − p)ⁿ with the p of one start."""
    rng = np.random.default_rng(1)
    hits = np.array([np.max(np.abs(downhill(many_minima, uniform(rng)))) < 0.1 for _ in range(400)])
    p, n = float(hits.mean()), 20
    measured = hits.reshape(-1, n).any(axis=1).mean()
    expected = 1 - (1 - p) ** n
    assert 0.01 < p < 0.1
    assert abs(measured - expected) < 3 * math.sqrt(expected * (1 - expected) / 20)


def test_restarts_with_minimize():
    found = random_restarts(landscapes.himmelblau, lambda rng: rng.uniform(-5, 5, 2), np.random.default_rng(0), 25)
    assert found.value == pytest.approx(0.0, abs=1e-12)
    near = [min(range(4), key=lambda i, end=end: np.linalg.norm(end - landscapes.himmelblau.minima[i])) for end in found.ends]
    assert set(near) == {0, 1, 2, 3}  # all four wells


def test_a_bad_minimiser_makes_nothing_worse():
    """The best start wins over runs that diverge or climb."""
    f = lambda θ: float(np.sum(θ**2))  # noqa: E731
    draws = np.random.default_rng(4).uniform(-1, 1, (5, 2))
    best = min(f(x) for x in draws)
    for bad in (lambda f, x: x * np.nan, lambda f, x: x * 10.0, lambda f, x: x * np.inf):
        found = random_restarts(f, lambda rng: rng.uniform(-1, 1, 2), np.random.default_rng(4), 5, bad)
        assert found.value == best == f(found.x)
    in_place = random_restarts(
        f, lambda rng: rng.uniform(-1, 1, 2), np.random.default_rng(4), 5, lambda f, x: np.multiply(x, 2.0, out=x)
    )
    np.testing.assert_array_equal(in_place.starts, draws)


# Simulated annealing ---------------------------------------------------------------------------------------------------


def test_annealing_leaves_a_shallow_minimum():
    """From the far corner of many_minima: the global basin in at least 90% of 40 seeds; plain descent, never."""
    found = [
        simulated_annealing(many_minima, START, np.random.default_rng(seed), steps=1500, temperature=COOLING, scale=0.5).x
        for seed in range(40)
    ]
    assert np.mean(np.max(np.abs(found), axis=1) < 0.5) >= 0.9
    for α in (0.005, 0.02, 0.1):
        stuck = descend(GradientDescent(α), many_minima, START, 2000).path[-1]
        assert many_minima(stuck) > 0.8
    quench = [  # at T = 0 it is a random descent
        simulated_annealing(many_minima, START, np.random.default_rng(seed), steps=1500, temperature=0.0, scale=0.1).value
        for seed in range(10)
    ]
    assert min(quench) > 0.5


def test_metropolis_visits_in_proportion_to_exp():
    """At constant T on ½ θ² the path is distributed as N(0, T): mean square T and a fair Kolmogorov-Smirnov distance."""
    T = 0.7
    found = simulated_annealing(
        lambda θ: 0.5 * np.sum(θ**2), [0.0], np.random.default_rng(0), steps=40_000, temperature=constant(T), scale=2.0
    )
    thinned = found.path[500::20, 0]  # about independent
    assert np.mean(thinned**2) == pytest.approx(T, rel=0.1)
    assert stats.kstest(thinned, stats.norm(0.0, math.sqrt(T)).cdf).pvalue > 0.01
    assert 0.2 < found.accepted.mean() < 0.8


def test_the_uphill_rate_is_exp():
    """On a staircase every move up by 1 is taken with probability exp(−1/T): 4 standard errors of 20,000 trials."""
    for T in (0.5, 1.0, 3.0):
        rng = np.random.default_rng(0)
        taken = [
            simulated_annealing(lambda θ: float(θ[0] != 0.0), [0.0], rng, steps=1, temperature=T).accepted[0]
            for _ in range(20_000)
        ]
        p = math.exp(-1 / T)
        assert abs(np.mean(taken) - p) < 4 * math.sqrt(p * (1 - p) / 20_000)


@pytest.mark.parametrize("seed", range(5))
def test_what_annealing_returns(seed):
    cooling = linear(1.0, 0.0, 200)
    run = lambda: simulated_annealing(  # noqa: E731
        many_minima, START, np.random.default_rng(seed), steps=300, temperature=cooling, scale=lambda t: 0.5 + 0.5 / t
    )
    found, again = run(), run()
    for a, b in zip(found, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert found.value == found.values.min() == many_minima(found.x)
    assert any(np.array_equal(found.x, point) for point in found.path)
    np.testing.assert_array_equal(found.path[0], START)
    np.testing.assert_array_equal(found.values, [many_minima(point) for point in found.path])
    np.testing.assert_array_equal(found.temperatures, cooling(np.arange(1, 301)))
    moved = np.any(np.diff(found.path, axis=0) != 0, axis=1)
    np.testing.assert_array_equal(moved, found.accepted)
    assert np.all(np.diff(found.values[200:]) <= 0)  # T = 0: never uphill
    assert np.any(np.diff(found.values[:200]) > 0)


def test_places_without_a_value_are_not_entered():
    f = lambda θ: float(np.sum(θ**2)) if θ[0] > 0 else (math.nan if θ[0] > -1 else math.inf)  # noqa: E731
    found = simulated_annealing(f, [1.0], np.random.default_rng(0), steps=500, temperature=5.0)
    assert np.all(found.path > 0)
    assert np.all(np.isfinite(found.values))


# What else leaves a shallow minimum: sources 000 and 004, each claim put to the test --------------------------------------


def profile(θ: Any) -> Any:
    """Many runs at once, each in one coordinate of many_minima: minima of growing height near 0, ±1, ±2, …"""
    return np.sum(0.1 * θ**2 + 0.5 * landscapes.ripple(θ))


BASIN = np.linspace(1.6, 2.45, 18)  # starts in the basin of the shallow minimum at 1.95


def ends(rule: Any, start: Any = BASIN) -> Any:
    return descend(rule, profile, start, 3000).path[-1]


def stay(θ: Any) -> Any:
    return np.abs(θ - 1.95) < 0.4


def test_the_profile_is_that_of_the_landscape():
    for x in (0.0, 1.3, 2.2):
        assert profile(np.array([x])) == pytest.approx(many_minima(np.array([x, 0.0])), rel=1e-15)


def test_momentum_rolls_out_where_descent_stays():
    """Plain descent never leaves; heavy ball does, from high up the side; from lower down it stays."""
    assert np.all(stay(ends(GradientDescent(0.02))))
    assert np.all(stay(ends(HeavyBall(0.02, 0.9))))
    for β in (0.97, 0.98, 0.99):
        θ = ends(HeavyBall(0.02, β))
        assert not np.any(stay(θ[-3:]))
        assert np.all(stay(θ[:14]))


def test_to_leave_is_not_to_find():
    """β = 0.99 carries the highest starts to the other side of the bowl, into a minimum that is no lower."""
    assert ends(HeavyBall(0.02, 0.99))[-1] == pytest.approx(-1.9507534, abs=1e-6)


@pytest.mark.parametrize("rule", [Adam, RMSProp])
def test_adaptive_rates_leave_only_by_long_steps(rule):
    """Their steps are about α long whatever the slope: up to a tenth of the basin's width nothing leaves, at its width most."""
    for α in (0.01, 0.05, 0.1):
        assert np.all(stay(ends(rule(α))))
    assert np.mean(stay(ends(rule(1.0)))) < 0.2


def test_noise_leaves_if_there_is_enough_of_it():
    """SGD from 2.1, noise N(0, σ²) in the gradient, α falling like 1/t at last: 200 runs at a time."""
    slope = grad(profile)

    def left(σ: float) -> float:
        rng, θ = np.random.default_rng(0), np.full(200, 2.1)
        for t in range(1, 1001):
            θ = θ - 0.05 * min(1.0, 300 / t) * (slope(θ) + σ * rng.standard_normal(200))
        return float(np.mean(~stay(θ)))

    assert left(0.0) == left(0.5) == 0.0
    assert left(5.0) > 0.5


# Bad input ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"steps": 0}, "simulated_annealing: steps must be a whole number ≥ 1, got 0"),
        ({"steps": 2.5}, "steps must be a whole number ≥ 1, got 2.5"),
        ({"temperature": -1.0}, r"needs finite T ≥ 0 and s > 0, got T = -1\.0 and s = 1\.0 at step 1"),
        ({"temperature": lambda t: 3.0 - t}, r"T = -1\.0 and s = 1\.0 at step 4"),
        ({"temperature": math.nan}, "needs finite T"),
        ({"scale": 0.0}, r"s = 0\.0 at step 1"),
        ({"f": lambda θ: math.nan}, "J must be finite at the start, got nan"),
        ({"f": lambda θ: 0.0 if θ[0] == 0.0 else -math.inf}, "J is −∞ at .*: it has no minimum"),
    ],
)
def test_annealing_refuses(changes, words):
    given = {"f": lambda θ: float(θ @ θ), "start": [0.0], "rng": np.random.default_rng(0), "steps": 10, "temperature": 1.0}
    with pytest.raises(ValueError, match=words):
        simulated_annealing(**{**given, **changes})


@pytest.mark.parametrize("n", [0, -1, 1.5, True, None])
def test_restarts_refuse(n):
    with pytest.raises(ValueError, match="random_restarts: n must be a whole number ≥ 1"):
        random_restarts(many_minima, uniform, np.random.default_rng(0), n)


def test_restarts_without_any_value():
    with pytest.raises(ValueError, match="J is finite at none of the 3 starts and ends"):
        random_restarts(lambda x: math.nan, uniform, np.random.default_rng(0), 3, lambda f, x: x)
    assert {"random_restarts", "simulated_annealing"} <= set(optim.__all__)
