"""check_nan: the first box that made a NaN or an infinity, and the line that made it."""

from __future__ import annotations

import linecache
import sys
from pathlib import Path

import numpy as np
import pytest

from dlcourse import NonFinite, Tensor, check_nan, grad, hessian, landscapes, no_grad
from dlcourse.autodiff import box


def line_of(text: str) -> int:
    """The number of the line of this file that ends with a mark."""
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    return 1 + next(i for i, line in enumerate(lines) if line.endswith(f"# {text}"))


def entropy(p):
    q = 1.0 - p
    first = p * np.log(p)
    return -np.sum(first + q * np.log(q))  # the bad line


def test_it_names_the_box_its_inputs_and_the_line():
    with pytest.raises(NonFinite) as caught:
        check_nan(entropy, np.array([0.25, 1.0]))
    assert str(caught.value) == (
        f"log: made [-0.287682,      -inf] from [0.75, 0.  ], in test_check_nan.py, line {line_of('the bad line')}: "
        "return -np.sum(first + q * np.log(q))  # the bad line"
    )


def test_large_arrays_are_summed_up():
    with pytest.raises(NonFinite, match=r"log: made an array of shape \(6,\) \(2 NaN and 1 infinite\) from an array of shape"):
        check_nan(lambda x: np.log(x), np.array([-2.0, -1.0, 0.0, 1.0, 2.0, 3.0]))
    with pytest.raises(NonFinite, match=r"from an array of shape \(5,\) \(from -1 to 4\), in"):
        check_nan(lambda x: np.sqrt(x), np.array([-1.0, 1.0, 2.0, 3.0, 4.0]))


@pytest.mark.parametrize(
    ("f", "args", "name"),
    [
        (lambda x: 1.0 / x, (0.0,), "divide"),
        (lambda x: np.exp(x), (1000.0,), "exp"),
        (lambda x: np.sum(np.where(x > 0.0, np.log(x), 0.0)), (np.array([0.0, 1.0]),), "log"),
        (lambda x: x @ x, (np.array([1e200, 1.0]),), "matmul"),
        (lambda p: p["w"] * p["b"], ({"w": 1e200, "b": [1.0][0] * 1e200},), "multiply"),
        (np.sqrt, (-1.0,), "sqrt"),
    ],
)
def test_the_first_operation_is_named_and_numpy_does_not_warn(f, args, name):
    with pytest.raises(NonFinite, match=f"^{name}: made .* in test_check_nan.py, line"):
        check_nan(f, *args)


def test_without_a_line_of_the_users_it_names_the_call():
    with pytest.raises(NonFinite, match=r"check_nan\(np\.log, -1\.0\)"):
        check_nan(np.log, -1.0)


def test_a_line_of_the_package_is_better_than_none():
    with pytest.raises(NonFinite, match=r"in landscapes.py, line \d+: "):
        check_nan(landscapes.get("rosenbrock"), np.array([1e200, 1.0]))


def test_derivatives_are_looked_at_too():
    f = lambda x: np.exp(x) ** 2 / 1e300  # noqa: E731
    assert np.isfinite(check_nan(f, 350.0))
    with pytest.raises(NonFinite, match=r"^power: made inf from 0\. and -0\.7"):
        check_nan(grad(lambda x: x**0.3), 0.0)


def test_the_result_is_as_without():
    x = np.array([1.0, 2.0])
    f = lambda x: {"sum": np.sum(x), "square": x**2, "shape": x.shape, "none": None, "one": 1}  # noqa: E731
    found, expected = check_nan(f, x), f(x)
    assert found["sum"] == expected["sum"]
    assert type(found["sum"]) is float
    np.testing.assert_array_equal(found["square"], expected["square"])
    found["square"][0] = 7.0
    assert (found["shape"], found["none"], found["one"]) == ((2,), None, 1)
    np.testing.assert_array_equal(check_nan(hessian(lambda x: np.sum(x**3)), x), np.diag(6 * x))
    assert check_nan(lambda x, i, name: (x[i], name), x, 1, "b") == (2.0, "b")
    assert check_nan(lambda: 3.0) == 3.0


def test_tensors_stay_tensors_and_can_be_differentiated():
    w = Tensor(3.0)
    loss = check_nan(lambda w, x: w * x, w, 2.0)
    assert type(loss) is Tensor
    loss.backward()
    assert w.grad == 2.0
    assert check_nan(lambda x: x * 2.0, w).value == 6.0


def test_what_no_operation_made():
    with pytest.raises(NonFinite, match="the result is nan, and no operation on a Tensor made that"):
        check_nan(lambda x: x, float("nan"))
    with (
        pytest.raises(NonFinite, match="Tensor made that; whole numbers in args stay bare, pass floats"),
        np.errstate(all="ignore"),
    ):
        check_nan(lambda x: np.sum(np.log(1.0 * x)), np.array([-1, 1]))
    with pytest.raises(NonFinite, match="the result is inf"):
        check_nan(lambda x: np.inf, 1.0)
    assert check_nan(lambda x: np.where(np.array([True, False]), x, 0.0), np.array([1.0, np.nan])).tolist() == [1.0, 0.0]


def test_the_hook_is_taken_away_again():
    with pytest.raises(NonFinite):
        check_nan(np.log, 0.0)
    assert not box.ON_RECORD
    with np.errstate(all="ignore"):
        assert np.isnan(np.log(Tensor(-1.0)).value)
    with pytest.raises(ZeroDivisionError):
        check_nan(lambda x: 1 / 0, 1.0)
    assert not box.ON_RECORD


def test_within_no_grad_and_around_it():
    w = Tensor(-1.0)

    def f(x):
        with no_grad():
            return np.log(w) * x

    with pytest.raises(NonFinite, match=r"log: made nan from -1\."):
        check_nan(f, 1.0)
    with no_grad(), pytest.raises(NonFinite, match=r"log: made nan from -1\."):
        check_nan(lambda x: np.log(w) * x, 1.0)
    with no_grad():
        assert check_nan(lambda x: w * x, 2.0) == -2.0
    assert check_nan(lambda v: check_nan(lambda u: u * v, 3.0), 2.0) == 6.0


def test_code_without_a_file_has_a_line_without_text():
    namespace: dict = {"np": np}
    exec(compile("def f(x):\n    return np.log(x)\n", "<typed>", "exec"), namespace)
    with pytest.raises(NonFinite, match=r"in <typed>, line 2: $"):
        check_nan(namespace["f"], -1.0)
    linecache.cache["<cell>"] = (1, None, ["def g(x):\n", "    return np.log(x)\n"], "<cell>")
    exec(compile("def g(x):\n    return np.log(x)\n", "<cell>", "exec"), namespace)
    with pytest.raises(NonFinite, match=r"in <cell>, line 2: return np.log\(x\)"):
        check_nan(namespace["g"], -1.0)
    assert sys.exc_info() == (None, None, None)
