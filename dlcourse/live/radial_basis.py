"""Bumps that move: radial basis functions in one dimension, learned in two steps or in three."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from .. import nn, optim, palette
from ..autodiff import grad
from ..autodiff.primitives import take
from ..nn.rbf import neighbour_widths
from ..programs import scan
from .controls import Slider, Switch
from .curves import Axis, Curves, Goal, Panel, Sentence, Series
from .panels import Play, Show

MOST = 12  # centres
EXAMPLES = 36
STEPS = 100  # of the third step
RATE = 0.03  # its learning rate, with Adam
RIDGE = 1e-3  # added to ΦᵀΦ, so that overlapping bumps have one answer
SEED = 5
LOW, HIGH = -3.0, 3.0


def target(x: Any) -> Any:
    """What is to be learned: a bump, a dip and a step, unlike each other in width.

    >>> round(float(target(0.5)), 3)
    -1.0
    """
    return np.exp(-((x + 1.5) ** 2) / 0.5) - np.exp(-((x - 0.5) ** 2) / 0.06) + 0.5 * np.tanh(4.0 * (x - 1.8)) + 0.5


@cache
def examples() -> tuple[np.ndarray, np.ndarray]:
    """X (T, 1), in two crowds and scattered over the whole interval, and y (T,) with a little noise."""
    rng = np.random.default_rng(SEED)
    third = EXAMPLES // 3
    x = np.concatenate(
        [rng.normal(-1.6, 0.6, third), rng.normal(0.5, 0.35, third), rng.uniform(LOW, HIGH, EXAMPLES - 2 * third)]
    )
    x = np.sort(np.clip(x, LOW, HIGH))
    return x[:, None], target(x) + 0.05 * rng.standard_normal(EXAMPLES)


@cache
def placements() -> tuple[np.ndarray, np.ndarray]:
    """Centres and widths of step ①, each (2 · MOST, MOST): for n = 1 … MOST by k-means, then for n drawn from the examples.

    Where there are fewer than MOST, the rest stands at 0 with the width 1 and is never used.
    """
    X, _ = examples()
    μ, σ = np.zeros((2 * MOST, MOST)), np.ones((2 * MOST, MOST))
    for row, place in enumerate((nn.rbf.kmeans_centres, nn.rbf.example_centres)):
        for n in range(1, MOST + 1):
            centres = np.sort(place(np.random.default_rng(SEED), X, n), axis=0)
            μ[row * MOST + n - 1, :n] = centres[:, 0]
            σ[row * MOST + n - 1, :n] = neighbour_widths(centres, X)
    return μ, σ


def least_squares(Φ: Any, y: Any) -> Any:
    """w with (ΦᵀΦ + RIDGE) w = Φᵀy, by conjugate gradients: exact after as many steps as there are weights, but for rounding.

    >>> least_squares(np.eye(2), np.array([1.0, 2.0])).round(3)
    array([0.999, 1.998])
    """
    A, b = Φ.T @ Φ, Φ.T @ y
    dot = lambda u, v: np.sum(u * v)  # noqa: E731

    def step(carry: Any, _: Any) -> Any:
        w, r, p, ρ = carry
        q = A @ p + RIDGE * p
        α = ρ / np.maximum(dot(p, q), 1e-300)
        w, r = w + α * p, r - α * q
        after = dot(r, r)
        return (w, r, r + after / np.maximum(ρ, 1e-300) * p, after), None

    (w, *_), _ = scan(step, (0.0 * b, b, b, dot(b, b)), length=4 * MOST)
    return w


class RadialBasis(Curves):
    """f(x) = Σ_i w_i exp(−(x − μ_i)² / 2σ_i²): centres placed without looking at y, weights by least squares,
    and then all of it by gradient descent.

    Step ① places n centres by k-means++ or draws them from the examples, with widths from their neighbours times a factor;
    step ② solves for w; step ③ moves μ, σ and w together, with Adam. The network is `nn.RBF`. [source 003]
    """

    centres = Slider(5, low=1, high=MOST, step=1, label="n", description="centres")
    width = Slider(1.0, low=0.2, high=5.0, scale="log", label="σ", description="widths, times")
    kmeans = Switch(True, label="Centres by k-means++")
    step = Slider(0, low=0, high=STEPS, step=1, label="t", description="third step")

    def __init__(self, *, identity: str = "radial-basis", **state: Any) -> None:
        blue, orange, green = palette.SERIES[:3]
        x = Axis("x", (LOW, HIGH))
        super().__init__(
            identity,
            fit,
            (
                Panel(
                    x,
                    Axis("y", (-1.6, 2.4)),
                    (
                        Series("bumps_x", "bumps_y", "", orange, faint=True),
                        Series("x", "y", "data", palette.DATA, kind="circles"),
                        Series("grid", "two_step", "two steps", green, dash="5 4", when="moved"),
                        Series("grid", "f", "network", blue),
                    ),
                    share=1.3,
                ),
                Panel(
                    Axis("centres μ", (LOW, HIGH)),
                    Axis("steps t", (-3.0, STEPS + 3.0)),
                    (Series("paths_x", "paths_t", "", orange), Series("here_x", "here_t", "", orange, kind="circles")),
                ),
            ),
            words=(
                *(  # in the colour of the curve that is drawn
                    Sentence("Two steps with n = {centres}: off the data by {two_error:.3f} (root mean square).", when, colour)
                    for when, colour in (("unmoved", blue), ("moved", green))
                ),
                Sentence("Learning everything, at t = {step}: {error:.3f}.", when="moved", colour=blue),
                Sentence(
                    "The centre that moved most has gone {farthest:.2f}; the widths are now {narrowest:.2f} to {widest:.2f}.",
                    when="several_moved",
                    colour=orange,
                ),
                Sentence("The centre has gone {farthest:.2f}; its width is now {widest:.2f}.", when="one_moved", colour=orange),
                Sentence("The widths are {narrowest:.2f} to {widest:.2f}.", when="several_unmoved", colour=orange),
                Sentence("The width is {widest:.2f}.", when="one_unmoved", colour=orange),
                Sentence("The bumps are too narrow: between them the network falls back to 0.", when="narrow", tone="bad"),
                Sentence(
                    "The bumps are so wide that they are nearly the same: large weights have to cancel.",
                    when="wide",
                    tone="bad",
                ),
                Sentence("Goal reached.", when="reached", tone="good"),
            ),
            goal=Goal(
                "With at most 5 centres, come within 0.1 of the data (root mean square). Are two steps enough?", "reached"
            ),
            shows=(
                Show("too narrow", {"centres": 8, "width": 0.2, "kmeans": True, "step": 0}),
                Show("too wide", {"centres": 8, "width": 5.0, "kmeans": True, "step": 0}),
                Show("random centres", {"centres": 5, "width": 0.6, "kmeans": False, "step": 0}),
                Show("three steps", {"centres": 5, "width": 0.6, "kmeans": True, "step": STEPS}),
            ),
            play=Play("step", "Third step", 5.0, ("centres", "width")),
            **state,
        )


def fit(centres: Any, width: Any, kmeans: Any, step: Any) -> dict[str, Any]:
    """The network after two steps, and along the third."""
    X, y = examples()
    grid = np.linspace(LOW, HIGH, 161)
    rbf = nn.RBF(1, MOST, 1)
    used = np.less(np.arange(float(MOST)), centres)
    row = np.reshape(centres - 1.0 + MOST * (1.0 - kmeans), (1,))
    μ, σ = (np.reshape(take(table, row, axis=0), (-1,)) for table in placements())
    σ = np.where(used, width * σ, 1.0)
    column = lambda x: np.reshape(x, (-1, 1))  # noqa: E731
    bare = {"centres": column(μ), "widths": σ, "W": np.reshape(0.0 * μ, (1, -1))}
    W = np.reshape(least_squares(rbf.features(bare, X) * used, y), (1, -1))
    start = np.concatenate([μ, σ, np.reshape(W, (-1,))])
    parts = lambda θ: {"centres": column(θ[:MOST]), "widths": θ[MOST : 2 * MOST], "W": np.reshape(θ[2 * MOST :], (1, -1))}  # noqa: E731

    rule = optim.Adam(RATE)
    moving = np.concatenate([used, used, used])
    gradient = grad(lambda θ: rbf.loss(parts(θ), X, y))

    def advance(carry: Any, t: Any) -> Any:
        θ, state = carry
        return rule.step(lambda θ: moving * gradient(θ), θ, state, t), θ

    (last, _), path = scan(advance, (start, rule.init(start)), np.arange(1.0, STEPS + 1.0))
    path = np.concatenate([path, np.reshape(last, (1, -1))])
    θ = np.reshape(take(path, np.reshape(step, (1,)), axis=0), (-1,))

    hidden = np.where(used, 0.0, np.nan)
    fine = np.linspace(LOW, HIGH, 81)
    heights = (rbf.features(parts(θ), fine[:, None]) * θ[2 * MOST :] + hidden).T
    gap = lambda x: np.concatenate([x, np.zeros((MOST, 1)) + np.nan], axis=1)  # noqa: E731
    every = np.arange(0.0, STEPS + 1.0, 2.0)
    paths = take(path[:, :MOST], every, axis=0).T + column(hidden)
    off = lambda θ: np.sqrt(rbf.loss(parts(θ), X, y))  # noqa: E731
    error, widths = off(θ), np.abs(θ[MOST : 2 * MOST])
    moved, one = np.greater(step, 0.0), np.equal(centres, 1.0)
    largest = np.max(np.abs(start[2 * MOST :]))
    return {
        "x": X[:, 0],
        "y": y,
        "grid": grid,
        "f": np.reshape(rbf(parts(θ), grid[:, None]), (-1,)),
        "two_step": np.reshape(rbf(parts(start), grid[:, None]), (-1,)),
        "bumps_x": np.tile(np.append(fine, np.nan), MOST),
        "bumps_y": np.reshape(gap(heights), (-1,)),
        "paths_x": np.reshape(gap(paths), (-1,)),
        "paths_t": np.tile(np.append(every, np.nan), MOST),
        "here_x": θ[:MOST] + hidden,
        "here_t": step + np.zeros(MOST),
        "two_error": off(start),
        "error": error,
        "farthest": np.max(np.abs(θ[:MOST] - μ) * used),
        "narrowest": -np.max(np.where(used, -widths, -1e9)),
        "widest": np.max(np.where(used, widths, 0.0)),
        "moved": moved,
        "unmoved": 1.0 - moved,
        "several_moved": moved * (1.0 - one),
        "one_moved": moved * one,
        "several_unmoved": (1.0 - moved) * (1.0 - one),
        "one_unmoved": (1.0 - moved) * one,
        "narrow": np.less(width, 0.45) * (1.0 - moved),
        "wide": np.greater(largest, 5.0) * (1.0 - moved),
        "reached": np.less_equal(centres, 5.0) * np.less(error, 0.1),
    }
