"""Networks side by side have the gradients that each has alone; PyTorch's vmap says the same where it is installed."""

from __future__ import annotations

import numpy as np
import pytest

from dlcourse import ShapeError, compile, grad, nn

KINDS = [
    ([4, 3], "tanh", "multiclass"), ([4, 5, 3], "tanh", "multiclass"), ([4, 5, 6, 3], "relu", "multiclass"),
    ([4, 5, 1], "gelu", "binary"), ([4, 5, 1], "silu", "regression"),
]  # fmt: skip


@pytest.mark.parametrize(("widths", "activation", "task"), KINDS)
def test_each_row_is_the_gradient_of_that_network_alone(widths: list[int], activation: str, task: str) -> None:
    rng = np.random.default_rng(0)
    mlp = nn.MLP(widths, activation, task)
    θ, X = rng.normal(size=(3, mlp.size)), rng.normal(size=(3, 7, 4))
    y = rng.integers(0, 2 if task == "binary" else 3, size=(3, 7)).astype(float)
    alone = [grad(lambda θ, X, y: mlp.loss(mlp.unflatten(θ), X, y))(*each) for each in zip(θ, X, y, strict=True)]
    assert np.allclose(mlp.gradients(θ, X, y), alone, rtol=1e-12, atol=1e-14)
    assert np.allclose(compile(mlp.gradients, θ, X, y)(θ, X, y), alone, rtol=1e-12, atol=1e-14)


def test_pytorch_agrees() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; one network after the other is compared above")
    rng = np.random.default_rng(1)
    mlp, (R, M) = nn.MLP([4, 5, 3], "tanh"), (3, 7)
    θ, X, y = rng.normal(size=(R, mlp.size)), rng.normal(size=(R, M, 4)), rng.integers(0, 3, size=(R, M))

    def loss(θ, X, y):  # type: ignore[no-untyped-def]
        W1, W2, b1, b2 = θ[:20].view(5, 4), θ[20:35].view(3, 5), θ[35:40], θ[40:]
        return torch.nn.functional.cross_entropy(torch.tanh(X @ W1.T + b1) @ W2.T + b2, y)

    theirs = torch.func.vmap(torch.func.grad(loss))(*map(torch.tensor, (θ, X, y))).numpy()
    assert np.allclose(mlp.gradients(θ, X, y), theirs, rtol=1e-10, atol=1e-13)


def test_a_network_that_diverges_leaves_the_others_alone() -> None:
    mlp, rng = nn.MLP([4, 5, 3], "tanh"), np.random.default_rng(2)
    θ, X, y = rng.normal(size=(2, mlp.size)), rng.normal(size=(2, 7, 4)), np.zeros((2, 7), int)
    before = mlp.gradients(θ, X, y)[1]
    θ[0] = np.nan
    found = mlp.gradients(θ, X, y)
    assert np.isnan(found[0]).any()
    assert np.allclose(found[1], before, rtol=1e-12)


def test_what_does_not_fit_is_said() -> None:
    for mlp in (nn.MLP([2, 3, 2], "prelu"), nn.MLP([2, 3, 2], "maxout"), nn.MLP([2, 3, 2], batch_norm=True)):
        with pytest.raises(ValueError, match="weights and biases alone"):
            mlp.gradients(np.zeros((1, mlp.size)), np.zeros((1, 4, 2)), np.zeros((1, 4)))
    mlp = nn.MLP([2, 2])
    for θ, X, y in [
        ((2, 5), (2, 4, 2), (2, 4)),
        ((2, 6), (3, 4, 2), (2, 4)),
        ((2, 6), (2, 4, 3), (2, 4)),
        ((2, 6), (2, 4, 2), (2, 3)),
    ]:
        with pytest.raises(ShapeError):
            mlp.gradients(np.zeros(θ), np.zeros(X), np.zeros(y))
    with pytest.raises(ShapeError):
        mlp.gradients(np.zeros(6), np.zeros((1, 4, 2)), np.zeros((1, 4)))
    with pytest.raises(ShapeError):
        mlp.loss(np.zeros((2, 6)), np.zeros((4, 2)), np.zeros(4, int))
