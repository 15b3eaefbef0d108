"""One build of the book for all processes that test it: each would else begin with emptying the folder of the others."""

from __future__ import annotations

import fcntl
import subprocess
from pathlib import Path


def build(repository: Path, run: str) -> str:
    """`make book`, once for each run of the tests (whose processes share the name `run`) and never two at a time.

    A source that is saved while tests run is built by the next run. Returns what make said if it failed, else nothing.
    """
    done = repository / "_build" / f".tested-{run}"
    with (repository / "Makefile").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if done.exists():
            return ""
        made = subprocess.run(["make", "book"], cwd=repository, capture_output=True, text=True)
        if made.returncode:
            return made.stdout + made.stderr or "it said nothing"
        done.touch()
    return ""
