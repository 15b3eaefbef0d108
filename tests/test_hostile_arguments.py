"""Public functions and classes with arguments that nobody should give: an error that says what is wrong, or an honest answer.

Hostile values go into each place of a call that is right otherwise. What may come back is a result, or one of the errors
with which docstrings end. What may not: an error of the interpreter's own about attributes and the like, a message
without words, a NaN that no argument had, a hang.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcourse import data, grad, hessian, hvp, jacobian, jvp, landscapes, nn, optim, training, value_and_grad, vjp
from dlcourse.optim import line_search, schedules

HOSTILE: list[Any] = [
    None, float("nan"), float("inf"), -1, 0, 1e308, 0.5, True, "no such thing", "", [], {}, [[1.0], [2.0, 3.0]], object(),
    np.array([object(), None]), np.array([1j, 2.0]), np.array(["a", "b"]), np.zeros((0, 2)), np.full((3, 2), np.nan),
    np.ones((1, 2, 1, 2, 1)), np.arange(4), np.array([1e200, -1e200]), int, (1, 2, 3),
]  # fmt: skip
DOCUMENTED = (ValueError, TypeError, LookupError, FloatingPointError, OSError, line_search.NoStep)
SECONDS = 30  # more than any call needs, on a busy machine too


class Hang(BaseException):
    pass


@contextmanager
def no_hang() -> Iterator[None]:
    def late(*_: Any) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


X, LABELS = np.random.default_rng(1).normal(size=(6, 2)), np.array([0, 1, 0, 1, 1, 0])
NET = nn.MLP([2, 3, 1], task="binary")
Call = tuple[Callable[..., Any], dict[str, Any]]


def made(kind: type, **arguments: Any) -> Call:
    """A rule is made, and then walks: a schedule may be found wrong only when it is asked."""
    return (lambda **given: optim.descend(kind(**given), landscapes.bowl, np.array([1.0, 1.0]), 2)), arguments


SHAPES = {name: {"rng": rng(), "n": 10} for name in ("blobs", "circles", "line", "moons", "sine", "spirals", "xor")}
RULES = {
    name: {"learning_rate": 0.1}
    for name in (
        "GradientDescent",
        "Momentum",
        "AccumulatedMomentum",
        "HeavyBall",
        "Nesterov",
        "Adagrad",
        "RMSProp",
        "Adadelta",
    )
}
CALLS: dict[str, Call] = {
    **{f"data.{name}": (getattr(data, name), arguments) for name, arguments in SHAPES.items()},
    "data.moons noise": (data.moons, {"rng": rng(), "n": 10, "noise": 0.1}),
    "data.blobs classes": (data.blobs, {"rng": rng(), "n": 10, "noise": 0.1, "classes": 3}),
    "data.split": (data.split, {"X": X, "y": LABELS, "fractions": (0.5, 0.5), "rng": rng()}),
    "data.read_csv": (data.read_csv, {"path": "there-is-none.csv", "target": "y", "delimiter": ","}),
    **{f"optim.{name}": made(getattr(optim, name), **arguments) for name, arguments in RULES.items()},
    "optim.Adam": made(optim.Adam, learning_rate=0.1, beta1=0.9, beta2=0.99, epsilon=1e-8),
    "optim.RMSPropMomentum": made(optim.RMSPropMomentum, learning_rate=0.1, beta=0.9, epsilon=1e-8, momentum=0.9),
    "optim.ProximalGradient": made(optim.ProximalGradient, learning_rate=0.1, l1=0.1, weights=None),
    "optim.descend": (optim.descend, {"rule": optim.Adam(0.1), "f": landscapes.bowl, "start": np.ones(2), "steps": 3}),
    "optim.minimize": (
        optim.minimize,
        {"f": landscapes.bowl, "x0": np.ones(2), "method": optim.BFGS(), "tolerance": 1e-6, "max_steps": 5},
    ),
    "optim.BFGS": (optim.BFGS, {"c1": 1e-4, "c2": 0.5}),
    "optim.LBFGS": (optim.LBFGS, {"c1": 1e-4, "c2": 0.5, "memory": 3}),
    "optim.ConjugateGradient": (optim.ConjugateGradient, {"c1": 1e-4, "c2": 0.2, "variant": "fletcher_reeves"}),
    "optim.Optimizer": (optim.Optimizer, {"tensors": [], "rule": optim.GradientDescent(0.1)}),
    "optim.soft_threshold": (optim.soft_threshold, {"z": np.ones(2), "τ": 0.5}),
    "optim.armijo": (
        optim.armijo,
        {"evaluate": value_and_grad(landscapes.bowl), "start": np.ones(2), "direction": -np.ones(2), "first": 1.0, "c1": 1e-4},
    ),
    "optim.strong_wolfe": (
        optim.strong_wolfe,
        {"evaluate": value_and_grad(landscapes.bowl), "start": np.ones(2), "direction": -np.ones(2), "first": 1.0, "c1": 1e-4},
    ),
    "optim.simulated_annealing": (
        optim.simulated_annealing,
        {"f": landscapes.bowl, "start": np.ones(2), "rng": rng(), "steps": 3, "temperature": 1.0, "scale": 1.0},
    ),
    "optim.random_restarts": (
        optim.random_restarts,
        {"f": landscapes.bowl, "sample": lambda rng: rng.normal(size=2), "rng": rng(), "n": 2},
    ),
    "schedules.power": (lambda **given: schedules.power(**given)(3), {"start": 0.1, "exponent": 0.5}),
    "schedules.exponential": (lambda **given: schedules.exponential(**given)(3), {"start": 0.1, "factor": 0.9}),
    "schedules.warm_restarts": (lambda **given: schedules.warm_restarts(**given)(3), {"start": 0.1, "period": 5}),
    "nn.MLP": (nn.MLP, {"widths": [2, 3, 1], "activation": "tanh", "task": "binary"}),
    "nn.MLP.loss": (lambda θ, X, y: NET.loss(θ, X, y), {"θ": NET.init(rng()), "X": X, "y": LABELS}),
    "nn.MLP.init": (lambda rng, weights: NET.init(rng, weights), {"rng": rng(), "weights": nn.glorot_uniform}),
    "nn.RBF.place": (nn.RBF(2, 3, 1).place, {"rng": rng(), "X": X, "placement": "examples"}),
    "nn.RBF": (nn.RBF, {"inputs": 2, "centres": 3, "outputs": 1, "task": "regression"}),
    "nn.cross_entropy": (nn.cross_entropy, {"a": np.ones((2, 3)), "y": [0, 2]}),
    "nn.binary_cross_entropy": (nn.binary_cross_entropy, {"a": np.ones(2), "y": [0, 1]}),
    "nn.squared_error": (nn.squared_error, {"f": np.ones(2), "y": np.zeros(2)}),
    "nn.batch_norm": (nn.batch_norm, {"a": X, "γ": np.ones(2), "β": np.zeros(2)}),
    "nn.activations.get": (nn.activations.get, {"name": "relu"}),
    "landscapes.get": (landscapes.get, {"name": "beale"}),
    "landscapes.bowl": (landscapes.bowl, {"θ": np.ones(2)}),
    "training.fit": (
        training.fit,
        {"model": NET, "theta": NET.init(rng()), "data": (X, LABELS), "rule": optim.Adam(0.1), "epochs": 2, "batch_size": 3,
         "rng": rng(), "validation": (X, LABELS), "patience": 1, "l1": 0.0, "l2": 0.0, "progress": False},
    ),
    "training.minibatches": (lambda **each: list(training.minibatches(**each)), {"n": 6, "size": 2, "rng": rng(), "epochs": 1}),
    "training.bias_and_variance": (training.bias_and_variance, {"predictions": np.ones((3, 2)), "truth": np.ones(2)}),
    "training.choice": (lambda values: training.choice(values), {"values": [1, 2]}),
    "training.uniform": (training.uniform, {"low": 0.0, "high": 1.0}),
    "training.log_uniform": (training.log_uniform, {"low": 0.1, "high": 1.0}),
    "training.integers": (training.integers, {"low": 1, "high": 3}),
    "training.search": (
        training.search,
        {"train": lambda rng, **c: {"loss": 1.0}, "configurations": [{"a": 1}], "seed": 0, "progress": False},
    ),
    "grad": (lambda f, x, argnums: grad(f, argnums)(x), {"f": lambda x: np.sum(np.tanh(x)), "x": np.ones(2), "argnums": 0}),
    "hessian": (lambda f, x: hessian(f)(x), {"f": lambda x: np.sum(np.tanh(x)), "x": np.ones(2)}),
    "jacobian": (lambda f, x: jacobian(f)(x), {"f": np.tanh, "x": np.ones(2)}),
    "hvp": (hvp, {"f": lambda x: np.sum(np.tanh(x)), "x": np.ones(2), "v": np.ones(2)}),
    "jvp": (jvp, {"f": np.tanh, "primals": (np.ones(2),), "tangents": (np.ones(2),)}),
    "vjp": (lambda f, x, u: vjp(f, x)[1](u), {"f": np.tanh, "x": np.ones(2), "u": np.ones(2)}),
}  # fmt: skip


def numbers(value: Any) -> Iterator[np.ndarray]:
    """The arrays of floats in a result."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            yield from numbers(each)
    elif isinstance(value, float | np.ndarray) and np.asarray(value).dtype.kind == "f":
        yield np.asarray(value)


