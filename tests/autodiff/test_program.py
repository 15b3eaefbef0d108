"""trace, Program and scan: recorded once, run anywhere, the same bits; and scan against the loop it stands for."""

from __future__ import annotations

import base64
import json
import math
from collections import namedtuple
from importlib import import_module
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import assert_close

from dlcourse import ShapeError, Tensor, TraceError, check_gradient, grad, hessian, hvp, jacobian, jvp, scan, trace, vjp
from dlcourse.autodiff.primitives import TABLE
from dlcourse.programs.compile import generate

Pair = namedtuple("Pair", "left right")


def kernels(program: Any) -> list[str]:
    return [operation[0] for operation in program.to_json()["ops"]]


# trace ------------------------------------------------------------------------------------------------------------


def test_inputs_are_named_after_parameters():
    def f(θ: Any, data: Any, scale: Any) -> Any:
        return θ["W"] @ data + θ["b"][0] * scale

    program = trace(f, {"W": np.ones((2, 3)), "b": [1.0]}, np.ones(3), 2.0)
    assert program.inputs == (("θ.W", (2, 3)), ("θ.b.0", ()), ("data", (3,)), ("scale", ()))
    assert program.outputs[0][0] == "result"
    np.testing.assert_array_equal(program.run(np.eye(2, 3), 5.0, np.arange(3.0), 2.0), [10.0, 11.0])
    assert [name for name, _ in trace(lambda *args: args[0] * args[1], 1.0, 2.0).inputs] == ["x0", "x1"]
    told = hasattr(np.maximum, "__signature__")  # NumPy's functions name their parameters since 2.4
    assert [name for name, _ in trace(np.maximum, 1.0, 2.0).inputs] == (["x1", "x2"] if told else ["x0", "x1"])
    assert trace(dict).run() == {}  # a function that does not tell its parameters
    assert [name for name, _ in trace(lambda x1, *rest: x1 * rest[0], 1.0, 2.0).inputs] == ["x1", "x1_"]


def test_results_keep_their_nest():
    program = trace(lambda x: {"a": [x, x * 2.0], "p": Pair(x + 1.0, 5.0)}, 1.0)
    assert [name for name, _ in program.outputs] == ["a.0", "a.1", "p.left", "p.right"]
    assert program.run(3.0) == {"a": [3.0, 6.0], "p": Pair(4.0, 5.0)}
    assert isinstance(program.run(3.0)["p"], Pair)


def test_constants_and_unused_inputs():
    data = np.array([1.0, 2.0])
    program = trace(lambda x, unused: np.sum(x * data) + 0.5, np.ones(2), 1.0)
    data[:] = 100.0  # recorded values cannot change
    assert program.run(np.array([3.0, 4.0]), 7.0) == 11.5
    assert [name for name, _ in program.inputs] == ["x", "unused"]
    assert trace(lambda x: 3.0, 1.0).run(5.0) == 3.0
    assert trace(lambda x: [np.ones(2), x], 1.0).run(5.0)[0].tolist() == [1.0, 1.0]
    assert trace(lambda x: x, 1.0).run(5.0) == 5.0
    assert trace(lambda: 2.0).run() == 2.0
    assert trace(lambda x: x * Tensor(2.0), 1.0).run(5.0) == 10.0  # a leaf made inside is a constant
    # +0 and −0 are two constants
    with np.errstate(divide="ignore"):
        assert trace(lambda x: [x / (x * 0.0 + 0.0), (x * -0.0 + -0.0)], 1.0).run(1.0)[0] == np.inf


def test_only_what_the_result_needs_is_kept_and_once():
    def f(x: Any) -> Any:
        _ = np.exp(x)
        return np.sin(x) * np.sin(x)

    assert kernels(trace(f, 1.0)) == ["sin", "multiply"]


def test_a_captured_tensor_is_refused():
    outside = Tensor([1.0, 2.0])
    for f in (lambda x: x * outside, lambda x: outside, lambda x: np.sum(np.tanh(outside)) + x, lambda x: [x, outside]):
        with pytest.raises(TraceError, match=r"from outside.*\(2,\).*argument"):
            trace(f, np.ones(2))


