"""The flow graph: its boxes against hand-made derivatives and the walk, its paths against closed forms, its picture."""

from __future__ import annotations

import inspect
import re
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcourse import FlowGraph, ShapeError, StaleGraph, Tensor, TraceError, flow_graph, optim, trace, value_and_grad
from dlcourse.autodiff.primitives import cross_entropy, linear
from dlcourse.inspection import Box
from dlcourse.inspection.draw import apart, draw

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(64, 8)), RNG.normal(size=64)


def mse(w, b, X, y):
    return np.mean((X @ w + b - y) ** 2)


def regression() -> FlowGraph:
    """E2: linear regression from R^8 to R on a mini-batch of 64."""
    return flow_graph(mse, np.linspace(-1.0, 1.0, 8), 0.5, X=X, y=Y)


# Forward and backward, box by box -------------------------------------------------------------------------------


def test_the_regression_of_the_lecture():
    graph = regression()
    assert [box.name for box in graph.boxes if box.row is None] == ["w", "b", "X", "y"]
    assert [box.row.name for box in graph.boxes if box.row] == ["matmul", "add", "subtract", "square", "sum", "divide"]
    assert graph.count_boxes() == 10
    graph.bprop()
    w, b = np.linspace(-1.0, 1.0, 8), 0.5
    residual = X @ w + b - Y
    np.testing.assert_allclose(graph["w"].grad, 2 * X.T @ residual / 64, rtol=1e-13)
    np.testing.assert_allclose(graph["b"].grad, 2 * residual.mean(), rtol=1e-13)
    assert graph["X"].grad is None
    assert graph["y"].grad is None
    subtract = graph.boxes[-4]
    np.testing.assert_allclose(subtract.value, residual, rtol=1e-15)
    np.testing.assert_allclose(subtract.grad, 2 * residual / 64, rtol=1e-14)
    assert graph.result.grad == 1.0


def test_it_runs_again_on_other_values_and_the_tensors_do_not_change():
    w, b = Tensor(np.ones(8)), Tensor(0.5)
    loss = mse(w, b, X, Y)
    before = loss.value
    graph = FlowGraph(loss, w=w, b=b, X=X)
    graph.bprop()
    other = RNG.normal(size=8)
    assert graph.fprop(w=other, b=2) == mse(other, 2.0, X, Y)
    assert graph["w"].grad is None
    graph.bprop()
    value, (gw, gb) = value_and_grad(mse, (0, 1))(other, 2.0, X, Y)
    assert graph.result.value == value
    np.testing.assert_array_equal(graph["w"].grad, gw)
    assert graph["b"].grad == gb
    graph["w"].grad[:] = 0.0  # the reader's own
    half = graph.fprop(X=0.5 * X)
    assert half == mse(other, 2.0, 0.5 * X, Y)
    assert loss.value == before
    np.testing.assert_array_equal(w.value, np.ones(8))
    assert w.grad is None


def test_the_loops_can_be_written_by_hand():
    graph = regression()
    expected = regression()
    expected.fprop(b=0.0)
    expected.bprop()
    graph["b"].value = 0.0
    for box in graph.boxes:
        box.fprop()
    graph.result.grad = 1.0
    for box in reversed(graph.boxes):
        box.bprop()
    np.testing.assert_array_equal(graph["w"].grad, expected["w"].grad)
    assert graph["b"].grad == expected["b"].grad


def test_backward_goes_only_as_far_as_it_must():
    graph = regression()
    matmul = next(box for box in graph.boxes if box.row and box.row.name == "matmul")
    graph.bprop("b")
    assert graph["w"].grad is None
    assert matmul.grad is None
    assert graph["b"].grad is not None
    graph.bprop("X")
    assert graph["b"].grad is None
    np.testing.assert_allclose(graph["X"].grad, value_and_grad(lambda X: mse(graph["w"].value, 0.5, X, Y))(X)[1], rtol=1e-13)


def test_several_paths_add_up_and_no_path_is_zero():
    x, w, unused = Tensor(3.0), Tensor([1.0, 2.0]), Tensor([1.0, 2.0])
    y = x * x + x * np.sum(w * w) + np.sum(unused > 1.5)
    graph = FlowGraph(y, x=x, w=w, unused=unused)
    graph.bprop()
    assert graph["x"].grad == 2 * 3.0 + 5.0
    np.testing.assert_array_equal(graph["w"].grad, [6.0, 12.0])
    np.testing.assert_array_equal(graph["unused"].grad, [0.0, 0.0])
    assert FlowGraph(x, x=x).fprop(x=4.0) == 4.0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_every_recorded_program_agrees_with_the_walk(seed):
    f, args = random_program(np.random.default_rng(seed))
    tensors = [Tensor(a) for a in args]
    loss = f(*tensors)
    graph = FlowGraph(loss, **{f"x{i}": t for i, t in enumerate(tensors)})
    loss.backward()
    graph.bprop()
    for i, t in enumerate(tensors):
        np.testing.assert_array_equal(graph[f"x{i}"].grad, t.grad)
    assert graph.fprop() == loss.value


