"""What is public says what it does and how it fails, and shows it by an example; and the package stays small."""

from __future__ import annotations

import ast
import inspect
import io
import tokenize
from pathlib import Path
from typing import Any

import pytest

from dlcourse import data, figures, landscapes, nn, optim, training
from dlcourse.optim import line_search, schedules

MODULES = [nn, nn.activations, optim, schedules, line_search, training, landscapes, data, figures]

# What takes any number or array there is, and what only holds what it is given: nothing to refuse.
REFUSES_NOTHING = {
    *(entry.function for entry in nn.activations.ALL.values() if entry.name != "softmax"),
    *(nn.zeros, nn.activations.Interval, nn.activations.Parameter, nn.Task, nn.Layer, nn.Moments),
    *(optim.Result, optim.Trajectory, schedules.RobbinsMonro, line_search.Step),
    *(line_search.NoStep, line_search.NotDownhill, line_search.NoLowerPoint, line_search.Unbounded),
    *(training.BiasVariance, training.Fit, training.Trial, data.Sample, data.Spreadsheet, figures.Picture),
}


def public() -> dict[str, Any]:
    """The functions and classes that the modules offer, each once; those of the engine have tests of their own."""
    found = {}
    for module in MODULES:
        for name in module.__all__:
            thing = getattr(module, name)
            if (inspect.isclass(thing) or inspect.isroutine(thing)) and ".autodiff." not in thing.__module__:
                if thing not in found.values():
                    found[f"{module.__name__.removeprefix('dlcourse.')}.{name}"] = thing
    return found


PUBLIC = public()


def test_there_is_much_to_look_at() -> None:
    assert len(PUBLIC) > 120
    assert {"nn.MLP", "optim.Adam", "optim.schedules.linear", "training.fit", "data.moons", "figures.show"} <= PUBLIC.keys()
    assert set(PUBLIC.values()) >= REFUSES_NOTHING


@pytest.mark.parametrize("name", PUBLIC)
def test_it_is_documented_with_an_example(name: str) -> None:
    assert PUBLIC[name].__doc__, "has no docstring"
    assert ">>> " in PUBLIC[name].__doc__, "shows no example"


@pytest.mark.parametrize("name", [name for name in PUBLIC if PUBLIC[name] not in REFUSES_NOTHING])
def test_it_says_how_it_fails(name: str) -> None:
    """In its own docstring, or in that of the class which checks what it is made of."""
    thing = PUBLIC[name]
    family = [cls for cls in thing.__mro__ if cls.__module__.startswith("dlcourse")] if inspect.isclass(thing) else [thing]
    words = "".join(each.__doc__ or "" for each in family)
    assert any(word in words for word in ("Raises", "Error", "Errors", "errors")), "does not say what it refuses"


@pytest.mark.parametrize("name", [name for name in PUBLIC if inspect.isclass(PUBLIC[name])])
def test_its_methods_are_documented(name: str) -> None:
    """Methods that a subclass writes anew say what they do where they were named first."""
    methods = [key for key, value in vars(PUBLIC[name]).items() if inspect.isfunction(value) and not key.startswith("_")]
    assert [key for key in methods if not inspect.getdoc(getattr(PUBLIC[name], key))] == []


# --- how much there is to read -----------------------------------------------------------------------------------------


def lines_of_code(source: str) -> int:
    """Lines that hold code: neither blank, nor comment, nor documentation (a string that stands by itself)."""
    documentation: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            documentation.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    code: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in silent:
            code.update(range(token.start[0], token.end[0] + 1))
    return len(code - documentation)


def test_lines_are_counted() -> None:
    documented = '"""Doc."""\n\n# comment\nx = [\n    1,\n]\n"""What x is."""\n'
    function = 'def f():\n    """Doc,\n    long."""\n    return """a\nb"""\n'
    assert lines_of_code(documented) == 3
    assert lines_of_code(documented + function) == 6


# The checks of the exercises grow with the chapters; the explorables are the book's.
APART = {"live", "exercises"}
ENGINE = {"autodiff", "inspection", "programs"}


def test_all_but_the_engine_stays_within_2_680_lines(repository: Path) -> None:
    counts = {
        path.relative_to(repository / "dlcourse"): lines_of_code(path.read_text(encoding="utf-8"))
        for path in (repository / "dlcourse").rglob("*.py")
    }
    total = sum(count for path, count in counts.items() if path.parts[0] not in APART | ENGINE)
    assert 1_000 < total <= 2_680, sorted(counts.items(), key=lambda item: -item[1])[:20]
