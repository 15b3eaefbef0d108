"""Schedules: against PyTorch's schedulers, their formulas, their sums, and what theory says a run does with them."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Any

import numpy as np
import pytest

from dlcourse import Tensor, grad, trace
from dlcourse.optim import Adam, GradientDescent, HeavyBall, Momentum, descend, schedules
from dlcourse.optim.schedules import (
    constant,
    constant_then,
    cyclic,
    exponential,
    halve_every,
    halve_on_plateau,
    inverse_time,
    linear,
    one_cycle,
    power,
    step,
    warm_restarts,
)

STEPS = 200
T = np.arange(1, STEPS + 1)
OF_T: dict[str, Any] = {
    "constant": constant(0.3),
    "step": step(0.3, every=7, factor=0.4),
    "exponential": exponential(0.3, 0.97),
    "inverse_time": inverse_time(0.3, 0.05),
    "power": power(0.3, 0.7),
    "linear": linear(0.3, 0.02, steps=60),
    "halve_every": halve_every(0.3, 30),
    "constant_then": constant_then(0.3, 10, power(0.3, 0.6)),
    "cyclic": cyclic(0.05, 0.3, half_period=9),
    "one_cycle": one_cycle(0.03, 0.3, 0.001, steps=STEPS),
    "warm_restarts": warm_restarts(0.3, 11, 0.01),
    "warm_restarts, growing": warm_restarts(0.3, 3, 0.01, multiplier=2),
}


def name(value: Any) -> str:
    """The repr without addresses, so that every process gives a test the same name."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


# Against PyTorch ---------------------------------------------------------------------------------------------------


