"""Which faults would the tests let pass? Cosmic Ray puts small faults into a copy of the package, one at a time.

    make mutants FAULTS=150

The faults are drawn by a seed from all that Cosmic Ray can make in `autodiff`, `nn` and `optim`, so that two runs meet the
same ones. A fault that no test notices survives: it changes nothing that can be seen, or a test is missing. Each of these is
shown, and with more than 5 % of them the command fails.
"""

from __future__ import annotations

import argparse
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from cosmic_ray.commands import execute, init
from cosmic_ray.config import ConfigDict
from cosmic_ray.modules import find_modules
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome

REPOSITORY = Path(__file__).parent.parent
PACKAGES = [Path("dlcourse") / name for name in ("autodiff", "nn", "optim")]
# The quick ones first: most faults fall at once. A million operations in a row show nothing about a fault that fewer do not.
TESTS = [
    *map(str, PACKAGES),
    *("tests/nn", "tests/formulas", "tests/optim_second", "tests/test_optim.py", "tests/test_adaptive.py"),
    *("tests/test_schedules.py", "tests/test_optimizer.py", "tests/test_restarts.py", "tests/test_landscapes.py"),
    *(
        "tests/test_automatic_differentiation.py",
        "tests/autodiff",
        "tests/test_hostile_arguments.py",
        "tests/test_live_trained.py",
    ),
]
COMMAND = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-k", "not million and not 100000", *TESTS]
# An annotation is never run, and `|` stands in hardly anything else.
NO_FAULT = "BitOr"
SECONDS, PERCENT = 600, 5.0


def copy_of_the_repository(folder: Path) -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
    for name in filter(None, tracked.split("\0")):
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, folder / name)


def place(fault: MutationSpec) -> tuple[str, tuple[int, int], str, int]:
    return str(fault.module_path), fault.start_pos, fault.operator_name, fault.occurrence


def draw(db: WorkDB, count: int, seed: int) -> None:
    """Leave so many of all faults in the list of what is to be done."""
    init(sorted(find_modules(PACKAGES)), db, {})
    faults = [each for each in db.pending_work_items if NO_FAULT not in each.mutations[0].operator_name]
    faults.sort(key=lambda each: place(each.mutations[0]))
    db.clear()
    db.add_work_items(random.Random(seed).sample(faults, min(count, len(faults))))
    print(f"{db.num_work_items} of {len(faults)} faults, each against {len(TESTS)} folders and files of tests", flush=True)


def report(db: WorkDB) -> float:
    """Show what survived; → how many in a hundred."""
    survived = [(job, result) for job, result in db.results if result.test_outcome == TestOutcome.SURVIVED]
    for _, result in survived:
        print(result.diff)
    share = 100.0 * len(survived) / db.num_results
    print(f"{db.num_results - len(survived)} of {db.num_results} faults were noticed: {100 - share:.1f} %")
    return share


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copy_of_the_repository(Path(folder))
        os.chdir(folder)
        os.environ.update(PYTHONPATH=folder, PYTHONUTF8="1")
        sound = subprocess.run(COMMAND, capture_output=True, text=True)
        if sound.returncode:
            sys.exit(f"Without any fault the tests fail:\n{sound.stdout[-3000:]}{sound.stderr[-3000:]}")
        with use_db("faults.sqlite") as db:
            draw(db, options.count, options.seed)
            execute(db, ConfigDict({"test-command": shlex.join(COMMAND), "timeout": SECONDS, "distributor": {"name": "local"}}))
            if report(db) > PERCENT:
                sys.exit(f"More than {PERCENT:g} % of the faults survived.")


if __name__ == "__main__":
    main()
