"""Every row of the table: value, first and second derivatives, both modes, and the points where rules go wrong."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import EPSILON, NUMPY, ORACLES, assert_close
from primitive_cases import COMPARISONS, MAKERS, Case

from dlcourse import ShapeError, Tensor, check_gradient, grad, hessian, hvp, jacobian, jvp, trace, value_and_grad, vjp
from dlcourse.autodiff import primitives
from dlcourse.autodiff.primitives import TABLE

EXAMPLES = settings(max_examples=10)
OWN_ON_ARRAYS = ("integer_power", "power")  # on plain arrays ** is NumPy's own
rows = pytest.mark.parametrize("name", sorted(MAKERS))


def make(name: str, data: Any) -> tuple[Case, np.random.Generator]:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    return MAKERS[name](data.draw, rng), rng


def random_like(rng: np.random.Generator, x: Any) -> Any:
    return np.asarray(rng.uniform(-1.0, 1.0, np.shape(x)))


def values(x: Any) -> Any:
    return x.value if isinstance(x, Tensor) else x


def test_every_row_of_the_table_has_a_case():
    assert sorted(MAKERS) == sorted(TABLE)


@rows
def test_the_case_uses_its_row(name):
    used: set[str] = set()

    @settings(max_examples=5)
    @given(data=st.data())
    def look(data: Any) -> None:
        case, _ = make(name, data)
        used.update(operation.row.name for operation in trace(case.ours, *case.inputs).operations)

    look()
    assert name in used


@rows
@EXAMPLES
@given(data=st.data())
def test_value(name, data):
    case, _ = make(name, data)
    expected = case.reference(NUMPY, *case.inputs)
    got = case.ours(*map(Tensor, case.inputs))
    assert isinstance(got, Tensor)
    assert_close(got.value, expected, what=name)
    # the same function on plain arrays computes with the same operations, hence the same bits
    plain = case.ours(*case.inputs)
    assert not isinstance(plain, Tensor)
    if name not in OWN_ON_ARRAYS:
        np.testing.assert_array_equal(np.asarray(plain, dtype=float), got.value)


@pytest.mark.parametrize("oracle", sorted(ORACLES))
@rows
@EXAMPLES
@given(data=st.data())
def test_first_and_second_derivatives(name, oracle, data):
    case, rng = make(name, data)
    u = random_like(rng, case.reference(NUMPY, *case.inputs))
    v = [random_like(rng, x) for x in case.inputs]
    everything = tuple(range(len(case.inputs)))

    def loss(*xs: Any) -> Any:
        return np.sum(u * case.ours(*xs))

    gradient = grad(loss, everything)

    def slope(*xs: Any) -> Any:  # ⟨v, ∇loss⟩, whose gradient is H v
        return sum(np.sum(w * g) for w, g in zip(v, gradient(*xs)))

    first, second = ORACLES[oracle](case.reference, case.inputs, u, v)
    for got, expected in zip(gradient(*case.inputs), first):
        assert_close(got, expected, what=f"gradient of {name}")
    # second derivatives by reverse over reverse, and by forward over reverse
    scale = max([1.0, *(float(np.max(np.abs(g))) for g in first if g.size)])
    for got, expected in zip(grad(slope, everything)(*case.inputs), second):
        assert_close(got, expected, scale=scale, what=f"second derivative of {name}, reverse over reverse")
    for got, expected in zip(jvp(gradient, case.inputs, tuple(v))[1], second):
        assert_close(got, expected, scale=scale, what=f"second derivative of {name}, forward over reverse")


@rows
@EXAMPLES
@given(data=st.data())
def test_forward_agrees_with_reverse(name, data):
    """⟨u, J v⟩ = ⟨Jᵀ u, v⟩, also with the tangent of one input only."""
    case, rng = make(name, data)
    y, pullback = vjp(case.ours, *case.inputs)
    u = random_like(rng, y)
    pulled = pullback(u)
    v = [random_like(rng, x) for x in case.inputs]
    for moving in [range(len(v)), *([i] for i in range(len(v)))]:
        tangents = tuple(w if i in moving else np.zeros(np.shape(w)) for i, w in enumerate(v))
        _, pushed = jvp(case.ours, case.inputs, tangents)
        assert np.shape(pushed) == np.shape(y)
        left = float(np.sum(u * pushed))
        right = sum(float(np.sum(g * w)) for g, w in zip(pulled, tangents))
        size = sum(float(np.sum(np.abs(g * w))) for g, w in zip(pulled, tangents)) + float(np.sum(np.abs(u * pushed)))
        assert abs(left - right) <= 2000 * EPSILON * max(1.0, size)


@rows
@settings(max_examples=8)
@given(data=st.data())
def test_each_input_alone(name, data):
    """The other inputs as plain arrays: the same derivative with respect to the one that is a variable."""
    case, rng = make(name, data)
    y, pullback = vjp(case.ours, *case.inputs)
    u = random_like(rng, y)
    whole = pullback(u)
    for i in range(len(case.inputs)):

        def alone(x: Any, i: int = i) -> Any:
            return case.ours(*case.inputs[:i], x, *case.inputs[i + 1 :])

        _, pull_one = vjp(alone, case.inputs[i])
        np.testing.assert_array_equal(pull_one(u)[0], whole[i])
        w = random_like(rng, case.inputs[i])
        pushed = jvp(alone, (case.inputs[i],), (w,))[1]
        size = float(np.sum(np.abs(whole[i] * w))) + float(np.sum(np.abs(u * pushed)))
        assert abs(float(np.sum(u * pushed)) - float(np.sum(whole[i] * w))) <= 2000 * EPSILON * max(1.0, size)


@rows
@EXAMPLES
@given(data=st.data())
def test_jacobians_either_way(name, data):
    """Forward, with all directions in one walk, backward, and by single directions: the same matrix."""
    case, rng = make(name, data)
    inputs = list(case.inputs)
    if name == "scan" and not inputs[2].size:
        return  # see test_program.test_the_jacobian_of_no_steps
    y, pullback = vjp(case.ours, *inputs)
    n, m = sum(x.size for x in inputs), np.size(y)

    def flat(J: Any) -> Any:
        return np.concatenate([np.reshape(block, (m, x.size)) for block, x in zip(J, inputs)], axis=1)

    forward = flat(jacobian(lambda xs: [case.ours(*xs), np.zeros(n)])(inputs)[0])
    backward = flat(jacobian(lambda xs: case.ours(*xs[:-1]))([*inputs, np.zeros(m + 1)])[:-1])
    assert_close(forward, backward, what=name)
    u, v = random_like(rng, y), [random_like(rng, x) for x in inputs]
    pulled = np.concatenate([np.ravel(g) for g in pullback(u)])
    assert_close(pulled, backward.T @ np.ravel(u), scale=10.0, what=name)
    pushed = jvp(case.ours, tuple(inputs), tuple(v))[1]
    assert_close(np.ravel(pushed), forward @ np.concatenate([np.ravel(w) for w in v]), scale=10.0, what=name)


@rows
@settings(max_examples=5)
@given(data=st.data())
def test_gradient_check_agrees(name, data):
    """Central differences: error ~ ε²·|f‴|/6 + 2·10⁻¹⁶·|f|/ε ≈ 10⁻¹⁰ for ε = 10⁻⁵ and values below 100."""
    if name in ("rint", "sign", *COMPARISONS):
        return  # steps: their derivative is 0 where it exists; see test_steps_have_gradient_zero
    case, rng = make(name, data)
    u = random_like(rng, case.reference(NUMPY, *case.inputs))
    check_gradient(lambda xs: np.sum(u * case.ours(*xs)), list(case.inputs), epsilon=1e-5, tolerance=1e-7)


# Edges ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sign", "rint", *COMPARISONS])
def test_steps_have_gradient_zero(name):
    f = getattr(np, name)
    inputs = (np.array([-0.5, 0.0, 0.5, 1.0]), np.array([0.0, 0.0, 0.5, 2.0]))[: 1 if name in ("sign", "rint") else 2]
    gradients = grad(lambda *xs: np.sum(f(*xs)), tuple(range(len(inputs))))(*inputs)
    for g in gradients:
        np.testing.assert_array_equal(g, np.zeros(4))
    np.testing.assert_array_equal(jvp(f, inputs, inputs)[1], np.zeros(4))


def test_the_root_beyond_its_edge():
    """where(x > 0, √x, 0): no NaN from the branch that was not taken, to second order."""

    def f(x: Any) -> Any:
        return np.sum(np.where(x > 0, np.sqrt(x), 0.0))

    np.testing.assert_array_equal(grad(f)(np.array([0.0, 4.0])), [0.0, 0.25])
    np.testing.assert_array_equal(jacobian(f)(np.array([0.0, 4.0])), [0.0, 0.25])
    with np.errstate(divide="ignore", invalid="ignore"):
        np.testing.assert_array_equal(hessian(f)(np.array([0.0, 4.0])), np.diag([0.0, -1 / 32]))
        assert grad(grad(f))(0.0) == 0.0


@pytest.mark.parametrize(
    ("f", "bad"),
    [
        (np.log, 0.0),
        (np.log1p, -1.0),
        (lambda x: 1.0 / x, 0.0),
        (lambda x: x / x, 0.0),
        (lambda x: x**-2, 0.0),
        (lambda x: x**-3, 0.0),
        (lambda x: x**0.5, 0.0),
    ],
)
@pytest.mark.parametrize("kind", [float, np.atleast_1d])
def test_the_branch_not_taken_leaves_no_trace(f, bad, kind):
    """where(x == bad, 0, f(x)) has gradient 0 at the bad point: f's infinite derivative meets a gradient of 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = grad(lambda x: np.sum(np.where(x == bad, 0.0, f(x))))(kind(bad))
    assert not np.any(found)
    assert not np.any(np.isnan(found))


