"""Batch normalisation against PyTorch's, in value, gradient and what it remembers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dlcourse import ShapeError, check_gradient, data, nn, optim, trace, training, value_and_grad
from dlcourse.nn import Moments

RNG = np.random.default_rng(3)
X, GAMMA, BETA, OUT = RNG.normal(2, 3, (7, 4)), RNG.normal(1, 0.2, 4), RNG.normal(0, 1, 4), RNG.normal(0, 1, (7, 4))


def objective(γ: Any, β: Any, X: Any) -> Any:
    return np.sum(OUT * nn.batch_norm(X, γ, β))


def test_training_equals_pytorch_in_value_and_gradient_and_memory() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; gradients are checked without it")
    layer = torch.nn.BatchNorm1d(4, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(GAMMA))
        layer.bias.copy_(torch.tensor(BETA))
    running = Moments(np.zeros(4), np.ones(4))
    for k in range(5):
        batch = X + 0.3 * k
        x = torch.tensor(batch, requires_grad=True)
        layer.zero_grad()
        value = (torch.tensor(OUT) * layer(x)).sum()
        value.backward()
        found, slopes = value_and_grad(objective, argnums=(0, 1, 2))(GAMMA, BETA, batch)
        assert found == pytest.approx(value.item(), rel=1e-12)
        for ours, theirs in zip(slopes, (layer.weight.grad, layer.bias.grad, x.grad), strict=True):
            np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-13)
        running = nn.running_moments(running, batch)
    np.testing.assert_allclose(running.mean, layer.running_mean.numpy(), rtol=1e-14)
    np.testing.assert_allclose(running.variance, layer.running_var.numpy(), rtol=1e-14)
    layer.eval()
    np.testing.assert_allclose(nn.normalize(X, GAMMA, BETA, running), layer(torch.tensor(X)).detach().numpy(), rtol=1e-13)


def test_gradients() -> None:
    for i, x in enumerate((GAMMA, BETA, X)):
        check_gradient(lambda v, i=i: objective(*[v if j == i else u for j, u in enumerate((GAMMA, BETA, X))]), x)


@given(arrays.arrays(np.float64, st.tuples(st.integers(2, 8), st.integers(1, 4)), elements=st.floats(-100, 100)))
def test_it_has_mean_β_and_spread_γ(X: Any) -> None:
    n = X.shape[1]
    γ, β = np.full(n, 2.0), np.full(n, 3.0)
    Y = nn.batch_norm(X, γ, β)
    variance = X.var(axis=0)
    np.testing.assert_allclose(Y.mean(axis=0), β, atol=1e-9)
    np.testing.assert_allclose(Y.var(axis=0), 4 * variance / (variance + 1e-5), atol=1e-9)
    np.testing.assert_array_equal(trace(nn.batch_norm, X, γ, β).run(X, γ, β), Y)


def test_bad_input() -> None:
    with pytest.raises(ShapeError, match=r"at least 2 examples, got shape \(1, 4\)"):
        nn.batch_norm(X[:1], GAMMA, BETA)
    with pytest.raises(ShapeError, match="needs γ, β"):
        nn.batch_norm(X, GAMMA[:2], BETA)
    with pytest.raises(ValueError, match="epsilon"):
        nn.batch_norm(X, GAMMA, BETA, epsilon=0.0)
    with pytest.raises(ValueError, match="momentum"):
        nn.running_moments(Moments(np.zeros(4), np.ones(4)), X, momentum=1.5)


# Inside an MLP ---------------------------------------------------------------------------------------------------------


def torch_twin(mlp: nn.MLP, theta: Any) -> Any:
    """nn.Sequential(Linear, BatchNorm1d, ReLU, …, Linear) with the parameters θ."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; gradients are checked without it")
    layers: list[Any] = []
    for k, (W, b) in enumerate(zip(theta["W"], theta["b"], strict=True)):
        layers.append(torch.nn.Linear(W.shape[1], W.shape[0], dtype=torch.float64))
        values = [W, b]
        if k < mlp.depth - 1:
            layers += [torch.nn.BatchNorm1d(W.shape[0], dtype=torch.float64), torch.nn.ReLU()]
            values += [theta["gamma"][k], theta["beta"][k]]
        parameters = [p for layer in layers for p in layer.parameters()][-len(values) :]
        with torch.no_grad():
            for parameter, value in zip(parameters, values, strict=True):
                parameter.copy_(torch.tensor(value))
    return torch.nn.Sequential(*layers)


