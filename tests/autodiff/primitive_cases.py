"""One maker of random cases for every row of the table of primitives.

A case is the row at work on some inputs, written twice: `ours`, as a reader calls it (NumPy's functions on Tensors),
and `reference(xp, *inputs)` for NumPy itself and the oracles.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dlcourse import scan, vjp
from dlcourse.autodiff import primitives

Draw = Callable[[Any], Any]


class Case(NamedTuple):
    ours: Callable[..., Any]
    reference: Callable[..., Any]
    inputs: tuple[Any, ...]


MAKERS: dict[str, Callable[[Draw, np.random.Generator], Case]] = {}


def case(name: str) -> Callable[[Any], Any]:
    def enter(maker: Any) -> Any:
        MAKERS[name] = maker
        return maker

    return enter


def shapes(draw: Draw, n: int, *, min_side: int = 0, max_side: int = 3) -> list[tuple[int, ...]]:
    """Shapes that broadcast together; axes of length 0 and 1 included."""
    return list(
        draw(hnp.mutually_broadcastable_shapes(num_shapes=n, max_dims=3, min_side=min_side, max_side=max_side)).input_shapes
    )


def shape(draw: Draw, *, min_dims: int = 0, max_dims: int = 3, min_side: int = 1) -> tuple[int, ...]:
    return draw(hnp.array_shapes(min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=3))


def anywhere(rng: np.random.Generator, shape: Any) -> Any:
    return np.asarray(rng.uniform(-2.0, 2.0, shape))


def positive(rng: np.random.Generator, shape: Any) -> Any:
    return np.asarray(rng.uniform(0.2, 3.0, shape))


def off_zero(rng: np.random.Generator, shape: Any) -> Any:
    return np.asarray(rng.uniform(0.2, 2.0, shape) * rng.choice([-1.0, 1.0], shape))


def off_halves(rng: np.random.Generator, shape: Any) -> Any:
    return np.asarray(rng.integers(-3, 4, shape) + rng.uniform(-0.4, 0.4, shape))


def above_minus_one(rng: np.random.Generator, shape: Any) -> Any:
    return np.asarray(rng.uniform(-0.8, 2.0, shape))


def enter_elementwise(name: str, ours: Any, reference: Any, *kinds: Any) -> None:
    @case(name)
    def make(draw: Draw, rng: np.random.Generator) -> Case:
        inputs = tuple(kind(rng, s) for kind, s in zip(kinds, shapes(draw, len(kinds))))
        return Case(ours, reference, inputs)


UNARY = {
    "negative": anywhere,
    "square": anywhere,
    "exp": anywhere,
    "expm1": anywhere,
    "sin": anywhere,
    "cos": anywhere,
    "tanh": anywhere,
    "sqrt": positive,
    "log": positive,
    "log1p": above_minus_one,
    "absolute": off_zero,
    "sign": off_zero,
    "rint": off_halves,
}
for name, kind in UNARY.items():
    enter_elementwise(name, getattr(np, name), lambda xp, x, name=name: getattr(xp, name)(x), kind)
enter_elementwise("erf", primitives.erf, lambda xp, x: xp.erf(x), anywhere)
enter_elementwise("logistic", primitives.logistic, lambda xp, x: 1.0 / (1.0 + xp.exp(-x)), anywhere)
enter_elementwise("softplus", primitives.softplus, lambda xp, x: xp.log1p(xp.exp(x)), anywhere)
enter_elementwise("relu", primitives.relu, lambda xp, x: xp.where(x > 0, x, 0.0 * x), off_zero)

BINARY = {
    "add": (anywhere, anywhere),
    "subtract": (anywhere, anywhere),
    "multiply": (anywhere, anywhere),
    "divide": (anywhere, off_zero),
    "maximum": (anywhere, anywhere),
    "minimum": (anywhere, anywhere),
}
for name, kinds in BINARY.items():
    enter_elementwise(name, getattr(np, name), lambda xp, a, b, name=name: getattr(xp, name)(a, b), *kinds)
enter_elementwise("power", lambda a, b: a**b, lambda xp, a, b: xp.power(a, b), positive, anywhere)

COMPARISONS = ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal")
for name in COMPARISONS:

    @case(name)
    def compare(draw: Draw, rng: np.random.Generator, name: str = name) -> Case:
        a, b = (np.asarray(rng.integers(-1, 2, s) * 1.0) for s in shapes(draw, 2))  # few values, so that some are equal
        return Case(getattr(np, name), lambda xp, a, b: xp.truth(getattr(xp, name)(a, b)), (a, b))


@case("where")
def where(draw: Draw, rng: np.random.Generator) -> Case:
    sc, sa, sb = shapes(draw, 3)
    c = np.asarray(rng.integers(0, 2, sc) == 1)
    return Case(
        lambda a, b: np.where(c, a, b), lambda xp, a, b: xp.where(xp.constant(c), a, b), (anywhere(rng, sa), anywhere(rng, sb))
    )


@case("integer_power")
def integer_power(draw: Draw, rng: np.random.Generator) -> Case:
    n = draw(st.sampled_from([3, 4, 5, 7, -3, -4]))
    return Case(lambda x: x**n, lambda xp, x: x ** float(n), (off_zero(rng, shape(draw)),))


@case("reshape")
def reshape(draw: Draw, rng: np.random.Generator) -> Case:
    s = shape(draw)
    new = draw(st.permutations([*s, 1]))
    new = tuple(-1 if i == draw(st.integers(0, 3)) else n for i, n in enumerate(new))
    new = (-1,) if new.count(-1) > 1 else new
    return Case(lambda x: np.reshape(x, new), lambda xp, x: xp.reshape(x, new), (anywhere(rng, s),))


@case("transpose")
def transpose(draw: Draw, rng: np.random.Generator) -> Case:
    s = shape(draw, min_dims=1)
    axes = tuple(draw(st.permutations(range(len(s)))))
    signed = tuple(a - len(s) if draw(st.booleans()) else a for a in axes)
    return Case(lambda x: np.transpose(x, signed), lambda xp, x: xp.transpose(x, axes), (anywhere(rng, s),))


@case("broadcast_to")
def broadcast_to(draw: Draw, rng: np.random.Generator) -> Case:
    small = shape(draw)
    big = (2, *(draw(st.integers(1, 3)) if n == 1 else n for n in small))
    return Case(lambda x: np.broadcast_to(x, big), lambda xp, x: xp.broadcast_to(x, big), (anywhere(rng, small),))


def an_index(draw: Draw, s: tuple[int, ...]) -> Any:
    """Integers, slices with any step, None and ..., as NumPy's basic indexing takes them."""
    return draw(hnp.basic_indices(s, min_dims=0, max_dims=4, allow_newaxis=True, allow_ellipsis=True))


