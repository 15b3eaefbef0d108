"""Back-propagation through a small network, one layer at a time, with every number at its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import nn, optim
from ..autodiff import grad, vjp
from ..autodiff.primitives import linear
from ..programs import scan
from .controls import Choice, Slider
from .curves import Goal, Sentence
from .diagram import Diagram, Edge, Node, Pick, Said, Stepped
from .panels import Show

WIDTHS = (2, 3, 2)
OFFERED = ("tanh", "sigmoid", "relu", "leaky_relu", "identity")
UPDATES = 20  # at most
SEED = 13

# The steps: what stands on the slide, in its order, and then what back-propagation does not do.
A1, H1, A2, F, LOSS, TO_F, TO_A2, TO_W2, TO_H1, TO_A1, TO_W1, UPDATE = range(1, 13)
STAGES = (
    "The example x = ({x1}, {x2}) is of class {target}. Each line carries its weight, each unit its bias b. "
    "Nothing is computed yet.",
    "Forward: each hidden unit adds up its inputs, a⁽¹⁾ = W⁽¹⁾x + b⁽¹⁾.",
    "Forward: h = g(a⁽¹⁾) with g = {activation}.",
    "Forward: the output units do the same with the hidden ones, a⁽²⁾ = W⁽²⁾h + b⁽²⁾.",
    "Forward: f = softmax(a⁽²⁾), two probabilities that add up to 1.",
    "Forward: the loss is −log of the probability of the right class, −log {f_right:.3f} = {loss:.3f}.",
    "Backward: ∇f = −e(y) / f. Only the probability of the right class was asked for.",
    "Backward: through the softmax, ∇a⁽²⁾ = −(e(y) − f).",
    "Backward: the weights and biases of the output, ∇W⁽²⁾ = ∇a⁽²⁾hᵀ and ∇b⁽²⁾ = ∇a⁽²⁾.",
    "Backward: down to the hidden units, where the paths over both outputs add up, ∇h = W⁽²⁾ᵀ∇a⁽²⁾.",
    "Backward: through the activation, ∇a⁽¹⁾ = ∇h ⊙ g′(a⁽¹⁾).",
    "Backward: the weights and biases of the first layer, ∇W⁽¹⁾ = ∇a⁽¹⁾xᵀ and ∇b⁽¹⁾ = ∇a⁽¹⁾. That was back-propagation: "
    "it has changed nothing.",
    "The optimiser changes the weights, here by gradient descent, W ← W − α∇W: the loss of this example goes from {loss:.3f} "
    "to {new_loss:.3f}.",
)  # fmt: skip


TIMES = "\u00a0·\u00a0"  # a product is not broken at the end of a line

# How far along a weight its numbers stand, so that no two cover each other: by input, and by output unit.
MARKS = ((0.3, 0.45), (0.7, 0.8)), ((0.2, 0.22), (0.72, 0.5))


def small(n: int) -> str:
    """An index, counted from 1."""
    return "₁₂₃"[n]


def gradient(text: str, since: int) -> Said:
    return Said(text, since, tone="gradient")


def parameter(name: str, symbol: str, since: int) -> tuple[Said, ...]:
    """A weight or bias, its gradient, and its new value in its place after the update."""
    return (Said(f"{symbol}{{{name}:.3f}}", until=UPDATE), Said(f"{symbol}{{new_{name}:.3f}}", UPDATE, tone="good"))


def updated(name: str, symbol: str) -> Said:
    return Said(
        f"{symbol} ← {{{name}:.3f}} − {{alpha}}{TIMES}{{g_{name}:(.3f)}} = {{new_{name}:.3f}}.", UPDATE, tone="good"
    )  # fmt: skip


def hidden_unit(i: int) -> Node:
    s, a, n, m = small(i), f"a⁽¹⁾{small(i)}", WIDTHS[0], WIDTHS[2]
    terms = " + ".join(f"{{W1[{i * n + j}]:(.3f)}}{TIMES}{{x[{j}]:(.3f)}}" for j in range(n))
    back = " + ".join(f"{{W2[{k * WIDTHS[1] + i}]:(.3f)}}{TIMES}{{g_a2[{k}]:(.3f)}}" for k in range(m))
    return Node(
        f"h{i + 1}",
        f"hidden unit {i + 1}",
        (0.35, i / 2),
        (
            *parameter(f"b1[{i}]", "b ", TO_W1),
            Said(f"{a} {{a1[{i}]:.3f}}", A1, tone="value"),
            Said(f"h{s} {{h1[{i}]:.3f}}", H1, tone="value"),
            gradient(f"∇h{s} {{g_h1[{i}]:.3f}}", TO_H1),
            gradient(f"∇{a} {{g_a1[{i}]:.3f}}", TO_A1),
        ),
        (
            Said(f"Hidden unit {i + 1} has the bias b{s} = {{b1[{i}]:.3f}}.", until=A1),
            Said(f"{a} = Σ w x + b = {terms} + {{b1[{i}]:(.3f)}} = {{a1[{i}]:.3f}}.", A1),
            Said(f"h{s} = g({a}) = {{h1[{i}]:.3f}}.", H1),
            gradient(f"∇h{s} = Σ w ∇a⁽²⁾ = {back} = {{g_h1[{i}]:.3f}}.", TO_H1),
            gradient(
                f"∇{a} = ∇h{s}{TIMES}g′({a}) = {{g_h1[{i}]:(.3f)}}{TIMES}{{slope[{i}]:(.3f)}} = {{g_a1[{i}]:.3f}}.", TO_A1
            ),
            gradient(f"∇b{s} = ∇{a} = {{g_b1[{i}]:.3f}}.", TO_W1),
            updated(f"b1[{i}]", f"b{s}"),
        ),
        (A1, H1),
        (TO_H1, TO_A1, TO_W1),
        size=(100, 88),
    )


def output_unit(k: int) -> Node:
    s, a, n = small(k), f"a⁽²⁾{small(k)}", WIDTHS[1]
    terms = " + ".join(f"{{W2[{k * n + i}]:(.3f)}}{TIMES}{{h1[{i}]:(.3f)}}" for i in range(n))
    return Node(
        f"f{k + 1}",
        f"output unit {k + 1}",
        (0.77, 0.22 + 0.56 * k),
        (
            *parameter(f"b2[{k}]", "b ", TO_W2),
            Said(f"{a} {{a2[{k}]:.3f}}", A2, tone="value"),
            Said(f"f{s} {{f[{k}]:.3f}}", F, tone="value"),
            gradient(f"∇f{s} {{g_f[{k}]:.3f}}", TO_F),
            gradient(f"∇{a} {{g_a2[{k}]:.3f}}", TO_A2),
        ),
        (
            Said(f"Output unit {k + 1} has the bias b{s} = {{b2[{k}]:.3f}}.", until=A2),
            Said(f"{a} = Σ w h + b = {terms} + {{b2[{k}]:(.3f)}} = {{a2[{k}]:.3f}}.", A2),
            Said(f"f{s} = exp({a}) / Σ exp(a) = {{f[{k}]:.3f}}.", F),
            gradient(f"∇f{s} = −e(y){s} / f{s} = −{{e[{k}]:d}} / {{f[{k}]:.3f}} = {{g_f[{k}]:.3f}}.", TO_F),
            gradient(f"∇{a} = −(e(y){s} − f{s}) = −({{e[{k}]:d}} − {{f[{k}]:.3f}}) = {{g_a2[{k}]:.3f}}.", TO_A2),
            gradient(f"∇b{s} = ∇{a} = {{g_b2[{k}]:.3f}}.", TO_W2),
            updated(f"b2[{k}]", f"b{s}"),
        ),
        (A2, F),
        (TO_F, TO_A2, TO_W2),
        size=(100, 88),
    )


def weight(layer: int, to: int, of: int) -> Edge:
    n = WIDTHS[layer - 1]
    name, at = f"W{layer}[{to * n + of}]", small(to) + small(of)
    source, target = ("x", "a⁽¹⁾") if layer == 1 else ("h", "a⁽²⁾")
    value, since = ("x", TO_W1) if layer == 1 else ("h1", TO_W2)
    return Edge(
        f"{'xh'[layer - 1]}{of + 1}",
        f"{'hf'[layer - 1]}{to + 1}",
        f"w{layer}{to + 1}{of + 1}",
        f"weight from {('input', 'hidden unit')[layer - 1]} {of + 1} to {('hidden unit', 'output unit')[layer - 1]} {to + 1}",
        (*parameter(name, "", since), gradient(f"∇ {{g_{name}:.3f}}", since)),
        (
            Said(f"w⁽{'¹²'[layer - 1]}⁾{at} = {{{name}:.3f}} leads from {source}{small(of)} to {target}{small(to)}."),
            gradient(
                f"∇w{at} = ∇{target}{small(to)}{TIMES}{source}{small(of)} = "
                f"{{g_a{layer}[{to}]:(.3f)}}{TIMES}{{{value}[{of}]:(.3f)}} = {{g_{name}:.3f}}.",
                since,
            ),
            updated(name, f"w{at}"),
        ),
        (A1,) if layer == 1 else (A2,),
        (TO_W1,) if layer == 1 else (TO_W2, TO_H1),
        name,
        mark=MARKS[layer - 1][of if layer == 1 else to],
    )


DIAGRAM = Diagram(
    "A network of 2 inputs, 3 hidden units and 2 outputs",
    (
        *(
            Node(
                f"x{j + 1}",
                f"input {j + 1}",
                (0.0, 0.25 + 0.5 * j),
                (Said(f"x{small(j)} {{x[{j}]:.3f}}", tone="value"),),
                (Said(f"x{small(j)} = {{x[{j}]:.3f}} is given; no gradient is asked of it."),),
                size=(76, 34),
                variable=True,
            )
            for j in range(2)
        ),
        *(hidden_unit(i) for i in range(3)),
        *(output_unit(k) for k in range(2)),
        Node(
            "loss",
            "loss",
            (1.0, 0.5),
            (Said("class {target}"), Said("loss {loss:.3f}", LOSS, tone="value"), gradient("∇ 1", TO_F)),
            (
                Said("The example is of class {target}.", until=LOSS),
                Said("loss = −log f for class {target} = −log {f_right:.3f} = {loss:.3f}.", LOSS),
                gradient("All gradients are those of the loss; its own is 1.", TO_F),
                Said("After the update it is {new_loss:.3f}.", UPDATE, tone="good"),
            ),
            (LOSS,),
            (TO_F,),
            size=(84, 58),
        ),
    ),
    (
        *(weight(1, i, j) for i in range(3) for j in range(2)),
        *(weight(2, k, i) for k in range(2) for i in range(3)),
        *(Edge(f"f{k + 1}", "loss", forward=(LOSS,), backward=(TO_F,)) for k in range(2)),
    ),
    STAGES,
    height=330,
    tall=620,
)


class BackPropagation(Stepped):
    """Forward and backward through a network 2 → 3 → 2 with softmax and cross-entropy, then one step of the optimiser.

    Every number is a result of one traced computation: the values of the layers, the pullbacks of each (`vjp`), the weights
    after so many updates. [sources 000, 002]
    """

    activation = Choice(OFFERED, label="Activation", labels=[nn.activations.get(name).label for name in OFFERED])
    step = Slider(0, low=0, high=len(STAGES) - 1, step=1, label="", description="step")
    x1 = Slider(1.0, low=-2.0, high=2.0, step=0.1, label="x₁", description="input")
    x2 = Slider(-0.5, low=-2.0, high=2.0, step=0.1, label="x₂", description="input")
    target = Slider(1, low=1, high=2, step=1, label="y", description="class of the example")
    w = Slider(0.5, low=-2.0, high=2.0, step=0.1, label="w⁽¹⁾₁₁", description="from x₁ to h₁ at t\u00a0=\u00a00")
    v = Slider(-0.8, low=-2.0, high=2.0, step=0.1, label="w⁽²⁾₁₁", description="from h₁ to f₁ at t\u00a0=\u00a00")
    b = Slider(0.1, low=-2.0, high=2.0, step=0.1, label="b⁽¹⁾₁", description="bias of h₁ at t\u00a0=\u00a00")
    alpha = Slider(0.1, low=0.0, high=2.0, step=0.05, label="α", description="learning rate")
    updates = Slider(0, low=0, high=UPDATES, step=1, label="t", description="updates done before")
    picked = Pick([each.name for each in DIAGRAM.items if each.name])

    def __init__(self, activation: str = "tanh", *, identity: str = "back-propagation", **state: Any) -> None:
        super().__init__(
            identity,
            {name: passes(name) for name in OFFERED},
            DIAGRAM,
            again="updates",
            words=(
                Sentence("With t = {updates:d} the loss is {loss:.3f}; at t = 0 it was {first_loss:.3f}.", when="later"),
                Sentence("Goal reached.", when="reached", tone="good"),
            ),
            goal=Goal(f"Go once forward and backward, then bring the loss below 0.05 within {UPDATES} updates.", "reached"),
            shows=(
                Show("the forward pass done", {"step": LOSS, "picked": "loss"}),
                Show("two paths meet", {"step": TO_H1, "picked": "h1"}),
                Show("a ReLU unit that is off", {"activation": "relu", "x1": 1.0, "x2": -0.5, "step": TO_A1, "picked": "h3"}),
                Show("the optimiser’s step", {"step": UPDATE, "picked": "w111"}),
            ),
            activation=activation,
            **state,
        )


def start() -> dict[str, Any]:
    """The weights and biases that no slider moves, to one decimal; 0 in the place of the others."""
    rng = np.random.default_rng(SEED)
    draw = lambda *shape: np.round(rng.uniform(-1.0, 1.0, shape), 1)  # noqa: E731
    n, hidden, m = WIDTHS
    theta = {"W": [draw(hidden, n), draw(m, hidden)], "b": [draw(hidden), draw(m)]}
    theta["W"][0][0, 0] = theta["W"][1][0, 0] = theta["b"][0][0] = 0.0
    return theta


def passes(activation: str) -> Callable[..., Any]:
    """The computation with one activation."""
    mlp = nn.MLP(WIDTHS, activation)
    rest = mlp.flat(start())
    corner = lambda *shape: np.eye(1, int(np.prod(shape))).reshape(shape)  # 1 in the first place # noqa: E731
    moved = [mlp.flat({"W": [a * corner(3, 2), b * corner(2, 3)], "b": [c * corner(3), np.zeros(2)]}) for a, b, c in np.eye(3)]

    def compute(x1: Any, x2: Any, target: Any, w: Any, v: Any, b: Any, alpha: Any, updates: Any) -> dict[str, Any]:
        X, y = np.reshape(np.stack([x1, x2]), (1, 2)), np.reshape(target - 1.0, (1,))
        loss = lambda θ: mlp.loss(θ, X, y)  # noqa: E731
        θ0 = rest + w * moved[0] + v * moved[1] + b * moved[2]

        def update(θ: Any, t: Any) -> Any:
            rule = optim.GradientDescent(alpha * np.less(t, updates))
            return rule.step(grad(loss), θ, rule.init(θ), 1)[0], None

        θ, _ = scan(update, θ0, np.arange(float(UPDATES)))
        (W1, W2), (b1, b2) = (lambda nest: (nest["W"], nest["b"]))(mlp.unflatten(θ))

        a1, through_first = vjp(lambda W, b: linear(X, W, b), W1, b1)
        h1, through_g = vjp(mlp.g, a1)
        a2, through_second = vjp(linear, h1, W2, b2)
        f = nn.activations.softmax(a2)
        value, to_a2 = vjp(lambda a: nn.cross_entropy(a, y), a2)

        e = np.equal(np.arange(2.0), y)
        (g_f,) = vjp(lambda f: -np.log(np.sum(f * e)), f)[1](1.0)
        (g_a2,) = to_a2(1.0)
        g_h1, g_W2, g_b2 = through_second(g_a2)
        (g_a1,) = through_g(g_h1)
        g_W1, g_b1 = through_first(g_a1)
        (slope,) = through_g(np.ones((1, 3)))

        g = {"W1": g_W1, "b1": g_b1, "W2": g_W2, "b2": g_b2}
        before = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
        after = {name: before[name] - alpha * g[name] for name in g}
        new = {"W": [after["W1"], after["W2"]], "b": [after["b1"], after["b2"]]}
        found = before | {f"g_{name}": x for name, x in g.items()} | {f"new_{name}": x for name, x in after.items()}
        found |= {"x": X, "a1": a1, "h1": h1, "a2": a2, "f": f, "e": e, "slope": slope}
        found |= {"g_f": g_f, "g_a2": g_a2, "g_h1": g_h1, "g_a1": g_a1}
        numbers = {"loss": value, "new_loss": loss(new), "first_loss": loss(θ0), "f_right": np.sum(f * e)}
        numbers |= {"later": np.greater(updates, 0.0), "reached": np.less(value, 0.05)}
        return {name: np.reshape(x, (-1,)) for name, x in found.items()} | numbers

    return compute
