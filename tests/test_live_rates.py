"""The map of rates and the quadratic model: against eigenvalues, minimisation and Taylor's formula by other means."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.optimize
import traitlets

from dlcourse import grad, hessian, landscapes, live, optim
from dlcourse.live.quadratic_model import PLACES, SHOWS, START
from dlcourse.live.rates import COLUMNS, DOMAIN, FORMS, ROWS

each = pytest.mark.parametrize("method", list(FORMS))


@pytest.fixture(scope="module")
def rates() -> live.Rates:
    return live.Rates()


@pytest.fixture(scope="module")
def model() -> live.QuadraticModel:
    return live.QuadraticModel()


def matrix(method: str, α: float, β: float, λ: float) -> np.ndarray:
    """The step on ½ λ θ² as a matrix on (θ, v), written by hand."""
    if method == "momentum":
        return np.array([[1 - α * (1 - β) * λ, -α * β], [(1 - β) * λ, β]])
    if method == "nesterov":
        return np.array([[1 - α * λ, β - α * λ * β], [-α * λ, β - α * λ * β]])
    return np.array([[1 - α * λ, β], [-α * λ, β]])


def radius(method: str, α: float, β: float, κ: float) -> float:
    return max(float(np.abs(np.linalg.eigvals(matrix(method, α, β, λ))).max()) for λ in (1 / κ, 1.0))


@each
def test_rho_is_the_spectral_radius(rates, method):
    """At random pairs, and for some of the cells of the map."""
    rng = np.random.default_rng(1)
    rates.method = method
    low, high = DOMAIN[method]
    for _ in range(20):
        α, β, κ = round(rng.uniform(0.01, high), 3), round(rng.uniform(0.0, 0.99), 2), round(rng.uniform(2.0, 1000.0), 1)
        rates.alpha, rates.beta, rates.condition = α, β, κ
        assert rates.values["rho"] == pytest.approx(radius(method, α, β, κ), rel=1e-6)
        best = math.log(rates.values["best_rho"])
        shown = rates.values["map"].reshape(ROWS, COLUMNS)
        i, j = int(rng.integers(ROWS)), int(rng.integers(COLUMNS))
        ρ = math.log(radius(method, low + (high - low) * (j + 0.5) / COLUMNS, (i + 0.5) / ROWS, κ))
        assert shown[i, j] == pytest.approx(ρ / (abs(ρ) - best), abs=1e-5)


@each
def test_no_pair_is_better_than_the_best(method):
    """A minimiser that starts around it finds no smaller radius than theory gives, and comes near it."""
    for κ in (4.0, 100.0, 1000.0):
        α, β = FORMS[method].best(κ)
        ρ = radius(method, α, β, κ)
        found = scipy.optimize.minimize(
            lambda p, κ=κ: radius(method, abs(p[0]), min(abs(p[1]), 0.999), κ), [0.9 * α, 0.95 * β], method="Nelder-Mead",
            options={"xatol": 1e-10, "fatol": 1e-12, "maxiter": 4000},
        )  # fmt: skip
        assert found.fun >= ρ - 1e-6
        assert found.fun == pytest.approx(ρ, abs=2e-3)


@each
def test_the_edge_is_where_runs_begin_to_diverge(method):
    """By runs of the rule itself, a hundredth within and beyond the edge that is drawn."""
    for β in (0.0, 0.3, 0.9):
        edge = float(FORMS[method].edge(β))
        for factor, grows in ((0.99, False), (1.01, True)):
            path = optim.descend(FORMS[method].rule(factor * edge, β), lambda θ: 0.5 * θ[0] ** 2, np.ones(1), 1500).path
            assert bool(abs(path[-1, 0]) > 1.0) is grows


@each
def test_between_the_lines_the_eigenvalues_are_complex(method):
    for β in (0.1, 0.5, 0.9):
        low, high = FORMS[method].oscillates(β)
        for α, complex_pair in [(0.99 * low, False), (1.01 * low, True), (0.99 * high, True), (1.01 * high, False)]:
            assert bool(abs(np.linalg.eigvals(matrix(method, α, β, 1.0)).imag[0]) > 0) is complex_pair


@pytest.mark.parametrize(
    ("method", "alpha", "beta"),
    [("heavy_ball", 1.0, 0.5), ("momentum", 5.0, 0.8), ("nesterov", 1.2, 0.4), ("heavy_ball", 3.6, 0.5)],
)
def test_the_run_has_the_rate_that_theory_gives(rates, method, alpha, beta):
    rates.method, rates.alpha, rates.beta, rates.condition = method, alpha, beta, 100.0
    assert rates.values["measured"] == pytest.approx(rates.values["rho"], rel=5e-3)


@each
def test_lines_of_oscillation_end_at_the_edge(rates, method):
    rates.method, rates.condition = method, 100.0
    α, β = rates.values["flat_alpha"], rates.values["betas"]
    drawn = np.isfinite(α)
    assert drawn.sum() > 10
    assert (α[drawn] <= FORMS[method].edge(β[drawn])).all()


def test_what_is_said_of_a_pair(rates):
    said = {
        (1.0, 0.0): [
            "Flat direction, λ = 1/κ: real eigenvalues, the larger one 0.9900: it comes in steadily.",
            "Steep direction, λ = 1: both eigenvalues are 0: it arrives in one step.",
        ],
        (1.9, 0.0): ["changes sides with every step"],
        (3.3, 0.67): ["a complex pair of modulus 0.8185: it oscillates", "Goal reached."],
        (2.2, 0.0): ["It diverges: with this β the edge is α = 2.000.", "grew by a factor of 1.2000 a step"],
    }
    rates.method, rates.condition = "heavy_ball", 100.0
    for (rates.alpha, rates.beta), wanted in said.items():
        for words in wanted:
            assert words in rates.words
        assert rates.words.count("direction, λ = 1") == 2  # one sentence on each
    rates.alpha = 40.0
    assert "too small or too large to be a number" in rates.words


@each
def test_an_alpha_beyond_the_map_is_marked_at_its_margin(rates, method):
    high = DOMAIN[method][1]
    rates.method, rates.beta = method, 0.6
    for rates.alpha in (high, 40.0):
        beyond = rates.alpha > high
        assert bool(rates.values["outside"]) == beyond == ("beyond the map" in rates.words)
        assert rates.values["diverges"] or not beyond
    assert 0.97 * high < rates.values["outside_alpha"][0] < high
    assert rates.values["outside_beta"][0] == 0.6


def test_buttons_lead_to_the_best_pairs():
    """To the best of the form that each names, as near as sliders come; not below the critical β, where ρ falls steeply."""
    found = {}
    for show in live.rates.SHOWS:
        made = live.Rates(**show.settings)
        found[show.label] = made.values["rho"] / made.values["best_rho"]
    assert found["the heavy ball’s best pair"] < 1.01
    assert found["Nesterov’s best pair"] < 1.01


def test_the_model_is_taylors(model):
    """Its values along the step, its critical point and its level lines, against the formula with the engine's H."""
    for place in PLACES:
        model.landscape, model.x, model.y, model.alpha = place, 0.7, 0.55, 0.02
        f, θ = landscapes.get(place), np.array([0.7, 0.55])
        g, H = grad(f)(θ), hessian(f)(θ)
        m = lambda d, f=f, θ=θ, g=g, H=H: float(f(θ)) + g @ d + 0.5 * d @ H @ d  # noqa: E731
        p = -np.linalg.solve(H, g)
        found = model.values
        np.testing.assert_allclose([found["critical_x"][0], found["critical_y"][0]], θ + p, rtol=1e-9)
        np.testing.assert_allclose(found["model_along"], [m(t * p) for t in found["parts"]], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(found["along"], [float(f(θ + t * p)) for t in found["parts"]], rtol=1e-9, atol=1e-9)
        assert found["promised"] == pytest.approx(m(p), rel=1e-9, abs=1e-9)
        np.testing.assert_allclose([found["end_x"][0], found["end_y"][0]], θ - 0.02 * g, rtol=1e-12)
        np.testing.assert_allclose([found["low"], found["high"]], np.linalg.eigvalsh(H), rtol=1e-9, atol=1e-9)
        points = np.stack([found["model_x"], found["model_y"]], axis=1)
        levels = {round((m(q - θ) - m(p)) / (m(np.zeros(2)) - m(p)), 6) for q in points[np.isfinite(points).all(axis=1)]}
        assert 1.0 in levels  # the line through the point itself
        assert levels <= {s * v for s in (-1.0, 1.0) for v in (0.25, 1.0, 2.25, 4.0)}


FAR = {"himmelblau": (1.5, -5.0), "plateau": (-3.0, 2.0)}  # beside the starts of all


@pytest.mark.parametrize(("place", "at"), [*((place, ()) for place in PLACES), *FAR.items()])
def test_level_lines_are_whole_and_smooth(place, at):
    """Each is closed or leaves the map at both ends, and turns sharply only where a corner is too small to be seen."""
    x, y = at or (START[place]["x"], START[place]["y"])
    found, domain = live.QuadraticModel(place, x=x, y=y).values, np.array(landscapes.get(place).domain)
    points = (np.stack([found["model_x"], found["model_y"]], axis=1) - domain[:, 0]) / np.ptp(domain, axis=1)
    gaps = np.flatnonzero(~np.isfinite(points).all(axis=1))
    lines = [part[np.isfinite(part).all(axis=1)] for part in np.split(points, gaps)]
    lines = [line for line in lines if len(line)]
    assert len(lines) >= 4
    inside = lambda point: bool(np.all((point > 0) & (point < 1)))  # noqa: E731
    for line in lines:
        assert np.allclose(line[0], line[-1], atol=1e-9) or not (inside(line[0]) or inside(line[-1]))
        chords = np.diff(line, axis=0)
        long = np.hypot(*chords.T)
        turns = np.abs(np.angle(np.exp(1j * np.diff(np.angle(chords[:, 0] + 1j * chords[:, 1])))))
        seen = [inside(point) for point in line[1:-1]]
        assert (turns * np.minimum(long[1:], long[:-1]))[seen].max(initial=0.0) < 0.01


def test_no_step_where_the_gradient_is_zero(model):
    model.landscape, model.x, model.y = "saddle", 0.0, 0.0
    assert "The gradient is 0: no step." in model.words
    assert "Newton’s step" not in model.words
    assert "Gradient step" not in model.words


@pytest.mark.parametrize(("x", "y", "kind"), [(2.5, 2.5, "minimum"), (2.5, 0.0, "saddle"), (-0.5, -0.5, "maximum")])
def test_the_kind_of_the_critical_point_is_said(model, x, y, kind):
    model.landscape, model.x, model.y = "himmelblau", x, y
    assert f"the model has a {kind}, and Newton’s step goes there" in model.words
    assert [model.values[k] for k in ("minimum", "saddle", "maximum")] == [k == kind for k in ("minimum", "saddle", "maximum")]


def test_the_goals_can_be_reached_and_are_not_at_the_start(model):
    fresh = live.QuadraticModel()
    assert not fresh.values["reached"]
    fresh.x, fresh.y = -1.5, -2.5
    candidates = np.mgrid[-4:4:0.5, -4:4:0.5].reshape(2, -1).T
    hits = 0
    for fresh.x, fresh.y in candidates:
        hits += bool(fresh.values["reached"])
    assert hits > 3
    for place in PLACES:  # nor by the mere choice of a landscape or press of a button
        assert not live.QuadraticModel(place).values["reached"]
    for show in SHOWS:
        assert not live.QuadraticModel(**show.settings).values["reached"]
    assert not live.Rates().values["reached"]


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: live.Rates("adam"), traitlets.TraitError, "there is no 'adam'; choose one of heavy_ball"),
        (lambda: live.Rates(alpha=50.0), traitlets.TraitError, "from 0.01 to 40, got 50"),
        (lambda: live.Rates(condition=1.0), traitlets.TraitError, "from 2 to 1000"),
        (lambda: live.Rates(shows=[live.Show("x", {"gamma": 1.0})]), ValueError, "no control is called 'gamma'"),
        (lambda: live.QuadraticModel("hill"), traitlets.TraitError, "there is no 'hill'"),
        (lambda: live.QuadraticModel(x=7.0), traitlets.TraitError, "from -6 to 6, got 7"),
    ],
)
def test_what_does_not_exist(make, error, words):
    with pytest.raises(error, match=words):
        make()


@pytest.mark.parametrize("make", [live.Rates, live.QuadraticModel])
def test_it_is_light_and_has_a_still_picture(make):
    text = make().to_html()
    assert len(text[: text.index("<noscript>")]) < 100_000
    still = text[text.index("<noscript>") :]
    assert "<svg" in still
    assert "nan" not in still.lower()
