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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterSciNotation

from . import palette
from .checks import kind, whole
from .landscapes import Landscape
from .names import named
from .training import Fit, Trials

__all__ = [
    "Picture", "contours", "decision_boundary", "histograms", "learning_curves", "legend", "mark", "new", "paths", "show",
    "source", "spread", "training_curves", "trials", "walk_on_curve",
]  # fmt: skip

INK = "#000000"  # black, as matplotlib has it: in the page it is the page's own text colour, or it would vanish in the dark

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

SMALLEST = 0.53  # of its size, as on a phone: a figure that would have to shrink further scrolls, so that its words can be read

STYLE: Any = {
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
    """Something finished to show: HTML for the page, words for everything else.

    >>> Picture("<b>W</b>", "The weights.")
    The weights.
    """

    def __init__(self, html: str, words: str, svg: str = "") -> None:
        self.html, self.words, self.svg = html, words, svg

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.words


def new(width: float = 7.2, height: float = 3.4, rows: int = 1, columns: int = 1, **options: Any) -> tuple[Figure, Any]:
    """An empty figure in the book's style, and its axes (an array of them if there are several). Sizes in inches.

    options : of matplotlib's `Figure.subplots`. Errors as there: ValueError for sizes and numbers that are not positive.

    >>> fig, axes = new(rows=1, columns=2, sharey=True)
    >>> axes.shape
    (2,)
    """
    with matplotlib.rc_context(STYLE):
        fig = Figure(figsize=(width, height), layout="constrained")
        return fig, fig.subplots(rows, columns, **options)


def show(fig: Figure, alt: str) -> Picture:
    """The figure as inline SVG.

    alt : says in a sentence or two what is to be seen, for readers who do not see it. Raises ValueError if it is
    missing or shorter than twenty characters.

    >>> fig, ax = new()
    >>> show(fig, "Two axes and nothing between them.")
    Figure: Two axes and nothing between them.
    """
    if not isinstance(alt, str) or len(alt.strip()) < 20:
        raise ValueError(f"show: a figure needs an alternative text that says what is to be seen, got {alt!r}")
    write_powers(fig)
    # Where nothing is measured there are no axes: a digit, not a digit in a corner.
    for ax in [ax for ax in fig.axes if ax.images and not [*ax.get_xticks(), *ax.get_yticks()]]:
        ax.spines[:].set_visible(False)
    with matplotlib.rc_context(STYLE), laid_out(fig), io.StringIO() as buffer:
        fig.savefig(buffer, format="svg", transparent=True, metadata=dict.fromkeys(["Date", "Creator", "Format", "Type"]))
        svg = inline(buffer.getvalue(), alt)
    return Picture(f'<figure class="dlcourse-figure" style="overflow-x:auto">{svg}</figure>', f"Figure: {alt}", svg)


@contextmanager
def laid_out(fig: Figure) -> Iterator[None]:
    """Room for all words is made once, for words as wide as in the file; matplotlib would draw the figure twice for it."""
    engine, canvas = fig.get_layout_engine(), fig.canvas
    FigureCanvasSVG(fig)
    if engine is not None:
        engine.execute(fig)
        fig.set_layout_engine(None)
    try:
        yield
    finally:
        fig.set_layout_engine(engine)
        fig.set_canvas(canvas)


class Powers(LogFormatterSciNotation):
    """The ticks of a log axis in plain letters, which a browser sets, finds and reads out: 10⁻³, 2·10⁻³.

    matplotlib's own are mathematics, to be parsed, and that takes a third of the time of a figure.

    >>> [Powers()(x) for x in (1e-3, 1.0, 20.0)]
    ['10⁻³', '10⁰', '2·10¹']
    """

    def __call__(self, x: float, pos: int | None = None) -> str:
        text = re.sub(r"^\$\\mathdefault\{(.*)\}\$$", r"\1", super().__call__(x, pos)).replace(r"\times", "·")
        return re.sub(r"\^\{(-?\d+)\}", lambda m: m[1].translate(SUPERSCRIPTS), text).replace("-", "−")


def write_powers(fig: Figure) -> None:
    """Log axes that still have matplotlib's own tick labels get those of `Powers`."""
    for axis in [axis for ax in fig.axes for axis in (ax.xaxis, ax.yaxis) if axis.get_scale() == "log"]:
        if type(axis.get_major_formatter()) is LogFormatterSciNotation:
            axis.set_major_formatter(Powers())
        if type(axis.get_minor_formatter()) is LogFormatterSciNotation:
            axis.set_minor_formatter(Powers())


def inline(svg: str, alt: str) -> str:
    """An SVG file as an element of a page: no prologue, the page's ink and font, no ids but those it refers to."""
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    # a hundredth of a point is finer than any screen; what stands between tags is text, and stays as it is
    svg = re.sub(r"<[^>]+>", lambda tag: re.sub(r"(\d\.\d\d)\d+", r"\1", tag[0]).replace(INK, "currentColor"), svg)
    svg = re.sub(r"\s*\n\s*", "\n", svg)
    used = set(re.findall(r"#([\w.-]+)", svg))
    mark = "f" + hashlib.sha256(svg.encode()).hexdigest()[:8]
    svg = re.sub(r'\sid="([^"]+)"', lambda m: f' id="{mark}-{m[1]}"' if m[1] in used else "", svg)
    svg = re.sub(r'(url\(|href=")#([\w.-]+)', rf"\1#{mark}-\2", svg)
    svg = svg.replace("'DejaVu Sans', sans-serif", "inherit").replace("'DejaVu Sans'", "inherit")
    inches = float(re.findall(r'<svg[^>]*?width="([\d.]+)pt"', svg)[0]) / 72
    style = f"max-width:{inches:.2f}in;min-width:{SMALLEST * inches:.2f}in;width:100%;height:auto;fill:currentColor"
    svg = re.sub(r' (width|height)="[\d.]+pt"', "", svg, count=2)
    return svg.replace("<svg", f'<svg role="img" aria-label="{html.escape(alt)}" style="{style}"', 1)


# Pictures that several chapters draw ------------------------------------------------------------------------


def contours(ax: Any, landscape: Landscape, **parameters: float) -> None:
    """Level lines of a landscape, evenly spaced in log(J − J*), with its minima marked.

    parameters : of the landscape; TypeError for those that it does not have, and for what is no landscape.

    >>> from dlcourse import landscapes
    >>> fig, ax = new()
    >>> contours(ax, landscapes.bowl, condition=2.0)
    >>> ax.get_xlabel()
    'θ₁'
    """
    kind("contours", "landscape", landscape, Landscape, "one of landscapes.ALL")
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
    """Paths over a map, one colour per method, a dot at each step and a large one at the end.

    found : name of a method in `palette.PATHS` → its path (steps + 1, 2), of which what is not finite is left out.
    labels : name → what the legend says. Raises ValueError for an unknown method or one whose path is no points of the plane,
    TypeError for what is no dict.

    >>> fig, ax = new()
    >>> paths(ax, {"adam": [[3.0, 1.0], [2.0, 0.5]]}, labels={"adam": "Adam"})
    >>> [line.get_label() for line in ax.lines][0]
    'Adam'
    """
    for name, path in zip(found, map(np.asarray, dict(found).values())):
        if not path.size or path.shape[1:] != (2,):
            raise ValueError(f"paths: the path of {name} must have the shape (steps + 1, 2), got {path.shape}")
        path = path[np.isfinite(path).all(axis=1)]
        colour = named(palette.PATHS, name, "method")
        ax.plot(*path.T, color=colour, marker=".", markersize=3.5, linewidth=1.2, label=dict(labels or {}).get(name, name))
        ax.plot(*path[-1:].T, color=colour, marker="o", markersize=6)


def learning_curves(
    ax: Any, found: Mapping[str, Any], labels: Mapping[str, str] | None = None, *, target: float | None = None
) -> None:
    """J − J* against the step on a log axis, with a line at the target.

    found : name → values (steps + 1,), in the method's own colour if it is in `palette.PATHS`; values up to 1e-16,
    from 1e30, or not finite leave a gap: rounding, and runs that diverged. Raises ValueError for values that are no
    numbers, TypeError for what is no dict.

    >>> fig, ax = new()
    >>> learning_curves(ax, {"adam": [1.0, 0.1, 0.0]}, target=1e-6)
    >>> ax.get_yscale(), len(ax.lines)
    ('log', 2)
    """
    kind("learning_curves", "found", found, Mapping, "a dict of values by their names")
    for name, values in zip(found, map(np.asarray, found.values())):
        values = np.where((values > 1e-16) & (values < 1e30), values, np.nan)
        ax.plot(values, color=palette.PATHS.get(name), label=dict(labels or {}).get(name, name))
    if target is not None:
        ax.axhline(target, color=INK, linewidth=0.7, linestyle=(0, (4, 3)))
    ax.set_yscale("log")
    ax.set(xlabel="step", ylabel="J − J*")


def walk_on_curve(ax: Any, f: Any, path: Any, domain: tuple[float, float], *, reach: float | None = None) -> None:
    """A curve J(θ) of one variable and a walk on it: a dot at each step, a large one where it stands at the end.

    f : a function of one number. path : (steps + 1,) or (steps + 1, 1). Steps beyond the domain, or higher than `reach`,
    leave the picture. Raises what f raises; ValueError for a path without steps.

    >>> fig, ax = new()
    >>> walk_on_curve(ax, lambda θ: θ**2, [2.0, 1.0, 0.5], (-3.0, 3.0))
    >>> ax.get_xlim()
    (np.float64(-3.0), np.float64(3.0))
    """
    if not np.size(path):
        raise ValueError("walk_on_curve: the path is empty; it needs at least its start")
    x = np.linspace(*domain, 200)
    path = np.ravel(path)
    values, heights = (np.array([f(each) for each in points]) for points in (x, path))
    colour = palette.METHODS["gradient_descent"]
    ax.plot(x, values, color=INK, linewidth=1.0, alpha=0.6)
    ax.plot(path, heights, color=colour, marker=".", markersize=5, linewidth=1.0)
    ax.plot(path[-1], heights[-1], color=colour, marker="o", markersize=7)
    low, high = values.min(), 1.02 * values.max() - 0.02 * values.min() if reach is None else reach
    ax.set(xlim=domain, ylim=(low - 0.04 * (high - low), high), xlabel="θ")


def mark(ax: Any, x: float, label: str, *, height: float = 0.97, side: str = "right") -> None:
    """A vertical line at x with its name beside it.

    height : of the name, as a fraction of the axes. side : of the line where the name stands, "right" or "left";
    ValueError for another.

    >>> fig, ax = new()
    >>> mark(ax, 2.0, "2/λ")
    >>> ax.texts[0].get_text()
    '2/λ'
    """
    ax.axvline(x, color=INK, linewidth=0.8, linestyle=(0, (4, 3)), alpha=0.8)
    offset, align = named({"right": (4, "left"), "left": (-4, "right")}, side, "side")
    looks: Any = {"ha": align, "va": "top", "fontsize": 10, "color": INK}
    ax.annotate(label, (x, height), xycoords=("data", "axes fraction"), xytext=(offset, 0), textcoords="offset points", **looks)


def spread(ax: Any, x: Any, runs: Any, *, colour: str, label: str) -> None:
    """Many runs as their median and the band that holds the middle 80 % of them.

    x : (T,). runs : (number of runs, T). Raises ValueError if they do not fit, IndexError if there is no run.

    >>> fig, ax = new()
    >>> spread(ax, [0, 1], [[1.0, 2.0], [3.0, 4.0], [2.0, 3.0]], colour="C0", label="three runs")
    >>> ax.lines[0].get_ydata()
    array([2., 3.])
    """
    low, middle, high = np.quantile(runs, [0.1, 0.5, 0.9], axis=0)
    ax.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)
    ax.plot(x, middle, color=colour, label=label)


