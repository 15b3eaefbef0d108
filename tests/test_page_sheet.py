"""The style sheet of the pages: what is cut from the theme's and what is not."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from sphinx.errors import ExtensionError


@pytest.fixture(scope="module")
def bundle(repository: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("bundle", repository / "book" / "bundle.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bundle"] = module
    spec.loader.exec_module(module)
    return module


def test_a_page_of_an_earlier_build_is_stamped_anew(bundle: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "course.js").write_text("1", encoding="utf-8")
    first = bundle.stamped(f'<script src="../_static/course.js{bundle.VERSION}"></script>', tmp_path)
    assert first == '<script src="../_static/course.js?v=6b86b273"></script>'
    (tmp_path / "course.js").write_text("2", encoding="utf-8")
    assert bundle.stamped(first, tmp_path) == '<script src="../_static/course.js?v=d4735e3a"></script>'


SHEET = """
@charset "utf-8";
/* a comment with } and { */
.used, .unused > p, a:not(.unused):hover { color : red; content: "} /* ; */  x" ; }
.unused { left: 0 }
@media (min-width: 3em) { .unused { top: 0 } .used::before { content: '\\'' } }
@media print { .unused { top: 0 } }
@supports (display: grid) { @media print { .md\\:used { background: url(data:image/svg+xml;base64,{}) } } }
@font-face { font-family: X; src: url(x.woff2) }
@keyframes turn { from { left: 0 } to { left: 1px } }
:is(.unused, .used) i, [data-x=".unused"] { margin: 0 1px }
"""


def test_only_selectors_that_need_an_unused_class_go(bundle: ModuleType) -> None:
    assert bundle.prune(SHEET, {"used", "md:used"}.__contains__) == (
        '@charset "utf-8";'
        '.used,a:not(.unused):hover{color:red;content:"} /* ; */  x"}'
        "@media (min-width: 3em){.used::before{content:'\\''}}"
        "@supports (display: grid){@media print{.md\\:used{background:url(data:image/svg+xml;base64,{})}}}"
        "@font-face{font-family:X;src:url(x.woff2)}"
        "@keyframes turn{from{left:0}to{left:1px}}"
        ':is(.unused, .used) i,[data-x=".unused"]{margin:0 1px}'
    )


def test_an_imported_sheet_is_taken_in(bundle: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "styles").mkdir()
    (tmp_path / "styles" / "one.css").write_text('@import "../two.css"; a { b: url(c.png) }')
    (tmp_path / "two.css").write_text("d { e: url(f.png) }")
    assert bundle.prune(bundle.read_sheet(tmp_path, "styles/one.css"), bool) == 'd{e:url("f.png")}a{b:url("styles/c.png")}'


def test_half_a_rule_is_refused(bundle: ModuleType) -> None:
    with pytest.raises(ExtensionError, match="ends in the middle of a rule"):
        bundle.prune(".a { color: red", lambda name: True)


def test_a_class_counts_as_used_where_it_stands_is_named_or_is_begun(bundle: ModuleType) -> None:
    used = bundle.words(
        ['<p class="here there">elsewhere</p>'], ['x.classList.add("named"); y = "dl-age-" + k; z = `dl-is-${k}`; a-b']
    )
    assert all(map(used, ["here", "there", "named", "dl-age-3", "dl-is-open"]))
    assert not any(map(used, ["elsewhere", "a-b-c", "dl-other"]))


def test_addresses_follow_the_sheet(bundle: ModuleType) -> None:
    sheet = 'a{b:url(../vendor/x.woff2?v=1);c:url("img.png");d:url(data:x);e:url(#mask);f:url(/root.png);g:url(https://x/y)}'
    assert bundle.moved(sheet, "styles") == (
        'a{b:url("vendor/x.woff2?v=1");c:url("styles/img.png");d:url(data:x);e:url(#mask);f:url(/root.png);g:url(https://x/y)}'
    )
