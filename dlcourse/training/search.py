"""Model selection: train with many configurations, side by side, and compare what comes out."""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
import traceback
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from ..checks import whole
from .configurations import Configuration
from .progress import IN_A_SEARCH, bar


@dataclass(frozen=True)
class Trial:
    """One configuration and what became of it: a result, or the error that ended it (and where it arose).

    >>> Trial({"rate": 0.1}, {"score": 2.0}).result["score"]
    2.0
    """

    configuration: Configuration
    result: dict[str, Any]
    error: str = ""
    traceback: str = ""
    seconds: float = math.nan


@dataclass(frozen=True)
class Trials:
    """The table of a search: one trial per finished configuration, in the order of the configurations.

    Shown by a notebook as a table, best first. What asks for the best raises ValueError if no trial has a result.

    >>> trials = Trials((Trial({"rate": 0.1}, {"score": 2.0}), Trial({"rate": 0.4}, {"score": 1.0})), "all 2 done")
    >>> len(trials), trials.best().configuration, trials.failed
    (2, {'rate': 0.4}, [])
    """

    trials: tuple[Trial, ...]
    stopped: str

    def __len__(self) -> int:
        return len(self.trials)

    def __iter__(self) -> Iterator[Trial]:
        return iter(self.trials)

    @property
    def failed(self) -> list[Trial]:
        """The trials that ended with an error."""
        return [trial for trial in self.trials if trial.error]

    def ranked(self, by: str | None = None) -> list[Trial]:
        """The trials with a result, lowest `by` first; by default the first number of the results. NaN comes last.

        Raises ValueError if there is no result, or none of this name, or if it is no number.
        """
        done = [trial for trial in self.trials if not trial.error]
        if not done:
            first = f"; the first error was {self.failed[0].error}" if self.failed else ""
            raise ValueError(f"no trial has a result{first}")
        by = by or next(iter(done[0].result))
        if any(by not in trial.result for trial in done):
            there = dict.fromkeys(name for trial in done for name in trial.result)
            raise ValueError(f"not every result has {by!r}; there are {', '.join(there)}")
        if bad := [trial.result[by] for trial in done if not isinstance(trial.result[by], (int, float))]:
            raise ValueError(f"only numbers have a lowest; {by!r} is {bad[0]!r:.60}")
        return sorted(done, key=lambda trial: (math.isnan(trial.result[by]), trial.result[by]))

    def best(self, by: str | None = None) -> Trial:
        """The trial with the lowest `by`; see `ranked`."""
        return self.ranked(by)[0]

    def to_rows(self) -> list[dict[str, Any]]:
        """One flat dict per trial, as pandas.DataFrame or csv.DictWriter take them.

        A result of the same name as a hyper-parameter, or as one of the last two columns, is called "result.name".
        """
        last = {"seconds", "error"}
        taken = {"configuration": last, "result": last.union(*(trial.configuration for trial in self.trials))}

        def row(trial: Trial) -> dict[str, Any]:
            parts = [(part, names, getattr(trial, part)) for part, names in taken.items()]
            found = {f"{part}.{x}" if x in names else x: value for part, names, given in parts for x, value in given.items()}
            return found | {"seconds": trial.seconds, "error": trial.error}

        return [row(trial) for trial in self.trials]

    def _repr_html_(self) -> str:
        rows = self.to_rows()
        with suppress(ValueError):  # in the order of the configurations, if they have nothing in common to be ranked by
            rows = replace(self, trials=(*self.ranked(), *self.failed)).to_rows()
        columns = [name for name in dict.fromkeys(name for row in rows for name in row) if name != "error" or self.failed]
        head = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in columns)
        cells = [[f"<td>{escape(written(row.get(name, '')))}</td>" for name in columns] for row in rows]
        body = "".join(f"<tr>{''.join(row)}</tr>" for row in cells)
        return f"<table><caption>{escape(self.stopped)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def written(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def search(
    train: Callable[..., Any],
    configurations: Sequence[Configuration],
    *,
    seed: int,
    n_jobs: int = 1,
    directory: str | PathLike[str] | None = None,
    progress: bool = True,
) -> Trials:
    """Call `train(rng, **configuration)` for each configuration and collect what it returns.

    train : returns a number, the validation loss say (lower is better), or a dict of numbers and lists, the decisive
        one first. An exception ends its own trial alone.
    seed : each trial has a Generator of its own, made of the seed, the configuration, and how often that has come
        before in the list. So neither the order nor n_jobs nor other configurations change its result.
    n_jobs : 1 works here; more, or −1 for all cores, work in parallel by joblib (ImportError if it is missing). On a
        Dask cluster, with a `dask.distributed.Client` open, one more line sends the trials there:
        `with joblib.parallel_config(backend="dask"): search(…, n_jobs=-1)`.
    directory : where each finished trial is kept at once, as one line of JSON in `trials.jsonl`. A search that is run
        again takes what is there (same seed, same configuration) and does the rest; failures are tried anew. Code is
        not compared: choose another directory when `train` has changed.

    KeyboardInterrupt ends the search, not the program: the finished trials are returned; inside another search it ends that.
    They are returned too if a worker dies, out of memory say, or the disk is full: `stopped` tells.
    Raises ValueError for configurations that JSON can't hold, with the name in question, and for none at all; OSError,
    before the first trial, for a directory that can't be written.

    >>> def train(rng, rate):
    ...     return (rate - 0.3) ** 2
    >>> trials = search(train, [{"rate": 0.1}, {"rate": 0.4}], seed=0, progress=False)
    >>> trials.best().configuration
    {'rate': 0.4}
    """
    given, configurations = configurations, list(configurations)
    if isinstance(given, dict) or not configurations or not all(isinstance(each, dict) for each in configurations):
        raise ValueError(f"search: there are no configurations: needs a list of dicts, got {given!r:.60}")
    whole("search", "seed", seed, 0)
    if n_jobs != -1:  # all cores
        whole("search", "n_jobs", n_jobs)
    keys = keys_of(configurations, int(seed))
    file = None if directory is None else Path(directory, "trials.jsonl")
    kept = {} if file is None else finished(file)
    found = {i: replace(kept[key], configuration=configurations[i]) for i, key in enumerate(keys) if key in kept}
    left = [i for i in range(len(keys)) if i not in found]
    if file is not None and left:
        append(file)  # where that can't be done, nothing is trained in vain
    stopped = f"all {len(keys)} configurations done"
    calls = [(train, i, configurations[i], keys[i]) for i in left]
    with bar(len(keys), "trials", progress, done=len(found)) as shown:
        try:
            with closing(parallel(calls, n_jobs)) as results:
                for i, outcome in results:
                    found[i] = Trial(configurations[i], **outcome)
                    if file is not None and not outcome["error"]:
                        append(file, keys[i], outcome)
                    shown.update()
        except (KeyboardInterrupt, Exception) as error:
            by = "" if isinstance(error, KeyboardInterrupt) else f" by {type(error).__name__} ({error!s:.120})"
            if IN_A_SEARCH.get() or (by and (not found or isinstance(error, ImportError))):
                raise  # part of a search is no result of a trial
            stopped = f"interrupted{by} when {len(found)} of {len(keys)} configurations were done"
    return Trials(tuple(found[i] for i in sorted(found)), stopped)


