"""The playground: a network that trains in the page, with everything about it to choose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import checks, nn, palette
from ..autodiff import nest
from ..programs.program import encode
from . import numbers
from . import training_programs as programs
from .challenges import CHALLENGES, Challenge
from .controls import Choice, Slider
from .descent import ALL_METHODS
from .explorable import Explorable
from .panels import BANDS, Axis, Heat, Panel, Series

STEPS = 100_000
SEEDS = 5
RECORDS = 240  # of the losses; when there are more, every second one is dropped
RATES = {  # a learning rate to begin with: about the largest that is steady on two moons
    "gradient_descent": 0.5, "momentum": 0.5, "accumulated_momentum": 0.1, "heavy_ball": 0.1, "nesterov": 0.1, "adagrad": 0.1,
    "rmsprop": 0.01, "rmsprop_epsilon_inside": 0.01, "rmsprop_momentum": 0.003, "adadelta": 1.0, "adam": 0.02,
}  # fmt: skip
SPANS = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0)}  # of a unit's map; others have none of their own
SPEEDS = {"slow": ("10 steps a second", 10), "steady": ("200 steps a second", 200), "fast": ("as fast as it can", 0)}


class Run(NamedTuple):
    """Where training is after some steps: θ, the losses on the way, and what is drawn of the network."""

    theta: np.ndarray
    records: np.ndarray  # (n, 5): step, training loss, its error, validation loss, its error
    boundary: np.ndarray
    units: np.ndarray
    judged: np.ndarray  # all records that were made; of those above, every second one may have been dropped, again and again

    @property
    def last(self) -> dict[str, float]:
        return dict(
            zip(("step", "training", "training_error", "validation", "validation_error"), self.records[-1], strict=True)
        )


class Playground(Explorable):
    """Pick data, network, rule and numbers; train; see the decision boundary, the losses and every hidden unit's own map.

    After `step` steps from the start that `seed` gives, with the chosen settings throughout, `run()` is what the page shows.
    """

    view = "playground"

    challenge = Choice(["free"], label="Challenge", labels=["free play"])
    data = Choice(list(programs.DATA), label="Data", labels=[d.label for d in programs.DATA.values()])
    noise = Slider(0.15, low=0.0, high=0.6, step=0.01, label="σ", description="noise")
    hidden = Choice(
        list(programs.HIDDEN),
        label="Hidden units",
        labels=[" + ".join(map(str, widths)) or "none" for widths in programs.HIDDEN.values()],
    )
    activation = Choice(
        programs.ACTIVATIONS, label="Activation", labels=[nn.activations.get(name).label for name in programs.ACTIVATIONS]
    )
    rule = Choice(list(ALL_METHODS), label="Rule", labels=[m.label for m in ALL_METHODS.values()])
    batch = Choice(
        [str(n) for n in reversed(programs.BATCHES)],
        label="Examples a step",
        labels=[f"all {n}" if n == programs.EXAMPLES else str(n) for n in reversed(programs.BATCHES)],
    )
    alpha = Slider(0.5, low=1e-4, high=10.0, scale="log", label="α", description="learning rate")
    beta = Slider(0.9, low=0.0, high=0.99, step=0.01, label="β", description="memory")
    l2 = Slider(0.0, low=0.0, high=0.05, step=0.0005, label="λ₂", description="L2 penalty")
    l1 = Slider(0.0, low=0.0, high=0.02, step=0.0002, label="λ₁", description="L1 penalty")
    seed = Slider(1, low=1, high=SEEDS, step=1, label="seed", description="of the first weights")
    speed = Choice([*reversed(SPEEDS)], label="Speed", labels=[label for label, _ in reversed(SPEEDS.values())])
    step = Slider(0, low=0, high=STEPS, step=1, label="steps", description="trained")

    def __init__(self, *, identity: str = "playground", challenges: Sequence[Challenge] = CHALLENGES, **state: Any) -> None:
        checks.listed("Playground", "challenges", challenges, Challenge)
        self.challenges = {challenge.name: challenge for challenge in challenges}
        if len(self.challenges) != len(challenges) or "free" in self.challenges:
            raise ValueError("Playground: challenges need names of their own, and 'free' is taken")
        self.add_traits(
            challenge=Choice(
                ["free", *self.challenges],
                label="Challenge",
                labels=["free play", *(each.title for each in self.challenges.values())],
            )
        )
        for challenge in challenges:
            self.check(challenge)
        chosen = self.challenges.get(state.get("challenge", "free"))
        given = {"hidden": "4", **(chosen.settings if chosen else {}), **state}
        given.setdefault("noise", programs.DATA[given["data"]].noise if given.get("data") in programs.DATA else 0.15)
        given.setdefault("alpha", RATES.get(given.get("rule", "gradient_descent"), 0.1))
        super().__init__(identity, {}, **given)
        self.set_trait("spec", self.describe())

    def check(self, challenge: Challenge) -> None:
        """A challenge names controls and gives them values that they can have."""
        traits = self.traits()
        for name, value in [*challenge.settings.items(), *challenge.answer.items()]:
            if name not in self.controls():
                raise ValueError(f"Playground: challenge {challenge.name!r} sets {name!r}, which is no control")
            traits[name].validate(self, value)
        unknown = [name for name in challenge.keeps if name not in challenge.settings]
        if unknown:
            raise ValueError(f"Playground: challenge {challenge.name!r} keeps {unknown[0]!r}, but does not set it")
        broken = [name for name in challenge.keeps if name in challenge.answer]
        if broken:
            raise ValueError(f"Playground: the answer to {challenge.name!r} changes {broken[0]!r}, which must stay")

    # The computation, from the same programs as in the page --------------------------------------------------------

    def run(self, steps: int | None = None) -> Run:
        """Training from the start, with the present settings, for so many steps (as many as `step` says)."""
        with np.errstate(all="ignore"):  # a run that diverges is a result
            return self.train(int(self.step) if steps is None else steps)

    def train(self, steps: int) -> Run:
        base, shift = programs.points(self.data)
        sample = programs.sample_program().run(base, shift, self.noise)
        X, y, V = sample["training"], programs.labels(), sample["validation"]
        kind, scale = programs.scales(self.hidden, self.activation)
        theta = programs.start_program().run(scale, programs.draws(self.seed).get(kind or "uniform"))["theta"]
        state = programs.rest(ALL_METHODS[self.rule])
        size = int(self.batch)
        gradient = programs.gradient_program(self.hidden, self.activation, size)
        update, look = programs.update_program(self.rule), programs.look_program(self.rule)
        losses = programs.losses_program(self.hidden, self.activation)
        orders = programs.shuffles()
        records: list[list[float]] = []
        judged: list[list[float]] = []
        every = 1

        def record(step: int) -> None:
            found = losses.run(theta, X, V, y)
            names = ("training", "training_error", "validation", "validation_error")
            records.append([float(step), *(float(found[name]) for name in names)])
            judged.append(records[-1])

        record(0)
        for t in range(steps):
            start = t * size
            rows = slice(None) if size == len(y) else orders[start // len(y) % len(orders)][start % len(y) :][:size]
            parts = nest.flatten(state)[0]
            at = look.run(theta, *parts, self.alpha, self.beta)["theta"] if look else theta
            g = gradient.run(at, X[rows], y[rows], self.l1, self.l2)["gradient"]
            found = update.run(theta, *parts, g, self.alpha, self.beta)
            theta, state = found["theta"], found["state"]
            if (t + 1) % every == 0:
                record(t + 1)
                if len(records) > RECORDS:
                    records, every = records[::2], 2 * every
        if records[-1][0] != steps:
            record(steps)
        seen = programs.maps_program(self.hidden, self.activation).run(theta, programs.grid())
        return Run(theta, np.array(records), seen["boundary"], seen["units"], np.array(judged))

    def reached(self, run: Run) -> bool:
        """Whether a run meets the present challenge."""
        challenge = self.challenges.get(self.challenge)
        if challenge is None:
            return False
        kept = all(getattr(self, name) == challenge.settings[name] for name in challenge.keeps)
        step, error = run.judged[:, 0], run.judged[:, 4]
        return kept and bool(np.any((step >= challenge.since) & (step <= challenge.steps) & (error <= challenge.error)))

    # What the page needs ------------------------------------------------------------------------------------------------

    def describe(self) -> dict[str, Any]:
        controls: dict[str, Any] = {}
        for name, trait in self.traits().items():
            if isinstance(trait, Slider):
                controls[name] = {"type": "slider", **trait.describe()}
            elif isinstance(trait, Choice):
                options = [{"name": n, "label": label} for n, label in trait.labels.items()]
                controls[name] = {"type": "choice", "label": trait.label, "options": options}
        for option in controls["data"]["options"]:
            option["set"] = {"noise": programs.DATA[option["name"]].noise}
        for option in controls["rule"]["options"]:
            option["set"] = {"alpha": RATES[option["name"]]}
            option["beta"] = ALL_METHODS[option["name"]].rule(1.0, 0.5) != ALL_METHODS[option["name"]].rule(1.0, 0.25)
        for option in controls["challenge"]["options"]:
            option["set"] = self.challenges[option["name"]].settings if option["name"] in self.challenges else {}
        nets = {
            f"{hidden}/{activation}": self.describe_network(hidden, activation)
            for hidden in programs.HIDDEN
            for activation in programs.ACTIVATIONS
        }
        rules = {
            name: {
                "update": programs.update_program(name).to_json(),
                "look": look.to_json() if (look := programs.look_program(name)) else None,
            }
            for name in ALL_METHODS
        }
        boundary, losses = self.panels()
        return {
            "controls": controls,
            "challenges": [challenge._asdict() | {"answer": None} for challenge in self.challenges.values()],
            "speeds": {name: rate for name, (_, rate) in SPEEDS.items()},
            "records": RECORDS,
            "examples": programs.EXAMPLES,
            "networks": nets,
            "layers": {hidden: [list(layer) for layer in programs.layers(hidden)] for hidden in programs.HIDDEN},
            "rules": rules,
            "sample": programs.sample_program().to_json(),
            "start": programs.start_program().to_json(),
            "data": {name: [encode(part) for part in programs.points(name)] for name in programs.DATA},
            "labels": encode(programs.labels()),
            "draws": [{k: encode(v) for k, v in programs.draws(seed).items()} for seed in range(1, SEEDS + 1)],
            "shuffles": [order.tolist() for order in programs.shuffles()],
            "size": programs.SIZE,
            "grid": encode(programs.grid()),
            "cells": programs.GRID,
            "spans": {name: SPANS.get(name, (-2.0, 2.0)) for name in programs.ACTIVATIONS},
            "colours": palette.CLASSES[:2],
            "bands": BANDS,
            "boundary": boundary.describe(),
            "curves": losses.describe(),
        }

    @staticmethod
    def describe_network(hidden: str, activation: str) -> dict[str, Any]:
        kind, scale = programs.scales(hidden, activation)
        cuts = np.flatnonzero(np.diff(scale)) + 1
        return {
            "gradients": {str(n): programs.gradient_program(hidden, activation, n).to_json() for n in programs.BATCHES},
            "losses": programs.losses_program(hidden, activation).to_json(),
            "maps": programs.maps_program(hidden, activation).to_json(),
            "draw": kind,
            "scale": [[len(part), float(part[0])] for part in np.split(scale, cuts)],  # equal neighbours together
        }

    @staticmethod
    def panels() -> tuple[Panel, Panel]:
        """Decision boundary with the examples, and the losses."""
        first, second = palette.CLASSES[:2]
        points = [
            Series(f"{part}_{k}_x", f"{part}_{k}_y", "", colour, kind=kind, faint=part == "validation")
            for part in ("validation", "training")
            for k, colour, kind in ((0, first, "circles"), (1, second, "squares"))
        ]
        heat = Heat("boundary", programs.GRID, programs.GRID, (first, second), (0.0, 1.0))
        boundary = Panel(Axis("x₁", programs.DOMAIN), Axis("x₂", programs.DOMAIN), points, heat=heat, equal=True)
        curves = [
            Series("steps", "training", "training", palette.SERIES[2]),
            Series("steps", "validation", "validation", palette.SERIES[3], dash="6 3"),
        ]
        return boundary, Panel(Axis("step"), Axis("loss", None, "log"), curves)

    def still(self) -> str:
        from . import stills

        run = self.run()
        sample = programs.sample_program().run(*programs.points(self.data), self.noise)
        last = run.last
        series = {"steps": run.records[:, 0], "training": run.records[:, 1], "validation": run.records[:, 3]}
        fig = stills.draw(
            self.panels(), {**sample, **series, "boundary": run.boundary}, lambda at: float(at), lambda when: True
        )
        return stills.finish(
            fig,
            f"Decision boundary and losses of a network with {self.traits()['hidden'].labels[self.hidden]} hidden units on "
            f"{programs.DATA[self.data].label.lower()} after {self.step} steps: training loss "
            f"{numbers.significant(last['training'])}, validation loss {numbers.significant(last['validation'])}.",
        )