@pytest.mark.parametrize("x", [np.zeros(3), np.zeros((2, 2)), np.zeros(1)])
def test_norm_at_zero(x):
    assert np.linalg.norm(Tensor(x)).value == 0.0
    np.testing.assert_array_equal(grad(np.linalg.norm)(x), np.zeros(x.shape))
    assert not np.any(np.isnan(hessian(np.linalg.norm)(x)))


def test_norm():
    assert_close(grad(np.linalg.norm)(np.array([3.0, 4.0])), [0.6, 0.8], ulps=2)
    x = np.array([1.0, -2.0, 2.0])
    assert_close(hessian(np.linalg.norm)(x), (np.eye(3) - np.outer(x, x) / 9.0) / 3.0)


@pytest.mark.parametrize("f", [np.maximum, np.minimum])
def test_equal_winners_share_between_two(f):
    a, b = grad(lambda a, b: np.sum(f(a, b)), (0, 1))(np.array([1.0, 1.0, 2.0]), np.array([1.0, 2.0, 1.0]))
    np.testing.assert_array_equal(a + b, np.ones(3))
    assert a[0] == b[0] == 0.5


def test_equal_winners_share_among_many():
    x = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]])
    np.testing.assert_array_equal(grad(lambda x: np.sum(np.max(x, axis=1)))(x), [[0.0, 0.5, 0.5], [1 / 3] * 3])
    np.testing.assert_array_equal(jvp(lambda x: np.max(x, axis=1), (x,), (x,))[1], [3.0, 2.0])


