"""Questions that answer back: choose or give a number, and hear at once why it is right or wrong."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

import traitlets

from ..checks import kind, number, whole
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
        who = f"Question {identity}"
        for name, text in (("prompt", prompt), ("right_feedback", right_feedback), ("wrong_feedback", wrong_feedback)):
            kind(who, name, text, str, "text")
        if (choices is None) == (answer is None):
            raise ValueError(f"{who}: give either choices (with right=…) or a number (answer=…)")
        spec: dict[str, Any] = {"prompt": prompt}
        if choices is not None:
            kind(who, "choices", choices, (list, tuple), "a list of pairs (text, feedback)")
            for pair in choices:
                if not isinstance(pair, (list, tuple)) or [type(text) for text in pair] != [str, str]:
                    raise ValueError(f"{who}: each of the choices must be a pair (text, feedback), got {pair!r:.60}")
            if len(choices) < 2 or right is None:
                raise ValueError(f"{who}: needs two choices or more and right = the position of the right one")
            right = whole(who, "right, the position of the right one,", right, 0, len(choices) - 1)
            options = [
                {"text": text, "correct": i == right, "feedback": feedback} for i, (text, feedback) in enumerate(choices)
            ]
            spec |= {"type": "choice", "options": options}
        else:
            if right is not None:
                raise ValueError(f"{who}: right = {right} belongs to choices; here the answer is a number")
            kind(who, "hints", hints or {}, Mapping, "a dict of sentences by wrong answers")
            for text in (hints or {}).values():
                kind(who, "what hints say", text, str, "text")
            spec |= {
                "type": "number",
                "answer": number(who, "answer", answer, -math.inf),
                "tolerance": number(who, "tolerance", tolerance),
                "feedback": {"right": right_feedback, "wrong": wrong_feedback},
                "hints": [
                    {"value": number(who, "each wrong answer in hints", value, -math.inf), "feedback": text}
                    for value, text in (hints or {}).items()
                ],
            }
        super().__init__(identity, spec)

    def still(self) -> str:
        """The prompt and what there is to choose from."""
        options = "".join(f"<li>{html.escape(o['text'])}</li>" for o in self.spec.get("options", []))
        return f"<p>{html.escape(self.spec['prompt'])}</p>" + (f"<ul>{options}</ul>" if options else "")
