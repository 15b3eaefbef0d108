"""compile: the generated source computes what the eager engine computes, to the last bit, and shares no memory."""

from __future__ import annotations

import dis
import pickle
import sys
import threading
from collections import namedtuple
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from primitive_cases import MAKERS
from random_graphs import recipe
from test_random_graphs import ENGINE, blocks, seeds

from dlcourse import ShapeError, Tensor, TraceError, compile, grad, no_grad, scan, trace, value_and_grad
from dlcourse.autodiff import nest, primitives
from dlcourse.autodiff.box import TRACES
from dlcourse.autodiff.primitives import cross_entropy, linear, logistic, relu, softmax, softplus
from dlcourse.programs.leaves import leaf_names

RNG = np.random.default_rng(0)
OUTSIDE = Tensor(1.0)
Pair = namedtuple("Pair", "left right")


class Words(list):
    """A nest of a kind of its own."""


def same_bits(got: Any, expected: Any) -> None:
    """The same nest of the same floats: signs of zeros count, the payload of a NaN does not."""
    a, b = nest.flatten(got)[0], nest.flatten(expected)[0]
    assert len(a) == len(b)
    assert leaf_names(got) == leaf_names(expected)
    for x, y in zip(a, b, strict=True):
        assert type(x) is (np.ndarray if np.ndim(y) else float)
        assert np.shape(x) == np.shape(y)
        x, y = np.asarray(x), np.asarray(y)
        assert np.array_equal(x, y, equal_nan=True), (x, y)
        assert np.array_equal(np.signbit(x) | np.isnan(x), np.signbit(y) | np.isnan(y)), (x, y)


def check(f: Any, *examples: Any, others: Any = ()) -> Any:
    """Compile on the examples; compare on them and on other arguments, several times each and in turns."""
    compiled = compile(f, *examples)
    program = trace(f, *examples)
    for args in (examples, *others, examples):
        kept = [np.array(x) for x in nest.flatten(args)[0]]
        same_bits(compiled(*args), program.run(*nest.flatten(args)[0]))
        for x, y in zip(nest.flatten(args)[0], kept, strict=True):
            np.testing.assert_array_equal(x, y)  # arguments are not written to
    return compiled


# The same bits ------------------------------------------------------------------------------------------------------


@blocks
def test_random_graphs(block):
    """Values, all intermediate results and gradients of 2,100 graphs, at other values than the traced ones too."""
    for seed in seeds(block):
        graph = recipe(seed)
        everything = tuple(range(len(graph.inputs)))

        def whole(*xs: Any, graph: Any = graph, everything: Any = everything) -> Any:
            value, g = value_and_grad(lambda *xs: graph.scalar(ENGINE, *xs), everything)(*xs)
            return {"value": value, "gradient": g}

        rng = np.random.default_rng(seed)
        examples = [float(x) if not x.ndim else x for x in graph.inputs]
        others = [tuple(x + rng.uniform(-0.01, 0.01, np.shape(x)) for x in examples)]
        compiled = check(whole, *examples, others=others)
        same_bits(compiled(*others[0]), whole(*others[0]))
        if seed % 5 == 0:
            check(lambda *xs, graph=graph: graph.results(ENGINE, *xs)[len(xs) :], *examples, others=others)
            check(grad(lambda *xs: np.sum(whole(*xs)["gradient"][0] ** 2)), *examples, others=others)


def test_a_constant_that_lies_by_columns():
    """BLAS adds up in another order there, so it must not be copied into rows."""
    W, x = RNG.normal(size=(3, 2)), RNG.normal(size=(3, 1))
    assert trace(lambda x: np.matmul(W.T, x), x).constants[0].strides == W.T.strides
    others = [(RNG.normal(size=(3, 1)),) for _ in range(100)]
    compiled = check(lambda x: np.matmul(W.T, x), x, others=others)
    for (other,) in others:
        same_bits(compiled(other), W.T @ other)


