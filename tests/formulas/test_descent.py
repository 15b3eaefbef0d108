"""Equations of chapters 6 to 9 that no cell checks: gradient descent, momentum, adaptive steps, schedules."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from dlcourse import grad, hessian, landscapes, optim


def waves(θ):
    """Curvatures 1 − cos θ, between 0 and L = 2; its only minimum is at 0, with the value 3 in three dimensions."""
    return np.sum(0.5 * θ**2 + np.cos(θ))


def test_downhill_is_down_at_first():
    for θ in np.random.default_rng(0).normal(0, 3, size=(20, 3)):
        g = grad(waves)(θ)
        φ = lambda α: waves(θ - α * g)
        assert np.isclose((φ(1e-5) - φ(-1e-5)) / 2e-5, -g @ g, rtol=1e-6, atol=1e-9)


def test_gradients_become_small():
    L, T = 2.0, 40
    for start in np.random.default_rng(0).normal(0, 4, size=(50, 3)):
        walk = optim.descend(optim.GradientDescent(1 / L), waves, start, T)
        squares = [grad(waves)(θ) @ grad(waves)(θ) for θ in walk.path[:T]]
        assert sum(squares) / (2 * L) <= waves(start) - 3.0 + 1e-12
        assert min(squares) <= 2 * L * (waves(start) - 3.0) / T + 1e-12


@pytest.mark.parametrize("name", ["rosenbrock", "himmelblau", "beale"])
def test_near_a_minimum_there_is_a_bowl(name):
    J = landscapes.get(name)
    for at in J.minima:
        θ = optim.minimize(J, np.array(at), optim.PureNewton(), tolerance=1e-12).x
        λ, Q = np.linalg.eigh(hessian(J)(θ))
        for v in np.random.default_rng(0).normal(size=(10, 2)):
            left = []
            for s in (1e-3, 5e-4):
                c = Q.T @ (s * v)
                assert np.isclose(0.5 * s * v @ hessian(J)(θ) @ (s * v), 0.5 * np.sum(λ * c**2))
                left.append(J(θ + s * v) - J(θ) - 0.5 * np.sum(λ * c**2))
            assert abs(left[0]) < 1e-11 or np.isclose(left[0] / left[1], 8, rtol=0.2)


def test_means_over_all_batches():
    """Every batch of M of N gradients is drawn once, so that means are exact."""
    N, g = 6, np.random.default_rng(0).normal(size=(6, 3))
    d = g - g.mean(axis=0)
    σ2 = np.mean(np.sum(d**2, axis=1))
    for M in range(1, N + 1):
        z = np.array([np.isin(np.arange(N), batch) for batch in combinations(range(N), M)]) * 1.0
        pairs = z.T @ z / len(z)
        assert np.allclose(z.mean(axis=0), M / N)
        assert np.allclose(pairs[~np.eye(N, dtype=bool)], M * (M - 1) / (N * (N - 1)))
        error = np.mean(np.sum((z @ d / M) ** 2, axis=1))
        products = d @ d.T
        twice = M / N * np.trace(products) + M * (M - 1) / (N * (N - 1)) * (products.sum() - np.trace(products))
        assert np.isclose(M**2 * error, twice, atol=1e-12)
        assert np.isclose(error, (M * σ2 - M * (M - 1) / (N - 1) * σ2) / M**2, atol=1e-12)
        assert np.isclose(error, σ2 / M * (N - M) / (N - 1), atol=1e-12)


# Momentum ---------------------------------------------------------------------------------------------------------------


def steps_of(rule, gradients):
    """The steps that a rule takes when these gradients come in, whatever θ is."""
    θ, state, steps = 0.0, rule.init(0.0), []
    for t, g in enumerate(gradients, 1):
        before, (θ, state) = θ, rule.step(lambda _, g=g: g, θ, state, t)
        steps.append(θ - before)
    return np.array(steps)


def test_averaging_alone_gains_less_than_a_factor_of_two():
    """Chapter 7, "an exponentially decaying average": at plain descent's best α, and at smaller ones."""

    def steps(α, β, κ):  # in proportion to −1/ln ρ, in the averaged form
        roots = [np.roots([1.0, -(1.0 + β - (1.0 - β) * α * λ), β]) for λ in (1.0 / κ, 1.0)]
        return -1.0 / np.log(np.abs(roots).max())

    β = np.linspace(0.0, 0.999, 200)
    for κ in (2.0, 10.0, 100.0):
        for α in np.array([0.1, 0.5, 1.0]) * 2.0 / (1.0 + 1.0 / κ):
            x = α / κ
            best = ((1.0 - x) / (1.0 + x)) ** 2  # of the flat direction
            least = min(steps(α, b, κ) for b in (*β, best))
            assert steps(α, 0.0, κ) < 2.0 * least
        assert κ < 100.0 or steps(α, 0.0, κ) > 1.9 * steps(α, best, κ)  # nearly reached
        assert κ > 10.0 or steps(1.9, 0.0, κ) > 3.0 * min(steps(1.9, b, κ) for b in β)  # nearer to the edge: more


