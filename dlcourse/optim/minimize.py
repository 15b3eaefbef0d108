"""`minimize`: one loop around every method, which counts, keeps the path and says why it stopped."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ..checks import kind, number, whole
from .first_order import UpdateRule
from .line_search import FARTHEST, NoStep, Step, evaluated
from .method import Method, Objective
from .quasi_newton import BFGS


class Evaluations(NamedTuple):
    """How often each was computed. Value and gradient come from one recording, so they are counted together."""

    function: int
    gradient: int
    hessian: int
    products: int


@dataclass(frozen=True)
class Result:
    """What `minimize` found.

    x : where, nested like x₀. value : J there. gradient_norm : the largest entry of |∇J| there.
    path : (steps + 1, n), where the steps ended, the start included. values : (steps + 1,), J along it.
    reason : why it stopped, in words.

    >>> minimize(lambda x: x[0] ** 2, np.array([0.0])).reason
    'gradient norm 0.0e+00 below 1e-08'
    """

    x: Any
    value: float
    gradient_norm: float
    steps: int
    evaluations: Evaluations
    converged: bool
    reason: str
    path: Any = field(repr=False)
    values: Any = field(repr=False)


def rule_walk(rule: UpdateRule, J: Objective, here: Step) -> Iterator[Step]:
    """A first-order rule as a method: the gradient that is known already is not computed again."""
    state, t = rule.init(here.x), 0
    while True:
        t += 1
        x, state = rule.step(lambda θ, at=here: at.gradient if θ is at.x else J(θ)[1], here.x, state, t)  # type: ignore[misc]
        here = evaluated(J, x)
        yield here


def minimize(
    f: Callable[[Any], Any],
    x0: Any,
    method: Method | UpdateRule = BFGS(),  # noqa: B008 - it can't change
    tolerance: float = 1e-8,
    max_steps: int = 1000,
    value_and_gradient: Callable[[Any], tuple[Any, Any]] | None = None,
    hessian: Callable[[Any], Any] | None = None,
    product: Callable[[Any, Any], Any] | None = None,
) -> Result:
    """A minimum of J = f(x), sought from x₀ until no entry of the gradient is larger than the tolerance.

        ‖∇J(x)‖∞ ≤ tolerance

    f : takes x nested and shaped like x0 (for a list of plain numbers: a vector) and returns a scalar; the engine
    differentiates it. method : such as `BFGS()`, or an update rule such as `GradientDescent(0.1)`. value_and_gradient :
    x ↦ (J, ∇J), where there is a faster way than `value_and_grad(f)`, such as `compile(value_and_grad(f), x0)`. hessian :
    x ↦ ∇²J (n, n), and product : (x, v) ↦ ∇²J v (n,), likewise, for an x0 that is one vector: `compile(hessian(f), x0)`.

    The result's x is the last point if the gradient vanishes there, else the best one that was evaluated on the way. The
    last point is the lowest too, but for J's rounding, unless the method may climb: `PureNewton` to a saddle, an update
    rule with too large a step onto a plateau.

    Raises TypeError or ValueError for an x0 that is no nest of real numbers, for J or ∇J not finite there, for what is
    no method, and for a tolerance or max_steps out of range. What happens on the way is told by `result.reason`.

    >>> result = minimize(lambda x: (x[0] - 3.0) ** 2 + 10.0 * x[1] ** 2, np.array([0.0, 1.0]), BFGS())
    >>> result.converged, bool(np.allclose(result.x, [3.0, 0.0]))
    (True, True)
    """
    kind("minimize", "method", method, (Method, UpdateRule), "a method such as optim.BFGS()")
    number("minimize", "tolerance", tolerance)
    whole("minimize", "max_steps", max_steps, 0)
    J = Objective(f, x0, value_and_gradient, hessian, product)
    with np.errstate(all="ignore"):  # a trial step may go too far; what is not finite is told in words
        here = evaluated(J, J.x0)
        if not np.all(np.isfinite(J.x0)) or not math.isfinite(here.value) or not np.all(np.isfinite(here.gradient)):
            raise ValueError(f"minimize: x0, J(x0) and its gradient must be finite; J(x0) is {here.value}")
        return follow(method, J, here, tolerance, max_steps)


def follow(method: Method | UpdateRule, J: Objective, here: Step, tolerance: float, max_steps: int) -> Result:
    """The loop: the method's steps until there is a reason to stop."""
    steps, floor = [here], -FARTHEST * max(1.0, abs(here.value))
    walk = method.walk(J, here) if isinstance(method, Method) else rule_walk(method, J, here)
    while True:
        norm = largest(here.gradient)
        if converged := norm <= tolerance:
            reason = f"gradient norm {norm:.1e} below {tolerance:.0e}"
        elif here.value < floor:
            reason = f"unbounded: J fell to {here.value:.1e}"
        elif len(steps) > max_steps:
            reason = f"stopped after {max_steps} steps: gradient norm {norm:.1e} still above {tolerance:.0e}"
        else:
            try:
                here = next(walk)
            except NoStep as stop:
                reason = str(stop)
                break
            if math.isfinite(here.value) and math.isfinite(largest(here.gradient)):
                steps.append(here)
                continue
            reason = f"J or its gradient is not finite after step {len(steps)}: J = {here.value}"
        break
    value, x, gradient = (here.value, here.x, here.gradient) if converged else J.best
    counts = Evaluations(J.evaluated, J.evaluated, J.hessians, J.products)
    path, values = np.array([step.x for step in steps]), np.array([step.value for step in steps])
    return Result(J.nested(x), float(value), largest(gradient), len(steps) - 1, counts, converged, reason, path, values)


def largest(gradient: Any) -> float:
    """‖g‖∞."""
    return max(float(gradient.max()), -float(gradient.min()))
