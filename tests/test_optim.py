"""Update rules: against formulas written down a second time, PyTorch's SGD, and what theory says of quadratics."""

from __future__ import annotations

import inspect
import math
import textwrap
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from dlcourse import Tensor, grad, landscapes, optim, trace, value_and_grad
from dlcourse.optim import AccumulatedMomentum, GradientDescent, HeavyBall, Momentum, Nesterov, UpdateRule, descend
from dlcourse.optim.method import Method
from dlcourse.optim.second_order import WithArmijo

EPSILON = float(np.finfo(float).eps)
RULES = [GradientDescent, Momentum, AccumulatedMomentum, HeavyBall, Nesterov]
H = np.array([[3.0, 1.0], [1.0, 2.0]])
C = np.array([1.0, -2.0])
START = np.array([4.0, -3.0])


def quadratic(θ: Any) -> Any:
    return 0.5 * θ @ (H @ θ) - C @ θ


def slope(θ: Any) -> Any:
    """∇(½ θᵀHθ − Cᵀθ), by hand."""
    return H @ θ - C


def make(rule: Any, α: Any, β: Any = 0.9) -> UpdateRule:
    return rule(α) if rule is GradientDescent else rule(α, β)


def walk(name: str, α: Any, β: Any, steps: int, f: Any = slope, start: Any = START) -> list[Any]:
    """The path, from the formulas of the sources; α and β are functions of t."""
    θ, v, path = start, np.zeros(start.size), [start]
    for t in range(1, steps + 1):
        a, b = α(t), β(t)
        if name == "GradientDescent":
            θ = θ - a * f(θ)
        elif name == "Momentum":
            v = b * v + (1 - b) * f(θ)
            θ = θ - a * v
        elif name == "AccumulatedMomentum":
            v = f(θ) + b * v
            θ = θ - a * v
        elif name == "HeavyBall":
            v = b * v - a * f(θ)
            θ = θ + v
        elif name == "Nesterov":
            v = b * v - a * f(θ + b * v)
            θ = θ + v
        path.append(θ)
    return path


def near(a: Any, b: Any, rel: float = 1e-12) -> None:
    """Along a stable path of 50 steps rounding errors of 1e-16 are damped or add up: 1e-12 of the path's size is ample."""
    assert np.max(np.abs(np.asarray(a) - np.asarray(b))) <= rel * max(1.0, float(np.max(np.abs(b))))


# Formulas --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("α", "β"), [(0.1, 0.9), (0.3, 0.5), (0.05, 0.0)])
def test_the_path_is_the_formulas(rule, α, β):
    found = descend(make(rule, α, β), quadratic, START, 50)
    near(found.path, walk(rule.__name__, lambda t: α, lambda t: β, 50))
    near(found.values, [0.5 * θ @ H @ θ - C @ θ for θ in found.path])
    assert found.path.shape == (51, 2)
    assert found.values.shape == (51,)


@pytest.mark.parametrize("rule", RULES)
def test_schedules_get_t_from_1(rule):
    def α(t: Any) -> Any:
        return 0.2 / t

    def β(t: Any) -> Any:
        return 0.9 - 0.5 / t

    near(descend(make(rule, α, β), quadratic, START, 30).path, walk(rule.__name__, α, β, 30))
    seen: list[Any] = []
    make(rule, lambda t: seen.append(t) or 0.1).step(slope, START, make(rule, 0.1).init(START), 7)
    assert seen == [7]


# Three forms of momentum ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("β", [0.0, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("landscape", ["bowl", "himmelblau", "plateau"])
def test_the_three_forms_walk_one_path(landscape, β):
    """EMA with α = heavy ball with α (1 − β) = accumulated with α (1 − β), to 1e-12 along the path."""
    f, α = landscapes.get(landscape), landscapes.get(landscape).learning_rate * 0.2
    start = np.array(f.start)
    ema = descend(Momentum(α / (1 - β), β), f, start, 60).path
    ball = descend(HeavyBall(α, β), f, start, 60).path
    accumulated = descend(AccumulatedMomentum(α, β), f, start, 60).path
    assert np.all(np.abs(ball) < 10)
    near(ema, ball)
    near(accumulated, ball)
    assert not np.allclose(descend(Momentum(α, β), f, start, 60).path, ball) or β == 0.0


def test_a_changing_learning_rate_parts_the_velocity_form():
    α, β = lambda t: 0.2 / t, 0.8
    ball = descend(HeavyBall(α, β), quadratic, START, 30).path
    accumulated = descend(AccumulatedMomentum(α, β), quadratic, START, 30).path
    ema = descend(Momentum(lambda t: α(t) / (1 - β), β), quadratic, START, 30).path
    near(ema, accumulated)  # both scale by α when θ moves
    assert np.max(np.abs(ball - accumulated)) > 0.1  # it scales by α when the gradient enters
    near(ball[:2], accumulated[:2])  # the first step is the same


