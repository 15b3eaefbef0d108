"""What every method of `minimize` is made of: the function it is given, and the step that it takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..autodiff import hessian, hvp, nest, value_and_grad
from ..autodiff.box import Tensor, as_value
from ..flat import flatten, joined
from .hyperparameters import Checked
from .line_search import NoLowerPoint, Step, strong_wolfe


class Objective:
    """J as the methods see it: a function of one flat vector, derivatives by the engine unless given, every call counted."""

    def __init__(self, f: Callable[[Any], Any], x0: Any, first: Any = None, second: Any = None, product: Any = None) -> None:
        x0 = np.asarray(x0) if type(x0) is list and x0 and all(type(x) in (int, float) for x in x0) else x0
        leaves, rebuild = nest.flatten(x0)
        if not leaves or any(isinstance(leaf, Tensor) for leaf in leaves):
            raise TypeError(f"minimize: x0 must be an array or a nest of arrays, got {x0!r:.60}")
        try:
            flat, self.nested = flatten(rebuild([as_value(leaf) for leaf in leaves]))
        except TypeError as error:
            raise TypeError(f"minimize: x0 must be made of real numbers ({error})") from None
        self.x0 = as_value(flat)
        if not self.x0.size:
            raise ValueError("minimize: x0 is empty; there is nothing to vary")
        self.evaluated = self.hessians = self.products = 0
        self.best: tuple[float, Any, Any] = (math.inf, self.x0, None)  # J, x, ∇J at the lowest point seen
        vector = not isinstance(x0, (list, tuple, dict)) and np.ndim(x0) == 1
        self.f = f if vector else lambda x: f(self.nested(x))
        if not vector and (second or product):
            raise TypeError(f"minimize: hessian and product are functions of one vector, but x0 is {x0!r:.60}")
        self.second, self.along = second or (lambda x: hessian(self.f)(x)), product or (lambda x, v: hvp(self.f, x, v))
        with_gradient = first or value_and_grad(f)
        self.with_gradient = with_gradient if vector else joined(with_gradient, self.nested)

    def __call__(self, x: Any) -> tuple[Any, Any]:
        self.evaluated += 1
        value, gradient = self.with_gradient(x)
        gradient = np.array(gradient)  # theirs may be a buffer that the next call fills
        if -math.inf < value < self.best[0]:
            self.best = value, x, gradient
        return value, gradient

    def hessian(self, x: Any) -> Any:
        self.hessians += 1
        return self.second(x)

    def product(self, x: Any, v: Any) -> Any:
        self.products += 1
        return self.along(x, v)


class Method(Checked):
    """What the methods share: `walk` yields one Step after the other, and raises NoStep where there is none.

    Raises ValueError for a parameter outside its range, TypeError for what is no number.
    """

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if callable(value) or isinstance(value, Tensor):
                raise TypeError(f"{type(self).__name__}: {name} must be a number, got {value!r:.60}")
        super().__post_init__()

    def walk(self, J: Objective, here: Step) -> Iterator[Step]:
        """Where each step ends, as long as there is one; NoStep says why there is none."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it walks")


class WithWolfe(Method):
    """What the methods with a strong Wolfe line search share: its two constants."""

    c1: float = 1e-4
    c2: float = 0.9

    def search(self, J: Objective, here: Step, p: Any, first: float = 1.0) -> Step:
        """A step along p; if none satisfies both conditions, the lowest point seen, if that is noticeably lower."""
        try:
            return strong_wolfe(J, here, p, first, self.c1, self.c2)
        except NoLowerPoint as stop:
            if stop.best is None or stop.best.value >= here.value - 1e-12 * abs(here.value):
                raise
            return stop.best
