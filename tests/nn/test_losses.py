"""Losses and regularisers against PyTorch, SciPy and arithmetic, up to logits of ±10⁴; initial weights; what they refuse."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import special

from dlcourse import ShapeError, Tensor, check_gradient, grad, nn, trace

RNG = np.random.default_rng(7)
LOGITS, LABELS = RNG.normal(0, 3, (6, 4)), np.array([0, 3, 2, 1, 1, 0])
LOGIT, TARGET = RNG.normal(0, 3, 6), np.array([0, 1, 1, 0, 1, 0])
F, Y = RNG.normal(0, 1, (6, 2)), RNG.normal(0, 1, (6, 2))


@pytest.mark.parametrize("name", ["cross_entropy", "binary_cross_entropy", "squared_error", "absolute_error", "hinge"])
@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_values_and_gradients_equal_pytorch(name: str, scale: float) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; closed forms are tested without it")
    F_ = torch.nn.functional
    oracle, f, y = {
        "cross_entropy": (F_.cross_entropy, LOGITS, LABELS),
        "binary_cross_entropy": (F_.binary_cross_entropy_with_logits, LOGIT, TARGET.astype(float)),
        "squared_error": (lambda f, y: 2 * F_.mse_loss(f, y), F, Y),  # two outputs: a sum here, a mean there
        "absolute_error": (lambda f, y: 2 * F_.l1_loss(f, y), F, Y),
        "hinge": (lambda f, y: F_.relu(1 - (2 * y - 1) * f).mean(), LOGIT, TARGET),
    }[name]
    loss = getattr(nn, name)
    x = torch.tensor(scale * f, requires_grad=True)
    value = oracle(x, torch.tensor(y))
    value.backward()
    assert float(loss(scale * f, y)) == pytest.approx(value.item(), rel=1e-14)
    np.testing.assert_allclose(grad(loss)(scale * f, y), x.grad.numpy(), atol=1e-15 * scale)


@pytest.mark.parametrize("a", [-1e4, -745.0, -40.0, -1.0, 0.0, 1.0, 40.0, 745.0, 1e4])
def test_binary_cross_entropy_is_stable(a: float) -> None:
    for y in (0.0, 1.0, 0.3):
        exact = -y * special.log_expit(a) - (1 - y) * special.log_expit(-a)
        assert float(nn.binary_cross_entropy(np.array([a]), np.array([y]))) == pytest.approx(exact, rel=1e-15, abs=1e-320)
        found = grad(lambda x, y=y: nn.binary_cross_entropy(x, np.array([y])))(np.array([a]))
        assert found[0] == pytest.approx(special.expit(a) - y, abs=1e-15)


@given(arrays.arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(2, 5)), elements=st.floats(-1e4, 1e4)), st.data())
def test_cross_entropy_is_log_sum_exp_less_the_label(a: Any, data: Any) -> None:
    labels = np.array(data.draw(st.lists(st.integers(0, a.shape[1] - 1), min_size=len(a), max_size=len(a))))
    exact = (special.logsumexp(a, axis=1) - a[np.arange(len(a)), labels]).mean()
    # cancellation between numbers of the size of the logits
    assert float(nn.cross_entropy(a, labels)) == pytest.approx(exact, rel=1e-12, abs=1e-12 * max(1.0, np.abs(a).max()))
    found = grad(nn.cross_entropy)(a, labels)
    e = np.eye(a.shape[1])[labels]
    np.testing.assert_allclose(found, (special.softmax(a, axis=1) - e) / len(a), atol=1e-12)


@pytest.mark.parametrize("name", ["squared_error", "absolute_error", "binary_cross_entropy", "hinge"])
def test_a_single_output_fits_flat_targets_and_nothing_is_broadcast(name: str) -> None:
    loss = getattr(nn, name)
    a, y = LOGIT, TARGET
    assert float(loss(a[:, None], y)) == float(loss(a, y)) == float(loss(a, y[:, None]))
    check_gradient(lambda x: loss(x, y), a[:, None])
    for bad in (y[:-1], y[None, :], np.stack([y, y], axis=1)):
        with pytest.raises(ShapeError, match=rf"{name}: predictions \(6, 1\) and targets"):
            loss(a[:, None], bad)
    with pytest.raises(ShapeError, match="no examples"):
        loss(np.zeros(0), np.zeros(0))


def test_hinge_and_cross_entropy_bound_the_zero_one_loss_from_above() -> None:
    for a in np.linspace(-3.0, 3.0, 61):
        for y in (0, 1):
            pair = np.array([a]), np.array([y])
            assert nn.hinge(*pair) >= nn.zero_one(*pair)
            assert nn.binary_cross_entropy(*pair) / np.log(2) >= nn.zero_one(*pair) - 1e-15


@given(st.integers(1, 6), st.integers(2, 4), st.data())
def test_zero_one_counts_what_argmax_gets_wrong(m: int, classes: int, data: Any) -> None:
    a = data.draw(arrays.arrays(np.float64, (m, classes), elements=st.integers(-2, 2).map(float)))  # many ties
    y = data.draw(arrays.arrays(np.int64, m, elements=st.integers(0, classes - 1)))
    assert float(nn.zero_one(a, y)) == pytest.approx(np.mean(a.argmax(axis=1) != y), abs=1e-15)
    assert trace(nn.zero_one, a, y).run(a, y) == pytest.approx(np.mean(a.argmax(axis=1) != y), abs=1e-15)


def test_zero_one_of_one_logit() -> None:
    assert float(nn.zero_one(np.array([-1.0, 0.0, 0.0, 2.0]), np.array([0, 0, 1, 0]))) == 0.5
    assert float(nn.zero_one(np.array([[np.nan, 0.0]]), np.array([0]))) == 1.0
    assert grad(nn.zero_one)(LOGITS, LABELS).any() == 0


@pytest.mark.parametrize(("labels", "message"), [
    (np.array([0, 1, 2, 3, 4, 0]), "from 0 to 3, got 4 for example 4"),
    (np.array([0, 1, -1, 3, 9, 0]), "from 0 to 3, got -1 for example 2"),
    (np.array([0, 1, 1.5, 3, 0, 0]), "got 1.5 for example 2"),
    (np.array([0, np.nan, 1, 3, 0, 0]), "got nan for example 1"),
])  # fmt: skip
def test_labels_out_of_range(labels: Any, message: str) -> None:
    for loss in (nn.cross_entropy, nn.zero_one):
        with pytest.raises(ValueError, match=message):
            loss(LOGITS, labels)


def test_targets_of_two_classes() -> None:
    with pytest.raises(ValueError, match="hinge: targets must be 0 or 1, got -1 for example 0"):
        nn.hinge(np.zeros(2), np.array([-1, 1]))
    with pytest.raises(ValueError, match="binary_cross_entropy: targets must be from 0 to 1, got 2 for example 1"):
        nn.binary_cross_entropy(np.zeros(2), np.array([0, 2]))
    with pytest.raises(ValueError, match="one class only"):
        nn.cross_entropy(np.zeros((2, 1)), np.array([0, 0]))
    for loss, shape in ((nn.cross_entropy, (3,)), *product((nn.cross_entropy, nn.zero_one), ((2, 3), (3, 2, 2)))):
        with pytest.raises(ShapeError, match=rf"{loss.__name__}: logits {re.escape(str(shape))} and labels \(3,\)"):
            loss(np.zeros(shape), np.zeros(3))


def test_recorded_labels_are_taken() -> None:
    """A batch that is picked inside a trace has labels whose values are not known yet."""
    rows = np.array([5, 2])
    for loss in (nn.cross_entropy, nn.zero_one):
        program = trace(
            lambda a, y, rows, loss=loss: loss(np.take(a, rows, axis=0), np.take(y, rows, axis=0)), LOGITS, LABELS, np.zeros(2)
        )
        assert program.run(LOGITS, LABELS, rows) == float(loss(LOGITS[rows], LABELS[rows]))


# Regularisers -----------------------------------------------------------------------------------------------------------

THETA = {"W": [np.array([[1.0, -2.0], [0.0, 3.0]]), np.array([[-0.5, 0.25]])], "b": [np.array([5.0, 6.0]), np.array([7.0])]}


def test_regularisers_see_weights_and_never_biases() -> None:
    assert float(nn.l2(THETA)) == 14.3125
    assert float(nn.l1(THETA)) == 6.75
    few_bits = np.array([[-128]], np.int8)
    assert (nn.l1(few_bits), nn.l2(few_bits)) == (128.0, 16384.0)
    for Ω, slope in ((nn.l2, lambda W: 2 * W), (nn.l1, np.sign)):
        found = grad(Ω)(THETA)
        for W, g in zip(THETA["W"], found["W"], strict=True):
            np.testing.assert_array_equal(g, slope(W))
        assert not any(g.any() for g in found["b"])
        assert float(Ω(THETA["W"])) == float(Ω(THETA))
        assert float(Ω(THETA["W"][0])) + float(Ω(Tensor(THETA["W"][1])).value) == float(Ω(THETA))
    with pytest.raises(ValueError, match="no weights 'W', only 'b'"):
        nn.l1({"b": []})


# Initial weights --------------------------------------------------------------------------------------------------------


def test_glorot_and_he_have_the_variance_they_are_made_for() -> None:
    rng = np.random.default_rng(0)
    W = nn.glorot_uniform(rng, (300, 200))
    b = np.sqrt(6) / np.sqrt(500)
    assert W.shape == (300, 200)
    assert 0.999 * b < np.abs(W).max() <= b  # of 60,000 draws
    # The variance of n draws has the relative standard deviation √((κ − 1)/n), κ = 1.8 (uniform) or 3 (normal): 4 of them.
    assert W.var() == pytest.approx(2 / 500, rel=4 * np.sqrt(0.8 / W.size))
    W = nn.he_normal(rng, (300, 200))
    assert W.var() == pytest.approx(2 / 200, rel=4 * np.sqrt(2 / W.size))
    assert nn.normal(0.3)(rng, (300, 200)).std() == pytest.approx(0.3, rel=4 * np.sqrt(0.5 / W.size))


def test_glorot_is_within_pytorch_bounds() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; the bound is tested by formula")
    W = torch.empty(40, 60, dtype=torch.float64)
    torch.nn.init.xavier_uniform_(W)
    bound = np.sqrt(6 / 100)
    assert float(W.abs().max()) <= bound
    assert np.abs(nn.glorot_uniform(np.random.default_rng(1), (40, 60))).max() <= bound


def test_bad_initialisers() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"glorot_uniform: needs the shape \(units, inputs\)"):
        nn.glorot_uniform(rng, (3,))
    with pytest.raises(ValueError, match="he_normal"):
        nn.he_normal(rng, (3, 0))
    with pytest.raises(ValueError, match="scale must be"):
        nn.normal(-1.0)
    with pytest.raises(ValueError, match="did you mean 'glorot_uniform'"):
        nn.initializers.get("glorot")