def test_two_constants_that_differ_in_their_order_only():
    A, x = np.random.default_rng(0).standard_normal((300, 300)), np.random.default_rng(1).standard_normal(300)
    by_columns = np.asfortranarray(A)
    compiled = check(lambda x: (A @ x, by_columns @ x, A @ x), x)
    assert len(compiled.program.constants) == 2
    same_bits(compiled(x), (A @ x, by_columns @ x, A @ x))


@pytest.mark.parametrize("name", sorted(MAKERS))
@settings(max_examples=40, deadline=None)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_every_row(name, data, seed):
    """Each row of the table and its gradient, over shapes that broadcast, sides of length 0 and 1 included."""
    case = MAKERS[name](data.draw, np.random.default_rng(seed))
    inputs = tuple(float(x) if not np.ndim(x) else x for x in case.inputs)
    with np.errstate(all="ignore"):
        check(case.ours, *inputs)
        try:
            gradient = grad(lambda *xs: np.sum(np.sin(case.ours(*xs))), tuple(range(len(inputs))))
            gradient(*inputs)
        except (ShapeError, TypeError, NotImplementedError):
            return
        check(gradient, *inputs)


def network(sizes: list[int], m: int, activation: Any) -> Any:
    """One step of momentum on a flat vector of parameters: loss, new parameters, new velocity."""
    X, labels = RNG.standard_normal((m, sizes[0])), RNG.integers(0, sizes[-1], m)
    shapes = [s for a, b in pairwise(sizes) for s in ((b, a), (b,))]
    bounds = np.cumsum([0, *(int(np.prod(s)) for s in shapes)])

    def loss(params: Any) -> Any:
        h = X
        for W, b in zip(params[:-2:2], params[1:-2:2], strict=True):
            h = activation(linear(h, W, b))
        return cross_entropy(linear(h, *params[-2:]), labels)

    def step(θ: Any, v: Any, α: Any) -> Any:
        params = [θ[i:j].reshape(s) for i, j, s in zip(bounds[:-1], bounds[1:], shapes, strict=True)]
        value, g = value_and_grad(loss)(params)
        v = 0.9 * v + 0.1 * np.concatenate([np.ravel(x) for x in g])
        return value, θ - α * v, v

    return step, int(bounds[-1])


@pytest.mark.parametrize("activation", [np.tanh, relu, logistic, softplus, np.sin])
@pytest.mark.parametrize(("sizes", "m"), [([2, 5, 3, 2], 7), ([3, 20], 4), ([2, 30, 1], 5), ([70, 60, 17], 9), ([2, 2], 1)])
def test_networks(sizes, m, activation):
    step, n = network(sizes, m, activation)
    θ, v = 0.3 * RNG.standard_normal(n), RNG.standard_normal(n)
    compiled = check(step, θ, v, 0.1, others=[(θ * 2.0, v + 1.0, 0.5)])
    for _ in range(5):
        _, θ, v = compiled(θ, v, 0.1)
    again, w = θ * 0.0, v * 0.0
    same_bits(compiled(again, w, 1.0), step(again, w, 1.0))


def test_gradients_are_written_into_their_concatenation():
    step, n = network([2, 16, 16, 2], 20, np.tanh)
    source = compile(step, np.zeros(n), np.zeros(n), 0.1).source
    assert not [line for line in source.splitlines() if "[0:32] =" in line or ".copy()" in line]
    tanh = [line.split() for line in source.splitlines() if "tanh(" in line]
    assert len(tanh) == 2
    # a layer of tanh costs two buffers of its shape at most: the activation, and the gradient that passes it
    assert source.count("empty((20, 16))") == 3


def test_labels_and_indices_as_arguments():
    x, labels = RNG.standard_normal((6, 4)), np.array([0, 1, 2, 3, 0, 1])
    f = lambda x, labels: [cross_entropy(x, labels), grad(cross_entropy)(x, labels), x[labels]]  # noqa: E731
    compiled = check(f, x, labels, others=[(x * 900.0, labels[::-1]), (x, labels.astype(float))])
    with pytest.raises(ShapeError, match="labels must be whole numbers from 0 to 3"):
        compiled(x, labels + 1)
    with pytest.raises(IndexError, match="whole numbers"):
        compile(lambda x, i: x[i], x, labels)(x, labels + 0.5)
    check(lambda x: [cross_entropy(x, labels), cross_entropy(x.T.reshape(6, 4), labels)], x, others=[(x * 900.0,)])
    check(lambda x: cross_entropy(x.T, labels[:4]), x, others=[(x * 900.0,)])
    check(lambda x: [x[[0, 2, 2]], x[[True] * 5 + [False]], np.take(x, 1, axis=0), np.take(x, [[0, 1]], axis=1)], x)
    check(lambda x: [np.take(x, 2), x[0, 1], x[-1], x[1][2]], x)
    check(grad(lambda x: np.sum(x[[0, 0, 5]] ** 2) + x[1, 1] ** 2), x)


