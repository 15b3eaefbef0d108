"""What many layers do to a signal on its way up and to a gradient on its way down."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np

from .. import palette
from ..autodiff import value_and_grad
from ..autodiff.primitives import take
from ..nn import activations
from ..programs import scan
from .controls import Choice, Slider
from .curves import Axis, Curves, Goal, Line, Panel, Sentence, Series
from .panels import Show

LAYERS = 32
UNITS = 20  # of every layer
EXAMPLES = 20
SEED = 2
GRAIN = 16  # the draws are multiples of 1 / GRAIN: whatever their last bits, they would only take room in the page

ROUNDING = 1e-9  # differences smaller than this, against what they are differences of, are counted as none

OFFERED = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "identity")


@cache
def draws(layers: int, units: int, examples: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Standard normal draws, rounded to 1/16: Z (layers, units, units), X and V (examples, units).

    >>> Z, X, V = draws(2, 3, 4, 0)
    >>> Z.shape, X.shape, V.shape
    ((2, 3, 3), (4, 3), (4, 3))
    """
    rng = np.random.default_rng(seed)
    draw = lambda *shape: np.round(rng.standard_normal(shape) * GRAIN) / GRAIN  # noqa: E731
    return draw(layers, units, units), draw(examples, units), draw(examples, units)


def layers_of(g: Callable[[Any], Any], W: Any, X: Any, shift: Any, depth: Any) -> tuple[Any, Any]:
    """h^(k) = g(W^(k) h^(k−1) + shift^(k)) for k = 1 … depth, without biases; beyond, h stays as it is.

    W (K, n, n), X (T, n), shift (K, T, n) of zeros: the loss's gradient by shift^(k) is that by the pre-activations a^(k).
    Returns the last h and all of them, (K, T, n).
    """

    def layer(h: Any, each: Any) -> Any:
        W, shift, k = each
        h = np.where(np.less(k, depth), g(h @ W.T + shift), h)
        return h, h

    return scan(layer, X, (W, shift, np.arange(float(np.shape(W)[0]))))


class Depth(Curves):
    """The size of gradients and activations, layer by layer, in a stack of equal layers with random weights.

    W^(k) is drawn once, standard normal, and multiplied by the scale s / √n: s = 1 keeps the variance of a linear layer,
    s = √2 that of ReLU. The gradient is that of a random direction of the output, measured at the pre-activations. [source 003]
    """

    activation = Choice(OFFERED, label="Activation", labels=[activations.get(name).label for name in OFFERED])
    depth = Slider(30, low=1, high=LAYERS, step=1, label="L", description="layers")
    scale = Slider(1.0, low=0.1, high=10.0, scale="log", label="s", description="weight scale")
    layer = Slider(1, low=1, high=LAYERS, step=1, label="k", description="layer looked at", limit="depth")

    def __init__(self, activation: str = "sigmoid", *, identity: str = "depth", **state: Any) -> None:
        value, gradient = palette.SERIES[:2]
        layers = Axis("layer k", (0.0, LAYERS + 1.0))
        super().__init__(
            identity,
            {name: partial(signals, activations.get(name).function) for name in OFFERED},
            (
                Panel(
                    layers,
                    Axis("gradient, last layer = 1", (1e-22, 1e8), "log"),
                    (
                        Series("layers", "gradients", "", gradient, kind="dots"),
                        Series("layers", "gradients", "gradient", gradient, at="gradient_at"),
                    ),
                    (Line(1.0, "", axis="y"),),
                    pick="layer",
                ),
                Panel(
                    layers,
                    Axis("activations", (1e-14, 1e8), "log"),
                    (
                        Series("layers", "sizes", "", value, kind="dots"),
                        Series("layers", "sizes", "root mean square", value, at="size_at"),
                        Series("layers", "spreads", "spread over examples", palette.SERIES[2], dash="5 4", at="spread_at"),
                    ),
                    pick="layer",
                ),
            ),
            words=(
                Sentence(
                    "{activation}, depth {depth}: of a gradient at the last layer, {ratio} is left at the first.",
                    colour=gradient,
                ),
                Sentence("It vanishes.", when="vanishes", tone="bad"),
                Sentence("It explodes.", when="explodes", tone="bad"),
                Sentence("It arrives.", when="arrives", tone="good"),
                Sentence(
                    "At layer {shown:d} the gradient is {gradient_here} of that of the last.", when="beyond", colour=gradient
                ),
                Sentence(
                    "The activations of layer {shown:d} are {size_here} in size (root mean square), {spread_here} apart "
                    "between examples.",
                    colour=value,
                ),
                Sentence(
                    "In the last layer all examples look the same: nothing of the input has got through.",
                    when="forgotten",
                    tone="bad",
                ),
                Sentence("Where the dashed curve ends, the differences are lost in rounding.", when="lost"),
            ),
            goal=Goal(
                "Choose activation and scale so that through 30 layers a gradient keeps its size, within a factor of 10, "
                "and the activations in the last layer still differ between examples (spread above 0.1).",
                "reached",
            ),
            shows=(
                Show("sigmoid, 30 layers", {"activation": "sigmoid", "depth": 30, "scale": 1.0}),
                Show("tanh, s = 1", {"activation": "tanh", "depth": 30, "scale": 1.0}),
                Show("ReLU, s = √2", {"activation": "relu", "depth": 30, "scale": 1.41}),
                Show("ReLU, s = 3", {"activation": "relu", "depth": 30, "scale": 3.0}),
            ),
            activation=activation,
            **state,
        )


