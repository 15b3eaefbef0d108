"""Checking a reader's function, and making the stub that the reader edits from the solution."""

from __future__ import annotations

import html
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from ..checks import kind

BEGIN, END = "# solution", "# end of solution"
GAP = "...  # your answer"
CHANGED = (
    "Your function changes an array or list that it is given, and so the caller's own. "
    "x -= … and x.pop() do that; x = x - … makes a new one."
)

ADVICE = (
    (NameError, "", "If a cell above defines it, run that cell first."),
    (ValueError, "truth value of an array", "An argument is an array: np.where(condition, a, b) chooses for each entry."),
    (TypeError, "Python scalars", "An argument is an array: np.log and the like take it whole, math.log does not."),
)


class Feedback(NamedTuple):
    """What the reader is told. `right` is None while the exercise is not answered."""

    right: bool | None
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        colour = {True: "#2f8f5b", False: "#c8641b", None: "#7b8794"}[self.right]
        style = f"border-left:4px solid {colour};padding:.3em .9em;margin:.3em 0;white-space:pre-line"
        return f'<div class="dlcourse-feedback" role="status" style="{style}">{html.escape(self.text)}</div>'


class Case(NamedTuple):
    """One call to try: the arguments, what should come, how to name the call, and wrong results that tell what went wrong."""

    arguments: tuple[Any, ...]
    expected: Any
    call: str
    mistakes: tuple[tuple[Any, str], ...] = ()


class Exercise(NamedTuple):
    """`judge` takes the reader's function and gives Feedback; it may let the function's own exceptions through.

    Where the task forbids to change the arguments, `untouched` is True, and who does so is not right.
    """

    name: str
    judge: Callable[[Callable[..., Any]], Feedback]
    untouched: bool = False


EXERCISES: dict[str, Exercise] = {}


class NotAnswered(Exception):
    """The function returned None or `...`, as a stub does. The message says what may be missing."""