def test_what_fails_at_zero_is_compiled():
    """The examples are known to work; zeros may be no place to compute at."""
    check(lambda x, i: x[3.0 - i], np.arange(3.0), 1.0, others=[(np.ones(3), 2.0)])
    check(lambda x, i: scan(lambda c, t: (c + x[3.0 - t], None), 0.0, i)[0], np.arange(3.0), np.ones(20))


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 17), (5, 1), (2, 3, 4), (0, 3)])
def test_softmax(shape):
    x = RNG.standard_normal(shape)
    check(softmax, x)
    check(lambda x: [softmax(x), grad(lambda x: np.sum(softmax(x) ** 2))(x)], x, others=[(x * 1e3,)])
    check(lambda x: softmax(x.T[:1]) if len(shape) == 2 and 0 not in shape else x, x)


def test_layouts_are_those_of_eager():
    """Sums and products round by the order in memory, so buffers lie as the arrays of the eager engine do."""
    x, y = RNG.standard_normal((37, 53)), RNG.standard_normal((3, 41, 29))

    def f(x: Any, y: Any) -> Any:
        a = np.exp(x.T) * 1.1
        b = np.sin(y.transpose(2, 0, 1)) + y.transpose(2, 0, 1)
        return [
            np.sum(a),
            np.sum(a, axis=0),
            a @ x[:, :5],
            a.reshape(-1),
            np.sum(b, axis=(0, 2)),
            b.reshape(29, 123) @ x.T.reshape(-1)[:123],
        ]

    def g(x: Any, y: Any) -> Any:
        return [
            np.sum(np.tanh(x[::-1, ::2]), axis=0),
            np.max(np.cos(y), axis=1),
            np.sum(y, axis=1, keepdims=True),
            np.sum(y[..., None, 1]),
        ]

    check(f, x, y)
    check(g, x, y)
    check(lambda x, y: grad(lambda x: sum(np.sum(p**2) for p in f(x, y)))(x), x, y)
    # arguments in another order are put into C order first
    same_bits(compile(lambda x: np.sum(x, axis=0), x)(np.asfortranarray(x)), np.sum(x, axis=0))


EDGES = [0.0, -0.0, 1.0, -1.0, 2.5, -2.5, np.inf, -np.inf, np.nan, 1e308, 5e-324]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("kind", ["scalars", "arrays"])
def test_edges(kind):
    """IEEE's infinities and NaNs, and no ZeroDivisionError or OverflowError, for floats as for arrays."""

    def f(x: Any, y: Any) -> Any:
        return [
            x / y, 1.0 / x, x / 0.0, x**-1, x**0.5, x**3, np.power(x, y), np.log(x), np.sqrt(x), np.exp(x), np.log1p(y),
            np.expm1(x), np.maximum(x, y), np.minimum(x, y), relu(x), abs(x), np.sign(x), np.rint(x), -x, x > y, x >= y,
            x < y, x <= y, x == y, x != y, np.where(x, y, 1.0), np.where(x > 0, x, y), logistic(x), softplus(x),
            primitives.erf(x), x * y, x - y, np.sum(x), np.max(x), x[()], x[None, ...][0],
        ]  # fmt: skip

    if kind == "arrays":
        check(f, np.repeat(EDGES, len(EDGES)), np.tile(EDGES, len(EDGES)))
    else:
        compiled, program = compile(f, 1.0, 2.0), trace(f, 1.0, 2.0)
        for x in EDGES:
            for y in EDGES:
                same_bits(compiled(x, y), program.run(x, y))
        assert compile(lambda x: 1.0 / x, 1.0)(0.0) == np.inf


