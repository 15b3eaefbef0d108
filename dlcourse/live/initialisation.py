"""Where the weights of a network start, and what that makes of the activations and gradients of each layer."""

from __future__ import annotations

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from .. import palette
from ..autodiff import value_and_grad
from ..autodiff.primitives import take
from ..nn import activations
from .controls import Choice, Slider
from .curves import Axis, Curves, Goal, Panel, Sentence, Series
from .depth import ROUNDING, draws, layers_of
from .panels import Show

LAYERS = 8
UNITS = 24
EXAMPLES = 32
SEED = 4
BINS = 30
HEIGHT = 0.85  # of the tallest bar, in layers
CROWDED = 0.75  # of the last layer at the ends of the axis; of ReLU's units half are at 0 when all is well

RANGES = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0), "relu": (0.0, 4.0), "leaky_relu": (-1.0, 4.0)}
SIZES = {"tanh": (1e-12, 1e4), "sigmoid": (1e-18, 1e2), "relu": (1e-12, 1e8), "leaky_relu": (1e-12, 1e8)}


class Start(NamedTuple):
    """Mean and standard deviation of the weights W (UNITS, UNITS) of a layer."""

    label: str
    mean: float
    deviation: float


STARTS = {
    "glorot": Start("Glorot", 0.0, math.sqrt(6.0 / (UNITS + UNITS)) / math.sqrt(3.0)),  # that of U[−b, b] is b / √3
    "he": Start("He", 0.0, math.sqrt(2.0 / UNITS)),
    "small": Start("small, N(0, 0.01²)", 0.0, 0.01),
    "large": Start("large, N(0, 1)", 0.0, 1.0),
    "zeros": Start("all zero", 0.0, 0.0),
    "constant": Start("all equal, 0.1", 0.1, 0.0),
}


class Initialisation(Curves):
    """Histograms of the activations of eight layers, and the size of activations and gradients, before any training.

    The weights are scale · (mean + deviation · Z) with the mean and the deviation of the initialiser and Z drawn once,
    standard normal; biases are 0. The gradients are those by the pre-activations, of a squared error behind one linear output
    unit whose weights start alike. [Glorot & Bengio 2010; He et al. 2015; source 002]
    """

    activation = Choice(list(RANGES), label="Activation", labels=[activations.get(name).label for name in RANGES])
    initialiser = Choice(list(STARTS), label="Weights", labels=[each.label for each in STARTS.values()], numbered=True)
    scale = Slider(1.0, low=0.1, high=10.0, scale="log", label="s", description="all weights times")
    layer = Slider(LAYERS, low=1, high=LAYERS, step=1, label="k", description="layer looked at")

    def __init__(self, activation: str = "tanh", *, identity: str = "initialisation", **state: Any) -> None:
        value, gradient = palette.SERIES[:2]
        state.setdefault("initialiser", "large")
        super().__init__(
            identity,
            {name: partial(layer_by_layer, name) for name in RANGES},
            (
                Panel(
                    Axis("activation h", RANGES),
                    Axis("layer (each scaled to its tallest bar)", (0.7, LAYERS + 1.2)),
                    (Series("edges", "bars", "", value),),
                ),
                Panel(
                    Axis("layer", (0.5, LAYERS + 0.5)),
                    Axis("root mean square", SIZES, "log"),
                    (
                        Series("layers", "sizes", "", value, kind="dots"),
                        Series("layers", "sizes", "activations", value, at="size_here"),
                        Series("layers", "gradients", "", gradient, kind="dots"),
                        Series("layers", "gradients", "gradients", gradient, at="gradient_here"),
                    ),
                    pick="layer",
                    share=0.8,
                ),
            ),
            words=(
                Sentence("Weights {initialiser}, times {scale}: a standard deviation of {deviation:.3f} around {mean:.3f}."),
                Sentence(
                    "From the first layer to the last the activations change by a factor of {growth}.",
                    when="moving",
                    colour=value,
                ),
                Sentence(
                    "In layer {layer} the activations are {size_here} in size, "
                    "{saturated:.0f} % of them in the two outermost bars.",
                    when="bounded",
                ),
                Sentence("In layer {layer} the activations are {size_here} in size, {silent:.0f} % of them 0.", when="half"),
                Sentence(
                    "From the last layer to the first the gradients change by a factor of {shrinkage}.",
                    when="flowing",
                    colour=gradient,
                ),
                Sentence("No weight below the output gets any gradient.", when="still", tone="bad"),
                Sentence(
                    "Nor do those of the output, whose inputs are all 0: no weight will ever change.", when="frozen", tone="bad"
                ),
                Sentence("The panel on the right is empty: 0 has no place on a log axis.", when="frozen"),
                Sentence("All units of a layer compute the same and will stay equal.", when="equal", tone="bad"),
                Sentence("The sizes are kept by accident: nearly every unit is at an end.", when="accident", tone="bad"),
                Sentence("Signal and gradient keep their size.", when="reached", tone="good"),
            ),
            goal=Goal(
                "Find weights for leaky ReLU with which activations and gradients keep their size from end to end, "
                "within a factor of 5. (Equal or saturated units do not count.)",
                "found",
            ),
            shows=(
                Show("too large", {"activation": "tanh", "initialiser": "large", "scale": 1.0}),
                Show("too small", {"activation": "tanh", "initialiser": "small", "scale": 1.0}),
                Show("all zero", {"activation": "tanh", "initialiser": "zeros", "scale": 1.0}),
                Show("all equal", {"activation": "tanh", "initialiser": "constant", "scale": 1.0}),
                Show("Glorot and tanh", {"activation": "tanh", "initialiser": "glorot", "scale": 1.0}),
                Show("He and ReLU", {"activation": "relu", "initialiser": "he", "scale": 1.0}),
            ),
            activation=activation,
            **state,
        )