def test_a_changing_beta_parts_the_average():
    α, β = 0.1, lambda t: 0.9 * (1.0 - 1.0 / (t + 1.0))
    ball = descend(HeavyBall(α, β), quadratic, START, 30).path
    accumulated = descend(AccumulatedMomentum(α, β), quadratic, START, 30).path
    ema = descend(Momentum(lambda t: α / (1 - β(t)), β), quadratic, START, 30).path
    near(ball, accumulated)
    assert np.max(np.abs(ema - ball)) > 0.01


def test_no_momentum_is_gradient_descent():
    plain = descend(GradientDescent(0.1), quadratic, START, 20).path
    for rule in RULES[1:]:
        near(descend(rule(0.1, 0.0), quadratic, START, 20).path, plain)


# What theory says of quadratics -----------------------------------------------------------------------------------


@pytest.mark.parametrize("αλ", [0.25, 0.5, 1.0, 1.5, 2.0, 2.5])
def test_the_factor_of_a_step_is_exact(αλ):
    """θ_t = (1 − αλ)ᵗ θ_0: with powers of two nothing is rounded, so equality is exact."""
    λ = 4.0
    path = descend(GradientDescent(αλ / λ), lambda θ: 0.5 * λ * np.sum(θ**2), np.array([1.0]), 20).path
    np.testing.assert_array_equal(path[:, 0], [(1.0 - αλ) ** t for t in range(21)])


def test_the_edge_is_2_over_lambda():
    """In several dimensions it is the largest eigenvalue that decides; at the edge it neither falls nor grows."""
    λ_max = float(np.linalg.eigvalsh(H)[-1])
    away = np.linalg.solve(H, C)

    def distance(α: float, steps: int) -> float:
        return float(np.linalg.norm(descend(GradientDescent(α), quadratic, START, steps).path[-1] - away))

    assert distance(1.99 / λ_max, 2000) < 1e-6
    assert distance(2.01 / λ_max, 2000) > 1e6
    # at the edge the component along the top eigenvector keeps its length, all others vanish
    top = np.linalg.eigh(H)[1][:, -1]
    assert distance(2.0 / λ_max, 2000) == pytest.approx(abs(top @ (START - away)), rel=1e-9)


def test_the_best_learning_rate_of_a_bowl():
    """α = 2/(λ_min + λ_max) contracts by (κ − 1)/(κ + 1), and by nothing better for any other α."""
    λ = np.array([1.0, 10.0])
    best = 2.0 / (1.0 + 10.0)

    def rate(α: float) -> float:
        path = descend(GradientDescent(α), lambda θ: 0.5 * np.sum(λ * θ**2), np.ones(2), 60).path
        return float(np.max(np.abs(path[60])) / np.max(np.abs(path[59])))

    assert rate(best) == pytest.approx(9.0 / 11.0, rel=1e-12)
    assert all(rate(α) > rate(best) for α in (0.9 * best, 0.99 * best, 1.01 * best, 1.1 * best))


@pytest.mark.parametrize("κ", [1.0, 10.0, 1000.0])
def test_the_rule_of_thumb_on_bowls(κ):
    """ "Close to the largest α that does not diverge", to a factor of 2: on a bowl, best/edge = κ/(κ + 1) ≥ ½."""
    f = lambda θ: landscapes.bowl(θ, condition=κ)  # noqa: E731
    edge, best = 2.0 / κ, 2.0 / (1.0 + κ)
    assert 0.5 <= best / edge < 1.0

    def after(α: float) -> float:
        return float(np.max(np.abs(descend(GradientDescent(α), f, np.ones(2), 40).path[-1])))

    assert after(1.01 * edge) > after(0.99 * edge)
    assert all(after(best) <= after(α) for α in (best / 4, best / 2, 0.999 * edge))


def spectral_radius(rule: Any, α: float, β: float, λ: float) -> float:
    """Of the 2×2 matrix that takes (θ_{t−1}, θ_t) to (θ_t, θ_{t+1})."""
    a = 1 - α * λ + β if rule is HeavyBall else (1 + β) * (1 - α * λ)
    b = -β if rule is HeavyBall else -β * (1 - α * λ)
    return float(np.max(np.abs(np.linalg.eigvals(np.array([[a, b], [1.0, 0.0]])))))