def test_division_by_zero_warns_as_numpy_does():
    for x in (0.0, np.zeros(2)):
        with pytest.warns(RuntimeWarning, match="divide by zero"):
            compile(lambda x: 1.0 / x, x + 1.0)(x)


def test_scans():
    W, xs = RNG.standard_normal((3, 3)), RNG.standard_normal((60, 3))

    def f(h: Any, xs: Any) -> Any:
        last, kept = scan(lambda h, x: (np.tanh(W @ h + x), (np.sum(h), h)), h, xs)
        return {"last": last, "kept": kept}

    compiled = check(f, np.zeros(3), xs, others=[(np.ones(3), xs * 0.1)])
    assert "scan(" in compiled.source
    check(grad(lambda h, xs: np.sum(f(h, xs)["kept"][0])), np.zeros(3), xs, others=[(np.ones(3), xs)])
    check(lambda x: scan(lambda c, _: (np.sin(c) * x, None), x, length=200)[0], 0.7, others=[(0.3,)])
    check(lambda x: scan(lambda c, _: (c, c), x, length=0)[0], 0.7)
    unrolled, h = [], np.ones(3)
    for x in xs:
        unrolled.append(np.sum(h))
        h = np.tanh(W @ h + x)
    np.testing.assert_array_equal(compiled(np.ones(3), xs)["kept"][0], unrolled)


# What goes in and what comes out ---------------------------------------------------------------------------------------


def test_nests():
    def f(θ: Any, data: Any, α: Any) -> Any:
        y = θ["W"] @ data[0] + θ["b"][0]
        return {"y": y, 3: [y * α, (α,)], "p": Pair(α * 2.0, Words([α, y])), "": ()}

    θ = {"W": RNG.standard_normal((2, 3)), "b": [np.ones(2)]}
    compiled = check(f, θ, (np.ones(3),), 2.0)
    found = compiled({"b": (np.zeros(2),), "W": θ["W"]}, [np.ones(3)], 3.0)  # keys in another order, a tuple for a list
    assert type(found["p"]) is Pair
    assert type(found["p"].right) is Words
    assert type(found[3][1]) is tuple
    np.testing.assert_array_equal(found["y"], θ["W"] @ np.ones(3))
    for wrong in (np.ones(3), {"W": θ["W"]}, {"W": θ["W"], "b": []}, {"W": θ["W"], "b": np.ones(2)}, {**θ, "c": 1.0}):
        with pytest.raises(ShapeError, match=r"^θ.*traced with"):
            compiled(wrong, (np.ones(3),), 3.0)
    with pytest.raises(ShapeError, match=r"^θ\.W: was traced with shape \(2, 3\), got \(3, 2\)"):
        compiled({"W": θ["W"].T, "b": [np.ones(2)]}, (np.ones(3),), 3.0)
    θ["more"] = 1.0  # the nest that was traced, not what became of it
    same_bits(compiled({"W": θ["W"], "b": [np.zeros(2)]}, (np.ones(3),), 3.0), found)
    assert compile(lambda nothing, x: x + 1.0, [], 1.0)([], 2.0) == 3.0


@pytest.mark.parametrize(
    ("args", "error", "words"),
    [
        ((np.ones(3), 1.0), ShapeError, r"x: was traced with shape \(2,\), got \(3,\)"),
        ((1.0, 1.0), ShapeError, r"x: was traced with shape \(2,\), got \(\)"),
        ((np.ones(2), np.ones(1)), ShapeError, r"y: was traced with shape \(\), got \(1,\)"),
        ((Tensor([1.0, 2.0]), 1.0), TypeError, "x: a compiled function records nothing"),
        ((np.ones(2), Tensor(1.0)), TypeError, "y: a compiled function records nothing"),
        ((np.ones(2, complex), 1.0), TypeError, "real numbers"),
        ((np.array(["a", "b"]), 1.0), TypeError, "real numbers"),
        ((np.array([None, None]), 1.0), TypeError, "real numbers"),
        (([1.0, 2.0], 1.0), TypeError, r"x: was traced with a number or an array of shape \(2,\), got a list"),
        ((None, 1.0), TypeError, "real numbers"),
        ((np.ones(2),), TypeError, "missing 1 required"),
        ((np.ones(2), 1.0, 2.0), TypeError, "takes 2"),
    ],
)
def test_arguments_that_do_not_fit(args, error, words):
    compiled = compile(lambda x, y: x * y, np.ones(2), 1.0)
    with pytest.raises(error, match=words):
        compiled(*args)
    np.testing.assert_array_equal(compiled(np.ones(2), 2.0), [2.0, 2.0])  # a refusal leaves nothing behind


