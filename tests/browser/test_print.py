"""A page on paper: black on white whatever the screen was, nothing wider than the sheet, explorables as they were left."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from test_book import EACH_KIND

SHEET = 665  # pixels between the margins of A4: 210 − 2 · 17 mm. A millimetre more (4 pixels) is nothing that is cut.

ON_PAPER = """() => {
    const shown = (element) => element.checkVisibility();
    const all = (selector) => [...document.querySelectorAll(selector)];
    const article = getComputedStyle(document.querySelector('.bd-article') ?? document.body);
    return {
        ink: article.color,
        paper: getComputedStyle(document.body).backgroundColor,
        furniture: all('.bd-sidebar, .bd-header-article, .prev-next-footer, button.copybtn, .dl-buttons, .dl-shows')
            .filter(shown).length,
        blank: all('.dl-figure').filter((figure) => !figure.querySelector('svg path[d^=M], canvas, img')).length,
        explorables: all('.dl-figure').length,
        wide: all('.bd-article *').filter((each) => shown(each) && !each.closest('svg, mjx-assistive-mml') &&
            each.getBoundingClientRect().right > document.documentElement.clientWidth + 4)
            .map((each) => each.outerHTML.slice(0, 120)),
    };
}"""


def on_paper(page: Page, name: str) -> None:
    printed = page.pdf(prefer_css_page_size=True)  # the page hears of it before, and draws what was never seen
    assert printed.startswith(b"%PDF-")
    page.emulate_media(media="print")
    found = page.evaluate(ON_PAPER)
    assert (found["ink"], found["paper"]) == ("rgb(0, 0, 0)", "rgb(255, 255, 255)"), name
    assert found["furniture"] == 0, name
    assert found["blank"] == 0, f"{name}: {found['explorables']} explorables"
    assert found["wide"] == [], name


@pytest.mark.parametrize("which", ["one of each kind", pytest.param("all", marks=pytest.mark.nightly)])
def test_pages_on_paper(which: str, book_file: str, pages: list[str], open_page: Callable[..., Page]) -> None:
    for name in pages if which == "all" else EACH_KIND:
        page = open_page(book_file + name, width=SHEET, scheme="dark")
        on_paper(page, name)
        page.context.close()
