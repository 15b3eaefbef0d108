"""grad, vjp, jvp, jacobian, hessian, hvp and backward: nests, arguments, nesting to any order, and what must stay apart."""

from __future__ import annotations

import gc
import math
from collections import namedtuple
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import EPSILON, assert_close

from dlcourse import ShapeError, Tensor, compile, grad, hessian, hvp, jacobian, jvp, nn, scan, trace, value_and_grad, vjp
from dlcourse.autodiff import primitives

Layer = namedtuple("Layer", "W b")


def loss(xp: Any, θ: Any) -> Any:
    """A small network whose parameters stand in every kind of nest."""
    x = np.array([[0.5, -1.0], [2.0, 0.25], [1.0, 1.0]])
    h = xp.tanh(xp.matmul(x, θ["first"][0]) + θ["first"][1])
    out = xp.matmul(h, θ["rest"][0][0]) + θ["rest"][0][1]
    return xp.mean(out**2) + θ["scale"] * xp.sum(θ["first"][0] ** 2)


def parameters() -> dict[str, Any]:
    rng = np.random.default_rng(5)
    return {
        "first": Layer(rng.standard_normal((2, 3)), rng.standard_normal(3)),
        "rest": [(rng.standard_normal((3, 1)), rng.standard_normal(1))],
        "scale": 0.1,
    }


def leaves(θ: dict[str, Any]) -> list[Any]:
    return [θ["first"][0], θ["first"][1], θ["rest"][0][0], θ["rest"][0][1], θ["scale"]]


def unflatten(*p: Any) -> dict[str, Any]:
    return {"first": (p[0], p[1]), "rest": [(p[2], p[3])], "scale": p[4]}


# Nests and arguments ----------------------------------------------------------------------------------------


def test_a_gradient_has_the_nest_of_its_argument():
    θ = parameters()
    value, g = value_and_grad(lambda θ: loss(np, θ))(θ)
    assert value == pytest.approx(loss(np, θ), rel=4 * EPSILON)
    assert isinstance(g, dict)
    assert list(g) == list(θ)
    assert isinstance(g["first"], Layer)
    assert isinstance(g["rest"], list)
    assert isinstance(g["rest"][0], tuple)
    assert isinstance(g["scale"], float)
    for got, expected in zip(leaves(g), autograd.grad(lambda θ: loss(anp, unflatten(*θ)))(leaves(θ)), strict=True):
        assert_close(got, expected)


def test_vjp_and_jvp_of_nests():
    """⟨u, J v⟩ = ⟨Jᵀ u, v⟩ with nests on both sides."""

    def f(θ: Any, c: Any) -> Any:
        return {"a": θ["first"].W @ θ["rest"][0][0], "b": [c * np.sum(θ["first"].b)]}

    θ, rng = parameters(), np.random.default_rng(6)

    def like(x: Any) -> Any:
        return np.asarray(rng.standard_normal(np.shape(x)))

    y, pullback = vjp(f, θ, 2.0)
    assert list(y) == ["a", "b"]
    u = {"a": like(y["a"]), "b": [float(like(y["b"][0]))]}
    pulled, pulled_c = pullback(u)
    v = {"first": Layer(like(θ["first"].W), like(θ["first"].b)), "rest": [tuple(map(like, θ["rest"][0]))], "scale": 1.0}
    y_again, pushed = jvp(f, (θ, 2.0), (v, 0.5))
    np.testing.assert_array_equal(y_again["a"], y["a"])
    left = np.sum(u["a"] * pushed["a"]) + u["b"][0] * pushed["b"][0]
    right = 0.5 * pulled_c + sum(np.sum(a * b) for a, b in zip(leaves(pulled), leaves(v), strict=True))
    assert left == pytest.approx(right, rel=1e-12)
    assert pulled["scale"] == 0.0  # not used: zero, in the right shape
    np.testing.assert_array_equal(pulled["rest"][0][1], np.zeros(1))


