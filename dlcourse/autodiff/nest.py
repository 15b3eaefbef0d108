"""Nests: lists, tuples, named tuples and dicts of arrays, any depth, as one list of leaves and back."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any


def flatten(nest: Any) -> tuple[list[Any], Callable[[Iterable[Any]], Any]]:
    """The leaves in order, and a function that puts new leaves into the same nest.

    Dicts are walked in order of insertion. Anything that is no list, tuple or dict is a leaf; a list of plain
    numbers is a nest of numbers, not an array.

    >>> leaves, rebuild = flatten({"W": [1.0, 2.0], "b": (3.0,)})
    >>> leaves
    [1.0, 2.0, 3.0]
    >>> rebuild([10.0, 20.0, 30.0])
    {'W': [10.0, 20.0], 'b': (30.0,)}
    """
    if isinstance(nest, dict):
        keys, parts = list(nest), list(nest.values())
        put: Any = lambda new: dict(zip(keys, new, strict=True))  # noqa: E731
    elif isinstance(nest, (list, tuple)):
        parts, put = list(nest), getattr(nest, "_make", type(nest))
    else:
        return [nest], lambda new: next(iter(new))
    if True not in [isinstance(part, (dict, list, tuple)) for part in parts]:
        return parts, put
    inner = [flatten(part) for part in parts]

    def rebuild(new: Iterable[Any]) -> Any:
        leaves = iter(new)
        return put([build(list(islice(leaves, len(found)))) for found, build in inner])

    return [leaf for found, _ in inner for leaf in found], rebuild


def leaves_like(nest: Any, model: Any) -> list[Any]:
    """The leaves of a nest, where whatever stands for a leaf of the model is a leaf: lists of numbers may stand for arrays."""
    if isinstance(model, dict) and isinstance(nest, dict) and nest.keys() == model.keys():
        return [leaf for key in model for leaf in leaves_like(nest[key], model[key])]
    if isinstance(model, (list, tuple)) and isinstance(nest, (list, tuple)) and len(nest) == len(model):
        return [leaf for entry, like in zip(nest, model, strict=True) for leaf in leaves_like(entry, like)]
    return flatten(nest)[0] if isinstance(model, (dict, list, tuple)) else [nest]
