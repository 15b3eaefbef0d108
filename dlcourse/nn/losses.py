"""Losses: means over the examples, of predictions or logits and targets, arrays or Tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autodiff import ShapeError, Tensor
from ..autodiff.box import shape_of
from ..autodiff.primitives import absolute, equal, greater, greater_equal, less, mean, relu, softplus, square, where
from ..autodiff.primitives import cross_entropy as cross_entropy_row


def paired(name: str, prediction: Any, y: Any) -> tuple[Any, Any]:
    """Both as arrays or Tensors of one shape: a single output (T, 1) fits targets (T,), nothing else is stretched."""
    f, y = (x if isinstance(x, Tensor) else np.asarray(x, dtype=np.float64) for x in (prediction, y))
    a, b = shape_of(f), shape_of(y)
    if a != b and a == (*b, 1):
        f = np.reshape(f, b)
    elif a != b and b == (*a, 1):
        y = np.reshape(y, a)
    elif a != b:
        raise ShapeError(f"{name}: predictions {a} and targets {b} do not fit; needs one target for each prediction")
    if 0 in a:
        raise ShapeError(f"{name}: no examples in shape {a}")
    return f, y


def mean_over_examples(values: Any) -> Any:
    """The mean over the first axis of the sums over the others."""
    shape = shape_of(values)
    return np.sum(values) / float(shape[0]) if shape else values


def squared_error(prediction: Any, y: Any) -> Any:
    """(1/T) Σ_t ‖f(x_t) − y_t‖², the ℓ2 loss of a regression [sources 000, 003].

    prediction, y : (T,) or (T, n); a sum over the n outputs, as the norm says (PyTorch's MSELoss divides by n too).
    Raises ShapeError for other shapes, which NumPy would broadcast to (T, T), and for no examples.

    >>> float(squared_error(np.array([[1.0], [2.0]]), np.array([1.0, 4.0])))
    2.0
    """
    f, y = paired("squared_error", prediction, y)
    return mean_over_examples(square(f - y))


def absolute_error(prediction: Any, y: Any) -> Any:
    """(1/T) Σ_t ‖f(x_t) − y_t‖₁, the ℓ1 loss; its derivative at 0 is taken as 0 [source 003].

    Shapes and errors as for `squared_error`.

    >>> float(absolute_error(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
    1.0
    """
    f, y = paired("absolute_error", prediction, y)
    return mean_over_examples(absolute(f - y))


def checked_labels(name: str, logits: Any, labels: Any) -> Any:
    """Whole numbers, one for each row of logits (T, C). Recorded labels are checked for shape alone."""
    shape = shape_of(logits)
    y = labels if isinstance(labels, Tensor) else np.asarray(labels, dtype=np.float64)
    if len(shape) != 2 or y.shape != shape[:1] or 0 in shape:
        raise ShapeError(f"{name}: logits {shape} and labels {y.shape} do not fit; needs (T, C) and (T,), T ≥ 1")
    if shape[1] < 2:
        raise ValueError(f"{name}: one class only leaves nothing to decide; for two classes in one logit use binary losses")
    if not isinstance(y, Tensor):
        right = (y >= 0) & (y < shape[1]) & (y == np.floor(y))
        if not right.all():
            wrong = np.flatnonzero(~right)
            raise ValueError(
                f"{name}: labels must be whole numbers from 0 to {shape[1] - 1}, got {y[wrong[0]]:g} for example {wrong[0]}"
            )
    return y


def cross_entropy(logits: Any, labels: Any) -> Any:
    """−(1/T) Σ_t log softmax(a_t)[y_t], from the logits a and stable for any of them [sources 002, 003].

    logits : (T, C), labels : (T,) whole numbers from 0 to C − 1. The gradient is (softmax(a) − e(y)) / T.
    Raises ShapeError if they do not fit, ValueError for labels out of range or a single class.

    >>> float(cross_entropy(np.array([[1e4, -1e4], [0.0, 1e4]]), np.array([0, 0])))
    5000.0
    """
    y = checked_labels("cross_entropy", logits, labels)
    return cross_entropy_row(logits if isinstance(logits, Tensor) else np.asarray(logits, dtype=np.float64), y)


def two_classes(name: str, logits: Any, y: Any, *, between: bool = False) -> tuple[Any, Any]:
    a, y = paired(name, logits, y)
    if not isinstance(y, Tensor):
        wrong = np.flatnonzero(~(((y >= 0) & (y <= 1)) if between else ((y == 0) | (y == 1))))
        if wrong.size:
            need = "from 0 to 1" if between else "0 or 1"
            raise ValueError(f"{name}: targets must be {need}, got {np.ravel(y)[wrong[0]]:g} for example {wrong[0]}")
    return a, y


def binary_cross_entropy(logits: Any, y: Any) -> Any:
    """(1/T) Σ_t [log(1 + e^{a_t}) − y_t a_t] = −(1/T) Σ_t [y log σ(a) + (1 − y) log(1 − σ(a))], from the logits a.

    logits : (T,) or (T, 1), y : (T,), 0 or 1 or a probability between. The gradient is (σ(a) − y) / T. Stable for any
    logits [source 003]. Raises ShapeError if they do not fit, ValueError for targets outside [0, 1].

    >>> float(binary_cross_entropy(np.array([1e4, -1e4]), np.array([1, 1])))
    5000.0
    """
    a, y = two_classes("binary_cross_entropy", logits, y, between=True)
    return mean_over_examples(where(greater(a, 0.0), softplus(-a) + (1.0 - y) * a, softplus(a) - y * a))


def hinge(logits: Any, y: Any) -> Any:
    """(1/T) Σ_t max(0, 1 − s_t a_t), where s = 2y − 1 is −1 or 1: an upper bound of the 0/1 loss [Cortes & Vapnik 1995].

    logits : (T,) or (T, 1), y : (T,) of 0 and 1. The derivative at the corner is taken as 0.
    Raises ShapeError if they do not fit, ValueError for other targets.

    >>> float(hinge(np.array([2.0, 0.5]), np.array([1, 0])))
    0.75
    """
    a, y = two_classes("hinge", logits, y)
    return mean_over_examples(relu(1.0 - (2.0 * y - 1.0) * a))


def zero_one(logits: Any, y: Any) -> Any:
    """The share of examples whose class is predicted wrongly: what is meant, and nothing to descend [source 002].

    logits : (T,) or (T, 1) with y of 0 and 1 (class 1 is predicted for a ≥ 0), or (T, C) with labels from 0 to C − 1
    (the first of the largest logits is predicted). Errors as for `binary_cross_entropy` and `cross_entropy`.

    >>> float(zero_one(np.array([[2.0, 1.0], [0.0, 3.0]]), np.array([0, 0])))
    0.5
    """
    if len(np.shape(logits)) < 2 or np.shape(logits)[1] == 1:
        a, y = two_classes("zero_one", logits, y)
        return mean_over_examples(1.0 - where(equal(y, 1.0), greater_equal(a, 0.0), less(a, 0.0)))
    y = np.reshape(checked_labels("zero_one", logits, y), (-1, 1))
    classes = np.arange(float(np.shape(logits)[1]))
    own = np.sum(where(equal(classes, y), logits, 0.0), axis=1, keepdims=True)
    holds = where(less(classes, y), greater(own, logits), greater_equal(own, logits))
    return mean(less(np.sum(holds, axis=1), float(classes.size)))
