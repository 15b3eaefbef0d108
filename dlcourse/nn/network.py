"""What all networks share: parameters with a flat form, a task with its output and loss, predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..autodiff import ShapeError, Tensor
from ..autodiff.box import shape_of, value_of
from ..flat import flatten
from ..names import named
from . import activations, losses, regularizers


class Task(NamedTuple):
    """A pair of output and loss that belong together: o, and l(a, y) of the pre-activations a of the output [source 003].

    >>> float(TASKS["binary"].output(0.0)), round(float(TASKS["binary"].loss(np.zeros(1), np.ones(1))), 4)
    (0.5, 0.6931)
    """

    name: str
    output: Callable[[Any], Any]
    loss: Callable[[Any, Any], Any]


TASKS = {
    task.name: task
    for task in (
        Task("regression", activations.identity, losses.squared_error),
        Task("binary", activations.sigmoid, losses.binary_cross_entropy),
        Task("multiclass", activations.softmax, losses.cross_entropy),
    )
}


class Network:
    """A function f(x; θ): `network(theta, X)` gives the pre-activations of the output (the logits), one row for each example.

    θ is a nest of arrays ({"W": …}), a flat vector, or Tensors in the place of either.
    inputs, outputs : sizes. task : a name in `TASKS`. shapes : the nest of θ with the shape of each array in its place.

    Raises ValueError for an unknown task and for numbers of outputs that do not go with it.

    >>> class Linear(Network):
    ...     def __call__(self, theta, X):
    ...         return self.examples(X) @ self.nest(theta)["W"].T
    >>> Linear(2, 3, "multiclass", {"W": (3, 2)}).predict(np.zeros(6), np.ones((1, 2))).round(3)
    array([[0.333, 0.333, 0.333]])
    """

    def __init__(self, inputs: int, outputs: int, task: str, shapes: dict[str, Any]) -> None:
        self.inputs, self.outputs = inputs, outputs
        self.task: Task = named(TASKS, task, "task")
        if (task == "binary" and outputs != 1) or (task == "multiclass" and outputs < 2):
            raise ValueError(
                f"{type(self).__name__}: the task 'binary' needs 1 output, 'multiclass' at least 2, 'regression' any number; "
                f"got {task!r} with {outputs}"
            )
        template = {k: [np.zeros(s) for s in e] if isinstance(e, list) else np.zeros(e) for k, e in shapes.items()}
        flat, self._unflatten = flatten(template)
        self.shapes, self.size = shapes, flat.size

    def __call__(self, theta: Any, X: Any, **beside: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not say how it computes")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.inputs} → {self.outputs}, {self.task.name}, {self.size:,} parameters>"

    def unflatten(self, flat: Any) -> Any:
        """The nest {"W": …} of views of a flat vector (size,); ShapeError for another length."""
        return self._unflatten(flat)

    def flat(self, theta: Any) -> Any:
        """θ as a flat vector (size,): the buffer itself where the nest consists of views of one.

        >>> from dlcourse import nn
        >>> mlp, flat = nn.MLP([2, 2]), np.zeros(6)
        >>> mlp.flat(mlp.unflatten(flat)) is flat
        True
        """
        return flatten(self.nest(theta))[0]

    def nest(self, theta: Any) -> dict[str, Any]:
        """θ as the nest, whatever it was given as; ShapeError, with its name, for an array that does not fit."""
        if not isinstance(theta, dict):
            return self.unflatten(theta)
        if list(theta) != list(self.shapes):
            raise ShapeError(f"{type(self).__name__}: needs the parameters {list(self.shapes)}, got {list(theta)}")
        for name, shapes in self.shapes.items():
            entry = theta[name]
            found: Any = [shape_of(x) for x in entry] if type(shapes) is list else shape_of(entry)
            if found != shapes:
                raise ShapeError(f"{type(self).__name__}: {name} has the shape(s) {found}, the network needs {shapes}")
        return theta

    def examples(self, X: Any) -> Any:
        """X (T, inputs); ShapeError for anything else."""
        X = X if isinstance(X, Tensor) else np.asarray(X, dtype=np.float64)
        if X.ndim != 2 or X.shape[1] != self.inputs:
            raise ShapeError(
                f"{type(self).__name__}: takes {self.inputs} input(s), so X must be (T, {self.inputs}), one example to a row; "
                f"got {X.shape}"
            )
        return X

    def loss(self, theta: Any, X: Any, y: Any, *, l1: Any = 0.0, l2: Any = 0.0, **beside: Any) -> Any:
        """J(θ) = (1/T) Σ_t l(f(x_t; θ), y_t) + λ₁ Σ|W| + λ₂ ΣW², with the loss of the task [source 002].

        X : (T, inputs). y : (T,), or (T, outputs) in a regression; labels are whole numbers from 0. What the network is
        called with beside θ and X, such as the `running` moments of a normalised MLP, is given by name, here and below.
        Raises ShapeError or ValueError, as the loss does, and ValueError for a negative λ.

        >>> from dlcourse import nn
        >>> line = nn.MLP([1, 1], task="regression")
        >>> float(line.loss({"W": [np.array([[3.0]])], "b": [np.array([2.0])]}, np.array([[1.0]]), np.array([4.0]), l2=0.1))
        1.9
        """
        theta = self.nest(theta)
        return self.task.loss(self(theta, X, **beside), y) + regularizers.penalty(theta, l1, l2)

    def predict(self, theta: Any, X: Any, **beside: Any) -> Any:
        """f(x; θ) = o(a): values of a regression, probabilities of class 1 (T, 1), or of each class (T, C).

        >>> from dlcourse import nn
        >>> nn.MLP([3, 1], task="binary").predict(np.zeros(4), np.ones((2, 3)))
        array([[0.5],
               [0.5]])
        """
        return self.task.output(self(theta, X, **beside))

    def classify(self, theta: Any, X: Any, **beside: Any) -> np.ndarray:
        """The class (T,) that is predicted for each example, the first one if several are best.

        Raises ValueError in a regression, and where an output is NaN.

        >>> from dlcourse import nn
        >>> nn.MLP([1, 2]).classify(np.array([1.0, -1.0, 0.0, 0.5]), np.array([[3.0], [0.0]]))
        array([0, 1])
        """
        if self.task.name == "regression":
            raise ValueError("classify: a regression has no classes; use predict")
        a = value_of(self(theta, X, **beside))
        if np.isnan(a).any():
            raise ValueError(f"classify: the output for example {np.argwhere(np.isnan(a))[0][0]} is not a number")
        return np.asarray(np.argmax(a, axis=1) if self.task.name == "multiclass" else a[:, 0] >= 0).astype(np.intp)
