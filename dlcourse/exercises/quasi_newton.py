"""Exercises of the chapter between first and second order. What is expected comes from the formula multiplied out, from the
problem in other coordinates, or from running the method, never from the solution in the chapter."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from .. import optim
from .checking import Case, Exercise, Feedback, agree, answered, exercise, register, shown
from .goals import beside

# 1 The two conditions -----------------------------------------------------------------------------------------------


class Trial(NamedTuple):
    """Height and slope at the start and after the step α, and the two constants."""

    φ0: float
    slope0: float
    φ: float
    slope: float
    α: float
    c1: float
    c2: float


TRIALS = (
    Trial(1.0, -1.0, 0.6, -0.1, 1.0, 1e-4, 0.9),
    Trial(1.0, -1.0, 0.99, 0.2, 1.0, 0.1, 0.9),
    Trial(3.0, -2.0, 2.0, 1.9, 1.0, 0.1, 0.5),
    Trial(3.0, -2.0, 2.9, -1.9, 0.05, 0.1, 0.5),
    Trial(0.0, -4.0, 1.0, 3.0, 2.0, 1e-4, 0.9),
    Trial(2.0, -1.0, 2.05, 1.4, 1.0, 0.1, 0.9),
)


def verdicts(t: Trial) -> tuple[bool, bool]:
    """The fall as a share of what was promised, the slope between two bounds."""
    return (t.φ - t.φ0) / (t.α * t.slope0) >= t.c1, t.c2 * t.slope0 <= t.slope <= -t.c2 * t.slope0


# What a wrong condition would say of each trial. A hint is given only if the reader's verdicts are these, on all of them.
FALLS: tuple[tuple[Callable[[Trial], bool], str], ...] = (
    (lambda t: t.φ <= t.φ0, "Falling is not enough: it has to fall by a part of what the slope promises for this α."),
    (lambda t: t.φ <= t.φ0 + t.c1 * t.α * abs(t.slope0), "Mind the sign: slope0 is negative, so φ has to end below φ0."),
    (lambda t: not verdicts(t)[0], "Your first verdict is the opposite each time."),
)
FLAT: tuple[tuple[Callable[[Trial], bool], str], ...] = (
    (
        lambda t: t.slope >= t.c2 * t.slope0,
        "Those are the verdicts of the weak form. In the strong one the slope may not be too steep uphill either.",
    ),
    (lambda t: abs(t.slope) <= abs(t.slope0), "Those are the verdicts without c2."),
    (lambda t: t.slope <= t.c2 * t.slope0, "Mind the sign: the slope at the start is negative."),
    (lambda t: False, "No step was flat enough for you. Mind the sign: c2 slope0 is negative, and no size is below that."),
    (lambda t: not verdicts(t)[1], "Your second verdict is the opposite each time."),
)


def judge_wolfe(wolfe: Callable[..., Any]) -> Feedback:
    found = [answered(wolfe(*trial)) for trial in TRIALS]
    wrong = [k for k, trial in enumerate(TRIALS) if not agree(found[k], verdicts(trial), 0.0)]
    if not wrong:
        return Feedback(
            True,
            f"Right: all {len(TRIALS)} cases agree. "
            "The third falls enough and runs uphill too steeply; the fourth is too short.",
        )
    trial, hints = TRIALS[wrong[0]], ""
    call = ", ".join(f"{name}={value:g}" for name, value in trial._asdict().items())
    got = shown(found[wrong[0]])
    if all(any(agree(pair, (a, b), 0.0) for a in (True, False) for b in (True, False)) for pair in found):
        got = str(tuple(bool(each) for each in found[wrong[0]]))
        for column, mistakes in enumerate((FALLS, FLAT)):
            said = [bool(pair[column]) for pair in found]
            hints += next((f" {hint}" for test, hint in mistakes if said == [test(t) for t in TRIALS]), "")
    return Feedback(False, f"Not yet. wolfe({call}) should be {verdicts(trial)}, but is {got}.{hints}")


register(Exercise("wolfe", judge_wolfe))

# 2 Two loops --------------------------------------------------------------------------------------------------------


def dense(pairs: list[tuple[ndarray, ndarray]], g: ndarray, scaled: bool = True) -> ndarray:
    """−B g with B multiplied out, pair by pair."""
    s, y = pairs[-1]
    B = np.eye(g.size) * (float(s @ y) / float(y @ y) if scaled else 1.0)
    for s, y in pairs:
        V = np.eye(g.size) - np.outer(y, s) / (s @ y)
        B = V.T @ B @ V + np.outer(s, s) / (s @ y)
    return -B @ g


def two_loop_case(seed: int, n: int, m: int) -> Case:
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(n, n))
    H, g = A @ A.T + np.eye(n), rng.normal(size=n)
    pairs = [(s, H @ s) for s in rng.normal(size=(m, n))]
    right = dense(pairs, g)
    mistakes = (
        (-right, "That goes uphill: −B g is asked for."),
        (dense(pairs, g, scaled=False), "Between the loops, multiply by sᵀy / yᵀy of the newest pair."),
        (dense(pairs[::-1], g), "The newest pair stands last in the list: the first loop begins there."),
    )
    return Case((pairs, g), right, f"two_loop(pairs, g) with {m} pair{'s' * (m > 1)} in {n} dimensions", mistakes)


exercise(
    "two_loop",
    [two_loop_case(0, 3, 1), two_loop_case(1, 4, 3), two_loop_case(2, 30, 8)],
    praise="Each result is that of the matrix, multiplied out.",
    tolerance=1e-8,
)

# 3 Preconditioning --------------------------------------------------------------------------------------------------


def plain(H: ndarray, b: ndarray, steps: int) -> ndarray:
    """Where H x = b is sought by conjugate gradients from 0, after so many steps: the best of a Krylov space."""
    K = [b / np.linalg.norm(b)]
    while len(K) < steps:
        v = H @ K[-1]
        for _ in range(2):
            for q in K:
                v = v - (q @ v) * q
        K.append(v / np.linalg.norm(v))
    Q = np.stack(K, axis=1)
    return Q @ np.linalg.solve(Q.T @ H @ Q, Q.T @ b)


def pcg_case(seed: int, n: int, steps: int) -> Case:
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(n, n))
    scale = np.geomspace(1.0, 30.0, n)
    H, b = scale[:, None] * (A @ A.T / n + np.eye(n)) * scale, rng.normal(size=n)
    d = np.diag(H).copy()
    root = np.sqrt(d)
    inside = lambda k: plain(H / np.outer(root, root), b / root, k) / root  # noqa: E731
    mistakes = (
        (plain(H, b, steps), "That is conjugate gradients without the preconditioner."),
        (inside(steps + 1), "One step too many."),
        (inside(steps - 1) if steps > 1 else np.zeros(n), "One step too few."),
    )
    return Case((H, b, d, steps), inside(steps), f"pcg(H, b, d, steps={steps}) in {n} dimensions", mistakes)


exercise(
    "pcg",
    [pcg_case(0, 4, 1), pcg_case(1, 6, 3), pcg_case(2, 20, 6)],
    praise="Each case is the same problem seen in scaled coordinates.",
    tolerance=1e-6,
)

# 4 Break BFGS -------------------------------------------------------------------------------------------------------

BOWL = np.geomspace(1.0, 100.0, 10)
GOAL, SEEDS = 1e-6, 5


def with_noise(σ: float, seed: int) -> float:
    """How high BFGS ends on a bowl of ten dimensions when every entry of every gradient has an error N(0, σ²)."""
    rng = np.random.default_rng(seed)
    height = lambda x: 0.5 * float(BOWL @ x**2)  # noqa: E731
    measured = lambda x: (height(x), BOWL * x + σ * rng.normal(size=BOWL.size))  # noqa: E731
    found = optim.minimize(lambda x: 0.5 * np.sum(BOWL * x**2), np.ones(BOWL.size), optim.BFGS(), 1e-8, 200, measured)
    return height(found.x)


def judge_noise(noise: Callable[[], Any]) -> Feedback:
    σ = float(answered(noise()))
    if not (math.isfinite(σ) and σ > 0):
        return Feedback(False, f"Not yet. The noise must be a finite number above 0, got {σ}.")
    ends, tenth = ([with_noise(each, seed) for seed in range(SEEDS)] for each in (σ, σ / 10))
    high, low = (" to ".join(beside(each(heights), GOAL, ".1g") for each in (min, max)) for heights in (ends, tenth))
    words = f"With σ = {σ:g} BFGS ends at {high}, with a tenth of it at {low}."
    if min(ends) <= GOAL:
        return Feedback(False, f"Not yet. {words} So much noise does not keep all {SEEDS} runs above {GOAL:g}.")
    if max(tenth) > GOAL:
        return Feedback(False, f"Not yet. {words} A tenth should leave all {SEEDS} runs below {GOAL:g}: a smaller σ is enough.")
    return Feedback(True, f"Right: {words} A tenth of the noise, about a hundredth of the height.")


register(Exercise("break_bfgs", judge_noise))
