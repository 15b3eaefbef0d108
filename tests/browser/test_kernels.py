"""Every browser kernel against NumPy, in a real browser.

A kernel's cases are made by the function of its name below; `test_every_kernel_has_cases` holds the two lists
together. Each case runs twice: with its operands as they are, and with operands that are transposed views.
"""

import base64
import itertools
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

BUNDLE = Path(__file__).parents[2] / "dlcourse" / "live" / "static" / "explorables.js"
EPSILON = np.finfo(float).eps

# Floats travel as base64, so that −0, infinities and NaN arrive unharmed and thousands of cases fit into one call.
RUN = """programs => programs.map(([program, inputs]) => {
    const decode = (text) => new Float64Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
    const encode = (array) => {
        const bytes = new Uint8Array(array.slice().buffer);
        return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    };
    const values = Object.fromEntries(Object.entries(inputs).map(([name, text]) => [name, decode(text)]));
    const results = dlcourse.compile(program).run(values);
    return Object.fromEntries(Object.entries(results).map(([name, array]) => [name, encode(array)]));
})"""


@pytest.fixture(scope="module")
def page(browser: Any) -> Iterator[Any]:
    page = browser.new_page()
    page.add_script_tag(path=BUNDLE)
    yield page
    page.close()


def encode(array: Any) -> str:
    return base64.b64encode(np.ascontiguousarray(array, "<f8").tobytes()).decode()


def run_all(page: Any, tasks: list[tuple[dict, dict]]) -> list[dict[str, np.ndarray]]:
    """Runs (program, inputs) pairs; returns their outputs, flat."""
    sent = [(program, {name: encode(value) for name, value in inputs.items()}) for program, inputs in tasks]
    return [
        {name: np.frombuffer(base64.b64decode(text), "<f8") for name, text in outputs.items()}
        for outputs in page.evaluate(RUN, sent)
    ]


def run(page: Any, program: dict, **inputs: Any) -> dict[str, np.ndarray]:
    return run_all(page, [(program, inputs)])[0]


def program(inputs: dict[str, Any], ops: list, outputs: dict[str, int], constants: list = ()) -> dict:
    """Program JSON; `inputs` maps names to shapes or arrays."""
    shapes = [[name, list(x) if isinstance(x, (tuple, list)) else list(np.shape(x))] for name, x in inputs.items()]
    return {"inputs": shapes, "constants": list(constants), "ops": ops, "outputs": list(map(list, outputs.items()))}


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


def assert_agrees(actual: np.ndarray, expected: Any, error: float, message: str = "") -> None:
    expected = np.ravel(np.asarray(expected, float))
    assert actual.shape == expected.shape, message
    if error:
        np.testing.assert_allclose(actual, expected, rtol=error, atol=error * 1e-2, err_msg=message)
    nan = np.isnan(expected)
    np.testing.assert_array_equal(np.isnan(actual), nan, message)
    if not error:
        same = (actual.view(np.int64) == expected.view(np.int64)) | nan
        assert same.all(), f"{message}: {actual[~same]} instead of {expected[~same]}"


# ---------------------------------------------------------------------------------------------- elementwise

SPECIAL = np.array(
    [0.0, -0.0, 0.3, -0.3, 0.5, -0.5, 1.0, -1.0, 1.5, -1.5, 2.5, -2.5, 3.0, 1e-8, -1e-8, 5e-324, 1e-310, -1e-310, 36.0]
    + [-36.0, 709.5, 710.0, -745.5, 4503599627370497.5, 1e16, -1e16, 1e300, -1e300, np.inf, -np.inf, np.nan]
)
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
            for draw in (rng.standard_normal, lambda shape: rng.integers(-2, 3, shape)):
                x, y = np.asarray(draw(a), float), np.asarray(draw(b), float)
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
for name in ("negative", "sqrt", "square", "reciprocal", "absolute", "sign", "rint"):
    unary(name, getattr(np, name))
for name in ("exp", "log", "log1p", "expm1", "sin", "cos", "tanh"):
    unary(name, getattr(np, name), error=4 * EPSILON)
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


