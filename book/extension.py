"""What the book needs beyond configuration: one light, self-contained page per chapter, and checks that it is one."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import back_of_book
import bundle
import execution
import heads
import launch
import stills
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
from sphinx.util import logging

from dlcourse.exercises.checking import BEGIN, END

logger = logging.getLogger(__name__)

EXPLORABLE = ("explorables.js", "explorables.css")


# --- configuration that depends on where the book is built ---------------------------------------------------------


def live_static() -> Path:
    """The folder of the package that holds the browser code (found without importing the package)."""
    spec = find_spec("dlcourse")
    if spec is None or not spec.submodule_search_locations:
        raise ExtensionError("The package dlcourse is not installed; run `make book`, which installs it.")
    return Path(next(iter(spec.submodule_search_locations))) / "live" / "static"


def leave_out_thebe(app: Sphinx, config: Config) -> None:
    """Jupyter Book 1 always brings sphinx-thebe, which puts scripts for another host into every page."""
    for listeners in app.events.listeners.values():
        listeners[:] = [each for each in listeners if not each.handler.__module__.startswith("sphinx_thebe")]


def copy_browser_code(app: Sphinx, config: Config) -> None:
    for name in EXPLORABLE:
        if (live_static() / name).exists():
            config.html_static_path.append(str(live_static() / name))
    config.html_css_files.insert(0, "explorables.css")


# --- what a page shows and loads ------------------------------------------------------------------------------------


def leave_out_dead_output(app: Sphinx, document: nodes.document) -> None:
    """A cell tagged `interactive-only` needs a running Python: show its source and say so, without its dead output."""
    for cell in list(document.findall(nodes.container)):
        if "tag_interactive-only" not in cell["classes"]:
            continue
        for output in [child for child in cell.children if "cell_output" in child.get("classes", [])]:
            cell.remove(output)
        cell += launch.note(app)


MARKER = re.compile(rf"^[ \t]*(?:{BEGIN}|{END})(?:\n|$)", re.MULTILINE)


def leave_out_markers(app: Sphinx, document: nodes.document) -> None:
    """`# solution` and `# end of solution` tell what a stub leaves out; a page shows the solution and no scaffolding."""
    for cell in document.findall(lambda node: isinstance(node, nodes.container) and "tag_solution" in node["classes"]):
        for code in cell.findall(nodes.literal_block):
            code.rawsource = MARKER.sub("", code.astext()).rstrip("\n")
            code[:] = [nodes.Text(code.rawsource)]


FORMULA_AND_PUNCTUATION = re.compile(
    r'([(\u2018\u201c]*)(<span class="math notranslate nohighlight">\\\([^<]*\\\)</span>)([,.;:!?)\u2019\u201d]*)'
)


def keep_punctuation_with_its_formula(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """A browser may break a line beside a formula, and then ends it with the bracket or begins the next with the comma."""
    if "body" in context:
        context["body"] = FORMULA_AND_PUNCTUATION.sub(
            lambda found: f'<span class="with-punctuation">{found[0]}</span>' if found[1] or found[3] else found[0],
            context["body"],
        )


CELL = re.compile(r"<td\b.*?</td>", re.DOTALL)
CODE_WORD = re.compile(r'(?<=<span class="pre">)[^<]+')
BETWEEN_PARTS = re.compile(r"(?<=[_(=])(?=.)|(?<=\.)(?=[a-z])|(?<=[a-z])(?=[A-Z])")


def let_names_break_between_their_parts(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """A table on a phone has no room for `halve_on_plateau` in one line, and would break it anywhere."""
    if "body" in context:
        marked = lambda word: BETWEEN_PARTS.sub("<wbr/>", word[0])  # noqa: E731
        context["body"] = CELL.sub(lambda cell: CODE_WORD.sub(marked, cell[0]), context["body"])


TITLE = re.compile(r"(?<=<h1>).*?(?=</h1>)", re.DOTALL)
HYPHENATED = re.compile(r"\w+(?:-\w+)+(?=[^<>]*(?:<|$))")


def keep_words_of_a_title_whole(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """A large title may break at each hyphen: Learning- / rate schedules."""
    if "body" in context:
        whole = lambda title: HYPHENATED.sub(r'<span class="unbroken">\g<0></span>', title[0])  # noqa: E731
        context["body"] = TITLE.sub(whole, context["body"])


NOT_ANSWERED = re.compile(r'(?<=<div class="dlcourse-feedback")([^>]*>)Not answered yet: [^<]*')


def say_where_answers_are_checked(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Who reads the page has not failed to answer: its cells do not run."""
    if "body" in context:
        context["body"] = NOT_ANSWERED.sub(r"\1Checked when you run this cell in the notebook.", context["body"])


