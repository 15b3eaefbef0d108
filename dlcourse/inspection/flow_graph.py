"""The flow graph to look at: every box an object that can go forward and backward by itself.

What `backward_walk` does in one loop is here in pieces, as one would do it on paper: `fprop` box by box in the
order in which they were made, `bprop` in the reverse order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..autodiff import nest
from ..autodiff.box import Primitive, Tensor, as_value, boxes_below, refuse_while_tracing, settle, shape_of, value_of
from ..autodiff.errors import ShapeError, StaleGraph
from ..autodiff.walks import hand_out, sum_to
from ..programs.leaves import leaf_names
from ..programs.program import parameter_names
from .draw import MOST, Arrangement, Drawing, arrange, draw


class Box:
    """A variable (no `row`) or an operator of the graph, with its value and, after `bprop`, its gradient.

    name : "" if it has none. inputs : boxes, and the numbers that stand in the formula itself.
    data : a variable of which no gradient is asked unless it is named. needed : whether `bprop` gets here.
    """

    def __init__(
        self, name: str, value: Any, row: Primitive | None, inputs: list[Any], options: dict[str, Any], data: bool
    ) -> None:
        self.name, self.value, self.row, self.inputs, self.options, self.data = name, value, row, inputs, options, data
        self.grad: Any = None
        self.needed = False

    def fprop(self) -> None:
        """Compute the value from the values of the inputs."""
        if self.row is not None:
            self.value = settle(self.row.forward(*map(value_at, self.inputs), **self.options))

    def bprop(self) -> None:
        """Add its share to each input's gradient: the own gradient times ∂self/∂input."""
        if self.row is None or self.grad is None:
            return
        needed = [type(x) is Box and x.needed for x in self.inputs]
        values = [value_at(x) for x in self.inputs]
        shares = pull(self.row, self.grad, self.value, values, self.options, needed)
        for x, g in zip(self.inputs, shares, strict=True):
            if g is not None:
                x.grad = g if x.grad is None else x.grad + g

    def __repr__(self) -> str:
        what = self.name or (self.row.name if self.row else "data")
        return f"<{what}: value {self.value}{'' if self.grad is None else f', gradient {self.grad}'}>"


def value_at(x: Any) -> Any:
    return x.value if type(x) is Box else x


def pull(row: Primitive, g: Any, y: Any, inputs: list[Any], options: dict[str, Any], wanted: list[bool]) -> list[Any]:
    """What flows back through one operator: the gradient of each wanted input, None where it is zero or not wanted."""
    if callable(row.rules):  # one rule for all inputs together
        return [gx if want else None for gx, want in zip(row.rules(g, y, inputs, options, wanted), wanted, strict=True)]
    pairs = zip(row.rules, inputs, wanted, strict=True)
    return [sum_to(rule(g, y, *inputs, **options), shape_of(x)) if rule and want else None for rule, x, want in pairs]