@cases
def concatenate(rng: np.random.Generator) -> Iterator[Case]:
    for shapes, axis in [
        ([(2,), (3,)], 0), ([(2, 3), (1, 3), (4, 3)], 0), ([(2, 3), (2, 1)], 1), ([(2, 3, 2), (2, 0, 2), (2, 1, 2)], 1), ([(3,)], 0),
    ]:  # fmt: skip
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
    ((), ()), ((5,), (0,)), ((4, 6), (0,)), ((4, 6), (1,)), ((4, 6), (0, 1)), ((4, 6), ()), ((2, 3, 4), (1,)), ((2, 3, 4), (0, 2)),
    ((2, 3, 4), (0, 1)), ((1, 3), (0,)), ((200, 3), (0,)), ((0, 3), (1,)), ((3, 1, 2), (1,)),
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


@cases
def max_share(rng: np.random.Generator) -> Iterator[Case]:
    for shape, axes in REDUCTIONS:
        x = np.asarray(rng.integers(0, 3, shape), float)  # with ties
        y = x.max(axes, keepdims=True)
        expected = (x == y) / (x == y).sum(axes, keepdims=True)
        yield Case([x, y], expected, options={"axes": list(axes)})
        yield Case([x, y.squeeze(axes)], expected, options={"axes": list(axes)})


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
        ((2, 3), (3, 4)), ((5, 3), (3, 9)), ((9, 3), (3, 5)), ((4, 16), (16, 2)), ((1, 1), (1, 1)), ((3, 0), (0, 2)), ((0, 3), (3, 2)),
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


def test_every_kernel_has_cases(page: Any) -> None:
    names = set(page.evaluate("dlcourse.kernelNames"))
    assert names == set(HERE) | {"scan"}  # scan has tests of its own below


@pytest.mark.parametrize("kernel", HERE)
def test_kernel(page: Any, kernel: str) -> None:
    made = list(CASES[kernel](np.random.default_rng(0)))
    tasks = [as_given(kernel, case) for case in made] + [as_views(kernel, case) for case in made]
    for case, outputs in zip(made + made, run_all(page, tasks), strict=True):
        shapes = ", ".join(str(x.shape) for x in case.operands)
        assert_agrees(outputs["y"], case.expected, case.error, f"{kernel} of {shapes} with {case.options}")


def test_constants(page: Any) -> None:
    x = np.random.default_rng(0).normal(size=(2, 3))
    constants = [[[], 0.1], [[], "nan"], [[], "inf"], [[], "-inf"], [[2, 3], encode(x)], [[0], ""]]
    names = ["number", "nan", "inf", "minus_inf", "array", "empty"]
    outputs = run(page, program({}, [], {name: i for i, name in enumerate(names)}, constants))
    for name, expected in zip(names, [0.1, np.nan, np.inf, -np.inf, x, np.zeros(0)], strict=True):
        assert_agrees(outputs[name], expected, 0.0, name)


def test_runs_do_not_leak_into_each_other(page: Any) -> None:
    doubled = program({"x": (3,)}, [["add", [0, 0], [3]]], {"y": 1, "x": 0})
    results = page.evaluate(
        """program => {
            const { run } = dlcourse.compile(program);
            const { y } = run({ x: [1, 2, 3] });
            const first = Array.from(y);
            return [first, Array.from(run({ x: new Float64Array([5, 6, 7]) }).y), Array.from(y)];
        }""",
        doubled,
    )
    assert results == [[2, 4, 6], [10, 12, 14], [10, 12, 14]]  # the first view now shows the second run


# ---------------------------------------------------------------------------------------------- scan


def scan(body: dict, operands: list[int], shape: int, length: int, carries: int, sequences: int) -> list:
    return ["scan", operands, [shape], {"body": body, "length": length, "carries": carries, "sequences": sequences}]


