"""Curves: series that a traced computation makes of the reader's controls, in one or two panels, and their meaning in words."""

from __future__ import annotations

import functools
import inspect
import math
import re
import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from .. import checks
from ..autodiff import TraceError
from ..names import named
from ..programs import Program, trace
from . import numbers
from .controls import Choice, Slider, Switch
from .explorable import Explorable
from .panels import KINDS, SCALES, Axis, Goal, Handle, Heat, Line, Panel, Play, Sentence, Series, Show
from .paths import plain_names

__all__ = ["Axis", "Curves", "Goal", "Handle", "Heat", "Line", "Panel", "Play", "Sentence", "Series", "Show"]

LARGE = 96  # letters of a constant that is worth sharing


class Curves(Explorable):
    """Base of the explorables that draw curves: a kind declares its controls and hands over what computes and draws.

    Parameters
    ----------
    compute : a function of sliders and switches (by their names; switches are 0 or 1) → dict of numbers and vectors; or one
        such function for each option of the kind's `Choice`. It is traced, and must do the same operations whatever the values.
    panels : one or two. words : the readout. goal : what there is to reach. play : the slider that a button moves.
    shows : buttons that move the controls to a setting.
    presets : option → the settings of other controls that come with it. notes : option → what is said of it.

    Raises
    ------
    TypeError, ValueError, TraceError : a sentence on whatever could not be drawn or computed in the page.
    """

    view = "curves"
    fewest = 1  # panels

    def __init__(
        self,
        identity: str,
        compute: Callable[..., Any] | Mapping[str, Callable[..., Any]],
        panels: Sequence[Panel],
        *,
        words: Sequence[Sentence] = (),
        goal: Goal | None = None,
        play: Play | None = None,
        shows: Sequence[Show] = (),
        presets: Mapping[str, Mapping[str, Any]] | None = None,
        notes: Mapping[str, str] | None = None,
        **state: Any,
    ) -> None:
        self.panels, self.sentences = tuple(panels), tuple(words)
        choices = [name for name, trait in self.declared().items() if isinstance(trait, Choice) and not trait.numbered]
        if len(choices) > 1:
            self.refuse(f"has the choices {', '.join(choices)}, but one choice at most selects the computation")
        self.by = "".join(choices)
        offered = self.declared()[self.by].names if self.by else ("",)
        functions = dict(compute) if isinstance(compute, Mapping) else {"": compute}
        if tuple(functions) != offered:
            self.refuse(f"there are computations for {list(functions)}, but the options of its choice are {list(offered)}")
        self.programs = {option: self.record(option, function) for option, function in functions.items()}
        if not self.fewest <= len(self.panels) <= 2:
            self.refuse(f"draws one panel or two, got {len(self.panels)}")
        for option in offered:
            self.check_panels(option)
            for sentence in self.sentences:
                self.parts(sentence.text)
                named({"": 0, "good": 1, "bad": 2}, sentence.tone, "tone of a sentence")
                self.check(option, sentence.when, 0)
            if goal is not None:
                self.check(option, goal.when, 0)
        for name in (play.slider, *play.rewinds) if play else ():
            self.check_slider(name, "the button should move")
        if play and not isinstance(self.declared()[play.slider].interval, int):
            self.refuse(f"the button needs a slider of whole steps, {play.slider!r} has none")
        checks.number(type(self).__name__, "seconds of the button", play.seconds if play else 0.0)
        for trait in self.declared().values():
            self.check_slider(getattr(trait, "limit", ""), "a slider is limited by")
            if (when := getattr(trait, "when", "")) and not isinstance(self.declared().get(when), Switch):
                self.refuse(f"a slider is shown while {when!r} is on, which is no switch")
        presets = presets or {}
        for option in [*presets, *(notes or {})]:
            named(functions, option, "option")
        checks.listed(type(self).__name__, "shows", shows, Show)
        for settings in [*presets.values(), *(show.settings for show in shows)]:
            checks.kind(type(self).__name__, "settings", settings, Mapping, "a dict of values by the names of controls")
            for name, value in settings.items():
                named(self.declared(), name, "control").validate(self, value)
        start = state.get(self.by, offered[0])
        super().__init__(identity, {}, **{**presets.get(str(start), {}), **state})
        self.set_trait("spec", self.describe(goal, play, shows, presets, notes or {}))

    @classmethod
    @functools.cache
    def declared(cls) -> dict[str, Any]:
        """The control traits in the order in which the kind declares them."""
        order = [name for kind in reversed(cls.__mro__) for name in vars(kind)]
        return {name: cls.class_traits()[name] for name in sorted(cls.controls(), key=order.index)}

    # The computation ------------------------------------------------------------------------------------------

    def refuse(self, words: str) -> NoReturn:
        raise ValueError(f"{type(self).__name__}: {words}")

    def record(self, option: str, function: Callable[..., Any]) -> Program:
        """The computation as a program of the controls that it reads."""
        reads = list(inspect.signature(function).parameters)
        known = {
            name: trait
            for name, trait in self.declared().items()
            if isinstance(trait, (Slider, Switch)) or (isinstance(trait, Choice) and trait.numbered)
        }
        strange = [name for name in reads if name not in known]
        if strange or not reads:
            what = f"reads {strange[0]!r}, which is no slider and no switch" if strange else "reads no control"
            self.refuse(f"the computation{option and f' of {option}'} {what}; there are {', '.join(known) or 'none'}")
        examples = {name: 0.0 if isinstance(known[name], Choice) else float(known[name].default_value) for name in reads}
        try:
            with np.errstate(all="ignore"):
                program = plain_names(trace(lambda controls: function(**controls), examples))
        except (TraceError, TypeError, ValueError, IndexError) as error:
            raise TraceError(f"{type(self).__name__}: the computation cannot be recorded: {error}") from error
        wrong = [name for name, _ in program.outputs if not name.isidentifier() or name in self.controls()]
        if wrong or any(len(shape) > 1 for shape in program.output_shapes()):
            self.refuse("the computation must give a dict of numbers and vectors, under names that no control has")
        return program

    def shapes(self, option: str) -> dict[str, tuple[int, ...]]:
        program = self.programs[option]
        return dict(zip((name for name, _ in program.outputs), program.output_shapes(), strict=True))

    def check(self, option: str, name: str | float, dimensions: int, *, needed: bool = False) -> None:
        """Whether the computation gives this name as a number (0) or a vector (1); controls and `v[2]` are numbers too."""
        if isinstance(name, (int, float)) or (name == "" and not needed):
            checks.number(type(self).__name__, "a place in a panel", name or 0.0, -math.inf)
            return
        there = self.shapes(option)
        if dimensions == 0:
            there |= {control: () for control, trait in self.declared().items() if not isinstance(trait, Choice)}
        base, place = entry(name)
        try:
            shape = named(there, base, "result")
        except ValueError as error:
            self.refuse(f"what is drawn is not there: {error}")
        if place is not None:
            if len(shape) != 1 or place >= shape[0]:
                self.refuse(f"{name!r} is not there: {base!r} has shape {shape}")
            shape = ()
        if len(shape) != dimensions:
            self.refuse(f"{name!r} is drawn as a {('number', 'vector')[dimensions]}, but has shape {shape}")

    def check_panels(self, option: str) -> None:
        shapes = self.shapes(option)
        for each in self.panels:
            for axis in (each.x, each.y):
                if isinstance(axis.domain, Mapping):
                    named(axis.domain, option, f"domain of the axis {axis.label!r}")
            panel = each.under(option)
            for axis in (panel.x, panel.y):
                named(SCALES, axis.scale, "scale of an axis")
                low, high = axis.span or (1.0, 2.0)
                if not (math.isfinite(low) and math.isfinite(high) and low < high and (axis.scale == "linear" or low > 0)):
                    self.refuse(
                        f"the axis {axis.label!r} needs a domain from < to (above 0 on a log scale), got {low:g} to {high:g}"
                    )
            if not 0.0 < panel.share < math.inf:
                self.refuse(f"the share of a panel must be a finite number > 0, got {panel.share}")
            if not panel.series:
                self.refuse(f"the panel of {panel.y.label!r} has no series to draw")
            for series in panel.series:
                named(KINDS, series.kind, "kind of series")
                self.check(option, series.x, 1, needed=True)
                self.check(option, series.y, 1, needed=True)
                if shapes[series.x] != shapes[series.y]:
                    self.refuse(f"{series.x!r} and {series.y!r} differ in length: {shapes[series.x]} and {shapes[series.y]}")
                self.check(option, series.at, 0)
                self.check(option, series.when, 0)
            for line in panel.lines:
                named({"x": 0, "y": 1}, line.axis, "axis")
                named({"": 0, "goal": 1}, line.tone, "tone of a line")
                self.check(option, line.at, 0, needed=True)
                self.check(option, line.when, 0)
            self.check_slider(panel.pick, "a drag should move")
            for handle in panel.handles:
                self.check(option, handle.x, 0, needed=True)
                self.check(option, handle.y, 0, needed=True)
                self.check_slider(handle.across, "a drag should move")
                self.check_slider(handle.up, "a drag should move")
                if not (handle.gain and math.isfinite(handle.gain)):
                    self.refuse(f"the gain of a handle must be a finite number other than 0, got {handle.gain}")
            if (panel.equal or panel.heat) and not (panel.x.span and panel.y.span):
                self.refuse(f"the panel of {panel.y.label!r} needs a domain on both axes for equal units or a map")
            if panel.heat:
                self.check(option, panel.heat.values, 1, needed=True)
                self.check_heat(*panel.heat, many=math.prod(shapes[panel.heat.values]))

    def check_heat(
        self, values: str, columns: int, rows: int, colours: Sequence[str], span: tuple[float, float] | None, many: int
    ) -> None:
        low, high = span or (0.0, 1.0)
        if min(columns, rows) < 2 or columns * rows != many:
            self.refuse(
                f"the map of {values!r} needs 2 × 2 cells or more and a value for each, got {columns} × {rows} with {many}"
            )
        if len(colours) not in (1, 2) or not all(re.fullmatch("#[0-9a-fA-F]{6}", str(colour)) for colour in colours):
            self.refuse(f"the map of {values!r} needs one colour or two, written #rrggbb, got {colours!r}")
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            self.refuse(f"the map of {values!r} needs a span from < to, got {low:g} to {high:g}")

    def check_slider(self, name: str, what: str) -> None:
        if name and not isinstance(self.declared().get(name), Slider):
            self.refuse(f"{what} {name!r}, which is no slider")

    def compute(self) -> tuple[Program, list[float]]:
        """The program of the present option, and what it reads."""
        program = self.programs[getattr(self, self.by) if self.by else ""]
        return program, [self.given(name) for name, _ in program.inputs]

    def given(self, control: str) -> float:
        """What the computation reads of a control."""
        trait, value = self.declared()[control], getattr(self, control)
        return float(trait.names.index(value) if isinstance(trait, Choice) else value)

    @property
    def values(self) -> dict[str, Any]:
        """All results of the computation for the present controls, from the same program as in the page."""
        program, given = self.compute()
        with np.errstate(all="ignore"):  # what is not finite leaves a gap
            found = program.run(*given)
        return {name: x if isinstance(x, float) else np.asarray(x) for name, x in found.items()}

    # Words ----------------------------------------------------------------------------------------------------

    def parts(self, template: str, options: Sequence[str] | None = None) -> list[Any]:
        """The template as text and [name, decimals or None], or [name, decimals, True] for brackets around what is negative."""
        found: list[Any] = []
        try:
            read = list(string.Formatter().parse(template))
        except (TypeError, ValueError) as error:
            self.refuse(f"{template!r} is no sentence with names between braces: {error}")
        for text, name, form, _ in read:
            if text:
                found.append(text)
            if name is None:
                continue
            if not isinstance(self.declared().get(name), Choice):
                for option in self.programs if options is None else options:
                    self.check(option, name, 0, needed=True)
            form = form or ""
            brackets = [True] if form[:1] == "(" and form[-1:] == ")" else []
            form = form[1:-1] if brackets else form
            if form and not re.fullmatch("d|[.][0-9]f", form):
                self.refuse(
                    f"{{{name}:{form}}} is not a way to write a number; there are {{{name}}}, {{{name}:d}}, {{{name}:.2f}}"
                )
            found.append([name, None if not form else 0 if form == "d" else int(form[1:-1]), *brackets])
        return found

    def number(self, name: str | float, values: Mapping[str, Any]) -> float:
        """The value of a name: of a control or a result, or of one entry of a result; a number stands for itself."""
        if isinstance(name, (int, float)):
            return float(name)
        base, place = entry(name)
        found = values[base] if base in values else getattr(self, base)
        return float(found if place is None else found[place])

    def written(self, name: str, places: int | None, values: Mapping[str, Any], brackets: bool = False) -> str:
        """A value as the page writes it."""
        trait = self.declared().get(name)
        if isinstance(trait, Choice):
            return trait.labels[getattr(self, name)]
        x = self.number(name, values)
        if brackets:
            text = self.written(name, places, values)
            return f"({text})" if text.startswith("−") else text
        if places is not None:
            return numbers.fixed(x, places)
        if not isinstance(trait, Slider):
            return numbers.significant(x)
        if trait.scale == "log":
            return numbers.exact(x) if trait.interval is None else numbers.whole(x)
        places = numbers.decimals(trait.interval or (trait.high - trait.low) / 100)
        return numbers.fixed(x, places) if abs(x - round(x, places)) < 1e-12 else numbers.exact(x)

    @property
    def words(self) -> str:
        """The readout for the present controls."""
        values = self.values
        shown = [s for s in self.sentences if not s.when or self.seen(s.when, values)]
        return " ".join(self.say(self.parts(sentence.text), values) for sentence in shown)

    def say(self, parts: Sequence[Any], values: Mapping[str, Any]) -> str:
        return "".join(p if isinstance(p, str) else self.written(p[0], p[1], values, len(p) > 2) for p in parts)

    def seen(self, when: str, values: Mapping[str, Any]) -> bool:
        x = self.number(when, values)
        return math.isfinite(x) and x != 0

    # What the page needs ------------------------------------------------------------------------------------------

    def describe(
        self, goal: Goal | None, play: Play | None, shows: Sequence[Show], presets: Mapping[str, Any], notes: Mapping[str, str]
    ) -> dict[str, Any]:
        controls: dict[str, Any] = {}
        for name, trait in self.declared().items():
            if isinstance(trait, Slider):
                controls[name] = {"type": "slider", **trait.describe()}
            elif isinstance(trait, Switch):
                controls[name] = {"type": "switch", "label": trait.label}
            elif isinstance(trait, Choice):
                here = name == self.by
                options = [
                    {
                        "name": n,
                        "label": label,
                        "note": notes.get(n, "") if here else "",
                        "set": dict(presets.get(n, {}) if here else {}),
                    }
                    for n, label in trait.labels.items()
                ]
                controls[name] = {"type": "choice", "label": trait.label, "options": options}
        programs, shared = share({option: program.to_json() for option, program in self.programs.items()})
        return {
            "goal": goal and goal._asdict(),
            "play": play and play._asdict(),
            "shows": [{"label": show.label, "set": dict(show.settings)} for show in shows],
            "controls": controls,
            "by": self.by,
            "programs": programs,
            "shared": shared,
            "panels": [panel.describe() for panel in self.panels],
            "words": [
                {"parts": self.parts(s.text), "when": s.when, "colour": s.colour, "tone": s.tone} for s in self.sentences
            ],
        }

    def still(self) -> str:
        from . import stills

        values = self.values
        picture = stills.draw(
            [panel.under(getattr(self, self.by) if self.by else "") for panel in self.panels],
            values,
            lambda at: self.number(at, values),
            lambda when: not when or self.seen(when, values),
        )
        about = "; ".join(f"{panel.y.label} against {panel.x.label}" for panel in self.panels)
        return stills.finish(picture, f"Panels of {about}. {self.words}")


def share(programs: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The programs with their large constants told once for all, each named by its place in the list.

    >>> share({"a": {"constants": [[[9], "A" * 96]]}, "b": {"constants": [[[9], "A" * 96], [[], 1.0]]}})[0]
    {'a': {'constants': [[[9], {'shared': 0}]]}, 'b': {'constants': [[[9], {'shared': 0}], [[], 1.0]]}}
    """
    large = [c for program in programs.values() for _, c in program["constants"] if isinstance(c, str) and len(c) >= LARGE]
    shared = [c for c in dict.fromkeys(large) if large.count(c) > 1]
    place = {c: {"shared": i} for i, c in enumerate(shared)}
    lean = {
        option: {**program, "constants": [[shape, place.get(c, c)] for shape, c in program["constants"]]}
        for option, program in programs.items()
    }
    return lean, shared


def entry(name: str) -> tuple[str, int | None]:
    """What `v[2]` names: (v, 2); a whole result has no place.

    >>> entry("v[2]"), entry("v")
    (('v', 2), ('v', None))
    """
    base, _, place = name.partition("[")
    return (base, int(place[:-1])) if place[-1:] == "]" and place[:-1].isdigit() else (name, None)
