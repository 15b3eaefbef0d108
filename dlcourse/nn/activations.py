"""Activations: sixteen functions of arrays and Tensors, each described once, where it is defined.

Each is made of the engine's primitives, so that the engine differentiates it and the page can run it. `get(name)`
gives its entry in the table: the function with its range, its parameters and its derivative on paper.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autodiff import primitives
from ..autodiff.box import floats
from ..autodiff.primitives import equal, erf, exp, expm1, greater, greater_equal, logistic, maximum, where
from .catalogue import ALL, INFINITY, Activation, Interval, Parameter, describe, get

__all__ = [
    "ALL", "Activation", "Interval", "Parameter", "binary_step", "elu", "gaussian", "gelu", "get", "identity", "leaky_relu",
    "maxout", "prelu", "relu", "selu", "sigmoid", "silu", "soboleva_tanh", "softmax", "softplus", "tanh",
]  # fmt: skip

SELU_ALPHA, SELU_SCALE = 1.6732632423543772848, 1.0507009873554804934  # [Klambauer et al. 2017]


REALS = Interval("(", -INFINITY, INFINITY, ")")
NON_NEGATIVE = Interval("[", 0.0, INFINITY, ")")

# Classic ----------------------------------------------------------------------------------------------------------


@describe("Identity", REALS, np.ones_like)
def identity(x: Any) -> Any:
    """g(x) = x, the output of a regression [source 003].

    >>> identity(np.array([-1.0, 2.0]))
    array([-1.,  2.])
    """
    return x


@describe("Binary step", Interval("{", 0.0, 1.0, "}"), np.zeros_like)
def binary_step(x: Any) -> Any:
    """g(x) = 1 if x ≥ 0, else 0: nothing to descend, its derivative is 0 wherever it exists [source 003].

    >>> binary_step(np.array([-1.0, 0.0, 2.0]))
    array([0., 1., 1.])
    """
    return where(equal(x, x), greater_equal(x, 0.0), x)  # what is not a number stays so


@describe("Sigmoid", Interval("(", 0.0, 1.0, ")"), lambda x: logistic(x) * logistic(-x))
def sigmoid(x: Any) -> Any:
    """g(x) = 1 / (1 + exp(−x)), with g′ = g (1 − g) [sources 002, 003].

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    return logistic(x)


@describe("Hyperbolic tangent", Interval("(", -1.0, 1.0, ")"), lambda x: 1.0 - np.tanh(x) ** 2)
def tanh(x: Any) -> Any:
    """g(x) = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ), with g′ = 1 − g² [sources 002, 003].

    >>> tanh(np.array([-1000.0, 0.0]))
    array([-1.,  0.])
    """
    return primitives.tanh(x)


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
    "Soboleva’s modified hyperbolic tangent", soboleva_interval, None,
    parameters={name: Parameter(1.0, 0.0, INFINITY, meaning) for name, meaning in {
        "a": "growth of the numerator to the right", "b": "growth of the numerator to the left",
        "c": "growth of the denominator to the right", "d": "growth of the denominator to the left"}.items()},
)  # fmt: skip
def soboleva_tanh(x: Any, a: Any = 1.0, b: Any = 1.0, c: Any = 1.0, d: Any = 1.0) -> Any:
    """g(x) = (e^(ax) − e^(−bx)) / (e^(cx) + e^(−dx)) [source 003]; tanh for a = b = c = d = 1.

    For 0 ≤ a ≤ c and 0 ≤ b ≤ d it stays within (−1, 1). For a > c or b > d it grows exponentially and overflows to
    infinity (NumPy warns), as the function itself does. Computed with numerator and denominator divided by
    the larger term of the denominator.

    >>> soboleva_tanh(np.array([-1000.0, 0.0, 1000.0]), 1.0, 1.0, 1.0, 2.0).round(6)
    array([0., 0., 1.])
    """
    m = maximum(c * x, -d * x)
    return (exp(a * x - m) - exp(-b * x - m)) / (exp(c * x - m) + exp(-d * x - m))


# Rectifiers -------------------------------------------------------------------------------------------------------


