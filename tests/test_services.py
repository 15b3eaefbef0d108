"""What Binder and the workflows call exists here, and installs what `make book` installs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml


def commands(repository: Path) -> Iterator[tuple[str, str]]:
    """(workflow, line) for every line that a workflow runs."""
    for path in sorted((repository / ".github" / "workflows").glob("*.yml")):
        for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values():
            for step in job["steps"]:
                yield from ((path.name, line.strip()) for line in step.get("run", "").splitlines())


def test_workflows_call_what_is_there(repository: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (repository / "Makefile").read_text(encoding="utf-8"), re.M))
    made = set()
    for workflow, line in commands(repository):
        if target := re.fullmatch(r"make ([a-z]+)", line):
            assert target[1] in targets, f"{workflow} calls {line}"
            made.add(target[1])
        if script := re.fullmatch(r"bash (\S+)", line):
            assert (repository / script[1]).is_file(), f"{workflow} calls {line}"
            made.add(script[1])
    assert {".ci/run", "lock", "links"} <= made


def test_what_is_published_is_what_make_book_builds(repository: Path) -> None:
    workflow = yaml.safe_load((repository / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))
    paths = [step["with"]["path"] for step in workflow["jobs"]["test"]["steps"] if "upload-pages" in step.get("uses", "")]
    html = re.search(r"^HTML\s*:=\s*(\S+)", (repository / "Makefile").read_text(encoding="utf-8"), re.M)
    assert html
    assert paths == [html[1]]


def test_binder_installs_the_lock_and_the_package(repository: Path) -> None:
    binder = repository / ".binder"
    wanted = [line for line in (binder / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    assert wanted == ["-r ../requirements.txt"]
    project = (repository / "pyproject.toml").read_text(encoding="utf-8")
    lowest = re.search(r'requires-python = ">=([\d.]+)"', project)
    assert lowest
    assert (binder / "runtime.txt").read_text().strip() == f"python-{lowest[1]}"
    build = binder / "postBuild"
    assert build.stat().st_mode & 0o111
    assert re.search(r"^python -m pip install .*--no-deps .*--editable \.$", build.read_text(), re.M)
