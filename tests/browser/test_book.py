"""Every page of the built book, over http in a sub-folder and opened as a file, with the network cut."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Page

LARGEST_PAGE = 1_200_000  # bytes, gzipped, with everything it loads


def test_every_page_opens_without_an_error_or_another_host(
    book: str, pages: list[str], open_page: Callable[..., Page]
) -> None:
    assert "index.html" in pages
    assert any(page.startswith("chapters/") for page in pages)
    for name in pages:
        page = open_page(book + name)
        assert page.locator("article h1, #search-results, .bd-search-container").count() > 0, name
        # `open_page` fails the test at its end if any page had a problem


def test_mathematics_is_typeset(book: str, pages: list[str], built_book: Path, open_page: Callable[..., Page]) -> None:
    with_formulas = [name for name in pages if 'class="math' in (built_book / name).read_text(encoding="utf-8")]
    assert with_formulas
    for name in with_formulas:
        page = open_page(book + name)
        formulas = page.locator("span.math, div.math")
        assert page.locator("mjx-container").count() >= formulas.count() > 0, name
        assert page.locator("mjx-merror, [data-mjx-error]").count() == 0, name
        assert not re.search(r"\\\(|\\\[", page.locator("article").inner_text()), f"{name}: a formula stayed TeX"
        # its fonts came along, too
        assert page.evaluate("document.fonts.check('1em MJXTEX-I')"), name
        # and a reader who listens gets MathML
        assert page.locator("mjx-assistive-mml").count() == page.locator("mjx-container").count(), name


def test_a_page_with_everything_it_loads_is_light(
    book_http: str, pages: list[str], built_book: Path, open_page: Callable[..., Page], capsys: pytest.CaptureFixture[str]
) -> None:
    weights = {}
    for name in pages:
        loaded: set[str] = set()
        page = open_page("about:blank")
        page.on("response", lambda response, loaded=loaded: loaded.add(urlsplit(response.url).path))
        page.goto(book_http + name, wait_until="networkidle")
        root = urlsplit(book_http).path
        files = [built_book / unquote(path.removeprefix(root)) for path in loaded if path.startswith(root)]
        weights[name] = sum(len(gzip.compress(file.read_bytes(), 6)) for file in files)
    with capsys.disabled():
        print("".join(f"\n  {weight / 1000:7.0f} kB  {name}" for name, weight in weights.items()), end=" ")
    assert max(weights.values()) < LARGEST_PAGE, weights


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_nothing_is_wider_than_the_window(
    width: int, book_http: str, pages: list[str], open_page: Callable[..., Page]
) -> None:
    for name in pages:
        page = open_page(book_http + name, width=width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        too_wide = page.evaluate(
            """(width) => [...document.querySelectorAll('article *')].filter(element => {
                const box = element.getBoundingClientRect();
                if (!box.width || box.right <= width + 1) return false;
                for (let up = element; up; up = up.parentElement)   // what scrolls inside its own box is in order
                    if (['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(up).overflowX) && up.getBoundingClientRect().right <= width + 1) return false;
                return true;
            }).map(element => element.outerHTML.slice(0, 120))""",
            width,
        )
        assert not too_wide, (name, too_wide)


def test_the_keyboard_reaches_the_text_and_shows_where_it_is(book_http: str, open_page: Callable[..., Page]) -> None:
    page = open_page(book_http + "index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Skip to main content"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main-content"
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break  # all round
        ring = page.evaluate(
            "(s => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0)(getComputedStyle(document.activeElement))"
        )
        assert ring, page.evaluate("document.activeElement.outerHTML.slice(0, 200)")


def luminance(colour: str) -> float:
    red, green, blue = (float(part) / 255 for part in re.findall(r"[\d.]+", colour)[:3])
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("medium", ["screen", "print"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(
    scheme: str, medium: str, book_http: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(book_http + "index.html", scheme=scheme)
    page.emulate_media(media=medium, color_scheme=scheme)
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    text, ground = page.evaluate(
        "[getComputedStyle(document.querySelector('article p')).color, getComputedStyle(document.body).backgroundColor]"
    )
    bright, dark = sorted((luminance(text), luminance(ground)), reverse=True)
    assert (bright + 0.05) / (dark + 0.05) > 7, (text, ground)
    if medium == "print":
        assert luminance(ground) > 0.99, "paper is white"


def test_a_page_without_scripts_still_reads(book_http: str, open_page: Callable[..., Page]) -> None:
    page = open_page(book_http + "index.html", java_script_enabled=False)
    assert page.locator("article h1").is_visible()


def test_search_finds_a_page(book: str, open_page: Callable[..., Page]) -> None:
    page = open_page(book + "search.html?q=descent")
    page.locator("#search-results li a").first.wait_for()
    assert "descent" in page.locator("#search-results").inner_text().lower()
