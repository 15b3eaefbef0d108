"""The workloads of the engine's benchmark, each written once for every contender.

A workload maps the contender's name to a function that prepares it and returns one step as a function without
arguments. The step starts from the same point each time, so that contenders can be compared. `numpy` is the floor:
what somebody writes by hand who knows the derivative.
"""

from . import curvature, networks, tiny

WORKLOADS: dict[str, dict[str, networks.Make]] = {
    "tiny": {
        "numpy": tiny.tiny_numpy,
        "dlcourse": tiny.tiny_dlcourse,
        "compiled": tiny.tiny_compiled,
        "torch": tiny.tiny_torch,
        "autograd": tiny.tiny_autograd,
        "jax": tiny.tiny_jax,
    },
    "mlp_small": networks.network([2, 16, 16, 2], 200, "tanh", "adam"),
    "mlp_digits": networks.network([64, 128, 10], 64, "relu", "adam"),
    "mlp_mnist": networks.network([784, 256, 128, 10], 128, "relu", "momentum"),
    "deep": networks.network([32] * 51, 32, "tanh", "none"),
    "hessian": curvature.logistic_hessian(),
    "hvp": curvature.network_hvp(),
}
