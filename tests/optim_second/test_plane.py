"""Newton's steps in the plane: against linear algebra, recorded and replayed."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcourse import grad, hessian, landscapes, trace
from dlcourse.autodiff import ShapeError
from dlcourse.optim import GradientDescent, NewtonStep, PureNewton, SaddleFreeStep, descend, minimize


def newton(H: Any, g: Any) -> Any:
    return -np.linalg.solve(H, g)


def saddle_free(H: Any, g: Any) -> Any:
    curvatures, Q = np.linalg.eigh(H)
    return -Q @ (Q.T @ g / np.abs(curvatures))


@given(landscape=st.sampled_from(["rosenbrock", "himmelblau", "beale", "saddle"]), seed=st.integers(0, 10**6))
@pytest.mark.parametrize(("rule", "direction"), [(NewtonStep, newton), (SaddleFreeStep, saddle_free)])
def test_the_step_is_that_of_linear_algebra(rule, direction, landscape, seed):
    f, θ = landscapes.get(landscape), np.random.default_rng(seed).uniform(-2.0, 2.0, 2)
    H, g = hessian(f)(θ), grad(f)(θ)
    p = direction(H, g)
    step = rule(0.5).step(grad(f), θ, (), 1)[0] - θ
    # relative error of solving H p = −g: at most a few units of rounding times the condition number
    np.testing.assert_allclose(step, 0.5 * p, atol=1e-14 * np.linalg.cond(H) * np.abs(p).max() + 1e-15)


def test_the_path_is_that_of_pure_newton():
    start = np.array(landscapes.rosenbrock.start)
    path = minimize(landscapes.rosenbrock, start, PureNewton(), max_steps=6).path
    np.testing.assert_allclose(descend(NewtonStep(), landscapes.rosenbrock, start, 6).path[: len(path)], path, rtol=1e-8)


def test_newton_ends_in_the_saddle_and_its_repair_in_a_well():
    start = np.array(landscapes.saddle.start)
    np.testing.assert_allclose(descend(NewtonStep(), landscapes.saddle, start, 30).path[-1], [0.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(descend(SaddleFreeStep(), landscapes.saddle, start, 30).path[-1], [0.0, 1.0], atol=1e-12)


@pytest.mark.parametrize("rule", [NewtonStep, SaddleFreeStep])
def test_it_can_be_traced_with_a_slider_on_alpha(rule):
    f = landscapes.himmelblau
    program = trace(lambda start, α: descend(rule(α), f, start, 8).path, np.zeros(2), 1.0)
    start = np.array([1.0, 2.0])
    expected = descend(rule(0.7), f, start, 8).path
    np.testing.assert_array_equal(np.reshape(program.run(start, 0.7), expected.shape), expected)


@pytest.mark.parametrize("rule", [NewtonStep, SaddleFreeStep])
@pytest.mark.parametrize("shape", [(1,), (3,), (2, 2)])
def test_other_shapes_are_refused(rule, shape):
    with pytest.raises(ShapeError, match=re.escape(f"needs θ of shape (2,), got {shape}")):
        rule().step(grad(lambda θ: np.sum(θ**2)), np.ones(shape), (), 1)


def test_a_rotated_and_scaled_ravine_costs_nothing():
    """Newton's path does not notice a change of coordinates: θ = A η. Gradient descent's does."""
    A, start = np.array([[2.0, -1.0], [0.3, 10.0]]), np.array([0.4, -0.1])
    f = landscapes.himmelblau
    for rule, same in ((NewtonStep(), True), (GradientDescent(1e-3), False)):
        seen = descend(rule, lambda η: f(A @ η), start, 5).path @ A.T
        assert np.allclose(seen, descend(rule, f, A @ start, 5).path, rtol=1e-9) == same
