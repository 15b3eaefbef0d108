"""Out of shallow minima and off saddles: descent, momentum, noise, restarts and annealing, counted over many starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import landscapes, optim, palette
from ..autodiff import grad
from ..landscapes import Landscape
from ..programs import scan
from .controls import Choice, Slider, Switch
from .curves import Axis, Curves, Goal, Heat, Panel, Sentence, Series, Show

RUNS = 48
STEPS = 150
SEED = 5
SIXTEENTHS = 16.0
CELLS = (64, 54)
HEIGHTS = 61  # at which the share of runs below is counted
NEAR = 0.3  # of a lowest point: a run has found it
COOL = 0.02  # of the first temperature is left at the end

PLACES = ("many_minima", "saddle")
COLOURS = {
    "descent": palette.METHODS["gradient_descent"],
    "momentum": palette.METHODS["heavy_ball"],
    "noise": palette.BATCHES["few"],
    "restarts": palette.METHODS["adagrad"],
    "annealing": palette.METHODS["nesterov"],
}
LABELS = {"descent": "Gradient descent", "momentum": "Heavy ball", "noise": "Descent with noise", "annealing": "Annealing"}
START = {
    "many_minima": {"alpha": 0.05, "beta": 0.9, "noise": 3.0, "temperature": 1.0},
    "saddle": {"alpha": 0.1, "beta": 0.9, "noise": 0.5, "temperature": 0.1},
}


def starts(landscape: Landscape) -> np.ndarray:
    """Where the runs begin, (RUNS, 2): anywhere on the map; on the saddle's ridge, where θ₂ = 0, for the saddle."""
    (left, right), (low, high) = landscape.domain
    points = np.random.default_rng(SEED).uniform([left, low], [right, high], (RUNS, 2))
    if landscape.saddles:
        points[:, 1] = 0.0
    return points


def drawn(landscape: Landscape) -> tuple[tuple[float, float], ...]:
    """The map, wider than where the runs begin: those that end at its edge are whole."""
    return tuple((low - 0.04 * (high - low), high + 0.04 * (high - low)) for low, high in landscape.domain)


class Escape(Curves):
    """Five ways from the same 48 starts, 150 steps each: where they end, and the share of them that gets below each height.

    Gradient descent; heavy ball; descent whose gradients have noise σ that falls to 0; simulated annealing, whose temperature
    falls to a fiftieth; and restarts: the best of n descents from starts drawn anew, of which the share is 1 − (1 − p)ⁿ where
    p is that of one [source 004]. On the saddle all begin exactly on the ridge, from where the gradient leads to the saddle.

    Parameters
    ----------
    landscape : "many_minima" or "saddle".
    """

    landscape = Choice(list(PLACES), label="Landscape", labels=[landscapes.get(name).label for name in PLACES])
    alpha = Slider(0.05, low=1e-3, high=1.0, scale="log", label="α", description="learning rate")
    beta = Slider(0.9, low=0.0, high=0.99, step=0.01, label="β", description="momentum")
    noise = Slider(3.0, low=0.0, high=10.0, step=0.1, label="σ", description="gradient noise")
    temperature = Slider(1.0, low=0.01, high=10.0, scale="log", label="T", description="temperature")
    restarts = Slider(5, low=1, high=20, step=1, label="n", description="restarts")
    show_momentum = Switch(False, label="Heavy ball")
    show_noise = Switch(False, label="Noise")
    show_annealing = Switch(False, label="Annealing")

    def __init__(
        self, landscape: str = "many_minima", *, identity: str = "escape", shows: Sequence[Show] | None = None, **state: Any
    ) -> None:
        rng = np.random.default_rng(SEED + 1)
        # in sixteenths, so that each draw is one byte of the page
        draws = np.rint(SIXTEENTHS * rng.normal(size=(STEPS, 2, RUNS))) + 0.0
        # 256 chances, from 1/512 to 511/512
        chances = np.floor(256.0 * rng.random((STEPS, RUNS))) - 128.0
        when = {"descent": "", "momentum": "show_momentum", "noise": "show_noise", "annealing": "show_annealing"}
        ends = [Series(f"{name}_x", f"{name}_y", "", COLOURS[name], kind="circles", when=when[name]) for name in LABELS]
        domains = [{name: drawn(landscapes.get(name))[i] for name in PLACES} for i in (0, 1)]
        panels = (
            Panel(
                Axis("θ₁", domains[0]),
                Axis("θ₂", domains[1]),
                (Series("start_x", "start_y", "", palette.DATA, kind="dots", faint=True), *ends),
                heat=Heat("heights", *CELLS),
            ),
            Panel(
                Axis("height J − J*", {"many_minima": (0.0, 3.0), "saddle": (0.0, 0.5)}),
                Axis("share of runs that end below", (0.0, 1.0)),
                (
                    Series("levels", "restarts_share", "best of n", COLOURS["restarts"], dash="5 4"),
                    *(
                        Series("levels", f"{name}_share", LABELS[name].lower(), COLOURS[name], when=when[name])
                        for name in reversed(LABELS)
                    ),
                ),
                share=0.8,
            ),
        )
        super().__init__(
            identity,
            {name: compute_for(landscapes.get(name), draws, chances) for name in PLACES},
            panels,
            words=(
                Sentence(f"{{descent_found:d}} of {RUNS} descents found the lowest point.", "single", COLOURS["descent"]),
                Sentence(f"{{descent_found:d}} of {RUNS} descents found a lowest point.", "several", COLOURS["descent"]),
                Sentence(
                    "With n = {restarts} at least one does with probability {restarts_found:.3f}.",
                    "descent_found",
                    COLOURS["restarts"],
                ),
                Sentence(f"Heavy ball: {{momentum_found:d}} of {RUNS}.", "show_momentum", COLOURS["momentum"]),
                Sentence(f"With noise: {{noise_found:d}} of {RUNS}.", "show_noise", COLOURS["noise"]),
                Sentence(f"Annealing: {{annealing_found:d}} of {RUNS}.", "show_annealing", COLOURS["annealing"]),
                Sentence(
                    "{stuck:d} descents end at the saddle, where the gradient of its ridge leads.", "at_saddle", tone="bad"
                ),
                Sentence("Goal reached.", "reached", tone="good"),
            ),
            goal=Goal(
                "Among many minima, find a temperature at which annealing finds the lowest 36 times out of 48.", "reached"
            ),
            presets=START,
            shows=SHOWS if shows is None else shows,
            landscape=landscape,
            **state,
        )


