"""What the chapter on automatic differentiation derives, against closed forms; what its exercises say of wrong answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlcourse import exercises, grad, jvp, trace, value_and_grad, vjp
from dlcourse.inspection import central_differences


@pytest.mark.parametrize("seed", range(5))
def test_both_printed_results_of_the_lecture(seed: int) -> None:
    w1, w2, x = np.random.default_rng(seed).normal(size=(3, 4)) / 2

    def f(x: Any) -> Any:
        y1, y2 = w1 @ x, w2 @ x
        return (y1 * np.exp(y2)) * (y2 * np.exp(y1))

    y1, y2 = w1 @ x, w2 @ x
    y3, y4 = y1 * np.exp(y2), y2 * np.exp(y1)
    forward = y3 * np.exp(y1) * (w2 + y2 * w1) + y4 * np.exp(y2) * (w1 + y1 * w2)
    backward = (y4 * y1 * np.exp(y2) + y3 * np.exp(y1)) * w2 + (y3 * y2 * np.exp(y1) + y4 * np.exp(y2)) * w1
    assert np.allclose(forward, backward, rtol=1e-12)
    assert np.allclose(central_differences(f, x), forward, rtol=1e-6, atol=1e-8)
    assert np.allclose([jvp(f, (x,), (e,))[1] for e in np.eye(4)], forward, rtol=1e-12)
    assert np.allclose(vjp(f, x)[1](1.0)[0], forward, rtol=1e-12)


@pytest.mark.parametrize("n", [1, 3, 10])
def test_the_derivative_of_a_program_is_exact(n: int) -> None:
    def f(x: Any) -> Any:
        for _ in range(n):
            x = 4.0 * x * (1.0 - x)
        return x

    φ = np.arcsin(np.sqrt(0.3))
    assert np.isclose(grad(f)(0.3), 2**n * np.sin(2 ** (n + 1) * φ) / np.sin(2 * φ), rtol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_a_gradient_is_cheap(seed: int) -> None:
    """Sums and products: value and gradient take at most five times the operations of the value, for any number of inputs."""

    def f(inputs: Any) -> Any:
        rng = np.random.default_rng(seed)
        values = list(inputs)
        for _ in range(100):
            a, b = (values[i] for i in rng.integers(len(values), size=2))
            values.append(a * b if rng.random() < 0.7 else a + b)
        return values[-1] + values[-2] * values[-3]

    for inputs in (2, 40):
        start = list(np.linspace(-0.5, 0.5, inputs))
        assert len(trace(value_and_grad(f), start).operations) <= 5 * len(trace(f, start).operations)


# Exercises ---------------------------------------------------------------------------------------------------------------


def told(name: str, answer: Any) -> str:
    feedback = exercises.check(name, answer)
    assert feedback.right is False
    return feedback.text


def test_what_is_said_of_wrong_rules_for_division() -> None:
    assert "sign" in told("divide_back", lambda g, y, a, b: (g / b, g * a / b**2))
    assert "multiplies them" in told("divide_back", lambda g, y, a, b: (1 / b, -a / b**2) if g == 3.0 else (g / b, -g * y / b))
    assert "which power" in told("divide_back", lambda g, y, a, b: (g / b, g * a / b))


def right(operation: str, u: Any, v: Any = None) -> Any:
    if operation == "exp":
        return np.exp(u[0]), np.exp(u[0]) * u[1]
    return (u[0] + v[0], u[1] + v[1]) if operation == "add" else (u[0] * v[0], u[0] * v[1] + u[1] * v[0])


def test_dual_numbers() -> None:
    assert exercises.check("dual", right).right is True
    product = lambda operation, u, v=None: (u[0] * v[0], u[1] * v[1]) if operation == "multiply" else right(operation, u, v)  # noqa: E731
    assert "x * x at x = -1.25" in told("dual", product)
    slope_of_x = lambda operation, u, v=None: (np.exp(u[0]), u[1]) if operation == "exp" else right(operation, u, v)  # noqa: E731
    assert "exp(x) at x = 0.5" in told("dual", slope_of_x)
    half_done = lambda operation, u, v=None: None if operation == "exp" else right(operation, u, v)  # noqa: E731
    assert exercises.check("dual", half_done).right is None


def keep_all(step: Any, slope: Any, x: Any, n: int) -> float:
    kept = [x]
    for _ in range(n - 1):
        kept.append(step(kept[-1]))
    return float(np.prod([slope(each) for each in kept]))


def keep_none(step: Any, slope: Any, x: Any, n: int) -> float:
    derivative = 1.0
    for t in reversed(range(n)):
        z = x
        for _ in range(t):
            z = step(z)
        derivative *= slope(z)
    return derivative


def keep_roots(step: Any, slope: Any, x: Any, n: int, order: Any = reversed) -> float:
    size, kept, derivative = int(np.sqrt(n)), {}, 1.0
    for t in range(n):
        if t % size == 0:
            kept[t] = x
        x = step(x)
    for start in sorted(kept, reverse=True):
        part = [kept.pop(start)]
        while len(part) < min(size, n - start):
            part.append(step(part[-1]))
        derivative *= float(np.prod([slope(each) for each in order(part)]))
    return derivative


def test_memory_and_calls_are_counted() -> None:
    assert "at most 400 values alive at once, 399 calls" in told("chain_gradient", keep_all)
    assert "79800 calls" in told("chain_gradient", keep_none)
    feedback = exercises.check("chain_gradient", keep_roots)
    assert feedback.right is True
    assert "780 calls" in feedback.text
    assert "For n = 1 the derivative" in told("chain_gradient", lambda step, slope, x, n: 1.0)


def forward(step: Any, slope: Any, x: Any, n: int) -> float:
    derivative = 1.0
    for _ in range(n):
        derivative *= slope(x)
        x = step(x)
    return derivative


def slopes_stored(step: Any, slope: Any, x: Any, n: int) -> float:
    slopes = []
    for _ in range(n):
        slopes.append(slope(x))
        x = step(x)
    return float(np.prod(slopes[::-1]))


def plain_copies(step: Any, slope: Any, x: Any, n: int) -> float:
    kept = []
    for _ in range(n):
        kept.append(float(x))
        x = step(x)
    return float(np.prod([slope(each) for each in reversed(kept)]))


def copies_stepped_again(step: Any, slope: Any, x: Any, n: int) -> float:
    kept, first = [], x
    for _ in range(n - 1):
        kept.append(float(x))
        x = step(x)
    return float(np.prod([*(slope(step(each)) for each in reversed(kept)), slope(first)]))


def parts_forward(step: Any, slope: Any, x: Any, n: int) -> float:
    return keep_roots(step, slope, x, n, order=list)


def by_other_means(step: Any, slope: Any, x: Any, n: int) -> float:
    derivative = 1.0
    for _ in range(n):
        derivative *= 1 - 0.1 * np.sin(float(x))
        x = step(x)
    return derivative


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (forward, "from the first value to the last, as in forward mode"),
        (slopes_stored, "from the first value to the last, as in forward mode"),
        (plain_copies, "a plain number"),
        (copies_stepped_again, "a plain number"),
        (parts_forward, "all the way"),
        (by_other_means, "slope was asked for 0 times"),
    ],
)
def test_ways_round_the_way_back_are_refused(answer: Any, words: str) -> None:
    assert words in told("chain_gradient", answer)