class Watched:
    """The reader's function, and what it returned and raised last.

    It gets copies of arrays and lists, so that an answer that writes into them spoils no later check; `changed` remembers it.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.changed = False
        self.returned: Any = None
        self.raised: Exception | None = None

    def __call__(self, *arguments: Any) -> Any:
        given = copied(arguments)
        try:
            result = self.function(*given)
        except Exception as error:  # the reader's code may raise anything
            self.raised = error
            raise
        self.changed = self.changed or not same(arguments, given)
        if result is None and self.returned is not None:  # it is no stub
            raise NotAnswered(f"called with {shown(arguments)} the function returns nothing. Is a return missing on that way?")
        self.returned = result
        return result


def copied(value: Any) -> Any:
    """Arrays and lists anew, at any depth; all else as it is: a number that counts itself, or is traced, has to stay."""
    if isinstance(value, tuple | list):
        return getattr(value, "_make", type(value))(map(copied, value))  # a NamedTuple has _make
    return value.copy() if isinstance(value, np.ndarray) else value


def same(before: Any, after: Any) -> bool:
    if isinstance(before, tuple | list):
        return type(before) is type(after) and len(before) == len(after) and all(map(same, before, after))
    return before is after or np.array_equal(before, after, equal_nan=np.asarray(before).dtype.kind == "f")


def exercise(
    name: str, cases: Iterable[Case], *, praise: str = "", tolerance: float = 1e-9, untouched: bool = False
) -> Exercise:
    """Register an exercise that tries cases in turn; `tolerance` is relative to the largest entry expected. With `untouched`
    an answer that changes its arguments is not right; without, it is told.

    Raises TypeError for a name that is no text, ValueError for one that another exercise has.
    """
    kind("exercise", "name", name, str, "a text")
    listed = tuple(cases)

    def judge(function: Callable[..., Any]) -> Feedback:
        for case in listed:
            got = answered(function(*case.arguments))
            if agree(got, case.expected, tolerance):
                continue
            words = f"Not yet. {case.call} should be {apart(case.expected, got)}."
            for value, hint in case.mistakes:
                if agree(got, value, tolerance):
                    words += f" {hint}"
                    break
            return Feedback(False, words)
        return Feedback(True, f"Right: all {len(listed)} cases agree. {praise}".strip())

    return register(Exercise(name, judge, untouched))


def register(found: Exercise) -> Exercise:
    if found.name in EXERCISES:
        raise ValueError(f"exercise: there is already one called {found.name!r}")
    EXERCISES[found.name] = found
    return found


def check(name: str, answer: Callable[..., Any]) -> Feedback:
    """Try the reader's function on the exercise of this name.

    Raises ValueError for a name that no exercise has. Whatever the reader's function raises becomes feedback.

    >>> check("walk", lambda gradient, θ, α, steps: None)
    Not answered yet: the function returns nothing. Is the ... still there, or a return missing?
    """
    load(f'"{name}"')
    if name not in EXERCISES:
        load()
        near = get_close_matches(str(name), EXERCISES, n=1, cutoff=0.0)[0]
        raise ValueError(f"check: no exercise is called {name!r}; did you mean {near!r}?")
    if not callable(answer):
        return Feedback(False, f"Not yet. The answer must be a function, its name without brackets; got {shown(answer)}.")
    found, function = EXERCISES[name], Watched(answer)
    feedback = judged(found, function)
    if not function.changed:
        return feedback
    if feedback.right and found.untouched:
        return Feedback(False, f"Not yet. The results are right, but one thing is not. {CHANGED}")
    return Feedback(feedback.right, f"{feedback.text} One thing more. {CHANGED}")


def judged(found: Exercise, function: Watched) -> Feedback:
    """Only what the reader's function itself raised is called its own; what the judge stumbles over is the form of a result."""
    try:
        with np.errstate(all="ignore"):
            return found.judge(function)
    except NotAnswered as error:
        return Feedback(None, f"Not answered yet: {error}")
    except Exception as error:
        if in_words(error):
            return Feedback(False, f"Not yet: {error}.")
        if error is function.raised:
            return Feedback(False, f"Not yet. The function raised {type(error).__name__}{where(error, function.function)}")
        try:
            came = shown(function.returned)
        except Exception:  # its repr may fail, or a list may hold itself
            came = f"something of the type {type(function.returned).__name__}"
        words = "Is it of the kind and shape that the task asks for?"
        return Feedback(False, f"Not yet. The function returned {came}, which cannot be checked. {words}")


def where(error: Exception, function: Callable[..., Any]) -> str:
    """The line of the reader's function at which it stopped, what Python says of it, and what to do where that misleads."""
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    lines = [frame.line for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file and frame.line]
    advice = next((f". {words}" for sort, part, words in ADVICE if isinstance(error, sort) and part in str(error)), "")
    said = f"{error}".rstrip(".") if advice else f"{error}"
    return (f" in “{lines[-1]}”" if lines else "") + f": {said}{advice}"


def in_words(error: Exception) -> bool:
    """Whether a judge raised it, as a sentence for the reader: its traceback ends at a `raise` in this folder, not in a
    conversion such as float(), nor in a function of NumPy or of the package."""
    *_, end = traceback.extract_tb(error.__traceback__)
    return Path(end.filename).parent == Path(__file__).parent and (end.line or "").startswith("raise ")


def load(quoted: str = "") -> None:
    """Import the modules beside this one: each registers the exercises of a chapter. Only those whose source holds
    `quoted`, if that is given, for what an exercise expects is computed on import, and together that takes a second."""
    package = import_module(__package__)
    for module in iter_modules(package.__path__):
        if quoted in (Path(package.__path__[0]) / f"{module.name}.py").read_text(encoding="utf-8"):
            import_module(f"{__package__}.{module.name}")


