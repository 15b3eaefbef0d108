"""Tensor: a value and the box that made it.

Every operation on a Tensor makes a new box: the value, the row of the table of primitives that computed it, and the
inputs. That record is the *flow graph*. Boxes are numbered as they are made, so their numbers order the graph
topologically. A box also knows `oldest`, the number of its oldest leaf, by which a walk over the graph (walks.py)
sees whether something outside of it is being differentiated or traced too.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import count
from threading import get_ident
from typing import Any

import numpy as np
from numpy import ndarray

from .errors import ShapeError, TraceError

next_number = count(1).__next__
new = object.__new__
NO_OPTIONS: dict[str, Any] = {}
NUMPY: dict[Any, Callable[..., Any]] = {}  # NumPy's functions → ours; filled by the table of primitives
ON_RECORD: dict[int, Callable[[Any], Any]] = {}  # thread → what is done to every box of it (see no_grad.py)


TRACES: dict[int, list[tuple[int, int]]] = defaultdict(list)  # thread → leaves of its traces (first, last + 1), innermost last


class Tensor:
    """A variable: a float64 value of any shape, and the box of the flow graph that made it.

    `Tensor(value)` makes a leaf. The value is copied and can't be changed afterwards; scalars are kept as Python
    floats. Operators, NumPy's functions and methods record further boxes. Data that need no derivative stay arrays.

    value : float or read-only float64 array.
    grad : None, or an array shaped like `value`, to which `backward()` of a result adds (leaves only).
    row, inputs, options : the primitive that made this box, what it took, its static parameters.
    number, oldest : creation number, and the creation number of the oldest leaf this box depends on.

    Raises TypeError for anything but real numbers (text, objects, complex numbers, another Tensor).

    >>> x = Tensor([1.0, 2.0])
    >>> loss = np.sum(x**2)
    >>> loss.backward()
    >>> x.grad
    array([2., 4.])
    """

    __slots__ = ("grad", "inputs", "number", "oldest", "options", "row", "value")
    __array_priority__ = 1000  # NumPy arrays on the left leave operators to us
    __hash__ = None  # type: ignore[assignment]  # == is elementwise
    dtype = np.dtype(np.float64)

    def __init__(self, value: Any) -> None:
        self.value = as_value(value)
        self.row: Any = None
        self.inputs: tuple[Any, ...] = ()
        self.options = NO_OPTIONS
        self.number = self.oldest = next_number()
        self.grad: Any = None

    @property
    def shape(self) -> tuple[int, ...]:
        value = self.value
        return () if type(value) is float else value.shape

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len: a scalar Tensor has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))  # type: ignore[index]

    def __repr__(self) -> str:
        value = self.value
        return f"Tensor({value if type(value) is float else np.array2string(value, separator=', ', prefix='Tensor(')})"

    def __format__(self, spec: str) -> str:
        return format(self.value, spec) if spec else repr(self)

    def item(self) -> float:
        """The value of a scalar as a Python float (not while tracing)."""
        refuse_while_tracing(self, "item()")
        if self.size != 1:
            raise ShapeError(f"item: needs a Tensor with one entry, got shape {self.shape}")
        return float(np.reshape(self.value, ()))

    def detach(self) -> Any:
        """The bare value, of which the graph knows nothing (not while tracing)."""
        refuse_while_tracing(self, "detach()")
        return self.value

    def __bool__(self) -> bool:
        refuse_while_tracing(self, "bool()", "; use np.where(condition, a, b), which records both branches")
        return bool(self.value)

    def __float__(self) -> float:
        raise TypeError("float() and math.sin cut the graph: use np.sin and the like; t.item() is a number without gradient")

    def __array__(self, *_: Any, **__: Any) -> ndarray:
        fault = "a Tensor does not turn into an array by itself, which would cut the graph"
        raise TypeError(f"{fault}: use t.value for the array, np.stack([...]) to join Tensors")


class Primitive:
    """One row of the table: a name (also the browser kernel's), the forward computation, the derivative rules.

    forward : (*values, **options) → value.
    rules : for each input a function (g, y, *inputs, **options) → gradient, or None where the derivative is zero. A
        gradient may have the shape of y: the walk undoes broadcasting. A row with any number of inputs has one
        function for all instead, (g, y, inputs, options, wanted) → gradients.
    push : for each input a function (t, y, *inputs, **options) → what its tangent t adds to that of y, or None; or one
        function of the list of all tangents (None: constant). t may have more axes in front than its input: many
        directions at once. An elementwise row has none: its Jacobian is diagonal, so `rules` serve.
    """

    def __init__(self, name: str, forward: Any, rules: Any, push: Any = None) -> None:
        self.name, self.forward, self.rules, self.push = name, forward, rules, push

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


# Recording ------------------------------------------------------------------------------------------------


def record(row: Primitive, value: Any, inputs: tuple[Any, ...], oldest: int, options: dict[str, Any] = NO_OPTIONS) -> Tensor:
    """A new box."""
    box: Tensor = new(Tensor)
    box.value = value if type(value) is float else settle(value)
    box.row = row
    box.inputs = inputs
    box.options = options
    box.number = next_number()
    box.oldest = oldest
    box.grad = None
    if ON_RECORD and (change := ON_RECORD.get(get_ident())):
        return change(box)
    return box


def unary(row: Primitive) -> Callable[[Any], Any]:
    """The recorder of an elementwise row with one input: records on a Tensor, computes on anything else."""
    forward = row.forward
    return lambda x: record(row, forward(x.value), (x,), x.oldest) if type(x) is Tensor else forward(floats(x))


def binary(row: Primitive) -> Callable[[Any, Any], Any]:
    """The recorder of an elementwise row with two inputs."""
    forward = row.forward

    def apply(a: Any, b: Any) -> Any:
        if type(a) is Tensor:
            x, oldest = a.value, a.oldest
            if type(b) is Tensor:
                y, oldest = b.value, oldest if oldest < b.oldest else b.oldest
            else:
                y = b = b if type(b) is float else as_value(b)
        elif type(b) is Tensor:
            x = a = a if type(a) is float else as_value(a)
            y, oldest = b.value, b.oldest
        else:
            return forward(a, b)
        try:
            value = forward(x, y)
        except ValueError:
            raise ShapeError(f"{row.name}: shapes {shape_of(x)} and {shape_of(y)} do not broadcast together") from None
        return record(row, value, (a, b), oldest)

    return apply


def call(row: Primitive, *inputs: Any, **options: Any) -> Any:
    """Record any row, or compute it if no input is a Tensor. Options are static: they are not differentiated."""
    ages = [x.oldest for x in inputs if type(x) is Tensor]
    if not ages:
        return row.forward(*inputs, **options)
    inputs = tuple([x if type(x) is Tensor else as_value(x) for x in inputs])
    values = [x.value if type(x) is Tensor else x for x in inputs]
    try:
        value = row.forward(*values, **options)
    except ShapeError:
        raise
    except ValueError as error:
        shapes = " and ".join([str(shape_of(x)) for x in values])
        raise ShapeError(f"{row.name}: shapes {shapes} do not fit ({error})") from None
    return record(row, value, inputs, min(ages), options or NO_OPTIONS)


TABLE: dict[str, Primitive] = {}


def row(name: str, forward: Any, rules: Any, push: Any = None) -> Primitive:
    """Enter a row into the table."""
    TABLE[name] = Primitive(name, forward, rules, push)
    return TABLE[name]


def linear_row(name: str, forward: Any, rule: Any) -> Primitive:
    """A row that is linear, and whose options count axes from the end: what happens to x happens to its tangents."""
    made: Primitive = row(name, forward, (rule,), (lambda t, y, x, **options: call(made, t, **options),))
    return made


def elementwise(name: str, forward: Any, *rules: Any) -> Callable[..., Any]:
    """An elementwise row with one or two inputs; returns the function that records it, also by NumPy's name."""
    apply: Any = (unary if len(rules) == 1 else binary)(row(name, forward, rules))
    apply.__name__, apply.__doc__ = name, f"{name}, elementwise."
    if isinstance(ufunc := getattr(np, name, None), np.ufunc):
        NUMPY[ufunc] = apply
    return apply


VARIABLE = Primitive("variable", lambda x: x, (lambda g, y, x: g,))


def variable(x: Any) -> Tensor:
    """A fresh variable with the value of x. Of a Tensor it is an identity box, so that the outer graph stays connected."""
    return record(VARIABLE, x.value, (x,), x.oldest) if type(x) is Tensor else Tensor(x)


def boxes_below(results: list[Tensor], since: int = 0) -> list[Tensor]:
    """The boxes that the results depend on and that are numbered `since` or later, themselves included, in order."""
    found = {result.number: result for result in results if result.number >= since}
    stack = list(found.values())
    while stack:
        for x in stack.pop().inputs:
            if type(x) is Tensor and x.number >= since and x.number not in found:
                found[x.number] = x
                stack.append(x)
    return [found[number] for number in sorted(found)]


def refuse_while_tracing(t: Tensor, what: str, instead: str = "") -> None:
    """Raise TraceError if t depends on an input of a trace that is going on."""
    for first, last in TRACES[get_ident()]:
        if t.number >= first and any(box.number < last for box in boxes_below([t], first)):
            raise TraceError(f"{what}: while tracing, the value of a Tensor is not known yet{instead}")


# Values ---------------------------------------------------------------------------------------------------


def value_of(x: Any) -> Any:
    """The bare value of a Tensor; anything else as it is."""
    return x.value if type(x) is Tensor else x


def floats(x: Any) -> Any:
    """Whole numbers and truth values as float64: as they are, a square or a minus may leave the range of their few bits."""
    if isinstance(x, (ndarray, np.generic)) and x.dtype.kind in "iub":
        return np.float64(x)
    return x


def shape_of(x: Any) -> tuple[int, ...]:
    x = x.value if type(x) is Tensor else x
    return () if type(x) is float else x.shape if type(x) is ndarray else np.shape(x)


def settle(value: Any) -> Any:
    """A computed value as a box keeps it: a Python float, or an array that nobody can write to."""
    if type(value) is ndarray and value.ndim:
        value.setflags(write=False)
        return value
    return float(value)


def as_value(x: Any) -> Any:
    """What a leaf or a constant holds: a float, or a float64 array that nobody can change."""
    kind = type(x)
    if kind is float:
        return x
    if kind is np.float64 or (kind is int and -(2**53) <= x <= 2**53):
        return float(x)
    if kind is ndarray and x.dtype == np.float64 and x.ndim:
        frozen = not x.flags.writeable and (x.base is None or (type(x.base) is ndarray and not x.base.flags.writeable))
        return x if frozen else settle(x.copy("K"))  # by rows or by columns: the last bit of a product may depend on it
    if kind is Tensor:
        raise TypeError("Tensor: this is a Tensor already; use t.detach() for its bare value")
    if isinstance(x, (list, tuple)) and any(isinstance(entry, Tensor) for entry in x):
        raise TypeError("a list of Tensors is no array: join them with np.stack([...])")
    try:
        array = np.asarray(x)
    except ValueError:
        raise TypeError(f"Tensor: needs an array of numbers, got rows of unequal length: {x!r:.60}") from None
    if array.dtype.kind not in "fiub":
        what = f"{x!r:.40}" if array.ndim == 0 else f"an array of dtype {array.dtype}"
        raise TypeError(f"Tensor: needs real numbers, got {what}")
    return settle(np.array(array, dtype=np.float64))