def random_program(rng):
    """Products, sums and tanh of what there is so far, at random."""
    args = [rng.normal(size=3) for _ in range(3)]
    plan = [(int(rng.integers(3)), int(rng.integers(3 + k)), int(rng.integers(3 + k))) for k in range(8)]

    def f(*held):
        held = list(held)
        for kind, i, j in plan:
            held.append(
                [lambda a, b: a * b, lambda a, b: np.tanh(a) + b, lambda a, b: a - 0.5 * np.sum(b)][kind](held[i], held[j])
            )
        return sum(np.sum(h) for h in held)

    return f, args


def test_fused_rows_and_nests():
    def loss(p, X, labels):
        return cross_entropy(linear(X, p["W"], p["b"]), labels)

    p = {"W": RNG.normal(size=(3, 8)), "b": np.zeros(3)}
    labels = RNG.integers(0, 3, 64)
    graph = flow_graph(loss, p, X=X, labels=labels)
    graph.bprop()
    expected = value_and_grad(lambda p: loss(p, X, labels))(p)[1]
    np.testing.assert_array_equal(graph["p.W"].grad, expected["W"])
    np.testing.assert_array_equal(graph["p.b"].grad, expected["b"])


# Counting -------------------------------------------------------------------------------------------------------


def layers(n: int, m: int):
    """m layers of n scalar units, each the mean of all units of the layer before."""

    def f(x):
        h = [x] * n
        for _ in range(m):
            h = [np.tanh(sum(h[1:], start=h[0]) / n) for _ in range(n)]
        return sum(h[1:], start=h[0])

    return f


@pytest.mark.parametrize(("n", "m"), [(1, 5), (2, 10), (3, 4), (5, 6), (4, 60)])
def test_paths_through_layers_are_n_to_the_m(n, m):
    """From x: n choices in each of m layers, and n of where to enter the first one."""
    graph = flow_graph(layers(n, m), 0.1)
    assert graph.count_paths("x") == n ** (m + 1)
    assert type(graph.count_paths("x")) is int


def test_paths_against_walking_them():
    f, args = random_program(np.random.default_rng(3))
    graph = flow_graph(f, *args)
    users = {id(box): [user for user in graph.boxes for x in user.inputs if x is box] for box in graph.boxes}

    def walk(box: Box) -> int:
        return 1 if box is graph.result else sum(walk(user) for user in users[id(box)])

    for box in graph.boxes:
        if box.name:
            assert graph.count_paths(box.name) == walk(box)


def test_names_of_data():
    x, c = Tensor([1.0, 2.0]), np.array([5.0, 6.0])
    assert FlowGraph(np.sum(x * c), x=x, c=c).fprop(c=np.zeros(2)) == 0.0, "copied, known by its entries"
    frozen = c.copy()
    frozen.setflags(write=False)
    graph = FlowGraph(np.sum(x * frozen + frozen), x=x, c=frozen)
    assert [box.name for box in graph.boxes if box.data] == ["c"], "used twice, one box"
    assert graph.fprop(c=np.zeros(2)) == 0.0
    unnamed = FlowGraph(np.sum(x * c + np.zeros(2)))
    assert [box.name for box in unnamed.boxes if box.data] == ["", ""]
    twins = flow_graph(lambda x, a, b: np.sum(x * a + b), np.ones(2), a=c, b=c.copy())
    assert twins.fprop(b=np.zeros(2)) == 11.0, "equal data keep their own names"


def test_a_constant_with_the_entries_of_a_named_array_is_another():
    w, ones = np.array([3.0, 4.0]), np.ones(2)
    graph = flow_graph(lambda w, x: np.sum(w * x + np.ones(2)), w, x=ones)
    assert graph.fprop(x=2.0 * ones) == 16.0
    assert graph.count_boxes() == 6
    variable = Tensor(w)
    for names in ({"X": ones}, {"X": ones, "Y": ones.copy()}):
        graph = FlowGraph(np.sum(variable * ones + np.ones(2)), w=variable, **names)
        with pytest.raises(LookupError, match=r"called 'X'; 2 array\(s\) in the graph and \d with a name have these entries"):
            graph.fprop(X=2.0 * ones)
    graph = FlowGraph(np.sum(variable * ones), w=variable, X=ones, Y=ones.copy())
    with pytest.raises(LookupError, match=r"1 array.* and 2 with a name"):
        graph.fprop(Y=2.0 * ones)


