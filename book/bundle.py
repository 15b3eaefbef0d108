"""One style sheet and one script for all pages, made of what the theme and the extensions bring.

A page of the theme asks for a dozen style sheets (100 kB gzipped) and as many scripts before it shows anything. Here
they become `course.css`, cut to the rules that a page of this book can use, and `course.js`, which a page loads once
its first picture stands.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

SHEET, SCRIPT = "course.css", "course.js"
# What the theme's own templates would load, besides what Sphinx knows.
THEME_SHEETS = ("styles/theme.css", "styles/pydata-sphinx-theme.css")
THEME_SCRIPTS = ("scripts/bootstrap.js", "scripts/pydata-sphinx-theme.js")
INLINE = "documentation_options.js"  # a handful of constants that others read
ONLY_WITH_TABS = "design-tabs.js"
UNUSED = "DOCUMENTATION_OPTIONS.pagename = "  # for a choice of versions: one script a page, and one hash in its policy
HANDLER = re.compile(
    r' onclick="(window\.print|toggleFullScreen)\(\)"'
)  # a strict policy forbids them: first.js listens instead
# The theme makes what scrolls focusable, and asks all blocks for their sizes in one go, whenever something changes. Those off
# screen are laid out for the question alone, which holds up the page: first.js asks instead, a few at a time.
SCROLLERS = re.compile(
    r"(document\.querySelectorAll\(\[[^\]]*\]\.join\([^)]*\)\))\.forEach\((\w)=>\{\2\.tabIndex=[^{}]*\?0:-1\}\)"
)
ASKED_BY_US = r"book.reachable([...\1])"
VERSION = "?v=built"  # stands for the digest of a file until all are written


def in_static(name: Any) -> str:
    return str(name or "").split("?")[0].removeprefix("_static/")


# --- the sheets: read, cut and joined ---------------------------------------------------------------------------------

TOKEN = re.compile(
    r"/\*.*?\*/|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|url\(\s*[^'\")\s][^)]*\)|[{};]|(?:(?!url\(|/\*)[^{};\"'])+|.", re.DOTALL
)
IMPORT = re.compile(r"@import\s+(?:url\()?\s*['\"]([^'\"]+)['\"]\s*\)?\s*;")
URL = re.compile(r"url\(\s*(['\"]?)(?!data:|[a-z]+:|#|/)([^)'\"]+?)\1\s*\)")
CLASS = re.compile(r"\.((?:[\w-]|[^\x00-\x7f]|\\.)+)")
GROUPS = ("@media", "@supports", "@container", "@layer")


def rules(sheet: str) -> Iterator[tuple[str, str | None]]:
    """(prelude, body) of each rule at the top level, without comments; the body of a statement like @import is None."""
    prelude, body, depth = "", "", 0
    for token in TOKEN.findall(sheet):
        if token.startswith("/*"):
            continue
        if token == "}":
            depth -= 1
            if depth == 0:
                yield " ".join(prelude.split()), body
                prelude, body = "", ""
                continue
        if depth:
            body += token
        elif token == ";":
            yield " ".join(prelude.split()), None
            prelude = ""
        elif token != "{":
            prelude += token
        if token == "{":
            depth += 1
    if depth or prelude.strip():
        raise ExtensionError(f"A style sheet ends in the middle of a rule: {prelude.strip()[:80]!r}")


def selectors(prelude: str) -> list[str]:
    """The selectors of a rule: split at the commas that no bracket holds."""
    found, depth = [""], 0
    for part in re.split(r"([(),\[\]])", prelude):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(part, 0)
        if part == "," and depth == 0:
            found.append("")
        else:
            found[-1] += part
    return [selector.strip() for selector in found]


def classes(selector: str) -> set[str]:
    """The classes without which a selector matches nothing: those outside brackets (`:not(.a)` needs no a)."""
    outside = selector
    while (shorter := re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "", outside)) != outside:
        outside = shorter
    return {re.sub(r"\\(.)", r"\1", name) for name in CLASS.findall(outside)}


def prune(sheet: str, used: Callable[[str], bool]) -> str:
    """The sheet without the selectors that need a class which is not used, without comments and idle space.

    >>> prune(".a, .b > i { color: red } @media print { .b { top: 0 } }", {"a"}.__contains__)
    '.a{color:red}'
    """
    kept = []
    for prelude, body in rules(sheet):
        if body is None:
            kept.append(f"{prelude};")
        elif prelude.startswith(GROUPS):
            if inside := prune(body, used):
                kept.append(f"{prelude}{{{inside}}}")
        else:
            lines = prelude
            if not prelude.startswith("@"):
                lines = ",".join(s for s in selectors(prelude) if all(map(used, classes(s))))
            if lines and body.strip():
                kept.append(f"{lines}{{{declarations(body)}}}")
    return "".join(kept)


def declarations(body: str) -> str:
    """A body without comments and idle space; what stands in quotes or in url() is left as it is."""
    parts = [""]
    for token in TOKEN.findall(body):
        if token.startswith("/*"):
            continue
        if token in "{};":
            parts[-1] = parts[-1].rstrip()
        elif not token.startswith(('"', "'", "url(")):
            token = re.sub(r"\s+", " ", token)
            if parts[-1] in ("", "{", "}", ";"):
                token = re.sub(r"^([\w-]+) ?: ?", r"\1:", token.lstrip())
        parts.append(token)
    return "".join(parts).strip().rstrip(";").replace(";}", "}")


def moved(sheet: str, folder: str) -> str:
    """The sheet of a folder below _static, its addresses as seen from _static."""
    return URL.sub(lambda found: f'url("{posixpath.normpath(posixpath.join(folder, found[2]))}")', sheet)


def read_sheet(static: Path, name: str) -> str:
    """A sheet with those that it imports, its addresses as seen from _static."""
    folder = posixpath.dirname(name)
    beside = lambda found: read_sheet(static, posixpath.normpath(posixpath.join(folder, found[1])))  # noqa: E731
    return IMPORT.sub(beside, moved((static / name).read_text(encoding="utf-8"), folder))


def words(pages: list[str], scripts: list[str]) -> Callable[[str], bool]:
    """Whether a class can occur: in a page, or named in a script, or begun there (`"dl-" + kind`)."""
    there = {name for page in pages for attribute in re.findall(r"class=[\"']([^\"']*)", page) for name in attribute.split()}
    named = {word for script in scripts for word in re.findall(r"[A-Za-z_][\w-]*", script)}
    begun = tuple({begin for script in scripts for begin in re.findall(r"([A-Za-z_][\w-]+-)(?=[\"'`]|\$\{)", script)})
    return lambda name: name in there or name in named or name.startswith(begun)


# --- Sphinx -----------------------------------------------------------------------------------------------------------


def shared(app: Sphinx) -> tuple[list[str], list[str]]:
    """The files below _static that every page asks for: style sheets and scripts, in their order."""
    builder: Any = app.builder
    sheets = [in_static(sheet.filename) for sheet in sorted(builder._orig_css_files, key=lambda each: each.priority)]
    scripts = [in_static(script.filename) for script in sorted(builder._orig_js_files, key=lambda each: each.priority)]
    apart = ("thebe", "mathjax", INLINE, ONLY_WITH_TABS)
    chosen = lambda names: [name for name in names if name and not any(a in name for a in apart)]  # noqa: E731
    return [*THEME_SHEETS, *chosen(sheets)], [*chosen(scripts), *THEME_SCRIPTS]


def arrange(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """What layout.html puts into the head: `inline_scripts`, `early_scripts`, `later_scripts`, `sheets`."""
    if app.builder.name != "html":
        return
    sheets, scripts = shared(app)
    address = lambda name: context["pathto"](f"_static/{name}", resource=True) + VERSION  # noqa: E731
    own = [in_static(sheet.filename) for sheet in context["css_files"]]
    own = [name for name in own if name not in sheets and "thebe" not in name]
    context["sheets"] = [address(name) for name in [SHEET, *own]]
    inline, early, later = [], [], [address(SCRIPT)]
    for script in context["script_files"]:
        name = in_static(script.filename)
        if not name:
            if not script.attributes["body"].startswith(UNUSED):
                inline.append(script.attributes["body"])
        elif name.endswith(INLINE):
            inline.append((Path(app.outdir) / "_static" / name).read_text(encoding="utf-8").strip())
        elif script.attributes.get("async"):
            early.append(address(name))
        elif name not in scripts and (name != ONLY_WITH_TABS or "sd-tab-set" in context.get("body", "")):
            later.append(address(name))
    context |= {"inline_scripts": list(dict.fromkeys(inline)), "early_scripts": early, "later_scripts": later}


def stamped(text: str, static: Path) -> str:
    """A page that asks for each file under its digest, also where it was written by an earlier build and stamped then."""

    def version(found: re.Match[str]) -> str:
        return f"{found[1]}?v={hashlib.sha256((static / found[1].removeprefix('_static/')).read_bytes()).hexdigest()[:8]}"

    return re.sub(rf"(_static/[\w./-]+)(?:{re.escape(VERSION)}|\?v=[0-9a-f]{{8}})", version, text)


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the two files, and the digests of all into the pages."""
    if exception is not None or app.builder.name != "html":
        return
    static = Path(app.outdir) / "_static"
    sheets, scripts = shared(app)
    missing = [name for name in [*sheets, *scripts] if not (static / name).is_file()]
    if missing:
        raise ExtensionError(f"The theme has no file {missing[0]} any more; book/bundle.py names what every page loads.")
    read = lambda name: (static / name).read_text(encoding="utf-8")  # noqa: E731
    pages = [page for page in Path(app.outdir).rglob("*.html") if "_static" not in page.relative_to(app.outdir).parts]
    texts = {page: page.read_text(encoding="utf-8") for page in pages}
    code = [re.sub(r"^//# sourceMappingURL=.*$", "", read(name), flags=re.MULTILINE).strip() for name in scripts]
    code = [SCROLLERS.sub(ASKED_BY_US, each) for each in code]
    (static / SCRIPT).write_text("".join(f";\n{each}\n" for each in code), encoding="utf-8")
    used = words(list(texts.values()), [*code, *(p.read_text(encoding="utf-8") for p in static.glob("explorables.js"))])
    cut = [prune(read_sheet(static, name), used) for name in sheets]
    (static / SHEET).write_text(f"/* made of: {' '.join(sheets)} */\n" + "\n".join(cut) + "\n", encoding="utf-8")

    for page, text in texts.items():
        text = HANDLER.sub(r' data-call="\1"', text)
        page.write_text(stamped(text, static), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", arrange, priority=900)
    app.connect("build-finished", write, priority=600)  # when extensions have copied their files, before the pages are checked
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
