"""Adaptive rules and the proximal step: against PyTorch step by step, closed forms, and what is claimed of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import Lasso

from dlcourse import ShapeError, Tensor, grad, landscapes, optim, scan, trace, value_and_grad
from dlcourse.optim import (
    AccumulatedMomentum,
    Adadelta,
    Adagrad,
    Adam,
    GradientDescent,
    HeavyBall,
    Momentum,
    Nesterov,
    Optimizer,
    ProximalGradient,
    RMSProp,
    RMSPropEpsilonInside,
    RMSPropMomentum,
    descend,
    soft_threshold,
)

ADAPTIVE = [Adagrad, RMSProp, RMSPropEpsilonInside, RMSPropMomentum, Adadelta, Adam]
FORWARD = [*ADAPTIVE, lambda α, **fields: ProximalGradient(α, l1=0.3)]
RNG = np.random.default_rng(3)
H = np.array([[3.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, 40.0]])
C = np.array([1.0, -2.0, 0.3])
X = RNG.standard_normal((40, 4))
Y = (X @ [1.0, -2.0, 0.5, 0.0] + 2.0 * RNG.standard_normal(40) > 0) * 2.0 - 1.0

# name → (J of a flat vector, in operations that PyTorch's tensors have too; start)
PROBLEMS: dict[str, tuple[Callable[[Any, Any], Any], np.ndarray]] = {
    "quadratic": (lambda θ, array: 0.5 * (θ @ (array(H) @ θ)) - array(C) @ θ, np.array([4.0, -3.0, 2.0])),
    "rosenbrock": (lambda θ, array: (1.0 - θ[0]) ** 2 + 100.0 * (θ[1] - θ[0] ** 2) ** 2, np.array([-1.2, 1.0])),
    "logistic": (lambda θ, array: (1.0 + (-array(Y) * (array(X) @ θ)).exp()).log().mean(), np.array([0.1, 0.2, -0.3, 0.4])),
}


def problem(name: str) -> tuple[Callable[[Any], Any], np.ndarray]:
    f, start = PROBLEMS[name]
    if name == "logistic":
        return lambda θ: np.mean(np.log(1.0 + np.exp(-Y * (X @ θ)))), start
    return lambda θ: f(θ, np.asarray), start


def pytorch_path(name: str, make: Any, steps: int, after: Any = None, schedule: Any = None) -> np.ndarray:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; the formulas are tested without it")
    f, start = PROBLEMS[name]
    θ = torch.tensor(start, requires_grad=True)
    optimizer = make(torch.optim, [θ])
    scheduler = schedule(torch.optim.lr_scheduler, optimizer) if schedule else None
    path = [start]
    for _ in range(steps):
        optimizer.zero_grad()
        f(θ, torch.from_numpy).backward()
        optimizer.step()
        if scheduler:
            scheduler.step()
        if after:
            with torch.no_grad():
                θ.copy_(after(torch, θ))
        path.append(θ.detach().numpy().copy())
    return np.array(path)


def near(a: Any, b: Any, tolerance: float = 1e-12) -> None:
    """Relative to the path's size: rounding of 1e-16 a step over 200 steps, with room for what a valley amplifies."""
    assert np.max(np.abs(a - b)) <= tolerance * max(1.0, float(np.max(np.abs(b))))


# Against PyTorch ---------------------------------------------------------------------------------------------------

