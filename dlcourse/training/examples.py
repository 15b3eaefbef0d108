"""Examples that can be learned from."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from numpy import ndarray

from ..checks import finite


def examples(who: str, pair: Any, like: ndarray | None = None) -> tuple[ndarray, ndarray]:
    """(X, y) as arrays, when they can be learned from."""
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise ValueError(f"fit: {who} must be a pair (X, y), got {type(pair).__name__}")
    X, y = (numbers(f"{name} of the {who}", given) for name, given in zip("Xy", pair, strict=True))
    X, y = X.astype(np.float64, copy=False), y if y.dtype.kind in "iub" else y.astype(np.float64, copy=False)
    if not X.ndim or not len(X):
        raise ValueError(f"fit: the {who} are empty: X has the shape {X.shape}")
    if not y.ndim or len(y) != len(X):
        raise ValueError(f"fit: the {who} have {len(X)} rows in X, but y has the shape {y.shape}; each row needs its target")
    for name, array in (("X", X), ("y", y)):
        finite("fit", f"{name} of the {who}", array)
    if like is not None and X.shape[1:] != like.shape[1:]:
        raise ValueError(f"fit: a row of the {who} has the shape {X.shape[1:]}, one of the training data {like.shape[1:]}")
    return X, y


def numbers(name: str, given: Any) -> ndarray:
    """An array of real numbers, none of them masked; no text, dates or complex numbers, which NumPy would turn into some."""
    try:
        array = np.asarray(given)
        if array.dtype.kind not in "fiub" and not (array.dtype == object and all(isinstance(x, Real) for x in array.flat)):
            raise TypeError(f"got an array of dtype {array.dtype}")
    except (TypeError, ValueError) as error:
        words = "; np.unique(words, return_inverse=True) makes labels of words" * name.startswith("y ")
        raise ValueError(f"fit: {name} must be real numbers ({error}){words}") from None
    if np.ma.is_masked(given):
        raise ValueError(f"fit: {name} is masked at {np.argwhere(given.mask)[0].tolist()}; leave out or fill what is missing")
    return array