def test_an_average_unrolled():
    y, β = np.random.default_rng(0).normal(size=50), 0.8
    averages = -steps_of(optim.Momentum(1.0, β), y)
    for t in range(1, 51):
        assert np.isclose(averages[t - 1], (1 - β) * sum(β**k * y[t - k - 1] for k in range(t)))


def test_steps_on_a_slope_that_does_not_change():
    for rule in (optim.AccumulatedMomentum(0.1, 0.9), optim.HeavyBall(0.1, 0.9)):
        assert np.isclose(steps_of(rule, np.full(500, 3.0))[-1], -0.1 / (1 - 0.9) * 3.0)
    assert np.isclose(steps_of(optim.Momentum(0.1, 0.9), np.full(500, 3.0))[-1], -0.1 * 3.0)


def test_three_forms_unrolled():
    rng, T = np.random.default_rng(0), 30
    α, β, g = rng.uniform(0.01, 1, T), rng.uniform(0, 1, T), rng.normal(size=T)
    fields = (lambda t: α[t - 1]), (lambda t: β[t - 1])
    average, total, velocity = (
        steps_of(make(*fields), g) for make in (optim.Momentum, optim.AccumulatedMomentum, optim.HeavyBall)
    )
    for t in range(T):
        left = np.array([np.prod(β[s + 1 : t + 1]) for s in range(t + 1)])
        s = slice(0, t + 1)
        assert np.isclose(average[t], -α[t] * np.sum(left * (1 - β[s]) * g[s]))
        assert np.isclose(total[t], -α[t] * np.sum(left * g[s]))
        assert np.isclose(velocity[t], -np.sum(left * α[s] * g[s]))


def test_recurrences_of_momentum_on_a_bowl():
    λ, α, β = 1.7, 0.3, 0.8
    parabola = lambda θ: 0.5 * λ * np.sum(θ**2)
    θ = optim.descend(optim.HeavyBall(α, β), parabola, np.ones(1), 40).path[:, 0]
    before, now, after = θ[:-2], θ[1:-1], θ[2:]
    assert np.allclose(after - now, β * (now - before) - α * λ * now)
    assert np.allclose(after, (1 + β - α * λ) * now - β * before)
    assert np.allclose(after - 2 * now + before, -(1 - β) * (now - before) - α * λ * now)
    θ = optim.descend(optim.Nesterov(α, β), parabola, np.ones(1), 40).path[:, 0]
    assert np.allclose(θ[2:], (1 - α * λ) * ((1 + β) * θ[1:-1] - β * θ[:-2]))


def test_no_rate_is_below_the_bound():
    for low, high, β in np.random.default_rng(0).uniform([0, 0, 0], [4, 4, 1], size=(2000, 3)):
        low, high = sorted((low, high))  # α λ_min and α λ_max
        sums = 1 + β - np.array([low, high])
        ρ = max(np.abs(np.roots([1, -each, β])).max() for each in sums)
        if ρ < 1:
            assert (np.abs(sums) <= ρ + β / ρ + 1e-7).all()
            bottom, top = 1 + β - ρ - β / ρ, 1 + β + ρ + β / ρ
            assert np.isclose(bottom, (1 - ρ) * (1 - β / ρ), atol=1e-12)
            assert np.isclose(top, (1 + ρ) * (1 + β / ρ))
            assert low >= bottom - 1e-7
            assert high <= top + 1e-7
            assert high / low <= top / bottom * (1 + 1e-6)
            assert top / bottom <= ((1 + ρ) / (1 - ρ)) ** 2 * (1 + 1e-6)


def test_nesterovs_double_root():
    for κ in (1.5, 10.0, 1e4):
        β = (κ**0.5 - 1) / (κ**0.5 + 1)
        assert np.isclose((1 - 1 / κ) * (1 + β) ** 2, (κ - 1) / κ * 4 * κ / (κ**0.5 + 1) ** 2)
        assert np.isclose((1 - 1 / κ) * (1 + β) ** 2, 4 * β)


