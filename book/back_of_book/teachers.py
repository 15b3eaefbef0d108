"""*For teachers*: every explorable with its instructive settings, and every exercise by level."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

import launch
from docutils import nodes
from sphinx.application import Sphinx

from . import chapters

EXPLORABLE = re.compile(
    r'<div class="dlcourse-explorable" data-kind="([^"]*)" id="([^"]*)"><script type="application/json">(.*?)</script>',
    re.DOTALL,
)
LINK = re.compile(r'<a href="(#[^?"]+\?[^"]+)">(.*?)</a>', re.DOTALL)
EXERCISE = re.compile(r"^```\{exercise\} (.+)\n:label: ([\w-]+)\n\n\*(Recall|Apply|Open-ended)\.\*", re.MULTILINE)


class Setting(NamedTuple):
    label: str
    fragment: str


class Found(NamedTuple):
    """An explorable as a page shows it."""

    identity: str
    section: str
    goal: str
    controls: tuple[str, ...]
    settings: tuple[Setting, ...]


def said(value: Any) -> str:
    """A control's value in a link, as js/src/link.js reads it."""
    if isinstance(value, list | tuple):
        return ",".join(map(said, value))
    return str(value).lower() if isinstance(value, bool) else quote(str(value))


def settings(identity: str, spec: dict[str, Any], text: str) -> Iterator[Setting]:
    """The start; what the explorable's own buttons and challenges set; what the text of its page links to."""
    yield Setting("start", f"#{identity}")
    for show in spec.get("shows", ()):
        yield Setting(show["label"], f"#{identity}?" + "&".join(f"{name}={said(value)}" for name, value in show["set"].items()))
    for challenge in spec.get("challenges", ()):
        yield Setting(challenge["title"], f"#{identity}?challenge={challenge['name']}")
    own = [(fragment, label) for fragment, label in LINK.findall(text) if fragment.startswith(f"#{identity}?")]
    for fragment, label in own:
        yield Setting(re.sub(r"<[^>]+>|\*", "", label).strip().rstrip(".:,"), fragment)


def each_once(found: Iterator[Setting]) -> tuple[Setting, ...]:
    """Without what an earlier one sets too, or is called, whatever the article."""
    once: dict[str, Setting] = {}
    for setting in found:
        called = re.sub(r"^(?:an?|the) ", "", setting.label.lower())
        if called not in once and setting.fragment not in {other.fragment for other in once.values()}:
            once[called] = setting
    return tuple(once.values())


def collect(app: Sphinx, document: nodes.document) -> None:
    """Remember the explorables of a page, with the section in which each stands."""
    path = Path(app.env.doc2path(app.env.docname))
    text = chapters.read(path).text if path.suffix == ".ipynb" else ""
    found = []
    for raw in document.findall(nodes.raw):
        for kind, identity, payload in EXPLORABLE.findall(raw.rawsource or raw.astext()):
            if kind == "question":
                continue
            here: Any = raw
            while not isinstance(here, nodes.section):
                here = here.parent
            state = json.loads(payload)
            goal = state["spec"].get("goal") or ""
            goal = goal["text"] if isinstance(goal, dict) else goal
            listed = each_once(settings(identity, state["spec"], text))
            found.append(Found(identity, here.next_node(nodes.title).astext(), goal, tuple(state["state"]), listed))
    listed_by_page(app)[app.env.docname] = found


def listed_by_page(app: Sphinx) -> dict[str, list[Found]]:
    if not hasattr(app.env, "dlcourse_explorables"):
        app.env.dlcourse_explorables = {}  # type: ignore[attr-defined]
    found: dict[str, list[Found]] = app.env.dlcourse_explorables  # type: ignore[attr-defined]
    return found


def link(page: str, setting: Setting) -> str:
    """Says what it sets to who points at it."""
    words = unquote(setting.fragment.partition("?")[2]).replace("&", ", ").replace("=", " = ") or "as the page opens"
    return f'<a href="{html.escape(page + setting.fragment)}" title="{html.escape(words)}">{html.escape(setting.label)}</a>'


def explorables(app: Sphinx) -> str:
    """By page; addresses as seen from the folder chapters/."""
    parts = []
    for page, found in sorted(listed_by_page(app).items()):
        if not found:
            continue
        name = page.removeprefix("chapters/")
        address = f"{name}.html" if name != page else f"../{page}.html"
        number = f"Chapter {int(name[:2])}: " if re.match(r"\d\d-", name) else ""
        parts.append(f"### {number}{app.env.titles[page].astext()}")
        for each in found:
            links = " · ".join(link(address, setting) for setting in each.settings)
            goal = re.sub(r"([*_$`\\])", r"\\\1", each.goal).replace(" %", "\u00a0%")
            heading = each.section if each.section.endswith(("?", "!")) else f"{each.section}."
            parts.append(f"**{heading}** {goal}\n{links}")
    return "\n\n".join(parts)


def exercises(app: Sphinx) -> str:
    """By level; each with its chapter and the name under which its answer is checked."""
    found: dict[str, list[str]] = {"Recall": [], "Apply": [], "Open-ended": []}
    for chapter in chapters.every(Path(app.srcdir)):
        checks = [
            re.findall(r"exercises\.check\(\s*\"([\w-]+)\"", cell.source) for cell in chapter.cells if "exercise" in cell.tags
        ]
        for (title, label, level), names in zip(EXERCISE.findall(chapter.text), checks, strict=True):
            found[level].append(f"- {{ref}}`{title} <{label}>`, chapter {chapter.number} (`{names[0]}`)")
    return "\n\n".join(f"### {level}\n\n" + "\n".join(lines) for level, lines in found.items())


def install(app: Sphinx) -> str:
    """What installs a JupyterLab for the notebooks."""
    here = launch.remote(Path(app.srcdir))
    line = f"```sh\n{launch.install_line(here, f'{launch.EXTRAS},lab')}\n```"
    return line if here else f"{line}\n\nIt is run in the course's folder; in a published copy it names the copy's address."


def setup(app: Sphinx) -> None:
    app.connect("doctree-read", collect)
