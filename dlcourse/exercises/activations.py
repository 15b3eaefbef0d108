"""Exercises of the chapter on activations. What is expected comes from the engine and from measurements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from ..nn import activations
from .checking import EXERCISES, Case, Exercise, Feedback, agree, answered, exercise, register, shown
from .goals import beside

# 1 The slope of SiLU -----------------------------------------------------------------------------------------------------


def silu_case(x: Any) -> Case:
    x = np.asarray(x, dtype=np.float64) if np.ndim(x) else float(x)
    σ = activations.sigmoid(x)
    right = activations.get("silu").slope(x)
    mistakes = (
        (σ, "That is σ(x) alone; the product rule has a second term."),
        (σ * (1 - σ), "That is σ′(x); SiLU is x σ(x)."),
        (σ + x * σ, "The second term is x σ′(x), and σ′ = σ(1 − σ)."),
    )
    return Case((x,), right, f"silu_slope({np.asarray(x).tolist()})", mistakes)


by_value = exercise(
    "silu_slope",
    [silu_case(0.0), silu_case(1.5), silu_case([-3.0, -1.0, 2.0]), silu_case([-1000.0, 1000.0])],
    praise="It is a little above 1 for large x, and a little below 0 for small ones.",
)


def judge_silu(silu_slope: Callable[..., Any]) -> Feedback:
    """As any exercise; then once more at ±1000, where NumPy says what it would warn of."""
    feedback = by_value.judge(silu_slope)
    warned: list[str] = []
    with np.errstate(over="call", divide="call", invalid="call", call=lambda kind, _: warned.append(kind)):
        if feedback.right:
            silu_slope(np.array([-1000.0, 1000.0]))
    if warned:
        return Feedback(
            False,
            f"Not yet. All values agree, but at ±1000 NumPy warns ({warned[0]}). Mind that np.where computes both branches.",
        )
    return feedback


EXERCISES[by_value.name] = by_value._replace(judge=judge_silu)

# 2 Where SELU's constants come from --------------------------------------------------------------------------------------


def normal_moments(g: Callable[[ndarray], ndarray]) -> tuple[float, float]:
    """Mean and mean square of g(z) for a standard normal z, by the trapezoidal rule."""
    z = np.linspace(-12.0, 12.0, 480_001)
    density = np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
    values = g(z)
    return float(np.trapezoid(values * density, z)), float(np.trapezoid(values**2 * density, z))


def judge_selu(selu_constants: Callable[[], Any]) -> Feedback:
    found = answered(selu_constants())
    if not (
        isinstance(found, tuple | list | ndarray) and len(found) == 2 and all(np.ndim(x) == 0 and np.isfinite(x) for x in found)
    ):
        return Feedback(False, f"Not yet. The answer must be a pair of numbers (α, λ), got {shown(found)}.")
    α, λ = map(float, found)
    mean, square = normal_moments(lambda z: λ * activations.elu(z, α))
    words = f"With α = {α:.6g} and λ = {λ:.6g} the mean is {mean:.3g} and the variance {square - mean**2:.6g}."
    if not (α > 0 and λ > 0):
        return Feedback(False, f"Not yet. {words} Both constants are positive.")
    if agree((λ, α), (activations.SELU_ALPHA, activations.SELU_SCALE), 1e-4):
        return Feedback(False, f"Not yet. {words} You have them the wrong way round: first α, then λ.")
    if abs(mean) > 1e-5 or abs(square - mean**2 - 1.0) > 1e-5:
        return Feedback(False, f"Not yet. {words} They should be 0 and 1, to five digits.")
    return Feedback(True, f"Right. {words}")


register(Exercise("selu_constants", judge_selu))

# 3 An activation of one's own --------------------------------------------------------------------------------------------

DEPTH, UNITS, NETWORKS = 30, 100, 3
SIGNAL, GRADIENT, MISSED = 2.0, 5.0, 0.05


def missed_by_a_line(g: Callable[[ndarray], ndarray]) -> float:
    """The share of the variance of g(z), z standard normal, that the best straight line leaves over."""
    mean, square = normal_moments(g)
    z = np.linspace(-12.0, 12.0, 480_001)
    slope = float(np.trapezoid(z * g(z) * np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi), z))
    variance = square - mean**2
    return 1.0 - slope**2 / variance if variance > 1e-12 else 0.0


def through_depth(g: Callable[[ndarray], ndarray], seed: int) -> tuple[float, float]:
    """Root mean square of the activations at the top; length of the gradient at the input, in units of that at the top."""
    rng = np.random.default_rng(seed)
    W = rng.normal(0.0, 1.0 / np.sqrt(UNITS), size=(DEPTH, UNITS, UNITS))
    h, slopes = rng.normal(size=(50, UNITS)), []
    for k in range(DEPTH):
        a = h @ W[k].T
        slopes.append((g(a + 1e-6) - g(a - 1e-6)) / 2e-6)
        h = g(a)
    d = rng.normal(size=h.shape)
    start = np.sqrt(np.mean(d**2))
    for k in reversed(range(DEPTH)):
        d = (d * slopes[k]) @ W[k]
    return float(np.sqrt(np.mean(h**2))), float(np.sqrt(np.mean(d**2)) / start)


def judge_design(activation: Callable[[ndarray], Any]) -> Feedback:
    probe = np.linspace(-2.0, 2.0, 6).reshape(2, 3)
    got = np.asarray(answered(activation(probe)), dtype=np.float64)
    if got.shape != probe.shape or not np.isfinite(got).all():
        return Feedback(
            False, f"Not yet. For an array of shape (2, 3) the function must give numbers of that shape, got {shown(got)}."
        )

    def g(x: ndarray) -> ndarray:
        return np.asarray(activation(x), dtype=np.float64)

    missed = missed_by_a_line(g)
    measured = np.array([through_depth(g, seed) for seed in range(NETWORKS)])
    signal, gradient = np.exp(np.mean(np.log(np.maximum(measured, 1e-300)), axis=0))
    height, length = (beside(x, most if x > 1.0 else 1.0 / most, ".2g") for x, most in ((signal, SIGNAL), (gradient, GRADIENT)))
    words = (
        f"After {DEPTH} layers the activations have a root mean square of {height}, the gradient at the input is "
        f"{length} times as long as at the top, and a straight line misses {beside(missed, MISSED, '.1%')} of the variance."
    )
    alive = 1.0 / SIGNAL <= signal <= SIGNAL and 1.0 / GRADIENT <= gradient <= GRADIENT
    return Feedback(True, f"Right. {words}") if alive and missed >= MISSED else Feedback(False, f"Not yet. {words}")


register(Exercise("design", judge_design))
