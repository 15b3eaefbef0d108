"""Pictures of training: boundaries, layers, searches."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest

from dlcourse import data, figures, nn, optim, palette
from dlcourse.training import fit, grid, search

ALT = "A picture of the training, in a sentence that says what is to be seen."


def sound(fig: Any) -> None:
    ET.fromstring(figures.show(fig, ALT).svg)


def test_the_boundary_lies_where_the_classes_part() -> None:
    """x₁ < 0 is class 0, x₂ < 0 class 1, the rest class 3: class 2 is nowhere, not even between 1 and 3."""
    X, _ = data.xor(np.random.default_rng(0), 60)

    def classify(P: Any) -> Any:
        return np.where(P[:, 0] < 0, 0, np.where(P[:, 1] < 0, 1, 3))

    fig, ax = figures.new(4, 3)
    figures.decision_boundary(ax, classify, X, classify(X))
    figures.legend(ax)
    assert [line.get_label() for line in ax.lines] == ["class 0", "class 1", "class 3"]
    assert [line.get_color() for line in ax.lines] == [palette.CLASSES[c] for c in (0, 1, 3)]
    assert len({line.get_marker() for line in ax.lines}) == 3
    regions = ax.collections[0].get_paths()
    assert max(path.vertices[:, 0].max() for path in regions) < 0.02
    sound(fig)
    fig, ax = figures.new(4, 3)
    figures.decision_boundary(ax, lambda P: np.zeros(len(P)), X, np.zeros(60))  # one class everywhere
    sound(fig)
    with pytest.raises(ValueError, match="draws classes 0 to 4"):
        figures.decision_boundary(ax, lambda P: np.full(len(P), 9), X, classify(X))


def test_histograms_of_layers_share_their_bins() -> None:
    network = nn.MLP([2, 20, 20, 2])
    layers = network.layers(network.init(np.random.default_rng(0)), data.moons(np.random.default_rng(0)).X)
    fig, axes = figures.new(columns=2)
    figures.histograms(axes, {f"layer {k}": layer.h for k, layer in enumerate(layers[:2], 1)})
    edges, others = (np.unique(ax.patches[0].get_xy()[:, 0]) for ax in axes)
    np.testing.assert_array_equal(edges, others)
    for x, y in (ax.patches[0].get_xy().T for ax in axes):  # an outline: its area, in bins, is the sum of the shares
        area = abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2
        assert area / (edges[1] - edges[0]) == pytest.approx(1.0, rel=1e-9)
    assert axes[0].get_xlim() == axes[1].get_xlim()
    sound(fig)
    with pytest.raises(ValueError, match="3 layers need as many panels, got 2"):
        figures.histograms(axes, dict.fromkeys("abc", np.zeros(3)))


def train(rng: Any, rate: float, activation: str) -> float:
    if rate > 0.5:
        raise ArithmeticError("diverged")
    return (rate - 0.01) ** 2 + (activation == "tanh")


def test_a_search_against_each_of_its_entries() -> None:
    found = search(train, grid(rate=[1e-3, 1e-2, 0.1, 1.0], activation=["tanh", "relu"]), seed=0, progress=False)
    fig, axes = figures.new(columns=2)
    for ax, name in zip(axes, ("rate", "activation")):
        figures.trials(ax, found, name)
    assert [ax.get_xscale() for ax in axes] == ["log", "linear"]
    assert [tick.get_text() for tick in axes[1].get_xticklabels()] == ["relu", "tanh"]
    results, best, failures = axes[0].lines
    assert len(results.get_xdata()) == 6
    assert (best.get_xdata()[0], best.get_ydata()[0]) == (1e-2, 0.0)
    assert list(failures.get_xdata()) == [1.0, 1.0]
    sound(fig)
    with pytest.raises(ValueError, match="no entry is called 'rat'; did you mean 'rate'"):
        figures.trials(axes[0], found, "rat")


def test_training_curves_mark_what_was_kept() -> None:
    network, rng = nn.MLP([2, 4, 2]), np.random.default_rng(0)
    run = fit(
        network, network.init(rng), data.moons(rng), optim.Adam(learning_rate=0.1),
        epochs=8, batch_size=20, rng=rng, validation=data.moons(rng), progress=False,
    )  # fmt: skip
    fig, ax = figures.new()
    figures.training_curves(ax, run)
    training, validation, kept = ax.lines
    np.testing.assert_array_equal(training.get_ydata(), run.history["risk"])
    assert np.argmin(validation.get_ydata()) + 1 == run.best_epoch == kept.get_xdata()[0]
    sound(fig)


def test_classes_are_told_apart_by_shape_too() -> None:
    assert len(set(palette.CLASSES)) == len(palette.CLASSES) == len(set(palette.MARKERS)) == len(palette.MARKERS)
