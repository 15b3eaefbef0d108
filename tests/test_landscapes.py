"""Landscapes: what is said of their minima and saddles is true, and they compute the same bits everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.optimize

from dlcourse import Tensor, check_gradient, grad, hessian, landscapes, optim, trace
from dlcourse.landscapes import ALL, Landscape

EPSILON = float(np.finfo(float).eps)
each = pytest.mark.parametrize("name", sorted(ALL))

# IEEE 754 prescribes every bit of + − × ÷ and of rounding to whole numbers; the rest only move or select numbers
ARITHMETIC = {"add", "subtract", "multiply", "divide", "negative", "square", "integer_power", "rint", "absolute", "greater"}
MOVES = {"equal", "where", "reshape", "strided", "scatter", "concatenate", "scan"}


def points(landscape: Landscape, n: int, seed: int = 0) -> np.ndarray:
    """Random points of the domain, (n, 2)."""
    (x0, x1), (y0, y1) = landscape.domain
    return np.random.default_rng(seed).uniform([x0, y0], [x1, y1], (n, 2))


def size(f: Landscape, point: Any) -> float:
    """How much J changes with its arguments here: the scale of its rounding errors and of errors of printed minima."""
    return 1.0 + float(np.max(np.abs(hessian(f)(np.asarray(point)))))


@each
def test_minima_are_minima(name):
    """Gradient 0 to the precision of the printed coordinates (1e-15 · curvature), curvature positive, value the minimum."""
    f = ALL[name]
    assert f.minima
    for point in map(np.array, f.minima):
        assert np.max(np.abs(grad(f)(point))) <= 1e-14 * size(f, point)
        assert np.min(np.linalg.eigvalsh(hessian(f)(point))) > 0
        assert abs(f(point) - f.minimum) <= 1e-14 * size(f, point)


@each
def test_saddles_are_saddles(name):
    """As for minima, with one direction down and one up."""
    f = ALL[name]
    for point in map(np.array, f.saddles):
        assert np.max(np.abs(grad(f)(point))) <= 1e-14 * size(f, point)
        low, high = np.linalg.eigvalsh(hessian(f)(point))
        assert low < 0 < high


@each
def test_maxima_are_maxima(name):
    f = ALL[name]
    for point in map(np.array, f.maxima):
        assert np.max(np.abs(grad(f)(point))) <= 1e-14 * size(f, point)
        assert np.max(np.linalg.eigvalsh(hessian(f)(point))) < 0


def test_the_ravines_are_one_ravine_turned():
    """Curvatures 1 and 100 in both; by 45° the one and its start become the other."""
    turn = np.array([[1.0, -1.0], [1.0, 1.0]]) / np.sqrt(2.0)
    straight, turned = landscapes.ravine, landscapes.rotated_ravine
    np.testing.assert_array_equal(hessian(straight)(np.ones(2)), np.diag([1.0, 100.0]))
    np.testing.assert_allclose(hessian(turned)(np.ones(2)), turn @ np.diag([1.0, 100.0]) @ turn.T, rtol=1e-14)
    np.testing.assert_allclose(turn @ straight.start, turned.start, rtol=1e-14)


@each
def test_nothing_in_the_domain_lies_below_the_minimum(name):
    f = ALL[name]
    values = f(points(f, 20_000).T)
    assert np.min(values) >= f.minimum
    # and from the best of them a local search by SciPy ends in one of the minima
    best = points(f, 20_000)[int(np.argmin(values))]
    found = scipy.optimize.minimize(f, best, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-15}).x
    assert min(np.linalg.norm(found - m) for m in f.minima) < 1e-4


@each
def test_the_domain_shows_what_matters(name):
    f = ALL[name]
    for (x, y), what in [(f.start, "start"), *((m, "minimum") for m in f.minima), *((s, "saddle") for s in f.saddles)]:
        assert f.domain[0][0] < x < f.domain[0][1], what
        assert f.domain[1][0] < y < f.domain[1][1], what
    assert f.name == name
    assert f.label


@each
def test_the_learning_rate_gets_somewhere(name):
    """From the start, 100 steps of gradient descent stay finite and go down by at least a tenth of what there is."""
    f = ALL[name]
    run = optim.descend(optim.GradientDescent(f.learning_rate), f, np.array(f.start), 100)
    assert np.all(np.isfinite(run.path))
    assert run.values[-1] - f.minimum < 0.9 * (run.values[0] - f.minimum)


@each
def test_gradients(name):
    """Central differences with ε = 1e-5: ε²/6·|J‴| + 1e-16·|J|/ε, with J and J‴ up to 1e5 in these domains."""
    f = ALL[name]
    for point in points(f, 20, seed=1):
        scale = 1.0 + float(np.max(np.abs(f(points(f, 1000).T))))
        check_gradient(lambda θ, scale=scale: f(θ) / scale, point, epsilon=1e-5, tolerance=1e-8)


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_grid_at_once_is_the_points_one_by_one(name):
    f = ALL[name]
    some = points(f, 50)
    np.testing.assert_array_equal(f(some.T), [f(p) for p in some])
    np.testing.assert_array_equal(f(some.T.reshape(2, 5, 10)), f(some.T).reshape(5, 10))
    np.testing.assert_array_equal([f(Tensor(p)).value for p in some], f(some.T))
    np.testing.assert_array_equal(f(Tensor(some.T)).value, f(some.T))


@each
def test_only_exact_arithmetic_is_used(name):
    """Value, gradient and Hessian of the landscape are made of operations that round alike on every machine."""
    f = ALL[name]
    parameters = dict(f.parameters)

    def whole(θ: Any, parameters: Any) -> Any:
        g = lambda θ: f(θ, **parameters)  # noqa: E731
        return {"J": g(θ), "gradient": grad(g)(θ), "hessian": hessian(g)(θ)}

    used = {operation[0] for operation in trace(whole, np.array(f.start), parameters).to_json()["ops"]}
    assert used <= ARITHMETIC | MOVES


# the landscapes, written a second time
FORMULAS: dict[str, Any] = {
    "bowl": lambda x, y: 0.5 * (x**2 + 10.0 * y**2),
    "ravine": lambda x, y: 0.5 * x**2 + 50.0 * y**2,
    "rotated_ravine": lambda x, y: FORMULAS["ravine"]((x + y) / 2**0.5, (y - x) / 2**0.5),
    "rosenbrock": scipy.optimize.rosen,
    "himmelblau": lambda x, y: (x * x + y - 11) ** 2 + (x + y * y - 7) ** 2,
    "beale": lambda x, y: sum((c - x * (1 - y**k)) ** 2 for k, c in ((1, 1.5), (2, 2.25), (3, 2.625))),
    "saddle": lambda x, y: (x**2 - y**2) / 2 + y**4 / 4,
    "plateau": lambda x, y: 1.0 - 1.0 / (1.0 + x**2 / 2 + y**2),
    "many_minima": lambda x, y: sum(0.1 * u**2 + 0.5 * (1 - (1 - 4 * (u - round(u)) ** 2) ** 2) for u in (x, y)),
}


@each
def test_values(name):
    for x, y in points(ALL[name], 100, seed=2):
        expected = FORMULAS[name]([x, y]) if name == "rosenbrock" else FORMULAS[name](x, y)
        assert float(ALL[name](np.array([x, y]))) == pytest.approx(float(expected), rel=1e-12, abs=1e-12)


def test_published_values():
    """Points of the literature: Rosenbrock's start has J = 24.2, Himmelblau's local maximum 181.617."""
    assert landscapes.rosenbrock(np.array([-1.2, 1.0])) == pytest.approx(24.2, abs=1e-12)
    assert landscapes.himmelblau(np.array([-0.270845, -0.923039])) == pytest.approx(181.617, abs=1e-3)
    assert landscapes.beale(np.array([3.0, 0.5])) == 0.0


def test_the_bowls_curvature_is_its_condition_number():
    for κ in (1.0, 10.0, 1000.0):
        H = hessian(lambda θ, κ=κ: landscapes.bowl(θ, condition=κ))(np.array([1.0, 2.0]))
        np.testing.assert_array_equal(H, np.diag([1.0, κ]))
    assert landscapes.bowl(np.array([1.0, 1.0])) == 5.5


def test_the_ripples_are_smooth_where_they_join():
    """Value, slope and curvature agree from both sides of every half."""
    for u in (-0.5, 0.5, 1.5):
        a, b = (np.array([u + e, 0.0]) for e in (-1e-9, 1e-9))
        f = landscapes.many_minima
        assert f(a) == pytest.approx(f(b), abs=1e-8)
        assert grad(f)(a) == pytest.approx(grad(f)(b), abs=1e-6)
        assert hessian(f)(a) == pytest.approx(hessian(f)(b), abs=1e-6)


@pytest.mark.parametrize(
    ("name", "nearest"), [("rosenbrok", "rosenbrock"), ("Bowl", "bowl"), ("sadle", "saddle"), (3, ""), ("", "")]
)
def test_a_name_that_does_not_exist(name, nearest):
    with pytest.raises(ValueError, match="no landscape is called") as caught:
        landscapes.get(name)
    assert f"did you mean '{nearest}" in str(caught.value)
    assert all(known in str(caught.value) for known in ALL)


@each
def test_a_name_that_exists(name):
    assert landscapes.get(name) is ALL[name] is getattr(landscapes, name)
    assert repr(ALL[name]) == f"<landscape {name}>"


@pytest.mark.parametrize("θ", [1.0, np.ones(3), np.ones((3, 2)), [], np.ones(0)])
def test_points_of_another_dimension(θ):
    with pytest.raises(ValueError, match=r"needs θ with 2 coordinates"):
        landscapes.beale(θ)


def test_small_integers_do_not_leave_their_range():
    θ = np.array([20, 20], np.int8)
    assert landscapes.rosenbrock(θ) == landscapes.rosenbrock(list(θ)) == landscapes.rosenbrock(θ.astype(float))


def test_parameters_that_do_not_exist():
    with pytest.raises(TypeError, match=r"bowl: has no parameter \['kappa'\]; it has \['condition'\]"):
        landscapes.bowl(np.ones(2), kappa=3.0)
    with pytest.raises(TypeError, match="it has none"):
        landscapes.beale(np.ones(2), condition=3.0)
