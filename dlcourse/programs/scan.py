"""Scan: a step repeated many times, as one box.

The step is traced once. Its derivative rules are scans too: forward over the step's tangents, backward over its
pullback.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from ..autodiff import nest
from ..autodiff.box import Tensor, as_value, call, row, shape_of, value_of
from ..autodiff.derivatives import jvp, vjp
from ..autodiff.errors import ShapeError
from ..autodiff.primitives import concatenate, getitem, reshape, stack
from ..autodiff.walks import directions
from .compile import generate
from .leaves import leaves as leaves_of
from .program import Program, record_inside, to_program

MANY = 16  # steps from which on it pays to generate their source


def scan(
    step: Callable[[Any, Any], tuple[Any, Any]], start: Any, sequence: Any = None, length: int | None = None
) -> tuple[Any, Any]:
    """Repeat a step: carry, y_t = step(carry, x_t) for t = 0 … length − 1, as one box.

    Parameters
    ----------
    step : takes the carry and one entry x_t of the sequence (None without one); returns the next carry, shaped
        like the last, and what to keep of this step (any nest, or None). It may use Tensors from outside. It is
        recorded once: what it reads through `.value`, and any `if` on it, stays as in step 0; write np.where instead.
    start : the first carry, any nest.
    sequence : a nest of arrays whose first axis is t.

    Returns
    -------
    The last carry, and the kept y_t stacked along a new first axis.

    Raises ShapeError if a carry changes its shape or the sequences differ in length, TypeError if the step returns no
    pair; TraceError as `trace`.

    >>> last, kept = scan(lambda x, t: (0.5 * x, x), 8.0, length=3)
    >>> last, kept
    (1.0, array([8., 4., 2.]))
    """
    carries, put_carry = nest.flatten(start)
    sequences, put_sequence = ([], lambda _: None) if sequence is None else nest.flatten(sequence)
    carries, sequences = ([x if type(x) is Tensor else as_value(x) for x in group] for group in (carries, sequences))
    n, k = count_steps(sequences, length), len(carries)

    def flat_step(*leaves: Any) -> tuple[list[Any], Any]:
        made = step(put_carry(leaves[:k]), put_sequence(leaves[k:]))
        if not isinstance(made, (tuple, list)) or len(made) != 2:
            raise TypeError(f"scan: the step must return a pair, the next carry and what to keep (or None), got {made!r:.60}")
        carry, kept = made
        parts = nest.flatten(carry)[0]
        return leaves_of(carry, start, "scan: the carry") if len(parts) == k else parts, () if kept is None else kept

    first = [value_of(s)[0] if n else np.zeros(shape_of(s)[1:]) for s in sequences]
    result, variables = record_inside(flat_step, (*map(value_of, carries), *first))
    body, outside = to_program(result, variables, [f"x{i}" for i in range(len(variables))])
    body, read = without_unread_inputs(body, k, len(variables))
    sequences = [sequences[i - k] for i in read]
    shapes = body.output_shapes()
    if len(result[0]) != k or shapes[:k] != [shape_of(c) for c in carries]:
        raise ShapeError(f"scan: the carry must keep its shapes {[shape_of(c) for c in carries]}, the step made {shapes[:k]}")

    flat = call(SCAN, *carries, *sequences, *outside, body=body, length=n, carries=k, sequences=len(sequences))
    parts = cut(flat, [*shapes[:k], *((n, *shape) for shape in shapes[k:])])
    parts = [p if type(p) is Tensor or shape_of(p) else float(p) for p in parts]
    return put_carry(parts[:k]), nest.flatten(result[1])[1](parts[k:]) if parts[k:] else None


def count_steps(sequences: list[Any], length: int | None) -> int:
    lengths = {shape_of(s)[0] if shape_of(s) else None for s in sequences} | ({length} if length is not None else set())
    if len(lengths) != 1 or None in lengths:
        raise ShapeError(
            f"scan: needs a length, and sequences whose first axis has it; got lengths {sorted(map(str, lengths))}"
        )
    n = lengths.pop()
    if not isinstance(n, (int, np.integer)) or n < 0:
        raise ShapeError(f"scan: length must be a whole number ≥ 0, got {n!r}")
    return int(n)


def without_unread_inputs(program: Program, start: int, stop: int) -> tuple[Program, list[int]]:
    """The program less those of its inputs from start to stop that nothing reads; and which of them are left."""
    reads = {i for operation in program.operations for i in operation.inputs} | {slot for _, slot in program.outputs}
    gone = set(range(start, stop)) - reads
    new = list(accumulate([i not in gone for i in range(len(program.shapes()))], initial=0))  # slot → how many stay before it
    return program._replace(
        inputs=tuple([x for i, x in enumerate(program.inputs) if i not in gone]),
        operations=tuple([o._replace(inputs=tuple([new[i] for i in o.inputs])) for o in program.operations]),
        outputs=tuple([(name, new[slot]) for name, slot in program.outputs]),
    ), [i for i in range(start, stop) if i not in gone]


class Running(threading.local):
    """Of the scans that run in this thread: bodies and the steps that were generated from them, by the body's id."""

    steps: dict[int, tuple[Program, Callable[..., Any]]] | None = None


