"""Compile: a program written out as Python source that records nothing and reuses its arrays.

Run step by step, every operation makes a box and a fresh array. The generated source makes neither: scalars are
plain Python floats, arrays are written by NumPy into buffers that are made once, views of those are made once,
and a buffer is used again when nothing reads it any more. It is the same operations in the same order on arrays
that lie in memory in the same way, so that the results are the same to the last bit.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from threading import get_ident
from typing import Any, NoReturn

import numpy as np

from ..autodiff import nest
from ..autodiff.box import Tensor, as_value, shape_of, value_of
from ..autodiff.errors import ShapeError
from .leaves import leaves
from .program import Operation, Program, parameter_names, trace
from .written import ARRAYS, ELEMENTWISE, IN_PLACE, SCALARS, VIEWS, write_row

SMALL = 4096  # up to so many entries, copying an array costs less than making views of it at every call
END = math.inf
OTHER_NAMES = ("array", "broadcast_to", "empty", "inf", "matmul", "nan")
INTERNAL = re.compile(r"[bcksvwxy]\d+|turn")  # names that the source makes up without asking; none ends in an underscore

# Around what uses the buffers. A turn that was taken and interrupted before `try` is still its thread's, which may go on.
BEFORE = ["turn = get_ident()", "if turns.setdefault(0, turn) != turn:", "    busy()", "try:"]
AFTER = ["finally:", "    del turns[0]"]

Layout = tuple[tuple[int, ...], tuple[int, ...]]  # a shape, and its axes from the slowest to the fastest in memory


def compile(f: Callable[..., Any], *examples: Any) -> Callable[..., Any]:
    """The function f as generated Python source: the same results to the last bit, in less time.

    f is traced once on the examples (see `trace`, also for what is refused), which give the shapes. What f reads through
    `.value`, and any `if` or loop on it, is fixed as it was for them: write np.where or `scan`. The result
    takes arguments nested and shaped like them, and returns floats and fresh arrays nested as f returns them. Arrays in
    another order than C's are copied into it first, so that the last bit may be another.
    Its attribute `source` is what runs, `program` what was traced.

    Raises TypeError for a Tensor or anything but real numbers, ShapeError for another shape or nest,
    RuntimeError if two threads run it at the same time (each needs a compiled function of its own).

    >>> step = compile(lambda x, rate: x - rate * 2.0 * x, 1.0, 0.1)
    >>> step(3.0, 0.25)
    1.5
    >>> print(compile(lambda x, y: np.sum(np.tanh(x) * y), np.ones(3), np.ones(3)).source)
    b0 = empty((3,))
    <BLANKLINE>
    def program(x, y):
        turn = get_ident()
        if turns.setdefault(0, turn) != turn:
            busy()
        try:
            x = admit(x, 'x', (3,))
            y = admit(y, 'y', (3,))
            tanh(x, b0)
            multiply(b0, y, b0)
            s4 = float(add.reduce(b0, (-1,)))
            return s4
        finally:
            del turns[0]
    <BLANKLINE>
    """
    program = trace(f, *examples)
    name = getattr(f, "__name__", "")
    arguments = list(zip(parameter_names(f, len(examples)), examples, strict=True))
    return generate(program, name if name.isidentifier() else "program", arguments, program.rebuild)


def generate(
    program: Program, name: str, arguments: list[tuple[str, Any]], rebuild: Callable[[Any], Any] = list
) -> Callable[..., Any]:
    """A program as a function of these arguments (name and example), its results put together by `rebuild`."""
    source = Source(program, [leaf for _, example in arguments for leaf in nest.flatten(example)[0]])
    source.admit(arguments)
    for slot, operation in enumerate(program.operations, start=source.first):
        source.write(slot, operation)
    result = source.expression(rebuild(source.results()))
    body = [*source.every, f"return {result}"]
    if source.once:
        body = [*BEFORE, *["    " + line for line in body], *AFTER]
    name = source.unused(name)
    lines = [*source.once, *([""] if source.once else []), f"def {name}({', '.join(source.parameters)}):"]
    text = "\n".join([*lines, *["    " + line for line in body], ""])
    exec(text, source.given)
    compiled: Any = source.given[name]
    compiled.source, compiled.program = text, program
    return compiled


# What the source calls --------------------------------------------------------------------------------------------


def admit(x: Any, name: str, shape: tuple[int, ...]) -> Any:
    """An argument as the source reads it: a float, or a float64 array of this shape in C order."""
    if type(x) is not np.ndarray or x.dtype != np.float64 or not x.flags.c_contiguous or not x.ndim:
        if type(x) is Tensor:
            raise TypeError(f"{name}: a compiled function records nothing, so it takes no Tensor; call the function itself")
        if isinstance(x, (dict, list, tuple)):
            raise TypeError(f"{name}: was traced with a number or an array of shape {shape}, got a {type(x).__name__}")
        x = as_value(x)
        x = x if type(x) is float else np.ascontiguousarray(x)
    if shape_of(x) != shape:
        raise ShapeError(f"{name}: was traced with shape {shape}, got {shape_of(x)}")
    return x


def busy() -> NoReturn:
    raise RuntimeError("a compiled function runs in one thread at a time, for its buffers are shared: compile one for each")


class Turns(dict[int, int]):
    """Which thread is at the buffers. A copy of them would no longer be seen through their views, so there is none."""

    def __reduce__(self) -> NoReturn:
        raise TypeError("a compiled function can't be sent to another process: compile it there")


# The source while it is written -----------------------------------------------------------------------------------


class Source:
    """What is made once, what every call does, and where the value of each slot of the program is.

    once, every : the lines; parameters, given : what they may name.
    text : how the value of a slot is written: a name, or a number.
    owner : the slot whose array a slot is a view of (its own, unless it is a view).
    home : of an array that is written right into its concatenation: that slot, and from where to where.
    base : the slot in whose buffer a slot lies in the end; last : the operation that is the last to read a base.
    """

    def __init__(self, program: Program, examples: list[Any]) -> None:
        self.program, self.first = program, len(program.inputs) + len(program.constants)
        self.values = values_at(program, examples)
        self.outputs = [slot for _, slot in program.outputs]
        self.plan(list(enumerate(program.operations, start=self.first)))
        self.given: dict[str, Any] = {name: getattr(np, name) for name in (*ELEMENTWISE, *OTHER_NAMES)}
        self.given.update(
            admit=admit, leaves=leaves, turns=Turns(), busy=busy, get_ident=get_ident, type=type, float=float, abs=abs
        )
        self.parameters: list[str] = []
        self.once: list[str] = []
        self.every: list[str] = []
        self.lasting: set[str] = set()  # names of what is made once
        self.made: dict[str, str] = {}  # by its expression, so that nothing is made twice
        self.idle: dict[Layout, list[str]] = {}  # buffers that nothing reads any more
        self.held: dict[int, tuple[Layout, str]] = {}  # buffers in use, by base
        self.place: dict[int, str] = {}
        self.text = {slot: self.constant(c) for slot, c in enumerate(program.constants, start=len(program.inputs))}

    def plan(self, operations: list[tuple[int, Operation]]) -> None:
        """Who lies in whose memory, and for how long."""
        values, self.owner = self.values, list(range(len(self.values)))
        for slot, o in operations:
            x = o.inputs[0]
            if o.row.name in VIEWS and o.shape and shape_of(values[x]) and np.may_share_memory(values[slot], values[x]):
                self.owner[slot] = self.owner[x]
        self.home: dict[int, tuple[int, int, int]] = {}
        computed = {slot for slot, o in operations if self.owner[slot] == slot and o.shape and o.row.name != "broadcast_to"}
        for slot, o in reversed(operations):
            if o.row.name == "concatenate" and o.options["axis"] == -len(o.shape) and values[slot].flags.c_contiguous:
                start = 0
                for x in o.inputs:
                    stop, r = start + len(values[x]), self.owner[x]
                    if r in computed and r not in self.home and r not in self.outputs and same_entries(values[x], values[r]):
                        self.home[r] = slot, start, stop
                    start = stop
        self.base = list(self.owner)
        for slot, r in enumerate(self.base):
            while r in self.home:
                r = self.home[r][0]
            self.base[slot] = r
        self.viewed = {r for slot, r in enumerate(self.base) if r != slot}
        self.last: dict[int, float] = {self.base[x]: slot for slot, o in operations for x in o.inputs}
        self.last.update({self.base[x]: END for x in self.outputs})

    # Names ----------------------------------------------------------------------------------------------

    def give(self, thing: Any, name: str) -> str:
        """A name for a thing that the source cannot spell."""
        while name in self.parameters or self.given.get(name, thing) is not thing:
            name += "_"
        self.given[name] = thing
        return name

    def unused(self, name: str) -> str:
        """A name of the user's, with an underscore if it stands for something else here."""
        while name in self.given or name in self.parameters or INTERNAL.fullmatch(name):
            name += "_"
        return name

    def constant(self, value: Any) -> str:
        if type(value) is float:
            return repr(value)
        name = self.give(value, f"c{len(self.given)}")
        self.lasting.add(name)
        return name

    def number(self, value: float) -> str:
        """A number among arrays: NumPy is quicker with an array than with a float."""
        return self.keep(f"array({value!r})", "k")

    def keep(self, expression: str, letter: str) -> str:
        if expression not in self.made:
            self.made[expression] = self.new(expression, letter)
        return self.made[expression]

    def new(self, expression: str, letter: str) -> str:
        """Something made once, under a new name."""
        name = f"{letter}{len(self.lasting)}"
        self.lasting.add(name)
        self.once.append(f"{name} = {expression}")
        return name

    def view(self, x: str, pattern: str) -> str:
        """A view of x: made once if x is, else at every call."""
        expression = pattern.format(x)
        if x in self.lasting:
            return self.keep(expression, "v")
        if expression not in self.made:
            self.made[expression] = f"w{len(self.made)}"
            self.every.append(f"{self.made[expression]} = {expression}")
        return self.made[expression]

    # Buffers --------------------------------------------------------------------------------------------

    def acquire(self, base: int, layout: Layout) -> str:
        name = self.idle[layout].pop() if self.idle.get(layout) else self.new(empty(layout), "b")
        self.held[base] = layout, name
        return name

    def release(self, base: int) -> None:
        if base in self.held:
            layout, name = self.held.pop(base)
            self.idle.setdefault(layout, []).append(name)

    def scratch(self, shape: tuple[int, ...]) -> str:
        """A buffer for the operation that is being written."""
        return self.acquire(-1, (shape, tuple(range(len(shape)))))

    def buffer(self, slot: int) -> str:
        """Where the array of a slot is written: into its concatenation, a fresh array for the caller, or a buffer."""
        value = self.values[slot]
        if slot in self.home:
            whole, start, stop = self.home[slot]
            part = self.view(self.buffer(whole), f"{{}}[{start}:{stop}]")
            same = self.values[whole][start:stop].shape == value.shape
            return part if same else self.view(part, f"{{}}.reshape({value.shape})")
        if slot not in self.place:
            if slot in self.outputs and (value.size > SMALL or slot not in self.viewed):
                self.place[slot] = f"y{slot}"
                self.every.append(f"y{slot} = {empty(layout_of(value))}")
            else:
                self.place[slot] = self.acquire(slot, layout_of(value))
        return self.place[slot]

    # The three parts of a call --------------------------------------------------------------------------

    def admit(self, arguments: list[tuple[str, Any]]) -> None:
        """Check the arguments and take them apart."""
        for label, _ in arguments:
            self.parameters.append(self.unused(label))
        slot = 0
        for name, (label, example) in zip(self.parameters, arguments, strict=True):
            found = [name]
            if isinstance(example, (dict, list, tuple)):
                parts, rebuild = nest.flatten(example)
                found = [f"x{slot + i}" for i in range(len(parts))]
                model = self.give(rebuild([None] * len(parts)), f"like{slot}")
                self.every.append(f"[{', '.join(found)}] = leaves({name}, {model}, {label!r})")
            for x in found:
                path, shape = self.program.inputs[slot]
                checked = f"admit({x}, {path!r}, {shape})"
                self.text[slot] = x
                if not shape:
                    self.every += [f"if type({x}) is not float:", f"    {x} = {checked}"]
                elif slot in self.viewed and math.prod(shape) <= SMALL:
                    self.text[slot] = self.acquire(slot, layout_of(self.values[slot]))
                    self.every.append(f"{self.text[slot]}[...] = {checked}")
                else:
                    self.every.append(f"{x} = {checked}")
                slot += 1

    def write(self, slot: int, o: Operation) -> None:
        """One operation."""
        self.slot, name = slot, o.row.name
        shapes = [shape_of(self.values[x]) for x in o.inputs]
        arrays = any(shapes) or o.shape
        numbers = {x for x, shape in zip(o.inputs, shapes, strict=True) if arrays and not shape and self.is_constant(x)}
        operands = [self.number(self.values[x]) if x in numbers else self.text[x] for x in o.inputs]
        if self.owner[slot] != slot:
            self.text[slot] = self.view(operands[0], VIEWS[name](o))
        elif o.shape and name == "broadcast_to" and not shapes[0]:
            cell = self.acquire(slot, ((), ()))
            self.every.append(f"{cell}[()] = {operands[0]}")
            self.text[slot] = self.view(cell, VIEWS[name](o))
        elif o.shape:
            for x, shape in zip(o.inputs, shapes, strict=True):
                if name in IN_PLACE and x == self.base[x] and self.last[x] == slot and shape:
                    self.release(x)  # so that the result may take its place
            self.text[slot] = y = self.buffer(slot)
            self.every += ARRAYS.get(name, write_row)(self, y, o, *operands).splitlines()
        else:
            plain = name in SCALARS and not arrays
            result = SCALARS[name].format(*operands) if plain else ARRAYS.get(name, write_row)(self, "", o, *operands)
            self.text[slot] = f"s{slot}"
            self.every.append(f"s{slot} = {result}")
        for base in (-1, *(self.base[x] for x in o.inputs)):
            if self.last.get(base, -1) <= slot:
                self.release(base)

    def results(self) -> list[str]:
        """What the caller gets: floats, and arrays that nobody else holds."""
        found: list[str] = []
        for slot in self.outputs:
            text = self.text[slot]
            mine = not shape_of(self.values[slot]) or (text == f"y{slot}" and text not in found)
            found.append(text if mine else f"{text}.copy()")
        return found

    def is_constant(self, slot: int) -> bool:
        return len(self.program.inputs) <= slot < self.first

    def expression(self, found: Any) -> str:
        """A nest of expressions as one expression."""
        if isinstance(found, str):
            return found
        if isinstance(found, dict):
            return "{" + ", ".join(f"{self.give(key, 'key')}: {self.expression(x)}" for key, x in found.items()) + "}"
        parts = ", ".join(map(self.expression, found))
        if type(found) is list:
            return f"[{parts}]"
        if type(found) is tuple:
            return f"({parts}{',' * (len(found) == 1)})"
        kind = self.give(type(found), type(found).__name__)
        return f"{kind}({parts})" if hasattr(found, "_fields") else f"{kind}([{parts}])"


def values_at(program: Program, examples: list[Any]) -> list[Any]:
    """The program run on the examples, to see which results are views and how the others lie in memory."""
    bare = [as_value(value_of(x)) for x in examples]
    values = [x if type(x) is float else np.ascontiguousarray(x) for x in bare] + list(program.constants)
    with np.errstate(all="ignore"):
        for row, sources, options, shape in program.operations:
            value = np.zeros(shape) if row.name == "scan" else row.forward(*[values[i] for i in sources], **options)
            values.append(value if shape else float(value))
    return values


def same_entries(part: Any, whole: Any) -> bool:
    """Are these, in C order, the same entries of memory, one a view of the other?"""
    return bool(part.size == whole.size and part.flags.c_contiguous and whole.flags.c_contiguous)


def layout_of(value: Any) -> Layout:
    axes = range(value.ndim)
    return value.shape, tuple(axes if value.flags.c_contiguous else sorted(axes, key=lambda a: -value.strides[a]))


def empty(layout: Layout) -> str:
    shape, order = layout
    plain = f"empty({tuple(shape[a] for a in order)})"
    return plain if order == tuple(range(len(order))) else f"{plain}.transpose({tuple(int(a) for a in np.argsort(order))})"
