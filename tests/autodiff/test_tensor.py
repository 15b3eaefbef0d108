"""Tensors: what they hold, that it cannot change, and one clear sentence for everything they refuse."""

from __future__ import annotations

import copy
import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from dlcourse import ShapeError, Tensor, TraceError, grad, trace, value_and_grad
from dlcourse.autodiff import MissingRule, primitives
from dlcourse.autodiff.box import Primitive, call, unary

# What a Tensor holds --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        3,
        3.0,
        True,
        np.float32(3),
        np.int8(3),
        np.array(3),
        np.array([1, 2]),
        [[1, 2], [3, 4]],
        (1.0, 2.0),
        np.float16([1.5]),
        [],
    ],
)
def test_numbers_become_float64(given):
    t = Tensor(given)
    assert t.shape == np.shape(given)
    assert type(t.value) is (np.ndarray if np.shape(given) else float)
    assert np.asarray(t.value).dtype == np.float64
    np.testing.assert_array_equal(t.value, np.asarray(given, dtype=float))
    assert t.grad is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("abc", "real numbers, got 'abc'"),
        (b"abc", "real numbers"),
        (None, "real numbers, got None"),
        (1 + 2j, r"real numbers, got \(1\+2j\)"),
        (np.array([1j]), "dtype complex128"),
        (np.array([1, "a"], dtype=object), "dtype object"),
        (Decimal("1.5"), "real numbers"),
        (10**400, "real numbers"),
        ({"a": 1}, "real numbers"),
        ({1.0, 2.0}, "real numbers"),
        (np.array(["1", "2"]), "dtype <U1"),
        (np.array(["2026-01-01"], dtype="M8[D]"), "dtype datetime64"),
        (lambda x: x, "real numbers"),
        ([[1.0, 2.0], [3.0]], "unequal length"),
        ([1.0, [2.0]], "unequal length"),
    ],
)
def test_what_is_no_array_of_numbers(given, words):
    with pytest.raises(TypeError, match=words) as caught:
        Tensor(given)
    assert len(str(caught.value)) < 160
    with pytest.raises(TypeError):
        Tensor(1.0) + given
    with pytest.raises(TypeError):
        grad(lambda x: x)(given)


def test_a_tensor_of_tensors():
    t = Tensor(1.0)
    with pytest.raises(TypeError, match="detach"):
        Tensor(t)
    with pytest.raises(TypeError, match=r"np\.stack"):
        Tensor([t, t])
    with pytest.raises(TypeError, match=r"np\.stack"):
        Tensor([1.0, 2.0]) * [t, t]


def test_how_it_prints():
    assert repr(Tensor(1.5)) == "Tensor(1.5)"
    assert repr(Tensor([1.0, 2.0])) == "Tensor([1., 2.])"
    assert repr(Tensor(np.eye(2))).startswith("Tensor([[1., 0.],")
    assert f"{Tensor(1.23456):.2f}" == "1.23"
    assert f"{Tensor(2.0)}" == "Tensor(2.0)"
    assert repr(primitives.TABLE["add"]) == "<primitive add>"


def test_length_and_entries():
    t = Tensor([[1.0, 2.0], [3.0, 4.0]])
    assert len(t) == 2
    assert [row.value.tolist() for row in t] == [[1.0, 2.0], [3.0, 4.0]]
    with pytest.raises(TypeError, match="scalar"):
        len(Tensor(1.0))
    with pytest.raises(TypeError, match="scalar"):
        list(Tensor(1.0))


def test_leaving_the_graph():
    assert Tensor([[2.0]]).item() == 2.0
    assert type(Tensor(2.0).item()) is float
    with pytest.raises(ShapeError, match=r"\(2,\)"):
        Tensor([1.0, 2.0]).item()
    t = Tensor([1.0, 2.0])
    assert type(t.detach()) is np.ndarray
    assert not t.detach().flags.writeable
    a = Tensor(3.0)
    (a * (a * a).detach()).backward()
    assert a.grad == 9.0


