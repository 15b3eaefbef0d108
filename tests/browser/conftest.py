"""The built book in a real Chromium that can reach this machine and nothing else.

`open_page(url)` opens a page, waits until it stands, and records in `page.problems` whatever went wrong: errors on the
console, exceptions, requests that failed, requests to another host. At the end of the test every page must have none.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import chromium
import numpy as np
import pytest
from building import build
from playwright.sync_api import Browser, Page, expect, sync_playwright
from stand_in import alive, write_page

FOLDER = "/somewhere/below/"  # the book is served from a sub-folder, as on most hosts
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",  # the network is cut
]


expect.set_options(timeout=30_000)  # as long as Playwright waits elsewhere


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = chromium.find()
    if executable is None:
        pytest.fail(chromium.MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def built_book(repository: Path, testrun_uid: str) -> Path:
    """The folder of the built pages; make builds them if a source is newer."""
    if said := build(repository, testrun_uid):
        pytest.fail("`make book` failed:\n" + "\n".join(said.splitlines()[-40:]), pytrace=False)
    return repository / "_build" / "html"


class BookHandler(SimpleHTTPRequestHandler):
    def translate_path(self, path: str) -> str:
        below = urlsplit(path).path
        if not below.startswith(FOLDER):
            return super().translate_path("/there-is-nothing-outside-the-sub-folder")
        return super().translate_path("/" + below.removeprefix(FOLDER))

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def serve(handler: type[BookHandler], folder: Path) -> Iterator[str]:
    """The address of the folder's pages over http, in a sub-folder; ends in a slash."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(folder)))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{FOLDER}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def book_http(built_book: Path) -> Iterator[str]:
    """The address of the book over http."""
    with serve(BookHandler, built_book) as address:
        yield address


@pytest.fixture(scope="session")
def book_file(built_book: Path) -> str:
    """The address of the book opened as files; ends in a slash."""
    return built_book.as_uri() + "/"


@pytest.fixture(params=["http", "file"])
def book(request: pytest.FixtureRequest) -> str:
    """The book over http and as files: a test that takes this runs twice."""
    return request.getfixturevalue(f"book_{request.param}")


@pytest.fixture(scope="session")
def pages(built_book: Path) -> list[str]:
    """Every page of the book, relative to its address."""
    found = (page.relative_to(built_book) for page in sorted(built_book.rglob("*.html")))
    return [page.as_posix() for page in found if page.parts[0] != "_static"]


def watch(page: Page) -> None:
    problems: list[str] = []
    page.problems = problems  # type: ignore[attr-defined]

    def request(made: Any) -> None:
        address = urlsplit(made.url)
        if address.scheme not in ("data", "blob", "file", "about") and address.hostname not in ("127.0.0.1", "localhost"):
            problems.append(f"asked another host: {made.url}")

    page.on("console", lambda said: problems.append(f"console: {said.text}") if said.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(f"exception: {error}"))
    page.on("request", request)
    page.on("requestfailed", lambda failed: problems.append(f"failed: {failed.url} ({failed.failure})"))
    page.on("response", lambda got: problems.append(f"{got.status}: {got.url}") if got.status >= 400 else None)


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """open_page(url, *, width=1280, height=900, scheme="light") → Page, loaded and typeset."""
    opened: list[Page] = []

    def open_page(url: str, *, width: int = 1280, height: int = 900, scheme: str = "light", **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, **options)
        page = context.new_page()
        watch(page)
        # What is said without an exception, such as that the sizes told never end, no event of Playwright's tells.
        page.add_init_script("addEventListener('error', (event) => event.error || console.error(event.message))")
        opened.append(page)
        page.goto(url, wait_until="load")
        if options.get("java_script_enabled", True):
            alive(page)
            page.evaluate("document.fonts.ready.then(() => null)")
        return page

    yield open_page
    problems = [f"{page.url}: {problem}" for page in opened for problem in page.problems]  # type: ignore[attr-defined]
    for page in opened:
        page.context.close()
    assert not problems, "\n".join(problems)


@pytest.fixture(scope="module")
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A bare page with the explorables that the test's module lists in `MADE`."""
    with np.errstate(all="ignore"):
        return write_page(tmp_path_factory.mktemp("stand-in"), *(make().to_html() for make in request.module.MADE.values()))


@pytest.fixture
def page(open_page: Callable[..., Page], address: str) -> Page:
    return open_page(address)
