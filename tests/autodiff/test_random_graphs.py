"""More than 2,000 random graphs, 10,000 by night: the engine against autograd and PyTorch, both modes, traced and eager."""

from __future__ import annotations

from functools import cache
from typing import Any

import autograd
import numpy as np
import pytest
from oracles import AUTOGRAD, EPSILON, NUMPY, compose, torch_names
from random_graphs import BINARY, UNARY, recipe

from dlcourse import grad, jvp, trace, value_and_grad
from dlcourse.autodiff import primitives

GRAPHS, BY_NIGHT, BLOCK = 2100, 10_500, 100
blocks = pytest.mark.parametrize(
    "block",
    [
        *range(GRAPHS // BLOCK),
        *(pytest.param(block, marks=pytest.mark.nightly) for block in range(GRAPHS // BLOCK, BY_NIGHT // BLOCK)),
    ],
)

# what a reader's function sees: NumPy itself, and the two functions that NumPy lacks
ENGINE: Any = compose(
    np,
    erf=primitives.erf,
    logsumexp=primitives.logsumexp,
    amax=np.max,
    constant=lambda x: x,
    truth=lambda x: x * 1.0,
    getitem=lambda x, index: x[index],
)


def seeds(block: int) -> range:
    return range(block * BLOCK, (block + 1) * BLOCK)


def agree(got: Any, expected: Any, graph: Any, what: str) -> None:
    """Ten operations deep, each with a derivative below about 10: errors of 1 ulp can grow by the same factors as the
    gradient, and cancel down to it: room for 10⁵ ulp of max(1, |g|) is 2·10⁻¹¹, far below any wrong rule."""
    expected = np.asarray(expected)
    room = 1e5 * EPSILON * max(1.0, float(np.max(np.abs(expected), initial=0.0)))
    assert np.shape(got) == expected.shape, (what, graph)
    assert np.max(np.abs(got - expected), initial=0.0) <= room, (what, graph, got, expected)


@cache
def gradients(seed: int) -> tuple[Any, Any]:
    """Value and gradient of a graph, computed once for all oracles."""
    graph = recipe(seed)
    everything = tuple(range(len(graph.inputs)))
    return value_and_grad(lambda *xs: graph.scalar(ENGINE, *xs), everything)(*graph.inputs)


@blocks
def test_against_autograd(block):
    for seed in seeds(block):
        graph = recipe(seed)
        value, found = gradients(seed)
        agree(value, graph.scalar(NUMPY, *graph.inputs), graph, f"value of graph {seed}")
        expected = autograd.grad(lambda xs, graph=graph: graph.scalar(AUTOGRAD, *xs) + 0.0 * sum(map(autograd.numpy.sum, xs)))(
            list(graph.inputs)
        )
        for g, e in zip(found, expected, strict=True):
            agree(g, e, graph, f"graph {seed}")


@blocks
def test_against_torch(block):
    xp = torch_names()
    for seed in seeds(block)[::3]:  # a second opinion on every third graph
        graph = recipe(seed)
        xs = [xp.tensor(x, requires_grad=True) for x in graph.inputs]
        result = graph.scalar(xp, *xs) + 0.0 * sum(x.sum() for x in xs)
        for g, e in zip(gradients(seed)[1], xp.autograd.grad(result, xs), strict=True):
            agree(g, e.numpy(force=True), graph, f"graph {seed}")


@blocks
def test_forward_agrees_with_reverse(block):
    for seed in seeds(block):
        graph = recipe(seed)
        rng = np.random.default_rng(seed)
        v = tuple(np.asarray(rng.uniform(-1.0, 1.0, x.shape)) for x in graph.inputs)
        _, pushed = jvp(lambda *xs, graph=graph: graph.scalar(ENGINE, *xs), graph.inputs, v)
        terms = [float(np.sum(g * w)) for g, w in zip(gradients(seed)[1], v, strict=True)]
        assert abs(pushed - sum(terms)) <= 1e5 * EPSILON * max(1.0, sum(map(abs, terms))), (seed, graph)


@pytest.mark.parametrize("block", range(5))
def test_second_derivatives(block):
    """H v by reverse over reverse equals forward over reverse."""
    for seed in range(block * 40, block * 40 + 40):
        graph = recipe(seed, length=6)
        everything = tuple(range(len(graph.inputs)))
        rng = np.random.default_rng(seed)
        v = tuple(np.asarray(rng.uniform(-1.0, 1.0, x.shape)) for x in graph.inputs)
        first = grad(lambda *xs, graph=graph: graph.scalar(ENGINE, *xs), everything)
        _, forward = jvp(first, graph.inputs, v)
        reverse = grad(
            lambda *xs, first=first, v=v: sum(np.sum(w * g) for w, g in zip(v, first(*xs), strict=True)), everything
        )(*graph.inputs)
        for a, b in zip(forward, reverse, strict=True):
            agree(a, b, graph, f"graph {seed}")


@pytest.mark.parametrize("block", range(5))
def test_programs_repeat_eager_bit_for_bit(block):
    """The traced value and the traced gradient, run on values other than the ones that were traced."""
    for seed in range(block * 60, block * 60 + 60):
        graph = recipe(seed)
        everything = tuple(range(len(graph.inputs)))

        def whole(*xs: Any, graph: Any = graph, everything: Any = everything) -> Any:
            value, g = value_and_grad(lambda *xs: graph.scalar(ENGINE, *xs), everything)(*xs)
            return {"value": value, "gradient": g}

        program = trace(whole, *graph.inputs)
        rng = np.random.default_rng(seed)
        others = [np.asarray(x + rng.uniform(-0.01, 0.01, x.shape)) for x in graph.inputs]
        got, expected = program.run(*others), whole(*others)
        assert got["value"] == expected["value"], (seed, graph)
        for a, b in zip(got["gradient"], expected["gradient"], strict=True):
            np.testing.assert_array_equal(a, b)


def test_every_operation_occurs():
    used: dict[str, int] = {}
    for seed in range(GRAPHS):
        for name, _ in recipe(seed).steps:
            used[name] = used.get(name, 0) + 1
    few = {name: used.get(name, 0) for name in (*UNARY, *BINARY) if used.get(name, 0) < 50}
    assert not few
