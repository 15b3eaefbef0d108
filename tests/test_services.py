"""What Binder and the workflows call exists here, and installs what `make book` installs."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
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
    build = binder / "postBuild"
    assert build.stat().st_mode & 0o111
    assert re.search(r"^python -m pip install .*--no-deps .*--editable \.$", build.read_text(), re.M)


LOWEST_PYTHON = {
    "README.md": r"needs Python ([\d.]+) or newer",
    "Makefile": r"needs Python ([\d.]+) or newer",
    "pyproject.toml": r'^python_version = "([\d.]+)"',
    ".binder/runtime.txt": r"^python-([\d.]+)$",
    ".ci/run": r"sys\.version_info < \((\d+, \d+)\)",
    ".github/workflows/newest.yml": r'python-version: "([\d.]+)"',
    ".github/workflows/test.yml": r'python-version: "([\d.]+)"',
}


@pytest.mark.parametrize("name", LOWEST_PYTHON)
def test_the_lowest_python_is_one(name: str, repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = re.search(LOWEST_PYTHON[name], (repository / name).read_text(encoding="utf-8"), re.M)
    assert found
    assert f">={found[1].replace(', ', '.')}" == project["requires-python"]


def dry_run(repository: Path, *words: str) -> str:
    return subprocess.run(
        ["make", "--no-print-directory", "--dry-run", *words], cwd=repository, capture_output=True, text=True, check=True
    ).stdout


def test_the_lock_is_renewed_without_installing_it(repository: Path) -> None:
    """The old lock may no longer install when a new one is needed."""
    lowest = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    said = dry_run(repository, "lock", "VENV=nowhere")
    assert f"--python-version {lowest.removeprefix('>=')} " in said
    assert "nowhere" not in said
    assert "-r requirements.txt" not in said


def test_nothing_unlocked_replaces_what_is_locked(repository: Path) -> None:
    """What a command installs beside the lock keeps to its versions."""
    lines = [
        line for line in (repository / "Makefile").read_text(encoding="utf-8").splitlines() if "$(PY) -m pip install" in line
    ]
    assert len(lines) > 3
    assert [line for line in lines if "requirements.txt" not in line and "-e ." not in line] == []


def test_a_notebook_saved_in_jupyterlab_keeps_its_explorables(repository: Path) -> None:
    """The setting exists, `make lab` lets JupyterLab find it, and Binder gets a copy."""
    plugin, setting = "@jupyter-widgets/jupyterlab-manager:plugin", "saveState"
    package, _, name = plugin.partition(":")
    schema = Path(sys.prefix, "share", "jupyter", "labextensions", package, "schemas", package, f"{name}.json")
    assert setting in json.loads(schema.read_text(encoding="utf-8"))["properties"]

    said = dry_run(repository, "lab", "LABFLAGS=--allow-root")
    assert said.rstrip().endswith("-m jupyterlab chapters --allow-root")
    path = re.search(r'JUPYTER_CONFIG_PATH="([^"$]*)', said)
    assert path
    ask = "from jupyter_server.services.config.manager import ConfigManager; import json\n"
    ask += "print(json.dumps(ConfigManager(config_dir_name='labconfig').get('default_setting_overrides')))"
    there = os.environ | {"JUPYTER_CONFIG_PATH": path[1]}
    found = subprocess.run([sys.executable, "-c", ask], env=there, capture_output=True, text=True, check=True)
    assert json.loads(found.stdout)[plugin] == {setting: True}

    copied = re.search(r"^cp (\S+) \"\$labconfig\"$", (repository / ".binder" / "postBuild").read_text(encoding="utf-8"), re.M)
    assert copied
    assert (repository / copied[1]).samefile(Path(path[1]) / "labconfig" / "default_setting_overrides.json")


def test_the_version_is_one(repository: Path) -> None:
    text = {
        name: (repository / name).read_text(encoding="utf-8") for name in ("CHANGELOG.md", "CITATION.cff", "pyproject.toml")
    }
    citation = yaml.load(text["CITATION.cff"], Loader=yaml.BaseLoader)  # a date may stand without quotation marks
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


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("new_chapter.py", "Name the text of a chapter"),
        ("new_chapter.py nowhere.md", "There is no nowhere.md."),
        ("outputs.py nowhere.ipynb", "There is no nowhere.ipynb; nothing is run."),
        ("policy.py nowhere", "nowhere holds no pages: build the book first, make book"),
    ],
)
def test_a_command_says_in_a_sentence_what_it_lacks(command: str, says: str, repository: Path, tmp_path: Path) -> None:
    script, *words = command.split()
    python = [sys.executable, str(repository / "book" / script), *words]
    done = subprocess.run(python, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert (done.stdout, done.stderr.count("\n")) == ("", 1)
    assert done.stderr.startswith(says)


def test_a_taken_port_is_named(repository: Path) -> None:
    recipe = (repository / "Makefile").read_text(encoding="utf-8").split("\nserve: $(BUILT)\n", 1)[1].split("\n\n", 1)[0]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        words = ["make", "-f", "-", "serve", f"PORT={port}", f"PY={sys.executable}"]
        done = subprocess.run(words, input=f"serve:\n{recipe}\n", capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert f"Port {port} is taken" in done.stdout
    assert "Traceback" not in done.stderr


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
