"""Programs: a recorded computation as a list of operations, for Python and for the page.

`trace` runs a function once on variables and keeps the boxes that its results depend on. The list can be run
again on other values, here by `Program.run` or in a browser by the same operations in JavaScript. `scan`
repeats a traced step; it is a primitive like any other, and its derivative rules are scans too.
"""

from __future__ import annotations

import base64
import inspect
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from . import nest
from .box import ACTIVE_TRACES, VARIABLE, Primitive, Tensor, as_value, boxes_below, call, next_number, shape_of, value_of
from .derivatives import jvp, vjp
from .errors import ShapeError, TraceError
from .primitives import TABLE, concatenate, getitem, reshape


class Operation(NamedTuple):
    """One operation: a row of the table, the slots it reads, its static options, the shape of its result."""

    row: Primitive
    inputs: tuple[int, ...]
    options: dict[str, Any]
    shape: tuple[int, ...]


class Program(NamedTuple):
    """A straight list of operations over numbered slots: inputs first, then constants, then one slot an operation."""

    inputs: tuple[tuple[str, tuple[int, ...]], ...]
    constants: tuple[Any, ...]
    operations: tuple[Operation, ...]
    outputs: tuple[tuple[str, int], ...]
    rebuild: Callable[[Any], Any]

    def run(self, *inputs: Any) -> Any:
        """The results for these inputs, one per name in `inputs`, nested as the traced function returned them.

        Recorded if an input is a Tensor. Raises ShapeError if an input is missing or of another shape than the
        one that was traced.
        """
        if len(inputs) != len(self.inputs):
            names = ", ".join(name for name, _ in self.inputs)
            raise ShapeError(f"run: needs {len(self.inputs)} input(s) ({names}), got {len(inputs)}")
        held = [x if type(x) is Tensor else as_value(x) for x in inputs]
        for (name, shape), x in zip(self.inputs, held, strict=True):
            if shape_of(x) != shape:
                raise ShapeError(f"run: input {name} was traced with shape {shape}, got {shape_of(x)}")
        slots = [*held, *self.constants]
        for row, sources, options, _ in self.operations:
            slots.append(call(row, *[slots[i] for i in sources], **options))
        found = [slots[i] for _, i in self.outputs]
        return self.rebuild([y if type(y) is Tensor or shape_of(y) else float(y) for y in found])

    def to_json(self) -> dict[str, Any]:
        """The program as the page's interpreter reads it: plain lists, numbers and text."""
        shapes = [shape for _, shape in self.inputs] + [shape_of(c) for c in self.constants]
        operations = []
        for row, sources, options, shape in self.operations:
            kernel, settings = row.lower([shapes[i] for i in sources], options) if row.lower else (row.name, options)
            operations.append([kernel, list(sources), list(shape), *([settings] if settings else [])])
            shapes.append(shape)
        return {
            "inputs": [[name, list(shape)] for name, shape in self.inputs],
            "constants": [[list(shape_of(c)), encode(c)] for c in self.constants],
            "ops": operations,
            "outputs": [[name, slot] for name, slot in self.outputs],
        }


def encode(value: Any) -> Any:
    """A constant in JSON: a number, or base64 of little-endian float64."""
    if type(value) is float:
        return value if math.isfinite(value) else str(value)
    return base64.b64encode(np.ascontiguousarray(value, dtype="<f8").tobytes()).decode()


def trace(f: Callable[..., Any], *examples: Any) -> Program:
    """Record f as a program, by running it once on the examples.

    The examples give shapes (and values to run on); they may be nests, and become inputs named after f's
    parameters. f must do the same operations whatever the values: `bool()`, `item()`, `detach()` and
    `backward()` of a traced Tensor raise TraceError, and so does a Tensor from outside f. Results that do not
    depend on the inputs are constants of the program.

    >>> program = trace(lambda x, a: np.sum(a * x**2), np.ones(3), 2.0)
    >>> program.run(np.array([1.0, 2.0, 3.0]), 10.0)
    140.0
    >>> [operation.row.name for operation in program.operations]
    ['square', 'multiply', 'sum']
    """
    result, variables, names = record_inside(f, examples)
    program, captured = to_program(result, variables, names)
    if captured:
        raise TraceError(
            f"trace: the function uses a Tensor from outside (of shape {captured[0].shape}); "
            "pass it as an argument, or use its bare value"
        )
    return program


def record_inside(f: Callable[..., Any], examples: tuple[Any, ...]) -> tuple[Any, list[Tensor], list[str]]:
    """Run f on fresh variables while asking for their values is refused."""
    leaves, rebuild = nest.flatten(examples)
    first = next_number()
    variables = [Tensor(value_of(leaf)) for leaf in leaves]
    ACTIVE_TRACES.append((first, next_number()))
    try:
        result = f(*rebuild(variables))
    finally:
        ACTIVE_TRACES.pop()
    labels = [
        name for label, x in zip(parameter_names(f, len(examples)), examples, strict=True) for name in nest.names(x, label)
    ]
    return result, variables, labels


