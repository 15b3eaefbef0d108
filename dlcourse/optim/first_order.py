"""First-order methods as update rules.

A rule is a value: its fields are the hyper-parameters, each a number, a function of the step t = 1, 2, …
(a schedule), or a Tensor while a program is traced. Nothing is changed in place:

    state = rule.init(θ)
    θ, state = rule.step(gradient, θ, state, t)

where `gradient` is the function θ ↦ ∇J(θ), so that a rule can look where it has not gone yet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..autodiff import Tensor, grad
from ..checks import kind, whole
from ..programs import scan
from .hyperparameters import Checked, HyperParameter, at

Gradient = Callable[[Any], Any]


class UpdateRule(Checked):
    """What all rules share: their numbers are checked when they are made.

    Raises ValueError for a number outside its range, TypeError for what is no number, schedule or Tensor.
    A rule of one's own is a subclass with its hyper-parameters as fields and a `step`; it becomes a frozen dataclass.

    >>> class SignDescent(UpdateRule):
    ...     learning_rate: float
    ...
    ...     def step(self, gradient, θ, state, t):
    ...         return θ - self.learning_rate * np.sign(gradient(θ)), state
    >>> SignDescent(0.5).step(lambda θ: 2 * θ, np.array([3.0]), (), 1)[0]
    array([2.5])
    """

    def init(self, θ: Any) -> Any:
        """The state before the first step."""
        return ()

    def step(self, gradient: Gradient, θ: Any, state: Any, t: Any) -> tuple[Any, Any]:
        """The parameters and the state after step t."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it steps")


class GradientDescent(UpdateRule):
    """Straight downhill.

        θ ← θ − α ∇J(θ)

    [Cauchy 1847; sources 000, 002, 003, 004]

    >>> rule = GradientDescent(learning_rate=0.1)
    >>> rule.step(lambda θ: 2 * θ, np.array([1.0, -1.0]), rule.init(np.zeros(2)), 1)[0]
    array([ 0.8, -0.8])
    """

    learning_rate: HyperParameter

    def step(self, gradient: Gradient, θ: Any, state: Any, t: Any) -> tuple[Any, Any]:
        return θ - at(self.learning_rate, t) * gradient(θ), state


class WithMomentum(UpdateRule):
    """What the forms of momentum share: a velocity that starts at 0."""

    learning_rate: HyperParameter
    beta: HyperParameter = 0.9

    def init(self, θ: Any) -> Any:
        return np.zeros(np.shape(θ))


class Momentum(WithMomentum):
    """Exponentially weighted average of the gradients, followed downhill.

        v ← β v + (1 − β) ∇J(θ)
        θ ← θ − α v

    The averaged form [sources 000, 004]. With constant α and β it walks the path of
    `HeavyBall` with the learning rate (1 − β) α.

    >>> rule = Momentum(0.5, beta=0.75)
    >>> rule.step(lambda θ: θ, np.array([4.0]), rule.init(np.zeros(1)), 1)
    (array([3.5]), array([1.]))
    """

    def step(self, gradient: Gradient, θ: Any, state: Any, t: Any) -> tuple[Any, Any]:
        α, β = at(self.learning_rate, t), at(self.beta, t)
        v = β * state + (1.0 - β) * gradient(θ)
        return θ - α * v, v


class AccumulatedMomentum(WithMomentum):
    """Decaying sum of the gradients, followed downhill.

        v ← ∇J(θ) + β v
        θ ← θ − α v

    The accumulated form [source 002, which calls the sum an average]. With constant α
    and β it walks the path of `HeavyBall` with the same α and β.

    >>> rule = AccumulatedMomentum(0.5, beta=0.75)
    >>> rule.step(lambda θ: θ, np.array([4.0]), np.array([2.0]), 2)
    (array([1.25]), array([5.5]))
    """

    def step(self, gradient: Gradient, θ: Any, state: Any, t: Any) -> tuple[Any, Any]:
        α, β = at(self.learning_rate, t), at(self.beta, t)
        v = gradient(θ) + β * state
        return θ - α * v, v


class HeavyBall(WithMomentum):
    """A velocity that friction damps and the slope drives.

        v ← β v − α ∇J(θ)
        θ ← θ + v

    The velocity form [Polyak 1964; source 003]. α acts when a gradient enters the
    velocity, not when the velocity moves θ: the difference from the other two forms
    once α changes over time.

    >>> rule = HeavyBall(0.5, beta=0.75)
    >>> rule.step(lambda θ: θ, np.array([4.0]), np.array([-2.0]), 2)
    (array([0.5]), array([-3.5]))
    """

    def step(self, gradient: Gradient, θ: Any, state: Any, t: Any) -> tuple[Any, Any]:
        α, β = at(self.learning_rate, t), at(self.beta, t)
        v = β * state - α * gradient(θ)
        return θ + v, v


class Nesterov(WithMomentum):
    """Heavy ball that looks where it is about to go.

        v ← β v − α ∇J(θ + β v)
        θ ← θ + v

    [Nesterov 1983, in the form of Sutskever et al. 2013; source 003]

    >>> rule = Nesterov(0.5, beta=0.75)
    >>> rule.step(lambda θ: θ, np.array([4.0]), np.array([-2.0]), 2)
    (array([1.25]), array([-2.75]))
    """

    def step(self, gradient: Gradient, θ: Any, state: Any, t: Any) -> tuple[Any, Any]:
        α, β = at(self.learning_rate, t), at(self.beta, t)
        v = β * state - α * gradient(θ + β * state)
        return θ + v, v


class Trajectory(NamedTuple):
    """Where a run went: `path` (steps + 1, n), start included, and J there, `values` (steps + 1,).

    >>> descend(GradientDescent(0.25), lambda θ: np.sum(θ**2), np.array([4.0]), steps=1).values
    array([16.,  4.])
    """

    path: Any
    values: Any


def descend(rule: UpdateRule, f: Callable[[Any], Any], start: Any, steps: int) -> Trajectory:
    """Follow the rule on f for a number of steps.

    The steps are one `scan`: on plain arrays they are computed, inside `trace` they are recorded, with the
    rule's hyper-parameters and the start as inputs.

    Raises ValueError if `steps` is no whole number ≥ 0, TypeError for what is no update rule.

    >>> descend(GradientDescent(0.25), lambda θ: np.sum(θ**2), np.array([4.0]), steps=2).path
    array([[4.],
           [2.],
           [1.]])
    """
    whole("descend", "steps", steps, 0)
    kind("descend", "rule", rule, UpdateRule, "an update rule such as GradientDescent(0.1)")
    start = start if isinstance(start, Tensor) else np.asarray(start, dtype=np.float64)

    def step(carry: Any, t: Any) -> Any:
        θ, state = carry
        return rule.step(grad(f), θ, state, t), (θ, f(θ))

    (last, _), (path, values) = scan(step, (start, rule.init(start)), np.arange(1.0, steps + 1.0))
    return Trajectory(
        np.concatenate([path, np.reshape(last, (1, *np.shape(last)))]), np.concatenate([values, np.reshape(f(last), (1,))])
    )
