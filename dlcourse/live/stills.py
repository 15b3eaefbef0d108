"""Panels of curves as a still picture, for pages without scripts and for print."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.colors import to_rgb

from .. import figures
from .panels import BANDS, KINDS, Heat, Panel, Series


def draw(
    panels: Sequence[Panel], values: Mapping[str, Any], number: Callable[[Any], float], seen: Callable[[str], bool]
) -> Any:
    """A figure of the panels. number : the value of a name, or the number itself. seen : whether something is shown."""
    shares = [panel.share for panel in panels]
    fig, axes = figures.new(7.2, 3.0, columns=len(shares), width_ratios=shares)
    for panel, ax in zip(panels, np.atleast_1d(axes), strict=True):
        ax.set(xlabel=panel.x.label, ylabel=panel.y.label, xscale=panel.x.scale, yscale=panel.y.scale)
        if panel.heat:
            shade(ax, panel.heat, panel, values)
        if panel.equal:
            ax.set_aspect("equal")
        for series in panel.series:
            if seen(series.when):
                trace(ax, series, panel.y.scale, values)
        for handle in panel.handles:
            ax.plot([number(handle.x)], [number(handle.y)], marker="o", color=handle.colour or figures.INK)
        for mark in panel.lines:
            at = number(mark.at)
            if math.isfinite(at) and seen(mark.when):
                (ax.axvline if mark.axis == "x" else ax.axhline)(at, color=figures.INK, linewidth=0.7, linestyle=(0, (4, 3)))
        if panel.x.span:
            ax.set_xlim(*panel.x.span)
        if panel.y.span:
            ax.set_ylim(*panel.y.span)
        if any(s.label for s in panel.series):
            figures.legend(ax, fontsize=8)
    return fig


def trace(ax: Any, s: Series, scale: str, values: Mapping[str, Any]) -> None:
    y = np.where(np.isfinite(values[s.y]) & ((scale == "linear") | (values[s.y] > 0)), values[s.y], np.nan)
    style = {"color": s.colour, "alpha": 0.55 if s.faint else 1.0, "label": s.label or None}
    if s.kind in ("dots", "circles", "squares"):
        ax.plot(values[s.x], y, linestyle="", marker=KINDS[s.kind] or ".", markersize=4, **style)
    else:
        line = (0, tuple(map(float, s.dash.split()))) if s.dash else "-"
        ax.plot(values[s.x], y, linestyle=line, drawstyle="steps-post" if s.kind == "steps" else "default", **style)


def shade(ax: Any, heat: Heat, panel: Panel, values: Mapping[str, Any]) -> None:
    """The map behind a panel, in as many bands of colour as the page has."""
    (left, right), (lower, upper) = panel.x.span or (0.0, 1.0), panel.y.span or (0.0, 1.0)
    found = np.reshape(values[heat.values], (heat.rows, heat.columns))
    if not np.isfinite(found).all():
        return
    low, high = heat.span or (float(found.min()), float(found.max()))
    if not low < high:
        return
    middles = lambda a, b, n: a + (b - a) * (np.arange(n) + 0.5) / n  # noqa: E731
    strength = np.linspace(0.0, 1.0, BANDS) if len(heat.colours) == 1 else np.abs(np.linspace(-1.0, 1.0, BANDS))
    colours = [
        (*to_rgb(heat.colours[0 if len(heat.colours) == 1 or i < BANDS / 2 else 1]), 0.6 * s) for i, s in enumerate(strength)
    ]
    x, y = middles(left, right, heat.columns), middles(lower, upper, heat.rows)
    ax.contourf(x, y, np.clip(found, low, high), np.linspace(low, high, BANDS + 1), colors=colours)


def finish(fig: Any, alt: str) -> str:
    """The figure as SVG with its alternative text."""
    return figures.show(fig, alt).svg
