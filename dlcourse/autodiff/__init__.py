"""A small automatic differentiation engine on NumPy: the one that this course teaches and runs on."""

from .box import Tensor
from .derivatives import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from .errors import MissingRule, ShapeError, StaleGraph, TraceError
from .no_grad import no_grad

__all__ = [
    "MissingRule", "ShapeError", "StaleGraph", "Tensor", "TraceError",
    "grad", "hessian", "hvp", "jacobian", "jvp", "no_grad",
    "value_and_grad", "vjp",
]  # fmt: skip
