"""Exercises of the capstone."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy import ndarray

from .. import data
from .checking import Case, Exercise, Feedback, agree, answered, apart, exercise, register, shown
from .goals import beside

# 1 Who is taken for whom ---------------------------------------------------------------------------------------------


def confusion_case(y: list[int], predicted: list[int], classes: int) -> Case:
    pairs = list(zip(y, predicted, strict=True))
    right = np.array([[pairs.count((i, j)) for j in range(classes)] for i in range(classes)])
    mistakes = (
        (right.T, "Rows are the true classes, columns the predicted ones."),
        (right / max(len(y), 1), "Counts are asked for, not shares."),
        (np.minimum(right, 1), "A pair that comes twice counts twice; `M[y, p] += 1` adds to each place only once."),
        (right - np.diag(np.diag(right)), "The right answers are counted too, on the diagonal."),
    )
    call = f"confusion({y}, {predicted}, classes={classes})"
    return Case((np.array(y, dtype=int), np.array(predicted, dtype=int), classes), right, call, mistakes)


exercise(
    "confusion",
    [confusion_case([0, 0, 1, 1, 2], [0, 1, 1, 1, 0], 3), confusion_case([3, 3, 3], [1, 1, 3], 4), confusion_case([0], [1], 2)],
    praise="The sum of the diagonal over the sum of all is the share of right answers.",
)

# 2 Between which bounds? ---------------------------------------------------------------------------------------------


def by_search(wrong: int, n: int, z: float) -> tuple[float, float]:
    """Where |wrong/n − p| = z √(p (1 − p)/n), found by bisection on both sides of wrong/n."""
    p_hat = wrong / n

    def outside(p: float) -> bool:
        return abs(p_hat - p) > z * float(np.sqrt(p * (1.0 - p) / n))

    ends = []
    for end in (0.0, 1.0):
        inside, far = p_hat, end
        if not outside(far):
            ends.append(end)
            continue
        if outside(inside):  # wrong/n is itself 0 or 1, where the root is 0: begin a little inside
            inside = abs(p_hat - 1e-12)
        for _ in range(200):
            middle = (inside + far) / 2.0
            inside, far = (inside, middle) if outside(middle) else (middle, far)
        ends.append(inside)
    return ends[0], ends[1]


def interval_case(wrong: int, n: int, z: float) -> Case:
    p = wrong / n
    wald = z * np.sqrt(p * (1.0 - p) / n)
    low, high = by_search(wrong, n, z)
    mistakes = (
        ((p - wald, p + wald), "That uses the measured share in the root; the interval of the chapter uses the unknown p."),
        ((high, low), "The lower bound comes first."),
        (((low + high) / 2.0, (high - low) / 2.0), "That is the middle and half the width."),
    )
    return Case((wrong, n, z), (low, high), f"interval(wrong={wrong}, n={n}, z={z:g})", mistakes)


exercise(
    "interval",
    [interval_case(4, 360, 1.96), interval_case(12, 1000, 1.0), interval_case(0, 50, 1.96)],
    praise="In the last case nothing was wrong, and the interval still does not say that nothing ever will be.",
    tolerance=1e-6,
)

# 3 Scaled without looking --------------------------------------------------------------------------------------------


def scaling_data(seed: int, constant: bool) -> tuple[ndarray, ndarray]:
    rng = np.random.default_rng(seed)
    train, other = rng.normal(3.0, 2.0, (6, 2)).round(1), rng.normal(5.0, 1.0, (3, 2)).round(1)
    if constant:
        train[:, 1] = 4.0
    return train, other


def spread(X: ndarray, less: int = 0) -> ndarray:
    """The standard deviation of each column, written out; 1 where there is none."""
    found = np.sqrt(np.sum((X - X.mean(axis=0)) ** 2, axis=0) / (len(X) - less))
    return np.where(found > 0, found, 1.0)


def scaled(train: ndarray, other: ndarray) -> tuple[ndarray, ndarray]:
    return (train - train.mean(axis=0)) / spread(train), (other - train.mean(axis=0)) / spread(train)


def wrongly_scaled(train: ndarray, other: ndarray) -> list[tuple[tuple[ndarray, ndarray], str]]:
    mean, both = train.mean(axis=0), np.concatenate([train, other])
    return [
        (
            (scaled(train, other)[0], (other - other.mean(axis=0)) / spread(other)),
            "The other examples must be moved as the training examples are, not by their own mean.",
        ),
        (
            ((train - both.mean(axis=0)) / spread(both), (other - both.mean(axis=0)) / spread(both)),
            "The mean of both parts has seen the examples that were to be kept apart.",
        ),
        ((train - mean, other - mean), "Divide by the standard deviation too."),
        (
            ((train - mean) / spread(train, 1), (other - mean) / spread(train, 1)),
            "The mean of the squares is asked for; you divided their sum by n − 1.",
        ),
    ]


def first_apart(right: ndarray, got: Any) -> tuple[str, Any, Any]:
    """The first column that is wrong, in words and as it should be and is; all of it where the shape is another."""
    if np.shape(got) != right.shape:
        return "here ", right, got
    found = np.asarray(got)
    k = next(k for k in range(right.shape[1]) if not agree(found[:, k], right[:, k], 1e-6))
    return f"in column {k + 1} ", right[:, k], found[:, k]


def judge_standardise(standardise: Callable[[ndarray, ndarray], Any]) -> Feedback:
    for seed, constant in ((0, False), (1, False), (2, True)):
        train, other = scaling_data(seed, constant)
        got = answered(standardise(train, other))
        if not (isinstance(got, tuple | list) and len(got) == 2):
            return Feedback(False, f"Not yet. Return a pair, both parts scaled; got {shown(got)}.")
        right = scaled(train, other)
        if agree(tuple(got), right, 1e-6):  # a tiny number added to the deviation does no harm, but to a deviation of 0
            continue
        hints = [hint for value, hint in wrongly_scaled(train, other) if agree(tuple(got), value, 1e-6)]
        if not hints and constant:
            hints = ["The second column of train never changes, so its deviation is 0: it is only shifted."]
        part = 1 if agree(got[0], right[0], 1e-6) else 0
        column, wanted, came = first_apart(right[part], got[part])
        where = f"{column}the scaled {('train', 'other')[part]} should be {apart(wanted, came)}"
        call = f"standardise(train={train.tolist()}, other={other.tolist()})"
        return Feedback(False, f"Not yet. {' '.join([*hints[:1], ''])}{where[0].upper()}{where[1:]}. The call was {call}.")
    praise = "The last one had a column that never changes: a 0 to divide by, and nothing to learn from."
    return Feedback(True, f"Right: all 3 cases agree. {praise}")


register(Exercise("standardise", judge_standardise))

# 4 More of a hundred digits ------------------------------------------------------------------------------------------

SPLITS = 8
GIVEN = 100
JUDGED = 1000
MOST = 20  # times as many examples may be made
PASS = 0.073


@cache
def digit_sets() -> list[tuple[data.Sample, data.Sample]]:
    X, y = data.digits()
    share = GIVEN / len(y)
    found = []
    for seed in range(SPLITS):
        few, rest = data.split(X, y, (share, 1.0 - share), np.random.default_rng(seed))
        found.append((few, data.Sample(rest.X[:JUDGED], rest.y[:JUDGED])))
    return found


def nearest(X: ndarray, y: ndarray, new: ndarray) -> ndarray:
    """The class of the nearest example."""
    return np.asarray(y[np.argmin(np.sum(X**2, axis=1) - 2.0 * new @ X.T, axis=1)])


def error_with(augment: Callable[[ndarray, ndarray], Any]) -> float:
    errors = []
    for few, rest in digit_sets():
        made = answered(augment(few.X.copy(), few.y.copy()))
        if not isinstance(made, tuple | list) or len(made) != 2:
            raise ValueError("augment must return a pair (X, y)")
        X, y = np.asarray(made[0], dtype=float), np.asarray(made[1])
        if X.ndim != 2 or X.shape[1] != 64 or y.shape != X.shape[:1]:
            raise ValueError(f"augment must return X (n, 64) and y (n,), got the shapes {X.shape} and {y.shape}")
        if not np.isfinite(X).all():
            raise ValueError("augment must return finite X; some entries are not")
        if not 1 <= len(X) <= MOST * len(few.y):
            raise ValueError(f"augment may return up to {MOST} times as many examples, got {len(X)} for {len(few.y)}")
        errors.append(np.mean(nearest(X, y, rest.X) != rest.y))
    return float(np.mean(errors))


def judge_augment(augment: Callable[[ndarray, ndarray], Any]) -> Feedback:
    reached, plain = error_with(augment), error_with(lambda X, y: (X, y))
    share = beside(reached, PASS, ".1%")
    words = f"The nearest example is of the wrong class for {share} of new digits, on average over {SPLITS} splits"
    words += f" ({plain:.1%} without your additions)."
    if reached > PASS - 1e-9:
        return Feedback(False, f"Not yet. {words} The goal is below {PASS:.1%}. Which change leaves a digit the same digit?")
    return Feedback(True, f"Right. {words} Those are examples that nobody had to write.")


register(Exercise("augment", judge_augment))
