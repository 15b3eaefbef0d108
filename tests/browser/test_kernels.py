"""Every browser kernel against NumPy, in a real browser.

A kernel's cases are made by the function of its name below; `test_every_kernel_has_cases` holds the two lists
together. Each case runs twice: with its operands as they are, and with operands that are transposed views.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from interpreter import assert_agrees, open_page, program, run_all
from playwright.sync_api import Browser, Page

EPSILON = np.finfo(float).eps


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    page = open_page(browser)
    yield page
    page.close()


class Case(NamedTuple):
    """One call of a kernel. `error` is the relative error allowed; 0 asks for the same bits, signs of zeros included."""

    operands: list[np.ndarray]
    expected: np.ndarray
    error: float = 0.0
    options: dict[str, Any] = {}


Cases = Callable[[np.random.Generator], Iterator[Case]]
CASES: dict[str, Cases] = {}


def cases(function: Cases) -> Cases:
    CASES[function.__name__.rstrip("_")] = function
    return function


def as_views(kernel: str, case: Case) -> tuple[dict, dict]:
    """A program that stores each operand transposed and hands the kernel a view of it."""
    n = len(case.operands)
    inputs = {f"x{i}": np.transpose(x) for i, x in enumerate(case.operands)}
    ops: list = []
    for i, x in enumerate(case.operands):
        strides = [s // 8 for s in np.ascontiguousarray(x.T).T.strides]
        ops.append(["strided", [i], list(x.shape), {"offset": 0, "strides": strides}])
    ops.append([kernel, list(range(n, 2 * n)), list(case.expected.shape), case.options])
    return program(inputs, ops, {"y": 2 * n}), inputs


def as_given(kernel: str, case: Case) -> tuple[dict, dict]:
    inputs = {f"x{i}": x for i, x in enumerate(case.operands)}
    n = len(inputs)
    return program(inputs, [[kernel, list(range(n)), list(case.expected.shape), case.options]], {"y": n}), inputs


# ---------------------------------------------------------------------------------------------- elementwise

SPECIAL = np.array(
    [
        0.0, -0.0, 0.3, -0.3, 0.5, -0.5, 1.0, -1.0, 1.5, -1.5, 2.5, -2.5, 3.0, 1e-8, -1e-8, 5e-324, 1e-310, -1e-310,
        36.0, -36.0, 709.5, 710.0, -745.5, 4503599627370495.5, 1e16, -1e16, 1e300, -1e300, np.inf, -np.inf, np.nan,
    ]
)  # fmt: skip
SHAPES = [(), (1,), (7,), (3, 4), (1, 5), (5, 1), (2, 3, 4), (2, 1, 4), (0,), (3, 0), (1, 1, 1)]
PAIRS = [
    ((), ()), ((4,), ()), ((), (4,)), ((3, 4), (3, 4)), ((3, 4), (4,)), ((4,), (3, 4)), ((3, 4), (3, 1)), ((3, 1), (1, 4)),
    ((2, 3, 4), (3, 1)), ((2, 1, 4), (3, 4)), ((2, 3, 4), (1, 3, 4)), ((5, 1, 2, 1), (3, 1, 4)), ((0,), ()), ((3, 0), (1,)),
    ((1, 1), ()), ((200, 2), (200, 1)),
]  # fmt: skip


def quiet(f: Callable) -> Callable:
    def function(*operands: Any) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.asarray(f(*operands), float)

    return function


def unary(name: str, f: Callable, error: float = 0.0, scale: float = 3.0, options: dict | None = None) -> None:
    def make(rng: np.random.Generator) -> Iterator[Case]:
        for shape in SHAPES:
            x = np.asarray(scale * rng.standard_normal(shape))
            yield Case([x], quiet(f)(x), error, options or {})
        yield Case([SPECIAL], quiet(f)(SPECIAL), error, options or {})

    previous = CASES.get(name, lambda rng: iter(()))
    CASES[name] = lambda rng: itertools.chain(previous(rng), make(rng))


def binary(name: str, f: Callable, error: float = 0.0) -> None:
    def make(rng: np.random.Generator) -> Iterator[Case]:
        for a, b in PAIRS:
            # Small whole numbers half of the time, so that comparisons meet equal ones.
            for x, y in [(rng.normal(size=a), rng.normal(size=b)), (rng.integers(-2, 3, a), rng.integers(-2, 3, b))]:
                x, y = np.asarray(x, float), np.asarray(y, float)
                yield Case([x, y], quiet(f)(x, y), error)
        x, y = np.broadcast_arrays(SPECIAL[:, None], SPECIAL)
        yield Case([x, y], quiet(f)(x, y), error)
        yield Case([SPECIAL[:, None], SPECIAL], quiet(f)(x, y), error)

    CASES[name] = make


def integer_power(n: int) -> Callable:
    def f(x: np.ndarray) -> np.ndarray:
        y = x
        for _ in range(n - 1):
            y = y * x
        return y

    return f


def extreme(f: Callable) -> Callable:
    """NumPy leaves it open which zero is the larger; the page follows IEEE 754-2019: −0 < +0."""
    sign = -1.0 if f is np.minimum else 1.0

    def function(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        zeros = (x == 0) & (y == 0)
        signs = np.where(np.signbit(sign * x) & np.signbit(sign * y), -sign * 0.0, sign * 0.0)
        return np.where(zeros, signs, f(x, y))

    return function


# With an error of 0 the page must give NumPy's bits; the elementary functions may differ in the last places.
for name in ("negative", "sqrt", "square", "absolute", "sign", "rint"):
    unary(name, getattr(np, name))
for name in ("exp", "log", "log1p", "expm1", "sin", "cos", "tanh"):
    unary(name, getattr(np, name), error=4 * EPSILON)
unary("relu", lambda x: np.where(x > 0, x, np.where(np.isnan(x), x, 0.0)))
unary("erf", np.vectorize(math.erf, otypes=[float]), error=4 * EPSILON, scale=1.5)
unary("logistic", lambda x: np.exp(-np.logaddexp(0, -x.astype(np.longdouble))), error=8 * EPSILON, scale=9)
unary("softplus", lambda x: np.logaddexp(0, x.astype(np.longdouble)), error=8 * EPSILON, scale=9)
for exponent in (1, 2, 3, 7):
    unary("integer_power", integer_power(exponent), options={"n": exponent})
for name in ("add", "subtract", "multiply", "divide"):
    binary(name, getattr(np, name))
for name in ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal"):
    binary(name, getattr(np, name))
for name in ("maximum", "minimum"):
    binary(name, extreme(getattr(np, name)))
binary("power", np.power, error=8 * EPSILON)


@cases
def where(rng: np.random.Generator) -> Iterator[Case]:
    for a, b in PAIRS:
        for c in ((), a, b, (1,)):
            condition, x, y = rng.integers(0, 2, a) * 1.0, np.asarray(rng.normal(size=b)), np.asarray(rng.normal(size=c))
            yield Case([condition, x, y], np.where(condition, x, y))
    condition = np.array([0.0, -0.0, np.nan, np.inf, -1.0])
    yield Case([condition, np.array(1.0), np.array(-0.0)], np.where(condition, 1.0, -0.0))


# ---------------------------------------------------------------------------------------------- layout


@cases
def reshape(rng: np.random.Generator) -> Iterator[Case]:
    for before, after in [((6,), (2, 3)), ((2, 3), (6,)), ((2, 3), (3, 2)), ((), (1, 1)), ((0, 3), (0,)), ((2, 3, 4), (4, 6))]:
        x = np.asarray(rng.normal(size=before))
        yield Case([x], x.reshape(after))


def views(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Arrays with views of them of every sort."""
    x = rng.normal(size=(4, 5, 3))
    v, s = rng.normal(size=6), np.array(rng.normal())
    yield from [(x, x[2]), (x, x[:, 1:4]), (x, x[::-1, ::2, ::-1]), (x, x.T), (x, x.swapaxes(0, 1)), (x, x[1, 2, :])]
    yield from [(x, x[..., None, 1]), (x, x[3:1]), (v, v[4, ...]), (v, v[::-1]), (s, s), (v, v[5:0:-2]), (v, v[None, :])]
    yield from [(v, np.broadcast_to(v, (3, 6))), (v, np.broadcast_to(v[:, None], (6, 2))), (s, np.broadcast_to(s, (2, 3)))]
    yield v[:0], np.broadcast_to(v[:0], (3, 0))