def training_curves(ax: Any, run: Fit) -> None:
    """The risk and the validation loss of a training run after each epoch, with the epoch that was kept.

    run : what `training.fit` has found; AttributeError for anything else.

    >>> from dlcourse.training import Fit
    >>> fig, ax = new()
    >>> training_curves(ax, Fit(None, {"risk": [0.5, 0.4]}, best_epoch=2, steps=20, stopped="all 2 epochs done"))
    >>> ax.lines[0].get_ydata()
    array([0.5, 0.4])
    """
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
    0, 1, …; a class has a colour and a shape. Raises ValueError for more classes than there are shapes,
    and for examples that are no points with a class each.

    >>> fig, ax = new()
    >>> X, y = np.array([[-1.0, 0.0], [1.0, 0.5]]), np.array([0, 1])
    >>> decision_boundary(ax, lambda P: P[:, 0] > 0, X, y)
    >>> [line.get_label() for line in ax.lines]
    ['class 0', 'class 1']
    """
    X, y = np.asarray(X), np.asarray(y)
    if y.ndim != 1 or not y.size or X.shape != (len(y), 2):
        raise ValueError(f"decision_boundary: needs X (T, 2) and y (T,) of one example or more, got {X.shape} and {y.shape}")
    n, room = whole("decision_boundary", "resolution", resolution, low=2), 0.1 * np.ptp(X, axis=0)
    columns, rows = (np.linspace(a, b, n) for a, b in zip(X.min(axis=0) - room, X.max(axis=0) + room))
    plane = np.stack(np.meshgrid(columns, rows), axis=-1)
    given = np.asarray(classify(plane.reshape(-1, 2))).reshape(n, n)
    classes = np.union1d(given, y)
    if not np.isin(classes, np.arange(len(palette.CLASSES))).all():
        raise ValueError(f"decision_boundary: draws classes 0 to {len(palette.CLASSES) - 1}, got {classes.tolist()}")
    for c in classes.astype(int):
        here, colour = given == c, palette.CLASSES[c]
        if here.any():
            ax.contourf(columns, rows, here, levels=[0.5, 1.5], colors=[colour], alpha=0.2)
        if here.any() and not here.all():
            ax.contour(columns, rows, here, levels=[0.5], colors=INK, linewidths=0.5)
        ax.plot(*X[y == c].T, linestyle="", marker=palette.MARKERS[c], markersize=4, color=colour, label=f"class {c}")
    ax.set(xlim=columns[[0, -1]], ylim=rows[[0, -1]], xlabel="x₁", ylabel="x₂")


def histograms(axes: Any, layers: Mapping[str, Any], *, colour: str = palette.CLASSES[0], bins: int = 40) -> None:
    """How values (activations, gradients, weights) are spread in each layer: one panel a layer, the same bins in all.

    layers : name → values of any shape. Raises ValueError unless there is a panel for each layer and a bin or more,
    and for a layer that has no values, or values that are no finite numbers.

    >>> fig, axes = new(columns=2)
    >>> histograms(axes, {"layer 1": np.zeros(9), "layer 2": np.ones((3, 3))})
    >>> [ax.get_title() for ax in axes]
    ['layer 1', 'layer 2']
    """
    panels = np.ravel(axes)
    if len(panels) != len(layers):
        raise ValueError(f"histograms: {len(layers)} layers need as many panels, got {len(panels)}")
    values = {name: np.ravel(each) for name, each in dict(layers).items()}
    if bad := [name for name, each in values.items() if not each.size or not np.isfinite(each).all()]:
        raise ValueError(f"histograms: {bad[0]} needs one value or more, all of them finite")
    edges = np.histogram_bin_edges(np.concatenate(list(values.values())), whole("histograms", "bins", bins))
    for ax, (name, each) in zip(panels, values.items()):
        ax.hist(each, edges, histtype="stepfilled", color=colour, weights=np.full(len(each), 1 / len(each)))
        ax.set(title=name, xlabel=f"σ = {each.std():.2g}", xlim=edges[[0, -1]])
    panels[0].set_ylabel("share")


def trials(ax: Any, found: Trials, name: str, by: str | None = None) -> None:
    """The results of a search against one entry of the configurations, the best with a large dot, failures on the upper rim.

    Numbers above 0 whose quartiles differ by a factor of 5 or more stand on a log axis; words side by side.
    Raises ValueError if no trial has a result, or no configuration this entry; TypeError for what are no Trials.

    >>> from dlcourse.training import search
    >>> fig, ax = new()
    >>> trials(ax, search(lambda rng, rate: rate**2, [{"rate": 0.1}, {"rate": 0.2}], seed=0, progress=False), "rate")
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('rate', 'score')
    """
    kind("trials", "found", found, Trials, "what training.search returns")
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
    """A legend without a frame, small.

    options : of matplotlib's `Axes.legend`; TypeError for those that it does not know.

    >>> fig, ax = new()
    >>> _ = ax.plot([1, 2], label="J")
    >>> legend(ax, loc="upper left")
    >>> ax.get_legend().get_texts()[0].get_text()
    'J'
    """
    with matplotlib.rc_context(STYLE):
        ax.legend(**{"fontsize": 10, **options})


def source(*things: Any) -> Picture:
    """The source of classes, functions or methods of the package, highlighted: shown where it is explained, not typed again.

    Raises TypeError for what is not written in Python.

    >>> from dlcourse import landscapes
    >>> source(landscapes.bowl_value)
    def bowl_value(x: Any, y: Any, condition: Any) -> Any:
        return 0.5 * (x**2 + condition * y**2)
    """
    from pygments import highlight  # type: ignore[import-untyped]
    from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
    from pygments.lexers import PythonLexer  # type: ignore[import-untyped]

    text = "\n\n".join(textwrap.dedent(inspect.getsource(thing)).rstrip() for thing in things)
    return Picture(highlight(text, PythonLexer(), HtmlFormatter()), text)
