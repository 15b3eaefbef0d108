"""What is public in the package, and arguments with which each of it can be called: the ground on which hostile ones are tried.

Functions and classes are found by introspection. An argument is right by its name, wherever it stands, unless a function
needs another under the same name: then the entry is named too.
"""

from __future__ import annotations

import inspect
import itertools
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from importlib import import_module
from typing import Any

import numpy as np

import dlcourse
from dlcourse import Tensor, data, figures, landscapes, nn, optim, programs, training, value_and_grad
from dlcourse.exercises.checking import EXERCISES

bowl = landscapes.bowl
X, LABELS = np.random.default_rng(1).normal(size=(6, 2)), np.array([0, 1, 0, 1, 1, 0])
NET = nn.MLP([2, 3, 1], task="binary")
THETA = NET.init(np.random.default_rng(0))
RUN = training.Fit(THETA, {"risk": [0.5, 0.4]}, best_epoch=2, steps=20, stopped="all 2 epochs done")
FOUND = training.search(lambda rng, rate: rate**2, [{"rate": 0.1}, {"rate": 0.2}], seed=0, progress=False)
TABLE = "a,y\n1.0,no\n2.0,yes\n"  # of the file table.csv, which stands in the folder where the calls are made
numbers = itertools.count()


def smooth(x: Any) -> Any:
    return np.sum(np.tanh(x))


def axes() -> Any:
    return figures.new()[1]