# Rates at which no run turns round its minimum for long: there tiny gradients are divided by tiny averages, which amplifies
# rounding by a factor a step, in PyTorch as here.
COUNTERPARTS = {
    "Adagrad": (Adagrad(0.1, 1e-10), lambda o, p: o.Adagrad(p, lr=0.1)),
    "Adagrad, large ε": (Adagrad(0.5, 0.1), lambda o, p: o.Adagrad(p, lr=0.5, eps=0.1)),
    "RMSProp": (RMSProp(0.01, 0.99), lambda o, p: o.RMSprop(p)),
    "RMSProp, β = 0.9": (RMSProp(0.005, 0.9, 1e-3), lambda o, p: o.RMSprop(p, lr=0.005, alpha=0.9, eps=1e-3)),
    "RMSProp with momentum": (
        RMSPropMomentum(5e-4, 0.95, 1e-8, 0.8), lambda o, p: o.RMSprop(p, lr=5e-4, alpha=0.95, momentum=0.8),
    ),
    "Adadelta": (Adadelta(1.0, 0.9), lambda o, p: o.Adadelta(p)),
    "Adadelta, as published": (Adadelta(), lambda o, p: o.Adadelta(p, rho=0.95)),
    "Adam": (Adam(), lambda o, p: o.Adam(p)),
    "Adam, fast": (Adam(0.05, 0.8, 0.99, 1e-6), lambda o, p: o.Adam(p, lr=0.05, betas=(0.8, 0.99), eps=1e-6)),
}  # fmt: skip


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("pair", COUNTERPARTS)
def test_200_steps_as_pytorch(pair, name):
    rule, theirs = COUNTERPARTS[pair]
    near(descend(rule, *problem(name), 200).path, pytorch_path(name, theirs, 200))


# Where PyTorch's conventions differ, its SGD is converted: what it walks, what our rule starts with, what is compared.
RATES = {"quadratic": 0.01, "rosenbrock": 2e-4, "logistic": 0.5}
SGD = {
    "gradient descent": (GradientDescent, {}),
    "accumulated momentum": (AccumulatedMomentum, {"momentum": 0.8}),
    "heavy ball": (HeavyBall, {"momentum": 0.8}),
    "averaged momentum": (Momentum, {"momentum": 0.8, "dampening": 0.8}),
    "Nesterov": (Nesterov, {"momentum": 0.8, "nesterov": True}),
}


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("pair", SGD)
def test_200_steps_of_sgd_as_pytorch(pair, name):
    """With constant α and β. Nesterov: PyTorch's iterate is the look-ahead point θ + βv.

    The average: PyTorch starts its buffer with the whole first gradient, not with (1 − β) of it, as if v₀ were that gradient.
    """
    make, options = SGD[pair]
    f, θ = problem(name)
    slope, α = grad(f), RATES[name]
    rule = make(α, 0.8) if options else make(α)
    state, ours = slope(θ) if make is Momentum else rule.init(θ), [θ]
    for t in range(1, 201):
        θ, state = rule.step(slope, θ, state, t)
        ours.append(θ + 0.8 * state if make is Nesterov else θ)
    theirs = pytorch_path(name, lambda o, p: o.SGD(p, lr=α, **options), 200)
    near(np.array(ours), theirs)
    if make is Momentum:
        assert np.max(np.abs(descend(rule, f, PROBLEMS[name][1], 200).path - theirs)) > 1e-3  # unconverted they differ


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_proximal_step_as_pytorch(name):
    """SGD, then softshrink; entry 0 is a bias."""
    α, λ = 0.002, 0.4
    f, start = problem(name)
    weights = np.arange(start.size) > 0

    def shrink(torch: Any, θ: Any) -> Any:
        return torch.where(torch.from_numpy(weights), torch.nn.functional.softshrink(θ, α * λ), θ)

    theirs = pytorch_path(name, lambda o, p: o.SGD(p, lr=α), 200, after=shrink)
    near(descend(ProximalGradient(α, λ, weights), f, start, 200).path, theirs)


@pytest.mark.parametrize("pair", ["Adagrad", "RMSProp", "Adam"])
def test_a_schedule_as_in_pytorch(pair):
    """α halves every 20 steps: LambdaLR's epoch is t − 1."""
    rule, theirs = COUNTERPARTS[pair]
    scheduled = type(rule)(**{**vars(rule), "learning_rate": lambda t: rule.learning_rate * 0.5 ** (t / 20.0 - 1 / 20.0)})
    halve = lambda s, o: s.LambdaLR(o, lambda k: 0.5 ** (k / 20.0))  # noqa: E731
    near(descend(scheduled, *problem("quadratic"), 200).path, pytorch_path("quadratic", theirs, 200, schedule=halve))


