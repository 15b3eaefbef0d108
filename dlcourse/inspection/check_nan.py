"""Where the first NaN was made: every box is looked at as it is recorded."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable
from pathlib import Path
from threading import get_ident
from typing import Any

import numpy as np

from ..autodiff import box, nest
from ..autodiff.box import ON_RECORD, Tensor, next_number, shape_of, value_of
from ..autodiff.no_grad import on_record


class NonFinite(ArithmeticError):
    """A NaN or an infinity, and where it came from."""


def check_nan(f: Callable[..., Any], *args: Any) -> Any:
    """f(*args), unless an operation on the way makes a NaN or an infinity.

    The floats and arrays of floats in args become Tensors, so that what f computes from them is seen, derivatives
    included (`check_nan(grad(f), w)`); whole numbers stay as they are. The result is as without `check_nan`.

    Raises NonFinite, which names the operation that made the first NaN or infinity, its inputs, and the line of code.

    >>> check_nan(lambda x: np.sum(x * x), np.array([1.0, 2.0]))
    5.0
    """
    start, outer, caller = next_number(), ON_RECORD.get(get_ident()), sys._getframe(1)

    def look(made: Tensor) -> Tensor:
        if not np.all(np.isfinite(made.value)):
            inputs = " and ".join(brief(value_of(x)) for x in made.inputs)
            raise NonFinite(f"{made.row.name}: made {brief(made.value)} from {inputs}, {user_line(caller)}")
        return made if outer is None else outer(made)

    def enter(x: Any) -> Any:
        return Tensor(x) if type(x) is not Tensor and np.asarray(x).dtype.kind == "f" else x

    def leave(y: Any) -> Any:
        value = value_of(y)
        if np.asarray(value).dtype.kind == "f" and not np.all(np.isfinite(value)):
            whole = "; whole numbers in args stay bare, pass floats" if bare else ""
            raise NonFinite(f"check_nan: the result is {brief(value)}, and no operation on a Tensor made that{whole}")
        if type(y) is Tensor and y.oldest > start:  # only what came in through args flows into it
            return value if type(value) is float else value.copy()
        return y

    leaves, rebuild = nest.flatten(args)
    bare = any(type(x) is not Tensor and np.asarray(x).dtype.kind in "iu" for x in leaves)
    with on_record(look), np.errstate(all="ignore"):
        result, put = nest.flatten(f(*rebuild(map(enter, leaves))))
    return put(map(leave, result))


def brief(x: Any) -> str:
    """A small array as it is; of a large one its shape and what is remarkable in it."""
    if np.size(x) <= 4:
        return np.array2string(np.asarray(x), separator=", ", precision=6).replace("\n", "")
    found = {"NaN": np.isnan(x).sum(), "infinite": np.isinf(x).sum()}
    said = " and ".join(f"{n} {name}" for name, n in found.items() if n) or f"from {np.min(x):.4g} to {np.max(x):.4g}"
    return f"an array of shape {shape_of(x)} ({said})"


def user_line(caller: Any) -> str:
    """Where the operation stands: the innermost line outside this package, else outside the engine, else the caller's."""
    engine, frame = Path(box.__file__).parent, sys._getframe(2)
    inside = []
    while frame is not None and frame is not caller:
        inside.append(frame)
        frame = frame.f_back  # type: ignore[assignment]
    seen = [f for f in inside if not Path(f.f_code.co_filename).is_relative_to(engine) and f.f_code.co_filename != __file__]
    users = [f for f in seen if not Path(f.f_code.co_filename).is_relative_to(engine.parent)]
    place = (users or seen or [caller])[0]
    name, number = place.f_code.co_filename, place.f_lineno
    return f"in {Path(name).name}, line {number}: {linecache.getline(name, number).strip()}"
