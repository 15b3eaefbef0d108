"""The table of activations: what is known about each, and how an entry gets in."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ..autodiff import Tensor, vjp
from ..names import named

INFINITY = math.inf


class Interval(NamedTuple):
    """A range of values: `[` and `]` where the end belongs to it, `(` and `)` where not; `{` `}` for the two ends alone.

    >>> import math
    >>> print(Interval("[", 0.0, math.inf, ")"))
    [0, ∞)
    """

    left: str
    low: float
    high: float
    right: str

    def __str__(self) -> str:
        low, high = (f"{end:.6g}".replace("inf", "∞").replace("-", "−") for end in (self.low, self.high))
        return f"{self.left}{low}, {high}{self.right}"

    def holds(self, values: Any) -> bool:
        """Whether all values lie in the range."""
        if self.left == "{":
            return bool(np.all(np.isin(values, (self.low, self.high))))
        above = np.greater_equal if self.left == "[" else np.greater
        below = np.less_equal if self.right == "]" else np.less
        return bool(np.all(above(values, self.low) & below(values, self.high)))


class Parameter(NamedTuple):
    """A parameter of an activation: its usual value, and the numbers that make sense, ends included.

    >>> from dlcourse.nn.activations import get
    >>> get("leaky_relu").parameters["slope"]
    Parameter(default=0.01, low=0.0, high=1.0, meaning='slope for x ≤ 0, fixed')
    """

    default: float
    low: float
    high: float
    meaning: str


@dataclass(frozen=True)
class Activation:
    """A function with what is known about it.

    name, label : as code and as prose call it. function : (x, **parameters) → values.
    interval : its range, as a function of the parameters. derivative : g′(x, **parameters) on paper, for arrays
    (None where it is a matrix, or not printed). elementwise : False for the two that look at a
    whole vector, along the last axis.

    Calling it checks the parameters: TypeError for unknown ones, ValueError for numbers that make no sense.

    >>> from dlcourse.nn.activations import get
    >>> get("leaky_relu")(np.array([-2.0, 3.0]), slope=0.5)
    array([-1.,  3.])
    >>> print(get("elu").range(alpha=0.5))
    (−0.5, ∞)
    """

    name: str
    label: str
    function: Callable[..., Any]
    interval: Callable[..., Interval]
    derivative: Callable[..., Any] | None
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    elementwise: bool = True

    def __call__(self, x: Any, **given: Any) -> Any:
        self.check(given)
        return self.function(x if isinstance(x, Tensor) else np.asarray(x, dtype=np.float64), **given)

    def __repr__(self) -> str:
        return f"<activation {self.name}>"

    def check(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters, the given ones and the others at their defaults."""
        for name, value in given.items():
            if name not in self.parameters:
                raise TypeError(f"{self.name}: has no parameter {name!r}; it has {', '.join(self.parameters) or 'none'}")
            low, high = self.parameters[name].low, self.parameters[name].high
            if not isinstance(value, Tensor) and not np.all((low <= np.asarray(value)) & (np.asarray(value) <= high)):
                raise ValueError(f"{self.name}: {name} must lie in [{low:g}, {high:g}], got {value!r:.60}")
        return {name: p.default for name, p in self.parameters.items()} | dict(given)

    def range(self, **given: Any) -> Interval:
        """The values that it takes, with these parameters."""
        return self.interval(**self.check(given))

    def slope(self, x: Any, **given: Any) -> Any:
        """g′(x), entry by entry, by the engine. ValueError for a function of a whole vector: take its `jacobian`.

        >>> from dlcourse.nn.activations import get
        >>> get("sigmoid").slope(np.array([-1000.0, 0.0]))
        array([0.  , 0.25])
        """
        if not self.elementwise:
            raise ValueError(f"{self.name}: takes a whole vector, so its derivative is a matrix: use jacobian")
        x = x if isinstance(x, Tensor) else np.asarray(x, dtype=np.float64)
        return vjp(lambda z: self(z, **given), x)[1](np.ones(np.shape(x)))[0]


ALL: dict[str, Activation] = {}


def describe(label: str, interval: Interval | Callable[..., Interval], *known: Any, **more: Any) -> Callable[[Any], Any]:
    """Enter a function into the table: the fields of `Activation`, but for its name and the function itself."""
    span = interval if callable(interval) else lambda **_: interval

    def enter(function: Any) -> Any:
        ALL[function.__name__] = Activation(function.__name__, label, function, span, *known, **more)
        return function

    return enter


def get(name: str) -> Activation:
    """The entry of this name; ValueError, with the nearest name, for one that does not exist.

    >>> from dlcourse.nn import activations
    >>> activations.get("relu").range()
    Interval(left='[', low=0.0, high=inf, right=')')
    """
    return named(ALL, name, "activation")