def compute_for(f: Landscape, draws: np.ndarray, chances: np.ndarray) -> Callable[..., dict[str, Any]]:
    """All runs of all methods on one landscape."""
    (left, right), (low, high) = drawn(f)
    columns = left + (right - left) * (np.arange(CELLS[0]) + 0.5) / CELLS[0]
    rows = np.reshape(low + (high - low) * (np.arange(CELLS[1]) + 0.5) / CELLS[1], (CELLS[1], 1))
    begin = starts(f).T
    levels = np.linspace(0.0, 0.5 if f.saddles else 3.0, HEIGHTS)
    falling = 1.0 - np.arange(STEPS) / (0.7 * STEPS)
    shrinking = np.maximum(falling, 0.0)
    cooling = COOL ** (np.arange(STEPS) / (STEPS - 1.0))

    def compute(alpha: Any, beta: Any, noise: Any, temperature: Any, restarts: Any, show_annealing: Any) -> dict[str, Any]:
        start = begin + 0.0 * alpha
        gradient = grad(lambda θ: np.sum(f(θ)))

        def follow(rule: optim.UpdateRule, σ: Any) -> Any:
            def step(carry: Any, given: Any) -> Any:
                θ, state = carry
                ξ, share = given
                noisy = lambda θ: gradient(θ) + σ * share * ξ / SIXTEENTHS  # noqa: E731
                return rule.step(noisy, θ, state, 1.0), None

            (last, _), _ = scan(step, (start, rule.init(start)), (draws, shrinking))
            return last

        def anneal(carry: Any, given: Any) -> Any:
            θ, value, best, lowest = carry
            ξ, chance, cool = given
            trial = θ + 0.5 * ξ / SIXTEENTHS
            height = f(trial)
            p = np.exp(-np.maximum(height - value, 0.0) / (temperature * cool))
            take = np.less((chance + 128.5) / 256.0, p)
            θ, value = np.where(take, trial, θ), np.where(take, height, value)
            better = np.less(value, lowest)
            return (θ, value, np.where(better, θ, best), np.where(better, value, lowest)), None

        first = f(start)
        annealed = scan(anneal, (start, first, start, first), (draws, chances, cooling))[0][2]
        rule = optim.GradientDescent(alpha)
        ends = {
            "descent": follow(rule, 0.0),
            "momentum": follow(optim.HeavyBall(alpha, beta), 0.0),
            "noise": follow(rule, noise),
            "annealing": annealed,
        }
        found: dict[str, Any] = {
            "heights": np.reshape(-np.log(f.function(columns + 0.0 * alpha, rows) - f.minimum + 0.05), (-1,)),
            "start_x": begin[0],
            "start_y": begin[1],
            "levels": levels,
        }
        for name, θ in ends.items():
            above = np.reshape(f(θ) - f.minimum, (-1, 1))
            near = sum(np.less((θ[0] - a) ** 2 + (θ[1] - b) ** 2, NEAR**2) for a, b in f.minima)
            found |= {
                f"{name}_x": θ[0],
                f"{name}_y": θ[1],
                f"{name}_share": np.mean(np.less_equal(above, levels + 1e-9), axis=0),
                f"{name}_found": np.sum(near),
            }
        one = found["descent_found"] / RUNS
        stuck = sum(
            (np.sum(np.less((ends["descent"][0] - a) ** 2 + (ends["descent"][1] - b) ** 2, 0.01)) for a, b in f.saddles),
            0.0 * alpha,
        )
        return {
            **found,
            "restarts_share": 1.0 - (1.0 - found["descent_share"]) ** restarts,
            "restarts_found": 1.0 - (1.0 - one) ** restarts,
            "single": float(len(f.minima) == 1) + 0.0 * alpha,
            "several": float(len(f.minima) > 1) + 0.0 * alpha,
            "stuck": stuck,
            "at_saddle": np.greater(stuck, 0.0),
            "reached": show_annealing * np.greater_equal(found["annealing_found"], 36.0) * float(not f.saddles),
        }

    return compute


NONE = {"show_momentum": False, "show_noise": False, "show_annealing": False}
SHOWS = (
    Show("plain descent", {"landscape": "many_minima", **START["many_minima"], **NONE}),
    Show("all of them", {"landscape": "many_minima", **START["many_minima"], **dict.fromkeys(NONE, True)}),
    Show("on the ridge of a saddle", {"landscape": "saddle", **START["saddle"], **NONE}),
    Show("noise leaves the saddle", {"landscape": "saddle", **START["saddle"], **NONE, "show_noise": True}),
)
