"""Figures: inline SVG in the page's ink, never without words."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from dlcourse import data, figures, landscapes, live, optim, palette

ALT = "A straight line from the lower left to the upper right."


def drawn() -> str:
    fig, ax = figures.new()
    ax.plot([0, 1], [0, 1], label="line", color="black")
    ax.text(0.5, 0.5, "left black by matplotlib")
    ax.set(xlabel="x", ylabel="y", title="title")
    figures.legend(ax)
    figures.mark(ax, 0.5, "here", side="left")
    figures.spread(ax, [0, 1], np.zeros((3, 2)), colour="#d55e00", label="runs")
    return figures.show(fig, ALT).svg


def test_svg_is_well_formed_and_says_what_it_shows() -> None:
    root = ET.fromstring(drawn())
    assert root.get("role") == "img"
    assert root.get("aria-label") == ALT


def test_ink_is_the_page_s_own() -> None:
    svg = drawn()
    assert "currentColor" in svg
    assert figures.INK not in svg
    for black in ("#000000", "stroke: #000", "fill: black"):
        assert black not in svg


def test_positions_are_short_and_words_are_whole() -> None:
    fig, ax = figures.new()
    ax.plot([0, 1 / 3], [0, 1])
    ax.text(0.1, 0.2, "α = 0.0001 in #000000")
    svg = figures.show(fig, ALT).svg
    assert "α = 0.0001 in #000000" in ET.tostring(ET.fromstring(svg), encoding="unicode", method="text")
    assert not re.search(r"<[^>]*\d\.\d{3}[^>]*>", svg)


def test_ids_of_two_figures_do_not_clash() -> None:
    fig, ax = figures.new()
    ax.plot([0, 2], [0, 1])
    ids = [{e.get("id") for e in ET.fromstring(svg).iter() if e.get("id")} for svg in (drawn(), figures.show(fig, ALT).svg)]
    assert not ids[0] & ids[1]


def test_the_same_figure_is_the_same_text() -> None:
    assert drawn() == drawn()


@pytest.mark.parametrize("alt", ["", "   ", "a figure"])
def test_a_figure_without_words_is_refused(alt: str) -> None:
    fig, _ = figures.new()
    with pytest.raises(ValueError, match="alternative text"):
        figures.show(fig, alt)


def test_alternative_text_is_escaped() -> None:
    fig, _ = figures.new()
    alt = 'x < y & "z" in twenty characters or more'
    assert ET.fromstring(figures.show(fig, alt).svg).get("aria-label") == alt


def test_a_walk_on_a_curve_ends_where_it_ends() -> None:
    _, ax = figures.new()
    walk = optim.descend(optim.GradientDescent(0.25), lambda θ: np.sum(θ**2), np.array([1.0]), 3)
    figures.walk_on_curve(ax, lambda θ: θ**2, walk.path, (-2.0, 2.0))
    assert [line.get_xdata()[-1] for line in ax.lines[1:]] == [walk.path[-1, 0]] * 2
    assert ax.get_ylim() == pytest.approx((-0.04 * 1.02 * 4.0, 1.02 * 4.0), rel=1e-3)


@pytest.mark.parametrize("reach", [None, 2.0])
def test_a_curve_below_zero_is_in_its_picture(reach: float | None) -> None:
    _, ax = figures.new()
    figures.walk_on_curve(ax, lambda θ: θ**2 - 5, [2.0], (-3.0, 3.0), reach=reach)
    bottom, top = ax.get_ylim()
    assert -5.5 < bottom < -5.0
    assert top == reach if reach else 4.0 < top < 4.5


def test_a_path_that_is_finite_nowhere_is_left_out() -> None:
    _, ax = figures.new()
    figures.paths(ax, {"adam": [[np.nan, 1.0]]})
    assert [len(line.get_xdata()) for line in ax.lines] == [0, 0]


@pytest.mark.parametrize(("ticks", "framed"), [([], False), ([0, 7], True)], ids=["a picture", "a matrix"])
def test_a_picture_has_no_axes(ticks: list[int], framed: bool) -> None:
    """Two of four spines would stand around it like an L."""
    fig, ax = figures.new(2, 2)
    ax.imshow(np.eye(8))
    ax.set(xticks=ticks, yticks=ticks)
    figures.show(fig, "A diagonal of eight squares.")
    assert ax.spines["left"].get_visible() is ax.spines["bottom"].get_visible() is framed


def test_data_that_cannot_be_drawn_are_refused() -> None:
    _, ax = figures.new()
    X, y = np.array([[-1.0, 0.0], [1.0, 0.5], [0.0, 1.0]]), np.array([0, 1, 1])
    side = lambda P: P[:, 0] > 0  # noqa: E731
    for draw, words in (
        (lambda: figures.histograms(ax, {"a": []}), "histograms: a needs one value or more"),
        (lambda: figures.histograms(ax, {"a": [1.0, np.nan]}), "histograms: a needs .* all of them finite"),
        (lambda: figures.paths(ax, {"adam": []}), r"paths: the path of adam must have the shape \(steps \+ 1, 2\), got \(0,\)"),
        (lambda: figures.paths(ax, {"adam": np.empty((0, 2))}), r"paths: the path of adam must .* got \(0, 2\)"),
        (lambda: figures.decision_boundary(ax, side, X[:0], y[:0]), r"one example or more, got \(0, 2\) and \(0,\)"),
        (lambda: figures.decision_boundary(ax, side, X, y, resolution=1), "resolution must be a whole number ≥ 2, got 1"),
        (lambda: figures.decision_boundary(ax, side, X, y / 2), r"draws classes 0 to \d, got \[0.0, 0.5, 1.0\]"),
    ):
        with pytest.raises(ValueError, match=words):
            draw()
    assert not ax.lines


def test_contours_of_every_landscape() -> None:
    for landscape in landscapes.ALL.values():
        _, ax = figures.new(3, 2)
        figures.contours(ax, landscape)
        assert ax.collections
        assert ax.get_xlim() == landscape.domain[0]


def test_source_is_the_package_s_own_text() -> None:
    shown = figures.source(optim.GradientDescent.step, landscapes.bowl_value)
    assert repr(shown).startswith("def step")
    assert "condition * y**2" in repr(shown)
    assert "<pre>" in shown._repr_html_()


def test_explorables_have_a_still_picture() -> None:
    noisy = live.NoisyDescent(data.line(np.random.default_rng(0)), domain=((-2, 10), (-1, 8)), start=(9.0, 6.0))
    for explorable in (live.Descent(), live.Descent("rosenbrock", alpha=10.0), noisy):
        ET.fromstring(explorable.still())


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize("page", ["#ffffff", "#15181d"])
@pytest.mark.parametrize("colour", sorted({*palette.METHODS.values(), *palette.BATCHES.values()}))
def test_colours_stand_out_from_both_pages(colour: str, page: str) -> None:
    dark, light = sorted(map(luminance, (colour, page)))
    assert (light + 0.05) / (dark + 0.05) >= 3