class Fresh:
    """What must be made anew for each call."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


rng = Fresh(lambda: np.random.default_rng(0))

# name of the argument, or entry.name, without the leading modules → what is right there
RIGHT: dict[str, Any] = {
    # the engine
    "f": smooth, "x": np.ones(2), "v": np.ones(2), "primals": (np.ones(2),), "tangents": (np.ones(2),),
    "args": (np.ones(2),), "examples": (np.ones(2),), "value": 0.5, "jvp.f": np.tanh, "vjp.f": np.tanh,
    "jacobian.f": np.tanh, "vjp.primals": (np.ones(2),), "FlowGraph.result": Fresh(lambda: smooth(Tensor([1.0, 2.0]))),
    "scan.length": 3, "scan.step": lambda carry, x: (0.5 * carry, carry), "start": np.ones(2),
    # networks
    "widths": [2, 3, 1], "task": "binary", "MLP.task": "binary", "inputs": 2, "centres": 3, "outputs": 1,
    "RBF.task": "regression", "shapes": {"W": (1, 2)}, "X": X, "gamma": np.ones(2), "batch_norm.beta": np.zeros(2),
    "normalize.beta": np.zeros(2), "moments": nn.batch_moments(X), "running": nn.batch_moments(X), "theta": THETA,
    "shape": (2, 3), "scale": 0.1, "W": np.ones((3, 2)), "b": np.zeros(3), "prediction": np.ones(2), "y": np.zeros(2),
    "logits": np.array([0.5, -1.0]), "labels": [0, 2], "cross_entropy.logits": np.ones((2, 3)),
    "activations.get.name": "relu", "flat_value_and_grad.f": smooth,
    "unflatten": nn.flatten(np.ones(2))[1],
    # optimisers
    "learning_rate": 0.1, "l1": 0.1, "fit.l1": 0.0, "rule": optim.Adam(0.1), "steps": 3, "max_steps": 3, "x0": np.ones(2),
    "descend.f": bowl, "minimize.f": bowl, "evaluate": value_and_grad(bowl), "direction": -np.ones(2), "rng": rng, "n": 6,
    "sample": lambda rng: rng.normal(size=2), "temperature": 1.0, "z": np.ones(2), "τ": 0.5,
    "tensors": Fresh(lambda: [Tensor([1.0, 2.0])]), "initial": 0.1, "then": optim.schedules.constant(0.1), "low": 0.01,
    "high": 0.1, "half_period": 5, "factor": 0.9, "every": 3, "final": 0.01, "peak": 0.2, "period": 5,
    "random_restarts.n": 2, "one_cycle.steps": 8,
    # training
    "predictions": np.ones((3, 2)), "truth": np.ones(2), "values": {"a": [1, 2]}, "choice.values": [1, 2], "model": NET,
    "fit.data": (X, LABELS), "epochs": 2, "batch_size": 3, "fit.progress": False, "search.progress": False, "size": 2,
    "integers.low": 1, "integers.high": 3, "distributions": {"a": training.uniform(0.0, 1.0)}, "configurations": [{"a": 1}],
    "seed": 0, "train": lambda rng, **configuration: {"loss": 1.0}, "minibatches.epochs": 1,
    # data and landscapes
    "split.y": LABELS, "fractions": (0.5, 0.5), "path": "table.csv", "read_csv.target": "y", "θ": np.ones(2),
    "landscapes.get.name": "beale",
    # figures
    "ax": Fresh(axes), "axes": Fresh(axes), "fig": Fresh(lambda: figures.new()[0]), "landscape": bowl,
    "layers": {"1": np.ones(3)}, "classify": lambda P: P[:, 0] > 0, "decision_boundary.y": LABELS, "run": RUN,
    "trials.found": FOUND, "trials.name": "rate", "paths.found": {"adam": [[3.0, 1.0], [2.0, 0.5]]},
    "learning_curves.found": {"adam": [1.0, 0.5]}, "label": "two", "mark.x": 1.0, "spread.x": [0.0, 1.0],
    "runs": [[1.0, 2.0], [2.0, 3.0]], "colour": "#123456", "things": (smooth,), "alt": "Two axes and nothing between them.",
    "walk_on_curve.f": lambda θ: θ**2, "walk_on_curve.path": [2.0, 1.0], "walk_on_curve.domain": (-3.0, 3.0),
    "html": "<b>W</b>", "words": "The weights.", "legend.options": {"handles": []},
    # exercises and explorables
    "check.name": "walk", "answer": lambda gradient, θ, α, steps: None,
    "exercise.name": Fresh(lambda: f"one {next(numbers)}"), "cases": (),
    "solution": "    # solution\n    # end of solution", "identity": "it", "spec": {}, "prompt": "2 + 2?",
    "Question.answer": 4.0, "domain": ((0.0, 4.0), (0.0, 4.0)), "NoisyDescent.sample": data.line(np.random.default_rng(0)),
    "compute": dict, "panels": (), "program": Fresh(lambda: programs.trace(smooth, np.ones(2))),
}  # fmt: skip

# Of a function that was made: what to call it with. A new graph or program is run too.
THEN: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("grad", "value_and_grad", "hessian", "jacobian", "compile"), lambda made: made(np.ones(2))),
    "vjp": lambda made: made[1](np.ones(2)),
    "nn.flat_value_and_grad": lambda made: made(np.ones(2)),
    **dict.fromkeys(("nn.constant", "nn.normal"), lambda made: made(np.random.default_rng(0), (2, 3))),
    "exercises.exercise": lambda made: EXERCISES.pop(made.name),  # readers do not meet it
    "training.minibatches": lambda made: list(itertools.islice(made, 100)),
}


def used(name: str, made: Any) -> Any:
    """What comes of it when it is used: a schedule may be found wrong only when it is asked."""
    if name in THEN:
        return THEN[name](made)
    if isinstance(made, optim.UpdateRule) and type(made) is not optim.UpdateRule:
        return optim.descend(made, bowl, np.ones(2), 2)
    if isinstance(made, optim.schedules.halve_on_plateau):
        return made([3.0, 2.0, 2.0])
    if isinstance(made, optim.schedules.Schedule) and type(made) is not optim.schedules.Schedule:
        return [made(t) for t in (1, 2, 7)]
    if hasattr(made, "walk"):
        return optim.minimize(bowl, np.ones(2), made, max_steps=3)
    if hasattr(made, "draw") and name.startswith("training."):
        return made.draw(np.random.default_rng(0))
    if isinstance(made, nn.MLP):
        return made(made.init(np.random.default_rng(0)), np.ones((3, made.inputs)))
    if isinstance(made, dlcourse.FlowGraph):
        return made.fprop()
    if isinstance(made, programs.Program):
        return made.run(np.ones(2))
    return made


def only_holds(thing: Any) -> bool:
    """An exception, or a record that keeps what it is given and looks at nothing."""
    record = is_dataclass(thing) and not hasattr(thing, "__post_init__")
    return inspect.isclass(thing) and (issubclass(thing, BaseException | tuple) or record)


def modules() -> Iterator[Any]:
    yield dlcourse
    for found in pkgutil.walk_packages(dlcourse.__path__, "dlcourse."):
        if hasattr(module := import_module(found.name), "__all__"):
            yield module


def entries() -> dict[str, Callable[..., Any]]:
    """Every public function and class, once, under its shortest name."""
    found: dict[int, tuple[str, Any]] = {}
    for module in modules():
        for name in module.__all__:
            thing = getattr(module, name)
            full = f"{module.__name__}.{name}".removeprefix("dlcourse.")
            if callable(thing) and not only_holds(thing):
                if id(thing) not in found or full.count(".") < found[id(thing)][0].count("."):
                    found[id(thing)] = full, thing
    return dict(sorted(found.values(), key=lambda pair: pair[0]))


ENTRIES = entries()


def right(name: str, parameter: inspect.Parameter) -> Any:
    """What is right for this parameter of this entry: from the table, or its default."""
    parts = name.split(".")
    for key in (f"{'.'.join(parts[-2:])}.{parameter.name}", f"{parts[-1]}.{parameter.name}", parameter.name):
        own = key != parameter.name
        if key in RIGHT and (own or parameter.default is parameter.empty):
            value = RIGHT[key]
            return value.make() if isinstance(value, Fresh) else value
    if parameter.kind is parameter.VAR_KEYWORD:
        return {}
    if parameter.default is parameter.empty:
        raise LookupError(f"{name}: say in tests/right_arguments.py what a right {parameter.name!r} is")
    return parameter.default


def parameters(name: str) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(ENTRIES[name]).parameters)


def right_arguments(name: str) -> dict[str, Any]:
    return {each.name: right(name, each) for each in parameters(name).values()}


def called(name: str, arguments: dict[str, Any]) -> Any:
    """The call, with arguments by the names of their parameters, and what comes of the result."""
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for each in parameters(name).values():
        value = arguments[each.name]
        if each.kind is each.VAR_POSITIONAL:
            positional.extend(value if isinstance(value, tuple) else (value,))
        elif each.kind is each.VAR_KEYWORD:
            named.update(value if isinstance(value, dict) and all(isinstance(key, str) for key in value) else {"a": value})
        elif each.kind is each.KEYWORD_ONLY:
            named[each.name] = value
        else:
            positional.append(value)
    return used(name, ENTRIES[name](*positional, **named))
