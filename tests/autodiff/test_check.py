"""The gradient check is itself tested: deliberately wrong rules of every kind must be caught."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from dlcourse import GradientMismatch, ShapeError, check_gradient, grad
from dlcourse.autodiff.box import Primitive, binary, call, unary
from dlcourse.autodiff.primitives.products import matmul_values
from dlcourse.inspection import central_differences

X = np.array([[0.3, -0.7, 1.1], [0.9, 0.4, -0.2]])
Y = np.array([[1.0, 0.5, -0.4], [0.2, -0.3, 0.8]])
A = np.array([[0.5, -1.0], [2.0, 0.25], [1.5, -0.75]])


def elementwise(rule: Any) -> Any:
    return unary(Primitive("tanh", np.tanh, (rule,)))


def right(g: Any, y: Any, x: Any) -> Any:
    return g * (1.0 - y * y)


def one_entry(g: Any, y: Any, x: Any) -> Any:
    out = right(g, y, x)
    return out * np.where(np.arange(out.size).reshape(out.shape) == 4, 1.001, 1.0)


def scaled(factor: float) -> Any:
    return lambda g, y, x: factor * right(g, y, x)


def product(rule: Any) -> Any:
    """X @ a with the given rule for a."""
    row = Primitive("matmul", matmul_values, (lambda g, y, a, b: g @ b.T, rule), push=lambda t, y, a, b: None)
    return lambda a: np.sum(Y[:, :2] * call(row, X, a))


def sum_of(f: Any) -> Any:
    return lambda x: np.sum(Y * f(x))


WRONG = {
    "factor": sum_of(elementwise(scaled(2.0))),
    "a little off": sum_of(elementwise(scaled(1.0 + 1e-4))),
    "sign": sum_of(elementwise(scaled(-1.0))),
    "zero": sum_of(elementwise(None)),
    "not a number": sum_of(elementwise(scaled(np.nan))),
    "infinite": sum_of(elementwise(scaled(np.inf))),
    "one entry": sum_of(elementwise(one_entry)),
    "derivative at the wrong place": sum_of(elementwise(lambda g, y, x: g * (1.0 - x * x))),
    "gradient forgotten": sum_of(elementwise(lambda g, y, x: 1.0 - y * y)),
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_elementwise_rules_are_caught(kind):
    with pytest.raises(GradientMismatch):
        check_gradient(WRONG[kind], X)


def test_the_right_rule_passes():
    """The checks above fail for the rule, not for the way it is called. ε²/6·|tanh‴| + 2·10⁻¹⁶/ε < 10⁻⁹."""
    assert check_gradient(sum_of(elementwise(right)), X) < 1e-9
    assert check_gradient(product(lambda g, y, a, b: a.T @ g), A[:, :2]) < 1e-9


def test_a_transposed_rule_is_caught():
    square = A[:2]
    row = Primitive("matmul", np.matmul, (lambda g, y, a, b: g @ b, None), push=lambda t, y, a, b: None)
    with pytest.raises(GradientMismatch):
        check_gradient(lambda a: np.sum(X[:, :2] * call(row, a, square)), X[:, :2])
    with pytest.raises(GradientMismatch):
        check_gradient(product(lambda g, y, a, b: (a.T @ g)[::-1]), A[:, :2])


@pytest.mark.parametrize("axis", [0, 1])
def test_a_missing_broadcast_sum_is_caught(axis):
    """X + b, where b's gradient is the first row (column) of g instead of the sum over all."""
    b = X[:1] if axis == 0 else X[:, :1]
    row = Primitive(
        "add", np.add, (lambda g, y, a, b: g, lambda g, y, a, b: np.take(g, [0], axis)), push=lambda t, y, a, b: None
    )
    with pytest.raises(GradientMismatch):
        check_gradient(lambda b: np.sum(Y * call(row, X, b)), b)
    add = binary(Primitive("add", np.add, (lambda g, y, a, b: g, lambda g, y, a, b: g)))
    assert check_gradient(lambda b: np.sum(Y * add(X, b)), b) < 1e-9


def test_the_worst_entry_is_named_with_both_values_and_the_step():
    with pytest.raises(GradientMismatch) as caught:
        check_gradient(WRONG["one entry"], X, epsilon=1e-5, tolerance=1e-5)
    found = re.fullmatch(
        r"x\[1, 1\]: the engine says (\S+), central differences (\S+) \(step ε = 1e-05, error (\S+) > 1e-05\)",
        str(caught.value),
    )
    assert found
    engine, difference, error = map(float, found.groups())
    truth = Y[1, 1] * (1.0 - np.tanh(X[1, 1]) ** 2)
    assert engine == pytest.approx(1.001 * truth, rel=1e-8)
    assert difference == pytest.approx(truth, abs=1e-9)
    assert error == pytest.approx(abs(engine - difference), rel=1e-2)  # printed to three digits


