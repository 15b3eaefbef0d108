"""Programs: a recorded computation as a list of operations, for Python and for the page.

`trace` runs a function once on variables and keeps the boxes that its results depend on. The list can be run
again on other values, here by `Program.run` or in a browser by the same operations in JavaScript.
"""

from __future__ import annotations

import base64
import inspect
import math
from collections.abc import Callable
from itertools import count
from threading import get_ident
from typing import Any, NamedTuple

import numpy as np

from ..autodiff import nest
from ..autodiff.box import TRACES, VARIABLE, Primitive, Tensor, as_value, boxes_below, call, next_number, shape_of, value_of
from ..autodiff.errors import ShapeError, TraceError
from .leaves import leaf_names
from .lowering import lower

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
        return self.rebuild(self.results(held))

    def results(self, inputs: Any) -> list[Any]:
        """The results for inputs that are known to fit: Tensors, floats and arrays."""
        slots = [*inputs, *self.constants]
        recording = any(type(x) is Tensor for x in inputs)
        for row, sources, options, shape in self.operations:
            values = [slots[i] for i in sources]
            y = call(row, *values, **options) if recording else row.forward(*values, **options)
            slots.append(y if shape or type(y) is Tensor else float(y))
        return [slots[i] for _, i in self.outputs]

    def shapes(self) -> list[tuple[int, ...]]:
        """The shape of each slot."""
        return [s for _, s in self.inputs] + [shape_of(c) for c in self.constants] + [o.shape for o in self.operations]

    def output_shapes(self) -> list[tuple[int, ...]]:
        """The shape of each result."""
        shapes = self.shapes()
        return [shapes[slot] for _, slot in self.outputs]

    def to_json(self) -> dict[str, Any]:
        """The program as the page's interpreter reads it: plain lists, numbers and text."""
        shapes, operations = self.shapes(), []
        for row, sources, options, shape in self.operations:
            kernel, settings = lower(row, [shapes[i] for i in sources], options)
            operations.append([kernel, list(sources), list(shape), *([settings] if settings else [])])
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
    `backward()` of a traced Tensor raise TraceError, and so does a Tensor from outside f. What is read through
    `.value`, and Python's `if` or loop on it, is not refused but fixed as it was for the examples: choose by `np.where`,
    repeat by `scan`, and keep what stays the same a bare value of f's surroundings. Results that do not depend on the
    inputs are constants of the program.

    >>> program = trace(lambda x, a: np.sum(a * x**2), np.ones(3), 2.0)
    >>> program.run(np.array([1.0, 2.0, 3.0]), 10.0)
    140.0
    >>> [operation.row.name for operation in program.operations]
    ['square', 'multiply', 'sum']
    """
    result, variables = record_inside(f, examples)
    names = parameter_names(f, len(examples))
    labels = [name for label, x in zip(names, examples, strict=True) for name in leaf_names(x, label)]
    program, captured = to_program(result, variables, labels)
    if captured:
        raise TraceError(
            f"trace: the function uses a Tensor from outside (of shape {captured[0].shape}); "
            "pass it as an argument, or use its bare value"
        )
    return program


def record_inside(f: Callable[..., Any], examples: tuple[Any, ...]) -> tuple[Any, list[Tensor]]:
    """The result of f on fresh variables, and these; meanwhile, asking for their values is refused."""
    leaves, rebuild = nest.flatten(examples)
    first = next_number()
    variables = [Tensor(value_of(leaf)) for leaf in leaves]
    traces = TRACES[get_ident()]
    outer = len(traces)
    try:  # entered within, so that no interruption leaves the trace open
        traces.append((first, next_number()))
        return f(*rebuild(variables)), variables
    finally:
        del traces[outer:]


def parameter_names(f: Callable[..., Any], n: int) -> list[str]:
    """What f calls its n arguments; x0, x1, … where it does not say."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        parameters = {}.values()
    found = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    for i in range(len(found), n):
        found.append(next(name for name in (f"x{i}" + "_" * k for k in count()) if name not in found))
    return found[:n]


def to_program(result: Any, variables: list[Tensor], labels: list[str]) -> tuple[Program, list[Tensor]]:
    """The boxes between variables and result as a program; Tensors from outside become further inputs, and are listed."""
    outputs, rebuild = nest.flatten(result)
    if result is None:
        raise TraceError("trace: the function returned None; does it end in `return`?")
    if missing := [name for name, y in zip(leaf_names(result), outputs, strict=True) if y is None]:
        raise TraceError(f"trace: the function returned None as its result {missing[0]}, where a number or an array is needed")
    outputs = [y if type(y) is Tensor else as_value(y) for y in outputs]
    since = variables[0].number if variables else next_number()
    inside = {v.number for v in variables}
    computed = [box for box in boxes_below([y for y in outputs if type(y) is Tensor], since) if box.number not in inside]
    used = [x for box in computed for x in box.inputs] + outputs
    captured = list({x.number: x for x in used if type(x) is Tensor and x.number < since}.values())

    outside = [(f"outside{i}", x.shape) for i, x in enumerate(captured)]
    inputs = [*zip(labels, (v.shape for v in variables), strict=True), *outside]
    slots: dict[Any, int] = {x.number: i for i, x in enumerate([*variables, *captured])}
    constants: list[Any] = []

    def slot_of(x: Any) -> int:
        """The slot of an input or of a result; of a constant, a new one where it is first met."""
        if type(x) is Tensor:
            key: Any = x.number
        else:  # the last bit of a product may depend on how its factors lie in memory
            key = shape_of(x), np.float64(x).tobytes(), type(x) is not float and not x.flags.c_contiguous and x.strides
        if key not in slots:
            slots[key] = len(inputs) + len(constants)
            constants.append(x)
        return slots[key]

    for box in computed:
        if box.row is None:
            slots[box.number] = slot_of(box.value)
    for x in used:
        if type(x) is not Tensor:
            slot_of(x)
    first, operations = len(inputs) + len(constants), list[Operation]()
    made: dict[Any, int] = {}
    for box in computed:
        sources = tuple([slot_of(x) for x in box.inputs])
        if box.row is VARIABLE:
            slots[box.number] = sources[0]
        elif box.row is not None:
            same = (box.row.name, sources, repr(box.options)) if box.row.name != "scan" else box.number
            slots[box.number] = made.setdefault(same, first + len(operations))
            if slots[box.number] == first + len(operations):
                operations.append(Operation(box.row, sources, box.options, box.shape))
    named = tuple([(name or "result", slot_of(y)) for name, y in zip(leaf_names(result), outputs, strict=True)])
    return Program(tuple(inputs), tuple(constants), tuple(operations), named, rebuild), captured
