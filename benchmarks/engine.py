"""The engine against hand-written NumPy, PyTorch, HIPS autograd and JAX: medians, minima and ratios of one run.

    python benchmarks/engine.py [workload …]

Every contender of a workload computes the same thing; results are compared before anything is timed. The
contenders take turns, so that a busy machine is busy for all of them. One thread each.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits
from workloads import WORKLOADS

ROUNDS, BUDGET = 15, 0.05  # turns per contender, seconds per turn


def seconds(step: Callable[[], Any], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        step()
    return (time.perf_counter() - start) / calls


def measure(contenders: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Median seconds per call of each, in turns."""
    return {name: statistics.median(found) for name, found in turns(contenders).items()}


def turns(contenders: dict[str, Callable[[], Any]]) -> dict[str, list[float]]:
    """Seconds per call of each, in turns."""
    once = {name: min(seconds(step, 3) for _ in range(3)) for name, step in contenders.items()}
    calls = {name: max(1, round(BUDGET / max(cost, 1e-7))) for name, cost in once.items()}
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, step in contenders.items():
            times[name].append(seconds(step, calls[name]))
    return times


def check_equal(name: str, contenders: dict[str, Callable[[], Any]]) -> None:
    expected = np.concatenate([np.ravel(np.asarray(x, dtype=float)) for x in flat(contenders["numpy"]())])
    for who, step in contenders.items():
        found = np.concatenate([np.ravel(np.asarray(x, dtype=float)) for x in flat(step())])
        if not np.allclose(found, expected, rtol=1e-8, atol=1e-10):
            raise SystemExit(f"{name}: {who} computes something else (largest difference {np.abs(found - expected).max():g})")


def flat(result: Any) -> list[Any]:
    if isinstance(result, (list, tuple)):
        return [y for x in result for y in flat(x)]
    return [result.detach().numpy() if hasattr(result, "detach") else result]


def one_thread(libraries: dict[str, bool]) -> int:
    """Keep every library to one thread and to float64; returns the largest number of threads that a BLAS has left."""
    threadpool_limits(1)
    if libraries["torch"]:
        import torch

        torch.set_num_threads(1)
        torch.set_default_dtype(torch.float64)
    if libraries["jax"]:
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        import jax

        jax.config.update("jax_enable_x64", True)
        jax.config.update("jax_platforms", "cpu")
    return max(pool["num_threads"] for pool in threadpool_info())


def main(wanted: list[str]) -> None:
    libraries = {name: importlib.util.find_spec(name) is not None for name in ("torch", "autograd", "jax")}
    versions = [f"{name} {version(name)}" if there else f"no {name}" for name, there in libraries.items()]
    print(f"NumPy {np.__version__}, {', '.join(versions)}; threads: {one_thread(libraries)}; µs by hand, then multiples of it")
    columns = ["numpy", "dlcourse", "compiled", "torch", "autograd", "jax"]
    print(f"{'workload':<12}{'by hand':>10}{''.join(f'{c:>10}' for c in columns[1:])}{'÷ torch':>10}")
    for name, workload in WORKLOADS.items():
        if wanted and name not in wanted:
            continue
        contenders = {who: make() for who, make in workload.items() if libraries.get(who, True)}
        check_equal(name, contenders)
        times = turns(contenders)
        for what, of in {name: statistics.median, "  minimum": min}.items():  # the least is what a quiet machine would take
            found = {who: of(seconds_each) for who, seconds_each in times.items()}
            floor = found["numpy"]
            cells = "".join(f"{found[c] / floor:>10.2f}" if c in found else f"{'–':>10}" for c in columns[1:])
            peer = f"{found['dlcourse'] / found['torch']:>10.2f}" if "torch" in found else f"{'–':>10}"
            print(f"{what:<12}{floor * 1e6:>10.1f}{cells}{peer}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
