"""Networks of fully connected layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..autodiff.primitives import linear
from . import activations, initializers
from .network import Network

# Functions that pass positive values as they are lose half of the mean square: He's weights make up for it.
RECTIFIERS = ("relu", "leaky_relu", "prelu", "gelu", "elu", "silu")
PIECES = 2  # pre-activations to a maxout unit


class Layer(NamedTuple):
    """What a layer computed: pre-activations a^(k) and activations h^(k), each (T, n_k); with maxout a is (T, 2 n_k).

    >>> Layer(np.zeros((1, 1)), np.ones((1, 1))).h
    array([[1.]])
    """

    a: Any
    h: Any


class MLP(Network):
    """A multi-layer perceptron of L hidden layers, k = 1 … L + 1:

        a^(k) = b^(k) + W^(k) h^(k−1),   h^(k) = g(a^(k)),   h^(0) = x,   f(x; θ) = o(a^(L+1))

    widths : inputs, units of each hidden layer, outputs. activation : g, a name in `activations.ALL` or a function.
    task : "regression" (identity, squared error), "binary" (sigmoid, binary cross-entropy), "multiclass" (softmax,
    cross-entropy). θ is the nest {"W": [W^(1), …], "b": [b^(1), …]}, W^(k) (n_k, n_{k−1}) and b^(k) (n_k,), with
    "prelu" also "alpha": [α^(1), …], one learned slope (1,) for each hidden layer. With "maxout" a hidden unit is the
    larger of two pre-activations: W^(k) is (2 n_k, n_{k−1}), b^(k) (2 n_k,). [sources 002, 003]

    Raises ValueError for unknown names and for widths that are no whole numbers ≥ 1.

    >>> mlp = MLP([64, 128, 10], activation="relu")
    >>> theta = mlp.init(np.random.default_rng(0))
    >>> mlp(theta, np.zeros((5, 64))).shape, mlp.size, mlp.depth
    ((5, 10), 9610, 2)
    """

    def __init__(
        self, widths: Sequence[int], activation: str | Callable[[Any], Any] = "tanh", task: str = "multiclass"
    ) -> None:
        if len(widths) < 2 or any(isinstance(n, bool) or n != int(n) or n < 1 for n in widths):
            raise ValueError(f"MLP: widths must be at least 2 whole numbers ≥ 1 (inputs, …, outputs), got {list(widths)}")
        self.widths = [int(n) for n in widths]
        self.depth = len(widths) - 1  # layers of weights
        self.activation = activations.get(activation).name if isinstance(activation, str) else "own"
        self.g: Any = activations.ALL[self.activation].function if isinstance(activation, str) else activation
        pieces = PIECES if self.activation == "maxout" else 1
        rows = [n * pieces for n in self.widths[1:-1]] + self.widths[-1:]
        shapes: dict[str, Any] = {"W": list(zip(rows, self.widths[:-1], strict=True)), "b": [(n,) for n in rows]}
        if self.activation == "prelu":
            shapes["alpha"] = [(1,)] * (self.depth - 1)
        super().__init__(self.widths[0], self.widths[-1], task, shapes)

    def init(self, rng: np.random.Generator, weights: str | initializers.Initializer | None = None) -> dict[str, Any]:
        """θ to start from, views of one flat buffer: weights drawn, biases 0, learned slopes at 0.25.

        weights : an initialiser or its name; by default `he_normal` for rectifiers and `glorot_uniform` otherwise.
        Raises ValueError for an unknown name.

        >>> MLP([1, 2], task="regression").init(np.random.default_rng(0), "zeros")
        {'W': [array([[0.],
               [0.]])], 'b': [array([0., 0.])]}
        """
        name = weights or ("he_normal" if self.activation in RECTIFIERS else "glorot_uniform")
        draw = initializers.get(name) if isinstance(name, str) else name
        theta: dict[str, Any] = self.unflatten(np.zeros(self.size))
        for W in theta["W"]:
            W[...] = draw(rng, W.shape)
        for α in theta.get("alpha", ()):
            α[...] = 0.25
        return theta

    def hidden(self, theta: dict[str, Any], k: int, a: Any) -> Any:
        """g(a) of hidden layer k, counted from 0."""
        if self.activation == "maxout":
            a = np.reshape(a, (-1, self.widths[k + 1], PIECES))
        return self.g(a, theta["alpha"][k]) if "alpha" in theta else self.g(a)

    def __call__(self, theta: Any, X: Any) -> Any:
        """a^(L+1), the logits: (T, outputs) for X (T, inputs). Raises ShapeError if θ or X does not fit the network."""
        theta, h = self.nest(theta), self.examples(X)
        last = self.depth - 1
        for k, (W, b) in enumerate(zip(theta["W"], theta["b"], strict=True)):
            a = linear(h, W, b)
            h = a if k == last else self.hidden(theta, k, a)
        return h

    def layers(self, theta: Any, X: Any) -> list[Layer]:
        """(a^(k), h^(k)) of each layer, the last h being the output o(a^(L+1)).

        >>> mlp = MLP([2, 3, 1], task="binary")
        >>> [layer.h.shape for layer in mlp.layers(mlp.init(np.random.default_rng(0)), np.zeros((4, 2)))]
        [(4, 3), (4, 1)]
        """
        theta, h, found = self.nest(theta), self.examples(X), []
        for k, (W, b) in enumerate(zip(theta["W"], theta["b"], strict=True)):
            a = linear(h, W, b)
            h = self.task.output(a) if k == self.depth - 1 else self.hidden(theta, k, a)
            found.append(Layer(a, h))
        return found

    def __repr__(self) -> str:
        return f"<MLP {' → '.join(map(str, self.widths))}, {self.activation}, {self.task.name}, {self.size:,} parameters>"
