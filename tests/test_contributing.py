"""The how-to pages of contributing/ are followed word for word in a copy of the repository.

A block of code is what the line before it says: `Create`, `At the end of … add`, `replace … by`, `Run`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

# One of them is followed in every run, the others take longer: `make nightly` follows all.
PAGES = ["optimiser", *(pytest.param(name, marks=pytest.mark.nightly) for name in ("activation", "chapter", "explorable"))]
BLOCK = re.compile(r"^(?P<said>[^\n]*:)\n\n(?P<fence>`{3,})[^\n]*\n(?P<code>.*?)\n(?P=fence)$", re.MULTILINE | re.DOTALL)


class Step(NamedTuple):
    said: str
    code: str


def steps(page: str) -> Iterator[Step]:
    found = [Step(block["said"], block["code"]) for block in BLOCK.finditer(page)]
    assert len(found) == len(re.findall(r"^(`{3,})\w*\n.*?\n\1$", page, re.MULTILINE | re.DOTALL)), "a block without its line"
    yield from found


def place(said: str) -> str:
    (name,) = re.findall(r"`([^`]+)`", said)
    return str(name)


def follow(page: str, top: Path) -> list[str]:
    """Do what the page says in the repository at `top`; gives the commands that were run."""
    ran, old, where = [], "", top
    for said, code in steps(page):
        if said.startswith("Run"):
            for command in code.splitlines():
                environment = os.environ | {"PYTHONPATH": str(top), "PYTHONDONTWRITEBYTECODE": "1"}
                environment.pop("PYTEST_ADDOPTS", None)
                done = subprocess.run(command, shell=True, cwd=top, env=environment, capture_output=True, text=True)
                assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}{done.stderr[-1000:]}"
                ran.append(command)
            continue
        if said != "by:":
            where = top / place(said)
        if said.startswith("Create"):
            assert not where.exists(), f"{where.name} is there already"
            where.write_text(code + "\n", encoding="utf-8")
            continue
        text = where.read_text(encoding="utf-8")
        if said.startswith("At the end of"):
            where.write_text(f"{text.rstrip()}\n\n\n{code}\n", encoding="utf-8")
        elif said.endswith("replace:"):
            assert text.count(code) == 1, f"{where.name} holds this {text.count(code)} times:\n{code}"
            old = code
        else:
            assert said == "by:", f"what is to be done is not clear: {said}"
            where.write_text(text.replace(old, code), encoding="utf-8")
    return ran


@pytest.fixture
def copy(repository: Path, tmp_path: Path) -> Path:
    """What is tracked, or will be, with the environment of this run."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, cwd=repository, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and (repository / name).is_file() and "/vendor/" not in name:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(repository / name, tmp_path / name)
    (tmp_path / ".venv").symlink_to(repository / ".venv")
    return tmp_path


def test_every_page_is_followed(repository: Path) -> None:
    there = {path.stem for path in (repository / "contributing").glob("*.md") if "\nRun:\n" in path.read_text(encoding="utf-8")}
    assert there == {page if isinstance(page, str) else page.values[0] for page in PAGES}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_can_be_followed(name: str, repository: Path, copy: Path) -> None:
    if not (repository / ".venv" / "bin" / "python").exists():
        pytest.skip("the pages speak of .venv, which `make install` makes")
    commands = follow((repository / "contributing" / f"{name}.md").read_text(encoding="utf-8"), copy)
    assert any("pytest" in command for command in commands)


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ("Run:\n\n```sh\nfalse\n```", "false"),
        ("In `a.py`, replace:\n\n```python\nx = 2\n```\n\nby:\n\n```python\nx = 3\n```", "holds this 0 times"),
        ("Create `a.py`:\n\n```python\nx = 2\n```", "is there already"),
        ("In `a.py`, think of:\n\n```python\nx = 2\n```", "not clear"),
        ("Look at this.\n\n```python\nx = 2\n```", "a block without its line"),
    ],
)
def test_a_page_that_cannot_be_followed_is_found(page: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n", encoding="utf-8")
    with pytest.raises(AssertionError, match=says):
        follow(page, tmp_path)
