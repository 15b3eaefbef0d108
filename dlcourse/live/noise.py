"""What the batch size buys: where many runs of stochastic gradient descent end, and the floor that noise keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import optim, palette
from ..autodiff import grad
from ..autodiff.primitives import take
from ..checks import kind, number, whole
from ..data import Sample
from ..programs import scan
from .controls import Slider
from .curves import Axis, Curves, Goal, Heat, Panel, Sentence, Series, Show
from .noisy import squared_risk, squared_risk_on_grid

EXAMPLES = 30
STEPS = 80
RUNS = 32
LATE = 10  # the steps at the end over which the risk is averaged
SHUFFLES = 40
SEED = 2
START = (4.5, 0.0)
DOMAIN = ((-1.0, 5.0), (-1.0, 6.0))  # intercept, slope
CELLS = (48, 36)
RATES = np.geomspace(0.005, 1.0, 47)
LOWEST = 1e-4  # risk above the minimum that the second panel shows


def examples() -> Sample:
    """y = 3x + 2 as on the slides [source 003], but with noise that is to be seen, N(0, 1)."""
    rng = np.random.default_rng(SEED)
    x = rng.normal(size=EXAMPLES)
    return Sample(np.stack([np.ones(EXAMPLES), x], axis=1), 3.0 * x + 2.0 + rng.normal(size=EXAMPLES))


class Noise(Curves):
    """Many runs of SGD on the squared risk of a line, each with its own batches of M of the 30 examples.

    A batch is drawn without replacement, so that the mean gradient has the covariance C/M · (N − M)/(N − 1). Around the
    minimum, in the direction of an eigenvalue λ of the Hessian, that keeps the variance α c / (λ (2 − α λ)), and the excess
    risk is the sum of α c / (2 (2 − α λ)): the floor that is drawn, C taken at the minimum. `NoisyDescent` shows single runs
    step by step.

    Parameters
    ----------
    sample : X (30, 2), its first column ones, and y (30,); a line with noise where it is not given.
    target, most : the goal is a risk within `target` of the least, from a look at `most` examples or fewer.
    goal : the sentence that says so, if another suits its place better.
    """

    batch = Slider(1, low=1, high=EXAMPLES, step=1, label="M", description="examples a step")
    alpha = Slider(0.1, low=0.005, high=1.0, scale="log", label="α", description="learning rate")

    def __init__(
        self,
        sample: Sample | None = None,
        *,
        identity: str = "noise-cloud",
        goal: str = "",
        target: float = 0.01,
        most: int = 800,
        shows: Sequence[Show] | None = None,
        **state: Any,
    ) -> None:
        number("Noise", "target", target)
        whole("Noise", "most", most, STEPS)
        self.sample = examples() if sample is None else sample
        kind("Noise", "sample", self.sample, Sample, "a data.Sample of X and y")
        X, y = np.asarray(self.sample.X, dtype=float), np.asarray(self.sample.y, dtype=float)
        if X.shape != (EXAMPLES, 2) or y.shape != (EXAMPLES,) or not np.all(X[:, 0] == 1.0):
            raise ValueError(
                f"Noise: needs X of shape ({EXAMPLES}, 2) with ones in its first column and y of shape ({EXAMPLES},), "
                f"got {X.shape} and {y.shape}"
            )
        rng = np.random.default_rng(SEED)
        # Each batch is a stretch of a shuffle, so that only its place has to be sent to the page.
        ring = np.concatenate([np.tile(rng.permutation(EXAMPLES), 2) for _ in range(SHUFFLES)]).astype(float)
        places = rng.integers(SHUFFLES, size=(STEPS, RUNS)) * 2 * EXAMPLES + rng.integers(EXAMPLES, size=(STEPS, RUNS))
        cloud, floor = palette.BATCHES["few"], palette.METHODS["gradient_descent"]
        panels = (
            Panel(
                Axis("intercept", DOMAIN[0]),
                Axis("slope", DOMAIN[1]),
                (
                    Series("path_x", "path_y", "one run", palette.DATA, faint=True),
                    Series("end_x", "end_y", f"ends of {RUNS} runs", cloud, kind="dots"),
                    Series("best_x", "best_y", "minimum", palette.DATA, kind="squares"),
                ),
                heat=Heat("heights", *CELLS),
            ),
            Panel(
                Axis("learning rate α", (RATES[0], RATES[-1]), "log"),
                Axis("risk above its minimum", (LOWEST, 100.0), "log"),
                (
                    Series("rates", "floors", "floor of the noise", floor, at=""),
                    Series("rates", "unreached", "left without noise", palette.DATA, dash="5 4"),
                    Series("here", "measured_here", "the runs", cloud, kind="circles", when="visible"),
                    Series("here", "lowest_here", "the runs, below this", cloud, kind="circles", when="lower"),
                ),
                pick="alpha",
            ),
        )
        super().__init__(
            identity,
            compute_for(X, y, ring, places.astype(float), target, most),
            panels,
            words=(
                Sentence("With M = {batch} and α = {alpha} the runs end {measured} above the least risk.", colour=cloud),
                Sentence("Theory: the noise keeps them {floor} above it.", "noisy", colour=floor),
                Sentence("Theory: no floor. α is past the edge 2/λ of the steepest direction.", "past", colour=floor),
                Sentence("All examples in every step: no noise, no floor.", "whole", tone="good"),
                Sentence(f"Without noise {{distance}} would be left after {STEPS} steps."),
                Sentence("They have not arrived: α is too small for so few steps.", "short", tone="bad"),
                Sentence("That is more than theory says: far from the minimum the noise is larger too.", "above"),
                Sentence("They diverge.", "diverges", tone="bad"),
                Sentence(f"The {STEPS} steps look at {{looked:d}} examples."),
                Sentence("Goal reached.", "reached", tone="good"),
            ),
            goal=Goal(
                goal or f"Bring the runs to within {target:g} of the least risk, looking at no more than {most} examples.",
                "reached",
            ),
            shows=SHOWS if shows is None else shows,
            **state,
        )


def compute_for(
    X: np.ndarray, y: np.ndarray, ring: np.ndarray, places: np.ndarray, target: float, most: int
) -> Callable[..., dict[str, Any]]:
    """All runs for one batch size and α, and what theory says of them."""
    n = EXAMPLES
    best = np.linalg.lstsq(X, y, rcond=None)[0]
    least = float(squared_risk(best, X, y))
    curvatures, directions = np.linalg.eigh(2.0 * X.T @ X / n)
    gradients = -2.0 * (y - X @ best)[:, None] * X  # of each example, at the minimum: their mean is 0
    spread = np.mean((gradients @ directions) ** 2, axis=0)
    away = (directions.T @ (np.array(START) - best)) ** 2
    order = np.arange(float(n))
    (left, right), (lower, upper) = DOMAIN
    columns = left + (right - left) * (np.arange(CELLS[0]) + 0.5) / CELLS[0]
    rows = np.reshape(lower + (upper - lower) * (np.arange(CELLS[1]) + 0.5) / CELLS[1], (CELLS[1], 1))

    def floor(α: Any, M: Any) -> Any:
        share = (n - M) / (M * (n - 1.0))
        return sum(share * α * c / (2.0 * (2.0 - α * λ)) for c, λ in zip(spread, curvatures))

    def distance(α: Any) -> Any:
        """What a run without noise has left, as a mean over the same last steps."""
        late = np.reshape(np.arange(STEPS - LATE, STEPS) + 0.0, (-1, 1))
        factors = [np.mean(np.reshape((1.0 - α * λ) ** 2, (1, -1)) ** late, axis=0) for λ in curvatures]
        return sum(0.5 * λ * d * f for λ, d, f in zip(curvatures, away, factors))

    def compute(batch: Any, alpha: Any) -> dict[str, Any]:
        weights = np.where(np.less(order, batch), 1.0, 0.0) / batch
        rule = optim.GradientDescent(alpha)
        start = np.array([START] * RUNS) + 0.0 * alpha

        def step(carry: Any, places: Any) -> Any:
            rows = take(ring, np.reshape(places, (-1, 1)) + order, axis=0)
            x_batch, y_batch = take(X[:, 1], rows, axis=0), take(y, rows, axis=0)
            J = lambda θ: np.sum(weights * (y_batch - θ[:, :1] - θ[:, 1:] * x_batch) ** 2)  # noqa: E731
            return rule.step(grad(J), carry, (), 1.0)[0], carry

        last, path = scan(step, start, places)
        excess = lambda θ: squared_risk_on_grid(θ[..., 0], θ[..., 1], X, y) - least  # noqa: E731
        measured = np.maximum(np.mean(excess(path[-LATE:])), 0.0)
        within = np.less(measured, 1e6)
        surface = squared_risk_on_grid(columns + 0.0 * alpha, rows, X, y) - least
        noise, rest = floor(alpha, batch), np.sum(distance(alpha))
        some, settles = np.less(batch, float(n)), np.less(alpha * curvatures[-1], 2.0)
        looked = STEPS * batch
        one = lambda v: np.reshape(v, (1,))  # noqa: E731
        return {
            "heights": np.reshape(-np.log(np.maximum(surface, 0.0) + 0.05), (-1,)),
            "path_x": path[:, 0, 0],
            "path_y": path[:, 0, 1],
            "end_x": last[:, 0],
            "end_y": last[:, 1],
            "best_x": one(best[0]),
            "best_y": one(best[1]),
            "rates": RATES,
            "floors": np.where(np.less(RATES * curvatures[-1], 1.98), floor(RATES, batch), np.nan),
            "unreached": distance(RATES) + 0.0 * batch,
            "here": one(alpha),
            "measured_here": one(measured),
            "lowest_here": one(1.25 * LOWEST + 0.0 * measured),
            "visible": np.greater_equal(measured, LOWEST),
            "lower": np.less(measured, LOWEST),
            "measured": measured,
            "floor": noise,
            "distance": rest,
            "looked": looked,
            "noisy": some * settles,
            "past": some * (1.0 - settles),
            "whole": np.equal(batch, float(n)),
            "short": within * settles * np.greater(rest, 2.0 * noise) * np.greater(measured, 0.01),
            "above": within * settles * np.greater(noise, rest) * np.greater(measured, 1.5 * noise),
            "diverges": 1.0 - within * settles,
            "reached": np.less(measured, target) * np.less_equal(looked, float(most)),
        }

    return compute


SHOWS = (
    Show("one example a step", {"batch": 1, "alpha": 0.1}),
    Show("ten times as many", {"batch": 10, "alpha": 0.1}),
    Show("a tenth of α instead", {"batch": 1, "alpha": 0.01}),
    Show("all of them", {"batch": 30, "alpha": 0.1}),
)