def test_numbers_and_lists_have_no_box():
    graph = flow_graph(lambda w, x, y: np.sum(w * x + y), np.array([3.0, 4.0]), x=2.0, y=[1.0, 2.0])
    for name in "xy":
        with pytest.raises(LookupError, match=f"called '{name}'; only Tensors and arrays are boxes"):
            graph.fprop(**{name: 3.0})


def test_tensors_are_taken_by_value():
    w = Tensor(2.0)
    y = w * w
    graph = flow_graph(lambda v: v * 3.0, y)
    assert graph.count_boxes() == 2
    assert graph["v"].value == 4.0


# Refusals -------------------------------------------------------------------------------------------------------


def test_refusals():
    graph = regression()
    with pytest.raises(LookupError, match="no box is called 'v'; there are w, b, X, y"):
        graph["v"]
    with pytest.raises(LookupError, match="no box is called"):
        graph.fprop(v=1.0)
    with pytest.raises(LookupError, match="no box is called"):
        graph.bprop("v")
    with pytest.raises(ShapeError, match=r"fprop: w was recorded with shape \(8,\), got \(7,\)"):
        graph.fprop(w=np.ones(7))
    with pytest.raises(TypeError, match="real numbers"):
        graph.fprop(w="one")
    with pytest.raises(TypeError, match="needs the Tensor that a computation ended in, got float"):
        FlowGraph(1.0)
    with pytest.raises(TypeError, match="got NoneType"):
        flow_graph(lambda x: None, 1.0)
    x = Tensor([1.0, 2.0])
    y = x * x
    with pytest.raises(ShapeError, match=r"bprop: needs a scalar result, got shape \(2,\)"):
        FlowGraph(y).bprop()
    with pytest.raises(TypeError, match="fprop: y is computed by multiply"):
        FlowGraph(np.sum(y), y=y).fprop(y=x.value)
    with pytest.raises(TraceError, match="FlowGraph"):
        trace(lambda x: FlowGraph(x * x), 1.0)


def test_a_stale_result_is_refused():
    w = Tensor(1.0)
    loss = w * w
    loss.backward()
    optim.Optimizer([w], optim.GradientDescent(0.1)).step()
    with pytest.raises(StaleGraph, match="FlowGraph"):
        FlowGraph(loss)


# The picture ----------------------------------------------------------------------------------------------------

NUMBER = r"-?[\d.]+"


def boxes_of(svg: str) -> list[tuple[float, ...]]:
    root = ElementTree.fromstring(svg)
    rects = root.iter("{http://www.w3.org/2000/svg}rect")
    return [tuple(float(r.get(k)) for k in ("x", "y", "width", "height")) for r in rects]


