"""Diagrams: boxes and edges with their numbers at their place, gone through step by step."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import traitlets

from .. import palette
from ..names import named
from .controls import Slider
from .curves import Curves

VALUE, GRADIENT = palette.SERIES[:2]
TONES = {"": "", "gradient": GRADIENT, "value": VALUE, "good": palette.SERIES[2], "tangent": palette.SERIES[3]}
LINE, PAD = 15.0, 6.0  # height of a line of text, room around the lines of a box


class Said(NamedTuple):
    """A line of numbers (`h {h[0]:.3f}`, `w · {h[0]:(.3f)}` with brackets where negative), from one step until before another.

    when : a switch or a result that shows it where it is not 0. tone : "", "value", "gradient", "tangent" or "good".
    """

    text: str
    since: int = 0
    until: int | None = None
    when: str = ""
    tone: str = ""


class Node(NamedTuple):
    """A box at (along, across), each from 0 to 1, along being the way of the computation.

    name : under which it is picked. title : what it is, for who does not see it. lines : inside. formula : said of it when it
    is picked. forward, backward : the steps at which values, or gradients, are computed here.
    """

    name: str
    title: str
    at: tuple[float, float]
    lines: Sequence[Said]
    formula: Sequence[Said] = ()
    forward: Sequence[int] = ()
    backward: Sequence[int] = ()
    size: tuple[float, float] = (76.0, 4 * LINE + 2 * PAD)
    variable: bool = False


class Edge(NamedTuple):
    """From one box to another, by way of some points. weight : a result that is its width and, by its sign, its dash.

    mark : how far along its lines of numbers stand, lying and upright. An edge with a name can be picked.
    """

    start: str
    end: str
    name: str = ""
    title: str = ""
    lines: Sequence[Said] = ()
    formula: Sequence[Said] = ()
    forward: Sequence[int] = ()
    backward: Sequence[int] = ()
    weight: str = ""
    mark: tuple[float, float] = (0.5, 0.5)
    via: Sequence[tuple[float, float]] = ()


class Diagram(NamedTuple):
    """Boxes and edges; sentences for every step, from 0 on; the height where it lies along, and where it stands upright.

    backward : a switch or a result without which no box is marked as being on the way back.
    """

    title: str
    nodes: Sequence[Node]
    edges: Sequence[Edge]
    stages: Sequence[str | Sequence[Said]]
    height: float
    tall: float
    curved: bool = False
    backward: str = ""

    @property
    def items(self) -> list[Node | Edge]:
        """Boxes and edges."""
        return [*self.nodes, *self.edges]


def said_at(stage: str | Sequence[Said]) -> Sequence[Said]:
    return (Said(stage),) if isinstance(stage, str) else stage


class Pick(traitlets.TraitType[str, str]):
    """The box or edge that is being read, "" for none; synced with the page."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(default_value="")
        self.names = ("", *names)
        self.tag(sync=True)

    def validate(self, obj: Any, value: Any) -> str:
        if value not in self.names:
            raise traitlets.TraitError(f"{self.name}: there is no {value!r} to read; there are {', '.join(self.names[1:])}")
        return str(value)


