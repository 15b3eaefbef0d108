"""Exercises of the chapter on loss landscapes. What is expected is found by brute force or by linear algebra."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from .. import landscapes, nn
from .checking import Case, Exercise, Feedback, answered, exercise, register
from .goals import beside

# 1 Count the copies -------------------------------------------------------------------------------------------------


def distinct_copies(hidden: Sequence[int], activation: str) -> int:
    """How many different parameter vectors reordered units and flipped signs make of one, each seen to be the same function."""
    net = nn.MLP([2, *hidden, 1], activation, task="regression")
    rng = np.random.default_rng(0)
    θ = net.nest(rng.normal(size=net.size))
    X = rng.normal(size=(5, 2))
    signs = [(1.0, -1.0) if activation == "tanh" else (1.0,)] * sum(hidden)
    found = set()
    for orders in itertools.product(*(itertools.permutations(range(n)) for n in hidden)):
        for flips in itertools.product(*signs):
            W, b = [w.copy() for w in θ["W"]], [c.copy() for c in θ["b"]]
            for k, order in enumerate(orders):
                begin = sum(hidden[:k])
                s = np.array(flips[begin : begin + hidden[k]])
                W[k], b[k] = (s[:, None] * W[k])[list(order)], (s * b[k])[list(order)]
                W[k + 1] = (W[k + 1] * s)[:, list(order)]
            copy = {"W": W, "b": b}
            assert np.allclose(net(copy, X), net(θ, X))
            found.add(tuple(np.round(net.flat(copy), 9)))
    return len(found)


def copies_case(hidden: list[int], activation: str) -> Case:
    orders = math.prod(math.factorial(n) for n in hidden)
    mistakes = [
        (orders, "These are the orders; tanh also allows a change of sign for each unit."),
        (math.factorial(sum(hidden)), "Units can be reordered within a layer, not from one layer to another."),
        (orders * 2 ** len(hidden), "Each unit has a sign of its own, not each layer."),
        (orders * 2 ** sum(hidden), "With ReLU a change of sign changes the function."),
    ]
    right = distinct_copies(hidden, activation)
    wrong = tuple((value, words) for value, words in mistakes if value != right)
    return Case((hidden, activation), right, f"copies({hidden}, {activation!r})", wrong)


exercise(
    "copies",
    [
        copies_case(hidden, activation)
        for hidden, activation in (([3], "relu"), ([3], "tanh"), ([1], "tanh"), ([2, 3], "relu"), ([2, 2], "tanh"))
    ],
    praise="Each was counted by making all copies.",
)

# 2 A way down from a saddle -----------------------------------------------------------------------------------------

PRODUCTS = 2000
LARGE = 5000  # dimensions: too many to build the matrix from so many products


class Saddle(NamedTuple):
    """H = R diag(λ) R with a reflection R = I − 2 w wᵀ, known by its products alone."""

    name: str
    λ: ndarray
    w: ndarray

    def times(self, v: ndarray) -> ndarray:
        turned = v - 2.0 * self.w * (self.w @ v)
        turned = self.λ * turned
        return np.asarray(turned - 2.0 * self.w * (self.w @ turned))


def saddles() -> list[Saddle]:
    rng = np.random.default_rng(0)
    found = []
    for n in (40, LARGE):
        w = rng.normal(size=n)
        λ = np.concatenate([[-1.0, -0.4], np.linspace(0.0, 6.0, n - 2)])
        found.append(Saddle(f"a Hessian of {n:,} dimensions", λ, w / np.linalg.norm(w)))
    return [
        Saddle("the diagonal matrix of 2, −1", np.array([2.0, -1.0]), np.zeros(2)),
        Saddle("the diagonal matrix of 1, −3, 2", np.array([1.0, -3.0, 2.0]), np.zeros(3)),
        *found,
    ]


def judge_downhill(downhill: Callable[..., Any]) -> Feedback:
    for saddle in saddles():
        count, n = 0, len(saddle.λ)

        def Hv(v: Any, saddle: Saddle = saddle) -> ndarray:
            nonlocal count
            count += 1
            if count > PRODUCTS:
                raise RuntimeError(f"more than {PRODUCTS:,} products with {saddle.name}")
            return saddle.times(np.asarray(v, dtype=float))

        v = np.asarray(answered(downhill(Hv, n)), dtype=float)
        if v.shape != (n,) or not abs(np.linalg.norm(v) - 1.0) < 1e-6:
            return Feedback(False, f"Not yet. For {saddle.name} the answer must be a vector of length 1 and shape ({n},).")
        curvature, lowest = float(v @ saddle.times(v)), float(saddle.λ.min())
        if curvature > 0.99 * lowest:
            highest = float(np.abs(saddle.λ).max())
            hint = " That is the largest eigenvalue in size; shift before you multiply." if curvature > 0.98 * highest else ""
            return Feedback(
                False, f"Not yet. For {saddle.name} the curvature along v should be {lowest:.4g}, but is {curvature:.4g}.{hint}"
            )
    return Feedback(True, f"Right: a way down from each of four saddles, with at most {PRODUCTS:,} products.")


register(Exercise("downhill", judge_downhill))

# 3 How many tickets -------------------------------------------------------------------------------------------------


def by_doubling(p: float, confidence: float) -> int:
    """The smallest n with (1 − p)ⁿ ≤ 1 − confidence, by doubling and halving an interval."""

    def enough(n: int) -> bool:
        return n * math.log1p(-p) <= math.log1p(-confidence)

    high = 1
    while not enough(high):
        high *= 2
    low = 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def restarts_case(p: float, confidence: float) -> Case:
    right = by_doubling(p, confidence)
    mistakes = (
        (math.ceil(confidence / p), "Chances do not add up like that: n starts fail together with probability (1 − p)ⁿ."),
        (right - 1, "Not quite enough: round up."),
        (right + 1, "One fewer is enough."),
    )
    wrong = tuple((value, words) for value, words in mistakes if value != right)
    return Case((p, confidence), right, f"restarts(p={p:g}, confidence={confidence:g})", wrong)


exercise(
    "restarts",
    [restarts_case(0.1, 0.9), restarts_case(0.5, 0.99), restarts_case(0.03, 0.95), restarts_case(1e-9, 0.9)],
    praise="The last one is why restarts are no method for many dimensions.",
)

# 4 A cooling plan ---------------------------------------------------------------------------------------------------

STARTS = 300
PROPOSALS = 400
SCALE = 0.25
PASS = 0.15


def height_at_the_end(plan: Callable[[float], Any]) -> float:
    """J − J* where annealing with short proposals ends among many minima: the mean over 300 random starts."""
    J, rng = landscapes.many_minima, np.random.default_rng(7)
    low, high = np.transpose(J.domain)[:, :, None]
    θ = rng.uniform(low, high, size=(2, STARTS))
    for t in range(PROPOSALS):
        T = float(answered(plan(t / (PROPOSALS - 1))))
        if not 0.0 <= T < math.inf:
            raise ValueError(f"the plan gave the temperature {T}; it needs to be a number ≥ 0")
        trial = θ + SCALE * rng.normal(size=θ.shape)
        rise = np.maximum(J(trial) - J(θ), 0.0)
        θ = np.where(rng.random(STARTS) < np.exp(-rise / max(T, 1e-12)), trial, θ)
    return float(np.mean(J(θ)) - J.minimum)


def judge_plan(plan: Callable[[float], Any]) -> Feedback:
    reached = height_at_the_end(plan)
    words = f"The runs end {beside(reached, PASS, '.3f')} above the lowest value, on average over {STARTS} starts."
    if reached > PASS:
        return Feedback(False, f"Not yet. {words} Constant temperatures reach 0.2 at best; the goal is {PASS:g}.")
    return Feedback(True, f"Right: {words} What does your plan do with half as many proposals?")


register(Exercise("anneal", judge_plan))
