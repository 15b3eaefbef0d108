"""axe-core over a page, as it stands with everything drawn.

Formulas are left out, two thirds of a page's elements: they are MathJax's, with MathML for who listens (test_book.py). Of
code one word of each colour is kept, and of a picture's letters, which are shapes, none.
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

SEE_EVERYTHING = """async () => {  // explorables draw themselves when they come into view
    for (const element of document.querySelectorAll('.dlcourse-explorable')) {
        element.scrollIntoView();
        await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
    }
}"""

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


def violations(page: Page, *, dark: bool = False) -> list[dict[str, str]]:
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
