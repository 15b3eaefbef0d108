"""Penalties on weights: L2 and L1 as geometry in two weights, and as paths of twenty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .. import optim, palette
from .controls import Choice, Slider
from .curves import Axis, Curves, Goal, Heat, Line, Panel, Sentence, Series, Show

WEIGHTS = 20
RELEVANT = 5  # the first of them; the targets do not depend on the others
EXAMPLES = 50
STEPS = 400
LOW, HIGH = 0.003, 3.0
GRID = 40  # cells of the map
WINDOW = (-2.0, 2.5)  # of both weights
ZEROS = 12


class Parabola(NamedTuple):
    """The mean squared error of X w against y, by its coefficients in the place of all examples: w·Gw − 2 c·w + s."""

    G: np.ndarray
    c: np.ndarray
    s: float

    @classmethod
    def of(cls, X: np.ndarray, y: np.ndarray) -> Parabola:
        """
        >>> Parabola.of(np.array([[1.0], [2.0]]), np.array([1.0, 0.0])).at(np.array([[1.0]]))
        array([2.])
        """
        return cls(X.T @ X / len(X), X.T @ y / len(X), float(np.mean(y**2)))

    def at(self, w: Any) -> Any:
        """For each row of w."""
        return np.sum((w @ self.G - 2.0 * self.c) * w, axis=1) + self.s

    @property
    def least(self) -> np.ndarray:
        return np.asarray(np.linalg.solve(self.G, self.c))

    @property
    def rate(self) -> float:
        """One over the largest curvature."""
        return 0.5 / float(np.linalg.eigvalsh(self.G)[-1])


class Problem(NamedTuple):
    """The risk on the examples for training, and on new ones."""

    risk: Parabola
    new: Parabola


def draw(seed: int, weights: Any, mix: Any, noise: float) -> Problem:
    """Normal inputs, mixed so that they correlate; targets X w + N(0, noise²)."""
    rng = np.random.default_rng(seed)
    w = np.asarray(weights)
    found = []
    for n in (EXAMPLES, 25 * EXAMPLES):
        X = rng.standard_normal((n, len(w))) @ mix
        found.append(Parabola.of(X, X @ w + noise * rng.standard_normal(n)))
    return Problem(*found)


PLANE = draw(3, [0.35, 1.6], np.array([[1.0, 0.3], [0.3, 1.2]]), 0.3)
MANY = draw(
    11, [2.0, -1.5, 1.2, 1.0, -1.0, *[0.0] * (WEIGHTS - RELEVANT)], np.eye(WEIGHTS), 1.7
)  # fmt: skip


class Minimised(NamedTuple):
    """How J + λΩ is minimised: (J, λ, 1 / curvature) → a rule, and what it descends; and the points with the Ω of a w.

    λ is a column, one for each row of weights, and so are the rates.
    """

    label: str
    method: Callable[[Any, Any, float], tuple[optim.UpdateRule, Callable[[Any], Any]]]
    ball: Callable[[Any], tuple[Any, Any]]


def circle(w: Any) -> tuple[Any, Any]:
    φ = np.linspace(0.0, 2.0 * np.pi, 65)
    r = np.sqrt(np.sum(w**2))
    return r * np.cos(φ), r * np.sin(φ)


def diamond(w: Any) -> tuple[Any, Any]:
    r = np.sum(np.abs(w))
    return r * np.array([1.0, 0.0, -1.0, 0.0, 1.0]), r * np.array([0.0, 1.0, 0.0, -1.0, 0.0])


PENALTIES = {
    "l2": Minimised(
        "L2",
        lambda J, λ, rate: (
            optim.GradientDescent(lambda t: rate / (1.0 + 2.0 * rate * λ)),
            lambda w: J(w) + np.sum(λ * w**2),
        ),
        circle,
    ),
    "l1": Minimised("L1, soft threshold", lambda J, λ, rate: (optim.ProximalGradient(rate, lambda t: λ), J), diamond),
    "sign": Minimised(
        "L1, sign gradient",
        lambda J, λ, rate: (optim.GradientDescent(rate), lambda w: J(w) + np.sum(λ * np.abs(w))),
        diamond,
    ),
}  # fmt: skip


def minimiser(penalty: Minimised, risk: Parabola, λ: Any) -> Any:
    """Where the rule is after STEPS steps from 0: one row of weights for each λ of a column (K, 1)."""
    rule, objective = penalty.method(lambda w: np.sum(risk.at(w)), λ, risk.rate)
    start = np.zeros((np.shape(λ)[0], len(risk.c)))
    return optim.descend(rule, objective, start, STEPS).path[-1]


class Penalty(Curves):
    """J + λ Ω for λ to move: in two weights, and in twenty of which five matter.

    Left: the risk J of two weights as a map, the ball of all weights with the penalty of the minimiser, and the path of the
    minimiser as λ grows from 0. Right: twenty weights against λ. L1 is minimised twice: by the proximal step, whose soft
    threshold gives exact zeros, and by the plain gradient ∇J + λ sign w, which steps over 0 and back [source 002].
    """

    penalty = Choice(list(PENALTIES), label="Penalty", labels=[p.label for p in PENALTIES.values()])
    strength = Slider(0.1, low=LOW, high=HIGH, scale="log", label="λ", description="strength")

    def __init__(self, penalty: str = "l2", *, identity: str = "penalty", **state: Any) -> None:
        blue, orange, green = palette.SERIES[:3]
        self.strengths = np.geomspace(LOW, HIGH, 33)
        plane = Panel(
            Axis("w₁", WINDOW),
            Axis("w₂", WINDOW),
            (
                Series("ball_x", "ball_y", "same Ω", green),
                Series("path_x", "path_y", "w as λ grows", orange),
                Series("free_x", "free_y", "λ = 0", palette.DATA, kind="squares"),
                Series("here_x", "here_y", "", orange, kind="circles"),
            ),
            heat=Heat("surface", GRID, GRID),
            equal=True,
        )
        outermost = RELEVANT + int(np.argmax(MANY.risk.least[RELEVANT:]))  # its name stands clear of the others
        paths = Panel(
            Axis("λ", (LOW, HIGH), "log"),
            Axis("weights", (-2.0, 2.5)),
            tuple(
                Series("strengths", f"w{k}", {0: "that matter", outermost: "that do not"}.get(k, ""),
                       blue if k < RELEVANT else palette.DATA, faint=k >= RELEVANT, at=f"now{k}")
                for k in reversed(range(WEIGHTS))
            ),
            (Line(0.0, axis="y"),),
            pick="strength",
        )  # fmt: skip
        super().__init__(
            identity,
            {name: self.results_of(each) for name, each in PENALTIES.items()},
            (plane, paths),
            words=(
                Sentence(
                    "At λ = {strength}, {zeros:d} of {weights:d} weights are exactly 0, "
                    "{small:d} of the others smaller than 0.05."
                ),
                Sentence(
                    "Weights that matter are among the zeros ({wrong_zeros:d}): the penalty is too strong.",
                    when="wrong_zeros",
                    tone="bad",
                ),
                Sentence(
                    "The risk is {risk} on the examples for training, {new} on new ones; without penalty {plain} on new ones."
                ),
                Sentence("Left, w₁ is exactly 0: the corner of the diamond touches first.", when="corner"),
                Sentence("Goal reached.", when="reached", tone="good"),
            ),
            goal=Goal(
                f"Make {ZEROS} weights or more exactly 0, with less risk on new examples than without a penalty. "
                "Which of the three can do it?",
                "reached",
            ),
            notes={
                "l2": "Ω = Σw². It pulls each weight by 2λw towards 0, ever less on the way: none arrives.",
                "l1": "Ω = Σ|w|. It pulls each weight by λ, however small it is: those that get to 0 stay there.",
                "sign": f"The same Ω, minimised by {STEPS} plain gradient steps: they go past 0 and come back.",
            },
            shows=(
                Show("L2", {"penalty": "l2", "strength": 0.2}),
                Show("exact zeros", {"penalty": "l1", "strength": 1.0}),
                Show("almost zeros", {"penalty": "sign", "strength": 1.0}),
                Show("too strong", {"penalty": "l1", "strength": 3.0}),
            ),
            penalty=penalty,
            **state,
        )

    def results_of(self, penalty: Minimised) -> Callable[..., dict[str, Any]]:
        λs = self.strengths[:, None]
        path, weights = minimiser(penalty, PLANE.risk, λs), minimiser(penalty, MANY.risk, λs)
        low, high = WINDOW
        middles = low + (high - low) * (np.arange(GRID) + 0.5) / GRID
        least = PLANE.risk.least
        plain = float(MANY.new.at(MANY.risk.least[None])[0])

        def results(strength: Any) -> dict[str, Any]:
            λ = np.reshape(strength, (1, 1))
            two, w = minimiser(penalty, PLANE.risk, λ)[0], minimiser(penalty, MANY.risk, λ)[0]
            ones = np.ones((GRID, GRID)) + 0.0 * strength  # the map is computed, not stored
            grid = np.stack([np.reshape(ones * middles, (-1,)), np.reshape(ones * middles[:, None], (-1,))], axis=1)
            x, y = penalty.ball(two)
            zero = np.equal(w, 0.0)
            zeros = np.sum(zero)
            rows = np.reshape(w, (1, -1))
            new = MANY.new.at(rows)[0]
            return {
                "surface": -np.log(PLANE.risk.at(grid)),
                "ball_x": x, "ball_y": y,
                "path_x": path[:, 0], "path_y": path[:, 1],
                "free_x": least[:1], "free_y": least[1:],
                "here_x": two[:1], "here_y": two[1:],
                "strengths": self.strengths,
                **{f"w{k}": weights[:, k] for k in range(WEIGHTS)},
                **{f"now{k}": w[k] for k in range(WEIGHTS)},
                "weights": float(WEIGHTS),
                "zeros": zeros,
                "small": np.sum(np.less(np.abs(w), 0.05)) - zeros,
                "wrong_zeros": np.sum(zero[:RELEVANT]),
                "risk": MANY.risk.at(rows)[0],
                "new": new,
                "plain": plain,
                "corner": np.equal(two[0], 0.0),
                "reached": np.greater_equal(zeros, float(ZEROS)) * np.less(new, plain),
            }  # fmt: skip

        return results