@pytest.mark.parametrize("pair", COUNTERPARTS)
def test_the_loop_walks_the_same_path(pair):
    """`Optimizer` on two Tensors, one of which never gets a gradient."""
    rule, _ = COUNTERPARTS[pair]
    f, start = problem("quadratic")
    w, idle = Tensor(start), Tensor(np.ones(2))
    optimizer = Optimizer([w, idle], rule)
    for _ in range(20):
        optimizer.zero_grad()
        f(w).backward()
        optimizer.step()
    near(w.value, descend(rule, f, start, 20).path[-1])
    np.testing.assert_array_equal(idle.value, [1.0, 1.0])


# Formulas that PyTorch does not have -----------------------------------------------------------------------------------


def test_epsilon_under_the_root():
    f, start = problem("quadratic")
    θ, r, path = start, np.zeros(3), [start]
    for _ in range(200):
        g = H @ θ - C
        r = 0.9 * r + (1 - 0.9) * g**2
        θ = θ - 0.01 * g / np.sqrt(r + 1e-2)
        path.append(θ)
    near(descend(RMSPropEpsilonInside(0.01, 0.9, 1e-2), f, start, 200).path, np.array(path))
    outside = descend(RMSProp(0.01, 0.9, 1e-2), f, start, 200).path
    assert np.max(np.abs(outside - path)) > 1e-3  # the places of ε matter
    without = [descend(kind(0.01, 0.9, 0.0), f, start, 50).path for kind in (RMSProp, RMSPropEpsilonInside)]
    np.testing.assert_array_equal(*without)  # and without ε they are one rule


def test_adams_first_step_is_alpha():
    """Bias correction: the first step is α sign(g), however large the gradient (up to ε)."""
    for scale in (1e-3, 1.0, 1e6):
        rule, slopes = Adam(0.1, epsilon=0.0), scale * np.array([1.0, -2.0])
        moved, _ = rule.step(lambda θ, slopes=slopes: slopes, np.zeros(2), rule.init(np.zeros(2)), 1)
        np.testing.assert_allclose(moved, [-0.1, 0.1], rtol=1e-14)
    rule = Adam(0.1)  # a constant gradient: the corrected averages are the gradient, at every t
    path = descend(rule, lambda θ: 3.0 * np.sum(θ), np.zeros(2), 50).path
    np.testing.assert_allclose(np.diff(path, axis=0), -0.1, rtol=1e-8)


def test_the_correction_of_a_changing_beta():
    """The corrected averages of a constant gradient are that gradient, whatever β does: every step is α sign(g)."""
    rule = Adam(0.1, beta1=lambda t: 0.9 - 0.8 / t, beta2=lambda t: 1.0 - 1.0 / (t + 1.0))
    path = descend(rule, lambda θ: 3.0 * np.sum(θ), np.zeros(2), 50).path
    np.testing.assert_allclose(np.diff(path, axis=0), -0.1, rtol=1e-8)


def test_adams_program_has_no_power():
    """Powers differ in the last bit between machines, and steps of fixed length amplify that: page and Python would part."""
    program = trace(lambda θ, β, t: Adam(0.1, β).step(lambda θ: θ, θ, Adam().init(θ), t)[0], np.ones(2), 0.9, 1.0)
    assert not any("power" in op[0] for op in program.to_json()["ops"])


def test_adam_without_memory_is_a_signed_step():
    rule = Adam(0.1, beta1=0.0, beta2=0.0, epsilon=0.0)
    f, start = problem("quadratic")
    path = descend(rule, f, start, 10).path
    slopes = np.array([H @ θ - C for θ in path[:-1]])
    np.testing.assert_allclose(np.diff(path, axis=0), -0.1 * np.sign(slopes), rtol=1e-12)