class FlowGraph:
    """The boxes that a result was computed from, in order, with a table of values and gradients of their own.

    `fprop` and `bprop` may be called again and again, with other values of the variables: the Tensors that were
    recorded do not change. The operations stay those that were recorded, whichever way an `if` would go now.

    result : a Tensor. names : what to call which Tensor or array, for the picture and for `graph["w"]`. Numbers and
    lists have no box of their own. An array that can be written to was copied at every use: it is known by its entries, if
    only one array has them. `flow_graph` tells arrays of floats apart whatever their entries.

    Raises TypeError if there is no Tensor to start from, TraceError while tracing.

    >>> w, b = Tensor(3.0), Tensor(1.0)
    >>> graph = FlowGraph((2.0 * w + b) ** 2, w=w, b=b)
    >>> graph.bprop()
    >>> graph["w"].grad, graph["b"].grad
    (28.0, 14.0)
    >>> graph.fprop(w=0.0)
    1.0
    """

    def __init__(self, result: Tensor, /, **names: Any) -> None:
        if type(result) is not Tensor:
            raise TypeError(f"FlowGraph: needs the Tensor that a computation ended in, got {type(result).__name__}")
        refuse_while_tracing(result, "FlowGraph")
        self.boxes: list[Box] = []
        below, known = boxes_below([result]), dict[int, Box]()
        called, self.nameless = names_of([*below, *(x for tensor in below for x in tensor.inputs)], names)

        def enter(x: Any) -> Any:
            """The box of an input, made when it is first met; numbers stay as they are."""
            if type(x) is not float and id(x) not in known:
                known[id(x)] = add(x)
            return known.get(id(x), x)

        def add(x: Any) -> Box:
            tensor = type(x) is Tensor
            inputs = [enter(i) for i in x.inputs] if tensor else []
            row, options, value = (x.row, x.options, x.value) if tensor else (None, {}, x)
            self.boxes.append(Box(called.get(id(x), ""), value, row, inputs, options, data=not tensor))
            return self.boxes[-1]

        for tensor in below:
            if any(type(x) is Tensor and x.number > tensor.number for x in tensor.inputs):
                raise StaleGraph("FlowGraph: a Tensor below has got a new value since; compute the result again")
            enter(tensor)
        self.result = known[id(result)]
        self.ask_for()

    def ask_for(self, *names: str) -> list[Box]:
        """Forget all gradients; mark the boxes that depend on the named variables (without names: on any that is not data)."""
        wanted = [self[name] for name in names] or [box for box in self.boxes if box.row is None and not box.data]
        for box in self.boxes:
            box.grad = None
            box.needed = box in wanted or any(type(x) is Box and x.needed for x in box.inputs)
        return wanted

    def __getitem__(self, name: str) -> Box:
        for box in self.boxes:
            if box.name == name:
                return box
        there = f"there are {', '.join(box.name for box in self.boxes if box.name)}"
        raise LookupError(f"FlowGraph: no box is called {name!r}; {self.nameless.get(name, there)}")

    def fprop(self, /, **values: Any) -> Any:
        """Every box's `fprop` in order, after giving new values to the variables named; returns the result's value.

        Raises LookupError for a name that no box has, ShapeError for a value of another shape, TypeError for an operator.
        """
        for name, given in values.items():
            box, value = self[name], as_value(given)
            if box.row is not None:
                raise TypeError(f"fprop: {name} is computed by {box.row.name}; give values to variables")
            if shape_of(value) != shape_of(box.value):
                raise ShapeError(f"fprop: {name} was recorded with shape {shape_of(box.value)}, got {shape_of(value)}")
            box.value = value
        for box in self.boxes:
            box.grad = None
            box.fprop()
        return self.result.value

    def bprop(self, *names: str) -> None:
        """Every box's `bprop` in reverse order, from 1 at the result, only as far as the named variables need it.

        Without names: all variables that are not data. Raises ShapeError if the result is not a scalar.
        """
        if shape_of(self.result.value):
            raise ShapeError(f"bprop: needs a scalar result, got shape {shape_of(self.result.value)}")
        wanted = self.ask_for(*names)
        self.result.grad = 1.0
        for box in reversed(self.boxes):
            box.bprop()
        for box, g in zip(wanted, hand_out([box.grad for box in wanted], [box.value for box in wanted]), strict=True):
            box.grad = g

    def count_boxes(self) -> int:
        """How many variables and operators there are; numbers that stand in a formula are not boxes."""
        return len(self.boxes)

    def count_paths(self, name: str) -> int:
        """How many paths lead from a box to the result, exactly, in one sweep: those of all boxes that use it, added up.

        >>> x = Tensor(0.5)
        >>> y = x
        >>> for _ in range(100):
        ...     y = y * y
        >>> FlowGraph(y, x=x).count_paths("x") == 2**100
        True
        """
        paths = {id(box): 0 for box in self.boxes}
        paths[id(self.result)] = 1
        for box in reversed(self.boxes):
            for x in box.inputs:
                if type(x) is Box:
                    paths[id(x)] += paths[id(box)]
        return paths[id(self[name])]

    def arrange(self) -> Arrangement:
        """Where the picture has its boxes."""
        return arrange(self.boxes)

    def draw(self) -> Drawing:
        """The graph as a picture: each box with its value above and its gradient below."""
        return draw(self.boxes)

    def _repr_html_(self) -> str | None:
        return self.draw()._repr_html_() if len(self.boxes) <= MOST else None

    def __repr__(self) -> str:
        few = len(self.boxes) < 10
        return f"FlowGraph({', '.join(map(repr, self.boxes))})" if few else f"FlowGraph of {len(self.boxes)} boxes"


def names_of(held: list[Any], names: dict[str, Any]) -> tuple[dict[int, str], dict[str, str]]:
    """What the Tensors and arrays of a graph are called, by their ids; and of a name without a box, why it has none."""
    ids = {id(x): x for x in held}
    called = {id(x): name for name, x in reversed(names.items()) if id(x) in ids}
    copied = {name: x for name, x in names.items() if id(x) not in ids and type(x) is np.ndarray}
    apart = "only Tensors and arrays are boxes, what else is passed stands in the formula itself"
    nameless = {name: apart for name, x in names.items() if not isinstance(x, (Tensor, np.ndarray))}
    arrays = [x for i, x in ids.items() if type(x) is np.ndarray and i not in called]
    for name, x in copied.items():
        found, rivals = ([y for y in group if same(x, y)] for group in (arrays, copied.values()))
        if len(found) == len(rivals) == 1:
            called[id(found[0])] = name
        elif found:
            nameless[name] = (
                f"{len(found)} array(s) in the graph and {len(rivals)} with a name have these entries; arrays of floats are "
                "told apart by flow_graph, and where they cannot be written to"
            )
    return called, nameless


def same(x: Any, y: Any) -> bool:
    return x.dtype.kind in "fiub" and np.array_equal(x, y, equal_nan=True)


def flow_graph(f: Callable[..., Any], /, *args: Any, **data: Any) -> FlowGraph:
    """Record f(*args, **data) as a flow graph; its variables are called after f's parameters.

    args : nests of arrays, the variables. data : what needs no gradient, passed to f by name.

    >>> graph = flow_graph(lambda w, b, x: np.tanh(w * x + b), 0.5, 0.0, x=2.0)
    >>> graph.count_boxes()
    5
    """
    leaves, rebuild = nest.flatten(args)
    variables = [Tensor(value_of(leaf)) for leaf in leaves]
    called = [name for label, x in zip(parameter_names(f, len(args)), args, strict=True) for name in leaf_names(x, label)]
    data = {key: as_value(x) if type(x) is np.ndarray and x.dtype == np.float64 else x for key, x in data.items()}
    return FlowGraph(f(*rebuild(variables), **data), **dict(zip(called, variables, strict=True)), **data)
