"""A recorded flow graph, gone through box by box: fprop in order, bprop in the reverse order, or tangents on the way."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import nn
from ..autodiff import Tensor, jvp, vjp
from ..autodiff.box import call
from ..inspection import FlowGraph
from .controls import Choice, Slider, Switch
from .curves import Goal, Sentence
from .diagram import LINE, PAD, Diagram, Edge, Node, Pick, Said, Stepped
from .panels import Show

MOST = 16  # boxes
INPUTS_AT_MOST = 6  # entries of variables


class Expression(NamedTuple):
    """label; variables: name → the sliders of its entries; start: what they stand at; f(**variables) → the result and the names
    of what was computed on the way; data: arrays that f uses, by name.
    """

    label: str
    variables: Mapping[str, Sequence[str]]
    start: Mapping[str, float]
    f: Callable[..., tuple[Any, dict[str, Any]]]
    data: Mapping[str, np.ndarray] = {}


def two_products(w1: Any, w2: Any, x: Any) -> Any:
    y1, y2 = w1 @ x, w2 @ x
    e2, e1 = np.exp(y2), np.exp(y1)
    y3, y4 = y1 * e2, y2 * e1
    y = y3 * y4
    return y, {"y₁": y1, "y₂": y2, "e₂": e2, "e₁": e1, "y₃": y3, "y₄": y4, "y": y}


INPUTS, TARGETS = np.array([1.0, 2.0]), np.array([1.0, 3.0])


def line(w: Any, b: Any) -> Any:
    products = w * INPUTS
    f = products + b
    r = f - TARGETS
    q = r**2
    J = np.sum(q)
    return J, {"p": products, "f": f, "r": r, "q": q, "J": J}


def unit(w1: Any, w2: Any, x1: Any, x2: Any) -> Any:
    p1, p2 = w1 * x1, w2 * x2
    a = p1 + p2
    h = nn.activations.sigmoid(a)
    m = np.log(h)
    loss = -m
    return loss, {"p₁": p1, "p₂": p2, "a": a, "h": h, "m": m, "l": loss}


def shared(x1: Any, x2: Any) -> Any:
    u = x1 * x2
    v = u + x1
    y = u * v
    return y, {"u": u, "v": v, "y": y}


EXPRESSIONS = {
    "products": Expression(
        "y₃ · y₄ with y₃ = y₁ · exp y₂, y₄ = y₂ · exp y₁",
        {"w1": ("w11", "w12"), "w2": ("w21", "w22"), "x": ("x1", "x2")},
        {"w11": 0.5, "w12": -0.3, "w21": 0.2, "w22": 0.4, "x1": 1.0, "x2": 0.5},
        two_products,
    ),
    "line": Expression(
        "squared error of a line at two points",
        {"w": ("w",), "b": ("b",)},
        {"w": 0.5, "b": 0.0},
        line,
        {"x": INPUTS, "t": TARGETS},
    ),
    "unit": Expression(
        "−log of a sigmoid unit",
        {"w1": ("w1",), "w2": ("w2",), "x1": ("x1",), "x2": ("x2",)},
        {"w1": 0.5, "w2": -1.0, "x1": 1.0, "x2": 1.5},
        unit,
    ),
    "shared": Expression(
        "u · (u + x₁) with u = x₁x₂: two paths", {"x1": ("x1",), "x2": ("x2",)}, {"x1": 1.0, "x2": 1.5}, shared
    ),
}

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class Reading(NamedTuple):
    """How an operator is read, with its inputs in the place of {0}, {1}; and what its bprop does."""

    forward: str
    backward: str


READINGS = {
    "add": Reading("{0} + {1}", "a sum hands its gradient on as it is"),
    "subtract": Reading("{0} − {1}", "a difference hands its gradient on, to the second with a minus"),
    "multiply": Reading("{0} · {1}", "a product hands to each factor its gradient times the other factor"),
    "matmul": Reading("{0} · {1}", "an inner product hands to each vector its gradient times the other vector"),
    "exp": Reading("exp {0}", "its gradient times exp itself"),
    "log": Reading("log {0}", "its gradient divided by the input"),
    "square": Reading("{0}²", "its gradient times twice the input"),
    "negative": Reading("−{0}", "its gradient with a minus"),
    "sum": Reading("Σ {0}", "a sum over entries hands its gradient to every entry"),
    "logistic": Reading("σ({0})", "its gradient times h(1 − h)"),
}


def slider(label: str, description: str, default: float = 0.0) -> Slider:
    return Slider(default, low=-2.0, high=2.0, step=0.1, label=label, description=description)


class GraphSteps(Stepped):
    """The flow graph of an expression from a list, recorded by the engine, with every value, gradient and tangent at its box.

    Each box does what `FlowGraph` has it do: fprop from its inputs, bprop into them; in forward mode it hands on the tangent
    with the value. Positions are those of `FlowGraph.draw`. [source 002 for the boxes, 003 for the first expression]
    """

    expression = Choice(list(EXPRESSIONS), label="Expression", labels=[each.label for each in EXPRESSIONS.values()])
    forward = Switch(False, label="Forward mode")
    step = Slider(0, low=0, high=2 * MOST, step=1, label="", description="step")
    w11 = slider("w₁₁", "first of w₁", 0.5)
    w12 = slider("w₁₂", "second of w₁", -0.3)
    w21 = slider("w₂₁", "first of w₂", 0.2)
    w22 = slider("w₂₂", "second of w₂", 0.4)
    w1 = slider("w₁", "weight")
    w2 = slider("w₂", "weight")
    w = slider("w", "slope")
    x1 = slider("x₁", "input", 1.0)
    x2 = slider("x₂", "input", 0.5)
    b = slider("b", "bias")
    direction = Slider(
        1, low=1, high=INPUTS_AT_MOST, step=1, limit="inputs", when="forward", label="i", description="tangent 1 at input"
    )
    inputs = Slider(INPUTS_AT_MOST, low=1, high=INPUTS_AT_MOST, step=1, label="", description="inputs of the expression")
    picked = Pick([f"box{i}" for i in range(MOST)])

    def __init__(self, expression: str = "products", *, identity: str = "graph-steps", **state: Any) -> None:
        self.graphs = {name: graph_of(each) for name, each in EXPRESSIONS.items()}
        chosen = self.declared()["expression"].validate(self, expression)
        super().__init__(
            identity,
            {name: passes(each, self.graphs[name]) for name, each in EXPRESSIONS.items()},
            {name: diagram_of(each, self.graphs[name]) for name, each in EXPRESSIONS.items()},
            words=(
                Sentence("The result is {result:.3f}; at the start it was {first:.3f}.", when="computed"),
                Sentence("Goal reached.", when="reached", tone="good"),
            ),
            goal=Goal(
                "Bring the result below a third of what it was. Which slider will do it, and which way? A pass backward "
                "tells of all inputs, a pass forward of one.",
                "reached",
            ),
            shows=shows_of(chosen, self.graphs[chosen]),
            presets={name: preset(each) for name, each in EXPRESSIONS.items()},
            expression=expression,
            **state,
        )


def preset(expression: Expression) -> dict[str, Any]:
    """Where the sliders stand when this expression is chosen."""
    numbers = {slider: float(x) for slider, x in expression.start.items()}
    return {**numbers, "step": 0, "direction": 1, "inputs": len(numbers), "picked": ""}


def shows_of(expression: str, graph: FlowGraph) -> tuple[Show, ...]:
    """Buttons that stay with the expression that one begins with, as far as it has what they show."""
    operators = [box for box in graph.boxes if box.row is not None]
    reverse: dict[str, Any] = {"expression": expression, "forward": False}
    shows = [Show("all values", {**reverse, "step": len(operators)})]
    for i, box in reversed(list(enumerate(graph.boxes))):
        users = [k for k, other in enumerate(operators) if box in other.inputs]
        if len(users) > 1:  # the last of its two shares has come when the first of its users has gone backward
            shows.append(Show("two paths add up", {**reverse, "step": 2 * len(operators) + 1 - users[0], "picked": f"box{i}"}))
            break
    zero = {"expression": "line", "forward": False, "w": 0.2, "b": 2.0, "step": 11, "picked": "box0"}
    shows.append(Show("a line with a gradient of 0", zero))
    entries = len(EXPRESSIONS[expression].start)
    shows.append(
        Show(
            "forward mode",
            {"expression": expression, "forward": True, "direction": max(1, entries - 1), "step": len(operators) + 1},
        )
    )
    return tuple(shows)


def graph_of(expression: Expression) -> FlowGraph:
    """The graph as the engine records it at the start values; w1 is called w₁."""
    variables = {
        name: Tensor(start[0] if len(start) == 1 else np.array(start))
        for name, sliders in expression.variables.items()
        if (start := [expression.start[slider] for slider in sliders])
    }
    result, named = expression.f(**variables)
    written = {name.translate(SUBSCRIPTS): tensor for name, tensor in variables.items()}
    return FlowGraph(result, **written, **expression.data, **named)


def passes(expression: Expression, graph: FlowGraph) -> Callable[..., Any]:
    """Values, gradients and tangents of all boxes, and what each bprop hands to each input, as functions of the sliders."""
    boxes = graph.boxes
    place = {id(box): i for i, box in enumerate(boxes)}
    sliders = {name: expression.variables[name] for name in expression.variables}
    names = [slider for each in sliders.values() for slider in each]
    known = {name.translate(SUBSCRIPTS): name for name in sliders}

    operators = sum(box.row is not None for box in boxes)

    def compute(forward: Any, direction: Any, step: Any, **given: Any) -> dict[str, Any]:
        values: list[Any] = []
        tangents: list[Any] = []
        chosen = {slider: np.equal(np.minimum(direction, float(len(names))), i + 1.0) for i, slider in enumerate(names)}
        put = lambda many: many[0] if len(many) == 1 else np.stack(many)  # noqa: E731
        for box in boxes:
            if box.row is None:
                entries = () if box.data else sliders[known[box.name]]
                values.append(box.value if box.data else put([given[slider] for slider in entries]))
                tangents.append(np.zeros(np.shape(box.value)) if box.data else put([chosen[slider] for slider in entries]))
                continue
            sources = sources_of(box, place)
            value, tangent = jvp(operator(box, place), tuple(values[i] for i in sources), tuple(tangents[i] for i in sources))
            values.append(value)
            tangents.append(tangent)

        gradients: list[Any] = [0.0 * v for v in values]
        gradients[-1] = 1.0 + 0.0 * values[-1]
        handed: dict[str, Any] = {}
        for k in reversed(range(len(boxes))):
            if boxes[k].row is None:
                continue
            sources = sources_of(boxes[k], place)
            _, pullback = vjp(operator(boxes[k], place), *[values[i] for i in sources])
            for port, (i, part) in enumerate(zip(sources, pullback(gradients[k]), strict=True)):
                handed[f"c{k}_{port}"] = part
                gradients[i] = gradients[i] + part

        found: dict[str, Any] = dict(handed)
        for letter, many in (("v", values), ("g", gradients), ("t", tangents)):
            found |= {f"{letter}{i}": x for i, x in enumerate(many)}
        result, first = values[-1], float(graph.result.value)
        computed = np.greater_equal(step, float(operators))
        numbers = {"result": result, "first": first, "computed": computed, "backward": 1.0 - forward}
        numbers |= {"reached": computed * np.less(result, first / 3.0)}
        numbers |= {f"along{i}": forward * here for i, here in enumerate(chosen.values())}
        return {name: np.reshape(x, (-1,)) for name, x in found.items()} | numbers

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    compute.__signature__ = inspect.Signature([inspect.Parameter(p, kind) for p in ("forward", "direction", "step", *names)])  # type: ignore[attr-defined]
    return compute


def sources_of(box: Any, place: Mapping[int, int]) -> list[int]:
    """The boxes among an operator's inputs, by their numbers."""
    return [place[id(x)] for x in box.inputs if id(x) in place]