def test_a_tensor_from_another_trace_is_refused():
    kept: list[Any] = []
    trace(lambda x: kept.append(x) or x, 1.0)
    with pytest.raises(TraceError, match="outside"):
        trace(lambda x: x * kept[0], 1.0)


@pytest.mark.parametrize(
    ("f", "error", "words"),
    [
        (lambda x: None, TraceError, "returned None"),
        (lambda x: [x, None], TraceError, "returned None as its result 1, where"),
        (lambda x: {"a": x, "b": {"c": None}}, TraceError, r"returned None as its result b\.c, where"),
        (lambda x: "text", TypeError, "real numbers"),
        (lambda x: {1.0}, TypeError, "real numbers"),
    ],
)
def test_results_that_are_no_numbers(f, error, words):
    with pytest.raises(error, match=words):
        trace(f, 1.0)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ((), r"2 input\(s\) \(x, y\), got 0"),
        ((np.ones(2),), "got 1"),
        ((np.ones(2), 1.0, 1.0), "got 3"),
        ((np.ones(3), 1.0), r"input x was traced with shape \(2,\), got \(3,\)"),
        ((np.ones(2), np.ones(1)), r"input y was traced with shape \(\), got \(1,\)"),
    ],
)
def test_inputs_that_do_not_fit_the_program(inputs, words):
    with pytest.raises(ShapeError, match=words):
        trace(lambda x, y: x * y, np.ones(2), 1.0).run(*inputs)
    with pytest.raises(TypeError):
        trace(lambda x: x, 1.0).run("abc")


def test_programs_can_be_differentiated_and_traced_again():
    program = trace(lambda x, a: np.sum(np.tanh(a * x)), np.ones(2), 1.0)
    x = np.array([0.2, -0.4])
    np.testing.assert_array_equal(grad(lambda x: program.run(x, 2.0))(x), grad(lambda x: np.sum(np.tanh(2.0 * x)))(x))
    again = trace(lambda x: program.run(x, 2.0) * 3.0, x)
    assert again.run(x) == 3.0 * program.run(x, 2.0)


@settings(max_examples=25)
@given(st.integers(0, 2**31))
def test_gradients_hessians_and_updates_can_be_traced(seed):
    """What the page runs: derivative programs, bit for bit what Python computes eagerly."""
    rng = np.random.default_rng(seed)
    A, x, v = rng.standard_normal((3, 3)), rng.standard_normal(3), rng.standard_normal(3)

    def f(x: Any) -> Any:
        return np.sum(np.tanh(A @ x) ** 2) + np.max(x) * np.linalg.norm(x)

    def whole(x: Any, v: Any) -> Any:
        _, pullback = vjp(lambda x: np.tanh(A @ x), x)
        return {
            "gradient": grad(f)(x),
            "hessian": hessian(f)(x),
            "hvp": hvp(f, x, v),
            "jvp": jvp(f, (x,), (v,))[1],
            "vjp": pullback(v)[0],
            "jacobian": jacobian(lambda x: A @ np.sin(x))(x),
        }

    got, expected = trace(whole, np.zeros(3) + 0.1, np.ones(3)).run(x, v), whole(x, v)
    for name in expected:
        np.testing.assert_array_equal(got[name], expected[name], err_msg=name)


# JSON -------------------------------------------------------------------------------------------------------------


