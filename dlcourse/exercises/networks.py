"""Exercises of the chapter on networks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy import ndarray

from .. import data, nn
from .checking import Case, Exercise, Feedback, answered, exercise, register
from .goals import beside

# 1 Count the parameters ---------------------------------------------------------------------------------------------


def parameters_case(widths: Sequence[int]) -> Case:
    weights = sum(a * b for a, b in pairwise(widths))
    units = sum(widths[1:])
    mistakes = (
        (weights, "Those are the weights; each unit has a bias as well."),
        (weights + units + widths[0], "The inputs have no biases."),
        (weights + units - widths[-1], "The units of the output have biases too."),
    )
    right = nn.MLP(widths, task="regression").size  # counted from the arrays themselves
    return Case((list(widths),), right, f"parameters({list(widths)})", mistakes)


exercise(
    "parameters",
    [parameters_case(w) for w in ([1, 8, 1], [2, 1], [64, 100, 10], [3, 5, 4, 2], [1] + [2] * 6 + [1])],
    praise="The numbers were counted from the arrays of nn.MLP.",
)

# 2 Exclusive or -----------------------------------------------------------------------------------------------------

CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])


def judge_xor(xor: Callable[[], Any]) -> Feedback:
    given = answered(xor())
    if not isinstance(given, tuple | list) or len(given) != 4:
        return Feedback(False, "Not yet. Return four things: W, b, w, c.")
    W, b, w, c = (np.asarray(each, dtype=float) for each in given)
    for name, found, shape in (("W", W, (2, 2)), ("b", b, (2,)), ("w", w, (2,)), ("c", c, ())):
        if found.shape != shape:
            return Feedback(False, f"Not yet. {name} has the shape {found.shape}; it should be {shape}.")
    for x, wanted in zip(CORNERS, (0.0, 1.0, 1.0, 0.0), strict=True):
        got = float(w @ np.maximum(0.0, W @ x + b) + c)
        if not abs(got - wanted) < 1e-9:
            return Feedback(False, f"Not yet. At ({x[0]:g}, {x[1]:g}) the output should be {wanted:g}, but is {got:.10g}.")
    return Feedback(True, "Right: all four corners agree, with two units where one cannot do it.")


register(Exercise("xor", judge_xor))

# 3 A bump on demand -------------------------------------------------------------------------------------------------


def bump_nest(given: Any) -> dict[str, list[ndarray]]:
    """What the reader returned, its lists as arrays; ValueError, in words, if it has not the form that the task names."""
    if not isinstance(given, dict) or not all(isinstance(given.get(name), list | tuple) for name in ("W", "b")):
        raise ValueError('the parameters are a nest {"W": [W1, W2], "b": [b1, b2]}')
    θ = {name: [np.asarray(each, dtype=float) for each in given[name]] for name in ("W", "b")}
    shapes = {name: [each.shape for each in arrays] for name, arrays in θ.items()}
    if shapes != {"W": [(2, 1), (1, 2)], "b": [(2,), (1,)]}:
        raise ValueError(f"W1, W2, b1, b2 have the shapes (2, 1), (1, 2), (2,), (1,); got {shapes}")
    return θ


def judge_bump(bump: Callable[..., Any]) -> Feedback:
    net = nn.MLP([1, 2, 1], "sigmoid", task="regression")
    for u, v, height, ε in ((0.0, 1.0, 1.0, 0.01), (-2.0, 3.0, -4.0, 0.1), (0.2, 0.3, 5.0, 1e-4)):
        θ = bump_nest(answered(bump(u, v, height, ε)))
        call = f"bump(u={u:g}, v={v:g}, height={height:g}, ε={ε:g})"
        half = (v - u) / 2
        places = {"the middle": u + half, "u − (v − u)/2": u - half, "v + (v − u)/2": v + half, "u": u, "v": v}
        wanted = (height, 0.0, 0.0, height / 2, height / 2)
        got = np.asarray(net(θ, np.reshape(list(places.values()), (-1, 1))))[:, 0]
        for where, right, found in zip(places, wanted, got, strict=True):
            if not abs(found - right) <= ε:
                return Feedback(
                    False, f"Not yet. {call}: at {where} it should be within {ε:g} of {right:g}, but is {found:.4g}."
                )
        needed = 2 / (v - u) * np.log(2 * abs(height) / ε - 1)  # two sigmoids err by ε in the middle
        largest = float(np.abs(θ["W"][0]).max())
        if largest > 10 * needed:
            return Feedback(
                False, f"Not yet. {call}: a steepness of about {1.005 * needed:.3g} is enough, yours is {largest:.3g}."
            )
    return Feedback(True, "Right: three bumps, each as sharp as it has to be.")


register(Exercise("bump", judge_bump))

# 4 Where to put eight bumps -----------------------------------------------------------------------------------------

RUNS = 5
CENTRES = 8
PASS = 0.022


def error_rate(centres: Callable[[ndarray, ndarray], Any]) -> float:
    """The share of unseen points of two moons that are wrong, with the weights found by least squares on ±1."""
    rbf, errors = nn.RBF(2, CENTRES, 1), []
    for seed in range(RUNS):
        rng = np.random.default_rng(seed)
        train, unseen = data.moons(rng, 200, noise=0.15), data.moons(rng, 1000, noise=0.15)
        given = answered(centres(train.X.copy(), train.y.copy()))
        if not isinstance(given, tuple | list) or len(given) != 2:
            raise ValueError(f"return a pair: the centres ({CENTRES}, 2) and the widths ({CENTRES},)")
        μ, σ = (np.asarray(each, dtype=float) for each in given)
        if μ.shape != (CENTRES, 2) or σ.shape != (CENTRES,):
            raise ValueError(
                f"the centres must have the shape ({CENTRES}, 2) and the widths ({CENTRES},), "
                f"got the shapes {μ.shape} and {σ.shape}"
            )
        if not np.isfinite([*μ.flat, *σ]).all():
            raise ValueError("centres and widths must be finite numbers")
        if not (σ > 0).all():
            raise ValueError(f"the widths must be positive, the smallest is {σ.min():.3g}")
        θ = rbf.solve({"centres": μ, "widths": σ, "W": np.zeros((1, CENTRES))}, train.X, 2.0 * train.y - 1.0)
        errors.append(float(nn.zero_one(rbf(θ, unseen.X), unseen.y)))
    return float(np.mean(errors))


def judge_centres(centres: Callable[[ndarray, ndarray], Any]) -> Feedback:
    reached = error_rate(centres)
    words = f"{beside(reached, PASS, '.2%')} of the unseen points are wrong, averaged over {RUNS} data sets."
    if reached > PASS:
        return Feedback(False, f"Not yet. {words} The goal is {PASS:.1%}.")
    return Feedback(True, f"Right: {words} How few bumps would do?")


register(Exercise("centres", judge_centres))
