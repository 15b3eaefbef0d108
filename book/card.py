"""The picture of a page on a card: its title beside two paths down Rosenbrock's valley, walked by the package."""

from __future__ import annotations

import textwrap
from functools import cache
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from dlcourse import landscapes, optim, palette

WIDTH, HEIGHT = 1200, 630  # pixels, what the common cards show whole
WORDS = "The title of the page beside a map of Rosenbrock's valley, with the paths of gradient descent and Nesterov's method."
STEPS, RULES = 100, {"nesterov": optim.Nesterov(0.001, 0.9), "gradient_descent": optim.GradientDescent(0.001)}


@cache
def paths() -> dict[str, np.ndarray]:
    J = landscapes.rosenbrock
    return {name: optim.descend(rule, J, np.array(J.start), STEPS).path for name, rule in RULES.items()}


def draw(path: Path, title: str, course: str) -> None:
    """Write the picture; the same title gives the same bytes."""
    figure = Figure((WIDTH / 100, HEIGHT / 100), dpi=100, facecolor="#ffffff")
    axes = figure.add_axes((0.52, 0, 0.48, 1))
    x, y = np.meshgrid(np.linspace(-2.1, 2.1, 160), np.linspace(-1.2, 3.2, 160))
    heights = landscapes.rosenbrock(np.stack([x, y]))
    axes.contourf(x, y, np.log10(heights + 1e-2), levels=14, cmap="Blues_r")
    for name, points in paths().items():
        axes.plot(*points.T, color="white", linewidth=6, solid_capstyle="round")
        axes.plot(*points.T, color=palette.METHODS[name], linewidth=3.5, solid_capstyle="round")
    axes.set_axis_off()
    axes.set(xlim=(-2.1, 2.1), ylim=(-1.2, 3.2))
    lines = textwrap.wrap(title, 15)
    figure.text(0.045, 0.9, course, fontsize=19, color="#5a6370", va="top")
    figure.text(0.045, 0.5, "\n".join(lines), fontsize=36, weight="bold", color="#14181f", va="center", linespacing=1.25)
    figure.text(0.045, 0.1, "An interactive course", fontsize=19, color="#1d5fa8")
    figure.savefig(path, metadata={"Software": None})
