"""What all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# They hold no examples, and doctest would import them: the one under one name, the other without what it needs.
collect_ignore_glob = ["*conftest.py", "mutants.py"]

# The same examples every time, and no failure because a machine was busy for a moment.
settings.register_profile("dlcourse", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("dlcourse")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests measured (`record_property`), also when everything passes and several processes ran them."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    measured = [pair for report in reports if report.when == "call" for pair in report.user_properties]
    if measured:
        terminalreporter.section("measured")
    for name, value in measured:
        terminalreporter.write_line(f"{name}: {value}")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The top folder of the checkout."""
    return Path(__file__).resolve().parent.parent
