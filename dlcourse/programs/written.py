"""How each row of the table of primitives is written as Python source, for `compile`.

Scalars become expressions, views of arrays become views, and any other array is written into a buffer by the very
NumPy functions that the row's own forward computation uses, in the same order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..autodiff.box import shape_of
from ..autodiff.primitives.shapes import whole_numbers
from .program import Operation

if TYPE_CHECKING:
    from .compile import Source

# One NumPy function each: as scalars by its name, as arrays with the buffer as its last argument.
UNARY = ("negative", "sqrt", "absolute", "exp", "expm1", "log", "log1p", "sin", "cos", "tanh", "sign", "rint")
COMPARISONS = {"greater": ">", "greater_equal": ">=", "less": "<", "less_equal": "<=", "equal": "==", "not_equal": "!="}
ELEMENTWISE = (*UNARY, *COMPARISONS, "add", "subtract", "multiply", "divide", "power", "maximum", "minimum")
IN_PLACE = {*ELEMENTWISE, "square", "relu"}

# Between floats, Python's own operators are the quickest.
SCALARS = {
    **{name: f"float({name}({{0}}))" for name in UNARY},
    **{name: f"float({name}({{0}}, {{1}}))" for name in ("power", "maximum", "minimum")},
    **{name: f"1.0 if {{0}} {sign} {{1}} else 0.0" for name, sign in COMPARISONS.items()},
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "{0} * {1}",
    "divide": "{0} / {1} if {1} else float(divide({0}, {1}))",
    "negative": "-{0}",
    "absolute": "abs({0})",
    "square": "{0} * {0}",
    "where": "{1} if {0} else {2}",
    "relu": "float(maximum({0}, 0.0))",
    **dict.fromkeys(("reshape", "transpose", "getitem", "embed"), "{0}"),
}

# Rows whose result may be a view of their input.
VIEWS: dict[str, Callable[[Operation], str]] = {
    "reshape": lambda o: f"{{}}.reshape({o.shape})",
    "transpose": lambda o: f"{{}}.transpose({(*range(len(o.shape) - len(o.options['axes'])), *o.options['axes'])})",
    "getitem": lambda o: f"{{}}[{subscript(o.options['index'])}]",
    "broadcast_to": lambda o: f"broadcast_to({{}}, {o.shape})",
}


def subscript(index: Any) -> str:
    """An index of integers, slices, None and ... between brackets."""

    def part(p: Any) -> str:
        if isinstance(p, slice):
            return ":".join("" if n is None else str(n) for n in (p.start, p.stop, p.step)[: 3 if p.step is not None else 2])
        return "..." if p is Ellipsis else str(p)

    return ", ".join(map(part, index)) or "()" if isinstance(index, tuple) else part(index)


def write_row(s: Source, y: str, o: Operation, *x: str) -> str:
    """Any row: its own forward computation, copied into the buffer (or the float, where y is empty)."""
    options = f", **{s.give(o.options, 'options')}" if o.options else ""
    return into(y, f"{s.give(o.row.forward, o.row.name)}({', '.join(x)}{options})")


def into(y: str, result: str) -> str:
    return f"{y}[...] = {result}" if y else f"float({result})"


def write_linear(s: Source, y: str, o: Operation, X: str, W: str, b: str) -> str:
    return f"matmul({X}, {s.view(W, '{}.T')}, {y})\nadd({y}, {b}, {y})"


def write_softmax(s: Source, y: str, o: Operation, x: str) -> str:
    if len(o.shape) != 2:
        return write_row(s, y, o, x)
    m, n = o.shape
    top = s.scratch((m,))
    tall = s.view(top, "{}[:, None]")
    if n <= 16:
        first, *others = [s.view(x, f"{{}}[:, {j}]") for j in range(n)]
        second, *others = others or [first]
        lines = [f"maximum({first}, {second}, out={top})", *[f"maximum({top}, {column}, out={top})" for column in others]]
    else:
        lines = [f"maximum.reduce({x}, 1, None, {tall}, True)"]
    total = f"matmul({y}, {s.constant(np.ones(n))}, {top})"
    return "\n".join([*lines, f"subtract({x}, {tall}, {y})", f"exp({y}, {y})", total, f"divide({y}, {tall}, {y})"])


def write_cross_entropy(s: Source, y: str, o: Operation, logits: str, labels: str, p: str) -> str:
    whole, likely = s.values[o.inputs[1]], s.values[o.inputs[2]]
    slow = write_row(s, y, o, logits, labels, p)
    if not s.is_constant(o.inputs[1]) or not likely.flags.c_contiguous:
        return slow  # labels have to be checked each time
    m, classes = likely.shape
    chosen, picked = s.constant(np.arange(m) * classes + whole.astype(np.intp)), s.scratch((m,))
    s.every.append(f"{s.view(p, '{}.reshape(-1)')}.take({chosen}, None, {picked}, 'clip')")
    return f"-float(add.reduce(log({picked}, {picked}))) / {m} if {picked}[{picked}.argmin()] > 1e-300 else {slow}"


def write_reshape(s: Source, y: str, o: Operation, x: str) -> str:
    """A reshape that is no view: from or to a scalar, or because the entries have to move."""
    shape = shape_of(s.values[o.inputs[0]])
    if not y:
        return f"{x}.item()"
    return f"{s.view(y, f'{{}}.reshape({shape})')}[...] = {x}" if shape else f"{y}[{', '.join('0' * len(o.shape))}] = {x}"


def write_getitem(s: Source, y: str, o: Operation, x: str) -> str:
    if y:
        return write_row(s, y, o, x)  # no view: of no entries, or of a number
    index = o.options["index"]
    plain = all(isinstance(p, (int, np.integer)) for p in index[1:])
    return f"{x}.item({subscript(index[1:])})" if plain else f"float({x}[{subscript(index)}])"


def write_embed(s: Source, y: str, o: Operation, x: str) -> str:
    return f"{y}.fill(0.0)\n{y}[{subscript(o.options['index'])}] = {x}" if y else f"{x}.item()"


def write_concatenate(s: Source, y: str, o: Operation, *x: str) -> str:
    axis, start, lines = o.options["axis"] % len(o.shape), 0, []
    for slot, part in zip(o.inputs, x, strict=True):
        stop = start + s.values[slot].shape[axis]
        if s.home.get(s.owner[slot]) != (s.slot, start, stop):
            lines.append(f"{y}[{':, ' * axis}{start}:{stop}] = {part}")
        start = stop
    return "\n".join(lines)


def write_take(s: Source, y: str, o: Operation, x: str, index: str) -> str:
    numbers = s.values[o.inputs[1]]
    if not y or not s.is_constant(o.inputs[1]):
        return write_row(s, y, o, x, index)
    whole = s.constant(whole_numbers(numbers, s.values[o.inputs[0]].shape[0]))
    return f"{x}.take({whole}, 0, {y}, 'clip')"


def write_reduction(ufunc: str) -> Callable[..., str]:
    def write(s: Source, y: str, o: Operation, x: str) -> str:
        axes, kept = o.options["axes"], o.options["keepdims"]
        return f"{ufunc}.reduce({x}, {axes}, None, {y}, {kept})" if y else f"float({ufunc}.reduce({x}, {axes}))"

    return write


# (source, y, operation, *inputs) → the lines that fill the buffer y; where y is empty, the expression of a float
ARRAYS: dict[str, Callable[..., str]] = {
    **{name: lambda s, y, o, *x: f"{o.row.name}({', '.join(x)}, {y})" for name in ELEMENTWISE},
    "square": lambda s, y, o, x: f"multiply({x}, {x}, {y})",
    "maximum": lambda s, y, o, a, b: f"maximum({a}, {b}, out={y})",  # NumPy wants the keyword here
    "minimum": lambda s, y, o, a, b: f"minimum({a}, {b}, out={y})",
    "relu": lambda s, y, o, x: f"maximum({x}, {s.number(0.0)}, out={y})",
    "sum": write_reduction("add"),
    "max": write_reduction("maximum"),
    "matmul": lambda s, y, o, a, b: f"matmul({a}, {b}, {y})" if y else f"float(matmul({a}, {b}))",
    "linear": write_linear,
    "softmax": write_softmax,
    "cross_entropy": write_cross_entropy,
    "reshape": write_reshape,
    "getitem": write_getitem,
    "embed": write_embed,
    "concatenate": write_concatenate,
    "take": write_take,
}
