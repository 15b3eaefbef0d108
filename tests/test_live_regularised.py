"""Penalties, bias and variance, and a network that is retrained: against scikit-learn, the package and independent formulas."""

from __future__ import annotations

import numpy as np
import pytest
import scipy
import traitlets
from sklearn.linear_model import Lasso, Ridge

from dlcourse import grad, live, nn, optim, training
from dlcourse.live import bias_variance, penalty, training_programs
from dlcourse.live.penalty import MANY, PENALTIES, PLANE, WEIGHTS, minimiser
from dlcourse.live.retrain import STEPS

# Penalties ------------------------------------------------------------------------------------------------------------


def examples(problem):
    """Data with the risk of the parabola, up to a constant: its square root, and a right side that fits."""
    L = np.linalg.cholesky(problem.risk.G)
    return L.T, np.linalg.solve(L, problem.risk.c)


@pytest.mark.parametrize("problem", [PLANE, MANY], ids=["two", "many"])
@pytest.mark.parametrize("strength", [0.003, 0.1, 0.6, 3.0])
def test_minimisers_are_those_of_scikit_learn(problem, strength):
    X, y = examples(problem)
    n = len(y)  # ‖y − Xw‖² + λΩ here; scikit-learn divides the first by 2n for Lasso, by nothing for Ridge
    found = {name: minimiser(PENALTIES[name], problem.risk, np.array([[strength]]))[0] for name in PENALTIES}
    ridge = Ridge(alpha=strength, fit_intercept=False, tol=1e-12).fit(X, y).coef_
    lasso = Lasso(alpha=strength / (2 * n), fit_intercept=False, tol=1e-12, max_iter=100_000).fit(X, y).coef_
    np.testing.assert_allclose(found["l2"], ridge, atol=2e-3)
    np.testing.assert_allclose(found["l1"], lasso, atol=5e-3)
    assert np.array_equal(found["l1"] == 0, lasso == 0)
    assert (found["sign"] != 0).all()
    np.testing.assert_allclose(found["sign"], lasso, atol=3 * strength * problem.risk.rate + 5e-3)


def test_a_parabola_is_the_risk_of_its_examples():
    rng = np.random.default_rng(0)
    X, y, w = rng.normal(size=(7, 3)), rng.normal(size=7), rng.normal(size=(2, 3))
    parabola = penalty.Parabola.of(X, y)
    np.testing.assert_allclose(parabola.at(w), np.mean((w @ X.T - y) ** 2, axis=1))
    np.testing.assert_allclose(parabola.least, np.linalg.lstsq(X, y, rcond=None)[0])
    assert parabola.rate == pytest.approx(1 / np.linalg.eigvalsh(2 * X.T @ X / 7).max())


def test_zeros_are_counted_and_the_goal_takes_the_soft_threshold():
    here = live.Penalty()
    reached = {}
    for name in PENALTIES:
        here.penalty = name
        for strength in type(here).class_traits()["strength"].stops()[::5]:
            here.strength = strength
            found = here.values
            w = np.array([found[f"now{k}"] for k in range(WEIGHTS)])
            assert found["zeros"] == np.count_nonzero(w == 0)
            assert found["small"] == np.count_nonzero((w != 0) & (np.abs(w) < 0.05))
            reached[name] = reached.get(name, False) or bool(found["reached"])
    assert reached == {"l2": False, "l1": True, "sign": False}


def test_the_ball_goes_through_the_minimiser_and_the_diamond_meets_the_axis():
    for name, norm in (("l2", lambda x, y: np.hypot(x, y)), ("l1", lambda x, y: np.abs(x) + np.abs(y))):
        found = live.Penalty(name, strength=1.5).values
        here = norm(found["here_x"][0], found["here_y"][0])
        np.testing.assert_allclose(norm(found["ball_x"], found["ball_y"]), here)
    assert found["here_x"][0] == 0
    assert "the corner of the diamond" in live.Penalty("l1", strength=1.5).words
    assert "corner" not in live.Penalty("l2", strength=1.5).words


def test_the_map_of_two_weights():
    surface = live.Penalty().values["surface"].reshape(penalty.GRID, penalty.GRID)
    i, j = np.unravel_index(np.argmax(surface), surface.shape)
    cell = (penalty.WINDOW[1] - penalty.WINDOW[0]) / penalty.GRID
    at = np.array([penalty.WINDOW[0] + (k + 0.5) * cell for k in (j, i)])
    assert np.all(np.abs(at - PLANE.risk.least) < 1.5 * cell)


# Bias and variance ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("degree", "noise"), [(0, 0.5), (1, 1.5), (3, 0.5), (7, 0.3)])
def test_bias_and_variance_are_exact(degree, noise):
    """The mean fit is that of targets without noise; the noise of each target moves the fit on its own."""
    here = live.BiasVariance(degree=degree, noise=noise)
    found, truth = here.values, np.sin(np.pi * here.grid)
    fit = lambda targets: np.polyval(np.polyfit(here.x, targets, degree), here.grid)  # noqa: E731
    mean, shares = fit(np.sin(np.pi * here.x)), np.stack([fit(one) for one in np.eye(len(here.x))])
    assert found["bias"] == pytest.approx(np.mean((mean - truth) ** 2), rel=1e-6)
    assert found["variance"] == pytest.approx(noise**2 * np.mean(np.sum(shares**2, axis=0)), rel=1e-6)
    assert found["total"] == pytest.approx(found["bias"] + found["variance"] + noise**2)
    assert found["here"] == pytest.approx(found["total"], rel=0.1)  # 40 × 81 new targets
    fits = np.stack([fit(np.sin(np.pi * here.x) + noise * draw) for draw in here.draws])
    np.testing.assert_allclose(found["fit0"], fits[0], atol=1e-6)
    np.testing.assert_allclose(found["mean"], mean, atol=1e-6)
    of_forty = training.bias_and_variance(fits, truth)
    assert abs(of_forty.squared_bias - found["bias"]) < 0.2 * found["bias"] + 3 * found["variance"] / len(fits)


