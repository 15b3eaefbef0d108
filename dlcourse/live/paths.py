"""What descents on a landscape share: one traced program per landscape and method, the map, the losses, the words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar, NamedTuple

import numpy as np

from .. import checks, landscapes, optim, palette
from ..names import named
from ..programs import Program, trace
from .controls import Slider
from .explorable import Explorable
from .panels import Show

STEPS = 100  # length of a path, where a kind says nothing else
GRID = (80, 60)  # points of the surface on which contours are drawn
ESCAPE = 1e6  # a run has diverged at the first step whose point is not finite or has a coordinate beyond this


class Method(NamedTuple):
    """An update rule as the reader knows it: name, what it is called inside a sentence, and the rule for two sliders."""

    name: str
    called: str
    rule: Callable[[Any, Any], optim.UpdateRule]

    @property
    def label(self) -> str:
        """As it stands alone."""
        return self.called[0].upper() + self.called[1:]


class Paths(Explorable):
    """Base of the descents. A kind declares its controls, among them `landscape`, `methods`, `start` and `step`, and says:

    table : the methods there are. drives : the two sliders of which a rule is made. sliders : those shown, in order.
    steps : the length of a path. critical : whether saddles and maxima are marked and named.
    usual_shows : the buttons there are for `shows=None`, as far as the reader may choose their landscape.

    `needs` says under which settings the goal counts: each of these `methods` has to arrive (without them, any), by this
    `step`, with every other control that it names where it says. To arrive is to stay below the target: see `arrival`.
    """

    view = "descent"

    table: ClassVar[Mapping[str, Method]]
    drives: ClassVar[tuple[str, str]] = ("alpha", "beta")
    sliders: ClassVar[tuple[str, ...]]
    steps: ClassVar[int] = STEPS
    critical: ClassVar[bool] = False
    usual_shows: ClassVar[tuple[Show, ...]] = ()

    def __init__(
        self,
        landscape: str,
        methods: str | Sequence[str],
        *,
        identity: str,
        goal: str,
        target: float,
        landscape_choices: Sequence[str],
        method_choices: Sequence[str],
        shows: Sequence[Show] | None = (),
        needs: Mapping[str, Any] | None = None,
        more: Mapping[str, Any] | None = None,
        **state: Any,
    ) -> None:
        who = type(self).__name__
        for name, given in (("methods", methods), ("landscape_choices", landscape_choices), ("method_choices", method_choices)):
            if name != "methods" or not isinstance(given, str):
                checks.listed(who, name, given, str)
        checks.kind(who, "goal", goal, str, "a sentence")
        checks.number(who, "target", target)
        unknown = [n for n in landscape_choices if n not in landscapes.ALL] + [n for n in method_choices if n not in self.table]
        if unknown:
            raise ValueError(f"{who}: there is no landscape or method {unknown[0]!r} for the reader to choose")
        chosen = landscapes.get(landscape)
        self.places = [name for name in landscapes.ALL if name in {landscape, *landscape_choices}]
        wanted = {methods, *method_choices} if isinstance(methods, str) else {*methods, *method_choices}
        self.offered = [method for name, method in self.table.items() if name in wanted]
        if shows is None:
            shows = [show for show in self.usual_shows if show.settings["landscape"] in self.places]
        checks.listed(who, "shows", shows, Show)
        checks.kind(who, "needs", needs or {}, Mapping, "a dict of values by the names of controls")
        self.prepare()
        if self.has_trait("alpha"):
            state.setdefault("alpha", chosen.learning_rate)
        state.setdefault("start", chosen.start)
        kinds = {name: trait for name, trait in self.traits().items() if isinstance(trait, Slider)}
        shown = [name for name in self.sliders if name not in self.drives or uses(self.offered, self.drives.index(name))]
        spec = {
            "steps": self.steps,
            "escape": ESCAPE,
            "grid": list(GRID),
            "goal": goal,
            "target": target,
            "controls": {name: kinds[name].describe() for name in (*shown, "step")},
            "methods": [
                {"name": m.name, "label": m.label, "called": m.called, "colour": palette.PATHS[m.name], "reads": self.reads(m)}
                for m in self.offered
            ],
            "landscapes": [self.describe(name) for name in self.places],
            **({"shows": [self.show(each) for each in shows]} if shows else {}),
            **({"needs": self.show(Show("goal", needs))["set"]} if needs else {}),
            **(more or {}),
        }
        super().__init__(identity, spec, landscape=landscape, methods=methods, **state)

    def prepare(self) -> None:
        """What has to be known before programs can be made."""

    def show(self, show: Show) -> dict[str, Any]:
        """The settings of a button, or of the goal, checked as a state is."""
        for name, value in show.settings.items():
            named(dict.fromkeys(self.controls()), name, "control")
            self.traits()[name].validate(self, value)
        place = show.settings.get("landscape")
        if place is not None and place not in self.places:
            raise ValueError(f"{type(self).__name__}: {show.label!r} needs {place!r} among the landscapes")
        settings = {name: list(value) if isinstance(value, (tuple, list)) else value for name, value in show.settings.items()}
        return {"label": show.label, "set": settings}

    def reads(self, method: Method) -> list[str]:
        """The drives that change the rule of this method."""
        return [name for i, name in enumerate(self.drives) if uses([method], i)]

    def rate(self, landscape: str, method: str) -> float | None:
        """What the first drive is multiplied by for this method; None: it is the learning rate itself."""
        return None

    def program(self, landscape: str, method: str) -> Program:
        """The path and J along it, as a function of start, sliders and the landscape's parameters."""
        return path_program(landscape, self.table[method].rule, self.drives, self.steps, self.rate(landscape, method))

    def describe(self, name: str) -> dict[str, Any]:
        """A landscape as the page reads it."""
        landscape = landscapes.get(name)
        (x0, x1), (y0, y1) = landscape.domain
        points = {"saddles": landscape.saddles, "maxima": landscape.maxima} if self.critical else {}
        return {
            "name": landscape.name,
            "label": landscape.label,
            "x": [x0, x1],
            "y": [y0, y1],
            "minima": [list(p) for p in landscape.minima],
            **{kind: [list(p) for p in places] for kind, places in points.items()},
            "minimum": landscape.minimum,
            "start": list(landscape.start),
            "alpha": landscape.learning_rate,
            "uses": list(landscape.parameters),
            "surface": surface_program(landscape.name).to_json(),
            "paths": {method.name: self.program(landscape.name, method.name).to_json() for method in self.offered},
        }

    # The same numbers in Python -----------------------------------------------------------------------------------

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
        found = {}
        with np.errstate(all="ignore"):  # a run that diverges is a result
            for name in self.methods:
                program = self.program(self.landscape, name)
                found[name] = program.run(
                    *(np.array(self.start) if key == "start" else getattr(self, key) for key, _ in program.inputs)
                )
        return found

    def still(self) -> str:
        from .. import figures

        landscape = landscapes.get(self.landscape)
        parameters = {name: getattr(self, name) for name in landscape.parameters}
        found = self.runs()
        labels = {name: self.table[name].label for name in found}
        heights = {name: run["loss"] - landscape.minimum for name, run in found.items()}
        fig, (left, right) = figures.new(7.2, 3.2, columns=2, width_ratios=(3, 2))
        figures.contours(left, landscape, **parameters)
        figures.paths(left, {name: run["path"] for name, run in found.items()}, labels)
        figures.learning_curves(right, heights, labels, target=self.spec["target"])
        figures.legend(right, fontsize=8)
        kinds = self.traits()
        at = ", ".join(f"{kinds[name].label} = {getattr(self, name):g}" for name in self.drives)
        return figures.show(
            fig,
            f"{landscape.label}: contour map with the path of {', '.join(labels.values())}, and J above its minimum against "
            f"the step, at {at}.",
        ).svg


