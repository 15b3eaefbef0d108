"""Activations: functions of arrays and Tensors, and the table that describes each of them once.

Each is made of the engine's primitives, so that the engine differentiates it and the page can run it. `get(name)`
gives the entry of the table: the function with its range, its parameters, its derivative on paper and its source.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ..autodiff import Tensor, vjp
from ..autodiff.primitives import equal, erf, exp, expm1, greater, greater_equal, logistic, maximum, where
from ..autodiff.primitives import max as max_row
from ..autodiff.primitives import relu as relu_row
from ..autodiff.primitives import softmax as softmax_row
from ..autodiff.primitives import softplus as softplus_row
from ..autodiff.primitives import tanh as tanh_row
from ..names import named

INFINITY = math.inf
SELU_ALPHA, SELU_SCALE = 1.6732632423543772848, 1.0507009873554804934  # [Klambauer et al. 2017]


class Interval(NamedTuple):
    """A range of values: `[` and `]` where the end belongs to it, `(` and `)` where not; `{` `}` for the two ends alone.

    >>> print(Interval("[", 0.0, INFINITY, ")"))
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
    """A parameter of an activation: its usual value, and the numbers that make sense, ends included."""

    default: float
    low: float
    high: float
    meaning: str


@dataclass(frozen=True)
class Activation:
    """A function with what is known about it.

    name, label : as code and as prose call it. function : (x, **parameters) → values.
    interval : its range, as a function of the parameters. derivative : g′(x, **parameters) on paper, for arrays
    (None where it is a matrix, or not printed). source : where it is from. elementwise : False for the two that look at a
    whole vector, along the last axis.

    Calling it checks the parameters: TypeError for unknown ones, ValueError for numbers that make no sense.

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
    source: str
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
        """g′(x), entry by entry, by the engine. ValueError for a function of a whole vector: take its `jacobian`."""
        if not self.elementwise:
            raise ValueError(f"{self.name}: takes a whole vector, so its derivative is a matrix: use jacobian")
        x = x if isinstance(x, Tensor) else np.asarray(x, dtype=np.float64)
        return vjp(lambda z: self(z, **given), x)[1](np.ones(np.shape(x)))[0]


ALL: dict[str, Activation] = {}


def describe(
    label: str,
    interval: Interval | Callable[..., Interval],
    derivative: Callable[..., Any] | None,
    source: str,
    parameters: Mapping[str, Parameter] = {},
    *,
    elementwise: bool = True,
) -> Callable[[Any], Any]:
    """Enter a function into the table."""

    def enter(function: Any) -> Any:
        name = function.__name__
        span = interval if callable(interval) else lambda **_: interval
        ALL[name] = Activation(name, label, function, span, derivative, source, parameters, elementwise)
        return function

    return enter


def get(name: str) -> Activation:
    """The entry of this name; ValueError, with the nearest name, for one that does not exist.

    >>> get("relu").range()
    Interval(left='[', low=0.0, high=inf, right=')')
    """
    return named(ALL, name, "activation")


REALS = Interval("(", -INFINITY, INFINITY, ")")
NON_NEGATIVE = Interval("[", 0.0, INFINITY, ")")

# Classic ----------------------------------------------------------------------------------------------------------


@describe("Identity", REALS, np.ones_like, "source 003")
def identity(x: Any) -> Any:
    """g(x) = x, the output of a regression [source 003].

    >>> identity(np.array([-1.0, 2.0]))
    array([-1.,  2.])
    """
    return x


@describe("Binary step", Interval("{", 0.0, 1.0, "}"), np.zeros_like, "source 003")
def binary_step(x: Any) -> Any:
    """g(x) = 1 if x ≥ 0, else 0: nothing to descend, its derivative is 0 wherever it exists [source 003].

    >>> binary_step(np.array([-1.0, 0.0, 2.0]))
    array([0., 1., 1.])
    """
    return where(equal(x, x), greater_equal(x, 0.0), x)  # what is not a number stays so


@describe("Sigmoid", Interval("(", 0.0, 1.0, ")"), lambda x: logistic(x) * logistic(-x), "sources 002, 003")
def sigmoid(x: Any) -> Any:
    """g(x) = 1 / (1 + exp(−x)), with g′ = g (1 − g) [sources 002, 003].

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    return logistic(x)


@describe("Hyperbolic tangent", Interval("(", -1.0, 1.0, ")"), lambda x: 1.0 - np.tanh(x) ** 2, "sources 002, 003")
def tanh(x: Any) -> Any:
    """g(x) = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ), with g′ = 1 − g² [sources 002, 003].

    >>> tanh(np.array([-1000.0, 0.0]))
    array([-1.,  0.])
    """
    return tanh_row(x)