@pytest.mark.parametrize(
    "rule", [Adagrad(0.1, 0.0), RMSProp(0.1, 0.9, 0.0), Adam(0.1, epsilon=0.0), RMSPropMomentum(0.01, epsilon=0.0)]
)
def test_scaling_the_loss_of_a_parameter_changes_nothing(rule):
    """With ε = 0 the steps do not feel a diagonal change of the gradient's units (powers of 2: to the last bit)."""
    λ = np.array([1.0, 2.0**10])
    for each in (λ, 4.0 * λ):
        a = descend(rule, lambda θ: 0.5 * np.sum(θ**2), np.array([1.0, 1.0]), 40).path
        b = descend(rule, lambda θ, each=each: 0.5 * np.sum(each * θ**2), np.array([1.0, 1.0]), 40).path
        np.testing.assert_array_equal(a, b)


def test_adagrads_rates_only_fall():
    """Sources 000 and 003 speak of increased rates: none rises, those of flat directions fall less."""
    f, start = problem("quadratic")
    θ, rule, rates = start, Adagrad(0.5), []
    state = rule.init(θ)
    for t in range(1, 100):
        θ, state = rule.step(grad(f), θ, state, t)
        rates.append(0.5 / (1e-8 + np.sqrt(state)))
    assert np.all(np.diff(rates, axis=0) <= 0)
    assert rates[-1][2] < rates[-1][:2].min()


# At zero gradient ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ε", [0.0, 0, 1e-8])
@pytest.mark.parametrize("rule", ADAPTIVE)
def test_no_gradient_no_step(rule, ε):
    """An entry that has had no gradient stays, without a warning, from the first step on; the others move (0/0 is avoided)."""
    made = rule(0.1, epsilon=ε)
    θ = np.array([1.0, 2.0])
    state = made.init(θ)
    for t in range(1, 5):
        θ, state = made.step(lambda θ: θ * [0.0, 1.0], θ, state, t)
    assert θ[0] == 1.0
    assert np.all(np.isfinite(θ))
    assert θ[1] < 2.0 or (rule is Adadelta and ε == 0)


@pytest.mark.parametrize("ε", [0.0, 1e-8])
@pytest.mark.parametrize("rule", ADAPTIVE)
def test_derivatives_at_zero_gradient(rule, ε):
    """∂J(θ_T)/∂α and ∂/∂θ_0 through steps that have a zero gradient are numbers."""
    f = lambda θ: np.sum(θ[1:] ** 2)  # noqa: E731
    last = lambda start, α, ε: descend(rule(α, epsilon=ε), f, start, 4).values[-1]  # noqa: E731
    if rule is Adadelta and ε == 0.0:
        pytest.skip("Adadelta does not move without ε")
    value, (by_start, by_α, by_ε) = value_and_grad(last, (0, 1, 2))(np.array([1.0, 2.0]), 0.1, ε)
    assert np.all(np.isfinite([value, *by_start, by_α, by_ε]))
    step = 1e-6
    assert by_α == pytest.approx(
        (last(np.array([1.0, 2.0]), 0.1 + step, ε) - last(np.array([1.0, 2.0]), 0.1 - step, ε)) / (2 * step), rel=1e-6
    )


# Traced ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", FORWARD)
def test_every_field_is_an_input(rule):
    """The traced path with Tensors for all fields: the bits of an eager run; and the fields drive it."""
    made = rule(0.05)
    names = [n for n in vars(made) if n != "weights"]
    f, start = problem("quadratic")

    def run(start: Any, values: dict[str, Any]) -> Any:
        return descend(type(made)(**values), f, start, 25).path

    program = trace(run, np.zeros(3), dict.fromkeys(names, 0.5))
    values = {n: getattr(made, n) for n in names}
    np.testing.assert_array_equal(program.run(start, *values.values()), descend(made, f, start, 25).path)


