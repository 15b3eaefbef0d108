"""The explorable: a traced computation, controls and a view, alive in the plain page and in JupyterLab.

One object has two faces. JupyterLab, Binder and VS Code take the ipywidgets face (made with anywidget, each
control a synced trait). The built book takes the `text/html` face: the program and the state as JSON, which one
script of the book mounts. Both run the same browser code on the same program.
"""

from __future__ import annotations

import html
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets

STATIC = Path(__file__).parent / "static"


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def unreadable(value: Any, place: str = "") -> Iterator[str]:
    """Where in a description stands what JSON has no way to write.

    >>> list(unreadable({"target": math.nan, "panels": [{"span": (1.0, math.inf)}]}))
    ['target is nan', 'panels.0.span.1 is inf']
    """
    if isinstance(value, float) and not math.isfinite(value):
        yield f"{place} is {value}"
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else ()
    for key, part in parts:
        yield from unreadable(part, f"{place}.{key}".lstrip("."))


class Explorable(anywidget.AnyWidget):
    """Base of all explorables.

    A kind sets `kind` and its control traits, and fills `spec` with what its view draws. `identity` names the
    object within its page, for links to a state: it should be unique there. Raises TraitError for a value that a control
    cannot have, and for an identity that is no text; ValueError for a number to be drawn that is not finite.
    """

    _esm = STATIC / "explorables.mjs"
    _css = STATIC / "explorables.css"

    view: ClassVar[str] = ""

    kind = traitlets.Unicode(read_only=True).tag(sync=True)
    # It travels as text, through which those that pass messages on need not walk number by number.
    spec = traitlets.Dict(read_only=True).tag(sync=True, to_json=lambda spec, widget: as_json(spec))
    identity = traitlets.Unicode().tag(sync=True)

    def __init__(self, identity: str, spec: dict[str, Any], **state: Any) -> None:
        unknown = sorted(set(state) - set(self.controls()))
        if unknown:
            raise TypeError(f"{type(self).__name__}: has no control {unknown[0]!r}; it has {', '.join(self.controls())}")
        super().__init__(identity=identity, **state)
        self.set_trait("kind", self.view)
        self.set_trait("spec", spec)

    @traitlets.validate("spec")
    def _readable(self, proposal: Any) -> Any:
        try:
            as_json(proposal.value)
        except ValueError:
            for found in unreadable(proposal.value):
                raise ValueError(f"{type(self).__name__}: {found}; the page can show finite numbers only") from None
            raise
        return proposal.value

    @classmethod
    def controls(cls) -> list[str]:
        """The names of the traits that make up the state."""
        base = Explorable.class_trait_names()
        return [name for name in cls.class_trait_names(sync=True) if name not in base and not name.startswith("_")]

    @property
    def state(self) -> dict[str, Any]:
        """The values of all controls."""
        return {name: getattr(self, name) for name in self.controls()}

    def __repr__(self) -> str:
        """As one would write it: where nothing can be drawn, in a terminal, it stands for the picture."""
        return f"{type(self).__name__}({', '.join([repr(self.identity), *(f'{k}={v!r}' for k, v in self.state.items())])})"

    def still(self) -> str:
        """The alternative for pages without scripts: HTML that shows or says what the start state looks like."""
        raise NotImplementedError(f"{type(self).__name__} has no still picture")

    def to_html(self) -> str:
        """The face of the built book."""
        payload = as_json({"kind": self.kind, "state": self.state, "spec": self.spec}).replace("<", "\\u003c")
        return (
            f'<div class="dlcourse-explorable" data-kind="{html.escape(self.kind)}" id="{html.escape(self.identity)}">'
            f'<script type="application/json">{payload}</script>'
            f'<noscript><div style="overflow-x:auto">{self.still()}</div></noscript></div>'
        )

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        data = {**(data or {}), "text/html": self.to_html(), "text/plain": repr(self)}
        return data, metadata
