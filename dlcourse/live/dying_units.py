"""Units that stop learning: a net of ReLU units in training, beside the same net of units that let a little through."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .. import nn, optim, palette
from ..autodiff import value_and_grad, vjp
from ..autodiff.primitives import take
from ..programs import scan
from .controls import Choice, Slider
from .curves import Axis, Curves, Goal, Panel, Sentence, Series
from .panels import Play, Show

UNITS = 16
EXAMPLES = 24
STEPS = 80
SEED = 6
SILENT = 1e-3  # a unit is counted as dead when g′ is below this for every example
OFFERED = ("leaky_relu", "prelu", "elu", "gelu")


def examples() -> tuple[np.ndarray, np.ndarray]:
    """X (T, 1) and y (T,): a wave with a little noise.

    >>> X, y = examples()
    >>> X.shape, y.shape
    ((24, 1), (24,))
    """
    rng = np.random.default_rng(SEED)
    x = np.linspace(-1.0, 1.0, EXAMPLES)
    return x[:, None], np.sin(3.0 * x) + 0.1 * rng.standard_normal(EXAMPLES)


class DyingUnits(Curves):
    """Gradient descent on one hidden layer of 16 units: the share of dead units step by step, and the function learned.

    A ReLU unit whose pre-activation is negative for every example gets no gradient and never comes back; one step that is
    too large, or a bias that starts too low, puts it there. Both nets start from the same weights. [source 003]
    """

    other = Choice(OFFERED, label="Beside ReLU", labels=[nn.activations.get(name).label for name in OFFERED])
    alpha = Slider(0.4, low=0.001, high=0.9, scale="log", label="α", description="learning rate")
    bias = Slider(0.0, low=-4.0, high=1.0, step=0.1, label="b", description="hidden biases")
    step = Slider(STEPS, low=0, high=STEPS, step=1, label="t", description="step")

    def __init__(self, other: str = "leaky_relu", *, identity: str = "dying-units", **state: Any) -> None:
        blue, orange = palette.SERIES[:2]
        others = self.declared()["other"].labels.items()
        super().__init__(
            identity,
            {name: partial(side_by_side, name) for name in OFFERED},
            (
                Panel(
                    Axis("x", (-1.0, 1.0)),
                    Axis("y", (-2.0, 2.0)),
                    (
                        Series("x", "y", "data", palette.DATA, kind="circles"),
                        Series("grid", "f_relu", "ReLU", orange),
                        *(Series("grid", "f_other", label, blue, when=f"beside_{name}") for name, label in others),
                    ),
                ),
                Panel(
                    Axis("step t", (0.0, STEPS)),
                    Axis("dead units, %", (-4.0, 104.0)),
                    (
                        Series("steps", "dead_relu", "ReLU", orange, kind="steps", at="dead_relu_here"),
                        *(
                            Series("steps", "dead_other", label, blue, "steps", at="dead_other_here", when=f"beside_{name}")
                            for name, label in others
                        ),
                    ),
                    pick="step",
                ),
            ),
            words=(
                Sentence(
                    f"ReLU: at step {{step}}, {{dead_relu_here:d}} % of {UNITS} units are dead; the mean squared error is "
                    "{loss_relu_here:.3f}.",
                    when="finite_relu",
                    colour=orange,
                ),
                Sentence("ReLU has diverged.", when="lost_relu", tone="bad"),
                Sentence(
                    "{other}: {dead_other_here:d} % get no gradient worth the name; the error is {loss_other_here:.3f}.",
                    when="finite_other",
                    colour=blue,
                ),
                Sentence(
                    "{other} has diverged: where no unit dies, every step that is too large makes the next one larger.",
                    when="lost_other",
                    tone="bad",
                ),
                Sentence("With all its units dead the ReLU net is a constant.", when="constant", tone="bad"),
                Sentence("No ReLU unit has died.", when="unhurt", tone="good"),
            ),
            goal=Goal(
                f"Here every ReLU unit dies. Find a learning rate at which fewer than one in ten dies in {STEPS} steps "
                "and the mean squared error still falls below 0.1.",
                "reached",
            ),
            shows=(
                Show("a step too large", {"alpha": 0.4, "bias": 0.0, "step": STEPS}),
                Show("an unlucky bias", {"alpha": 0.1, "bias": -2.0, "step": STEPS}),
                Show("all is well", {"alpha": 0.1, "bias": 0.0, "step": STEPS}),
            ),
            play=Play("step", "Train"),
            other=other,
            **state,
        )


def training(activation: str, alpha: Any, bias: Any, step: Any, grid: Any) -> dict[str, Any]:
    """Share of dead units and loss at each step, and the function at one of them."""
    X, y = examples()
    mlp = nn.MLP([1, UNITS, 1], activation, "regression")
    theta = mlp.init(np.random.default_rng(SEED), nn.he_normal)
    hidden = mlp.flat({**mlp.nest(mlp.flat(theta) * 0.0), "b": [np.ones(UNITS), np.zeros(1)]})
    start = mlp.flat(theta) + bias * hidden
    rule = optim.GradientDescent(alpha)
    loss = value_and_grad(lambda θ: mlp.loss(θ, X, y))

    def silent(θ: Any) -> Any:
        nest = mlp.unflatten(θ)
        own = nest["alpha"][:1] if "alpha" in nest else []  # a learned slope
        (slopes,) = vjp(lambda a: mlp.g(a, *own), mlp.layers(θ, X)[0].a)[1](np.ones((EXAMPLES, UNITS)))
        return np.mean(np.less(np.max(np.abs(slopes), axis=0), SILENT))

    def advance(θ: Any, _: Any) -> Any:
        J, gradient = loss(θ)
        after, _ = rule.step(lambda _: gradient, θ, rule.init(θ), 1)
        return after, (θ, J, silent(θ))

    _, (path, losses, dead) = scan(advance, start, np.zeros(STEPS + 1))
    finite = np.less(losses, 1e6)
    here = np.reshape(step, (1,))
    at = lambda x: np.sum(take(x, here, axis=0), axis=0)  # noqa: E731
    dead = np.where(finite, 100.0 * dead, np.nan)
    return {
        "f": np.where(at(finite), np.reshape(mlp(at(path), grid), (-1,)), np.nan),
        "dead": dead,
        "dead_here": at(dead),
        "loss_here": np.where(at(finite), at(losses), np.nan),
        "finite": at(finite),
    }


def side_by_side(other: str, alpha: Any, bias: Any, step: Any) -> dict[str, Any]:
    """The two trainings."""
    X, y = examples()
    grid = np.linspace(-1.0, 1.0, 121)
    found: dict[str, Any] = {"x": X[:, 0], "y": y, "grid": grid, "steps": np.arange(STEPS + 1.0)}
    for name, activation in (("relu", "relu"), ("other", other)):
        run = training(activation, alpha, bias, step, grid[:, None])
        run["lost"] = 1.0 - run["finite"]
        found |= {f"{key}_{name}" if key != "f" else f"f_{name}": value for key, value in run.items()}
    renamed = {"dead_here_relu": "dead_relu_here", "dead_here_other": "dead_other_here"}
    renamed |= {"loss_here_relu": "loss_relu_here", "loss_here_other": "loss_other_here"}
    found = {renamed.get(key, key): value for key, value in found.items()}
    share, error = found["dead_relu_here"], found["loss_relu_here"]
    whole = np.greater_equal(step, float(STEPS))
    return found | {
        **{f"beside_{name}": float(name == other) for name in OFFERED},
        "constant": np.greater_equal(share, 100.0),
        "unhurt": np.less_equal(share, 0.0) * np.greater(step, 0.0),
        "reached": whole * np.less(share, 10.0) * np.less(error, 0.1),
    }
