"""Checking a reader's function, and making the stub that the reader edits from the solution."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, NamedTuple

import numpy as np

from ..checks import kind

BEGIN, END = "# solution", "# end of solution"
GAP = "...  # your answer"


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
    """`judge` takes the reader's function and gives Feedback; it may let the function's own exceptions through."""

    name: str
    judge: Callable[[Callable[..., Any]], Feedback]


EXERCISES: dict[str, Exercise] = {}


class NotAnswered(Exception):
    """The function returned None or `...`, as a stub does."""


def exercise(name: str, cases: Iterable[Case], *, praise: str = "", tolerance: float = 1e-9) -> Exercise:
    """Register an exercise that tries cases in turn; `tolerance` is relative to the largest entry expected.

    Raises TypeError for a name that is no text, ValueError for one that another exercise has.
    """
    kind("exercise", "name", name, str, "a text")
    listed = tuple(cases)

    def judge(function: Callable[..., Any]) -> Feedback:
        for case in listed:
            got = answered(function(*case.arguments))
            if agree(got, case.expected, tolerance):
                continue
            words = f"Not yet. {case.call} should be {shown(case.expected)}, but is {shown(got)}."
            for value, hint in case.mistakes:
                if agree(got, value, tolerance):
                    words += f" {hint}"
                    break
            return Feedback(False, words)
        return Feedback(True, f"Right: all {len(listed)} cases agree. {praise}".strip())

    return register(Exercise(name, judge))


def register(found: Exercise) -> Exercise:
    if found.name in EXERCISES:
        raise ValueError(f"exercise: there is already one called {found.name!r}")
    EXERCISES[found.name] = found
    return found


def check(name: str, answer: Callable[..., Any]) -> Feedback:
    """Try the reader's function on the exercise of this name.

    Raises ValueError for a name that no exercise has. Whatever the reader's function raises becomes feedback.

    >>> check("walk", lambda gradient, θ, α, steps: None)
    Not answered yet: replace the ... by your answer and run the cell again.
    """
    load(f'"{name}"')
    if name not in EXERCISES:
        load()
        near = get_close_matches(str(name), EXERCISES, n=1, cutoff=0.0)[0]
        raise ValueError(f"check: no exercise is called {name!r}; did you mean {near!r}?")
    if not callable(answer):
        return Feedback(False, f"Not yet. The answer must be a function, got {shown(answer)}.")
    try:
        with np.errstate(all="ignore"):
            return EXERCISES[name].judge(answer)
    except NotAnswered:
        return Feedback(None, "Not answered yet: replace the ... by your answer and run the cell again.")
    except Exception as error:  # the reader's code may raise anything
        return Feedback(False, f"Not yet. The function raised {type(error).__name__}: {error}")


def load(quoted: str = "") -> None:
    """Import the modules beside this one: each registers the exercises of a chapter. Only those whose source holds
    `quoted`, if that is given, for what an exercise expects is computed on import, and together that takes a second."""
    package = import_module(__package__)
    for module in iter_modules(package.__path__):
        if quoted in (Path(package.__path__[0]) / f"{module.name}.py").read_text(encoding="utf-8"):
            import_module(f"{__package__}.{module.name}")


def answered(result: Any) -> Any:
    """The result, unless the function is still a stub."""
    if result is None or result is Ellipsis:
        raise NotAnswered
    return result


def agree(got: Any, expected: Any, tolerance: float) -> bool:
    """Same nesting and shape, and every entry within the tolerance."""
    if isinstance(expected, tuple):
        together = isinstance(got, tuple | list) and len(got) == len(expected)
        return together and all(agree(g, e, tolerance) for g, e in zip(got, expected, strict=True))
    try:
        value = np.asarray(got, dtype=float)
    except (TypeError, ValueError):
        return False
    target = np.asarray(expected, dtype=float)
    if value.shape != target.shape:
        return False
    return bool(np.all(np.abs(value - target) <= tolerance * max(1e-12, float(np.max(np.abs(target), initial=0.0)))))


def shown(value: Any) -> str:
    """A value as the reader sees it: four significant digits, shapes where they matter."""
    if isinstance(value, tuple | list):
        inner = ", ".join(map(shown, value))
        return f"({inner})" if isinstance(value, tuple) else f"[{inner}]"
    if isinstance(value, Mapping) or callable(value) or isinstance(value, str):
        return f"{value!r:.60}"
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return f"{value!r:.60}"
    if not array.shape:
        return f"{float(array):.4g}"
    text = re.sub(r"\s+", " ", np.array2string(array, precision=4, threshold=12))
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