def test_truth():
    assert Tensor(1.0) > 0.5
    assert not Tensor(1.0) > 2.0
    with pytest.raises(ValueError, match="ambiguous"):
        bool(Tensor([1.0, 2.0]))


# It cannot change -----------------------------------------------------------------------------------------------


def test_a_leaf_is_a_copy():
    x = np.array([1.0, 2.0])
    t = Tensor(x)
    x[:] = 100.0
    np.testing.assert_array_equal(t.value, [1.0, 2.0])
    view = np.arange(4.0)
    read_only = view[:2]
    read_only.setflags(write=False)
    t = Tensor(read_only)
    view[:] = 100.0
    np.testing.assert_array_equal(t.value, [0.0, 1.0])


def test_data_changed_after_recording():
    """18, not 612: constants are copied when they are recorded."""
    x, data = Tensor([1.0, 2.0]), np.array([3.0, 6.0])
    y = np.sum(x**2 * data)
    data[:] = 100.0
    y.backward()
    np.testing.assert_array_equal(x.grad, [6.0, 24.0])
    index, rows = np.array([0, 1]), Tensor(np.eye(2))
    y = np.sum(rows[index] * np.array([[1.0], [2.0]]))
    index[:] = 0
    y.backward()
    np.testing.assert_array_equal(rows.grad, [[1.0, 1.0], [2.0, 2.0]])
    condition = np.array([True, False])
    y = np.sum(np.where(condition, x, 0.0))
    condition[:] = False
    x.grad = None
    y.backward()
    np.testing.assert_array_equal(x.grad, [1.0, 0.0])


@pytest.mark.parametrize(
    "make",
    [
        lambda t: t,
        lambda t: t * 2.0,
        np.exp,
        lambda t: t[1:],
        lambda t: t.T,
        lambda t: np.reshape(t, (4, 1)),
        lambda t: np.broadcast_to(t, (2, 2, 2)),
        lambda t: t @ t,
        lambda t: np.concatenate([t, t]),
        lambda t: np.sum(t, axis=0),
        lambda t: np.where(t > 0, t, 0.0),
        lambda t: t[[0, 0]],
    ],
)
def test_values_are_read_only(make):
    value = make(Tensor(np.ones((2, 2)))).value
    with pytest.raises(ValueError, match="read-only"):
        value[...] = 0.0


def test_in_place_operators_are_refused():
    t = Tensor([1.0, 2.0])
    for statement in ("t += 1", "t -= 1", "t *= 2", "t /= 2", "t **= 2", "t @= t"):
        with pytest.raises(TypeError, match=r"in place.*t = t"):
            exec(statement, {"t": t})
    with pytest.raises(TypeError, match="item assignment"):
        t[0] = 5.0
    a = np.ones(2)
    for statement in ("a += t", "a *= t"):
        with pytest.raises(TypeError, match="out"):
            exec(statement, {"a": a, "t": t})
    np.testing.assert_array_equal(a, np.ones(2))
    with pytest.raises(TypeError, match="out"):
        np.exp(t, out=a)
    with pytest.raises(TypeError, match="where"):
        np.exp(t, where=np.array([True, False]))
    with pytest.raises(TypeError, match="dtype"):
        np.add(t, t, dtype=np.float32)


@pytest.mark.parametrize(
    "turn",
    [
        np.asarray,
        np.array,
        lambda t: np.array([t, t]),
        lambda t: np.asarray([t, 1.0]),
        lambda t: np.array([[t], [t]]),
        lambda t: np.float64(t),
    ],
)
@pytest.mark.parametrize("value", [1.0, [1.0, 2.0]])
def test_a_tensor_does_not_become_an_array_by_itself(turn, value):
    with pytest.raises(TypeError, match=r"np\.stack|item\(\)"):
        turn(Tensor(value))


def test_a_tensor_does_not_become_an_entry_of_an_array():
    with pytest.raises((TypeError, ValueError)) as caught:
        np.zeros(2)[0] = Tensor(1.0)
    assert "item()" in f"{caught.value} {caught.value.__cause__}"


