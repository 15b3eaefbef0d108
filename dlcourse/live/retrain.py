"""A slider that retrains a whole network at every touch."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import nn, optim, palette
from ..flat import flat_value_and_grad
from ..programs import scan
from . import training_programs as programs
from .controls import Slider
from .curves import Axis, Curves, Goal, Heat, Panel, Sentence, Series, Show

STEPS = 200
WIDTHS = [2, 16, 16, 2]
GRID = 32  # cells along each axis of the map
DATA = "moons"
NOISE = 0.25
SEED = 1
FEW = 4  # percent of wrong answers, which no button shows


class Retrain(Curves):
    """200 steps of a 2-16-16-2 tanh network on 200 points, from the same first weights, anew whenever a slider moves.

    Momentum in its averaged form, with the L2 penalty λ₂ ΣW²: the decision boundary that comes out, and the training
    loss on the way. `start`: other first weights, a vector of all parameters. Where single steps raise the loss a lot, training
    multiplies roundings as well: there the last digits of two machines end in different boundaries.
    """

    alpha = Slider(1.0, low=0.001, high=3.0, scale="log", label="α", description="learning rate")
    beta = Slider(0.0, low=0.0, high=0.99, step=0.01, label="β", description="momentum")
    l2 = Slider(0.0, low=0.0, high=0.05, step=0.0005, label="λ₂", description="L2 penalty")

    def __init__(self, *, identity: str = "retrain", start: Any = None, **state: Any) -> None:
        first, second = palette.CLASSES[:2]
        base, shift = programs.points(DATA)
        points = base + NOISE * shift
        self.X, self.y, self.V = points[: programs.EXAMPLES], programs.labels(), points[programs.EXAMPLES :]
        self.line = least_loss_of_a_line(self.X, self.y)
        self.mlp = nn.MLP(WIDTHS, "tanh")
        self.start = programs.short(self.mlp.flat(self.mlp.init(np.random.default_rng(SEED)))) if start is None else start
        plane = Panel(
            Axis("x₁", programs.DOMAIN),
            Axis("x₂", programs.DOMAIN),
            (Series("x0", "y0", "", first, kind="circles"), Series("x1", "y1", "", second, kind="squares")),
            heat=Heat("boundary", GRID, GRID, (first, second), (0.0, 1.0)),
            equal=True,
        )
        curves = Panel(
            Axis("step", (0, STEPS)),
            Axis("training loss", (1e-3, 10.0), "log"),
            (Series("steps", "losses", "", palette.METHODS["momentum"]),),
        )
        super().__init__(
            identity,
            self.results,
            (plane, curves),
            words=(
                Sentence("{count:d} parameters, {steps_done:d} steps on {examples:d} examples: training loss {loss}."),
                Sentence("{wrong:.1f} % of {examples:d} new examples are answered wrongly."),
                Sentence("The weights have ΣW² = {square}."),
                Sentence("The loss does not only fall: one step raised it by {rise}.", when="rattles", tone="bad"),
                Sentence("It ends higher than it began.", when="worse", tone="bad"),
                Sentence("A straight line does as well ({line}): the steps were too small.", when="idle", tone="bad"),
                Sentence(
                    "A straight line does as well ({line}): the steps were too small or the penalty is too strong.",
                    when="held",
                    tone="bad",
                ),
                Sentence("Goal reached.", when="reached", tone="good"),
            ),
            goal=Goal(f"Bring the share of wrong answers to the new examples down to {FEW} %.", "reached"),
            shows=(
                Show("too small", {"alpha": 0.01, "beta": 0.0, "l2": 0.0}),
                Show("large, and averaged", {"alpha": 3.0, "beta": 0.95, "l2": 0.0}),
                Show("too large", {"alpha": 2.5, "beta": 0.0, "l2": 0.0}),
                Show("held by λ₂", {"alpha": 1.0, "beta": 0.8, "l2": 0.01}),
            ),
            **state,
        )

    def results(self, alpha: Any, beta: Any, l2: Any) -> dict[str, Any]:
        mlp, X, y = self.mlp, self.X, self.y
        data_loss = flat_value_and_grad(lambda theta: mlp.loss(theta, X, y), mlp.unflatten)
        penalty = flat_value_and_grad(lambda theta: nn.l2(theta), mlp.unflatten)
        rule = optim.Momentum(alpha, beta)

        def step(carry: Any, _: Any) -> Any:
            theta, state = carry
            loss, g = data_loss(theta)
            gradient = g + l2 * penalty(theta)[1]
            return rule.step(lambda _: gradient, theta, state, 1.0), loss

        (theta, _), losses = scan(step, (self.start, rule.init(self.start)), length=STEPS)
        loss = mlp.loss(theta, X, y)
        losses = np.concatenate([losses, np.reshape(loss, (1,))])
        wrong = nn.zero_one(mlp(theta, self.V), y)
        low, high = programs.DOMAIN
        middles = low + (high - low) * (np.arange(GRID) + 0.5) / GRID + 0.0 * alpha  # computed, not stored
        ones = np.ones((GRID, GRID))
        plane = np.stack([np.reshape(ones * middles, (-1,)), np.reshape(ones * np.reshape(middles, (-1, 1)), (-1,))], axis=1)
        boundary = mlp.predict(theta, plane)[:, 1]
        rise = np.max(losses[1:] - losses[:-1])
        first = losses[0]
        stiff = np.greater_equal(loss, self.line) * np.less(loss, first) * np.less(rise, 0.1)
        half = programs.EXAMPLES // 2
        return {
            "x0": X[:half, 0], "y0": X[:half, 1], "x1": X[half:, 0], "y1": X[half:, 1],
            "boundary": boundary,
            "steps": np.arange(STEPS + 1.0),
            "losses": losses,
            "loss": loss,
            "wrong": 100.0 * wrong,
            "count": float(mlp.size),
            "steps_done": float(STEPS),
            "examples": float(programs.EXAMPLES),
            "square": nn.l2(mlp.unflatten(theta)),
            "rise": rise,
            "rattles": np.greater(rise, 0.1),
            "worse": np.greater(loss, first),
            "line": self.line,
            "idle": stiff * np.equal(l2, 0.0),
            "held": stiff * np.greater(l2, 0.0),
            "reached": np.less(wrong, (FEW + 0.25) / 100.0),
        }  # fmt: skip


def least_loss_of_a_line(X: np.ndarray, y: np.ndarray) -> float:
    """The mean cross-entropy of a network without hidden layer, at its minimum."""
    mlp = nn.MLP([X.shape[1], 2])
    return float(optim.minimize(lambda θ: mlp.loss(mlp.unflatten(θ), X, y), np.zeros(mlp.size), method=optim.BFGS()).value)
