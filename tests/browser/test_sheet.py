"""The pages' one style sheet against the many that it was made of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

# The computed style of each element that differs from others in its name, its classes or those around it.
STYLES = """() => {
    const own = (element) => `${element.localName}#${element.id}.${[...element.classList].join('.')}`;
    const sign = (element, depth) => element && depth ? `${sign(element.parentElement, depth - 1)}>${own(element)}` : '';
    const seen = new Map();
    for (const element of document.querySelectorAll('body, body *')) {
        const key = sign(element, 4);
        if (seen.has(key) || element.closest('svg')) continue; // scripts draw those, when they come to it
        const text = (pseudo) => {
            const style = getComputedStyle(element, pseudo);
            return pseudo && style.content === 'none' ? '' : [...style].map(name => `${name}: ${style.getPropertyValue(name)}`);
        };
        seen.set(key, [null, '::before', '::after'].map(text));
    }
    return Object.fromEntries(seen);
}"""

USE_THE_MANY = """async ([before, names]) => {
    const link = document.querySelector('link[href*="course.css"]');
    const links = names.map(name => Object.assign(document.createElement('link'), {rel: 'stylesheet', href: before + name}));
    const loaded = links.map(each => new Promise((done, failed) => Object.assign(each, {onload: done, onerror: failed})));
    link.replaceWith(...links);
    await Promise.all(loaded);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_was_cut_is_not_missed(
    scheme: str, book_http: str, pages: list[str], built_book: Path, open_page: Callable[..., Page]
) -> None:
    sheet = (built_book / "_static" / "course.css").read_text(encoding="utf-8")
    names = sheet.splitlines()[0].removeprefix("/* made of: ").removesuffix(" */").split()
    whole = sum((built_book / "_static" / name).stat().st_size for name in names)
    assert len(sheet.encode()) < 0.5 * whole, "nothing was cut"
    several = [
        name for name in ("search.html", "chapters/06-gradient-descent.html", "chapters/references.html") if name in pages
    ]
    for name in several if scheme == "light" else ["index.html"]:
        page = open_page(book_http + name, scheme=scheme, reduced_motion="reduce")
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        page.add_style_tag(
            content="* { content-visibility: visible !important }"
        )  # what is not laid out has no size to compare
        found = page.evaluate(STYLES)
        assert len(found) > 50
        page.evaluate(USE_THE_MANY, [f"{book_http}_static/", names])
        expected = page.evaluate(STYLES)
        assert found.keys() == expected.keys()
        for key in found:
            for one, other in zip(found[key], expected[key], strict=True):
                assert one == other, f"{name}: {key}: {set(one) ^ set(other)}"
        page.context.close()