def check_json(program: dict[str, Any]) -> None:
    """The structure that the page's interpreter reads: every slot is made before it is read."""
    assert list(program) == ["inputs", "constants", "ops", "outputs"]
    ready = len(program["inputs"]) + len(program["constants"])
    for name, shape in program["inputs"]:
        assert isinstance(name, str)
        assert all(type(n) is int and n >= 0 for n in shape)
    for shape, data in program["constants"]:
        if shape:
            assert len(base64.b64decode(data, validate=True)) == 8 * math.prod(shape)
        else:
            assert type(data) is float or data in ("nan", "inf", "-inf")
    for operation in program["ops"]:
        kernel, sources, shape, *options = operation
        assert isinstance(kernel, str)
        assert all(type(i) is int and 0 <= i < ready for i in sources)
        assert all(type(n) is int and n >= 0 for n in shape)
        assert len(options) <= 1
        if kernel in ("strided", "scatter"):
            inner = shape if kernel == "strided" else None
            assert type(options[0]["offset"]) is int
            assert all(type(s) is int for s in options[0]["strides"])
            assert inner is None or len(options[0]["strides"]) == len(inner)
        if kernel in ("sum", "max", "logsumexp"):
            assert all(type(a) is int and a >= 0 for a in options[0]["axes"])
        if kernel == "scan":
            assert set(options[0]) == {"body", "length", "carries", "sequences"}
            assert len(options[0]["body"]["inputs"]) == len(sources)
            check_json(options[0]["body"])
        ready += 1
    for name, slot in program["outputs"]:
        assert isinstance(name, str)
        assert 0 <= slot < ready


def everything(x: Any, W: Any, t: Any) -> Any:
    """A function that uses most kernels, a scan among them."""
    h, kept = scan(lambda h, row: (np.tanh(W @ h + row), np.sum(h)), x[0], x)
    parts = [x[::-1, 1:], np.broadcast_to(t, (3, 1)), np.where(x > 0, x**3, np.sqrt(abs(x)))[:, :1]]
    return {
        "a": np.concatenate(parts, axis=1),
        "b": np.max(x, axis=0) + np.sum(x.T, axis=1) / (1.0 + t**2),
        "c": np.stack([h, h]) @ W,
        "d": (1.0 + kept**2)[[2, 0, 0]] ** t,
        "e": np.array([1.0, np.nan, np.inf]) * 2.0 + x[0, 0],
        "f": np.inf,
    }


def test_json():
    x, W = np.arange(6.0).reshape(3, 2) / 7.0 - 0.3, np.array([[0.1, 0.2], [-0.3, 0.4]])
    for f in (everything, lambda x, W, t: grad(lambda x: sum(np.sum(y) for y in list(everything(x, W, t).values())[:4]))(x)):
        program = trace(f, x, W, 0.7).to_json()
        check_json(program)
        text = json.dumps(program, allow_nan=False)
        assert json.loads(text) == program
    arrays = [np.frombuffer(base64.b64decode(c[1]), "<f8") for c in trace(everything, x, W, 0.7).to_json()["constants"] if c[0]]
    assert any(np.array_equal(a, [2.0, np.nan, np.inf], equal_nan=True) for a in arrays)
    assert [[], "inf"] in trace(everything, x, W, 0.7).to_json()["constants"]


def test_every_slot_is_numbered_implicitly():
    program = trace(lambda x: {"y": np.exp(x) * 2.0, "z": x}, 1.0).to_json()
    assert program == {
        "inputs": [["x", []]],
        "constants": [[[], 2.0]],
        "ops": [["exp", [0], []], ["multiply", [2, 1], []]],
        "outputs": [["y", 3], ["z", 0]],
    }


@pytest.mark.parametrize(
    "index", [0, -1, slice(None, None, -1), (slice(None), 1), (..., None), (slice(0, 0),), (slice(2, 0, -2), slice(None))]
)
def test_strides_read_what_numpy_reads(index):
    """The kernel's formula out[i] = in[offset + Σ i·strides], computed here by numbers."""
    x = np.arange(12.0).reshape(3, 4)
    (kernel, _, shape, layout) = trace(lambda x: x[index], x).to_json()["ops"][0]
    assert kernel == "strided"
    got = np.zeros(shape)
    for i in np.ndindex(*shape):
        got[i] = x.ravel()[layout["offset"] + sum(a * b for a, b in zip(i, layout["strides"], strict=True))]
    np.testing.assert_array_equal(got, x[index])
    # and the adjoint scatters to the same places
    (kernel, _, shape, layout) = next(
        op for op in trace(lambda g: vjp(lambda x: x[index], x)[1](g)[0], x[index]).to_json()["ops"] if op[0] == "scatter"
    )
    assert shape == [3, 4]
    back = np.zeros(12)
    for i in np.ndindex(*np.shape(x[index])):
        back[layout["offset"] + sum(a * b for a, b in zip(i, layout["strides"], strict=True))] += 1.0
    expected = np.zeros((3, 4))
    expected[index] = 1.0
    np.testing.assert_array_equal(back.reshape(3, 4), expected)


