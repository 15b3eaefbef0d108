"""Everything public with arguments that nobody should give: an error that says what is wrong, or an honest answer.

Hostile values go into each place of a call that is right otherwise (right_arguments.py): a list of them into every place, and
what Hypothesis makes up into one or several. What may come back is a result, or TypeError, ValueError or an error that the
docstring names, in words. What may not: an error of the interpreter's own about attributes and the like, a NaN that no
argument had, a hang. A function that is new is tried too, and the first test asks for what is right for it.
"""

from __future__ import annotations

import inspect
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from right_arguments import ENTRIES, NET, TABLE, called, parameters, right_arguments

from dlcourse import Tensor, central_differences, data, figures, jvp, nn, optim, training
from dlcourse.exercises import exercise, stub_of

HOSTILE: list[Any] = [
    None, float("nan"), float("inf"), -1, 0, -0.0, 1e308, 0.5, 10**30, True, 1j, "no such thing", "", b"x", [], {}, {1, 2},
    [None],    ["a", "b"], {"a": None}, [[[]]], [[1.0], [2.0, 3.0]], (1, 2, 3), (np.ones(2), "x"), range(3), object(), int,
    np.array([object(), None]), np.array([1j, 2.0]), np.array(["a", "b"]), np.zeros((0, 2)), np.zeros((2, 2)),
    np.full((3, 2), np.nan), np.ones((1, 2, 1, 2, 1)), np.arange(4), np.array(3.0), np.array([1e200, -1e200]), np.float32(2),
    np.datetime64("2020-01-01"), Tensor([1.0, 2.0]),
    lambda *_, **__: None, lambda *_, **__: float("nan"), lambda *_, **__: "text", lambda: 1,
]  # fmt: skip

# Other objects than matplotlib's axes and figures fail as matplotlib fails; more processes have tests of their own.
NOT_TRIED = {"ax", "axes", "fig", "n_jobs"}
# Asked for this often, a computation takes this long: no fault of its own.
HOW_MANY = {"n", "steps", "epochs", "max_steps", "length", "size", "memory", "resolution", "bins", "rows", "columns", "width",
            "height", "maxiter", "widths", "inputs", "centres", "outputs", "shape", "classes", "multiplier"}  # fmt: skip
BASES = {"live.Curves", "live.Explorable", "nn.Network"}  # for who writes another kind; the kinds are tried
SECONDS = 30  # more than any call needs, on a busy machine too
HUGE = 1e20  # from here on a power may overflow


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


