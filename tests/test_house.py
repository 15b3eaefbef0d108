"""The house around the book: what is committed is whole, current, self-contained and nobody's machine."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

BUNDLE = ("explorables.js", "explorables.mjs", "explorables.css")


def tracked(repository: Path) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=repository, capture_output=True, text=True, check=True)
    return [repository / name for name in listed.stdout.split("\0") if name and (repository / name).is_file()]


def texts(repository: Path) -> Iterator[tuple[str, str]]:
    """(path, text) of every text file that people wrote."""
    for path in tracked(repository):
        name = path.relative_to(repository).as_posix()
        if "/vendor/" in name or name.startswith("dlcourse/live/static/"):
            continue
        try:
            yield name, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


# --- what was taken over and what was built -----------------------------------------------------------------------


def test_vendored_files_are_those_of_the_manifest(repository: Path) -> None:
    vendor = repository / "book" / "static" / "vendor"
    packages = json.loads((vendor / "manifest.json").read_text())["packages"]
    named = {name: digest for package in packages for name, digest in package["files"].items()}
    there = {
        path.relative_to(vendor).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in vendor.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert there == named
    assert all(package[key] for package in packages for key in ("name", "version", "licence", "origin"))


def sources_hash(js: Path) -> str:
    """As in js/build.mjs: over path + NUL + content + NUL of each source, sorted by path."""
    named = {path.relative_to(js).as_posix(): path for path in (js / "src").rglob("*") if path.is_file()}
    named |= {name: js / name for name in ("build.mjs", "package.json", "package-lock.json")}
    digest = hashlib.sha256()
    for name in sorted(named):
        digest.update(f"{name}\0".encode() + named[name].read_bytes() + b"\0")
    return digest.hexdigest()


@pytest.mark.parametrize("name", BUNDLE)
def test_the_committed_bundle_is_of_these_sources(name: str, repository: Path) -> None:
    first = (repository / "dlcourse" / "live" / "static" / name).read_text(encoding="utf-8").split("\n", 1)[0]
    assert first == f"/* sources sha256: {sources_hash(repository / 'js')} */", "stale: run `make bundle`"


def test_the_bundle_builds_to_the_committed_bytes(repository: Path, tmp_path: Path) -> None:
    js = repository / "js"
    if shutil.which("node") is None or not (js / "node_modules" / "esbuild").is_dir():
        pytest.skip("needs Node and `npm ci` in js/ (the hash of the sources is compared without)")
    subprocess.run(["node", "build.mjs", str(tmp_path)], cwd=js, check=True)
    for name in BUNDLE:
        committed = repository / "dlcourse" / "live" / "static" / name
        assert (tmp_path / name).read_bytes() == committed.read_bytes(), f"{name} is stale: run `make bundle`"


# --- the lock -------------------------------------------------------------------------------------------------------


def lock(repository: Path) -> list[Requirement]:
    lines = (repository / "requirements.txt").read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def test_the_lock_pins_every_package_and_names_no_place(repository: Path) -> None:
    for requirement in lock(repository):  # an option such as --index-url does not parse
        assert requirement.url is None
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), requirement


def test_the_lock_is_within_the_ranges(repository: Path) -> None:
    here = default_environment()
    pinned = {
        canonicalize_name(requirement.name): str(requirement.specifier).removeprefix("==")
        for requirement in lock(repository)
        if requirement.marker is None or requirement.marker.evaluate(here)
    }
    project = tomllib.loads((repository / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    wanted += [line for extra in project["project"]["optional-dependencies"].values() for line in extra]
    for requirement in map(Requirement, wanted):
        if canonicalize_name(requirement.name) != project["project"]["name"]:
            version = pinned.get(canonicalize_name(requirement.name))
            assert version is not None, f"{requirement} is not in requirements.txt: run `make lock`"
            assert requirement.specifier.contains(version), (str(requirement), version)


def test_the_core_needs_numpy_alone() -> None:
    """The engine imports with every package but NumPy out of reach."""
    program = """
import sys
class OnlyNumPy:
    def find_spec(self, name, path=None, target=None):
        top = name.partition('.')[0]
        if top not in sys.stdlib_module_names and top not in ('numpy', 'dlcourse'):
            raise ModuleNotFoundError(f'{name} is not NumPy')
