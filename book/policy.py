"""The strictest Content-Security-Policy under which the built book works: `python book/policy.py _build/html` prints it.

Scripts come from the book's own files, or are one of the few inline ones, named by their hashes; none is made from text
(`eval`), none is an attribute. `'wasm-unsafe-eval'` allows WebAssembly, and no text to become code: without it the
explorables compute the same, more slowly. Styles may be inline, because MathJax, the theme and the drawings set them.
Pictures may be `data:` addresses: notebooks hold them so. Nothing else is loaded, and from nowhere else.
"""

from __future__ import annotations

import base64
import hashlib
import re
import sys
from pathlib import Path

SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.DOTALL)
DATA = re.compile(r'\btype="(?:application/(?:\w+\+)?json|text/x-mathjax[^"]*)"')  # blocks that no browser runs


def inline_scripts(page: str) -> list[str]:
    """The scripts that stand in a page and are run.

    >>> inline_scripts('<script src="a.js"></script><script>go()</script><script type="application/json">{}</script>')
    ['go()']
    """
    return [body for tag, body in SCRIPT.findall(page) if " src=" not in tag and not DATA.search(tag)]


def policy(book: Path) -> str:
    """The value of the header for all pages of a built book."""
    pages = [page for page in sorted(book.rglob("*.html")) if "_static" not in page.relative_to(book).parts]
    scripts = {script for page in pages for script in inline_scripts(page.read_text(encoding="utf-8"))}
    if not pages:
        raise ValueError(f"{book} holds no pages: build the book first, make book")
    hashes = sorted(base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    return "; ".join(
        [
            "default-src 'none'",
            " ".join(["script-src 'self' 'wasm-unsafe-eval'", *(f"'sha256-{each}'" for each in hashes)]),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )


if __name__ == "__main__":
    try:
        print("Content-Security-Policy:", policy(Path(sys.argv[1] if len(sys.argv) > 1 else "_build/html")))
    except ValueError as error:
        sys.exit(str(error))
