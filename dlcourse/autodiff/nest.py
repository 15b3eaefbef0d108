"""Nests: lists, tuples, named tuples and dicts of arrays, any depth, as one list of leaves and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Rebuild = Callable[[Iterator[Any]], Any]


def flatten(nest: Any) -> tuple[list[Any], Callable[[Any], Any]]:
    """The leaves in order, and a function that puts new leaves into the same nest.

    Dicts are walked in order of insertion. Anything that is no list, tuple or dict is a leaf; a list of plain
    numbers is a nest of numbers, not an array.

    >>> leaves, rebuild = flatten({"W": [1.0, 2.0], "b": (3.0,)})
    >>> leaves
    [1.0, 2.0, 3.0]
    >>> rebuild([10.0, 20.0, 30.0])
    {'W': [10.0, 20.0], 'b': (30.0,)}
    """
    leaves: list[Any] = []
    build = collect(nest, leaves)
    return leaves, lambda new: build(iter(new))


def collect(nest: Any, leaves: list[Any]) -> Rebuild:
    if isinstance(nest, dict):
        keys = list(nest)
        parts = [collect(nest[key], leaves) for key in keys]
        return lambda it: {key: part(it) for key, part in zip(keys, parts, strict=True)}
    if isinstance(nest, (list, tuple)):
        parts = [collect(entry, leaves) for entry in nest]
        kind: Any = type(nest)
        if hasattr(kind, "_fields"):
            return lambda it: kind(*[part(it) for part in parts])
        return lambda it: kind([part(it) for part in parts])
    leaves.append(nest)
    return next


def leaves_like(nest: Any, model: Any) -> list[Any]:
    """The leaves of a nest, where whatever stands for a leaf of the model is a leaf: lists of numbers may stand for arrays."""
    if isinstance(model, dict) and isinstance(nest, dict) and nest.keys() == model.keys():
        return [leaf for key in model for leaf in leaves_like(nest[key], model[key])]
    if isinstance(model, (list, tuple)) and isinstance(nest, (list, tuple)) and len(nest) == len(model):
        return [leaf for entry, like in zip(nest, model, strict=True) for leaf in leaves_like(entry, like)]
    return flatten(nest)[0] if isinstance(model, (dict, list, tuple)) else [nest]


def names(nest: Any, name: str = "") -> list[str]:
    """A name for each leaf, in order: the path to it, joined by dots.

    >>> names({"W": [1.0, 2.0], "b": 3.0}, "theta")
    ['theta.W.0', 'theta.W.1', 'theta.b']
    """
    if isinstance(nest, dict):
        entries = [(str(key), value) for key, value in nest.items()]
    elif isinstance(nest, tuple) and hasattr(nest, "_fields"):
        entries = list(zip(nest._fields, nest, strict=True))
    elif isinstance(nest, (list, tuple)):
        entries = [(str(i), value) for i, value in enumerate(nest)]
    else:
        return [name]
    return [path for key, value in entries for path in names(value, f"{name}.{key}" if name else key)]
