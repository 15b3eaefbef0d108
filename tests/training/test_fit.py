"""The training loop: the same steps as a loop by hand, early stopping, interruption, losses that are not finite."""

from __future__ import annotations

import math
import sys
from functools import wraps
from typing import Any

import numpy as np
import pytest

from dlcourse import Tensor, data, grad, nn, optim, training
from dlcourse.autodiff.box import value_of
from dlcourse.training import EarlyStopping, fit

RULES = {
    "gradient descent": optim.GradientDescent(0.1),
    "heavy ball": optim.HeavyBall(0.05, 0.9),
    "Nesterov": optim.Nesterov(0.05, 0.9),
    "Adam": optim.Adam(learning_rate=0.01),
    "RMSProp": optim.RMSProp(learning_rate=0.001),
    "RMSProp with momentum": optim.RMSPropMomentum(learning_rate=0.001),
    "Adagrad": optim.Adagrad(learning_rate=0.05),
    "Adadelta": optim.Adadelta(),
    "soft threshold": optim.ProximalGradient(0.05, l1=0.01),
    "one cycle": optim.Momentum(optim.schedules.one_cycle(0.05, 0.3, 0.001, steps=100), 0.8),
    "a schedule": optim.GradientDescent(optim.schedules.inverse_time(0.2, 0.1)),
    "a schedule of one's own": optim.GradientDescent(lambda t: 0.1 if t < 10 else 0.05),
}


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def quiet(model: Any, theta: Any, examples: Any, rule: Any = None, **settings: Any) -> training.Fit:
    settings = {"epochs": 5, "batch_size": 10, "rng": rng(), "progress": False} | settings
    return fit(model, theta, examples, rule or optim.GradientDescent(0.1), **settings)


def line_loss(θ: Any, X: Any, y: Any) -> Any:
    return np.mean((X @ θ - y) ** 2)


@pytest.fixture
def moons() -> Any:
    return data.moons(rng(1), 85)


@pytest.fixture
def mlp() -> nn.MLP:
    return nn.MLP([2, 8, 2])


# The steps -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("batch_size", [1, 20, 85])
def test_fit_takes_the_steps_of_a_loop_by_hand(name: str, batch_size: int, moons: Any, mlp: nn.MLP) -> None:
    """Compiled or not: 85 = 4 · 20 + 5, and of the sizes of batch that of 120 steps is compiled, that of 30 is not. The
    same operations in the same order, up to powers that differ in the last bit."""
    (X, y), rule, theta = moons, RULES[name], mlp.init(rng(2))
    epochs = 2 if batch_size == 1 else 30
    run = quiet(mlp, theta, moons, rule, epochs=epochs, batch_size=batch_size, l2=0.01)
    θ: Any = np.concatenate([part.ravel() for part in theta["W"] + theta["b"]])
    state, t, draws = rule.init(θ), 0, rng()
    for _ in range(epochs):
        order = draws.permutation(85)
        for first in range(0, 85, batch_size):
            rows, t = order[first : first + batch_size], t + 1
            risk = grad(lambda θ, rows=rows: mlp.loss(mlp.unflatten(θ), X[rows], y[rows], l2=0.01))
            θ, state = rule.step(risk, θ, state, t)
    np.testing.assert_allclose(mlp.flat(run.theta), θ, rtol=1e-9, atol=1e-11)
    assert run.steps == t
    assert run.best_epoch == epochs
    assert run.stopped == f"all {epochs} epochs done"
    assert {name: len(values) for name, values in run.history.items()} == {"risk": epochs, "learning_rate": epochs}


def test_the_same_seed_gives_the_same_weights_and_the_start_is_left_alone(moons: Any, mlp: nn.MLP) -> None:
    theta = mlp.init(rng(2))
    before = mlp.flat(theta).copy()
    runs = [quiet(mlp, theta, moons, RULES["Adam"], epochs=40, rng=rng(seed)) for seed in (3, 3, 4)]
    np.testing.assert_array_equal(*[mlp.flat(run.theta) for run in runs[:2]])
    assert not np.array_equal(mlp.flat(runs[0].theta), mlp.flat(runs[2].theta))
    np.testing.assert_array_equal(mlp.flat(theta), before)
    runs[0].theta["W"][0][:] = 0.0  # the result is the reader's own


