"""Tensor: a value and the box that made it.

Every operation on a Tensor makes a new box: the value, the row of the table of primitives that computed it,
and the inputs. That record is the *flow graph*. Boxes are numbered as they are made, so their numbers order
the graph topologically. A box also knows `oldest`, the number of its oldest leaf, by which a walk over the
graph (walks.py) sees whether something outside of it is being differentiated or traced too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from itertools import count
from typing import Any

import numpy as np
from numpy import ndarray

from .errors import MissingRule, ShapeError, TraceError

next_number = count(1).__next__
new = object.__new__

# NumPy's functions → ours; filled by the table of primitives.
UFUNCS: dict[Any, Callable[..., Any]] = {}
FUNCTIONS: dict[Any, Callable[..., Any]] = {}

# Numbers of the leaves of the traces that run now: (first, last + 1), innermost last.
ACTIVE_TRACES: list[tuple[int, int]] = []

# What is done to every box as it is recorded, before anybody sees it (see recording.py); None: nothing.
ON_RECORD: Callable[[Any], Any] | None = None

NO_OPTIONS: dict[str, Any] = {}


class Tensor:
    """A variable: a float64 value of any shape, and the box of the flow graph that made it.

    `Tensor(value)` makes a leaf. The value is copied and can't be changed afterwards; scalars are kept as
    Python floats. Operators, NumPy's functions and the methods below record further boxes. Data that need
    no derivative stay plain arrays.

    Attributes
    ----------
    value : float or read-only float64 array
    grad : None, or an array shaped like `value`, to which `backward()` of a result **adds** (leaves only).
    row, inputs, options : the primitive that made this box, what it took, its static parameters.
    number, oldest : creation number, and the creation number of the oldest leaf this box depends on.

    Raises
    ------
    TypeError : for anything but real numbers (text, objects, complex numbers, another Tensor).

    >>> x = Tensor([1.0, 2.0])
    >>> loss = np.sum(x**2)
    >>> loss.backward()
    >>> x.grad
    array([2., 4.])
    """

    __slots__ = ("grad", "inputs", "number", "oldest", "options", "row", "value")
    __array_priority__ = 1000  # NumPy arrays on the left leave operators to us

    def __init__(self, value: Any) -> None:
        self.value = as_value(value)
        self.row: Any = None
        self.inputs: tuple[Any, ...] = ()
        self.options: dict[str, Any] = NO_OPTIONS
        self.number = self.oldest = next_number()
        self.grad: Any = None

    # What it is ---------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        value = self.value
        return () if type(value) is float else value.shape

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.size(self.value))

    dtype = np.dtype(np.float64)

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

    # Leaving the graph --------------------------------------------------------------------------------

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
        raise TypeError("float(Tensor) would silently cut the graph: use t.item() for the number")

    def __array__(self, *_: Any, **__: Any) -> ndarray:
        raise TypeError(
            "a Tensor does not turn into an array by itself, which would cut the graph: use t.value for the array, "
            "np.stack([...]) to join Tensors"
        )

    # NumPy's own dispatch -----------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs or ufunc not in UFUNCS:
            refuse_numpy(ufunc, method, kwargs)
        return UFUNCS[ufunc](*inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function not in FUNCTIONS:
            refuse_numpy(function, "__call__", {})
        return FUNCTIONS[function](*args, **kwargs)


class Primitive:
    """One row of the table: a name (also the browser kernel's), the forward computation, the derivative rules.

    forward : (*values, **options) → value.
    rules : one function (g, y, *inputs, **options) per input, or None where the derivative is zero. For an
        elementwise row the Jacobian is diagonal, so the rule serves both walks, and the walk undoes broadcasting.
        Any other row also gives `push`.
    push : (tangents, y, *inputs, **options) → tangent of the result; the tangent of a constant input is None.
    joint : instead of `rules`, (g, y, inputs, options, wanted) → gradients of all inputs at once.
    lower : (input shapes, options) → (kernel's name, kernel's options) for the browser.
    """

    __slots__ = ("elementwise", "forward", "joint", "lower", "name", "push", "rules")

    def __init__(self, name: str, forward: Any, rules: Any, push: Any = None, joint: Any = None, lower: Any = None) -> None:
        self.name, self.forward, self.rules, self.push, self.joint, self.lower = name, forward, rules, push, joint, lower
        self.elementwise = push is None

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def pull(self, g: Any, y: Any, inputs: tuple[Any, ...], options: dict[str, Any], wanted: list[bool]) -> list[Any]:
        """Gradients with respect to the wanted inputs (None where zero or not wanted), broadcasting undone."""
        if self.joint is not None:
            found = self.joint(g, y, inputs, options, wanted)
            return [gx if want else None for gx, want in zip(found, wanted, strict=True)]
        if self.rules is None:
            raise MissingRule(f"{self.name}: this primitive has no derivative rule")
        found = [None] * len(inputs)
        for i, rule in enumerate(self.rules):
            if wanted[i] and rule is not None:
                gx = rule(g, y, *inputs, **options)
                found[i] = unbroadcast(gx, shape_of(inputs[i])) if self.elementwise else gx
        return found

    def carry(self, tangents: list[Any], y: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """The tangent of the result, given those of the inputs (None where constant); None where zero.

        Tangents may have one more leading axis than their inputs: many directions at once.
        """
        if self.push is not None:
            return self.push(tangents, y, *inputs, **options)
        if self.rules is None:
            raise MissingRule(f"{self.name}: this primitive has no derivative rule")
        total, shape = None, shape_of(y)
        for t, x, rule in zip(tangents, inputs, self.rules, strict=True):
            if t is not None and rule is not None:
                many = directions(t, x)
                term = rule(raised(t, x, len(shape)) if many else t, y, *inputs, **options)
                total = term if total is None else total + term
        if total is not None and shape_of(total) != many + shape:
            total = np.broadcast_to(total, many + shape)
        return total


def directions(t: Any, x: Any) -> tuple[int, ...]:
    """The axes that a tangent of x has in front of those of x: () for one direction, (k,) for k at once."""
    own, given = shape_of(x), shape_of(t)
    return given[: len(given) - len(own)]


def raised(t: Any, x: Any, rank: int) -> Any:
    """A tangent of x for an operation that broadcasts x to more axes: ones between the directions and the axes of x."""
    own, many = shape_of(x), directions(t, x)
    return t.reshape(many + (1,) * (rank - len(own)) + own) if many and rank > len(own) else t


# Recording ------------------------------------------------------------------------------------------------


def record(row: Primitive, value: Any, inputs: tuple[Any, ...], oldest: int, options: dict[str, Any] = NO_OPTIONS) -> Tensor:
    """A new box."""
    if type(value) is ndarray and value.ndim:
        value.setflags(write=False)
    elif type(value) is not float:
        value = float(value)
    box: Tensor = new(Tensor)
    box.value = value
    box.row = row
    box.inputs = inputs
    box.options = options
    box.number = next_number()
    box.oldest = oldest
    box.grad = None
    return box if ON_RECORD is None else ON_RECORD(box)


def unary(row: Primitive) -> Callable[[Any], Any]:
    """The recorder of an elementwise row with one input: records on a Tensor, computes on anything else."""
    forward = row.forward

    def apply(x: Any) -> Any:
        if type(x) is Tensor:
            return record(row, forward(x.value), (x,), x.oldest)
        return forward(x)

    apply.__name__ = apply.__qualname__ = row.name
    return apply


def binary(row: Primitive) -> Callable[[Any, Any], Any]:
    """The recorder of an elementwise row with two inputs."""
    forward = row.forward

    def apply(a: Any, b: Any) -> Any:
        if type(a) is Tensor:
            x, oldest = a.value, a.oldest
            if type(b) is Tensor:
                y = b.value
                if b.oldest < oldest:
                    oldest = b.oldest
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

    apply.__name__ = apply.__qualname__ = row.name
    return apply


def call(row: Primitive, *inputs: Any, **options: Any) -> Any:
    """Record any row, or compute it if no input is a Tensor. Options are static: they are not differentiated."""
    oldest = 0
    values, held = [], []
    for x in inputs:
        if type(x) is Tensor:
            values.append(x.value)
            oldest = x.oldest if not oldest or x.oldest < oldest else oldest
        else:
            values.append(x)
        held.append(x)
    if not oldest:
        return row.forward(*inputs, **options)
    for i, x in enumerate(held):
        if type(x) is not Tensor:
            held[i] = values[i] = as_value(x)
    try:
        value = row.forward(*values, **options)
    except ShapeError:
        raise
    except ValueError as error:
        shapes = " and ".join(str(shape_of(x)) for x in values)
        raise ShapeError(f"{row.name}: shapes {shapes} do not fit ({error})") from None
    return record(row, value, tuple(held), oldest, options or NO_OPTIONS)


def variable(x: Any) -> Tensor:
    """A fresh variable with the value of x. Of a Tensor it is an identity box, so that the outer graph stays connected."""
    if type(x) is Tensor:
        return record(VARIABLE, x.value, (x,), x.oldest)
    return Tensor(x)


VARIABLE = Primitive("variable", lambda x: x, (lambda g, y, x: g,))


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


# Values ---------------------------------------------------------------------------------------------------


def value_of(x: Any) -> Any:
    """The bare value of a Tensor; anything else as it is."""
    return x.value if type(x) is Tensor else x


def shape_of(x: Any) -> tuple[int, ...]:
    kind = type(x)
    if kind is Tensor:
        x = x.value
        kind = type(x)
    return () if kind is float else x.shape if kind is ndarray else np.shape(x)


def settle(value: Any) -> Any:
    """A computed value as a box keeps it: a Python float, or an array that nobody can write to."""
    if type(value) is ndarray and value.ndim:
        value.setflags(write=False)
        return value
    return float(value)


def hand_out(derivatives: list[Any], like: list[Any]) -> list[Any]:
    """Derivatives as the caller gets them: floats, and arrays that nobody else holds, shaped like their variables.

    None stands for zero. A Tensor stays one.
    """
    given: set[int] = set()
    found = []
    for g, x in zip(derivatives, like, strict=True):
        kind = type(g)
        if kind is not float and kind is not Tensor:
            shape = shape_of(x)
            if g is None:
                g = np.zeros(shape) if shape else 0.0
            elif not shape:
                g = float(g)
            elif id(g) in given or not g.flags.writeable or g.base is not None:
                g = g.copy()
            given.add(id(g))
        found.append(g)
    return found


def as_value(x: Any) -> Any:
    """What a leaf or a constant holds: a float, or a float64 array that nobody can change."""
    kind = type(x)
    if kind is float:
        return x
    if kind is np.float64 or (kind is int and -(2**53) <= x <= 2**53):
        return float(x)
    if kind is ndarray and x.dtype == np.float64 and x.ndim:
        if not x.flags.writeable and (x.base is None or (type(x.base) is ndarray and not x.base.flags.writeable)):
            return x
        array = x.copy()
        array.setflags(write=False)
        return array
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
    if array.ndim == 0:
        return float(array)
    array = np.array(array, dtype=np.float64)
    array.setflags(write=False)
    return array


def unbroadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """Sum g over the axes along which a value of this shape was broadcast."""
    given = shape_of(g)
    if given == shape:
        return g
    extra = len(given) - len(shape)
    axes = tuple(range(extra)) + tuple(extra + i for i, n in enumerate(shape) if n == 1 and given[extra + i] != 1)
    g = g.sum(axis=axes)
    return g.reshape(shape) if shape_of(g) != shape else g


# Refusals -------------------------------------------------------------------------------------------------


def refuse_while_tracing(t: Tensor, what: str, instead: str = "") -> None:
    """Raise TraceError if t depends on an input of a trace that is going on."""
    for first, last in ACTIVE_TRACES:
        if t.number >= first and any(box.number < last for box in boxes_below([t], first)):
            raise TraceError(f"{what}: while tracing, the value of a Tensor is not known yet{instead}")


def refuse_numpy(function: Any, method: str, kwargs: dict[str, Any]) -> None:
    name = getattr(function, "__name__", str(function))
    if method != "__call__":
        raise TypeError(f"np.{name}.{method}: Tensors don't take this form of a NumPy function; call np.{name} itself")
    if kwargs:
        raise TypeError(f"np.{name}: Tensors don't take the argument {', '.join(map(repr, kwargs))}")
    known = sorted({f.__name__ for f in (*UFUNCS, *FUNCTIONS)})
    near = get_close_matches(name, known, n=1, cutoff=0.0)
    raise TypeError(f"np.{name}: Tensors have no such primitive; the nearest is np.{near[0]}")
