"""Networks: activations, losses, regularisers, initial weights, batch normalisation, MLPs and RBF networks."""

from ..autodiff.primitives import linear
from ..flat import flat_value_and_grad, flatten
from . import activations, initializers, losses, regularizers
from .initializers import constant, glorot_uniform, he_normal, normal, zeros
from .losses import absolute_error, binary_cross_entropy, cross_entropy, hinge, squared_error, zero_one
from .mlp import MLP, Layer
from .network import TASKS, Network, Task
from .normalization import Moments, batch_moments, batch_norm, normalize, running_moments
from .rbf import RBF
from .regularizers import l1, l2, penalty

__all__ = [
    "MLP", "RBF", "TASKS", "Layer", "Moments", "Network", "Task", "absolute_error", "activations", "batch_moments",
    "batch_norm", "binary_cross_entropy", "constant", "cross_entropy", "flat_value_and_grad", "flatten", "glorot_uniform",
    "he_normal", "hinge", "initializers", "l1", "l2", "linear", "losses", "normal", "normalize", "penalty", "regularizers",
    "running_moments", "squared_error", "zero_one", "zeros",
]  # fmt: skip