def in_torchs_order(theta: Any) -> list[Any]:
    """W, b, γ, β layer by layer."""
    hidden = zip(theta["W"], theta["b"], theta["gamma"], theta["beta"])
    return [each for layer in hidden for each in layer] + [theta["W"][-1], theta["b"][-1]]


def shaken(mlp: nn.MLP) -> Any:
    """Parameters of which none is special."""
    return mlp.unflatten(mlp.flat(mlp.init(np.random.default_rng(0))) + RNG.normal(0, 0.1, mlp.size))


def test_a_normalised_mlp_equals_pytorchs_in_value_gradient_and_memory() -> None:
    mlp = nn.MLP([4, 6, 5, 3], "relu", batch_norm=True)
    theta, running = shaken(mlp), mlp.forgotten()
    torch, twin = pytest.importorskip("torch"), torch_twin(mlp, theta)
    flat, steps = mlp.flat(theta), nn.flat_value_and_grad(mlp.loss, mlp.unflatten)
    sgd = torch.optim.SGD(twin.parameters(), lr=0.2)
    for _ in range(20):
        batch, y = RNG.normal(1, 2, (9, 4)), RNG.integers(0, 3, 9)
        loss = torch.nn.functional.cross_entropy(twin(torch.tensor(batch)), torch.tensor(y))
        sgd.zero_grad()
        loss.backward()
        value, gradient = steps(flat, batch, y)
        assert value == pytest.approx(loss.item(), rel=1e-12)
        for ours, theirs in zip(in_torchs_order(mlp.unflatten(gradient)), twin.parameters(), strict=True):
            np.testing.assert_allclose(ours, theirs.grad.numpy(), atol=1e-12)
        running = mlp.remember(running, flat, batch)
        flat = flat - 0.2 * gradient
        sgd.step()
    for ours, layer in zip(running, (twin[1], twin[4]), strict=True):
        np.testing.assert_allclose(ours.mean, layer.running_mean.numpy(), rtol=1e-10)
        np.testing.assert_allclose(ours.variance, layer.running_var.numpy(), rtol=1e-10)
    trained = twin(torch.tensor(batch)).detach().numpy()
    np.testing.assert_allclose(mlp(flat, batch), trained, atol=1e-11)
    predicted = twin.eval()(torch.tensor(batch)).detach().numpy()
    assert np.abs(predicted - trained).max() > 0.01  # the two ways of normalising are told apart
    # the comparison above has called the twin in training once more
    running = mlp.remember(running, flat, batch)
    np.testing.assert_allclose(mlp(flat, batch, running), predicted, atol=1e-11)
    np.testing.assert_allclose(mlp.predict(flat, batch, running=running).sum(axis=1), 1.0)
    np.testing.assert_array_equal(mlp.classify(flat, batch, running=running), predicted.argmax(axis=1))


