"""A small automatic differentiation engine on NumPy: the one that this course teaches and runs on."""

from .box import Tensor
from .check import central_differences, check_gradient
from .compile import compile
from .derivatives import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from .errors import GradientMismatch, MissingRule, NonFinite, ShapeError, StaleGraph, TraceError
from .graph import FlowGraph, flow_graph
from .program import Program, trace
from .recording import check_nan, no_grad
from .scan import scan

__all__ = [
    "FlowGraph",
    "GradientMismatch",
    "MissingRule",
    "NonFinite",
    "Program",
    "ShapeError",
    "StaleGraph",
    "Tensor",
    "TraceError",
    "central_differences",
    "check_gradient",
    "check_nan",
    "compile",
    "flow_graph",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "no_grad",
    "scan",
    "trace",
    "value_and_grad",
    "vjp",
]
