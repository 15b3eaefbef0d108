"""The notebooks are run side by side before the book is read: one at a time they leave all processors but one idle.

Their outputs go into a cache that begins empty with every build, so that it is never older than the package: a cache
knows the text of a cell, not what the cell calls. A notebook that fails is not in it; the build then runs that one
itself, and reports what it says.
"""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)


def run(notebook: Path, cache: Path, timeout: int) -> None:
    store = get_cache(cache)
    store.add_nb_to_project(str(notebook))
    load_executor("local-serial", store).run_and_cache(filter_uris=[str(notebook)], timeout=timeout)


def execute_side_by_side(app: Sphinx) -> None:
    config = app.config
    if config.nb_execution_mode != "force" or app.builder.name != "html":
        return
    cache = Path(config.nb_execution_cache_path or Path(app.outdir).parent / ".jupyter_cache")
    shutil.rmtree(cache, ignore_errors=True)
    get_cache(cache).list_project_records()  # makes the folder and its tables, once
    # The last chapters are the long ones: begun first, they leave nobody waiting at the end.
    notebooks = sorted((Path(app.srcdir) / "chapters").glob("*.ipynb"), reverse=True)
    logger.info("executing %d notebooks, %d at a time", len(notebooks), os.cpu_count())
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda notebook: run(notebook, cache, config.nb_execution_timeout), notebooks))
    config.nb_execution_mode, config.nb_execution_cache_path = "cache", str(cache)


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", execute_side_by_side, priority=400)  # before MyST-NB takes over its settings
