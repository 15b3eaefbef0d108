"""Methods that use curvature: against SciPy's, closed forms, and what theory says of quadratics and saddles."""

from __future__ import annotations

import math
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given
from hypothesis import strategies as st
from problems import PROBLEMS, rosenbrock, trid, wood

from dlcourse import Tensor, compile, grad, hessian, hvp, landscapes, value_and_grad
from dlcourse.optim import (
    BFGS,
    LBFGS,
    ConjugateGradient,
    GradientDescent,
    Nesterov,
    Newton,
    NewtonCG,
    PureNewton,
    SaddleFreeNewton,
    descend,
    line_search,
    minimize,
    quasi_newton,
)
from dlcourse.optim.conjugate import truncated

POLAK_RIBIERE, FLETCHER_REEVES = ConjugateGradient(), ConjugateGradient(variant="fletcher_reeves")
DESCENDING = [BFGS(), LBFGS(), POLAK_RIBIERE, FLETCHER_REEVES, Newton(), SaddleFreeNewton(), NewtonCG()]
METHODS = [*DESCENDING, PureNewton()]
ANOTHER_MINIMUM = {"rosenbrock 20": [3.98662385], "dixon-price 10": [2.0 / 3.0]}  # which some of the methods find instead
VALLEY = np.array([-1.2, 1.0])


def name(value: Any) -> str:
    return value if isinstance(value, str) else type(value).__name__ + value.__dict__.get("variant", "")


def quadratic(n: int, seed: int = 0) -> tuple[Any, Any, Any]:
    """(J = ½ xᵀHx − bᵀx, H, its minimum), the eigenvalues of H spread from 1 to 50."""
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.standard_normal((n, n)))[0]
    H = (Q * np.geomspace(1.0, 50.0, n)) @ Q.T
    b = rng.standard_normal(n)
    return lambda x: 0.5 * x @ (H @ x) - b @ x, H, np.linalg.solve(H, b)


def scipys(problem: str, method: str, tolerance: float) -> Any:
    f, start = PROBLEMS[problem]
    options = {"gtol": tolerance} | ({"ftol": 0.0, "maxiter": 10**4, "maxfun": 10**5} if method == "L-BFGS-B" else {})
    with np.errstate(over="ignore", invalid="ignore"):
        return scipy.optimize.minimize(value_and_grad(f), start, jac=True, method=method, options=options)


# Against SciPy -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tolerance", [1e-5, 1e-6])
@pytest.mark.parametrize(("method", "peer"), [(BFGS(), "BFGS"), (LBFGS(), "L-BFGS-B"), (POLAK_RIBIERE, "CG")], ids=name)
def test_no_more_gradients_than_scipy_on_ten_of_fourteen(method, peer, tolerance):
    """Both stop when no entry of the gradient exceeds the tolerance."""
    counts = {}
    for problem, (f, start) in PROBLEMS.items():
        theirs = scipys(problem, peer, tolerance)
        ours = minimize(f, start, method, tolerance, max_steps=5000)
        assert ours.converged, (problem, ours.reason)
        assert abs(ours.value - theirs.fun) < 1e-6 * max(1.0, abs(theirs.fun)), problem
        counts[problem] = ours.evaluations.gradient, theirs.njev
    assert len(counts) == 14
    assert sum(ours <= theirs for ours, theirs in counts.values()) >= 10, counts


@pytest.mark.parametrize("problem", sorted(PROBLEMS))
@pytest.mark.parametrize("method", DESCENDING, ids=name)
def test_the_same_minimum_as_scipy(method, problem):
    f, start = PROBLEMS[problem]
    found = minimize(f, start, method, 1e-6, max_steps=5000)
    minima = [scipys(problem, "L-BFGS-B", 1e-6).fun, *ANOTHER_MINIMUM.get(problem, [])]
    assert found.converged, found.reason
    assert min(abs(found.value - each) for each in minima) < 1e-6 * max(1.0, abs(found.value))
    assert found.gradient_norm == pytest.approx(np.abs(grad(f)(found.x)).max())
    assert found.gradient_norm <= 1e-6
    assert np.all(np.diff(found.values) <= 1e-12 * np.abs(found.values[1:]))
    assert found.path.shape == (found.steps + 1, start.size)
    assert found.values.shape == (found.steps + 1,)
    np.testing.assert_array_equal(found.path[0], start)
    np.testing.assert_array_equal(found.path[-1], found.x)