SOURCES = re.compile(
    r'<table class="table(?=">\s*<thead>\s*<tr[^>]*>\s*(?:<th[^>]*><p>source</p></th>\s*)?'
    r"<th[^>]*><p>says</p></th>\s*<th[^>]*><p>what holds</p></th>)"
)


def name_the_tables_of_sources(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """What a source says and what holds share a phone evenly, whatever formula stands in one of them (book.css, 5)."""
    if "body" in context:
        context["body"] = SOURCES.sub(r"\g<0> sources", context["body"])


FOLD_WORDS = re.compile(r'<p class="((?:collapsed|expanded) admonition-title)">([^<]*)</p>')
SAME_NAME = re.compile(r'<section id="(?:exercise|solution)-content">')
LINK_IN_BUTTON = re.compile(r'(<p class="admonition-title">Solution to)<a [^>]*>(.*?)</a>(?=</p>)', re.DOTALL)


def as_the_standard_has_it(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Mends what extensions write and HTML or who listens does not know."""
    if "body" in context:
        # A fold says "Show the source"; a label "Toggle hidden content" over it would hide that from who listens.
        body = context["body"].replace('<summary aria-label="Toggle hidden content">', "<summary>")
        # A summary holds words, no paragraphs.
        body = FOLD_WORDS.sub(r'<span class="\1">\2</span>', body)
        # Every exercise of a page has the same name for its text.
        body = SAME_NAME.sub("<section>", body)
        # The title opens the solution; a link in it would lead to the exercise just above instead.
        body = LINK_IN_BUTTON.sub(r"\1\2", body)
        # The list of references holds the marks of its links too, which a list must not.
        context["body"] = body.replace('<div role="list" class="citation-list">', '<div class="citation-list">')


CODE = re.compile(r'<div class="highlight">(?=<pre>(.*?)</pre>)', re.DOTALL)


def tell_how_long_code_is(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Code far from the screen is not laid out (book.css, 10); with its lines counted, nothing moves when it is."""
    if "body" in context:
        lines = lambda found: f'<div class="highlight" style="--lines: {found[1].count(chr(10))}">'  # noqa: E731
        context["body"] = CODE.sub(lines, context["body"])


FOLD_OF_PAGES = re.compile(r"([^<>]+)(</a>\s*<details[^>]*>\s*<summary)>")


def name_folds_of_the_sidebar(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """The arrow beside a page that has pages below it has no words of its own."""
    if make := context.get("generate_toctree_html"):
        named = r'\1\2 aria-label="Pages below \1">'
        context["generate_toctree_html"] = lambda *given, **options: FOLD_OF_PAGES.sub(named, str(make(*given, **options)))


def load_only_what_is_used(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Drop the widget manager's state; load the explorables where there are any."""
    getattr(app.env, "nb_metadata", {}).get(pagename, {}).pop("js_files", None)
    if "dlcourse-explorable" in context.get("body", ""):
        if not all((live_static() / name).exists() for name in EXPLORABLE):
            logger.warning("%s holds an explorable, but %s is not built; run `make bundle`", pagename, " or ".join(EXPLORABLE))
            return
        app.add_js_file("explorables.js", loading_method="async")


# --- what a built page must not hold ---------------------------------------------------------------------------------

OTHER_HOST = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
IN_STYLE = re.compile(r"(?:@import\s+(?:url\()?|url\()\s*['\"]?((?:[a-z]+:)?//[^'\")\s]+)", re.IGNORECASE)
TRACEBACK = "Traceback (most recent call last)"
# What makes a browser fetch something: element → attributes, and the relations of a <link>.
LOADS = {
    **dict.fromkeys(["script", "img", "source", "iframe", "embed", "audio", "track", "input"], ("src", "srcset")),
    **dict.fromkeys(["image", "use"], ("href", "xlink:href")),
    "video": ("src", "poster"),
    "object": ("data",),
}
LINKS_THAT_LOAD = {"stylesheet", "preload", "modulepreload", "prefetch", "preconnect", "dns-prefetch", "icon", "manifest"}
ICON_MODIFIERS = {"solid", "brands", "regular", "lg", "sm", "xs", "fw", "2x"}


class PageCheck(HTMLParser):
    """Collects what would make a page ask another host, show a dead widget, or show a traceback nobody meant."""

    def __init__(self, icons: set[str]) -> None:
        super().__init__()
        self.icons = icons | ICON_MODIFIERS
        self.problems: list[str] = []
        self.inside: list[str] = []  # classes of the open <div>s
        self.in_style = False
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        fetched = LOADS.get(tag, ())
        if tag == "link" and LINKS_THAT_LOAD & set(given.get("rel", "").split()):
            fetched = ("href",)
        for name in fetched:
            if OTHER_HOST.match(given.get(name, "")):
                self.problems.append(f"<{tag} {name}> asks another host: {given[name]}")
        self.problems += [f"style of <{tag}> asks another host: {url}" for url in IN_STYLE.findall(given.get("style", ""))]
        code = [name for name in given if name.startswith("on")]
        code += [name for name in ("href", "src", "action") if given.get(name, "").strip().lower().startswith("javascript:")]
        self.problems += [
            f"code in an attribute, which a strict policy forbids: <{tag} {name}={given[name]!r}>" for name in code
        ]
        if given.get("type", "").startswith("application/vnd.jupyter.widget"):
            self.problems.append(f"a widget that no script brings to life: <{tag} type={given['type']!r}>")
        if tag == "img" and given.get("alt", "").strip() in ("", given.get("src"), Path(unquote(given.get("src", ""))).name):
            self.problems.append(f"a picture without words for who does not see it: {given.get('src', '')[:80]}")
        for icon in re.findall(r"(?<![\w-])fa-([\w-]+)", given.get("class", "")):
            if icon not in self.icons:
                self.problems.append(f"icon {icon} is not in the subset font: name it in book/vendor.py, then `make vendor`")
        self.in_style = tag == "style"
        if tag == "div":
            self.inside.append(given.get("class", ""))
            self.text = ""

    def handle_endtag(self, tag: str) -> None:
        self.in_style = False
        if tag == "div" and self.inside:
            self.inside.pop()
            self.text = ""

    def handle_data(self, data: str) -> None:
        if self.in_style:
            self.problems += [f"<style> asks another host: {url}" for url in IN_STYLE.findall(data)]
        self.text += data
        if TRACEBACK in self.text:
            self.text = ""
            meant = {"tag_raises-exception", "doctest"}  # a cell that is meant to raise; an example in a docstring
            if not any(meant & set(classes.split()) for classes in self.inside):
                self.problems.append("a Python traceback (tag the cell raises-exception if it is meant)")


def check_pages(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.name != "html":
        return
    problems = []
    icons = set(json.loads((Path(__file__).parent / "static" / "vendor" / "manifest.json").read_text())["icons"])
    for page in sorted(Path(app.outdir).rglob("*.html")):
        if "_static" in page.relative_to(app.outdir).parts:
            continue
        check = PageCheck(icons)
        check.feed(page.read_text(encoding="utf-8"))
        problems += [f"{page.relative_to(app.outdir)}: {problem}" for problem in check.problems]
    for sheet in sorted(Path(app.outdir).rglob("*.css")):
        found = IN_STYLE.findall(sheet.read_text(encoding="utf-8"))
        problems += [f"{sheet.relative_to(app.outdir)}: asks another host: {url}" for url in found]
    if problems:
        raise ExtensionError("The built book is not fit to read:\n  " + "\n  ".join(problems))


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", leave_out_thebe, priority=100)
    app.connect("config-inited", copy_browser_code, priority=700)  # before Sphinx validates the paths
    app.connect("doctree-read", leave_out_dead_output)
    app.connect("doctree-read", leave_out_markers)
    app.connect("html-page-context", keep_punctuation_with_its_formula)
    app.connect("html-page-context", let_names_break_between_their_parts)
    app.connect("html-page-context", keep_words_of_a_title_whole)
    app.connect("html-page-context", say_where_answers_are_checked)
    app.connect("html-page-context", name_the_tables_of_sources)
    app.connect("html-page-context", as_the_standard_has_it)
    app.connect("html-page-context", tell_how_long_code_is)
    app.connect("html-page-context", name_folds_of_the_sidebar, priority=900)
    app.connect("html-page-context", load_only_what_is_used, priority=100)
    execution.setup(app)
    back_of_book.setup(app)
    bundle.setup(app)
    stills.setup(app)
    heads.setup(app)
    launch.setup(app)
    app.connect("build-finished", check_pages, priority=700)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}
