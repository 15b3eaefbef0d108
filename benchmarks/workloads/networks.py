"""Networks: the loss, its gradient, and one update of all parameters, which lie in one flat vector."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

Make = Callable[[], Callable[[], Any]]


def network(sizes: list[int], examples: int, activation: str, update: str) -> dict[str, Make]:
    """A classifier with cross-entropy; `update` is adam, momentum or none."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(examples, sizes[0]))
    labels = rng.integers(sizes[-1], size=examples)
    shapes = [s for m, n in pairwise(sizes) for s in ((n, m), (n,))]
    θ0 = np.concatenate([(rng.normal(size=s) / np.sqrt(s[-1])).ravel() for s in shapes])
    bounds = np.cumsum([0, *(int(np.prod(s)) for s in shapes)]).tolist()

    def views(θ: Any) -> list[Any]:
        return [θ[i:j].reshape(s) for i, j, s in zip(bounds[:-1], bounds[1:], shapes, strict=True)]

    def updated(θ: Any, g: Any, m: Any, v: Any, xp: Any = np) -> Any:
        if update == "none":
            return g
        if update == "momentum":
            return θ - 0.1 * (0.9 * m + 0.1 * g)
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        return θ - 0.001 * (m / 0.1) / (xp.sqrt(v / 0.001) + 1e-8)

    def by_hand() -> Callable[[], Any]:
        zeros = np.zeros_like(θ0)
        rows = np.arange(examples)
        flat = np.empty_like(θ0)
        into = views(flat)
        params = views(θ0)
        ones = np.ones(examples)

        def step() -> Any:
            h = [X]
            for k in range(0, len(params), 2):
                a = h[-1] @ params[k].T
                a += params[k + 1]
                h.append(a if k == len(params) - 2 else np.tanh(a) if activation == "tanh" else np.maximum(a, 0.0))
            a = h.pop()
            top = a[:, 0]
            for j in range(1, a.shape[1]):
                top = np.maximum(top, a[:, j])
            p = np.exp(a - top[:, None])
            s = p @ np.ones(a.shape[1])
            p /= s[:, None]
            loss = -np.log(p[rows, labels]).sum() / examples
            p[rows, labels] -= 1.0
            p *= 1.0 / examples
            g = p
            for k in range(len(params) - 2, -1, -2):
                np.matmul(g.T, h[k // 2], out=into[k])
                np.matmul(ones, g, out=into[k + 1])
                if k:
                    y = h[k // 2]
                    g = g @ params[k]
                    g *= (1.0 - y * y) if activation == "tanh" else (y > 0.0)
            return loss, updated(θ0, flat, zeros, zeros)

        return step

    def by_engine() -> Callable[[], Any]:
        from dlcourse import value_and_grad
        from dlcourse.autodiff.primitives import cross_entropy, linear, relu

        θ = θ0.copy()
        θ.setflags(write=False)
        # data that nobody can change are not copied at each step (PyTorch's contender gets its tensors beforehand, too)
        data, target = X.copy(), labels.astype(float)
        data.setflags(write=False)
        target.setflags(write=False)
        zeros, flat = np.zeros_like(θ0), np.empty_like(θ0)  # as by hand: one vector for all gradients, made once
        act = np.tanh if activation == "tanh" else relu

        def loss(params: Any) -> Any:
            h: Any = data
            for k in range(0, len(params) - 2, 2):
                h = act(linear(h, params[k], params[k + 1]))
            return cross_entropy(linear(h, params[-2], params[-1]), target)

        f = value_and_grad(loss)

        def step() -> Any:
            value, g = f(views(θ))
            return value, updated(θ, np.concatenate([x.ravel() for x in g], out=flat), zeros, zeros)

        return step

    def by_program() -> Callable[[], Any]:
        from dlcourse import compile, value_and_grad
        from dlcourse.autodiff.primitives import cross_entropy, linear, relu

        zeros = np.zeros_like(θ0)
        act = np.tanh if activation == "tanh" else relu

        def loss(params: Any) -> Any:
            h: Any = X
            for k in range(0, len(params) - 2, 2):
                h = act(linear(h, params[k], params[k + 1]))
            return cross_entropy(linear(h, params[-2], params[-1]), labels)

        def descend(θ: Any, m: Any, v: Any) -> Any:
            value, g = value_and_grad(loss)(views(θ))
            return value, updated(θ, np.concatenate([np.ravel(x) for x in g]), m, v)

        f = compile(descend, θ0, zeros, zeros)
        return lambda: f(θ0, zeros, zeros)

    def by_jax() -> Callable[[], Any]:
        import jax
        import jax.numpy as jnp

        zeros = np.zeros_like(θ0)
        act = jnp.tanh if activation == "tanh" else jax.nn.relu

        def loss(θ: Any) -> Any:
            params = views(θ)
            h: Any = X
            for k in range(0, len(params) - 2, 2):
                h = act(h @ params[k].T + params[k + 1])
            a = h @ params[-2].T + params[-1]
            return jnp.mean(jax.nn.logsumexp(a, axis=1) - a[jnp.arange(examples), labels])

        def descend(θ: Any, m: Any, v: Any) -> Any:
            value, g = jax.value_and_grad(loss)(θ)
            return value, updated(θ, g, m, v, jnp)

        f = jax.jit(descend)
        return lambda: jax.block_until_ready(f(θ0, zeros, zeros))

    def by_torch() -> Callable[[], Any]:
        import torch

        data, target = torch.tensor(X), torch.tensor(labels)
        params = [torch.tensor(p, requires_grad=True) for p in views(θ0)]
        start = [p.detach().clone() for p in params]
        act = torch.tanh if activation == "tanh" else torch.relu

        def fresh() -> Any:
            return torch.optim.Adam(params, lr=0.001) if update == "adam" else torch.optim.SGD(params, lr=0.01, momentum=0.9)

        optimiser = fresh()

        def step() -> Any:
            for p in params:
                p.grad = None
            h = data
            for k in range(0, len(params) - 2, 2):
                h = act(torch.nn.functional.linear(h, params[k], params[k + 1]))
            loss = torch.nn.functional.cross_entropy(torch.nn.functional.linear(h, params[-2], params[-1]), target)
            loss.backward()
            if update == "none":
                return loss, [p.grad for p in params]
            optimiser.state.clear()
            optimiser.step()
            found = [p.detach().clone() for p in params]
            with torch.no_grad():
                for p, s in zip(params, start, strict=True):
                    p.copy_(s)
            return loss, found

        return step

    def by_autograd() -> Callable[[], Any]:
        import autograd.numpy as anp
        from autograd import value_and_grad

        zeros = np.zeros_like(θ0)
        rows = np.arange(examples)

        def loss(params: Any) -> Any:
            h: Any = X
            for k in range(0, len(params) - 2, 2):
                a = anp.dot(h, params[k].T) + params[k + 1]
                h = anp.tanh(a) if activation == "tanh" else anp.maximum(a, 0.0)
            a = anp.dot(h, params[-2].T) + params[-1]
            a = a - anp.max(a, axis=1, keepdims=True)
            return -anp.mean(a[rows, labels] - anp.log(anp.sum(anp.exp(a), axis=1)))

        f = value_and_grad(loss)

        def step() -> Any:
            value, g = f(views(θ0))
            return value, updated(θ0, np.concatenate([x.ravel() for x in g]), zeros, zeros)

        return step

    return {
        "numpy": by_hand,
        "dlcourse": by_engine,
        "compiled": by_program,
        "torch": by_torch,
        "autograd": by_autograd,
        "jax": by_jax,
    }
