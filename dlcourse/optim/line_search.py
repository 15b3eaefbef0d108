"""Line searches: how far to go along a direction p, judged by φ(α) = J(x + α p) and its slope φ'(α) = ∇J(x + α p)ᵀ p."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..autodiff.box import as_value

__all__ = ["NoLowerPoint", "NoStep", "NotDownhill", "Step", "Unbounded", "armijo", "strong_wolfe"]

Evaluate = Callable[[Any], tuple[Any, Any]]  # x ↦ (J(x), ∇J(x))
EVALUATIONS = 60  # a search that has tried so many points has met something that is not smooth
FARTHEST = 1e20  # a step, or a fall of J, that no function with a minimum calls for


class Step(NamedTuple):
    """Where a search ended: x = start + alpha · direction, J and ∇J there, and how many points were evaluated.

    >>> armijo(lambda x: (float(x @ x), 2 * x), np.array([1.0]), np.array([-1.0])).value
    0.0
    """

    alpha: float
    x: Any
    value: float
    gradient: Any
    evaluations: int = 1


class NoStep(ArithmeticError):
    """There is no step to take. `best` is the lowest point seen, or None if none is lower than the start.

    >>> str(NoStep("singular Hessian"))
    'singular Hessian'
    """

    def __init__(self, message: str, best: Step | None = None) -> None:
        super().__init__(message)
        self.best = best


class NotDownhill(NoStep):
    """A direction along which J does not fall.

    >>> armijo(lambda x: (float(x @ x), 2 * x), np.array([1.0]), np.array([1.0]))
    Traceback (most recent call last):
    dlcourse.optim.line_search.NotDownhill: line search: the direction is not downhill: φ'(0) is 2, it must be negative
    """


class NoLowerPoint(NoStep):
    """A direction along which no point with the wanted conditions was found.

    >>> try:  # a gradient of the wrong sign
    ...     armijo(lambda x: (float(x @ x), -2 * x), np.array([1.0]), np.array([1.0]))
    ... except NoLowerPoint as error:
    ...     print(error.best)
    None
    """


class Unbounded(NoStep):
    """A direction along which J falls without end.

    >>> try:
    ...     strong_wolfe(lambda x: (-float(x[0]), np.array([-1.0])), np.array([0.0]), np.array([1.0]))
    ... except Unbounded as error:
    ...     print(error.best.value < -1e20)
    True
    """


def evaluated(evaluate: Evaluate, x: Any, alpha: float = 0.0) -> Step:
    """The point x as the place where a step ended."""
    value, gradient = evaluate(x)
    return Step(alpha, x, float(value), gradient)


def at_start(evaluate: Evaluate, start: Any, direction: Any, first: float, c: tuple[float, ...]) -> tuple[Step, Any, float]:
    """The start as a Step, the direction as an array, and φ'(0), which must be negative."""
    if not 0.0 < first < math.inf:
        raise ValueError(f"line search: the first step must be a finite number > 0, got {first}")
    if not all(a < b for a, b in zip((0.0, *c), (*c, 1.0))):
        raise ValueError(f"line search: needs 0 < {' < '.join(f'c{i + 1}' for i in range(len(c)))} < 1, got {c}")
    if not isinstance(start, Step):
        start, direction = evaluated(evaluate, as_value(start)), as_value(direction)
    if not math.isfinite(start.value):
        raise ValueError(f"line search: J is {start.value} at the start; it must be a finite number")
    if np.shape(direction) != np.shape(start.x):
        raise ValueError(f"line search: a direction of shape {np.shape(direction)} does not fit x of shape {np.shape(start.x)}")
    slope = float(direction.dot(start.gradient))
    if not slope < 0.0:
        raise NotDownhill(f"line search: the direction is not downhill: φ'(0) is {slope:.3g}, it must be negative")
    if slope == -math.inf:
        raise NoStep("line search: the slope along the direction is beyond the largest number; scale J down")
    return start, direction, slope


def armijo(evaluate: Evaluate, start: Any, direction: Any, first: float = 1.0, c1: float = 1e-4) -> Step:
    """Backtracking: the first of α, α/2, α/4, … (or where a parabola has its minimum, within that reach) that falls enough.

        φ(α) ≤ φ(0) + c₁ α φ'(0)

    evaluate : x ↦ (J(x), ∇J(x)), such as `value_and_grad(J)`. start : x, an array (n,), or the Step that ended there,
    which saves evaluating it again. direction : (n,). A point where J is not finite counts as too far. Where the expected
    fall is below 1e-12 |J|, lost in rounding, the slope tells what the values do not: φ'(α) ≤ (2c₁ − 1) φ'(0), which is
    the same for a parabola.

    Raises NotDownhill if φ'(0) ≥ 0, NoLowerPoint if no such α is found, ValueError for a bad c₁, start or shape.

    [Armijo 1966; Nocedal & Wright 2006, algorithm 3.1; Hager & Zhang 2005 for the slope]

    >>> step = armijo(lambda x: (float(x @ x), 2 * x), np.array([1.0]), np.array([-8.0]))
    >>> step.alpha, step.value, step.evaluations
    (0.125, 0.0, 2)
    """
    start, p, slope = at_start(evaluate, start, direction, first, (c1,))
    blur, α = rounding(start, first * slope), first
    for count in range(1, EVALUATIONS + 1):
        new = evaluated(evaluate, moved(start.x, α, p), α)
        falls = p.dot(new.gradient) <= (2.0 * c1 - 1.0) * slope if blur else new.value < start.value
        if usable(new, p) and falls and new.value <= start.value + c1 * α * slope + blur:
            return new._replace(evaluations=count)
        bend = 2.0 * (new.value - start.value - α * slope)  # of the parabola through φ(0), φ'(0), φ(α)
        parabola = -slope * α / bend if math.isfinite(bend) and bend > 0.0 else 0.0
        α *= min(max(parabola, 0.1), 0.5)
    raise NoLowerPoint(f"the line search found no lower point: steps shortened down to {α:.1g} did not lower J")


