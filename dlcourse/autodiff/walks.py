"""The two walks over the flow graph.

`backward_walk` carries gradients from the result to the leaves (reverse mode), `forward_walk` carries tangents
from the leaves to the result (forward mode). Creation numbers give the order, so both are plain loops: no
recursion, no tape, the same order each time.

A walk concerns leaves numbered `since` and later. It runs on bare values, unless the result has an older leaf:
then something outside is being differentiated or traced, and the walk itself is recorded.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

from .box import VARIABLE, Tensor, boxes_below, hand_out, refuse_while_tracing, unbroadcast, value_of
from .errors import ShapeError, StaleGraph


def backward_walk(results: list[Tensor], cotangents: list[Any], since: int) -> dict[int, Any]:
    """Reverse mode: the gradients of the leaves numbered `since` or later, by number.

    A box is taken when all boxes made after it are done, so its gradient is complete: what several paths
    contribute has been added up. Inputs older than `since`, and plain arrays, get none.
    """
    recording = False
    pending: dict[int, list[Any]] = {}  # number → [box, what its gradient has come to]
    queue: list[int] = []
    leaves: dict[int, Any] = {}
    for result, cotangent in zip(results, cotangents, strict=True):
        if result.number in pending:
            pending[result.number][1] = pending[result.number][1] + cotangent
        elif result.number >= since:
            recording = recording or result.oldest < since
            pending[result.number] = [result, cotangent]
            heappush(queue, -result.number)
    while queue:
        number = -heappop(queue)
        box, g = pending.pop(number)
        row, inputs, options = box.row, box.inputs, box.options
        if row is None or (row is VARIABLE and inputs[0].number < since):
            leaves[number] = g
            continue
        rules = row.rules
        if recording:
            y, values = box, inputs
        elif len(inputs) == 2:  # spelt out, as most boxes have two inputs
            a, b = inputs
            y, values = box.value, (a.value if type(a) is Tensor else a, b.value if type(b) is Tensor else b)
        else:
            y, values = box.value, tuple([x.value if type(x) is Tensor else x for x in inputs])
        found: list[Any] = []
        if rules is None:
            found = row.pull(g, y, values, options, [type(x) is Tensor and x.number >= since for x in inputs])
        for i, x in enumerate(inputs):
            if type(x) is not Tensor or x.number < since:
                continue
            if rules is None:
                gx = found[i]
            elif (rule := rules[i]) is None:
                continue
            else:
                gx = rule(g, y, *values, **options) if options else rule(g, y, *values)
                if row.elementwise and type(gx) is not float and gx.shape != x.shape:
                    gx = unbroadcast(gx, x.shape)
            entry = pending.get(x.number)
            if entry is None:
                pending[x.number] = [x, gx]
                heappush(queue, -x.number)
            else:
                entry[1] = entry[1] + gx
    return leaves


def forward_walk(results: list[Tensor], tangents: dict[int, Any], since: int) -> list[Any]:
    """Forward mode: the tangents of the results, given those of leaves by number; None where it is zero."""
    recording = any(result.oldest < since for result in results)
    tangents = dict(tangents)
    for box in boxes_below(results, since):
        if box.number in tangents or box.row is None:
            continue
        moving = [tangents.get(x.number) if type(x) is Tensor else None for x in box.inputs]
        if all(t is None for t in moving):
            continue
        y, values = (box, box.inputs) if recording else (box.value, tuple(map(value_of, box.inputs)))
        t = box.row.carry(moving, y, values, box.options)
        if t is not None:
            tangents[box.number] = t
    return [tangents.get(result.number) for result in results]


def backward(self: Tensor) -> None:
    """Add ∂self/∂leaf to `.grad` of every leaf below, as plain arrays.

    It adds, so that several losses can share leaves; set `.grad = None` (or call `Optimizer.zero_grad`)
    between steps. Use `grad` for derivatives of higher order.

    Raises ShapeError if this Tensor is not a scalar, TraceError while tracing, StaleGraph if an optimiser has
    moved a leaf since.
    """
    refuse_while_tracing(self, "backward()", "; use grad(f) inside a traced function")
    if self.shape:
        raise ShapeError(f"backward: needs a scalar, got shape {self.shape}; sum it first, or use jacobian for all its rows")
    below = boxes_below([self])
    if any(type(x) is Tensor and x.number > box.number for box in below for x in box.inputs):
        raise StaleGraph("backward: a Tensor below has got a new value since; compute the result again, then go backward")
    found = backward_walk([self], [1.0], since=0)
    leaves = [box for box in below if box.number in found]
    for leaf, g in zip(leaves, hand_out([found[leaf.number] for leaf in leaves], leaves), strict=True):
        leaf.grad = g if leaf.grad is None else leaf.grad + g


Tensor.backward = backward  # type: ignore[attr-defined]
