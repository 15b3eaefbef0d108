# mypy: disable-error-code="has-type"
"""Rows of products: matmul, and the two fused rows on which networks spend their time."""

from typing import Any

import numpy as np

from ..box import call, row, shape_of
from ..errors import ShapeError
from ..walks import directions
from .elementwise import equal
from .reductions import softmax, sum
from .shapes import reshape, swap, transpose


def rank(x: Any) -> int:
    return len(shape_of(x))


def matmul_values(a: Any, b: Any) -> Any:
    left, right = shape_of(a), shape_of(b)
    if not left or not right:
        raise ShapeError(f"matmul: {left} @ {right}: a scalar has no inner size; use * instead")
    inner = left[-1], right[-2 if len(right) > 1 else 0]
    if inner[0] != inner[1]:
        raise ShapeError(f"matmul: {left} @ {right} do not fit: inner sizes {inner[0]} and {inner[1]} differ")
    return np.matmul(a, b)


def pull_left(g: Any, y: Any, a: Any, b: Any) -> Any:
    """Ā = G Bᵀ. The walk adds up what a matrix gets from a whole stack."""
    if rank(b) == 1:
        return column(g) * b
    return (line(g) if rank(a) == 1 and rank(b) > 2 else g) @ swap(b)


def pull_right(g: Any, y: Any, a: Any, b: Any) -> Any:
    """B̄ = Aᵀ G, likewise."""
    if rank(a) == 1:
        return g * a if rank(b) == 1 else column(a) * line(g)
    if rank(b) == 1:
        return g @ a if rank(a) == 2 else reshape(g, (-1,)) @ reshape(a, (-1, shape_of(a)[-1]))
    return swap(a) @ g


def push_left(t: Any, y: Any, a: Any, b: Any) -> Any:
    """dA B."""
    if rank(b) <= 2:
        return t @ b
    return reshape(spread(t, a, line(a) if rank(a) == 1 else a, b) @ b, directions(t, a) + shape_of(y))


def push_right(t: Any, y: Any, a: Any, b: Any) -> Any:
    """A dB."""
    if rank(a) <= 2:
        return a @ t if rank(t) == 1 or rank(b) > 1 else t @ transpose(a)  # many vectors at once are the rows of t
    return reshape(a @ spread(t, b, column(b) if rank(b) == 1 else b, a), directions(t, b) + shape_of(y))


def column(x: Any) -> Any:
    return reshape(x, (*shape_of(x), 1))


def line(x: Any) -> Any:
    return reshape(x, (*shape_of(x)[:-1], 1, *shape_of(x)[-1:]))


def spread(t: Any, x: Any, matrix: Any, other: Any) -> Any:
    """A tangent of x, which enters the product as a matrix, with ones for the axes by which `other` is a larger stack."""
    return reshape(t, directions(t, x) + (1,) * (rank(other) - rank(matrix)) + shape_of(matrix))


MATMUL = row("matmul", matmul_values, (pull_left, pull_right), push=(push_left, push_right))


def matmul(a: Any, b: Any) -> Any:
    """A @ B for vectors, matrices and stacks of matrices, by NumPy's rules."""
    return call(MATMUL, a, b)


def linear_values(X: Any, W: Any, b: Any) -> Any:
    y = X @ W.T
    y += b
    return y


LINEAR = row(
    "linear",
    linear_values,
    (lambda g, y, X, W, b: g @ W, lambda g, y, X, W, b: g.T @ X, lambda g, y, X, W, b: np.ones(shape_of(g)[0]) @ g),
    push=(lambda t, y, X, W, b: t @ W.T, lambda t, y, X, W, b: X @ swap(t), lambda t, y, X, W, b: line(t)),
)


def linear(X: Any, W: Any, b: Any) -> Any:
    """A layer before its activation: X Wᵀ + b, rows of X are examples.

    X : (m, k), W : (n, k), b : (n,) → (m, n). Raises ShapeError if they do not fit.
    """
    shapes = x, w, c = shape_of(X), shape_of(W), shape_of(b)
    if len(x) != 2 or len(w) != 2 or len(c) != 1 or x[1] != w[1] or w[0] != c[0]:
        raise ShapeError(f"linear: X {shapes[0]}, W {shapes[1]}, b {shapes[2]} do not fit; needs (m, k), (n, k), (n,)")
    return call(LINEAR, X, W, b)


def cross_entropy_values(logits: Any, labels: Any, p: Any) -> Any:
    """The mean of −log p[label]; from the logits where p has underflowed."""
    m, classes = logits.shape
    hot = labels[:, None] == np.arange(classes)
    if np.count_nonzero(hot) != m:
        raise ShapeError(f"cross_entropy: labels must be whole numbers from 0 to {classes - 1}, got {labels!r:.60}")
    picked = p[hot]
    if picked.min() > 1e-300:
        return -np.log(picked).sum() / m
    top = logits.max(axis=1)
    return (np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top - logits[hot]).sum() / m


def excess(labels: Any, p: Any) -> Any:
    """p − e(label), row by row: the gradient of −log p[label] with respect to the logits."""
    return p - equal(labels[:, None], np.arange(float(shape_of(p)[1])))


CROSS_ENTROPY = row(
    "cross_entropy",
    cross_entropy_values,
    (lambda g, y, logits, labels, p: excess(labels, p) * (g / shape_of(p)[0]), None, None),
    push=(lambda t, y, logits, labels, p: sum(t * excess(labels, p), axis=(-2, -1)) / shape_of(p)[0], None, None),
)


def cross_entropy(logits: Any, labels: Any) -> Any:
    """The mean over the rows of −log softmax(logits)[label]: one fused box, stable for any logits.

    logits : (m, classes), labels : (m,) whole numbers. The softmax is a box of its own beside it, kept from the
    forward pass for the gradient (p − e(label)) / m.
    """
    x, t = shape_of(logits), shape_of(labels)
    if len(x) != 2 or t != x[:1] or 0 in x:
        raise ShapeError(f"cross_entropy: logits {x} and labels {t} do not fit; needs (m, classes) and (m,)")
    return call(CROSS_ENTROPY, logits, labels, softmax(logits))