RUNNING = Running()


def run_scan(*inputs: Any, **options: Any) -> Any:
    """The carries after the last step, then every kept result stacked over the steps, all in one flat array.

    The source of a scan that runs in every step of another is generated once, and forgotten when the outer one ends.
    """
    if RUNNING.steps is not None:
        return run_steps(RUNNING.steps, *inputs, **options)
    RUNNING.steps = {}
    try:
        return run_steps(RUNNING.steps, *inputs, **options)
    finally:
        RUNNING.steps = None


def run_steps(
    generated: dict[int, tuple[Program, Callable[..., Any]]],
    *inputs: Any,
    body: Program,
    length: int,
    carries: int,
    sequences: int,
) -> Any:
    carry, moving, fixed = split(inputs, carries, sequences)
    kept = [np.empty((length, *shape)) for shape in body.output_shapes()[carries:]]
    step = lambda *x: body.results(x)  # noqa: E731
    if length > MANY:
        if id(body) not in generated:
            first = [*carry, *[s[0] for s in moving], *fixed]
            arguments = [(name, x) for (name, _), x in zip(body.inputs, first, strict=True)]
            generated[id(body)] = body, generate(body, "step", arguments)  # with the body, or its id could become another's
        _, step = generated[id(body)]
    for t in range(length):
        out = step(*carry, *[s[t] for s in moving], *fixed)
        carry = out[:carries]
        for whole, y in zip(kept, out[carries:], strict=True):
            whole[t] = y
    parts = [np.ravel(p) for p in (*carry, *kept)]
    return np.concatenate(parts) if parts else np.zeros(0)


def split(inputs: Any, carries: int, sequences: int, **_: Any) -> tuple[list[Any], list[Any], list[Any]]:
    """Carries, sequences, and what the step uses from outside."""
    return list(inputs[:carries]), list(inputs[carries : carries + sequences]), list(inputs[carries + sequences :])


def cut(flat: Any, shapes: list[tuple[int, ...]]) -> list[Any]:
    """The arrays of these shapes that lie one after the other in a flat array."""
    ends = pairwise(accumulate(map(math.prod, shapes), initial=0))
    return [reshape(getitem(flat, slice(a, b)), shape) if shape else getitem(flat, a) for (a, b), shape in zip(ends, shapes)]


def push_scan(tangents: list[Any], y: Any, *inputs: Any, **options: Any) -> Any:
    """The tangent of a scan: a scan over the step's tangents."""
    body, k = options["body"], options["carries"]
    many = next(directions(t, x) for t, x in zip(tangents, inputs, strict=True) if t is not None)
    if many == (0,):
        return np.zeros((0, *shape_of(y)))
    if many:
        each = [[None if t is None else t[i] for t in tangents] for i in range(many[0])]
        return stack([push_scan(one, y, *inputs, **options) for one in each])
    filled = [np.zeros(shape_of(x)) if t is None else t for t, x in zip(tangents, inputs, strict=True)]
    carry, moving, fixed = split(inputs, **options)
    d_carry, d_moving, d_fixed = split(filled, **options)

    def step(state: Any, x: Any) -> Any:
        values, moved = jvp(lambda *leaves: body.results(leaves), (*state[0], *x[0], *fixed), (*state[1], *x[1], *d_fixed))
        return (values[:k], moved[:k]), moved[k:]

    (_, last), kept = scan(step, (carry, d_carry), (moving, d_moving), length=options["length"])
    return concatenate([reshape(p, (-1,)) for p in (*last, *(kept or []))])


def pull_scan(g: Any, y: Any, inputs: Any, options: dict[str, Any], wanted: list[bool]) -> list[Any]:
    """The gradient of a scan: forward once more to know each step's carry, then a scan back over the step's pullback."""
    body, k, n = options["body"], options["carries"], options["length"]
    carry, moving, fixed = split(inputs, **options)
    shapes = body.output_shapes()
    g_parts = cut(g, [*shapes[:k], *((n, *shape) for shape in shapes[k:])])
    _, before = scan(lambda c, x: (body.results([*c, *x, *fixed])[:k], c), carry, moving, length=n)

    def step(state: Any, x: Any) -> Any:
        g_carry, g_fixed = state
        c, entries, g_kept = x
        _, pullback = vjp(lambda *leaves: body.results(leaves), *c, *entries, *fixed)
        g_c, g_x, g_f = split(pullback([*g_carry, *g_kept]), **options)
        return (g_c, [a + b for a, b in zip(g_fixed, g_f, strict=True)]), g_x

    backwards = [[s[::-1] for s in group] for group in (before or [], moving, g_parts[k:])]
    zeros = [np.zeros(shape_of(x)) for x in fixed]
    (g_carry, g_fixed), g_moving = scan(step, (g_parts[:k], zeros), backwards, length=n)
    return [*g_carry, *[s[::-1] for s in g_moving or []], *g_fixed]


SCAN = row("scan", run_scan, pull_scan, push=push_scan)