@pytest.mark.parametrize("method", [BFGS(), LBFGS(), POLAK_RIBIERE, FLETCHER_REEVES, NewtonCG()], ids=name)
def test_every_step_of_a_run_satisfies_the_strong_wolfe_conditions(method, monkeypatch):
    f = value_and_grad(rosenbrock)
    seen = []

    def watched(J: Any, start: Any, p: Any, first: float, c1: float, c2: float) -> Any:
        step = line_search.strong_wolfe(J, start, p, first, c1, c2)
        seen.append((start.x, np.array(p), step.alpha, c1, c2))
        return step

    monkeypatch.setattr("dlcourse.optim.method.strong_wolfe", watched)
    found = minimize(rosenbrock, np.tile(VALLEY, 5), method, 1e-6)
    assert found.converged
    assert found.steps == len(seen)
    for x, p, α, c1, c2 in seen:
        (J, g), (J_new, g_new) = f(x), f(x + α * p)
        # where the expected fall is below 1e-12 |J| it drowns in rounding; J → 0 here, so that never happens
        assert J_new <= J + c1 * α * (p @ g)
        assert abs(p @ g_new) <= c2 * abs(p @ g)


# Quadratics ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 5, 12])
@pytest.mark.parametrize("method", [Newton(), PureNewton(), SaddleFreeNewton()], ids=name)
def test_newton_needs_one_step_on_a_quadratic(method, n):
    J, _, least = quadratic(n)
    found = minimize(J, np.ones(n), method)
    assert (found.steps, found.evaluations.hessian, found.converged) == (1, 1, True)
    np.testing.assert_allclose(found.x, least, atol=1e-11)


@pytest.mark.parametrize("n", [1, 2, 5, 12])
@pytest.mark.parametrize("variant", ["fletcher_reeves", "polak_ribiere_plus"])
def test_conjugate_gradients_end_in_n_steps(variant, n):
    """With a line search that is exact (to 1e-9 of the slope): cubics through values and slopes of a parabola are."""
    J, H, least = quadratic(n)
    found = minimize(J, np.ones(n), ConjugateGradient(1e-12, 1e-9, variant=variant), tolerance=1e-6)
    assert found.converged
    assert found.steps <= n
    np.testing.assert_allclose(found.x, least, atol=1e-6)
    steps = np.diff(found.path, axis=0)
    products = steps @ H @ steps.T
    sizes = np.sqrt(np.outer(np.diag(products), np.diag(products)))
    np.testing.assert_allclose(products / sizes, np.eye(found.steps), atol=1e-5)  # conjugate: sᵢᵀ H sⱼ = 0


def test_bfgs_with_exact_steps_ends_in_n_steps_too():
    J, _, least = quadratic(6)
    found = minimize(J, np.ones(6), BFGS(1e-12, 1e-9), tolerance=1e-7)
    assert found.converged
    assert found.steps <= 6
    np.testing.assert_allclose(found.x, least, atol=1e-7)


def test_newton_cg_needs_products_alone():
    J, _, least = quadratic(12)
    found = minimize(J, np.ones(12), NewtonCG())
    assert found.converged
    assert found.evaluations.hessian == 0
    assert found.evaluations.products >= 12
    np.testing.assert_allclose(found.x, least, atol=1e-7)


def test_the_directions_of_newton_cg_are_conjugate():
    """As many products as the Hessian has different eigenvalues end it."""
    rng = np.random.default_rng(5)
    Q, _ = np.linalg.qr(rng.normal(size=(30, 30)))
    H = Q @ np.diag(np.repeat([1.0, 7.0, 300.0], 10)) @ Q.T
    products = []

    def product(x, v):
        products.append(v)
        return H @ v

    g = 1e-12 * rng.normal(size=30)  # so near to the minimum that it wants the gradient smaller by 10⁶
    p = truncated(SimpleNamespace(product=product), SimpleNamespace(x=np.zeros(30), gradient=g))
    assert len(products) == 3
    np.testing.assert_allclose(p, -np.linalg.solve(H, g), rtol=1e-6, atol=1e-6 * np.linalg.norm(g))
    for i, j in [(0, 1), (0, 2), (1, 2)]:
        u, v = products[i], products[j]
        assert abs(u @ H @ v) < 1e-9 * np.sqrt((u @ H @ u) * (v @ H @ v))


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_newton_cg_takes_a_curvature_within_rounding_for_none(size):
    """Against the length of the direction: what it is measured in does not matter."""
    here = SimpleNamespace(x=np.zeros(2), gradient=np.array([size, -size]))
    flat = SimpleNamespace(product=lambda x, v: 1e-15 * v)
    np.testing.assert_array_equal(truncated(flat, here), -here.gradient)
    curved = SimpleNamespace(product=lambda x, v: 1e-13 * v)
    np.testing.assert_allclose(truncated(curved, here), -1e13 * here.gradient)


