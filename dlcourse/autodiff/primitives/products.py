# mypy: disable-error-code="has-type"
"""Rows of products: matmul, and the two fused rows on which networks spend their time."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..box import call, directions, raised, shape_of
from ..errors import ShapeError
from .elementwise import equal
from .reductions import broadcast_to, softmax, sum, sum_to
from .shapes import reshape, transpose
from .table import row


def matmul_values(a: Any, b: Any) -> Any:
    left, right = shape_of(a), shape_of(b)
    if not left or not right:
        raise ShapeError(f"matmul: {left} @ {right}: a scalar has no inner size; use * instead")
    inner = left[-1], right[-2 if len(right) > 1 else 0]
    if inner[0] != inner[1]:
        raise ShapeError(f"matmul: {left} @ {right} do not fit: inner sizes {inner[0]} and {inner[1]} differ")
    return np.matmul(a, b)


def swap(x: Any) -> Any:
    """The last two axes exchanged."""
    n = len(shape_of(x))
    return transpose(x, (*range(n - 2), n - 1, n - 2))


def pull_left(g: Any, y: Any, a: Any, b: Any) -> Any:
    """Ā = G Bᵀ, for vectors and matrices; stacks of matrices, and vectors against stacks, by way of columns and rows."""
    left, right = shape_of(a), shape_of(b)
    if len(left) <= 2 and len(right) <= 2:
        if len(left) == 2:
            return g @ b.T if len(right) == 2 else reshape(g, (*left[:1], 1)) * b
        return b @ g if len(right) == 2 else g * b
    column = reshape(b, (*right, 1)) if len(right) == 1 else b
    whole = matmul(as_matrix(g, left, right), swap(column))
    return reshape(sum_to(whole, (1, *left)), left) if len(left) == 1 else sum_to(whole, left)


def pull_right(g: Any, y: Any, a: Any, b: Any) -> Any:
    """B̄ = Aᵀ G, likewise."""
    left, right = shape_of(a), shape_of(b)
    if len(left) <= 2 and len(right) <= 2:
        if len(left) == 2:
            return a.T @ g
        return reshape(a, (*left, 1)) * g if len(right) == 2 else g * a
    line = reshape(a, (1, *left)) if len(left) == 1 else a
    whole = matmul(swap(line), as_matrix(g, left, right))
    return reshape(sum_to(whole, (*right, 1)), right) if len(right) == 1 else sum_to(whole, right)


def as_matrix(g: Any, left: tuple[int, ...], right: tuple[int, ...]) -> Any:
    """The gradient of a product with the axis that a vector on either side has taken away."""
    g = reshape(g, (*shape_of(g)[:-1], 1, shape_of(g)[-1])) if len(left) == 1 else g
    return reshape(g, (*shape_of(g), 1)) if len(right) == 1 else g


def push_matmul(t: Any, y: Any, a: Any, b: Any) -> Any:
    """dA B + A dB."""
    terms = [None if t[0] is None else moved_left(t[0], y, a, b), None if t[1] is None else moved_right(t[1], y, a, b)]
    return added(terms)


def moved_left(t: Any, y: Any, a: Any, b: Any) -> Any:
    many = directions(t, a)
    if not many or (len(shape_of(a)) == 2 and len(shape_of(b)) <= 2):
        return matmul(t, b)
    column = reshape(b, (*shape_of(b), 1)) if len(shape_of(b)) == 1 else b
    line = reshape(t, (*many, 1, *shape_of(a))) if len(shape_of(a)) == 1 else t
    rank = max(len(shape_of(a)), len(shape_of(column)), 2)
    inner = shape_of(line)[len(many) :]
    return reshape(matmul(reshape(line, many + (1,) * (rank - len(inner)) + inner), column), many + shape_of(y))


def moved_right(t: Any, y: Any, a: Any, b: Any) -> Any:
    many = directions(t, b)
    if many and len(shape_of(b)) == 1 and len(shape_of(a)) <= 2:
        return matmul(t, transpose(a))
    if not many or (len(shape_of(a)) <= 2 and len(shape_of(b)) == 2):
        return matmul(a, t)
    line = reshape(a, (1, *shape_of(a))) if len(shape_of(a)) == 1 else a
    column = reshape(t, (*shape_of(t), 1)) if len(shape_of(b)) == 1 else t
    rank = max(len(shape_of(line)), len(shape_of(b)), 2)
    inner = shape_of(column)[len(many) :]
    return reshape(matmul(line, reshape(column, many + (1,) * (rank - len(inner)) + inner)), many + shape_of(y))


def added(terms: list[Any]) -> Any:
    first, *others = [term for term in terms if term is not None]
    for term in others:
        first = first + term
    return first


MATMUL = row("matmul", matmul_values, (pull_left, pull_right), push=push_matmul)


def matmul(a: Any, b: Any) -> Any:
    """A @ B for vectors, matrices and stacks of matrices, by NumPy's rules."""
    return call(MATMUL, a, b)


def linear_values(X: Any, W: Any, b: Any) -> Any:
    y = X @ W.T
    y += b
    return y


def push_linear(t: Any, y: Any, X: Any, W: Any, b: Any) -> Any:
    """dX Wᵀ + X dWᵀ + db."""
    return added([
        None if t[0] is None else matmul(t[0], W.T),
        None if t[1] is None else matmul(X, swap(t[1])),
        None if t[2] is None else broadcast_to(raised(t[2], b, 2), directions(t[2], b) + shape_of(y)),
    ])  # fmt: skip


LINEAR = row(
    "linear",
    linear_values,
    (lambda g, y, X, W, b: g @ W, lambda g, y, X, W, b: g.T @ X, lambda g, y, X, W, b: np.ones(shape_of(g)[0]) @ g),
    push=push_linear,
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
    whole = labels.astype(np.intp)
    if (whole != labels).any() or whole.min() < 0 or whole.max() >= classes:
        raise ShapeError(f"cross_entropy: labels must be whole numbers from 0 to {classes - 1}, got {labels!r:.60}")
    rows = np.arange(m)
    picked = p[rows, whole]
    if picked.min() > 1e-300:
        return -np.log(picked).sum() / m
    top = logits.max(axis=1)
    return (np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top - logits[rows, whole]).sum() / m


def excess(labels: Any, p: Any) -> Any:
    """p − e(label), row by row: the gradient of −log p[label] with respect to the logits."""
    m, classes = shape_of(p)
    if type(p) is np.ndarray and type(labels) is np.ndarray:
        d = p.copy()
        d[np.arange(m), labels.astype(np.intp)] -= 1.0
        return d
    return p - equal(reshape(labels, (m, 1)), np.arange(float(classes)))


CROSS_ENTROPY = row(
    "cross_entropy",
    cross_entropy_values,
    (lambda g, y, logits, labels, p: excess(labels, p) * (g / shape_of(p)[0]), None, None),
    push=lambda t, y, logits, labels, p: (
        None if t[0] is None else sum(t[0] * excess(labels, p), axis=(-2, -1)) / shape_of(p)[0]
    ),
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
