"""Training: mini-batches, the loop with early stopping, the search for a good configuration."""

from .batches import minibatches
from .configurations import choice, grid, integers, log_uniform, sample, uniform
from .early_stopping import EarlyStopping
from .fit import Fit, fit
from .search import Trial, Trials, search

__all__ = [
    "EarlyStopping", "Fit", "Trial", "Trials", "choice", "fit", "grid", "integers", "log_uniform", "minibatches", "sample",
    "search", "uniform",
]  # fmt: skip
