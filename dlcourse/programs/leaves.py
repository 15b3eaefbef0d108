"""The leaves of a nest: found again in another order of its keys, and called by the path to them."""

from __future__ import annotations

from typing import Any

from ..autodiff import ShapeError


def leaves(x: Any, like: Any, name: str) -> list[Any]:
    """The leaves of a nest, in the order of the nest that was traced."""
    if isinstance(like, dict):
        if not isinstance(x, dict) or x.keys() != like.keys():
            raise ShapeError(
                f"{name}: was traced with a dict of {list(like)}, got {list(x) if isinstance(x, dict) else type(x)}"
            )
        return [leaf for key in like for leaf in leaves(x[key], like[key], f"{name}.{key}")]
    if isinstance(like, (list, tuple)):
        if not isinstance(x, (list, tuple)) or len(x) != len(like):
            raise ShapeError(f"{name}: was traced with {len(like)} entries, got {x!r:.60}")
        return [leaf for i, (part, model) in enumerate(zip(x, like)) for leaf in leaves(part, model, f"{name}.{i}")]
    return [x]


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
