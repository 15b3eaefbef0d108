"""One gradient step on Rosenbrock's function in two scalars: what an operation costs when it computes next to nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

START, RATE = (-1.2, 1.0), 1e-3


def rosenbrock(x: Any, y: Any) -> Any:
    return (1.0 - x) ** 2 + 100.0 * (y - x**2) ** 2


def tiny_numpy() -> Callable[[], Any]:
    θ = np.array(START)

    def step() -> Any:
        x, y = θ
        r = y - x**2
        g = np.array([-2.0 * (1.0 - x) - 400.0 * x * r, 200.0 * r])
        return (1.0 - x) ** 2 + 100.0 * r**2, θ - RATE * g

    return step


def tiny_dlcourse() -> Callable[[], Any]:
    from dlcourse import value_and_grad

    f = value_and_grad(rosenbrock, (0, 1))

    def step() -> Any:
        value, (gx, gy) = f(*START)
        return value, START[0] - RATE * gx, START[1] - RATE * gy

    return step


def tiny_compiled() -> Callable[[], Any]:
    from dlcourse import compile, value_and_grad

    f = value_and_grad(rosenbrock, (0, 1))

    def descend(x: Any, y: Any) -> Any:
        value, (gx, gy) = f(x, y)
        return value, x - RATE * gx, y - RATE * gy

    compiled = compile(descend, *START)
    return lambda: compiled(*START)


def tiny_jax() -> Callable[[], Any]:
    import jax

    f = jax.jit(jax.value_and_grad(lambda θ: rosenbrock(*θ)))
    descend = jax.jit(lambda θ: (f(θ)[0], θ - RATE * f(θ)[1]))
    return lambda: jax.block_until_ready(descend(np.array(START)))


def tiny_torch() -> Callable[[], Any]:
    import torch

    x, y = (torch.tensor(c, requires_grad=True) for c in START)

    def step() -> Any:
        x.grad = y.grad = None
        loss = rosenbrock(x, y)
        loss.backward()
        return loss, x.detach() - RATE * x.grad, y.detach() - RATE * y.grad

    return step


def tiny_autograd() -> Callable[[], Any]:
    from autograd import value_and_grad

    f = value_and_grad(lambda θ: rosenbrock(*θ))

    def step() -> Any:
        value, g = f(np.array(START))
        return value, np.array(START) - RATE * g

    return step
