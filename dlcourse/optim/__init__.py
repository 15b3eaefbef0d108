"""Optimisers: update rules and the loops that step by them, line searches, and methods that use curvature."""

from . import schedules
from .adaptive import (
    Adadelta,
    Adagrad,
    Adam,
    ProximalGradient,
    RMSProp,
    RMSPropEpsilonInside,
    RMSPropMomentum,
    soft_threshold,
)  # fmt: skip
from .conjugate import ConjugateGradient, NewtonCG
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
from .line_search import armijo, strong_wolfe
from .minimize import Result, minimize
from .optimizer import Optimizer
from .plane import NewtonStep, SaddleFreeStep
from .quasi_newton import BFGS, LBFGS
from .restarts import random_restarts, simulated_annealing
from .second_order import Newton, PureNewton, SaddleFreeNewton

__all__ = [
    "BFGS", "LBFGS", "AccumulatedMomentum", "Adadelta", "Adagrad", "Adam", "ConjugateGradient", "GradientDescent",
    "HeavyBall", "Momentum", "Nesterov", "Newton", "NewtonCG", "NewtonStep", "Optimizer", "ProximalGradient",
    "PureNewton", "RMSProp", "RMSPropEpsilonInside", "RMSPropMomentum", "Result", "SaddleFreeNewton", "SaddleFreeStep",
    "Trajectory", "UpdateRule", "armijo", "descend", "minimize", "random_restarts", "schedules", "simulated_annealing",
    "soft_threshold", "strong_wolfe",
]  # fmt: skip
