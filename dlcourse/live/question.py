"""Questions that answer back: choose or give a number, and hear at once why it is right or wrong."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

import traitlets

from ..checks import kind
from .explorable import Explorable


class Question(Explorable):
    """A self-check with instant feedback, in the plain page too.

    Exactly one of two forms. Text may hold TeX between dollar signs.

    choices : (text, feedback) pairs, of which `right` gives the position of the right one.
    answer : a number, with a relative `tolerance`, the feedback `right_feedback`, and `hints`, which maps likely wrong
        answers to what to say of them; `wrong_feedback` serves all others.

    >>> Question("q1", "Is 2 + 2 = 4?", choices=[("yes", "Indeed."), ("no", "Count again.")], right=0).identity
    'q1'
    """

    view = "question"

    answer = traitlets.Any(None, allow_none=True).tag(sync=True)

    def __init__(
        self,
        identity: str,
        prompt: str,
        *,
        choices: Sequence[tuple[str, str]] | None = None,
        right: int | None = None,
        answer: float | None = None,
        tolerance: float = 1e-3,
        right_feedback: str = "Right.",
        wrong_feedback: str = "Not yet.",
        hints: Mapping[float, str] | None = None,
    ) -> None:
        if (choices is None) == (answer is None):
            raise ValueError(f"Question {identity}: give either choices (with right=…) or a number (answer=…)")
        spec: dict[str, Any] = {"prompt": prompt}
        if choices is not None:
            if len(choices) < 2 or right is None or not 0 <= right < len(choices):
                raise ValueError(f"Question {identity}: needs two choices or more and right = the position of the right one")
            options = [
                {"text": text, "correct": i == right, "feedback": feedback} for i, (text, feedback) in enumerate(choices)
            ]
            spec |= {"type": "choice", "options": options}
        else:
            if answer is None or not math.isfinite(answer):
                raise ValueError(f"Question {identity}: the answer must be a finite number, got {answer}")
            if right is not None:
                raise ValueError(f"Question {identity}: right = {right} belongs to choices; here the answer is a number")
            if not (math.isfinite(tolerance) and tolerance >= 0):
                raise ValueError(f"Question {identity}: the tolerance must be a finite number ≥ 0, got {tolerance}")
            kind(f"Question {identity}", "hints", hints or {}, Mapping, "a dict of sentences by wrong answers")
            if not all(map(math.isfinite, hints or ())):
                raise ValueError(f"Question {identity}: hints are given for finite numbers, got {list(hints or ())}")
            spec |= {
                "type": "number",
                "answer": float(answer),
                "tolerance": tolerance,
                "feedback": {"right": right_feedback, "wrong": wrong_feedback},
                "hints": [{"value": float(value), "feedback": text} for value, text in (hints or {}).items()],
            }
        super().__init__(identity, spec)

    def still(self) -> str:
        """The prompt and what there is to choose from."""
        options = "".join(f"<li>{html.escape(o['text'])}</li>" for o in self.spec.get("options", []))
        return f"<p>{html.escape(self.spec['prompt'])}</p>" + (f"<ul>{options}</ul>" if options else "")