def test_absolute_and_sign_at_zero():
    assert grad(abs)(0.0) == 0.0
    assert grad(np.abs)(0.0) == 0.0
    assert hessian(np.abs)(0.0) == 0.0


@pytest.mark.parametrize("p", [0.5, -1, -2, 1, 2, 3, 2.5, -0.5, 64, 65, -64, 1 / 3, 2.0, 3.0])
@pytest.mark.parametrize("x", [0.3, 1.0, 2.7])
def test_powers(p, x):
    """d/dx xᵖ = p xᵖ⁻¹ and p (p−1) xᵖ⁻². Each factor of a product errs by ½ ulp: 64 factors stay below 200 ulp."""
    y = (Tensor(x) ** p).value
    assert abs(y - x**p) <= 200 * EPSILON * abs(x**p)
    assert abs(grad(lambda x: x**p)(x) - p * x ** (p - 1)) <= 400 * EPSILON * abs(p * x ** (p - 1))
    second = p * (p - 1) * x ** (p - 2)
    assert abs(grad(grad(lambda x: x**p))(x) - second) <= 800 * EPSILON * max(1.0, abs(second))


@pytest.mark.parametrize(("p", "slope"), [(1, 1.0), (2, 0.0), (3, 0.0), (2.5, 0.0), (1.5, 0.0), (1.0, 1.0)])
def test_powers_at_zero(p, slope):
    assert (Tensor(0.0) ** p).value == 0.0
    assert grad(lambda x: x**p)(0.0) == slope


