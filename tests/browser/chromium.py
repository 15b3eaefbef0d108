"""Find a Chromium for the browser tests, or install one (`python tests/browser/chromium.py`).

Looked for, in this order: what the environment variable CHROMIUM names, Chromium's headless shell, a Chromium or Chrome
on the PATH or in its usual place, Playwright's own. The shell is the same engine without a window's own pages: a test
costs a third of the time in it. Installed, if it is not there: Debian's package of it (as root, with apt); else, if
there is no other, Playwright's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

SHELL = "chromium-headless-shell"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
)
MISSING = "The browser tests need Chromium or Chrome: install one, or name it with CHROMIUM=/path/to/chrome."


def find(shell: bool = True) -> str | None:
    """The path of a Chromium, or None. `shell`: the headless shell will do, and is preferred."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named) or sys.exit(f"CHROMIUM={named} is not a program that can be run.")
    for name in (SHELL,) * shell + NAMES + PLACES:
        found = shutil.which(name)
        if found:
            return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def install() -> None:
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        print("Installing Chromium's headless shell with apt …", flush=True)
        quiet = {"stdout": subprocess.DEVNULL, "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run(["apt-get", "update"], check=False, **quiet)
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", SHELL], check=False, **quiet)
    if find() is None:
        print("Installing Playwright's Chromium …", flush=True)
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


if __name__ == "__main__":
    if "CHROMIUM" not in os.environ and shutil.which(SHELL) is None:
        install()
    if find() is None:
        sys.exit(MISSING)
