"""Grid and random search: configurations, parallel work, failures, and taking up where it stopped."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from dlcourse import data, nn, optim
from dlcourse.training import choice, fit, grid, integers, log_uniform, sample, search, uniform


def noisy(rng: np.random.Generator, rate: float, width: int = 8) -> dict[str, Any]:
    """Something that depends on its configuration and on its generator, and fails for one width."""
    if width == 13:
        raise ArithmeticError("thirteen <units>")
    return {"loss": float((rate - 0.3) ** 2 + 0.001 * rng.normal()), "curve": rng.normal(size=3), "width_used": np.int64(width)}


GRID = grid(rate=np.array([0.1, 0.3, 0.5]), width=[8, 13, 16])


def quiet(train: Any = noisy, configurations: Any = GRID, **settings: Any) -> Any:
    return search(train, configurations, **({"seed": 0, "progress": False} | settings))


def results(trials: Any) -> list[Any]:
    return [(trial.configuration, trial.result, trial.error) for trial in trials]


# Configurations ------------------------------------------------------------------------------------------------------


def test_a_grid_is_the_product() -> None:
    assert len(GRID) == 9
    assert GRID[1] == {"rate": 0.1, "width": 13}
    assert all(type(c["rate"]) is float for c in GRID)
    assert grid() == [{}]
    assert grid(widths=[[8], [8, 4]])[1] == {"widths": [8, 4]}


def test_draws_follow_their_distributions() -> None:
    """Kolmogorov–Smirnov at n = 4000: a distance above 1.95/√n has probability 0.001."""
    distributions: Any = {"u": uniform(-1, 3), "l": log_uniform(1e-4, 1.0), "n": integers(2, 5), "c": choice(["a", "b"])}
    found = sample(np.random.default_rng(0), 4000, **distributions)
    assert sample(np.random.default_rng(0), 4000, **distributions) == found
    for name, rank in (("u", lambda v: (v + 1) / 4), ("l", lambda v: np.log10(v) / 4 + 1)):
        values = np.sort([rank(c[name]) for c in found])
        assert np.abs(values - (np.arange(4000) + 0.5) / 4000).max() < 1.95 / np.sqrt(4000)
    for name, values in (("n", [2, 3, 4, 5]), ("c", ["a", "b"])):
        counts = Counter(c[name] for c in found)
        assert sorted(counts) == values
        assert min(counts.values()) > 4000 / len(values) - 5 * np.sqrt(4000 / len(values))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: grid(rate=0.1), "grid: rate: needs a list of values, got 0.1"),
        (lambda: grid(activation="tanh"), "grid: activation: needs a list of values, got 'tanh'"),
        (lambda: grid(rate=[]), "at least one value"),
        (lambda: uniform(1, 1), "uniform: low must lie below high"),
        (lambda: uniform(0, np.inf), "uniform: high must be a finite number"),
        (lambda: log_uniform(0.0, 1.0), "log_uniform: low must be above 0"),
        (lambda: integers(0, 1.5), "whole numbers"),  # type: ignore[arg-type]
        (lambda: choice([]), "at least one value"),
        (lambda: sample(np.random.default_rng(0), 0, a=uniform(0, 1)), "n must be a whole number"),
        (lambda: sample(np.random.default_rng(0), 2, a=0.5), "a must be uniform, log_uniform, integers or choice"),  # type: ignore[arg-type]
        (lambda: uniform("a", 1), "uniform: low must be a finite number, got 'a'"),  # type: ignore[arg-type]
        (lambda: uniform(-1e308, 1e308), "uniform: low must lie below high"),
        (lambda: integers(0, 10**30), "whole numbers"),
        (lambda: choice(np.array(3)), "choice: needs a list of values"),  # type: ignore[arg-type]
        (lambda: quiet(configurations=[]), "there are no configurations"),
        (lambda: quiet(configurations=[0.1, 0.2]), "needs a list of dicts"),
        (lambda: quiet(seed=0.5), "seed must be a whole number"),
        (lambda: quiet(n_jobs=0), "n_jobs must be"),
        (lambda: quiet(configurations=[{"rate": np.tanh}]), "'rate': .* can't be kept"),
    ],
)
def test_what_makes_no_sense(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


# Results --------------------------------------------------------------------------------------------------------------


def test_failures_are_reported_and_lose_nothing() -> None:
    trials = quiet()
    assert [trial.configuration for trial in trials] == GRID
    assert [trial.configuration["width"] for trial in trials.failed] == [13, 13, 13]
    assert trials.failed[0].error == "ArithmeticError: thirteen <units>"
    assert "in noisy" in trials.failed[0].traceback
    assert trials.best().configuration["rate"] == 0.3
    assert trials.best("width_used").configuration == {"rate": 0.1, "width": 8}
    assert trials.stopped == "all 9 configurations done"
    rows = trials.to_rows()
    assert rows[1]["error"]
    assert rows[0]["loss"] == trials.trials[0].result["loss"]
    table = ElementTree.fromstring(trials._repr_html_())
    assert len(table.findall(".//tbody/tr")) == 9
    assert "thirteen <units>" in table.findall(".//tbody/tr")[-1][-1].text  # type: ignore[operator]
    with pytest.raises(ValueError, match=r"not every result has 'los'; there are loss, curve"):
        trials.best("los")
    with pytest.raises(ValueError, match=r"only numbers have a lowest; 'curve' is \["):
        trials.best("curve")


def test_no_column_of_the_table_hides_another() -> None:
    (row,) = quiet(lambda rng, **c: {"error": 0.2, "loss": 2.0}, [{"loss": "hinge", "seconds": 3}]).to_rows()
    assert row.pop("seconds") < 3
    assert row == {"loss": "hinge", "configuration.seconds": 3, "result.error": 0.2, "result.loss": 2.0, "error": ""}


def test_what_train_does_to_its_arguments_changes_no_configuration(tmp_path: Path) -> None:
    calls: list[Any] = []

    def train(rng: Any, widths: list[int]) -> float:
        calls.append(widths.pop())
        return 1.0

    configurations = [{"widths": [8, 4]}]
    for _ in range(2):
        assert quiet(train, configurations, directory=tmp_path).trials[0].configuration == {"widths": [8, 4]}
    assert calls == [4]


def test_results_of_different_names_are_shown_as_they_come() -> None:
    trials = quiet(lambda rng, a: {f"s{a}": 1.0}, (configuration for configuration in grid(a=[0, 1])))
    with pytest.raises(ValueError, match="not every result has 's0'; there are s0, s1"):
        trials.best()
    assert len(ElementTree.fromstring(trials._repr_html_()).findall(".//tbody/tr")) == 2


def test_losses_that_are_nan_come_last() -> None:
    trials = quiet(lambda rng, rate: np.nan if rate < 0.2 else rate, grid(rate=[0.1, 0.5, 0.3]))
    assert [trial.configuration["rate"] for trial in trials.ranked()] == [0.3, 0.5, 0.1]


def test_only_failures() -> None:
    trials = quiet(configurations=grid(rate=[0.1], width=[13]))
    with pytest.raises(ValueError, match="no trial has a result; the first error was ArithmeticError"):
        trials.best()
    assert "thirteen" in trials._repr_html_()


@pytest.mark.parametrize("result", [None, "low", {"name": "low"}, True, {}, {"loss": 1.0, "network": object()}])
def test_results_that_are_none(result: Any) -> None:
    (trial,) = quiet(lambda rng: result, [{}])
    assert trial.error.startswith("TypeError")


# Randomness -------------------------------------------------------------------------------------------------------------


def test_neither_order_nor_company_nor_processes_change_a_result() -> None:
    pytest.importorskip("joblib", reason="parallel search is joblib's")
    expected = results(quiet())
    assert results(quiet(n_jobs=2)) == expected
    backwards = results(quiet(configurations=GRID[::-1]))
    assert backwards[::-1] == expected
    assert results(quiet(configurations=GRID[4:5])) == expected[4:5]
    assert results(quiet(seed=1)) != expected


def test_a_configuration_that_comes_twice_is_drawn_twice() -> None:
    first, second = quiet(configurations=[{"rate": 0.3}] * 2)
    assert first.result["loss"] != second.result["loss"]


def test_a_search_on_a_dask_cluster() -> None:
    """In a process of its own: Dask leaves threads and warnings behind that are not ours."""
    if importlib.util.find_spec("distributed") is None:
        pytest.skip("needs Dask (`pip install dask[distributed]`); loky's two processes are tested above")
    program = """
