"""Figures in one style: inline SVG that takes its ink from the page, so that it reads in light and in dark.

fig, ax = figures.new()
ax.plot(…)
figures.show(fig, alt="What there is to see, in a sentence.")
"""

from __future__ import annotations

import hashlib
import html
import inspect
import io
import re
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib.colors import same_color
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from . import palette
from .landscapes import Landscape
from .names import named
from .training import Fit, Trials

INK = "#010203"  # stands for the page's own text colour until the SVG is written

NARROWEST = 3.5  # inches: below this a figure scrolls rather than shrinks

STYLE: Any = {
    **dict.fromkeys(["axes.edgecolor", "axes.labelcolor", "axes.titlecolor", "legend.labelcolor"], INK),
    **dict.fromkeys(["text.color", "xtick.color", "ytick.color"], INK),
    **dict.fromkeys(["axes.grid", "axes.spines.right", "axes.spines.top", "legend.frameon"], False),
    **dict.fromkeys(["axes.facecolor", "figure.facecolor", "svg.fonttype"], "none"),
    **dict.fromkeys(["axes.axisbelow", "axes.unicode_minus"], True),
    **dict.fromkeys(["axes.labelsize", "axes.titlesize"], 11.5),
    "axes.linewidth": 0.7,
    "lines.linewidth": 1.8,
    "font.size": 11,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "mathtext.fontset": "dejavusans",
    "axes.prop_cycle": cycler(color=list(palette.METHODS.values())),
    "svg.hashsalt": "dlcourse",
}


class Picture:
    """A finished figure: SVG for the page, the alternative text for everything else."""

    def __init__(self, svg: str, alt: str) -> None:
        self.svg, self.alt = svg, alt

    def _repr_html_(self) -> str:
        return f'<figure class="dlcourse-figure" style="overflow-x:auto">{self.svg}</figure>'

    def __repr__(self) -> str:
        return f"Figure: {self.alt}"


def new(width: float = 7.2, height: float = 3.4, rows: int = 1, columns: int = 1, **options: Any) -> tuple[Figure, Any]:
    """An empty figure in the book's style, and its axes (an array of them if there are several). Sizes in inches."""
    with matplotlib.rc_context(STYLE):
        fig = Figure(figsize=(width, height), layout="constrained")
        return fig, fig.subplots(rows, columns, **options)


def show(fig: Figure, alt: str) -> Picture:
    """The figure as inline SVG.

    alt : says in a sentence or two what is to be seen, for readers who do not see it. Raises ValueError if it is
    missing or shorter than twenty characters.
    """
    if len(alt.strip()) < 20:
        raise ValueError(f"show: a figure needs an alternative text that says what is to be seen, got {alt!r}")
    buffer = io.StringIO()
    take_ink(fig)
    with matplotlib.rc_context(STYLE):
        nothing = dict.fromkeys(["Date", "Creator", "Format", "Type"])
        fig.savefig(buffer, format="svg", transparent=True, metadata=nothing)
    return Picture(inline(buffer.getvalue(), alt), alt)


def take_ink(fig: Figure) -> None:
    """Words and lines left in matplotlib's default black take the page's ink, or they would vanish in dark mode."""
    artists: list[Any] = [*fig.findobj(Text), *fig.findobj(Line2D)]
    for artist in artists:
        if same_color(artist.get_color(), "black"):
            artist.set_color(INK)


