"""A small automatic differentiation engine on NumPy: the one that this course teaches and runs on."""

from .box import Tensor
from .check import central_differences, check_gradient
from .derivatives import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from .errors import GradientMismatch, MissingRule, ShapeError, TraceError
from .program import Program, trace
from .scan import scan

__all__ = [
    "GradientMismatch",
    "MissingRule",
    "Program",
    "ShapeError",
    "Tensor",
    "TraceError",
    "central_differences",
    "check_gradient",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "scan",
    "trace",
    "value_and_grad",
    "vjp",
]
