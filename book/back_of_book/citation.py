"""How to cite the course: everything from CITATION.cff, which stands at the top of the repository."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap
from typing import Any

import yaml
from sphinx.application import Sphinx

NARROW = 40  # characters that a phone shows without scrolling


def read(top: Path) -> dict[str, Any]:
    """What the file says, all of it as text: without quotation marks a date is a date to YAML, and 1.0 a number."""
    found: dict[str, Any] = yaml.load((top / "CITATION.cff").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    return found


def author(who: dict[str, str]) -> str:
    """A person's name or a group's, as CITATION.cff has it."""
    return who.get("name") or " ".join(who[part] for part in ("given-names", "family-names") if part in who)


def sentence(cff: dict[str, Any]) -> str:
    """As it stands in a list of references."""
    people = ", ".join(map(author, cff["authors"]))
    where = f" {cff['url']}" if "url" in cff else ""
    return f"{people[0].upper()}{people[1:]} ({cff['date-released'][:4]}). *{cff['title']}*, version {cff['version']}.{where}"


def bibtex(cff: dict[str, Any]) -> str:
    """A group keeps its name whole in a second pair of braces."""
    people = " and ".join(f"{{{author(who)}}}" if "name" in who else author(who) for who in cff["authors"])
    year, month, _ = cff["date-released"].split("-")
    fields = {"author": people, "title": f"{{{cff['title']}}}", "year": year, "month": str(int(month))}
    fields |= {"version": cff["version"]} | ({"url": cff["url"]} if "url" in cff else {})
    width = max(map(len, fields))
    folded = {name: fold(f"{{{value}}},", width + 5) for name, value in fields.items()}
    return "@misc{dlcourse,\n" + "\n".join(f"  {name:{width}} = {value}" for name, value in folded.items()) + "\n}"


def fold(value: str, indent: int) -> str:
    """On as many lines as a phone needs to show all of it; to BibTeX they are one."""
    return f"\n{' ' * indent}".join(wrap(value, NARROW - indent, break_long_words=False, break_on_hyphens=False))


def citation(app: Sphinx) -> str:
    cff = read(Path(app.srcdir))
    return f"> {sentence(cff)}\n\n```bibtex\n{bibtex(cff)}\n```"
