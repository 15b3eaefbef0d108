"""What the tests read in a chapter: its words without formulas and code, its numbers, terms and symbols."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

TOP = Path(__file__).parent.parent
CHAPTERS = sorted((TOP / "chapters").glob("[0-9][0-9]-*.ipynb"))
DISPLAYED = r"\$\$.*?\$\$"
INLINE = r"(?<!\\)\$[^$]+\$"
DIRECTIVE = r"^(?:`{3,}|:{3,})[^\n]*$|^:[\w-]+:[^\n]*$|^\([\w-]+\)=$"  # fences, options, labels
# What is a name, not words: some roles, and links to other pages.
ROLE = r"\{(?:cite[:\w]*|eq|ref|numref|doc)\}`[^`]*`|\[[^\]]+\]\([\w-]+\.(?:ipynb|md)\)"


def plain(source: str) -> str:
    """A cell without the lines that only IPython understands."""
    return "\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!")))


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [
        {**c, "source": "".join(c["source"]), "tags": set(c["metadata"].get("tags", []))}
        for c in found
        if c["cell_type"] == kind
    ]


def markdown(path: Path) -> str:
    """All text of a page, as it was written."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    return "\n\n".join(cell["source"] for cell in cells(path, "markdown"))


def prose(path: Path) -> str:
    """The text of a chapter without formulas, code and links."""
    return strip(markdown(path), DISPLAYED, INLINE, ROLE, r"<[^>]+>", r"\{[\w:]+\}", r"https?://\S+")


def strip(text: str, *patterns: str) -> str:
    """The text without fences, code and what matches; the words of roles are no code."""
    text = re.sub(r"^`{3,}[^\n]*$", " ", text, flags=re.MULTILINE)
    text = re.sub(r"(\{[\w:]+\}`[^`]*`)|`[^`\n]+`", lambda m: m[1] or " ", text)
    for pattern in patterns:
        text = re.sub(pattern, " ", text, flags=re.DOTALL | re.MULTILINE)
    return text


def calls(source: str, name: str) -> list[ast.Call]:
    """The calls of a function or method of this name in a cell."""
    found = [node for node in ast.walk(ast.parse(plain(source))) if isinstance(node, ast.Call)]
    return [c for c in found if name == (c.func.attr if isinstance(c.func, ast.Attribute) else getattr(c.func, "id", None))]


# Numbers ----------------------------------------------------------------------------------------------------------

NUMBER = r"(?<![\w.,^])[−-]?\d[\d,]*(?:\.\d+)?(?:e-?\d+)?(?![\w^])"
# Numbers that name something and claim nothing.
NAMES = (
    r"\b[Cc]hapters?\s+\d+(?:(?:,|\s+and|\s+to|–|-)\s*\d+)*",
    r"\b[Ss]ources?\s+\d{3}(?:(?:,|\s+and)\s*\d{3})*",
    r"^\s*\|\s*\d{3}(?:,\s*\d{3})*\s*\|",  # the first column of the table of sources
    r"(?<![\d.,])(?:1[6-9]|20)\d\d(?![\d.,]*\d)",  # years
    r"^\s*\d+\.\s",  # of a list
    r"\b0/1\b",  # the loss
)


class Quoted(NamedTuple):
    """A number as it stands in the text, and its value and precision."""

    text: str
    value: float
    decimals: int


def read_number(text: str) -> Quoted:
    digits = text.replace(",", "").replace("−", "-")
    mantissa, _, exponent = digits.partition("e")
    decimals = len(mantissa.partition(".")[2]) - int(exponent or 0)
    return Quoted(text, float(digits), decimals)


def numbers(text: str) -> list[Quoted]:
    """The numbers that a text claims: all in digits outside displayed formulas and code, and decimals within a line's formula.

    >>> [n.text for n in numbers("About 50 % of 1,797 at $\\\\alpha = 0.05$ in `x[3]`, chapter 7 {eq}`a-1` of 1964")]
    ['50', '1,797', '0.05']
    """
    text = strip(text, DISPLAYED, ROLE, DIRECTIVE, *NAMES)
    text = re.sub(r'href="[^"]*"|https?://\S+|\]\([^)]*\)', " ", text)
    inline = " ".join(re.findall(INLINE, text))
    words = strip(text, INLINE)
    found = [*re.findall(NUMBER, words), *(n for n in re.findall(NUMBER, re.sub(r"\{,\}", ",", inline)) if "." in n)]
    return [read_number(n.rstrip(",")) for n in found]


def literals(source: str) -> Iterator[float]:
    """The numbers in a cell's code."""
    for node in ast.walk(ast.parse(plain(source))):
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
            yield float(node.value)


def produced(path: Path) -> set[float]:
    """What the cells of a chapter print and compare, and what they are set to."""
    found: set[float] = set()
    for cell in cells(path, "code"):
        found.update(literals(cell["source"]))
        printed = "".join("".join(output.get("text", "")) for output in cell["outputs"])
        for text in re.findall(r"[−-]?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?", printed):
            found.add(float(text.rstrip(",").replace(",", "").replace("−", "-")))
    return found