import joblib
from dask.distributed import Client, LocalCluster
from dlcourse.training import grid, search
def train(rng, rate):
    if rate == 0.2:
        raise ArithmeticError("no")
    return rate + rng.normal()
if __name__ == "__main__":
    configurations = grid(rate=[0.1, 0.2, 0.3, 0.4])
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster, Client(cluster):
        with joblib.parallel_config(backend="dask"):
            there = search(train, configurations, seed=0, n_jobs=-1, progress=False)
    here = search(train, configurations, seed=0, progress=False)
    assert [(t.result, t.error) for t in there] == [(t.result, t.error) for t in here], there
    print("equal")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.stdout.endswith("equal\n"), done.stderr


# From the disk -----------------------------------------------------------------------------------------------------------


def test_a_search_goes_on_where_it_was_interrupted(tmp_path: Path) -> None:
    whole = quiet()
    calls: list[Any] = []

    def interrupted(rng: Any, **configuration: Any) -> Any:
        calls.append(configuration)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return noisy(rng, **configuration)

    part = quiet(interrupted, directory=tmp_path / "new")
    assert part.stopped == "interrupted when 5 of 9 configurations were done"
    assert results(part) == results(whole)[:5]
    rest = quiet(interrupted, directory=tmp_path / "new")
    assert results(rest) == results(whole)
    done = [GRID[i] for i in (0, 2, 3)]
    assert all(calls.count(configuration) == 1 for configuration in done)  # not again
    assert calls.count(GRID[1]) == 2  # the failure is tried anew
    again = quiet(interrupted, directory=tmp_path / "new")
    assert results(again) == results(whole)
    assert [t.seconds for t in again if not t.error] == [t.seconds for t in rest if not t.error]