@pytest.mark.parametrize("rule", FORWARD)
def test_t_is_a_tensor_in_a_scan_and_a_number_in_a_loop(rule):
    made = rule(lambda t: 0.1 / t)
    f, start = problem("quadratic")
    θ, state = start, made.init(start)
    for t in range(1, 31):
        θ, state = made.step(grad(f), θ, state, t)
    near(descend(made, f, start, 30).path[-1], θ, 1e-13)


@pytest.mark.parametrize("rule", FORWARD)
def test_nothing_is_changed_in_place(rule):
    made, θ = rule(0.1), np.array([1.0, -2.0, 3.0])
    state = made.init(θ)
    for _ in range(2):
        held = [np.array(part) for part in state] if isinstance(state, tuple) else [np.array(state)]
        _, new = made.step(lambda θ: 2 * θ, θ, state, 1)
        np.testing.assert_array_equal(θ, [1.0, -2.0, 3.0])
        for part, copy in zip(state if isinstance(state, tuple) else [state], held, strict=True):
            np.testing.assert_array_equal(part, copy)
        state = new


def test_batches_drive_a_scan():
    """Sparse gradients, one entry at a time, in one scan: Adam against the plain loop."""
    rule, order = Adam(0.1), np.array([0.0, 2.0, 2.0, 1.0, 0.0])

    def step(carry: Any, x: Any) -> Any:
        i, t = x
        return rule.step(lambda θ: θ * (np.arange(3.0) == i), *carry, t), None

    start = np.array([1.0, 2.0, 3.0])
    (θ, _), _ = scan(step, (start, rule.init(start)), (order, np.arange(1.0, 6.0)))
    expected, state = start, rule.init(start)
    for t, i in enumerate(order, 1):
        expected, state = rule.step(lambda θ, i=i: θ * (np.arange(3) == i), expected, state, t)
    near(θ, expected)


# The proximal step --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("τ", [0.0, 0.3, 2.0])
def test_soft_threshold_minimises(τ):
    """½ (x − z)² + τ|x| at the result is not above its value on a fine grid; the grid's best is that close."""
    grid = np.linspace(-4, 4, 8001)
    for z in (-3.0, -0.3, 0.0, 0.2, 1.7):
        cost = lambda x, z=z: 0.5 * (x - z) ** 2 + τ * np.abs(x)  # noqa: E731
        x = soft_threshold(z, τ)
        assert cost(x) <= cost(grid).min() + 1e-15
        assert abs(x - grid[np.argmin(cost(grid))]) <= 1e-3
        assert x == math.copysign(max(abs(z) - τ, 0.0), z)
        assert not np.signbit(x) or x < 0  # no −0


def regression() -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    A = rng.standard_normal((60, 20))
    return A, A[:, :4] @ [3.0, -2.0, 1.5, 1.0] + 2.0 + 0.1 * rng.standard_normal(60)


def test_the_lasso_of_scikit_learn():
    """The same minimiser, the same zeros, the bias unpenalised."""
    A, b = regression()
    with_bias = np.hstack([np.ones((60, 1)), A])
    f = lambda θ: np.mean((with_bias @ θ - b) ** 2) / 2.0  # noqa: E731
    weights = np.arange(21) > 0
    α = 1.0 / np.linalg.eigvalsh(with_bias.T @ with_bias / 60)[-1]
    θ = descend(ProximalGradient(α, 0.3, weights), f, np.zeros(21), 2000).path[-1]
    lasso = Lasso(alpha=0.3, tol=1e-14, max_iter=100_000).fit(A, b)
    np.testing.assert_allclose(θ, [lasso.intercept_, *lasso.coef_], atol=1e-8)
    np.testing.assert_array_equal(θ[1:] == 0.0, lasso.coef_ == 0.0)
    assert (θ[1:] == 0.0).sum() == 16


