"""Line searches: what they promise, on functions whose derivatives SciPy's own search and closed forms know."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems import PROBLEMS

from dlcourse import value_and_grad
from dlcourse.optim import armijo, strong_wolfe
from dlcourse.optim.line_search import NoLowerPoint, NotDownhill, Unbounded, between, beyond


def along(problem: str, seed: int) -> tuple[Any, Any, Any]:
    """(x ↦ (J, ∇J), a point near the start, a direction that goes down there)."""
    f, start = PROBLEMS[problem]
    rng = np.random.default_rng(seed)
    evaluate = value_and_grad(f)
    x = start + 0.1 * rng.standard_normal(start.size)
    g = evaluate(x)[1]
    p = rng.standard_normal(start.size)
    return evaluate, x, p if p @ g < 0 else -p


@given(
    problem=st.sampled_from(sorted(PROBLEMS)),
    seed=st.integers(0, 10**6),
    c=st.sampled_from([(1e-4, 0.9), (1e-4, 0.1), (1e-3, 0.4), (1e-6, 1e-4)]),
    first=st.sampled_from([1e-6, 1e-2, 1.0, 100.0]),
)
def test_a_step_satisfies_the_strong_wolfe_conditions(problem, seed, c, first):
    evaluate, x, p = along(problem, seed)
    calls = []
    with np.errstate(over="ignore", invalid="ignore"):
        step = strong_wolfe(lambda z: calls.append(z) or evaluate(z), x, p, first, *c)
    value, g = evaluate(x)
    new_value, new_g = evaluate(x + step.alpha * p)
    assert step.value == new_value <= value + c[0] * step.alpha * (p @ g)
    assert abs(p @ new_g) <= c[1] * abs(p @ g)
    np.testing.assert_array_equal(step.x, x + step.alpha * p)
    np.testing.assert_array_equal(step.gradient, new_g)
    assert len(calls) == step.evaluations + 1 <= 40


@given(problem=st.sampled_from(sorted(PROBLEMS)), seed=st.integers(0, 10**6), first=st.sampled_from([1e-2, 1.0, 1e3]))
def test_backtracking_falls_enough_and_only_shortens(problem, seed, first):
    evaluate, x, p = along(problem, seed)
    with np.errstate(over="ignore", invalid="ignore"):
        step = armijo(evaluate, x, p, first)
    value, g = evaluate(x)
    assert step.value <= value + 1e-4 * step.alpha * (p @ g)
    assert 0.0 < step.alpha <= first


@pytest.mark.parametrize("first", [1e-3, 0.4, 1.0, 30.0])
def test_on_a_parabola_the_minimum_is_found_exactly(first):
    """φ(α) = (α − 0.7)²: a cubic through two values and slopes is the parabola itself."""
    step = strong_wolfe(lambda x: (float((x[0] - 0.7) ** 2), 2 * (x - 0.7)), np.zeros(1), np.ones(1), first, 1e-9, 1e-6)
    assert step.alpha == pytest.approx(0.7, rel=1e-6)


def test_known_evaluations_are_not_repeated():
    f = value_and_grad(PROBLEMS["rosenbrock 2"][0])
    first = strong_wolfe(f, np.array([-1.2, 1.0]), np.array([1.0, 0.0]), 0.1)
    calls = []
    second = strong_wolfe(lambda x: calls.append(x) or f(x), first, -first.gradient, 1e-3)
    assert len(calls) == second.evaluations
    assert second.value < first.value


def test_where_j_is_not_finite_is_too_far():
    """x − ln x: a whole step from 3 would land at −7, where there is no logarithm."""

    def barrier(x: Any) -> Any:
        return (float(x[0] - np.log(x[0])), 1.0 - 1.0 / x) if x[0] > 0 else (math.nan, np.array([math.nan]))

    for search in (armijo, strong_wolfe):
        step = search(barrier, np.array([3.0]), np.array([-10.0]))
        assert 0.0 < step.x[0] < 3.0
        assert step.value < 3.0 - math.log(3.0)


@pytest.mark.parametrize("search", [armijo, strong_wolfe])
@pytest.mark.parametrize("direction", [[1.0, 1.0], [0.0, 0.0], [math.nan, 0.0]])
def test_a_direction_that_is_not_downhill_is_refused(search, direction):
    with pytest.raises(NotDownhill, match=r"not downhill: φ'\(0\) is .*must be negative"):
        search(lambda x: (float(x @ x), 2 * x), np.ones(2), np.array(direction))


@pytest.mark.parametrize("f", [lambda x: (-float(x[0]), -np.ones(1)), lambda x: (-float(x[0] ** 3 + x[0]), -3 * x**2 - 1)])
def test_a_function_without_a_minimum_is_called_unbounded(f):
    with pytest.raises(Unbounded, match="unbounded: J"):
        strong_wolfe(f, np.zeros(1), np.ones(1))


def test_when_no_point_is_flat_enough_the_best_is_kept():
    """|x|: its slope is ±1 on both sides of the kink, and never small."""
    with pytest.raises(NoLowerPoint, match="no lower point that is flat enough") as caught:
        strong_wolfe(lambda x: (float(abs(x[0])), np.where(x > 0, 1.0, -1.0)), np.array([1.0]), np.array([-0.3]))
    assert caught.value.best is not None
    assert caught.value.best.value < 1e-3


@pytest.mark.parametrize("search", [armijo, strong_wolfe])
def test_a_wrong_gradient_ends_in_a_sentence(search):
    with pytest.raises(NoLowerPoint, match="the line search found no lower point") as caught:
        search(lambda x: (float(x @ x), -2 * x), np.ones(2), np.ones(2))
    assert caught.value.best is None


@pytest.mark.parametrize("seed", range(60))
def test_of_the_points_that_fall_enough_the_lowest_is_taken(seed):
    """On a wave: what was tried before and fell enough is not lower than the end."""
    a, b, phase, first = np.random.default_rng(seed).uniform([0.1, 1.0, -3.0, 0.01], [3.0, 15.0, 3.0, 3.0])
    tried = []

    def wave(x: Any) -> Any:
        value = (x[0] - 2.0) ** 2 + a * math.sin(b * x[0] + phase)
        tried.append((float(x[0]), float(value)))
        return float(value), 2.0 * (x - 2.0) + a * b * np.cos(b * x + phase)

    height, slope = wave(np.zeros(1))
    step = strong_wolfe(wave, np.zeros(1), -np.sign(slope), first, 1e-4, 0.5)
    enough = [value for x, value in tried if x != 0.0 and value <= height - 1e-4 * abs(x * slope[0])]
    assert step.value == min(enough)


@pytest.mark.parametrize("search", [armijo, strong_wolfe])
def test_the_points_that_are_tried_cannot_be_changed(search):
    def careless(x: Any) -> Any:
        x *= 2.0
        return float(x @ x), 2 * x

    with pytest.raises(ValueError, match="read-only"):
        search(careless, search(lambda x: (float(x @ x), 2 * x), np.ones(2), -np.ones(2), 0.4), -np.ones(2), 0.1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"c1": 0.0}, "0 < c1"), ({"c1": 0.5, "c2": 0.4}, "0 < c1 < c2 < 1"), ({"c2": 1.0}, "0 < c1 < c2 < 1"),
        ({"first": 0.0}, "first step must be a finite number > 0"), ({"first": math.inf}, "first step"),
        ({"direction": np.ones(3)}, r"direction of shape \(3,\) does not fit x of shape \(2,\)"),
        ({"evaluate": lambda x: (math.nan, x)}, "J is nan at the start"),
    ],
)  # fmt: skip
def test_bad_arguments_are_named(change, message):
    given_ = {"evaluate": lambda x: (float(x @ x), 2 * x), "start": np.ones(2), "direction": -np.ones(2)}
    with pytest.raises(ValueError, match=message):
        strong_wolfe(**(given_ | change))


def test_backtracking_from_where_J_is_not_finite_shortens_to_a_tenth():
    """No parabola goes through an infinite value, so the step shortens as far as it may: 1, 1/10, 1/100."""
    tried = []

    def evaluate(x: Any) -> Any:
        tried.append(float(x[0]))
        return (math.inf if x[0] > 0.05 else -float(x[0])), -np.ones(1)

    step = armijo(evaluate, np.zeros(1), np.ones(1))
    assert tried == pytest.approx([0.0, 1.0, 0.1, 0.01], rel=1e-12)
    assert (step.alpha, step.evaluations) == (pytest.approx(0.01, rel=1e-12), 3)


@pytest.mark.parametrize("first", [0.7, 1.0, 3.3])
def test_backtracking_on_a_bowl_meets_its_bottom(first):
    """The first step goes too far; the parabola through what is known is the bowl itself."""
    step = armijo(lambda x: (0.685 * float(x @ x), 1.37 * x), np.ones(1), np.array([-1.0 / (0.3 * first)]), first)
    assert (step.alpha, step.evaluations) == (pytest.approx(0.3 * first, rel=1e-12), 2)


@pytest.mark.parametrize("c1", [1e-4, 0.25])
def test_where_a_fall_is_lost_in_rounding_the_slope_must_tell_of_it(c1):
    """10⁶ + x² changes by less than its rounding here, but x² tells what is higher."""
    step = armijo(lambda x: (1e6 + float(x @ x), 2 * x), np.array([1e-4]), np.array([-1e-3]), c1=c1)
    assert step.x @ step.x <= 1e-8 - c1 * step.alpha * 2e-7


# Trials ----------------------------------------------------------------------------------------------------------------


def parabola(α: float) -> tuple[float, float, float]:
    """α, φ and φ' of (α − 3)²."""
    return α, (α - 3.0) ** 2, 2.0 * (α - 3.0)