def soboleva_interval(a: float, b: float, c: float, d: float) -> Interval:
    """The range: e^((a−c)x) rules for large x, −e^((b−d)|x|) for large −x; where both fall, the peak is looked for."""

    def end(rise: float, fall: float, side: float) -> tuple[bool, float]:
        if rise >= fall:
            return False, side * (1.0 if rise == fall else INFINITY)
        low, high = 0.0, 50.0 / (fall - rise)
        for _ in range(8):
            grid = np.linspace(low, high, 1001)
            peak = int(np.argmax(side * soboleva_tanh(side * grid, a, b, c, d)))
            low, high = grid[max(peak - 1, 0)], grid[min(peak + 1, 1000)]
        return True, float(soboleva_tanh(side * grid[peak], a, b, c, d))

    (top, high), (bottom, low) = end(a, c, 1.0), end(b, d, -1.0)
    return Interval("[" if bottom else "(", low, high, "]" if top else ")")


@describe(
    "Soboleva’s modified hyperbolic tangent", soboleva_interval, None, "source 003",
    parameters={name: Parameter(1.0, 0.0, INFINITY, meaning) for name, meaning in {
        "a": "growth of the numerator to the right", "b": "growth of the numerator to the left",
        "c": "growth of the denominator to the right", "d": "growth of the denominator to the left"}.items()},
)  # fmt: skip
def soboleva_tanh(x: Any, a: Any = 1.0, b: Any = 1.0, c: Any = 1.0, d: Any = 1.0) -> Any:
    """g(x) = (e^(ax) − e^(−bx)) / (e^(cx) + e^(−dx)) [source 003]; tanh for a = b = c = d = 1.

    For 0 ≤ a ≤ c and 0 ≤ b ≤ d it stays within (−1, 1). For a > c or b > d it grows **exponentially** and overflows to
    infinity (NumPy warns), as the function itself does. Computed with numerator and denominator divided by
    the larger term of the denominator.

    >>> soboleva_tanh(np.array([-1000.0, 0.0, 1000.0]), 1.0, 1.0, 1.0, 2.0).round(6)
    array([0., 0., 1.])
    """
    m = maximum(c * x, -d * x)
    return (exp(a * x - m) - exp(-b * x - m)) / (exp(c * x - m) + exp(-d * x - m))


# Rectifiers -------------------------------------------------------------------------------------------------------


