"""What holds for the engine as a whole: its size, what it imports, what it leaves behind."""

from __future__ import annotations

import ast
import gc
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcourse import StaleGraph, Tensor, value_and_grad
from dlcourse.optim import GradientDescent, Optimizer

ENGINE = Path("dlcourse/autodiff")


def test_the_engine_can_be_read_in_an_evening(repository: Path) -> None:
    lines = {path: len(path.read_text().splitlines()) for path in (repository / ENGINE).rglob("*.py")}
    assert len(lines) > 10
    assert sum(lines.values()) < 1500, lines
    assert max(lines.values()) < 300, lines


def test_the_engine_imports_nothing_of_the_package_but_itself(repository: Path) -> None:
    """Imports run one way: what is made of the engine imports it, never the other way round."""
    seen = 0
    for path in (repository / ENGINE).rglob("*.py"):
        here = ["dlcourse", *path.relative_to(repository / "dlcourse").parent.parts]
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level:
                module = [*here[: len(here) - node.level + 1], *(node.module or "").split(".")]
                assert module[:2] == ["dlcourse", "autodiff"], f"{path.name} imports {'.'.join(module)}"
                seen += 1
            elif isinstance(node, ast.Import | ast.ImportFrom):
                named = [a.name for a in node.names] if isinstance(node, ast.Import) else [str(node.module)]
                assert not any(name.partition(".")[0] == "dlcourse" for name in named), path.name
    assert seen > 20


def by_optimizer() -> Callable[[list[float]], Any]:
    w, b = Tensor(0.0), Tensor(0.0)
    optimizer = Optimizer([w, b], GradientDescent(0.05))

    def run(xs: list[float]) -> Any:
        for x in xs:
            optimizer.zero_grad()
            loss = (w * x + b - (2.0 * x - 1.0)) ** 2
            loss.backward()
            optimizer.step()
        return w.value, b.value

    return run


def by_grad() -> Callable[[list[float]], Any]:
    f = value_and_grad(lambda θ, x: (θ["w"] * x + θ["b"] - (2.0 * x - 1.0)) ** 2)
    θ = {"w": 0.0, "b": 0.0}

    def run(xs: list[float]) -> Any:
        for x in xs:
            _, g = f(θ, x)
            θ["w"], θ["b"] = θ["w"] - 0.05 * g["w"], θ["b"] - 0.05 * g["b"]
        return θ["w"], θ["b"]

    return run


@pytest.mark.parametrize(("loop", "steps"), [(by_grad, 100_000), (by_optimizer, 5_000)])
def test_a_training_loop_leaves_no_cyclic_garbage_and_its_peak_does_not_grow(loop: Any, steps: int) -> None:
    """Stochastic gradient descent on the points of a line: nothing for the garbage collector, and no more memory at the end."""
    xs = np.random.default_rng(0).normal(size=steps).tolist()
    run = loop()

    def peak(part: list[float]) -> int:
        tracemalloc.start()
        run(part)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    run(xs[:100])
    gc.collect()
    gc.disable()
    try:
        early = peak(xs[100:600])
        run(xs[600:-500])
        late = peak(xs[-500:])
        assert gc.collect() == 0
    finally:
        gc.enable()
    assert late <= early + 5_000, (early, late)
    np.testing.assert_allclose(run([]), [2.0, -1.0], atol=1e-9)


def test_backward_after_a_leaf_below_has_moved_is_refused() -> None:
    w = Tensor(1.0)
    loss = w * w
    loss.backward()
    Optimizer([w], GradientDescent(0.1)).step()
    with pytest.raises(StaleGraph, match=r"new value.*again"):
        loss.backward()
    assert w.grad == 2.0