def operator(box: Any, place: Mapping[int, int]) -> Callable[..., Any]:
    """What a box computes, as a function of those of its inputs that are boxes."""

    def apply(*values: Any) -> Any:
        left = iter(values)
        return call(box.row, *[next(left) if id(x) in place else x for x in box.inputs], **box.options)

    return apply


# The picture ------------------------------------------------------------------------------------------------------


def numbers(name: str, n: int, brackets: bool = False) -> str:
    """A template for a number, or for the entries of a vector."""
    form = ".2f" if n > 1 else "(.3f)" if brackets else ".3f"
    each = [f"{{{name}[{i}]:{form}}}" for i in range(n)]
    return each[0] if n == 1 else f"[{', '.join(each)}]"


def diagram_of(expression: Expression, graph: FlowGraph) -> Diagram:
    """The graph where the engine's own picture has it, upright where there is little width."""
    boxes = graph.boxes
    n = len(boxes)
    place = {id(box): i for i, box in enumerate(boxes)}
    size = [int(np.size(box.value)) for box in boxes]
    operators = [i for i in range(n) if boxes[i].row is not None]
    forward_at = {i: k + 1 for k, i in enumerate(operators)}
    seed = len(operators) + 1
    backward_at = {i: seed + 1 + k for k, i in enumerate(reversed(operators))}

    column, height, links, routes, _ = graph.arrange()
    last, low, high = max(column), min(height), max(height)
    spot = lambda j: (column[j] / last, (height[j] - low) / ((high - low) or 1.0))  # noqa: E731
    arrival: dict[int, int] = {}  # the last step at which something is handed to a box
    for i in operators:
        for source in sources_of(boxes[i], place):
            arrival[source] = max(arrival.get(source, 0), backward_at[i])

    def reading(i: int) -> tuple[str, str]:
        """The operator with the names of its inputs, and with their numbers."""
        row = boxes[i].row
        assert row is not None
        pattern = READINGS[row.name].forward
        inputs = sources_of(boxes[i], place)
        return (
            pattern.format(*[boxes[j].name for j in inputs]),
            pattern.format(*[numbers(f"v{j}", size[j], brackets=True) for j in inputs]),
        )

    def node(i: int) -> Node:
        box, at = boxes[i], forward_at.get(i, 0)
        lines = [
            Said(box.name if box.row is None else f"{box.name} = {reading(i)[0]}"),
            Said(numbers(f"v{i}", size[i]), at, tone="value"),
        ]
        told: list[Said] = []
        if box.row is None:
            what = "data: no gradient is asked of it" if box.data else "a variable, set by the sliders"
            told.append(Said(f"{box.name} is {what}."))
        else:
            told.append(Said(f"fprop: {box.name} = {reading(i)[0]} = {reading(i)[1]} = {numbers(f'v{i}', size[i])}.", at))
        if not box.data:
            lines.append(Said(f"∇ {numbers(f'g{i}', size[i])}", arrival.get(i, seed), when="backward", tone="gradient"))
            lines.append(Said(f"∂ {numbers(f't{i}', size[i])}", at, when="forward", tone="tangent"))
            users = [(k, port) for k in operators for port, j in enumerate(sources_of(boxes[k], place)) if j == i]
            if users:
                parts = " + ".join(numbers(f"c{k}_{port}", size[i], brackets=True) for k, port in users)
                whole = f"= {parts} = {numbers(f'g{i}', size[i])}" if len(users) > 1 else f"= {numbers(f'g{i}', size[i])}"
                who = " and ".join(dict.fromkeys(boxes[k].name for k, _ in users))
                told.append(Said(f"∇{box.name} {whole}, handed down by {who}.", arrival[i], when="backward", tone="gradient"))
            else:
                told.append(Said(f"∇{box.name} = 1: it is the result.", seed, when="backward", tone="gradient"))
            rate = f"∂ is its tangent, {numbers(f't{i}', size[i])}: how fast it changes with the input whose tangent is 1."
            told.append(Said(rate, at, when="forward", tone="tangent"))
        return Node(
            f"box{i}",
            f"{'operator' if box.row else 'data' if box.data else 'variable'} {box.name}",
            spot(i),
            tuple(lines),
            tuple(told),
            (at,) if box.row is not None else (),
            () if box.data else (arrival.get(i, seed), *([backward_at[i]] if i in backward_at else [])),
            size=(96.0 if max(size) > 1 else 82.0, 3 * LINE + 2 * PAD),
            variable=box.row is None,
        )

    edges = []
    ports: dict[int, int] = {}
    for route, (a, b, _) in zip(routes, links, strict=True):
        port = ports.get(b, 0)
        ports[b] = port + 1
        edges.append(
            Edge(
                f"box{a}",
                f"box{b}",
                forward=(forward_at[b],),
                backward=() if boxes[a].data else (backward_at[b],),
                via=tuple(spot(j) for j in route[1:-1]),
            )
        )

    entries = [GraphSteps.declared()[slider].label for many in expression.variables.values() for slider in many]
    begin = "The graph was recorded once. Its variables have their values; nothing is computed yet."
    chosen = [
        Said(f"The derivative by {entry} goes forward: its tangent is 1, those of the other inputs are 0.", when=f"along{i}")
        for i, entry in enumerate(entries)
    ]
    stages: list[Any] = [(Said(begin), *chosen)]
    for i in operators:
        stages.append(
            (
                Said(f"fprop of {boxes[i].name} = {reading(i)[0]}: {numbers(f'v{i}', size[i])}.", when="backward"),
                Said(
                    f"{boxes[i].name} = {reading(i)[0]}: value {numbers(f'v{i}', size[i])} and, by the same operator’s rule, "
                    f"tangent {numbers(f't{i}', size[i])}.",
                    when="forward",
                ),
            )
        )
    over = [
        Said(
            f"One pass, and it is over: the result changes by {numbers(f't{n - 1}', 1)} for each unit of {entry}. "
            "Each other input needs a pass of its own.",
            when=f"along{i}",
        )
        for i, entry in enumerate(entries)
    ]
    stages.append((Said("bprop begins at the result, whose gradient is 1.", when="backward"), *over))
    for i in reversed(operators):
        row = boxes[i].row
        assert row is not None
        parts = [
            f"{numbers(f'c{i}_{port}', size[j])} to {boxes[j].name}"
            for port, j in enumerate(sources_of(boxes[i], place))
            if not boxes[j].data
        ]
        stages.append(
            (Said(f"bprop of {boxes[i].name}: {READINGS[row.name].backward}: {', '.join(parts)}.", when="backward"), *over)
        )
    rows = max(column[:n].count(k) for k in range(last + 1))
    return Diagram(
        f"Flow graph of {expression.label}",
        tuple(node(i) for i in range(n)),
        tuple(edges),
        tuple(stages),
        height=max(200.0, 92.0 * rows),
        tall=100.0 * (last + 1),
        curved=True,
        backward="backward",
    )
