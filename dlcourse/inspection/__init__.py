"""To look into a computation: its flow graph, its derivatives beside central differences, the origin of its first NaN."""

from .check_gradient import GradientMismatch, central_differences, check_gradient
from .check_nan import NonFinite, check_nan
from .flow_graph import Box as Box
from .flow_graph import FlowGraph, flow_graph

__all__ = [
    "FlowGraph", "GradientMismatch", "NonFinite", "central_differences", "check_gradient", "check_nan", "flow_graph",
]  # fmt: skip
