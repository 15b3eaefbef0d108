"""no_grad: Tensors from before the block are data inside it."""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np
import pytest

from dlcourse import Tensor, TraceError, grad, hessian, hvp, jacobian, no_grad, scan, trace, value_and_grad
from dlcourse.autodiff import box
from dlcourse.autodiff.walks import boxes_below


def test_nothing_is_kept():
    w, b = Tensor(np.ones(3)), Tensor(2.0)
    with no_grad():
        y = np.tanh(np.sum(w * 3.0) + b)
    assert type(y) is Tensor
    assert y.value == math.tanh(11.0)
    assert (y.row, y.inputs, y.options) == (None, (), {})
    assert boxes_below([y]) == [y]
    after = y * b
    after.backward()
    assert b.grad == y.value
    assert w.grad is None


def test_results_act_as_data_afterwards():
    w = Tensor(3.0)
    with no_grad():
        y = w * w
    assert grad(lambda x: x * y)(2.0) == 9.0
    assert type(grad(lambda x: x * y)(2.0)) is float


def test_derivatives_taken_inside_are_right_and_plain():
    w = Tensor([1.0, 2.0])

    def f(x):
        return np.sum(x**3 * w) + np.sum(w)

    x = np.array([0.5, -1.0])
    with no_grad():
        value, g = value_and_grad(f)(x)
        H = hessian(f)(x)
        product = hvp(f, x, np.array([1.0, 0.0]))
        J = jacobian(lambda x: x * w)(x)
        of_a_tensor = grad(f)(w)
    assert type(value) is float
    assert value == np.sum(x**3 * w.value) + 3.0
    np.testing.assert_array_equal(g, 3 * x**2 * w.value)
    np.testing.assert_allclose(H, np.diag(6 * x * w.value), rtol=1e-15)
    np.testing.assert_allclose(product, [3.0, 0.0], rtol=1e-15)
    np.testing.assert_array_equal(J, np.diag(w.value))
    np.testing.assert_array_equal(of_a_tensor, 3 * w.value**3)
    assert type(of_a_tensor) is np.ndarray


def test_backward_inside_stays_inside():
    w = Tensor(3.0)
    with no_grad():
        x = Tensor(2.0)
        y = w * x * w
        y.backward()
    assert x.grad == 9.0
    assert w.grad is None


def test_programs_and_scans_inside():
    w = Tensor(2.0)
    with no_grad():
        last, kept = scan(lambda c, t: (c * w, c), w, length=3)
        program = trace(lambda x: x * w, 1.0)
    assert last.value == 16.0
    np.testing.assert_array_equal(kept.value, [2.0, 4.0, 8.0])
    assert last.row is None
    assert program.run(3.0) == 6.0


def test_nesting_and_exceptions():
    w = Tensor(2.0)
    with no_grad():
        a = Tensor(3.0)
        kept = a * w
        with no_grad():
            cut = a * w
            inner = grad(lambda x: x * a * w)(1.0)
        again = a * w
    assert kept.inputs == (a, 2.0) or kept.inputs[0] is a
    assert kept.inputs[1] == 2.0
    assert kept.oldest == again.oldest == a.number
    assert cut.row is None
    assert inner == 6.0
    with pytest.raises(TypeError), no_grad():
        math.sqrt("no number")
    assert not box.ON_RECORD
    assert (w * w).row is not None


def test_each_thread_records_for_itself():
    inside, done = threading.Event(), threading.Event()

    @no_grad()
    def elsewhere() -> None:
        inside.set()
        done.wait(60)

    def traced(x: Any) -> Any:
        elsewhere_too.start()
        inside.wait(60)
        return 2.0 * x

    w = Tensor(3.0)
    thread = threading.Thread(target=elsewhere)
    thread.start()
    assert inside.wait(60)
    (w * w).backward()
    done.set()
    thread.join()
    assert w.grad == 6.0
    inside.clear()
    elsewhere_too = threading.Thread(target=lambda: (w.detach(), float((w * w).item()), inside.set()))
    assert trace(traced, 1.0).run(4.0) == 8.0
    elsewhere_too.join()


def test_as_a_decorator():
    @no_grad()
    def evaluate(x):
        return x * x

    assert evaluate(Tensor(3.0)).row is None
    assert evaluate(Tensor(3.0)).value == 9.0


def test_it_is_refused_while_tracing():
    def f(x):
        with no_grad():
            return x * x

    with pytest.raises(TraceError, match="no_grad: a traced function is recorded as a whole"):
        trace(f, 1.0)
    with pytest.raises(TraceError, match="no_grad"):
        scan(lambda c, t: (f(c), None), 1.0, length=2)
    assert not box.ON_RECORD
