"""The PyTorch-shaped loop: against PyTorch's own SGD, and against the rules called directly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlcourse import ShapeError, StaleGraph, Tensor, TraceError, grad, trace
from dlcourse.autodiff.primitives import cross_entropy, linear
from dlcourse.optim import AccumulatedMomentum, Adam, GradientDescent, HeavyBall, Momentum, Nesterov, Optimizer, UpdateRule

RNG = np.random.default_rng(0)
X, LABELS = RNG.normal(size=(40, 3)), RNG.integers(0, 2, 40)
START = [RNG.normal(size=(5, 3)), RNG.normal(size=5), RNG.normal(size=(2, 5)), RNG.normal(size=2)]
H = np.array([[3.0, 1.0], [1.0, 2.0]])


def network(W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    return cross_entropy(linear(np.tanh(linear(X, W1, b1)), W2, b2), LABELS)


def train(optimizer: Optimizer, tensors: list[Tensor], steps: int) -> list[float]:
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = network(*tensors)
        loss.backward()
        optimizer.step()
        losses.append(loss.value)
    return losses


@pytest.mark.parametrize(
    ("rule", "options"),
    [
        (GradientDescent(0.1), {}),
        (AccumulatedMomentum(0.1, 0.9), {"momentum": 0.9}),
        (Momentum(1.0, 0.9), {"momentum": 0.9, "dampening": 0.0}),
        (HeavyBall(0.1, 0.9), {"momentum": 0.9}),
        (Nesterov(0.1, 0.9), {"momentum": 0.9, "nesterov": True}),
    ],
    ids=lambda x: type(x).__name__,
)
def test_the_loop_takes_the_path_of_pytorch(rule, options):
    """Nesterov's too: there as here the parameters stand where the gradient is taken. Rounding over 30 steps: 1e-11."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; the rules called directly are the other oracle")
    ours = [Tensor(a) for a in START]
    theirs = [torch.tensor(a, dtype=torch.float64, requires_grad=True) for a in START]
    peer = torch.optim.SGD(theirs, lr=0.1, **options)
    optimizer = Optimizer(ours, rule)
    for _ in range(30):
        peer.zero_grad()
        W1, b1, W2, b2 = theirs
        logits = torch.tanh(torch.tensor(X) @ W1.T + b1) @ W2.T + b2
        expected = torch.nn.functional.cross_entropy(logits, torch.tensor(LABELS))
        expected.backward()
        peer.step()
        loss = train(optimizer, ours, 1)[0]
        np.testing.assert_allclose(loss, expected.item(), rtol=1e-11)
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a.value, b.detach().numpy(), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("rule", [GradientDescent, Momentum, AccumulatedMomentum, HeavyBall, Nesterov])
def test_the_loop_takes_the_path_of_the_rule(rule):
    """A schedule included. The rule's θ is the point without the look-ahead: bit for bit."""
    made = rule(lambda t: 0.2 / t) if rule is GradientDescent else rule(lambda t: 0.2 / t, lambda t: 0.9 - 0.5 / t)
    f = lambda θ: 0.5 * θ @ (H @ θ)  # noqa: E731
    θ = np.array([4.0, -3.0])
    w = Tensor(θ)
    optimizer, state = Optimizer([w], made), made.init(θ)
    for t in range(1, 26):
        optimizer.zero_grad()
        f(w).backward()
        optimizer.step()
        θ, state = made.step(grad(f), θ, state, t)
        np.testing.assert_array_equal(optimizer.θ, θ)
        ahead = made.beta(t + 1) * state if rule is Nesterov else 0.0
        np.testing.assert_array_equal(w.value, θ + ahead)
    assert optimizer.t == 25


def test_any_nest_of_scalars_and_arrays():
    tensors = {"w": [Tensor([1.0, 2.0])], "b": Tensor(3.0), "none": Tensor(np.zeros((0, 2)))}
    optimizer = Optimizer(tensors, GradientDescent(0.5))
    (np.sum(tensors["w"][0] ** 2) + tensors["b"] ** 2 + np.sum(tensors["none"])).backward()
    optimizer.step()
    np.testing.assert_array_equal(tensors["w"][0].value, [0.0, 0.0])
    assert type(tensors["b"].value) is float
    assert tensors["b"].value == 0.0
    assert tensors["none"].shape == (0, 2)


def test_gradients_add_up_until_they_are_zeroed():
    w = Tensor(1.0)
    optimizer = Optimizer([w], GradientDescent(1.0))
    (2.0 * w).backward()
    (3.0 * w).backward()
    assert w.grad == 5.0
    optimizer.step()
    assert w.value == -4.0
    optimizer.zero_grad()
    assert w.grad is None


def test_values_cannot_be_written_to_and_old_ones_stay():
    start = np.array([1.0, 2.0])
    w = Tensor(start)
    before = w.value
    optimizer = Optimizer([w], GradientDescent(0.5))
    np.sum(w**2).backward()
    optimizer.step()
    np.testing.assert_array_equal(before, [1.0, 2.0])
    np.testing.assert_array_equal(start, [1.0, 2.0])
    with pytest.raises(ValueError, match="read-only"):
        w.value[0] = 1.0
    start[:] = 9.0
    np.testing.assert_array_equal(w.value, [0.0, 0.0])


