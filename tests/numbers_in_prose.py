"""Numbers that a chapter quotes and no cell of it produces, each with the reason. Everything else must come from a cell."""

from __future__ import annotations

ALLOWED: dict[str, dict[str, str]] = {"06-gradient-descent": {"8,192": "the batch size of Goyal and others, 2017"}}
