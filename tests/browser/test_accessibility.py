"""The pages opened as files, light and dark: they stand, and axe-core finds nothing that it calls serious or critical.

`make test` looks at one page of each kind, `make nightly` at all. Over http, in light, `make test` looks at every page
(test_book.py).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from axe import AXE, violations
from playwright.sync_api import Page
from test_book import EACH_KIND, check_mathematics


@pytest.mark.parametrize("which", ["one of each kind", pytest.param("all", marks=pytest.mark.nightly)])
def test_pages_as_files(which: str, book_file: str, built_book: Path, pages: list[str], open_page: Callable[..., Page]) -> None:
    assert set(EACH_KIND) <= set(pages)
    found = []
    for name in pages if which == "all" else EACH_KIND:
        page = open_page(book_file + name)
        check_mathematics(page, (built_book / name).read_text(encoding="utf-8"))
        if AXE.is_file():
            found += [(name, *each.values()) for each in violations(page, dark=True)]
        page.context.close()
    assert not found, "\n".join(map(str, found))
    if not AXE.is_file():
        pytest.skip("the pages stand; axe needs Node and `npm ci` in js/")


@pytest.mark.skipif(not AXE.is_file(), reason="needs Node and `npm ci` in js/")
def test_what_is_wrong_is_found(book_file: str, open_page: Callable[..., Page]) -> None:
    """A pale text, a button without a name, a label that says something else, and what is pale in the dark alone."""
    page = open_page(book_file + "index.html")
    page.evaluate("""() => document.querySelector("article").insertAdjacentHTML("beforeend", `
        <p style="color: #999">pale</p><button></button><button aria-label="Close">Open</button>
        <style>html[data-theme=dark] .dim { color: #444 }</style><p class="dim">dim</p>`)""")
    found = violations(page, dark=True)
    in_light = {each["id"] for each in found if "scheme" not in each}
    assert in_light == {"color-contrast", "button-name", "label-content-name-mismatch"}
    assert any("dim" in each["html"] for each in found if "scheme" in each)