def test_entries_of_nests_are_named():
    wrong = elementwise(scaled(3.0))
    θ = {"W": [X, X], "b": 0.5}
    with pytest.raises(GradientMismatch, match=r"^x\.W\.1\[\d, \d\]: "):
        check_gradient(lambda θ: np.sum(np.tanh(θ["W"][0])) + np.sum(wrong(θ["W"][1])) + θ["b"], θ)
    with pytest.raises(GradientMismatch, match=r"^x\.b: "):
        check_gradient(lambda θ: np.sum(np.tanh(θ["W"][0])) + wrong(θ["b"]), θ)


@pytest.mark.parametrize("entry", range(X.size))
def test_a_wrong_gradient_anywhere_is_found(entry):
    where = np.unravel_index(entry, X.shape)

    def rule(g: Any, y: Any, x: Any) -> Any:
        out = np.array(right(g, y, x))
        out[where] += 0.01
        return out

    with pytest.raises(GradientMismatch, match=re.escape(f"x[{where[0]}, {where[1]}]")):
        check_gradient(sum_of(elementwise(rule)), X)


def test_the_error_that_is_returned_is_the_largest():
    """Made of a known error in one entry: |1.01 d − d| over max(1, …) = 0.01 |d| for d < 1."""

    def rule(g: Any, y: Any, x: Any) -> Any:
        out = np.array(right(g, y, x))
        out[0, 2] *= 1.01
        return out

    d = Y[0, 2] * (1.0 - np.tanh(X[0, 2]) ** 2)
    assert check_gradient(sum_of(elementwise(rule)), X, tolerance=1.0) == pytest.approx(0.01 * abs(d), abs=1e-9)
    assert check_gradient(lambda x: 1000.0 * x, 1.0) < 1e-6  # relative where the gradient is large


def test_central_differences():
    """Exact for quadratics up to rounding, and of second order in ε: the error of sin at 1 is ε² cos(1)/6."""
    x = {"a": np.array([1.0, -2.0]), "b": 3.0}
    found = central_differences(lambda x: np.sum(x["a"] ** 2) * x["b"], x, 2.0**-10)
    np.testing.assert_allclose(found["a"], [6.0, -12.0], atol=1e-11)
    assert found["b"] == pytest.approx(5.0, abs=1e-11)
    errors = [central_differences(np.sin, 1.0, ε) - np.cos(1.0) for ε in (2.0**-6, 2.0**-7)]
    assert errors[0] == pytest.approx(-np.cos(1.0) * 2.0**-12 / 6, rel=1e-3)
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=1e-3)
    assert type(central_differences(np.sin, 1.0)) is float
    assert central_differences(np.sum, np.ones((2, 0))).shape == (2, 0)


@pytest.mark.parametrize("x", [1e4, 1e5, 1e6, 1e9, 1e15, -1e100])
def test_large_entries(x):
    """The step grows with the entry, and what is divided by is the step that rounding has left: the identity is exact."""
    assert check_gradient(lambda x: 1.0 * x, x) == 0.0
    assert check_gradient(lambda x: x**2, x) < 1e-6
    with pytest.raises(GradientMismatch, match=r"^x: the engine says 1, central differences 2 "):
        check_gradient(unary(Primitive("double", lambda x: 2.0 * x, (lambda g, y, x: g,))), x)


def test_a_function_that_is_no_scalar():
    for f in (lambda x: x**2, lambda x: x[:1]):
        with pytest.raises(ShapeError, match=r"central differences: the function must return a scalar, got shape \(\d,\)"):
            central_differences(f, np.array([1.0, 2.0]))


def test_whole_numbers_can_be_checked():
    assert check_gradient(lambda x: np.sum(x**3), np.array([1, 2])) < 1e-6
    assert check_gradient(lambda x: x**3, 2) < 1e-6


def test_second_derivatives_can_be_checked():
    assert check_gradient(lambda x: np.sum(grad(lambda x: np.sum(np.tanh(x) ** 3))(x) ** 2), X, tolerance=1e-7) < 1e-7


@pytest.mark.parametrize("bad", [0.0, np.nan])
def test_a_step_that_is_none(bad):
    with pytest.raises(ValueError, match="ε = 1e-20 is lost when it is added to 1"):
        central_differences(np.sin, 1.0, 1e-20)
    with pytest.raises((GradientMismatch, ValueError, ZeroDivisionError)), np.errstate(all="ignore"):
        check_gradient(np.sin, 1.0, epsilon=bad)