def test_a_tensor_without_a_gradient_stays_with_what_is_remembered_of_it():
    """As in PyTorch, which leaves out what has no gradient."""
    a, b = Tensor([1.0, 2.0]), Tensor(3.0)
    optimizer = Optimizer([a, b], AccumulatedMomentum(0.1, 0.9))

    def step(loss: Tensor) -> None:
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    step(np.sum(a**2) + b**2)
    kept, remembered = b.value, optimizer.state[2]
    for _ in range(3):
        step(np.sum(a**2))
    assert b.value is kept
    assert remembered == optimizer.state[2] == 6.0
    step(b**2)
    assert b.value == pytest.approx(kept - 0.1 * (0.9 * 6.0 + 2 * kept), rel=1e-15)
    optimizer.zero_grad()
    optimizer.step()
    assert optimizer.t == 5, "no gradient at all: no step"


def test_what_comes_late_takes_a_first_step():
    """Adam corrects its averages by how many steps they are made of; each Tensor counts its own, as in PyTorch."""
    early, late, alone = Tensor([1.0]), Tensor([1.0, 2.0]), Tensor([1.0, 2.0])
    both, one = Optimizer([early, late], Adam(0.01)), Optimizer([alone], Adam(0.01))
    for _ in range(100):
        both.zero_grad()
        np.sum(early**2).backward()
        both.step()
    for _ in range(3):
        for optimizer, x in ((both, late), (one, alone)):
            optimizer.zero_grad()
            np.sum(x**2).backward()
            optimizer.step()
    np.testing.assert_array_equal(late.value, alone.value)


@pytest.mark.parametrize("rule", [GradientDescent(0.1), Nesterov(0.1, 0.5)])
def test_two_optimisers_of_the_same_tensors(rule):
    w = Tensor(np.array([1.0, 2.0]))
    one, two = Optimizer([w], rule), Optimizer([w], GradientDescent(0.1))
    for optimizer in (one, two, one, two):
        before = w.value
        optimizer.zero_grad()
        np.sum(w**2).backward()
        optimizer.step()
        if optimizer is two:
            np.testing.assert_allclose(w.value, 0.8 * before, rtol=1e-15)
    if isinstance(rule, GradientDescent):
        np.testing.assert_allclose(w.value, 0.8**4 * np.array([1.0, 2.0]), rtol=1e-14)
        return
    p, v = np.array([1.0, 2.0]), 0.0  # φ = θ + βv, as PyTorch writes it: φ ← φ − α g + βv
    for k in range(4):
        g = 2 * p
        v = 0.5 * v - 0.1 * g if k % 2 == 0 else v
        p = p - 0.1 * g + (0.5 * v if k % 2 == 0 else 0.0)
    np.testing.assert_allclose(w.value, p, rtol=1e-14)


def test_what_was_computed_before_a_step_cannot_go_backward():
    w, x = Tensor(2.0), Tensor(1.0)
    optimizer = Optimizer([w], GradientDescent(0.1))
    part = w * w
    loss = part * x
    loss.backward()
    optimizer.step()
    with pytest.raises(StaleGraph, match="a Tensor below has got a new value since"):
        loss.backward()
    with pytest.raises(StaleGraph, match="compute the result again"):
        (part + w).backward()
    assert (w * w).value == w.value**2


class Midpoint(UpdateRule):
    """Asks twice."""

    learning_rate: float

    def step(self, gradient, θ, state, t):
        return θ - self.learning_rate * gradient(θ - 0.5 * self.learning_rate * gradient(θ)), state


class Still(UpdateRule):
    """Does not ask at all."""

    def step(self, gradient, θ, state, t):
        return θ, state


def test_rules_that_ask_twice_or_never():
    w = Tensor(2.0)
    (w * w).backward()
    with pytest.raises(ValueError, match="Midpoint asks for more gradients than backward\\(\\) gives"):
        Optimizer([w], Midpoint(0.1)).step()
    Optimizer([w], Still()).step()
    assert w.value == 2.0


def test_refusals():
    w = Tensor([1.0, 2.0])
    with pytest.raises(TypeError, match="needs Tensors, got ndarray"):
        Optimizer([np.ones(2)], GradientDescent(0.1))
    with pytest.raises(TypeError, match="needs leaves, made by Tensor\\(value\\); this one was computed by multiply"):
        Optimizer([w * 2.0], GradientDescent(0.1))
    with pytest.raises(ValueError, match="named twice"):
        Optimizer([w, w], GradientDescent(0.1))
    with pytest.raises(ValueError, match="at least one Tensor"):
        Optimizer([], GradientDescent(0.1))
    optimizer = Optimizer([w], GradientDescent(0.1))
    w.grad = np.ones(3)
    with pytest.raises(ShapeError, match=r"shape \(2,\) has a .grad of shape \(3,\)"):
        optimizer.step()

    def traced(x):
        optimizer.step()
        return x

    with pytest.raises(TraceError, match="an Optimizer changes Tensors"):
        trace(traced, 1.0)
    w.grad = np.ones(2)
    with pytest.raises(TypeError, match="is a Tensor already"):
        Optimizer([w], GradientDescent(Tensor(0.1))).step()
