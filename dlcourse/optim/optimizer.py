"""The loop as PyTorch writes it: `zero_grad`, `backward`, `step`, on top of any update rule."""

from __future__ import annotations

from threading import get_ident
from typing import Any

import numpy as np

from ..autodiff import ShapeError, Tensor, TraceError, nest
from ..autodiff.box import TRACES, as_value, next_number
from ..checks import kind
from ..flat import flatten
from .first_order import UpdateRule


class Asked(Exception):
    """Carries the point at which a rule asks for its gradient."""


class Optimizer:
    """Moves Tensors by an update rule, with the gradients that `backward()` has left in their `.grad`.

    A step replaces the value of each Tensor. What was computed from the old value can't be differentiated any
    more (`backward()` of it raises StaleGraph): compute the loss again, as the loop does. A Tensor whose `.grad` is
    None stays where it is, and what the rule remembers of it stays as it is.

    The Tensors stand where the rule asks for its next gradient. That is θ, except for a rule that looks ahead:
    with `Nesterov` they stand at θ + β v, as in PyTorch's SGD(nesterov=True), and follow the same path as there.

    tensors : a nest of Tensors that are leaves. rule : an update rule; its hyper-parameters are numbers or schedules.

    Raises TypeError for what is no leaf or no rule, ValueError for a Tensor that is named twice or for none at all.

    >>> from dlcourse.optim import GradientDescent
    >>> w = Tensor(4.0)
    >>> optimizer = Optimizer([w], GradientDescent(0.25))
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     loss = w**2
    ...     loss.backward()
    ...     optimizer.step()
    >>> w
    Tensor(1.0)
    """

    def __init__(self, tensors: Any, rule: UpdateRule) -> None:
        kind("Optimizer", "rule", rule, UpdateRule, "an update rule")
        self.tensors: list[Tensor] = nest.flatten(tensors)[0]
        self.rule = rule
        for x in self.tensors:
            if type(x) is not Tensor:
                raise TypeError(f"Optimizer: needs Tensors, got {type(x).__name__}")
            if x.row is not None:
                raise TypeError(f"Optimizer: needs leaves, made by Tensor(value); this one was computed by {x.row.name}")
        if not self.tensors or len({id(x) for x in self.tensors}) < len(self.tensors):
            raise ValueError("Optimizer: a Tensor is named twice" if self.tensors else "Optimizer: needs at least one Tensor")
        self.t = 0
        values, self.unflatten = flatten([x.value for x in self.tensors])
        self.θ = self.point = as_value(values)
        self.placed = [x.value for x in self.tensors]
        self.state = rule.init(self.θ)

    def zero_grad(self) -> None:
        """Forget the gradients, which `backward()` would otherwise add to."""
        for x in self.tensors:
            x.grad = None

    def step(self) -> None:
        """One step of the rule for every Tensor that has a gradient; none if no Tensor has.

        Raises ShapeError if a `.grad` is not shaped like its Tensor, TraceError while tracing, ValueError if the
        rule asks for more gradients than one.
        """
        if TRACES[get_ident()]:
            raise TraceError("step: an Optimizer changes Tensors, which a traced function can't; use rule.step inside")
        given = [x.grad is not None for x in self.tensors]
        if not any(given):
            return
        for x in self.tensors:
            if x.grad is not None and np.shape(x.grad) != x.shape:
                raise ShapeError(f"step: a Tensor of shape {x.shape} has a .grad of shape {np.shape(x.grad)}")
        self.follow()
        flat = [as_value(flatten([np.zeros(x.shape) if x.grad is None else x.grad for x in self.tensors])[0])]

        def gradient(point: Any) -> Any:
            if not flat:
                raise ValueError(
                    f"step: {type(self.rule).__name__} asks for more gradients than backward() gives: use rule.step"
                )
            return flat.pop()

        θ, state = self.rule.step(gradient, self.θ, self.state, self.t + 1)
        if not all(given):
            moves = np.repeat(given, [x.size for x in self.tensors])
            θ, state = np.where(moves, θ, self.θ), keep(moves, state, self.state)
        self.θ, self.state, self.t = as_value(θ), state, self.t + 1
        self.point = self.next_point()
        for x, moved, value in zip(self.tensors, given, self.unflatten(self.point), strict=True):
            if moved:
                x.value = value if x.shape else float(value)
                x.number = x.oldest = next_number()
        self.placed = [x.value for x in self.tensors]

    def next_point(self) -> Any:
        """Where the rule will ask for its gradient: it is called, and stopped as it asks."""

        def ask(point: Any) -> Any:
            raise Asked(point)

        try:
            self.rule.step(ask, self.θ, self.state, self.t + 1)
        except Asked as asked:
            return as_value(asked.args[0])
        return self.θ

    def follow(self) -> None:
        """Where somebody else has moved the Tensors, θ moves with them."""
        if any(x.value is not value for x, value in zip(self.tensors, self.placed, strict=True)):
            here = as_value(flatten([x.value for x in self.tensors])[0])
            self.θ, self.point = as_value(self.θ + (here - self.point)), here


def keep(moves: Any, new: Any, old: Any) -> Any:
    """The new state where θ moves; where it doesn't, the old one."""
    leaves, rebuild = nest.flatten(new)
    pairs = zip(leaves, nest.flatten(old)[0], strict=True)
    # a number that the rule keeps for all entries, such as Adam's β₁ᵗ, becomes one for each: their steps are no longer as many
    return rebuild([np.where(moves, a, b) if np.shape(a) in ((), np.shape(moves)) else a for a, b in pairs])
