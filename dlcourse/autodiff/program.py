"""Programs: a recorded computation as a list of operations, for Python and for the page.

`trace` runs a function once on variables and keeps the boxes that its results depend on. The list can be run
again on other values, here by `Program.run` or in a browser by the same operations in JavaScript.
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
from .errors import ShapeError, TraceError

MANY_NUMBERS = 64  # from which on it is worth while to look for a shorter form


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

    def output_shapes(self) -> list[tuple[int, ...]]:
        """The shape of each result."""
        shapes = (
            [shape for _, shape in self.inputs] + [shape_of(c) for c in self.constants] + [o.shape for o in self.operations]
        )
        return [shapes[slot] for _, slot in self.outputs]

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
    """A constant in JSON: a number, or base64 of little-endian float64; of many small whole numbers, shorter integers."""
    if type(value) is float:
        return value if math.isfinite(value) else str(value)
    for kind in ("int8", "int16") if value.size >= MANY_NUMBERS else ():
        with np.errstate(invalid="ignore"):
            short = value.astype("<" + {"int8": "i1", "int16": "i2"}[kind])
        if np.array_equal(short, value) and not np.any(np.signbit(value) & (value == 0)):
            return f"{kind}:{base64.b64encode(np.ascontiguousarray(short).tobytes()).decode()}"
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
    inside = {v.number for v in variables}
    computed = [box for box in boxes_below([y for y in outputs if type(y) is Tensor], since) if box.number not in inside]
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
            same = (box.row.name, sources, repr(box.options)) if box.row.name != "scan" else box.number
            slots[box.number] = made.setdefault(same, len(inputs) + len(constants) + len(operations))
            if slots[box.number] == len(inputs) + len(constants) + len(operations):
                operations.append(operation)
    named = tuple((name or "result", slot_of(y)) for name, y in zip(nest.names(result), outputs, strict=True))
    return Program(tuple(inputs), tuple(constants), tuple(operations), named, rebuild), captured


def nothing() -> Any:
    raise TraceError("trace: the function returned None; does it end in `return`?")


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
