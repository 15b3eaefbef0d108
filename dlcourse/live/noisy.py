"""Descent on the risk of a data set, with gradients estimated from batches of several sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import optim, palette
from ..autodiff import grad
from ..autodiff.primitives import take
from ..checks import kind
from ..data import Sample
from ..names import named
from ..programs import Program, scan, trace
from ..training import minibatches
from .controls import Choice, Position, Several, Slider
from .descent import ESCAPE, GRID
from .explorable import Explorable

STEPS = 200
SEED = 6  # of the shuffles


class Batch(NamedTuple):
    """How many examples each step looks at: None for all of them."""

    name: str
    size: int | None


BATCHES = {batch.name: batch for batch in (Batch("one", 1), Batch("few", 5), Batch("all", None))}


def squared_risk(θ: Any, X: Any, y: Any) -> Any:
    """The mean of (y − Xθ)²."""
    return np.mean((y - X @ θ) ** 2)


def squared_risk_on_grid(θ1: Any, θ2: Any, X: Any, y: Any) -> Any:
    """The same parabola over many points, through its coefficients in the place of T × N residuals."""
    (p, q), (_, r) = X.T @ X / len(y)
    u, v = X.T @ y / len(y)
    return p * θ1 * θ1 + 2.0 * q * θ1 * θ2 + r * θ2 * θ2 - 2.0 * (u * θ1 + v * θ2) + np.mean(y**2)


class NoisyDescent(Explorable):
    """Gradient descent on the squared risk of a line, with one, a few or all examples to a step.

    Parameters
    ----------
    sample : X (T, 2) and y (T,).
    methods : some of "one", "few", "all".
    domain : ((θ₁ from, to), (θ₂ from, to)) of the map; `start` lies in it.
    needs : when the goal counts: each of these `methods` has come below the `target` by this `step`, to stay there.
    """

    view = "descent"

    landscape = Choice(["risk"])
    methods = Several(list(BATCHES), ["one", "all"])
    alpha = Slider(0.05, low=1e-4, high=2.0, scale="log", label="α", description="learning rate")
    start = Position(reach=20.0)
    step = Slider(STEPS, low=0, high=STEPS, step=1, label="step", description="steps shown")

    def __init__(
        self,
        sample: Sample,
        methods: str | Sequence[str] = ("one", "all"),
        *,
        domain: tuple[tuple[float, float], tuple[float, float]],
        identity: str = "noise",
        goal: str = "",
        target: float = 1e-3,
        needs: Mapping[str, Any] | None = None,
        **state: Any,
    ) -> None:
        kind("NoisyDescent", "sample", sample, Sample, "a data.Sample of X and y")
        kind("NoisyDescent", "needs", needs or {}, Mapping, "a dict of values by the names of controls")
        controls = {name: self.traits()[name] for name in self.controls()}
        wanted = {name: named(controls, name, "control").validate(self, value) for name, value in (needs or {}).items()}
        spans = np.asarray(domain, dtype=np.float64)
        if spans.shape != (2, 2) or not (np.isfinite(spans).all() and np.all(spans[:, 0] < spans[:, 1])):
            raise ValueError(f"NoisyDescent: domain must be ((θ₁ from, to), (θ₂ from, to)), got {domain!r:.60}")
        self.sample = sample
        X, y = sample
        θ_best = np.linalg.lstsq(X, y, rcond=None)[0]
        self.minima = ((float(θ_best[0]), float(θ_best[1])),)
        self.minimum = float(squared_risk(θ_best, X, y))
        self.domain = domain
        self.programs = {batch.name: self.path_program(batch) for batch in BATCHES.values()}
        landscape = {
            "name": "risk",
            "label": f"Risk of {len(y)} points near a line",
            "x": list(domain[0]),
            "y": list(domain[1]),
            "minima": [list(p) for p in self.minima],
            "minimum": self.minimum,
            "start": list(state.get("start", domain[0])),
            "alpha": state.get("alpha", 0.05),
            "uses": [],
            "surface": self.surface_program().to_json(),
            "paths": {name: program.to_json() for name, program in self.programs.items()},
        }
        spec = {
            "steps": STEPS,
            "escape": ESCAPE,
            "grid": list(GRID),
            "goal": goal,
            "target": target,
            "controls": {name: trait.describe() for name, trait in self.traits().items() if isinstance(trait, Slider)},
            "methods": [
                {"name": batch.name, "label": self.label(batch), "colour": palette.BATCHES[batch.name]}
                for batch in BATCHES.values()
            ],
            "landscapes": [landscape],
            **({"needs": wanted} if wanted else {}),
        }
        super().__init__(identity, spec, methods=methods, **state)

    def label(self, batch: Batch) -> str:
        return {1: "one example a step", None: f"all {len(self.sample.y)}"}.get(batch.size, f"{batch.size} examples a step")

    def path_program(self, batch: Batch) -> Program:
        """The path and the risk along it, as a function of start and α. The shuffles are constants, as row numbers."""
        X, y = self.sample
        n = len(y)
        size = batch.size or n
        epochs = -(-STEPS * size // n) + 1
        shuffles = [rows for rows in minibatches(n, size, np.random.default_rng(SEED), epochs) if len(rows) == size]
        rows = np.array(shuffles[:STEPS], dtype=float)

        def run(start: Any, alpha: Any) -> dict[str, Any]:
            rule = optim.GradientDescent(alpha)
            if batch.size is None:
                found = optim.descend(rule, lambda θ: squared_risk(θ, X, y), start, STEPS)
                return {"path": found.path, "loss": found.values}

            def step(carry: Any, rows: Any) -> Any:
                θ, state = carry
                X_batch, y_batch = take(X, rows, axis=0), take(y, rows, axis=0)
                gradient = grad(lambda θ: squared_risk(θ, X_batch, y_batch))
                return rule.step(gradient, θ, state, 1.0), (θ, squared_risk(θ, X, y))

            (last, _), (path, values) = scan(step, (start, rule.init(start)), rows)
            return {
                "path": np.concatenate([path, np.reshape(last, (1, 2))]),
                "loss": np.concatenate([values, np.reshape(squared_risk(last, X, y), (1,))]),
            }

        return trace(run, np.array(self.minima[0]), 1e-3)

    def surface_program(self) -> Program:
        points = np.zeros(GRID[0] * GRID[1])
        return trace(lambda x, y: {"J": squared_risk_on_grid(x, y, *self.sample)}, points, points)

    @property
    def paths(self) -> dict[str, np.ndarray]:
        """The path of each chosen batch size, (steps + 1, 2), from the same program and state as in the page."""
        return {name: run["path"] for name, run in self.runs().items()}

    def runs(self) -> dict[str, dict[str, np.ndarray]]:
        """path and loss of each chosen batch size."""
        with np.errstate(over="ignore", invalid="ignore"):
            return {name: self.programs[name].run(np.array(self.start), self.alpha) for name in self.methods}

    def still(self) -> str:
        from .. import figures

        labels = {m["name"]: m["label"] for m in self.spec["methods"]}
        fig, ax = figures.new(7.2, 3.0)
        for name, run in self.runs().items():
            ax.plot(np.maximum(run["loss"] - self.minimum, 1e-16), color=palette.BATCHES[name], label=labels[name])
        ax.set_yscale("log")
        ax.set(xlabel="step", ylabel="J − J*")
        figures.legend(ax)
        alt = f"The risk above its minimum against the step at α = {self.alpha:g}: {', '.join(labels.values())}."
        return figures.show(fig, alt).svg
