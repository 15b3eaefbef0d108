"""A book under a strict Content-Security-Policy, with scripts, fonts or storage refused, and with hostile addresses."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from conftest import BookHandler, serve
from playwright.sync_api import Browser, Page, Route

TOP = Path(__file__).parent.parent.parent
sys.path.insert(0, str(TOP / "book"))  # as Sphinx does for local extensions

import policy  # noqa: E402

CHAPTER = "chapters/06-gradient-descent.html"

WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
    window.violations.push([event.effectiveDirective, event.blockedURI, event.sourceFile, event.lineNumber].join(" ")));
"""


class UnderPolicy(BookHandler):
    header = ""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", self.header)
        super().end_headers()


@pytest.fixture(scope="module")
def strict(built_book: Path) -> Iterator[str]:
    """The address of the book, served with the header of book/policy.py."""
    handler = type("Handler", (UnderPolicy,), {"header": policy.policy(built_book)})
    with serve(handler, built_book) as address:
        yield address


def test_the_policy_lets_no_code_be_made_and_nobody_else_in(built_book: Path) -> None:
    directives = {name: values for name, *values in (each.split() for each in policy.policy(built_book).split("; "))}
    assert directives["default-src"] == ["'none'"]
    scripts = directives["script-src"]
    assert scripts[:2] == ["'self'", "'wasm-unsafe-eval'"]
    assert all(each.startswith("'sha256-") for each in scripts[2:])
    assert len(scripts) < 20, "one hash for every page would not do as a header"
    others = [value for values in directives.values() for value in values if not value.startswith("'sha256-")]
    assert set(others) == {"'none'", "'self'", "'wasm-unsafe-eval'", "'unsafe-inline'", "data:"}
    assert [name for name, values in directives.items() if "'unsafe-inline'" in values] == ["style-src"]


@pytest.mark.parametrize("name", ["index.html", CHAPTER, "search.html?q=descent"])
def test_pages_live_under_the_policy(name: str, strict: str, open_page: Callable[..., Page]) -> None:
    page = open_page("about:blank")
    page.add_init_script(WATCH)
    page.goto(strict + name)
    page.evaluate("window.book.ready")
    if "search" in name:
        page.locator("#search-results li a").first.wait_for()
        page.locator("#search-results li p").first.wait_for()  # the summaries, for which it fetches pages
    elif name == CHAPTER:
        assert page.locator("mjx-container").count() > 50
    if "search" not in name:
        element = page.locator(".dlcourse-explorable").first
        element.scroll_into_view_if_needed()
        slider = element.locator("input[type=range]").first
        before = slider.input_value()
        slider.focus()
        page.keyboard.press("ArrowRight")
        assert slider.input_value() != before
        assert page.locator(".dl-error").count() == 0
    assert page.evaluate("window.violations") == []