@pytest.mark.parametrize("turn", [float, math.exp, math.sqrt, lambda t: math.isnan(t), lambda t: "%.2f" % t])  # noqa: UP031
def test_a_tensor_does_not_become_a_float_by_itself(turn):
    with pytest.raises(TypeError, match=r"item\(\)"):
        turn(Tensor(1.0))


def test_a_tensor_does_not_become_a_whole_number():
    with pytest.raises(TypeError):
        int(Tensor(1.0))
    with pytest.raises(TypeError):
        [1, 2][Tensor(1.0)]
    with pytest.raises(TypeError):
        range(Tensor(1.0))


def test_equality_is_elementwise_and_tensors_are_no_keys():
    t = Tensor([1.0, 2.0])
    np.testing.assert_array_equal((t == [1.0, 3.0]).value, [1.0, 0.0])
    np.testing.assert_array_equal((t != [1.0, 3.0]).value, [0.0, 1.0])
    np.testing.assert_array_equal((t == t).value, [1.0, 1.0])
    with pytest.raises(TypeError, match="unhashable"):
        hash(t)


def test_a_copy_is_a_tensor_too():
    t = copy.copy(Tensor([1.0, 2.0]))
    np.testing.assert_array_equal((t * 2.0).value, [2.0, 4.0])


# Shapes that do not fit --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (lambda t: t + np.ones(4), r"add: shapes \(3, 2\) and \(4,\)"),
        (lambda t: np.ones(4) - t, r"subtract: shapes \(4,\) and \(3, 2\)"),
        (lambda t: t * Tensor(np.ones(5)), r"multiply: shapes \(3, 2\) and \(5,\)"),
        (lambda t: t / np.ones(4), r"divide: shapes \(3, 2\) and \(4,\)"),
        (lambda t: np.maximum(t, np.ones(4)), r"maximum: shapes \(3, 2\) and \(4,\)"),
        (lambda t: t > np.ones(4), r"greater: shapes \(3, 2\) and \(4,\)"),
        (lambda t: t ** np.ones(4), r"power: shapes \(3, 2\) and \(4,\)"),
        (lambda t: np.where(t > 0, t, np.ones(4)), r"where: shapes \(3, 2\) and \(3, 2\) and \(4,\)"),
        (lambda t: np.ones((3, 4)) @ Tensor(np.ones((5, 2))), r"matmul: \(3, 4\) @ \(5, 2\) do not fit: inner sizes 4 and 5"),
        (lambda t: t @ np.ones(3), r"matmul: \(3, 2\) @ \(3,\).*2 and 3"),
        (lambda t: t @ 2.0, r"matmul: \(3, 2\) @ \(\).*\*"),
        (lambda t: np.ones((2, 3, 2)) @ np.reshape(t, (1, 2, 3)) @ np.ones((5, 3, 3)), r"matmul.*\(2, 3, 3\) and \(5, 3, 3\)"),
        (lambda t: np.reshape(t, (4, 2)), r"reshape: 6 entries of shape \(3, 2\).*\(4, 2\)"),
        (lambda t: np.reshape(t, (4, -1)), r"reshape: 6 entries"),
        (lambda t: np.reshape(t, (-1, -1)), r"reshape: 6 entries"),
        (lambda t: np.reshape(t, (-1,), order="F"), r"reshape.*order='F'"),
        (lambda t: np.broadcast_to(t, (4, 2)), r"broadcast_to: shapes \(3, 2\)"),
        (lambda t: np.concatenate([t, np.ones((1, 3))]), r"concatenate: shapes \(3, 2\) and \(1, 3\)"),
        (lambda t: np.concatenate([t[0, 0], t[0, 1]]), r"concatenate.*np\.stack"),
        (lambda t: primitives.concatenate([]), r"concatenate: needs at least one"),
        (lambda t: np.stack([t, t[0]]), r"stack.*\(3, 2\), \(2,\)"),
        (lambda t: primitives.stack([]), r"stack"),
        (lambda t: np.sum(t, axis=2), r"axis 2 .*\(3, 2\)"),
        (lambda t: np.max(t, axis=(0, -3)), r"axis \(0, -3\) .*\(3, 2\)"),
        (lambda t: np.transpose(t, (0, 0)), r"transpose: \(0, 0\).*\(3, 2\)"),
        (lambda t: np.max(t[:0]), r"max: no entries in shape \(0, 2\)"),
        (lambda t: np.mean(t[:0]), r"mean: no entries.*\(0, 2\)"),
        (lambda t: primitives.sum(t, axis=5), r"axis 5"),
    ],
)
def test_shapes_that_do_not_fit(f, words):
    with pytest.raises(ShapeError, match=words):
        f(Tensor(np.ones((3, 2))))


