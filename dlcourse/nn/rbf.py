"""Networks of radial basis functions, and how their centres are placed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import ndarray
from numpy.random import Generator

from ..autodiff.primitives import exp, matmul, square, transpose
from ..checks import finite, generator, whole
from ..flat import flat_value_and_grad, flatten
from ..names import named
from .network import Network

Nest = dict[str, Any]
Placement = Callable[[Generator, ndarray, int], ndarray]
How = str | Placement  # a placement or its name


def uniform_centres(rng: Generator, X: ndarray, n: int) -> ndarray:
    """n points (n, d), drawn uniformly from the box that the examples X (T, d) fill [source 003].

    >>> uniform_centres(np.random.default_rng(0), np.array([[0.0, 5.0], [1.0, 5.0]]), 2)[:, 1]
    array([5., 5.])
    """
    return rng.uniform(X.min(axis=0), X.max(axis=0), (n, X.shape[1]))


def example_centres(rng: Generator, X: ndarray, n: int) -> ndarray:
    """n of the examples, no two equal, drawn at random (n, d). ValueError if there are fewer.

    >>> sorted(example_centres(np.random.default_rng(0), np.array([[1.0], [2.0], [2.0]]), 2).ravel().tolist())
    [1.0, 2.0]
    """
    return rng.permutation(distinct(X, n))[:n]


STARTS = 10  # of k-means, of which the best is kept
ROUNDS = 300  # at most, from one start


def squared_distances(X: ndarray, centres: ndarray) -> ndarray:
    """‖x − μ‖² for each example and each centre (T, n)."""
    return ((X[:, None] - centres) ** 2).sum(axis=2)


def spread_centres(rng: Generator, X: ndarray, n: int) -> ndarray:
    """k-means++: n examples, the first any of them, each other with probability ∝ min_i ‖x_t − μ_i‖², the μ_i before it.

    ValueError if X has fewer than n distinct examples. [Arthur & Vassilvitskii 2007]

    >>> spread_centres(np.random.default_rng(0), np.array([[0.0], [0.0], [5.0]]), 2).ravel()
    array([5., 0.])
    """
    centres = X[[rng.integers(len(X))]]
    while len(centres) < n:
        far = squared_distances(X, centres).min(axis=1)
        if not 0.0 < far.sum() < math.inf:
            raise ValueError(f"RBF: {n} centres need as many examples apart; squared distances add up to {far.sum()}")
        centres = np.append(centres, X[[rng.choice(len(X), p=far / far.sum())]], axis=0)
    return centres


def settled_centres(X: ndarray, centres: ndarray) -> ndarray:
    """k-means: give each example to its nearest centre, move each centre to the mean of its
    examples, and again, until none moves. A centre without examples stays where it is.
    Neither half raises Σ_t min_i ‖x_t − μ_i‖². [Lloyd 1982]

    >>> X = np.array([[0.0], [2.0], [10.0], [12.0]])
    >>> settled_centres(X, np.array([[0.0], [2.0]])).ravel()
    array([ 1., 11.])
    """
    for _ in range(ROUNDS):
        mine = squared_distances(X, centres).argmin(1) == np.arange(len(centres))[:, None]
        size = mine.sum(axis=1, keepdims=True)
        means = np.where(size, mine @ X / np.maximum(size, 1), centres)
        if np.array_equal(means, centres):
            break
        centres = means
    return centres


def kmeans_centres(rng: Generator, X: ndarray, n: int) -> ndarray:
    """Vector quantisation: the means (n, d) of n clusters, by k-means from ten k-means++ starts, the best of which is kept.

    ValueError if X has fewer than n distinct examples. [Arthur & Vassilvitskii 2007; source 003]

    >>> np.sort(kmeans_centres(np.random.default_rng(0), np.array([[0.0], [2.0], [10.0], [12.0]]), 2).ravel())
    array([ 1., 11.])
    """
    distinct(X, n)
    found = [settled_centres(X, spread_centres(rng, X, n)) for _ in range(STARTS)]
    return min(found, key=lambda centres: float(squared_distances(X, centres).min(axis=1).sum()))


def distinct(X: ndarray, n: int) -> ndarray:
    rows = np.unique(X, axis=0)
    if len(rows) < n:
        raise ValueError(f"RBF: {n} centres need as many distinct examples, got {len(rows)}")
    return rows


PLACEMENTS: dict[str, Placement] = {"uniform": uniform_centres, "examples": example_centres, "kmeans": kmeans_centres}


def neighbour_widths(centres: ndarray, X: ndarray) -> ndarray:
    """σ_i (n,): the root mean square distance of a centre from its two nearest others [Moody & Darken 1989].

    A single centre takes its distance from the examples. ValueError if that leaves a width of 0.

    >>> neighbour_widths(np.array([[0.0], [1.0], [8.0]]), np.zeros((1, 1))).round(3)
    array([5.701, 5.   , 7.517])
    """
    others = centres if len(centres) > 1 else X
    squares = np.sort(squared_distances(centres, others), axis=1)
    σ = np.sqrt((squares[:, 1:3] if len(centres) > 1 else squares).mean(axis=1))
    if not σ.all():
        raise ValueError(f"RBF: centre {int(np.argmin(σ))} has no distance from its neighbours, so no width")
    return σ


class RBF(Network):
    """A network of radial basis functions:

        φ_i(x) = exp(−‖x − μ_i‖² / 2σ_i²),   a = W φ(x),   y = g(a)

    inputs, centres, outputs : sizes d, n, m. task : "regression" (g the identity), "binary" (sigmoid), "multiclass"
    (softmax). θ is the nest {"centres": μ (n, d), "widths": σ (n,), "W": (m, n)}. [Broomhead & Lowe 1988; source 003]

    Learning: `place` the centres, `solve` for the weights or `train` them (two steps), then `train` everything (three).
    Raises ValueError for sizes that are no whole numbers ≥ 1, unknown tasks, and widths of 0.

    >>> rbf = RBF(1, 3, 1, task="regression")
    >>> X = np.linspace(0.0, 3.0, 7)[:, None]
    >>> theta = rbf.two_step(np.random.default_rng(0), X, np.sin(X[:, 0]), placement="examples")
    >>> bool(rbf.loss(theta, X, np.sin(X)) < 1e-2)
    True
    """

    def __init__(self, inputs: int, centres: int, outputs: int, task: str = "regression") -> None:
        for name, n in (("inputs", inputs), ("centres", centres), ("outputs", outputs)):
            whole("RBF", name, n)
        self.centres = centres
        shapes = {"centres": (centres, inputs), "widths": (centres,), "W": (outputs, centres)}
        super().__init__(inputs, outputs, task, shapes)

    def features(self, theta: Any, X: Any) -> Any:
        """φ(x) for each example: (T, n) of values in (0, 1]. ValueError for a width of 0.

        >>> rbf = RBF(1, 2, 1)
        >>> σ = np.array([1.0, 0.5])
        >>> theta = {"centres": np.array([[0.0], [1.0]]), "widths": σ, "W": np.ones((1, 2))}
        >>> rbf.features(theta, np.array([[1.0]])).round(4)
        array([[0.6065, 1.    ]])
        """
        theta, X = self.nest(theta), self.examples(X)
        σ = theta["widths"]
        if isinstance(σ, ndarray) and not σ.all():
            raise ValueError(f"RBF: no width may be 0; that of centre {int(np.argmin(σ != 0))} is")
        apart = np.reshape(X, (-1, 1, self.inputs)) - theta["centres"]
        return exp(-np.sum(square(apart), axis=2) / (2.0 * square(σ)))

    def __call__(self, theta: Any, X: Any) -> Any:  # type: ignore[override]
        """a = W φ(x), the logits (T, outputs). Raises ShapeError if θ or X does not fit the network."""
        theta = self.nest(theta)
        return matmul(self.features(theta, X), transpose(theta["W"]))

    def place(self, rng: Generator, X: Any, placement: How = "kmeans") -> Nest:
        """Step 1, without targets: centres by a placement or its name, widths from the neighbours, weights 0; views of one
        flat buffer. ValueError for unknown names, and for what is not finite in X (which row and column).

        >>> RBF(1, 2, 1).place(np.random.default_rng(0), np.array([[1.0], [3.0]]), "examples")["widths"]
        array([2., 2.])
        """
        generator("RBF.place", rng)
        X = self.examples(X)
        finite("RBF", "X", X)
        if not len(X):
            raise ValueError("RBF: X is empty")
        place = named(PLACEMENTS, placement, "placement") if isinstance(placement, str) else placement
        theta: Nest = self.unflatten(np.zeros(self.size))
        theta["centres"][...] = place(rng, X, self.centres)
        theta["widths"][...] = neighbour_widths(theta["centres"], X)
        return theta

    def solve(self, theta: Any, X: Any, y: Any) -> Nest:
        """Step 2 of a regression: the weights with the least squared error on y (T,) or (T, m), the shortest if there are
        several. ValueError for other tasks, whose weights `train` finds.

        >>> rbf = RBF(1, 1, 1)
        >>> theta = {"centres": np.zeros((1, 1)), "widths": np.ones(1), "W": np.zeros((1, 1))}
        >>> rbf.solve(theta, np.zeros((2, 1)), np.array([1.0, 3.0]))["W"].round(6)
        array([[2.]])
        """
        if self.task.name != "regression":
            raise ValueError(f"solve: least squares are for a regression; find the weights of {self.task.name!r} by `train`")
        φ = self.features(theta, X)
        target = np.reshape(np.asarray(y, dtype=np.float64), (len(φ), self.outputs))
        return self.unflatten(self.flat({**self.nest(theta), "W": np.linalg.lstsq(φ, target)[0].T}))

    def train(self, theta: Any, X: Any, y: Any, rule: Any, steps: int, parts: Sequence[str] = ("W",)) -> Nest:
        """Steps of an update rule on J over all examples, of the named parts of θ: the weights alone (step 2), or all of
        ("centres", "widths", "W") (step 3: ∇_μ J, ∇_σ J, ∇_W J). ValueError for unknown parts, ArithmeticError if J is no
        longer finite.

        >>> from dlcourse import optim
        >>> theta = {"centres": np.zeros((1, 1)), "widths": np.ones(1), "W": np.zeros((1, 1))}
        >>> RBF(1, 1, 1).train(theta, np.zeros((1, 1)), np.ones(1), optim.GradientDescent(0.25), 2)["W"]
        array([[0.75]])
        """
        theta = self.nest(theta)
        moving, unflatten = flatten({part: named(theta, part, "part") for part in parts})
        objective = flat_value_and_grad(lambda part: self.loss({**theta, **part}, X, y), unflatten)

        def gradient(flat: Any) -> Any:
            value, g = objective(flat)
            if not math.isfinite(value):
                raise ArithmeticError(f"train: J is {value} at step {t}; try a smaller learning rate")
            return g

        state = rule.init(moving)
        for t in range(1, steps + 1):
            moving, state = rule.step(gradient, moving, state, t)
        return self.unflatten(self.flat({**theta, **unflatten(moving)}))

    def two_step(self, rng: Generator, X: Any, y: Any, rule: Any = None, steps: int = 200, placement: How = "kmeans") -> Nest:
        """① place centres and widths ② fit the weights: least squares if no rule is given, else by its steps [source 003].

        >>> rbf, X = RBF(1, 2, 1), np.array([[0.0], [1.0]])
        >>> theta = rbf.two_step(np.random.default_rng(0), X, np.array([1.0, -1.0]), placement="examples")
        >>> rbf(theta, X).round(6).ravel()
        array([ 1., -1.])
        """
        theta = self.place(rng, X, placement)
        return self.solve(theta, X, y) if rule is None else self.train(theta, X, y, rule, steps)

    def three_step(self, rng: Generator, X: Any, y: Any, rule: Any, steps: int = 200, placement: How = "kmeans") -> Nest:
        """① place ② fit the weights ③ fit everything by the rule; a regression solves ② by least squares [source 003].

        >>> from dlcourse import optim
        >>> rbf, X, y = RBF(1, 2, 2, "multiclass"), np.array([[0.0], [1.0]]), np.array([0, 1])
        >>> theta = rbf.three_step(np.random.default_rng(0), X, y, optim.Adam(0.1), steps=20)
        >>> rbf.classify(theta, X)
        array([0, 1])
        """
        theta = self.two_step(rng, X, y, None if self.task.name == "regression" else rule, steps, placement)
        return self.train(theta, X, y, rule, steps, ("centres", "widths", "W"))
