"""Second derivatives: a whole Hessian, and a Hessian-vector product."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Make = Callable[[], Callable[[], Any]]


def frozen(x: Any) -> Any:
    """Data that nobody can change are not copied at each call; the other libraries get tensors of theirs beforehand, too."""
    x = x.copy()
    x.setflags(write=False)
    return x


def logistic_hessian() -> dict[str, Make]:
    """The Hessian of the logistic-regression risk in 60 parameters, 100 examples."""
    rng = np.random.default_rng(2)
    X, y, w = rng.normal(size=(100, 60)), rng.integers(2, size=100) * 1.0, rng.normal(size=60) * 0.1

    def by_hand() -> Callable[[], Any]:
        def step() -> Any:
            p = 1.0 / (1.0 + np.exp(-(X @ w)))
            return (X.T * (p * (1.0 - p))) @ X

        return step

    def by_engine() -> Callable[[], Any]:
        from dlcourse import hessian
        from dlcourse.autodiff.primitives import softplus

        data, target = frozen(X), frozen(y)
        return lambda: hessian(lambda w: np.sum(softplus(data @ w) - target * (data @ w)))(w)

    def by_program() -> Callable[[], Any]:
        from dlcourse import compile, hessian
        from dlcourse.autodiff.primitives import softplus

        f = compile(hessian(lambda w: np.sum(softplus(X @ w) - y * (X @ w))), w)
        return lambda: f(w)

    def by_jax() -> Callable[[], Any]:
        import jax
        import jax.numpy as jnp

        f = jax.jit(jax.hessian(lambda w: jnp.sum(jax.nn.softplus(X @ w) - y * (X @ w))))
        return lambda: jax.block_until_ready(f(w))

    def by_torch() -> Callable[[], Any]:
        import torch

        A, t, v = torch.tensor(X), torch.tensor(y), torch.tensor(w)
        return lambda: torch.autograd.functional.hessian(lambda w: (torch.nn.functional.softplus(A @ w) - t * (A @ w)).sum(), v)

    def by_autograd() -> Callable[[], Any]:
        import autograd.numpy as anp
        from autograd import hessian

        return lambda: hessian(lambda w: anp.sum(anp.logaddexp(0.0, anp.dot(X, w)) - y * anp.dot(X, w)))(w)

    peers = {"torch": by_torch, "autograd": by_autograd, "jax": by_jax}
    return {"numpy": by_hand, "dlcourse": by_engine, "compiled": by_program, **peers}


def network_hvp() -> dict[str, Make]:
    """A Hessian-vector product of a tanh network with about 10,000 parameters, 64 examples, squared error."""
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(64, 64)), rng.normal(size=64)
    W, w, V, v = rng.normal(size=(150, 64)) / 8, rng.normal(size=150) / 12, rng.normal(size=(150, 64)), rng.normal(size=150)

    def by_hand() -> Callable[[], Any]:
        def step() -> Any:
            h = np.tanh(X @ W.T)
            s = 1.0 - h * h
            r = h @ w - y
            dh = s * (X @ V.T)
            dr = dh @ w + h @ v
            dg = np.outer(dr, w) + np.outer(r, v)
            g = np.outer(r, w)
            da = dg * s - 2.0 * g * h * dh
            return 2.0 * (da.T @ X), 2.0 * (dh.T @ r + h.T @ dr)

        return step

    def by_engine() -> Callable[[], Any]:
        from dlcourse import hvp

        data, target = frozen(X), frozen(y)
        return lambda: hvp(lambda p: np.sum((np.tanh(data @ p[0].T) @ p[1] - target) ** 2), (W, w), (V, v))

    def by_program() -> Callable[[], Any]:
        from dlcourse import compile, hvp

        f = compile(lambda p, v: hvp(lambda p: np.sum((np.tanh(X @ p[0].T) @ p[1] - y) ** 2), p, v), (W, w), (V, v))
        return lambda: f((W, w), (V, v))

    def by_jax() -> Callable[[], Any]:
        import jax
        import jax.numpy as jnp

        def loss(p: Any) -> Any:
            return jnp.sum((jnp.tanh(X @ p[0].T) @ p[1] - y) ** 2)

        f = jax.jit(lambda p, v: jax.jvp(jax.grad(loss), (p,), (v,))[1])
        return lambda: jax.block_until_ready(f((W, w), (V, v)))

    def by_torch() -> Callable[[], Any]:
        import torch

        A, t = torch.tensor(X), torch.tensor(y)
        at, along = (torch.tensor(W), torch.tensor(w)), (torch.tensor(V), torch.tensor(v))
        return lambda: torch.autograd.functional.hvp(lambda W, w: ((torch.tanh(A @ W.T) @ w - t) ** 2).sum(), at, along)[1]

    return {"numpy": by_hand, "dlcourse": by_engine, "compiled": by_program, "torch": by_torch, "jax": by_jax}