def test_the_sign_gradient_makes_no_zeros():
    """SPEC: 0 of 20 against 16 of 20."""
    A, b = regression()
    b = b - 2.0
    f = lambda θ: np.mean((A @ θ - b) ** 2) / 2.0  # noqa: E731
    plain = descend(optim.GradientDescent(0.1), lambda θ: f(θ) + 0.3 * np.sum(np.abs(θ)), np.full(20, 0.5), 1000).path[-1]
    proximal = descend(ProximalGradient(0.1, 0.3), f, np.full(20, 0.5), 1000).path[-1]
    assert ((plain == 0.0).sum(), (proximal == 0.0).sum()) == (0, 16)


# A race ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [Adagrad(1.0), RMSProp(0.01), RMSPropEpsilonInside(0.01), RMSPropMomentum(0.001), Adam(0.05)])
def test_all_of_them_arrive(rule):
    """Near the minimum of a bowl of condition 100; steps of fixed size α keep them about α away."""
    path = descend(rule, lambda θ: landscapes.bowl(θ, condition=100.0), np.array([-2.0, 1.5]), 2000).path
    assert np.max(np.abs(path[-1])) < 0.02


def test_adadelta_needs_no_learning_rate_but_time():
    """It sets out with steps of √ε, gets near, and stays about as far as its steps are long."""
    values = descend(Adadelta(), lambda θ: landscapes.bowl(θ, condition=100.0), np.array([-2.0, 1.5]), 4000).values
    assert np.max(values[-100:]) < 1e-3 * values[0]


def test_logistic_regression_agrees_with_scipy():
    f, start = problem("logistic")
    best = minimize(f, start, jac=grad(f), method="BFGS", tol=1e-12).fun
    assert descend(Adam(0.1), f, start, 3000).values[-1] == pytest.approx(best, abs=1e-9)


# Bad input --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Adam(-1e-3), ValueError, r"Adam: learning_rate must be a finite number > 0, got -0\.001"),
        (lambda: Adam(beta1=1.0), ValueError, r"Adam: beta1 must be a number from 0 up to, but not including, 1, got 1\.0"),
        (lambda: Adam(beta2=-0.1), ValueError, "Adam: beta2 must be"),
        (lambda: Adam(epsilon=-1e-8), ValueError, "Adam: epsilon must be a finite number ≥ 0"),
        (lambda: Adam(epsilon=math.nan), ValueError, "Adam: epsilon must be a finite number ≥ 0"),
        (lambda: Adam(beta1="0.9"), TypeError, "Adam: beta1 must be a number, a schedule or a Tensor, got '0.9'"),
        (lambda: Adagrad(math.inf), ValueError, "Adagrad: learning_rate must be"),
        (lambda: RMSProp(beta=2), ValueError, "RMSProp: beta must be"),
        (lambda: RMSPropMomentum(momentum=1.0), ValueError, "RMSPropMomentum: momentum must be"),
        (lambda: Adadelta(epsilon=True), TypeError, "Adadelta: epsilon must be a number"),
        (lambda: ProximalGradient(0.1, -1.0), ValueError, "ProximalGradient: l1 must be a finite number ≥ 0"),
        (lambda: ProximalGradient(0.1, 1.0, np.array([0, 1])), TypeError, "weights must be booleans"),
        (lambda: ProximalGradient(0.1, 1.0, [True]).init(np.zeros(3)), ShapeError, r"weights has shape \(1,\), θ has \(3,\)"),
    ],
)  # fmt: skip
def test_fields_out_of_range(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_defaults_are_those_of_the_sources():
    assert Adam() == Adam(learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8)
    soft = [
        ProximalGradient(0.1, 1.0, marks if marks is None else np.array(marks)) for marks in (None, [True, False], [False] * 2)
    ]
    assert [[one == other for other in soft] for one in soft] == np.eye(3).tolist()
    assert soft[1] == ProximalGradient(0.1, 1.0, [True, False]) != ProximalGradient(0.2, 1.0, [True, False])
    assert (RMSProp().beta, Adagrad().epsilon, Adadelta().beta, Adadelta().epsilon) == (0.9, 1e-8, 0.95, 1e-6)