@case("getitem")
def getitem(draw: Draw, rng: np.random.Generator) -> Case:
    s = shape(draw, min_dims=1)
    index = an_index(draw, s)
    return Case(lambda x: x[index], lambda xp, x: xp.getitem(x, index), (anywhere(rng, s),))


@case("embed")
def embed(draw: Draw, rng: np.random.Generator) -> Case:
    """The adjoint of indexing: it has no name in NumPy, so it is reached as the pullback of x[index]."""
    s = shape(draw)
    index = an_index(draw, s)
    numbers = np.asarray(np.arange(math.prod(s)).reshape(s)[index])
    place = np.zeros((math.prod(s), numbers.size))
    place[numbers.ravel(), np.arange(numbers.size)] = 1.0

    def ours(g: Any) -> Any:
        return vjp(lambda x: x[index], np.zeros(s))[1](g)[0]

    def reference(xp: Any, g: Any) -> Any:
        return xp.reshape(xp.matmul(xp.constant(place), xp.reshape(g, (-1,))), s)

    return Case(ours, reference, (anywhere(rng, numbers.shape),))


def numbers_of_rows(draw: Draw, rng: np.random.Generator, n: int) -> Any:
    return np.asarray(rng.integers(-n, n, shape(draw, max_dims=2)))  # negative and repeated numbers too


@case("take")
def take(draw: Draw, rng: np.random.Generator) -> Case:
    s = shape(draw, min_dims=1)
    index = numbers_of_rows(draw, rng, s[0])
    return Case(lambda x: x[index], lambda xp, x: xp.getitem(x, index), (anywhere(rng, s),))


@case("take_adjoint")
def take_adjoint(draw: Draw, rng: np.random.Generator) -> Case:
    s = shape(draw, min_dims=1)
    index = numbers_of_rows(draw, rng, s[0])
    place = np.zeros((s[0], index.size))
    np.add.at(place, (index.ravel() % s[0], np.arange(index.size)), 1.0)

    def ours(g: Any) -> Any:
        return vjp(lambda x: np.take(x, index, axis=0), np.zeros(s))[1](g)[0]

    def reference(xp: Any, g: Any) -> Any:
        flat = xp.reshape(g, (index.size, math.prod(s[1:])))
        return xp.reshape(xp.matmul(xp.constant(place), flat), s)

    return Case(ours, reference, (anywhere(rng, (*index.shape, *s[1:])),))


def some_axes(draw: Draw, s: tuple[int, ...]) -> Any:
    """None, one axis, or several, counted from either end."""
    n = len(s)
    if n == 0 or draw(st.booleans()):
        return None
    axes = draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=n, unique=True))
    axes = [a - n if draw(st.booleans()) else a for a in axes]
    return axes[0] if len(axes) == 1 else tuple(axes)