def words_of(svg: str) -> list[str]:
    return [t.text for t in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def mlp(n: int) -> FlowGraph:
    def f(x):
        h = [x, 1.5 * x]
        for _ in range(n):
            h = [np.tanh(h[0] + h[1]), np.tanh(h[0] - 0.5 * h[1])]
        return h[0] * h[1]

    return flow_graph(f, 0.3)


@pytest.mark.parametrize("graph", [regression(), mlp(2), mlp(5), flow_graph(layers(3, 2), 0.1), flow_graph(lambda x: x, 1.0)])
def test_boxes_stand_apart_inside_the_picture_and_edges_run_forward(graph):
    graph.bprop()
    picture = graph.draw()
    _, _, width, height = map(float, re.search(r'viewBox="([^"]*)"', picture.svg)[1].split())
    rects = boxes_of(picture.svg)
    assert len(rects) == graph.count_boxes()
    for x, y, w, h in rects:
        assert 0 <= x <= x + w <= width
        assert y >= 12  # room for the value above and the gradient below
        assert y + h + 16 <= height
    for i, (x, y, w, h) in enumerate(rects):
        for u, v, p, q in rects[:i]:
            assert x + w < u or u + p < x or y + h + 28 < v or v + q + 28 < y
    edges = re.findall(r'<path d="(M[^"]*)"/>', picture.svg)
    assert len(edges) == sum(type(x) is Box for box in graph.boxes for x in box.inputs)
    for d in edges:
        xs = [float(n) for n in re.findall(rf"[MH]({NUMBER})", d)]
        assert all(a <= b for a, b in pairwise(xs))


def test_the_regression_reads_well():
    graph = regression()
    assert not any("∇" in word for word in words_of(graph.draw().svg))
    graph.bprop()
    picture = graph.draw()
    words = words_of(picture.svg)
    assert {"w", "b", "X", "y", "@", "+", "−", "( )²", "Σ", "÷ 64", "(64, 8)", "0.5", "∇ (8,)", "∇ 1"} <= set(words)
    assert picture.svg.count("stroke-dasharray") == 2
    assert "currentColor" in picture.svg
    assert not re.search(r"#[0-9a-f]{3}", picture.svg)
    assert picture.alt == (
        "Flow graph from 4 variables (w, b, X, y) through 6 operators (matmul, add, subtract, square, sum, divide) to a result "
        f"of {graph.result.value:.4g}; gradients have flowed back from it."
    )
    assert picture.alt in picture.svg
    assert repr(picture) == f"Figure: {picture.alt}"
    assert graph._repr_html_() == picture._repr_html_()
    assert 'class="dlcourse-figure"' in picture._repr_html_()
    y = [round(top) for _, top, _, _ in boxes_of(picture.svg)]
    assert y[-1] == y[-2] == y[-3] == y[-4], "a chain is drawn straight"


def test_labels_numbers_and_names():
    x = Tensor([1.0, -2.5])
    h = 1.0 - x
    graph = FlowGraph(np.sum(np.where(h > 2.0, h**3, 1.0 / np.exp(h))), h=h)
    words = words_of(graph.draw().svg)
    assert {"variable", "h = 1 −", "greater 2", "integer power", "1 ÷", "[1, −2.5]"} <= set(words)
    assert "data" in words_of(FlowGraph(np.sum(x * np.ones(2))).draw().svg)
    many = flow_graph(lambda xs: sum(xs), [float(i) for i in range(14)]).draw()
    assert "xs.11, …" in many.alt
    assert "add ×14" in many.alt
    one = flow_graph(lambda x: x, 1.0)
    assert one.draw().alt == "Flow graph from 1 variable (x) through 0 operators (none) to a result of 1."


def test_too_many_boxes_to_read():
    graph = flow_graph(layers(6, 10), 0.1)
    with pytest.raises(ValueError, match="boxes are too many to be read"):
        graph.draw()
    assert graph._repr_html_() is None
    assert repr(graph) == f"FlowGraph of {graph.count_boxes()} boxes"
    small = flow_graph(lambda x: 2.0 * x, 3.0)
    small.bprop()
    assert repr(small) == "FlowGraph(<x: value 3.0, gradient 2.0>, <multiply: value 6.0, gradient 1.0>)"
    assert repr(Box("", 1.0, None, [], {}, True)) == "<data: value 1.0>"
    assert draw(small.boxes) == small.draw()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(0.1, 9), st.floats(1, 80)), min_size=1, max_size=8))
def test_boxes_are_pushed_apart_no_more_than_needed(entries):
    from scipy.optimize import minimize

    wished, weights, rooms = map(list, zip(*sorted(entries), strict=True))
    found = apart(wished, weights, rooms)
    needed = [(a + b) / 2 for a, b in pairwise(rooms)]
    assert all(b - a >= gap - 1e-9 for (a, b), gap in zip(pairwise(found), needed, strict=True))
    cost = lambda y: float(np.sum(np.array(weights) * (np.array(y) - wished) ** 2))  # noqa: E731
    constraints = [{"type": "ineq", "fun": lambda y, i=i, gap=gap: y[i + 1] - y[i] - gap} for i, gap in enumerate(needed)]
    best = minimize(cost, found, constraints=constraints, method="SLSQP", options={"ftol": 1e-12})
    assert cost(found) <= best.fun + 1e-6 * (1 + best.fun)


def test_the_picture_of_the_lecture_is_seen_whole_on_a_phone():
    """Down to seven tenths of its size, in the 358 px that a phone of 390 has for text."""
    graph = regression()
    graph.bprop()
    assert float(re.findall(r"min-width:(\d+)px", graph.draw().svg)[0]) <= 358


def test_the_two_methods_of_a_box_fit_the_column():
    """The chapter shows them; a line that is longer is cut there."""
    shown = inspect.getsource(Box.fprop) + inspect.getsource(Box.bprop)
    assert max(len(line.removeprefix("    ")) for line in shown.splitlines()) <= 90