def test_argnums():
    def f(a: Any, b: Any, c: Any) -> Any:
        return a * b**2 + np.sum(c) * a

    args = (2.0, 3.0, np.array([1.0, 2.0]))
    assert grad(f)(*args) == 12.0
    assert grad(f, 1)(*args) == 12.0
    np.testing.assert_array_equal(grad(f, 2)(*args), [2.0, 2.0])
    b, a = grad(f, (1, 0))(*args)
    assert (a, b) == (12.0, 12.0)
    assert grad(f, (0,))(*args) == (12.0,)
    value, (only,) = value_and_grad(f, (1,))(*args)
    assert (value, only) == (24.0, 12.0)
    np.testing.assert_array_equal(jacobian(lambda a, b: a * b, 1)(2.0, np.ones(2)), 2.0 * np.eye(2))
    assert hessian(f, 1)(*args) == 4.0
    assert grad(f, np.int64(1))(*args) == 12.0
    assert jacobian(f, np.int64(1))(*args) == 12.0


def test_arguments_by_name_are_constants():
    def f(a: Any, b: Any = 1.0) -> Any:
        return a * a * b

    assert value_and_grad(f)(3.0, b=10.0) == (90.0, 60.0)
    assert grad(grad(f))(3.0, b=10.0) == 20.0
    with pytest.raises(TypeError, match="was given 0 argument"):
        grad(f)(a=3.0)


@pytest.mark.parametrize("argnums", [1, -1, (0, 1), (), None, 0.0, "0", ((0,),)])
def test_an_argument_that_is_not_there(argnums):
    with pytest.raises(TypeError, match="argument"):
        grad(lambda x: x * x, argnums)(1.0)


def test_one_argument_at_a_time():
    with pytest.raises(TypeError, match=r"argnums \(\(0, 1\),\): the function was given 2 argument"):
        jacobian(lambda a, b: a * b, (0, 1))(1.0, 2.0)


def test_an_argument_named_twice():
    """Both entries are the derivative, or it is refused; never one of them 0."""
    try:
        found = grad(lambda x: x * x, (0, 0))(3.0)
    except TypeError:
        return
    assert found == (6.0, 6.0)


@pytest.mark.parametrize("empty", [[], {}, ()])
def test_an_empty_nest_has_an_empty_gradient(empty):
    assert grad(lambda θ: 1.0)(empty) == empty
    assert grad(lambda θ, x: x * x)(empty, 2.0) == empty
    assert jvp(lambda θ: 1.0, (empty,), (empty,)) == (1.0, 0.0)


def test_whole_numbers_are_promoted():
    assert grad(lambda x: x * x * x)(2) == 12.0
    np.testing.assert_array_equal(grad(lambda x: np.sum(x * x))(np.array([1, 2])), [2.0, 4.0])


# To any order -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [0.3, -1.2])
def test_third_derivatives(x):
    def f(x):
        return np.sin(x) * np.exp(x)

    third = 2.0 * np.exp(x) * (np.cos(x) - np.sin(x))  # f‴ = 2 eˣ (cos x − sin x)

    def forward(f: Any) -> Any:
        return lambda x: jvp(f, (x,), (1.0,))[1]

    for modes in [(a, b, c) for a in (grad, forward) for b in (grad, forward) for c in (grad, forward)]:
        derivative = f
        for mode in modes:
            derivative = mode(derivative)
        assert_close(derivative(x), third, scale=5.0, what=str(modes))
    assert grad(grad(grad(grad(lambda x: x**4))))(x) == 24.0


def test_third_derivatives_of_a_network():
    θ = parameters()

    def by(xp: Any, grad: Any) -> Any:
        def f(b):
            return loss(xp, unflatten(θ["first"].W, b, *leaves(θ)[2:]))

        g = grad(lambda b: xp.sum(grad(f)(b) ** 2))
        return grad(lambda b: xp.sum(g(b) ** 2))(θ["first"].b)

    expected = by(anp, autograd.grad)
    assert_close(by(np, grad), expected, ulps=1e4)  # products of derivatives: errors of three levels multiply up


@settings(max_examples=30)
@given(st.integers(0, 2**31))
def test_hessians(seed):
    rng = np.random.default_rng(seed)
    A, x, v = rng.standard_normal((3, 3)), rng.standard_normal(3), rng.standard_normal(3)

    def f(xp: Any, x: Any) -> Any:
        return xp.sum(xp.tanh(xp.matmul(A, x)) ** 2) + xp.exp(x[0]) * x[1] / (1.0 + x[2] ** 2)

    H = hessian(lambda x: f(np, x))(x)
    expected = autograd.hessian(lambda x: f(anp, x))(x)
    assert_close(H, expected, scale=10.0)
    assert_close(hvp(lambda x: f(np, x), x, v), expected @ v, scale=30.0)
    assert_close(jacobian(grad(lambda x: f(np, x)))(x), expected, scale=10.0)


