"""A progress bar with the time left, where tqdm is installed and the bar is wanted; and who answers an interruption."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

# An interruption that `fit` answered would end one trial and count it as done: in a search, the search answers.
IN_A_SEARCH: ContextVar[bool] = ContextVar("IN_A_SEARCH", default=False)


def bar(total: int, unit: str, shown: bool, done: int = 0) -> Any:
    """Counts up to `total` on standard error; the time left is tqdm's estimate. `done` were done before."""
    if shown:
        with suppress(ImportError):
            from tqdm import tqdm  # as text in notebooks too: a bar made of widgets is dead in the built page

            return tqdm(total=total, unit=f" {unit}", initial=done, dynamic_ncols=True)
    return nullcontext(SimpleNamespace(update=lambda: None, set_postfix_str=lambda text, refresh: None))
