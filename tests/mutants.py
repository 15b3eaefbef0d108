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
from cosmic_ray.work_db import use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkItem

REPOSITORY = Path(__file__).parent.parent
# package → its own tests, at which most of its faults fall; a fault that passes them meets those of the others.
OWN = {
    "dlcourse/autodiff": ["tests/autodiff", "tests/test_automatic_differentiation.py"],
    "dlcourse/nn": ["tests/nn"],
    "dlcourse/optim": [
        *("tests/test_optim.py", "tests/test_adaptive.py", "tests/test_schedules.py", "tests/test_optimizer.py"),
        *("tests/optim_second", "tests/test_restarts.py"),
    ],
}
OTHERS = ["tests/formulas", "tests/test_landscapes.py", "tests/test_hostile_arguments.py", "tests/test_live_trained.py"]
# Without the plugins, which take as long to load as most faults to fall; and a million operations in a row show nothing
# about a fault that fewer do not.
PYTEST = [
    *(sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-o", "addopts=--doctest-modules"),
    *("-k", "not million and not 100000", "-m", "not nightly"),
]
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


def draw(count: int, seed: int) -> list[WorkItem]:
    """So many of all faults that there can be."""
    with use_db("all.sqlite") as db:
        init(sorted(find_modules(list(map(Path, OWN)))), db, {})
        faults = [each for each in db.pending_work_items if NO_FAULT not in each.mutations[0].operator_name]
    faults.sort(key=lambda each: place(each.mutations[0]))
    drawn = random.Random(seed).sample(faults, min(count, len(faults)))
    print(f"{len(drawn)} of {len(faults)} faults", flush=True)
    return drawn


def command(package: str) -> str:
    own = [package, *OWN[package]]
    rest = [test for other in OWN if other != package for test in (other, *OWN[other])] + OTHERS
    return shlex.join(["bash", "-c", f"{shlex.join([*PYTEST, *own])} && {shlex.join([*PYTEST, *rest])}"])


def survivors(package: str, faults: list[WorkItem]) -> list[str]:
    """Put in one after the other; → those that no test noticed."""
    with use_db(f"{Path(package).name}.sqlite") as db:
        db.add_work_items(faults)
        execute(db, ConfigDict({"test-command": command(package), "timeout": SECONDS, "distributor": {"name": "local"}}))
        found = [result.diff for _, result in db.results if result.test_outcome == TestOutcome.SURVIVED]
    print(f"{package}: {len(faults) - len(found)} of {len(faults)} were noticed", *found, sep="\n", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copy_of_the_repository(Path(folder))
        os.chdir(folder)
        os.environ.update(PYTHONPATH=folder, PYTHONUTF8="1", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
        sound = subprocess.run(shlex.split(command(next(iter(OWN)))), capture_output=True, text=True)
        if sound.returncode:
            sys.exit(f"Without any fault the tests fail:\n{sound.stdout[-3000:]}{sound.stderr[-3000:]}")
        drawn = draw(options.count, options.seed)
        lived = 0
        for package in OWN:
            lived += len(survivors(package, [each for each in drawn if each.mutations[0].module_path.is_relative_to(package)]))
    share = 100.0 * lived / len(drawn)
    print(f"{len(drawn) - lived} of {len(drawn)} faults were noticed: {100 - share:.1f} %")
    if share > PERCENT:
        sys.exit(f"More than {PERCENT:g} % of the faults survived.")


if __name__ == "__main__":
    main()
