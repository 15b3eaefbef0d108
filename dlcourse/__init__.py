"""The engine, the optimisers and the explorables of a course on training neural networks.

`autodiff`, `nn`, `optim`, `landscapes`, `data` and `training` need NumPy alone (the digits scikit-learn, a progress bar
tqdm, parallel search joblib). `figures` (matplotlib) and `live` (anywidget) are loaded when they are first used.
"""

from importlib import import_module
from typing import Any

from . import data, landscapes, nn, optim, training
from .autodiff import (
    FlowGraph,
    GradientMismatch,
    NonFinite,
    ShapeError,
    StaleGraph,
    Tensor,
    TraceError,
    check_gradient,
    check_nan,
    compile,
    flow_graph,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    no_grad,
    scan,
    trace,
    value_and_grad,
    vjp,
)  # fmt: skip

__version__ = "0.1.0"

ON_DEMAND = ("exercises", "figures", "live")

__all__ = [
    "FlowGraph", "GradientMismatch", "NonFinite", "ShapeError", "StaleGraph", "Tensor", "TraceError", "check_gradient",
    "check_nan", "compile", "data", "exercises", "figures", "flow_graph", "grad", "hessian", "hvp", "jacobian", "jvp",
    "landscapes", "live", "nn", "no_grad", "optim", "scan", "trace", "training", "value_and_grad", "vjp",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in ON_DEMAND:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"dlcourse has no {name!r}")