def is_produced(quoted: Quoted, values: set[float]) -> bool:
    """Some value, rounded to the digits of the quotation, is the quotation; 94 (%) may stand for 0.94, 3 for −3.

    >>> is_produced(read_number("0.15"), {0.147}), is_produced(read_number("0.15"), {0.2})
    (True, False)
    """
    near = 0.5 * 10.0**-quoted.decimals * (1 + 1e-9)
    if quoted.decimals <= 0:
        near = 0.5  # 1,000 is no rounded 1,234
    wanted = abs(quoted.value)
    return any(abs(abs(v) * scale - wanted) <= near * (scale if v == int(v) else 1) for v in values for scale in (1, 100))


# Terms ------------------------------------------------------------------------------------------------------------

GLOSSARY = TOP / "chapters" / "glossary.md"
TERM = r"\{term\}`([^`<]+?)(?:\s*<([^`>]+)>)?`"


@cache
def glossary() -> list[str]:
    """The terms that the glossary explains, in its order."""
    found = re.search(r"^```\{glossary\}\n(.*?)^```$", GLOSSARY.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    assert found, f"{GLOSSARY} has no glossary directive"
    lines = [line for line in found[1].splitlines() if not line.startswith(":")]
    return [line.strip() for line in lines if line and not line[0].isspace()]


def linked_terms(text: str) -> list[str]:
    """The glossary's terms that a text links to.

    >>> linked_terms("One {term}`epoch`, many {term}`mini-batches <mini-batch>`.")
    ['epoch', 'mini-batch']
    """
    return [" ".join((target or shown).split()) for shown, target in re.findall(TERM, text)]


# Symbols ----------------------------------------------------------------------------------------------------------

NOTATION = TOP / "chapters" / "notation.md"
# TeX that arranges and relates what has a meaning, and has none to look up.
ARRANGES = set(
    r"""aligned gathered cases array pmatrix bmatrix matrix begin end left right bigl bigr Bigl Bigr big Big bigg Bigg biggl
    biggr middle frac tfrac dfrac sqrt quad qquad text mathrm mathbf boldsymbol operatorname limits underbrace overbrace
    overline cdot cdots dots ldots vdots ddots times ne neq le ge leq geq ll gg approx sim equiv pm mp to gets leftarrow
    rightarrow Rightarrow Leftrightarrow iff implies mapsto longrightarrow in notin subset cup cap setminus forall exists
    infty colon mid lVert rVert lvert rvert Vert vert langle rangle lfloor rfloor lceil rceil displaystyle textstyle
    scriptstyle phantom hphantom vphantom hspace stackrel overset underset not prime ln log exp sin cos tan tanh sinh cosh
    max min arg argmax argmin sup inf lim det hline color mathbin mathop nolimits substack propto star dagger ddot
    dot hat bar tilde widehat widetilde vec top""".split()  # noqa: SIM905
)


ALPHABET = r"\\(math(?:cal|bb))\s*\{?\s*([A-Za-z])\b\}?"


def symbols(formula: str) -> set[str]:
    r"""The letters and named signs of a formula, each as TeX says it; words in \text and names of functions are left out.

    >>> sorted(symbols(r"\frac1T \sum_t l(f(x^{(t)};\theta), y) \quad\text{for all } t, \operatorname{sign} \mathcal N"))
    ['T', '\\mathcal N', '\\sum', '\\theta', 'f', 'l', 't', 'x', 'y']
    """
    formula = re.sub(r"\\(?:text|operatorname|mathrm|textbf|tag|label)\*?\s*\{[^{}]*\}", " ", formula)
    formula = re.sub(r"\\(?:begin|end)\{[^}]*\}(?:\{[lcr|]+\})?", " ", formula)
    found = {rf"\{alphabet} {letter}" for alphabet, letter in re.findall(ALPHABET, formula)}
    formula = re.sub(ALPHABET, " ", formula)
    for macro in re.findall(r"\\([A-Za-z]+)", formula):
        if macro not in ARRANGES:
            found.add(rf"\{macro}")
    formula = re.sub(r"\\[A-Za-z]+", " ", formula)
    return found | set(re.findall(r"[A-Za-zα-ωΑ-Ω]", formula))


def formulas(text: str) -> list[str]:
    text = strip(text)
    displayed = re.findall(r"\$\$(.*?)\$\$", text, flags=re.DOTALL)
    return [*displayed, *(f.strip("$") for f in re.findall(INLINE, strip(text, DISPLAYED)))]


@cache
def notation() -> dict[str, set[str]]:
    """The symbols that the chapter Notation explains: "" for the whole course, "06" for chapter 6 alone."""
    found: dict[str, set[str]] = {"": set()}
    where = ""
    for line in NOTATION.read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"^#{2,3} (?:Chapter (\d+))?", line):
            where = (heading[1] or "").zfill(2) if heading[1] else ""
            if line.startswith("## How the sources"):
                break
        if line.startswith("|"):
            first = line.split("|")[1]
            for formula in re.findall(INLINE, first):
                found.setdefault(where, set()).update(symbols(formula.strip("$")))
    return found