@pytest.mark.parametrize("rule", [HeavyBall, Nesterov])
@pytest.mark.parametrize(("α", "β"), [(0.1, 0.9), (0.05, 0.5), (0.3, 0.8)])
def test_momentum_converges_at_the_spectral_radius(rule, α, β):
    """‖θ_t‖ ~ ρᵗ; complex eigenvalues make it oscillate, so the envelope over many steps is compared: error ~ 1/t."""
    λ, steps = 2.0, 300
    path = descend(rule(α, β), lambda θ: 0.5 * λ * np.sum(θ**2), np.ones(1), steps).path[:, 0]
    ρ = spectral_radius(rule, α, β, λ)
    window = np.max(np.abs(path[steps - 60 :]) / ρ ** np.arange(steps - 60, steps + 1))
    assert abs(math.log(window)) < math.log(100.0)  # a constant, where ρᵗ itself changes by far more
    assert ρ**steps < 1e-4


def test_heavy_balls_best_rate():
    """With α = (2/(√L + √l))², β = ((√κ − 1)/(√κ + 1))² every eigen-direction contracts like √β [Polyak 1964]."""
    l, L = 1.0, 100.0
    root = math.sqrt(L / l)
    α, β = (2.0 / (math.sqrt(L) + math.sqrt(l))) ** 2, ((root - 1) / (root + 1)) ** 2
    for λ in (l, 10.0, 50.0, L):
        assert spectral_radius(HeavyBall, α, β, λ) == pytest.approx(math.sqrt(β), abs=1e-6)
    steps = 200
    λs = np.array([l, L])
    f = lambda θ: 0.5 * np.sum(λs * θ**2)  # noqa: E731
    ball = np.linalg.norm(descend(HeavyBall(α, β), f, np.ones(2), steps).path[-1])
    plain = np.linalg.norm(descend(GradientDescent(2.0 / (l + L)), f, np.ones(2), steps).path[-1])
    assert ball < steps**2 * math.sqrt(β) ** steps  # a double eigenvalue: t ρᵗ
    assert ball < 1e-10 < plain


# Hyper-parameters as Tensors --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
def test_sliders_drive_the_rule(rule):
    """α, β and the start are inputs of the traced path: the same bits as an eager run, for other values too."""

    def run(start: Any, α: Any, β: Any) -> Any:
        found = descend(make(rule, α, β), quadratic, start, 25)
        return {"path": found.path, "values": found.values}

    program = trace(run, np.zeros(2), 0.01, 0.5)
    got = program.run(START, 0.2, 0.7)
    expected = descend(make(rule, 0.2, 0.7), quadratic, START, 25)
    np.testing.assert_array_equal(got["path"], expected.path)
    np.testing.assert_array_equal(got["values"], expected.values)


@pytest.mark.parametrize("rule", RULES)
def test_a_path_has_a_derivative(rule):
    """∂J(θ_T)/∂(α, β) through the whole run, against HIPS autograd on the formulas."""

    def last(α: Any, β: Any) -> Any:
        return descend(make(rule, α, β), quadratic, START, 10).values[-1]

    def by_formula(α: Any, β: Any) -> Any:
        θ = walk(rule.__name__, lambda t: α, lambda t: β, 10)[-1]
        return 0.5 * anp.dot(θ, anp.dot(H, θ)) - anp.dot(C, θ) + 0.0 * β

    value, derivatives = value_and_grad(last, (0, 1))(0.1, 0.6)
    assert value == last(0.1, 0.6)
    for i in (0, 1):
        assert derivatives[i] == pytest.approx(autograd.grad(by_formula, i)(0.1, 0.6), rel=1e-11, abs=1e-13)


@pytest.mark.parametrize("rule", RULES)
def test_a_schedule_can_be_driven_by_a_tensor(rule):
    decay = lambda k: descend(make(rule, lambda t: 0.2 / (1.0 + k * t), 0.5), quadratic, START, 10).path  # noqa: E731
    np.testing.assert_array_equal(trace(decay, 0.0).run(0.3), decay(0.3))


# Runs -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
def test_nothing_is_changed_in_place(rule):
    start, each = START.copy(), make(rule, 0.1, 0.5)
    first = descend(each, quadratic, start, 10)
    np.testing.assert_array_equal(start, START)
    again = descend(each, quadratic, start, 10)
    np.testing.assert_array_equal(first.path, again.path)
    θ, state = START.copy(), each.init(START)
    held = np.array(state, copy=True)
    each.step(slope, θ, state, 1)
    np.testing.assert_array_equal(θ, START)
    np.testing.assert_array_equal(np.asarray(state), held)


