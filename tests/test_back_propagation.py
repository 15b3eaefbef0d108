"""The formulas of the chapter on back-propagation against the engine and PyTorch; its suspects, wrong where they should be."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from dlcourse import exercises, grad, nn, vjp
from dlcourse.exercises.back_propagation import SUSPECTS, broken, witnesses
from dlcourse.inspection import central_differences

WIDTHS = [[3, 4], [3, 5, 4], [2, 3, 3, 3], [4, 4, 4, 4, 4]]


def network(widths: list[int], seed: int = 0) -> tuple[list[Any], list[Any], Any, int]:
    rng = np.random.default_rng(seed)
    W = [None, *(rng.normal(size=(m, n)) for n, m in pairwise(widths))]
    b = [None, *(rng.normal(size=m) for m in widths[1:])]
    return W, b, rng.normal(size=widths[0]), int(rng.integers(widths[-1]))


def engine(W: list[Any], b: list[Any], x: Any, y: int) -> dict[str, Any]:
    widths = [len(x), *map(len, b[1:])]
    found: dict[str, Any] = grad(nn.MLP(widths).loss)({"W": W[1:], "b": b[1:]}, x[None], [y])
    return found


@pytest.mark.parametrize("y", range(4))
def test_the_gradient_at_the_output(y: int) -> None:
    a = np.random.default_rng(y).normal(0, 3, size=4)
    f, e = nn.activations.softmax(a), np.eye(4)[y]
    assert np.allclose(central_differences(lambda f: -np.log(f[y]), f, 1e-6 * f[y]), -e / f[y], rtol=1e-5, atol=1e-6)
    assert np.allclose(central_differences(lambda a: np.log(np.sum(np.exp(a))) - a[y], a), -(e - f), atol=1e-8)


@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_the_algorithm_of_the_slides(widths: list[int]) -> None:
    W, b, x, y = network(widths)
    dW, db = broken()(W, b, x, y)
    right = engine(W, b, x, y)
    for k in range(1, len(W)):
        assert np.allclose(dW[k], right["W"][k - 1], rtol=1e-12, atol=1e-15)
        assert np.allclose(db[k], right["b"][k - 1], rtol=1e-12, atol=1e-15)


def test_the_algorithm_of_the_slides_against_pytorch() -> None:
    torch = pytest.importorskip("torch")
    W, b, x, y = network([3, 5, 4, 6])
    dW, db = broken()(W, b, x, y)
    leaves = [[torch.tensor(p, dtype=torch.float64, requires_grad=True) for p in each[1:]] for each in (W, b)]
    h = torch.tensor(x, dtype=torch.float64)
    for k, (weights, bias) in enumerate(zip(*leaves)):
        h = weights @ h + bias
        h = torch.tanh(h) if k < 2 else h
    torch.nn.functional.cross_entropy(h[None], torch.tensor([y])).backward()
    for found, group in zip((dW, db), leaves):
        for d, leaf in zip(found[1:], group):
            assert np.allclose(d, leaf.grad.numpy(), rtol=1e-12, atol=1e-15)


def test_two_layers_in_the_delta_form() -> None:
    rng = np.random.default_rng(1)
    x, W1, W2 = (rng.normal(size=s) for s in ((4,), (6, 4), (3, 6)))
    z1 = W1 @ x
    z2 = W2 @ np.tanh(z1)
    δ2 = nn.activations.softmax(z2) - np.eye(3)[2]
    δ1 = W2.T @ δ2 * (1 - np.tanh(z1) ** 2)

    def loss(weights: Any) -> Any:
        z = weights[1] @ np.tanh(weights[0] @ x)
        return np.log(np.sum(np.exp(z))) - z[2]

    nudged = central_differences(loss, [W1, W2])
    assert np.allclose(nudged[0], np.outer(δ1, x), atol=1e-7)
    assert np.allclose(nudged[1], np.outer(δ2, np.tanh(z1)), atol=1e-7)


def test_the_input_of_a_relu_layer() -> None:
    rng = np.random.default_rng(2)
    W, b, x, g = (rng.normal(size=s) for s in ((5, 4), (5,), (4,), (5,)))
    on = W @ x + b > 0
    assert 0 < on.sum() < 5
    _, pullback = vjp(lambda x: nn.activations.relu(W @ x + b), x)
    assert np.allclose(pullback(g)[0], W.T @ (g * on))


def test_a_gradient_changes_nothing() -> None:
    W, b, x, y = network([4, 4, 4])
    before = [p.copy() for p in (*W[1:], *b[1:], x)]
    broken()(W, b, x, y)
    assert all(np.array_equal(p, q) for p, q in zip(before, (*W[1:], *b[1:], x)))


# Which gradients each suspect gets wrong, from the first layer to the last: of W and b.
WRONG = {"A": "Wb Wb .", "B": "W W W", "C": "Wb Wb .", "D": "Wb Wb Wb", "E": "Wb Wb ."}


@pytest.mark.parametrize("name", SUSPECTS)
def test_each_suspect_is_wrong_where_the_hunt_says(name: str) -> None:
    W, b, x, y = network([4, 4, 4, 4], seed=3)
    dW, db = SUSPECTS[name].backward(W, b, x, y)
    right = engine(W, b, x, y)
    for k, letters in enumerate(WRONG[name].split()):
        assert np.allclose(dW[k + 1], right["W"][k], atol=1e-6) is ("W" not in letters)
        assert np.allclose(db[k + 1], right["b"][k], atol=1e-6) is ("b" not in letters)


# Exercises ---------------------------------------------------------------------------------------------------------------


def told(name: str, answer: Any) -> str:
    feedback = exercises.check(name, answer)
    assert feedback.right is False
    return feedback.text


def test_what_is_said_of_wrong_gradients_at_the_output() -> None:
    def f(a: Any) -> Any:
        return nn.activations.softmax(a)

    assert "sign" in told("output_gradient", lambda a, y: np.eye(len(a))[y] - f(a))
    assert "f itself" in told("output_gradient", lambda a, y: f(a))
    assert "one step too early" in told("output_gradient", lambda a, y: -np.eye(len(a))[y] / f(a)[y])
    assert "a=[1000.0, 0.0]" in told("output_gradient", lambda a, y: np.exp(a) / np.exp(a).sum() - np.eye(len(a))[y])


def test_what_is_said_of_wrong_gradients_of_a_batch() -> None:
    assert "Sums over the batch" in told("layer_backward", lambda da, W, h: (da.T @ h / len(h), da.mean(axis=0), da @ W))
    assert "shape of W" in told("layer_backward", lambda da, W, h: (h.T @ da, da.sum(axis=0), da @ W))
    assert "shared by all" in told("layer_backward", lambda da, W, h: (da.T @ h, da, da @ W))


@pytest.mark.parametrize(("verdict", "words"), [(True, "trusted the one that forgets"), (False, "condemned the right one")])
def test_who_always_says_the_same_is_no_judge(verdict: bool, words: str) -> None:
    assert words in told("trustworthy", lambda gradient, loss, θ: verdict)


def test_who_minds_no_scale_is_no_judge() -> None:
    def careless(gradient: Any, loss: Any, θ: Any) -> bool:
        return bool(np.allclose(gradient(θ), central_differences(loss, θ), rtol=0, atol=1e-4))

    assert "size of the gradients" in told("trustworthy", careless)
    assert "True or False" in told("trustworthy", lambda gradient, loss, θ: 1e-9)


def test_the_witnesses_tell_the_truth_about_themselves() -> None:
    for witness in witnesses():
        nudged = central_differences(witness.loss, witness.θ)
        assert np.allclose(witness.gradient(witness.θ), nudged, rtol=1e-4, atol=1e-4 * np.abs(nudged).max()) is witness.right


def test_a_bias_summed_over_the_batch_is_not_told_to_add_up() -> None:
    kept = told("layer_backward", lambda da, W, h: (da.T @ h, da.sum(axis=0, keepdims=True), da @ W))
    assert "∇b must have the shape of b, (3,)." in kept
    assert "shared by all" not in kept


def test_praise_claims_only_what_was_seen() -> None:
    def loop(da: Any, W: Any, h: Any) -> Any:
        return sum(np.outer(d, x) for d, x in zip(da, h, strict=True)), da.sum(axis=0), da @ W

    praised = exercises.check("layer_backward", loop)
    assert praised.right is True
    assert "It can be three lines" in praised.text
    soft = lambda a, y: nn.activations.softmax(a) - np.eye(len(a))[y]  # noqa: E731
    with np.errstate(invalid="ignore"):
        assert np.isnan(0.0 / np.exp([-1000.0, -1001.0, -999.0]).sum())
    assert "the second divide 0 by 0" in exercises.check("output_gradient", soft).text
