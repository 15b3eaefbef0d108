"""Renew book/static/vendor from npm and from the installed theme: `make vendor` (needs Node's npm and fontTools).

The files are committed, so that building and reading the book needs Python alone and asks no other host for anything.
manifest.json names, for each package, its version, licence, origin and the SHA-256 of every file; a test compares them.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

import pydata_sphinx_theme
from fontTools import subset

VENDOR = Path(__file__).parent / "static" / "vendor"
MATHJAX = "3.2.2"
# The parts of MathJax that _config.yml loads, the fonts, and the TeX packages that it loads by itself when a formula needs one.
MATHJAX_FILES = [
    "startup.js",
    "core.js",
    "input/tex.js",
    "input/tex/extensions/*.js",
    "output/chtml.js",
    "output/chtml/fonts/tex.js",
    "output/chtml/fonts/woff-v2/*.woff",
    "a11y/assistive-mml.js",
]
# The icons that the theme draws in our pages, by face (book/extension.py stops at any other).
ICONS = {
    "fa-solid-900": """
        angle-left angle-right arrow-down arrow-left arrow-right arrow-up bars bolt book-open check-circle chevron-down
        chevron-up circle-exclamation circle-half-stroke circle-info circle-question code comment download expand file
        file-code file-pdf lightbulb list magnifying-glass moon outdent pen pencil pencil-alt print quote-left
        rocket square-caret-down sun triangle-exclamation xmark""",
    "fa-brands-400": "github gitlab",
}


def mathjax() -> dict[str, str]:
    target = VENDOR / "mathjax"
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        pack = ["npm", "pack", "--silent", f"mathjax@{MATHJAX}"]
        packed = subprocess.run(pack, cwd=folder, check=True, capture_output=True, text=True)
        with tarfile.open(Path(folder) / packed.stdout.split()[-1]) as archive:
            archive.extractall(folder, filter="data")
        package = Path(folder) / "package"
        for pattern in MATHJAX_FILES:
            for file in sorted((package / "es5").glob(pattern)):
                destination = target / file.relative_to(package / "es5")
                destination.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, destination)
        shutil.copyfile(package / "LICENSE", target / "LICENSE")
        licence = json.loads((package / "package.json").read_text())["license"]
    origin = "https://github.com/mathjax/MathJax"
    return {"name": "mathjax", "version": MATHJAX, "licence": licence, "origin": origin, "folder": "mathjax"}


def icons() -> dict[str, str]:
    """The theme's icon font, cut down to the glyphs in use. It stands where the theme's style sheet looks for it."""
    theme = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
    css = (theme / "styles" / "pydata-sphinx-theme.css").read_text()
    points = {
        name: point
        for names, point in re.findall(r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]+)"\}', css)
        for name in re.findall(r"fa-([\w-]+):", names)
    }
    rest = re.sub(r"\.fa-[^{}]*\{[^}]*\}", "", css)  # what the theme's own rules draw
    drawn_by_rules = {int(point, 16) for point in re.findall(r'content:\s*"\\(f[0-9a-f]{3})"', rest)}
    target = VENDOR / "fontawesome" / "webfonts"
    shutil.rmtree(target.parent, ignore_errors=True)
    target.mkdir(parents=True)
    for face, names in ICONS.items():
        source = theme / "vendor" / "fontawesome" / "webfonts" / f"{face}.woff2"
        options = subset.Options(flavor="woff2", layout_features=[], notdef_outline=True)
        font = subset.load_font(source, options)
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes={int(points[name], 16) for name in names.split()} | drawn_by_rules)
        cutter.subset(font)
        subset.save_font(font, target / source.name, options)
    return {
        "name": "fontawesome-free (subset)",
        "version": f"as in pydata-sphinx-theme {version('pydata-sphinx-theme')}",
        "licence": "OFL-1.1",
        "origin": "https://github.com/FortAwesome/Font-Awesome",
        "folder": "fontawesome",
    }


def main() -> None:
    packages = [mathjax(), icons()]
    for package in packages:
        folder = VENDOR / package["folder"]
        package["files"] = {
            file.relative_to(VENDOR).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(folder.rglob("*"))
            if file.is_file()
        }
    icon_names = sorted(" ".join(ICONS.values()).split())
    (VENDOR / "manifest.json").write_text(json.dumps({"packages": packages, "icons": icon_names}, indent=1) + "\n")
    total = sum(file.stat().st_size for file in VENDOR.rglob("*") if file.is_file())
    print(f"{VENDOR}: {total / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