# Smooth at these two numbers, so that there is a Jacobian J.
PASSED_THROUGH = {
    "x / 2": lambda x: x / 2.0, "2 / x": lambda x: 2.0 / x, "x / d": lambda x: x / np.array([2.0, 4.0]),
    "x / sum": lambda x: x / np.sum(x),
    "sqrt": np.sqrt, "log": np.log, "log1p": np.log1p, "exp": np.exp, "expm1": np.expm1,
    "sin": np.sin, "cos": np.cos, "tanh": np.tanh,
    "square": np.square, "x⁻²": lambda x: x**-2, "x^1.5": lambda x: x**1.5, "x^p": lambda x: x ** np.array([3.0, 0.5]),
    "2^x": lambda x: 2.0**x,
    "x^x": lambda x: x**x, "mean": np.mean, "norm": np.linalg.norm, "max": np.max,
    "where": lambda x: np.where(x > 1.5, x**2, np.log(x)),
    "softmax": primitives.softmax, "logistic": primitives.logistic, "softplus": primitives.softplus,
    "matmul": lambda x: np.array([[1.0, 2.0], [3.0, 4.0]]) @ x,
    "batch norm": lambda x: nn.batch_norm(np.reshape(x, (2, 1)), np.ones(1), np.zeros(1), epsilon=0.1),
}  # fmt: skip


@pytest.mark.parametrize("name", PASSED_THROUGH)
def test_a_gradient_of_zero_has_a_derivative(name):
    """‖f(x) − f(x₀)‖² is flat at x₀, where every gradient that flows back into f is 0; its Hessian there is 2 JᵀJ."""
    f, x = PASSED_THROUGH[name], np.array([1.0, 2.0])
    J, there = np.reshape(jacobian(f)(x), (-1, 2)), f(x)
    gap = lambda x: np.sum((f(x) - there) ** 2)  # noqa: E731
    by_hvp = [hvp(gap, x, v) for v in np.eye(2)]
    backwards = [grad(lambda x, i=i: grad(gap)(x)[i])(x) for i in range(2)]
    forwards = [grad(lambda x, v=v: jvp(gap, (x,), (v,))[1])(x) for v in np.eye(2)]
    for H in (hessian(gap)(x), by_hvp, backwards, forwards, compile(hessian(gap), x)(x)):
        np.testing.assert_allclose(H, 2.0 * J.T @ J, rtol=1e-12, atol=1e-12)


def test_powers_of_zero():
    x = 0.0
    assert grad(lambda x: np.sum(x ** np.array([0.0, 1.0, 2.0])))(x) == 1.0
    assert grad(lambda x: sum(x**k for k in np.arange(3)))(x) == 1.0
    assert hessian(lambda x: np.sum(x ** np.array([0.0, 1.0, 2.0, 3.0])))(x) == 2.0
    with np.errstate(all="ignore"):  # the branch that is not taken is computed too
        safe = grad(lambda x: np.sum(np.where(x > 0, x**0.7, 0.0)))
        np.testing.assert_array_equal(safe(np.array([0.0, -1.0, 1.0])), [0.0, 0.0, 0.7])
        assert grad(lambda x: np.sum(x ** np.array([0.5])))(x) == np.inf


def test_hessians_of_matrices_have_four_axes():
    x = np.arange(4.0).reshape(2, 2)
    H = hessian(lambda x: np.sum(x**3))(x)
    assert H.shape == (2, 2, 2, 2)
    np.testing.assert_array_equal(H.reshape(4, 4), np.diag(6.0 * x.ravel()))
    assert hessian(lambda x: x**3)(2.0) == 12.0


def test_hvp_of_nests():
    x, v = {"a": np.array([1.0, 2.0]), "b": 3.0}, {"a": np.array([1.0, 0.0]), "b": 1.0}
    found = hvp(lambda x: np.sum(x["a"] ** 2) * x["b"], x, v)
    np.testing.assert_array_equal(found["a"], [8.0, 4.0])  # 2 b v_a + 2 a v_b
    assert found["b"] == 2.0  # 2 a·v_a


