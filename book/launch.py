"""Where a page can be run elsewhere: buttons for Binder and Colab, and the one line that installs what a notebook needs.

All of it is built from the remote address of this checkout; without one there are no buttons, rather than dead ones.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

ADDRESS = re.compile(r"(?:https://(?:[^@/]+@)?|git@|ssh://git@)(github\.com|gitlab\.com)[:/](.+?)(?:\.git)?/?")
EXTRAS = "live,figures,training"


class Remote(NamedTuple):
    host: str
    name: str  # owner/repository
    branch: str

    @property
    def url(self) -> str:
        return f"https://{self.host}/{self.name}"


def remote(folder: Path) -> Remote | None:
    """Where this checkout came from; None if that is no place that the buttons know. Keys in an address are left out."""
    git = ["git", "-C", str(folder)]
    try:
        address = subprocess.run([*git, "remote", "get-url", "origin"], capture_output=True, text=True, check=True)
        branch = subprocess.run([*git, "branch", "--show-current"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    found = ADDRESS.fullmatch(address.stdout.strip())
    return Remote(found[1], found[2], branch.stdout.strip() or "main") if found else None


def install_line(here: Remote | None, extras: str = EXTRAS) -> str:
    """What to type where the course is not installed; without a remote address, in a copy of the course."""
    source = f" @ git+{here.url}@{here.branch}" if here else ""
    return f'pip install "dlcourse[{extras}]{source}"' if source else f'pip install ".[{extras}]"'


def add_repository_buttons(app: Sphinx, config: Config) -> None:
    here = remote(Path(app.srcdir))
    if here is None:
        return
    config.html_theme_options |= {
        "repository_url": here.url,
        "repository_branch": here.branch,
        "use_repository_button": True,
        "use_issues_button": True,
        "use_edit_page_button": True,
    }
    if here.host == "github.com":
        config.html_theme_options["launch_buttons"] = {
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
            "notebook_interface": "jupyterlab",
        }


def only_where_they_lead(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Colab opens notebooks only, not a page of MyST text."""
    for button in context.get("header_buttons", []):
        if not str(app.env.doc2path(page)).endswith(".ipynb") and "buttons" in button:
            button["buttons"] = [each for each in button["buttons"] if each.get("text") != "Colab"]


def note(app: Sphinx) -> nodes.paragraph:
    """What stands below a cell that needs a running Python."""
    text = nodes.paragraph("", "", classes=["interactive-only-note"])
    text += nodes.Text("This experiment needs Python: run this chapter as a notebook (")
    text += nodes.literal("", "make lab")
    text += nodes.Text(") to use its sliders.")
    if here := remote(Path(app.srcdir)):
        text += nodes.Text(" Anywhere else, as in Colab, a first cell installs what it needs: ")
        text += nodes.literal("", f"%{install_line(here)}")
    return text


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", add_repository_buttons, priority=100)
    app.connect("html-page-context", only_where_they_lead, priority=800)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
