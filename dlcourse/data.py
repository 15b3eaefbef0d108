"""Data sets of the course, each drawn from a generator that the caller seeds, and the reader's own."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from importlib.util import find_spec
from os import PathLike, fspath
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy import ndarray
from numpy.random import Generator

from .checks import generator, number, whole
from .names import named

__all__ = [
    "Sample", "Spreadsheet", "blobs", "circles", "digits", "line", "moons", "read_csv", "sine", "spirals", "split", "xor",
]  # fmt: skip


class Sample(NamedTuple):
    """Examples X (T, d), one to a row, and their targets y (T,).

    >>> X, y = Sample(np.zeros((3, 2)), np.ones(3))
    >>> X.shape
    (3, 2)
    """

    X: ndarray
    y: ndarray


def check(who: str, rng: Generator, n: int, noise: float, at_least: int = 1, **more: float) -> None:
    generator(who, rng)
    whole(who, "n", n, at_least)
    number(who, "noise", noise)
    for name, value in more.items():
        number(who, name, value, -np.inf)


def line(rng: Generator, n: int = 30, *, intercept: float = 2.0, slope: float = 3.0, noise: float = 0.1) -> Sample:
    """Points near a straight line: y = slope · x + intercept + U(−noise, noise), x ~ N(0, 1).

    The regression of source 003, which gives n = 30 and y = 3x + 2 + U(−0.1, 0.1) but not the distribution
    of x; the standard normal is this course's choice. The rows of X are [1, x], so that the model is X @ θ with
    θ = (intercept, slope).

    Raises ValueError unless n is a whole number ≥ 1, noise is finite and ≥ 0, and the line's two numbers are finite,
    and TypeError for an rng that is no Generator.

    >>> X, y = line(np.random.default_rng(0))
    >>> X.shape, y.shape
    ((30, 2), (30,))
    >>> bool(np.abs(y - X @ [2.0, 3.0]).max() <= 0.1)
    True
    """
    check("line", rng, n, noise, intercept=intercept, slope=slope)
    X = np.stack([np.ones(n), rng.standard_normal(n)], axis=1)
    return Sample(X, X @ [intercept, slope] + rng.uniform(-noise, noise, n))


def sine(rng: Generator, n: int = 30, *, noise: float = 0.2) -> Sample:
    """One noisy period of a sine: y = sin(π x) + N(0, noise²), x ~ U(−1, 1); X (n, 1), y (n,).

    Raises ValueError unless n is a whole number ≥ 1 and noise is finite and ≥ 0, and
    TypeError for an rng that is no Generator.

    >>> X, y = sine(np.random.default_rng(0))
    >>> X.shape, y.shape
    ((30, 1), (30,))
    """
    check("sine", rng, n, noise)
    X = rng.uniform(-1.0, 1.0, (n, 1))
    return Sample(X, np.sin(np.pi * X[:, 0]) + noise * rng.standard_normal(n))


# Classes in the plane: X (n, 2), labels y (n,) = 0, 1, …, as many of each class as of any other, give or take one ------


def moons(rng: Generator, n: int = 200, *, noise: float = 0.1) -> Sample:
    """Two half circles that interlock, each point moved by N(0, noise²) along both axes.

    Class 0 is (cos φ, sin φ), class 1 is (1 − cos φ, ½ − sin φ), φ ~ U(0, π). After scikit-learn's `make_moons`.
    Raises ValueError unless n is a whole number ≥ 2 and noise is finite and ≥ 0, and
    TypeError for an rng that is no Generator.

    >>> X, y = moons(np.random.default_rng(0))
    >>> X.shape, np.bincount(y)
    ((200, 2), array([100, 100]))
    """
    check("moons", rng, n, noise, 2)
    y, φ = labels(rng, n, 2), rng.uniform(0.0, np.pi, n)
    upper = np.stack([np.cos(φ), np.sin(φ)], axis=1)
    return scatter(rng, np.where(y[:, None] == 0, upper, [1.0, 0.5] - upper), y, noise)


def circles(rng: Generator, n: int = 200, *, noise: float = 0.1, inner: float = 0.5) -> Sample:
    """A circle of radius 1 (class 0) around one of radius `inner` (class 1), moved by N(0, noise²) along both axes.

    Raises ValueError unless n is a whole number ≥ 2, noise is finite and ≥ 0, and 0 ≤ inner < 1.

    >>> X, y = circles(np.random.default_rng(0), noise=0.0)
    >>> np.unique(np.hypot(*X.T).round(12)).tolist()
    [0.5, 1.0]
    """
    check("circles", rng, n, noise, 2)
    if not 0 <= inner < 1:
        raise ValueError(f"circles: the inner radius must be a number from 0 up to, but not including, 1, got {inner}")
    y, φ = labels(rng, n, 2), rng.uniform(0.0, 2 * np.pi, n)
    return scatter(rng, np.where(y == 0, 1.0, inner)[:, None] * np.stack([np.cos(φ), np.sin(φ)], axis=1), y, noise)


def spirals(rng: Generator, n: int = 200, *, noise: float = 0.03, classes: int = 2, turns: float = 1.25) -> Sample:
    """As many interlocked spirals as classes: radius r ~ U(0, 1) at the angle 2π (turns · r + class / classes).

    Each point is moved by N(0, noise²) along both axes. In the manner of the two spirals of Lang and Witbrock [1988].
    Raises ValueError unless n is a whole number ≥ classes ≥ 2, noise is finite and ≥ 0, and turns are finite, and
    TypeError for an rng that is no Generator.

    >>> X, y = spirals(np.random.default_rng(0), 300, classes=3)
    >>> X.shape, np.bincount(y)
    ((300, 2), array([100, 100, 100]))
    """
    check("spirals", rng, n, noise, whole("spirals", "classes", classes, 2), turns=turns)
    y, r = labels(rng, n, classes), rng.uniform(0.0, 1.0, n)
    φ = 2 * np.pi * (turns * r + y / classes)
    return scatter(rng, r[:, None] * np.stack([np.cos(φ), np.sin(φ)], axis=1), y, noise)


def xor(rng: Generator, n: int = 200, *, noise: float = 0.0) -> Sample:
    """Points of the square [−1, 1]²: class 1 where exactly one coordinate is positive, class 0 elsewhere.

    `noise` moves each point by N(0, noise²) along both axes after its class is given. No line separates the classes
    [Minsky and Papert 1969]. Raises ValueError unless n is a whole number ≥ 2 and noise is finite and ≥ 0, and
    TypeError for an rng that is no Generator.

    >>> X, y = xor(np.random.default_rng(0))
    >>> bool(np.all((X[:, 0] * X[:, 1] < 0) == y))
    True
    """
    check("xor", rng, n, noise, 2)
    y, X = labels(rng, n, 2), rng.uniform(0.0, 1.0, (n, 2))
    sign = rng.choice([-1.0, 1.0], n)
    return scatter(rng, X * np.stack([sign, np.where(y == 1, -sign, sign)], axis=1), y, noise)


def blobs(rng: Generator, n: int = 200, *, noise: float = 0.25, classes: int = 3) -> Sample:
    """Round clouds N(c, noise²) about centres that are evenly spaced on the unit circle, one for each class.

    Raises ValueError unless n is a whole number ≥ classes ≥ 2 and noise is finite and ≥ 0, and
    TypeError for an rng that is no Generator.

    >>> X, y = blobs(np.random.default_rng(0), classes=4)
    >>> X.shape, np.bincount(y)
    ((200, 2), array([50, 50, 50, 50]))
    """
    check("blobs", rng, n, noise, whole("blobs", "classes", classes, 2))
    y = labels(rng, n, classes)
    φ = 2 * np.pi * y / classes
    return scatter(rng, np.stack([np.cos(φ), np.sin(φ)], axis=1), y, noise)


def labels(rng: Generator, n: int, classes: int) -> ndarray:
    return rng.permutation(np.arange(n) % classes)


def scatter(rng: Generator, X: ndarray, y: ndarray, noise: float) -> Sample:
    return Sample(X + noise * rng.standard_normal(X.shape), y)


# Real data ----------------------------------------------------------------------------------------------------------


def digits() -> Sample:
    """Handwritten digits: X (1797, 64) from 0 to 1, labels y (1797,) from 0 to 9.

    A row is an 8 × 8 image: of each 4 × 4 block of a scan, the share of its 16 pixels that are black. From
    scikit-learn, which must be installed (ImportError otherwise) and brings the data along [Alpaydin and Kaynak 1998,
    doi:10.24432/C50P49]. Its file is read without importing it, which would take seconds.

    >>> X, y = digits()
    >>> X.shape, y.shape, X.min(), X.max()
    ((1797, 64), (1797,), np.float64(0.0), np.float64(1.0))
    """
    package = find_spec("sklearn")
    if package is None or package.origin is None:
        raise ImportError("digits: the images come with scikit-learn, which is not installed; pip install scikit-learn")
    table = np.loadtxt(Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz", delimiter=",")
    return Sample(table[:, :-1] / 16.0, table[:, -1].astype(np.int64))


def split(X: ndarray, y: ndarray, fractions: Sequence[float], rng: Generator) -> tuple[Sample, ...]:
    """The examples shuffled and parted, one part for each fraction: training, validation and test sets.

    Every example is in exactly one part. If y are labels (T integers), the parts are stratified: a class of m examples
    gives each part its fraction of m, within one example, and a part gets its fraction of T, within two. Other targets are
    parted without regard to their values.

    Raises ValueError for X and y of different length, fractions that are not positive or do not add up to 1, and
    parts that would be empty.

    >>> X, y = blobs(np.random.default_rng(0), 300)
    >>> train, validation, test = split(X, y, (0.6, 0.2, 0.2), np.random.default_rng(1))
    >>> train.X.shape, np.bincount(validation.y)
    ((180, 2), array([20, 20, 20]))
    """
    X, y = np.asarray(X), np.asarray(y)
    generator("split", rng)
    shares = np.asarray(fractions, dtype=np.float64)
    if len(X) != len(y):
        raise ValueError(f"split: X has {len(X)} rows but y has {len(y)} targets; each row needs its own")
    if shares.ndim != 1 or not np.all(shares > 0) or abs(shares.sum() - 1) > 1e-9:
        raise ValueError(f"split: the fractions must be positive and add up to 1, got {fractions}")
    labelled = y.ndim == 1 and y.dtype.kind in "iub"
    strata = [np.flatnonzero(y == each) for each in np.unique(y)] if labelled else [np.arange(len(y))]
    parts: list[list[ndarray]] = [[] for _ in shares]
    for stratum, counts in zip(strata, table(shares, np.array([*map(len, strata)])), strict=True):
        for part, rows in zip(parts, np.split(rng.permutation(stratum), np.cumsum(counts)[:-1]), strict=True):
            part.append(rows)
    orders = [rng.permutation(np.concatenate(part)) if part else np.arange(0) for part in parts]
    for share, order in zip(shares, orders, strict=True):
        if not len(order):
            raise ValueError(f"split: a fraction of {share:g} of {len(y)} examples leaves a part empty")
    return tuple(Sample(X[order], y[order]) for order in orders)


def table(shares: ndarray, sizes: ndarray) -> ndarray:
    """How many of each class (row) come into each part (column): the fractions of its size, up or down to a whole number."""
    cuts = np.rint(np.outer(sizes, np.cumsum(shares)[:-1]))
    found = np.diff(cuts, axis=1, prepend=0, append=sizes[:, None]).astype(int)
    if found.any(axis=0).all() and np.all(np.abs(found.sum(axis=0) - shares * sizes.sum()) < 2):
        return found
    found, owed = np.floor(np.outer(sizes, shares) + 1e-9).astype(int), np.zeros(len(shares))
    for row, size in zip(found, sizes, strict=True):  # of many small classes what was rounded off adds up: carry it over
        owed += size * shares - row
        most = np.argsort(-owed, kind="stable")[: size - row.sum()]
        row[most] += 1
        owed[most] -= 1.0
    return found


# A target that is neither a number nor meant as a word: 1,5 or 15% or inf, or a mark for what is missing.
NO_WORD = re.compile(r"[-+]?(?i:inf|infinity|nan|null)|N/?A|\?|[-+]?[\d.,'’\s\0]*\d[\d.,'’\s\0]*(?i:e[-+]?\d+)?\s*%?")


class Spreadsheet(NamedTuple):
    """The reader's data: X (T, d) and targets y (T,); the names of the d columns, and of the classes if y are labels.

    >>> Spreadsheet(np.array([[4.5]]), np.array([0]), ("weight",), ("cat",)).classes
    ('cat',)
    """

    X: ndarray
    y: ndarray
    columns: tuple[str, ...]
    classes: tuple[str, ...]


def read_csv(path: str | PathLike[str], target: str, *, delimiter: str = ",") -> Spreadsheet:
    """The reader's own file: a first line of column names, then one example a line, all cells filled.

    `target` names the column of the targets, the others are X, which must be finite numbers. Targets that are all
    numbers stay numbers (float64); words are classes, and y their labels (integers), in the order of their characters.
    What is meant as neither (1,5 or 15% or NA) is refused. To have numbers taken as classes:
    `np.unique(y, return_inverse=True)`.

    Raises ValueError, with line and column, for what is missing, no number or too much, and for an unknown target;
    TypeError for a path that is none (a number would be taken for an open file, and closed); OSError where there is no file.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "pets.csv")
    ...     _ = file.write_text("weight,pet\\n4.5,cat\\n20,dog\\n")
    ...     read_csv(file, target="pet")
    Spreadsheet(X=array([[ 4.5],
           [20. ]]), y=array([0, 1]), columns=('weight',), classes=('cat', 'dog'))
    """
    if not isinstance(delimiter, str) or len(delimiter) != 1:
        raise ValueError(f"read_csv: the delimiter must be one character, got {delimiter!r}")
    with open(fspath(path), encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, skipinitialspace=True, strict=True)
        try:
            lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(map(str.strip, cells))]
        except (csv.Error, UnicodeDecodeError) as error:
            raise ValueError(f"read_csv: line {reader.line_num} of {path} is no CSV in UTF-8 ({error})") from None
    if not lines:
        raise ValueError(f"read_csv: {path} is empty; it needs a line of column names and then the examples")
    (first, header), *rows = lines
    if target not in header and any(is_number(name) for name in header):
        raise ValueError(f"read_csv: line {first} of {path} holds numbers; the first line must name the columns")
    if "" in header or len(set(header)) < len(header):
        raise ValueError(f"read_csv: each column needs a name of its own, line {first} has {', '.join(map(repr, header))}")
    k = named({name: place for place, name in enumerate(header)}, target, "column")
    if len(header) < 2 or not rows:
        what = "examples below its names" if not rows else f"columns beside {target!r} (they are parted by {delimiter!r})"
        raise ValueError(f"read_csv: {path} has no {what}")
    for n, cells in rows:
        if len(cells) != len(header):
            raise ValueError(f"read_csv: line {n} has {len(cells)} cells, but there are {len(header)} columns")
        for name, cell in zip(header, cells, strict=True):
            if not cell:
                raise ValueError(f"read_csv: line {n}, column {name!r}: the cell is empty; fill it or leave the line out")
            if not is_number(cell) and (name != target or NO_WORD.fullmatch(cell)):
                what = "is not a finite number such as 1.5" + ", and no word for a class" * (name == target)
                raise ValueError(f"read_csv: line {n}, column {name!r}: {cell!r} {what}")
    X = np.array([[float(cell) for cell in cells[:k] + cells[k + 1 :]] for _, cells in rows])
    words = [(n, cells[k]) for n, cells in rows if not is_number(cells[k])]
    columns = tuple(header[:k] + header[k + 1 :])
    if not words:
        return Spreadsheet(X, np.array([float(cells[k]) for _, cells in rows]), columns, ())
    for n, word in words if len(words) < len(rows) else ():
        raise ValueError(f"read_csv: column {target!r} mixes numbers and words; line {n} has {word!r}")
    classes, y = np.unique([cells[k] for _, cells in rows], return_inverse=True)
    return Spreadsheet(X, y, columns, tuple(classes.tolist()))


def is_number(cell: str) -> bool:
    try:
        return "_" not in cell and bool(np.isfinite(float(cell)))  # 1_5 is 15 to Python alone
    except ValueError:
        return False
