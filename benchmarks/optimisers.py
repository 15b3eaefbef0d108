"""The quasi-Newton methods against SciPy's, with the same gradient function: medians and ratios of one run.

    python benchmarks/optimisers.py [workload …]

Both contenders must reach the same minimum before anything is timed. They take turns, so that a busy machine is
busy for both. One thread each.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy
from engine import measure, one_thread
from scipy.optimize import minimize as scipy_minimize

from dlcourse import compile, optim, value_and_grad


def rosenbrock(x: Any) -> Any:
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def rosenbrock_by_hand(x: Any) -> tuple[float, Any]:
    rise, left = x[1:] - x[:-1] ** 2, 1.0 - x[:-1]
    gradient = np.zeros(x.size)
    gradient[1:] = 200.0 * rise
    gradient[:-1] -= 400.0 * x[:-1] * rise + 2.0 * left
    return float(100.0 * rise.dot(rise) + left.dot(left)), gradient


CURVATURES = np.geomspace(1.0, 1e3, 10_000)


def quadratic(x: Any) -> Any:
    return 0.5 * np.sum(CURVATURES * x**2) - np.sum(x)


def quadratic_by_hand(x: Any) -> tuple[float, Any]:
    Hx = CURVATURES * x
    return float(0.5 * x.dot(Hx) - x.sum()), Hx - 1.0


VALLEY, FLAT = np.tile([-1.2, 1.0], 10), np.zeros(10_000)
BFGS = optim.BFGS(), "BFGS", {"gtol": 1e-6}
LBFGS = optim.LBFGS(), "L-BFGS-B", {"gtol": 1e-6, "ftol": 0.0, "maxcor": 10}
WORKLOADS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], Any, tuple[Any, str, dict[str, float]]]] = {
    "BFGS, 20-D Rosenbrock, ∇J by hand": (rosenbrock, rosenbrock_by_hand, VALLEY, BFGS),
    "BFGS, 20-D Rosenbrock, ∇J compiled": (rosenbrock, compile(value_and_grad(rosenbrock), VALLEY), VALLEY, BFGS),
    "BFGS, 20-D Rosenbrock, ∇J eager": (rosenbrock, value_and_grad(rosenbrock), VALLEY, BFGS),
    "L-BFGS, 10⁴-D quadratic, ∇J by hand": (quadratic, quadratic_by_hand, FLAT, LBFGS),
    "L-BFGS, 10⁴-D quadratic, ∇J compiled": (quadratic, compile(value_and_grad(quadratic), FLAT), FLAT, LBFGS),
}


def main(wanted: list[str]) -> None:
    threads = one_thread({"torch": False, "jax": False})
    print(f"NumPy {np.__version__}, SciPy {scipy.__version__}; threads: {threads}; ms, gradient evaluations, ratio of times")
    print(f"{'workload':<40}{'SciPy':>8}{'dlcourse':>10}{'evaluations':>16}{'ratio':>8}")
    for name, (f, with_gradient, start, (method, peer, options)) in WORKLOADS.items():
        if wanted and not any(part in name for part in wanted):
            continue

        def theirs(with_gradient: Any = with_gradient, start: Any = start, peer: str = peer, options: Any = options) -> Any:
            return scipy_minimize(with_gradient, start, jac=True, method=peer, options=options)

        def ours(f: Any = f, start: Any = start, method: Any = method, with_gradient: Any = with_gradient) -> Any:
            return optim.minimize(f, start, method, tolerance=1e-6, value_and_gradient=with_gradient)

        a, b = theirs(), ours()
        if not (a.success and b.converged and abs(a.fun - b.value) < 1e-9 and np.allclose(a.x, b.x, atol=1e-5)):
            raise SystemExit(f"{name}: the minima differ: SciPy {a.fun} ({a.message}), dlcourse {b.value} ({b.reason})")
        found = measure({"scipy": theirs, "dlcourse": ours})
        counts = f"{a.njev} / {b.evaluations.gradient}"
        times = f"{found['scipy'] * 1e3:>8.2f}{found['dlcourse'] * 1e3:>10.2f}"
        print(f"{name:<40}{times}{counts:>16}{found['dlcourse'] / found['scipy']:>8.2f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