def test_a_power_zero_is_constant():
    assert (Tensor(0.0) ** 0).value == 1.0
    assert grad(lambda x: x**0)(0.0) == 0.0
    assert grad(lambda x: x**0)(3.0) == 0.0


def test_infinite_slopes_are_infinite():
    with np.errstate(divide="ignore"):
        assert grad(lambda x: x**0.5)(0.0) == np.inf
        assert grad(np.sqrt)(0.0) == np.inf
        np.testing.assert_array_equal(grad(lambda x: np.sum(np.sqrt(x)))(np.zeros(2)), [np.inf, np.inf])


@pytest.mark.parametrize("kind", [float, lambda x: np.full(2, x)])
def test_division_by_zero_is_numpys(kind):
    with np.errstate(divide="ignore", invalid="ignore"):
        for a in (1.0, -1.0, 0.0):
            got = np.asarray((kind(a) / Tensor(kind(0.0))).value)
            np.testing.assert_array_equal(got, np.divide(a, np.full(got.shape, 0.0)))
            got = np.asarray((Tensor(kind(a)) / kind(-0.0)).value)
            np.testing.assert_array_equal(got, np.divide(a, np.full(got.shape, -0.0)))
    with pytest.warns(RuntimeWarning, match="divide by zero"):  # not silent, as NumPy
        _ = Tensor(kind(1.0)) / kind(0.0)


def test_the_exponent_is_a_variable_too():
    assert grad(lambda p: 2.0**p)(3.0) == pytest.approx(8.0 * np.log(2.0), rel=4 * EPSILON)
    assert grad(lambda p: 0.0**p)(3.0) == 0.0
    np.testing.assert_allclose(grad(lambda p: np.sum(np.array([1.0, 2.0]) ** p))(2.0), 4.0 * np.log(2.0), rtol=4 * EPSILON)


@pytest.mark.parametrize("a", [1e160, 1e-160, 3e200])
def test_quotients_of_very_large_and_small_numbers(a):
    """∂(a/b)/∂b = −a/b² is a number of ordinary size's reciprocal; b² itself would overflow."""
    slope = grad(lambda b: a / b)(a)
    assert abs(slope + 1.0 / a) <= 8 * EPSILON / a


def test_large_arguments_do_not_overflow():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert grad(np.tanh)(1000.0) == 0.0
        assert grad(primitives.erf)(1000.0) == 0.0
        # exp(x − y) inherits the rounding error of y, half an ulp of 1000
        assert_close(grad(primitives.logsumexp)(np.array([1000.0, 1000.0])), [0.5, 0.5], ulps=1000)
        np.testing.assert_array_equal(grad(primitives.logsumexp)(np.array([-1000.0, 1000.0])), [0.0, 1.0])
        assert primitives.logsumexp(Tensor([-1000.0, -1000.0])).value == pytest.approx(-1000.0 + np.log(2.0), abs=1e-12)