def pytorch(make: Any, base: float = 0.3, steps: int = STEPS) -> np.ndarray:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; the formulas are tested without it")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=base)
    scheduler = make(torch.optim.lr_scheduler, optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return np.array(rates)


def smith(s: Any, o: Any) -> Any:
    return s.OneCycleLR(
        o, 0.3, total_steps=STEPS + 1, pct_start=0.4, anneal_strategy="linear", cycle_momentum=False, three_phase=True,
        div_factor=10.0, final_div_factor=30.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("schedule", "make"),
    [
        (step(0.3, 7, 0.4), lambda s, o: s.StepLR(o, 7, 0.4)),
        (step(0.3, 1), lambda s, o: s.StepLR(o, 1)),
        (halve_every(0.3, 30), lambda s, o: s.StepLR(o, 30, 0.5)),
        (exponential(0.3, 0.97), lambda s, o: s.ExponentialLR(o, 0.97)),
        (linear(0.15, 0.03, 60), lambda s, o: s.LinearLR(o, 0.5, 0.1, total_iters=60)),
        (linear(0.1, 0.3, 7), lambda s, o: s.LinearLR(o, 1 / 3, 1.0, total_iters=7)),
        (inverse_time(0.3, 0.05), lambda s, o: s.LambdaLR(o, lambda k: 1 / (1 + 0.05 * (k + 1)))),
        (cyclic(0.05, 0.3, 9), lambda s, o: s.CyclicLR(o, 0.05, 0.3, step_size_up=9, cycle_momentum=False)),
        (cyclic(0.0, 0.3, 1), lambda s, o: s.CyclicLR(o, 0.0, 0.3, step_size_up=1, cycle_momentum=False)),
        (one_cycle(0.03, 0.3, 0.001, STEPS + 1, rise=0.4), smith),
        (warm_restarts(0.3, 11, 0.01), lambda s, o: s.CosineAnnealingWarmRestarts(o, 11, eta_min=0.01)),
        (warm_restarts(0.3, 3, 0.01, 2), lambda s, o: s.CosineAnnealingWarmRestarts(o, 3, 2, eta_min=0.01)),
        (warm_restarts(0.3, 1, 0.0, 3), lambda s, o: s.CosineAnnealingWarmRestarts(o, 1, 3)),
        (constant_then(0.3, 10, exponential(0.3, 0.9)),
         lambda s, o: s.SequentialLR(o, [s.ConstantLR(o, 1.0), s.ExponentialLR(o, 0.9)], [10])),
    ],
    ids=lambda value: repr(value) if dataclasses.is_dataclass(value) else "",
)  # fmt: skip
def test_200_steps_as_pytorch(schedule, make):
    """PyTorch's chainable schedulers multiply up 200 roundings of 1e-16."""
    np.testing.assert_allclose(schedule(T), pytorch(make), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("patience", [0, 1, 5])
@pytest.mark.parametrize("seed", range(4))
def test_the_plateau_rule_as_pytorch(patience, seed):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; the rule is tested by hand without it")
    losses = np.abs(np.random.default_rng(seed).normal(1.0, 0.2, 60)) + 3.0 * np.exp(-np.arange(60.0) / 10.0)
    losses[20:23] = losses[20]
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=patience, eps=0.0)
    schedule = halve_on_plateau(0.3, patience)
    for n in range(60):
        assert schedule(losses[:n]) == optimizer.param_groups[0]["lr"]
        scheduler.step(losses[n])
    assert schedule(losses) < 0.3


def test_the_plateau_rule_by_hand():
    schedule = halve_on_plateau(0.8, patience=2, threshold=0.0)
    assert [schedule(([5.0, 4.0, 4.0, 4.0, 4.0, 3.0, 3.0, 3.0, 3.0])[:n]) for n in range(10)] == [0.8] * 5 + [0.4] * 4 + [0.2]
    assert halve_on_plateau(0.8, 0)([-1.0, -2.0, -2.0]) == 0.4  # negative losses: an equal one is no better
    assert halve_on_plateau(0.8, 0)([0.0, 0.0]) == 0.4


# Formulas ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "formula"),
    [
        (constant(0.3), lambda t: 0.3),
        (power(0.3, 0.7), lambda t: 0.3 / t**0.7),
        (power(0.3), lambda t: 0.3 / t),
        (inverse_time(0.3), lambda t: 0.3 / (1 + t)),
        (linear(0.3, 0.1, 10), lambda t: 0.3 - 0.2 * min(t - 1, 10) / 10),
        (constant_then(0.3, 10, inverse_time(0.6)), lambda t: 0.3 if t <= 10 else 0.6 / (1 + t - 10)),
        (constant_then(0.3, 10, lambda t: 1.0 / t), lambda t: 0.3 if t <= 10 else 1.0 / (t - 10)),
        (step(0.3, 4), lambda t: 0.3 * 0.1 ** ((t - 1) // 4)),
    ],
    ids=name,
)
def test_formulas(schedule, formula):
    np.testing.assert_allclose(schedule(T), [formula(int(t)) for t in T], rtol=1e-14)


def test_restarts_are_where_they_belong():
    """At 1 + n (1 + m + m² + …), for all lengths: no rounding moves a restart."""
    for n in (1, 3, 7, 10):
        for m in (2, 3, 10):
            rates = warm_restarts(1.0, n, 0.0, m)(np.arange(1, 20_000))
            ends = np.cumsum([0, *(n * m**i for i in range(15))])
            ends = ends[ends < 19_999]
            np.testing.assert_array_equal(rates[ends], 1.0)
            assert (rates == 1.0).sum() == len(ends)


def test_smiths_cycle():
    rates = one_cycle(0.1, 1.0, 0.0, steps=100)(np.arange(1, 121))
    assert rates.argmax() == 44
    assert rates[44] == 1.0
    assert rates[0] == rates[88] == 0.1
    np.testing.assert_array_equal(rates[99:], 0.0)
    assert np.all(rates >= 0)
    momentum = one_cycle(0.95, 0.85, 0.95, steps=100)(np.arange(1, 101))
    assert (momentum.min(), momentum.max()) == (0.85, 0.95)


# Numbers, arrays, Tensors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OF_T)
def test_one_step_and_all_steps_at_once(name):
    """By int, float, array and row of arrays; a number comes back for a number."""
    schedule = OF_T[name]
    each = [schedule(int(t)) for t in T]
    assert all(type(value) is float for value in each)
    np.testing.assert_allclose(schedule(T), each, rtol=1e-15)
    np.testing.assert_array_equal(schedule(T.astype(float)), schedule(T))
    np.testing.assert_array_equal(schedule(T.reshape(2, -1)), schedule(T).reshape(2, -1))
    assert type(schedule(np.float64(3.0))) is float
    assert np.all(schedule(T) > 0)


@pytest.mark.parametrize("name", OF_T)
def test_t_is_traced(name):
    schedule = OF_T[name]
    np.testing.assert_allclose(trace(schedule, np.ones(STEPS)).run(T.astype(float)), schedule(T), rtol=1e-15)


@pytest.mark.parametrize("name", OF_T)
def test_sliders_drive_the_schedule(name):
    """All numbers of a schedule but the multiplier as inputs of the program."""
    schedule = OF_T[name]
    numbers = {f.name: getattr(schedule, f.name) for f in dataclasses.fields(schedule) if f.name not in ("then", "multiplier")}

    def run(values: dict[str, Any]) -> Any:
        return dataclasses.replace(schedule, **values)(T)

    program = trace(run, {key: 0.5 for key in numbers} | ({"steps": 50.0} if "steps" in numbers else {}))  # noqa: C420
    by_name = [float(numbers[name.split(".")[-1]]) for name, _ in program.inputs]
    np.testing.assert_allclose(program.run(*by_name), schedule(T), rtol=1e-14)


@pytest.mark.parametrize("name", OF_T)
def test_a_schedule_drives_every_hyper_parameter(name):
    """The path of a rule that reads the schedule is that of a rule made anew for each step."""
    schedule = OF_T[name]
    f, start = lambda θ: np.sum(np.array([1.0, 3.0]) * θ**2), np.array([1.0, -2.0])
    for make in (GradientDescent, lambda s: HeavyBall(0.05, s), lambda s: Adam(s, s, s, s), lambda s: Momentum(s, s)):
        rule, θ = make(schedule), start
        state = rule.init(θ)
        for t in range(1, 41):
            θ, state = make(schedule(t)).step(grad(f), θ, state, t)
        np.testing.assert_allclose(descend(rule, f, start, 40).path[-1], θ, rtol=1e-12)


def test_reducing_by_hand():
    """A rule is a value: another rate from here on is another rule, and the state goes on."""
    rule, f = Adam(0.1), lambda θ: np.sum(θ**2)
    θ, state = np.array([1.0]), rule.init(np.zeros(1))
    for t in range(1, 21):
        if t == 11:
            rule = dataclasses.replace(rule, learning_rate=0.01)
        θ, state = rule.step(grad(f), θ, state, t)
    by_schedule = descend(Adam(constant_then(0.1, 10, constant(0.01))), f, np.array([1.0]), 20).path[-1]
    np.testing.assert_allclose(θ, by_schedule, rtol=1e-12)


# Robbins and Monro ---------------------------------------------------------------------------------------------------------

VERDICTS = [
    (constant(0.3), True, False),
    (constant(0.0), False, True),
    (step(0.3, 50), False, True),
    (step(0.3, 50, 1.0), True, False),
    (exponential(0.3, 0.99), False, True),
    (exponential(0.3, 1.0), True, False),
    (inverse_time(0.3, 0.05), True, True),
    (inverse_time(0.3, 0.0), True, False),
    (inverse_time(0.0, 0.05), False, True),
    (power(0.3, 1.0), True, True),
    (power(0.3, 0.6), True, True),
    (power(0.3, 0.5), True, False),
    (power(0.3, 0.3), True, False),
    (power(0.3, 1.5), False, True),
    (linear(0.3, 0.0, 50), False, True),
    (linear(0.3, 0.1, 50), True, False),
    (halve_every(0.3, 50), False, True),
    (constant_then(0.3, 50, power(0.3)), True, True),
    (constant_then(0.3, 50, exponential(0.3, 0.9)), False, True),
    (cyclic(0.0, 0.3, 20), True, False),
    (one_cycle(0.1, 0.3, 0.0, 100), False, True),
    (one_cycle(0.1, 0.3, 0.01, 100), True, False),
    (warm_restarts(0.3, 10), True, False),
    (warm_restarts(0.3, 10, multiplier=2), True, False),
]


@pytest.mark.parametrize(("schedule", "diverges", "converges"), VERDICTS, ids=name)
def test_the_verdicts_are_those_of_the_sums(schedule, diverges, converges):
    """Sums over [2^k, 2^(k+1)): a falling or recurring series converges exactly if they fall to 0 geometrically."""
    α = np.asarray(schedule(np.arange(1, 2**20)))

    def falls(values: np.ndarray) -> bool:
        blocks = np.add.reduceat(values, 2 ** np.arange(20) - 1)
        return bool(blocks[-1] <= 0.97**6 * blocks[-7])  # six doublings: 1/t keeps its blocks, t^-1.1 loses 7% each

    verdict = schedule.robbins_monro
    assert verdict == (diverges, converges) == (not falls(α), falls(α**2))
    assert verdict.satisfied is (diverges and converges)
    assert ("satisfied" in str(verdict)) is verdict.satisfied
    assert ("Σα < ∞" in str(verdict)) is (not diverges)


def test_the_plateau_rule_has_no_verdict():
    verdict = halve_on_plateau(0.1).robbins_monro
    assert verdict.satisfied is None
    assert str(verdict).startswith("not known")
    assert constant_then(0.1, 5, lambda t: 0.1 / t).robbins_monro == verdict


@pytest.mark.parametrize("schedule", [exponential(0.1, 0.8), step(0.1, 2, 0.5), linear(0.1, 0.0, 8), power(0.1, 1.5)], ids=name)
def test_a_sum_below_the_distance_never_arrives(schedule):
    """|θ| has slope 1: no run gets farther than Σα, here about half of a way of 1 or less."""
    path = descend(GradientDescent(schedule), lambda θ: np.sum(np.abs(θ)), np.array([1.0]), 3000).path
    total = float(np.sum(schedule(np.arange(1, 3001))))
    assert total < 0.51
    assert path[-1, 0] == pytest.approx(1.0 - total, rel=1e-12)
    arrives = descend(GradientDescent(power(0.1)), lambda θ: np.sum(np.abs(θ)), np.array([1.0]), 30_000).path[-1, 0]
    assert abs(arrives) < 1e-3  # Σ 0.1/t passes 1 after about 12,000 steps


def noisy_distance(schedule: Any, steps: int, runs: int = 500) -> float:
    """Root mean square of θ after SGD on ½ θ² with gradient noise N(0, 1), from θ = 1."""
    rng = np.random.default_rng(0)
    θ = np.ones(runs)
    for α in schedule(np.arange(1, steps + 1)):
        θ = θ - α * (θ + rng.standard_normal(runs))
    return float(np.sqrt(np.mean(θ**2)))


def test_a_constant_rate_keeps_a_noise_floor():
    """E θ² → α / (2 − α) on ½ θ² with noise of variance 1, however long the run: 500 runs give it to 10%."""
    for α in (0.1, 0.4):
        for steps in (400, 2000):
            assert noisy_distance(constant(α), steps) == pytest.approx(math.sqrt(α / (2 - α)), rel=0.1)


def test_the_second_condition_is_not_necessary():
    """t^−0.3 breaks Σα² < ∞ and converges all the same, E θ² ~ α_t / 2: slower than 1/t, which satisfies both."""
    slow, fast = power(0.5, 0.3), inverse_time(2.0, 1.0)
    assert (slow.robbins_monro.satisfied, fast.robbins_monro.satisfied) == (False, True)
    for steps in (200, 2000, 20_000):
        assert noisy_distance(slow, steps) == pytest.approx(math.sqrt(slow(steps) / 2), rel=0.12)
    assert noisy_distance(fast, 20_000) < 0.1 * noisy_distance(slow, 20_000)


# Bad input ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: constant(-0.1), ValueError, r"constant: initial must be a finite number ≥ 0, got -0\.1"),
        (lambda: constant("0.1"), TypeError, "constant: initial must be a number"),
        (lambda: step(0.1, 0), ValueError, "step: every must be a whole number ≥ 1, got 0"),
        (lambda: step(0.1, 2.5), ValueError, "step: every must be a whole number"),
        (lambda: step(0.1, 2, 1.5), ValueError, "step: factor must be a number above 0, up to 1, got 1.5"),
        (lambda: exponential(0.1, 0.0), ValueError, "exponential: factor must be a number above 0"),
        (lambda: exponential(0.1, -0.5), ValueError, "exponential: factor must be a number above 0, up to 1, got -0.5"),
        (lambda: inverse_time(0.1, -1.0), ValueError, "inverse_time: delta must be a finite number ≥ 0"),
        (lambda: power(math.nan), ValueError, "power: initial must be a finite number"),
        (lambda: linear(0.1, 0.0, -3), ValueError, "linear: steps must be a whole number ≥ 1"),
        (lambda: halve_every(0.1, 0), ValueError, "every must be a whole number"),
        (lambda: constant_then(0.1, 5, 0.2), TypeError, "constant_then: then must be a schedule, got 0.2"),
        (lambda: cyclic(0.3, 0.1, 5), ValueError, "cyclic: low must not exceed high, got 0.3 and 0.1"),
        (lambda: cyclic(0.1, 0.3, 0), ValueError, "cyclic: half_period must be"),
        (lambda: one_cycle(0.1, 1.0, 0.0, 100, rise=0.5), ValueError, "one_cycle: rise must be a number above 0, below ½"),
        (lambda: one_cycle(0.1, 1.0, 0.0, 2), ValueError, "one_cycle: 2 steps are too few"),
        (lambda: warm_restarts(0.1, 10, 0.2), ValueError, "warm_restarts: low must not exceed high"),
        (lambda: warm_restarts(0.1, 10, multiplier=0), ValueError, "multiplier must be a whole number ≥ 1"),
        (lambda: warm_restarts(0.1, 10, multiplier=Tensor(2.0)), TypeError, "multiplier must be a plain"),
        (lambda: halve_on_plateau(0.1, -1), ValueError, "patience must be a whole number ≥ 0"),
        (lambda: halve_on_plateau(0.1)([1.0, math.nan]), ValueError, "loss 2 is nan; validation losses must be finite"),
        (lambda: halve_on_plateau(0.1)(3), TypeError, "needs the validation losses so far, a list of numbers, got 3"),
        (lambda: GradientDescent(halve_on_plateau(0.1)).step(lambda θ: θ, np.ones(1), (), 1), TypeError, "validation losses"),
        (lambda: constant(0.1)(0), ValueError, "constant: steps are counted from t = 1, got 0"),
        (lambda: power(0.1)(np.array([1.0, 0.0])), ValueError, "power: steps are counted from t = 1"),
        (lambda: power(0.1)(math.nan), ValueError, "power: steps are counted from t = 1, got nan"),
    ],
)  # fmt: skip
def test_bad_input(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_all_the_names_of_the_contract():
    assert {name.partition(",")[0] for name in OF_T} | {"halve_on_plateau"} <= set(schedules.__all__)
    assert repr(power(0.1, 0.6)) == "power(initial=0.1, delta=0.6)"
    assert step(0.1, 5) == step(0.1, 5, 0.1)
