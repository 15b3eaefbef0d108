"""Bias and variance of polynomial fits, exact, and the error measured over training sets that were drawn again and again."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import palette
from .controls import Slider
from .curves import Axis, Curves, Goal, Line, Panel, Sentence, Series, Show
from .training_programs import short

DEGREES = 10
EXAMPLES = 20  # in a training set
SETS = 40
SHOWN = 12  # fits that are drawn
POINTS = 81  # where fits and truth are compared, evenly spaced
SEED = 2
LITTLE = 0.1  # the noise for which the best degree is to be found


def truth(x: Any) -> Any:
    """The sine of the course's regression, `data.sine` without noise."""
    return np.sin(np.pi * x)


class BiasVariance(Curves):
    """Polynomials fitted to training sets of 20 noisy points of a sine, the sets differing in their noise alone.

        E (y − f̂(x))² = (E f̂(x) − f(x))² + Var f̂(x) + σ²

    averaged over x [Geman, Bienenstock and Doursat 1992; source 002]. Left, some of the fits, the mean of all and the truth;
    right, the three parts and their sum for every degree, and what is measured on new noisy targets. The fits are least
    squares, written in polynomials q_k that are orthonormal on the 20 points: a fit of degree d keeps the first d + 1. That
    is linear in the targets, so E f̂ is the fit to targets without noise, and Var f̂(x) = σ² (q₀(x)² + … + q_d(x)²). (The
    mean of finitely many fits would have an error of its own, their variance over their number, and pass it off as bias.)
    """

    degree = Slider(1, low=0, high=DEGREES, step=1, label="degree", description="of the polynomials")
    noise = Slider(0.5, low=0.05, high=1.5, step=0.05, label="σ", description="noise of the targets")

    def __init__(self, *, identity: str = "bias-variance", **state: Any) -> None:
        rng = np.random.default_rng(SEED)
        self.x = np.sort(rng.uniform(-1.0, 1.0, EXAMPLES))
        self.draws = short(rng.standard_normal((SETS, EXAMPLES)))
        self.fresh = short(rng.standard_normal((SETS, POINTS)))
        self.grid = np.linspace(self.x[0], self.x[-1], POINTS)  # no extrapolation
        orthogonal, triangle = np.linalg.qr(np.vander(self.x, DEGREES + 1, increasing=True))
        self.basis = orthogonal  # (EXAMPLES, DEGREES + 1), orthonormal columns
        self.on_grid = np.linalg.solve(triangle.T, np.vander(self.grid, DEGREES + 1, increasing=True).T).T
        self.means = np.cumsum(truth(self.x) @ orthogonal * self.on_grid, axis=1)  # (POINTS, DEGREES + 1)
        self.biases = np.mean((self.means - truth(self.grid)[:, np.newaxis]) ** 2, axis=0)
        self.variances = np.mean(np.cumsum(self.on_grid**2, axis=1), axis=0)  # where σ = 1
        blue, orange, green, pink, violet = palette.SERIES
        fits = [Series("grid", f"fit{k}", "", palette.DATA, faint=True) for k in range(SHOWN)]
        left = Panel(
            Axis("x", (-1.0, 1.0)),
            Axis("y", (-3.0, 3.0)),
            (
                *fits,
                Series("x", "targets", "one training set", palette.DATA, kind="dots"),
                Series("grid", "truth", "truth", green, dash="6 3"),
                Series("grid", "mean", "mean of all fits", orange),
            ),
        )
        right = Panel(
            Axis("degree", (0, DEGREES)),
            Axis("mean squared error", (1e-3, 300.0), "log"),
            (
                Series("degrees", "biases", "bias²", orange, at="bias"),
                Series("degrees", "variances", "variance", blue, at="variance"),
                Series("degrees", "noises", "noise", pink, dash="2 4"),
                Series("degrees", "sums", "sum", violet, at="total"),
                Series("degrees", "measured", "measured", palette.DATA, kind="circles", faint=True),
            ),
            (Line("best", "least", when="reached"),),
            pick="degree",
        )
        super().__init__(
            identity,
            self.results,
            (left, right),
            words=(
                Sentence("Degree {degree}: the mean of the fits to all training sets misses the truth by bias² = {bias}.",
                         colour=orange),
                Sentence("The fits differ from each other by a variance of {variance}.", colour=blue),
                Sentence("With the noise, {noise_variance}, the expected error is {total}; "
                         "measured with {sets:d} training sets, on new targets: {here}.", colour=violet),
                Sentence("Bias is larger than variance: the polynomials are stiff.", when="stiff"),
                Sentence("Variance is larger than bias: the fits follow the noise of their own sets.", when="loose"),
                Sentence("No degree does better.", when="reached", tone="good"),
            ),
            goal=Goal(f"Predict, then find, the degree of the least expected error with little noise, σ = {LITTLE}.", "found"),
            shows=(
                Show("too stiff", {"degree": 1, "noise": 0.5}),
                Show("about right", {"degree": 3, "noise": 0.5}),
                Show("too loose", {"degree": 8, "noise": 0.5}),
            ),
            **state,
        )  # fmt: skip

    def results(self, degree: Any, noise: Any) -> dict[str, Any]:
        truth_at, truth_on = truth(self.x), truth(self.grid)
        targets = truth_at + noise * self.draws
        coefficients = targets @ self.basis  # of every set, for all degrees at once
        fresh = truth_on + noise * self.fresh
        errors, fits = [], np.zeros((SETS, POINTS))
        for d in range(DEGREES + 1):
            fits = fits + coefficients[:, d : d + 1] * self.on_grid[:, d]
            errors.append(np.mean((fits - fresh) ** 2))
        degrees = np.arange(DEGREES + 1.0)
        measured, variances = np.stack(errors), noise**2 * self.variances
        sums = self.biases + variances + noise**2
        keeps = np.less_equal(degrees, degree)
        fits = (coefficients * keeps) @ self.on_grid.T
        chosen = np.equal(degrees, degree)
        at = lambda values: np.sum(values * chosen)  # noqa: E731
        least = -np.max(-sums)
        best = np.sum(degrees * np.equal(sums, least))
        return {
            "grid": self.grid,
            "truth": truth_on,
            "mean": np.sum(self.means * chosen, axis=1),
            **{f"fit{k}": fits[k] for k in range(SHOWN)},
            "x": self.x,
            "targets": targets[0],
            "degrees": degrees,
            "biases": self.biases,
            "variances": variances,
            "noises": noise**2 + 0.0 * degrees,
            "sums": sums,
            "measured": measured,
            "bias": at(self.biases),
            "variance": at(variances),
            "noise_variance": noise**2,
            "total": at(sums),
            "here": at(measured),
            "sets": float(SETS),
            "best": best,
            "stiff": np.greater(at(self.biases), at(variances)),
            "loose": np.less_equal(at(self.biases), at(variances)),
            "reached": np.equal(degree, best),
            "found": np.equal(degree, best) * np.less(np.abs(noise - LITTLE), 1e-6),
        }