# scan --------------------------------------------------------------------------------------------------------------


def loop(step: Any, carry: Any, sequence: Any = None, length: int | None = None) -> Any:
    """What scan stands for, for one kept array."""
    kept = []
    for t in range(len(sequence) if length is None else length):
        carry, y = step(carry, None if sequence is None else sequence[t])
        kept.append(y)
    return carry, (np.stack(kept) if kept else None)


def cell(h: Any, x: Any, W: Any, xp: Any = np) -> Any:
    return xp.tanh(xp.matmul(W, h) + x), xp.sum(h * h)


RNG = np.random.default_rng(3)
W, H, XS = RNG.standard_normal((3, 3)), RNG.standard_normal(3), RNG.standard_normal((5, 3))


def test_scan_is_a_loop():
    step = lambda h, x: cell(h, x, W)  # noqa: E731
    last, kept = scan(step, H, XS)
    expected_last, expected_kept = loop(step, H, XS)
    np.testing.assert_array_equal(last, expected_last)
    np.testing.assert_array_equal(kept, expected_kept)
    assert scan(lambda x, t: (x * 0.5, None), 8.0, length=3) == (1.0, None)


def total(how: Any, xp: Any = np) -> Any:
    """A scalar of everything a recurrence depends on: what is captured, the first carry, the sequence."""

    def f(p: Any) -> Any:
        last, kept = how(lambda h, x: cell(h, x, p[0], xp), p[1], p[2])
        return xp.sum(xp.sin(last)) + xp.sum(kept * np.arange(1.0, 6.0))

    return f


def unrolled(p: Any) -> Any:
    h, kept = p[1], []
    for t in range(5):
        h, y = cell(h, p[2][t], p[0], anp)
        kept.append(y)
    return anp.sum(anp.sin(h)) + anp.sum(anp.stack(kept) * np.arange(1.0, 6.0))


def test_derivatives_of_scan():
    p = [W, H, XS]
    expected = autograd.grad(unrolled)(p)
    v = [RNG.standard_normal(x.shape) for x in p]
    for g, same, e in zip(grad(total(scan))(p), grad(total(loop))(p), expected, strict=True):
        assert_close(g, e, scale=10.0)
        assert_close(same, e, scale=10.0)
    slope = sum(float(np.sum(g * w)) for g, w in zip(expected, v, strict=True))
    assert jvp(total(scan), (p,), (v,))[1] == pytest.approx(slope, rel=1e-12)
    check_gradient(total(scan), p, epsilon=1e-5, tolerance=1e-8)


def test_second_derivatives_of_scan():
    """H v: forward over reverse, reverse over reverse, reverse over forward; against autograd on the unrolled loop."""
    p = [W, H, XS]
    v = [RNG.standard_normal(x.shape) for x in p]

    def slope(p: Any) -> Any:
        return sum(anp.sum(g * w) for g, w in zip(autograd.grad(unrolled)(p), v, strict=True))

    expected = autograd.grad(slope)(p)
    f = total(scan)
    ways = {
        "forward over reverse": hvp(f, p, v),
        "reverse over reverse": grad(lambda p: sum(np.sum(g * w) for g, w in zip(grad(f)(p), v, strict=True)))(p),
        "reverse over forward": grad(lambda p: jvp(f, (p,), (v,))[1])(p),
    }
    for what, found in ways.items():
        for g, e in zip(found, expected, strict=True):
            assert_close(g, e, scale=100.0, what=what)
    twice = jvp(lambda p: jvp(f, (p,), (v,))[1], (p,), (v,))[1]
    curvature = sum(float(np.sum(a * b)) for a, b in zip(expected, v, strict=True))
    assert twice == pytest.approx(curvature, rel=1e-11)


