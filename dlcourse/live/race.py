"""All first-order rules on one landscape, each with a learning rate that was tuned for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from .. import landscapes, optim
from .controls import Choice, Position, Several, Slider
from .descent import ALL_METHODS
from .panels import Show
from .paths import ESCAPE, Paths, arrival

STEPS = 200  # Adam and the heavy ball need more than a hundred
RATES = np.array([float(f"{α:.3g}") for α in np.geomspace(1e-4, 1e2, 121)])  # tried for every rule: twenty a decade
TUNED_BETA = 0.9
# Three forms of momentum walk one path, at learning rates that differ by a factor: one of them runs.
ENTRANTS = tuple(name for name in ALL_METHODS if name not in ("momentum", "accumulated_momentum"))
STARTERS = tuple(name for name in ENTRANTS if name != "rmsprop_epsilon_inside")  # hard to tell from RMSProp, mostly


@cache
def tuned_rate(landscape: str, method: str, target: float) -> float:
    """The best of `RATES` for this rule from the landscape's own start, β = 0.9.

    Best is what arrives first (`arrival`) and, among equals or if none does, is lowest after `STEPS` steps.
    Runs that leave the landscape's domain do not count.

    >>> tuned_rate("ravine", "gradient_descent", 1e-6)
    0.0178
    """
    f = landscapes.get(landscape)
    # all rates at once: the rules work entry by entry
    starts = np.repeat(np.reshape(np.array(f.start), (2, 1)), len(RATES), axis=1)
    with np.errstate(all="ignore"):
        path = optim.descend(ALL_METHODS[method].rule(lambda t: RATES, TUNED_BETA), lambda θ: np.sum(f(θ)), starts, STEPS).path
        above = f(np.moveaxis(path, 1, 0)) - f.minimum  # (steps + 1, rates)
    low, high = np.transpose(f.domain)
    stayed = np.all((low[:, None] <= path) & (path <= high[:, None]), axis=(0, 1))
    first = arrival(above, target)
    order = sorted(np.flatnonzero(stayed), key=lambda i: (first[i], above[-1, i]))
    return float(RATES[order[0]])


TUNED = {"methods": list(STARTERS), "factor": 1.0, "beta": TUNED_BETA}
SHOWS = (
    Show("a ravine along an axis", {"landscape": "ravine", **TUNED}),
    Show("the same, turned by 45°", {"landscape": "rotated_ravine", **TUNED}),
    Show("three times the best α", {"landscape": "ravine", **TUNED, "factor": 3.0}),
)


class Race(Paths):
    """Every rule on one landscape, at a multiple of the learning rate that suits it best: who is first below the target?

    Each rule's α is `factor` times the best of the same 121 values, tried on this landscape from its own start with
    β = 0.9, so that all had the same effort. `rates` holds the best ones, `ranking` the result.

    Parameters
    ----------
    landscape : one of `landscapes.ALL`; `landscape_choices` limits what the reader may switch to.
    methods : some of the first-order methods; the reader can choose from these and `method_choices`.
    goal : one sentence that gives the reader something to reach: that one of `needs["methods"]`, Adam if not given,
        is the first below the target.
    shows : buttons that move the controls to a setting.

    Raises
    ------
    TraitError, ValueError, TypeError : for a value out of range, a name or a control that does not exist.
    """

    table = ALL_METHODS
    drives = ("factor", "beta")
    sliders = ("factor", "beta", "condition")
    steps = STEPS
    usual_shows = SHOWS

    landscape = Choice(list(landscapes.ALL))
    methods = Several(list(ALL_METHODS), list(STARTERS))
    factor = Slider(1.0, low=0.01, high=100.0, scale="log", label="α", description="in multiples of each rule’s best")
    beta = Slider(TUNED_BETA, low=0.0, high=0.99, step=0.01, label="β", description="momentum, memory")
    condition = Slider(10.0, low=1.0, high=1000.0, scale="log", label="κ", description="condition number")
    start = Position(reach=10.0)
    step = Slider(STEPS, low=0, high=STEPS, step=1, label="step", description="steps shown")

    def __init__(
        self,
        landscape: str = "ravine",
        methods: str | Sequence[str] = STARTERS,
        *,
        identity: str = "race",
        goal: str = "Find a setting in which Adam is the first below 10⁻⁶.",
        target: float = 1e-6,
        needs: Mapping[str, Any] | None = None,
        landscape_choices: Sequence[str] = ("ravine", "rotated_ravine", "rosenbrock", "beale", "plateau"),
        method_choices: Sequence[str] = ENTRANTS,
        shows: Sequence[Show] | None = None,
        **state: Any,
    ) -> None:
        self.target = target
        super().__init__(
            landscape,
            methods,
            identity=identity,
            goal=goal,
            target=target,
            landscape_choices=landscape_choices,
            method_choices=method_choices,
            shows=shows,
            needs=needs or {"methods": ["adam"]},
            more={"ranking": True},
            **state,
        )

    def rate(self, landscape: str, method: str) -> float | None:
        return tuned_rate(landscape, method, self.target)

    @property
    def rates(self) -> dict[str, float]:
        """The best learning rate of each chosen rule on the present landscape; multiply by `factor` for the one in use."""
        return {name: tuned_rate(self.landscape, name, self.target) for name in self.methods}

    @property
    def ranking(self) -> list[tuple[str, int | None]]:
        """(method, the step from which J − J* stays below the target), the fastest first; None for one that does not arrive."""
        minimum = landscapes.get(self.landscape).minimum
        found: list[tuple[str, int | None]] = []
        for name, run in self.runs().items():
            step = arrival(run["loss"] - minimum, self.target)
            arrived = np.isfinite(step) and np.all(np.abs(run["path"]) <= ESCAPE)
            found.append((name, int(step) if arrived else None))
        return sorted(found, key=lambda each: STEPS + 1 if each[1] is None else each[1])
