"""Things that are found by name, and what is said of names that do not exist; names for the leaves of a nest."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any


def named(table: Mapping[str, Any], name: Any, kind: str) -> Any:
    """What the table holds under this name; ValueError, with the nearest name and all others, for one it does not hold.

    >>> named({"tanh": 1, "relu": 2}, "tanh", "activation")
    1
    """
    if isinstance(name, str) and name in table:
        return table[name]
    near = get_close_matches(str(name).lower().replace(" ", "_"), table, n=1, cutoff=0.0)[0]
    raise ValueError(f"no {kind} is called {name!r}; did you mean {near!r}? There are {', '.join(table)}")


def leaf_names(nest: Any, name: str = "") -> list[str]:
    """A name for each leaf, in order: the path to it, joined by dots.

    >>> leaf_names({"W": [1.0, 2.0], "b": 3.0}, "theta")
    ['theta.W.0', 'theta.W.1', 'theta.b']
    """
    if isinstance(nest, dict):
        entries = nest.items()
    elif isinstance(nest, (list, tuple)):
        entries = zip(getattr(nest, "_fields", range(len(nest))), nest, strict=True)  # type: ignore[assignment]
    else:
        return [name]
    return [path for key, value in entries for path in leaf_names(value, f"{name}.{key}" if name else str(key))]
