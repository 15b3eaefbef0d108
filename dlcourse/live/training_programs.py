"""What the playground runs, as programs that are combined at will: their number adds up and does not multiply.

The parameters of every network are one vector of the same length, filled up with zeros, so that one program for each
rule serves all networks; a network has one program for each batch size, which gives the gradient. Zeros have the gradient 0
and stay.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from .. import data, nn
from ..autodiff import nest
from ..flat import flat_value_and_grad
from ..programs import Program, trace
from .descent import ALL_METHODS, Method

EXAMPLES = 200  # for training, and as many for validation; half of each class, class 0 first
BATCHES = (1, 10, EXAMPLES)
HIDDEN: dict[str, list[int]] = {
    "none": [], "2": [2], "4": [4], "8": [8], "16": [16], "4-4": [4, 4], "8-8": [8, 8], "16-16": [16, 16], "8-8-8": [8, 8, 8],
}  # fmt: skip
ACTIVATIONS = ("tanh", "relu", "sigmoid", "gelu", "identity")
DOMAIN = (-2.2, 2.2)  # of both inputs
GRID = 40  # points along each axis of the maps
FRACTION = 2.0**-16  # what is drawn is a multiple of this, which is short to write


class DataSet(NamedTuple):
    """A data set of `data`, moved and stretched to fill the plane: (X − centre) · stretch; `noise` to begin with."""

    label: str
    centre: tuple[float, float]
    stretch: float
    noise: float
    more: dict[str, Any] = {}


DATA = {
    "moons": DataSet("Two moons", (0.5, 0.25), 1.1, 0.15),
    "circles": DataSet("Circles", (0.0, 0.0), 1.5, 0.1),
    "spirals": DataSet("Spirals", (0.0, 0.0), 1.8, 0.03),
    "xor": DataSet("XOR", (0.0, 0.0), 1.8, 0.0),
    "blobs": DataSet("Two clouds", (0.0, 0.0), 1.0, 0.35, {"classes": 2}),
}


class Layer(NamedTuple):
    """Where the weights (rows × columns) and the biases of a layer stand in the vector of all parameters."""

    W: int
    b: int
    rows: int
    columns: int


def short(values: Any) -> np.ndarray:
    return np.asarray(np.rint(np.asarray(values) / FRACTION) * FRACTION)


@cache
def network(hidden: str, activation: str) -> nn.MLP:
    return nn.MLP([2, *HIDDEN[hidden], 2], activation)


SIZE = max(nn.MLP([2, *widths, 2]).size for widths in HIDDEN.values())


def layers(hidden: str) -> list[Layer]:
    """
    >>> layers("2")
    [Layer(W=0, b=8, rows=2, columns=2), Layer(W=4, b=10, rows=2, columns=2)]
    """
    mlp = network(hidden, "tanh")
    places = mlp.unflatten(np.arange(float(mlp.size)))
    return [Layer(int(W.flat[0]), int(b[0]), *W.shape) for W, b in zip(places["W"], places["b"], strict=True)]


# Data and random numbers, drawn once ------------------------------------------------------------------------------------


@cache
def points(name: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(base, shift), each (2 · EXAMPLES, 2): the data are base + noise · shift."""
    chosen, function = DATA[name], getattr(data, name)

    def drawn(noise: float) -> np.ndarray:
        halves = []
        for half in (0, 1):
            X, y = function(np.random.default_rng([seed, half]), EXAMPLES, noise=noise, **chosen.more)
            halves.append(X[np.argsort(y, kind="stable")])
        return np.concatenate(halves)

    still = drawn(0.0)
    return short((still - chosen.centre) * chosen.stretch), short((drawn(1.0) - still) * chosen.stretch)


