"""Data sets and batches are what they say, and refuse what makes no sense."""

from __future__ import annotations

import numpy as np
import pytest
import traitlets
from hypothesis import given
from hypothesis import strategies as st

from dlcourse import data, live
from dlcourse.training import minibatches


def test_line_is_the_slides_regression() -> None:
    X, y = data.line(np.random.default_rng(1), 10_000)
    assert (X[:, 0] == 1).all()
    assert abs(X[:, 1].mean()) < 0.04 and abs(X[:, 1].std() - 1) < 0.03  # noqa: PT018
    noise = y - X @ [2.0, 3.0]
    assert np.abs(noise).max() <= 0.1
    assert abs(noise.std() - 0.1 / np.sqrt(3)) < 1e-3


@pytest.mark.parametrize("n", [0, -1, 2.5, True])
def test_line_needs_a_number_of_points(n: int) -> None:
    with pytest.raises(ValueError, match="whole number"):
        data.line(np.random.default_rng(0), n)


@pytest.mark.parametrize("noise", [-1.0, np.nan, np.inf])
def test_line_needs_a_finite_noise(noise: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        data.line(np.random.default_rng(0), noise=noise)


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 3))
def test_every_epoch_shows_every_example_once(n: int, size: int, epochs: int) -> None:
    size = min(size, n)
    found = list(minibatches(n, size, np.random.default_rng(0), epochs))
    per_epoch = -(-n // size)
    assert len(found) == epochs * per_epoch
    for e in range(epochs):
        batches = found[e * per_epoch : (e + 1) * per_epoch]
        assert sorted(np.concatenate(batches)) == list(range(n))
        assert all(len(b) == size for b in batches[:-1])


@pytest.mark.parametrize("size", [0, -1, 6])
def test_a_batch_must_fit(size: int) -> None:
    with pytest.raises(ValueError, match="minibatches: size must be a whole number from 1 to 5"):
        minibatches(5, size, np.random.default_rng(0))


@pytest.mark.parametrize("epochs", [-1, 1.5])
def test_epochs_are_counted(epochs: int) -> None:
    with pytest.raises(ValueError, match="minibatches: epochs must be a whole number ≥ 0"):
        minibatches(5, 2, np.random.default_rng(0), epochs)


def test_noisy_descent_walks_as_plain_numpy_does() -> None:
    X, y = sample = data.line(np.random.default_rng(0))
    explorable = live.NoisyDescent(
        sample, ["one", "few", "all"], domain=((-2, 10), (-1, 8)), start=(9.0, 6.0), alpha=0.05, goal="Any."
    )
    for name, size in (("one", 1), ("few", 5), ("all", 30)):
        rows = minibatches(30, size, np.random.default_rng(6), 300)
        θ = np.array([9.0, 6.0])
        path = [θ]
        for batch, _ in zip(rows, range(200), strict=False):
            θ = θ + 0.05 * 2 / size * X[batch].T @ (y[batch] - X[batch] @ θ)
            path.append(θ)
        assert np.allclose(explorable.paths[name], path, rtol=1e-12, atol=1e-12)
        losses = explorable.runs()[name]["loss"]
        assert np.allclose(losses, [np.mean((y - X @ θ) ** 2) for θ in path], rtol=1e-9)


def test_noisy_descent_s_goal_is_of_the_walker_that_it_names() -> None:
    """What the page judges by: who has to arrive, and by which step. A name or a value that is not there is refused."""
    sample, where = data.line(np.random.default_rng(0)), {"domain": ((-2, 10), (-1, 8)), "start": (9.0, 6.0)}
    explorable = live.NoisyDescent(sample, ["one", "all"], target=1e-3, needs={"methods": ["one"], "step": 150}, **where)
    assert explorable.spec["needs"] == {"methods": ["one"], "step": 150}
    assert "needs" not in live.NoisyDescent(sample, **where).spec
    with pytest.raises(ValueError, match="no control is called 'batch'"):
        live.NoisyDescent(sample, needs={"batch": 1}, **where)
    with pytest.raises(traitlets.TraitError, match="there is no 'two'"):
        live.NoisyDescent(sample, needs={"methods": ["two"]}, **where)


def test_noisy_descent_s_map_is_its_risk() -> None:
    X, y = sample = data.line(np.random.default_rng(0))
    explorable = live.NoisyDescent(sample, domain=((-2, 10), (-1, 8)), start=(9.0, 6.0))
    points = np.random.default_rng(1).normal(0, 5, size=(2, 80 * 60))
    heights = explorable.surface_program().run(*points)["J"]
    assert np.allclose(heights, np.mean((y[:, None] - X @ points) ** 2, axis=0), rtol=1e-12)