@pytest.mark.parametrize(("n", "m"), [(2, 5), (5, 2), (3, 3), (1, 4), (4, 1)])
def test_jacobians_either_way(n, m):
    rng = np.random.default_rng(n)
    A, x = rng.standard_normal((m, n)), rng.standard_normal(n)
    expected = (1.0 - np.tanh(A @ x) ** 2)[:, None] * A
    assert_close(jacobian(lambda x: np.tanh(A @ x))(x), expected)
    inner = grad(lambda s: np.sum(jacobian(lambda x: np.tanh(A @ (s * x)))(x) ** 2))(1.0)  # a jacobian inside a gradient

    def by_autograd(s: Any) -> Any:
        return anp.sum((s * (1.0 - anp.tanh(anp.dot(A, s * x)) ** 2)[:, None] * A) ** 2)

    assert_close(inner, autograd.grad(by_autograd)(1.0), scale=50.0)


def test_a_jacobian_of_many_results_goes_forward_once():
    """However many results there are: the same few operations, where a walk back would take some for each."""
    count = lambda m: len(trace(jacobian(lambda x: np.tanh(np.ones((m, 2)) @ x)), np.ones(2)).to_json()["ops"])  # noqa: E731
    assert count(40) == count(3)


def test_shapes_of_jacobians():
    assert jacobian(lambda x: x * 2.0)(1.0) == 2.0
    assert jacobian(lambda x: np.stack([x, x**2]))(3.0).tolist() == [1.0, 6.0]
    assert jacobian(lambda x: np.sum(x))(np.ones((2, 3))).shape == (2, 3)
    assert jacobian(lambda x: np.outer(x, x))(np.ones(2)).shape == (2, 2, 2)
    assert jacobian(lambda x: x.T)(np.ones((2, 3))).shape == (3, 2, 2, 3)
    np.testing.assert_array_equal(jacobian(lambda x: np.ones(2))(np.ones(3)), np.zeros((2, 3)))


def test_jacobians_of_nests():
    """The nest of the results holds nests of blocks like the argument."""
    θ = {"W": np.array([[1.0, 2.0], [3.0, 4.0]]), "b": 0.5}

    def f(θ: Any) -> Any:
        return [θ["W"] @ np.array([1.0, -1.0]) * θ["b"], {"s": np.sum(θ["W"])}]

    def check(J: Any) -> None:
        np.testing.assert_array_equal(J[0]["W"], [[[0.5, -0.5], [0.0, 0.0]], [[0.0, 0.0], [0.5, -0.5]]])
        np.testing.assert_array_equal(J[0]["b"], [-1.0, -1.0])
        np.testing.assert_array_equal(J[1]["s"]["W"], np.ones((2, 2)))
        assert J[1]["s"]["b"] == 0.0

    check(jacobian(f)(θ))  # 5 inputs, 3 results: backward
    check(jacobian(lambda θ: [*f(θ), np.ones(7)])(θ))  # 5 inputs, 10 results: forward
    H = hessian(lambda θ: np.sum(θ["W"]) ** 2 * θ["b"])(θ)
    assert H["b"]["b"] == 0.0
    np.testing.assert_array_equal(H["W"]["b"], np.full((2, 2), 20.0))
    np.testing.assert_array_equal(H["b"]["W"], np.full((2, 2), 20.0))
    np.testing.assert_array_equal(H["W"]["W"], np.full((2, 2, 2, 2), 1.0))


# Perturbation confusion -----------------------------------------------------------------------------------------


def d(f: Any) -> Any:
    return lambda x: jvp(f, (x,), (1.0,))[1]


@pytest.mark.parametrize("outer", [grad, d])
@pytest.mark.parametrize("inner", [grad, d])
def test_the_classic_confusion(outer, inner):
    """d/dx [x · d/dy (x + y)] = 1 [Siskind & Pearlmutter 2005]; a confused engine says 2."""
    assert outer(lambda x: x * inner(lambda y: x + y)(1.0))(1.0) == 1.0
    assert outer(lambda x: x * inner(lambda y: x * y)(2.0))(3.0) == 6.0
    assert outer(lambda x: inner(lambda y: x * y)(x))(3.0) == 1.0
    # the same variable in both places: d/dx (d/dy x y² at y = x) = d/dx 2x² = 4x
    assert outer(lambda x: inner(lambda y: x * y * y)(x))(3.0) == 12.0
    # three levels: d/dx x · d/dy (y · d/dz x y z)) at y = 2: inner = x y, y·x y = x y², d/dy = 2 x y = 4x, x·4x → 8x
    third = outer(lambda x: x * inner(lambda y: y * outer(lambda z: x * y * z)(5.0))(2.0))(3.0)
    assert third == 24.0


