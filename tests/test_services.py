"""What Binder and the workflows call exists here, and installs what `make book` installs."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import nbformat
import yaml

import dlcourse


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
    assert {".ci/run", "lock", "links", "audit", "nightly"} <= made


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


def test_the_version_is_one(repository: Path) -> None:
    text = {
        name: (repository / name).read_text(encoding="utf-8") for name in ("CHANGELOG.md", "CITATION.cff", "pyproject.toml")
    }
    citation = yaml.safe_load(text["CITATION.cff"])
    newest = re.search(r"^## (\S+) \((\S+)\)$", text["CHANGELOG.md"], re.M)
    assert newest
    assert newest.groups() == (citation["version"], citation["date-released"])
    assert dlcourse.__version__ == citation["version"] == tomllib.loads(text["pyproject.toml"])["project"]["version"]
    numbers = [tuple(map(int, number.split("."))) for number in re.findall(r"^## (\S+)", text["CHANGELOG.md"], re.M)]
    assert numbers == sorted(numbers, reverse=True)
    assert all(len(number) == 3 for number in numbers)


def test_no_job_may_do_more_than_it_needs(repository: Path) -> None:
    """Read, unless a job says otherwise; pages are written by one job that runs none of our code."""
    for path in sorted((repository / ".github" / "workflows").glob("*.yml")):
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert workflow["permissions"]["contents"] == "read", path.name
        for name, job in workflow["jobs"].items():
            if "pages" in job.get("permissions", {}):
                assert (name, job["permissions"]) == ("publish", {"pages": "write", "id-token": "write"})
                assert not any("run" in step for step in job["steps"])
                assert job["if"] == "github.event_name == 'push'"


def test_hooks_call_what_is_locked(repository: Path) -> None:
    config = yaml.safe_load((repository / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [each["repo"] for each in config["repos"]] == ["local"], (
        "a repository of hooks would be fetched before any hook runs"
    )
    hooks = {hook["id"]: hook for hook in config["repos"][0]["hooks"]}
    assert re.fullmatch(r"codespell==[\d.]+", *hooks.pop("codespell")["additional_dependencies"])
    assert {"ruff-check", "ruff-format", "outputs", "house"} == set(hooks)
    lock = (repository / "requirements.txt").read_text(encoding="utf-8")
    for hook in hooks.values():
        python, *words = hook["entry"].split()
        assert (hook["language"], python) == ("system", ".venv/bin/python"), hook["id"]
        if words[0] == "-m":
            assert re.search(rf"^{words[1]}==", lock, re.M), hook["id"]
        else:
            assert (repository / words[0]).is_file(), hook["id"]


def test_the_hook_strips_a_notebook_and_keeps_what_is_compared(repository: Path, tmp_path: Path) -> None:
    printed = [nbformat.v4.new_output("stream", name="stdout", text="1\n")]
    tags = {"a": ["nbval-check-output"], "b": []}
    cells = [nbformat.v4.new_code_cell("print(1)", id=i, metadata={"tags": t}, outputs=printed) for i, t in tags.items()]
    path = tmp_path / "page.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"widgets": {}}), path)
    subprocess.run([sys.executable, str(repository / "book" / "outputs.py"), "--strip", str(path)], check=True)
    kept, bare = nbformat.read(path, as_version=4).cells
    assert (kept.outputs, kept.execution_count) == (printed, 1)
    assert (bare.outputs, bare.execution_count) == ([], None)
