"""Exercises of the chapter on automatic differentiation. What is expected comes from the engine and from closed forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..autodiff import jvp, vjp
from .checking import Case, Exercise, Feedback, agree, answered, apart, exercise, register

# 1 A row for division --------------------------------------------------------------------------------------------------


def quotient_case(g: float, a: float, b: float) -> Case:
    y, pullback = vjp(lambda a, b: a / b, a, b)
    da, db = pullback(g)
    mistakes = (
        ((da, -db), "The sign of the second: a larger divisor makes the quotient smaller."),
        ((da / g, db / g), "These are the slopes of a / b; the rule multiplies them by the gradient g that comes from above."),
        ((da, g * a / b), "Differentiate a / b by b once more: which power of b stands below?"),
    )
    return Case((g, y, a, b), (da, db), f"divide_back(g={g:g}, y={y:g}, a={a:g}, b={b:g})", mistakes)


exercise(
    "divide_back",
    [quotient_case(1.0, 6.0, 2.0), quotient_case(3.0, -1.0, 4.0), quotient_case(-0.5, 2.0, -0.25)],
    praise="The second rule may reuse y: −g y / b. The real table guards both against 0 / 0 as well.",
)

# 2 Dual numbers ----------------------------------------------------------------------------------------------------------

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "x + 3": lambda x: x + 3.0,
    "x * x": lambda x: x * x,
    "2 * x + x": lambda x: 2.0 * x + x,
    "exp(x)": np.exp,
    "x * exp(x * x)": lambda x: x * np.exp(x * x),
    "exp(exp(x) + -1 * x)": lambda x: np.exp(np.exp(x) + -1.0 * x),
}


def arithmetic(dual: Callable[..., Any]) -> Any:
    """Numbers that do what the reader's function says of pairs (value, tangent)."""

    class Number:
        def __init__(self, pair: Any) -> None:
            self.pair = pair

        def __add__(self, other: Any) -> Number:
            return Number(dual("add", self.pair, pair_of(other)))

        def __mul__(self, other: Any) -> Number:
            return Number(dual("multiply", self.pair, pair_of(other)))

        def exp(self) -> Number:  # what np.exp calls
            return Number(dual("exp", self.pair))

        __radd__, __rmul__ = __add__, __mul__

    def pair_of(x: Any) -> Any:
        return x.pair if isinstance(x, Number) else (x, 0.0)

    return Number


def judge_dual(dual: Callable[..., Any]) -> Feedback:
    answered(dual("multiply", (2.0, 1.0), (3.0, 0.0)))
    answered(dual("exp", (0.0, 1.0)))
    Number = arithmetic(dual)
    for name, f in FUNCTIONS.items():
        for x in (0.5, -1.25):
            got = f(Number((x, 1.0))).pair
            expected = jvp(f, (x,), (1.0,))
            if not agree(got, expected, 1e-12):
                where = f"{name} at x = {x:g}: (value, tangent) should be {apart(expected, got)}."
                return Feedback(False, f"Not yet. {where}")
    return Feedback(True, f"Right: {len(FUNCTIONS)} functions agree. That was forward mode, whole.")


register(Exercise("dual", judge_dual))

# 3 A gradient with little memory -----------------------------------------------------------------------------------------

STEPS, ALIVE, CALLS = 400, 60, 4000


class Counted(float):
    """A number that knows how many of its kind are alive."""

    alive = peak = 0

    def __new__(cls, value: float) -> Counted:
        cls.alive += 1
        cls.peak = max(cls.peak, cls.alive)
        return super().__new__(cls, value)

    def __del__(self) -> None:
        type(self).alive -= 1


class Run(NamedTuple):
    """What the function gave, what is right, the most numbers alive at once, the calls of step, where slope was asked for in
    this order, and whether step or slope was given a number that is not counted."""

    got: Any
    right: float
    alive: int
    calls: int
    visited: list[float]
    copied: bool


def measured(chain_gradient: Callable[..., Any], n: int) -> Run:
    """A run on x ← x + 0.1 cos x, which grows from 0.3 towards π/2."""
    calls, visited, copied = 0, [], False

    def step(x: Counted) -> Counted:
        nonlocal calls, copied
        calls, copied = calls + 1, copied or not isinstance(x, Counted)
        return Counted(float(x) + 0.1 * np.cos(float(x)))

    def slope(x: Counted) -> float:
        nonlocal copied
        copied = copied or not isinstance(x, Counted)
        visited.append(float(x))
        return 1.0 - 0.1 * float(np.sin(float(x)))

    x, right = 0.3, 1.0
    for _ in range(n):
        right *= 1.0 - 0.1 * float(np.sin(x))
        x += 0.1 * float(np.cos(x))
    before = Counted.peak = Counted.alive
    got = answered(chain_gradient(step, slope, Counted(0.3), n))
    return Run(got, right, Counted.peak - before, calls, visited, copied)


def judge_memory(chain_gradient: Callable[..., Any]) -> Feedback:
    for n in (1, 2, 7):
        got, right, *_ = measured(chain_gradient, n)
        if not agree(got, right, 1e-9):
            return Feedback(False, f"Not yet. For n = {n} the derivative should be {apart(right, got)}.")
    got, right, alive, calls, visited, copied = measured(chain_gradient, STEPS)
    words = f"For n = {STEPS}: at most {alive} values alive at once, {calls} calls of step."
    if not agree(got, right, 1e-9):
        return Feedback(False, f"Not yet. {words} The derivative should be {apart(right, got)}.")
    if alive > ALIVE or calls > CALLS:
        return Feedback(False, f"Not yet. {words} The goal is {ALIVE} values and {CALLS} calls.")
    if copied:
        return Feedback(
            False, "Not yet. step or slope was given a plain number: that is a copy of a value, alive too and not counted."
        )
    if len(visited) < STEPS:
        return Feedback(False, f"Not yet. {words} But slope was asked for {len(visited)} times, and there are {STEPS} values.")
    onward = np.diff(visited)  # the values grow, so on the way back they fall; near π/2 they are equal but for rounding
    if np.all(onward > -1e-12):
        return Feedback(
            False,
            f"Not yet. {words} But slope was asked for from the first value to the last, as in forward mode, which needs no "
            "memory, and a sweep of its own for each input. On the way back the last value comes first.",
        )
    if np.any(onward > 1e-12):
        return Feedback(False, f"Not yet. {words} But slope has to be asked for from the last value to the first, all the way.")
    return Feedback(True, f"Right. {words} How few can be alive if you may call step as often as you like?")


register(Exercise("chain_gradient", judge_memory))