def test_erf_to_the_last_digits():
    """Cody's approximation claims about 1e-16; SciPy's erf errs by about as much: 4 ulp between them."""
    x = np.concatenate(
        [np.linspace(-7, 7, 20001), [0.46875, 4.0, -4.0, 1e-300, 5e-324, 30.0, 1e308], np.geomspace(1e-20, 1, 500)]
    )
    np.testing.assert_allclose(primitives.erf(x), scipy.special.erf(x), rtol=4 * EPSILON, atol=0)
    np.testing.assert_array_equal(primitives.erf(np.array([np.inf, -np.inf, np.nan, 0.0])), [1.0, -1.0, np.nan, 0.0])
    assert isinstance(primitives.erf(0.5), float)


def test_fused_rows_with_large_logits():
    """Stable where exp overflows and where the label's probability underflows to 0."""
    logits = np.array([[1000.0, 0.0, -1000.0], [0.0, 1000.0, 0.0]])
    loss = primitives.cross_entropy(Tensor(logits), np.array([0, 1]))
    assert loss.value == 0.0
    value, g = value_and_grad(lambda x: primitives.cross_entropy(x, np.array([2, 0])))(logits)
    assert value == 1500.0  # (2000 + 1000)/2
    np.testing.assert_array_equal(g, [[0.5, 0.0, -0.5], [-0.5, 0.5, 0.0]])
    np.testing.assert_array_equal(primitives.softmax(logits), [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = np.array([-1000.0, 0.0, 1000.0])
        np.testing.assert_array_equal(primitives.logistic(x), [0.0, 0.5, 1.0])
        np.testing.assert_array_equal(primitives.softplus(x), [0.0, np.log(2.0), 1000.0])
        np.testing.assert_array_equal(grad(lambda x: np.sum(primitives.softplus(x)))(x), [0.0, 0.5, 1.0])
        np.testing.assert_array_equal(grad(lambda x: np.sum(primitives.logistic(x)))(x), [0.0, 0.25, 0.0])
        assert (primitives.logistic(-1000.0), primitives.softplus(1000.0)) == (0.0, 1000.0)


def test_relu_at_its_corner():
    """The derivative at 0 is taken as 0."""
    np.testing.assert_array_equal(grad(lambda x: np.sum(primitives.relu(x)))(np.array([-1.0, 0.0, 2.0])), [0.0, 0.0, 1.0])
    assert grad(primitives.relu)(0.0) == 0.0
    assert np.isnan(primitives.relu(Tensor(np.nan)).value)


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (lambda t: primitives.linear(t, np.ones((2, 4)), np.ones(2)), r"linear: X \(2, 3\), W \(2, 4\), b \(2,\)"),
        (lambda t: primitives.linear(t, np.ones((2, 3)), np.ones(3)), r"linear: .*b \(3,\)"),
        (lambda t: primitives.linear(t[0], np.ones((2, 3)), np.ones(2)), r"linear: X \(3,\)"),
        (lambda t: primitives.cross_entropy(t, np.zeros(3)), r"cross_entropy: logits \(2, 3\) and labels \(3,\)"),
        (lambda t: primitives.cross_entropy(t, np.array([0, 3])), "cross_entropy: labels must be whole numbers from 0 to 2"),
        (lambda t: primitives.cross_entropy(t, np.array([0, -1])), "cross_entropy: labels must be whole numbers"),
        (lambda t: primitives.cross_entropy(t, np.array([0, 0.5])), "cross_entropy: labels must be whole numbers"),
        (lambda t: primitives.cross_entropy(t[:, :0], np.zeros(2)), "cross_entropy: logits"),
        (lambda t: primitives.softmax(t[0, 0]), r"softmax: .*got shape \(\)"),
        (lambda t: primitives.softmax(t[:, :0]), r"softmax: .*got shape \(2, 0\)"),
    ],
)
def test_fused_rows_that_do_not_fit(f, words):
    with pytest.raises(ShapeError, match=words):
        f(Tensor(np.ones((2, 3))))


