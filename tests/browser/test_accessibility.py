"""Every page of the book opened as a file: it stands, and axe-core finds nothing that it calls serious or critical.

The page is loaded once, and its explorables are brought into view, so that they are drawn. What does not depend on the
scheme is looked for in light alone; in dark, `make test` looks at one page of each kind and `make nightly` at all, as of
the pages of the reference. Formulas are left out, two thirds of a page's elements: they are MathJax's, with MathML for who
listens (test_book.py). Of code one word of each colour is kept, and of a picture's letters, which are shapes, none.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page
from test_book import EACH_KIND, SEE_EVERYTHING, check_mathematics

AXE = Path(__file__).parent.parent.parent / "js" / "node_modules" / "axe-core" / "axe.min.js"
FORBIDDEN = ("serious", "critical")
IN_DARK = {"runOnly": ["color-contrast", "link-in-text-block"]}

THIN = """() => {
    for (const formula of document.querySelectorAll("mjx-container")) formula.replaceWith("formula");
    for (const letter of document.querySelectorAll("svg[role=img] use")) letter.remove();
    const seen = new Set();
    for (const word of document.querySelectorAll(".highlight pre span[class]"))
        if (seen.has(word.className)) word.remove();
        else seen.add(word.className);
}"""
SETTLE = """async () => {
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    for (const each of document.getAnimations()) if (each instanceof CSSTransition) each.finish();
}"""
RUN = """async (options) => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"], preload: false, ...options });
    return violations.flatMap(({ id, impact, nodes }) =>
        nodes.map(({ html, failureSummary }) => ({ id, impact, html: html.slice(0, 200), why: failureSummary.slice(0, 300) })));
}"""


def violations(page: Page, *, dark: bool) -> list[dict[str, str]]:
    page.evaluate(SEE_EVERYTHING)
    page.evaluate(THIN)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(RUN, {})
    if dark:
        page.emulate_media(color_scheme="dark")
        page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
        page.evaluate(SETTLE)  # colours that go over into others are not those that are read
        found += [{**each, "scheme": "dark"} for each in page.evaluate(RUN, IN_DARK)]
    return [each for each in found if each["impact"] in FORBIDDEN]


@pytest.mark.parametrize("dark", ["one of each kind", pytest.param("all", marks=pytest.mark.nightly)])
def test_every_page_as_a_file(
    dark: str, book_file: str, built_book: Path, pages: list[str], open_page: Callable[..., Page]
) -> None:
    assert set(EACH_KIND) <= set(pages)
    # The pages of the reference are made by one template.
    looked_at = pages if dark == "all" else [name for name in pages if not name.startswith("api/") or name in EACH_KIND]
    found = []
    for name in looked_at:
        page = open_page(book_file + name)
        check_mathematics(page, (built_book / name).read_text(encoding="utf-8"))
        if AXE.is_file():
            wrong = violations(page, dark=dark == "all" or name in EACH_KIND)
            found += [(name, *each.values()) for each in wrong]
        page.context.close()
    assert not found, "\n".join(map(str, found))
    if not AXE.is_file():
        pytest.skip("all pages stand; axe needs Node and `npm ci` in js/")


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