# What BFGS learns ------------------------------------------------------------------------------------------------------


@given(n=st.integers(1, 8), seed=st.integers(0, 10**6))
def test_the_update_satisfies_the_secant_equation(n, seed):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((n, n))
    B = A @ A.T + np.eye(n)
    s, y = rng.standard_normal(n), rng.standard_normal(n)
    if (sy := float(s @ y)) < 0.05:
        y, sy = y + (0.1 - sy) * s / (s @ s), 0.1
    V = np.eye(n) - np.outer(s, y) / sy
    expected = V @ B @ V.T + np.outer(s, s) / sy
    quasi_newton.update_inverse(B, s, y)
    size = np.abs(expected).max()
    np.testing.assert_allclose(B, expected, atol=1e-11 * size * (1 + (y @ y) * (s @ s) / sy**2))
    np.testing.assert_allclose(B @ y, s, atol=1e-11 * size * (1 + np.linalg.norm(y)))
    np.testing.assert_array_equal(B, B.T)
    assert np.linalg.eigvalsh(B).min() > -1e-11 * size


def test_along_a_run_the_secant_equation_holds_and_curvature_is_positive(monkeypatch):
    update, updates = quasi_newton.update_inverse, []

    def watched(B: Any, s: Any, y: Any) -> None:
        update(B, s, y)
        updates.append(s @ y)
        np.testing.assert_allclose(B @ y, s, rtol=1e-8, atol=1e-8 * np.abs(s).max())
        assert s @ y > 0.0
        assert np.linalg.eigvalsh(B).min() > 0.0

    monkeypatch.setattr(quasi_newton, "update_inverse", watched)
    found = minimize(rosenbrock, np.tile(VALLEY, 5), BFGS(), tolerance=1e-6)
    assert len(updates) == found.steps - 1 > 20


def test_two_loops_are_the_dense_inverse():
    """The recursion is BFGS from γ I with the remembered pairs."""
    rng = np.random.default_rng(3)
    n, H = 7, quadratic(7)[1]
    pairs = [(s, H @ s, 1.0 / float(s @ H @ s)) for s in rng.standard_normal((4, n))]
    s, y, _ = pairs[-1]
    B = np.eye(n) * (s @ y) / (y @ y)
    for s, y, ρ in pairs:
        V = np.eye(n) - ρ * np.outer(s, y)
        B = V @ B @ V.T + ρ * np.outer(s, s)
    g = rng.standard_normal(n)
    np.testing.assert_allclose(quasi_newton.two_loops(pairs, g, np.empty(n)), -B @ g, rtol=1e-11)
    np.testing.assert_array_equal(quasi_newton.two_loops([], g, np.empty(n)), -g)


def test_more_memory_needs_fewer_steps_on_a_quadratic():
    J, *_ = quadratic(40)
    steps = [minimize(J, np.zeros(40), LBFGS(memory=m), 1e-6).steps for m in (1, 5, 40)]
    assert steps == sorted(steps, reverse=True)
    assert steps[0] > steps[2]


# Newton, minima and saddles ------------------------------------------------------------------------------------------------


def test_near_a_minimum_newtons_digits_double():
    """J = eˣ − 2x has its minimum at ln 2, where e⁺ ≈ e² J‴ / (2 J″) = e² / 2."""
    found = minimize(lambda x: np.exp(x[0]) - 2.0 * x[0], np.array([1.0]), PureNewton(), 1e-14)
    errors = np.abs(found.path[:, 0] - math.log(2.0))
    for before, after in pairwise(errors):
        assert after == pytest.approx(before**2 / 2, rel=0.5, abs=4e-16)
    assert found.steps <= 6


@pytest.mark.parametrize("method", [Newton(), PureNewton()], ids=name)
def test_newtons_steps_on_the_valley_are_scipys_of_the_same_formula(method):
    first = minimize(rosenbrock, VALLEY, method, max_steps=1).path[1]
    step = -np.linalg.solve(scipy.optimize.rosen_hess(VALLEY), scipy.optimize.rosen_der(VALLEY))
    np.testing.assert_allclose(first, VALLEY + step, rtol=1e-12)