@describe("ReLU", NON_NEGATIVE, lambda x: greater(x, 0.0))
def relu(x: Any) -> Any:
    """g(x) = max(0, x), the rectified linear unit, with g′(0) = 0 as in source 003 [sources 000, 002, 003].

    >>> relu(np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    return primitives.relu(x)


@describe(
    "Leaky ReLU", lambda slope: REALS if slope > 0 else NON_NEGATIVE, lambda x, slope=0.01: np.where(x > 0, 1.0, slope),
    parameters={"slope": Parameter(0.01, 0.0, 1.0, "slope for x ≤ 0, fixed")},
)  # fmt: skip
def leaky_relu(x: Any, slope: Any = 0.01) -> Any:
    """g(x) = x if x > 0, else 0.01 x [Maas et al. 2013; source 003].

    >>> leaky_relu(np.array([-1.0, 2.0]))
    array([-0.01,  2.  ])
    """
    return where(greater(x, 0.0), x, slope * x)


@describe(
    "Parametric ReLU", lambda alpha: REALS if alpha > 0 else NON_NEGATIVE, lambda x, alpha=0.25: np.where(x > 0, 1.0, alpha),
    parameters={"alpha": Parameter(0.25, 0.0, INFINITY, "slope for x ≤ 0, learned")},
)  # fmt: skip
def prelu(x: Any, alpha: Any = 0.25) -> Any:
    """g(x) = x if x > 0, else α x, where α is learned: give it as a Tensor [He et al. 2015; source 003].

    alpha : a scalar, or one number per unit.

    >>> from dlcourse import Tensor
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
    parameters={"alpha": Parameter(1.0, 0.0, INFINITY, "−α is approached for x → −∞")},
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
)  # fmt: skip
def selu(x: Any) -> Any:
    """g(x) = λ ELU(x; α) with α = 1.67326… and λ = 1.0507…, for which mean 0 and variance 1 are a fixed point.

    [Klambauer et al. 2017; source 003]

    >>> selu(np.array([1.0])).round(4)
    array([1.0507])
    """
    return SELU_SCALE * elu(x, SELU_ALPHA)


@describe("SiLU", Interval("[", SILU_MINIMUM, INFINITY, ")"), lambda x: logistic(x) * (1.0 + x * logistic(-x)))
def silu(x: Any) -> Any:
    """g(x) = x σ(x), the sigmoid linear unit [Elfwing et al. 2017; source 003].

    >>> silu(np.array([-1000.0, 1000.0]))
    array([  -0., 1000.])
    """
    return x * logistic(x)


# Others -----------------------------------------------------------------------------------------------------------


@describe("Gaussian", Interval("(", 0.0, 1.0, "]"), lambda x: -2.0 * x * np.exp(-x * x))
def gaussian(x: Any) -> Any:
    """g(x) = exp(−x²) [source 003].

    >>> gaussian(np.array([0.0, 1000.0]))
    array([1., 0.])
    """
    x = floats(x)
    return exp(-x * x)


@describe("Softplus", Interval("(", 0.0, INFINITY, ")"), lambda x: logistic(x))
def softplus(x: Any) -> Any:
    """g(x) = log(1 + eˣ), a smooth ReLU; g′ is the sigmoid [Dugas et al. 2000; source 003].

    >>> softplus(np.array([-1000.0, 1000.0]))
    array([   0., 1000.])
    """
    return primitives.softplus(x)


@describe("Softmax", Interval("(", 0.0, 1.0, ")"), None, elementwise=False)
def softmax(x: Any) -> Any:
    """ρ_i(x) = exp(x_i) / Σ_j exp(x_j) along the last axis; its Jacobian is ρ_i (δ_ij − ρ_j) [sources 002, 003].

    x : (…, J) → (…, J). Raises ShapeError for a scalar or an empty axis.

    >>> softmax(np.array([1000.0, 1000.0, -1000.0]))
    array([0.5, 0.5, 0. ])
    """
    return primitives.softmax(x)


@describe("Maxout", REALS, None, elementwise=False)
def maxout(x: Any) -> Any:
    """g(x) = max_j x_j along the last axis; the gradient goes to the winner, equal winners share it.

    x : (…, J) → (…). A hidden unit, not an output: the maximum of J linear pieces [Goodfellow et al. 2013; source 003].

    >>> maxout(np.array([[1.0, 3.0], [2.0, -1.0]]))
    array([3., 2.])
    """
    return primitives.max(x, axis=-1)
