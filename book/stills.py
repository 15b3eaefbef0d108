"""The still pictures of explorables, for pages without scripts, as files of their own.

They lie in <noscript>, so that a page with scripts never shows them, and would still carry them: half of its weight.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

NOSCRIPT = re.compile(r"(?<=<noscript>).*?(?=</noscript>)", re.DOTALL)
PICTURE = re.compile(r"<svg\b([^>]*)>(?:(?!<svg\b).)*?</svg>", re.DOTALL)


def attribute(name: str, tag: str) -> str:
    found = re.search(rf'\s{name}="([^"]*)"', tag)
    return found[1] if found else ""


def move_stills(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Each inline SVG in a <noscript> becomes a file below _images and an <img> with its words."""
    if app.builder.name != "html" or "body" not in context:
        return

    def moved(found: re.Match[str]) -> str:
        picture, tag = found[0], found[1]
        box = attribute("viewBox", tag).split()
        if "var(--" in picture or not attribute("aria-label", tag) or len(box) != 4:
            return picture  # it lives from its page
        # Its own ink and letters, which it had from the page: black, as without scripts every page is black on white.
        picture = picture.replace("<svg", '<svg color="#1b1f24" font-family="sans-serif"', 1)
        if "xmlns=" not in tag:
            picture = picture.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
        name = f"_images/still-{hashlib.sha256(picture.encode()).hexdigest()[:12]}.svg"
        path = Path(app.outdir) / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(picture, encoding="utf-8")
        address = context["pathto"](name, resource=True)
        size = f'width="{float(box[2]):.0f}" height="{float(box[3]):.0f}"'
        return f'<img src="{address}" alt="{attribute("aria-label", tag)}" {size} style="{attribute("style", tag)}"/>'

    context["body"] = NOSCRIPT.sub(lambda inside: PICTURE.sub(moved, inside[0]), context["body"])


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", move_stills)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
