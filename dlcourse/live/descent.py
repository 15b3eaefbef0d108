"""Descent on a landscape: the paths of several first-order methods from a start that the reader moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import landscapes, optim
from .controls import Choice, Position, Several, Slider
from .panels import Show
from .paths import ESCAPE, GRID, STEPS, Method, Paths

__all__ = ["ADAPTIVE_METHODS", "ALL_METHODS", "ESCAPE", "GRID", "METHODS", "STEPS", "Descent", "Method"]

METHODS = {
    method.name: method
    for method in (
        Method("gradient_descent", "gradient descent", lambda α, β: optim.GradientDescent(α)),
        Method("momentum", "momentum (averaged)", optim.Momentum),
        Method("accumulated_momentum", "momentum (accumulated)", optim.AccumulatedMomentum),
        Method("heavy_ball", "heavy ball", optim.HeavyBall),
        Method("nesterov", "Nesterov", optim.Nesterov),
    )
}

# Those that an explorable has if it names them; β is what the method itself calls β, for Adam β₁.
ADAPTIVE_METHODS = {
    method.name: method
    for method in (
        Method("adagrad", "Adagrad", lambda α, β: optim.Adagrad(α)),
        Method("rmsprop", "RMSProp", optim.RMSProp),
        Method("rmsprop_epsilon_inside", "RMSProp (ε under the root)", optim.RMSPropEpsilonInside),
        Method("rmsprop_momentum", "RMSProp with momentum", lambda α, β: optim.RMSPropMomentum(α, momentum=β)),
        Method("adadelta", "Adadelta", optim.Adadelta),
        Method("adam", "Adam", optim.Adam),
    )
}
ALL_METHODS = METHODS | ADAPTIVE_METHODS


class Descent(Paths):
    """Contour map with the paths of the chosen methods, and J above its minimum against the step.

    Parameters
    ----------
    landscape : one of `landscapes.ALL`; `landscape_choices` limits what the reader may switch to.
    methods : one or several of `ALL_METHODS`; the reader can choose from these and `method_choices`.
    alpha, start : the landscape's own where not given.
    identity : the name under which a link finds this explorable in its page.
    goal : one sentence that gives the reader something to reach. needs : name → value of what it counts under: `methods`
        that each have to arrive (without them, any), by which `step`, and where the other controls have to stand.
    shows : buttons that move the controls to a setting.

    Raises
    ------
    TraitError, ValueError, TypeError : for a value out of range, a name or a control that does not exist.
    """

    table = ALL_METHODS
    sliders = ("alpha", "beta", "condition")

    landscape = Choice(list(landscapes.ALL))
    methods = Several(list(ALL_METHODS), ["gradient_descent"])
    alpha = Slider(0.05, low=1e-4, high=10.0, scale="log", label="α", description="learning rate")
    beta = Slider(0.9, low=0.0, high=0.99, step=0.01, label="β", description="momentum")
    condition = Slider(10.0, low=1.0, high=1000.0, scale="log", label="κ", description="condition number")
    start = Position(reach=10.0)
    step = Slider(STEPS, low=0, high=STEPS, step=1, label="step", description="steps shown")

    def __init__(
        self,
        landscape: str = "bowl",
        methods: str | Sequence[str] = ("gradient_descent",),
        *,
        identity: str = "descent",
        goal: str = "Get J − J* below 10⁻⁶ within 100 steps, and keep it there.",
        target: float = 1e-6,
        needs: Mapping[str, Any] | None = None,
        landscape_choices: Sequence[str] = tuple(landscapes.ALL),
        method_choices: Sequence[str] = tuple(METHODS),
        shows: Sequence[Show] = (),
        **state: Any,
    ) -> None:
        super().__init__(
            landscape,
            methods,
            identity=identity,
            goal=goal,
            target=target,
            needs=needs,
            landscape_choices=landscape_choices,
            method_choices=method_choices,
            shows=shows,
            **state,
        )