def momentum(T: int) -> tuple[dict, dict, np.ndarray]:
    """v ← β v + A x + n_t, x ← x − α v from a sequence n; y = x before and ‖v‖² after. A is captured as a view."""
    rng = np.random.default_rng(1)
    values = {"x": rng.normal(size=3), "A": rng.normal(size=(3, 3)), "noise": rng.normal(size=(T, 3)), "alpha": np.array(0.1)}
    shapes = {"v": (3,), "x": (3,), "n": (3,), "A": (3, 3), "alpha": ()}
    body = program(
        shapes,
        [
            ["multiply", [0, 5], [3]],
            ["matmul", [3, 1], [3]],
            ["add", [6, 7], [3]],
            ["add", [8, 2], [3]],
            ["multiply", [4, 9], [3]],
            ["subtract", [1, 10], [3]],
            ["matmul", [9, 9], []],
        ],
        {"v": 9, "x": 11, "before": 1, "square": 12},
        [[[], 0.9]],
    )
    transposed = ["strided", [1], [3, 3], {"offset": 0, "strides": [1, 3]}]
    ops = [transposed, scan(body, [4, 0, 2, 5, 3], 6 + 4 * T, T, 2, 1)]
    v, x, befores, squares = np.zeros(3), values["x"], [], []
    for n in values["noise"]:
        befores.append(x)
        v = 0.9 * v + left_to_right(values["A"].T, x)[:, 0] + n
        x = x - 0.1 * v
        squares.append(left_to_right(v, v))
    expected = np.concatenate([v, x, *befores, np.ravel(squares)])
    return program(values, ops, {"y": 6}, [[[3], encode(np.zeros(3))]]), values, expected


@pytest.mark.parametrize("length", [0, 1, 5, 100])
def test_scan_with_carries_sequences_and_captures(page: Any, length: int) -> None:
    recorded, values, expected = momentum(length)
    assert_agrees(run(page, recorded, **values)["y"], expected, 0.0)


def test_scan_hands_carries_on_together(page: Any) -> None:
    """(a, b, c) ← (b, c, a + b): a carry that another one becomes is read before it is overwritten."""
    body = program({"a": (), "b": (), "c": ()}, [["add", [0, 1], []]], {"a": 1, "b": 2, "c": 3})
    a, b, c = 1.0, 2.0, 3.0
    for _ in range(10):
        a, b, c = b, c, a + b
    outputs = run(page, program({"a": (), "b": (), "c": ()}, [scan(body, [0, 1, 2], 3, 10, 3, 0)], {"y": 3}), a=1, b=2, c=3)
    assert outputs["y"].tolist() == [a, b, c]


def test_scan_outputs_may_be_views_constants_sequences_and_captures(page: Any) -> None:
    body = program(
        {"carry": (2, 2), "x": (2,), "captured": ()},
        [["strided", [0], [2, 2], {"offset": 0, "strides": [1, 2]}], ["reshape", [1], [2, 1]]],
        {"carry": 4, "x": 1, "constant": 3, "captured": 2, "again": 4, "column": 5},
        [[[], 7]],
    )
    start, X = np.arange(4.0).reshape(2, 2), np.arange(6.0).reshape(3, 2)
    outputs = run(page, program({"s": start, "X": X, "c": ()}, [scan(body, [0, 1, 2], 34, 3, 1, 1)], {"y": 3}), s=start, X=X, c=5)
    transposed = [start.T, start, start.T]
    expected = [start.T, X, [7, 7, 7], [5, 5, 5], transposed, X]
    assert_agrees(outputs["y"], np.concatenate([np.ravel(part) for part in expected]), 0.0)


def test_nested_scan(page: Any) -> None:
    """s_t = s_{t−1} / 2 + Σ_u r x_tu, the sum by a scan of its own; the inner body captures r from outside of both."""
    inner = program({"sum": (), "x": (), "r": ()}, [["multiply", [1, 2], []], ["add", [0, 3], []]], {"sum": 4})
    outer = program(
        {"s": (), "x": (4,), "r": ()},
        [["divide", [0, 4], []], scan(inner, [3, 1, 2], 1, 4, 1, 1), ["reshape", [6], []], ["add", [5, 7], []]],
        {"s": 8, "y": 8},
        [[[], 0], [[], 2]],
    )
    X = np.random.default_rng(2).normal(size=(5, 4))
    s, ys = 1.0, []
    for x in X:
        total = 0.0
        for u in x:
            total = total + u * 3.0
        ys.append(s := s / 2 + total)
    outputs = run(page, program({"s": (), "X": X, "r": ()}, [scan(outer, [0, 1, 2], 6, 5, 1, 1)], {"y": 3}), s=1, X=X, r=3)
    assert_agrees(outputs["y"], [s, *ys], 0.0)


