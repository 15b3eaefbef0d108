"""Regularisers Ω: sums over weights, never over biases."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autodiff import Tensor
from ..autodiff.box import floats
from ..checks import number


def weights(theta: Any) -> list[Any]:
    """The weight matrices of a network's parameters, or of what stands for them: a list of matrices, or one."""
    if isinstance(theta, dict):
        if "W" not in theta:
            raise ValueError(f"regulariser: the parameters have no weights 'W', only {', '.join(map(repr, theta))}")
        theta = theta["W"]
    return [floats(W) for W in (theta if isinstance(theta, (list, tuple)) else [theta])]


def l2(theta: Any) -> Any:
    """Ω = Σ_k Σ_ij (W_ij^(k))², with ∇Ω = 2W: weight decay, a Gaussian prior [source 002].

    theta : a nest with the weights under "W" (biases and all else are left out), a list of
    weight matrices, or one. Raises ValueError if there is no "W".

    >>> float(l2({"W": [np.array([[1.0, -2.0]])], "b": [np.array([7.0])]}))
    5.0
    """
    return sum(np.sum(W**2) for W in weights(theta))


def l1(theta: Any) -> Any:
    """Ω = Σ_k Σ_ij |W_ij^(k)|, with ∇Ω = sign W (0 at 0), a Laplace prior [source 002].

    theta, errors : as for `l2`.

    >>> float(l1({"W": [np.array([[1.0, -2.0]])], "b": [np.array([7.0])]}))
    3.0
    """
    return sum(np.sum(np.abs(W)) for W in weights(theta))


def penalty(theta: Any, l1_weight: Any = 0.0, l2_weight: Any = 0.0) -> Any:
    """λ₁ Σ|W| + λ₂ ΣW², where a λ of 0 leaves its sum out [source 002].

    theta, errors : as for `l2`, and ValueError for a λ that is negative or not finite. A λ may be a Tensor.

    >>> float(penalty({"W": [np.array([[1.0, -2.0]])]}, 0.1, 1.0))
    5.3
    """
    total: Any = 0.0
    for name, λ, Ω in (("l1", l1_weight, l1), ("l2", l2_weight, l2)):
        if isinstance(λ, Tensor) or number("penalty", name, λ):
            total = total + λ * Ω(theta)
    return total
