"""Training: mini-batches, an update rule, early stopping, a record of how it went."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy import ndarray
from numpy.random import Generator

from .. import nn
from ..autodiff import nest
from ..checks import kind, whole
from ..optim import UpdateRule, hyperparameters, schedules
from ..programs import compile
from ..programs.leaves import leaf_names
from .batches import minibatches
from .early_stopping import EarlyStopping
from .examples import examples, numbers
from .progress import IN_A_SEARCH, bar

WORTH_IT = 30  # steps with batches of one size: what compiling costs has been saved again by about then


@dataclass(frozen=True)
class Fit:
    """What training has found.

    theta : the parameters, nested as they were given; the arrays are views of one flat vector.
    history : per name one entry for each finished epoch: `risk`, J averaged over the examples as they passed;
        `learning_rate`, that of its last step; with validation data `validation_loss`, and where their targets are
        classes (no probabilities) `validation_error`, the share of wrong ones.
    best_epoch : the epoch that theta is from (0: the start). steps : updates made. stopped : why, in words.
    running : of an MLP with batch normalisation, the moments that were remembered up to theta: what it predicts with.

    >>> Fit(np.zeros(2), {"risk": [0.5]}, best_epoch=1, steps=10, stopped="all 1 epochs done").history["risk"]
    [0.5]
    """

    theta: Any = field(repr=False)
    history: dict[str, list[float]] = field(repr=False)
    best_epoch: int
    steps: int
    stopped: str
    running: Any = field(default=None, repr=False)


def fit(
    model: Any,
    theta: Any,
    data: tuple[Any, Any],
    rule: UpdateRule,
    *,
    epochs: int,
    batch_size: int,
    rng: Generator,
    validation: tuple[Any, Any] | None = None,
    patience: int | None = None,
    l1: float = 0.0,
    l2: float = 0.0,
    progress: bool = True,
) -> Fit:
    """Minimise the regularised empirical risk over mini-batches by an update rule.

        J(θ) = mean over the batch of l(f(x; θ), y) + l1 Σ |W| + l2 Σ W²

    model : a network, or a function loss(θ, X, y), the mean loss over the rows of X. The step is compiled only where
        network, rule and schedule are the course's own and hold no function of yours: yours may depend on anything.
    theta : where to start, any nest of arrays; rule : acts on all of θ as one flat vector. l1, l2 : λ of `nn.l1` and
        `nn.l2`, which act on a network's weights theta["W"] alone, never on biases.
    data, validation : (X, y), one example to a row. If y are integers, they are taken as labels.
    batch_size : examples per step, from 1 to all of them. rng : shuffles them anew for each epoch.
    patience : epochs in a row without a lower validation loss after which training stops (look-ahead).
    progress : whether a bar shows the time left (if tqdm is installed).

    With validation data the parameters of the lowest validation loss are returned, the start included. A plateau
    schedule among the rule's fields follows the validation losses (without validation data, the risk).
    KeyboardInterrupt ends the training, not the program, and what was learned is returned; inside `search` it ends the
    search. A loss that is not finite ends the training too; the parameters are then the last ones whose loss was finite.

    Raises TypeError for what is no model or update rule, ValueError for θ or data that are no real numbers, not finite or
    masked, for data that are empty, of one class only or of shapes that do not fit, and for settings outside their range.
    [sources 000, 002]

    >>> from dlcourse import data, optim
    >>> X, y = data.line(np.random.default_rng(0))
    >>> loss = lambda θ, X, y: np.mean((X @ θ - y) ** 2)
    >>> run = fit(loss, np.zeros(2), (X, y), optim.GradientDescent(0.1), epochs=50, batch_size=10,
    ...           rng=np.random.default_rng(1), progress=False)
    >>> run
    Fit(best_epoch=50, steps=150, stopped='all 50 epochs done')
    >>> run.theta.round(1)
    array([2., 3.])
    """
    if not callable(loss_of(model)):
        raise TypeError(f"fit: model must be a network or a function loss(θ, X, y), got {model!r:.60}")
    X, y = examples("data", data)
    held_out = None if validation is None else examples("validation data", validation, like=X)
    if classifies(model, y) and np.all(y == y.flat[0]):
        raise ValueError(f"fit: all {len(y)} examples are of the class {y.flat[0]}: there is nothing to tell apart")
    kind("fit", "rule", rule, UpdateRule, "an update rule such as optim.Adam(0.001)")
    whole("fit", "epochs", epochs, 0)
    whole("fit", f"batch_size (of {len(X)} examples)", batch_size, 1, len(X))
    if patience is not None and held_out is None:
        raise ValueError("fit: patience watches the loss on validation data; give validation=(X, y)")
    stopping, watched = EarlyStopping(patience), "risk" if held_out is None else "validation_loss"
    θ, unflatten = start(theta)
    with_gradient = nn.flat_value_and_grad(regularised(model, theta, l1, l2), unflatten)
    normalises = isinstance(model, nn.MLP) and model.batch_norm
    if normalises and 1 in (batch_size, len(X) % batch_size):
        raise ValueError(f"fit: batch_size {batch_size} leaves a batch of one example, which batch normalisation makes 0")

    history: dict[str, list[float]] = defaultdict(list)
    steps, epoch, before, state = 0, 0, θ, rule.init(θ)
    batches, left_over = -(-len(X) // batch_size), len(X) % batch_size
    current: Any = None
    beside = {"running": model.forgotten()} if normalises else {}

    def judge(entry: dict[str, float]) -> bool:
        """Look at the validation data and enter what they say; True if it is time to stop."""
        if held_out is None:
            return False
        here = unflatten(θ)
        loss = entry["validation_loss"] = float(loss_of(model)(here, *held_out, **beside))
        if epoch and classifies(model, y) and hasattr(model, "classify") and not np.any(held_out[1] % 1):
            entry["validation_error"] = float(np.mean(model.classify(here, held_out[0], **beside) != np.ravel(held_out[1])))
        return stopping.see(epoch, loss, (θ, dict(beside)))

    stopped, kept, went_back = f"all {epochs} epochs done", "", 0
    try:
        with bar(epochs * batches, "steps", progress) as shown, np.errstate(all="ignore"):
            if isinstance(model, nn.Network) and getattr(loss_of(model), "__func__", None) is nn.Network.loss:
                model.task.loss(np.zeros((len(X), model.outputs)), y)  # refuses targets that it can't take, by their rows
            judge({})
            for epoch in range(1, epochs + 1):
                now = settled(rule, history.get(watched, []))
                if now != current:
                    due = {size: n * (epochs + 1 - epoch) for size, n in ((left_over, 1), (batch_size, len(X) // batch_size))}
                    current, step = now, stepping(now, with_gradient, due if ours(model) and ours(now) else {})
                total = 0.0
                for rows in minibatches(len(X), batch_size, rng):
                    value, moved, state = step(θ, state, steps + 1.0, frozen(X[rows]), frozen(y[rows]))
                    if not math.isfinite(value):
                        raise Diverged(f"the loss was {value} at step {steps + 1}, in epoch {epoch}")
                    if normalises:
                        beside["running"] = model.remember(beside["running"], unflatten(θ), X[rows])
                    before, θ, steps = θ, frozen(moved), steps + 1
                    total += value * len(rows)
                    shown.update()
                if not np.isfinite(θ).all():
                    raise Diverged(f"the parameters were no longer finite after step {steps}, in epoch {epoch}")
                entry = {"risk": total / len(X)}
                if hasattr(now, "learning_rate"):
                    entry["learning_rate"] = float(hyperparameters.at(now.learning_rate, float(steps)))
                enough = judge(entry)
                for name, each in entry.items():
                    history[name].append(each)
                if not math.isfinite(loss := entry[watched]):
                    raise Diverged(f"the validation loss was {loss} after epoch {epoch}")
                shown.set_postfix_str(f"epoch {epoch}, loss {loss:.4g}", refresh=False)
                if enough:
                    stopped = f"no lower validation loss in the {patience} epochs after epoch {stopping.epoch}"
                    break
    except Diverged as why:
        θ, went_back, stopped, kept = before, min(steps, 1), str(why), "; the last parameters whose loss was finite are kept"
    except KeyboardInterrupt:
        if IN_A_SEARCH.get():
            raise
        stopped, kept = f"interrupted in epoch {epoch} after {steps} steps", "; what was learned is kept"
        with suppress(KeyboardInterrupt):  # the steps since the last look count too; who interrupts again gives them up
            judge({})
    epoch = -(-(steps - went_back) // batches)
    if stopping.theta is not None:
        (θ, beside), epoch = stopping.theta, stopping.epoch
        kept = kept and f"; the parameters of epoch {epoch} are kept, whose validation loss was the lowest"
    return Fit(unflatten(θ.copy()), dict(history), epoch, steps, stopped + kept, **beside)


class Diverged(Exception):
    """Training has left the finite numbers."""


def start(theta: Any) -> tuple[ndarray, Callable[[Any], Any]]:
    """All parameters as one flat vector, and the way back to the nest."""
    for name, leaf in zip(leaf_names(theta, "theta"), nest.flatten(theta)[0], strict=True):
        if not np.isfinite(numbers(name, leaf).astype(np.float64)).all():
            raise ValueError(f"fit: {name} is not finite; training needs a finite start")
    flat, unflatten = nn.flatten(theta)
    if not flat.size:
        raise ValueError("fit: theta holds no parameters")
    return frozen(flat.copy()), unflatten


def frozen(x: Any) -> Any:
    """The array, made read-only: the engine need not copy what nobody can change."""
    x.flags.writeable = False
    return x


def loss_of(model: Any) -> Callable[..., Any]:
    return model.loss if hasattr(model, "loss") else model


def classifies(model: Any, y: ndarray) -> bool:
    """Whether the targets are classes: a network says so, a bare loss is asked by the type of y."""
    return model.task.name != "regression" if isinstance(model, nn.Network) else y.dtype.kind in "iub"


def regularised(model: Any, theta: Any, l1: float, l2: float) -> Callable[..., Any]:
    """J(θ, X, y); a penalty is left out where its λ is 0."""
    loss = loss_of(model)
    nn.penalty([], l1, l2)  # says what is wrong with λ
    if not l1 and not l2:
        return loss
    if not (isinstance(theta, dict) and "W" in theta):
        raise ValueError("fit: l1 and l2 act on the weights of a network, theta['W']; add any other penalty to the loss")
    return lambda θ, X, y: loss(θ, X, y) + nn.penalty(θ, l1, l2)


def settled(rule: UpdateRule, losses: list[float]) -> UpdateRule:
    """The rule with the values that its plateau schedules take after these losses."""
    values = {name: value(losses) for name, value in vars(rule).items() if isinstance(value, schedules.halve_on_plateau)}
    return replace(rule, **values) if values else rule


def ours(part: Any) -> bool:
    """Whether it is a network, rule or schedule of the course's own, and so is each function that it holds."""
    own = isinstance(part, (nn.Network, UpdateRule, schedules.Schedule)) and type(part).__module__.startswith("dlcourse.")
    held = [f for x in getattr(part, "__dict__", {}).values() for f in (x if isinstance(x, tuple) else (x,)) if callable(f)]
    known = [*vars(nn.activations).values(), *vars(nn.losses).values(), getattr(part, "_unflatten", None)]
    return own and all(ours(f) or any(f is each for each in known) for f in held)


def stepping(rule: UpdateRule, with_gradient: Callable[..., Any], due: dict[int, int]) -> Callable[..., tuple[Any, Any, Any]]:
    """(θ, state, t, X, y) → J on the batch where the rule last asked for its gradient, and θ and state after the step.

    Compiled for each size of batch that is due often enough to be worth it; else, and if that can't be done, run as it is.
    """
    fast = dict[int, Callable[..., Any]]()

    def step(θ: Any, state: Any, t: Any, X: Any, y: Any) -> tuple[Any, Any, Any]:
        asked = []

        def gradient(point: Any) -> Any:
            value, g = with_gradient(point, X, y)
            asked.append(value)
            return g

        moved, state = rule.step(gradient, θ, state, t)
        return asked[-1], moved, state

    def faster(*arguments: Any) -> tuple[Any, Any, Any]:
        size = len(arguments[-1])
        if size not in fast:
            fast[size] = step
            with suppress(Exception):  # what is wrong with a step, it says better itself
                fast[size] = compile(step, *arguments) if due.get(size, 0) >= WORTH_IT else step
        return fast[size](*arguments)

    return faster