def arrival(above: Any, target: float) -> np.ndarray:
    """The step from which on a run stays below the target, along the first axis; ∞ for one that does not, or only passes.

    above : J − J* at each step. What is not a number is not below.

    >>> float(arrival([1.0, 0.1, 0.3, 0.1, 0.2], 0.25)), float(arrival([1.0, 0.1, 0.3], 0.25))
    (3.0, inf)
    """
    outside = ~(np.asarray(above)[::-1] < target)
    last = np.where(outside.any(axis=0), len(outside) - outside.argmax(axis=0), 0)
    return np.where(outside[0], np.inf, last)


def uses(methods: Sequence[Method], drive: int) -> bool:
    """Whether the first (0) or second (1) of the two sliders changes any of the rules."""
    values = ((1.0, 0.5), (1.0, 0.25)) if drive else ((1.0, 0.5), (0.5, 0.5))
    return any(method.rule(*values[0]) != method.rule(*values[1]) for method in methods)


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
def path_program(
    landscape: str, rule: Callable[[Any, Any], optim.UpdateRule], drives: tuple[str, str], steps: int, rate: float | None = None
) -> Program:
    """The path and J along it, as a function of start, two sliders and the landscape's parameters.

    With a `rate` the first slider is a factor of it, and the learning rate that results is one of the outputs.
    """
    chosen = landscapes.get(landscape)

    def run(start: Any, drives: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
        first, second = drives.values()
        if rate is not None:
            first = rate * first
        found = optim.descend(rule(first, second), lambda θ: chosen(θ, **parameters), start, steps)
        return {"path": found.path, "loss": found.values, **({} if rate is None else {"rate": first})}

    # traced at rest in a minimum, where nothing overflows
    return plain_names(
        trace(run, np.array(chosen.minima[0]), dict(zip(drives, (1e-3, 0.5), strict=True)), dict(chosen.parameters))
    )


def plain_names(program: Program) -> Program:
    """Inputs named by the last part of their path: `parameters.condition` is `condition`."""
    return program._replace(inputs=tuple((name.split(".")[-1], shape) for name, shape in program.inputs))