@pytest.mark.parametrize("point", landscapes.himmelblau.saddles)
def test_a_saddle_attracts_newton_and_repels_its_repairs(point):
    saddle = np.array(point)
    start = saddle + np.array([0.02, -0.03])
    assert np.linalg.eigvalsh(hessian(landscapes.himmelblau)(saddle)).min() < 0
    drawn = minimize(landscapes.himmelblau, start, PureNewton())
    assert drawn.converged
    np.testing.assert_allclose(drawn.x, saddle, atol=1e-8)
    for method in (SaddleFreeNewton(), Newton(), NewtonCG(), BFGS()):
        found = minimize(landscapes.himmelblau, start, method)
        assert found.converged, name(method)
        assert found.value == pytest.approx(0.0, abs=1e-12), name(method)


def test_saddle_free_newton_leaves_where_newton_stays():
    start = np.array(landscapes.saddle.start)
    np.testing.assert_allclose(minimize(landscapes.saddle, start, PureNewton()).x, [0, 0], atol=1e-8)
    np.testing.assert_allclose(np.abs(minimize(landscapes.saddle, start, SaddleFreeNewton()).x), [0, 1], atol=1e-8)


# Any x0, any gradient, any rule ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS, ids=name)
def test_a_nest_comes_back_as_a_nest(method):
    target = np.arange(6.0).reshape(2, 3)
    found = minimize(
        lambda θ: np.sum((θ["W"] - target) ** 2) + 3.0 * (θ["b"] - 4.0) ** 2, {"W": np.zeros((2, 3)), "b": 1.0}, method
    )
    assert found.converged
    np.testing.assert_allclose(found.x["W"], target, atol=1e-7)
    assert isinstance(found.x["b"], float)
    assert found.x["b"] == pytest.approx(4.0)
    assert found.path.shape == (found.steps + 1, 7)


def test_a_list_of_numbers_is_a_vector():
    found = minimize(lambda x: np.sum((x - np.array([1.0, 2.0])) ** 2), [5, 3.0])
    np.testing.assert_allclose(found.x, [1.0, 2.0], atol=1e-7)
    first, rest = minimize(lambda x: (x[0] - 1.0) ** 2 + x[1][0] ** 2, [5.0, [3.0]]).x  # a nest stays one
    assert (first, *rest) == pytest.approx((1.0, 0.0), abs=1e-7)


def test_a_scalar_comes_back_as_a_scalar():
    found = minimize(lambda x: (x - 3.0) ** 2, 1)
    assert isinstance(found.x, float)
    assert found.x == pytest.approx(3.0)


def test_a_given_gradient_is_used_and_counted():
    calls = []
    compiled = compile(value_and_grad(wood), PROBLEMS["wood 4"][1])
    found = minimize(wood, PROBLEMS["wood 4"][1], value_and_gradient=lambda x: calls.append(x) or compiled(x))
    assert found.converged
    assert len(calls) == found.evaluations.function == found.evaluations.gradient
    np.testing.assert_array_equal(found.path, minimize(wood, PROBLEMS["wood 4"][1]).path)
    buffer = np.zeros(4)
    found = minimize(
        wood, PROBLEMS["wood 4"][1], value_and_gradient=lambda x: (compiled(x)[0], np.add(0, compiled(x)[1], out=buffer))
    )
    np.testing.assert_array_equal(found.path, minimize(wood, PROBLEMS["wood 4"][1]).path)
    nested = minimize(lambda θ: (θ[0] - 1.0) ** 2, (5.0,), value_and_gradient=lambda θ: ((θ[0] - 1) ** 2, (2 * (θ[0] - 1),)))
    assert nested.x == pytest.approx((1.0,))


@pytest.mark.parametrize("method", [Newton(), SaddleFreeNewton(), PureNewton(), NewtonCG()])
def test_given_second_derivatives_are_used_and_counted(method):
    calls = []
    second, along = compile(hessian(rosenbrock), VALLEY), compile(lambda x, v: hvp(rosenbrock, x, v), VALLEY, VALLEY)
    found = minimize(
        rosenbrock,
        VALLEY,
        method,
        hessian=lambda x: calls.append("H") or second(x),
        product=lambda x, v: calls.append("Hv") or along(x, v),
    )
    assert found.converged
    assert calls.count("H") == found.evaluations.hessian
    assert calls.count("Hv") == found.evaluations.products
    assert calls
    np.testing.assert_allclose(found.path, minimize(rosenbrock, VALLEY, method).path, rtol=1e-9)
    for nest in ((-1.2, 1.0), 1.0, VALLEY[None]):
        with pytest.raises(TypeError, match="functions of one vector"):
            minimize(lambda x: 0.0, nest, method, hessian=second)