def parallel(calls: list[tuple[Any, ...]], n_jobs: int) -> Generator[tuple[int, dict[str, Any]], None, None]:
    """The outcomes as they come."""
    if n_jobs == 1 or not calls:
        yield from (attempt(*call) for call in calls)
        return
    from joblib import Parallel, delayed

    yield from Parallel(n_jobs=n_jobs, return_as="generator_unordered")(delayed(attempt)(*call) for call in calls)


def attempt(train: Callable[..., Any], i: int, configuration: Configuration, key: str) -> tuple[int, dict[str, Any]]:
    """One trial: its place in the list, and its outcome as JSON gives it back."""
    words = np.frombuffer(hashlib.sha256(key.encode()).digest(), dtype="<u4")
    rng = np.random.default_rng(np.random.SeedSequence(words.tolist()))
    began, token = time.perf_counter(), IN_A_SEARCH.set(True)
    try:
        result = train(rng, **deepcopy(configuration))
        result = result if isinstance(result, dict) else {"score": result}
        decisive = next(iter(result.values()), None)
        if isinstance(decisive, bool) or not isinstance(decisive, (int, float, np.integer, np.floating)):
            raise TypeError(f"train must return a number, or a dict whose first entry is one, got {decisive!r:.60}")
        outcome = {"result": json.loads(json.dumps(result, default=to_json)), "error": "", "traceback": ""}
    except Exception as error:
        outcome = {"result": {}, "error": f"{type(error).__name__}: {error}", "traceback": traceback.format_exc()}
    finally:
        IN_A_SEARCH.reset(token)
    return i, outcome | {"seconds": time.perf_counter() - began}


def to_json(value: Any) -> Any:
    """What JSON does not know: arrays and numbers of NumPy."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"{value!r:.60} is neither number, text nor list")


def keys_of(configurations: Sequence[Configuration], seed: int) -> list[str]:
    """What tells trials apart: the seed, the configuration, and how often it has come before."""
    before: Counter[str] = Counter()
    keys = []
    for configuration in configurations:
        try:
            text = json.dumps(configuration, sort_keys=True, default=to_json)
        except (TypeError, ValueError) as error:
            what = f"{configuration!r:.200} can't be kept ({error}); use names and numbers, and make objects of them in train"
            raise ValueError(f"search: {what}") from None
        keys.append(json.dumps([seed, text, before[text]]))
        before[text] += 1
    return keys


def finished(file: Path) -> dict[str, Trial]:
    """What the file holds, by key. A last line that was cut off when the machine stopped is no trial."""
    kept = {}
    if file.exists():
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                entry = json.loads(line)
                kept[entry["key"]] = Trial({}, **entry["outcome"])
            except (ValueError, KeyError, TypeError):
                continue
    return kept


def append(file: Path, key: str = "", outcome: Any = None) -> None:
    """One line, in one write, on the disk before the next trial counts; after a line that was cut off, on a new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file, "ab+", buffering=0) as out:
        if out.seek(0, os.SEEK_END) and (out.seek(-1, os.SEEK_END), out.read(1))[1] != b"\n":
            out.write(b"\n")
        out.write((json.dumps({"key": key, "outcome": outcome}) + "\n").encode() if key else b"")
        os.fsync(out.fileno())
