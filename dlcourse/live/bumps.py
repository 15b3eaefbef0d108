"""Any curve from bumps: a network of one hidden layer whose weights are written down, not trained."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from .. import nn, palette
from ..autodiff.primitives import take
from .controls import Choice, Slider
from .curves import Axis, Curves, Goal, Line, Panel, Sentence, Series
from .panels import Show

MOST = 50  # bumps
POINTS = 401
KNOTS = 40
SEED = 1
GOOD = 0.1


class Target(NamedTuple):
    """A function on [0, 1], as prose and as code."""

    label: str
    f: Callable[[Any], Any]


def noise(x: Any) -> Any:
    """A fixed draw of heights, joined by straight lines.

    >>> noise(np.array([0.0, 1.0])).round(3)
    array([ 0.024, -0.875])
    """
    knots = np.linspace(0.0, 1.0, KNOTS)
    heights = np.random.default_rng(SEED).uniform(-1.0, 1.0, KNOTS)
    return np.maximum(1.0 - np.abs(np.reshape(x, (-1, 1)) - knots) * (KNOTS - 1.0), 0.0) @ heights


TARGETS = {
    "smooth": Target("a smooth curve", lambda x: np.sin(2.0 * np.pi * x)),
    "step": Target("a step", lambda x: np.where(np.less(x, 0.4), -0.6, 0.7)),
    "wiggle": Target("a wiggle", lambda x: np.sin(8.0 * np.pi * x**2)),
    "noise": Target("noise", noise),
}


class Bumps(Curves):
    """f(x) = Σ_i h_i [σ(c (x − l_i)) − σ(c (x − r_i))]: two sigmoid units a bump, as an `nn.MLP` with weights set by hand.

    Bump i stands on the i-th of n equal pieces of [0, 1] and is as high as the target in the middle of it: W⁽¹⁾ holds the
    steepness c, b⁽¹⁾ = −c times the edges, W⁽²⁾ = ± h_i. [Cybenko 1989; source 003 for the picture]
    """

    target = Choice(list(TARGETS), label="Target", labels=[each.label for each in TARGETS.values()])
    bumps = Slider(6, low=1, high=MOST, step=1, label="n", description="bumps")
    steepness = Slider(100.0, low=5.0, high=5000.0, scale="log", label="c", description="steepness")
    bump = Slider(2, low=1, high=MOST, step=1, label="i", description="bump looked at", limit="bumps")

    def __init__(self, target: str = "smooth", *, identity: str = "bumps", **state: Any) -> None:
        blue, orange, green = palette.SERIES[:3]
        grid = np.linspace(0.0, 1.0, POINTS)
        x = Axis("x", (0.0, 1.0))
        super().__init__(
            identity,
            {name: partial(sum_of_bumps, each.f, grid) for name, each in TARGETS.items()},
            (
                Panel(
                    x,
                    Axis("y", (-1.4, 1.4)),
                    (
                        Series("grid", "target_y", "target", palette.DATA, dash="5 4"),
                        Series("grid", "own", "", orange, faint=True),
                        Series("grid", "f", "network", blue),
                    ),
                    share=1.3,
                ),
                Panel(
                    x,
                    Axis("units of one bump", (-0.1, 1.2)),
                    (
                        Series("grid", "left", "left unit", green),
                        Series("grid", "right", "right unit", palette.SERIES[3]),
                        Series("grid", "difference", "left − right", orange, dash="5 4"),
                    ),
                    (Line("edge_left", ""), Line("edge_right", "")),
                ),
            ),
            words=(
                Sentence(
                    "n = {bumps}, so {units:d} sigmoid units: the network is off by at most {most:.3f}, by {mean:.3f} as a "
                    "root mean square.",
                    colour=blue,
                ),
                Sentence(
                    "Bump {shown:d} is the difference of steps at {edge_left:.3f} and {edge_right:.3f}, times {height:.2f}.",
                    colour=orange,
                ),
                Sentence("The steps are so flat that the bumps run into each other.", when="flat", tone="bad"),
                Sentence("The bumps overlap, and their sum follows the target smoothly.", when="smooth"),
                Sentence("The steps are so steep that the sum is a staircase.", when="staircase"),
                Sentence(
                    "The greatest error is at the jump: no sum of continuous bumps comes close there.", when="torn", tone="bad"
                ),
                Sentence("Goal reached.", when="reached", tone="good"),
            ),
            goal=Goal(
                f"Come within {GOOD} of the smooth curve everywhere, with as few bumps as you can. Which of the other targets "
                f"can you match within {GOOD} as a root mean square, and which of those stays far off at its worst point?",
                "reached",
            ),
            shows=(
                Show("steps, not yet bumps", {"target": "smooth", "bumps": 6, "steepness": 15.1, "bump": 2}),
                Show("a staircase", {"target": "smooth", "bumps": 12, "steepness": 5000.0, "bump": 3}),
                Show("many bumps", {"target": "wiggle", "bumps": 50, "steepness": 200.0, "bump": 10}),
                Show("a jump", {"target": "step", "bumps": 50, "steepness": 1000.0, "bump": 20}),
            ),
            target=target,
            **state,
        )


def sum_of_bumps(target: Callable[[Any], Any], grid: Any, bumps: Any, steepness: Any, bump: Any) -> dict[str, Any]:
    """The network and what it is made of. Bumps beyond the n-th have the height 0."""
    mlp = nn.MLP([1, 2 * MOST, 1], "sigmoid", "regression")
    i = np.arange(float(MOST))
    used = np.less(i, bumps)
    left, right = i / bumps, (i + 1.0) / bumps
    heights = used * target((i + 0.5) / bumps)
    edges = np.concatenate([left, right])
    theta = {
        "W": [np.reshape(steepness + 0.0 * edges, (-1, 1)), np.reshape(np.concatenate([heights, -heights]), (1, -1))],
        "b": [-steepness * edges, np.zeros(1)],
    }
    hidden, output = mlp.layers(theta, grid[:, None])
    f = np.reshape(output.h, (-1,))
    truth = target(grid)
    error = np.abs(f - truth)

    k = np.minimum(bump, bumps) - 1.0
    own = lambda x, at, axis: np.sum(take(x, np.reshape(at, (1,)), axis=axis), axis=axis)  # noqa: E731
    rise, fall = own(hidden.h, k, 1), own(hidden.h, k + float(MOST), 1)
    height = own(heights, k, 0)
    most, mean = np.max(error), np.sqrt(np.mean(error**2))
    jump = float(np.max(np.abs(np.diff(truth))))
    width = 1.0 / bumps
    overlap, close = np.less(steepness * width, 4.0), np.less(most, GOOD)
    return {
        "grid": grid,
        "target_y": truth,
        "f": f,
        "left": rise,
        "right": fall,
        "difference": rise - fall,
        "own": height * (rise - fall),
        "edge_left": own(left, k, 0),
        "edge_right": own(right, k, 0),
        "height": height,
        "shown": k + 1.0,
        "units": 2.0 * bumps,
        "most": most,
        "mean": mean,
        "flat": overlap * (1.0 - close),
        "smooth": overlap * close,
        "staircase": np.greater(steepness * width, 60.0) * np.greater(bumps, 1.0),
        "torn": np.greater(most, 0.25) * float(jump > 0.5),
        "reached": close,
    }
