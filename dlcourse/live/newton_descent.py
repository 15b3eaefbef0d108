"""Newton's methods beside gradient descent, on landscapes whose critical points are marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import landscapes, optim
from .controls import Choice, Position, Several, Slider
from .descent import METHODS
from .panels import Show
from .paths import Method, Paths

STEPS = 30  # Newton's methods are done, or lost, long before

NEWTON_METHODS = {
    method.name: method
    for method in (
        METHODS["gradient_descent"],
        Method("newton", "Newton", lambda α, s: optim.NewtonStep()),
        Method("damped_newton", "damped Newton", lambda α, s: optim.NewtonStep(s)),
        Method("saddle_free_newton", "saddle-free Newton", lambda α, s: optim.SaddleFreeStep(s)),
    )
}


SHOWS = (
    Show(
        "one step on a bowl",
        {"landscape": "bowl", "methods": ["gradient_descent", "newton"], "start": [-5.0, 3.0], "alpha": 0.05},
    ),
    Show(
        "Newton drawn to a saddle",
        {"landscape": "saddle", "methods": ["newton", "saddle_free_newton"], "start": [-1.7, 0.3], "damping": 1.0},
    ),
    Show(
        "Newton drawn to a maximum",
        {"landscape": "himmelblau", "methods": ["newton", "saddle_free_newton"], "start": [-0.5, -0.5], "damping": 1.0},
    ),
    Show(
        "Newton lost on a plateau",
        {"landscape": "plateau", "methods": ["newton", "saddle_free_newton"], "start": [-4.0, 2.5], "damping": 1.0},
    ),
)


class NewtonDescent(Paths):
    """Contour map with the paths of Newton's method, whole, damped and saddle-free, and of gradient descent.

    Newton's step needs no α. `damping` is the part s of their steps that the damped and the saddle-free method take. Saddles
    and maxima are marked: pure Newton is attracted by them as by minima [source 003].

    Parameters
    ----------
    landscape : one of `landscapes.ALL`; `landscape_choices` limits what the reader may switch to.
    methods : one or several of `NEWTON_METHODS`; the reader can choose from these and `method_choices`.
    goal : one sentence that gives the reader something to reach; `needs` says under which settings it counts, if not
        for pure Newton.

    Raises
    ------
    TraitError, ValueError, TypeError : for a value out of range, a name or a control that does not exist.
    """

    table = NEWTON_METHODS
    drives = ("alpha", "damping")
    sliders = ("alpha", "damping", "condition")
    steps = STEPS
    usual_shows = SHOWS
    critical = True

    landscape = Choice(list(landscapes.ALL))
    methods = Several(list(NEWTON_METHODS), ["gradient_descent", "newton"])
    alpha = Slider(0.05, low=1e-4, high=10.0, scale="log", label="α", description="learning rate of gradient descent")
    damping = Slider(0.5, low=0.05, high=1.0, step=0.05, label="s", description="part of damped and saddle-free steps")
    condition = Slider(10.0, low=1.0, high=1000.0, scale="log", label="κ", description="condition number")
    start = Position(reach=10.0)
    step = Slider(STEPS, low=0, high=STEPS, step=1, label="step", description="steps shown")

    def __init__(
        self,
        landscape: str = "himmelblau",
        methods: str | Sequence[str] = ("gradient_descent", "newton"),
        *,
        identity: str = "newton-descent",
        goal: str = "Find a start from which pure Newton ends in a minimum: J − J* below 10⁻⁶.",
        target: float = 1e-6,
        needs: Mapping[str, Any] | None = None,
        landscape_choices: Sequence[str] = ("bowl", "rosenbrock", "himmelblau", "beale", "saddle", "plateau"),
        method_choices: Sequence[str] = tuple(NEWTON_METHODS),
        shows: Sequence[Show] | None = None,
        **state: Any,
    ) -> None:
        super().__init__(
            landscape,
            methods,
            identity=identity,
            goal=goal,
            target=target,
            landscape_choices=landscape_choices,
            method_choices=method_choices,
            shows=shows,
            needs=needs or {"methods": ["newton"]},
            **state,
        )