@pytest.mark.parametrize("outer", [grad, d])
@pytest.mark.parametrize("inner", [grad, d])
def test_a_derivative_that_is_passed_out(outer, inner):
    """The function returned by an inner derivative is called again later, at another point (Manzyuk et al. 2019)."""

    def shifted(x: Any) -> Any:
        return lambda f: lambda y: f(x + y)

    # d/dx at 0 of shift(x)(sin)(1) twice over: sin″
    f = inner(lambda y: outer(lambda x: shifted(x)(np.sin)(y))(0.0))
    assert f(1.0) == pytest.approx(-math.sin(1.0), rel=4 * EPSILON)


def test_an_inner_variable_over_an_outer_one():
    """grad of g at the outer variable itself: the inner leaf is an identity box, so that both derivatives connect."""
    g = grad(lambda y: y**3)
    assert grad(lambda x: g(x) * x)(2.0) == 36.0  # d/dx 3x³ = 9x²
    assert grad(lambda x: g(2.0 * x))(1.0) == 24.0
    assert jvp(lambda x: g(x), (2.0,), (1.0,)) == (12.0, 12.0)
    value, pullback = vjp(g, 2.0)
    assert (value, pullback(1.0)) == (12.0, (12.0,))


def test_tangents_and_cotangents_are_variables_too():
    x, v = np.array([1.0, 2.0]), np.array([0.5, -1.0])

    def f(x):
        return x**3

    # d/dv of ⟨1, J v⟩ is the diagonal 3x²
    np.testing.assert_array_equal(grad(lambda v: np.sum(jvp(f, (x,), (v,))[1]))(v), 3.0 * x**2)
    np.testing.assert_array_equal(grad(lambda u: np.sum(vjp(f, x)[1](u)[0]))(v), 3.0 * x**2)
    # both at once: d/dx of ⟨x, J(x) x⟩ = 12 x³
    np.testing.assert_array_equal(grad(lambda x: np.sum(x * jvp(f, (x,), (x,))[1]))(x), 12.0 * x**3)
    np.testing.assert_array_equal(grad(lambda x: np.sum(vjp(f, x)[1](x)[0] * x))(x), 12.0 * x**3)
    np.testing.assert_array_equal(grad(lambda v: np.sum(hvp(lambda x: np.sum(x**3), x, v)))(v), 6.0 * x)


# Closures ---------------------------------------------------------------------------------------------------------


def test_a_tensor_in_a_closure_makes_tensors():
    a = Tensor(3.0)
    value, g = value_and_grad(lambda x: a * x**2)(2.0)
    assert isinstance(value, Tensor)
    assert isinstance(g, Tensor)
    assert (value.value, g.value) == (12.0, 12.0)
    g.backward()
    assert a.grad == 4.0  # ∂(2 a x)/∂a
    y, pullback = vjp(lambda x: a * x, 2.0)
    assert isinstance(y, Tensor)
    assert isinstance(pullback(1.0)[0], Tensor)
    assert isinstance(jvp(lambda x: a * x, (2.0,), (1.0,))[1], Tensor)
    assert isinstance(jacobian(lambda x: a * x)(np.ones(2)), Tensor)
    assert isinstance(jacobian(lambda x: np.stack([a * x, x]))(1.0), Tensor)


def test_functions_that_do_not_depend_on_the_input():
    x = np.ones((2, 2))
    a = Tensor(3.0)
    np.testing.assert_array_equal(grad(lambda x: 5.0)(x), np.zeros((2, 2)))
    np.testing.assert_array_equal(grad(lambda x: 5)(x), np.zeros((2, 2)))
    np.testing.assert_array_equal(grad(lambda x: np.float64(5.0))(x), np.zeros((2, 2)))
    assert grad(lambda x: a)(1.0) == 0.0
    assert grad(lambda x: a * a)(1.0) == 0.0
    assert value_and_grad(lambda x, y: y * y)(1.0, 2.0) == (4.0, 0.0)
    np.testing.assert_array_equal(jvp(lambda x: np.ones(3), (x,), (x,))[1], np.zeros(3))
    np.testing.assert_array_equal(vjp(lambda x: np.ones(3), x)[1](np.ones(3))[0], np.zeros((2, 2)))
    np.testing.assert_array_equal(hessian(lambda x: np.sum(x))(np.ones(2)), np.zeros((2, 2)))
    assert grad(lambda x: x)(4.0) == 1.0
    assert jvp(lambda x: x, (4.0,), (2.0,)) == (4.0, 2.0)
    assert grad(lambda x: Tensor(2.0) * x)(4.0) == 2.0  # a leaf made inside is a constant