def labels() -> np.ndarray:
    """Of the training examples, and of those for validation: class 0 first."""
    return np.repeat([0.0, 1.0], EXAMPLES // 2)


@cache
def draws(seed: int) -> dict[str, np.ndarray]:
    """Random numbers to start from: U(−1, 1) and N(0, 1), each (SIZE,)."""
    rng = np.random.default_rng(seed)
    return {"uniform": short(rng.uniform(-1.0, 1.0, SIZE)), "normal": short(rng.standard_normal(SIZE))}


@cache
def shuffles(epochs: int = 16) -> np.ndarray:
    """Orders of the training examples (epochs, EXAMPLES), one for each epoch; then the first again."""
    rng = np.random.default_rng(0)
    return np.stack([rng.permutation(EXAMPLES) for _ in range(epochs)])


class Ones(np.random.Generator):
    """A random generator that draws 1 where it is asked for a number; so an initialiser gives its scale."""

    kind = ""

    def __init__(self) -> None:
        super().__init__(np.random.PCG64(0))

    def uniform(self, low: float, high: float, shape: Any) -> np.ndarray:  # type: ignore[override]
        assert low == -high
        self.kind = "uniform"
        return np.full(shape, high)

    def standard_normal(self, shape: Any) -> np.ndarray:  # type: ignore[override]
        self.kind = "normal"
        return np.ones(shape)


@cache
def scales(hidden: str, activation: str) -> tuple[str, np.ndarray]:
    """The kind of draw and the scale of each parameter at the start, by the network's own initialiser."""
    mlp, ones = network(hidden, activation), Ones()
    found = mlp.flat(mlp.init(ones))
    return ones.kind, np.concatenate([found, np.zeros(SIZE - mlp.size)])


# Programs -----------------------------------------------------------------------------------------------------------------


@cache
def sample_program() -> Program:
    """base, shift, noise → X, and its columns by set and class."""
    half = EXAMPLES // 2

    def sample(base: Any, shift: Any, noise: Any) -> dict[str, Any]:
        X = base + noise * shift
        names = ("training_0", "training_1", "validation_0", "validation_1")
        parts = {name: X[k * half : (k + 1) * half] for k, name in enumerate(names)}
        columns = {f"{name}_{axis}": part[:, k] for name, part in parts.items() for k, axis in enumerate("xy")}
        return {"training": X[:EXAMPLES], "validation": X[EXAMPLES:], **columns}

    return trace(sample, np.zeros((2 * EXAMPLES, 2)), np.zeros((2 * EXAMPLES, 2)), 0.0)


@cache
def start_program() -> Program:
    """scale, draw → θ."""
    return trace(lambda scale, draw: {"theta": scale * draw}, np.zeros(SIZE), np.zeros(SIZE))


@cache
def gradient_program(hidden: str, activation: str, batch: int) -> Program:
    """∇J on a batch, with both penalties."""
    mlp = network(hidden, activation)
    with_gradient = flat_value_and_grad(
        lambda theta, X, y, l1, l2: mlp.loss(theta, X, y, l1=l1, l2=l2), mlp.unflatten
    )  # fmt: skip

    def gradient(theta: Any, X: Any, y: Any, l1: Any, l2: Any) -> dict[str, Any]:
        _, g = with_gradient(theta[: mlp.size], X, y, l1, l2)
        return {"gradient": np.concatenate([g, np.zeros(SIZE - mlp.size)])}

    return trace(gradient, np.zeros(SIZE), np.zeros((batch, 2)), np.zeros(batch), 0.0, 0.0)


@cache
def losses_program(hidden: str, activation: str) -> Program:
    """Loss and share of wrong answers, without penalties, of the examples for training and for validation."""
    mlp = network(hidden, activation)

    def losses(theta: Any, training: Any, validation: Any, y: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, X in (("training", training), ("validation", validation)):
            logits = mlp(theta[: mlp.size], X)
            found |= {name: mlp.task.loss(logits, y), f"{name}_error": nn.zero_one(logits, y)}
        return found

    X = np.zeros((EXAMPLES, 2))
    return trace(losses, np.zeros(SIZE), X, X, np.zeros(EXAMPLES))


@cache
def maps_program(hidden: str, activation: str) -> Program:
    """The probability of class 1 over the plane, and what each hidden unit gives there, one unit after the other."""
    mlp = network(hidden, activation)

    def maps(theta: Any, grid: Any) -> dict[str, Any]:
        *inside, output = mlp.layers(theta[: mlp.size], grid)
        units = [np.reshape(np.transpose(layer.h), (-1,)) for layer in inside]
        return {"boundary": output.h[:, 1], "units": np.concatenate(units) if units else np.zeros(1)}

    return trace(maps, np.zeros(SIZE), grid())


def grid() -> np.ndarray:
    """The middles of GRID × GRID cells, (GRID², 2), row by row from the lowest."""
    low, high = DOMAIN
    middles = low + (high - low) * (np.arange(GRID) + 0.5) / GRID
    return np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)


def rest(method: Method) -> Any:
    """The state of a rule before the first step: zeros, so that the page needs to know no more than their shapes."""
    state = method.rule(0.1, 0.5).init(np.zeros(SIZE))
    assert not any(np.any(part) for part in nest.flatten(state)[0]), method.name
    return state


@cache
def update_program(rule: str) -> Program:
    """θ, state, gradient, α, β → θ and state after a step."""
    method = ALL_METHODS[rule]

    def update(theta: Any, state: Any, gradient: Any, alpha: Any, beta: Any) -> dict[str, Any]:
        theta, state = method.rule(alpha, beta).step(lambda _: gradient, theta, state, 1.0)
        return {"theta": theta, "state": state}

    return trace(update, np.zeros(SIZE), rest(method), np.zeros(SIZE), 0.1, 0.5)


@cache
def look_program(rule: str) -> Program | None:
    """θ, state, α, β → where the rule wants the gradient; None for the rules that want it where they are."""
    method = ALL_METHODS[rule]
    stays = []

    def look(theta: Any, state: Any, alpha: Any, beta: Any) -> dict[str, Any]:
        asked: list[Any] = []

        def answer(θ: Any) -> Any:
            asked.append(θ)
            return 0.0 * theta

        method.rule(alpha, beta).step(answer, theta, state, 1.0)
        assert len(asked) == 1, f"{rule} asks for more than one gradient in a step"
        stays.append(asked[0] is theta)
        return {"theta": asked[0]}

    program = trace(look, np.zeros(SIZE), rest(method), 0.1, 0.5)
    return None if stays[0] else program
