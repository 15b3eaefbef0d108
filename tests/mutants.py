"""Which faults would the tests let pass? Cosmic Ray makes small faults in a copy of the package; one at a time, the tests run.

    make mutants FAULTS=150

The faults are drawn by a seed from all that there can be in `autodiff`, `nn` and `optim`, so that two runs meet the same
ones. A fault that no test notices survives: it changes nothing that can be seen, or a test is missing. Each of these is
shown, and with more than 5 % of them the command fails.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import importlib
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from cosmic_ray.commands import init
from cosmic_ray.modules import find_modules
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import use_db
from cosmic_ray.work_item import MutationSpec

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
# Without the plugins; and a million operations in a row show nothing about a fault that fewer do not.
OPTIONS = [
    *("-x", "-q", "-p", "no:cacheprovider", "-o", "addopts=--doctest-modules"),
    *("-k", "not million and not 100000", "-m", "not nightly"),
]
# What the tests import, which takes longer than most faults live: imported once, each run begins as a copy of this process.
HEAVY = ["numpy", "scipy.optimize", "scipy.special", "scipy.stats", "autograd.numpy", "hypothesis", "torch"]
# An annotation is never run, and `|` stands in hardly anything else.
NO_FAULT = "BitOr"
PERCENT = 5.0
PATIENCE = (30.0, 5.0)  # seconds, and times what a test takes without a fault

fork = multiprocessing.get_context("fork")


class ShortFirst:
    """Runs the tests in the order of what they took last time, and notes it."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self.known, self.seconds = seconds, dict[str, float]()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: self.known.get(item.nodeid, 0.0))

    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        if self.known:  # an alarm that nobody waits for ends the process: a loop without end is noticed
            signal.setitimer(signal.ITIMER_REAL, PATIENCE[0] + PATIENCE[1] * self.known.get(item.nodeid, 0.0))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration


def run_tests(folder: Path, tests: Sequence[str], seconds: dict[str, float], said: Path, found: Any = None) -> None:
    """The body of a process that runs tests in the copy; its exit code is pytest's."""
    os.setpgid(0, 0)
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = found is None  # of a fault nothing is kept
    with said.open("w") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    order, code = ShortFirst(seconds), -1
    try:
        code = int(pytest.main([*OPTIONS, *tests], plugins=[order]))
    finally:
        if found is not None:
            found.put(order.seconds)
        sys.stdout.flush()
        os._exit(code)


def passes(folder: Path, tests: Sequence[str], seconds: dict[str, float]) -> bool:
    process = fork.Process(target=run_tests, args=(folder, tests, seconds, folder / "said.txt"))
    process.start()
    expected = sum(time for name, time in seconds.items() if name.startswith(tuple(tests)))
    process.join(PATIENCE[0] + PATIENCE[1] * expected)
    if process.is_alive():
        os.killpg(process.pid or 0, signal.SIGKILL)
        process.join()
    return process.exitcode == 0


def package_of(fault: MutationSpec) -> str:
    return next(package for package in OWN if fault.module_path.is_relative_to(package))


def survives(folder: Path, fault: MutationSpec, seconds: dict[str, float]) -> str:
    """Put it in, run the tests; → the change, if none notices it."""
    path, package = folder / fault.module_path, package_of(fault)
    right, stamp = path.read_text("utf-8"), path.stat()
    wrong = mutate_code(right, get_operator(fault.operator_name)(**fault.operator_args), fault.occurrence)
    own = [package, *OWN[package]]
    rest = [test for other in OWN if other != package for test in (other, *OWN[other])] + OTHERS
    try:
        path.write_text(wrong, "utf-8")
        if not all(passes(folder, tests, seconds) for tests in (own, rest)):
            return ""
    finally:
        path.write_text(right, "utf-8")
        os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))  # its compiled form holds again
    name = str(fault.module_path)
    return "".join(difflib.unified_diff(right.splitlines(True), wrong.splitlines(True), name, name, n=2))


def work(folder: Path, faults: Any, results: Any, seconds: dict[str, float]) -> None:
    for fault in iter(faults.get, None):
        results.put((fault, survives(folder, fault, seconds)))


def copy_of_the_repository(folder: Path) -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
    for name in filter(None, tracked.split("\0")):
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, folder / name)


def draw(count: int, seed: int) -> list[MutationSpec]:
    """So many of all faults that there can be."""
    with use_db(":memory:") as db:
        init(sorted(find_modules(list(map(Path, OWN)))), db, {})
        faults = [each.mutations[0] for each in db.pending_work_items if NO_FAULT not in each.mutations[0].operator_name]
    faults.sort(key=lambda each: (str(each.module_path), each.start_pos, each.operator_name, each.occurrence))
    drawn = random.Random(seed).sample(faults, min(count, len(faults)))
    print(f"{len(drawn)} of {len(faults)} faults", flush=True)
    return drawn


def without_a_fault(folder: Path) -> dict[str, float]:
    """How long each test takes; ends the program if one fails."""
    found = fork.SimpleQueue()
    every = [*(test for package in OWN for test in (package, *OWN[package])), *OTHERS]
    process = fork.Process(target=run_tests, args=(folder, every, {}, folder / "said.txt", found))
    process.start()
    seconds: dict[str, float] = found.get()
    process.join()
    if process.exitcode:
        sys.exit(f"Without any fault the tests fail:\n{(folder / 'said.txt').read_text('utf-8')[-3000:]}")
    print(f"{len(seconds)} tests, {sum(seconds.values()):.0f} s", flush=True)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    os.environ.update(PYTHONUTF8="1", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    for name in HEAVY:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    with tempfile.TemporaryDirectory() as parent:
        first, *others = (Path(parent) / str(n) for n in range(options.processes))
        copy_of_the_repository(first)
        os.chdir(first)
        drawn = draw(options.count, options.seed)
        seconds = without_a_fault(first)
        faults, results = fork.Queue(), fork.SimpleQueue()
        for folder in (first, *others):
            if folder != first:
                shutil.copytree(first, folder)
            fork.Process(target=work, args=(folder, faults, results, seconds)).start()
        for fault in (*drawn, *[None] * options.processes):
            faults.put(fault)
        lived = 0
        for n in range(1, len(drawn) + 1):
            fault, change = results.get()
            lived += bool(change)
            print(f"{n}: {fault.module_path}:{fault.start_pos[0]} {'lived' if change else 'was noticed'}", flush=True)
            if change:
                print(change, flush=True)
    share = 100.0 * lived / len(drawn)
    print(f"{len(drawn) - lived} of {len(drawn)} faults were noticed: {100 - share:.1f} %")
    if share > PERCENT:
        sys.exit(f"More than {PERCENT:g} % of the faults survived.")


if __name__ == "__main__":
    main()