def test_a_run_in_slices_gives_the_same(page: Any) -> None:
    recorded, values, expected = momentum(20)
    lists = {name: np.ravel(value).tolist() for name, value in values.items()}
    slices, done, y = page.evaluate(
        """([program, inputs]) => {
            const task = dlcourse.compile(program).start(inputs);
            let slices = 0;
            while (!task.done) { task.advance(0); slices++; }
            return [slices, task.advance(0), Array.from(task.results.y)];
        }""",
        [recorded, lists],
    )
    assert slices >= 20
    assert done
    assert_agrees(np.array(y), expected, 0.0)


# ---------------------------------------------------------------------------------------------- bad input

ADD = program({"x": (3,), "a": ()}, [["add", [0, 1], [3]]], {"y": 2})


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ({"x": [1, 2, 3]}, 'The input "a" is missing.'),
        ({"x": [1, 2, 3], "a": 1, "b": 1}, 'The program has no input "b".'),
        ({"x": [1, 2], "a": 1}, 'The input "x" has shape (3,) and needs 3 numbers; 2 are given.'),
        ({"x": 1, "a": 1}, 'The input "x" has shape (3,) and needs 3 numbers; 1 are given.'),
        ({"x": "123", "a": 1}, 'The input "x" is neither a number nor an array of numbers.'),
        ({"x": [1, 2, 3], "a": None}, 'The input "a" is neither a number nor an array of numbers.'),
    ],
)
def test_bad_inputs_are_named(page: Any, inputs: dict, sentence: str) -> None:
    with pytest.raises(Exception) as caught:
        page.evaluate("([program, inputs]) => dlcourse.compile(program).run(inputs)", [ADD, inputs])
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("ops", "sentence"),
    [
        ([["fourier", [0], [3]]], 'Unknown kernel "fourier"'),
        ([["toString", [0], [3]]], 'Unknown kernel "toString"'),
        ([["exp", [7], [3]]], "exp: Slot 7 is used before anything is in it."),
        ([["add", [0, 1], [2]]], "add: An array of shape (3,) does not broadcast to (2,)."),
        ([["reshape", [0], [2, 2]]], "reshape: (3,) cannot be reshaped to (2, 2)."),
        ([["matmul", [0, 1], []]], "matmul: (3,) @ (2, 2) do not fit to ()."),
        ([["strided", [0], [4], {"offset": 0, "strides": [1]}]], "strided: Offset 0 and strides (1,) leave an array of 3 elements."),
        ([["sum", [0], [2], {"axes": [0]}]], "sum: Reducing over the axes 0 gives another shape."),
        ([["concatenate", [0, 0], [5], {"axis": 0}]], "concatenate: (3,) and (3,) do not concatenate to (5,)."),
        ([["take", [0, 2], []]], "Index 3 is not one of the 3 rows."),
        ([["take", [0, 3], []]], "Index 0.5 is not one of the 3 rows."),
        ([["take", [0, 4], []]], "Index NaN is not one of the 3 rows."),
    ],
)
def test_bad_programs_are_refused(page: Any, ops: list, sentence: str) -> None:
    constants = [[[2, 2], encode(np.eye(2))], [[], 3], [[], 0.5], [[], "nan"]]
    with pytest.raises(Exception) as caught:
        run(page, program({"x": (3,)}, ops, {"y": 5}, constants), x=np.zeros(3))
    assert sentence in str(caught.value)


def test_a_superseded_run_stops(page: Any) -> None:
    with pytest.raises(Exception) as caught:
        page.evaluate(
            """program => {
                const { start, run } = dlcourse.compile(program);
                const task = start({ x: [1, 2, 3], a: 1 });
                run({ x: [1, 2, 3], a: 2 });
                task.advance(1);
            }""",
            ADD,
        )
    assert "superseded" in str(caught.value)