def test_third_derivatives_of_scan():
    f = lambda x: scan(lambda c, _: (np.sin(c), None), x, length=3)[0]  # noqa: E731
    g = lambda x: np.sin(np.sin(np.sin(x)))  # noqa: E731
    assert grad(grad(grad(f)))(0.3) == pytest.approx(grad(grad(grad(g)))(0.3), rel=1e-12)


def test_scans_of_nests():
    def step(c: Any, x: Any) -> Any:
        c = {"p": c["p"] + x[0], "q": Pair(c["q"].left * 0.5, c["q"].right + x[1]["z"])}
        return c, [c["p"], {"r": c["q"].right}]

    start = {"p": 0.0, "q": Pair(np.ones(2), 1.0)}
    last, kept = scan(step, start, (np.arange(3.0), {"z": np.ones(3)}))
    assert last["p"] == 3.0
    np.testing.assert_array_equal(last["q"].left, [0.125, 0.125])
    assert last["q"].right == 4.0
    np.testing.assert_array_equal(kept[0], [0.0, 1.0, 3.0])
    np.testing.assert_array_equal(kept[1]["r"], [2.0, 3.0, 4.0])
    g = grad(lambda s: scan(step, s, (np.arange(3.0), {"z": np.ones(3)}))[0]["q"].right * 2.0)(start)
    assert (g["p"], g["q"].right) == (0.0, 2.0)


def test_captured_tensors_inside_scan():
    a, b = Tensor(0.9), Tensor([1.0, 2.0])
    last, kept = scan(lambda h, x: (a * h + x * b, h), np.zeros(2), np.arange(1.0, 4.0))
    assert isinstance(last, Tensor)
    np.sum(last).backward()
    # h_3 = b (0.81·1 + 0.9·2 + 3); ∂/∂a = Σ b (2·0.9·1 + 2) = 3 · 3.8
    assert a.grad == pytest.approx(11.4, rel=1e-14)
    np.testing.assert_allclose(b.grad, [5.61, 5.61], rtol=1e-14)
    assert kept.shape == (3, 2)
    # captured and carried at once, and only captured in what is kept
    f = lambda x: np.sum(scan(lambda c, _: (c * x, x), x, length=3)[1]) + scan(lambda c, _: (c * x, None), x, length=3)[0]  # noqa: E731
    assert grad(f)(2.0) == 3.0 + 4.0 * 8.0


def test_zero_steps():
    step = lambda h, x: (np.tanh(h * x), h)  # noqa: E731
    last, kept = scan(step, np.ones(2), np.zeros((0, 2)))
    np.testing.assert_array_equal(last, np.ones(2))
    assert kept.shape == (0, 2)
    assert grad(lambda c: np.sum(scan(step, c, np.zeros((0, 2)))[0]))(np.ones(2)).tolist() == [1.0, 1.0]
    assert grad(lambda x: np.sum(scan(step, np.ones(2), x)[0]))(np.zeros((0, 2))).shape == (0, 2)
    assert scan(lambda c, _: (c, c), 3.0, length=0)[0] == 3.0
    assert jvp(lambda c: scan(lambda c, _: (c * 2.0, None), c, length=0)[0], (1.0,), (5.0,)) == (1.0, 5.0)


def test_the_jacobian_of_no_steps():
    J = jacobian(lambda xs: scan(lambda c, x: (c + np.sum(x), None), 1.0, xs)[0])(np.zeros((0, 2)))
    assert J.shape == (0, 2)


