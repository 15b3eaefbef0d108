"""Whatever is interrupted leaves nothing that breaks the next run, and notebooks say the same elsewhere.

That `fit` keeps what it learned and a search goes on is tested with them, in tests/training.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "browser"))

from building import build

# In the place of Python: it "builds" a page, as far as it is let.
BUILDER = """#!/bin/sh
mkdir -p _build/html
echo begun > _build/html/chapter.html
case "$ENDS" in fails) exit 1;; killed) kill -TERM "$PPID"; exit 1;; esac
echo done > _build/html/index.html
echo built >> log
"""


def make(folder: Path, ends: str = "well") -> int:
    command = ["make", "book", "PY=./builder"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")} | {"ENDS": ends}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False).returncode


@pytest.mark.parametrize("ends", ["fails", "killed"])
def test_an_interrupted_build_is_not_taken_for_a_book(ends: str, repository: Path, tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / ".venv").mkdir()
    sources = ("_config.yml", "_toc.yml", "pyproject.toml", "tests/coverage_map.py", "requirements.txt")
    for age, name in enumerate([".venv/.installed", ".venv/.locked", *sources]):  # installed long since
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1e9 - 10 * age,) * 2)
    shutil.copy(repository / "Makefile", tmp_path)
    (tmp_path / "builder").write_text(BUILDER)
    (tmp_path / "builder").chmod(0o755)
    built, log = tmp_path / "_build" / ".built", tmp_path / "log"
    assert make(tmp_path, ends) != 0
    assert (tmp_path / "_build" / "html" / "chapter.html").exists()
    assert not built.exists()
    assert make(tmp_path) == 0  # the next one begins anew …
    assert built.exists()
    assert make(tmp_path) == 0  # … and is not repeated
    assert log.read_text() == "built\n"
    (tmp_path / "_config.yml").write_text("changed")
    assert make(tmp_path, ends) != 0  # an old book is no book either
    assert not built.exists()


# In the place of `make book`: who builds while another does is seen.
BOOK = """book:
\tmkdir building && sleep 0.2 && rmdir building && mkdir -p _build && echo built >> log
"""


def test_processes_of_one_run_build_once_and_of_two_runs_one_after_the_other(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(BOOK)
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(lambda run: build(tmp_path, run), ["a", "a", "b", "b"])) == [""] * 4
    assert (tmp_path / "log").read_text() == "built\n" * 2


def test_a_build_that_fails_is_tried_again_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("book:\n\techo no paper; exit 1\n")
    assert "no paper" in build(tmp_path, "a")
    (tmp_path / "Makefile").write_text(BOOK)
    assert build(tmp_path, "a") == ""


def run_elsewhere(notebook: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """With another folder, clock, language and number format: every cell passes, and prints what it printed at home."""
    elsewhere = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "LANG": "tr_TR.UTF-8", "PYTHONHASHSEED": "7", "PYTHONUTF8": "0"}
    copy = Path(shutil.copy(notebook, folder / "a copy.ipynb"))
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-q", "-p", "no:cacheprovider", str(copy)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    return subprocess.run(command, cwd=folder, env=environment | elsewhere, capture_output=True, text=True, check=False)


NOTEBOOKS = sorted((Path(__file__).parent.parent / "chapters").glob("*.ipynb"))


@pytest.mark.nightly
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_says_the_same_elsewhere(notebook: Path, tmp_path: Path) -> None:
    done = run_elsewhere(notebook, tmp_path)
    assert done.returncode == 0, done.stdout[-3000:]
