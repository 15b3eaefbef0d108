"""Exercises of the chapter on gradient descent. What is expected comes from experiment or from a closed form, never from the
solution in the chapter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from .. import data
from .checking import Case, Exercise, Feedback, answered, exercise, register
from .goals import beside

# 1 Walk downhill ----------------------------------------------------------------------------------------------------


def walk_case(λ: float, θ: Any, α: float, steps: int) -> Case:
    """On J = ½ λ θ² a walk is a power of (1 − αλ)."""

    def after(n: int, sign: float = -1.0) -> Any:
        return np.asarray(θ) * (1.0 + sign * α * λ) ** n

    call = f"walk(gradient, θ={np.asarray(θ).tolist()}, α={α:g}, steps={steps}) with gradient(θ) = {λ:g} θ"
    mistakes = (
        (after(steps, 1.0), "You went uphill: the gradient points up."),
        (after(steps - 1), "One step too few."),
        (after(steps + 1), "One step too many."),
    )
    return Case((lambda θ: λ * θ, θ, α, steps), after(steps), call, mistakes)


exercise(
    "walk",
    [
        walk_case(2.0, 3.0, 0.1, 2),
        walk_case(2.0, 3.0, 0.1, 0),
        walk_case(1.0, np.array([1.0, -2.0]), 0.25, 5),
        walk_case(4.0, 1.0, 0.6, 3),
    ],
    praise="The last of them diverges (α λ = 2.4), and your function followed it faithfully.",
    untouched=True,
)

# 2 The best step for a bowl -----------------------------------------------------------------------------------------


def by_search(H: ndarray) -> tuple[float, float]:
    """The best α and its worst factor, found by golden-section search on max |1 − αλ|."""
    λ = np.linalg.eigvalsh(H)

    def worst(α: float) -> float:
        return float(np.max(np.abs(1.0 - α * λ)))

    low, high, golden = 0.0, 2.0 / float(λ[-1]), (np.sqrt(5.0) - 1.0) / 2.0
    for _ in range(100):
        a, b = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, b) if worst(a) < worst(b) else (a, high)
    return (low + high) / 2.0, worst((low + high) / 2.0)


def rate_case(H: list[list[float]]) -> Case:
    matrix = np.array(H)
    λ = np.linalg.eigvalsh(matrix)
    edge = 2.0 / λ[-1]
    mistakes = (
        ((edge, 1.0), "That α is the edge of divergence: the steepest direction never shrinks there."),
        ((edge / 2.0, 1.0 - edge / 2.0 * λ[0]), "That α suits the steepest direction alone; the flattest one could gain more."),
    )
    return Case((matrix,), by_search(matrix), f"best_rate({matrix.tolist()})", mistakes)


exercise(
    "best_rate",
    [
        rate_case([[1.0, 0.0], [0.0, 10.0]]),
        rate_case([[5.5, 4.5], [4.5, 5.5]]),
        rate_case([[2.0, -1.0, 0.0], [-1.0, 2.0, -1.0], [0.0, -1.0, 2.0]]),
        rate_case([[3.0, 0.0], [0.0, 3.0]]),
    ],
    praise="The first two have the same eigenvalues, so the same answer: turning a bowl changes nothing.",
    tolerance=1e-6,
)

# 3 The noise floor --------------------------------------------------------------------------------------------------


def floor_by_iteration(α: float, λ: float, σ: float, M: int) -> float:
    """Where the variance v ← (1 − αλ)² v + α² σ²/M settles, found by running it."""
    v = 0.0
    for _ in range(20_000):
        v = (1.0 - α * λ) ** 2 * v + α**2 * σ**2 / M
    return v


def floor_case(α: float, λ: float, σ: float, M: int) -> Case:
    right = floor_by_iteration(α, λ, σ, M)
    mistakes = (
        (right * M, "A batch of M divides the variance of the gradient by M."),
        (right * M / M**2, "The standard deviation falls like 1/√M, the variance like 1/M."),
        (right / σ, "The variance of the gradient is σ², not σ."),
        (right / 2.0, "That is half of it."),
        (right * λ / 2.0, "That is the floor of J; the variance of θ is asked for."),
        (np.sqrt(right), "That is the standard deviation of θ."),
        (α * σ**2 / (2.0 * λ * M), "That is the limit of small α; here the full expression is asked for."),
    )
    return Case((α, λ, σ, M), right, f"noise_floor(α={α:g}, λ={λ:g}, σ={σ:g}, M={M})", mistakes)


exercise(
    "noise_floor",
    [floor_case(0.1, 0.5, 3.0, 1), floor_case(0.1, 0.5, 3.0, 8), floor_case(0.3, 4.0, 0.5, 2), floor_case(0.01, 0.5, 3.0, 64)],
    praise="Halving α and doubling M lower the floor by about the same factor; only one of them costs examples.",
    tolerance=1e-6,
)

# 4 Spend a budget ---------------------------------------------------------------------------------------------------

BUDGET = 600  # examples looked at
PASS = 1e-3  # excess risk
RUNS = 40
EXAMPLES = 300


def spend(plan: Callable[[int], Any]) -> float:
    """The risk above its minimum, averaged over 40 noisy lines, after a budget of 600 examples spent by the plan.

    plan(seen) → (α, M): the learning rate and the batch size of the next step, after `seen` examples.
    """
    samples = [data.line(np.random.default_rng(seed), EXAMPLES, noise=1.0) for seed in range(RUNS)]
    X, y = np.stack([s.X for s in samples]), np.stack([s.y for s in samples])
    best = np.stack([np.linalg.lstsq(s.X, s.y, rcond=None)[0] for s in samples])

    def risk(θ: ndarray) -> ndarray:
        return np.mean((y - np.einsum("rtd,rd->rt", X, θ)) ** 2, axis=1)

    rng = np.random.default_rng(99)
    epochs = BUDGET // EXAMPLES + 1
    order = np.concatenate([rng.permuted(np.tile(np.arange(EXAMPLES), (RUNS, 1)), axis=1) for _ in range(epochs)], axis=1)
    θ = np.tile([10.0, 5.0], (RUNS, 1))
    seen = 0
    while seen < BUDGET:
        α, M = answered(plan(seen))
        if not (0 <= float(α) < np.inf and int(M) == M and 1 <= M <= EXAMPLES):
            raise ValueError(
                f"after {seen} examples the plan gave α = {α}, M = {M}; it needs α ≥ 0 and a whole M from 1 to {EXAMPLES}"
            )
        M = min(int(M), BUDGET - seen)
        rows = order[:, seen : seen + M]
        x, t = np.take_along_axis(X, rows[:, :, None], 1), np.take_along_axis(y, rows, 1)
        error = np.einsum("rmd,rd->rm", x, θ) - t
        θ = θ - float(α) * 2.0 * np.einsum("rmd,rm->rd", x, error) / M
        seen += M
    return float(np.mean(risk(θ) - risk(best)))


def judge_plan(plan: Callable[[int], Any]) -> Feedback:
    reached = spend(plan)
    if not np.isfinite(reached) or reached > 100.0:
        return Feedback(False, "Not yet. The plan diverges; with M = 1 that happens somewhere above α = 0.3.")
    ends = f"{reached:.6f}" if reached < 1e-4 else beside(reached, PASS, ".2g")  # no 8.8e-05
    words = f"Your plan ends {ends} above the minimum, averaged over {RUNS} data sets."
    if reached > PASS:
        return Feedback(False, f"Not yet. {words} Constant α and M reach about 0.0014 at best; the goal is below {PASS:g}.")
    return Feedback(True, f"Right: {words} No constant α and M that we tried gets there. How low can you go?")


register(Exercise("spend", judge_plan))