def test_an_interruption_inside_fit_ends_the_search_not_the_trial(tmp_path: Path) -> None:
    calls: list[int] = []

    def loss(θ: Any, X: Any, y: Any) -> Any:
        calls.append(1)
        if len(calls) == 30:
            raise KeyboardInterrupt
        return np.mean((X @ θ - y) ** 2)

    def train(rng: Any, rate: float) -> float:
        run = fit(
            loss, np.zeros(2), data.line(np.random.default_rng(0)), optim.GradientDescent(rate),
            epochs=20, batch_size=30, rng=rng, progress=False,
        )  # fmt: skip
        return run.history["risk"][-1]

    trials = quiet(train, grid(rate=[0.1, 0.2, 0.3]), directory=tmp_path)
    assert trials.stopped == "interrupted when 1 of 3 configurations were done"
    assert len((tmp_path / "trials.jsonl").read_text().splitlines()) == 1


def test_an_interruption_inside_another_search_is_no_result(tmp_path: Path) -> None:
    trained: list[int] = []

    def inner(rng: Any, b: int) -> int:
        trained.append(b)
        if len(trained) == 3:
            raise KeyboardInterrupt
        return b

    def outer(rng: Any, a: int) -> float:
        return quiet(inner, grid(b=[5, 4, 3, 2, 1])).best().result["score"]

    trials = quiet(outer, grid(a=[1, 2]), directory=tmp_path)
    assert (trials.stopped, len(trials)) == ("interrupted when 0 of 2 configurations were done", 0)
    assert [trial.result for trial in quiet(outer, grid(a=[1, 2]), directory=tmp_path)] == [{"score": 1}] * 2