@pytest.mark.parametrize(
    "f",
    [
        lambda t: np.stack([t, t], axis=3),
        lambda t: np.stack([t, t], axis=-4),
        lambda t: np.transpose(t, (0, 3)),
        lambda t: np.transpose(t, (2, 1)),
    ],
)
def test_axes_that_do_not_exist(f):
    with pytest.raises((ShapeError, IndexError)):
        f(Tensor(np.ones((3, 2))))


@pytest.mark.parametrize(
    "index",
    [3, -4, (0, 2), (0, 0, 0), [0, 3], np.array([-4]), [0.5], np.array([True, False]), True, (slice(None), 7), [np.nan]],
)
def test_an_index_that_does_not_fit(index):
    with np.errstate(invalid="ignore"), pytest.raises(IndexError) as caught:  # a NaN cast to an integer warns
        Tensor(np.ones((3, 2)))[index]
    assert len(str(caught.value)) > 20


@pytest.mark.parametrize("mask", [lambda w: w > 0, lambda w: (w != 1.0, 0)])
def test_a_comparison_is_no_mask(mask):
    with pytest.raises(IndexError, match=r"np\.where\(mask, x, 0\)"):
        grad(lambda w: np.sum(w[mask(w)]))(np.array([[1.0, -2.0], [3.0, 4.0]]))


@pytest.mark.parametrize("index", ["a", (slice(None), [0, 1]), ([0], slice(None)), None.__class__])
def test_an_index_of_another_kind(index):
    with pytest.raises(IndexError, match="index"):
        Tensor(np.ones((3, 2)))[index]


@pytest.mark.parametrize("index", [(0, 0, [0]), ([0], [0], [0])])
def test_more_than_one_array_of_positions(index):
    with pytest.raises(IndexError, match="take integers, slices"):
        Tensor(np.ones((3, 2)))[index]


def test_taking_from_a_scalar():
    with pytest.raises(IndexError, match="scalar"):
        np.take(Tensor(1.0), 0, axis=0)
    assert np.take(Tensor(1.0), 0).value == 1.0  # without an axis, of the flattened array, as NumPy


def test_taking_by_name():
    assert np.take(Tensor([1.0, 2.0]), indices=[1], axis=0).value == 2.0


def test_taking_with_a_mask():
    """NumPy would take the entries 0 and 1, in turn; who writes it means the mask."""
    with pytest.raises(IndexError, match="take: needs whole numbers, got array"):
        np.take(Tensor([1.0, 2.0, 3.0]), [True, False, True])
    with pytest.raises(IndexError, match=r"does not fit a Tensor of shape \(\): a mask of shape \(1,\)"):
        Tensor(1.0)[np.array([True])]


def test_an_index_into_a_scalar():
    with pytest.raises(IndexError, match=r"\(\)"):
        Tensor(1.0)[0]


@pytest.mark.parametrize("index", [..., None, ()])
def test_a_scalar_as_an_array(index):
    assert Tensor(1.0)[index].shape == np.ones(())[index].shape


@pytest.mark.parametrize("p", [math.nan, math.inf, -math.inf])
def test_exponents_that_are_not_finite(p):
    np.testing.assert_array_equal((Tensor([0.5, 2.0]) ** p).value, np.array([0.5, 2.0]) ** p)


