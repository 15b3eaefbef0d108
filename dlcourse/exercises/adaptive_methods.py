"""Exercises of the chapter on adaptive methods. What is expected is written out as sums, measured on a run, or found by a
search, never taken from the solution in the chapter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from .. import optim
from .checking import Case, Exercise, Feedback, answered, exercise, register

# 1 Adam, from memory --------------------------------------------------------------------------------------------------


def last_step(gradients: list[float], α: float, β1: float, β2: float, ε: float) -> float:
    """Adam's step after these gradients, with both averages written out: weights βᵗ⁻ⁱ, divided by their own sum."""
    g = np.array(gradients)
    age = np.arange(len(g))[::-1]
    m = np.sum(β1**age * g) / np.sum(β1**age)
    v = np.sum(β2**age * g**2) / np.sum(β2**age)
    return float(-α * m / (np.sqrt(v) + ε))


def adam_case(gradients: list[float], α: float = 0.1, β1: float = 0.9, β2: float = 0.99, ε: float = 1e-8) -> Case:
    g, age = np.array(gradients), np.arange(len(gradients))[::-1]
    raw = float(-α * np.sum((1 - β1) * β1**age * g) / (np.sqrt(np.sum((1 - β2) * β2**age * g**2)) + ε))
    mistakes = (
        (-last_step(gradients, α, β1, β2, ε), "The sign: θ goes down, so the change is minus α times the quotient."),
        (raw, "That is without the bias correction: divide m by 1 − β₁ᵗ and v by 1 − β₂ᵗ."),
        (last_step(gradients, α, β2, β1, ε), "β₁ belongs to the gradients, β₂ to their squares."),
        (-α * np.sign(g[-1]), "That is a step without memory."),
    )
    call = f"adam(gradients={gradients}, α={α:g}, β1={β1:g}, β2={β2:g}, ε={ε:g})"
    return Case((gradients, α, β1, β2, ε), last_step(gradients, α, β1, β2, ε), call, mistakes)


exercise(
    "adam",
    [
        adam_case([250.0]),
        adam_case([1.0, 1.0, 1.0]),
        adam_case([3.0, -1.0, 2.0, 0.5], β1=0.5),
        adam_case([0.0, 0.0, 2.0], ε=0.5),
    ],
    praise="A first gradient of 250 and three gradients of 1 both gave a step of α: that is the point of the correction.",
    tolerance=1e-7,
)

# 2 What the correction prevents ---------------------------------------------------------------------------------------


def too_long(t: int, β1: float, β2: float) -> float:
    """By how much Adam's step t is too long without correction while the gradient stays 1: run, not computed."""
    m = v = 0.0
    for _ in range(t):
        m, v = β1 * m + (1.0 - β1), β2 * v + (1.0 - β2)
    return float(m / np.sqrt(v))


def correction_case(t: int, β1: float, β2: float) -> Case:
    mistakes = (
        (1.0 / too_long(t, β1, β2), "That is the factor by which the correction changes the step; its inverse is asked for."),
        ((1 - β1**t) / (1 - β2**t), "v enters under a root."),
    )
    return Case((t, β1, β2), too_long(t, β1, β2), f"uncorrected(t={t}, β1={β1:g}, β2={β2:g})", mistakes)


exercise(
    "uncorrected",
    [
        correction_case(1, 0.9, 0.999),
        correction_case(12, 0.9, 0.999),
        correction_case(1, 0.9, 0.9),
        correction_case(5000, 0.9, 0.999),
    ],
    praise="In the third case the step is too short, not too long: what the correction cures depends on both β.",
    tolerance=1e-7,
)

# 3 What a step for each weight can do ---------------------------------------------------------------------------------


def by_descent(H: ndarray) -> float:
    """The condition number of the bowl in units of its own diagonal, its extreme curvatures found by power iteration."""
    s = 1.0 / np.sqrt(np.diag(H))
    scaled = H * np.outer(s, s)

    def largest(A: ndarray) -> float:
        v = np.arange(1.0, len(A) + 1.0)
        for _ in range(2_000):
            v = A @ v
            v = v / np.linalg.norm(v)
        return float(v @ A @ v)

    top = largest(scaled)
    return top / (top - largest(top * np.eye(len(H)) - scaled))


def scaling_case(H: list[list[float]]) -> Case:
    A = np.array(H)
    λ = np.linalg.eigvalsh(A)
    d = np.diag(A)
    mistakes = (
        (float(λ[-1] / λ[0]), "That is κ with one step for all."),
        (float(d.max() / d.min()), "That compares the diagonal entries alone; the others remain after scaling."),
    )
    right = by_descent(A)
    return Case((A,), right, f"scaled_condition({A.tolist()})", tuple(m for m in mistakes if abs(m[0] - right) > 1e-3 * right))


exercise(
    "scaled_condition",
    [
        scaling_case([[1.0, 5.0], [5.0, 100.0]]),
        scaling_case([[1.0, 0.0], [0.0, 100.0]]),
        scaling_case([[50.5, -49.5], [-49.5, 50.5]]),
        scaling_case([[4.0, 1.0, 0.0], [1.0, 30.0, 2.0], [0.0, 2.0, 200.0]]),
    ],
    praise="All the ill condition of the second is gone, none of the third's, most of the others'.",
    tolerance=1e-6,
)

# 4 One rule for all angles --------------------------------------------------------------------------------------------

ANGLES = np.radians(np.arange(0.0, 180.0, 15.0))
WITHIN = 100  # steps
BELOW = 1e-6
LONGEST = 400


def ravine(θ: Any, φ: Any) -> Any:
    """½ (u² + 100 v²) where (u, v) is θ turned back by φ: the ravine of the chapter, turned."""
    u, v = np.cos(φ) * θ[0] + np.sin(φ) * θ[1], np.cos(φ) * θ[1] - np.sin(φ) * θ[0]
    return 0.5 * (u**2 + 100.0 * v**2)


def slowest(rule: optim.UpdateRule) -> float:
    """The steps after which J stays below 1e-6 on the ravine at its worst angle; ∞ if that is not within 400 steps."""
    start = np.stack([-5.0 * np.cos(ANGLES) - np.sin(ANGLES), -5.0 * np.sin(ANGLES) + np.cos(ANGLES)])
    run = optim.descend(rule, lambda θ: np.sum(ravine(θ, ANGLES)), start, LONGEST)
    below = ravine(np.moveaxis(run.path, 1, 0), ANGLES) < BELOW
    outside = np.flatnonzero(~below.all(axis=1))
    return float(outside[-1] + 1) if outside[-1] < LONGEST else np.inf


def judge_angles(make: Callable[[], Any]) -> Feedback:
    rule = answered(make())
    if not isinstance(rule, optim.UpdateRule):
        return Feedback(False, f"Not yet. The function must return a rule of optim, such as optim.Adam(0.1), got {rule!r:.60}")
    steps = slowest(rule)
    name = type(rule).__name__
    if not np.isfinite(steps):
        return Feedback(False, f"Not yet. At some angle {name} is not below {BELOW:g} for good within {LONGEST} steps.")
    if steps > WITHIN:
        return Feedback(False, f"Not yet. At its worst angle {name} needs {steps:.0f} steps; the goal is {WITHIN} at most.")
    return Feedback(True, f"Right: {name} needs {steps:.0f} steps at its worst angle. How low can you go?")


register(Exercise("all_angles", judge_angles))