def test_a_directory_that_cannot_be_written_is_found_out_before_the_first_trial(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        quiet(lambda rng, **_: pytest.fail("trained in vain"), directory=tmp_path / "file")


def test_what_is_finished_is_read_where_nothing_can_be_written(tmp_path: Path, monkeypatch: Any) -> None:
    done = quiet(lambda rng, a: a, grid(a=[1, 2]), directory=tmp_path)
    monkeypatch.setattr(sys.modules[search.__module__], "append", lambda *_: pytest.fail("nothing is left to write"))
    assert results(quiet(lambda rng, a: a, grid(a=[1, 2]), directory=tmp_path)) == results(done)


def test_a_disk_that_is_full_loses_nothing(tmp_path: Path, monkeypatch: Any) -> None:
    def full(file: Any, key: str = "", outcome: Any = None) -> None:
        if outcome and outcome["result"]["score"] == 2:
            raise OSError("no space left")

    monkeypatch.setattr(sys.modules[search.__module__], "append", full)
    trials = quiet(lambda rng, a: a, grid(a=[1, 2, 3]), directory=tmp_path)
    assert trials.stopped == "interrupted by OSError (no space left) when 2 of 3 configurations were done"
    assert [trial.result["score"] for trial in trials] == [1, 2]


def dies_at_3(rng: Any, a: int) -> float:
    if a == 3:
        time.sleep(1.0)
        os._exit(1)
    return float(a)


def test_a_worker_that_dies_takes_no_finished_trial_along() -> None:
    pytest.importorskip("joblib", reason="parallel search is joblib's")
    trials = quiet(dies_at_3, grid(a=[0, 1, 2, 3]), n_jobs=2)
    assert trials.stopped.startswith("interrupted by TerminatedWorkerError (A worker process")
    assert [trial.result["score"] for trial in trials] == [0.0, 1.0, 2.0]


def test_a_search_finds_a_good_network_for_the_digits() -> None:
    """Chosen on the validation set, reported once on the test set."""
    pytest.importorskip("sklearn", reason="the digits come with scikit-learn")
    train, validation, test = data.split(*data.digits(), (0.6, 0.2, 0.2), np.random.default_rng(0))

    def learn(rng: Any, rate: float, l2: float, width: int, activation: str) -> Any:
        network = nn.MLP([64, width, 10], activation)
        rule = optim.Adam(learning_rate=rate)
        return network, fit(
            network, network.init(rng), train, rule, l2=l2, validation=validation, patience=5,
            epochs=30, batch_size=64, rng=rng, progress=False,
        )  # fmt: skip

    def score(rng: Any, **configuration: Any) -> Any:
        _, run = learn(rng, **configuration)
        return {"loss": min(run.history["validation_loss"]), "epochs": run.best_epoch}

    draws = sample(
        np.random.default_rng(1), 5,
        rate=log_uniform(1e-5, 1e-1), l2=log_uniform(1e-6, 1e-2), width=integers(8, 32), activation=choice(["tanh", "relu"]),
    )  # fmt: skip
    trials = quiet(score, draws)
    best = trials.best()
    assert best.result["loss"] < 0.5 * max(trial.result["loss"] for trial in trials)
    network, run = learn(np.random.default_rng(2), **best.configuration)
    assert np.mean(network.classify(run.theta, test.X) != test.y) < 0.08


def test_what_has_changed_is_done_anew(tmp_path: Path) -> None:
    calls: list[Any] = []

    def train(rng: Any, **configuration: Any) -> float:
        calls.append(configuration)
        return float(rng.normal())

    first = {"rate": 1, "relu": True}
    for changed in (first, {"rate": 1.0, "relu": True}, {"rate": 1, "relu": 1}, {"rate": 1}, first | {"l2": 0.0}):
        quiet(train, [changed], directory=tmp_path)
        assert calls[-1] is not None
        assert str(calls[-1]) == str(changed)
    assert len(calls) == 5
    quiet(train, [first], directory=tmp_path, seed=1)
    assert len(calls) == 6
    quiet(train, [{"relu": True, "rate": 1}], directory=tmp_path)  # the order of names is no change
    assert len(calls) == 6


def test_a_line_that_was_cut_off_is_no_trial(tmp_path: Path) -> None:
    configurations = grid(rate=[0.1, 0.3, 0.5])
    whole = quiet(configurations=configurations, directory=tmp_path)
    file = tmp_path / "trials.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    assert len(lines) == 3
    assert all(json.loads(line) for line in lines)
    for end in (1, 20, len(lines[2]) - 1):
        file.write_text(lines[0] + lines[1] + lines[2][:end])
        assert results(quiet(configurations=configurations, directory=tmp_path)) == results(whole)
        assert results(quiet(lambda rng, **c: 1 / 0, configurations, directory=tmp_path)) == results(whole)
    file.write_bytes(b"\xff\n" + "".join(lines).encode())
    assert results(quiet(lambda rng, **c: 1 / 0, configurations, directory=tmp_path)) == results(whole)
    file.write_text(lines[0].replace('"seconds"', '"hours"') + lines[1])  # an outcome of another kind
    assert results(quiet(configurations=configurations, directory=tmp_path)) == results(whole)


def test_parallel_work_is_kept_too(tmp_path: Path) -> None:
    pytest.importorskip("joblib", reason="parallel search is joblib's")
    expected = results(quiet(n_jobs=2, directory=tmp_path))
    assert len((tmp_path / "trials.jsonl").read_text().splitlines()) == 6
    assert results(quiet(directory=tmp_path)) == expected


def test_the_bar_counts_what_was_done_before(tmp_path: Path, capsys: Any) -> None:
    pytest.importorskip("tqdm", reason="the bar is tqdm's")
    quiet(configurations=grid(rate=[0.1, 0.3]), directory=tmp_path)
    assert capsys.readouterr().err == ""
    quiet(configurations=grid(rate=[0.1, 0.3, 0.5]), directory=tmp_path, progress=True)
    shown = capsys.readouterr().err
    assert "2/3" in shown
    assert "3/3" in shown
