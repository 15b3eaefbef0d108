"""Newton's steps for two variables as update rules: made of primitives alone, so that a page can run them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autodiff import ShapeError, jacobian
from .first_order import Gradient, UpdateRule
from .hyperparameters import HyperParameter, at


def curvature(gradient: Gradient, θ: Any) -> tuple[Any, Any, Any]:
    """The entries a, b, c of the Hessian [[a, b], [b, c]]."""
    if np.shape(θ) != (2,):
        raise ShapeError(f"a Newton step in the plane needs θ of shape (2,), got {np.shape(θ)}; optim.minimize takes any")
    H = jacobian(gradient)(θ)
    return H[0, 0], H[0, 1], H[1, 1]


def solved(a: Any, b: Any, c: Any, g: Any) -> Any:
    """[[a, b], [b, c]]⁻¹ g, by Cramer's rule."""
    return np.stack([c * g[0] - b * g[1], a * g[1] - b * g[0]]) / (a * c - b * b)


class NewtonStep(UpdateRule):
    """Newton's step, whole or damped by a fixed α: the rule of `PureNewton` where α = 1.

        θ ← θ − α H⁻¹ ∇J(θ)

    θ : (2,). A singular Hessian gives a point that is not finite.

    Raises ShapeError for another shape. [sources 000, 002, 003]

    >>> rule = NewtonStep()
    >>> rule.step(lambda θ: np.stack([2.0 * θ[0], 20.0 * θ[1]]), np.array([3.0, 1.0]), (), 1)[0]
    array([0., 0.])
    """

    learning_rate: HyperParameter = 1.0

    def step(self, gradient: Gradient, θ: Any, state: Any, t: Any) -> tuple[Any, Any]:
        return θ - at(self.learning_rate, t) * solved(*curvature(gradient, θ), gradient(θ)), state


class SaddleFreeStep(UpdateRule):
    """Newton's step with every curvature taken as positive: the rule of `SaddleFreeNewton` without its line search.

        θ ← θ − α |H|⁻¹ ∇J(θ)          |H| = √(H²) = (H² + |det H| I) / √(tr H² + 2 |det H|)   for 2 × 2

    θ : (2,). A singular Hessian gives a point that is not finite.

    Raises ShapeError for another shape. [Dauphin et al. 2014; source 003]

    >>> rule = SaddleFreeStep(0.5)
    >>> rule.step(lambda θ: np.stack([2.0 * θ[0], -2.0 * θ[1]]), np.array([3.0, 1.0]), (), 1)[0]
    array([1.5, 1.5])
    """

    learning_rate: HyperParameter = 1.0

    def step(self, gradient: Gradient, θ: Any, state: Any, t: Any) -> tuple[Any, Any]:
        a, b, c = curvature(gradient, θ)
        d = np.abs(a * c - b * b)
        r = np.sqrt(a * a + 2.0 * b * b + c * c + 2.0 * d)
        p = solved((a * a + b * b + d) / r, b * (a + c) / r, (b * b + c * c + d) / r, gradient(θ))
        return θ - at(self.learning_rate, t) * p, state
