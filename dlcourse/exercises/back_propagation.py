"""Exercises of the chapter on back-propagation, and five broken implementations to be found out. What is expected comes from
the engine or from the way in which a gradient was spoilt, never from the solution in the chapter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from .. import nn
from ..autodiff import grad, vjp
from .checking import Case, Exercise, Feedback, answered, exercise, register

# The suspects: back-propagation for tanh layers under softmax and cross-entropy, each with one step done wrongly -------


class Suspect(NamedTuple):
    """A broken back-propagation, (W, b, x, y) → (dW, db), with layer k under index k, and what is wrong with it."""

    backward: Callable[..., Any]
    crime: str


def slope(a: ndarray, h: ndarray) -> ndarray:
    """tanh′ at the pre-activations a, where h = tanh(a)."""
    return 1.0 - np.tanh(a) ** 2


def at_the_activation(a: ndarray, h: ndarray) -> ndarray:
    return 1.0 - np.tanh(h) ** 2


def forgotten(a: ndarray, h: ndarray) -> ndarray:
    return np.ones_like(a)


def broken(
    sign: float = -1.0, slope: Callable[..., Any] = slope, turned: bool = False, learning_rate: float = 0.0
) -> Callable[..., Any]:
    """Back-propagation with one of its steps replaced; as it stands, nothing is."""

    def backward(W: list[Any], b: list[Any], x: Any, y: int) -> tuple[list[Any], list[Any]]:
        top = len(W) - 1
        a: list[Any] = [None] * (top + 1)
        h: list[Any] = [x] + [None] * top
        for k in range(1, top + 1):
            a[k] = b[k] + W[k] @ h[k - 1]
            h[k] = np.tanh(a[k]) if k < top else nn.activations.softmax(a[k])
        dW: list[Any] = [None] * (top + 1)
        db: list[Any] = [None] * (top + 1)
        da = sign * (np.eye(len(h[top]))[y] - h[top])
        for k in range(top, 0, -1):
            dW[k], db[k] = np.outer(da, h[k - 1]), da
            if k > 1:
                da = (W[k] - learning_rate * dW[k]).T @ da * slope(a[k - 1], h[k - 1])
            if turned:
                dW[k] = dW[k].T
        return dW, db

    return backward


SUSPECTS = {
    "A": Suspect(broken(slope=forgotten), "forgets g′"),
    "B": Suspect(broken(turned=True), "multiplies h by the gradient, not the gradient by h: every ∇W is transposed"),
    "C": Suspect(broken(slope=at_the_activation), "takes g′ at h where it should take it at a"),
    "D": Suspect(broken(sign=1.0), "has the sign of the output gradient wrong"),
    "E": Suspect(broken(learning_rate=0.05), "updates W before the gradient has passed through it"),
}

# 1 The gradient at the output --------------------------------------------------------------------------------------------


def output_case(a: list[float], y: int) -> Case:
    logits = np.array(a)
    right = grad(lambda z: nn.cross_entropy(np.reshape(z, (1, -1)), np.array([y])))(logits)
    f = nn.activations.softmax(logits)
    mistakes = (
        (-right, "The sign: a larger logit of the right class makes the loss smaller, so its entry is negative."),
        (f, "That is f itself. What is missing where the class is y?"),
        (-np.eye(len(a))[y] / max(f[y], 1e-300), "That is the gradient with respect to f, one step too early."),
    )
    return Case((logits, y), right, f"output_gradient(a={a}, y={y})", mistakes)


exercise(
    "output_gradient",
    [
        output_case([0.0, 0.0], 0),
        output_case([1.0, -1.0, 0.5], 2),
        output_case([3.0, 1.0, 0.0, -2.0], 3),
        output_case([1000.0, 0.0], 1),
        output_case([-1000.0, -1001.0, -999.0], 0),
    ],
    praise="If exp met the last two unprepared, the first of them would overflow, and the second divide 0 by 0.",
)

# 2 One layer, a whole batch --------------------------------------------------------------------------------------------


def layer_case(examples: int, below: int, above: int, seed: int) -> Case:
    rng = np.random.default_rng(seed)
    da, W, h = (np.round(rng.normal(size=s), 1) for s in ((examples, above), (above, below), (examples, below)))
    dh, dW, db = vjp(nn.linear, h, W, np.zeros(above))[1](da)
    mistakes = (
        ((dW / examples, db / examples, dh), "Sums over the batch are asked for; the loss has its 1/M in da already."),
        ((dW.T, db, dh), "∇W came out transposed; it must have the shape of W."),
        ((dW, db[None], dh), f"∇b must have the shape of b, {db.shape}."),
        ((dW, da, dh), "The bias is shared by all examples of the batch, so their gradients add up."),
        ((dW, db, da @ W.T) if above == below else (None,), "Which index of W belongs to the layer below?"),
    )
    call = f"layer_backward(da {da.shape}, W {W.shape}, h {h.shape})"
    return Case((da, W, h), (dW, db, dh), call, tuple(m for m in mistakes if m[0][0] is not None))


exercise(
    "layer_backward",
    [layer_case(4, 2, 3, 0), layer_case(4, 3, 3, 1), layer_case(5, 1, 2, 2), layer_case(7, 4, 1, 3), layer_case(1, 2, 3, 4)],
    praise="It can be three lines, without a loop over the examples: that is why batches are fast.",
)

# 3 Whom to trust ---------------------------------------------------------------------------------------------------------


class Witness(NamedTuple):
    """A gradient function to be judged, its loss, where to judge it, and the truth about it."""

    name: str
    gradient: Callable[[ndarray], ndarray]
    loss: Callable[[ndarray], float]
    θ: ndarray
    right: bool


def times(f: Callable[[ndarray], Any], scale: Any) -> Callable[[ndarray], Any]:
    return lambda θ: scale * f(θ)


def witnesses() -> list[Witness]:
    """The right gradient in three sizes, the five suspects, two of the wrong sign, and one that is wrong in a single entry."""
    rng = np.random.default_rng(5)
    widths, y = [3, 3, 3, 3], 1
    x = rng.normal(size=3)
    mlp = nn.MLP(widths)
    θ = rng.normal(0.0, 0.7, mlp.size)

    def loss(θ: ndarray) -> float:
        return float(nn.cross_entropy(mlp(mlp.unflatten(θ), x[None]), np.array([y])))

    def flat(backward: Callable[..., Any]) -> Callable[[ndarray], ndarray]:
        def gradient(θ: ndarray) -> ndarray:
            nest = mlp.unflatten(θ)
            dW, db = backward([None, *nest["W"]], [None, *nest["b"]], x, y)
            return np.asarray(mlp.flat({"W": dW[1:], "b": db[1:]}))

        return gradient

    right = flat(broken())
    found = [Witness("the right one", right, loss, θ, True)]
    found += [Witness(f"the one that {s.crime}", flat(s.backward), loss, θ, False) for s in SUSPECTS.values()]
    spoilt = np.where(np.arange(mlp.size) == 4, 1.02, 1.0)
    for scale, words in ((1e6, "a million times as large"), (1e-6, "a million times as small")):
        scaled = times(loss, scale)
        found.append(Witness(f"the right one of a loss {words}", times(right, scale), scaled, θ, True))
        found.append(Witness(f"the one with a sign wrong, of a loss {words}", times(right, -scale), scaled, θ, False))
    found.append(Witness("the one with a single entry off by 2 %", times(right, spoilt), loss, θ, False))
    return found


def judge_trust(trustworthy: Callable[..., Any]) -> Feedback:
    cases = witnesses()
    for witness in cases:
        verdict = answered(trustworthy(witness.gradient, witness.loss, witness.θ.copy()))
        if not isinstance(verdict, (bool, np.bool_)):
            return Feedback(False, f"Not yet. The verdict must be True or False, got {verdict!r:.60}.")
        if bool(verdict) is not witness.right:
            did = "condemned" if witness.right else "trusted"
            hint = " Compare the difference with the size of the gradients." if "million" in witness.name else ""
            return Feedback(False, f"Not yet. You {did} {witness.name}.{hint}")
    return Feedback(True, f"Right: {len(cases)} gradients judged, {sum(w.right for w in cases)} of them rightly trusted.")


register(Exercise("trustworthy", judge_trust))
