"""Things that are found by name, and what is said of names that do not exist."""

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