class Stepped(Curves):
    """Base of the explorables that step through a diagram, with panels of curves below it or without.

    Parameters
    ----------
    diagrams : one, or one for each option of the kind's `Choice`. counter : the slider (whole numbers from 0) that says how far
        one has gone. again : the slider that goes on by one after the last step. A trait of type `Pick` is called `picked`.
    """

    fewest = 0
    picked: Any

    def __init__(
        self,
        identity: str,
        compute: Any,
        diagrams: Diagram | Mapping[str, Diagram],
        *,
        counter: str = "step",
        again: str = "",
        panels: Sequence[Any] = (),
        **options: Any,
    ) -> None:
        self.step_name, self.again = counter, again
        self.diagrams = {"": diagrams} if isinstance(diagrams, Diagram) else dict(diagrams)
        super().__init__(identity, compute, panels, **options)

    @property
    def diagram(self) -> Diagram:
        """That of the present option."""
        return self.diagrams.get("") or self.diagrams[getattr(self, self.by)]

    @property
    def stage(self) -> int:
        """The step, no further than the diagram has steps."""
        return min(int(getattr(self, self.step_name)), len(self.diagram.stages) - 1)

    # What cannot be drawn -----------------------------------------------------------------------------------------

    def check_panels(self, option: str) -> None:
        super().check_panels(option)
        diagram = self.diagrams.get("") or self.diagrams.get(option)
        if diagram is None:
            self.refuse(f"there are diagrams for {list(self.diagrams)}, but none for {option!r}")
        assert diagram
        for name in filter(None, (self.step_name, self.again)):
            slider = self.declared().get(name)
            if not isinstance(slider, Slider) or not isinstance(slider.interval, int):
                self.refuse(f"steps are counted by {name!r}, which is no slider of whole numbers")
        most = int(self.declared()[self.step_name].high)
        if not 1 < len(diagram.stages) <= most + 1:
            self.refuse(f"the diagram {diagram.title!r} has {len(diagram.stages)} stages, the slider gives 2 to {most + 1}")
        nodes = {node.name: node for node in diagram.nodes}
        if len(nodes) < len(diagram.nodes) or not nodes:
            self.refuse(f"the boxes of the diagram {diagram.title!r} need names, each its own")
        for edge in diagram.edges:
            named(nodes, edge.start, "box")
            named(nodes, edge.end, "box")
            self.check(option, edge.weight, 0)
        for each in diagram.items:
            if each.name and each.name not in type(self).picked.names:
                self.refuse(f"{each.name!r} of the diagram cannot be picked")
            for line in (*each.lines, *each.formula):
                named(TONES, line.tone, "tone of a line")
                self.check(option, line.when, 0)
                self.parts(line.text, [option])
        self.check(option, diagram.backward, 0)
        for stage in diagram.stages:
            for line in said_at(stage):
                self.check(option, line.when, 0)
                self.parts(line.text, [option])

    # Words --------------------------------------------------------------------------------------------------------

    def shown(self, lines: Sequence[Said], values: Mapping[str, Any]) -> Iterator[tuple[Said, str]]:
        """The lines that are to be seen at the present step, with their numbers."""
        for line in lines:
            begun = line.since <= self.stage and (line.until is None or self.stage < line.until)
            if begun and (not line.when or self.seen(line.when, values)):
                yield line, self.say(self.parts(line.text, [self.option]), values)

    @property
    def option(self) -> str:
        return str(getattr(self, self.by)) if self.by else ""

    @property
    def stage_words(self) -> str:
        """What happens at the present step."""
        return " ".join(text for _, text in self.shown(said_at(self.diagram.stages[self.stage]), self.values))

    @property
    def formula(self) -> str:
        """What is said of the box or edge that is picked; "" if none is."""
        found = [each for each in self.diagram.items if each.name and each.name == self.picked]
        values = self.values
        return " ".join(text for each in found for _, text in self.shown(each.formula, values))

    @property
    def words(self) -> str:
        """What happens at this step, what is picked, and the readout."""
        return " ".join(filter(None, (self.stage_words, self.formula, super().words)))

    # What the page needs ------------------------------------------------------------------------------------------

    def describe(self, *arguments: Any) -> dict[str, Any]:
        spec = super().describe(*arguments)
        spec["controls"] |= {
            name: {"type": "pick", "names": list(trait.names)}
            for name, trait in self.declared().items()
            if isinstance(trait, Pick)
        }
        spec["stepper"] = {"slider": self.step_name, "again": self.again}
        spec["tones"] = TONES
        spec["diagrams"] = [
            {**diagram._asdict(), "option": option, **self.parts_of(diagram, option)}
            for option, diagram in self.diagrams.items()
        ]
        return spec

    def parts_of(self, diagram: Diagram, option: str) -> dict[str, Any]:
        options = [option] if option else None
        said = lambda lines: [{**line._asdict(), "text": self.parts(line.text, options)} for line in lines]  # noqa: E731
        each = lambda it: {**it._asdict(), "lines": said(it.lines), "formula": said(it.formula)}  # noqa: E731
        return {
            "nodes": [each(node) for node in diagram.nodes],
            "edges": [each(edge) for edge in diagram.edges],
            "stages": [said(said_at(stage)) for stage in diagram.stages],
        }

    def still(self) -> str:
        values = self.values
        return still(
            self.diagram,
            lambda lines: list(self.shown(lines, values)),
            lambda name: self.number(name, values),
            f"{self.diagram.title}. {self.words}",
        )


