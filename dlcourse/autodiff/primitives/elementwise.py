# mypy: disable-error-code="has-type"
"""Elementwise rows: arithmetic, transcendental functions, corners and steps."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from ..box import UFUNCS, Tensor, call
from ..special import erf as erf_values
from .table import elementwise, row


def quotient(g: Any, d: Any) -> Any:
    """g / d, and 0 where g is 0: a gradient that nobody asked for stays 0 even where the derivative is infinite."""
    if type(g) is Tensor or type(d) is Tensor:
        nothing = equal(g, 0.0)
        return where(nothing, 0.0, divide(g, where(nothing, 1.0, d)))
    if type(g) is float and type(d) is float:
        return divide_values(g, d) if g != 0.0 else 0.0
    g, d = np.broadcast_arrays(g, d)
    return np.divide(g, d, out=np.zeros(g.shape), where=g != 0.0)


def divide_values(a: Any, b: Any) -> Any:
    """a / b with IEEE's infinities for floats too, where Python raises."""
    try:
        return a / b
    except ZeroDivisionError:
        return float(np.divide(a, b))


def truth(compare: Any) -> Any:
    """A comparison as 0.0 and 1.0."""
    return lambda a, b: compare(a, b) * 1.0


def logistic_values(x: Any) -> Any:
    """1 / (1 + exp(−x)) without overflow on either side."""
    small = np.exp(-np.abs(x))
    return np.where(np.greater_equal(x, 0.0), 1.0, small) / (1.0 + small)


def softplus_values(x: Any) -> Any:
    """log(1 + exp x), as max(x, 0) + log(1 + exp(−|x|))."""
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


# Arithmetic -----------------------------------------------------------------------------------------------

add = elementwise("add", operator.add, lambda g, y, a, b: g, lambda g, y, a, b: g, ufunc=np.add)
subtract = elementwise("subtract", operator.sub, lambda g, y, a, b: g, lambda g, y, a, b: -g, ufunc=np.subtract)
multiply = elementwise("multiply", operator.mul, lambda g, y, a, b: g * b, lambda g, y, a, b: g * a, ufunc=np.multiply)
divide = elementwise(
    "divide",
    divide_values,
    lambda g, y, a, b: quotient(g, b),
    lambda g, y, a, b: quotient(quotient(-g * a, b), b),
    ufunc=np.divide,
)
negative = elementwise("negative", operator.neg, lambda g, y, x: -g, ufunc=np.negative)
square = elementwise("square", lambda x: x * x, lambda g, y, x: g * (2.0 * x), ufunc=np.square)
power = elementwise(
    "power",
    np.power,
    lambda g, y, a, b: g * b * power(a, b - 1.0),
    lambda g, y, a, b: g * y * where(greater(a, 0.0), log(where(greater(a, 0.0), a, 1.0)), 0.0),
    ufunc=np.float_power,
)
sqrt = elementwise("sqrt", np.sqrt, lambda g, y, x: quotient(g, 2.0 * y), ufunc=np.sqrt)
absolute = elementwise("absolute", operator.abs, lambda g, y, x: g * sign(x), ufunc=np.absolute)

# Transcendental functions ---------------------------------------------------------------------------------

exp = elementwise("exp", np.exp, lambda g, y, x: g * y, ufunc=np.exp)
expm1 = elementwise("expm1", np.expm1, lambda g, y, x: g * (y + 1.0), ufunc=np.expm1)
log = elementwise("log", np.log, lambda g, y, x: quotient(g, x), ufunc=np.log)
log1p = elementwise("log1p", np.log1p, lambda g, y, x: quotient(g, 1.0 + x), ufunc=np.log1p)
sin = elementwise("sin", np.sin, lambda g, y, x: g * cos(x), ufunc=np.sin)
cos = elementwise("cos", np.cos, lambda g, y, x: -g * sin(x), ufunc=np.cos)
tanh = elementwise("tanh", np.tanh, lambda g, y, x: g * (1.0 - y * y), ufunc=np.tanh)
erf = elementwise("erf", erf_values, lambda g, y, x: g * (2.0 / math.sqrt(math.pi)) * exp(-x * x))

logistic = elementwise("logistic", logistic_values, lambda g, y, x: g * (y * (1.0 - y)))
softplus = elementwise("softplus", softplus_values, lambda g, y, x: g * logistic(x))

# Functions with corners, and steps: the derivative is zero almost everywhere --------------------------------

maximum = elementwise(
    "maximum",
    np.maximum,
    lambda g, y, a, b: g * (0.5 * greater(a, b) + 0.5 * greater_equal(a, b)),
    lambda g, y, a, b: g * (0.5 * greater(b, a) + 0.5 * greater_equal(b, a)),
    ufunc=np.maximum,
)
minimum = elementwise(
    "minimum",
    np.minimum,
    lambda g, y, a, b: g * (0.5 * less(a, b) + 0.5 * less_equal(a, b)),
    lambda g, y, a, b: g * (0.5 * less(b, a) + 0.5 * less_equal(b, a)),
    ufunc=np.minimum,
)
relu = elementwise("relu", lambda x: np.maximum(x, 0.0), lambda g, y, x: g * (x > 0.0))
sign = elementwise("sign", np.sign, None, ufunc=np.sign)
rint = elementwise("rint", np.rint, None, ufunc=np.rint)
greater = elementwise("greater", truth(operator.gt), None, None, ufunc=np.greater)
greater_equal = elementwise("greater_equal", truth(operator.ge), None, None, ufunc=np.greater_equal)
less = elementwise("less", truth(operator.lt), None, None, ufunc=np.less)
less_equal = elementwise("less_equal", truth(operator.le), None, None, ufunc=np.less_equal)
equal = elementwise("equal", truth(operator.eq), None, None, ufunc=np.equal)
not_equal = elementwise("not_equal", truth(operator.ne), None, None, ufunc=np.not_equal)

WHERE = row(
    "where",
    lambda c, a, b: np.where(c, a, b),
    (None, lambda g, y, c, a, b: where(c, g, 0.0), lambda g, y, c, a, b: where(c, 0.0, g)),
)


def where(condition: Any, a: Any, b: Any) -> Any:
    """a where the condition holds (is not 0), else b; both are computed, only the chosen one gets the gradient."""
    return call(WHERE, condition, a, b)


def repeated_product(x: Any, n: int) -> Any:
    y = x
    for _ in range(n - 1):
        y = y * x
    return y


INTEGER_POWER = row(
    "integer_power",
    repeated_product,
    (lambda g, y, x, n: g * (float(n) * (x if n == 2 else call(INTEGER_POWER, x, n=n - 1))),),
    lower=lambda shapes, options: ("integer_power", options),
)


def raise_to(x: Any, p: Any) -> Any:
    """x ** p: a product for small whole p (the same to the last bit everywhere), else `power`."""
    if type(p) in (int, float) and abs(p) <= 64 and p == int(p):
        if p == 0:
            return where(equal(x, x), 1.0, 1.0)
        n = int(abs(p))
        y = x if n == 1 else square(x) if n == 2 else call(INTEGER_POWER, x, n=n)
        return y if p > 0 else divide(1.0, y)
    if type(p) in (int, float) and p == 0.5:
        return sqrt(x)
    return power(x, p)


UFUNCS[np.power] = raise_to
