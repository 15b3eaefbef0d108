"""Quasi-Newton methods: curvature learned from how the gradient changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .line_search import NoLowerPoint, NotDownhill, Step
from .method import Objective, WithWolfe


def first_step(g: Any) -> float:
    """The length of a step along −g before any curvature is known: not farther than 1."""
    largest = float(np.abs(g).max())
    return min(1.0, 1.0 / largest / float(np.linalg.norm(g / largest)))


class BFGS(WithWolfe):
    """An estimate B of the inverse Hessian, mended after every step by a matrix of rank two.

        p = −B g          s = x⁺ − x          y = g⁺ − g          ρ = 1 / yᵀs
        B ← (I − ρ s yᵀ) B (I − ρ y sᵀ) + ρ s sᵀ,     so that B y = s   (the secant equation)

    yᵀs > 0, which keeps B positive definite, follows from the Wolfe conditions. B starts as I, and as (yᵀs / yᵀy) I once
    a first step has told the scale; it starts again where it leads nowhere. O(n²) memory and time per step.

    c1, c2 : of the line search. [Broyden, Fletcher, Goldfarb, Shanno 1970; Nocedal & Wright 2006, algorithm 6.1; source 003]

    >>> from dlcourse.optim import minimize
    >>> minimize(lambda x: (x[0] - 1.0) ** 4 + x[1] ** 2, np.array([2.0, 1.0]), BFGS()).converged
    True
    """

    c2: float = 0.5

    def walk(self, J: Objective, here: Step) -> Iterator[Step]:
        B, first, learned = np.eye(here.x.size), first_step(here.gradient), False
        while True:
            g = here.gradient
            p = -B.dot(g)
            try:
                new = self.search(J, here, p, first)
            except (NotDownhill, NoLowerPoint):  # rounding has spoilt B, or it was learned somewhere too different
                if not learned:
                    raise
                B, first, learned = np.eye(here.x.size), first_step(g), False
                continue
            yield new
            s, y = new.alpha * p, new.gradient - g
            if (sy := float(s.dot(y))) > 0.0:
                if not learned:
                    B *= sy / float(y.dot(y))
                    learned = True
                update_inverse(B, s, y)
            here, first = new, 1.0


def update_inverse(B: Any, s: Any, y: Any) -> None:
    """The update of `BFGS`, in place: B + v sᵀ + s vᵀ with v = ((1 + yᵀBy / yᵀs) s / 2 − B y) / yᵀs."""
    sy, By = float(s.dot(y)), B.dot(y)
    v = s * (0.5 * (1.0 + float(y.dot(By)) / sy) / sy)
    v -= By / sy
    change = v[:, None] * s
    B += change + change.T


class LBFGS(WithWolfe):
    """BFGS that remembers only the last m pairs (s, y), and applies B to a gradient without ever forming it.

        q = g;  for the pairs, newest first:  a = ρ sᵀq,  q ← q − a y
        r = (sᵀy / yᵀy) q;  oldest first:  r ← r + (a − ρ yᵀr) s;      p = −r

    O(m n) memory and time per step.

    memory : m. c1, c2 : of the line search. [Nocedal 1980; Nocedal & Wright 2006, algorithm 7.4; source 003]

    >>> from dlcourse.optim import minimize
    >>> minimize(lambda x: np.sum((x - 1.0) ** 4 + x**2), np.zeros(100), LBFGS()).converged
    True
    """

    memory: int = 10

    def walk(self, J: Objective, here: Step) -> Iterator[Step]:
        pairs: list[tuple[Any, Any, float]] = []  # s, y, 1 / yᵀs; oldest first
        first, spare = first_step(here.gradient), np.empty_like(here.x)
        while True:
            g = here.gradient
            p = two_loops(pairs, g, spare)
            try:
                new = self.search(J, here, p, first)
            except (NotDownhill, NoLowerPoint):
                if not pairs:
                    raise
                first = first_step(g)
                pairs.clear()
                continue
            yield new
            s, y = p, np.subtract(new.gradient, g)
            s *= new.alpha
            sy = float(s.dot(y))
            if sy > 0.0:
                if len(pairs) == self.memory:
                    del pairs[0]
                pairs.append((s, y, 1.0 / sy))
            here, first = new, 1.0


def two_loops(pairs: list[tuple[Any, Any, float]], g: Any, spare: Any) -> Any:
    """−B g, the two-loop recursion of `LBFGS`."""
    q = -g
    steps = []
    for s, y, ρ in reversed(pairs):
        a = ρ * float(s.dot(q))
        steps.append(a)
        q -= np.multiply(y, a, out=spare)
    if pairs:
        s, y, ρ = pairs[-1]
        q *= 1.0 / (ρ * float(y.dot(y)))
    for (s, y, ρ), a in zip(pairs, reversed(steps)):
        q += np.multiply(s, a - ρ * float(y.dot(q)), out=spare)
    return q
