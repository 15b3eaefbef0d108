"""The classes in the plane, the digits, splits, and the reader's own file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcourse import data

PLANE: dict[str, Any] = {each.__name__: each for each in (data.moons, data.circles, data.spirals, data.xor, data.blobs)}


@pytest.mark.parametrize("name", PLANE)
def test_shapes_balance_and_seed(name: str) -> None:
    make = PLANE[name]
    X, y = make(np.random.default_rng(0), 301)
    assert X.shape == (301, 2)
    assert X.dtype == np.float64
    assert y.dtype.kind == "i"
    counts = np.bincount(y)
    assert counts.max() - counts.min() <= 1
    assert not np.array_equal(y, np.sort(y))  # shuffled
    again = make(np.random.default_rng(0), 301)
    np.testing.assert_array_equal(again.X, X)
    np.testing.assert_array_equal(again.y, y)
    assert not np.array_equal(make(np.random.default_rng(1), 301).X, X)


@pytest.mark.parametrize("name", [*PLANE, "sine"])
@pytest.mark.parametrize("bad", [{"n": 0}, {"n": 2.5}, {"n": True}, {"noise": -1.0}, {"noise": np.nan}])
def test_sets_that_make_no_sense(name: str, bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{name}: (n|noise) must be"):
        getattr(data, name)(np.random.default_rng(0), **bad)


def test_without_noise_the_sets_are_their_formulas() -> None:
    rng = np.random.default_rng(2)
    X, y = data.moons(rng, 100, noise=0.0)
    np.testing.assert_allclose(np.hypot(*X[y == 0].T), 1.0)
    assert X[y == 0, 1].min() >= 0
    np.testing.assert_allclose(np.hypot(*(X[y == 1] - [1.0, 0.5]).T), 1.0)
    assert X[y == 1, 1].max() <= 0.5
    X, y = data.circles(rng, 100, noise=0.0, inner=0.3)
    np.testing.assert_allclose(np.hypot(*X.T), np.where(y == 0, 1.0, 0.3))
    X, y = data.spirals(rng, 100, noise=0.0, classes=3, turns=0.5)
    turned = np.exp(-2j * np.pi * y / 3) * (X[:, 0] + 1j * X[:, 1])
    np.testing.assert_allclose(turned, np.abs(turned) * np.exp(1j * np.pi * np.abs(turned)), atol=1e-12)
    X, y = data.blobs(rng, 100, noise=0.0, classes=2)
    np.testing.assert_allclose(X, np.stack([1.0 - 2.0 * y, 0.0 * y], axis=1), atol=1e-12)
    X, y = data.sine(rng, 50, noise=0.0)
    np.testing.assert_array_equal(y, np.sin(np.pi * X[:, 0]))
    X, y = data.xor(rng, 400)
    assert {(a, b) for a, b in np.sign(X)} == {(1, 1), (1, -1), (-1, 1), (-1, -1)}


def test_lines_and_turns_that_are_no_numbers() -> None:
    for make, name in ((data.line, "slope"), (data.line, "intercept"), (data.spirals, "turns")):
        with pytest.raises(ValueError, match=f"{name} must be a finite number, got nan"):
            make(np.random.default_rng(0), **{name: np.nan})  # type: ignore[operator]


def test_numbers_of_classes_that_make_no_sense() -> None:
    for make in (data.spirals, data.blobs):
        with pytest.raises(ValueError, match="classes must be a whole number ≥ 2, got 1"):
            make(np.random.default_rng(0), classes=1)
        with pytest.raises(ValueError, match="n must be a whole number ≥ 5, got 4"):
            make(np.random.default_rng(0), 4, classes=5)
    with pytest.raises(ValueError, match="inner radius"):
        data.circles(np.random.default_rng(0), inner=1.0)


def test_digits_are_block_counts_of_1797_images() -> None:
    datasets = pytest.importorskip("sklearn.datasets", reason="the digits come with scikit-learn")
    X, y = data.digits()
    theirs = datasets.load_digits()
    np.testing.assert_array_equal(X * 16, theirs.data)
    np.testing.assert_array_equal(y, theirs.target)
    assert y.dtype == np.int64


def test_without_scikit_learn_the_digits_say_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="scikit-learn, which is not installed"):
        data.digits()


# Splits ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fractions", [(0.6, 0.2, 0.2), (0.5, 0.5), (1.0,), (0.71, 0.19, 0.1)])
def test_a_split_loses_nothing_and_keeps_the_shares(fractions: tuple[float, ...]) -> None:
    y = np.repeat([0, 1, 2], [100, 37, 11])
    parts = data.split(np.arange(148)[:, None], y, fractions, np.random.default_rng(0))
    assert sorted(np.concatenate([part.X[:, 0] for part in parts])) == list(range(148))
    for share, part in zip(fractions, parts, strict=True):
        np.testing.assert_array_equal(part.y, y[part.X[:, 0]])
        assert np.all(np.abs(np.bincount(part.y, minlength=3) - share * np.array([100, 37, 11])) <= 1)


@pytest.mark.parametrize(
    ("y", "fractions"),
    [
        (np.arange(100), (0.6, 0.2, 0.2)),
        (np.arange(3), (0.6, 0.4)),
        (np.repeat(np.arange(100), 2), (0.25,) * 4),
        (np.repeat(np.arange(100), 3), (0.8, 0.1, 0.1)),
        (np.random.default_rng(0).integers(25, 347, 442), (0.6, 0.2, 0.2)),  # a regression with whole targets
        (np.random.default_rng(1).integers(0, 60, 333), (0.47, 0.33, 0.15, 0.05)),
    ],
)
def test_many_small_classes_do_not_add_up_to_parts_of_other_sizes(y: Any, fractions: tuple[float, ...]) -> None:
    parts = data.split(np.arange(len(y))[:, None], y, fractions, np.random.default_rng(0))
    assert sorted(np.concatenate([part.X[:, 0] for part in parts])) == list(range(len(y)))
    for share, part in zip(fractions, parts, strict=True):
        assert abs(len(part.y) - share * len(y)) < 2
        assert np.all(np.abs(np.bincount(part.y, minlength=y.max() + 1) - share * np.bincount(y)) <= 1)


def test_a_split_of_real_targets_and_its_seed() -> None:
    X, y = data.line(np.random.default_rng(0), 30)
    first, again = (data.split(X, y, (2 / 3, 1 / 3), np.random.default_rng(3)) for _ in range(2))
    assert [len(part.y) for part in first] == [20, 10]
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.X, other.X)
    one_hot = np.eye(2, dtype=int)[[0, 1] * 4]
    assert [part.y.shape for part in data.split(np.zeros((8, 1)), one_hot, (0.5, 0.5), np.random.default_rng(0))] == [
        (4, 2)
    ] * 2


@pytest.mark.parametrize(
    ("rows", "fractions", "words"),
    [
        (9, (0.5, 0.5), "X has 9 rows but y has 10"),
        (10, (0.5, 0.4), "add up to 1"),
        (10, (1.5, -0.5), "must be positive"),
        (10, (0.99, 0.01), "0.01 of 10 examples leaves a part empty"),
    ],
)
def test_splits_that_make_no_sense(rows: int, fractions: tuple[float, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        data.split(np.zeros((rows, 2)), np.zeros(10), fractions, np.random.default_rng(0))


# The reader's own file --------------------------------------------------------------------------------------------------


def test_a_file_of_numbers(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_bytes('\ufeffheight, "price, in €",width\r\n1,2.5,3\r\n\r\n-4e-1,5,6\r\n'.encode())
    with pytest.raises(ValueError, match="no column is called 'with'; did you mean 'width'"):
        data.read_csv(file, "with")
    X, y, columns, classes = data.read_csv(file, "width")
    np.testing.assert_array_equal(X[:, 0], [1.0, -0.4])
    np.testing.assert_array_equal(y, [3.0, 6.0])
    assert columns[0] == "height"
    assert classes == ()
    file.write_text("x,room\n1,1_2\n2,3_4\n")
    assert data.read_csv(file, "room").classes == ("1_2", "3_4")
    file.write_text("2019,2020,y\n1,2,b\n3,4,10-19\n5,6,Na\n7,8,+\n9,0,-\n", encoding="utf-8")
    X, y, columns, classes = data.read_csv(file, "y")
    assert columns == ("2019", "2020")  # columns may be called by years
    assert classes == ("+", "-", "10-19", "Na", "b")


@pytest.mark.parametrize(
    "cell", ["1,5", "1.500,25", "1 000", "15%", "15 %", "1,5e3", "nan", "NaN", "-inf", "1e400", "NA", "N/A", "null", "?", "2\0"]
)
def test_a_target_that_is_neither_number_nor_word(cell: str, tmp_path: Path) -> None:
    """Whether all of them are such, or one among words."""
    file = tmp_path / "own.csv"
    for other in (cell, "cat"):
        file.write_text(f"a;y\n1;{other}\n2;{cell}\n", encoding="utf-8")
        with pytest.raises(ValueError, match=r"line \d, column 'y': .* is not a finite number such as 1.5, and no word"):
            data.read_csv(file, "y", delimiter=";")


def test_a_file_that_is_no_utf_8_and_delimiters_that_are_none(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    for encoding in ("cp1252", "utf-16"):
        file.write_text("größe,y\n1,2\n", encoding=encoding)
        with pytest.raises(ValueError, match=r"read_csv: line 0 of .*own.csv is no CSV in UTF-8"):
            data.read_csv(file, "y")
    for delimiter in (";;", "", None):
        with pytest.raises(ValueError, match="read_csv: the delimiter must be one character, got"):
            data.read_csv(file, "y", delimiter=delimiter)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("1,2\n3,4\n", "line 1 of .* holds numbers; the first line must name the columns"),
        ("a,,y\n1,2,3\n", "each column needs a name"),
        ("a,a,y\n1,2,3\n", "each column needs a name"),
        ("a,y\n", "no examples"),
        ("y\n1\n", "no columns beside 'y'"),
        ("a;y\n1;2\n", "no column is called 'y'; did you mean 'a;y'"),
        ("a,y\n1,2\n\n3\n", "line 4 has 1 cells, but there are 2 columns"),
        ("a,y\n1,2\n,4\n", "line 3, column 'a': the cell is empty"),
        ("a,y\n1,\n", "line 2, column 'y': the cell is empty"),
        ("a,y\n1,2\n3,4\ntwo,4\n", "line 4, column 'a': 'two' is not a finite number"),
        ("a,y\nnan,2\n", "line 2, column 'a': 'nan' is not a finite number"),
        ("a,y\n1_5,2\n", "line 2, column 'a': '1_5' is not a finite number"),
        ("a,y\n1,2\n3,cat\n", "column 'y' mixes numbers and words; line 3 has 'cat'"),
        ('a,y\n1,"2\n', "is no CSV in UTF-8"),
    ],
)
def test_files_that_cannot_be_learned_from(text: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text(text)
    with pytest.raises(ValueError, match=words):
        data.read_csv(file, "y")
