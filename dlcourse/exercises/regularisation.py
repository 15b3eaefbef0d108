"""Exercises of the chapter on initialisation and regularisation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy import ndarray

from .. import data, training
from .checking import Case, Exercise, Feedback, answered, exercise, register, shown
from .goals import beside

# 1 The soft threshold ------------------------------------------------------------------------------------------------


def least(z: float, τ: float) -> float:
    """The minimiser of ½ (x − z)² + τ |x|, convex with its corner at 0: there it is, or where the slope changes its sign."""

    def slope(x: float, side: float) -> float:
        return x - z + τ * side

    if slope(0.0, -1.0) <= 0.0 <= slope(0.0, 1.0):
        return 0.0
    side = 1.0 if slope(0.0, 1.0) < 0.0 else -1.0
    low, high = 0.0, side * (abs(z) + τ + 1.0)
    for _ in range(200):
        middle = (low + high) / 2.0
        low, high = (middle, high) if side * slope(middle, side) < 0.0 else (low, middle)
    return (low + high) / 2.0


def threshold_case(z: list[float], τ: float) -> Case:
    array = np.array(z)
    right = np.array([least(each, τ) for each in z])
    mistakes = (
        (array - τ * np.sign(array), "Entries smaller than τ have been carried past 0. They should stop there."),
        (np.where(np.abs(array) <= τ, 0.0, array), "That is the hard threshold: those that survive are shortened by τ too."),
        (np.maximum(array - τ, 0.0), "Negative entries are shortened as positive ones are, from their side."),
        (np.abs(right), "The sign is lost."),
        (array / (1.0 + τ), "That divides, as a square penalty does; it never arrives at 0."),
    )
    return Case((array, τ), right, f"shrink({z}, τ={τ:g})", mistakes)


exercise(
    "soft_threshold",
    [threshold_case([3.0, -0.5, -2.0], 1.0), threshold_case([0.3, -0.3, 0.0, 0.5], 0.3), threshold_case([1.5, -4.0], 0.0)],
    praise="They were compared with a search for the minimum of ½(x − z)² + τ|x|.",
)

# 2 A bound for any slope ---------------------------------------------------------------------------------------------


def kept(b: float, inputs: int, units: int, slope: float) -> float:
    """By what a layer with weights U[−b, b] multiplies the mean square of signal and gradient, on average of the two.

    a is symmetric, so half of its square passes whole and half times slope²; the variance of the weights is integrated.
    """
    middles = b * (np.arange(-2000, 2000) + 0.5) / 2000.0
    variance = float(np.mean(middles**2))
    passes = 0.5 * (1.0 + slope**2)
    return 0.5 * (inputs * variance * passes + units * variance * passes)


def bound_case(inputs: int, units: int, slope: float) -> Case:
    low, high = 0.0, 100.0
    for _ in range(200):
        middle = (low + high) / 2.0
        low, high = (middle, high) if kept(middle, inputs, units, slope) < 1.0 else (low, middle)
    right = (low + high) / 2.0
    mistakes = (
        (right / np.sqrt(3.0), "That is the standard deviation of the weights; U[−b, b] has b / √3."),
        (right**2, "Take the root."),
        (np.sqrt(6.0 / (inputs + units)), "That is Glorot's, for slope 1 on both sides of 0."),
        (np.sqrt(12.0 / ((1.0 + slope) * (inputs + units))), "It is the mean of the squares of the slopes that counts."),
        (np.sqrt(6.0 / (inputs * (1.0 + slope**2))), "That keeps the signal alone; the gradient is to count as much."),
    )  # fmt: skip
    return Case((inputs, units, slope), right, f"weight_bound(inputs={inputs}, units={units}, s={slope:g})", mistakes)


exercise(
    "weight_bound",
    [bound_case(64, 32, 1.0), bound_case(64, 32, 0.0), bound_case(100, 100, 0.2), bound_case(1, 500, 0.5)],
    praise="The first is Glorot's recipe for tanh near 0, the second its relative for ReLU.",
    tolerance=1e-5,
)

# 3 Look ahead --------------------------------------------------------------------------------------------------------


def by_the_package(losses: Sequence[float], patience: int) -> tuple[int, int]:
    stopping = training.EarlyStopping(patience)
    for epoch, loss in enumerate(losses, 1):
        if stopping.see(epoch, loss, "θ"):
            break
    return stopping.epoch, epoch


def stop_case(losses: list[float], patience: int) -> Case:
    best, last = by_the_package(losses, patience)
    first_rise = next((i for i in range(1, len(losses)) if losses[i] >= losses[i - 1]), len(losses) - 1) + 1
    everything = int(np.argmin(losses)) + 1
    latest = last - int(np.argmin(losses[:last][::-1]))  # of the equal lowest ones
    mistakes = (
        *([((latest, last), "Of equal losses the first counts.")] if latest != best else []),
        ((best - 1, last - 1), "Epochs are counted from 1."),
        ((last, last), "The best epoch is the one to go back to, not the one where training ends."),
        ((everything, last), "That epoch was never reached: training had ended before."),
        ((best, first_rise), "That is the first rise. Patience waits for so many epochs without a new lowest loss."),
        ((best, min(last + 1, len(losses))), "One epoch too many: the patience is used up when so many have passed in vain."),
        ((everything, len(losses)), "Training should have ended before the last loss."),
    )
    return Case((losses, patience), (best, last), f"look_ahead({losses}, patience={patience})", mistakes)


exercise(
    "look_ahead",
    [
        stop_case([3.0, 2.0, 1.0, 1.5, 1.2, 0.5], 2),
        stop_case([3.0, 2.0, 1.0, 1.5, 1.2, 0.5], 3),
        stop_case([1.0, 1.0, 1.0], 2),
        stop_case([5.0, 4.0, 3.0], 1),
        stop_case([2.0, 1.0, 1.3, 0.9, 1.1, 1.0, 0.8], 2),
    ],
    praise="The first two differ in their patience alone: one more epoch would have shown the lowest loss of all.",
)

# 4 A price for each power --------------------------------------------------------------------------------------------

DEGREE = 10
EXAMPLES = 20
RUNS = 60
NOISE = 0.5
PASS = 0.09


@cache
def sets() -> tuple[ndarray, ndarray, ndarray, ndarray]:
    """The powers of x and the targets of RUNS training sets, the powers on a grid, and the truth there."""
    drawn = [data.sine(np.random.default_rng(seed), EXAMPLES, noise=NOISE) for seed in range(RUNS)]
    grid = np.linspace(-1.0, 1.0, 101)
    powers = np.stack([np.vander(s.X[:, 0], DEGREE + 1, increasing=True) for s in drawn])
    return powers, np.stack([s.y for s in drawn]), np.vander(grid, DEGREE + 1, increasing=True), np.sin(np.pi * grid)


def error_of(prices: ndarray) -> float:
    """The squared error, averaged over grid and training sets, of min mean (y − Σ wₖ xᵏ)² + Σ λₖ wₖ², k = 1 … 10."""
    A, y, on_grid, truth = sets()
    G = np.swapaxes(A, 1, 2) @ A / EXAMPLES + np.diag([0.0, *prices])
    w = np.linalg.solve(G, np.swapaxes(A, 1, 2) @ y[:, :, None] / EXAMPLES)[:, :, 0]
    return float(np.mean((w @ on_grid.T - truth) ** 2))


def judge_prices(price: Callable[[int], Any]) -> Feedback:
    found = [answered(price(k)) for k in range(1, DEGREE + 1)]
    if any(np.ndim(each) for each in found):
        raise ValueError(f"price(k) must return one number, the λ of the power k alone, got {shown(found[0])}")
    prices = np.array([float(each) for each in found])
    if not (np.isfinite(prices).all() and (prices >= 0).all()):
        return Feedback(False, f"Not yet. Each λₖ must be a finite number ≥ 0, got {prices.tolist()}.")
    if not prices.any():
        return Feedback(
            False, f"Not yet. Without any penalty the error is {error_of(prices):.2g}; something must cost something."
        )
    reached = error_of(prices)
    words = f"The mean squared error is {beside(reached, PASS, '.3g')}, averaged over {RUNS} training sets."
    if reached > PASS:
        return Feedback(False, f"Not yet. {words} One λ for all powers reaches 0.115 at best; the goal is below {PASS:g}.")
    return Feedback(True, f"Right. {words} No single λ gets there: your prices know something about the sine.")


register(Exercise("price_list", judge_prices))