def test_the_settled_walk_of_a_noisy_ball():
    for α, λ, β in np.random.default_rng(0).uniform(0.05, 0.95, size=(50, 3)):
        p, σ2 = 1 + β - α * λ, 1.3
        # the covariance of (θ_t, θ_{t−1}) that one step leaves as it is, by the linear equation S = A S Aᵀ + N
        A, N = np.array([[p, -β], [1, 0]]), np.diag([α**2 * σ2, 0])
        c0, c1, _, _ = np.linalg.solve(np.eye(4) - np.kron(A, A), N.ravel())
        assert np.isclose(c1, p * c0 - β * c1)
        assert np.isclose(c0, p**2 * c0 + β**2 * c0 - 2 * p * β * c1 + α**2 * σ2)
        assert np.isclose(c0, α * σ2 / (λ * (1 - β)) * (1 + β) / (2 * (1 + β) - α * λ))


# Adaptive steps ----------------------------------------------------------------------------------------------------------


def test_steps_for_each_parameter_are_other_units():
    J, p, α = landscapes.himmelblau, np.array([0.5, 2.0]), 0.003
    θ = z = None
    in_units = lambda z: J(np.sqrt(p) * z)
    θ, z = np.array([3.5, 1.0]), np.array([3.5, 1.0]) / np.sqrt(p)
    for _ in range(30):
        assert np.allclose(grad(in_units)(z), np.sqrt(p) * grad(J)(θ))
        θ, z = θ - α * p * grad(J)(θ), z - α * grad(in_units)(z)
        assert np.allclose(θ, np.sqrt(p) * z)


def test_the_turned_ravine_scaled():
    H = hessian(landscapes.rotated_ravine)(np.zeros(2))
    for d in np.geomspace(1e-3, 1e3, 41):
        λ = np.linalg.eigvalsh(H * np.sqrt(np.outer([1, d], [1, d])))
        κ = λ[1] / λ[0]
        for right in (λ.sum() ** 2 / (100 * d), 101**2 / 400 * (1 + d) ** 2 / d, 101**2 / 400 * (4 + (1 - d) ** 2 / d)):
            assert np.isclose((1 + κ) ** 2 / κ, right)
        assert κ >= 100 - 1e-9


def test_the_counterexample_step_by_step():
    for C in (2.1, 3.0, 10.0):
        β2 = 1 / (1 + C**2)
        α = 0.9 * np.sqrt(1 - β2)
        slopes = np.array([C, -1, -1] * 100)
        steps = steps_of(optim.RMSProp(lambda t, α=α: α / np.sqrt(t), β2, 0.0), slopes)
        for t in range(1, 300, 3):
            down, up = -steps[t - 1], steps[t : t + 2].sum()
            bound = α / np.sqrt((1 - β2) * t)
            assert 0 < down <= bound * (1 + 1e-12)
            assert bound < 1
            both = 2 * α / np.sqrt(t + 2) / np.sqrt(2 * (1 - β2))
            assert np.isclose(both, np.sqrt(2) * α / np.sqrt((1 - β2) * (t + 2)))
            assert up >= both * (1 - 1e-12)
            assert (both >= bound) == (2 * t >= t + 2)


# Schedules ---------------------------------------------------------------------------------------------------------------


def test_what_noise_leaves():
    rng, λ, σ = np.random.default_rng(0), 0.7, 1.3
    α, v = rng.uniform(0, 1, size=25), 0.0
    for each in α:
        v = (1 - each * λ) ** 2 * v + each**2 * σ**2
    later = [np.prod((1 - α[t + 1 :] * λ) ** 2) for t in range(25)]
    assert np.isclose(v, σ**2 * np.sum(α**2 * later))


def test_the_greedy_rate():
    for λ, σ, q in np.random.default_rng(0).uniform(0.2, 3, size=(30, 3)):
        after = lambda α: (1 - α * λ) ** 2 * q + α**2 * σ**2
        best = λ * q / (λ**2 * q + σ**2)
        assert np.isclose(-2 * λ * (1 - best * λ) * q + 2 * best * σ**2, 0, atol=1e-12)
        assert all(after(best) < after(best + d) for d in (-0.1, -1e-3, 1e-3, 0.1))
        assert np.isclose(1 / after(best), 1 / q + λ**2 / σ**2)