def test_hessians_and_products_come_from_the_engine(monkeypatch):
    made = []
    monkeypatch.setattr("dlcourse.optim.method.hessian", lambda f: made.append("hessian") or hessian(f))
    found = minimize(rosenbrock, VALLEY, Newton())
    assert len(made) == found.evaluations.hessian == found.steps


@pytest.mark.parametrize("rule", [GradientDescent(0.001), Nesterov(0.0005)])
def test_an_update_rule_is_a_method(rule):
    found = minimize(rosenbrock, VALLEY, rule, max_steps=30)
    np.testing.assert_allclose(found.path, descend(rule, rosenbrock, VALLEY, 30).path, rtol=1e-12)
    assert not found.converged
    assert "stopped after 30 steps" in found.reason


# What goes wrong ---------------------------------------------------------------------------------------------------------


@given(seed=st.integers(0, 10**6), method=st.sampled_from(METHODS), steps=st.integers(0, 12))
def test_never_a_worse_point_than_the_best_one_seen(seed, method, steps):
    """On a bumpy function, stopped at any time."""
    rng = np.random.default_rng(seed)
    A, start = rng.standard_normal((5, 3)) * 2.0, rng.standard_normal(3) * 3.0
    seen = []

    def bumpy(x: Any) -> Any:
        return np.sum(np.sin(A @ x)) + 0.05 * np.sum(x**2)

    with_gradient = value_and_grad(bumpy)

    def watched(x: Any) -> Any:
        seen.append(with_gradient(x)[0])
        return with_gradient(x)

    found = minimize(bumpy, start, method, max_steps=steps, value_and_gradient=watched)
    if not found.converged:
        assert found.value == min(seen)
    elif not isinstance(method, PureNewton):
        assert found.value <= min(found.values) + 1e-12 * abs(found.value)
    assert found.value == bumpy(found.x)


@pytest.mark.parametrize("method", METHODS, ids=name)
def test_without_a_minimum_the_reason_says_so(method):
    found = minimize(lambda x: np.sum(-(x**2)) - x[0], np.array([0.3, 0.2]), method)
    if isinstance(method, PureNewton):  # the maximum is a critical point too
        assert found.converged
        assert found.value > -0.1
    else:
        assert not found.converged
        assert "unbounded: J" in found.reason


@pytest.mark.parametrize("method", [BFGS(), LBFGS(), POLAK_RIBIERE, NewtonCG()], ids=name)
def test_a_line_goes_down_without_end(method):
    assert "unbounded: J" in minimize(lambda x: x[0] - 2.0 * x[1], np.zeros(2), method).reason


def test_a_singular_hessian_stops_pure_newton_alone():
    def flat(x: Any) -> Any:
        return (x[0] + x[1] - 1.0) ** 2

    found = minimize(flat, np.array([3.0, 1.0]), PureNewton())
    assert not found.converged
    assert found.reason.startswith("singular Hessian: H p = −g has no unique solution")
    for method in DESCENDING:
        assert minimize(flat, np.array([3.0, 1.0]), method).value == pytest.approx(0.0, abs=1e-12), name(method)


@pytest.mark.parametrize("method", DESCENDING, ids=name)
def test_a_trial_outside_the_domain_is_survived(method):
    found = minimize(lambda x: np.sum(x - np.log(x)), np.array([0.01, 30.0]), method)
    assert found.converged
    np.testing.assert_allclose(found.x, [1.0, 1.0], atol=1e-6)


def test_a_step_to_nowhere_is_told():
    found = minimize(lambda x: np.sum(x - np.log(x)), np.array([30.0]), PureNewton())
    assert not found.converged
    assert "not finite after step 1" in found.reason
    np.testing.assert_array_equal(found.x, [30.0])


def test_a_wrong_gradient_is_not_called_a_minimum():
    found = minimize(trid, np.ones(3), value_and_gradient=lambda x: (float(trid(x)), -grad(trid)(x)))
    assert not found.converged
    assert "the line search found no lower point" in found.reason


def test_the_reason_of_success():
    found = minimize(rosenbrock, VALLEY)
    assert found.reason == f"gradient norm {found.gradient_norm:.1e} below 1e-08"
    assert minimize(rosenbrock, np.ones(2)).steps == 0