def test_nan_goes_through():
    for f in (np.maximum, np.minimum, np.add):
        assert np.isnan(f(Tensor(np.nan), 1.0).value)
    assert np.isnan(np.max(Tensor([1.0, np.nan])).value)
    np.testing.assert_array_equal((Tensor([np.nan, 1.0]) == np.array([np.nan, 1.0])).value, [0.0, 1.0])


# How readers reach the rows ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "same"),
    [
        (lambda t: +t, lambda x: +x),
        (lambda t: -t, lambda x: -x),
        (lambda t: abs(t), abs),
        (lambda t: 3 - t, lambda x: 3 - x),
        (lambda t: 3 + t, lambda x: 3 + x),
        (lambda t: 3 * t, lambda x: 3 * x),
        (lambda t: 3 / t, lambda x: 3 / x),
        (lambda t: np.arange(3) @ t, lambda x: np.arange(3) @ x),
        (lambda t: t @ np.arange(6.0).reshape(2, 3), lambda x: x @ np.arange(6.0).reshape(2, 3)),
        (lambda t: np.ones((3, 2)) - t, lambda x: np.ones((3, 2)) - x),
        (lambda t: t.T, lambda x: x.T),
        (lambda t: t.reshape(2, -1), lambda x: x.reshape(2, -1)),
        (lambda t: t.reshape((6,)), lambda x: x.reshape(6)),
        (lambda t: t.transpose(), lambda x: x.T),
        (lambda t: t.transpose(1, 0), lambda x: x.T),
        (lambda t: t.transpose((1, 0)), lambda x: x.T),
        (lambda t: t.sum(), np.sum),
        (lambda t: t.sum(0), lambda x: x.sum(0)),
        (lambda t: t.mean(axis=1), lambda x: x.mean(axis=1)),
        (lambda t: t.max(axis=(0, 1)), np.max),
        (lambda t: t.dot(np.ones(2)), lambda x: x.dot(np.ones(2))),
        (lambda t: np.mean(t, axis=0, keepdims=True), lambda x: np.mean(x, axis=0, keepdims=True)),
        (lambda t: np.amax(t, 0), lambda x: np.amax(x, 0)),
        (lambda t: np.max(t, axis=-1, keepdims=True), lambda x: np.max(x, axis=-1, keepdims=True)),
        (lambda t: np.ravel(t), np.ravel),
        (lambda t: np.dot(t, np.ones(2)), lambda x: np.dot(x, np.ones(2))),
        (lambda t: np.dot(t, 2.0), lambda x: np.dot(x, 2.0)),
        (lambda t: np.dot(3.0, t), lambda x: np.dot(3.0, x)),
        (lambda t: np.outer(t, np.arange(2.0)), lambda x: np.outer(x, np.arange(2.0))),
        (lambda t: np.stack([t, t], axis=-1), lambda x: np.stack([x, x], axis=-1)),
        (lambda t: np.stack([t, t], axis=-3), lambda x: np.stack([x, x], axis=-3)),
        (lambda t: np.stack([t[0, 0], 7.0]), lambda x: np.stack([x[0, 0], 7.0])),
        (lambda t: np.concatenate([t, np.ones((1, 2))]), lambda x: np.concatenate([x, np.ones((1, 2))])),
        (lambda t: np.take(t, [1, 1]), lambda x: np.take(x, [1, 1])),
        (lambda t: np.take(t, [1, 0], axis=1), lambda x: np.take(x, [1, 0], axis=1)),
        (lambda t: np.take(t, [[1, 0]], axis=-1), lambda x: np.take(x, [[1, 0]], axis=-1)),
        (lambda t: t[[2, 0]], lambda x: x[[2, 0]]),
        (lambda t: t[np.array([True, False, True])], lambda x: x[np.array([True, False, True])]),
        (lambda t: t[[0, 1], [1, 1]], lambda x: x[[0, 1], [1, 1]]),
        (lambda t: t[np.arange(3), np.array([0, 1, 1])], lambda x: x[np.arange(3), np.array([0, 1, 1])]),
        (lambda t: t[..., None, ::-1], lambda x: x[..., None, ::-1]),
        (lambda t: t[Tensor([0.0, 2.0])], lambda x: x[[0, 2]]),
        (lambda t: np.linalg.norm(t), np.linalg.norm),
        (lambda t: np.square(t), np.square),
        (lambda t: np.power(t, 2), lambda x: np.power(x, 2)),
        (lambda t: np.float_power(t, 2), lambda x: np.float_power(x, 2)),
        (lambda t: np.zeros_like(t), np.zeros_like),
        (lambda t: np.ones_like(t), np.ones_like),
        (lambda t: np.where(t > 2.5, t, 0.0), lambda x: np.where(x > 2.5, x, 0.0)),
        (lambda t: sum(t), sum),
        (lambda t: np.broadcast_to(t, (3, 2)), lambda x: x),
        (lambda t: np.broadcast_to(t[0, 0], 4), lambda x: np.broadcast_to(x[0, 0], 4)),
    ],
)
def test_numpys_names(f, same):
    x = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.5]])
    np.testing.assert_allclose(values(f(Tensor(x))), same(x), rtol=4 * EPSILON, atol=0)
    rng = np.random.default_rng(0)
    if isinstance(f(Tensor(x)), Tensor):
        u = rng.uniform(0.5, 1.0, np.shape(same(x)))
        check_gradient(lambda x: np.sum(u * f(x) if isinstance(x, Tensor) else u * same(x)), x, epsilon=1e-5, tolerance=1e-7)


