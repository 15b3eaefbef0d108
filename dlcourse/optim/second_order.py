"""Newton's method: the minimum of the second-order Taylor model, and what to do where the model has none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .line_search import NoStep, Step, armijo, evaluated
from .method import Method, Objective


class PureNewton(Method):
    """Newton's step as it stands: to where the second-order model has its critical point.

        p = −H⁻¹ g          x ← x + p

    That point is the model's minimum only where H is positive definite. Else it may be a saddle or a maximum, and
    Newton is attracted to it. Near a minimum the number of correct digits doubles with every step.
    Stops at a singular Hessian. O(n²) memory, O(n³) time.

    [Newton, Raphson 1690; sources 000, 002, 003]

    >>> from dlcourse.optim import minimize
    >>> minimize(lambda x: x[0] ** 2 + 10.0 * x[1] ** 2 + x[0] * x[1], np.array([3.0, 1.0]), PureNewton()).steps
    1
    """

    def walk(self, J: Objective, here: Step) -> Iterator[Step]:
        while True:
            H = J.hessian(here.x)
            if not np.all(np.isfinite(H)) or np.linalg.cond(H, 1) > 1 / np.finfo(float).eps:
                raise NoStep("singular Hessian: H p = −g has no unique solution; use Newton")
            here = evaluated(J, here.x - np.linalg.solve(H, here.gradient), 1.0)
            yield here


class WithArmijo(Method):
    """What the repaired forms of Newton's method share: a `direction` made of H and g, followed by backtracking."""

    c1: float = 1e-4

    def direction(self, H: Any, g: Any) -> Any:
        """p (n,), downhill, of the Hessian H (n, n) and the gradient g (n,)."""
        raise NotImplementedError(f"{type(self).__name__} does not say where to go")

    def walk(self, J: Objective, here: Step) -> Iterator[Step]:
        while True:
            H = J.hessian(here.x)
            if not np.all(np.isfinite(H)):
                raise NoStep("the Hessian is not finite here")
            here = armijo(J, here, self.direction(H, here.gradient), c1=self.c1)
            yield here


class Newton(WithArmijo):
    """Newton's direction, followed as far as an Armijo line search allows.

        (H + τ I) p = −g          x ← x + α p

    τ = 0 where H is positive definite (its Cholesky factors exist); else as much as lifts the lowest eigenvalue to a
    thousandth of the largest in size, whereby p goes downhill. O(n²) memory, O(n³) time.

    c1 : of the line search. [Nocedal & Wright 2006, algorithm 3.2 and § 3.4; sources 002, 003]

    >>> from dlcourse.optim import minimize
    >>> minimize(lambda x: (1.0 - x[0]) ** 2 + 100.0 * (x[1] - x[0] ** 2) ** 2, np.array([-1.2, 1.0]), Newton()).converged
    True
    """

    def direction(self, H: Any, g: Any) -> Any:
        try:
            L = np.linalg.cholesky(H)
            definite = L.diagonal().min() > 1e-7 * L.diagonal().max()
        except np.linalg.LinAlgError:
            definite = False
        if not definite:
            curvatures = np.linalg.eigvalsh(H)
            least = 1e-3 * (float(np.abs(curvatures).max()) or 1.0)
            H = H + (least - float(curvatures[0])) * np.eye(g.size)
        return -np.linalg.solve(H, g)


class SaddleFreeNewton(WithArmijo):
    """Newton's step with every curvature taken as positive: saddles repel.

        p = −|H|⁻¹ g,     |H| = Q |Λ| Qᵀ   where H = Q Λ Qᵀ          x ← x + α p

    A curvature smaller than `smallest` times the largest counts as that much, so that a singular Hessian has a step
    too. α by an Armijo line search. O(n²) memory, O(n³) time.

    c1 : of the line search. [Dauphin et al. 2014; source 003]

    >>> from dlcourse.optim import minimize
    >>> from dlcourse.landscapes import saddle
    >>> [round(minimize(saddle, np.array([-1.7, 0.001]), method).value, 6) for method in (PureNewton(), SaddleFreeNewton())]
    [-0.0, -0.25]
    """

    smallest: float = 1e-12

    def direction(self, H: Any, g: Any) -> Any:
        curvatures, Q = np.linalg.eigh(H)
        sizes = np.abs(curvatures)
        sizes = np.maximum(sizes, self.smallest * (float(sizes.max()) or 1.0))
        return -Q @ (Q.T @ g / sizes)