@case("sum")
def sum_(draw: Draw, rng: np.random.Generator) -> Case:
    s = shape(draw, min_side=0)
    axis, keepdims = some_axes(draw, s), draw(st.booleans())
    return Case(
        lambda x: np.sum(x, axis=axis, keepdims=keepdims),
        lambda xp, x: xp.sum(x, axis=axis, keepdims=keepdims),
        (anywhere(rng, s),),
    )


@case("max")
def max_(draw: Draw, rng: np.random.Generator) -> Case:
    s = shape(draw)
    axis = some_axes(draw, s)
    return Case(lambda x: np.max(x, axis=axis), lambda xp, x: xp.amax(x, axis=axis), (anywhere(rng, s),))


@case("logsumexp")
def logsumexp(draw: Draw, rng: np.random.Generator) -> Case:
    s = shape(draw)
    axis = some_axes(draw, s)

    def reference(xp: Any, x: Any) -> Any:
        return xp.log(xp.sum(xp.exp(x), axis=axis))

    return Case(lambda x: primitives.logsumexp(x, axis=axis), reference, (anywhere(rng, s),))


MATMUL_SHAPES = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3, 4)),
    ((2, 2, 3), (3, 2)),
    ((2, 3), (4, 3, 2)),
    ((3,), (2, 3, 2)),
    ((2, 2, 3), (3,)),
    ((2, 1, 2, 3), (4, 3, 2)),
    ((2, 2, 3), (1, 3, 2)),
    ((0, 3), (3, 2)),
    ((1, 1), (1, 1)),
]


@case("matmul")
def matmul(draw: Draw, rng: np.random.Generator) -> Case:
    left, right = draw(st.sampled_from(MATMUL_SHAPES))
    return Case(lambda a, b: a @ b, lambda xp, a, b: xp.matmul(a, b), (anywhere(rng, left), anywhere(rng, right)))


@case("linear")
def linear(draw: Draw, rng: np.random.Generator) -> Case:
    m, k, n = draw(st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3)))

    def reference(xp: Any, X: Any, W: Any, b: Any) -> Any:
        return xp.matmul(X, xp.transpose(W, (1, 0))) + b

    return Case(primitives.linear, reference, (anywhere(rng, (m, k)), anywhere(rng, (n, k)), anywhere(rng, (n,))))


@case("cross_entropy")
def cross_entropy(draw: Draw, rng: np.random.Generator) -> Case:
    m, n = draw(st.tuples(st.integers(1, 3), st.integers(1, 4)))
    labels = rng.integers(0, n, m)
    hot = np.eye(n)[labels]

    def reference(xp: Any, logits: Any) -> Any:
        return xp.mean(xp.log(xp.sum(xp.exp(logits), axis=-1)) - xp.sum(xp.constant(hot) * logits, axis=-1))

    return Case(lambda logits: primitives.cross_entropy(logits, labels), reference, (anywhere(rng, (m, n)),))


@case("softmax")
def softmax(draw: Draw, rng: np.random.Generator) -> Case:
    def reference(xp: Any, x: Any) -> Any:
        e = xp.exp(x)
        return e / xp.sum(e, axis=-1, keepdims=True)

    s = shape(draw, min_dims=1) if draw(st.booleans()) else (2, 17)  # wide rows are computed another way
    return Case(primitives.softmax, reference, (anywhere(rng, s),))


@case("concatenate")
def concatenate(draw: Draw, rng: np.random.Generator) -> Case:
    s = shape(draw, min_dims=1)
    axis = draw(st.integers(-len(s), len(s) - 1))
    lengths = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    parts = tuple(anywhere(rng, tuple(k if i == axis % len(s) else n for i, n in enumerate(s))) for k in lengths)
    return Case(
        lambda *parts: np.concatenate(parts, axis=axis), lambda xp, *parts: xp.concatenate(tuple(parts), axis=axis), parts
    )


@case("scan")
def scan_(draw: Draw, rng: np.random.Generator) -> Case:
    """A recurrence with a carry, a sequence, something captured, and something kept."""
    n, k = draw(st.integers(0, 4)), 2
    W, h, xs = anywhere(rng, (k, k)), anywhere(rng, (k,)), anywhere(rng, (n, k))

    def ours(W: Any, h: Any, xs: Any) -> Any:
        last, kept = scan(lambda h, x: (np.tanh(W @ h + x), h * h), h, xs)
        return np.concatenate([last, np.reshape(kept, (-1,))])

    def reference(xp: Any, W: Any, h: Any, xs: Any) -> Any:
        kept = []
        for t in range(n):
            kept.append(h * h)
            h = xp.tanh(xp.matmul(W, h) + xs[t])
        return xp.concatenate((h, *kept))

    return Case(ours, reference, (W, h, xs))