def test_shapes_by_numpys_names():
    t = Tensor(np.zeros((3, 2)))
    assert np.shape(t) == (3, 2) == t.shape
    assert np.ndim(t) == 2 == t.ndim
    assert np.size(t) == 6 == t.size
    assert (len(t), t.dtype) == (3, np.float64)


def test_dot_is_numpys_dot_or_an_error():
    """np.dot of stacks of matrices is not matmul: the same numbers as NumPy or a refusal, never other numbers."""
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 3, 4)), rng.standard_normal((2, 4, 3))
    try:
        got = np.dot(Tensor(a), b)
    except (TypeError, ValueError):
        return
    assert got.shape == np.dot(a, b).shape
    np.testing.assert_allclose(got.value, np.dot(a, b))


def test_concatenate_without_axis_joins_what_is_flattened():
    a, b = np.arange(4.0).reshape(2, 2), np.zeros((2, 1))
    got = np.concatenate([Tensor(a), b], axis=None)
    np.testing.assert_array_equal(got.value, np.concatenate([a, b], axis=None))


def test_combinations_of_indices():
    """Every pair of basic indices on a matrix, value and gradient."""
    x = np.arange(12.0).reshape(3, 4)
    parts = [0, -1, slice(None), slice(1, None), slice(None, None, -1), slice(0, 0), np.int64(1), None, ...]
    for a, b in itertools.product(parts, parts):
        if a is ... and b is ...:
            continue
        expected = np.zeros(x.shape)
        expected[a, b] = 1.0
        np.testing.assert_array_equal(Tensor(x)[a, b].value, x[a, b])
        np.testing.assert_array_equal(grad(lambda t, a=a, b=b: np.sum(t[a, b]))(x), expected)


def test_repeated_rows_collect_all_gradients():
    g = grad(lambda x: np.sum(x[[0, 0, 2]] * np.array([1.0, 10.0, 100.0])))(np.zeros(3))
    np.testing.assert_array_equal(g, [11.0, 0.0, 100.0])


def test_hessian_vector_products_agree_with_hessians():
    rng = np.random.default_rng(1)
    x, v = rng.standard_normal(4), rng.standard_normal(4)

    def f(x: Any) -> Any:
        return primitives.logsumexp(np.sin(x) * x[::-1]) + np.max(x) * np.sum(x**3)

    assert_close(hvp(f, x, v), hessian(f)(x) @ v, scale=10.0)