def finite(value: Any) -> bool:
    try:
        return bool(np.all(np.isfinite(np.asarray(value, dtype=float))))
    except (TypeError, ValueError):
        return False  # no numbers, so what comes of them need be none


def problem(call: Callable[..., Any], arguments: dict[str, Any], bad: Any) -> str | None:
    try:
        with no_hang(), np.errstate(all="ignore"):
            result = call(**arguments)
    except Hang:
        return "hangs"
    except DOCUMENTED as error:
        return None if len(str(error).split()) >= 3 else f"an error without words: {error!r}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    huge = (
        isinstance(bad, float | np.ndarray)
        and finite(bad)
        and np.size(bad)
        and np.max(np.abs(np.asarray(bad, dtype=float))) > 1e100
    )
    if finite(bad) and not huge and any(np.isnan(each).any() for each in numbers(result)):
        return "a silent NaN"
    return None


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.filterwarnings("ignore")
def test_hostile_arguments(name: str) -> None:
    call, arguments = CALLS[name]
    assert problem(call, arguments, 0) is None
    found = {
        f"{place} = {bad!r}"[:70]: wrong
        for place in arguments
        for bad in HOSTILE
        if (wrong := problem(call, {**arguments, place: bad}, bad)) is not None
    }
    assert found == {}


def test_a_number_is_no_file_to_read(tmp_path: Path) -> None:
    """Python takes a whole number for an open file, reads it and closes it: that may be anybody's."""
    with open(tmp_path / "table.csv", "w+") as file:
        file.write("a,y\n1,2\n")
        file.seek(0)
        with pytest.raises(TypeError, match="not int"):
            data.read_csv(file.fileno(), "y")  # type: ignore[arg-type]
        assert file.read() == "a,y\n1,2\n"


@pytest.mark.parametrize(
    "draw", [data.line, data.moons, data.xor, lambda rng: NET.init(rng), lambda rng: list(training.minibatches(3, 1, rng))]
)
def test_a_seed_is_no_generator(draw: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match=r"rng must be a NumPy Generator, np.random.default_rng\(seed\), got 7"):
        draw(7)
