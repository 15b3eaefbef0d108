"""The exercises of the capstone recognise what goes wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prose import CHAPTERS, cells

from dlcourse import exercises
from dlcourse.exercises.capstone import PASS, by_search, error_with


@pytest.mark.parametrize(("wrong", "n", "z"), [(4, 360, 1.96), (12, 1000, 1.0), (0, 50, 1.96), (50, 50, 1.96)])
def test_the_bounds_are_where_the_distance_is_z_deviations(wrong: int, n: int, z: float) -> None:
    roots = np.sort(np.roots([1 + z**2 / n, -(2 * wrong / n + z**2 / n), (wrong / n) ** 2]).real)
    np.testing.assert_allclose(by_search(wrong, n, z), roots, atol=1e-9)


def columns_first(y: Any, p: Any, classes: int) -> Any:
    M = np.zeros((classes, classes))
    np.add.at(M, (p, y), 1)
    return M


def once(y: Any, p: Any, classes: int) -> Any:
    M = np.zeros((classes, classes))
    M[y, p] += 1
    return M


@pytest.mark.parametrize(("answer", "hint"), [(columns_first, "Rows are the true"), (once, "counts twice")])
def test_likely_mistakes_of_the_confusion_matrix_are_named(answer: Any, hint: str) -> None:
    feedback = exercises.check("confusion", answer)
    assert feedback.right is False
    assert hint in feedback.text


def simple(wrong: int, n: int, z: float) -> Any:
    p = wrong / n
    return p - z * np.sqrt(p * (1 - p) / n), p + z * np.sqrt(p * (1 - p) / n)


def test_likely_mistakes_of_the_interval_are_named() -> None:
    assert "measured share in the root" in exercises.check("interval", simple).text
    assert "lower bound comes first" in exercises.check("interval", lambda *a: by_search(*a)[::-1]).text


def own_means(train: Any, other: Any) -> Any:
    scaled = lambda X: (X - X.mean(axis=0)) / np.where(X.std(axis=0) > 0, X.std(axis=0), 1)  # noqa: E731
    return scaled(train), scaled(other)


def one_mean(train: Any, other: Any) -> Any:
    both = np.concatenate([train, other])
    return tuple((X - both.mean(axis=0)) / both.std(axis=0) for X in (train, other))


def undivided(train: Any, other: Any) -> Any:
    return train - train.mean(axis=0), other - train.mean(axis=0)


@pytest.mark.parametrize(
    ("answer", "hint"), [(own_means, "not by their own mean"), (one_mean, "kept apart"), (undivided, "Divide")]
)
def test_likely_mistakes_of_scaling_are_named(answer: Any, hint: str) -> None:
    feedback = exercises.check("standardise", answer)
    assert feedback.right is False
    assert hint in feedback.text


def test_augmentation_is_judged_by_new_digits() -> None:
    pytest.importorskip("sklearn", reason="the digits come with scikit-learn")
    assert error_with(lambda X, y: (X, y)) > PASS
    mirrored = lambda X, y: (np.concatenate([X, X.reshape(-1, 8, 8)[:, :, ::-1].reshape(-1, 64)]), np.tile(y, 2))  # noqa: E731
    assert "Not yet" in exercises.check("augment", mirrored).text
    for wrong, words in [
        (lambda X, y: X, "pair"),
        (lambda X, y: (X[:, :5], y), "n, 64"),
        (lambda X, y: (np.tile(X, (21, 1)), np.tile(y, 21)), "up to 20"),
        (lambda X, y: None, "Not answered"),
    ]:
        assert words in exercises.check("augment", wrong).text


def test_the_project_takes_a_column_that_never_changes(tmp_path: Path) -> None:
    [chapter] = (path for path in CHAPTERS if path.stem.startswith("15-"))
    code = {cell["id"]: cell["source"] for cell in cells(chapter, "code")}
    names: dict[str, Any] = {}
    exec("from dlcourse.training import integers, log_uniform, sample", names)
    for cell in ("envelope-class", "split", "wilson", "own-project", "own-parts", "own-report"):
        exec(code[cell], names)
    file = tmp_path / "shells.csv"
    rows = "".join(f"{10 * (k % 2) + k % 3},7,{'ab'[k % 2]}\n" for k in range(60))
    file.write_text("length,year,species\n" + rows)
    assert "2 classes from length, year" in names["project"](file, "species", seed=0, trials=1)


def by(train: Any, other: Any, less: int = 0, more: float = 0.0) -> Any:
    spread = train.std(axis=0, ddof=less) + more
    spread[spread == 0] = 1.0
    return tuple((X - train.mean(axis=0)) / spread for X in (train, other))


def test_a_wrong_scaling_is_named_first_and_shown_once() -> None:
    text = exercises.check("standardise", lambda train, other: by(train, other, less=1)).text
    assert text.startswith("Not yet. The mean of the squares is asked for; you divided their sum by n − 1.")
    own = exercises.check("standardise", own_means).text
    assert "the scaled other should be" in own
    assert "scaled train" not in own
    assert own.index("In column 1 the scaled other") < own.index("The call was standardise(train=")
    second = exercises.check("standardise", lambda train, other: tuple(np.add(X, [0.0, 1.0]) for X in by(train, other))).text
    assert "In column 2 the scaled train should be [" in second
    almost = exercises.check("standardise", lambda train, other: by(train, other, more=1e-8)).text
    assert "never changes" in almost
    with np.errstate(invalid="ignore"):
        assert (
            "never changes"
            in exercises.check(
                "standardise", lambda train, other: tuple((X - train.mean(0)) / train.std(0) for X in (train, other))
            ).text
        )
    assert exercises.check("standardise", by).right is True


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (3.0, "Return a pair"),
        ((1.0, 2.0, 3.0), "Return a pair"),
        ((1.0, 2.0), "the scaled train should be"),
        (None, "Not answered"),
    ],
)
def test_what_is_no_pair_of_scaled_parts(answer: Any, words: str) -> None:
    assert words in exercises.check("standardise", lambda train, other: answer).text


@pytest.mark.parametrize(
    ("answer", "words"), [(lambda X, y: (X * np.nan, y), "finite X"), (lambda X, y: (X, y.astype(str)), "not text")]
)
def test_what_is_wrong_with_augmented_digits_is_named(answer: Any, words: str) -> None:
    pytest.importorskip("sklearn", reason="the digits come with scikit-learn")
    text = exercises.check("augment", answer).text
    assert words in text
    assert "got the shapes" not in text
