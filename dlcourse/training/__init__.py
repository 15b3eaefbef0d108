"""Training: mini-batches, the loop with early stopping."""

from .batches import minibatches
from .early_stopping import EarlyStopping
from .fit import Fit, fit

__all__ = ["EarlyStopping", "Fit", "fit", "minibatches"]