def answered(result: Any) -> Any:
    """The result, unless the function is still a stub, or gave what is no real number."""
    if result is None or result is Ellipsis:
        raise NotAnswered("the function returns nothing. Is the ... still there, or a return missing?")
    for each in result if type(result) in (tuple, list) else [result]:
        if unreal(each):
            raise ValueError(f"the function returned {shown(result)}; real numbers are asked for, not text or complex numbers")
    return result


def unreal(value: Any) -> bool:
    """Text or a complex number, alone or in an array: NumPy would take them for real numbers, with a warning or without."""
    return isinstance(value, str | bytes | complex | np.complexfloating) or (
        isinstance(value, np.ndarray) and value.dtype.kind in "cSU"
    )


def agree(got: Any, expected: Any, tolerance: float) -> bool:
    """Same nesting and shape, and every entry within the tolerance. A tuple may come as a list or as an array."""
    if isinstance(expected, tuple):
        several = isinstance(got, tuple | list) or (isinstance(got, np.ndarray) and got.ndim > 0)
        return several and len(got) == len(expected) and all(agree(g, e, tolerance) for g, e in zip(got, expected, strict=True))
    target = np.asarray(expected, dtype=float)
    try:
        value = np.asarray(got)
        if unreal(value) or value.shape != target.shape:
            return False
        value = value.astype(float)
    except (TypeError, ValueError, OverflowError):
        return False
    return bool(np.all(np.abs(value - target) <= tolerance * max(1e-12, float(np.max(np.abs(target), initial=0.0)))))


def apart(expected: Any, got: Any) -> str:
    """What should be and what is, with as many digits as it takes to see the difference."""
    for digits in (4, 7, 10, 17):
        wanted, came = shown(expected, digits), shown(got, digits)
        if wanted != came:
            break
    return f"{wanted}, but is {came}"


def shown(value: Any, digits: int = 4) -> str:
    """A value as the reader sees it: so many significant digits, whole parts whole, shapes where they matter."""
    if type(value) in (tuple, list):
        inner = ", ".join(shown(each, digits) for each in value)
        return f"({inner})" if isinstance(value, tuple) else f"[{inner}]"
    if isinstance(value, bool | np.bool_):
        return str(value)
    if isinstance(value, FunctionType):
        return f"the function {value.__name__}"
    if value is None or isinstance(value, Mapping | tuple) or callable(value) or unreal(value):
        return f"{value!r:.60}"
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError, OverflowError):
        return f"{value!r:.60}"
    if not array.shape:
        number = float(array)
        return f"{number:.0f}" if 10**digits <= abs(number) < 1e15 else f"{number:.{digits}g}"
    most = 12 if digits < 17 else sys.maxsize  # where else the difference would hide in the middle
    text = re.sub(r"\s+", " ", np.array2string(array, precision=digits, threshold=most))
    return f"{text} (shape {array.shape})"


def stub_of(solution: str) -> str:
    """The cell that the reader edits: the solution without what stands between the markers.

    Raises ValueError if a marker is missing or out of place, TypeError for what is no text.

    >>> print(stub_of('''def double(x):
    ...     # solution
    ...     return 2 * x
    ...     # end of solution'''))
    def double(x):
        ...  # your answer
    """
    kind("stub_of", "solution", solution, str, "the text of a cell")
    kept: list[str] = []
    inside = False
    gaps = 0
    for line in solution.splitlines():
        marker = line.strip()
        if marker in (BEGIN, END):
            if inside is (marker == BEGIN):
                raise ValueError(f"stub_of: {marker!r} stands where the other marker is needed")
            inside = not inside
            if inside:
                gaps += 1
                kept.append(line[: len(line) - len(line.lstrip())] + GAP)
        elif not inside:
            kept.append(line)
    if inside or not gaps:
        raise ValueError(f"stub_of: needs a line {BEGIN!r} and after it a line {END!r}")
    return "\n".join(kept)
