"""What a page says of itself to those who do not open it: search engines, and the cards that a link becomes.

A description is the page's own first words. A picture and a page need absolute addresses there, so those are given
only where `html.baseurl` in _config.yml says where the book is published; the picture is then drawn for each page.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import card
from docutils import nodes
from sphinx.application import Sphinx

LONGEST = 200  # characters that a search engine or a card shows
SENTENCE = re.compile(r"(?<=[.?!…])\s+(?=[“A-ZÀ-Ý0-9])")
UNREADABLE = "\N{OBJECT REPLACEMENT CHARACTER}"  # stands for a formula that plain text cannot show
GREEK = {"alpha": "α", "beta": "β", "theta": "θ", "lambda": "λ", "kappa": "κ", "sigma": "σ", "varepsilon": "ε"}


def formula(tex: str) -> str:
    """A formula of letters as text.

    >>> formula(r"\\alpha"), formula("n = 3"), formula(r"\\frac12") == UNREADABLE
    ('α', 'n = 3', True)
    """
    plain = re.sub(r"\\([a-zA-Z]+)", lambda found: GREEK.get(found[1], found[0]), tex).strip()
    return UNREADABLE if re.search(r"[\\{}^_$&]", plain) else plain


def words(paragraph: nodes.paragraph) -> str:
    """The sentences of a paragraph that plain text can say."""
    said = ""
    for node in paragraph.findall(lambda node: isinstance(node, nodes.Text | nodes.math | nodes.raw)):
        if isinstance(node, nodes.Text) and isinstance(node.parent, nodes.math | nodes.raw):
            continue
        said += node.astext() if isinstance(node, nodes.Text) else formula(node.astext())
    return " ".join(each for each in SENTENCE.split(" ".join(said.split())) if UNREADABLE not in each)


def shortened(text: str, longest: int = LONGEST) -> str:
    """As many whole sentences as fit, or else as many whole words with an ellipsis.

    >>> shortened("One step. Then another one. And so on.", 30)
    'One step. Then another one.'
    >>> shortened("A sentence that takes its time to end.", 20)
    'A sentence that …'
    """
    kept = ""
    if len(text) <= longest:
        return text
    for sentence in SENTENCE.split(text):
        longer = f"{kept} {sentence}".strip()
        if len(longer) > longest:
            break
        kept = longer
    return kept or text[: longest - 1].rsplit(" ", 1)[0] + " …"


def description(doctree: nodes.document) -> str:
    """The first words of a page that stand in its text: not in a box, a list or the output of a cell."""
    found = ""
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section) and "prerequisites" not in paragraph["classes"]:
            found = f"{found} {words(paragraph)}".strip()
        if len(found) > LONGEST:
            break
    return shortened(found)


def describe(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    if app.builder.name != "html" or doctree is None:
        return
    course = str(app.config.html_title or app.config.project)
    title = nodes.Text(app.env.titles[pagename].astext()) if pagename in app.env.titles else course
    about = description(doctree) or f"{title}: a page of “{course}”, an interactive course."
    said = {"og:type": "website" if pagename == app.config.root_doc else "article", "og:site_name": course}
    said |= {"og:title": str(title), "og:description": about, "og:locale": "en_GB"}
    if base := str(app.config.html_baseurl or "").rstrip("/"):
        picture = f"_images/card-{pagename.replace('/', '-')}.png"
        path = Path(app.outdir) / picture
        path.parent.mkdir(exist_ok=True)
        card.draw(path, str(title), "" if title == course else course)
        said |= {"og:url": f"{base}/{pagename}.html", "og:image": f"{base}/{picture}", "og:image:alt": card.WORDS}
        said |= {"og:image:width": str(card.WIDTH), "og:image:height": str(card.HEIGHT)}
    lines = [f'<meta name="description" content="{html.escape(about)}" />']
    lines += [f'<meta property="{name}" content="{html.escape(content)}" />' for name, content in said.items()]
    lines.append(f'<meta name="twitter:card" content="{"summary_large_image" if base else "summary"}" />')
    given = re.sub(r"<meta [^>]*viewport[^>]*>", "", context.get("metatags", ""))  # the theme's layout has one of its own
    context["metatags"] = given + "".join(f"\n    {line}" for line in lines)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", describe)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
