"""The pages' one style sheet against the many that it was made of."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

# The computed style of each element that differs from others in its name, its classes or those around it.
# What two sheets set otherwise is compared in the page: it is a million words.
# Of ids those count that a sheet names: most mark a place in the text.
STYLES = """ids => {
    const own = ({localName, id, classList}) => `${localName}#${ids.includes(id) ? id : ''}.${[...classList].join('.')}`;
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
    (window.styles ??= []).push(seen);
    return seen.size;
}"""

USE_THE_MANY = """async ([before, names]) => {
    const link = document.querySelector('link[href*="course.css"]');
    const links = names.map(name => Object.assign(document.createElement('link'), {rel: 'stylesheet', href: before + name}));
    const loaded = links.map(each => new Promise((done, failed) => Object.assign(each, {onload: done, onerror: failed})));
    link.before(...links); // the one holds until all are there: explorables lay themselves out anew for another width
    await Promise.all(loaded);
    link.remove();
}"""

DIFFERENCES = """() => {
    const [found, expected] = window.styles;
    const places = ['', '::before', '::after'];
    const differences = [...expected.keys()].filter(key => !found.has(key)).map(key => `${key} is gone`);
    for (const [key, styles] of found) {
        styles.forEach((style, i) => {
            const other = expected.get(key)?.[i] ?? [];
            if (String(style) === String(other)) return;
            const without = (some, others) => [...some].filter(each => !others.includes(each)).join('; ');
            differences.push(`${key}${places[i]}: ${without(style, other)} instead of ${without(other, style)}`);
        });
    }
    return differences;
}"""


@pytest.mark.parametrize(
    ("name", "scheme"),
    [
        ("chapters/06-gradient-descent.html", "light"),
        ("index.html", "dark"),
        pytest.param("search.html", "light", marks=pytest.mark.nightly),
        pytest.param("chapters/references.html", "light", marks=pytest.mark.nightly),
    ],
)
def test_what_was_cut_is_not_missed(
    name: str, scheme: str, book_http: str, pages: list[str], built_book: Path, open_page: Callable[..., Page]
) -> None:
    sheet = (built_book / "_static" / "course.css").read_text(encoding="utf-8")
    names = sheet.splitlines()[0].removeprefix("/* made of: ").removesuffix(" */").split()
    many = "".join((built_book / "_static" / name).read_text(encoding="utf-8") for name in names)
    assert len(sheet.encode()) < 0.5 * len(many.encode()), "nothing was cut"
    ids = sorted(set(re.findall(r"#([A-Za-z_][\w-]*)", many)))
    assert "pst-primary-sidebar-checkbox" in ids
    assert name in pages
    page = open_page(book_http + name, scheme=scheme, reduced_motion="reduce")
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    page.add_style_tag(content="* { content-visibility: visible !important }")  # what is not laid out has no size to compare
    assert page.evaluate(STYLES, ids) > 50
    page.evaluate(USE_THE_MANY, [f"{book_http}_static/", names])
    page.evaluate(STYLES, ids)
    assert page.evaluate(DIFFERENCES) == []