def test_fit_trains_and_remembers_as_pytorch_does() -> None:
    mlp = nn.MLP([2, 8, 2], "relu", batch_norm=True)
    X, y = data.moons(np.random.default_rng(1), 90)
    theta = shaken(mlp)
    torch, twin = pytest.importorskip("torch"), torch_twin(mlp, theta)
    run = training.fit(
        mlp, theta, (X, y), optim.Adam(0.01), epochs=15, batch_size=20, rng=np.random.default_rng(2), progress=False
    )
    adam = torch.optim.Adam(twin.parameters(), lr=0.01)
    rng = np.random.default_rng(2)
    for rows in training.minibatches(90, 20, rng, epochs=15):
        adam.zero_grad()
        torch.nn.functional.cross_entropy(twin(torch.tensor(X[rows])), torch.tensor(y[rows])).backward()
        adam.step()
    twin.eval()
    for ours, theirs in zip(in_torchs_order(run.theta), twin.parameters(), strict=True):
        # the biases before a normalisation have a gradient of 0, of which Adam makes steps out of rounding errors
        if ours is not run.theta["b"][0]:
            np.testing.assert_allclose(ours, theirs.detach().numpy(), atol=1e-9)
    np.testing.assert_allclose(run.running[0].variance, twin[1].running_var.numpy(), rtol=1e-9)
    np.testing.assert_allclose(mlp(run.theta, X, run.running), twin(torch.tensor(X)).detach().numpy(), atol=1e-8)
    assert np.mean(mlp.classify(run.theta, X, running=run.running) == y) > 0.9


def test_validation_sees_what_was_remembered_and_the_best_epochs_moments_come_back() -> None:
    mlp = nn.MLP([2, 8, 1], "tanh", "binary", batch_norm=True)
    X, y = data.moons(np.random.default_rng(1), 90)
    held_out = data.moons(np.random.default_rng(3), 50)
    run = training.fit(
        mlp, mlp.init(np.random.default_rng(0)), (X, y), optim.Adam(0.1), epochs=12, batch_size=30,
        rng=np.random.default_rng(2), validation=held_out, progress=False,
    )  # fmt: skip
    assert run.best_epoch > 0
    best = mlp.loss(run.theta, *held_out, running=run.running)
    assert float(best) == pytest.approx(run.history["validation_loss"][run.best_epoch - 1], rel=1e-12)
    assert float(best) == min(run.history["validation_loss"])


@pytest.mark.parametrize("activation", ["tanh", "prelu", "maxout"])
def test_gradients_go_through_the_moments_of_the_batch(activation: str) -> None:
    mlp = nn.MLP([3, 4, 2], activation, batch_norm=True)
    theta = shaken(mlp)
    batch, y = RNG.normal(0, 1, (6, 3)), RNG.integers(0, 2, 6)
    check_gradient(lambda θ: mlp.loss(θ, batch, y), mlp.flat(theta))
    program = trace(lambda θ: mlp.loss(θ, batch, y), mlp.flat(theta))
    assert float(program.run(mlp.flat(theta))) == pytest.approx(float(mlp.loss(theta, batch, y)), rel=1e-14)


def test_a_shift_and_a_scale_of_the_inputs_make_no_difference() -> None:
    mlp = nn.MLP([1, 5, 1], task="regression", batch_norm=True)
    theta, batch = shaken(mlp), RNG.normal(0, 1, (30, 1))
    np.testing.assert_allclose(mlp(theta, batch), mlp(theta, 100.0 * batch - 7.0), atol=1e-2)


def test_bad_input_of_a_normalised_mlp() -> None:
    mlp = nn.MLP([2, 3, 2], batch_norm=True)
    theta = mlp.init(np.random.default_rng(0))
    with pytest.raises(ShapeError, match="at least 2 examples"):
        mlp(theta, np.ones((1, 2)))
    assert mlp(theta, np.ones((1, 2)), mlp.forgotten()).shape == (1, 2)
    with pytest.raises(ValueError, match="running moments of 1 layers, got 2"):
        mlp(theta, np.ones((4, 2)), mlp.forgotten() * 2)
    with pytest.raises(ValueError, match="running moments of 0 layers, got 1"):
        nn.MLP([2, 3, 2])(np.zeros(17), np.ones((4, 2)), mlp.forgotten())
    X, y = data.moons(np.random.default_rng(0), 41)
    for size in (1, 20):
        with pytest.raises(ValueError, match=f"batch_size {size} leaves a batch of one example"):
            training.fit(mlp, theta, (X, y), optim.Adam(), epochs=1, batch_size=size, rng=RNG, progress=False)
    assert "batch norm" in repr(mlp)
