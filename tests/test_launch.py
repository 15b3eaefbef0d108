"""Buttons that open a chapter elsewhere come from the repository's own address, and each leads to a file that is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from sphinx_book_theme.header_buttons.launch import add_launch_buttons

sys.path.insert(0, str(Path(__file__).parent.parent / "book"))

import launch


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", "-b", "work", str(tmp_path)], check=True)
    return tmp_path


def come_from(folder: Path, address: str) -> None:
    subprocess.run(["git", "-C", str(folder), "remote", "add", "origin", address], check=True)


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/someone/course.git",
        "https://github.com/someone/course/",
        "https://x-access-token:secret@github.com/someone/course",
        "git@github.com:someone/course.git",
        "ssh://git@github.com/someone/course.git",
    ],
)
def test_every_form_of_an_address(address: str, checkout: Path) -> None:
    come_from(checkout, address)
    assert launch.remote(checkout) == ("github.com", "someone/course", "work")


@pytest.mark.parametrize("address", [None, "/srv/git/course", "https://git.example/someone/course"])
def test_no_buttons_where_they_would_lead_nowhere(address: str | None, checkout: Path) -> None:
    if address:
        come_from(checkout, address)
    config = SimpleNamespace(html_theme_options={"use_edit_page_button": False})
    launch.add_repository_buttons(SimpleNamespace(srcdir=checkout), config)  # type: ignore[arg-type]
    assert config.html_theme_options == {"use_edit_page_button": False}
    assert launch.install_line(launch.remote(checkout)) == 'pip install ".[live,figures,training]"'


def files(toc: Any) -> list[str]:
    if isinstance(toc, dict):
        return [value for key, value in toc.items() if key in ("root", "file")] + files(list(toc.values()))
    return [name for each in toc for name in files(each)] if isinstance(toc, list) else []


def test_every_button_leads_to_a_file_of_the_table_of_contents(repository: Path, checkout: Path) -> None:
    come_from(checkout, "git@github.com:someone/course.git")
    config: Any = SimpleNamespace(html_theme_options={})
    launch.add_repository_buttons(SimpleNamespace(srcdir=checkout), config)  # type: ignore[arg-type]
    there = {name: repository / f"{name}.ipynb" for name in files(yaml.safe_load((repository / "_toc.yml").read_text()))}
    notebooks = {name for name, path in there.items() if path.is_file()}
    assert len(notebooks) > 15
    env = SimpleNamespace(doc2path=lambda name: str(there[name]), metadata={name: {"kernelspec": {}} for name in there})
    app: Any = SimpleNamespace(config={"html_theme_options": config.html_theme_options}, env=env)
    for name in notebooks:
        context: dict[str, Any] = {"pagename": name, "sourcename": f"{name}.ipynb", "header_buttons": []}
        context |= {"github_url": "https://github.com", "github_user": "someone", "github_repo": "course"}
        add_launch_buttons(app, name, "page.html", context, None)
        launch.only_where_they_lead(app, name, "page.html", context, None)
        urls = {button["text"]: urlsplit(button["url"]) for button in context["header_buttons"][0]["buttons"]}
        assert set(urls) == {"Binder", "Colab"}
        assert urls["Binder"].path == "/v2/gh/someone/course/work"
        (opened,) = parse_qs(urls["Binder"].query)["urlpath"]
        assert (repository / opened.removeprefix("lab/tree/")).is_file()
        assert (repository / urls["Colab"].path.removeprefix("/github/someone/course/blob/work/")).is_file()


def test_colab_is_not_offered_text(repository: Path) -> None:
    buttons = [{"text": "Binder"}, {"text": "Colab"}]
    context = {"header_buttons": [{"label": "launch-buttons", "buttons": buttons}, {"label": "download"}]}
    app: Any = SimpleNamespace(env=SimpleNamespace(doc2path=lambda name: str(repository / f"{name}.md")))
    launch.only_where_they_lead(app, "index", "page.html", context, None)
    assert context["header_buttons"][0]["buttons"] == [{"text": "Binder"}]


def test_the_line_to_install_names_extras_that_there_are(repository: Path, checkout: Path) -> None:
    come_from(checkout, "https://github.com/someone/course.git")
    line = launch.install_line(launch.remote(checkout))
    assert line == 'pip install "dlcourse[live,figures,training] @ git+https://github.com/someone/course@work"'
    for extra in launch.EXTRAS.split(","):
        assert re.search(rf"^{extra} = \[", (repository / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
