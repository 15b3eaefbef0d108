"""Training: batches."""

from .batches import minibatches

__all__ = ["minibatches"]
