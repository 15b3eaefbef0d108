"""Exercises of the chapter on model selection. What is expected comes from counting or from watched calls."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray
from numpy.random import Generator

from .checking import Case, Exercise, Feedback, answered, exercise, register, shown
from .goals import beside

# 1 How many examples ------------------------------------------------------------------------------------------------


def by_counting(p: float, width: float) -> int:
    """The smallest n for which two standard errors are at most the width, found by trying one after the other."""
    n = 1
    while 2.0 * math.sqrt(p * (1.0 - p) / n) > width * (1.0 + 1e-12):
        n += 1
    return n


def size_case(p: float, width: float) -> Case:
    right = by_counting(p, width)
    mistakes = (
        (math.ceil(p * (1 - p) / width**2), "That is for one standard error; two are asked for."),
        (math.ceil(4 * p / width**2), "The variance of a 0 or 1 is p (1 − p), not p."),
        (right - 1, "Not quite enough: round up."),
        (right + 1, "One fewer is enough."),
    )
    wrong = tuple((value, words) for value, words in mistakes if value != right)
    return Case((p, width), right, f"examples_needed(p={p:g}, width={width:g})", wrong)


exercise(
    "examples_needed",
    [size_case(0.1, 0.013), size_case(0.5, 0.1), size_case(0.03, 0.007), size_case(0.02, 0.03)],
    praise="Half the width takes four times the examples.",
)

# 2 Compare two models -----------------------------------------------------------------------------------------------


def paired_case(n: int, both: float, seed: int) -> Case:
    """Two models that share some of their errors; the standard error from the counts of a table of four."""
    rng = np.random.default_rng(seed)
    shared = rng.random(n) < both
    e1, e2 = (np.where(shared, 1, rng.random(n) < 0.05).astype(int) for _ in range(2))
    b, c = np.sum((e1 == 1) & (e2 == 0)) / n, np.sum((e1 == 0) & (e2 == 1)) / n
    error = math.sqrt((b + c - (b - c) ** 2) / n)
    p1, p2 = e1.mean(), e2.mean()
    apart = math.sqrt(p1 * (1 - p1) / n + p2 * (1 - p2) / n)
    mistakes = (
        ((b - c, apart), "That is for two separate sets; here both models saw the same examples, so use the differences."),
        ((c - b, error), "First minus second, with the sign that this gives."),
        ((b - c, error * math.sqrt(n)), "That is the spread of one difference; the mean of n of them varies less."),
    )
    return Case((e1, e2), (float(b - c), error), f"paired(e1, e2) for {n} examples", mistakes)


exercise(
    "paired",
    [paired_case(200, 0.1, 0), paired_case(1000, 0.3, 1), paired_case(300, 0.05, 0)],
    praise="What both get wrong does not blur the comparison.",
    tolerance=3e-3,  # who divides by n − 1 is right too
)

# 3 Nested splits ----------------------------------------------------------------------------------------------------


def invented_error(test: ndarray, setting: int) -> float:
    """An error that depends on the setting and on the rows of the test, so that no two sums of it agree by accident."""
    return float(np.mean(np.sin(1.7 * np.asarray(test) * (setting + 1) + setting)) + 2.0)


def by_the_book(n: int, settings: list[int], k: int) -> float:
    """The nested estimate, written out over boolean masks."""
    total, outer = 0.0, np.array_split(np.arange(n), k)
    for held in outer:
        inside = [row for row in range(n) if row not in held]
        scores = {s: sum(invented_error(part, s) for part in np.array_split(inside, k)) / k for s in settings}
        total += invented_error(held, min(settings, key=lambda s: scores[s]))
    return total / k


def judge_nested(nested_error: Callable[..., Any]) -> Feedback:
    for n, settings, k in ((20, [0, 1, 2], 4), (31, [3, 1, 4, 5], 5), (12, [2, 0], 3)):
        folds = [{int(row) for row in fold} for fold in np.array_split(np.arange(n), k)]
        leaks = ""

        def error(train: Any, test: Any, setting: int, folds: list[set[int]] = folds, n: int = n) -> float:
            nonlocal leaks
            train, test = {int(row) for row in train}, {int(row) for row in test}
            if train & test:
                leaks = "An example was in the training and in the test rows of the same call."
            elif test not in folds and len(train | test) == n:
                leaks = "In a selection, the rows that are held out in the outer loop must take no part, not even in training."
            return invented_error(np.array(sorted(test)), setting)

        got = float(answered(nested_error(error, n, settings, k)))
        call = f"nested_error(error, n={n}, settings={settings}, k={k})"
        if leaks:
            return Feedback(False, f"Not yet. {call}: {leaks}")
        right = by_the_book(n, settings, k)
        if not abs(got - right) < 1e-9:
            plain = min(np.mean([invented_error(np.array(sorted(f)), s) for f in folds]) for s in settings)
            hint = " That is the cross-validation of the best, without nesting." if abs(got - plain) < 1e-9 else ""
            return Feedback(
                False, f"Not yet. {call} should be {right:.4f}, but is {got:.4f}, off by {abs(got - right):.1g}.{hint}"
            )
    return Feedback(True, "Right: three cases agree, and no example judged a selection in which it had a part.")


register(Exercise("nested_error", judge_nested))

# 4 Spend twenty-four trials -----------------------------------------------------------------------------------------

TRIALS = 24
PROBLEMS = 40
PASS = 0.028
LOW, HIGH = np.array([-4.0, -7.0]), np.array([1.0, -1.0])  # of log α and log λ


def above_the_best(hunt: Callable[..., Any]) -> float:
    """The true error above the best possible, averaged over 40 problems, of the settings that 24 noisy trials led to."""
    total = 0.0
    for seed in range(PROBLEMS):
        rng = np.random.default_rng(seed)
        best = rng.uniform([-3.0, -6.0], [0.0, -2.0])

        def excess(log: ndarray, best: ndarray = best) -> float:
            α, λ = log - best
            return float(0.85 * (1.0 - math.exp(-0.6 * α**2 - 0.06 * λ**2)))

        calls = 0

        def evaluate(α: float, λ: float, rng: Generator = rng, excess: Callable[[ndarray], float] = excess) -> float:
            nonlocal calls
            calls += 1
            if calls > TRIALS:
                raise RuntimeError(f"more than {TRIALS} trials")
            p = 0.05 + excess(logs(α, λ))
            return float(rng.normal(p, math.sqrt(p * (1 - p) / 500)))  # about 500 validation examples

        settings = answered(hunt(evaluate, np.random.default_rng(1000 + seed)))
        if np.shape(settings) != (2,):
            raise ValueError(f"hunt must return a pair (α, λ), got {shown(settings)}")
        total += excess(logs(*settings))
    return total / PROBLEMS


def logs(α: float, λ: float) -> ndarray:
    if not (α > 0.0 and λ > 0.0):
        raise ValueError(f"α and λ must be above 0, got {α} and {λ}")
    found = np.log10([α, λ])
    if np.any(found < LOW - 1e-9) or np.any(found > HIGH + 1e-9):
        raise ValueError(f"α must lie between 1e-4 and 10 and λ between 1e-7 and 0.1, got {α:.3g} and {λ:.3g}")
    return np.asarray(found)


def judge_hunt(hunt: Callable[..., Any]) -> Feedback:
    reached = above_the_best(hunt)
    words = f"On average over {PROBLEMS} problems your settings are {beside(reached, PASS, '.4f')} above the best error."
    if reached > PASS:
        return Feedback(False, f"Not yet. {words} The goal is {PASS:g}.")
    return Feedback(True, f"Right. {words}")


register(Exercise("hunt", judge_hunt))
