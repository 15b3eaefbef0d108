"""The sixteen activations against PyTorch, SciPy and what is printed in the sources."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import optimize, special

from dlcourse import ShapeError, Tensor, check_gradient, grad, jacobian, nn, trace
from dlcourse.autodiff import primitives
from dlcourse.nn import activations

SIXTEEN = [
    "identity", "binary_step", "sigmoid", "tanh", "soboleva_tanh", "relu", "leaky_relu", "prelu", "gelu", "elu", "selu", "silu",
    "gaussian", "softplus", "softmax", "maxout",
]  # fmt: skip
ELEMENTWISE = [name for name in SIXTEEN if name not in ("softmax", "maxout")]
CORNER = {"binary_step", "relu", "leaky_relu", "prelu", "selu"}  # no derivative at 0
GRID = np.concatenate([np.linspace(-20.0, 20.0, 2001), [-1000.0, 1000.0]])

# Written down a second time, with SciPy's special functions.
BY_HAND = {
    "identity": lambda x: x,
    "binary_step": lambda x: np.heaviside(x, 1.0),
    "sigmoid": special.expit,
    "tanh": np.tanh,
    "soboleva_tanh": np.tanh,
    "relu": lambda x: x.clip(0.0),
    "leaky_relu": lambda x: np.maximum(x, 0.01 * x),
    "prelu": lambda x: np.maximum(x, 0.25 * x),
    "gelu": lambda x: x * special.ndtr(x),
    "elu": lambda x: np.where(x > 0, x, special.boxcox(np.exp(np.minimum(x, 0.0)), 1.0)),
    "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * (np.exp(np.minimum(x, 0.0)) - 1.0)),
    "silu": lambda x: x * special.expit(x),
    "gaussian": lambda x: np.exp(-np.square(x)),
    "softplus": lambda x: -special.log_expit(-x),
}


def test_the_table_has_all_sixteen_and_the_module_the_functions() -> None:
    assert list(activations.ALL) == SIXTEEN
    for name, entry in activations.ALL.items():
        assert entry.function is getattr(activations, name)
        assert entry.name == name
        assert "source" in entry.function.__doc__
        assert all(p.low <= p.default <= p.high and p.meaning for p in entry.parameters.values())


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_values(name: str) -> None:
    found = activations.get(name)(GRID)
    assert np.isfinite(found).all()  # at ±1000 too
    # a few roundings of numbers of the size of x
    assert (np.abs(found - BY_HAND[name](GRID)) <= 4e-15 * np.maximum(1.0, np.abs(GRID))).all()


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "leaky_relu", "prelu", "gelu", "elu", "selu", "silu", "softplus"])
def test_values_and_derivatives_equal_pytorch(name: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; formulas are tested without it")
    F = torch.nn.functional
    special_cases = {
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "prelu": lambda x: F.prelu(x, torch.tensor([0.25]).double()),
        "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),
    }
    oracle = special_cases.get(name) or getattr(F, name)
    for grid in (np.linspace(-30.0, 30.0, 1001), np.array([-1000.0, 0.0, 1000.0])):  # 0: the same choice at the corner
        x = torch.tensor(grid, requires_grad=True)
        y = oracle(x)
        y.sum().backward()
        entry = activations.get(name)
        assert np.abs(entry(grid) - y.detach().numpy()).max() < 1e-13
        assert np.abs(entry.slope(grid) - x.grad.numpy()).max() < 1e-13


@pytest.mark.parametrize("name", [name for name in ELEMENTWISE if activations.ALL[name].derivative is not None])
def test_the_derivative_on_paper_is_that_of_the_engine(name: str) -> None:
    entry = activations.get(name)
    found = entry.slope(GRID)
    assert np.isfinite(found).all()
    assert np.abs(found - entry.derivative(GRID)).max() < 1e-14  # type: ignore[misc]
    parameters = dict.fromkeys(entry.parameters, 0.7)
    assert np.abs(entry.slope(GRID, **parameters) - entry.derivative(GRID, **parameters)).max() < 1e-14  # type: ignore[misc]


@pytest.mark.parametrize("name", SIXTEEN)
def test_gradient_check(name: str) -> None:
    x = np.array([[-2.3, -0.4, 0.9, 1.7], [0.2, 3.1, -1.1, 0.6]])
    weights = np.arange(1.0, 9.0).reshape(2, 4)
    entry = activations.get(name)
    check_gradient(lambda z: np.sum(entry(z) * (weights if name != "maxout" else weights[:, 0])), x)
    for key in entry.parameters:
        check_gradient(lambda p, key=key: np.sum(weights * entry.function(x, **{key: p})), 0.8)


@pytest.mark.parametrize("name", ELEMENTWISE)
@given(x=arrays.arrays(np.float64, arrays.array_shapes(min_dims=0, max_dims=3, max_side=4), elements=st.floats(-1000, 1000)))
def test_arrays_and_tensors_of_any_shape_alike(name: str, x: Any) -> None:
    entry = activations.get(name)
    on_array, on_tensor = entry.function(x), entry.function(Tensor(x))
    assert np.shape(on_array) == on_tensor.shape == np.shape(x)
    np.testing.assert_array_equal(on_array, on_tensor.value)
    assert entry.range().holds(np.where(np.abs(x) < 5, on_array, entry.function(np.ones(()))))
    assert np.isfinite(entry.slope(x)).all()


# Pixels come in eight bits, where a square, a minus and a difference wrap around.
@pytest.mark.parametrize("x", [
    np.array([0, 1, 2, 100, 255], dtype=np.uint8),
    np.array([-128, -3, 0, 5, 127], dtype=np.int8),
    np.array([1, -(2**63), 2**40, 3]),
    np.array([True, False]),
    np.uint8(200),
], ids=lambda x: f"{x.dtype}{x.ndim}")  # fmt: skip
@pytest.mark.filterwarnings("ignore:overflow")  # what grows without bound, at 2⁶³
def test_whole_numbers_are_taken_for_floats(x: Any) -> None:
    functions = {name: activations.get(name).function for name in SIXTEEN if x.ndim or name in ELEMENTWISE}
    rows = {name: getattr(primitives, name) for name in ("negative", "square", "absolute", "exp", "cos", "sqrt", "norm")}
    for name, function in {**functions, **rows}.items():
        if name != "sqrt" or np.all(x >= 0):
            np.testing.assert_array_equal(function(x), function(np.float64(x)), err_msg=name)


@pytest.mark.parametrize("name", SIXTEEN)
def test_they_can_be_traced(name: str) -> None:
    x = np.linspace(-3.0, 3.0, 6).reshape(2, 3)
    function = activations.get(name).function
    program = trace(lambda x: (function(x), grad(lambda z: np.sum(function(z)))(x)), np.ones((2, 3)))
    np.testing.assert_array_equal(program.run(x)[0], function(x))
    assert program.to_json()["ops"] or name == "identity"


@pytest.mark.parametrize("name", SIXTEEN)
def test_what_is_not_a_number_stays_so(name: str) -> None:
    assert np.isnan(activations.get(name)(np.array([np.nan, 1.0]))).any()


# Ranges -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "bracket", "low", "printed"), [("gelu", (-2, 0), -0.16997, -0.17), ("silu", (-3, 0), -0.27846, -0.278)]
)
def test_printed_minima(name: str, bracket: tuple[float, float], low: float, printed: float) -> None:
    entry = activations.get(name)
    found = optimize.minimize_scalar(
        lambda x: float(entry(np.array(x))), bounds=bracket, method="bounded", options={"xatol": 1e-10}
    )
    assert abs(found.fun - entry.range().low) < 1e-15
    assert math.floor(abs(found.fun) * 1e5) / 1e5 == -low
    assert round(found.fun, len(str(printed)) - 3) == printed
    if name == "silu":
        assert entry.range().low == pytest.approx(-special.lambertw(1 / math.e).real, abs=1e-16)


@pytest.mark.parametrize(("name", "parameters", "text"), [
    ("identity", {}, "(−∞, ∞)"), ("binary_step", {}, "{0, 1}"), ("sigmoid", {}, "(0, 1)"), ("tanh", {}, "(−1, 1)"),
    ("soboleva_tanh", {}, "(−1, 1)"), ("soboleva_tanh", {"a": 2.0}, "(−1, ∞)"), ("soboleva_tanh", {"b": 2.0}, "(−∞, 1)"),
    ("relu", {}, "[0, ∞)"), ("leaky_relu", {}, "(−∞, ∞)"), ("leaky_relu", {"slope": 0.0}, "[0, ∞)"), ("prelu", {}, "(−∞, ∞)"),
    ("elu", {}, "(−1, ∞)"), ("elu", {"alpha": 0.0}, "[0, ∞)"), ("selu", {}, "(−1.7581, ∞)"), ("gelu", {}, "[−0.169971, ∞)"),
    ("silu", {}, "[−0.278465, ∞)"), ("gaussian", {}, "(0, 1]"), ("softplus", {}, "(0, ∞)"), ("softmax", {}, "(0, 1)"),
    ("maxout", {}, "(−∞, ∞)"),
])  # fmt: skip
def test_ranges_are_right_at_both_ends(name: str, parameters: dict[str, float], text: str) -> None:
    entry = activations.get(name)
    interval = entry.range(**parameters)
    assert str(interval) == text
    if not entry.elementwise:
        return
    x = np.linspace(-15.0, 15.0, 30_001)
    y = entry(x, **parameters)
    assert interval.holds(y)
    # the ends are approached: within the step of the grid, or beyond any bound that 15 reaches
    assert y.min() <= (interval.low + 2e-6 if math.isfinite(interval.low) else -0.14)
    assert y.max() >= (interval.high - 2e-6 if math.isfinite(interval.high) else 14.9)


def test_an_interval_knows_its_ends() -> None:
    half_open = activations.Interval("(", 0.0, 1.0, "]")
    assert half_open.holds(np.array([0.1, 1.0]))
    assert not half_open.holds(np.array([0.0]))
    assert not half_open.holds(np.array([np.nan]))
    assert not activations.get("binary_step").range().holds(0.5)


@given(st.tuples(*[st.floats(0.1, 3.0)] * 4))
def test_soboleva_against_its_formula_and_range(parameters: tuple[float, ...]) -> None:
    a, b, c, d = parameters
    x = np.linspace(-20.0, 20.0, 4001)
    formula = (np.exp(a * x) - np.exp(-b * x)) / (np.exp(c * x) + np.exp(-d * x))
    found = activations.soboleva_tanh(x, a, b, c, d)
    assert np.abs(found - formula).max() <= 1e-13 * max(1.0, np.abs(formula).max())
    interval = activations.get("soboleva_tanh").range(a=a, b=b, c=c, d=d)
    near = np.where(np.abs(x) < 3, found, 0.0)
    assert interval.holds(np.clip(near, interval.low, interval.high))
    assert near.max() <= interval.high + 1e-9
    assert near.min() >= interval.low - 1e-9
    assert (interval.high == math.inf) == (a > c)
    assert (interval.low == -math.inf) == (b > d)


def test_soboleva_is_stable_where_it_is_bounded_and_overflows_where_it_grows() -> None:
    x = np.array([-1000.0, 1000.0])
    entry = activations.get("soboleva_tanh")
    assert np.isfinite(entry(x, a=0.5, c=1.0)).all()
    assert np.isfinite(entry.slope(x, a=0.5, c=1.0)).all()
    with pytest.warns(RuntimeWarning, match="overflow"):
        assert entry(x, a=2.0)[1] == np.inf
    assert "exponentially" in (activations.soboleva_tanh.__doc__ or "")


# Corners, vectors, learned slopes --------------------------------------------------------------------------------------


def test_relu_has_slope_0_at_0() -> None:
    assert activations.get("relu").slope(np.array([-1.0, 0.0, 1.0])).tolist() == [0.0, 0.0, 1.0]
    assert activations.get("elu").slope(np.array([0.0])).tolist() == [1.0]


def test_softmax_jacobian() -> None:
    x = np.array([0.3, -1.0, 2.0])
    ρ = special.softmax(x)
    np.testing.assert_allclose(jacobian(activations.softmax)(x), np.diag(ρ) - np.outer(ρ, ρ), atol=1e-16)
    np.testing.assert_array_equal(activations.softmax(np.array([-1000.0, 1000.0])), [0.0, 1.0])


def test_two_class_softmax_is_the_sigmoid() -> None:
    a = np.linspace(-5.0, 5.0, 11)
    pair = activations.softmax(np.stack([np.zeros(11), a], axis=1))
    np.testing.assert_allclose(pair[:, 1], activations.sigmoid(a), atol=1e-16)


def test_maxout_sends_the_gradient_to_the_winner() -> None:
    x = np.array([[1.0, 5.0, 2.0], [4.0, 4.0, 0.0]])
    assert grad(lambda x: np.sum(activations.maxout(x)))(x).tolist() == [[0, 1, 0], [0.5, 0.5, 0]]


def test_prelu_learns_a_slope_for_each_unit() -> None:
    x = np.array([[-1.0, -2.0], [3.0, -4.0]])
    assert grad(lambda α: np.sum(activations.prelu(x, α)))(np.array([0.1, 0.2])).tolist() == [-1.0, -6.0]


# Bad input --------------------------------------------------------------------------------------------------------------


def test_unknown_names_and_parameters() -> None:
    with pytest.raises(
        ValueError, match=r"no activation is called 'rellu'; did you mean 'relu'\? There are identity, .*maxout"
    ):
        activations.get("rellu")
    with pytest.raises(TypeError, match="elu: has no parameter 'slope'; it has alpha"):
        activations.get("elu")(np.ones(1), slope=0.1)
    with pytest.raises(ValueError, match=r"elu: alpha must lie in \[0, inf\], got -1"):
        activations.get("elu")(np.ones(1), alpha=-1.0)
    with pytest.raises(ValueError, match="softmax: takes a whole vector"):
        activations.get("softmax").slope(np.ones(2))
    with pytest.raises(ShapeError, match="softmax"):
        nn.activations.softmax(np.float64(1.0))
