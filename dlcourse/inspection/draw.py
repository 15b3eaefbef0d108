"""A flow graph as SVG, laid out here: no external program.

Operators stand in the column of their longest path from a variable, variables in the column before their first use.
Up and down, every box is drawn towards its neighbours, and pushed apart from those of its own column.
"""

from __future__ import annotations

import html
from collections import Counter
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np

SYMBOLS = {
    "add": "+",
    "subtract": "−",
    "multiply": "×",
    "divide": "÷",
    "matmul": "@",
    "square": "( )²",
    "negative": "−",
    "sum": "Σ",
}
GAP, HEIGHT, ROW, PASSAGE = 22.0, 30.0, 74.0, 24.0  # between columns; of a box, of a row with a box, of one with a passing edge
MOST, SWEEPS = 300, 60


class Drawing(NamedTuple):
    """SVG in the page's own ink, and what it shows in words."""

    svg: str
    alt: str

    def _repr_html_(self) -> str:
        return f'<figure class="dlcourse-figure" style="overflow-x:auto">{self.svg}</figure>'

    def __repr__(self) -> str:
        return f"Figure: {self.alt}"


def label(box: Any) -> str:
    """A variable's name; an operator with the numbers that stand in the formula, as `÷ 64`."""
    if box.row is None:
        return box.name or ("data" if box.data else "variable")
    sign = SYMBOLS.get(box.row.name, box.row.name.replace("_", " "))
    numbers = [f"{x:.4g}" if isinstance(x, float) else "" for x in box.inputs]
    before, after = (numbers[0], numbers[1:]) if len(numbers) > 1 else ("", numbers)
    text = " ".join(part for part in (before, sign, *after) if part)
    return f"{box.name} = {text}" if box.name else text


def figure_text(x: Any) -> str:
    """A small value in figures, a larger one by its shape."""
    if np.size(x) > 3 or np.ndim(x) > 1:
        return str(np.shape(x))
    text = f"{x:.4g}" if np.ndim(x) == 0 else f"[{', '.join(f'{v:.3g}' for v in x)}]"
    return text.replace("-", "−")


def describe(boxes: list[Any]) -> str:
    """The picture in words."""
    variables = [label(box) for box in boxes if box.row is None]
    operators = Counter(box.row.name for box in boxes if box.row is not None)
    used = ", ".join(name if n == 1 else f"{name} ×{n}" for name, n in operators.items())
    named = ", ".join(variables[:12]) + (", …" if len(variables) > 12 else "")
    end = "" if boxes[-1].grad is None else "; gradients have flowed back from it"
    return (
        f"Flow graph from {len(variables)} variable{'s' * (len(variables) != 1)} ({named}) through {operators.total()} "
        f"operator{'s' * (operators.total() != 1)} ({used or 'none'}) to a result of {figure_text(boxes[-1].value)}{end}."
    )


def columns_of(boxes: list[Any], links: list[tuple[int, int, float]]) -> list[int]:
    column = [0] * len(boxes)
    first_use: dict[int, int] = {}
    for a, b, _ in links:
        column[b] = max(column[b], column[a] + 1)
    for a, b, _ in links:
        first_use[a] = min(first_use.get(a, len(boxes)), column[b])
    return [first_use.get(i, 1) - 1 if box.row is None else column[i] for i, box in enumerate(boxes)]


def apart(wished: list[float], weights: list[float], rooms: list[float]) -> list[float]:
    """The heights nearest to the wished ones (weighted squares) that keep order and leave each its room: pool and average."""
    offsets = [start + room / 2 for start, room in zip(accumulate(rooms, initial=0.0), rooms, strict=False)]
    pools: list[tuple[float, float, int]] = []  # level, weight, how many
    for wish, weight, offset in zip(wished, weights, offsets, strict=True):
        pools.append((wish - offset, weight, 1))
        while len(pools) > 1 and pools[-2][0] >= pools[-1][0]:
            (a, v, n), (b, w, m) = pools.pop(), pools.pop()
            pools.append(((a * v + b * w) / (v + w), v + w, n + m))
    level = [level for level, _, n in pools for _ in range(n)]
    return [z + offset for z, offset in zip(level, offsets, strict=True)]


def heights(column: list[int], rooms: list[float], segments: list[tuple[int, int, float, float]]) -> list[float]:
    """Sweeps to and fro: each node goes to the weighted mean of its neighbours' heights, each column is sorted and spread."""
    y = [ROW * i / 4 for i in range(len(column))]
    pulls: tuple[list[Any], list[Any]] = [[] for _ in y], [[] for _ in y]  # from the left, from the right
    for a, b, shift, weight in segments:
        pulls[0][b].append((a, -shift, weight))
        pulls[1][a].append((b, shift, weight))
    members: list[list[int]] = [[] for _ in range(max(column) + 1)]
    for i, k in enumerate(column):
        members[k].append(i)
    for sweep in range(SWEEPS):
        backward, settling = sweep % 2, sweep >= SWEEPS // 3
        for nodes in reversed(members) if backward else members:
            wish, pull = {}, {}
            for i in nodes:
                by = (pulls[0][i] + pulls[1][i] if settling else pulls[backward][i]) or [(i, 0.0, 1.0)]
                pull[i] = sum(weight for _, _, weight in by)
                wish[i] = sum((y[j] + shift) * weight for j, shift, weight in by) / pull[i]
            nodes.sort(key=lambda i: y[i] if settling else wish[i])
            found = apart([wish[i] for i in nodes], [pull[i] for i in nodes], [rooms[i] for i in nodes])
            for i, height in zip(nodes, found, strict=True):
                y[i] = height
    top = min(h - room / 2 for h, room in zip(y, rooms, strict=True))
    return [h - top for h in y]


