"""From rows of the table of primitives to kernels of the page.

Most rows have a kernel of their name, with their options. The others are here: what only rearranges entries is read
with an offset and strides, and axes are counted from the front.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..autodiff.box import Primitive
from ..autodiff.primitives.shapes import TRANSPOSE, room

Lowered = tuple[str, dict[str, Any] | None]
Shapes = list[tuple[int, ...]]


def lower(row: Primitive, shapes: Shapes, options: dict[str, Any]) -> Lowered:
    """The kernel for a row at work on inputs of these shapes, and the kernel's options."""
    return LOWER[row.name](shapes, options) if row.name in LOWER else (row.name, options)


def layout(move: Callable[[Any], Any], shape: tuple[int, ...]) -> dict[str, Any]:
    """Where each entry of a moved array lies in the original one, of this shape: offset and stride per axis."""
    numbers = np.asarray(move(np.arange(math.prod(shape)).reshape(shape)))
    offset = int(numbers.flat[0]) if numbers.size else 0
    steps = [int(np.take(numbers, 1, a).flat[0]) - offset if n > 1 and numbers.size else 0 for a, n in enumerate(numbers.shape)]
    return {"offset": offset, "strides": steps}


def strided(move: Callable[..., Any]) -> Callable[[Shapes, dict[str, Any]], Lowered]:
    return lambda shapes, options: ("strided", layout(lambda x: move(x, **options), shapes[0]))


def scatter(shapes: Shapes, options: dict[str, Any]) -> Lowered:
    return "scatter", layout(lambda x: x[options["index"]], room(shapes[0], **options))


def reduction(name: str) -> Callable[[Shapes, dict[str, Any]], Lowered]:
    return lambda shapes, options: (name, {"axes": [a + len(shapes[0]) for a in options["axes"]]})


LOWER: dict[str, Callable[[Shapes, dict[str, Any]], Lowered]] = {
    "reshape": lambda shapes, options: ("reshape", None),
    "transpose": strided(TRANSPOSE.forward),
    "getitem": strided(lambda x, index: x[index]),
    "broadcast_to": strided(lambda x, shape: np.broadcast_to(x, shape)),
    "embed": scatter,
    "take_adjoint": lambda shapes, options: ("take_adjoint", None),
    "concatenate": lambda shapes, options: ("concatenate", {"axis": options["axis"] % len(shapes[0])}),
    **{name: reduction(name) for name in ("sum", "max", "logsumexp")},
    "scan": lambda shapes, options: ("scan", {**options, "body": options["body"].to_json()}),
}
