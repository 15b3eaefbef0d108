"""Early stopping: go on as long as the validation loss falls, then go back to where it was lowest."""

from __future__ import annotations

import math
from typing import Any

from ..checks import whole


class EarlyStopping:
    """The best weights so far, and whether it is time to stop.

    Look-ahead: training goes on for `patience` epochs in a row without a lower validation loss, for it may rise
    before it falls further, and stops with the last of them. The weights of the lowest loss are kept; of equal
    losses the first. With `patience=None` nothing stops, and the best are kept all the same. [source 002]

    Raises ValueError for a patience that is no whole number ≥ 1.

    >>> stopping = EarlyStopping(patience=2)
    >>> [stopping.see(epoch, loss, f"θ{epoch}") for epoch, loss in enumerate([3.0, 1.0, 2.0, 1.5])]
    [False, False, False, True]
    >>> stopping.epoch, stopping.loss, stopping.theta
    (1, 1.0, 'θ1')
    """

    def __init__(self, patience: int | None = None) -> None:
        self.patience = None if patience is None else whole("early stopping", "patience", patience)
        self.epoch, self.loss, self.theta = 0, math.inf, None

    def see(self, epoch: int, loss: float, theta: Any) -> bool:
        """Take note of the validation loss after an epoch; True if training is to stop."""
        if loss < self.loss:
            self.epoch, self.loss, self.theta = epoch, loss, theta
        elif self.theta is None:
            self.epoch, self.theta = epoch, theta
        return self.patience is not None and epoch - self.epoch >= self.patience
