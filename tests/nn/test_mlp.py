"""MLPs against PyTorch, formulas and finite differences, in each form that parameters can have."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from dlcourse import ShapeError, Tensor, check_gradient, compile, grad, hessian, hvp, nn, optim, trace, value_and_grad
from dlcourse.nn import activations

RNG = np.random.default_rng(5)
X = RNG.normal(0, 1, (9, 3))
TASKS = {"regression": RNG.normal(0, 1, (9, 2)), "binary": RNG.integers(0, 2, 9), "multiclass": RNG.integers(0, 3, 9)}
OUTPUTS = {"regression": 2, "binary": 1, "multiclass": 3}


def start(mlp: nn.MLP, seed: int = 0) -> dict[str, Any]:
    """Weights as drawn, biases not 0."""
    theta = mlp.init(np.random.default_rng(seed))
    for b in theta["b"]:
        b[...] = np.random.default_rng(seed + 1).normal(0, 0.5, b.shape)
    return theta


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_value_and_gradient_equal_pytorch(task: str, activation: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; finite differences check the gradients")
    mlp = nn.MLP([3, 5, 4, OUTPUTS[task]], activation, task)
    theta, y = start(mlp), TASKS[task]
    W, b = ([torch.tensor(x, requires_grad=True) for x in theta[key]] for key in ("W", "b"))
    h = torch.tensor(X)
    for k in range(3):
        h = h @ W[k].T + b[k]
        h = getattr(torch, activation)(h) if k < 2 else h
    F = torch.nn.functional
    loss = {
        "regression": lambda: F.mse_loss(h, torch.tensor(TASKS["regression"])) * 2,
        "binary": lambda: F.binary_cross_entropy_with_logits(h[:, 0], torch.tensor(y, dtype=torch.float64)),
        "multiclass": lambda: F.cross_entropy(h, torch.tensor(y)),
    }[task]()
    loss = loss + 0.01 * sum(w.abs().sum() for w in W) + 0.1 * sum((w**2).sum() for w in W)
    loss.backward()
    value, found = value_and_grad(lambda θ: mlp.loss(θ, X, y, l1=0.01, l2=0.1))(theta)
    assert value == pytest.approx(loss.item(), rel=1e-13)
    for ours, theirs in zip(found["W"] + found["b"], W + b, strict=True):
        np.testing.assert_allclose(ours, theirs.grad.numpy(), atol=1e-14)


@pytest.mark.parametrize("activation", list(activations.ALL))
def test_gradients_equal_finite_differences(activation: str) -> None:
    mlp = nn.MLP([3, 4, 3], activation)
    assert check_gradient(lambda θ: mlp.loss(θ, X, TASKS["multiclass"], l2=0.1), start(mlp)) < 1e-7


@pytest.mark.parametrize("task", TASKS)
def test_all_forms_of_parameters_give_the_same(task: str) -> None:
    mlp = nn.MLP([3, 4, OUTPUTS[task]], "tanh", task)
    theta, y = start(mlp), TASKS[task]
    flat = mlp.flat(theta)
    tensors = {key: [Tensor(x) for x in entry] for key, entry in theta.items()}
    logits = mlp(theta, X)
    assert logits.shape == (9, OUTPUTS[task])
    np.testing.assert_array_equal(mlp(flat, X), logits)
    np.testing.assert_array_equal(mlp(tensors, X).value, logits)
    np.testing.assert_array_equal(mlp(Tensor(flat), X).value, logits)
    np.testing.assert_array_equal(mlp(mlp.unflatten(flat), X), logits)
    by_flat = grad(lambda θ: mlp.loss(θ, X, y, l2=0.3))(flat)
    by_nest = grad(lambda θ: mlp.loss(θ, X, y, l2=0.3))(theta)
    mlp.loss(tensors, X, y, l2=0.3).backward()
    value, joined = nn.flat_value_and_grad(lambda θ: mlp.loss(θ, X, y, l2=0.3), mlp.unflatten)(flat)
    assert value == pytest.approx(float(mlp.loss(flat, X, y, l2=0.3)), rel=1e-15)
    for found in (joined, mlp.flat(by_nest), mlp.flat({k: [t.grad for t in e] for k, e in tensors.items()})):
        np.testing.assert_allclose(found, by_flat, atol=1e-16)


def test_the_nest_is_views_of_one_buffer() -> None:
    mlp = nn.MLP([3, 4, 2])
    theta = mlp.init(np.random.default_rng(0))
    flat = mlp.flat(theta)
    assert mlp.flat(theta) is flat
    assert flat.shape == (mlp.size,)
    flat += 1.0  # in place: the network sees it
    assert (theta["b"][0] == 1.0).all()
    assert all(np.shares_memory(x, flat) for entry in theta.values() for x in entry)
    moved = flat * 2.0
    assert mlp.flat(mlp.unflatten(moved)) is moved
    copied = {key: [x.copy() for x in entry] for key, entry in theta.items()}
    np.testing.assert_array_equal(mlp.flat(copied), flat)
    assert not np.shares_memory(mlp.flat(copied), flat)
    swapped = {"W": theta["W"][::-1], "b": theta["b"]}  # views, but not in order
    np.testing.assert_array_equal(nn.flatten(swapped)[0][: theta["W"][1].size], theta["W"][1].ravel())


@given(st.lists(st.integers(1, 5), min_size=2, max_size=5), st.integers(1, 6))
def test_shapes_sizes_and_layers(widths: list[int], examples: int) -> None:
    mlp = nn.MLP(widths, "tanh", "regression")
    theta = start(mlp)
    inputs = np.random.default_rng(2).normal(0, 1, (examples, widths[0]))
    assert [W.shape for W in theta["W"]] == list(zip(widths[1:], widths[:-1], strict=True))
    assert mlp.size == sum(n * (m + 1) for m, n in itertools.pairwise(widths))
    layers = mlp.layers(theta, inputs)
    assert [layer.a.shape for layer in layers] == [(examples, n) for n in widths[1:]]
    h = inputs
    for layer, W, b, last in zip(layers, theta["W"], theta["b"], [False] * (len(widths) - 2) + [True], strict=True):
        np.testing.assert_allclose(layer.a, h @ W.T + b, atol=1e-14)
        np.testing.assert_array_equal(layer.h, layer.a if last else np.tanh(layer.a))
        h = layer.h
    np.testing.assert_array_equal(layers[-1].a, mlp(theta, inputs))


def test_predictions_go_with_the_task() -> None:
    for task, y in TASKS.items():
        mlp = nn.MLP([3, 4, OUTPUTS[task]], "relu", task)
        theta = start(mlp)
        a, p = mlp(theta, X), mlp.predict(theta, X)
        np.testing.assert_array_equal(mlp.layers(theta, X)[-1].h, p)
        if task == "regression":
            np.testing.assert_array_equal(p, a)
            with pytest.raises(ValueError, match="regression has no classes"):
                mlp.classify(theta, X)
            continue
        np.testing.assert_allclose(p, special.softmax(a, axis=1) if task == "multiclass" else special.expit(a), atol=1e-15)
        classes = mlp.classify(theta, X)
        assert classes.shape == (9,)
        assert classes.dtype.kind == "i"
        assert float(nn.zero_one(a, y)) == pytest.approx(np.mean(classes != y))
        np.testing.assert_array_equal(mlp.classify(Tensor(mlp.flat(theta)), X), classes)


def test_a_relu_layer_is_max_0_of_Wx_plus_b() -> None:
    W, b = np.array([[1.0, -1.0], [2.0, 0.5]]), np.array([0.5, -3.0])
    mlp = nn.MLP([2, 2, 1], "relu", "regression")
    layer = mlp.layers({"W": [W, np.ones((1, 2))], "b": [b, np.zeros(1)]}, np.array([[1.0, 2.0]]))[0]
    assert layer.h.tolist() == [[0.0, 0.0]]
    assert layer.a.tolist() == [[-0.5, 0.0]]


def test_prelu_learns_its_slopes() -> None:
    mlp = nn.MLP([3, 4, 4, 3], "prelu")
    theta = start(mlp)
    assert mlp.size == 3 * 4 + 4 + 4 * 4 + 4 + 4 * 3 + 3 + 2
    assert [float(α[0]) for α in theta["alpha"]] == [0.25, 0.25]
    found = grad(lambda θ: mlp.loss(θ, X, TASKS["multiclass"], l2=0.5))(theta)
    assert all(g.any() for g in found["alpha"])


def test_a_maxout_unit_is_the_larger_of_two_pieces() -> None:
    mlp = nn.MLP([3, 4, 5, 3], "maxout")
    theta = start(mlp)
    assert [W.shape for W in theta["W"]] == [(8, 3), (10, 4), (3, 5)]
    layer = mlp.layers(theta, X)[0]
    np.testing.assert_array_equal(layer.h, np.maximum(layer.a[:, ::2], layer.a[:, 1::2]))
    absolute = {"W": [np.array([[1.0], [-1.0]]), np.ones((1, 1))], "b": [np.zeros(2), np.zeros(1)]}
    inputs = np.array([[-2.0], [3.0]])
    np.testing.assert_array_equal(nn.MLP([1, 1, 1], "maxout", "regression")(absolute, inputs), np.abs(inputs))


def test_activations_of_ones_own() -> None:
    def wave(a: Any) -> Any:
        return np.sin(a)

    mlp = nn.MLP([3, 4, 3], wave)
    theta = start(mlp)
    np.testing.assert_allclose(mlp.layers(theta, X)[0].h, np.sin(mlp.layers(theta, X)[0].a))
    check_gradient(lambda θ: mlp.loss(θ, X, TASKS["multiclass"]), theta)


def test_training_inside_a_trace() -> None:
    """A whole run on the flat vector is one program, with the learning rate and the penalty as inputs."""
    mlp = nn.MLP([3, 4, 3])
    flat, y = mlp.flat(start(mlp)), TASKS["multiclass"]

    def run(θ: Any, α: Any, λ: Any) -> Any:
        return optim.descend(optim.GradientDescent(α), lambda θ: mlp.loss(θ, X, y, l2=λ), θ, 20).values

    program = trace(run, flat, 0.1, 0.01)
    np.testing.assert_allclose(program.run(flat, 0.5, 0.02), run(flat, 0.5, 0.02), rtol=1e-12)
    assert run(flat, 0.5, 0.02)[-1] < run(flat, 0.5, 0.02)[0]
    joined = trace(nn.flat_value_and_grad(lambda θ: mlp.loss(θ, X, y), mlp.unflatten), flat)
    np.testing.assert_allclose(joined.run(flat)[1], grad(lambda θ: mlp.loss(θ, X, y))(flat), atol=1e-15)


# Initialisation -------------------------------------------------------------------------------------------------------


def test_zero_weights_stop_all_but_the_output_bias_and_equal_weights_stay_equal() -> None:
    mlp, y = nn.MLP([3, 4, 3]), TASKS["multiclass"]
    found = grad(lambda θ: mlp.loss(θ, X, y))(mlp.init(np.random.default_rng(0), "zeros"))
    assert not any(g.any() for g in found["W"])
    assert not found["b"][0].any()
    assert found["b"][1].any()
    theta = mlp.init(np.random.default_rng(0), nn.constant(0.3))
    flat, state = mlp.flat(theta), None
    for t in range(1, 20):
        flat, state = optim.GradientDescent(0.5).step(grad(lambda θ: mlp.loss(θ, X, y)), flat, state, t)
    W = mlp.unflatten(flat)["W"]
    assert np.abs(W[0] - W[0][0]).max() < 1e-12
    assert np.abs(W[0] - 0.3).max() > 1e-3


def test_the_initialiser_goes_with_the_activation() -> None:
    wide = [400, 300, 2]
    he = nn.MLP(wide, "relu").init(np.random.default_rng(0))["W"][0]
    glorot = nn.MLP(wide, "tanh").init(np.random.default_rng(0))["W"][0]
    assert he.var() == pytest.approx(2 / 400, rel=0.02)
    assert np.abs(glorot).max() <= np.sqrt(6 / 700)
    same = [nn.MLP(wide).init(np.random.default_rng(4))["W"][0] for _ in range(2)]
    np.testing.assert_array_equal(*same)


# Bad input ------------------------------------------------------------------------------------------------------------


def test_what_does_not_fit_is_named() -> None:
    mlp = nn.MLP([3, 4, 3])
    theta = start(mlp)
    with pytest.raises(ShapeError, match=r"MLP: takes 3 input\(s\), so X must be \(T, 3\), one example to a row; got \(9, 2\)"):
        mlp(theta, X[:, :2])
    with pytest.raises(ShapeError, match=r"got \(3,\)"):
        mlp(theta, X[0])
    with pytest.raises(ShapeError, match=r"MLP: W has the shape\(s\)"):
        mlp({"W": theta["W"][::-1], "b": theta["b"]}, X)
    with pytest.raises(ShapeError, match="needs the parameters"):
        mlp({"W": theta["W"]}, X)
    with pytest.raises(ShapeError, match="needs a vector of 31 parameters"):
        mlp(np.zeros(30), X)
    with pytest.raises(ValueError, match="from 0 to 2, got 3"):
        mlp.loss(theta, X, np.full(9, 3))
    with pytest.raises(ShapeError, match="labels"):
        mlp.loss(theta, X, np.zeros(8))
    with pytest.raises(ValueError, match="the output for example 4 is not a number"):
        mlp.classify(theta, np.where(np.arange(9)[:, None] == 4, np.nan, X))
    with pytest.raises(ValueError, match="l2 must be a finite number ≥ 0, got -1"):
        mlp.loss(theta, X, np.zeros(9), l2=-1.0)


@pytest.mark.parametrize(("make", "message"), [
    (lambda: nn.MLP([3, 4, 2], "rellu"), "did you mean 'relu'"),
    (lambda: nn.MLP([3, 4, 2], task="classification"), "no task is called 'classification'; did you mean"),
    (lambda: nn.MLP([3, 4, 1]), "'multiclass' at least 2"),
    (lambda: nn.MLP([3, 4, 2], task="binary"), "'binary' needs 1 output"),
    (lambda: nn.MLP([3]), "at least 2 whole numbers"),
    (lambda: nn.MLP([3, 0, 2]), "each of the widths must be a whole number ≥ 1, got 0"),
    (lambda: nn.MLP([3, 2.5, 2]), "whole number ≥ 1, got 2.5"),  # type: ignore[list-item]
    (lambda: nn.MLP([3, 2]).init(np.random.default_rng(0), "xavier"), "no initialiser is called 'xavier'"),
])  # fmt: skip
def test_bad_networks(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_a_network_that_does_not_say_how_it_computes() -> None:
    with pytest.raises(NotImplementedError, match="Network does not say how it computes"):
        nn.Network(2, 1, "regression", {"W": (1, 2)})(np.zeros(2), np.ones((1, 2)))


def test_repr() -> None:
    assert repr(nn.MLP([64, 128, 10], "relu")) == "<MLP 64 → 128 → 10, relu, multiclass, 9,610 parameters>"


# What the engine makes of it --------------------------------------------------------------------------------------------


def test_hessian_equals_pytorch_and_hvp_equals_hessian() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; hvp and hessian are tested on primitives without it")
    mlp = nn.MLP([3, 3, 3])
    flat, y = mlp.flat(start(mlp)), TASKS["multiclass"]

    def oracle(θ: Any) -> Any:
        W1, W2, b1, b2 = θ[:9].reshape(3, 3), θ[9:18].reshape(3, 3), θ[18:21], θ[21:]
        return torch.nn.functional.cross_entropy(torch.tanh(torch.tensor(X) @ W1.T + b1) @ W2.T + b2, torch.tensor(y))

    exact = torch.autograd.functional.hessian(oracle, torch.tensor(flat)).numpy()
    found = hessian(lambda θ: mlp.loss(θ, X, y))(flat)
    np.testing.assert_allclose(found, exact, atol=1e-14)
    v = np.random.default_rng(0).normal(size=flat.size)
    np.testing.assert_allclose(hvp(lambda θ: mlp.loss(θ, X, y), flat, v), exact @ v, atol=1e-13)


def test_the_pytorch_shaped_loop_walks_the_path_of_the_flat_rule() -> None:
    mlp, y = nn.MLP([3, 4, 3], "gelu"), TASKS["multiclass"]
    theta = start(mlp)
    tensors = {key: [Tensor(x) for x in entry] for key, entry in theta.items()}
    optimizer = optim.Optimizer(tensors, optim.HeavyBall(0.1, 0.9))
    for _ in range(10):
        optimizer.zero_grad()
        mlp.loss(tensors, X, y).backward()
        optimizer.step()
    path = optim.descend(optim.HeavyBall(0.1, 0.9), lambda θ: mlp.loss(θ, X, y), mlp.flat(theta), 10).path
    np.testing.assert_allclose(mlp.flat({k: [t.value for t in e] for k, e in tensors.items()}), path[-1], atol=1e-14)


def test_compiled_and_eager_agree() -> None:
    mlp, y = nn.MLP([3, 4, 3], "silu"), TASKS["multiclass"].astype(float)
    step = nn.flat_value_and_grad(lambda θ, X, y: mlp.loss(θ, X, y), mlp.unflatten)
    flat = mlp.flat(start(mlp))
    value, gradient = compile(step, flat, X, y)(flat, X, y)
    np.testing.assert_allclose(gradient, step(flat, X, y)[1], atol=1e-15)
    assert value == pytest.approx(step(flat, X, y)[0], rel=1e-15)