def test_a_trial_between_the_ends():
    assert between(parabola(1.0), parabola(6.0), 0.0) == pytest.approx(3.0)
    assert between(parabola(6.0), parabola(1.0), 0.0) == pytest.approx(3.0)
    # values that are all rounding: the slopes alone say where it is
    assert between((1.0, 5.0, -4.0), (6.0, 5.0, 6.0), 1e-9) == pytest.approx(3.0)
    assert between((1.0, math.inf, -4.0), (6.0, math.inf, 6.0), 0.0) == pytest.approx(2.0)  # a wall: carefully
    assert between((1.0, 0.0, 2.0), (6.0, 20 / 3, 2.0), 0.0) == 3.5  # the cubic has no minimum: the middle
    assert between(parabola(2.999), parabola(6.0), 0.0) == pytest.approx(2.999 + 0.05 * 3.001)  # not too near to an end
    assert between(parabola(1.0), parabola(3.001), 0.0) == pytest.approx(1.0 + 0.95 * 2.001)


def test_a_trial_beyond_the_last():
    assert beyond(parabola(0.0), parabola(1.0)) == pytest.approx(3.0)
    assert beyond(parabola(0.0), parabola(2.99)) == pytest.approx(2.99 * 1.1)
    assert beyond(parabola(0.0), parabola(0.1)) == pytest.approx(0.1 * 10)
    assert beyond((0.0, 1.0, -1.0), (1.0, 0.0, -1.0)) == pytest.approx(10.0)  # a straight line