def test_parts_that_do_not_move():
    """Outputs that are the carry itself, a constant, or an entry of the sequence; sequences that nobody reads."""
    last, kept = scan(lambda c, x: (c, (x, 7.0, c)), 2.0, np.arange(3.0))
    assert last == 2.0
    np.testing.assert_array_equal(kept[0], [0.0, 1.0, 2.0])
    np.testing.assert_array_equal(kept[1], [7.0, 7.0, 7.0])
    np.testing.assert_array_equal(kept[2], [2.0, 2.0, 2.0])
    g = grad(lambda xs: np.sum(scan(lambda c, x: (c * 2.0, x["a"]), 1.0, xs)[1]))({"a": np.ones(3), "b": np.ones((3, 2))})
    np.testing.assert_array_equal(g["a"], np.ones(3))
    np.testing.assert_array_equal(g["b"], np.zeros((3, 2)))
    g = grad(lambda c: scan(lambda c, _: (5.0, None), c, length=2)[0] + c)(1.0)  # the carry is forgotten
    assert g == 1.0


def test_scans_inside_scans_and_programs():
    def f(x: Any) -> Any:
        inner = lambda c: scan(lambda c, _: (np.sin(c) * x, None), c, length=2)[0]  # noqa: E731
        return scan(lambda c, _: (inner(c) + x, None), x, length=3)[0]

    def same(x: Any, xp: Any = anp) -> Any:
        c = x
        for _ in range(3):
            for _ in range(2):
                c = xp.sin(c) * x
            c = c + x
        return c

    assert f(0.7) == same(0.7, np)
    assert grad(f)(0.7) == pytest.approx(autograd.grad(same)(0.7), rel=1e-13)
    assert grad(grad(f))(0.7) == pytest.approx(autograd.grad(autograd.grad(same))(0.7), rel=1e-12)
    program = trace(lambda x: [f(x), grad(f)(x)], 0.5)
    assert program.run(0.7) == [f(0.7), grad(f)(0.7)]
    check_json(program.to_json())


def test_a_scan_in_each_step_of_another_is_generated_once(monkeypatch):
    """Newton's iteration for √ of what a longer one adds up, with two bodies of one shape: no step is taken for another."""
    scans = import_module("dlcourse.programs.scan")  # the package has the function under this name
    made = []
    monkeypatch.setattr(scans, "generate", lambda program, *rest: made.append(program) or generate(program, *rest))

    def root(a, b):
        def step(s, x):
            r, _ = scan(lambda r, _: (0.5 * (r + a * s / r), None), 1.0 + s, length=40)
            q, _ = scan(lambda r, _: (0.5 * (r + b * s / r), None), 1.0 + s, length=40)
            return s + x, (r, q)

        return scan(step, 0.5, np.ones(20))[1]

    program = trace(root, 2.0, 3.0)
    made.clear()
    s = 0.5 + np.arange(20.0)
    for a, b in ((2.0, 3.0), (5.0, 0.1)):
        r, q = program.run(a, b)
        np.testing.assert_allclose(r, np.sqrt(a * s), rtol=1e-14)
        np.testing.assert_allclose(q, np.sqrt(b * s), rtol=1e-14)
    assert len(made) == 6  # three in each run
    assert scans.RUNNING.steps is None

    def broken(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(scans, "generate", broken)
    with pytest.raises(KeyboardInterrupt):
        program.run(2.0, 3.0)
    assert scans.RUNNING.steps is None  # what was left in its midst is forgotten


def test_a_scan_is_one_operation():
    program = trace(lambda h, xs: scan(lambda h, x: cell(h, x, W), h, xs)[0], H, XS)
    assert kernels(program).count("scan") == 1
    assert len(kernels(program)) <= 3
    np.testing.assert_array_equal(program.run(H, XS), scan(lambda h, x: cell(h, x, W), H, XS)[0])
    assert "scan" in TABLE


def test_a_carry_is_known_by_its_keys():
    last, _ = scan(lambda c, _: ({"b": c["b"], "a": c["a"] + 1.0}, None), {"a": 0.0, "b": 10.0}, length=3)
    assert last == {"a": 3.0, "b": 10.0}


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (lambda: scan(lambda c, x: (c, x), 1.0), "needs a length"),
        (lambda: scan(lambda c, x: (c, x), 1.0, 2.0), "needs a length, and sequences"),
        (lambda: scan(lambda c, x: (c, None), 1.0, (np.ones(3), np.ones(4))), r"lengths \['3', '4'\]"),
        (lambda: scan(lambda c, x: (c, None), 1.0, np.ones(3), length=4), r"lengths \['3', '4'\]"),
        (lambda: scan(lambda c, x: (c, None), 1.0, length=-1), "whole number ≥ 0, got -1"),
        (lambda: scan(lambda c, x: (c, None), 1.0, length=2.5), "whole number ≥ 0, got 2.5"),
        (lambda: scan(lambda c, x: (c * np.ones(2), None), 1.0, length=2), r"keep its shapes \[\(\)\].*\[\(2,\)\]"),
        (lambda: scan(lambda c, x: (c[:1], None), np.ones(3), length=2), r"keep its shapes \[\(3,\)\].*\[\(1,\)\]"),
        (lambda: scan(lambda c, x: ([c, c], None), 1.0, length=2), "keep its shapes"),
        (lambda: scan(lambda c, x: (c[0], None), [1.0, 2.0], length=2), "keep its shapes"),
        (lambda: scan(lambda c, x: ({"b": c["a"]}, None), {"a": 1.0}, length=2), r"the carry.*\['a'\].*\['b'\]"),
    ],
)
def test_scans_that_do_not_fit(f, words):
    with pytest.raises(ShapeError, match=words):
        f()