def still(
    diagram: Diagram,
    shown: Callable[[Sequence[Said]], list[tuple[Said, str]]],
    number: Callable[[str], float],
    alt: str,
    width: float = 700.0,
) -> str:
    """The diagram as SVG, lying along, in the page's own ink."""
    nodes = {node.name: node for node in diagram.nodes}
    x = lambda node, u: node.size[0] / 2 + 2 + u * (width - node.size[0] - 4)  # noqa: E731
    y = lambda node, v: node.size[1] / 2 + 2 + v * (diagram.height - node.size[1] - 4)  # noqa: E731
    shapes, words = [], []

    def write(lines: list[tuple[Said, str]], across: float, top: float, halo: str = "") -> None:
        for i, (line, text) in enumerate(lines):
            ink = TONES[line.tone] or "currentColor"
            words.append(f'<text x="{across:.1f}" y="{top + LINE * i + 11:.1f}" fill="{ink}"{halo}>{html.escape(text)}</text>')

    for edge in diagram.edges:
        a, b = nodes[edge.start], nodes[edge.end]
        points = [(x(a, a.at[0]) + a.size[0] / 2, y(a, a.at[1]))]
        points += [(x(b, u), y(b, v)) for u, v in edge.via]
        points.append((x(b, b.at[0]) - b.size[0] / 2, y(b, b.at[1])))
        path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
        for (p, q), (r, s) in pairwise(points):
            middle = (p + r) / 2
            path += f"C{middle:.1f} {q:.1f} {middle:.1f} {s:.1f} {r:.1f} {s:.1f}" if diagram.curved else f"L{r:.1f} {s:.1f}"
        w = number(edge.weight) if edge.weight else 0.5
        dash = ' stroke-dasharray="6 4"' if w < 0 else ""
        shapes.append(f'<path d="{path}" stroke-width="{min(1 + 1.5 * abs(w), 5.0):.2f}" stroke-opacity="0.45"{dash}/>')
        (p, q), (r, s) = points[0], points[-1]
        lines = shown(edge.lines)
        halo = ' paint-order="stroke" stroke="var(--pst-color-background, #fff)" stroke-width="4"'
        write(lines, p + (r - p) * edge.mark[0], q + (s - q) * edge.mark[0] - LINE * len(lines) / 2, halo)
    for node in diagram.nodes:
        w, h = node.size
        left, top = x(node, node.at[0]) - w / 2, y(node, node.at[1]) - h / 2
        shapes.append(
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{w:g}" height="{h:g}" rx="{min(h / 2, 14) if node.variable else 4:g}" '
            f'fill="var(--pst-color-background, #fff)"/>'
        )
        lines = shown(node.lines)
        write(lines, left + w / 2, top + (h - LINE * len(lines)) / 2)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{html.escape(alt)}" viewBox="0 0 {width:g} '
        f'{diagram.height:g}" style="display:block;width:100%;max-width:{width:g}px;height:auto" font-size="12">'
        f'<g fill="none" stroke="currentColor">{"".join(shapes)}</g>'
        f'<g text-anchor="middle" fill="currentColor">{"".join(words)}</g></svg>'
    )