class Arrangement(NamedTuple):
    """Column and height of every box, and after them of the places where edges pass a column; links as (from, to, port), a
    port being where an edge ends, from −½ to ½; the places (boxes or passages) that each link leads through; rooms upwards.
    """

    column: list[int]
    height: list[float]
    links: list[tuple[int, int, float]]
    routes: list[list[int]]
    rooms: list[float]


def arrange(boxes: list[Any]) -> Arrangement:
    """Where the boxes stand, in order of creation. Raises ValueError if they are too many to be read."""
    if len(boxes) > MOST:
        raise ValueError(f"draw: {len(boxes)} boxes are too many to be read; draw a graph of at most {MOST}")
    number = {id(box): i for i, box in enumerate(boxes)}
    links = []
    for i, box in enumerate(boxes):
        sources = [number[id(x)] for x in box.inputs if id(x) in number]
        links += [(a, i, (k + 0.5) / len(sources) - 0.5) for k, a in enumerate(sources)]
    column = columns_of(boxes, links)
    rooms = [ROW] * len(boxes)
    routes: list[list[int]] = []
    segments = []
    for a, b, port in links:
        passing = range(len(column), len(column) + column[b] - column[a] - 1)
        column += range(column[a] + 1, column[b])
        rooms += [PASSAGE] * len(passing)
        routes.append([a, *passing, b])
        weight, lean = (1.0, 1.0) if boxes[a].row is None else (6.0, 0.1)
        segments += [(u, v, port * lean * ROW * (v == b), weight) for u, v in pairwise(routes[-1])]
    return Arrangement(column, heights(column, rooms, segments), links, routes, rooms)


def draw(boxes: list[Any]) -> Drawing:
    """The picture of boxes that are in order of creation. Raises ValueError if they are too many to be read."""
    column, y, links, routes, rooms = arrange(boxes)
    texts = [(label(box), figure_text(box.value), "" if box.grad is None else f"∇ {figure_text(box.grad)}") for box in boxes]
    wide = [max(HEIGHT + 4, 8.0 * len(text) + 18) for text, _, _ in texts]
    widths = [0.0] * (max(column) + 1)
    for i, (_, value, gradient) in enumerate(texts):
        widths[column[i]] = max(widths[column[i]], wide[i], 6.6 * max(len(value), len(gradient)))
    left = [4 + sum(widths[:k]) + GAP * k for k in range(len(widths))]
    x = [left[k] + widths[k] / 2 for k in column]

    shapes, words = [], []
    for route, (a, b, port) in zip(routes, links, strict=True):
        end_x, end_y = x[b] - wide[b] / 2, y[b] + port * HEIGHT * 0.7
        path = f"M{x[a] + wide[a] / 2:.1f} {y[a]:.1f}"
        for u, v in pairwise(route):
            start, stop = left[column[u]] + widths[column[u]], left[column[v]]
            height, middle = end_y if v == b else y[v], (start + stop) / 2
            path += f"H{start:.1f}C{middle:.1f} {y[u]:.1f} {middle:.1f} {height:.1f} {stop:.1f} {height:.1f}"
        head = f'<path d="M{end_x:.1f} {end_y:.1f}l-7-3.2v6.4z" fill="currentColor" stroke="none"/>'
        shapes.append(f'<path d="{path}H{end_x:.1f}"/>{head}')
    for i, (box, lines) in enumerate(zip(boxes, texts, strict=True)):
        style = 'rx="15" fill="currentColor" fill-opacity="0.1"' if box.row is None else 'rx="2"'
        style += ' stroke-dasharray="4 3"' if box.data else ""
        place = f'x="{x[i] - wide[i] / 2:.1f}" y="{y[i] - HEIGHT / 2:.1f}" width="{wide[i]:.1f}" height="{HEIGHT:g}"'
        shapes.append(f"<rect {place} {style}/>")
        for size, down, line in zip((14, 11, 11), (5, -21, 28), lines, strict=True):
            words.append(
                f'<text x="{x[i]:.1f}" y="{y[i] + down:.1f}" font-size="{size}">{html.escape(line)}</text>' if line else ""
            )
    width, height = left[-1] + widths[-1] + 4, max(h + room / 2 for h, room in zip(y, rooms, strict=True))
    alt = describe(boxes)
    room = f"width:100%;max-width:{width:.0f}px;min-width:{0.6 * width:.0f}px;height:auto"
    return Drawing(
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{html.escape(alt)}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" style="display:block;{room};margin-inline:auto">'
        f'<g fill="none" stroke="currentColor" stroke-width="1.2">{"".join(shapes)}</g>'
        f'<g fill="currentColor" text-anchor="middle">{"".join(words)}</g></svg>',
        alt,
    )