def test_the_history_is_the_risk_as_it_passed() -> None:
    X, y = data.line(rng())
    run = quiet(line_loss, np.zeros(2), (X, y), optim.GradientDescent(lambda t: 0.0), epochs=2, batch_size=7)
    np.testing.assert_allclose(run.history["risk"], line_loss(np.zeros(2), X, y), rtol=1e-12)


def test_any_nest_of_arrays_and_numbers() -> None:
    X, y = data.line(rng(), 30, noise=0.0)
    for start in ([0.0, 0.0], {"b": 0.0, "w": np.zeros(1)}, (np.zeros(()), np.zeros(()))):

        def loss(θ: Any, X: Any, y: Any) -> Any:
            b, w = θ.values() if isinstance(θ, dict) else θ
            return np.mean((b + X[:, 1] * w - y) ** 2)

        run = quiet(loss, start, (X, y), optim.GradientDescent(0.2), epochs=200, batch_size=30)
        assert type(run.theta) is type(start)
        found = run.theta.values() if isinstance(run.theta, dict) else run.theta
        np.testing.assert_allclose([np.sum(part) for part in found], [2.0, 3.0], atol=1e-6)


def test_penalties_act_on_weights_alone() -> None:
    """With inputs 0 only the penalty moves W: W ← W − α (2 l2 W + l1 sign W), b follows the loss alone."""
    network = nn.MLP([2, 1], task="regression")
    theta = {"W": [np.array([[1.0, -2.0]])], "b": [np.array([3.0])]}
    examples = np.zeros((4, 2)), np.zeros(4)
    run = quiet(network, theta, examples, optim.GradientDescent(0.1), epochs=1, batch_size=4, l1=0.5, l2=0.25)
    np.testing.assert_allclose(run.theta["W"][0], [[1.0 - 0.1 * (0.5 + 0.5), -2.0 + 0.1 * (1.0 + 0.5)]], rtol=1e-15)
    np.testing.assert_allclose(run.theta["b"][0], [3.0 - 0.1 * 2 * 3.0], rtol=1e-15)
    np.testing.assert_allclose(run.history["risk"], [9.0 + 0.5 * 3.0 + 0.25 * 5.0], rtol=1e-15)


# What may be compiled: nothing of the reader's, so that a step does the same however many are due ----------------------


def after_four_epochs(epochs: int, model: Any, start: Any, examples: Any, rule: Any = None) -> list[float]:
    """24 steps in 4 epochs are too few to be compiled, 60 in 10 are enough."""
    return quiet(model, start, examples, rule, epochs=epochs).history["risk"][:4]