def test_freedom_takes_the_bias_away():
    """From degree 5 on there is next to none, however large the variance."""
    assert live.BiasVariance(noise=1.5).values["biases"][5:].max() < 1e-4


def test_the_best_degree_falls_as_the_noise_grows():
    best = [int(live.BiasVariance(noise=noise).values["best"]) for noise in (0.05, 0.5, 1.5)]
    assert best == sorted(best, reverse=True)
    assert best[0] > best[-1]
    assert [k for k in range(11) if live.BiasVariance(degree=k, noise=bias_variance.LITTLE).values["found"]] == [best[0]]
    assert not live.BiasVariance(degree=1, noise=1.5).values["found"]  # best there, and nothing searched for
    here = live.BiasVariance(degree=best[1], noise=0.5)
    assert "No degree does better" in here.words
    assert "follow" in here.words
    assert "stiff" in live.BiasVariance(degree=0).words
    assert "follow the noise" in live.BiasVariance(degree=bias_variance.DEGREES).words


def test_all_errors_are_within_the_frame():
    low, high = live.BiasVariance().panels[1].y.span
    for noise in (0.05, 0.5, 1.5):
        sums = live.BiasVariance(noise=noise).values["sums"]
        assert low < sums.min()
        assert sums.max() < high


# Retrained at every touch ---------------------------------------------------------------------------------------------


def test_retraining_is_training():
    here = live.Retrain(alpha=0.5, beta=0.8, l2=0.002)
    found = here.values
    mlp, X, y = here.mlp, here.X, here.y
    rule = optim.Momentum(0.5, 0.8)
    theta, state, losses = here.start, rule.init(here.start), []
    for t in range(STEPS):
        losses.append(mlp.loss(theta, X, y))
        theta, state = rule.step(grad(lambda θ: mlp.loss(θ, X, y, l2=0.002)), theta, state, t)
    np.testing.assert_allclose(found["losses"][:-1], losses, rtol=1e-8)
    assert found["loss"] == pytest.approx(mlp.loss(theta, X, y))
    assert found["wrong"] == pytest.approx(100 * nn.zero_one(mlp(theta, here.V), y))
    assert found["square"] == pytest.approx(float(nn.l2(mlp.unflatten(theta))))
    low, high = training_programs.DOMAIN
    middles = low + (high - low) * (np.arange(32) + 0.5) / 32
    plane = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)
    np.testing.assert_allclose(found["boundary"], mlp.predict(theta, plane)[:, 1], atol=1e-8)


def test_what_the_buttons_show():
    here = live.Retrain()
    said = {}
    for show in here.spec["shows"]:
        for name, value in show["set"].items():
            setattr(here, name, value)
        said[show["label"]] = here.words
    assert "too small" in said["too small"]
    assert not any("Goal reached" in words for words in said.values())  # it has to be found
    assert "does not only fall" in said["too large"]
    free, held = live.Retrain(alpha=1.0, beta=0.8).values["square"], live.Retrain(alpha=1.0, beta=0.8, l2=0.01).values["square"]
    assert held < 0.5 * free
    assert "does not only fall" in live.Retrain().words  # what the page begins with


def test_the_goal_of_retraining_is_the_share_of_wrong_answers():
    """A lower loss on the training examples does not reach it."""
    found, lower = live.Retrain(alpha=1.0, beta=0.97).values, live.Retrain(alpha=3.0, beta=0.95).values
    assert found["reached"]
    assert found["wrong"] < 4.0
    assert lower["loss"] < found["loss"]
    assert not lower["reached"]


def test_who_learns_no_more_than_a_line_is_told_why():
    here = live.Retrain()
    signs = 2.0 * here.y - 1.0
    A = np.column_stack([here.X, np.ones(len(here.X))])
    best = scipy.optimize.minimize(lambda w: np.mean(np.log1p(np.exp(-signs * (A @ w)))), np.zeros(3))
    assert here.line == pytest.approx(best.fun, abs=1e-6)
    assert "line does as well (0.292): the steps were too small." in live.Retrain(alpha=0.03).words
    assert "or the penalty is too strong" in live.Retrain(l2=0.05).words
    assert "line does as well" not in live.Retrain(alpha=0.3).words


def test_refusals():
    with pytest.raises(traitlets.TraitError, match="there is no 'l3'"):
        live.Penalty("l3")
    with pytest.raises(traitlets.TraitError, match=r"degree .*needs a whole number, got 1"):
        live.BiasVariance(degree=1.5)
    with pytest.raises(TypeError, match="has no control 'l1'"):
        live.Retrain(l1=0.1)


@pytest.mark.parametrize("kind", [live.Penalty, live.BiasVariance, live.Retrain])
def test_still_pictures(kind):
    here = kind()
    assert "<svg" in here.still()
    assert here.words.split(".")[0] in here.still()
