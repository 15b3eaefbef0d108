"""Every page of the built book, over http in a sub-folder and opened as a file, with the network cut."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from axe import AXE, SEE_EVERYTHING, violations
from playwright.sync_api import Page, TimeoutError, expect

# What some checks look at where all pages would take long.
EACH_KIND = ("index.html", "chapters/03-activations.html", "chapters/playground.html", "chapters/topics.html", "api/optim.html")
LARGEST_PAGE = 1_200_000  # bytes, gzipped, with everything it loads
MOST_REQUESTS = 40
# Cumulative layout shift, beyond which a page counts as poor.
LARGEST_SHIFT = 0.25

# Reads what a reader on a phone has to put up with. Time is this machine's, busy with other tests: told, not judged.
ALIVE = "addEventListener('DOMContentLoaded', () => window.book?.ready.then(() => (window.aliveAfter = performance.now())))"
SHIFT = """() => new Promise(done => {
    let sum = 0;
    new PerformanceObserver(list => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => done([sum, window.aliveAfter ?? 0]), 50);
})"""

TOO_WIDE = """(width) => {
    const clips = element => ['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(element).overflowX);
    const within = element => element.getBoundingClientRect().right <= width + 1;
    const scrolled = element => element && ((clips(element) && within(element)) || scrolled(element.parentElement));
    return [...document.querySelectorAll('article *:not(g, mjx-container > * *)')]
        .filter(element => getComputedStyle(element).visibility !== 'hidden')
        .filter(element => element.getBoundingClientRect().width && !within(element) && !scrolled(element))
        .map(element => element.outerHTML.slice(0, 120));
}"""


# Displayed formulas that leave their line or run into their number.
CROWDED = """() => [...document.querySelectorAll('div.math')].filter(line => {
    const formula = line.querySelector('mjx-math')?.getBoundingClientRect();
    const box = line.getBoundingClientRect(), number = line.querySelector('.eqno')?.getBoundingClientRect();
    return formula && (formula.left < box.left - 1 || formula.right > (number ? number.left : box.right) + 1);
}).map(line => line.id || line.textContent)"""


# What scrolls sideways without the shade that says so (book.css, 3). Explorables have their own ways.
UNSEEN = """() => [...document.querySelectorAll('article *:not(svg *, .dlcourse-explorable *)')].filter(element => {
    const style = getComputedStyle(element);
    return ['auto', 'scroll'].includes(style.overflowX) && element.scrollWidth > element.clientWidth + 1
        && element.clientWidth && style.backgroundAttachment !== 'local, local, scroll, scroll';
}).map(element => element.outerHTML.slice(0, 120))"""


def check_mathematics(page: Page, source: str) -> None:
    formulas = page.locator("span.math, div.math").count()
    if 'class="math' not in source:
        assert not formulas
        return
    assert page.locator("mjx-container").count() >= formulas > 0
    assert page.locator("mjx-merror, [data-mjx-error]").count() == 0
    assert not re.search(r"\\[(\[]", page.locator("article").inner_text()), "a formula stayed TeX"
    assert page.evaluate("document.fonts.check('1em MJXTEX-I')"), "a font of MathJax is missing"
    listened = page.locator("mjx-container > mjx-assistive-mml").count()
    assert listened == page.locator("mjx-container").count(), "a formula has no MathML for those who listen"


def check_width(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate(SEE_EVERYTHING)
    try:  # a drawing follows a change of the window by a frame or two
        page.wait_for_function(f"width => ({TOO_WIDE})(width).length === 0", arg=width, timeout=5000)
    except TimeoutError:
        assert page.evaluate(TOO_WIDE, width) == [], f"wider than {width} pixels"
    assert page.evaluate("document.documentElement.scrollWidth") <= width


# `open_page` fails these tests at their end if a page logged an error, missed a file or asked another host.


@pytest.mark.parametrize("which", ["all, of the reference one", pytest.param("all", marks=pytest.mark.nightly)])
def test_pages_over_http(
    which: str,
    book_http: str,
    pages: list[str],
    built_book: Path,
    open_page: Callable[..., Page],
    record_property: Callable[[str, object], None],
) -> None:
    assert "index.html" in pages
    assert any(name.startswith("chapters/") for name in pages)
    below = urlsplit(book_http).path
    weights, requests, shifts = {}, {}, {}
    found: list[tuple[str, ...]] = []
    for name in pages:
        if which != "all" and name.startswith("api/") and name not in EACH_KIND:
            continue  # one template makes the pages of the reference
        loaded: set[str] = set()
        page = open_page("about:blank", width=390)
        page.add_init_script(ALIVE)
        page.on("response", lambda response, loaded=loaded: loaded.add(unquote(urlsplit(response.url).path)))
        page.goto(book_http + name)
        page.evaluate("window.book.ready")
        page.wait_for_load_state("networkidle")
        shifts[name], alive = page.evaluate(SHIFT)
        assert page.evaluate(CROWDED) == [], name
        for width in (390, 768, 1280) if name in EACH_KIND else (390, 1280):
            check_width(page, width)
            assert page.evaluate(UNSEEN) == [], f"{name}, {width} pixels wide: scrolls, and nothing shows it"
        assert page.locator(".dl-goal.dl-done").count() == 0, f"{name}: a goal is reached before the reader moves anything"
        check_mathematics(page, (built_book / name).read_text(encoding="utf-8"))
        files = [built_book / path.removeprefix(below) for path in loaded]
        weights[name] = sum(len(gzip.compress(file.read_bytes(), 6)) for file in files)
        requests[name] = len(loaded)
        told = f"{weights[name] / 1000:4.0f} kB, {requests[name]:2d} requests, "
        told += f"shift {shifts[name]:.2f}, alive after {alive / 1000:.1f} s"
        record_property(f"{name:50}", told)
        if AXE.is_file() and name not in EACH_KIND:  # those: test_accessibility.py, in the dark too
            found += [(name, *each.values()) for each in violations(page)]
        page.context.close()  # else it goes on drawing while the others are looked at
    assert max(weights.values()) < LARGEST_PAGE, weights
    assert max(requests.values()) < MOST_REQUESTS, requests
    assert max(shifts.values()) < LARGEST_SHIFT, shifts
    assert not found, "\n".join(map(str, found))


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
def test_text_stands_out_from_its_ground(scheme: str, medium: str, book_http: str, open_page: Callable[..., Page]) -> None:
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
    page = open_page(book_http + "index.html", java_script_enabled=False, scheme="dark")
    assert page.locator("article h1").is_visible()
    still = page.locator(".dlcourse-explorable img").first
    assert len(still.get_attribute("alt") or "") > 40
    assert still.evaluate("image => image.complete && image.naturalWidth > 0 && image.clientWidth > 300")
    text, ground = page.evaluate(
        "[getComputedStyle(document.querySelector('article p')).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert luminance(text) < 0.05, text
    assert ground in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")


def test_search_finds_a_page(book: str, open_page: Callable[..., Page]) -> None:
    page = open_page(book + "search.html?q=descent")
    page.locator("#search-results li a").first.wait_for()
    assert "descent" in page.locator("#search-results").inner_text().lower()


def test_a_solution_opens_at_every_word_of_its_title(book: str, open_page: Callable[..., Page]) -> None:
    page = open_page(book + "chapters/03-activations.html")
    for solution in page.locator(".solution").all():
        title, inside = solution.locator("> .admonition-title"), solution.locator("pre").first
        expect(inside).to_be_hidden()
        title.click()  # in its middle, among the words
        expect(inside).to_be_visible()
        assert "# solution" not in inside.inner_text()
    assert page.url.endswith(".html"), "the click has followed a link"


SIZES = """() => [...document.querySelectorAll('div.math')].filter(line => line.clientWidth)
    .map(line => parseFloat(getComputedStyle(line.querySelector('mjx-container')).fontSize))"""


def test_displayed_formulas_are_as_large_as_those_of_the_text_where_there_is_room(
    book_http: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(book_http + "chapters/03-activations.html", width=390)
    page.evaluate("window.book.ready")
    inline = page.evaluate("parseFloat(getComputedStyle(document.querySelector('p > .math > mjx-container')).fontSize)")
    sizes = page.evaluate(SIZES)
    assert max(sizes) == pytest.approx(inline, rel=0.01)
    assert inline * 0.67 < min(sizes) < inline * 0.95, "some formula is wider than a phone"
    assert sum(size > 0.99 * inline for size in sizes) > 5
    page.set_viewport_size({"width": 1280, "height": 900})
    page.wait_for_function(f"Math.min(...({SIZES})()) === Math.max(...({SIZES})())")


def test_56_columns_fit_on_a_phone(book_http: str, open_page: Callable[..., Page]) -> None:
    page = open_page(book_http + "chapters/03-activations.html", width=390)
    printed = page.locator(".output.stream pre").first
    printed.evaluate("pre => (pre.textContent = '8'.repeat(56))")
    assert printed.evaluate("pre => pre.scrollWidth <= pre.clientWidth && pre.getBoundingClientRect().right <= innerWidth")


SCROLLERS = "[...document.querySelectorAll('pre, .cell_output > .output, .pst-scrollable-table-container')]"
NOT_AS_IT_SCROLLS = f"""{SCROLLERS}.filter((block) =>
    (block.scrollWidth > block.clientWidth || block.scrollHeight > block.clientHeight) !== (block.tabIndex === 0)).length"""
COUNT_QUESTIONS = """
const { get } = Object.getOwnPropertyDescriptor(Element.prototype, "scrollWidth");
window.questions = new Set();
Object.defineProperty(Element.prototype, "scrollWidth", { get() {
    if (this.matches(".highlight pre")) window.questions.add(this);
    return get.call(this);
}});
"""


@pytest.mark.parametrize("name", ["chapters/13-initialisation-and-regularisation.html", "chapters/06-gradient-descent.html"])
def test_what_scrolls_can_be_reached_by_keyboard(name: str, book_http: str, open_page: Callable[..., Page]) -> None:
    page = open_page(book_http + name, width=390)
    page.evaluate("window.book.ready")
    assert page.evaluate(f"{SCROLLERS}.filter((block) => block.tabIndex === 0).length") > 0
    assert page.evaluate(NOT_AS_IT_SCROLLS) == 0
    page.evaluate("document.querySelectorAll('main details').forEach((fold) => { fold.open = true; })")
    page.wait_for_function(f"{NOT_AS_IT_SCROLLS} === 0")


def test_a_change_asks_nothing_of_what_is_off_screen(book_http: str, open_page: Callable[..., Page]) -> None:
    """Each block off screen would be laid out for the question, whenever an explorable says something else."""
    page = open_page("about:blank")
    page.add_init_script(COUNT_QUESTIONS)
    page.goto(book_http + "chapters/06-gradient-descent.html")
    page.evaluate("window.book.ready")
    blocks = page.locator(".highlight pre").count()
    assert page.evaluate("window.questions.size") == blocks, "at first all are asked"
    page.wait_for_timeout(1000)  # the changes of the loading are over
    page.evaluate("""() => {
        window.questions.clear();
        document.querySelector("#main-content pre").parentElement.append(document.createElement("span"));
        scrollTo(0, document.querySelector("#main-content pre").getBoundingClientRect().top);
    }""")
    page.wait_for_function("window.questions.size > 0")
    assert page.evaluate("window.questions.size") < blocks / 3