@describe("ReLU", NON_NEGATIVE, lambda x: greater(x, 0.0), "sources 000, 002, 003")
def relu(x: Any) -> Any:
    """g(x) = max(0, x), the rectified linear unit, with g′(0) = 0 as in source 003 [sources 000, 002, 003].

    >>> relu(np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    return relu_row(x)


@describe(
    "Leaky ReLU", lambda slope: REALS if slope > 0 else NON_NEGATIVE, lambda x, slope=0.01: np.where(x > 0, 1.0, slope),
    "Maas et al. 2013; source 003", parameters={"slope": Parameter(0.01, 0.0, 1.0, "slope for x ≤ 0, fixed")},
)  # fmt: skip
def leaky_relu(x: Any, slope: Any = 0.01) -> Any:
    """g(x) = x if x > 0, else 0.01 x [Maas et al. 2013; source 003].

    >>> leaky_relu(np.array([-1.0, 2.0]))
    array([-0.01,  2.  ])
    """
    return where(greater(x, 0.0), x, slope * x)


@describe(
    "Parametric ReLU", lambda alpha: REALS if alpha > 0 else NON_NEGATIVE, lambda x, alpha=0.25: np.where(x > 0, 1.0, alpha),
    "He et al. 2015; source 003", {"alpha": Parameter(0.25, 0.0, INFINITY, "slope for x ≤ 0, learned with the weights")},
)  # fmt: skip
def prelu(x: Any, alpha: Any = 0.25) -> Any:
    """g(x) = x if x > 0, else α x, where α is learned: give it as a Tensor [He et al. 2015; source 003].

    alpha : a scalar, or one number per unit.

    >>> α = Tensor(0.25)
    >>> np.sum(prelu(np.array([-1.0, -2.0, 3.0]), α)).backward()
    >>> α.grad
    -3.0
    """
    return where(greater(x, 0.0), x, alpha * x)


GELU_MINIMUM = -0.16997120747990369  # at x = −0.75179…
SILU_MINIMUM = -0.27846454276107380  # −W(1/e), at x = −1.27846…


@describe(
    "GELU", Interval("[", GELU_MINIMUM, INFINITY, ")"),
    lambda x: 0.5 * (1.0 + erf(x / math.sqrt(2.0))) + x * np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi),
    "Hendrycks & Gimpel 2016; source 003",
)  # fmt: skip
def gelu(x: Any) -> Any:
    """g(x) = x Φ(x) = ½ x (1 + erf(x/√2)), exact; g′ = Φ(x) + x φ(x) [Hendrycks & Gimpel 2016; source 003].

    >>> gelu(np.array([-1000.0, 1000.0]))
    array([  -0., 1000.])
    """
    return 0.5 * x * (1.0 + erf(x * math.sqrt(0.5)))


@describe(
    "ELU", lambda alpha: Interval("(" if alpha else "[", 0.0 - alpha, INFINITY, ")"),
    lambda x, alpha=1.0: np.where(x > 0, 1.0, alpha * np.exp(np.minimum(x, 0.0))),
    "Clevert et al. 2015; source 003", parameters={"alpha": Parameter(1.0, 0.0, INFINITY, "−α is approached for x → −∞")},
)  # fmt: skip
def elu(x: Any, alpha: Any = 1.0) -> Any:
    """g(x) = x if x > 0, else α (eˣ − 1), the exponential linear unit [Clevert et al. 2015; source 003].

    >>> elu(np.array([-1000.0, 0.0, 2.0]))
    array([-1.,  0.,  2.])
    """
    positive = greater(x, 0.0)
    return where(positive, x, alpha * expm1(where(positive, 0.0, x)))


@describe(
    "SELU", Interval("(", -SELU_ALPHA * SELU_SCALE, INFINITY, ")"),
    lambda x: SELU_SCALE * np.where(x > 0, 1.0, SELU_ALPHA * np.exp(np.minimum(x, 0.0))),
    "Klambauer et al. 2017; source 003",
)  # fmt: skip
def selu(x: Any) -> Any:
    """g(x) = λ ELU(x; α) with α = 1.67326… and λ = 1.0507…, for which mean 0 and variance 1 are a fixed point.

    [Klambauer et al. 2017; source 003]

    >>> selu(np.array([1.0])).round(4)
    array([1.0507])
    """
    return SELU_SCALE * elu(x, SELU_ALPHA)


@describe(
    "SiLU", Interval("[", SILU_MINIMUM, INFINITY, ")"),
    lambda x: logistic(x) * (1.0 + x * logistic(-x)), "Elfwing et al. 2017; source 003",
)  # fmt: skip
def silu(x: Any) -> Any:
    """g(x) = x σ(x), the sigmoid linear unit [Elfwing et al. 2017; source 003].

    >>> silu(np.array([-1000.0, 1000.0]))
    array([  -0., 1000.])
    """
    return x * logistic(x)


# Others -----------------------------------------------------------------------------------------------------------


@describe("Gaussian", Interval("(", 0.0, 1.0, "]"), lambda x: -2.0 * x * np.exp(-x * x), "source 003")
def gaussian(x: Any) -> Any:
    """g(x) = exp(−x²) [source 003].

    >>> gaussian(np.array([0.0, 1000.0]))
    array([1., 0.])
    """
    return exp(-x * x)


@describe("Softplus", Interval("(", 0.0, INFINITY, ")"), lambda x: logistic(x), "Dugas et al. 2000; source 003")
def softplus(x: Any) -> Any:
    """g(x) = log(1 + eˣ), a smooth ReLU; g′ is the sigmoid [Dugas et al. 2000; source 003].

    >>> softplus(np.array([-1000.0, 1000.0]))
    array([   0., 1000.])
    """
    return softplus_row(x)


@describe("Softmax", Interval("(", 0.0, 1.0, ")"), None, "sources 002, 003", elementwise=False)
def softmax(x: Any) -> Any:
    """ρ_i(x) = exp(x_i) / Σ_j exp(x_j) along the last axis; its Jacobian is ρ_i (δ_ij − ρ_j) [sources 002, 003].

    x : (…, J) → (…, J). Raises ShapeError for a scalar or an empty axis.

    >>> softmax(np.array([1000.0, 1000.0, -1000.0]))
    array([0.5, 0.5, 0. ])
    """
    return softmax_row(x)


@describe("Maxout", REALS, None, "Goodfellow et al. 2013; source 003", elementwise=False)
def maxout(x: Any) -> Any:
    """g(x) = max_j x_j along the last axis; the gradient goes to the winner, equal winners share it.

    x : (…, J) → (…). A hidden unit, not an output: the maximum of J linear pieces [Goodfellow et al. 2013; source 003].

    >>> maxout(np.array([[1.0, 3.0], [2.0, -1.0]]))
    array([3., 2.])
    """
    return max_row(x, axis=-1)