def test_arguments_of_other_types():
    compiled = compile(lambda x, y: x * y, np.ones(2), 1.0)
    for x in (np.array([1, 2]), np.array([1.0, 2.0], np.float32), np.array([1.0, 9.0, 2.0])[::2]):
        np.testing.assert_array_equal(compiled(x, y=2), [2.0, 4.0])
    np.testing.assert_array_equal(compiled(np.ones(2), np.float64(2.0)), [2.0, 2.0])
    np.testing.assert_array_equal(compiled(np.ones(2), np.array(2)), [2.0, 2.0])


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (lambda x: x if x > 0 else -x, r"np\.where"),
        (lambda x: x.item() * x, "item"),
        (lambda x: None, "returned None"),
        (lambda x: x * OUTSIDE, "from outside"),
    ],
)
def test_functions_that_are_refused(f, words):
    with pytest.raises(TraceError, match=words):
        compile(f, 1.0)


def test_nothing_is_shared():
    """Outputs that are inputs, constants, views, the same value twice; results of earlier calls stay as they were."""
    constant = RNG.standard_normal((3, 2))
    for scale in (1, 1000):  # few entries live in buffers, many in arrays made for the caller

        def f(x: Any) -> Any:
            y = np.tanh(x)
            z = y * 2.0
            return [
                x,
                x,
                y,
                y,
                y.T,
                y[1:],
                y.reshape(-1),
                constant,
                constant,
                z,
                z[0],
                np.broadcast_to(np.sum(x), (2, 2)),
                np.concatenate([y, z]),
            ]

        x = RNG.standard_normal((3 * scale, 2))
        compiled = check(f, x)
        first = compiled(x)
        arrays = [*first, *compiled(x), x, constant]
        for i, a in enumerate(arrays):
            assert not [j for j, b in enumerate(arrays[:i]) if np.may_share_memory(a, b)]
        copies = [a.copy() for a in first]
        compiled(x + 1.0)
        for a, b in zip(first, copies, strict=True):
            np.testing.assert_array_equal(a, b)
            a[...] = np.nan  # results are the caller's
        same_bits(compiled(x), f(x))
    assert compile(lambda: [1.0, constant])()[0] == 1.0
    assert compile(lambda x: [x, x, 2.0], 1.0)(5.0) == [5.0, 5.0, 2.0]


@pytest.mark.parametrize("scale", [1, 2000])
def test_concatenations(scale):
    """Parts that are written in place: whole, reshaped, in another concatenation; and those that can't be."""

    def f(x: Any, y: Any) -> Any:
        a, b = np.tanh(x), np.sin(y)
        return [
            np.concatenate([a.reshape(-1), b]),
            np.concatenate([np.concatenate([b + 1.0, b * 2.0]), np.cos(b)]) * 2.0,
            np.concatenate([np.exp(y), y, np.exp(y), np.ones(2)]),
            np.concatenate([np.exp(-y)[::-1], np.exp(-2.0 * y)[1:]]),
            np.concatenate([np.exp(x), np.cos(x)], axis=1),
            np.concatenate([np.exp(x).T, np.cos(x).T]),
            np.concatenate([np.square(x), np.sqrt(abs(x))]) + 1.0,
            np.stack([np.sum(x), y[0], 2.0]),
            np.concatenate([np.negative(y), np.negative(y)]),
            np.stack([np.expm1(y), np.log1p(abs(y))]) * 3.0,
            np.concatenate([np.broadcast_to(np.sum(y), (1,)), np.rint(y)]),
        ]

    check(f, RNG.standard_normal((3, 2 * scale)), RNG.standard_normal(4 * scale))
    g = lambda x, y: np.concatenate([*f(x, y)[:2], *f(x, y)[2:4], f(x, y)[4].reshape(-1)])  # noqa: E731
    check(g, RNG.standard_normal((3, 2 * scale)), RNG.standard_normal(4 * scale))
    both = lambda y: [p := np.exp(y), np.concatenate([p, np.sin(y)])]  # noqa: E731
    check(both, RNG.standard_normal(4 * scale))