@pytest.mark.parametrize("rule", RULES)
def test_the_state_starts_at_plus_zero(rule):
    state = np.asarray(make(rule, 0.1).init(np.array([-1.0, np.inf])))
    assert not np.any(np.signbit(state))
    assert not np.any(state)
    assert state.size in (0, 2)


def test_no_step_at_all():
    found = descend(GradientDescent(0.1), quadratic, START, 0)
    np.testing.assert_array_equal(found.path, [START])
    assert found.values.shape == (1,)


def test_one_dimension():
    found = descend(GradientDescent(0.25), lambda θ: θ**2, 4.0, 2)
    np.testing.assert_array_equal(found.path, [4.0, 2.0, 1.0])
    np.testing.assert_array_equal(found.values, [16.0, 4.0, 1.0])


@pytest.mark.parametrize("rule", RULES)
def test_a_run_that_diverges_says_so(rule):
    with np.errstate(over="ignore", invalid="ignore"):
        path = descend(make(rule, 1e3, 0.5), landscapes.rosenbrock, np.array([-1.2, 1.0]), 20).path
    assert not np.all(np.isfinite(path[-1]))


# Bad input -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: GradientDescent(-0.1), ValueError, r"GradientDescent: learning_rate must be a finite number > 0, got -0\.1"),
        (lambda: GradientDescent(0.0), ValueError, "GradientDescent: learning_rate must be a finite number > 0, got 0"),
        (lambda: GradientDescent(math.nan), ValueError, "learning_rate must be a finite number"),
        (lambda: GradientDescent(math.inf), ValueError, "learning_rate must be a finite number"),
        (lambda: Momentum(0.1, 1.0), ValueError, r"Momentum: beta must be a number from 0 up to, .* 1, got 1\.0"),
        (lambda: HeavyBall(0.1, -0.1), ValueError, "HeavyBall: beta must be"),
        (lambda: Nesterov(0.1, math.nan), ValueError, "Nesterov: beta must be"),
        (lambda: Nesterov("0.1"), TypeError, "learning_rate must be a number, a schedule or a Tensor, got '0.1'"),
        (lambda: Nesterov(None), TypeError, "got None"),
        (lambda: Nesterov(True), TypeError, "got True"),
        (lambda: AccumulatedMomentum(0.1, 1j), TypeError, "beta must be a number"),
        (lambda: GradientDescent(np.array([0.1])), TypeError, "learning_rate must be a number"),
    ],
)
def test_hyper_parameters_out_of_range(make, error, words):
    with pytest.raises(error, match=words):
        make()


@pytest.mark.parametrize("α", [1e-300, 1, np.float64(0.1), np.int64(1), 0.5, abs, Tensor(0.1)])
def test_hyper_parameters_in_range(α):
    assert GradientDescent(α).learning_rate is α


def test_rules_do_not_change():
    rule = Momentum(0.1)
    with pytest.raises(AttributeError):
        rule.beta = 0.5
    assert rule == Momentum(0.1, 0.9)
    assert "learning_rate=0.1" in repr(rule)


@pytest.mark.parametrize("steps", [-1, 2.5, math.nan, "3", None])
def test_steps_that_are_no_number_of_steps(steps):
    with pytest.raises((ValueError, TypeError), match="steps"):
        descend(GradientDescent(0.1), quadratic, START, steps)


@pytest.mark.parametrize("f", [lambda θ: θ, lambda θ: None, lambda θ: np.sum(θ, axis=0, keepdims=True)])
def test_functions_without_a_scalar(f):
    with pytest.raises((TypeError, ValueError), match=r"scalar|None"):
        descend(GradientDescent(0.1), f, START, 3)


def test_a_rule_without_a_step():
    with pytest.raises(NotImplementedError, match="UpdateRule"):
        UpdateRule().step(slope, START, (), 1)
    with pytest.raises(NotImplementedError, match="Method does not say how it walks"):
        optim.minimize(quadratic, START, Method())
    with pytest.raises(NotImplementedError, match="WithArmijo does not say where to go"):
        optim.minimize(quadratic, START, WithArmijo())
    with pytest.raises(NotImplementedError, match="Schedule does not say what its value is"):
        optim.schedules.Schedule()(1)
    assert set(optim.__all__) >= {rule.__name__ for rule in RULES}
    assert grad(quadratic)(START) == pytest.approx(slope(START), rel=1e-15)


@pytest.mark.parametrize("shown", [GradientDescent, HeavyBall, optim.Adagrad.step, optim.RMSProp.step])
def test_sources_that_a_chapter_shows_fit_its_column(shown):
    """A line that is longer is cut at the column's edge: of the velocity form that was half of what is special about it."""
    assert max(map(len, textwrap.dedent(inspect.getsource(shown)).splitlines())) <= 88