@pytest.mark.parametrize("step", [lambda c, _: 2.0 * c, lambda c, _: (c, c, c), lambda c, _: None, lambda c, _: c * np.ones(2)])
def test_a_scan_whose_step_returns_no_pair(step):
    with pytest.raises(TypeError, match="scan: the step must return a pair, the next carry and what to keep"):
        scan(step, 1.0, length=2)


def test_scan_refuses_values_while_tracing():
    with pytest.raises(TraceError, match=r"np\.where"):
        scan(lambda c, _: (c if c > 0 else -c, None), 1.0, length=2)
    with pytest.raises(TraceError, match="item"):
        scan(lambda c, x: (c * x.item(), None), 1.0, np.ones(3))
    with pytest.raises(TraceError, match="None"):
        scan(lambda c, _: (None, c), 1.0, length=2)


def test_scan_refuses_values_mixed_with_captured_tensors():
    """The branch of the first step would be taken in every step: a silent wrong number."""
    a = Tensor(2.0)
    with pytest.raises(TraceError, match="tracing"):
        scan(lambda c, _: (c - 1.0 if (a * c).item() > 0 else c + 10.0, None), 1.5, length=4)


def test_a_captured_tensor_alone_may_be_read():
    """What comes from outside is known already, and the same in every step."""
    a = Tensor(2.0)
    assert scan(lambda c, _: (c * a.item(), None), 1.0, length=3)[0] == 8.0


def test_many_small_whole_numbers_are_sent_as_integers():
    """One byte or two for each, if none of them is −0; the numbers are the same."""
    for values, kind, width in [(np.arange(-100.0, 100.0) / 2 // 1, "int8", "<i1"), (np.arange(1000.0), "int16", "<i2")]:
        (_, sent) = trace(lambda x, values=values: x * values, 1.0).to_json()["constants"][0]
        name, _, text = sent.partition(":")
        assert name == kind
        np.testing.assert_array_equal(np.frombuffer(base64.b64decode(text), width), values)
    for values in (np.arange(100.0) + 0.5, np.arange(100.0) * 1000.0, -np.zeros(100), np.full(100, np.nan)):
        (_, sent) = trace(lambda x, values=values: x * values, 1.0).to_json()["constants"][0]
        assert np.array_equal(np.frombuffer(base64.b64decode(sent), "<f8"), values, equal_nan=True)
