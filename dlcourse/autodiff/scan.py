"""Scan: a step repeated many times, as one box.

The step is traced once. Its derivative rules are scans too: forward over the step's tangents, backward over its
pullback.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from . import nest
from .box import Tensor, as_value, call, directions, shape_of, value_of
from .compile import generate
from .derivatives import jvp, vjp
from .errors import ShapeError
from .primitives import concatenate, getitem, reshape, stack
from .primitives.table import row
from .program import Program, record_inside, to_program, without_unread_inputs

MANY = 16  # steps from which on it pays to generate their source


def scan(
    step: Callable[[Any, Any], tuple[Any, Any]], start: Any, sequence: Any = None, length: int | None = None
) -> tuple[Any, Any]:
    """Repeat a step: carry, y_t = step(carry, x_t) for t = 0 … length − 1, as one box.

    Parameters
    ----------
    step : takes the carry and one entry x_t of the sequence (None without one); returns the next carry, shaped
        like the last, and what to keep of this step (any nest, or None). It may use Tensors from outside.
    start : the first carry, any nest.
    sequence : a nest of arrays whose first axis is t.

    Returns
    -------
    The last carry, and the kept y_t stacked along a new first axis.

    Raises ShapeError if a carry changes its shape or the sequences differ in length; TraceError as `trace`.

    >>> last, kept = scan(lambda x, t: (0.5 * x, x), 8.0, length=3)
    >>> last, kept
    (1.0, array([8., 4., 2.]))
    """
    carries, put_carry = nest.flatten(start)
    sequences, put_sequence = ([], lambda _: None) if sequence is None else nest.flatten(sequence)
    carries = [c if type(c) is Tensor else as_value(c) for c in carries]
    sequences = [s if type(s) is Tensor else as_value(s) for s in sequences]
    n = count_steps(sequences, length)
    k, m = len(carries), len(sequences)

    def flat_step(*leaves: Any) -> tuple[list[Any], Any]:
        carry, kept = step(put_carry(leaves[:k]), put_sequence(leaves[k:]))
        return nest.flatten(carry)[0], () if kept is None else kept

    first = [np.array(value_of(s))[0] if n else np.zeros(shape_of(s)[1:]) for s in sequences]
    result, variables, _ = record_inside(flat_step, (*map(value_of, carries), *first))
    new, kept = result
    body, outside = to_program((new, kept), variables, [f"x{i}" for i in range(len(variables))])
    body, read = without_unread_inputs(body, range(k, k + m))
    sequences, m = [sequences[i - k] for i in read], len(read)
    shapes = body.output_shapes()
    if len(new) != k or any(a != shape_of(c) for a, c in zip(shapes, carries, strict=False)):
        raise ShapeError(f"scan: the carry must keep its shapes {[shape_of(c) for c in carries]}, the step made {shapes[:k]}")

    flat = call(SCAN, *carries, *sequences, *outside, body=body, length=n, carries=k, sequences=m)
    parts = []
    at = 0
    for i, shape in enumerate(shapes):
        whole = shape if i < k else (n, *shape)
        size = math.prod(whole)
        parts.append(reshape(getitem(flat, slice(at, at + size)), whole) if whole else getitem(flat, at))
        at += size
    parts = [float(p) if type(p) is not Tensor and not shape_of(p) else p for p in parts]
    _, put_kept = nest.flatten(kept)
    return put_carry(parts[:k]), put_kept(parts[k:]) if parts[k:] else None


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


def leaves_of(body: Program, inputs: Any) -> list[Any]:
    return nest.flatten(body.run(*inputs))[0]


def run_scan(*inputs: Any, body: Program, length: int, carries: int, sequences: int) -> Any:
    """The carries after the last step, then every kept result stacked over the steps, all in one flat array."""
    carry = list(inputs[:carries])
    moving, fixed = inputs[carries : carries + sequences], inputs[carries + sequences :]
    shapes = body.output_shapes()[carries:]
    kept = [np.empty((length, *shape)) for shape in shapes]
    if length > MANY:
        step = generate(body, "step", [(name, None) for name, _ in body.inputs])
    else:
        step = lambda *leaves: leaves_of(body, leaves)  # noqa: E731
    for t in range(length):
        out = step(*carry, *[s[t] for s in moving], *fixed)
        carry = out[:carries]
        for whole, y in zip(kept, out[carries:], strict=True):
            whole[t] = y
    parts = [np.ravel(p) for p in (*carry, *kept)]
    return np.concatenate(parts) if parts else np.zeros(0)


def split_inputs(inputs: Any, options: dict[str, Any]) -> tuple[list[Any], list[Any], list[Any]]:
    k, m = options["carries"], options["sequences"]
    return list(inputs[:k]), list(inputs[k : k + m]), list(inputs[k + m :])


def cut(flat: Any, shapes: list[tuple[int, ...]]) -> list[Any]:
    """The arrays of these shapes that lie one after the other in a flat array."""
    found, at = [], 0
    for shape in shapes:
        size = math.prod(shape)
        found.append(reshape(getitem(flat, slice(at, at + size)), shape))
        at += size
    return found


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
    carry, moving, fixed = split_inputs(inputs, options)
    d_carry, d_moving, d_fixed = split_inputs(filled, options)

    def step(state: Any, x: Any) -> Any:
        values, moved = jvp(lambda *leaves: leaves_of(body, leaves), (*state[0], *x[0], *fixed), (*state[1], *x[1], *d_fixed))
        return (values[:k], moved[:k]), moved[k:]

    (_, last), kept = scan(step, (carry, d_carry), (moving, d_moving), length=options["length"])
    return concatenate([reshape(p, (-1,)) for p in (*last, *(kept or []))])


def pull_scan(g: Any, y: Any, inputs: Any, options: dict[str, Any], wanted: list[bool]) -> list[Any]:
    """The gradient of a scan: forward once more to know each step's carry, then a scan back over the step's pullback."""
    body, k, n = options["body"], options["carries"], options["length"]
    carry, moving, fixed = split_inputs(inputs, options)
    shapes = body.output_shapes()
    g_parts = cut(g, [*shapes[:k], *((n, *shape) for shape in shapes[k:])])
    _, before = scan(lambda c, x: (leaves_of(body, (*c, *x, *fixed))[:k], c), carry, moving, length=n)

    def step(state: Any, x: Any) -> Any:
        g_carry, g_fixed = state
        c, entries, g_kept = x
        _, pullback = vjp(lambda *leaves: leaves_of(body, leaves), *c, *entries, *fixed)
        found = pullback([*g_carry, *g_kept])
        g_c, g_x, g_f = split_inputs(found, options)
        return (g_c, [a + b for a, b in zip(g_fixed, g_f, strict=True)]), g_x

    backwards = [[s[::-1] for s in group] for group in (before or [], moving, g_parts[k:])]
    zeros = [np.zeros(shape_of(x)) for x in fixed]
    (g_carry, g_fixed), g_moving = scan(step, (g_parts[:k], zeros), backwards, length=n)
    return [*g_carry, *[s[::-1] for s in g_moving or []], *g_fixed]


def lower_scan(shapes: Any, options: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "scan", {**options, "body": options["body"].to_json()}


SCAN = row("scan", run_scan, None, push=push_scan, joint=pull_scan, lower=lower_scan)
