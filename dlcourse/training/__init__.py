"""Training: mini-batches, the loop with early stopping, bias and variance, the search for a good configuration."""

from .batches import minibatches
from .configurations import choice, grid, integers, log_uniform, sample, uniform
from .early_stopping import EarlyStopping
from .fit import Fit, fit
from .generalization import BiasVariance, bias_and_variance
from .search import Trial, Trials, search

__all__ = [
    "BiasVariance", "EarlyStopping", "Fit", "Trial", "Trials", "bias_and_variance", "choice", "fit", "grid", "integers",
    "log_uniform", "minibatches", "sample", "search", "uniform",
]  # fmt: skip
