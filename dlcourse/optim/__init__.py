"""Optimisers: first-order update rules."""

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

__all__ = ["AccumulatedMomentum", "GradientDescent", "HeavyBall", "Momentum", "Nesterov", "Trajectory", "UpdateRule", "descend"]
