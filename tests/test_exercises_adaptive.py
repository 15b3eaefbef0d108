"""The exercises on adaptive methods: what is expected agrees with the package, and likely mistakes are named."""

from __future__ import annotations

import numpy as np
import pytest

from dlcourse import exercises, optim
from dlcourse.exercises.adaptive_methods import ANGLES, by_descent, last_step, ravine, slowest, too_long


@pytest.mark.parametrize("gradients", [[250.0], [1.0, 1.0, 1.0], [3.0, -1.0, 2.0, 0.5], [0.0, 0.0, 2.0]])
def test_the_last_step_is_that_of_the_rule(gradients):
    rule, θ, before = optim.Adam(0.1, 0.8, 0.97, 1e-3), np.zeros(1), np.zeros(1)
    state = rule.init(θ)
    for t, g in enumerate(gradients, 1):
        before, (θ, state) = θ, rule.step(lambda _, g=g: np.array([g]), θ, state, t)
    np.testing.assert_allclose(θ - before, last_step(gradients, 0.1, 0.8, 0.97, 1e-3), rtol=1e-9)


def test_mistakes_of_adam_are_named():
    def without_correction(gradients, α, β1, β2, ε):
        m = v = 0.0
        for g in gradients:
            m, v = β1 * m + (1 - β1) * g, β2 * v + (1 - β2) * g**2
        return -α * m / (ε + v**0.5)

    assert "bias correction" in exercises.check("adam", without_correction).text
    assert "The sign" in exercises.check("adam", lambda *a: -last_step(*a)).text
    swapped = exercises.check("adam", lambda g, α, β1, β2, ε: last_step(g, α, β2, β1, ε))
    assert swapped.right is False
    assert "β₁ belongs to the gradients" in swapped.text


def test_the_uncorrected_step_is_the_closed_form():
    for t, β1, β2 in [(1, 0.9, 0.999), (12, 0.9, 0.999), (300, 0.5, 0.9)]:
        assert np.isclose(too_long(t, β1, β2), (1 - β1**t) / np.sqrt(1 - β2**t), rtol=1e-9)
    assert "inverse" in exercises.check("uncorrected", lambda t, β1, β2: 1 / too_long(t, β1, β2)).text


def test_power_iteration_against_eigenvalues():
    rng = np.random.default_rng(0)
    for _ in range(5):
        A = rng.normal(size=(3, 3))
        H = A @ A.T + np.eye(3)
        λ = np.sort(np.linalg.eigvals(H / np.diag(H)[:, None]).real)  # similar to the symmetric scaling
        assert np.isclose(by_descent(H), λ[-1] / λ[0], rtol=1e-6)
    feedback = exercises.check("scaled_condition", lambda H: np.linalg.cond(H))
    assert "one step for all" in feedback.text


def test_turned_ravines_are_one_ravine():
    θ = np.random.default_rng(1).normal(size=(2, 12))
    back = np.stack([np.exp(-1j * φ) * complex(*p) for φ, p in zip(ANGLES, θ.T, strict=True)])
    np.testing.assert_allclose(ravine(θ, ANGLES), 0.5 * (back.real**2 + 100 * back.imag**2), rtol=1e-12)


def test_who_masters_all_angles():
    assert slowest(optim.HeavyBall(0.033, 0.67)) < slowest(optim.Adam(0.9, 0.8)) <= 100
    assert np.isinf(slowest(optim.Adagrad(1.0)))
    assert "not below" in exercises.check("all_angles", lambda: optim.Adagrad(1.0)).text
    assert "worst angle Adam needs" in exercises.check("all_angles", lambda: optim.Adam(0.5)).text
    assert "must return a rule" in exercises.check("all_angles", lambda: 0.1).text
    assert exercises.check("all_angles", lambda: None).right is None


def test_the_diagonal_alone_is_not_taken_for_the_condition_number():
    assert "compares the diagonal" in exercises.check("scaled_condition", lambda H: np.diag(H).max() / np.diag(H).min()).text
