"""Examples that can be learned from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from ..checks import finite


def examples(who: str, pair: Any, like: ndarray | None = None) -> tuple[ndarray, ndarray]:
    """(X, y) as arrays, when they can be learned from."""
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise ValueError(f"fit: {who} must be a pair (X, y), got {type(pair).__name__}")
    try:
        X, y = np.asarray(pair[0], dtype=np.float64), np.asarray(pair[1])
        y = y if y.dtype.kind in "iub" else y.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"fit: the {who} must be numbers ({error}); np.unique(words, return_inverse=True) makes labels of words"
        ) from None
    if not X.ndim or not len(X):
        raise ValueError(f"fit: the {who} are empty: X has the shape {X.shape}")
    if not y.ndim or len(y) != len(X):
        raise ValueError(f"fit: the {who} have {len(X)} rows in X, but y has the shape {y.shape}; each row needs its target")
    for name, array in (("X", X), ("y", y)):
        finite("fit", f"{name} of the {who}", array)
    if like is not None and X.shape[1:] != like.shape[1:]:
        raise ValueError(f"fit: a row of the {who} has the shape {X.shape[1:]}, one of the training data {like.shape[1:]}")
    return X, y