def test_large_arrays():
    """Beyond a size, inputs are viewed at every call and results written where the caller gets them."""
    θ = RNG.standard_normal(20_000)

    def f(θ: Any) -> Any:
        W, b = θ[:19_900].reshape(100, 199), θ[19_900:]
        return W @ W.T + b, np.concatenate([np.ravel(np.tanh(W)), b * 2.0]), np.sum(W, axis=0)

    compiled = check(f, θ, others=[(θ * 2.0,)])
    assert ".copy()" not in compiled.source


def test_shapes_without_entries_and_of_one():
    for x in (np.zeros((0, 3)), np.zeros((2, 0)), np.ones((1, 1)), np.ones(1)):
        check(lambda x: [x.T, x.T * 2.0, np.sum(x), np.sum(x, axis=0), x.reshape(-1), np.exp(x)[:0], np.sum(x).reshape(1)], x)
        check(lambda x: [np.broadcast_to(x, (2, *x.shape)), np.concatenate([x, x]), np.sum(x, keepdims=True)], x)
    check(lambda x: [np.exp(x)[0], np.exp(x).reshape(()), x.reshape(1, 1), x.reshape(1)[..., 0]], np.ones(1))
    check(lambda x: [x.reshape(()), x.T, np.broadcast_to(x, (3,)), np.broadcast_to(x, (3,)) * 2.0, np.sum(x, axis=())], 2.0)
    check(lambda x: np.sum(np.broadcast_to(np.sin(x), (7, 5)), axis=0), 2.0)
    check(grad(lambda x: np.mean(np.sin(x)) ** 2), np.ones((3, 2)))


def test_buffers_are_used_again():
    """A chain of 100 operations needs one buffer; a view, an output or a second reader keeps one alive."""

    def chain(x: Any) -> Any:
        for _ in range(50):
            x = np.tanh(x) * 1.5
        return np.sum(x)

    assert check(chain, np.ones((4, 3))).source.count("empty(") == 1

    def held(x: Any) -> Any:
        a = np.exp(x)
        view = a.T
        b = np.sin(a) + np.cos(a)
        c = np.tanh(b) * b
        return np.sum(view @ c) + np.sum(np.square(c)[1:]) + a[0, 0], c

    check(held, RNG.standard_normal((4, 4)), others=[(RNG.standard_normal((4, 4)),)])
    check(lambda a: (b := np.exp(a)) * b.T + (b * 2.0).T, RNG.standard_normal((4, 4)))


# The source --------------------------------------------------------------------------------------------------------


def test_names_of_parameters_are_kept():
    def step(θ: Any, add: Any, b0: Any, turn: Any, s4: Any, admit: Any, key: Any = 2.0) -> Any:
        return {"key": np.add(np.tanh(θ), add) * b0 + turn * s4, "sum": np.sum(θ) * admit}

    compiled = check(step, np.ones(2), np.ones(2), 2.0, 3.0, 4.0, 5.0)
    assert compiled.__name__ == "step"
    assert "def step(θ, add_, b0_, turn_, s4_, admit_):" in compiled.source
    assert compiled.program.inputs[0] == ("θ", (2,))
    check(
        lambda erf, where, c4, scan: np.where(erf > where, primitives.erf(erf), logistic(where)) + c4 * scan, 1.0, 2.0, 3.0, 4.0
    )
    check(lambda logistic_, where: [logistic(logistic_), np.where(where, 1.0, logistic_) * [3.0, 4.0]], np.ones(2), np.ones(2))
    check(lambda x1, *rest: x1 + rest[0] * rest[1], 1.0, 2.0, 3.0)
    check(lambda type, float, abs: np.exp(type) * float + np.abs(abs), 1.0, 2.0, -3.0)
    assert compile(abs, 1.0)(-3.0) == 3.0
    assert compile(np.maximum, 1.0, 2.0)(3.0, 2.0) == 3.0
    assert "def program(x)" in compile(lambda x: x, 1.0).source


