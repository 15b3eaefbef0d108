"""Mini-batches: shuffle, then partition."""

from __future__ import annotations

from collections.abc import Iterator

from numpy import ndarray
from numpy.random import Generator

from ..checks import generator, whole


def minibatches(n: int, size: int, rng: Generator, epochs: int = 1) -> Iterator[ndarray]:
    """The examples 0 … n − 1 in random order, `size` at a time; a new order for each epoch.

    Each epoch shows every example once; its last batch may be smaller. With size 1
    this is stochastic gradient descent in the narrow sense, with size n full-batch.

    Raises ValueError unless size is a whole number from 1 to n and epochs one ≥ 0.

    >>> from numpy.random import default_rng
    >>> [batch.tolist() for batch in minibatches(5, 2, default_rng(0))]
    [[2, 4], [3, 0], [1]]
    """
    generator("minibatches", rng)
    size = whole("minibatches", "size", size, 1, n)
    orders = (rng.permutation(n) for _ in range(whole("minibatches", "epochs", epochs, 0)))
    return (order[first : first + size] for order in orders for first in range(0, n, size))
