"""Descent on a landscape: the paths of several methods from a start that the reader moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from .. import landscapes, optim, palette
from ..autodiff import Program, trace
from ..landscapes import Landscape
from .controls import Choice, Position, Several, Slider
from .explorable import Explorable

STEPS = 100  # length of every path
GRID = (80, 60)  # points of the surface on which contours are drawn
ESCAPE = 1e6  # a run has diverged at the first step whose point is not finite or has a coordinate beyond this


class Method(NamedTuple):
    """An update rule as the reader knows it: name, label, and the rule for given α and β."""

    name: str
    label: str
    rule: Callable[[Any, Any], optim.UpdateRule]


METHODS = {
    method.name: method
    for method in (
        Method("gradient_descent", "Gradient descent", lambda α, β: optim.GradientDescent(α)),
        Method("momentum", "Momentum (averaged)", optim.Momentum),
        Method("accumulated_momentum", "Momentum (accumulated)", optim.AccumulatedMomentum),
        Method("heavy_ball", "Heavy ball", optim.HeavyBall),
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


class Descent(Explorable):
    """Contour map with the paths of the chosen methods, and J above its minimum against the step.

    Parameters
    ----------
    landscape : one of `landscapes.ALL`; `landscape_choices` limits what the reader may switch to.
    methods : one or several of `ALL_METHODS`; the reader can choose from these and `method_choices`.
    alpha, start : the landscape's own where not given.
    identity : the name under which a link finds this explorable in its page.
    goal : one sentence that gives the reader something to reach.

    Raises
    ------
    TraitError, ValueError, TypeError : for a value out of range, a name or a control that does not exist.
    """

    view = "descent"

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
        goal: str = "Get J − J* below 10⁻⁶ within 100 steps.",
        target: float = 1e-6,
        landscape_choices: Sequence[str] = tuple(landscapes.ALL),
        method_choices: Sequence[str] = tuple(METHODS),
        **state: Any,
    ) -> None:
        unknown = [n for n in landscape_choices if n not in landscapes.ALL] + [
            n for n in method_choices if n not in ALL_METHODS
        ]
        if unknown:
            raise ValueError(f"Descent: there is no landscape or method {unknown[0]!r} for the reader to choose")
        chosen = landscapes.get(landscape)
        state.setdefault("alpha", chosen.learning_rate)
        state.setdefault("start", chosen.start)
        on_offer = [name for name in landscapes.ALL if name in {landscape, *landscape_choices}]
        wanted = {methods, *method_choices} if isinstance(methods, str) else {*methods, *method_choices}
        offered = [method for name, method in ALL_METHODS.items() if name in wanted]
        spec = {
            "steps": STEPS,
            "escape": ESCAPE,
            "grid": list(GRID),
            "goal": goal,
            "target": target,
            "controls": {
                name: trait.describe()
                for name, trait in self.traits().items()
                if isinstance(trait, Slider) and (name != "beta" or uses_momentum(offered))
            },
            "methods": [{"name": m.name, "label": m.label, "colour": palette.METHODS[m.name]} for m in offered],
            "landscapes": [describe(landscapes.get(name), tuple(m.name for m in offered)) for name in on_offer],
        }
        super().__init__(identity, spec, landscape=landscape, methods=methods, **state)

    @property
    def paths(self) -> dict[str, np.ndarray]:
        """The path of each chosen method, (steps + 1, 2), computed here from the same program and state as in the page."""
        return {name: run["path"] for name, run in self.runs().items()}

    @property
    def path(self) -> np.ndarray:
        """The path of the first chosen method."""
        return self.paths[self.methods[0]]

    def runs(self) -> dict[str, dict[str, np.ndarray]]:
        """path and loss of each chosen method."""
        chosen = landscapes.get(self.landscape)
        parameters = [getattr(self, name) for name in chosen.parameters]
        with np.errstate(over="ignore", invalid="ignore"):  # a run that diverges is a result
            return {
                name: path_program(self.landscape, name).run(np.array(self.start), self.alpha, self.beta, *parameters)
                for name in self.methods
            }

    def still(self) -> str:
        from .. import figures

        landscape = landscapes.get(self.landscape)
        parameters = {name: getattr(self, name) for name in landscape.parameters}
        found = self.runs()
        labels = {name: ALL_METHODS[name].label for name in found}
        heights = {name: run["loss"] - landscape.minimum for name, run in found.items()}
        fig, (left, right) = figures.new(7.2, 3.2, columns=2, width_ratios=(3, 2))
        figures.contours(left, landscape, **parameters)
        figures.paths(left, {name: run["path"] for name, run in found.items()}, labels)
        figures.learning_curves(right, heights, labels, target=self.spec["target"])
        figures.legend(right, fontsize=8)
        return figures.show(
            fig,
            f"{landscape.label}: contour map with the path of {', '.join(labels.values())}, and J above its minimum against "
            f"the step, at α = {self.alpha:g}, β = {self.beta:g}.",
        ).svg


def uses_momentum(methods: Sequence[Method]) -> bool:
    """Whether β changes anything."""
    return any(method.rule(1.0, 0.5) != method.rule(1.0, 0.25) for method in methods)


def describe(landscape: Landscape, methods: tuple[str, ...]) -> dict[str, Any]:
    """A landscape as the page reads it."""
    (x0, x1), (y0, y1) = landscape.domain
    return {
        "name": landscape.name,
        "label": landscape.label,
        "x": [x0, x1],
        "y": [y0, y1],
        "minima": [list(p) for p in landscape.minima],
        "minimum": landscape.minimum,
        "start": list(landscape.start),
        "alpha": landscape.learning_rate,
        "uses": list(landscape.parameters),
        "surface": surface_program(landscape.name).to_json(),
        "paths": {name: path_program(landscape.name, name).to_json() for name in methods},
    }


@cache
def surface_program(landscape: str) -> Program:
    """J over many points at once."""
    chosen = landscapes.get(landscape)
    names = list(chosen.parameters)

    def surface(x: Any, y: Any, parameters: dict[str, Any]) -> dict[str, Any]:
        return {"J": chosen.function(x, y, **parameters)}

    points = np.zeros(GRID[0] * GRID[1])
    return plain_names(trace(surface, points, points, {n: chosen.parameters[n] for n in names}))


@cache
def path_program(landscape: str, method: str) -> Program:
    """The path and J along it, as a function of start, α, β and the landscape's parameters."""
    chosen = landscapes.get(landscape)

    def run(start: Any, alpha: Any, beta: Any, parameters: dict[str, Any]) -> dict[str, Any]:
        found = optim.descend(ALL_METHODS[method].rule(alpha, beta), lambda θ: chosen(θ, **parameters), start, STEPS)
        return {"path": found.path, "loss": found.values}

    # traced at rest in a minimum, where nothing overflows
    return plain_names(trace(run, np.array(chosen.minima[0]), 1e-3, 0.5, dict(chosen.parameters)))


def plain_names(program: Program) -> Program:
    """Inputs named by the last part of their path: `parameters.condition` is `condition`."""
    return program._replace(inputs=tuple((name.split(".")[-1], shape) for name, shape in program.inputs))
