"""The API reference, made of the package's docstrings by Sphinx's autodoc.

Our docstrings are plain text: a sentence, formulas in Unicode set apart by indentation, `name : what it is`, examples.
`to_rst` says so in reStructuredText, so that formulas stay as they were written and nothing in them is taken for markup.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from docutils import nodes
from myst_parser.mdit_to_docutils.base import default_slugify
from sphinx.application import Sphinx
from sphinx.util.inspect import signature as signature_of
from sphinx.util.inspect import stringify_signature
from sphinx.util.nodes import make_refnode

# Each module with the name under which its users know what it offers, the special ones before those that contain them:
# what several of them offer is described with the first.
MODULES = {
    "dlcourse.autodiff": "dlcourse",
    "dlcourse.inspection": "dlcourse",
    "dlcourse.programs": "dlcourse",
    "dlcourse.nn.activations": "dlcourse.nn.activations",
    "dlcourse.nn": "dlcourse.nn",
    "dlcourse.optim.schedules": "dlcourse.optim.schedules",
    "dlcourse.optim.line_search": "dlcourse.optim.line_search",
    "dlcourse.optim": "dlcourse.optim",
    "dlcourse.training": "dlcourse.training",
    "dlcourse.landscapes": "dlcourse.landscapes",
    "dlcourse.data": "dlcourse.data",
    "dlcourse.figures": "dlcourse.figures",
    "dlcourse.live": "dlcourse.live",
    "dlcourse.exercises": "dlcourse.exercises",
}


# --- what is documented, and under which name ---------------------------------------------------------------------------


def offered(module: str) -> Iterator[tuple[str, Any]]:
    """(name, thing) for all that a module offers but modules, in the order of the alphabet."""
    found = import_module(module)
    for name in sorted(found.__all__, key=lambda name: (name.lower(), name)):
        if not inspect.ismodule(getattr(found, name)):
            yield name, getattr(found, name)


@cache
def documented() -> dict[str, str]:
    """Every name in full under which a thing can be had → the one under which it is described."""
    names: dict[int, str] = {}
    found: dict[str, str] = {}
    for module, known_as in MODULES.items():
        for name, thing in offered(module):
            full = names.setdefault(id(thing), f"{known_as}.{name}")
            found[f"{known_as}.{name}"] = found[f"{module}.{name}"] = full
    return found


def documented_as(name: str) -> str | None:
    """The documented name of what `name` says in full, by whatever way; None if it is not public.

    >>> documented_as("dlcourse.optim.first_order.Adam"), documented_as("dlcourse.optim.armijo")
    (None, 'dlcourse.optim.line_search.armijo')
    """
    return documented().get(name)


def short(full: str) -> str:
    """As a chapter writes it: `optim.Adam`, `grad`."""
    return full.removeprefix("dlcourse.")


def link(name: str) -> str:
    """To the description of what `name` says in full."""
    return f"{{py:obj}}`{short(name)} <{documented()[name]}>`"


def meant(text: str, near: str) -> str | None:
    """The documented name that a word in backticks means, in the docstring of `near`."""
    text = text.removesuffix("()")
    if not re.fullmatch(r"[^\W\d]\w*(?:\.\w+)*", text):
        return None
    module = near
    while module:
        if full := documented().get(f"{module}.{text}"):
            return full if full != near else None
        module = module.rpartition(".")[0]
    ends = {full for full in documented().values() if full.endswith(f".{text}")}
    return ends.pop() if len(ends) == 1 else None


# --- docstrings ---------------------------------------------------------------------------------------------------------

NAMES = r"[^\W\d][\w´′]*(?:, [^\W\d][\w´′]*)*"
GIVEN = re.compile(rf"(?:^|(?<=\. )|(?<=\.\) )|(?<=[)],[ ])|(?<=; ))({NAMES}) : ")
# A sentence that speaks of the whole again, not of the argument before it.
WHOLE = re.compile(r"(?<=[.\]] )(?=(?:Raises|Errors as|Keep|The gradient|The derivative|The result) )")


def prose(text: str, near: str) -> str:
    """Words: what is in backticks is code, linked if it is public; all else stands for itself."""
    parts = re.split(r"``?([^`]+)``?", text)
    for i, part in enumerate(parts):
        if i % 2 == 0:
            parts[i] = re.sub(r"([\\*_|])", r"\\\1", part)
        elif full := meant(part, near):
            parts[i] = rf"\ :py:obj:`{part} <{full}>`\ "
        else:
            parts[i] = rf"\ ``{part}``\ "
    return re.sub(r"^([^\w\s\\]|\w{1,3}[.)])(?= )", r"\\\1", "".join(parts))  # begins no list


def to_rst(lines: list[str], near: str = "") -> list[str]:
    """A docstring as reStructuredText.

    >>> print(*to_rst(["Downhill.", "", "    θ ← θ − α ∇J", "", "α : a number > 0, not |α|."]), sep="\\n")
    Downhill.
    <BLANKLINE>
    .. code-block:: text
    <BLANKLINE>
        θ ← θ − α ∇J
    <BLANKLINE>
    α
        a number > 0, not \\|α\\|.
    """
    blocks = [block.splitlines() for block in re.split(r"\n\s*\n", "\n".join(lines).strip("\n")) if block.strip()]
    made: list[list[str]] = []
    for block in blocks:
        if len(block) > 1 and re.fullmatch(r"-{3,}", block[1].strip()):
            made.append([f"**{block[0].strip()}**"])
            block = block[2:]
        if not block:
            continue
        if block[0].lstrip().startswith(">>>"):
            made.append(block)
        elif all(line.startswith("    ") for line in block):
            made.append([".. code-block:: text", "", *block])
        else:
            made += paragraphs(block, near)
    return "\n\n".join("\n".join(block) for block in made).splitlines()


def paragraphs(block: list[str], near: str) -> Iterator[list[str]]:
    """A paragraph, and the arguments that it describes as `name : what it is`, one or several in a line.

    >>> list(paragraphs(["x : (m, n), y : (m,). Raises ShapeError if they do not fit."], ""))
    [['x', '    (m, n)'], ['y', '    (m,).'], ['Raises ShapeError if they do not fit.']]
    """
    text = " ".join(line.strip() for line in block)
    before, *given = GIVEN.split(text)
    if before.strip():
        yield [prose(before.strip(), near)]
    for name, what in zip(given[::2], given[1::2], strict=True):
        what, *rest = WHOLE.split(what.strip(), maxsplit=1)
        yield [prose(name, near), f"    {prose(what.strip(' ,;'), near)}"]
        yield from ([prose(sentences, near)] for sentences in rest)


def convert(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    lines[:] = [*to_rst(lines, name), ""]


def leave_out(app: Sphinx, what: str, name: str, thing: Any, skip: bool, options: Any) -> bool | None:
    """The fields of a named tuple are in its signature; what is said of each is its number."""
    return True if type(thing).__name__ == "_tuplegetter" else None


def say_what_it_takes(
    app: Any, what: str, name: str, thing: Any, options: Any, signature: str | None, returns: str | None
) -> tuple[str, str | None] | None:
    """A class of traits has a `__new__` that takes anything, which Sphinx reads first; its `__init__` says what."""
    if what == "class" and signature == "(*args, **kwargs)":
        app.emit("autodoc-before-process-signature", thing.__init__, True)  # defaults as they are written
        return stringify_signature(signature_of(thing.__init__, bound_method=True), show_annotation=False), returns
    return None


# --- the pages ------------------------------------------------------------------------------------------------------------


def entry(full: str, thing: Any) -> str:
    """The autodoc directive of one thing; what is neither class nor function is said in words."""
    if inspect.isclass(thing):
        return f".. autoexception:: {full}\n" if issubclass(thing, Exception) else f".. autoclass:: {full}\n   :members:\n"
    if inspect.isroutine(thing):
        return f".. autofunction:: {full}\n"
    if isinstance(thing, dict):
        return f".. py:data:: {full}\n\n   A table by name: {', '.join(f'``{key}``' for key in thing)}.\n"
    return f".. py:data:: {full}\n\n   {prose(str(getattr(thing, 'label', thing)), full)} (:py:obj:`{type(thing).__name__}`)\n"


def module(app: Sphinx, name: str) -> str:
    """All that a module offers: what it is for, and each thing, unless a more special module describes it."""
    known_as = MODULES[name]
    package, _, last = known_as.rpartition(".")
    rst = [".. code-block:: python", "", f"    from {package} import {last}" if package else f"    import {known_as}", ""]
    rst += to_rst((inspect.getdoc(import_module(name)) or "").splitlines(), known_as)
    elsewhere = []
    for each, thing in offered(name):
        full = documented()[f"{known_as}.{each}"]
        if full == f"{known_as}.{each}":
            rst += ["", entry(full, thing)]
        else:
            elsewhere.append(f":py:obj:`{short(full)} <{full}>`")
    if elsewhere:
        rst += ["", f"Here too: {', '.join(elsewhere)}."]
    return "``````{eval-rst}\n" + "\n".join(rst) + "\n``````"


def described(name: str, pages: dict[str, str]) -> str:
    """A link to where a module is described, by the heading over it.

    >>> described("a", {"b.md": "# B\\n\\n## Of a\\n\\n% here: module a\\n"})
    '[Of a](b.md#of-a)'
    """
    for page, text in pages.items():
        if found := re.search(rf"^% here: module {re.escape(name)}$", text, flags=re.MULTILINE):
            title, *headings = re.findall(r"^#+ (.+)$", text[: found.start()], flags=re.MULTILINE)
            return f"[{headings[-1]}]({page}#{default_slugify(headings[-1])})" if headings else f"[{title}]({page})"
    raise ValueError(f"no page of api/ describes {name}")


def modules(app: Sphinx) -> str:
    """Each module with the place that describes it, and what its docstring says first."""
    lines = []
    pages = {page.name: page.read_text(encoding="utf-8") for page in sorted((Path(app.srcdir) / "api").glob("*.md"))}
    for name, known_as in MODULES.items():
        first = (inspect.getdoc(import_module(name)) or "").split("\n\n")[0].replace("\n", " ")
        names = ", ".join(link(f"{known_as}.{each}") for each, _ in offered(name))
        lines.append(f"{described(name, pages)} · `{known_as}`\n: {first}\n: {names}")
    return "\n\n".join(lines)


def link_code(app: Sphinx, document: nodes.document, docname: str) -> None:
    """In the text of chapters `optim.Adam` leads to its description."""
    if not re.match(r"chapters/(\d\d-|notation|glossary|playground)", docname):
        return
    objects = app.env.get_domain("py").objects  # type: ignore[attr-defined]
    for code in list(document.findall(nodes.literal)):
        full = documented().get(f"dlcourse.{code.astext().removesuffix('()')}")
        inside = code.parent is not None and isinstance(code.parent, (nodes.reference, nodes.title))
        if full in objects and "." in code.astext() and not inside:
            found = objects[full]
            code.replace_self(make_refnode(app.builder, docname, found.docname, found.node_id, code.deepcopy(), full))


def setup(app: Sphinx) -> None:
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", convert)
    app.connect("autodoc-process-signature", say_what_it_takes)
    app.connect("autodoc-skip-member", leave_out)
    app.connect("doctree-resolved", link_code)