# NumPy's functions that are not in the table -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (np.arctan, r"np\.arctan.*no such primitive.*np\.tanh"),
        (np.exp2, r"np\.exp2.*nearest is np\.exp(m1)?$"),
        (np.log10, r"np\.log10.*np\.log"),
        (np.cumsum, r"np\.cumsum.*np\.sum"),
        (lambda t: np.expand_dims(t, 0), r"np\.expand_dims"),
        (lambda t: np.clip(t, 0, 1), r"np\.clip"),
        (np.isnan, r"np\.isnan"),
        (lambda t: np.add.reduce(t), r"np\.add\.reduce.*np\.add"),
        (lambda t: np.multiply.outer(t, t), r"np\.multiply\.outer"),
        (lambda t: np.einsum("i,i", t, t), r"np\.einsum"),
    ],
)
def test_functions_that_tensors_do_not_take(f, words):
    with pytest.raises(TypeError, match=words):
        f(Tensor([1.0, 2.0]))


@pytest.mark.parametrize(
    "f",
    [
        lambda t: np.linalg.norm(t, axis=0),
        lambda t: np.sum(t, dtype=np.float32),
        lambda t: np.max(t, initial=0.0),
        lambda t: np.where(t > 0),
        lambda t: np.linalg.norm(t, 1),
    ],
)
def test_arguments_that_tensors_do_not_take(f):
    with pytest.raises(TypeError):
        f(Tensor([1.0, 2.0]))


# Backward, and one box at a time -------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(2,), (1,), (1, 1), (0,)])
def test_backward_of_what_is_no_scalar(shape):
    x = Tensor(np.ones(shape))
    with pytest.raises(ShapeError, match=r"jacobian"):
        (x * 2.0).backward()
    assert x.grad is None


def test_a_primitive_without_rules():
    row = Primitive("mystery", np.sinh, None)
    mystery = unary(row)
    y = mystery(Tensor(1.0))
    assert y.value == np.sinh(1.0)
    with pytest.raises(MissingRule, match="mystery"):
        y.backward()
    with pytest.raises(MissingRule, match="mystery"):
        grad(mystery)(1.0)
    from dlcourse import jvp

    with pytest.raises(MissingRule, match="mystery"):
        jvp(mystery, (1.0,), (1.0,))


def test_a_bad_option_names_the_primitive():
    def forward(x: Any) -> Any:
        raise ValueError("no such thing")

    with pytest.raises(ShapeError, match=r"picky: shapes \(2,\) do not fit \(no such thing\)"):
        call(Primitive("picky", forward, None), Tensor([1.0, 2.0]))


def test_numbers_grow_and_know_their_oldest_leaf():
    x, w = Tensor(1.0), Tensor(2.0)
    y = w * w + x
    assert x.number < w.number < y.number
    assert y.oldest == x.number
    assert (w * 3.0).oldest == w.number


# While tracing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (lambda x: x if x > 0 else -x, r"bool\(\).*np\.where"),
        (lambda x: x * x.item(), r"item\(\)"),
        (lambda x: x * x.detach(), r"detach\(\)"),
        (lambda x: (x * x).backward(), r"backward\(\).*grad"),
        (lambda x: max(x, 0.0), r"bool\(\)"),
        (lambda x: grad(lambda y: y if y > 0 else -y)(x), r"bool\(\)"),
        (lambda x: grad(lambda y: x * y if x > 0 else y)(1.0), r"bool\(\)"),
        (lambda x: trace(lambda y: y if y > 0 else x, 1.0).run(1.0) + x, r"bool\(\)"),
    ],
)
def test_values_are_not_known_while_tracing(f, words):
    with pytest.raises(TraceError, match=words):
        trace(f, 1.0)
    # and the refusal leaves nothing behind
    assert bool(Tensor(1.0) > 0.5)
    assert value_and_grad(lambda x: x * x.item())(3.0) == (9.0, 3.0)