def leaves(value: Any) -> Iterator[Any]:
    """What stands in nests of lists, tuples and dicts; of a Tensor its value."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            yield from leaves(each)
    else:
        yield value.value if type(value) is Tensor else value


def has_nan(value: Any) -> bool:
    return any(
        isinstance(each, float | np.ndarray) and np.asarray(each).dtype.kind == "f" and bool(np.isnan(each).any())
        for each in leaves(value)
    )


def moderate(value: Any) -> bool:
    """Real numbers that are finite and not huge, all of them: then no NaN may come of them. What a Tensor holds is not
    looked at where it may be traced, so that a hyper-parameter which is one may be anything."""
    if isinstance(value, Tensor):
        return False
    for each in leaves(value):
        try:
            array = np.asarray(each, dtype=float)
        except (TypeError, ValueError, OverflowError):
            return False
        if not (np.isfinite(array).all() and (np.abs(array) < HUGE).all()):
            return False
    return True


def documented(name: str) -> set[str]:
    """TypeError, ValueError, and the errors named in the docstrings."""
    thing = ENTRIES[name]
    family = [cls for cls in thing.__mro__ if cls.__module__.startswith("dlcourse")] if inspect.isclass(thing) else [thing]
    words = " ".join(each.__doc__ or "" for each in family)
    return {"TypeError", "ValueError", *re.findall(r"\b[A-Z]\w+\b", words)}


def problem(name: str, hostile: dict[str, Any]) -> str | None:
    """What is wrong with how this function takes these arguments."""
    try:
        with no_hang(), np.errstate(all="ignore"):
            result = called(name, {**right_arguments(name), **hostile})
    except Hang:
        return "hangs"
    except Exception as error:
        kinds = {cls.__name__ for cls in type(error).__mro__}
        overflow = isinstance(error, OverflowError) and not all(map(moderate, hostile.values()))
        if not kinds & documented(name) and not overflow:
            return f"{type(error).__name__}: {error}"
        return None if len(str(error).split()) >= 3 else f"an error without words: {error!r}"
    return "a silent NaN" if has_nan(result) and all(map(moderate, hostile.values())) else None


def fits(place: str, value: Any) -> bool:
    """Whether a call with this argument ends soon if it is taken at its word."""
    return place not in HOW_MANY or not any(isinstance(each, int | float) and abs(each) > 100 for each in leaves(value))


def places(name: str) -> list[str]:
    return [place for place in parameters(name) if place not in NOT_TRIED]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls that read or write files do so in a folder of their own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "table.csv").write_text(TABLE, encoding="utf-8")


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", [name for name in ENTRIES if name not in BASES and not name.startswith("live.")])
def test_what_is_right_is_taken(name: str) -> None:
    called(name, right_arguments(name))


def test_everything_is_tried() -> None:
    assert len(ENTRIES) > 150
    assert {"grad", "Tensor", "nn.MLP", "optim.Adam", "optim.schedules.power", "training.fit", "live.Race"} <= ENTRIES.keys()
    assert ENTRIES.keys() >= BASES


def slow(name: str) -> bool:
    """Drawing takes a while, and explorables are recorded."""
    return name.startswith(("figures.", "live."))


TRIED = [pytest.param(name, marks=[pytest.mark.nightly] * slow(name)) for name in ENTRIES if name not in BASES]


@pytest.mark.parametrize("name", TRIED)
@pytest.mark.filterwarnings("ignore")
def test_hostile_arguments(name: str) -> None:
    tries = [{place: bad} for place in places(name) for bad in HOSTILE if fits(place, bad)]
    found = {str(each)[:70]: wrong for each in tries if (wrong := problem(name, each)) is not None}
    assert found == {}


# What Hypothesis makes up ----------------------------------------------------------------------------------------------

shapes = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3)
kinds = st.sampled_from(["f8", "f8", "f4", "i8", "u1", "?", "c16", "U3"])
leaf = st.one_of(
    st.sampled_from(HOSTILE),
    st.floats(),
    st.integers(-3, 5),
    st.floats(-2.0, 2.0),
    st.text("aβ, \n", max_size=4),
    arrays.arrays(kinds, shapes),
    arrays.arrays("f8", shapes, elements=st.floats(-2.0, 2.0)),
    st.floats(-2.0, 2.0).map(Tensor),
)
nested = st.recursive(
    leaf,
    lambda inner: (
        st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.sampled_from("abWy"), inner, max_size=2)
    ),
    max_leaves=4,
)


def fuzz(name: str, examples: int) -> None:
    if not places(name):
        return

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck), database=None)
    @given(st.data())
    def run(drawn: st.DataObject) -> None:
        chosen = drawn.draw(st.lists(st.sampled_from(places(name)), min_size=1, max_size=2, unique=True))
        hostile = {place: drawn.draw(nested.filter(lambda value, place=place: fits(place, value)), place) for place in chosen}
        assert problem(name, hostile) is None

    run()


@pytest.mark.parametrize("name", [name for name in ENTRIES if name not in BASES and not slow(name)])
@pytest.mark.filterwarnings("ignore")
def test_made_up_arguments(name: str) -> None:
    fuzz(name, 6)


@pytest.mark.nightly
@pytest.mark.parametrize("name", [name for name in ENTRIES if name not in BASES])
@pytest.mark.filterwarnings("ignore")
def test_many_made_up_arguments(name: str) -> None:
    fuzz(name, 60 if slow(name) else 500)


# What was found ---------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: central_differences(np.sin, 1.0, 0.0), "central differences: the step ε must be a finite number > 0, got 0.0"),
        (lambda: jvp(np.sin, {"a": 1.0}, {"a": 1.0}), r"jvp: primals and tangents must be tuples, got \{'a': 1.0\}"),
        (lambda: nn.glorot_uniform(7, (2, 3)), r"glorot_uniform: rng must be a NumPy Generator, .*, got 7"),
        (lambda: nn.he_normal(7, (2, 3)), r"he_normal: rng must be a NumPy Generator, .*, got 7"),
        (lambda: nn.normalize(np.ones((2, 1)), np.ones(1), np.ones(1), 3), r"moments must be Moments\(mean, variance\), got 3"),
        (lambda: optim.Optimizer([Tensor(1.0)], "Adam"), "Optimizer: rule must be an update rule, got 'Adam'"),
        (lambda: training.choice({"a": 1}), r"choice: needs a list of values, got \{'a': 1\}"),
        (lambda: training.search(print, {"a": 1}, seed=0), r"search: .*: needs a list of dicts, got \{'a': 1\}"),
        (lambda: exercise(7, ()), "exercise: name must be a text, got 7"),
        (lambda: stub_of(7), "stub_of: solution must be the text of a cell, got 7"),
        (lambda: figures.show(figures.new()[0], 7), "needs an alternative text that says what is to be seen, got 7"),
        (lambda: figures.learning_curves(figures.new()[1], [1]), r"learning_curves: found must be a dict .*, got \[1\]"),
        (lambda: figures.contours(figures.new()[1], "bowl"), "contours: landscape must be one of landscapes.ALL, got 'bowl'"),
        (lambda: figures.trials(figures.new()[1], [1], "a"), r"trials: found must be what training.search returns, got \[1\]"),
        (lambda: figures.decision_boundary(figures.new()[1], len, np.ones((3, 2)), [0, 1]), r"needs X \(T, 2\) and y \(T,\)"),
    ],
)  # fmt: skip
def test_one_sentence_says_what_is_needed(call: Callable[[], Any], words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        call()


def test_softmax_takes_a_list() -> None:
    np.testing.assert_allclose(nn.activations.softmax([0.0, np.log(3.0)]), [0.25, 0.75], rtol=1e-15)


@pytest.mark.parametrize("delta", [365.0, 10**30])
def test_a_power_too_large_for_a_number_brings_the_rate_to_0(delta: float) -> None:
    """2 to the power of 10³⁰ as a whole number would fill every memory there is."""
    schedule = optim.schedules.power(1.0, delta)
    assert schedule(1) == 1.0
    with no_hang():
        assert schedule(8) == 0.0
        np.testing.assert_array_equal(schedule(np.array([1, 8])), [1.0, 0.0])
