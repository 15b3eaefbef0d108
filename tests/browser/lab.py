"""A real JupyterLab for the browser tests: its server, and a notebook in it as a reader works it.

Nothing of the user's own setup takes part: configuration, settings, kernels' history and signatures have folders of
their own, and what JupyterLab would ask other hosts (news, updates, extensions) is off.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
from playwright.sync_api import Locator, Page, TimeoutError

PATIENCE = 120  # seconds that a busy machine may take for what takes two
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/extensionmanager-extension:plugin": {"enabled": False},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}
OPTIONS = [
    "--no-browser",
    "--expose-app-in-browser",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port_retries=100",
    "--ServerApp.allow_root=True",
    "--LabApp.extension_manager=readonly",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.news_url=None",
]

# The last cell serves as a pad: its code is replaced and run, and the cell that was selected is selected again.
RUN = """async source => {
    const { commands, shell } = window.jupyterapp, notebook = shell.currentWidget.content;
    const selected = notebook.activeCellIndex, cell = notebook.widgets[notebook.widgets.length - 1];
    notebook.activeCellIndex = notebook.widgets.length - 1;
    cell.model.sharedModel.setSource(source);
    await commands.execute('notebook:run-cell');
    notebook.activeCellIndex = selected;
    return cell.model.outputs.toJSON();
}"""


def write_notebook(path: Path, cells: list[str], text: str = "") -> None:
    """A notebook of these cells of code, below a text if there is one."""
    begin = [nbformat.v4.new_markdown_cell(text)] if text else []
    notebook = nbformat.v4.new_notebook(cells=begin + [nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)


def until(holds: Callable[[], Any], what: str) -> Any:
    """Ask again and again; the first answer that is true."""
    end = time.monotonic() + PATIENCE
    while True:
        found = holds()
        if found:
            return found
        assert time.monotonic() < end, f"{PATIENCE} seconds passed, and still not: {what}"
        time.sleep(0.05)


@contextmanager
def serve(root: Path, own: Path) -> Iterator[Callable[[str], str]]:
    """JupyterLab over `root`, of the Python that runs the tests; gives the address of a notebook.

    `own` is the folder for what it would otherwise keep in the user's home.
    """
    token = secrets.token_hex(16)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPYTHON"))}
    config, runtime = own / "config", own / "runtime"
    environment = kept | {
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_DATA_DIR": str(own / "data"),
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "IPYTHONDIR": str(own / "ipython"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTER_TOKEN": token,
        "PYTHONNOUSERSITE": "1",
    }
    (config / "labconfig").mkdir(parents=True)
    (config / "labconfig" / "default_setting_overrides.json").write_text(json.dumps(SETTINGS), encoding="utf-8")
    log = own / "server.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *OPTIONS, f"--ServerApp.root_dir={root}"],
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )

    def started() -> dict[str, Any] | None:
        if server.poll() is not None:
            raise RuntimeError("JupyterLab did not start:\n" + log.read_text(encoding="utf-8", errors="replace")[-3000:])
        try:
            found = json.loads((runtime / f"jpserver-{server.pid}.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):  # not yet, or not yet all of it
            return None
        assert isinstance(found, dict)
        return found

    try:
        port = until(started, "JupyterLab has started")["port"]
        yield lambda name: f"http://127.0.0.1:{port}/lab/tree/{name}?reset&token={token}"
    finally:
        server.terminate()  # the kernels go with it
        try:
            server.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            server.kill()


class Notebook:
    """A notebook open in JupyterLab."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        page.set_default_timeout(1000 * PATIENCE)
        page.goto(address)
        page.wait_for_function(
            """path => {
                const context = window.jupyterapp?.shell.currentWidget?.context;
                return context?.path === path && context.isReady && context.sessionContext.session?.kernel?.status === 'idle';
            }""",
            arg=urlsplit(address).path.removeprefix("/lab/tree/"),
        )

    def run(self, source: str) -> Any:
        """Run code in a cell; the value that its last line prints (of numbers, texts, lists), or its error as a string."""
        value = None
        for output in self.page.evaluate(RUN, source):
            if output["output_type"] == "error":
                return f"{output['ename']}: {output['evalue']}"
            if output["output_type"] == "execute_result":
                printed = "".join(output["data"]["text/plain"])
                value = eval(printed, {"nan": math.nan, "inf": math.inf})
        return value

    def run_all(self) -> None:
        """All cells, as by the menu's *Run All Cells*; every cell of code must have run."""
        self.page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => null)")
        find = """window.jupyterapp.shell.currentWidget.content.widgets
            .filter(cell => cell.model.type === 'code' && cell.model.sharedModel.getSource().trim())
            .map(cell => cell.model.executionCount)"""
        # The command ends with the first cell that fails, as one may that is meant to; what comes after it is still to run.
        with suppress(TimeoutError):
            self.page.wait_for_function(f"() => !{find}.includes(null)", timeout=120_000)
        counts = self.page.evaluate(find)
        assert counts == list(range(1, len(counts) + 1)), counts

    def outputs(self) -> list[dict[str, Any]]:
        """The outputs of all cells that are not meant to fail, as they would be saved."""
        found = self.page.evaluate(
            """window.jupyterapp.shell.currentWidget.content.widgets
                .filter(cell => !cell.model.getMetadata('tags')?.includes('raises-exception'))
                .flatMap(cell => cell.model.outputs?.toJSON() ?? [])"""
        )
        assert isinstance(found, list)
        return found

    def selected(self) -> int:
        """The position of the selected cell."""
        return int(self.page.evaluate("window.jupyterapp.shell.currentWidget.content.activeCellIndex"))

    def choose_theme(self, name: str) -> None:
        """`name`: Light or Dark."""
        change = "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme }).then(() => null)"
        self.page.evaluate(change, f"JupyterLab {name}")
        self.page.locator(f"body[data-jp-theme-light={str(name == 'Light').lower()}]").wait_for(state="attached")

    def cell(self, position: int) -> Locator:
        return self.page.locator(".jp-Notebook .jp-Cell").nth(position)