@pytest.mark.parametrize("derivative", [grad, value_and_grad, hessian])
@pytest.mark.parametrize(
    ("f", "error", "words"),
    [
        (lambda x: None, TypeError, "returned None"),
        (lambda x: "text", TypeError, "scalar"),
        (lambda x: [x, x], TypeError, "scalar"),
        (lambda x: {"loss": x}, TypeError, "scalar"),
        (lambda x: 1j, TypeError, "real"),
        (lambda x: x * np.ones(2), ShapeError, r"\(2,\).*jacobian"),
        (lambda x: np.ones(2), ShapeError, r"\(2,\).*jacobian"),
        (lambda x: np.reshape(x, (1,)), ShapeError, r"\(1,\).*jacobian"),
    ],
)
def test_functions_that_return_no_scalar(derivative, f, error, words):
    with pytest.raises(error, match=words):
        derivative(f)(1.0)


@pytest.mark.parametrize("bad", [None, "text"])
@pytest.mark.parametrize(
    "derivative", [lambda f: jvp(f, (1.0,), (1.0,)), lambda f: vjp(f, 1.0), lambda f: jacobian(f)(1.0), lambda f: trace(f, 1.0)]
)
def test_functions_that_return_no_number(derivative, bad):
    with pytest.raises(TypeError):
        derivative(lambda x: bad)


def test_shapes_of_tangents_and_cotangents():
    x = np.ones(3)
    with pytest.raises(ShapeError, match=r"\(2,\).*\(3,\)"):
        jvp(lambda x: x, (x,), (np.ones(2),))
    with pytest.raises(ShapeError, match="nested like"):
        jvp(lambda x: x[0], ([x],), ([x, x],))
    with pytest.raises(TypeError, match=r"1 primal.*2 tangent"):
        jvp(lambda x: x, (x,), (x, x))
    with pytest.raises(TypeError, match=r"must be tuples, got 1\.0 and 2\.0"):
        jvp(lambda x: x, 1.0, 2.0)
    with pytest.raises(ShapeError, match=r"\(3,\).*\(2,\)"):
        vjp(lambda x: x, x)[1](np.ones(2))
    with pytest.raises(ShapeError, match="2 results, got 1"):
        vjp(lambda x: (x, x), x)[1]((x,))


# backward() -----------------------------------------------------------------------------------------------------


def test_backward_accumulates():
    x, y = Tensor([1.0, 2.0]), Tensor(3.0)
    np.sum(x**2 * y).backward()
    np.testing.assert_array_equal(x.grad, [6.0, 12.0])
    assert y.grad == 5.0
    first = x.grad
    np.sum(x).backward()
    np.testing.assert_array_equal(x.grad, [7.0, 13.0])
    np.testing.assert_array_equal(first, [6.0, 12.0])  # what somebody held is not changed
    x.grad = None
    np.sum(3.0 * x).backward()
    np.testing.assert_array_equal(x.grad, [3.0, 3.0])
    assert y.grad == 5.0
    assert type(x.grad) is np.ndarray


def test_backward_of_a_leaf_and_twice():
    x = Tensor(2.0)
    x.backward()
    assert x.grad == 1.0
    y = x * x
    y.backward()
    y.backward()  # the graph is kept
    assert x.grad == 9.0
    assert y.grad is None  # leaves only


def test_backward_through_many_paths():
    """y = x + x, doubled n times: 2ⁿ paths, each box visited once."""
    x = Tensor(1.0)
    y = x
    for _ in range(60):
        y = y + y
    y.backward()
    assert x.grad == 2.0**60


def test_backward_inside_grad_reaches_the_outer_leaf():
    a = Tensor(3.0)
    g = grad(lambda x: a * a * x)(2.0)
    g.backward()
    assert a.grad == 6.0


