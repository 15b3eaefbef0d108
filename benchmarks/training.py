"""`training.fit` against the loop that somebody writes by hand who knows the derivative: both train for some epochs.

    python benchmarks/training.py

The digits, a network 64-128-10 of ReLUs, batches of 64, Adam, one thread. Both see the same batches and must end at
the same weights; they take turns, so that a busy machine is busy for both.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from dlcourse import data, nn, optim, training

SIZES, BATCH, EPOCHS, ROUNDS = (64, 128, 10), 64, 50, 7


def by_hand(θ: Any, X: Any, y: Any) -> Any:
    """Forward, backward and Adam in NumPy; θ is one flat vector."""
    d, h, c = SIZES
    ends = np.cumsum([h * d, c * h, h, c])

    def views(v: Any) -> list[Any]:
        W1, W2, b1, b2 = np.split(v, ends[:-1])
        return [W1.reshape(h, d), W2.reshape(c, h), b1, b2]

    θ = θ.copy()
    g, m, v = np.empty_like(θ), np.zeros_like(θ), np.zeros_like(θ)
    W1, W2, b1, b2 = views(θ)
    gW1, gW2, gb1, gb2 = views(g)
    rng, t = np.random.default_rng(0), 0
    for _ in range(EPOCHS):
        for rows in training.minibatches(len(X), BATCH, rng):
            x, labels = X[rows], y[rows]
            n = len(rows)
            hidden = x @ W1.T
            hidden += b1
            np.maximum(hidden, 0.0, out=hidden)
            p = hidden @ W2.T
            p += b2
            p -= p.max(axis=1, keepdims=True)
            np.exp(p, out=p)
            p /= p.sum(axis=1, keepdims=True)
            risk = -np.log(p[np.arange(n), labels]).mean()
            if not np.isfinite(risk):
                raise SystemExit("the loss is not finite")
            p[np.arange(n), labels] -= 1.0
            p /= n
            np.matmul(p.T, hidden, out=gW2)
            np.sum(p, axis=0, out=gb2)
            back = p @ W2
            back *= hidden > 0.0
            np.matmul(back.T, x, out=gW1)
            np.sum(back, axis=0, out=gb1)
            t += 1
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            θ -= 0.001 / (1.0 - 0.9**t) * m / (np.sqrt(v / (1.0 - 0.999**t)) + 1e-8)
    return θ


def main() -> None:
    threadpool_limits(1)
    X, y = data.digits()
    network = nn.MLP(list(SIZES), activation="relu")
    start = network.init(np.random.default_rng(1))
    flat = network.flat(start)
    rule = optim.Adam(learning_rate=0.001)

    def by_fit() -> Any:
        rng = np.random.default_rng(0)
        run = training.fit(network, start, (X, y), rule, epochs=EPOCHS, batch_size=BATCH, rng=rng, progress=False)
        return network.flat(run.theta)

    contenders: dict[str, Callable[[], Any]] = {"by hand": lambda: by_hand(flat, X, y), "fit": by_fit}
    ends = [run() for run in contenders.values()]
    if not np.allclose(*ends, rtol=1e-6, atol=1e-9):
        raise SystemExit(f"fit ends elsewhere: largest difference {np.abs(ends[0] - ends[1]).max():g}")
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, run in contenders.items():
            began = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - began)
    steps = EPOCHS * -(-len(X) // BATCH)
    hand, fit = (statistics.median(found) for found in times.values())
    name = f"digits {'-'.join(map(str, SIZES))}, batch {BATCH}, Adam"
    print(f"{name}: by hand {hand / steps * 1e6:.1f} µs a step, fit {fit / hand:.2f} of it")


if __name__ == "__main__":
    main()
