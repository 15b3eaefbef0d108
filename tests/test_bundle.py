"""The committed browser files are what the sources in js/ build."""

import hashlib
import re
from pathlib import Path

import pytest


def sources_hash(js: Path) -> str:
    """As js/build.mjs computes it."""
    sources = [path.relative_to(js).as_posix() for path in (js / "src").rglob("*") if path.is_file()]
    digest = hashlib.sha256()
    for path in sorted([*sources, "build.mjs", "package.json", "package-lock.json"]):
        digest.update(path.encode() + b"\0" + (js / path).read_bytes() + b"\0")
    return digest.hexdigest()


@pytest.mark.parametrize("name", ["explorables.js", "explorables.mjs", "explorables.css"])
def test_the_bundle_is_current(repository: Path, name: str) -> None:
    first = (repository / "dlcourse" / "live" / "static" / name).read_text(encoding="utf-8").splitlines()[0]
    assert first == f"/* sources sha256: {sources_hash(repository / 'js')} */", "stale: run `npm ci && npm run build` in js/"


@pytest.mark.parametrize("name", ["explorables.js", "explorables.mjs"])
def test_the_bundle_makes_no_code_from_text(repository: Path, name: str) -> None:
    """A page whose policy forbids `eval` can carry the explorables, and nothing is ever inserted as HTML."""
    script = (repository / "dlcourse" / "live" / "static" / name).read_text(encoding="utf-8")
    assert not re.findall(r"\beval\(|\bnew Function\b|\bFunction\(|\.innerHTML\s*=|insertAdjacentHTML|document\.write", script)


def test_the_lock_file_names_no_host(repository: Path) -> None:
    assert "://" not in (repository / "js" / "package-lock.json").read_text(encoding="utf-8")