def test_the_policy_would_stop_what_it_forbids(strict: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(strict + "index.html")
    page.evaluate("""() => {
        document.body.append(Object.assign(document.createElement("script"), { textContent: "window.owned = 1" }));
        const link = Object.assign(document.createElement("button"), { id: "evil" });
        link.setAttribute("onclick", "window.owned = 2");
        document.body.append(link);
        link.click();
    }""")
    assert page.evaluate("window.owned") is None
    page.close()


def test_the_buttons_of_the_theme_work_without_code_in_their_attributes(strict: str, open_page: Callable[..., Page]) -> None:
    page = open_page("about:blank")
    page.add_init_script("window.print = () => { window.printed = true; }")
    page.goto(strict + CHAPTER)
    page.evaluate("window.book.ready")
    page.locator("[data-call='window.print']").first.dispatch_event("click")
    assert page.evaluate("window.printed")
    page.locator("[data-call='toggleFullScreen'] i, [data-call='toggleFullScreen'] svg").first.click()
    assert page.evaluate("""async () => { // the policy forbids what Playwright's own waiting would do a second time
        for (let wait = 0; wait < 100 && !document.fullscreenElement; wait++) await new Promise((done) => setTimeout(done, 50));
        return document.fullscreenElement !== null;
    }""")


# --- what may be missing ------------------------------------------------------------------------------------------------


def reads(page: Page) -> None:
    """The title and the first words stand there, in a size and a colour to be read."""
    assert page.locator("article h1").is_visible()
    words = page.locator("article p").first
    assert len(words.inner_text()) > 40
    assert words.evaluate("p => p.getBoundingClientRect().height > 10 && getComputedStyle(p).visibility === 'visible'")


@pytest.mark.parametrize(
    ("refused", "name"),
    [
        ("**/*.woff2*", "index.html"),
        ("**/explorables.js*", CHAPTER),
        ("**/course.js*", "index.html"),
        ("**/mathjax/**", CHAPTER),
        ("**/*.js*", "index.html"),
        ("**/*.css*", "index.html"),
    ],
    ids=["fonts", "explorables", "theme", "mathjax", "scripts", "sheets"],
)
def test_the_text_reads_without_a_file(refused: str, name: str, book_http: str, browser: Browser) -> None:
    page = browser.new_page()
    missed: list[str] = []

    def refuse(route: Route) -> None:
        missed.append(route.request.url)
        route.abort()

    page.route(refused, refuse)
    page.goto(book_http + name)
    page.evaluate("window.book.ready.catch(() => null)")
    assert missed
    reads(page)
    if "explorables" in refused:
        assert page.locator("mjx-container").count() > 50, "one missing script must not keep the others from their work"
    if "mathjax" in refused:
        assert page.locator(".dl-root").count() > 3
    page.close()


def test_the_network_goes_away_in_the_middle(book_http: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(book_http + "index.html")
    page.evaluate("window.book.ready")
    page.context.set_offline(True)
    slider = page.locator(".dlcourse-explorable input[type=range]").first
    slider.focus()
    before = slider.input_value()
    page.keyboard.press("ArrowRight")
    assert slider.input_value() != before
    reads(page)
    page.context.set_offline(False)
    page.close()


NO_STORAGE = """
const asked = new Map(); // each refusal, and who got it
Object.defineProperty(window, "localStorage", {
    get() {
        const refusal = new DOMException("", "SecurityError");
        asked.set(refusal, new Error().stack);
        throw refusal;
    },
});
window.wrong = [];
window.addEventListener("error", ({ error, message }) => window.wrong.push(asked.get(error) ?? message));
"""


def test_refused_storage_breaks_nothing(book_http: str, browser: Browser) -> None:
    page = browser.new_page()
    page.add_init_script(NO_STORAGE)
    page.goto(book_http + "index.html")
    page.evaluate("window.book.ready")
    reads(page)
    assert page.locator(".dl-root").count() == page.locator(".dlcourse-explorable").count() > 0
    # the theme asks for the reader's colours without a catch; nothing of the book's own does
    assert [stack for stack in page.evaluate("window.wrong") if "/course.js" not in stack] == []
    page.close()


# --- hostile addresses --------------------------------------------------------------------------------------------------

HOSTILE = [
    "NaN", "Infinity", "-1e999", "1e9", "-1e9", "0x10", "1,2,3,4,5", "__proto__", "constructor", "", "%", "%E0%A4%A",
    "<img src=x onerror=window.owned=1>", "</script><script>window.owned=1</script>", "javascript:window.owned=1",
    "٣", "1e-400", "9" * 400, "\u0000", "${window.owned=1}",
]  # fmt: skip

READ_ALL = """() => [...document.querySelectorAll('.dlcourse-explorable')]
    .filter((element) => element.explorable)
    .map((element) => [element.id, Object.keys(element.explorable.state)])"""

FOLLOW = """([id, fragments]) => {
    const element = document.getElementById(id);
    const finite = (value) => [value].flat(9).every((each) => typeof each !== 'number' || Number.isFinite(each));
    const within = ({ value, min, max }) => Number(value) >= Number(min) && Number(value) <= Number(max);
    const wrong = [];
    for (const fragment of fragments) {
        history.replaceState(null, '', fragment);
        window.dispatchEvent(new HashChangeEvent('hashchange'));
        const { state } = element.explorable;
        if (!Object.values(state).every(finite)) wrong.push([fragment, JSON.stringify(state)]);
        const sliders = [...element.querySelectorAll('input[type=range]')];
        if (!sliders.every(within)) wrong.push([fragment, 'a slider beyond its end']);
        const strange = element.innerText.match(/.{0,40}(?:NaN|undefined).{0,20}/);
        if (strange) wrong.push([fragment, strange[0]]);
    }
    const foreign = element.querySelectorAll('.dl-root img, .dl-error').length;
    return [wrong, Object.keys(element.explorable.state), window.owned ?? null, foreign];
}"""


def follow_hostile_links(page: Page) -> int:
    count = 0
    for identity, names in page.evaluate(READ_ALL):
        fragments = [f"#{quote(identity)}?{quote(name)}={quote(value)}" for name in names for value in HOSTILE]
        fragments += [
            f"#{quote(identity)}?{name}={value}" for name in ("__proto__", "constructor", "spec") for value in ("1", "%")
        ]
        wrong, after, owned, foreign = page.evaluate(FOLLOW, [identity, fragments])
        assert (wrong, after, owned, foreign) == ([], names, None, 0), identity
        count += len(fragments)
    return count


@pytest.mark.nightly
def test_hostile_links_into_every_page(book_http: str, pages: list[str], open_page: Callable[..., Page]) -> None:
    followed = 0
    for name in pages:
        page = open_page(book_http + name)
        followed += follow_hostile_links(page)
        page.context.close()
    assert followed > 5000