@pytest.mark.parametrize(
    "x0", ["here", None, [], np.array([]), np.array([1j]), np.array(["a"]), {"a": "b"}, Tensor(np.ones(2))]
)
def test_a_start_of_the_wrong_kind_is_named(x0):
    with pytest.raises((TypeError, ValueError), match="minimize: x0 "):
        minimize(lambda x: np.sum(x**2), x0)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_start_that_is_not_finite_is_refused(bad):
    with pytest.raises(ValueError, match=r"minimize: x0, J\(x0\) and its gradient must be finite"):
        minimize(lambda x: np.sum(x**2), np.array([1.0, bad]))
    with pytest.raises(ValueError, match=r"J\(x0\) is nan"):
        minimize(lambda x: np.sum(np.log(x)), np.array([-1.0]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ConjugateGradient(variant="fletcher_reves"), "did you mean 'fletcher_reeves'. There are fletcher_reeves, pol"),
        (lambda: BFGS(c1=0.9, c2=0.5), "BFGS: c1 must not exceed c2"),
        (lambda: BFGS(c2=1.5), "BFGS: c2 must be a number between"),
        (lambda: LBFGS(memory=0), "LBFGS: memory must be a whole number ≥ 1, got 0"),
        (lambda: LBFGS(memory=2.5), "LBFGS: memory must be a whole number"),
        (lambda: Newton(c1=math.nan), "Newton: c1 must be a number between 0 and 1"),
        (lambda: SaddleFreeNewton(smallest=0.0), "smallest must be a finite number > 0"),
        (lambda: minimize(rosenbrock, VALLEY, tolerance=-1.0), "tolerance must be a finite number ≥ 0, got -1.0"),
        (lambda: minimize(rosenbrock, VALLEY, max_steps=1.5), "max_steps must be a whole number ≥ 0, got 1.5"),
    ],
)
def test_bad_parameters_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_what_is_no_method_is_named():
    with pytest.raises(TypeError, match=r"method must be a method such as optim\.BFGS\(\), got 'bfgs'"):
        minimize(rosenbrock, VALLEY, "bfgs")  # type: ignore[arg-type]


@pytest.mark.parametrize("c1", ["small", None, True, lambda t: 1 / t, Tensor(0.1)])
def test_what_is_no_number_is_named(c1):
    with pytest.raises(TypeError, match="Newton: c1 must be a number"):
        Newton(c1=c1)


@given(seed=st.integers(0, 10**6), n=st.integers(1, 5), scale=st.sampled_from([0.0, 1e-200, 1e-8, 1.0, 1e8, 1e300]))
def test_newtons_direction_goes_downhill_whatever_the_curvature(seed, n, scale):
    rng = np.random.default_rng(seed)
    A, g = rng.standard_normal((n, n)), rng.standard_normal(n)
    for H in (scale * (A + A.T), scale * np.outer(A[0], A[0])):
        assert Newton().direction(H, g) @ g < 0.0


@pytest.mark.parametrize("method", [BFGS(), LBFGS(), POLAK_RIBIERE, FLETCHER_REEVES, NewtonCG()], ids=name)
def test_what_was_learned_far_away_is_forgotten_where_it_leads_nowhere(method):
    """Σ e⁵⁰ˣ − x: curvatures of 1e29 and less; every xᵢ ends at −ln 50 / 50."""
    found = minimize(lambda x: np.sum(np.exp(50.0 * x) - x), np.array([0.5, 0.7, 1.2]), method)
    assert found.converged
    np.testing.assert_allclose(found.x, -math.log(50.0) / 50.0, atol=1e-8)


@pytest.mark.parametrize("method", [BFGS(), LBFGS(), POLAK_RIBIERE, NewtonCG()], ids=name)
def test_a_cliff_ends_the_search_in_words(method):
    found = minimize(lambda x: np.sum(np.where(x > 0.3, x**2, 5.0 + x)), np.array([0.5, 0.7, 1.2]), method)
    assert not found.converged
    assert found.reason.startswith("the line search found no lower point")
    assert found.evaluations.gradient < 1000


def test_numbers_too_large_are_told():
    found = minimize(lambda x: 1e200 * np.sum(x**2), np.ones(2))
    assert not found.converged
    assert "beyond the largest number; scale J down" in found.reason


@pytest.mark.parametrize("method", [Newton(), SaddleFreeNewton()], ids=name)
def test_a_hessian_that_is_not_finite_is_told(method):
    """x³ᐟ² + x has slope 1 and infinite curvature at 0."""
    found = minimize(lambda x: np.sum(x**1.5 + x), np.zeros(1), method)
    assert not found.converged
    assert found.reason == "the Hessian is not finite here"