class Table(optim.schedules.Schedule):
    initial: float

    def value(self, t: Any) -> Any:
        return self.initial * [1.0, 0.5, 0.25][min(int(t) // 10, 2)]


class Corrected(optim.UpdateRule):
    learning_rate: float

    def init(self, θ: Any) -> Any:
        return (np.zeros_like(θ),)

    def step(self, gradient: Any, θ: Any, state: Any, t: Any) -> Any:
        v = 0.9 * state[0] + 0.1 * gradient(θ)
        return θ - self.learning_rate / math.sqrt(1 - 0.9**t) * v, (v,)


class Squared(nn.Network):
    """A loss of one's own, of labels that are turned into arrays."""

    def __init__(self) -> None:
        super().__init__(2, 3, "multiclass", {"W": (3, 2)})

    def __call__(self, theta: Any, X: Any) -> Any:
        return self.examples(X) @ self.nest(theta)["W"].T

    def loss(self, theta: Any, X: Any, y: Any, **_: Any) -> Any:
        hot = np.eye(3)[np.asarray(getattr(y, "value", y)).astype(int) - 1]  # labels from 1
        return np.mean((nn.activations.softmax(self(theta, X)) - hot) ** 2)


def squashed(a: Any) -> Any:
    return np.tanh(a / np.abs(value_of(a)).max())


@wraps(nn.activations.relu)
def disguised(a: Any) -> Any:
    return squashed(a)


def with_own(**parts: Any) -> nn.MLP:
    network = nn.MLP([2, 4, 3])
    vars(network).update(parts)
    return network


BLOBS = data.blobs(rng(), 60)
SGD = optim.GradientDescent(0.1)
WITH_ONES_OWN = {
    "network": (Squared(), SGD),
    "activation": (nn.MLP([2, 4, 3], squashed), SGD),
    "activation that looks like one of the course's": (nn.MLP([2, 4, 3], disguised), SGD),
    "loss": (with_own(loss=lambda θ, X, y: np.mean(np.exp(-value_of(X)[:, 0])) * np.sum(θ["W"][1] ** 2)), SGD),
    "task": (with_own(task=nn.Task("multiclass", nn.activations.softmax,
                                   lambda a, y: np.mean((a - np.eye(3)[value_of(y).astype(int)]) ** 2))), SGD),
    "schedule": (nn.MLP([2, 4, 3]), optim.GradientDescent(Table(0.1))),
    "schedule in a schedule": (nn.MLP([2, 4, 3]), optim.GradientDescent(optim.schedules.constant_then(0.1, 2, Table(0.1)))),
    "rule": (nn.MLP([2, 4, 3]), Corrected(0.1)),
}  # fmt: skip


@pytest.mark.parametrize("name", WITH_ONES_OWN)
def test_what_is_one_s_own_runs_as_it_is_however_many_steps_are_due(name: str, monkeypatch: Any) -> None:
    model, rule = WITH_ONES_OWN[name]
    examples = (BLOBS.X, BLOBS.y + 1) if name == "network" else BLOBS
    start = {"W": np.zeros((3, 2))} if name == "network" else model.init(rng())
    expected = after_four_epochs(4, model, start, examples, rule)
    monkeypatch.setattr(sys.modules[fit.__module__], "compile", lambda *_: pytest.fail("is compiled"))
    assert after_four_epochs(10, model, start, examples, rule) == expected


def test_masks_are_drawn_anew_in_each_step() -> None:
    """Of 4 units, 9 in 10 kept: two masks are often equal, so that no comparison tells them from one that is frozen."""
    X, y = np.zeros((60, 1)), np.sin(np.arange(60.0))
    for seed in range(5):
        calls, draws = [], rng(seed)

        def dropout(a: Any, calls: Any = calls, draws: Any = draws) -> Any:
            calls.append(1)
            return np.tanh(a) * (draws.random(np.shape(a)) < 0.9) / 0.9

        network = nn.MLP([1, 4, 1], dropout, "regression")
        run = quiet(network, network.init(rng()), (X, y), epochs=1, batch_size=1)
        assert len(calls) == run.steps == 60


@pytest.mark.parametrize(
    "network", [nn.MLP([2, 4, 3], "relu"), nn.MLP([2, 4, 3], batch_norm=True), nn.RBF(2, 4, 3, "multiclass")]
)
def test_the_course_s_own_is_compiled(network: Any, monkeypatch: Any) -> None:
    """And a step that can't be compiled runs as it is."""
    start = network.place(rng(), BLOBS.X) if isinstance(network, nn.RBF) else network.init(rng())
    rule = optim.Adam(optim.schedules.constant_then(0.01, 5, optim.schedules.power(0.01)))
    expected, compiled = after_four_epochs(4, network, start, BLOBS, rule), []

    def refuse(*arguments: Any) -> Any:
        compiled.append(arguments)
        raise ZeroDivisionError

    np.testing.assert_allclose(after_four_epochs(10, network, start, BLOBS, rule), expected, rtol=1e-12)
    monkeypatch.setattr(sys.modules[fit.__module__], "compile", refuse)
    assert after_four_epochs(10, network, start, BLOBS, rule) == expected
    assert len(compiled) == 1


# Early stopping ----------------------------------------------------------------------------------------------------


def scripted(losses: list[float]) -> Any:
    """A loss whose gradient is 1 for training data, and which says on validation data what is written in the script;
    θ after epoch e is −e, for one batch an epoch and α = 1."""

    def loss(θ: Any, X: Any, y: Any) -> Any:
        if y[0] == 7.0:
            return losses[round(-float(θ[0]))]
        return np.sum(θ)

    return loss


@pytest.mark.parametrize(
    ("losses", "patience", "best", "epochs"),
    [
        ([9, 5, 4, 6, 7, 3], 2, 2, 4),  # stops before it sees the 3
        ([9, 5, 4, 6, 7, 3], 3, 5, 5),  # looks further ahead
        ([9, 5, 4, 6, 7, 8], None, 2, 5),  # never stops, yet keeps the best
        ([9, 4, 4, 4, 4, 4], 3, 1, 4),  # of equal ones the first
        ([1, 5, 4, 6, 7, 8], 5, 0, 5),  # the start was best
        ([9, 8, 7, 6, 5, 4], 1, 5, 5),
    ],
)
def test_look_ahead_and_the_best_weights_restored(losses: list[float], patience: Any, best: int, epochs: int) -> None:
    examples = np.zeros((4, 1)), np.arange(4.0)
    run = quiet(
        scripted(losses), np.zeros(1), examples, optim.GradientDescent(1.0),
        epochs=5, batch_size=4, patience=patience, validation=(np.zeros((1, 1)), np.array([7.0])),
    )  # fmt: skip
    assert run.best_epoch == best
    np.testing.assert_array_equal(run.theta, [-float(best)])
    assert run.steps == epochs
    assert run.history["validation_loss"] == losses[1 : epochs + 1]
    early = epochs < 5 or (patience is not None and epochs - best >= patience)
    assert run.stopped == (
        f"no lower validation loss in the {patience} epochs after epoch {best}" if early else "all 5 epochs done"
    )


def test_a_loss_that_is_nan_is_never_best() -> None:
    stopping = EarlyStopping(patience=2)
    assert not stopping.see(0, np.nan, "start")
    assert not stopping.see(1, 3.0, "first")
    assert not stopping.see(2, np.nan, "second")
    assert stopping.see(3, np.nan, "third")
    assert stopping.theta == "first"
    for patience in (0, -1, 1.5, True):
        with pytest.raises(ValueError, match="early stopping: patience must be a whole number ≥ 1, got"):
            EarlyStopping(patience)  # type: ignore[arg-type]


def test_plateaus_of_the_validation_loss_halve_the_learning_rate() -> None:
    losses = [9.0, 5.0, 5.0, 5.0, 4.0]
    steps: list[float] = []

    def loss(θ: Any, X: Any, y: Any) -> Any:
        if y[0] == 7.0:
            steps.append(float(θ[0]))
            return losses[len(steps) - 1]
        return np.sum(θ)

    rule = optim.GradientDescent(optim.schedules.halve_on_plateau(1.0, patience=0))
    validation = np.zeros((1, 1)), np.array([7.0])
    run = quiet(loss, np.zeros(1), (np.zeros((4, 1)), np.arange(4.0)), rule, epochs=4, batch_size=4, validation=validation)
    assert run.history["learning_rate"] == [1.0, 1.0, 0.5, 0.25]  # heard after epoch 1: 5, 2: 5, 3: 5
    np.testing.assert_array_equal(steps, [0.0, -1.0, -2.0, -2.5, -2.75])


def test_the_validation_error_counts_wrong_classes(moons: Any, mlp: nn.MLP) -> None:
    held_out = data.moons(rng(9), 50)
    run = quiet(mlp, mlp.init(rng(2)), moons, RULES["Adam"], epochs=30, validation=held_out)
    expected = np.mean(np.argmax(mlp(run.theta, held_out.X), axis=1) != held_out.y)
    assert run.history["validation_error"][run.best_epoch - 1] == expected
    assert run.history["validation_loss"][run.best_epoch - 1] == min(run.history["validation_loss"])
    assert float(mlp.loss(run.theta, *held_out)) == min(run.history["validation_loss"])
    binary = nn.MLP([2, 8, 1], task="binary")
    run = quiet(binary, binary.init(rng(2)), moons, RULES["Adam"], epochs=3, validation=held_out)
    expected = np.mean((binary(run.theta, held_out.X)[:, 0] > 0) != held_out.y)
    assert run.history["validation_error"][run.best_epoch - 1] == expected


def test_probabilities_have_no_wrong_classes(moons: Any) -> None:
    network = nn.MLP([2, 8, 1], task="binary")
    for soft in (False, True):
        targets = np.where(moons.y, 0.9, 0.1) if soft else moons.y * 1.0
        run = quiet(network, network.init(rng()), (moons.X, targets), epochs=2, validation=(moons.X, targets))
        assert ("validation_error" in run.history) is not soft


def test_digits_are_learned() -> None:
    pytest.importorskip("sklearn", reason="the digits come with scikit-learn")
    train, validation, test = data.split(*data.digits(), (0.6, 0.2, 0.2), rng())
    network = nn.MLP([64, 32, 10], activation="relu")
    run = quiet(
        network, network.init(rng(1)), train, optim.Adam(learning_rate=0.01),
        epochs=60, batch_size=64, validation=validation, patience=8,
    )  # fmt: skip
    assert np.mean(network.classify(run.theta, test.X) != test.y) < 0.06  # a linear classifier has about 0.05 wrong
    assert "no lower validation loss" in run.stopped


# What goes wrong on the way ------------------------------------------------------------------------------------------


def test_interruption_keeps_what_was_learned() -> None:
    X, y = data.line(rng())
    calls = []

    def loss(θ: Any, X: Any, y: Any) -> Any:
        calls.append(1)
        if len(calls) == 8:
            raise KeyboardInterrupt
        return line_loss(θ, X, y)

    run = quiet(loss, np.zeros(2), (X, y), epochs=100)
    assert run.stopped == "interrupted in epoch 3 after 7 steps; what was learned is kept"
    again = quiet(line_loss, np.zeros(2), (X, y), epochs=3)
    assert run.history["risk"] == again.history["risk"][:2]
    assert run.steps == 7
    assert line_loss(run.theta, X, y) < line_loss(np.zeros(2), X, y)
    assert run.best_epoch == 3


@pytest.mark.parametrize(("at", "steps", "best"), [(28, 26, 1), (2, 0, 0), (1, 0, 0)])
def test_an_interruption_looks_at_the_validation_data_once_more(at: int, steps: int, best: int) -> None:
    """Call 1 is the look at the start, 28 that of step 27; a second interruption ends the last look."""
    X, y = data.line(rng())
    for again in (False, True):
        calls: list[int] = []

        def loss(θ: Any, X: Any, y: Any, calls: Any = calls, again: bool = again) -> Any:
            calls.append(1)
            if len(calls) == at or (again and len(calls) == at + 1):
                raise KeyboardInterrupt
            return line_loss(θ, X, y)

        run = quiet(loss, np.zeros(2), (X, y), epochs=1, batch_size=1, validation=(X, y))
        epoch = 0 if again else best
        seen = not again or at > 1
        lowest = f"the parameters of epoch {epoch} are kept, whose validation loss was the lowest"
        words = lowest if seen else "what was learned is kept"
        assert run.stopped == f"interrupted in epoch {int(at > 1)} after {steps} steps; {words}"
        assert (run.steps, run.best_epoch, bool(run.theta.any())) == (steps, epoch, epoch > 0)
        assert not run.history


def test_a_divergence_says_which_parameters_are_kept() -> None:
    with np.errstate(over="ignore"):
        run = quiet(line_loss, np.zeros(2), (X, y), validation=(X * 1e200, y))
    assert run.stopped.endswith("; the parameters of epoch 0 are kept, whose validation loss was the lowest")
    assert run.best_epoch == 0


def test_an_interruption_while_validating_leaves_whole_entries() -> None:
    X, y = data.line(rng())
    calls = []

    def loss(θ: Any, X: Any, y: Any) -> Any:
        calls.append(len(X))
        if calls.count(5) == 3:  # after the start and epoch 1
            raise KeyboardInterrupt
        return line_loss(θ, X, y)

    run = quiet(loss, np.zeros(2), (X, y), epochs=9, validation=(X[:5], y[:5]))
    assert {len(values) for values in run.history.values()} == {1}
    assert run.stopped.startswith("interrupted in epoch 2")


def test_it_stops_at_the_first_loss_that_is_not_finite() -> None:
    """J = θ⁴ from 3 with α = 1: 3, −105, 4.6e6, …; computed here with NumPy until J overflows."""
    θ, t, path = 3.0, 1, [3.0]
    with np.errstate(over="ignore"):
        while np.isfinite(np.float64(θ) ** 4):
            θ = θ - 4.0 * np.float64(θ) ** 3
            path.append(θ)
            t += 1
    run = quiet(lambda θ, X, y: np.sum(θ**4), np.array([3.0]), (np.zeros((4, 1)), np.zeros(4)), optim.GradientDescent(1.0),
                epochs=50, batch_size=4)  # fmt: skip
    assert run.stopped == f"the loss was inf at step {t}, in epoch {t}; the last parameters whose loss was finite are kept"
    np.testing.assert_allclose(run.theta, [path[-2]], rtol=1e-12)
    assert len(run.history["risk"]) == t - 1
    assert run.best_epoch == t - 2  # one step an epoch


def test_a_first_loss_that_is_not_finite_leaves_the_start() -> None:
    run = quiet(lambda θ, X, y: np.sum(np.log(θ)), np.array([-1.0]), (np.zeros((4, 1)), np.zeros(4)), batch_size=4)
    assert "nan at step 1" in run.stopped
    np.testing.assert_array_equal(run.theta, [-1.0])
    assert run.best_epoch == 0


def test_a_gradient_that_is_not_finite_in_the_last_step() -> None:
    def loss(θ: Any, X: Any, y: Any) -> Any:
        return np.sum(np.sqrt(θ))

    run = quiet(loss, np.zeros(1), (np.zeros((4, 1)), np.zeros(4)), epochs=1, batch_size=4)
    assert np.isfinite(run.theta).all()


def test_the_bar_shows_the_time_left_and_is_silent_when_told(capsys: Any) -> None:
    pytest.importorskip("tqdm", reason="the bar is tqdm's")
    X, y = data.line(rng())
    quiet(line_loss, np.zeros(2), (X, y))
    assert capsys.readouterr() == ("", "")
    quiet(line_loss, np.zeros(2), (X, y), progress=True)
    assert "15/15" in capsys.readouterr().err


def test_without_tqdm_there_is_no_bar(monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert quiet(line_loss, np.zeros(2), data.line(rng()), progress=True).steps == 15
    assert capsys.readouterr() == ("", "")


# Input that makes no sense -------------------------------------------------------------------------------------------


def holed(X: Any, value: float) -> Any:
    X = X.copy()
    X[3, 1] = value
    return X


def one_wrong(label: int) -> Any:
    return np.where(np.arange(30) == 17, label, PLANE.y)


X, y = data.line(rng())
PLANE = data.moons(rng(), 30)
MLP = nn.MLP([2, 3, 2])


@pytest.mark.parametrize(
    ("model", "examples", "settings", "words"),
    [
        (line_loss, (X, y), {"batch_size": 31}, r"batch_size \(of 30 examples\) must be a whole number from 1 to 30, got 31"),
        (line_loss, (X, y), {"batch_size": 0}, r"batch_size \(of 30 examples\) must be a whole number"),
        (line_loss, (X, y), {"epochs": -1}, "epochs must be a whole number"),
        (line_loss, (X, y), {"epochs": 1.5}, "epochs must be a whole number"),
        (line_loss, (X, y), {"patience": 3}, "give validation"),
        (line_loss, (X, y), {"patience": 0, "validation": (X, y)}, "patience must be a whole number"),
        (line_loss, (X, y), {"validation": (X[:, :1], y)}, r"a row of the validation data has the shape \(1,\)"),
        (line_loss, (X, y), {"l2": -1.0}, "l2 must be a finite number"),
        (line_loss, (X, y), {"l1": np.nan}, "l1 must be a finite number"),
        (line_loss, (X, y), {"l1": 1.0}, "weights of a network"),
        (line_loss, (X, y[:-1]), {}, r"30 rows in X, but y has the shape \(29,\)"),
        (line_loss, (X[:0], y[:0]), {}, "empty"),
        (line_loss, (holed(X, np.nan), y), {}, "X of the data is nan in row 3, column 1, counted from 0"),
        (line_loss, (X, np.where(y == y[5], np.inf, y)), {}, "y of the data is inf in row 5 counted from 0"),
        (line_loss, (X, y), {"batch_size": 2.5}, r"batch_size \(of 30 examples\) must be a whole number"),
        (line_loss, (X, ["cat"] * 30), {}, "y of the data must be real numbers .* makes labels of words"),
        (line_loss, (X, [str(each) for each in y]), {}, "y of the data must be real numbers"),
        (line_loss, (X.astype(str).astype(object), y), {}, "X of the data must be real numbers"),
        (line_loss, ([[1.0], [1.0, 2.0]], y), {}, "X of the data must be real numbers"),
        (line_loss, (1j * X, y), {}, "X of the data must be real numbers .got an array of dtype complex128"),
        (line_loss, (X, np.full(30, "2020-01-01", dtype="M8[D]")), {}, "y of the data must be real numbers"),
        (line_loss, (X, np.arange(30).astype("m8[s]")), {}, "y of the data must be real numbers"),
        (line_loss, (X, np.ma.masked_array(y, np.arange(30) == 4)), {}, "y of the data is masked at .4.;"),
        (line_loss, (X, y), {"validation": (np.ma.masked_array(X, X > 9e9) + 1j, y)}, "X of the validation data must be real"),
        (line_loss, X, {}, r"pair \(X, y\)"),
        (MLP, (PLANE.X, 0 * PLANE.y), {}, "all 30 examples are of the class 0"),
        (MLP, (PLANE.X, PLANE.y * 2), {}, "label"),
        (MLP, (PLANE.X, PLANE.y - 1), {}, "label"),
        (MLP, (PLANE.X[:, :1], PLANE.y), {}, "takes 2 input"),
        (nn.MLP([2, 3, 1], task="binary"), (PLANE.X, one_wrong(5)), {}, "targets must be from 0 to 1, got 5 for example 17"),
        (nn.MLP([2, 3, 1], task="binary"), (PLANE.X, one_wrong(5)[:, None]), {}, "got 5 for example 17"),
        (MLP, (PLANE.X, one_wrong(2)), {"epochs": 0}, "whole numbers from 0 to 1, got 2 for example 17"),
    ],
)
def test_settings_and_data_that_make_no_sense(model: Any, examples: Any, settings: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        quiet(model, model.init(rng()) if isinstance(model, nn.MLP) else np.zeros(2), examples, **settings)


def test_a_loss_sees_batches_alone() -> None:
    """Weights for each example, full batch: the loss is called for the steps, with all rows."""
    rows, w = [], np.linspace(0.0, 1.0, 30)

    def loss(θ: Any, X: Any, y: Any) -> Any:
        rows.append(len(X))
        return np.mean(w * (X @ θ - y) ** 2)

    quiet(loss, np.zeros(2), (X, y), epochs=3, batch_size=30)
    assert rows == [30] * 3


@pytest.mark.parametrize("rule", [optim.Adam, 0.1, optim.BFGS()])
def test_what_is_no_update_rule(rule: Any) -> None:
    with pytest.raises(TypeError, match="rule must be an update rule"):
        quiet(line_loss, np.zeros(2), (X, y), rule)


def test_numbers_in_other_clothes_are_numbers() -> None:
    expected = quiet(line_loss, np.zeros(2), (X, y)).theta
    for mine in ((X.astype(object), list(y)), (np.ma.masked_array(X, X > 9e9), y.astype(object))):
        np.testing.assert_array_equal(quiet(line_loss, np.zeros(2), mine).theta, expected)


def test_what_is_no_model_and_no_start() -> None:
    with pytest.raises(TypeError, match="fit: model must be a network or a function loss"):
        quiet(3, np.zeros(2), (X, y))
    for start in (None, "a", Tensor(np.zeros(2)), np.zeros(2) * 1j):
        with pytest.raises(ValueError, match=r"fit: theta\S* must be real numbers"):
            quiet(line_loss, [start, np.zeros(2)], (X, y))


def test_starts_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match=r"theta.b is not finite"):
        quiet(line_loss, {"a": np.zeros(2), "b": np.array([np.nan])}, (X, y))
    with pytest.raises(ValueError, match="no parameters"):
        quiet(line_loss, [], (X, y))