def strong_wolfe(evaluate: Evaluate, start: Any, direction: Any, first: float = 1.0, c1: float = 1e-4, c2: float = 0.9) -> Step:
    """A step that falls enough and ends where it is flat enough: bracket a minimum of φ, then close in on it.

        φ(α) ≤ φ(0) + c₁ α φ'(0)        |φ'(α)| ≤ c₂ |φ'(0)|

    evaluate : x ↦ (J(x), ∇J(x)), such as `value_and_grad(J)`. start : x, an array (n,), or the Step that ended there,
    which saves evaluating it again. direction : (n,). first : the α that is tried first. Trial points come from cubics
    through values and slopes. A point where J is not finite counts as too far. Where the expected
    fall is below 1e-12 |J|, lost in rounding, the slopes decide alone.

    Raises NotDownhill if φ'(0) ≥ 0, Unbounded if φ falls without end, NoLowerPoint (with the best point seen) if no
    such α is found, ValueError for bad constants, start or shape.

    [Wolfe 1969; Nocedal & Wright 2006, algorithms 3.5 and 3.6; Moré & Thuente 1994 for the reach of extrapolation]

    >>> step = strong_wolfe(lambda x: (float(x @ x), 2 * x), np.array([1.0]), np.array([-8.0]), c2=0.1)
    >>> step.alpha, step.value, step.evaluations
    (0.125, 0.0, 2)
    """
    start, p, slope = at_start(evaluate, start, direction, first, (c1, c2))
    blur = rounding(start, first * slope)
    low, high = (0.0, start.value, slope), None  # (α, φ, φ') at the best point that falls enough, and at the other end
    best, α = start, first
    for count in range(1, EVALUATIONS + 1):
        new = evaluated(evaluate, moved(start.x, α, p), α)
        value = new.value
        if value == -math.inf or value < -FARTHEST * max(1.0, abs(start.value)):
            raise Unbounded(f"unbounded: J fell to {value:.1e} along one direction", new)
        if not usable(new, p):
            high = (α, math.inf, math.nan)
        else:
            new_slope = float(p.dot(new.gradient))
            if value < best.value:
                best = new
            here = (α, value, new_slope)
            if value > start.value + c1 * α * slope + blur or value > low[1] + blur:
                high = here
            elif abs(new_slope) <= -c2 * slope:
                return Step(α, new.x, value, new.gradient, count)
            else:
                if new_slope >= 0.0 if high is None else new_slope * (high[0] - α) >= 0.0:
                    high = low
                elif high is None and α >= FARTHEST:
                    raise Unbounded(f"unbounded: J still falls after a step of {α:.1e} times the direction", new)
                before, low = low, here
        α = between(low, high, blur) if high is not None else beyond(before, low)
        if α == low[0]:
            break
    message = f"the line search found no lower point that is flat enough: {count} trials closed in on a step of {α:.1g}"
    raise NoLowerPoint(message, best if best is not start else None)


def moved(x: Any, α: float, p: Any) -> Any:
    """x + α p, which nobody can change (so that the engine need not copy it)."""
    y = p * α
    y += x
    y.setflags(write=False)
    return y


def usable(new: Step, p: Any) -> bool:
    return math.isfinite(new.value) and math.isfinite(p.dot(new.gradient))


def rounding(start: Step, expected: float) -> float:
    """How much higher a value may be and count as no higher: nothing, unless the expected fall is lost in J's rounding."""
    error = 1e-12 * abs(start.value)
    return error if abs(expected) <= error else 0.0


Sample = tuple[float, float, float]  # α, φ(α), φ'(α)


def cubic_minimum(a: Sample, b: Sample) -> float:
    """Where the cubic through two values and slopes has its minimum; NaN if it has none."""
    (α, φ, slope), (β, ψ, slope_b) = a, b
    if α == β:
        return math.nan
    d1 = slope + slope_b - 3.0 * (φ - ψ) / (α - β)
    root = d1 * d1 - slope * slope_b
    if not root >= 0.0:
        return math.nan
    d2 = math.copysign(math.sqrt(root), β - α)
    below = slope_b - slope + 2.0 * d2
    return β - (β - α) * (slope_b + d2 - d1) / below if below else math.nan


def between(low: Sample, high: Sample, blur: float) -> float:
    """A trial between the ends of a bracket, not too near to either."""
    width = high[0] - low[0]
    if high[1] == math.inf:
        return low[0] + 0.2 * width
    if abs(high[1] - low[1]) <= blur and low[2] != high[2]:
        trial = low[0] - low[2] * width / (high[2] - low[2])  # values tell nothing: where the slope is 0
    else:
        trial = cubic_minimum(low, high)
    share = (trial - low[0]) / width
    return low[0] + (min(max(share, 0.05), 0.95) if math.isfinite(share) else 0.5) * width


def beyond(before: Sample, low: Sample) -> float:
    """A trial farther than the last one, which still went downhill."""
    width, trial = low[0] - before[0], cubic_minimum(before, low)
    farther = trial if trial > low[0] else math.inf
    return low[0] + min(max(farther - low[0], 0.1 * width), 9.0 * width)