sys.meta_path.insert(0, OnlyNumPy())
import dlcourse, dlcourse.autodiff, dlcourse.optim, dlcourse.landscapes
from dlcourse import *
"""
    subprocess.run([sys.executable, "-c", program], check=True)


# --- nobody's machine, nobody's network ------------------------------------------------------------------------------

# Put together here, so that this file does not find itself.
PLACES = ["/".join(("", "root", "")), "/".join(("", "work", "")), "/".join(("", "home", "")), "/".join(("", "Users", ""))]
REGISTRIES = ["files.pythonhosted" + ".org", "pypi" + ".org/simple", "registry." + "npmjs"]


def test_every_kind_of_explorable_is_driven_in_a_browser(repository: Path) -> None:
    """Each that the package offers stands in a suite that works its controls and compares the page with Python."""
    from dlcourse import live

    offered = {
        name for name in live.__all__ if isinstance(kind := getattr(live, name), type) and issubclass(kind, live.Explorable)
    }
    others = {"Explorable", "Curves", "Question"}  # two bases; questions have answers, no numbers of the page
    suites = [path.read_text(encoding="utf-8") for path in sorted((repository / "tests/browser").glob("test_*.py"))]
    compares = re.compile(r"^def test_(every_control\w*_against_python|\w+_gives_the_numbers_of_python)\b", re.M)
    driven = {name for text in suites if compares.search(text) for name in re.findall(r"\blive\.([A-Z]\w+)", text)}
    assert offered - others <= driven, offered - others - driven


def test_no_tracked_file_names_a_machine_or_a_registry(repository: Path) -> None:
    found = [
        (name, place)
        for name, text in texts(repository)
        for place in PLACES + REGISTRIES
        if re.search(rf"(?<![\w.]){re.escape(place)}", text)
    ]
    assert found == []


LARGEST = 300_000  # bytes: a clone is a download


def test_no_tracked_file_is_large(repository: Path) -> None:
    large = {path.name: size for path in tracked(repository) if (size := path.stat().st_size) > LARGEST}
    assert large == {}


# --- the notebooks ---------------------------------------------------------------------------------------------------


def notebooks(repository: Path) -> list[Path]:
    return [path for path in tracked(repository) if path.suffix == ".ipynb"]


def test_notebooks_hold_outputs_only_where_they_are_compared(repository: Path) -> None:
    assert notebooks(repository)
    problems = []
    for path in notebooks(repository):
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        for number, cell in enumerate(notebook.cells):
            if cell.cell_type != "code":
                continue
            compared = "nbval-check-output" in cell.metadata.get("tags", [])
            if compared != bool(cell.outputs) or compared != (cell.execution_count is not None):
                problems.append(f"{path.name}, cell {number}: run `make outputs`")
            if any(output.output_type not in ("stream", "execute_result") for output in cell.outputs):
                problems.append(f"{path.name}, cell {number}: only text can be compared")
        if set(notebook.metadata) - {"kernelspec", "language_info"}:
            problems.append(f"{path.name}: metadata {sorted(notebook.metadata)}")
    assert problems == []


# --- the checks that the build makes of its pages ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def page_problems(repository: Path):  # type: ignore[no-untyped-def]
    sys.path.insert(0, str(repository / "book"))  # as Sphinx does for local extensions
    spec = importlib.util.spec_from_file_location("book_extension", repository / "book" / "extension.py")
    assert spec is not None
    assert spec.loader is not None
    extension = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(extension)

    def problems(page: str) -> list[str]:
        check = extension.PageCheck({"sun"})
        check.feed(page)
        return check.problems

    return problems


@pytest.mark.parametrize(
    "bad",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<script src="//cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="http://cdn.example/x.css">',
        '<link rel="preconnect" href="https://fonts.example">',
        '<img src="https://img.shields.example/x.svg" alt="A badge">',
        '<img src="_images/x.svg">',
        '<img src="_images/x.svg" alt=" ">',
        '<img src="_images/x.svg" alt="x.svg">',
        '<button onclick="window.print()">Print</button>',
        '<a href="JavaScript:go()">Go</a>',
        '<p style="background: url(https://cdn.example/x.png)">',
        "<style>@import 'https://cdn.example/x.css';</style>",
        '<style>@font-face { src: url("https://cdn.example/x.woff2") }</style>',
        '<iframe src="https://video.example"></iframe>',
        '<svg><image href="https://cdn.example/x.png"/></svg>',
        '<script type="application/vnd.jupyter.widget-view+json">{}</script>',
        '<script type="application/vnd.jupyter.widget-state+json">{}</script>',
        '<div class="cell"><pre>Traceback (most recent call last)</pre></div>',
        '<div class="cell"><pre><span>Error</span>  Traceback <span>(most recent</span> call last)</pre></div>',
        '<i class="fa-solid fa-sailboat"></i>',
    ],
)
def test_a_page_that_is_not_fit_to_read_is_found(bad: str, page_problems) -> None:  # type: ignore[no-untyped-def]
    assert len(page_problems(f"<html><body>{bad}</body></html>")) == 1


@pytest.mark.parametrize(
    "good",
    [
        '<a href="https://doi.example/10">a link is no request</a>',
        '<script src="_static/x.js"></script><link rel="stylesheet" href="../_static/x.css">',
        '<img src="data:image/png;base64," alt="A curve">',
        '<link rel="canonical" href="https://course.example/">',
        "<p>See https://example.org and url(https://example.org)</p>",
        '<div class="cell tag_raises-exception"><div class="output"><pre>Traceback (most recent call last)</pre></div></div>',
        '<i class="fa-solid fa-sun fa-lg"></i>',
    ],
)
def test_a_good_page_is_left_in_peace(good: str, page_problems) -> None:  # type: ignore[no-untyped-def]
    assert page_problems(f"<html><body>{good}</body></html>") == []
