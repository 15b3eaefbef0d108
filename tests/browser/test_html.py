"""Every built page against the HTML standard, by html-validate's standard rules (js/htmlvalidate.json), and its head."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

JS = Path(__file__).parents[2] / "js"
VALIDATOR = JS / "node_modules" / "html-validate" / "bin" / "html-validate.mjs"


def validate(files: list[Path]) -> list[str]:
    config = ["--config", str(JS / "htmlvalidate.json"), "--formatter", "json"]
    done = subprocess.run(["node", str(VALIDATOR), *config, *map(str, files)], capture_output=True, text=True, cwd=JS)
    assert done.stdout, done.stderr
    return [
        f"{Path(page['filePath']).name}:{each['line']}: {each['ruleId']}: {each['message']}"
        for page in json.loads(done.stdout)
        for each in page["messages"]
    ]


@pytest.fixture(autouse=True)
def the_validator_is_there() -> None:
    if shutil.which("node") is None or not VALIDATOR.is_file():
        pytest.skip("needs Node and `npm ci` in js/")


def test_pages_are_valid(built_book: Path, pages: list[str]) -> None:
    assert validate([built_book / name for name in pages]) == []


def test_what_is_wrong_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        '<!DOCTYPE html><html lang="en"><head><title>Page</title></head><body><ul><p>no item</p></ul>'
        '<p id="a">one</p><p id="a">two</p><section><h1>open</h1></body></html>',
        encoding="utf-8",
    )
    found = Counter(problem.split(": ")[1] for problem in validate([page]))
    assert set(found) >= {"element-permitted-content", "no-dup-id", "close-order"}


def test_every_page_is_described_in_its_own_words(built_book: Path, pages: list[str]) -> None:
    described = {}
    for name in pages:
        text = (built_book / name).read_text(encoding="utf-8")
        if name in ("search.html", "genindex.html"):
            continue
        (described[name],) = re.findall(r'<meta name="description" content="([^"]{20,260})" />', text)
        assert len(re.findall(r'<meta property="og:(?:title|description|type|site_name)"', text)) == 4
        assert re.search(r'<link rel="icon" href="(?:\.\./)?_static/favicon\.svg', text), name
    assert len(set(described.values())) == len(described)
