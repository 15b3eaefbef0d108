"""The exercises between first and second order recognise what goes wrong; what they expect is checked in another way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlcourse import exercises
from dlcourse.exercises.quasi_newton import FALLS, FLAT, TRIALS, dense, plain, verdicts
from dlcourse.optim.quasi_newton import two_loops


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda φ0, slope0, φ, slope, α, c1, c2: (φ <= φ0, abs(slope) <= c2 * abs(slope0)), "Falling is not enough"),
        (lambda φ0, slope0, φ, slope, α, c1, c2: (φ <= φ0 + c1 * α * slope0, slope >= c2 * slope0), "weak form"),
        (lambda φ0, slope0, φ, slope, α, c1, c2: (φ <= φ0 + c1 * α * slope0, abs(slope) <= c2 * slope0), "Mind the sign"),
    ],
)
def test_wrong_conditions(answer: Any, hint: str) -> None:
    feedback = exercises.check("wolfe", answer)
    assert feedback.right is False
    assert hint in feedback.text


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda pairs, g: -dense(pairs, g), "uphill"),
        (lambda pairs, g: dense(pairs, g, scaled=False), "Between the loops"),
        (lambda pairs, g: -g, "with 1 pair in 3 dimensions should be"),
    ],
)
def test_wrong_loops(answer: Any, hint: str) -> None:
    feedback = exercises.check("two_loop", answer)
    assert feedback.right is False
    assert hint in feedback.text


def test_the_order_of_the_pairs_is_noticed() -> None:
    def reversed_where_it_matters(pairs: Any, g: Any) -> Any:
        return dense(pairs[::-1], g)

    assert "newest pair stands last" in exercises.check("two_loop", reversed_where_it_matters).text


def test_the_matrix_multiplied_out_is_what_the_package_applies() -> None:
    rng = np.random.default_rng(3)
    A = rng.normal(size=(6, 6))
    H, g = A @ A.T + np.eye(6), rng.normal(size=6)
    pairs = [(s, H @ s) for s in rng.normal(size=(4, 6))]
    kept = [(s, y, 1.0 / float(s @ y)) for s, y in pairs]
    np.testing.assert_allclose(dense(pairs, g), two_loops(kept, g, np.empty(6)), rtol=1e-8)


def conjugate(H: Any, b: Any, d: Any, steps: int) -> Any:
    θ, r = np.zeros(b.size), b
    p = r / d
    for _ in range(steps):
        α = r @ (r / d) / (p @ H @ p)
        θ, new = θ + α * p, r - α * H @ p
        p, r = new / d + new @ (new / d) / (r @ (r / d)) * p, new
    return θ


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda H, b, d, steps: conjugate(H, b, np.ones(b.size), steps), "without the preconditioner"),
        (lambda H, b, d, steps: conjugate(H, b, d, steps + 1), "too many"),
        (lambda H, b, d, steps: conjugate(H, b, d, steps - 1), "too few"),
    ],
)
def test_wrong_preconditioning(answer: Any, hint: str) -> None:
    feedback = exercises.check("pcg", answer)
    assert feedback.right is False
    assert hint in feedback.text


def test_the_best_of_a_krylov_space_is_where_conjugate_gradients_are() -> None:
    rng = np.random.default_rng(4)
    A = rng.normal(size=(9, 9))
    H, b = A @ A.T + np.eye(9), rng.normal(size=9)
    for steps in (1, 3, 6):
        np.testing.assert_allclose(plain(H, b, steps), conjugate(H, b, np.ones(9), steps), rtol=1e-6)
    np.testing.assert_allclose(plain(H, b, 9), np.linalg.solve(H, b), rtol=1e-6)


@pytest.mark.parametrize(
    ("σ", "words"), [(1e-3, "does not keep"), (1.0, "a smaller σ is enough"), (0.0, "above 0"), (np.nan, "above 0")]
)
def test_noise_that_does_not_fit(σ: float, words: str) -> None:
    feedback = exercises.check("break_bfgs", lambda: σ)
    assert feedback.right is False
    assert words in feedback.text


@pytest.mark.parametrize(
    ("falls", "flat", "hint"),
    [
        (True, lambda s0, s, c2: abs(s) <= abs(s0), "Those are the verdicts without c2."),
        (True, lambda s0, s, c2: abs(s) >= c2 * abs(s0), "Your second verdict is the opposite each time."),
        (True, lambda s0, s, c2: False, "no size is below that."),
        (True, lambda s0, s, c2: True, "should be (True, False), but is (True, True)."),
        (False, lambda s0, s, c2: abs(s) <= c2 * abs(s0), "φ has to end below φ0."),
    ],
)
def test_a_hint_stands_for_all_verdicts(falls: bool, flat: Any, hint: str) -> None:
    def wolfe(φ0: float, slope0: float, φ: float, slope: float, α: float, c1: float, c2: float) -> Any:
        return φ <= φ0 + (1 if falls else -1) * c1 * α * slope0, flat(slope0, slope, c2)

    assert exercises.check("wolfe", wolfe).text.endswith(hint)


def test_no_two_mistakes_and_no_mistake_and_the_truth_give_the_same_verdicts() -> None:
    for column, mistakes in enumerate((FALLS, FLAT)):
        rows = [tuple(verdicts(t)[column] for t in TRIALS), *(tuple(bool(test(t)) for t in TRIALS) for test, _ in mistakes)]
        assert len(set(rows)) == len(rows)


@pytest.mark.parametrize("answer", [True, (np.nan, 1), "TF", (True,), None])
def test_what_is_no_pair_of_verdicts(answer: Any) -> None:
    assert exercises.check("wolfe", lambda *_: answer).right is (None if answer is None else False)


def test_a_matrix_is_not_praised_for_not_being_one() -> None:
    assert "No matrix" not in exercises.check("two_loop", dense).text