def view_options(x: np.ndarray, view: np.ndarray) -> dict[str, Any]:
    distance = view.__array_interface__["data"][0] - x.__array_interface__["data"][0]
    return {"offset": distance // 8, "strides": [s // 8 for s in view.strides]}


@cases
def strided(rng: np.random.Generator) -> Iterator[Case]:
    for x, view in views(rng):
        yield Case([x], view, options=view_options(x, view))


@cases
def scatter(rng: np.random.Generator) -> Iterator[Case]:
    for x, view in views(rng):
        g = np.asarray(rng.normal(size=view.shape))
        places = np.arange(x.size).reshape(x.shape)
        options = view_options(x, view)
        places = np.lib.stride_tricks.as_strided(
            places.ravel()[options["offset"] :], view.shape, [8 * s for s in options["strides"]]
        )
        expected = np.zeros(x.size)
        np.add.at(expected, places, g)
        yield Case([g], expected.reshape(x.shape), error=8 * EPSILON, options=options)


JOINS: list[tuple[list[tuple[int, ...]], int]] = [
    ([(3,)], 0), ([(2,), (3,)], 0), ([(2, 3), (1, 3), (4, 3)], 0), ([(2, 3), (2, 1)], 1),
    ([(2, 3, 2), (2, 0, 2), (2, 1, 2)], 1),
]  # fmt: skip


@cases
def concatenate(rng: np.random.Generator) -> Iterator[Case]:
    for shapes, axis in JOINS:
        parts = [rng.normal(size=shape) for shape in shapes]
        yield Case(parts, np.concatenate(parts, axis), options={"axis": axis})


@cases
def take(rng: np.random.Generator) -> Iterator[Case]:
    for shape, indices in [((5,), ()), ((5,), (7,)), ((5, 3), (4,)), ((5, 3), (2, 2)), ((5, 2, 3), (3,)), ((5, 3), (0,))]:
        x, index = rng.normal(size=shape), np.asarray(rng.integers(-5, 5, indices))
        yield Case([x, index.astype(float)], x[index])


@cases
def take_adjoint(rng: np.random.Generator) -> Iterator[Case]:
    for shape, indices in [((5,), ()), ((5,), (7,)), ((5, 3), (4,)), ((5, 3), (2, 2)), ((5, 2, 3), (3,)), ((5, 3), (0,))]:
        index = np.asarray(rng.integers(0, 5, indices))
        g = np.asarray(rng.normal(size=indices + shape[1:]))
        expected = np.zeros(shape)
        np.add.at(expected, index, g)
        yield Case([g, index.astype(float)], expected)


# ---------------------------------------------------------------------------------------------- reductions

REDUCTIONS = [
    ((), ()), ((5,), (0,)), ((4, 6), (0,)), ((4, 6), (1,)), ((4, 6), (0, 1)), ((4, 6), ()), ((2, 3, 4), (1,)),
    ((2, 3, 4), (0, 2)), ((2, 3, 4), (0, 1)), ((1, 3), (0,)), ((200, 3), (0,)), ((0, 3), (1,)), ((3, 1, 2), (1,)),
]  # fmt: skip


def reduction(name: str, f: Callable, error: float, empty: bool = True) -> None:
    def make(rng: np.random.Generator) -> Iterator[Case]:
        for shape, axes in REDUCTIONS + [((3, 0), (1,)), ((0,), (0,))] * empty:
            x = np.asarray(rng.normal(size=shape))
            for keepdims in (False, True):
                yield Case([x], quiet(lambda x: f(x, axes, keepdims))(x), error, {"axes": list(axes)})  # noqa: B023
        # No finite values among these: infinities and NaN in all combinations, −0 alone and with others.
        for values in itertools.product([0.0, -0.0, np.inf, -np.inf, np.nan], repeat=2):
            x = np.array(values)
            yield Case([x], quiet(lambda x: f(x, (0,), False))(x), error, {"axes": [0]})

    CASES[name] = make


def maximum_over(x: np.ndarray, axes: tuple[int, ...], keepdims: bool) -> np.ndarray:
    y = x.max(axes, keepdims=keepdims)
    return np.where((y == 0) & ((x == 0) & ~np.signbit(x)).any(axes, keepdims=keepdims), 0.0, y)  # +0 over −0


def log_sum_exp(x: np.ndarray, axes: tuple[int, ...], keepdims: bool) -> np.ndarray:
    for axis in axes:
        x = np.logaddexp.reduce(x, axis, keepdims=True)
    return x if keepdims else x.squeeze(axes)


reduction("sum", lambda x, axes, keepdims: x.sum(axes, keepdims=keepdims), error=1e-14)
reduction("max", maximum_over, error=0.0, empty=False)
reduction("logsumexp", log_sum_exp, error=1e-14)


# ---------------------------------------------------------------------------------------------- products, classes


def left_to_right(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """A @ B with each element summed over k in order: what the page promises whatever its tiling."""
    A, B = (A[None, :] if A.ndim == 1 else A), (B[:, None] if B.ndim == 1 else B)
    total = np.zeros(np.matmul(A, B).shape)
    for k in range(A.shape[-1]):
        total = total + A[..., :, k, None] * B[..., k, None, :]
    return total


@cases
def matmul(rng: np.random.Generator) -> Iterator[Case]:
    for a, b in [
        ((2, 3), (3, 4)), ((5, 3), (3, 9)), ((9, 3), (3, 5)), ((4, 16), (16, 2)), ((1, 1), (1, 1)), ((3, 0), (0, 2)),
        ((0, 3), (3, 2)),
        ((3,), (3,)), ((3,), (3, 5)), ((5, 3), (3,)), ((6, 2, 3), (3, 4)), ((6, 2, 3), (6, 3, 4)), ((2, 3), (6, 3, 4)),
        ((2, 1, 2, 3), (5, 3, 4)), ((6, 2, 3), (3,)), ((3,), (6, 3, 4)), ((7, 200), (200, 6)),
    ]:  # fmt: skip
        A, B = rng.normal(size=a), rng.normal(size=b)
        expected = np.asarray(A @ B)
        yield Case([A, B], expected, error=1e-13)
        yield Case([A, B], left_to_right(A, B).reshape(expected.shape))


@cases
def linear(rng: np.random.Generator) -> Iterator[Case]:
    for m, k, n in [(1, 1, 1), (5, 3, 4), (3, 5, 9), (200, 2, 16), (4, 0, 3), (0, 3, 2), (6, 16, 2)]:
        X, W, b = rng.normal(size=(m, k)), rng.normal(size=(n, k)), rng.normal(size=n)
        yield Case([X, W, b], left_to_right(X, W.T) + b)
        yield Case([X, W, b], X @ W.T + b, error=1e-13)


# The oracles round at the size of the logits (800 ε = 2e-13); the page, shifted by the maximum, does not.
LOGITS = [[0.0, 0.0], [800.0, -800.0], [-800.0, -800.0], [1.0, -np.inf], [np.nan, 1.0], [1e308, -1e308]]


@cases
def softmax(rng: np.random.Generator) -> Iterator[Case]:
    for x in [rng.normal(size=shape) for shape in [(3,), (4, 3), (2, 3, 5), (0, 3), (3, 1)]] + [np.array(LOGITS)]:
        expected = quiet(lambda x: np.exp(x - np.logaddexp.reduce(x, -1, keepdims=True)))(x)
        yield Case([x], expected, error=1e-12)


@cases
def cross_entropy(rng: np.random.Generator) -> Iterator[Case]:
    for x in [rng.normal(size=shape) for shape in [(1, 2), (4, 3), (7, 1), (200, 2)]] + [np.array([row]) for row in LOGITS]:
        labels = rng.integers(0, x.shape[1], len(x))
        chosen = x[np.arange(len(x)), labels]
        expected = quiet(lambda x, chosen: np.mean(np.logaddexp.reduce(x, 1) - chosen))(x, chosen)
        yield Case([x, labels.astype(float)], expected, error=1e-12)


# ---------------------------------------------------------------------------------------------- the tests

HERE = sorted(CASES)


def test_every_kernel_has_cases(page: Page) -> None:
    names = set(page.evaluate("dlcourse.kernelNames"))
    assert names == set(HERE) | {"scan"}  # scan has tests of its own in test_programs.py


@pytest.mark.parametrize("kernel", HERE)
def test_kernel(page: Page, kernel: str) -> None:
    made = list(CASES[kernel](np.random.default_rng(0)))
    tasks = [as_given(kernel, case) for case in made] + [as_views(kernel, case) for case in made]
    for case, outputs in zip(made + made, run_all(page, tasks), strict=True):
        shapes = ", ".join(str(x.shape) for x in case.operands)
        assert_agrees(outputs["y"], case.expected, case.error, f"{kernel} of {shapes} with {case.options}")
