"""Explorables about the layers of a network: numbers against plain NumPy, words, and whether what they ask can be had."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from dlcourse import nn
from dlcourse.live import Depth, Initialisation, depth, initialisation

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
    it.activation, it.scale = "relu", 3.02
    assert "It explodes." in it.words
    it.scale = 1.41
    assert "It arrives." in it.words
    assert it.values["reached"]
    it.layer = 31
    assert "At layer" not in it.words
    assert not Depth("sigmoid", scale=10.0).values["reached"]


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


@pytest.mark.parametrize("make", [Depth, Initialisation])
def test_the_page_gets_numbers_and_a_picture(make):
    it = make()
    json.dumps(it.spec, allow_nan=False)
    assert it.still().startswith("<svg")
    assert len(it.spec["shared"]) >= 2  # drawn once for all options
