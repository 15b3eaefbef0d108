"""axe-core over every page of the book, in light and in dark: nothing that it calls serious or critical.

The page is loaded once for each scheme, and its explorables are brought into view, so that they are drawn. What does not
depend on the scheme is looked for in light alone. Formulas are left out, two thirds of a page's elements: they are
MathJax's, with MathML for who listens (test_book.py). Of code one word of each colour is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page
from test_book import SEE_EVERYTHING

AXE = Path(__file__).parent.parent.parent / "js" / "node_modules" / "axe-core" / "axe.min.js"
FORBIDDEN = ("serious", "critical")
IN_DARK = {"runOnly": ["color-contrast", "link-in-text-block"]}

THIN = """() => {
    for (const formula of document.querySelectorAll("mjx-container")) formula.replaceWith("formula");
    const seen = new Set();
    for (const word of document.querySelectorAll(".highlight pre span[class]"))
        if (seen.has(word.className)) word.remove();
        else seen.add(word.className);
}"""
RUN = """async (options) => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"], preload: false, ...options });
    return violations.flatMap(({ id, impact, nodes }) =>
        nodes.map(({ html, failureSummary }) => ({ id, impact, html: html.slice(0, 200), why: failureSummary.slice(0, 300) })));
}"""


def violations(page: Page, scheme: str) -> list[dict[str, str]]:
    page.evaluate(SEE_EVERYTHING)
    page.evaluate(THIN)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(RUN, IN_DARK if scheme == "dark" else {})
    return [each for each in found if each["impact"] in FORBIDDEN]


@pytest.fixture(autouse=True)
def axe_is_there() -> None:
    if not AXE.is_file():
        pytest.skip("needs Node and `npm ci` in js/")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_violation(scheme: str, book_file: str, pages: list[str], open_page: Callable[..., Page]) -> None:
    found = []
    for name in pages:
        page = open_page(book_file + name, scheme=scheme)
        found += [(name, *each.values()) for each in violations(page, scheme)]
        page.context.close()
    assert not found, "\n".join(map(str, found))


def test_what_is_wrong_is_found(book_file: str, open_page: Callable[..., Page]) -> None:
    """A pale text, a button without a name, and a label that says something else."""
    page = open_page(book_file + "index.html")
    page.evaluate("""() => document.querySelector("article").insertAdjacentHTML("beforeend", `
        <p style="color: #999">pale</p><button></button><button aria-label="Close">Open</button>`)""")
    found = {each["id"] for each in violations(page, "light")}
    assert found == {"color-contrast", "button-name", "label-content-name-mismatch"}