def parameter_names(f: Callable[..., Any], n: int) -> list[str]:
    try:
        found = [
            p.name for p in inspect.signature(f).parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):
        found = []
    return (found + [f"x{i}" for i in range(len(found), n)])[:n]


def to_program(result: Any, variables: list[Tensor], labels: list[str]) -> tuple[Program, list[Tensor]]:
    """The boxes between variables and result as a program; Tensors from outside become further inputs, and are listed."""
    outputs, rebuild = nest.flatten(result)
    outputs = [y if type(y) is Tensor else as_value(y) if y is not None else nothing() for y in outputs]
    since = variables[0].number if variables else next_number()
    boxes: dict[int, Tensor] = {}
    for y in outputs:
        if type(y) is Tensor and y.number >= since:
            boxes.update((box.number, box) for box in boxes_below(y, since))
    inside = {v.number for v in variables}
    computed = [boxes[n] for n in sorted(boxes) if n not in inside]
    used = [x for box in computed for x in box.inputs] + outputs
    captured = list({x.number: x for x in used if type(x) is Tensor and x.number < since}.values())

    slots: dict[Any, int] = {x.number: i for i, x in enumerate([*variables, *captured])}
    inputs = [
        *zip(labels, (v.shape for v in variables), strict=True),
        *((f"outside{i}", x.shape) for i, x in enumerate(captured)),
    ]
    constants: list[Any] = []

    def slot_of(x: Any) -> int:
        key = x.number if type(x) is Tensor else (shape_of(x), np.float64(x).tobytes())
        if key not in slots:
            slots[key] = len(inputs) + len(constants)
            constants.append(x)
        return slots[key]

    for box in computed:
        if box.row is None:
            slots[box.number] = slot_of(box.value)
        for x in box.inputs:
            if type(x) is not Tensor:
                slot_of(x)
    for y in outputs:
        if type(y) is not Tensor:
            slot_of(y)
    operations: list[Operation] = []
    made: dict[Any, int] = {}
    for box in computed:
        sources = tuple(slot_of(x) for x in box.inputs)
        if box.row is VARIABLE:
            slots[box.number] = sources[0]
        elif box.row is not None:
            operation = Operation(box.row, sources, box.options, box.shape)
            same = (box.row.name, sources, repr(box.options)) if box.row is not SCAN else box.number
            slots[box.number] = made.setdefault(same, len(inputs) + len(constants) + len(operations))
            if slots[box.number] == len(inputs) + len(constants) + len(operations):
                operations.append(operation)
    named = tuple((name or "result", slot_of(y)) for name, y in zip(nest.names(result), outputs, strict=True))
    return Program(tuple(inputs), tuple(constants), tuple(operations), named, rebuild), captured


def nothing() -> Any:
    raise TraceError("trace: the function returned None; does it end in `return`?")


# Scan -----------------------------------------------------------------------------------------------------


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
    shapes = [shape for _, shape in body_output_shapes(body)]
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


def without_unread_inputs(program: Program, candidates: range) -> tuple[Program, list[int]]:
    """The program less those of the candidate inputs that nothing reads; and which of them are left."""
    reads = {i for operation in program.operations for i in operation.inputs} | {slot for _, slot in program.outputs}
    unread = [i for i in candidates if i not in reads]
    if not unread:
        return program, list(candidates)
    new = {}
    for i in range(len(program.inputs) + len(program.constants) + len(program.operations)):
        new[i] = i - len([u for u in unread if u < i])
    return program._replace(
        inputs=tuple(x for i, x in enumerate(program.inputs) if i not in unread),
        operations=tuple(o._replace(inputs=tuple(new[i] for i in o.inputs)) for o in program.operations),
        outputs=tuple((name, new[slot]) for name, slot in program.outputs),
    ), [i for i in candidates if i not in unread]


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


def body_output_shapes(body: Program) -> list[tuple[str, tuple[int, ...]]]:
    shapes = [s for _, s in body.inputs] + [shape_of(c) for c in body.constants] + [o.shape for o in body.operations]
    return [(name, shapes[slot]) for name, slot in body.outputs]


def leaves_of(body: Program, inputs: Any) -> list[Any]:
    return nest.flatten(body.run(*inputs))[0]


def run_scan(*inputs: Any, body: Program, length: int, carries: int, sequences: int) -> Any:
    """The carries after the last step, then every kept result stacked over the steps, all in one flat array."""
    carry = list(inputs[:carries])
    moving, fixed = inputs[carries : carries + sequences], inputs[carries + sequences :]
    shapes = [shape for _, shape in body_output_shapes(body)][carries:]
    kept = [np.empty((length, *shape)) for shape in shapes]
    for t in range(length):
        out = leaves_of(body, (*carry, *[s[t] for s in moving], *fixed))
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
    shapes = [shape for _, shape in body_output_shapes(body)]
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


SCAN = TABLE["scan"] = Primitive("scan", run_scan, None, push=push_scan, joint=pull_scan, lower=lower_scan)
