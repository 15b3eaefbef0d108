"""Out of local minima: many starts, and simulated annealing."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray
from numpy.random import Generator

from ..checks import generator, whole
from .hyperparameters import HyperParameter, at
from .minimize import minimize

Function = Callable[[Any], Any]


class Restarts(NamedTuple):
    """The best point and its value; every start (n, d), where its run ended (n, d), and J there (n,)."""

    x: ndarray
    value: float
    starts: ndarray
    ends: ndarray
    values: ndarray


def random_restarts(
    f: Function, sample: Callable[[Generator], Any], rng: Generator, n: int, minimise: Callable[..., Any] = minimize
) -> Restarts:
    """Descend from n random starts and keep the best point.

    A start in the basin of the global minimum, of probability p, is among them with probability 1 − (1 − p)ⁿ.

    sample : draws a start (d,) from the generator. minimise : takes f and a start; returns where it ended, or a result
    that has it as `.x`, such as that of `minimize`. A start that is better than where its run ended counts as well,
    a run that ended where J is not finite does not [source 004].

    Raises ValueError unless n is a whole number ≥ 1, and if J is finite nowhere.

    >>> f = lambda x: np.sum((x**2 - 4.0) ** 2 + x)
    >>> found = random_restarts(f, lambda rng: rng.uniform(-3.0, 3.0, 1), np.random.default_rng(0), 5)
    >>> found.x.round(2), found.ends[:, 0].round(2)
    (array([-2.03]), array([ 1.97, -2.03, -2.03, -2.03,  1.97]))
    """
    generator("random_restarts", rng)
    whole("random_restarts", "n", n)
    starts = np.array([np.array(sample(rng), dtype=float) for _ in range(n)])
    results = [minimise(f, start.copy()) for start in starts]
    ends = np.array([getattr(result, "x", result) for result in results], dtype=float)
    values = np.array([float(f(end)) for end in ends])
    points, heights = np.concatenate([ends, starts]), np.array([*values, *(float(f(start)) for start in starts)])
    if not np.any(np.isfinite(heights)):
        raise ValueError(f"random_restarts: J is finite at none of the {n} starts and ends")
    best = np.where(np.isfinite(heights), heights, math.inf).argmin()
    return Restarts(points[best], float(heights[best]), starts, ends, values)


class Annealing(NamedTuple):
    """The best point seen and its value; the path (steps + 1, d) and J along it, the start included; which proposals
    were accepted (steps,); the temperature of each step (steps,)."""

    x: ndarray
    value: float
    path: ndarray
    values: ndarray
    accepted: ndarray
    temperatures: ndarray


def simulated_annealing(
    f: Function, start: Any, rng: Generator, *, steps: int, temperature: HyperParameter, scale: HyperParameter = 1.0
) -> Annealing:
    """Try random moves, take every move downhill, and moves uphill the less often the colder it is.

        θ' = θ + s ξ,  ξ ~ N(0, I)
        θ ← θ'  with probability min(1, exp(−(J(θ') − J(θ)) / T))

    The acceptance is that of Metropolis et al. [1953], which at a constant T visits θ in proportion to exp(−J(θ)/T);
    letting T fall is due to Kirkpatrick, Gelatt and Vecchi [1983; source 004]. temperature : T in the units of J, a
    number or a schedule of the step, such as `schedules.exponential(1.0, 0.99)`; at T = 0 nothing goes uphill.
    scale : s, likewise. It uses no gradient. What is returned as x is the best point seen, not the last.

    Raises ValueError unless steps is a whole number ≥ 1, T ≥ 0 and s > 0 are finite and J is finite at the start, and
    where J is −∞. A move to where J is NaN or +∞ is not taken.

    >>> from dlcourse.optim.schedules import exponential
    >>> f = lambda θ: np.sum((θ**2 - 4.0) ** 2 + θ)
    >>> found = simulated_annealing(f, [2.0], np.random.default_rng(0), steps=500, temperature=exponential(10.0, 0.99))
    >>> found.path.shape, found.x.round(1)
    ((501, 1), array([-2.]))
    """
    generator("simulated_annealing", rng)
    whole("simulated_annealing", "steps", steps)
    θ = np.array(start, dtype=float)
    value = float(f(θ))
    if not math.isfinite(value):
        raise ValueError(f"simulated_annealing: J must be finite at the start, got {value}")
    best, lowest = θ, value
    walk, tried = [(θ, value)], []
    for t in range(1, steps + 1):
        T, s = float(at(temperature, t)), float(at(scale, t))
        if not (0.0 <= T < math.inf and 0.0 < s < math.inf):
            raise ValueError(f"simulated_annealing: needs finite T ≥ 0 and s > 0, got T = {T} and s = {s} at step {t}")
        trial = θ + s * rng.standard_normal(θ.shape)
        height = float(f(trial))
        if height == -math.inf:
            raise ValueError(f"simulated_annealing: J is −∞ at {trial}: it has no minimum")
        rise = height - value
        take = rise <= 0.0 or (T > 0.0 and rng.random() < math.exp(-rise / T))
        if take:
            θ, value = trial, height
            if value < lowest:
                best, lowest = θ, value
        walk.append((θ, value))
        tried.append((take, T))
    return Annealing(best, lowest, *map(np.array, (*zip(*walk), *zip(*tried))))
