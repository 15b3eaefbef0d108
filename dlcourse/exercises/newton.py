"""Exercises of the chapter on Newton's method. What is expected comes from descent on the model, from the engine's derivatives,
or from running the method, never from the solution in the chapter."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from .. import landscapes, nn, optim
from ..autodiff import grad, hessian
from .checking import Case, Exercise, Feedback, answered, exercise, register
from .goals import beside

# 1 The bottom of the model ------------------------------------------------------------------------------------------


def bottom(g: ndarray, H: ndarray) -> tuple[ndarray, float]:
    """Where gᵀp + ½ pᵀHp is lowest, and its value there, found by gradient descent on it."""
    λ = np.linalg.eigvalsh(H)
    p = np.zeros_like(g)
    for _ in range(300):  # κ below 6 in all cases: a factor of 0.71 or less for each
        p = p - 2.0 / (λ[0] + λ[-1]) * (g + H @ p)
    return p, float(g @ p + 0.5 * p @ H @ p)


def bottom_case(g: list[float], H: list[list[float]]) -> Case:
    slope, curvature = np.array(g), np.array(H)
    p, change = bottom(slope, curvature)
    axes = -slope / np.diag(curvature)
    uphill = "That is uphill: the gradient of the model is g + H p, and p has to make it zero."
    mistakes = (
        *(((-p, said), uphill) for said in (change, -change, -3.0 * change)),  # as meant, gᵀp / 2, gᵀp + ½ pᵀHp
        ((-curvature @ slope, change), "You multiplied by H; the equation H p = −g has to be solved."),
        ((axes, change), "Dividing by the diagonal alone forgets how the directions mix."),
        ((p, 2.0 * change), "gᵀp is the fall of the straight line. The parabola bends up and takes half of it back."),
        ((p, -change), "The change is m(p) − J: negative, since the model falls."),
    )
    return Case((slope, curvature), (p, change), f"bottom(g={slope.tolist()}, H={curvature.tolist()})", mistakes)


exercise(
    "bottom",
    [
        bottom_case([2.0, 3.0], [[4.0, 0.0], [0.0, 1.0]]),
        bottom_case([1.0, -2.0], [[3.0, 1.0], [1.0, 2.0]]),
        bottom_case([1.0, 1.0, 1.0], [[2.0, -1.0, 0.0], [-1.0, 2.0, -1.0], [0.0, -1.0, 2.0]]),
        bottom_case([-3.0], [[6.0]]),
    ],
    praise="Gradient descent on each model ends there too, many steps later.",
    tolerance=1e-7,
)

# 2 Newton for logistic regression -----------------------------------------------------------------------------------


def irls_case(seed: int, T: int, d: int) -> Case:
    rng = np.random.default_rng(seed)
    X, w = rng.normal(size=(T, d)), 0.5 * rng.normal(size=d)
    y = (X @ rng.normal(size=d) + rng.normal(size=T) > 0).astype(float)
    risk = lambda w: nn.binary_cross_entropy(X @ w, y)  # noqa: E731
    g, H = grad(risk)(w), hessian(risk)(w)
    p = -np.linalg.solve(H, g)
    flat = -np.linalg.solve(X.T @ X / T, g)
    mistakes = (
        (w - p, "That step goes the wrong way."),
        (p, "That is the step; the new w is asked for."),
        (w - g, "That is a step of gradient descent with α = 1."),
        (w + flat, "The curvature of example t is p(1 − p) for its predicted probability p, not 1."),
        (w + p / T, "Divide the gradient and the Hessian by T, or neither."),
        (w + p * T, "Divide the gradient and the Hessian by T, or neither."),
    )
    return Case((w, X, y), w + p, f"irls(w, X, y) with T = {T}, d = {d}", mistakes)


exercise(
    "irls",
    [irls_case(0, 40, 2), irls_case(1, 200, 5), irls_case(2, 30, 1)],
    praise="Repeated, this is how statistics packages fit logistic regression.",
    tolerance=1e-8,
)

# 3 Curvature without its sign ---------------------------------------------------------------------------------------


def absolute(H: ndarray) -> ndarray:
    """|H| = H sign(H), with the sign found by iteration (X + X⁻¹) / 2, no eigenvalue computed."""
    X = H / np.linalg.norm(H)
    for _ in range(60):
        X = 0.5 * (X + np.linalg.inv(X))
    return H @ X


def saddle_free_case(g: list[float], H: list[list[float]]) -> Case:
    slope, curvature = np.array(g), np.array(H)
    p = -np.linalg.solve(absolute(curvature), slope)
    mistakes = (
        (-np.linalg.solve(curvature, slope), "That is Newton's own step, which goes to the saddle."),
        (
            -np.linalg.solve(np.abs(curvature), slope),
            "|H| is not the matrix of absolute entries: its eigenvalues are made positive.",
        ),
        (-slope / np.abs(np.diag(curvature)), "The diagonal of H does not hold its eigenvalues."),
        (-p, "That goes uphill."),
    )
    return Case((slope, curvature), p, f"saddle_free(g={slope.tolist()}, H={curvature.tolist()})", mistakes)


exercise(
    "saddle_free",
    [
        saddle_free_case([1.0, 1.0], [[2.0, 0.0], [0.0, -4.0]]),
        saddle_free_case([1.0, -2.0], [[1.0, -3.0], [-3.0, 1.0]]),
        saddle_free_case([0.5, 1.0, -1.0], [[2.0, -1.0, 0.5], [-1.0, -3.0, 1.0], [0.5, 1.0, 0.3]]),
        saddle_free_case([3.0, 1.0], [[2.0, 1.0], [1.0, 2.0]]),
    ],
    praise="On the last, whose eigenvalues are positive, it is Newton's step.",
    tolerance=1e-8,
)

# 4 A far start ------------------------------------------------------------------------------------------------------

HILL = landscapes.himmelblau
FAR = 2.5  # from the maximum


def far_start(start: Callable[[], Any]) -> Feedback:
    θ = np.array(answered(start()), dtype=float)
    (left, right), (lower, upper) = HILL.domain
    if θ.shape != (2,) or not (left <= θ[0] <= right and lower <= θ[1] <= upper):
        return Feedback(False, f"Not yet. The start must be two numbers from {left:g} to {right:g}, got {θ.tolist()}.")
    path = optim.descend(optim.NewtonStep(), HILL, θ, 100).path
    top = np.array(HILL.maxima[0])
    distance = float(np.hypot(*(θ - top)))
    words = f"From ({θ[0]:.3f}, {θ[1]:.3f}), {beside(distance, FAR, '.2f')} away, pure Newton"
    ends = {"a minimum": HILL.minima, "a saddle": HILL.saddles, "the maximum": HILL.maxima}
    where = [kind for kind, places in ends.items() for place in places if math.dist(path[-1], place) < 1e-6]
    if where != ["the maximum"]:
        return Feedback(False, f"Not yet. {words} ends in {where[0] if where else 'no critical point'}.")
    if distance < FAR:
        return Feedback(False, f"Not yet. {words} does climb to the maximum, but the start has to be {FAR:g} away or more.")
    steps = int(np.argmax(np.hypot(*(path - top).T) < 1e-6))
    return Feedback(True, f"Right: {words} climbs to the maximum, in {steps} steps. How far can you go?")


register(Exercise("far_start", far_start))