def writeable_and_shared(arrays: list[Any]) -> list[tuple[int, int]]:
    return [
        (i, j)
        for i in range(len(arrays))
        for j in range(i)
        if np.shares_memory(arrays[i], arrays[j]) and (arrays[i].flags.writeable or arrays[j].flags.writeable)
    ]


W = np.array([[1.0, 2.0], [3.0, 4.0]])
SUMS = {
    "a + b": lambda a, b: np.sum(W * (a + b)),
    "plain sum": lambda a, b: np.sum(a + b),
    "a + b.T": lambda a, b: np.sum(W * (a + b.T)),
    "reshape": lambda a, b: np.sum(W * (a + np.reshape(b, (2, 2)))),
    "concatenate": lambda a, b: np.sum(np.concatenate([W, W]) * np.concatenate([a, b])),
    "rows": lambda a, b: np.sum(W * (a + b[::-1])),
    "product": lambda a, b: np.sum((a @ W) * b),
    "mean": lambda a, b: np.mean(a + b),
    "transposed": lambda a, b: np.sum((a.T + b.T) * W.T),
}


@pytest.mark.parametrize("name", SUMS)
def test_no_two_gradients_share_memory(name):
    """Changing one gradient in place (clipping, scaling) must not change another."""
    a, b = Tensor(W), Tensor(2.0 * W)
    SUMS[name](a, b).backward()
    assert not writeable_and_shared([a.grad, b.grad])
    assert not writeable_and_shared([*grad(SUMS[name], (0, 1))(W, 2.0 * W), W])
    assert not writeable_and_shared([*grad(lambda ab: SUMS[name](*ab))([W, 2.0 * W]), W])


def test_gradients_of_grad_can_be_changed():
    for f in SUMS.values():
        for g in grad(f, (0, 1))(W, W):
            g *= 0.5  # an array of one's own


def test_a_pullback_does_not_hand_out_what_it_was_given():
    u = np.ones((2, 2))
    _y, pullback = vjp(lambda x: x.T, W)
    (g,) = pullback(u)
    assert not np.shares_memory(g, u)
    again = pullback(u)[0]
    g[:] = 7.0
    np.testing.assert_array_equal(again, np.ones((2, 2)))
    np.testing.assert_array_equal(pullback(u)[0], np.ones((2, 2)))


# Size -----------------------------------------------------------------------------------------------------------


def test_a_chain_of_a_million_operations():
    n = 1_000_000
    x = Tensor(1.0)
    y = x
    for _ in range(n):
        y = y + 1e-6
    y.backward()
    assert x.grad == 1.0
    del y  # and its boxes can be freed one after the other, too

    def chain(x: Any) -> Any:
        for _ in range(20_000):
            x = x * 1.0
        return x

    assert jvp(chain, (2.0,), (1.0,)) == (2.0, 1.0)
    assert grad(grad(lambda x: chain(x) ** 3))(2.0) == 12.0
    assert len(trace(chain, 1.0).operations) == 20_000


def test_no_cyclic_garbage():
    """After backward, grad, Hessian, trace and scan, reference counting alone has freed every box."""

    def work() -> None:
        x = Tensor(np.ones(3))
        np.sum(np.tanh(x) ** 2).backward()

        def f(x):
            return np.sum(np.tanh(x) * np.exp(x))

        grad(f)(np.ones(3))
        hessian(f)(np.ones(3))
        hvp(f, np.ones(3), np.ones(3))
        grad(lambda x: np.sum(scan(lambda c, _: (np.sin(c), c), x, length=3)[1]))(np.ones(2))
        trace(f, np.ones(3)).run(np.ones(3))

    work()
    gc.collect()
    gc.disable()
    try:
        before = len([o for o in gc.get_objects() if type(o) is Tensor])
        for _ in range(5):
            work()
        after = len([o for o in gc.get_objects() if type(o) is Tensor])
    finally:
        gc.enable()
    assert after == before
    gc.collect()


def test_the_same_bits_every_time():
    θ = parameters()
    first, again = (leaves(grad(lambda θ: loss(np, θ))(θ)) for _ in range(2))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_result_that_is_returned_twice_collects_both_cotangents():
    def twice(x: Any) -> Any:
        y = np.sin(x)
        return y, y

    _, pull = vjp(twice, 0.7)
    assert pull((2.0, 3.0))[0] == pytest.approx(5.0 * np.cos(0.7), rel=1e-15)
