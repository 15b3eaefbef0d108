# mypy: disable-error-code="has-type"
"""Elementwise rows: arithmetic, transcendental functions, corners and steps."""

import math
import operator
from typing import Any

import numpy as np

from ..box import NUMPY, call, elementwise, row


def quotient(g: Any, d: Any) -> Any:
    """g / d, but 0 where g is 0 and d is 0 or NaN: nobody asked for that gradient. Elsewhere it flows on to g and d."""
    if type(d) is float and d != 0.0 and d == d:
        return divide(g, d)
    if type(g) is float and type(d) is float:
        return divide_values(g, d) if g != 0.0 else 0.0
    nothing = greater(equal(g, 0.0), greater(absolute(d), 0.0))
    return where(nothing, 0.0, divide(g, where(nothing, 1.0, d)))


def product(g: Any, d: Any) -> Any:
    """g d, but 0 where g is 0 and d is not finite."""
    if type(g) is float and type(d) is float:
        return g * d if g != 0.0 or math.isfinite(d) else 0.0
    return g * where(greater(equal(g, 0.0), less(absolute(d), math.inf)), 0.0, d)


def divide_values(a: Any, b: Any) -> Any:
    """a / b with IEEE's infinities for floats too, where Python raises."""
    try:
        return a / b
    except ZeroDivisionError:
        return float(np.divide(a, b))


def logistic_values(x: Any) -> Any:
    """1 / (1 + exp(−x)) without overflow on either side."""
    small = np.exp(-np.abs(x))
    return np.where(np.greater_equal(x, 0.0), 1.0, small) / (1.0 + small)


def softplus_values(x: Any) -> Any:
    """log(1 + exp x), as max(x, 0) + log(1 + exp(−|x|))."""
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


# Arithmetic -----------------------------------------------------------------------------------------------

add = elementwise("add", operator.add, lambda g, y, a, b: g, lambda g, y, a, b: g)
subtract = elementwise("subtract", operator.sub, lambda g, y, a, b: g, lambda g, y, a, b: -g)
multiply = elementwise("multiply", operator.mul, lambda g, y, a, b: g * b, lambda g, y, a, b: g * a)
divide = elementwise(
    "divide", divide_values, lambda g, y, a, b: quotient(g, b), lambda g, y, a, b: quotient(quotient(-g * a, b), b)
)
negative = elementwise("negative", operator.neg, lambda g, y, x: -g)
square = elementwise("square", lambda x: x * x, lambda g, y, x: g * (2.0 * x))
power = elementwise(
    "power",
    np.power,
    # a⁰ is 1 for all a: where both are 0, any finite power does for the factor of b = 0
    lambda g, y, a, b: product(g, b * power(a, where(equal(a, 0.0) * equal(b, 0.0), 1.0, b - 1.0))),
    lambda g, y, a, b: product(g, y * where(greater(a, 0.0), log(where(greater(a, 0.0), a, 1.0)), 0.0)),
)
sqrt = elementwise("sqrt", np.sqrt, lambda g, y, x: quotient(g, 2.0 * y))
absolute = elementwise("absolute", operator.abs, lambda g, y, x: g * sign(x))

# Transcendental functions ---------------------------------------------------------------------------------

exp = elementwise("exp", np.exp, lambda g, y, x: g * y)
expm1 = elementwise("expm1", np.expm1, lambda g, y, x: g * (y + 1.0))
log = elementwise("log", np.log, lambda g, y, x: quotient(g, x))
log1p = elementwise("log1p", np.log1p, lambda g, y, x: quotient(g, 1.0 + x))
sin = elementwise("sin", np.sin, lambda g, y, x: g * cos(x))
cos = elementwise("cos", np.cos, lambda g, y, x: -g * sin(x))
tanh = elementwise("tanh", np.tanh, lambda g, y, x: g * (1.0 - y * y))
erf_of_each = np.vectorize(math.erf, otypes=[np.float64])  # NumPy itself has none
erf = elementwise(
    "erf",
    lambda x: math.erf(x) if type(x) is float else erf_of_each(x),
    lambda g, y, x: g * (2.0 / math.sqrt(math.pi)) * exp(-x * x),
)
logistic = elementwise("logistic", logistic_values, lambda g, y, x: g * (y * (1.0 - y)))
softplus = elementwise("softplus", softplus_values, lambda g, y, x: g * logistic(x))

# Functions with corners, and steps: the derivative is zero almost everywhere --------------------------------


def share(a: Any, b: Any) -> Any:
    """1 where a is the larger one, ½ where both are equal, else 0."""
    return 0.5 * greater(a, b) + 0.5 * greater_equal(a, b)


maximum = elementwise("maximum", np.maximum, lambda g, y, a, b: g * share(a, b), lambda g, y, a, b: g * share(b, a))
minimum = elementwise("minimum", np.minimum, lambda g, y, a, b: g * share(b, a), lambda g, y, a, b: g * share(a, b))
relu = elementwise("relu", lambda x: np.maximum(x, 0.0), lambda g, y, x: g * (x > 0.0))
sign = elementwise("sign", np.sign, None)
rint = elementwise("rint", np.rint, None)
greater = elementwise("greater", lambda a, b: (a > b) * 1.0, None, None)
greater_equal = elementwise("greater_equal", lambda a, b: (a >= b) * 1.0, None, None)
less = elementwise("less", lambda a, b: (a < b) * 1.0, None, None)
less_equal = elementwise("less_equal", lambda a, b: (a <= b) * 1.0, None, None)
equal = elementwise("equal", lambda a, b: (a == b) * 1.0, None, None)
not_equal = elementwise("not_equal", lambda a, b: (a != b) * 1.0, None, None)

WHERE = row("where", np.where, (None, lambda g, y, c, a, b: where(c, g, 0.0), lambda g, y, c, a, b: where(c, 0.0, g)))


def where(condition: Any, a: Any, b: Any) -> Any:
    """a where the condition holds (is not 0), else b; both are computed, only the chosen one gets the gradient."""
    return call(WHERE, condition, a, b)


INTEGER_POWER = row(
    "integer_power", lambda x, n: math.prod([x] * (n - 1), start=x), (lambda g, y, x, n: g * (float(n) * raise_to(x, n - 1)),)
)


def raise_to(x: Any, p: Any) -> Any:
    """x ** p: a product for small whole p (the same to the last bit everywhere), else `power`."""
    p = p.item() if isinstance(p, (np.integer, np.floating)) else p
    if type(p) is not int and type(p) is not float:
        return power(x, p)
    if p == 2:
        return square(x)
    if p == 0:
        return where(equal(x, x), 1.0, 1.0)
    if abs(p) <= 64 and p == int(p):
        y = x if abs(p) == 1 else raise_to(x, 2) if abs(p) == 2 else call(INTEGER_POWER, x, n=int(abs(p)))
        return y if p > 0 else divide(1.0, y)
    return sqrt(x) if p == 0.5 else power(x, p)


NUMPY[np.power], NUMPY[np.float_power] = raise_to, power
