"""Conjugate gradients: directions that do not undo one another, with vectors alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..names import named
from .line_search import NoLowerPoint, Step
from .method import Objective, WithWolfe
from .quasi_newton import first_step

VARIANTS = ("fletcher_reeves", "polak_ribiere_plus")


class ConjugateGradient(WithWolfe):
    """Downhill, corrected by the last direction; on a quadratic of n variables done after n exact steps.

        p = −g + β p
        β = gᵀg / g₋ᵀg₋   (Fletcher–Reeves)        β = max(0, gᵀ(g − g₋) / g₋ᵀg₋)   (Polak–Ribière+)

    Starts again with p = −g where p does not go downhill or leads nowhere, and (Fletcher–Reeves) where successive
    gradients are far from orthogonal, |gᵀg₋| ≥ gᵀg / 10 [Powell 1977]. O(n) memory.

    variant : "polak_ribiere_plus" or "fletcher_reeves". c1, c2 : of the line search, which has to be more exact here.

    Raises ValueError for an unknown variant.

    [Hestenes & Stiefel 1952; Fletcher & Reeves 1964; Nocedal & Wright 2006, § 5.2; source 003]

    >>> from dlcourse.optim import minimize
    >>> minimize(lambda x: x[0] ** 2 + 10.0 * x[1] ** 2, np.array([1.0, 1.0]), ConjugateGradient(1e-9, 1e-6)).steps
    2
    """

    c2: float = 0.2
    variant: str = "polak_ribiere_plus"

    def __post_init__(self) -> None:
        super().__post_init__()
        named(dict.fromkeys(VARIANTS), self.variant, "variant")

    def walk(self, J: Objective, here: Step) -> Iterator[Step]:
        p, first, fresh = -here.gradient, first_step(here.gradient), True
        while True:
            g = here.gradient
            try:
                new = self.search(J, here, p, first)
            except NoLowerPoint:
                if fresh:
                    raise
                p, first, fresh = -g, first_step(g), True
                continue
            yield new
            gg, old = float(new.gradient.dot(new.gradient)), float(g.dot(g))
            overlap, slope = float(new.gradient.dot(g)), float(p.dot(g))
            if self.variant == "fletcher_reeves":
                β = gg / old if abs(overlap) < 0.1 * gg else 0.0
            else:
                β = max(0.0, (gg - overlap) / old)
            p = β * p - new.gradient
            new_slope = float(p.dot(new.gradient))
            if not new_slope < -1e-3 * gg:  # not downhill, or hardly
                p, new_slope = -new.gradient, -gg
            here, fresh, first = new, False, new.alpha * min(2.0, slope / new_slope)


class NewtonCG(WithWolfe):
    """Newton's step from Hessian-vector products alone: conjugate gradients on H p = −g, cut short.

        stop where ‖H p + g‖ ≤ min(½, √‖g‖) ‖g‖, or where the curvature dᵀH d is not positive

    Far from the minimum a rough solution is enough, near it the forcing term makes the convergence superlinear
    [Eisenstat & Walker 1996]. Where the curvature is not positive, the p so far is taken (−g if there is none).
    The products are the engine's `hvp`: no Hessian is formed. O(n) memory.

    c1, c2 : of the line search. [Dembo & Steihaug 1983; Nocedal & Wright 2006, algorithm 7.1]

    >>> from dlcourse.optim import minimize
    >>> minimize(lambda x: np.sum(np.exp(x) + np.exp(-x)), np.array([1.0, -2.0]), NewtonCG()).evaluations.hessian
    0
    """

    def walk(self, J: Objective, here: Step) -> Iterator[Step]:
        while True:
            here = self.search(J, here, truncated(J, here))
            yield here


def truncated(J: Objective, here: Step) -> Any:
    """The direction p of `NewtonCG`."""
    g = here.gradient
    norm = math.sqrt(float(g.dot(g)))
    target = min(0.5, math.sqrt(norm)) * norm
    p, r, d, rr = np.zeros_like(g), g, -g, norm * norm
    for _ in range(2 * g.size):
        Hd = J.product(here.x, d)
        curvature = float(d.dot(Hd))
        if not curvature > 1e-14 * float(d.dot(d)):
            return p if p.any() else d
        α = rr / curvature
        p, r = p + α * d, r + α * Hd
        before, rr = rr, float(r.dot(r))
        if math.sqrt(rr) <= target:
            break
        d = (rr / before) * d - r
    return p
