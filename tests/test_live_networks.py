"""Explorables about the layers of a network: numbers against plain NumPy, words, and whether what they ask can be had."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest

from dlcourse import nn
from dlcourse.live import (
    Bumps,
    Depth,
    DyingUnits,
    Initialisation,
    RadialBasis,
    bumps,
    depth,
    dying_units,
    initialisation,
    radial_basis,
)

rms = lambda x: float(np.sqrt(np.mean(x**2)))  # noqa: E731

PLAIN = {
    "sigmoid": (lambda a: 1 / (1 + np.exp(-a)), lambda a: np.exp(-np.abs(a)) / (1 + np.exp(-np.abs(a))) ** 2),
    "tanh": (np.tanh, lambda a: 1 - np.tanh(a) ** 2),
    "relu": (lambda a: np.maximum(a, 0), lambda a: (a > 0) * 1.0),
    "identity": (lambda a: a, np.ones_like),
}


def up_and_down(activation, weights, X, gradient_at_top):
    """Activations and gradients by the pre-activations of all layers, with a loop over layers each way."""
    g, slope = PLAIN[activation]
    a, h = [], [X]
    for W in weights:
        a.append(h[-1] @ W.T)
        h.append(g(a[-1]))
    by_h, by_a = gradient_at_top(h[-1]), []
    for W, pre in zip(weights[::-1], a[::-1], strict=True):
        by_a.append(by_h * slope(pre))
        by_h = by_a[-1] @ W
    return h[1:], by_a[::-1]


# Depth -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", list(PLAIN))
@pytest.mark.parametrize(("layers", "scale"), [(1, 1.0), (7, 0.5), (32, 1.41)])
def test_depth_layer_by_layer(activation, layers, scale):
    it = Depth(activation, depth=layers, scale=scale)
    Z, X, V = depth.draws(depth.LAYERS, depth.UNITS, depth.EXAMPLES, depth.SEED)
    h, by_a = up_and_down(activation, scale / math.sqrt(depth.UNITS) * Z[:layers], X, lambda h: V)
    found = it.values
    np.testing.assert_allclose(found["sizes"][:layers], [rms(x) for x in h], rtol=1e-9)
    np.testing.assert_allclose(found["gradients"][:layers], [rms(x) / rms(by_a[-1]) for x in by_a], rtol=1e-9)
    spreads = [rms(x - x.mean(axis=0)) for x in h]
    np.testing.assert_allclose(found["spreads"][:layers], spreads, rtol=1e-6, atol=2e-9)
    for name in ("sizes", "gradients", "spreads"):
        assert np.isnan(found[name][layers:]).all()
    assert found["ratio"] == found["gradients"][0]


def test_what_depth_says():
    it = Depth()
    assert it.state == {"activation": "sigmoid", "depth": 30, "scale": 1.0, "layer": 1}
    assert "It vanishes." in it.words
    assert "all examples look the same" in it.words
    it.activation, it.scale = "relu", 3.0
    assert "It explodes." in it.words
    it.scale = 1.41
    assert "It arrives." in it.words
    assert it.values["reached"]
    it.layer = 31  # there is no such layer: the last is looked at, and no dot stands beyond it
    assert "At layer 30 the gradient is 1.00 of that of the last. The activations of layer 30 are" in it.words
    assert np.isnan([it.values[f"{name}_at"] for name in ("gradient", "size", "spread")]).all()
    it.layer = 1  # its gradient is what the first sentence speaks of
    assert "At layer" not in it.words
    assert "The activations of layer 1 are" in it.words
    assert not Depth("sigmoid", scale=10.0).values["reached"]


def test_a_curve_that_ends_is_explained():
    """The start shows the gradient at every layer, and the spread as far as rounding lets it be seen."""
    it = Depth()
    assert it.panels[0].y.span[0] < min(it.values["gradients"][:30])
    assert it.values["spreads"][29] == 0
    assert "Where the dashed curve ends, the differences are lost in rounding." in it.words
    assert "dashed" not in Depth("relu", scale=1.41).words


def test_the_scale_that_carries_a_gradient_depends_on_the_activation():
    """The scale that keeps a gradient alive depends on the activation: 1 for the identity, √2 for ReLU."""
    kept = lambda activation, s: Depth(activation, scale=s).values["arrives"]  # noqa: E731
    assert (kept("identity", 1.0), kept("relu", 1.0)) == (1, 0)
    assert (kept("identity", 2.0), kept("relu", 1.41)) == (0, 1)


# Initialisation ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
@pytest.mark.parametrize("start", list(initialisation.STARTS))
@pytest.mark.parametrize("scale", [0.316, 1.0])
def test_initialisation_layer_by_layer(activation, start, scale):
    it = Initialisation(activation, initialiser=start, scale=scale)
    m = initialisation
    Z, X, V = depth.draws(m.LAYERS, m.UNITS, m.EXAMPLES, m.SEED)
    mean, deviation = (scale * x for x in m.STARTS[start][1:])
    w = mean + deviation * X[0]
    down = lambda h: (h @ w - V[:, 0])[:, None] * w / m.EXAMPLES  # noqa: E731
    h, by_a = up_and_down(activation, mean + deviation * Z, X, down)
    found = it.values
    np.testing.assert_allclose(found["sizes"], [rms(x) for x in h], rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(found["gradients"], [rms(x) for x in by_a], rtol=1e-8, atol=1e-300)
    assert (found["deviation"], found["mean"]) == pytest.approx((deviation, mean))
    assert bool(found["equal"]) == (start in ("zeros", "constant"))
    assert bool(found["still"]) == (start == "zeros")
    assert bool(found["frozen"]) == (start == "zeros" and activation != "sigmoid")


@pytest.mark.parametrize(("start", "initializer"), [("glorot", nn.glorot_uniform), ("he", nn.he_normal)])
def test_the_deviations_are_those_of_the_packages_initialisers(start, initializer):
    rng = np.random.default_rng(0)
    shape = (initialisation.UNITS, initialisation.UNITS)
    W = np.array([initializer(rng, shape) for _ in range(500)])
    assert initialisation.STARTS[start].deviation == pytest.approx(W.std(), rel=0.01)  # 288,000 draws: 0.13 % is one deviation
    assert abs(W.mean()) < 0.01


def test_bars_are_shares():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(initialisation.LAYERS, 500))
    shares = initialisation.histogram(values, -1.0, 1.0)
    for row, h in zip(shares, values, strict=True):
        counts, _ = np.histogram(np.clip(h, -1.0, np.nextafter(1.0, 0.0)), bins=np.linspace(-1, 1, initialisation.BINS + 1))
        np.testing.assert_allclose(row, counts / 500, atol=1e-12)


@pytest.mark.parametrize("activation", list(initialisation.RANGES))
@pytest.mark.parametrize("start", ["glorot", "he", "large", "constant"])
def test_all_layers_are_within_the_frame(activation, start):
    it = Initialisation(activation, initialiser=start)
    low, high = it.panels[1].under(activation).y.span
    for name in ("sizes", "gradients"):
        assert low < it.values[name].min()
        assert it.values[name].max() < high


def test_what_is_said_of_a_layer_fits_its_activation():
    assert "72 % of them in the two outermost bars." in Initialisation().words
    he = Initialisation("relu", initialiser="he")
    assert "outermost" not in he.words
    assert re.search(r"(\d+) % of them 0\.", he.words)[1] == f"{he.values['silent']:.0f}"
    assert 30 < he.values["silent"] < 60
    zeros = Initialisation(initialiser="zeros").words
    assert "In layer 8 the activations are 0 in size" in zeros
    assert "panel on the right is empty" in zeros


def test_the_goal_of_initialisation():
    reached = {
        (activation, start): bool(Initialisation(activation, initialiser=start).values["reached"])
        for activation in ("tanh", "relu")
        for start in initialisation.STARTS
    }
    assert reached["tanh", "glorot"]
    assert reached["relu", "he"]
    assert not any(reached[activation, start] for activation in ("tanh", "relu") for start in ("large", "small", "zeros"))
    assert not reached["relu", "glorot"]
    found = {name for name in initialisation.STARTS if Initialisation("leaky_relu", initialiser=name).values["found"]}
    assert found == {"he"}
    assert not Initialisation("relu", initialiser="he").values["found"]  # a button shows it
    # sizes that are kept by saturated units, or by equal ones, do not count
    saturated, equal = (Initialisation(initialiser=start, scale=s) for start, s in (("large", 10.0), ("constant", 0.46)))
    for it in (saturated, equal):
        assert all(0.2 < it.values[name] < 5.0 for name in ("growth", "shrinkage"))
        assert not it.values["reached"]
    assert "by accident" in saturated.words
    assert "by accident" not in equal.words


@pytest.mark.parametrize("make", [Depth, Initialisation, DyingUnits, Bumps, RadialBasis])
def test_the_page_gets_numbers_and_a_picture(make):
    it = make()
    json.dumps(it.spec, allow_nan=False)
    assert it.still().startswith("<svg")
    if make is not RadialBasis:
        assert it.spec["shared"]  # what all options use is told once


# Dying units --------------------------------------------------------------------------------------------------------


def trained(activation, alpha, bias, steps):
    """Gradient descent on the mean squared error with gradients written out; → (share of dead units, error) at the end."""
    X, y = dying_units.examples()
    theta = nn.MLP([1, dying_units.UNITS, 1], activation, "regression").init(
        np.random.default_rng(dying_units.SEED), nn.he_normal
    )
    W1, W2 = (np.array(W) for W in theta["W"])
    b1, b2 = np.full(dying_units.UNITS, bias), 0.0
    low = {"relu": 0.0, "leaky_relu": 0.01}[activation]
    for t in range(steps + 1):
        a = X @ W1.T + b1
        slope = np.where(a > 0, 1.0, low)
        h = a * slope
        error = h @ W2[0] + b2 - y
        if t == steps:
            return 100 * np.mean((slope < 1e-3).all(axis=0)), np.mean(error**2)
        by_f = 2 * error / len(y)
        by_a = by_f[:, None] * W2 * slope
        W1, b1 = W1 - alpha * by_a.T @ X, b1 - alpha * by_a.sum(axis=0)
        W2, b2 = W2 - alpha * (by_f @ h)[None], b2 - alpha * by_f.sum()


@pytest.mark.parametrize(("alpha", "bias"), [(0.1, 0.0), (0.1, -2.0), (0.4, 0.0)])
def test_dying_units_step_by_step(alpha, bias):
    it = DyingUnits(alpha=alpha, bias=bias)
    for it.step in (0, 5, 20):
        for name, activation in (("relu", "relu"), ("other", "leaky_relu")):
            dead, error = trained(activation, alpha, bias, it.step)
            assert it.values[f"dead_{name}_here"] == dead
            assert it.values[f"loss_{name}_here"] == pytest.approx(error, rel=1e-6)


def test_what_kills_relu_units_leaves_leaky_ones_alive():
    it = DyingUnits()
    assert "With all its units dead the ReLU net is a constant." in it.words
    values = it.values
    assert np.ptp(values["f_relu"]) == 0
    assert np.ptp(values["f_other"]) > 0.01
    assert (values["dead_relu"][0], values["dead_other"].max()) == (0, 0)
    it.alpha, it.bias = 0.1, -2.0  # the unlucky bias
    assert it.values["dead_relu"][0] > 50
    it.alpha, it.bias = 0.1, 0.0
    assert "No ReLU unit has died." in it.words
    assert it.values["reached"]
    it.step = 0
    assert "No ReLU unit has died." not in it.words  # none has had the chance
    assert not it.spec["play"]["rewinds"]  # who lowers α sees who survives to the end


def test_a_net_that_diverges_says_so():
    it = DyingUnits("elu", alpha=0.9)
    assert "Exponential linear unit has diverged" in it.words or "ELU has diverged" in it.words
    assert np.isnan(it.values["f_other"]).all()
    json.dumps(it.spec, allow_nan=False)


# Bumps -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(bumps.TARGETS))
@pytest.mark.parametrize(("n", "steepness"), [(1, 5.01), (7, 100.0), (50, 1000.0)])
def test_the_network_is_the_sum_of_its_bumps(name, n, steepness):
    it = Bumps(name, bumps=n, steepness=steepness, bump=3)
    x, target = np.linspace(0, 1, bumps.POINTS), bumps.TARGETS[name].f
    sigmoid = lambda z: 0.5 * (1 + np.tanh(z / 2))  # noqa: E731
    total = sum(
        target(np.array([(i + 0.5) / n]))[0] * (sigmoid(steepness * (x - i / n)) - sigmoid(steepness * (x - (i + 1) / n)))
        for i in range(n)
    )
    found = it.values
    np.testing.assert_allclose(found["f"], total, atol=1e-12)
    assert found["most"] == pytest.approx(np.abs(total - target(x)).max())
    assert found["mean"] == pytest.approx(np.sqrt(np.mean((total - target(x)) ** 2)))
    assert (found["units"], found["shown"]) == (2 * n, min(3, n))
    np.testing.assert_allclose(found["own"], found["height"] * (found["left"] - found["right"]), atol=1e-12)


def test_what_bumps_can_and_cannot():
    """The smooth curve everywhere; the step on average, but not at its jump."""
    worst = lambda **setting: float(Bumps(**setting).values["most"])  # noqa: E731
    assert [worst(bumps=n, steepness=8.32 * n) < 0.1 for n in (6, 50)] == [False, True]
    it = Bumps("step", bumps=50, steepness=1000.0)
    assert it.values["mean"] < 0.1 < 0.5 < it.values["most"]
    assert "at the jump" in it.words
    assert "run into each other" in Bumps(bumps=50, steepness=5.01).words
    assert "staircase" in Bumps(bumps=12, steepness=5000.0).words
    assert "staircase" not in Bumps(bumps=1, steepness=5000.0).words  # one step up, one down
    overlapping = Bumps(bumps=50, steepness=100.0)  # better than a staircase
    assert overlapping.values["reached"]
    assert overlapping.values["mean"] < Bumps(bumps=50, steepness=5000.0).values["mean"]
    assert "run into each other" not in overlapping.words
    assert "The bumps overlap, and their sum follows the target smoothly." in overlapping.words


# Radial basis functions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "kmeans", "width"), [(1, True, 1.0), (5, True, 0.45), (5, False, 1.0), (12, True, 1.0)])
def test_two_steps(n, kmeans, width):
    it = RadialBasis(centres=n, kmeans=kmeans, width=width)
    X, y = radial_basis.examples()
    place = nn.rbf.kmeans_centres if kmeans else nn.rbf.example_centres
    μ = np.sort(place(np.random.default_rng(radial_basis.SEED), X, n), axis=0)
    σ = width * nn.rbf.neighbour_widths(μ, X)
    Φ = np.exp(-((X - μ.T) ** 2) / (2 * σ**2))
    w = np.linalg.solve(Φ.T @ Φ + radial_basis.RIDGE * np.eye(n), Φ.T @ y)
    found = it.values
    grid = np.exp(-((found["grid"][:, None] - μ.T) ** 2) / (2 * σ**2)) @ w
    np.testing.assert_allclose(found["f"], grid, rtol=1e-6, atol=1e-7)
    np.testing.assert_array_equal(found["f"], found["two_step"])
    assert found["two_error"] == pytest.approx(np.sqrt(np.mean((Φ @ w - y) ** 2)))
    np.testing.assert_allclose(found["here_x"][:n], μ[:, 0])
    assert np.isnan(found["here_x"][n:]).all()


def test_the_third_step_moves_centres_and_lowers_the_error():
    it = RadialBasis(centres=4, width=0.45, step=radial_basis.STEPS)
    found = it.values
    assert found["error"] < 0.5 * found["two_error"]
    assert found["farthest"] > 0.1
    assert found["reached"]
    it.step = 0
    assert not it.values["reached"]
    assert "Two steps with n = 4: off the data by" in it.words


def test_what_two_steps_give_is_said_in_the_colour_of_their_curve():
    it = RadialBasis()
    told = [each for each in it.sentences if each.text.startswith("Two steps")]
    for it.step, name in ((0, "f"), (50, "two_step")):
        (curve,) = (each for each in it.panels[0].series if each.y == name)
        assert [each.colour for each in told if it.seen(each.when, it.values)] == [curve.colour]


@pytest.mark.parametrize("step", [0, 50])
def test_a_single_centre_has_one_width(step):
    one, several = RadialBasis(centres=1, step=step).words, RadialBasis(centres=2, step=step).words
    assert re.search(r"(The width is|its width is now) \d[.]\d\d[.]", one)
    assert "most" not in one
    assert re.search(r"he widths are( now)? \d[.]\d\d to \d[.]\d\d[.]", several)


def test_every_button_says_how_the_centres_are_placed():
    """The one of random centres would otherwise change what the next one shows."""
    assert all("kmeans" in show["set"] for show in RadialBasis().spec["shows"])


def test_two_steps_are_not_enough():
    it = RadialBasis()
    reached = []
    for it.centres in range(1, 6):
        for it.width in (0.2, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0):
            reached.append(bool(it.values["reached"]))
    assert not any(reached)
