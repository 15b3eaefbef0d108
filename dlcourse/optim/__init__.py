"""Optimisers: first-order update rules, and the loop that steps by them."""

from .first_order import (
    AccumulatedMomentum,
    GradientDescent,
    HeavyBall,
    Momentum,
    Nesterov,
    Trajectory,
    UpdateRule,
    descend,
)  # fmt: skip
from .optimizer import Optimizer

__all__ = [
    "AccumulatedMomentum", "GradientDescent", "HeavyBall", "Momentum", "Nesterov", "Optimizer", "Trajectory", "UpdateRule",
    "descend",
]  # fmt: skip
