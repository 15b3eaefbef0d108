"""The notebooks are run side by side before the book is read: one at a time they leave all processors but one idle.

Their outputs go into a cache that begins empty with every build, so that it is never older than the package: a cache
knows the text of a cell, not what the cell calls. A notebook that fails is not in it; the build then runs that one
itself, and reports what it says.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from time import perf_counter
from typing import Any

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import JupyterCacheAbstract
from jupyter_cache.cache.main import CacheBundleIn
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from outputs import QUIET
from sphinx.application import Sphinx
from sphinx.util import logging
from traitlets import Type

logger = logging.getLogger(__name__)


class Channel(AsyncZMQSocketChannel):
    """Looks every second whether a message has come: the socket's own signal is now and then missed on a busy machine,
    and the notebook then stood still until its time was up."""

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        end = None if timeout is None else perf_counter() + timeout
        while True:
            left = 1.0 if end is None else min(1.0, max(0.0, end - perf_counter()))
            try:
                return await super().get_msg(left)
            except Empty:
                if end is not None and perf_counter() >= end:
                    raise


class Client(AsyncKernelClient):
    shell_channel_class = Type(Channel)
    iopub_channel_class = Type(Channel)


class Manager(AsyncKernelManager):
    client_factory = Type(Client)


def execute(notebook: Path, timeout: int) -> nbformat.NotebookNode:
    """The notebook with its outputs, run in its folder."""
    content = nbformat.read(notebook, as_version=4)
    resources = {"metadata": {"path": str(notebook.parent)}}
    # without times in the cells: the cache knows a cell by its metadata too
    options = {"record_timing": False, "kernel_manager_class": Manager, "extra_arguments": QUIET, "resources": resources}
    NotebookClient(content, timeout=timeout, **options).execute()
    for cell in content.cells:
        if cell.cell_type == "code":
            cell.outputs = in_one_piece(cell.outputs)
    return content


@contextmanager
def opened(folder: Path) -> Iterator[JupyterCacheAbstract]:
    """The cache in a folder. Its database is closed at the end, which jupyter-cache leaves undone."""
    cache = get_cache(folder)
    try:
        yield cache
    finally:
        cache.db.dispose()


def run(notebook: Path, cache: Path, timeout: int) -> None:
    begin = perf_counter()
    try:
        content = execute(notebook, timeout)
    except (CellExecutionError, CellTimeoutError):
        return
    bundle = CacheBundleIn(content, str(notebook), data={"execution_seconds": perf_counter() - begin})
    with opened(cache) as kept:
        kept.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def in_one_piece(outputs: list[Any]) -> list[Any]:
    """What a cell prints arrives in pieces, cut anywhere; MyST-NB, which joins them, makes an empty line of some cuts."""
    kept: list[Any] = []
    printed: dict[str, Any] = {}
    for output in outputs:
        if output.output_type == "stream" and output.name in printed:
            printed[output.name].text += output.text
        else:
            kept.append(output)
            if output.output_type == "stream":
                printed[output.name] = output
    return kept


def execute_side_by_side(app: Sphinx) -> None:
    config = app.config
    if config.nb_execution_mode != "force" or app.builder.name != "html":
        return
    cache = Path(config.nb_execution_cache_path or Path(app.outdir).parent / ".jupyter_cache")
    shutil.rmtree(cache, ignore_errors=True)
    with opened(cache) as empty:
        empty.list_project_records()  # makes the folder and its tables, once
    # The last chapters are the long ones: begun first, they leave nobody waiting at the end.
    notebooks = sorted((Path(app.srcdir) / "chapters").glob("*.ipynb"), reverse=True)
    logger.info("executing %d notebooks, %d at a time", len(notebooks), os.cpu_count())
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda notebook: run(notebook, cache, config.nb_execution_timeout), notebooks))
    config.nb_execution_mode, config.nb_execution_cache_path = "cache", str(cache)


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", execute_side_by_side, priority=400)  # before MyST-NB takes over its settings