def signals(g: Callable[[Any], Any], depth: Any, scale: Any, layer: Any) -> dict[str, Any]:
    """Sizes of gradients and activations in all layers; nothing (a gap) beyond the last."""
    Z, X, V = draws(LAYERS, UNITS, EXAMPLES, SEED)
    W = Z * (scale / math.sqrt(UNITS))

    def output(shift: Any) -> Any:
        last, kept = layers_of(g, W, X, shift, depth)
        return np.sum(V * last), kept

    kept = output(np.zeros((LAYERS, EXAMPLES, UNITS)))[1]
    _, by_layer = value_and_grad(lambda shift: output(shift)[0])(np.zeros((LAYERS, EXAMPLES, UNITS)) + 0.0 * scale)
    numbers = np.arange(1.0, LAYERS + 1.0)
    present = np.less_equal(numbers, depth)
    only = lambda x: np.where(present, x, np.nan)  # noqa: E731
    root = lambda x: np.sqrt(np.mean(np.reshape(x, (LAYERS, -1)) ** 2, axis=1))  # noqa: E731
    raw = root(by_layer)
    at = lambda x, k: np.sum(take(x, np.reshape(k - 1.0, (1,)), axis=0))  # noqa: E731
    gradients = raw / at(raw, depth)
    sizes, apart = root(kept), root(kept - np.mean(kept, axis=1, keepdims=True))
    spreads = np.where(np.less(apart, ROUNDING * sizes), 0.0, apart)
    ratio, spread = gradients[0], at(spreads, depth)
    arrives = np.greater(ratio, 0.1) * np.less(ratio, 10.0)
    differ = np.greater(spread, 0.1)
    curves = {"gradient": gradients, "size": sizes, "spread": spreads}
    here = np.minimum(layer, depth)
    return {
        "layers": numbers,
        "gradients": only(gradients),
        "sizes": only(sizes),
        "spreads": only(spreads),
        "ratio": ratio,
        **{f"{name}_here": at(x, here) for name, x in curves.items()},
        **{f"{name}_at": at(only(x), layer) for name, x in curves.items()},
        "shown": here,
        "beyond": np.greater(here, 1.0),
        "lost": np.equal(spread, 0.0),
        "vanishes": np.less(ratio, 1e-3),
        "explodes": np.greater(ratio, 1e3),
        "arrives": arrives,
        "forgotten": np.less(spread, 1e-3),
        "reached": np.greater_equal(depth, 30.0) * arrives * differ,
    }