@pytest.mark.parametrize("name", ["key", "options", "turn", "turns", "b0", "like0", "erf", "admit", "add", "float", "leaves"])
def test_a_name_that_the_source_needs_too(name):
    """As that of a parameter and as the function's own, beside keys, options and rows that need a name."""
    scope: dict[str, Any] = {"erf_row": primitives.erf, "np": np}
    exec(f"def {name}({name}, x): return {{'key': erf_row(x['key'][[0, 1]]) * {name}, 'sum': np.sum(x['key'])}}", scope)
    x = {"key": np.ones(2)}
    same_bits(compile(scope[name], 2.0, x)(3.0, x), scope[name](3.0, x))


def test_text_of_the_user_is_never_code():
    key = "'] = __import__('os').abort() #"
    assert compile(lambda x: {key: x[key] * 2.0}, {key: 1.0})({key: 3.0}) == {key: 6.0}


def test_two_threads_are_refused():
    """The buffers serve one call at a time; a second thread gets a sentence instead of mixed numbers."""
    compiled = compile(lambda x: np.sum(np.tanh(x) @ np.tanh(x).T), np.ones((300, 300)))
    x = RNG.standard_normal((300, 300))
    expected, found, refused = compiled(x), [], []
    old = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def work() -> None:
        for _ in range(20):
            try:
                found.append(compiled(x))
            except RuntimeError as error:
                refused.append(str(error))

    threads = [threading.Thread(target=work) for _ in range(4)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(old)
    assert set(found) == {expected}
    assert refused
    assert all("one thread at a time" in words for words in refused)
    assert compiled(x) == expected


def interrupted(f: Any, *args: Any, within: str) -> int:
    """f(*args) again and again, cut short after the first call, the second … in the function of this name; how often."""
    old, count = sys.gettrace(), 0
    while True:
        left = count
        called: dict[Any, bool] = {}

        def watch(frame: Any, event: str, _: Any, called: dict[Any, bool] = called) -> Any:
            nonlocal left
            if frame.f_code.co_name != within:
                return None
            frame.f_trace_opcodes = True
            if event == "opcode":
                if called.get(frame):  # Python looks for signals right after a call
                    left -= 1
                    if left < 0:
                        raise KeyboardInterrupt
                called[frame] = dis.opname[frame.f_code.co_code[frame.f_lasti]].startswith("CALL")
            return watch

        sys._getframe().f_trace_opcodes = True  # Python 3.12 tells of opcodes only if a frame wants them by now
        sys.settrace(watch)
        try:
            f(*args)
            return count
        except KeyboardInterrupt:
            count += 1
        finally:
            sys.settrace(old)


def test_an_interruption_leaves_the_function_usable():
    """Wherever it comes, its thread may call again; and another one may, once a call has come to its end."""
    compiled, x = compile(lambda x: np.tanh(x) * np.sum(x), np.ones(3)), np.ones(3)
    expected = compiled(x)
    assert interrupted(compiled, x, within="program") >= 5
    same_bits(compiled(x), expected)
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(compiled(x)))
    thread.start()
    thread.join()
    same_bits(found, [expected])


def test_an_interruption_leaves_no_trace_open():
    assert interrupted(trace, lambda x: 2.0 * x, 1.0, within="record_inside") >= 5
    with no_grad():
        assert not TRACES[threading.get_ident()]


def test_buffers_are_not_copied_to_another_process():
    compiled = compile(lambda x: np.tanh(x)[0], np.ones(2))
    with pytest.raises(TypeError, match="compile it there"):
        pickle.dumps(compiled.__globals__["turns"])
