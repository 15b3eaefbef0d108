"""Equations of chapters 10 to 12 that no cell checks: symmetries, saddles, Newton's method and what is between."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
from scipy import linalg

from dlcourse import grad, hessian, landscapes, nn, optim
from dlcourse.autodiff import hvp


def test_copies_of_a_network():
    """Every permutation and every change of signs of n tanh units gives other parameters and the same function."""
    X = np.linspace(-2, 2, 11)[:, None]
    for n, count in ((1, 2), (2, 8), (3, 48)):
        net = nn.MLP([1, n, 1], "tanh", task="regression")
        θ = net.nest(np.random.default_rng(n).normal(size=net.size))
        found = set()
        for order, signs in product(permutations(range(n)), product((1.0, -1.0), repeat=n)):
            order, s = list(order), np.array(signs)
            moved = {
                "W": [(s[:, None] * θ["W"][0])[order], (s * θ["W"][1])[:, order]],
                "b": [(s * θ["b"][0])[order], θ["b"][1]],
            }
            assert np.allclose(net(moved, X), net(θ, X))
            found.add(tuple(net.flat(moved)))
        assert len(found) == count


def test_a_critical_point_of_relu_has_a_flat_direction():
    net, rng = nn.MLP([2, 4, 1], "relu", task="regression"), np.random.default_rng(1)
    X = rng.normal(size=(40, 2))
    θ = net.nest(rng.normal(size=net.size))
    y = net(θ, X)[:, 0]  # fitted perfectly: a minimum
    J, flat = lambda w: net.loss(w, X, y), net.flat(θ)
    assert np.allclose(grad(J)(flat), 0, atol=1e-12)
    for unit in range(4):
        τ = net.nest(np.zeros(net.size))
        τ["W"][0][unit], τ["b"][0][unit], τ["W"][1][:, unit] = θ["W"][0][unit], θ["b"][0][unit], -θ["W"][1][:, unit]
        assert np.linalg.norm(hvp(J, flat, net.flat(τ))) < 1e-10
    assert np.linalg.norm(hvp(J, flat, np.ones(net.size))) > 0.1


def test_two_units_tilted_against_each_other():
    u, h = 0.5, np.tanh(0.5)
    bend = -2 * h * (1 - h**2)  # tanh″(½)
    for x in (-1.5, 0.4, 2.0):
        for δ in (1e-2, 1e-3):
            change = u * np.tanh(0.5 + δ * x) + u * np.tanh(0.5 - δ * x) - 2 * u * h
            assert np.isclose(change, u * bend * δ**2 * x**2, rtol=(2 * δ * x) ** 2 + 1e-6)


def test_eigenvalues_of_a_symmetric_matrix_of_two():
    for a, b, z in np.random.default_rng(0).normal(size=(50, 3)):
        s, d = (a + b) / np.sqrt(2), (a - b) / np.sqrt(2)
        λ = np.linalg.eigvalsh([[a, z / np.sqrt(2)], [z / np.sqrt(2), b]])
        assert np.allclose(λ, [(s - np.hypot(d, z)) / np.sqrt(2), (s + np.hypot(d, z)) / np.sqrt(2)])


# Newton -----------------------------------------------------------------------------------------------------------------


def test_newtons_error_has_a_point_in_between():
    """For J = e^θ − 2θ, J″ = J‴ = e^θ: ξ follows from the formula, and must lie between θ and the minimum."""
    end = np.log(2)
    for θ in (0.2, 0.5, 1.0, 1.7):
        e, slope, curvature = θ - end, np.exp(θ) - 2, np.exp(θ)
        third = (curvature * e - slope) * 2 / e**2
        assert min(θ, end) < np.log(third) < max(θ, end)
        assert np.isclose(e - slope / curvature, third / (2 * curvature) * e**2)


def test_newton_goes_to_any_critical_point():
    J = landscapes.himmelblau
    for place in J.minima + J.saddles + J.maxima:
        θ0 = optim.minimize(J, np.array(place), optim.PureNewton(), tolerance=1e-12).x
        λ, Q = np.linalg.eigh(hessian(J)(θ0))
        for e in 1e-4 * np.random.default_rng(0).normal(size=(5, 2)):
            g = grad(J)(θ0 + e)
            assert np.linalg.norm(e - np.linalg.solve(hessian(J)(θ0 + e), g)) < 100 * (e @ e)
            c, slopes = Q.T @ e, Q.T @ g
            assert np.allclose(c - 0.01 * slopes, (1 - 0.01 * λ) * c, atol=100 * (e @ e))
            assert np.allclose(c - slopes / λ, 0, atol=100 * (e @ e))


# Between first and second order --------------------------------------------------------------------------------------------


def positive(rng, n):
    A = rng.normal(size=(n, n))
    return A @ A.T + np.eye(n)


def test_three_ways_to_write_beta():
    rng, n = np.random.default_rng(0), 6
    H, b, θ = positive(rng, n), rng.normal(size=n), np.zeros(n)
    g = H @ θ - b
    p = -g
    for _ in range(n - 1):
        α = -(g @ p) / (p @ H @ p)
        assert all(0.5 * q @ H @ q - b @ q > 0.5 * (θ + α * p) @ H @ (θ + α * p) - b @ (θ + α * p)
                   for q in (θ + 0.99 * α * p, θ + 1.01 * α * p))  # fmt: skip
        θ, old, g = θ + α * p, g, g + α * H @ p
        assert abs(g @ p) < 1e-9 * np.linalg.norm(old) * np.linalg.norm(p)
        β = g @ (g - old) / (old @ old)
        assert np.isclose(β, g @ H @ p / (p @ H @ p))
        assert np.isclose(β, g @ (g - old) / (p @ (g - old)))
        p = -g + β * p


def test_a_difference_of_gradients_is_an_average_of_hessians():
    """By Gauss's rule of five points, which is exact for the Hessian of a polynomial of this degree."""
    J, (t, weights) = landscapes.himmelblau, np.polynomial.legendre.leggauss(5)
    for θ, s in np.random.default_rng(0).normal(size=(20, 2, 2)):
        mean = sum(w / 2 * hessian(J)(θ + (1 + node) / 2 * s) for node, w in zip(t, weights))
        assert np.allclose(grad(J)(θ + s) - grad(J)(θ), mean @ s)


