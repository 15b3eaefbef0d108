"""The table of primitives, and how a row gets in.

A row holds the forward computation, the derivative rules and the browser kernel's name together. A rule takes
the gradient g of the loss with respect to the result y, then y and the inputs, and returns the gradient with
respect to one input. Rules are written in operations of this very table, so that they run raw on arrays, are
recorded on Tensors (hence Hessians), and can be exported (hence training in the browser).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..box import UFUNCS, Primitive, binary, unary

TABLE: dict[str, Primitive] = {}


def row(name: str, forward: Any, rules: Any, **more: Any) -> Primitive:
    """Enter a row into the table."""
    TABLE[name] = Primitive(name, forward, rules, **more)
    return TABLE[name]


def elementwise(name: str, forward: Any, *rules: Any, ufunc: Any = None) -> Callable[..., Any]:
    """An elementwise row with one or two inputs; returns the function that records it.

    The Jacobian is diagonal, so one rule per input serves the backward and the forward walk.
    """
    apply: Callable[..., Any] = (unary if len(rules) == 1 else binary)(row(name, forward, rules))
    apply.__doc__ = f"{name}, elementwise."
    if ufunc is not None:
        UFUNCS[ufunc] = apply
    return apply
