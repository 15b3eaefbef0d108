"""The engine, the optimisers and the explorables of a course on training neural networks.

`autodiff`, `optim` and `landscapes` need NumPy alone. `figures` (matplotlib) and `live` (anywidget) are loaded
when they are first used.
"""

from importlib import import_module
from typing import Any

from . import landscapes, optim
from .autodiff import (
    GradientMismatch,
    ShapeError,
    Tensor,
    TraceError,
    check_gradient,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    scan,
    trace,
    value_and_grad,
    vjp,
)  # fmt: skip

__version__ = "0.1.0"

ON_DEMAND = ("exercises", "figures", "live")

__all__ = [
    "GradientMismatch", "ShapeError", "Tensor", "TraceError", "check_gradient", "exercises", "figures", "grad", "hessian",
    "hvp", "jacobian", "jvp", "landscapes", "live", "optim", "scan", "trace", "value_and_grad", "vjp",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in ON_DEMAND:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"dlcourse has no {name!r}")