def test_the_least_change():
    """E as the solution of least squares with constraints, by its Lagrange equations, and both forms of the update."""
    rng, n = np.random.default_rng(0), 4
    for _ in range(10):
        W, B, s = positive(rng, n), positive(rng, n), rng.normal(size=n)
        y, root = W @ s, linalg.sqrtm(W).real
        z, r = root @ s, s - B @ (W @ s)
        hat = root @ r
        E = (np.outer(hat, z) + np.outer(z, hat)) / (z @ z) - z @ hat / (z @ z) ** 2 * np.outer(z, z)
        rows = [np.kron(np.eye(n)[i], z) for i in range(n)]  # E z = r̂, and E symmetric
        rows += [np.outer(np.eye(n)[i], np.eye(n)[j]).ravel() - np.outer(np.eye(n)[j], np.eye(n)[i]).ravel()
                 for i in range(n) for j in range(i)]  # fmt: skip
        least = np.linalg.pinv(np.array(rows)) @ np.concatenate([hat, np.zeros(n * (n - 1) // 2)])
        assert np.allclose(E, least.reshape(n, n))
        inverse = np.linalg.inv(root)
        ρ, new = 1 / (y @ s), B + inverse @ E @ inverse
        change = (np.outer(r, s) + np.outer(s, r)) / (y @ s) - y @ r / (y @ s) ** 2 * np.outer(s, s)
        left = np.eye(n) - ρ * np.outer(s, y)
        assert np.allclose(new, B + change)
        assert np.allclose(new, left @ B @ left.T + ρ * np.outer(s, s))


def test_noise_in_a_secant():
    rng, H, σ, M = np.random.default_rng(0), np.diag([1.0, 4.0]), 0.7, 25
    for length in (1.0, 0.1):
        s = length * np.array([0.6, 0.8])
        noise = σ / np.sqrt(M) * rng.normal(size=(2, 40_000, 2))
        measured = (H @ s + noise[0] - noise[1]) @ s / (s @ s)
        assert np.isclose(measured.std(), np.sqrt(2) * σ / (np.sqrt(M) * length), rtol=0.02)
        assert np.isclose(measured.mean(), s @ H @ s / (s @ s), atol=5 * measured.std() / 200)
