"""Boxes that forget where they came from; and how anything is done to boxes as they are recorded."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident

from .box import NO_OPTIONS, ON_RECORD, TRACES, VARIABLE, Tensor, next_number, value_of
from .errors import TraceError


@contextmanager
def on_record(change: Callable[[Tensor], Tensor]) -> Iterator[None]:
    before = ON_RECORD.get(get_ident())
    ON_RECORD[get_ident()] = change
    try:
        yield
    finally:
        if before:
            ON_RECORD[get_ident()] = before
        else:
            del ON_RECORD[get_ident()]


@contextmanager
def no_grad() -> Iterator[None]:
    """Inside, Tensors made before the block act as data: what is computed from them is a leaf into which nothing flows.

    So nothing is kept for a backward walk. Variables made inside, such as those of `grad(f)(x)`, are as ever.

    Raises TraceError while tracing, where nothing but the recording is wanted.

    >>> w = Tensor(3.0)
    >>> with no_grad():
    ...     y = w * w
    >>> y, y.inputs
    (Tensor(9.0), ())
    """
    if TRACES[get_ident()]:
        raise TraceError("no_grad: a traced function is recorded as a whole; pass what needs no derivative as bare values")
    start, outer = next_number(), ON_RECORD.get(get_ident())

    def forget(made: Tensor) -> Tensor:
        made = made if outer is None else outer(made)
        made.inputs = tuple([x if type(x) is Tensor and start < x.oldest < math.inf else value_of(x) for x in made.inputs])
        made.oldest = min([x.oldest for x in made.inputs if type(x) is Tensor], default=math.inf)
        if made.oldest == math.inf:  # a leaf: of a derivative taken inside, or one that depends on no variable at all
            made.oldest = made.number if made.row is VARIABLE else made.oldest
            made.row, made.inputs, made.options = None, (), NO_OPTIONS
        return made

    with on_record(forget):
        yield
