"""Random expression graphs, written once as a recipe and evaluated by NumPy, the engine and the oracles.

A recipe is a list of steps; a step is an operation and the numbers of the earlier results it takes. Values stay
bounded, and away from the points where a rule is discontinuous or infinite, by the way each operation is written.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from oracles import NUMPY

SHAPES: list[tuple[int, ...]] = [(), (3,), (2, 3), (2, 1), (3, 2), (1, 3)]

# name → function of (xp, x)
UNARY: dict[str, Any] = {
    "sin": lambda xp, x: xp.sin(x),
    "cos": lambda xp, x: xp.cos(x),
    "tanh": lambda xp, x: xp.tanh(x),
    "erf of half": lambda xp, x: xp.erf(0.5 * x),
    "exp": lambda xp, x: xp.exp(0.3 * xp.sin(x)),
    "log": lambda xp, x: xp.log(1.5 + xp.cos(x)),
    "log1p": lambda xp, x: xp.log1p(x**2),
    "expm1": lambda xp, x: xp.expm1(0.2 * xp.cos(x)),
    "sqrt": lambda xp, x: xp.sqrt(0.1 + x**2),
    "square": lambda xp, x: 0.3 * xp.square(x),
    "cube": lambda xp, x: 0.1 * xp.tanh(x) ** 3,
    "reciprocal": lambda xp, x: 1.0 / (1.0 + x**2),
    "inverse square": lambda xp, x: (1.5 + xp.sin(x)) ** -2,
    "negative": lambda xp, x: -x,
    "absolute": lambda xp, x: xp.absolute(x),
    "power": lambda xp, x: xp.power(1.2 + x**2, 0.7),
    "relu": lambda xp, x: xp.where(x > 0.05, x, 0.1 * x),
    "step": lambda xp, x: x * xp.truth(xp.greater(x, 0.1)),
    "total": lambda xp, x: 0.3 * xp.sum(x),
    "mean of rows": lambda xp, x: xp.mean(x, axis=-1, keepdims=True) + 0.0 * x,
    "largest": lambda xp, x: xp.amax(x, axis=None),
    "logsumexp": lambda xp, x: xp.logsumexp(x, axis=-1),
    "flat": lambda xp, x: xp.reshape(x, (-1,))[:3],
    "backwards": lambda xp, x: xp.getitem(x, slice(None, None, -1)),
    "first": lambda xp, x: x[0],
    "gather": lambda xp, x: xp.getitem(x, np.array([0, 0])),
    "transpose": lambda xp, x: xp.transpose(x, (1, 0)),
    "norm": lambda xp, x: xp.sqrt(1e-3 + xp.sum(x * x)),
    "spread": lambda xp, x: xp.broadcast_to(x, (2, 3)),
}
BINARY: dict[str, Any] = {
    "add": lambda xp, a, b: a + b,
    "subtract": lambda xp, a, b: a - b,
    "multiply": lambda xp, a, b: 0.5 * a * b,
    "divide": lambda xp, a, b: a / (1.1 + b**2),
    "maximum": lambda xp, a, b: xp.maximum(a, b),
    "minimum": lambda xp, a, b: xp.minimum(a, b),
    "powers": lambda xp, a, b: xp.power(1.2 + xp.cos(a), xp.sin(b)),
    "matmul": lambda xp, a, b: 0.3 * xp.matmul(a, b),
    "concatenate": lambda xp, a, b: xp.concatenate((a, b), axis=0),
    "stack": lambda xp, a, b: xp.stack((a, b)),
}


class Step(NamedTuple):
    name: str
    sources: tuple[int, ...]


class Recipe(NamedTuple):
    inputs: tuple[Any, ...]
    steps: tuple[Step, ...]
    weights: tuple[Any, ...]  # of the last results in the scalar that is differentiated

    def results(self, xp: Any, *inputs: Any) -> list[Any]:
        found = list(inputs)
        for name, sources in self.steps:
            operation = UNARY.get(name) or BINARY[name]
            found.append(operation(xp, *[found[i] for i in sources]))
        return found

    def scalar(self, xp: Any, *inputs: Any) -> Any:
        last = self.results(xp, *inputs)[-len(self.weights) :]
        return sum(xp.sum(xp.constant(w) * y) for w, y in zip(self.weights, last, strict=True))


def well_away(name: str, operands: list[Any], result: Any) -> bool:
    """Does the operation fit, stay bounded, and keep its distance from corners and ties?"""
    if not 0 < result.size <= 40 or not np.max(np.abs(result)) <= 20.0:
        return False
    x = operands[0]
    if name in ("logsumexp", "mean of rows") and not x.ndim:
        return False
    if name in ("maximum", "minimum"):
        return bool(np.min(np.abs(operands[0] - operands[1])) > 1e-3)
    if name == "largest":
        return x.size < 2 or bool(np.diff(np.sort(x, axis=None)[-2:])[0] > 1e-3)
    corner = {"absolute": 0.0, "relu": 0.05, "step": 0.1}.get(name)
    return corner is None or bool(np.min(np.abs(x - corner)) > 1e-3)


@cache
def recipe(seed: int, length: int = 10) -> Recipe:
    """A random recipe; operations that do not fit the shapes at hand are drawn again."""
    rng = np.random.default_rng(seed)
    inputs = tuple(np.asarray(rng.uniform(-2.0, 2.0, SHAPES[i])) for i in rng.integers(0, len(SHAPES), int(rng.integers(1, 4))))
    names = [*UNARY, *BINARY]
    found, steps = list(inputs), []
    while len(steps) < length:
        name = names[int(rng.integers(len(names)))]
        arity = 1 if name in UNARY else 2
        # recent results more often, so that graphs become deep as well as wide
        sources = tuple(int(i) for i in np.maximum(0, len(found) - 1 - rng.geometric(0.25, arity) + 1))
        operands = [found[i] for i in sources]
        try:
            result = (UNARY.get(name) or BINARY[name])(NUMPY, *operands)
        except (ValueError, IndexError, TypeError):
            continue
        if well_away(name, operands, np.asarray(result)):
            found.append(np.asarray(result))
            steps.append(Step(name, sources))
    weights = tuple(np.asarray(rng.uniform(-1.0, 1.0, np.shape(y))) for y in found[-3:])
    return Recipe(inputs, tuple(steps), weights)