def histogram(values: Any, low: float, high: float) -> Any:
    """The share of values (K, n) in each of BINS equal bins (K, BINS); what lies outside is counted in the outermost."""
    inner = np.linspace(low, high, BINS + 1)[1:-1]
    below = np.mean(np.less(np.reshape(values, (LAYERS, 1, -1)), np.reshape(inner, (1, -1, 1))), axis=2)
    ends = np.zeros((LAYERS, 1))
    return np.concatenate([below, ends + 1.0], axis=1) - np.concatenate([ends, below], axis=1)


def layer_by_layer(activation: str, initialiser: Any, scale: Any, layer: Any) -> dict[str, Any]:
    """What the layers do to the examples, and the gradients of the loss by their pre-activations."""
    g, (low, high) = activations.get(activation).function, RANGES[activation]
    Z, X, V = draws(LAYERS, UNITS, EXAMPLES, SEED)
    which = np.reshape(initialiser, (1,))
    mean = scale * np.sum(take(np.array([each.mean for each in STARTS.values()]), which, axis=0))
    deviation = scale * np.sum(take(np.array([each.deviation for each in STARTS.values()]), which, axis=0))
    W, w = mean + deviation * Z, mean + deviation * X[0]
    zeros, all_layers = np.zeros((LAYERS, EXAMPLES, UNITS)), LAYERS + 0.0 * scale

    def loss(shift: Any) -> Any:
        last, _ = layers_of(g, W, X, shift, all_layers)
        return 0.5 * np.mean((last @ w - V[:, 0]) ** 2)

    _, by_layer = value_and_grad(loss)(zeros + 0.0 * scale)
    kept = layers_of(g, W, X, zeros, all_layers)[1]
    shares = histogram(kept, low, high)
    tallest = np.reshape(np.max(shares, axis=1), (LAYERS, 1))
    numbers = np.arange(1.0, LAYERS + 1.0)
    base = np.reshape(numbers, (LAYERS, 1))
    edges = np.linspace(low, high, BINS + 1)

    # A layer's outline: up and down at every edge, and then a gap.
    tops = np.reshape(base + HEIGHT * shares / tallest, (LAYERS, BINS, 1)) + np.zeros((1, 1, 2))
    outline = np.concatenate([base, np.reshape(tops, (LAYERS, 2 * BINS)), base, base + np.nan], axis=1)
    across = np.concatenate([edges[:1], np.repeat(edges, 2)[1:-1], edges[-1:], edges[-1:]])

    root = lambda x: np.sqrt(np.mean(np.reshape(x, (LAYERS, -1)) ** 2, axis=1))  # noqa: E731
    at = lambda x: np.sum(take(x, np.reshape(layer - 1.0, (1,)), axis=0))  # noqa: E731
    sizes, gradients = root(kept), root(by_layer)
    apart = np.max(root(kept - np.mean(kept, axis=2, keepdims=True)) - ROUNDING * sizes)
    growth, shrinkage = sizes[-1] / sizes[0], gradients[0] / gradients[-1]
    inside = lambda x: np.greater(x, 0.2) * np.less(x, 5.0)  # noqa: E731
    moving, flowing = np.greater(sizes[0], 0.0), np.greater(gradients[-1], 0.0)
    ends = shares[:, 0] + shares[:, -1]
    kept_sizes, crowded, equal = inside(growth) * inside(shrinkage), np.greater(ends[-1], CROWDED), np.less_equal(apart, 0.0)
    reached = kept_sizes * (1.0 - crowded) * (1.0 - equal)
    return {
        "edges": np.tile(across, LAYERS),
        "bars": np.reshape(outline, (-1,)),
        "layers": numbers,
        "sizes": sizes,
        "gradients": gradients,
        "mean": mean,
        "deviation": deviation,
        "size_here": at(sizes),
        "gradient_here": at(gradients),
        "saturated": 100.0 * at(ends),
        "silent": 100.0 * at(np.mean(np.reshape(np.equal(kept, 0.0), (LAYERS, -1)), axis=1)),
        "half": 1.0 if activation == "relu" else 0.0,
        "bounded": 0.0 if activation == "relu" else 1.0,
        "growth": growth,
        "shrinkage": shrinkage,
        "moving": moving,
        "flowing": flowing,
        "still": 1.0 - flowing,
        "frozen": (1.0 - flowing) * (1.0 - np.greater(sizes[-1], 0.0)),
        "equal": equal,
        "accident": kept_sizes * crowded,
        "reached": reached,
        "found": reached * (activation == "leaky_relu"),
    }
