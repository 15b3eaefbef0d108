"""Exercises of the chapter on empirical risk minimisation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from .. import data, optim
from ..autodiff import grad
from ..autodiff.box import shape_of
from .checking import Case, Exercise, Feedback, answered, exercise, register
from .goals import beside

# 1 Gradient of the regularised risk ---------------------------------------------------------------------------------


def central(J: Callable[[ndarray], float], θ: ndarray, ε: float = 1e-5) -> ndarray:
    """∇J by central differences; exact for a quadratic but for rounding."""
    steps = ε * np.eye(len(θ))
    return np.array([(J(θ + e) - J(θ - e)) / (2 * ε) for e in steps])


def gradient_case(seed: int, λ: float) -> Case:
    rng = np.random.default_rng(seed)
    X, y, θ = rng.normal(size=(5, 2)).round(1), rng.normal(size=5).round(1), np.array([1.0, -2.0])

    def J(θ: ndarray) -> float:
        return float(np.mean((X @ θ - y) ** 2) + λ * θ @ θ)

    right = central(J, θ)
    penalty = 2 * λ * θ
    loss = right - penalty
    mistakes = (
        (loss * len(y) + penalty, "That is the gradient of the sum over the examples; J has their mean."),
        (right / 2, "The derivative of a square has a factor 2."),
        (loss / 2 + penalty, "The derivative of a square has a factor 2, that of the error too."),
        (loss + penalty / 2, "The gradient of θᵀθ is 2θ."),
        (loss + penalty / len(y), "λ Ω is not divided by the number of examples."),
        (-right, "That is −∇J, the direction of the step."),
    )
    return Case((θ, X, y, λ), right, f"risk_gradient(θ={θ.tolist()}, X={X.tolist()}, y={y.tolist()}, λ={λ:g})", mistakes)


exercise(
    "risk_gradient",
    [gradient_case(0, 0.0), gradient_case(1, 0.5), gradient_case(2, 3.0)],
    praise="They were compared with central differences of J.",
    tolerance=1e-6,
)

# 2 A quarrel between losses -----------------------------------------------------------------------------------------


def judge_quarrel(quarrel: Callable[[], Any]) -> Feedback:
    numbers = np.asarray(answered(quarrel()), dtype=float)
    if numbers.ndim != 1 or not 1 <= numbers.size <= 10:
        return Feedback(False, f"Not yet. It should be a list of one to ten finite numbers, got the shape {numbers.shape}.")
    if not np.isfinite(numbers).all():
        return Feedback(False, f"Not yet. It should be a list of one to ten finite numbers, got {numbers.tolist()}.")
    squared = [float(np.mean((c - numbers) ** 2)) for c in (0.0, 1.0)]
    absolute = [float(np.mean(np.abs(c - numbers))) for c in (0.0, 1.0)]
    words = (
        f"Squared risk {squared[0]:.4g} at 0 and {squared[1]:.4g} at 1; "
        f"absolute risk {absolute[0]:.4g} at 0 and {absolute[1]:.4g} at 1."
    )
    if squared[1] >= squared[0]:
        return Feedback(False, f"Not yet. {words} Squared error does not prefer 1: the mean must lie nearer to 1 than to 0.")
    if absolute[1] <= absolute[0]:
        return Feedback(False, f"Not yet. {words} Absolute error does not prefer 0. It does if most of them lie at 0 or below.")
    return Feedback(True, f"Right: {words} Each is sure of its answer, and both are right about their own question.")


register(Exercise("quarrel", judge_quarrel))

# 3 The smallest bound -----------------------------------------------------------------------------------------------


def bound_case(m: list[float]) -> Case:
    margins = np.array(m)
    logistic = np.where(margins < -30, -margins, np.log1p(np.exp(-np.maximum(margins, -30.0))))
    right = logistic / logistic_at_zero()
    mistakes = (
        (logistic, "At m = 0 that is 0.693, below 1: no bound."),
        (2 * logistic, "That is a bound, but not the smallest: at m = 0 it is 1.386."),
        (logistic * logistic_at_zero(), "You multiplied by ln 2; divide."),
    )
    return Case((margins,), right, f"logistic_bound(m={m})", mistakes)


def logistic_at_zero() -> float:
    return float(np.log1p(1.0))


exercise(
    "logistic_bound",
    [bound_case([0.0]), bound_case([-2.0, -0.5, 0.5, 2.0]), bound_case([-1000.0, 1000.0])],
    praise="It touches the 0/1 loss at m = 0 and lies above it everywhere else.",
)

# 4 A loss of one's own ----------------------------------------------------------------------------------------------

RUNS = 30
PASS = 0.25


def spoilt(seed: int) -> data.Sample:
    """40 points near y = 3x + 2; a fifth of them raised by 20 to 40."""
    rng = np.random.default_rng(seed)
    X, y = data.line(rng, 40, noise=1.0)
    far = rng.permutation(40)[:8]
    y[far] += rng.uniform(20.0, 40.0, 8)
    return data.Sample(X, y)


def distance(loss: Callable[[Any], Any]) -> float:
    """How far the minimiser of the mean loss is from (2, 3), averaged over the data sets."""
    ends = []
    for seed in range(RUNS):
        X, y = spoilt(seed)
        found = optim.minimize(lambda θ: np.mean(loss(X @ θ - y)), np.zeros(2), method=optim.BFGS())  # noqa: B023
        ends.append(np.linalg.norm(found.x - [2.0, 3.0]))
    return float(np.mean(ends))


def judge_robust(loss: Callable[[Any], Any]) -> Feedback:
    r = np.linspace(-3.0, 3.0, 7)
    values = answered(loss(r))
    if shape_of(values) != r.shape:
        return Feedback(False, f"Not yet. For residuals of shape {r.shape} the loss has the shape {shape_of(values)}.")
    if not np.any(grad(lambda r: np.sum(loss(r)))(r)):
        return Feedback(False, "Not yet. The loss has no slope, so there is nothing to descend.")
    reached = distance(loss)
    words = f"On average the line found is {beside(reached, PASS, '.2g')} away from the true one, over {RUNS} data sets."
    if not reached <= PASS:
        far, near = grad(lambda r: np.sum(loss(r)))(np.array([-30.0, -1.0]))
        if far <= near < 0:
            times = f"{far / near:.2g} times ".removeprefix("1 times ")
            why = f"Large residuals still pull too hard: one of −30 pulls {times}as hard as one of −1."
        else:
            why = "Is the loss lowest at r = 0, and can a descent from θ = 0 find where its mean is lowest?"
        return Feedback(False, f"Not yet. {words} The goal is {PASS:g}. {why}")
    return Feedback(True, f"Right: {words} How does it do when no point is spoilt?")


register(Exercise("robust", judge_robust))
