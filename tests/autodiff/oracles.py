"""Independent differentiation: HIPS autograd (always) and PyTorch (where installed) behind NumPy's names.

A function under test is written once as `function(xp, *inputs)`, where `xp` is `NUMPY`, `AUTOGRAD` or `torch_names()`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import autograd
import autograd.numpy
import autograd.scipy.special
import numpy as np
import pytest
import scipy.special

EPSILON = float(np.finfo(np.float64).eps)


def compose(module: Any, **more: Any) -> Any:
    """The names of a module, some of them replaced or added."""
    names = {name: getattr(module, name) for name in dir(module) if not name.startswith("_")}
    return SimpleNamespace(**{**names, **more})


NUMPY = compose(
    np,
    erf=scipy.special.erf,
    logsumexp=scipy.special.logsumexp,
    amax=np.max,
    constant=lambda x: x,
    truth=lambda x: x * 1.0,
    getitem=lambda x, index: x[index],
)


def broadcast(x: Any, shape: Any) -> Any:
    """autograd's own broadcast_to and where do not undo broadcasting in every case; its addition does."""
    return x + np.zeros(shape)


def where(c: Any, a: Any, b: Any) -> Any:
    shape = np.broadcast_shapes(np.shape(c), np.shape(a), np.shape(b))
    return autograd.numpy.where(c, broadcast(a, shape), broadcast(b, shape))


AUTOGRAD = compose(
    autograd.numpy,
    broadcast_to=broadcast,
    where=where,
    erf=autograd.scipy.special.erf,
    logsumexp=autograd.scipy.special.logsumexp,
    amax=autograd.numpy.max,
    constant=lambda x: x,
    truth=lambda x: x * 1.0,
    getitem=lambda x, index: x[index],
)


def torch_names() -> Any:
    """PyTorch under NumPy's names; the test is skipped where it is not installed."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; HIPS autograd is the oracle that always runs")

    def getitem(x: Any, index: Any) -> Any:  # PyTorch has no negative steps: pick the entries by their numbers
        numbers = np.asarray(np.arange(x.numel()).reshape(tuple(x.shape))[index])
        return x.reshape(-1)[torch.from_numpy(numbers.copy())]

    return compose(
        torch,
        equal=torch.eq,
        power=torch.pow,
        rint=torch.round,
        transpose=torch.permute,
        constant=torch.from_numpy,
        truth=lambda x: x.to(torch.float64),
        getitem=getitem,
        amax=lambda x, axis: torch.amax(x, tuple(range(x.ndim)) if axis is None else axis),
    )


def weighted(xp: Any, weights: Any, result: Any) -> Any:
    return xp.sum(xp.constant(weights) * result)


def autograd_oracle(function: Any, inputs: Sequence[Any], u: Any, v: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """∇L and ∇⟨v, ∇L⟩ for L = Σ u·function, by HIPS autograd."""

    def L(*xs: Any) -> Any:
        return weighted(AUTOGRAD, u, function(AUTOGRAD, *xs))

    numbers = range(len(inputs))

    def S(*xs: Any) -> Any:
        return sum(weighted(AUTOGRAD, v[i], autograd.grad(L, i)(*xs)) for i in numbers)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "output seems independent of input": what we want to know, not a defect
        return [autograd.grad(L, i)(*inputs) for i in numbers], [autograd.grad(S, i)(*inputs) for i in numbers]


def torch_oracle(function: Any, inputs: Sequence[Any], u: Any, v: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """∇L and ∇⟨v, ∇L⟩ for L = Σ u·function, by PyTorch."""
    xp = torch_names()
    xs = [xp.tensor(x, requires_grad=True) for x in inputs]

    def gradients(scalar: Any) -> list[Any]:
        if not scalar.requires_grad:
            return [xp.zeros_like(x) for x in xs]
        return list(xp.autograd.grad(scalar, xs, create_graph=True, allow_unused=True, materialize_grads=True))

    first = gradients(weighted(xp, u, function(xp, *xs)))
    second = gradients(sum(xp.sum(xp.constant(np.asarray(w)) * g) for w, g in zip(v, first)))
    return [g.numpy(force=True) for g in first], [g.numpy(force=True) for g in second]


ORACLES: dict[str, Callable[..., Any]] = {"autograd": autograd_oracle, "torch": torch_oracle}


def assert_close(got: Any, expected: Any, *, scale: float = 1.0, ulps: float = 2000.0, what: str = "") -> None:
    """|got − expected| ≤ ulps · ε · max(scale, |expected|∞), shapes equal.

    Both sides compute the same real number by at most a few hundred rounded operations in different orders. Each
    errs by an ulp or two of its operands, so 2000 ε (4·10⁻¹³) of the largest value is room enough, while a wrong
    rule is off by something like the value itself. `scale` is the size of intermediate values that cancel.
    """
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.shape == expected.shape, f"{what}: shape {got.shape} for {expected.shape}"
    if expected.size:
        room = ulps * EPSILON * max(scale, float(np.max(np.abs(expected))))
        error = float(np.max(np.abs(got - expected)))
        assert error <= room, f"{what}: off by {error:.3g}, room {room:.3g}\ngot      {got}\nexpected {expected}"
