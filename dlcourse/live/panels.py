"""What the panels of curves are made of: axes, series, reference lines, maps behind them, points to drag, words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .. import palette

KINDS = {"line": "-", "dots": "", "steps": "-", "circles": "o", "squares": "s"}  # matplotlib: joined by, or marked with
BANDS = 12  # shades of a map
SCALES = {"linear": 0, "log": 1}


Domain = tuple[float, float]


class Axis(NamedTuple):
    """label; domain (from, to), one for each option where they differ, or None for one that follows the data without
    shrinking while a slider moves."""

    label: str
    domain: Domain | Mapping[str, Domain] | None = None
    scale: str = "linear"

    @property
    def span(self) -> Domain | None:
        """The domain, if there is one whatever the option."""
        return None if isinstance(self.domain, Mapping) else self.domain

    def under(self, option: str) -> Axis:
        """The axis while this option is chosen."""
        return self._replace(domain=self.domain[option]) if isinstance(self.domain, Mapping) else self


class Series(NamedTuple):
    """Points (x, y), each named as the computation gives them; what is not a finite number leaves a gap.

    kind : "line" and "steps" join them; "dots" are small, "circles" and "squares" have an outline (two classes of examples).
    at : the result that is the series' value at the picked position, marked with a dot. when : a switch or a result
    that shows the series where it is not 0.
    """

    x: str
    y: str
    label: str = ""
    colour: str = palette.SERIES[0]
    kind: str = "line"
    dash: str = ""
    faint: bool = False
    at: str = ""
    when: str = ""


class Line(NamedTuple):
    """A reference line across the panel at x (or y) = a number, a slider or a result; tone "goal" for what is to be reached."""

    at: float | str
    label: str = ""
    axis: str = "x"
    tone: str = ""
    when: str = ""


class Heat(NamedTuple):
    """Values over the whole panel as bands of colour: rows × columns of cells (two or more of each), the lowest row first.

    colours : "#rrggbb", for values at `span[0]` and at `span[1]`, with nothing in the middle, where a line is drawn; one
        colour alone grows towards the highest. span : where the colours are full; None follows the values.
    """

    values: str
    columns: int
    rows: int
    colours: Sequence[str] = (palette.DATA,)
    span: tuple[float, float] | None = None


class Handle(NamedTuple):
    """A point to drag, at (x, y), each a number, a slider or a result.

    across, up : the sliders that a drag along the axis moves, by 1 / `gain` for each unit of it: the slope of a line that is
        held at x moves its height there by x.
    """

    x: float | str
    y: float | str
    across: str = ""
    up: str = ""
    gain: float = 1.0
    colour: str = ""


class Panel(NamedTuple):
    """Axes and what is drawn between them; `pick` names the slider that a drag across the panel moves.

    equal : one unit is as long on both axes, both of which need a domain.
    """

    x: Axis
    y: Axis
    series: Sequence[Series]
    lines: Sequence[Line] = ()
    pick: str = ""
    share: float = 1.0
    heat: Heat | None = None
    handles: Sequence[Handle] = ()
    equal: bool = False

    def under(self, option: str) -> Panel:
        """The panel while this option is chosen."""
        return self._replace(x=self.x.under(option), y=self.y.under(option))

    def describe(self) -> dict[str, Any]:
        """What the page reads."""
        return {
            **self._asdict(),
            "x": self.x._asdict(),
            "y": self.y._asdict(),
            "series": [series._asdict() for series in self.series],
            "lines": [line._asdict() for line in self.lines],
            "heat": self.heat and {**self.heat._asdict(), "bands": BANDS},
            "handles": [handle._asdict() for handle in self.handles],
        }


class Sentence(NamedTuple):
    """Words with values between braces: `{beta}`, `{error}` (three digits), `{n:d}`, `{v:.2f}`; shown where `when` is not 0.

    colour : of the series that it speaks of. tone : "good" or "bad" for a verdict.
    """

    text: str
    when: str = ""
    colour: str = ""
    tone: str = ""


class Goal(NamedTuple):
    """What there is to reach, and the result that is not 0 when it is."""

    text: str
    when: str


class Show(NamedTuple):
    """A button that moves the controls to a setting worth seeing: what it says, and name → value."""

    label: str
    settings: Mapping[str, Any]


class Play(NamedTuple):
    """A slider that a button moves from its low end to its high end, in so many seconds.

    rewinds : sliders that set it back to its low end when they are moved: what is played starts from them.
    """

    slider: str
    label: str = "Play"
    seconds: float = 4.0
    rewinds: Sequence[str] = ()
