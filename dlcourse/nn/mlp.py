"""Networks of fully connected layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..autodiff import grad
from ..autodiff.primitives import linear
from ..checks import generator, whole
from . import activations, initializers
from .network import Network
from .normalization import Moments, batch_moments, normalize, running_moments

Function = Callable[[Any], Any]
Running = list[Moments]  # what is remembered of the batches, for each layer that normalises

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

    batch_norm : whether each hidden layer normalises its pre-activations, g(BN(a^(k))). Then θ holds scales and shifts too,
    "gamma" and "beta", (n_k,) each. In training the moments are those of the batch. What is remembered of them is no
    part of θ: it starts as `forgotten()`, `remember` renews it batch by batch, and whoever predicts hands it over
    as `running`, without which X itself is the batch. [Ioffe & Szegedy 2015; source 000]

    Raises ValueError for unknown names and for widths that are no whole numbers ≥ 1.

    >>> mlp = MLP([64, 128, 10], activation="relu")
    >>> theta = mlp.init(np.random.default_rng(0))
    >>> mlp(theta, np.zeros((5, 64))).shape, mlp.size, mlp.depth
    ((5, 10), 9610, 2)
    """

    def __init__(
        self, widths: Sequence[int], activation: str | Function = "tanh", task: str = "multiclass", batch_norm: bool = False
    ) -> None:
        if len(widths) < 2:
            raise ValueError(f"MLP: widths must be at least 2 whole numbers ≥ 1 (inputs, …, outputs), got {list(widths)}")
        self.widths = [whole("MLP", "each of the widths", n) for n in widths]
        self.depth = len(widths) - 1  # layers of weights
        self.batch_norm = batch_norm
        self.activation = activations.get(activation).name if isinstance(activation, str) else "own"
        self.g: Any = activations.ALL[self.activation].function if isinstance(activation, str) else activation
        self.maxout = self.activation == "maxout"
        rows = [n * (PIECES if self.maxout else 1) for n in self.widths[1:-1]] + self.widths[-1:]
        shapes: dict[str, Any] = {"W": list(zip(rows, self.widths[:-1], strict=True)), "b": [(n,) for n in rows]}
        if self.activation == "prelu":
            shapes["alpha"] = [(1,)] * (self.depth - 1)
        if batch_norm:
            shapes |= {"gamma": shapes["b"][:-1], "beta": shapes["b"][:-1]}
        super().__init__(self.widths[0], self.widths[-1], task, shapes)

    def init(self, rng: np.random.Generator, weights: str | initializers.Initializer | None = None) -> dict[str, Any]:
        """θ to start from, views of one flat buffer: weights drawn, biases and shifts 0, scales 1, learned slopes 0.25.

        weights : an initialiser or its name; by default `he_normal` for rectifiers and `glorot_uniform` otherwise.
        Raises ValueError for an unknown name, TypeError for an rng that is no Generator.

        >>> MLP([1, 2], task="regression").init(np.random.default_rng(0), "zeros")
        {'W': [array([[0.],
               [0.]])], 'b': [array([0., 0.])]}
        """
        generator("MLP.init", rng)
        name = weights or ("he_normal" if self.activation in RECTIFIERS else "glorot_uniform")
        draw = initializers.get(name) if isinstance(name, str) else name
        theta: dict[str, Any] = self.unflatten(np.zeros(self.size))
        for W in theta["W"]:
            W[...] = draw(rng, W.shape)
        for constants, value in (("alpha", 0.25), ("gamma", 1.0)):
            for array in theta.get(constants, ()):
                array[...] = value
        return theta

    def __call__(self, theta: Any, X: Any, running: Running | None = None) -> Any:  # type: ignore[override]
        """a^(L+1), the logits: (T, outputs) for X (T, inputs).

        Raises ShapeError if θ or X does not fit the network, and for a batch of one example that is to be normalised by
        itself; ValueError for remembered moments of another number of layers.

        >>> MLP([2, 1], task="regression")(np.array([1.0, 2.0, 3.0]), np.array([[10.0, 20.0]]))
        array([[53.]])
        """
        return self.forward(theta, X, running)[-1].a

    def forward(self, theta: Any, X: Any, running: Running | None) -> list[Layer]:
        """(a^(k), h^(k)) of each layer, the last h still being the logits; a as g sees it."""
        theta, h, found = self.nest(theta), self.examples(X), []
        if running is not None and len(running) != (n := len(self.forgotten())):
            raise ValueError(f"MLP: needs running moments of {n} layers, got {len(running)}")
        for k, (W, b) in enumerate(zip(theta["W"], theta["b"], strict=True)):
            a = h = linear(h, W, b)
            if k < self.depth - 1:
                if self.batch_norm:
                    moments = batch_moments(a) if running is None else running[k]
                    a = normalize(a, theta["gamma"][k], theta["beta"][k], moments)
                pairs = np.reshape(a, (-1, self.widths[k + 1], PIECES)) if self.maxout else a
                h = self.g(pairs, theta["alpha"][k]) if "alpha" in theta else self.g(pairs)
            found.append(Layer(a, h))
        return found

    def gradients(self, theta: Any, X: Any, y: Any) -> Any:
        """∇J of many networks of this shape side by side, one to a row: G_r = ∇J(θ_r; X_r, y_r), r = 1, …, R.

        theta : (R, size). X : (R, M, inputs). y : (R, M). The result (R, size) can be compiled. NumPy multiplies a stack of
        small matrices in one call, where one network after the other would pay for each call anew (in JAX: vmap of grad).
        Raises ShapeError for arrays that do not fit, ValueError for a network with more than weights and biases.

        >>> MLP([1, 2]).gradients(np.array([[0.0] * 4, [1.0, -1.0, 0.0, 0.0]]), np.ones((2, 1, 1)), np.zeros((2, 1))).round(3)
        array([[-0.5  ,  0.5  , -0.5  ,  0.5  ],
               [-0.119,  0.119, -0.119,  0.119]])
        """
        if self.shapes.keys() != {"W", "b"} or self.maxout:
            raise ValueError(f"gradients: needs a network of weights and biases alone, got {self!r}")

        def total(theta: Any, a: Any = X) -> Any:
            for k, (W, b) in enumerate(zip(*self.unflatten(theta.T).values(), strict=True)):
                a = (self.g(a) if k else a) @ np.transpose(W, (2, 1, 0)) + b.T[:, None]
            return np.shape(X)[0] * self.task.loss(np.reshape(a, (-1, self.outputs)), np.reshape(y, (-1,)))

        return grad(total)(theta)

    def layers(self, theta: Any, X: Any, running: Running | None = None) -> list[Layer]:
        """(a^(k), h^(k)) of each layer, the last h being the output o(a^(L+1)); a as g sees it, normalised or not.

        Errors as for a call.

        >>> mlp = MLP([2, 3, 1], task="binary")
        >>> [layer.h.shape for layer in mlp.layers(mlp.init(np.random.default_rng(0)), np.zeros((4, 2)))]
        [(4, 3), (4, 1)]
        """
        *hidden, last = self.forward(theta, X, running)
        return [*hidden, Layer(last.a, self.task.output(last.a))]

    def forgotten(self) -> Running:
        """The running moments before the first batch, of each layer that normalises: mean 0, variance 1.

        >>> MLP([2, 1, 1], task="binary", batch_norm=True).forgotten()
        [Moments(mean=array([0.]), variance=array([1.]))]
        """
        return [Moments(np.zeros(n), np.ones(n)) for n in self.shapes.get("gamma", ())]

    def remember(self, running: Running, theta: Any, X: Any, momentum: float = 0.1) -> Running:
        """The running moments after one more batch X, at the parameters θ that it was learned from; see `running_moments`.

        >>> mlp = MLP([1, 1, 1], task="binary", batch_norm=True)
        >>> theta = mlp.nest(np.array([2.0, 1.0, 0.0, 0.0, 1.0, 0.0]))
        >>> mlp.remember(mlp.forgotten(), theta, np.array([[0.0], [1.0]]), momentum=0.5)
        [Moments(mean=array([0.5]), variance=array([1.5]))]
        """
        theta = self.nest(theta)
        inputs = [self.examples(X), *(layer.h for layer in self.layers(theta, X)[:-2])]
        layers = zip(running, inputs, theta["W"], theta["b"])
        return [running_moments(r, linear(h, W, b), momentum) for r, h, W, b in layers]

    def __repr__(self) -> str:
        sizes, norm = " → ".join(map(str, self.widths)), ", batch norm" if self.batch_norm else ""
        return f"<MLP {sizes}, {self.activation}{norm}, {self.task.name}, {self.size:,} parameters>"
