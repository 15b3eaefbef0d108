"""Rates of convergence over (α, β): where momentum crawls, oscillates and diverges, and how the error comes apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import optim, palette
from .controls import Choice, Slider
from .curves import Axis, Curves, Goal, Handle, Heat, Line, Panel, Sentence, Series, Show

STEPS = 200  # of the run; the first half is drawn
SHOWN = 100
WINDOW = 20  # the measured rate compares the largest errors of two windows of this length, STEPS / 2 apart
COLUMNS, ROWS = 81, 50
DOMAIN = {"heavy_ball": (0.0, 4.0), "momentum": (0.0, 40.0), "nesterov": (0.0, 4.0)}


class Form(NamedTuple):
    """A form of momentum on λ ≤ 1: label, rule, and what theory says of it, all in the form's own α.

    edge : β → the α beyond which the direction λ = 1 diverges. best : κ → the pair (α, β) with the least spectral radius.
    oscillates : β → the two α between which the direction λ = 1 has complex eigenvalues.
    """

    label: str
    rule: Callable[[Any, Any], optim.UpdateRule]
    edge: Callable[[Any], Any]
    oscillates: Callable[[Any], tuple[Any, Any]]
    best: Callable[[Any], tuple[Any, Any]]


def best_velocity(κ: Any) -> tuple[Any, Any]:
    """α = (2 / (1 + 1/√κ))², β = ((√κ − 1) / (√κ + 1))² [Polyak 1964]."""
    r = np.sqrt(κ)
    return 4.0 / (1.0 + 1.0 / r) ** 2, ((r - 1.0) / (r + 1.0)) ** 2


def best_averaged(κ: Any) -> tuple[Any, Any]:
    α, β = best_velocity(κ)
    return α / (1.0 - β), β


def best_nesterov(κ: Any) -> tuple[Any, Any]:
    """α = 4 / (3 + 1/κ), β = (√(3κ + 1) − 2) / (√(3κ + 1) + 2) [Lessard, Recht and Packard 2016]."""
    r = np.sqrt(3.0 * κ + 1.0)
    return 4.0 / (3.0 + 1.0 / κ), (r - 2.0) / (r + 2.0)


FORMS = {
    "heavy_ball": Form(
        "Heavy ball, or accumulated momentum",
        optim.HeavyBall,
        lambda β: 2.0 * (1.0 + β),
        lambda β: ((1.0 - np.sqrt(β)) ** 2, (1.0 + np.sqrt(β)) ** 2),
        best_velocity,
    ),
    "momentum": Form(
        "Averaged momentum",
        optim.Momentum,
        lambda β: 2.0 * (1.0 + β) / (1.0 - β),
        lambda β: ((1.0 - np.sqrt(β)) ** 2 / (1.0 - β), (1.0 + np.sqrt(β)) ** 2 / (1.0 - β)),
        best_averaged,
    ),
    "nesterov": Form(
        "Nesterov",
        optim.Nesterov,
        lambda β: 2.0 * (1.0 + β) / (1.0 + 2.0 * β),
        lambda β: (((1.0 - β) / (1.0 + β)) ** 2, 1.0 + 0.0 * β),
        best_nesterov,
    ),
}
EDGE = palette.METHODS["rmsprop"]
COLOURS = (palette.METHODS["heavy_ball"], EDGE)


def step_matrix(rule: optim.UpdateRule, λ: Any) -> tuple[Any, Any]:
    """Trace and determinant of the matrix that a step is on J = ½ λ θ²: (θ, v) → (θ, v), by two steps of the rule itself."""
    gradient = lambda θ: λ * θ  # noqa: E731
    (a, c), (b, d) = rule.step(gradient, 1.0, 0.0, 1.0), rule.step(gradient, 0.0, 1.0, 1.0)
    return a + d, a * d - b * c


def eigenvalues(trace: Any, determinant: Any) -> tuple[Any, Any, Any]:
    """Largest modulus; the square of half their difference, negative for a complex pair; the real one of largest modulus."""
    half = trace / 2.0
    gap = half * half - determinant
    root = np.sqrt(np.maximum(gap, 0.0))
    real = np.where(half < 0.0, half - root, half + root)
    return np.where(gap < 0.0, np.sqrt(np.maximum(determinant, 0.0)), np.abs(real)), gap, real


class Rates(Curves):
    """The rate ρ at which momentum approaches the minimum of a quadratic, for every α and β, and the run at one pair.

    J = ½ (θ₁²/κ + θ₂²) from (1, 1): a flat direction with λ = 1/κ and a steep one with λ = 1, which come apart. In each a
    step is a 2 × 2 matrix; ρ is the largest modulus of their eigenvalues, computed from steps of the rule itself. The map
    is strongest at the least ρ there is and changes colour where ρ = 1.

    Parameters
    ----------
    method : "heavy_ball" (the path of accumulated momentum too), "momentum" (averaged), or "nesterov".
    """

    method = Choice(list(FORMS), label="Method", labels=[form.label for form in FORMS.values()])
    condition = Slider(100.0, low=2.0, high=1000.0, scale="log", label="κ", description="condition number")
    alpha = Slider(1.0, low=0.01, high=40.0, scale="log", ticks=100, label="α", description="learning rate")
    beta = Slider(0.0, low=0.0, high=0.99, step=0.01, label="β", description="momentum")

    def __init__(
        self, method: str = "heavy_ball", *, identity: str = "rates", shows: Sequence[Show] | None = None, **state: Any
    ) -> None:
        flat, steep, theory = palette.METHODS["momentum"], palette.METHODS["gradient_descent"], palette.DATA
        self.columns = COLUMNS
        plane = Panel(
            Axis("learning rate α", DOMAIN),
            Axis("momentum β", (0.0, 1.0)),
            (
                Series("edge_alpha", "betas", "edge", EDGE, dash="5 4"),
                Series("flat_alpha", "betas", "flat direction oscillates", flat),
                Series("steep_alpha", "betas", "steep direction oscillates", steep),
                Series("plain_alpha", "plain_beta", "best at β = 0", theory, kind="squares"),
                Series("best_alphas", "best_betas", "best", theory, kind="circles"),
                Series("outside_alpha", "outside_beta", "α beyond the map", flat, kind="circles", when="outside"),
            ),
            handles=(Handle("alpha", "beta", across="alpha", up="beta"),),
            heat=Heat("map", COLUMNS, ROWS, COLOURS, (-0.5, 0.5)),
        )
        errors = Panel(
            Axis("step", (0.0, float(SHOWN))),
            Axis("error in each direction", (1e-8, 1e4), "log"),
            (
                Series("steps", "flat_theory", "", flat, dash="5 4", faint=True),
                Series("steps", "steep_theory", "", steep, dash="5 4", faint=True),
                Series("steps", "flat_error", "flat", flat),
                Series("steps", "steep_error", "steep", steep),
            ),
            (Line(1e-6, "goal 10⁻⁶", axis="y", tone="goal"),),
            share=0.8,
        )
        directions = [
            Sentence(f"{title}: {says}", f"{name}_{when}", colour)
            for name, title, colour in (("flat", "Flat direction, λ = 1/κ", flat), ("steep", "Steep direction, λ = 1", steep))
            for when, says in (
                ("arrives", "both eigenvalues are 0: it arrives in one step."),
                ("steady", f"real eigenvalues, the larger one {{{name}_real:.4f}}: it comes in steadily."),
                ("alternates", f"real eigenvalues, the larger one {{{name}_real:.4f}}: it changes sides with every step."),
                ("oscillates", f"a complex pair of modulus {{{name}_rho:.4f}}: it oscillates."),
                ("grows", f"the largest eigenvalue has modulus {{{name}_rho:.4f}}: it grows."),
            )
        ]
        super().__init__(
            identity,
            {name: self.compute_for(form, DOMAIN[name]) for name, form in FORMS.items()},
            (plane, errors),
            words=(
                Sentence("At κ = {condition}, α = {alpha} and β = {beta} theory gives ρ = {rho:.4f} a step."),
                Sentence(
                    "The run’s error shrank to {measured:.4f} of itself a step, from step 100 to 200 (not drawn).", "shrinks"
                ),
                Sentence(
                    "The run’s error grew by a factor of {measured:.4f} a step, from step 100 to 200 (not drawn).", "grows"
                ),
                Sentence("By step 200 the run’s error is too small or too large to be a number.", "unmeasured"),
                Sentence("It diverges: with this β the edge is α = {edge:.3f}.", "diverges", tone="bad"),
                Sentence("This α lies beyond the map: there the run diverges, whatever β.", "outside"),
                *directions,
                Sentence("The best pair is α = {best_alpha:.3f}, β = {best_beta:.3f} with ρ = {best_rho:.4f}."),
                Sentence("Without momentum the best ρ is {plain_rho:.4f}."),
                Sentence("Goal reached.", "reached", tone="good"),
            ),
            goal=Goal("Get the error below 10⁻⁶ in both directions within 100 steps, at κ = 100 or more.", "reached"),
            shows=SHOWS if shows is None else shows,
            presets={name: {"alpha": 1.0, "beta": 0.0} for name in FORMS},
            method=method,
            **state,
        )

    def compute_for(self, form: Form, domain: tuple[float, float]) -> Callable[..., dict[str, Any]]:
        low, high = domain
        α_row = low + (high - low) * (np.arange(COLUMNS) + 0.5) / COLUMNS
        β_column = np.reshape((np.arange(ROWS) + 0.5) / ROWS, (ROWS, 1))
        betas = np.minimum(np.linspace(0.0, 1.0, 81), 0.999)
        steep_low, steep_high = form.oscillates(betas)
        edge = form.edge(betas)
        steps = np.arange(SHOWN + 1.0)

        def compute(condition: Any, alpha: Any, beta: Any) -> dict[str, Any]:
            flat, steep = 1.0 / condition, 1.0 + 0.0 * condition
            radius = lambda rule, λ: eigenvalues(*step_matrix(rule, λ))[0]  # noqa: E731
            both = lambda rule: np.maximum(radius(rule, flat), radius(rule, steep))  # noqa: E731
            best_alpha, best_beta = form.best(condition)
            best = np.log(both(form.rule(best_alpha, best_beta)))
            field = np.log(np.maximum(both(form.rule(lambda t: α_row, lambda t: β_column)), 1e-9))
            rule = form.rule(alpha, beta)
            (flat_rho, flat_gap, flat_real), (steep_rho, steep_gap, steep_real) = (
                eigenvalues(*step_matrix(rule, λ)) for λ in (flat, steep)
            )
            rho = np.maximum(flat_rho, steep_rho)
            curvatures = np.stack([flat, steep])
            path = optim.descend(rule, lambda θ: 0.5 * np.sum(curvatures * θ * θ), np.ones(2), STEPS).path
            errors = np.abs(path)
            largest = np.maximum(errors[:, 0], errors[:, 1])
            late, early = np.max(largest[-WINDOW:]), np.max(largest[SHOWN - WINDOW + 1 : SHOWN + 1])
            measurable = np.greater(late, 1e-290) * np.less(late, 1e290)
            ratio = np.where(measurable, late, 1.0) / np.where(measurable, early, 1.0)
            measured = ratio ** (1.0 / (STEPS - SHOWN))
            plain = 2.0 / (1.0 + flat)
            # where the run diverges nobody asks whether it oscillates
            flat_low, flat_high = (
                np.where(np.less(α * condition, edge), α * condition, np.nan) for α in (steep_low, steep_high)
            )
            loop = lambda a, b: np.concatenate([a[::-1], b])  # noqa: E731
            found = {
                "map": np.reshape(field / (np.abs(field) - best), (-1,)),
                "betas": loop(betas, betas),
                "edge_alpha": loop(edge, np.full(len(betas), np.nan)),
                "flat_alpha": loop(flat_high, flat_low),
                "steep_alpha": loop(steep_high, steep_low),
                "best_alphas": np.reshape(best_alpha, (1,)),
                "best_betas": np.reshape(best_beta, (1,)),
                "plain_alpha": np.reshape(plain, (1,)),
                "plain_beta": np.zeros(1),
                "outside_alpha": np.full(1, low + 0.985 * (high - low)),
                "outside_beta": np.reshape(beta, (1,)),
                "outside": np.greater(alpha, high),
                "steps": steps,
                "flat_error": errors[: SHOWN + 1, 0],
                "steep_error": errors[: SHOWN + 1, 1],
                "flat_theory": np.exp(steps * np.log(np.maximum(flat_rho, 1e-9))),
                "steep_theory": np.exp(steps * np.log(np.maximum(steep_rho, 1e-9))),
                "rho": rho,
                "flat_rho": flat_rho,
                "steep_rho": steep_rho,
                "flat_real": flat_real,
                "steep_real": steep_real,
                "measured": measured,
                "shrinks": measurable * np.less(measured, 1.0),
                "grows": measurable * np.greater_equal(measured, 1.0),
                "unmeasured": 1.0 - measurable,
                "edge": form.edge(beta),
                "diverges": np.greater(rho, 1.0),
                "best_alpha": best_alpha,
                "best_beta": best_beta,
                "best_rho": np.exp(best),
                "plain_rho": both(form.rule(plain, 0.0)),
                "reached": np.less(largest[SHOWN], 1e-6) * np.greater_equal(condition, 100.0),
            }
            for name, gap, real, ρ in (("flat", flat_gap, flat_real, flat_rho), ("steep", steep_gap, steep_real, steep_rho)):
                inside, complex_pair = np.less_equal(ρ, 1.0), np.less(gap, 0.0)
                found[f"{name}_oscillates"] = inside * complex_pair * np.greater_equal(ρ, 1e-9)
                arrives = np.less(ρ, 1e-9)
                found[f"{name}_arrives"] = arrives
                found[f"{name}_alternates"] = inside * (1.0 - complex_pair) * (1.0 - arrives) * np.less(real, 0.0)
                found[f"{name}_steady"] = inside * (1.0 - complex_pair) * (1.0 - arrives) * np.greater_equal(real, 0.0)
                found[f"{name}_grows"] = 1.0 - inside
            return found

        return compute


SHOWS = (
    Show("the best α without momentum", {"condition": 100.0, "alpha": 1.98, "beta": 0.0}),
    Show("the heavy ball’s best pair", {"method": "heavy_ball", "condition": 100.0, "alpha": 3.3, "beta": 0.67}),
    Show("Nesterov’s best pair", {"method": "nesterov", "condition": 100.0, "alpha": 1.33, "beta": 0.8}),
    Show("too much momentum", {"method": "heavy_ball", "condition": 100.0, "alpha": 1.0, "beta": 0.97}),
    Show("beyond the edge", {"method": "heavy_ball", "condition": 100.0, "alpha": 3.4, "beta": 0.67}),
)
