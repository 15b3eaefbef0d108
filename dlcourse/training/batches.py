"""Mini-batches: shuffle, then partition."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy import ndarray


def minibatches(n: int, size: int, rng: np.random.Generator, epochs: int = 1) -> Iterator[ndarray]:
    """The examples 0 … n − 1 in random order, `size` at a time; a new order for each epoch.

    Each epoch shows every example once. Its last batch is smaller where `size` does not divide n.
    size = 1 is stochastic gradient descent in the narrow sense, size = n the full batch.

    Raises ValueError unless 1 ≤ size ≤ n.

    >>> [batch.tolist() for batch in minibatches(5, 2, np.random.default_rng(0))]
    [[4, 2], [3, 1], [0]]
    """
    if not 1 <= size <= n:
        raise ValueError(f"minibatches: the batch size must lie between 1 and the number of examples {n}, got {size}")
    for _ in range(epochs):
        order = rng.permutation(n)
        for first in range(0, n, size):
            yield order[first : first + size]