def inline(svg: str, alt: str) -> str:
    """An SVG file as an element of a page: no prologue, the page's ink and font, no ids but those it refers to."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"(\d\.\d\d)\d+", r"\1", svg)  # a hundredth of a point is finer than any screen
    svg = re.sub(r"\s*\n\s*", "\n", svg)
    used = set(re.findall(r"#([\w.-]+)", svg))
    mark = "f" + hashlib.sha256(svg.encode()).hexdigest()[:8]
    svg = re.sub(r'\sid="([^"]+)"', lambda m: f' id="{mark}-{m[1]}"' if m[1] in used else "", svg)
    svg = re.sub(r'(url\(|href=")#([\w.-]+)', rf"\1#{mark}-\2", svg)
    svg = svg.replace(INK, "currentColor").replace("'DejaVu Sans', sans-serif", "inherit").replace("'DejaVu Sans'", "inherit")
    label = html.escape(alt, quote=True)
    size = re.search(r'<svg[^>]*?width="([\d.]+)pt"', svg)
    inches = float(size[1]) / 72 if size else 0.0
    # never so narrow that its words cannot be read: on a phone it scrolls instead
    width = f"max-width:{inches:.2f}in;min-width:{min(inches, NARROWEST):.2f}in;" if size else ""
    svg = re.sub(r'(<svg[^>]*?) height="[\d.]+pt"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) width="[\d.]+pt"', r"\1", svg, count=1)
    return svg.replace("<svg", f'<svg role="img" aria-label="{label}" style="{width}width:100%;height:auto"', 1)


# Pictures that several chapters draw ------------------------------------------------------------------------


def contours(ax: Any, landscape: Landscape, **parameters: float) -> None:
    """Level lines of a landscape, evenly spaced in log(J − J*), with its minima marked."""
    (x0, x1), (y0, y1) = landscape.domain
    x, y = np.meshgrid(np.linspace(x0, x1, 100), np.linspace(y0, y1, 75))
    height = landscape(np.stack([x, y]), **parameters) - landscape.minimum
    floor = max(float(height.max()) * 1e-4, 1e-9)
    levels = np.geomspace(floor * 10, float(height.max()), 12)
    with matplotlib.rc_context(STYLE):
        ax.contour(x, y, np.maximum(height, floor), levels=levels, colors=INK, linewidths=0.6, alpha=0.35)
        ax.plot(*np.transpose(landscape.minima), linestyle="", marker="x", color=INK, markersize=6)
        ax.set(xlim=(x0, x1), ylim=(y0, y1), xlabel="θ₁", ylabel="θ₂")


def paths(ax: Any, found: Mapping[str, Any], labels: Mapping[str, str] | None = None) -> None:
    """Paths over a map, one colour per method, a dot at each step and a large one at the end."""
    for name, path in found.items():
        path = np.asarray(path)
        path = path[np.isfinite(path).all(axis=1)]
        colour = palette.PATHS[name]
        ax.plot(*path.T, color=colour, marker=".", markersize=3.5, linewidth=1.2, label=(labels or {}).get(name, name))
        ax.plot(*path[-1], color=colour, marker="o", markersize=6)


def learning_curves(
    ax: Any, found: Mapping[str, Any], labels: Mapping[str, str] | None = None, *, target: float | None = None
) -> None:
    """J − J* against the step on a log axis."""
    for name, values in found.items():
        values = np.asarray(values)
        values = np.where(np.isfinite(values) & (values > 1e-16), values, np.nan)
        ax.plot(values, color=palette.PATHS.get(name), label=(labels or {}).get(name, name))
    if target is not None:
        ax.axhline(target, color=INK, linewidth=0.7, linestyle=(0, (4, 3)))
    ax.set_yscale("log")
    ax.set(xlabel="step", ylabel="J − J*")


def walk_on_curve(ax: Any, f: Any, path: Any, domain: tuple[float, float], *, reach: float | None = None) -> None:
    """A curve J(θ) of one variable and a walk on it: a dot at each step, a large one where it stands at the end.

    Steps beyond the domain, or higher than `reach`, leave the picture.
    """
    x = np.linspace(*domain, 200)
    values = np.array([f(each) for each in x])
    path = np.ravel(path)
    heights = np.array([f(each) for each in path])
    colour = palette.METHODS["gradient_descent"]
    ax.plot(x, values, color=INK, linewidth=1.0, alpha=0.6)
    ax.plot(path, heights, color=colour, marker=".", markersize=5, linewidth=1.0)
    ax.plot(path[-1], heights[-1], color=colour, marker="o", markersize=7)
    ax.set(xlim=domain, ylim=(-0.04 * values.max(), reach or 1.02 * values.max()), xlabel="θ")


def mark(ax: Any, x: float, label: str, *, height: float = 0.97, side: str = "right") -> None:
    """A vertical line at x with its name beside it (height as a fraction of the axes; side: where the name stands)."""
    ax.axvline(x, color=INK, linewidth=0.8, linestyle=(0, (4, 3)), alpha=0.8)
    offset = {"right": 4, "left": -4}[side]
    ax.annotate(
        label, (x, height), xycoords=("data", "axes fraction"), xytext=(offset, 0), textcoords="offset points",
        ha={"right": "left", "left": "right"}[side], va="top", fontsize=10, color=INK,
    )  # fmt: skip


def spread(ax: Any, x: Any, runs: Any, *, colour: str, label: str) -> None:
    """Many runs as their median and the band that holds the middle 80 % of them; runs (number of runs, len(x))."""
    low, middle, high = np.quantile(runs, [0.1, 0.5, 0.9], axis=0)
    ax.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)
    ax.plot(x, middle, color=colour, label=label)


def training_curves(ax: Any, run: Fit) -> None:
    """The risk and the validation loss of a training run after each epoch, with the epoch that was kept."""
    labels = {"risk": "training", "validation_loss": "validation"}
    for (name, label), colour in zip(labels.items(), palette.CLASSES):
        if values := run.history.get(name):
            ax.plot(np.arange(1, len(values) + 1), values, color=colour, label=label)
    if "validation_loss" in run.history:
        mark(ax, run.best_epoch, "kept")
    ax.set(xlabel="epoch", ylabel="J")


def decision_boundary(ax: Any, classify: Callable[[Any], Any], X: Any, y: Any, *, resolution: int = 120) -> None:
    """Which class every point of the plane is given, and the examples with their own class.

    classify : points (n, 2) → their classes (n,), such as `lambda P: network.classify(theta, P)`. X (T, 2), y (T,) =
    0, 1, …; a class has a colour and a shape. Raises ValueError for more classes than there are shapes.
    """
    X, y = np.asarray(X), np.asarray(y)
    low, high = X.min(axis=0), X.max(axis=0)
    room = 0.1 * (high - low)
    columns, rows = (np.linspace(a, b, resolution) for a, b in zip(low - room, high + room))
    plane = np.stack(np.meshgrid(columns, rows), axis=-1)
    given = np.asarray(classify(plane.reshape(-1, 2))).reshape(resolution, resolution)
    classes = np.union1d(given, y).astype(int)
    if not 0 <= classes.min() <= classes.max() < len(palette.CLASSES):
        raise ValueError(f"decision_boundary: draws classes 0 to {len(palette.CLASSES) - 1}, got {classes.tolist()}")
    for c in classes:
        here, colour = given == c, palette.CLASSES[c]
        if here.any():
            ax.contourf(columns, rows, here, levels=[0.5, 1.5], colors=[colour], alpha=0.2)
        if here.any() and not here.all():
            ax.contour(columns, rows, here, levels=[0.5], colors=INK, linewidths=0.5)
        ax.plot(*X[y == c].T, linestyle="", marker=palette.MARKERS[c], markersize=4, color=colour, label=f"class {c}")
    ax.set(xlim=columns[[0, -1]], ylim=rows[[0, -1]], xlabel="x₁", ylabel="x₂")


def histograms(axes: Any, layers: Mapping[str, Any], *, colour: str = palette.CLASSES[0], bins: int = 40) -> None:
    """How values (activations, gradients, weights) are spread in each layer: one panel a layer, the same bins in all.

    Raises ValueError unless there is a panel for each layer.
    """
    panels = np.ravel(axes)
    if len(panels) != len(layers):
        raise ValueError(f"histograms: {len(layers)} layers need as many panels, got {len(panels)}")
    values = {name: np.ravel(each) for name, each in layers.items()}
    edges = np.histogram_bin_edges(np.concatenate(list(values.values())), bins)
    for ax, (name, each) in zip(panels, values.items()):
        ax.hist(each, edges, color=colour, weights=np.full(len(each), 1 / len(each)))
        ax.set(title=name, xlabel=f"σ = {each.std():.2g}", xlim=edges[[0, -1]])
    panels[0].set_ylabel("share")


def trials(ax: Any, found: Trials, name: str, by: str | None = None) -> None:
    """The results of a search against one entry of the configurations, the best with a large dot, failures on the upper rim.

    Numbers above 0 whose quartiles differ by a factor of 5 or more stand on a log axis; words side by side.
    Raises ValueError if no trial has a result, or no configuration this entry.
    """
    ranked = found.ranked(by)
    by = by or next(iter(ranked[0].result))
    values = [named(trial.configuration, name, "entry") for trial in (*ranked, *found.failed)]
    numeric = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
    words = [] if numeric else sorted(set(map(str, values)))
    x = np.array(values if numeric else [words.index(str(value)) for value in values], dtype=float)
    height = [trial.result[by] for trial in ranked]
    colour = palette.CLASSES[0]
    ax.plot(x[: len(ranked)], height, linestyle="", marker=".", markersize=6, color=colour)
    ax.plot(x[0], height[0], marker="o", markersize=8, color=colour)
    failed = x[len(ranked) :]
    ax.plot(failed, np.full(len(failed), 0.98), transform=ax.get_xaxis_transform(), linestyle="", marker="x", color=INK)
    if words:
        ax.set_xticks(range(len(words)), words)
    elif x.min() > 0 and np.quantile(x, 0.75) >= 5 * np.quantile(x, 0.25):
        ax.set_xscale("log")
    ax.set(xlabel=name, ylabel=by)


def legend(ax: Any, **options: Any) -> None:
    """A legend without a frame, small."""
    with matplotlib.rc_context(STYLE):
        ax.legend(**{"fontsize": 10, **options})


class Source:
    """Code of the package, shown where it is explained instead of typed again."""

    def __init__(self, *things: Any) -> None:
        self.text = "\n\n".join(textwrap.dedent(inspect.getsource(thing)).rstrip() for thing in things)

    def _repr_html_(self) -> str:
        from pygments import highlight  # type: ignore[import-untyped]
        from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
        from pygments.lexers import PythonLexer  # type: ignore[import-untyped]

        return highlight(self.text, PythonLexer(), HtmlFormatter())

    def __repr__(self) -> str:
        return self.text


def source(*things: Any) -> Source:
    """The source of classes, functions or methods of the package, highlighted."""
    return Source(*things)


# Still pictures of explorables, for pages without scripts -----------------------------------------------------
