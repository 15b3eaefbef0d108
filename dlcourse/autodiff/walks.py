"""The two walks over the flow graph.

`backward_walk` carries gradients from the result to the leaves (reverse mode), `forward_walk` carries tangents from
the leaves to the result (forward mode). Creation numbers give the order, so both are plain loops: no recursion, no
tape, the same order each time. A walk concerns leaves numbered `since` and later. It runs on bare values, unless the
result has an older leaf: then something outside is being differentiated or traced, and the walk itself is recorded.
"""

from heapq import heappop, heappush
from typing import Any

import numpy as np

from .box import VARIABLE, Primitive, Tensor, boxes_below, refuse_while_tracing, shape_of, value_of
from .errors import MissingRule, ShapeError, StaleGraph


def backward_walk(results: list[Any], cotangents: list[Any], since: int) -> dict[int, Any]:
    """Reverse mode: the gradients of the leaves numbered `since` or later, by number.

    A box is taken when all boxes made after it are done, so its gradient is complete: what several paths
    contribute has been added up. Inputs older than `since`, and plain arrays, get none.
    """
    recording = False
    pending: dict[int, list[Any]] = {}  # −number → [box, what its gradient has come to]
    queue: list[int] = []
    leaves: dict[int, Any] = {}
    for result, cotangent in zip(results, cotangents, strict=True):
        if type(result) is not Tensor or result.number < since:
            continue
        if -result.number in pending:
            cotangent = pending.pop(-result.number)[1] + cotangent
        else:
            heappush(queue, -result.number)
        recording = recording or result.oldest < since
        pending[-result.number] = [result, cotangent]
    while queue:
        number = heappop(queue)
        box, g = pending.pop(number)
        row, inputs, options = box.row, box.inputs, box.options
        if row is None or (row is VARIABLE and inputs[0].number < since):
            leaves[-number] = g
            continue
        y, values = (box, inputs) if recording else (box.value, [x.value if type(x) is Tensor else x for x in inputs])
        arguments, rules = (g, y, *values), row.rules
        if joint := type(rules) is not tuple:
            if rules is None:
                raise MissingRule(f"{row.name}: this primitive has no derivative rule")
            rules = rules(g, y, values, options, [type(x) is Tensor and x.number >= since for x in inputs])
        for i, rule in enumerate(rules):
            x = inputs[i]
            if rule is not None and type(x) is Tensor and x.number >= since:
                gx = rule if joint else rule(*arguments, **options) if options else rule(*arguments)
                if type(gx) is not float and gx.shape != x.shape:
                    gx = sum_to(gx, x.shape)
                number = -x.number
                if number in pending:
                    entry = pending[number]
                    entry[1] = entry[1] + gx
                else:
                    pending[number] = [x, gx]
                    heappush(queue, number)
    return leaves


def forward_walk(results: list[Any], tangents: dict[int, Any], since: int) -> dict[int, Any]:
    """Forward mode: the tangents of the boxes below the results by number, given those of leaves; none where it is zero."""
    moving = [y for y in results if type(y) is Tensor]
    recording = any(y.oldest < since for y in moving)
    for box in boxes_below(moving, since):
        if box.row is not None and box.number not in tangents:
            given = [tangents.get(x.number) if type(x) is Tensor else None for x in box.inputs]
            if any(t is not None for t in given):
                y, values = (box, box.inputs) if recording else (box.value, [value_of(x) for x in box.inputs])
                if (t := push(box.row, given, y, values, box.options)) is not None:
                    tangents[box.number] = t
    return tangents


def push(row: Primitive, tangents: list[Any], y: Any, inputs: Any, options: dict[str, Any]) -> Any:
    """What flows forward through one box: the tangent of its result, None where it is zero."""
    rules = row.push or row.rules
    if rules is None:
        raise MissingRule(f"{row.name}: this primitive has no derivative rule")
    if callable(rules):
        return rules(tangents, y, *inputs, **options)
    total, shape = None, shape_of(y)
    for t, x, rule in zip(tangents, inputs, rules, strict=True):
        if t is not None and rule is not None:
            many, own = directions(t, x), shape_of(x)
            if row.push is None and many and len(own) < len(shape):  # the axes that broadcasting gives x come behind them
                t = t.reshape(many + (1,) * (len(shape) - len(own)) + own)
            term = rule(t, y, *inputs, **options)
            total = term if total is None else total + term
    return total if total is None or shape_of(total) == many + shape else np.broadcast_to(total, many + shape)


def directions(t: Any, x: Any) -> tuple[int, ...]:
    """The axes that a tangent of x has in front of those of x: () for one direction, (k,) for k at once."""
    given = shape_of(t)
    return given[: len(given) - len(shape_of(x))]


def sum_to(g: Any, shape: tuple[int, ...]) -> Any:
    """The adjoint of broadcasting: sum over the axes along which a value of this shape was repeated."""
    given = shape_of(g)
    if given == shape:
        return g
    extra = len(given) - len(shape)
    axes = tuple(range(extra)) + tuple(extra + i for i, n in enumerate(shape) if n == 1 and given[extra + i] != 1)
    return g.sum(axis=axes).reshape(shape)


def hand_out(derivatives: list[Any], like: list[Any]) -> list[Any]:
    """Derivatives (None: zero) as the caller gets them: floats, Tensors, and arrays that nobody else holds, shaped `like`."""
    given: set[int] = set()
    for i, g in enumerate(derivatives):
        if type(g) is not float and type(g) is not Tensor:
            shape = shape_of(like[i])
            g = np.zeros(shape) if g is None else g
            if shape and (id(g) in given or not g.flags.writeable or g.base is not None):
                g = g.copy()
            given.add(id(g))
            derivatives[i] = g if shape else float(g)
    return derivatives


def backward(self: Tensor) -> None:
    """Add ∂self/∂leaf to `.grad` of every leaf below, as plain arrays.

    It adds, so that several losses can share leaves; set `.grad = None` (or call `Optimizer.zero_grad`) between steps.
    Use `grad` for derivatives of higher order. Raises ShapeError if this Tensor is not a scalar, TraceError while
    tracing, StaleGraph if an optimiser has moved a leaf since.
    """
    refuse_while_tracing(self, "backward()", "; use grad(f) inside a traced function")
    if self.shape:
        raise ShapeError(f"backward: needs a scalar, got shape {self.shape}; sum it first, or use jacobian for all its rows")
    below = boxes_below([self])
    if any(type(x) is Tensor and x.number > box.number for box in below for x in box.inputs):
        raise StaleGraph("backward: a Tensor below has got a new value since; compute the result again, then go backward")
    found = backward_walk([self], [1.0], since=0)
    leaves = [box for box in below if box.number in found]
    for leaf, g in zip(leaves, hand_out([found[leaf.number] for leaf in leaves], leaves)):
        leaf.grad = g if leaf.grad is None else leaf.grad + g


Tensor.backward = backward  # type: ignore[attr-defined]
