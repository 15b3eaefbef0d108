"""A line fitted by hand, and by descent from where the hand left it: forward phase, backward phase, update."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .. import nn, optim, palette
from ..autodiff import value_and_grad
from ..autodiff.primitives import rint, take
from ..programs import scan
from .controls import Choice, Slider
from .curves import Axis, Curves, Goal, Handle, Heat, Panel, Play, Sentence, Series

STEPS = 30
PHASES = 3
HAIR = 1.01  # times as much: a risk that rises by less is no sign of a step too large
GRID = 41  # of the risk surface, along each parameter
X_DOMAIN = (-2.5, 2.5)
Y_DOMAIN = (-8.0, 12.0)
INTERCEPTS = (-3.0, 7.0)
SLOPES = (-2.0, 8.0)
WRONG = palette.METHODS["rmsprop"]


class Examples(NamedTuple):
    """x (T,) and y (T,) of a regression; or points (x, y) of the plane with labels (T,)."""

    x: np.ndarray
    y: np.ndarray
    labels: np.ndarray | None = None


class Loss(NamedTuple):
    """label; whether the examples are points of two classes; the mean loss of predictions (or logits) and targets."""

    label: str
    classes: bool
    function: Callable[[Any, Any], Any]


LOSSES = {
    "squared": Loss("Squared error", False, nn.squared_error),
    "absolute": Loss("Absolute error", False, nn.absolute_error),
    "zero_one": Loss("0/1 error of classes", True, nn.zero_one),
    "cross_entropy": Loss("Cross-entropy of classes", True, nn.binary_cross_entropy),
}


def regression(rng: np.random.Generator, n: int = 20) -> Examples:
    """Points near y = 3x + 2, as in source 003 but with noise to be seen, and two that lie far off."""
    x = np.sort(rng.uniform(-2.2, 2.2, n))
    y = 3.0 * x + 2.0 + rng.normal(0.0, 1.0, n)
    y[[1, 3]] += 7.0
    return Examples(x, y)


def classes(rng: np.random.Generator, n: int = 40) -> Examples:
    """Two classes, above and below y = 3x + 2, that overlap."""
    x = rng.uniform(-2.2, 2.2, n)
    labels = np.arange(n) % 2.0
    y = 3.0 * x + 2.0 + (2.0 * labels - 1.0) * 1.6 + rng.normal(0.0, 1.5, n)
    return Examples(x, y, labels)


class FitLine(Curves):
    """y = slope · x + intercept, moved by hand or by descent; its risk as a number and as a point on the risk surface.

    The loss is chosen: squared or absolute error of a regression, or 0/1 error and cross-entropy of two classes that
    the line separates (class 1 above it: the logit is y − slope · x − intercept). "Descend" starts from the line of the
    hand and shows each step in its three phases: forward (predictions and risk), backward (gradient), update [source 000].
    """

    loss = Choice(list(LOSSES), label="Loss", labels=[loss.label for loss in LOSSES.values()])
    slope = Slider(0.0, low=SLOPES[0], high=SLOPES[1], step=0.05, label="slope", description="of the line")
    intercept = Slider(0.0, low=INTERCEPTS[0], high=INTERCEPTS[1], step=0.05, label="intercept", description="at x = 0")
    alpha = Slider(0.1, low=0.01, high=10.0, scale="log", label="α", description="learning rate")
    phase = Slider(0, low=0, high=PHASES * STEPS, step=1, label="descent", description="phases, 3 a step")

    def __init__(self, loss: str = "squared", *, identity: str = "fit-line", seed: int = 1, **state: Any) -> None:
        rng = np.random.default_rng(seed)
        self.examples = {False: regression(rng), True: classes(rng)}
        self.least = {name: least_risk(each, self.examples[each.classes]) for name, each in LOSSES.items()}
        _, orange, green = palette.SERIES[:3]
        plane = Panel(
            Axis("x", X_DOMAIN),
            Axis("y", Y_DOMAIN),
            (
                Series("data_x", "data_y", "", palette.DATA, kind="circles", when="regression"),
                Series("zeros_x", "zeros_y", "class 0", palette.CLASSES[0], kind="circles", when="classification"),
                Series("ones_x", "ones_y", "class 1", palette.CLASSES[1], kind="squares", when="classification"),
                Series("residual_x", "residual_y", "", WRONG, faint=True, when="forward"),
                Series("line_x", "hand_y", "by hand", green, dash="5 4", faint=True, when="descending"),
                Series("line_x", "line_y", "line", green),
            ),
            handles=(
                Handle(0.0, "intercept", up="intercept", colour=green),
                Handle(1.5, "height", up="slope", gain=1.5, colour=green),
            ),
        )
        surface = Panel(
            Axis("intercept", INTERCEPTS),
            Axis("slope", SLOPES),
            (
                Series("path_b", "path_a", "", orange, when="descending"),
                Series("path_b", "path_a", "", orange, kind="dots", when="descending"),
                Series("next_b", "next_a", "−α∇R", WRONG, when="backward"),
                Series("here_b", "here_a", "the line", green, kind="circles"),
            ),
            handles=(Handle("intercept", "slope", across="intercept", up="slope", colour=green),),
            heat=Heat("surface", GRID, GRID),
            share=0.8,
        )
        super().__init__(
            identity,
            {name: self.risk_of(name) for name in LOSSES},
            (plane, surface),
            words=(
                Sentence("The line of your hand: slope {slope}, intercept {intercept}. Its risk is {hand_risk}.", colour=green),
                Sentence("The least risk of any line is {least}.", colour=palette.DATA),
                Sentence("{wrong:d} of {count:d} points are on the wrong side.", when="classification", colour=WRONG),
                Sentence("Step {step:d}, forward phase: the line predicts, and its risk is {risk}.", when="going_forward"),
                Sentence(
                    "Step {step:d}, backward phase: the gradient is {gradient_a} for the slope, "
                    "{gradient_b} for the intercept.",
                    when="backward",
                ),
                Sentence("The step, −α times that, is {step_a} and {step_b}.", when="stepping"),
                Sentence("It is 0: where the risk is flat, descent has nowhere to go.", when="stuck", tone="bad"),
                Sentence("Step {done:d}, update: the risk went from {before} to {risk}.", when="updated"),
                Sentence("The step raised it: α is large for this slope.", when="rose", tone="bad"),
                Sentence("It rose by a hair: steps of this length go to and fro across a corner.", when="hovers"),
                Sentence("Your hand has reached the goal.", when="reached", tone="good"),
            ),
            goal=Goal(
                "Move the line by hand until its risk is within 5 % of the least. "
                "Before you press “Descend”: will descent do better?",
                "reached",
            ),
            play=Play("phase", "Descend", seconds=9.0, rewinds=("slope", "intercept")),
            presets={
                "squared": {"alpha": 0.1},
                "absolute": {"alpha": 0.3},
                "zero_one": {"alpha": 1.0},
                "cross_entropy": {"alpha": 1.0},
            },
            notes={
                "squared": "Risk: mean squared residual. Two points lie far off, and their squares weigh most.",
                "absolute": "Risk: mean absolute residual. Each point pulls with the same force, however far it is.",
                "zero_one": "Risk: the share of points on the wrong side, which is what one really wants small. "
                "See its surface: it is made of steps.",
                "cross_entropy": "Risk: cross-entropy, a smooth surrogate of the 0/1 error.",
            },
            loss=loss,
            **state,
        )

    def risk_of(self, name: str) -> Callable[..., dict[str, Any]]:
        """The computation for one loss: the line, its risk, the surface, and descent from there."""
        chosen = LOSSES[name]
        data = self.examples[chosen.classes]
        least = self.least[name]
        corners = float(name == "absolute")

        def compute(slope: Any, intercept: Any, alpha: Any, phase: Any) -> dict[str, Any]:
            risk = lambda θ: risk_of_line(chosen, data, θ[0], θ[1])  # noqa: E731
            rule = optim.GradientDescent(alpha)

            def step(θ: Any, _: Any) -> Any:
                value, gradient = value_and_grad(risk)(θ)
                return rule.step(lambda _: gradient, θ, (), 1.0)[0], (θ, value, gradient)

            _, (path, risks, gradients) = scan(step, np.stack([intercept, slope]), length=STEPS + 1)
            done = rint((phase - 1.0) / PHASES)  # whole updates
            part = phase - PHASES * done  # 0: at rest or just updated, 1: forward, 2: backward
            at = lambda rows, k: take(rows, np.reshape(k, (1,)), axis=0)[0]  # noqa: E731
            θ, gradient, now = at(path, done), at(gradients, done), at(risks, done)
            before = at(risks, np.maximum(done - 1.0, 0.0))
            seen = np.where(np.less_equal(np.arange(STEPS + 1.0), done), 1.0, np.nan)
            backward, flat = np.equal(part, 2.0), np.equal(np.sum(np.abs(gradient)), 0.0)
            updated = np.equal(part, 0.0) * np.greater(done, 0.0)
            ends = np.array(X_DOMAIN)
            b, a = θ[0], θ[1]
            own = shown_examples(chosen, data, b, a)
            surface = surface_of(chosen, data, middles(*INTERCEPTS), middles(*SLOPES) + 0.0 * slope)
            return {
                **own,
                "line_x": ends,
                "line_y": a * ends + b,
                "hand_y": slope * ends + intercept,
                "height": 1.5 * slope + intercept,
                "path_b": path[:, 0] * seen,
                "path_a": path[:, 1] * seen,
                **arrow(b, a, -alpha * gradient[0], -alpha * gradient[1]),
                "step_b": -alpha * gradient[0],
                "step_a": -alpha * gradient[1],
                "here_b": np.reshape(b, (1,)),
                "here_a": np.reshape(a, (1,)),
                "surface": surface,
                "risk": now,
                "before": before,
                "hand_risk": risks[0],
                "least": least,
                "gradient_b": gradient[0],
                "gradient_a": gradient[1],
                "done": done,
                "step": done + 1.0,
                "descending": np.greater(phase, 0.0),
                "forward": np.less(part, 2.0),
                "going_forward": np.equal(part, 1.0),
                "backward": backward,
                "updated": updated,
                "rose": updated * np.greater(now, HAIR * before),
                "hovers": updated * np.greater(now, before) * np.less_equal(now, HAIR * before) * corners,
                "stuck": backward * flat,
                "stepping": backward * (1.0 - flat),
                "reached": np.less_equal(risks[0], 1.05 * least),
                "regression": 0.0 if chosen.classes else 1.0,
                "classification": 1.0 if chosen.classes else 0.0,
            }

        return compute


def arrow(b: Any, a: Any, across: Any, up: Any) -> dict[str, Any]:
    """A line from (b, a) by (across, up), with a head, which on a short one is shorter."""
    length = np.sqrt(across**2 + up**2)
    head = np.minimum(0.4 * length, 0.35) / np.maximum(length, 1e-300)
    back = lambda x, y: x - head * (x + 0.5 * y)  # noqa: E731
    return {
        "next_b": b + np.stack([0.0 * across, across, back(across, up), across, back(across, -up)]),
        "next_a": a + np.stack([0.0 * up, up, back(up, -across), up, back(up, across)]),
    }


def middles(low: float, high: float, n: int = GRID) -> np.ndarray:
    """The middles of n equal cells."""
    return low + (high - low) * (np.arange(n) + 0.5) / n


def risk_of_line(loss: Loss, data: Examples, intercept: Any, slope: Any) -> Any:
    """The mean loss of the line y = slope · x + intercept."""
    line = slope * data.x + intercept
    return loss.function(data.y - line, data.labels) if loss.classes else loss.function(line, data.y)


def surface_of(loss: Loss, data: Examples, intercepts: Any, slopes: Any) -> Any:
    """−log(R + a little), on a grid, for the map, which is strongest where R is least: the logarithm shows the valley; the
    0/1 risk may be 0, hence the little."""

    def row(_: Any, slope: Any) -> Any:
        return _, scan(lambda _, intercept: (_, risk_of_line(loss, data, intercept, slope)), 0.0, intercepts)[1]

    return np.reshape(-np.log(scan(row, 0.0, slopes)[1] + 0.02), (-1,))


def shown_examples(loss: Loss, data: Examples, intercept: Any, slope: Any) -> dict[str, Any]:
    """The points, and the segments from points to the line: all residuals, or those of the points on the wrong side."""
    line = slope * data.x + intercept
    n = len(data.x)
    own: dict[str, Any] = {"count": float(n), "data_x": data.x, "data_y": data.y}
    if data.labels is None:
        wrong = np.zeros(n)
        own |= dict.fromkeys(("zeros_x", "zeros_y", "ones_x", "ones_y"), np.array([np.nan]))
        ends = data.y
    else:
        wrong = np.not_equal(np.greater_equal(data.y - line, 0.0), data.labels)
        for name, k in (("zeros", 0.0), ("ones", 1.0)):
            own |= {f"{name}_x": data.x[data.labels == k], f"{name}_y": data.y[data.labels == k]}
        ends = np.where(wrong, data.y, np.nan)
    gap = np.full(n, np.nan)
    own["residual_x"] = np.stack([data.x, data.x, gap], axis=1).reshape(-1)
    own["residual_y"] = np.reshape(np.stack([line, ends, gap], axis=1), (-1,))
    own["wrong"] = np.sum(wrong)
    return own


def least_risk(loss: Loss, data: Examples) -> float:
    """The least risk of a line, found for each loss in its own way."""
    risk = lambda θ: risk_of_line(loss, data, θ[0], θ[1])  # noqa: E731
    if loss.function is nn.squared_error:
        return float(risk(np.polyfit(data.x, data.y, 1)[::-1]))
    if loss.function is nn.binary_cross_entropy:
        return float(optim.minimize(risk, np.array([2.0, 3.0]), method=optim.BFGS()).value)
    # Both others are least at, or right beside, a line through two of the points.
    i, j = np.triu_indices(len(data.x), 1)
    slopes = (data.y[j] - data.y[i]) / (data.x[j] - data.x[i])
    nudges = (0.0,) if loss.function is nn.absolute_error else (-1e-6, 1e-6)
    lines = [(data.y[k] - a * data.x[k] + d, a + e) for k, a in zip(i, slopes, strict=True) for d in nudges for e in nudges]
    return min(float(risk(np.array(line))) for line in lines)
