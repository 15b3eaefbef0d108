"""Whole programs in the browser: constants, scans, runs in slices, bad input."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from interpreter import assert_agrees, encode, open_page, program, run
from playwright.sync_api import Browser, Error, Page

from dlcourse import nn, trace
from dlcourse import scan as scanned
from dlcourse.autodiff import value_and_grad
from dlcourse.autodiff.primitives import take


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    page = open_page(browser)
    yield page
    page.close()


def test_constants(page: Page) -> None:
    x = np.random.default_rng(0).normal(size=(2, 3))
    constants = [[[], 0.1], [[], "nan"], [[], "inf"], [[], "-inf"], [[2, 3], encode(x)], [[0], ""]]
    names = ["number", "nan", "inf", "minus_inf", "array", "empty"]
    outputs = run(page, program({}, [], {name: i for i, name in enumerate(names)}, constants))
    for name, expected in zip(names, [0.1, np.nan, np.inf, -np.inf, x, np.zeros(0)], strict=True):
        assert_agrees(outputs[name], expected, 0.0, name)


def test_runs_do_not_leak_into_each_other(page: Page) -> None:
    doubled = program({"x": (3,)}, [["add", [0, 0], [3]]], {"y": 1, "x": 0})
    results = page.evaluate(
        """program => {
            const { run } = dlcourse.compile(program);
            const { y } = run({ x: [1, 2, 3] });
            const first = Array.from(y);
            return [first, Array.from(run({ x: new Float64Array([5, 6, 7]) }).y), Array.from(y)];
        }""",
        doubled,
    )
    assert results == [[2, 4, 6], [10, 12, 14], [10, 12, 14]]  # the first view now shows the second run


# ---------------------------------------------------------------------------------------------- scan


def scan(body: dict, operands: list[int], shape: int, length: int, carries: int, sequences: int) -> list:
    return ["scan", operands, [shape], {"body": body, "length": length, "carries": carries, "sequences": sequences}]


def matvec(A: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A @ x, summed from left to right as the page does."""
    return sum((A[:, k] * x[k] for k in range(len(x))), np.zeros(len(A)))


def momentum(T: int) -> tuple[dict, dict, np.ndarray]:
    """v ← β v + A x + n_t, x ← x − α v from a sequence n; y = x before and ‖v‖² after. A is captured as a view."""
    rng = np.random.default_rng(1)
    values = {"x": rng.normal(size=3), "A": rng.normal(size=(3, 3)), "noise": rng.normal(size=(T, 3)), "alpha": np.array(0.1)}
    shapes = {"v": (3,), "x": (3,), "n": (3,), "A": (3, 3), "alpha": ()}
    body = program(
        shapes,
        [
            ["multiply", [0, 5], [3]],
            ["matmul", [3, 1], [3]],
            ["add", [6, 7], [3]],
            ["add", [8, 2], [3]],
            ["multiply", [4, 9], [3]],
            ["subtract", [1, 10], [3]],
            ["matmul", [9, 9], []],
        ],
        {"v": 9, "x": 11, "before": 1, "square": 12},
        [[[], 0.9]],
    )
    transposed = ["strided", [1], [3, 3], {"offset": 0, "strides": [1, 3]}]
    ops = [transposed, scan(body, [4, 0, 2, 5, 3], 6 + 4 * T, T, 2, 1)]
    v, x, befores, squares = np.zeros(3), values["x"], [], []
    for n in values["noise"]:
        befores.append(x)
        v = 0.9 * v + matvec(values["A"].T, x) + n
        x = x - 0.1 * v
        squares.append(matvec(v[None], v))
    expected = np.concatenate([v, x, *befores, np.ravel(squares)])
    return program(values, ops, {"y": 6}, [[[3], encode(np.zeros(3))]]), values, expected


@pytest.mark.parametrize("length", [0, 1, 5, 100])
def test_scan_with_carries_sequences_and_captures(page: Page, length: int) -> None:
    recorded, values, expected = momentum(length)
    assert_agrees(run(page, recorded, **values)["y"], expected, 0.0)


def test_scan_hands_carries_on_together(page: Page) -> None:
    """(a, b, c) ← (a + b, a, b): what a carry was is read although another one takes its place."""
    body = program({"a": (), "b": (), "c": ()}, [["add", [0, 1], []]], {"a": 3, "b": 0, "c": 1})
    a, b, c = 1.0, 2.0, 3.0
    for _ in range(10):
        a, b, c = a + b, a, b
    outputs = run(page, program({"a": (), "b": (), "c": ()}, [scan(body, [0, 1, 2], 3, 10, 3, 0)], {"y": 3}), a=1, b=2, c=3)
    assert outputs["y"].tolist() == [a, b, c]


def test_scan_outputs_may_be_views_constants_sequences_and_captures(page: Page) -> None:
    body = program(
        {"carry": (2, 2), "x": (2,), "captured": ()},
        [["strided", [0], [2, 2], {"offset": 0, "strides": [1, 2]}], ["reshape", [1], [2, 1]]],
        {"carry": 4, "x": 1, "constant": 3, "captured": 2, "again": 4, "column": 5},
        [[[], 7]],
    )
    start, X = np.arange(4.0).reshape(2, 2), np.arange(6.0).reshape(3, 2)
    outputs = run(
        page, program({"s": start, "X": X, "c": ()}, [scan(body, [0, 1, 2], 34, 3, 1, 1)], {"y": 3}), s=start, X=X, c=5
    )
    transposed = [start.T, start, start.T]
    expected: list[Any] = [start.T, X, [7, 7, 7], [5, 5, 5], transposed, X]
    assert_agrees(outputs["y"], np.concatenate([np.ravel(part) for part in expected]), 0.0)


def test_nested_scan(page: Page) -> None:
    """s_t = s_{t−1} / 2 + Σ_u r x_tu, the sum by a scan of its own; the inner body captures r from outside of both."""
    inner = program({"sum": (), "x": (), "r": ()}, [["multiply", [1, 2], []], ["add", [0, 3], []]], {"sum": 4})
    outer = program(
        {"s": (), "x": (4,), "r": ()},
        [["divide", [0, 4], []], scan(inner, [3, 1, 2], 1, 4, 1, 1), ["reshape", [6], []], ["add", [5, 7], []]],
        {"s": 8, "y": 8},
        [[[], 0], [[], 2]],
    )
    X = np.random.default_rng(2).normal(size=(5, 4))
    s, ys = 1.0, []
    for x in X:
        total = 0.0
        for u in x:
            total = total + u * 3.0
        ys.append(s := s / 2 + total)
    outputs = run(page, program({"s": (), "X": X, "r": ()}, [scan(outer, [0, 1, 2], 6, 5, 1, 1)], {"y": 3}), s=1, X=X, r=3)
    assert_agrees(outputs["y"], [s, *ys], 0.0)


def test_a_run_in_slices_gives_the_same(page: Page) -> None:
    recorded, values, expected = momentum(20)
    lists = {name: np.ravel(value).tolist() for name, value in values.items()}
    slices, done, y = page.evaluate(
        """([program, inputs]) => {
            const task = dlcourse.compile(program).start(inputs);
            let slices = 0;
            while (!task.done) { task.advance(0); slices++; }
            return [slices, task.advance(0), Array.from(task.results.y)];
        }""",
        [recorded, lists],
    )
    assert slices >= 20
    assert done
    assert_agrees(np.array(y), expected, 0.0)


# ---------------------------------------------------------------------------------------------- runs after runs


def test_what_a_change_does_not_reach_does_not_run_again(page: Page) -> None:
    """exp of a, exp of b in each of three steps, exp of both: how often each run takes it."""
    body = program({"s": (), "b": ()}, [["exp", [1], []], ["add", [0, 2], []]], {"s": 3})
    ops = [["exp", [0], []], scan(body, [1, 1], 1, 3, 1, 0), ["reshape", [3], []], ["add", [2, 4], []], ["exp", [5], []]]
    counts = page.evaluate(
        """([json, runs]) => {
            const exp = Math.exp;
            let count = 0;
            const program = dlcourse.compile(json);
            Math.exp = (x) => { count++; return exp(x); };
            try {
                return runs.map(([how, a, b]) => {
                    count = 0;
                    if (how === 'run') program.run({ a, b });
                    else for (const task = program.start({ a, b }); !task.advance(0) && how === 'slices';);
                    return count;
                });
            } finally { Math.exp = exp; }
        }""",
        [
            program({"a": (), "b": ()}, ops, {"y": 6, "a": 2}),
            [
                ["run", 0.1, 0.2],
                ["run", 0.1, 0.2],  # nothing has changed
                ["run", 0.3, 0.2],
                ["run", 0.3, 0.4],
                ["slices", 0.5, 0.4],
                ["one slice", 0.5, 0.6],  # its scan is begun and left
                ["run", 0.5, 0.6],
                ["run", 0.0, 0.6],
                ["run", -0.0, 0.6],  # another number
            ],
        ],
    )
    assert counts == [5, 0, 2, 4, 2, 1, 4, 2, 2]


def test_after_any_changes_the_results_are_those_of_a_first_run(page: Page) -> None:
    """A network in a scan, with all that is fused, views and their copies; inputs change one by one or together."""
    rng = np.random.default_rng(8)
    X, y = rng.normal(size=(9, 2)), rng.integers(0, 3, 9)
    mlp = nn.MLP([2, 4, 4, 3], "tanh")

    def train(theta: Any, alpha: Any, X: Any, row: Any) -> dict[str, Any]:
        def step(θ: Any, _: Any) -> Any:
            loss, gradient = value_and_grad(lambda θ: mlp.loss(θ, X, y))(θ)
            return θ - alpha * gradient, (loss, θ)

        first, (loss, _) = step(theta, None)
        last, (losses, path) = scanned(step, theta, np.zeros(6))
        return {
            "first": first,
            "loss": loss,
            "losses": losses,
            "shown": take(path, row, axis=0),
            "logits": mlp(last, X[::-1]),
            "X": X.T,
            "alpha": alpha,
        }

    recorded = trace(train, mlp.flat(mlp.init(rng)), 0.1, X, np.array([2.0]))
    new = {
        "theta": lambda: mlp.flat(mlp.init(rng)),
        "alpha": lambda: rng.choice([0.0, -0.0, 0.1, 0.3, np.nan]),
        "X": lambda: rng.normal(size=X.shape),
        "row": lambda: rng.integers(0, 6, 1),
    }
    given = {name: make() for name, make in new.items()}
    steps = []
    for _ in range(60):
        for name in rng.permutation(list(new))[: rng.integers(0, 3)]:
            given[name] = new[name]()
        steps.append({name: encode(value) for name, value in given.items()})
    different = page.evaluate(
        """([json, steps]) => {
            const decode = (text) => new Float64Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
            const bits = (results) => Object.values(results).map((array) => new Uint8Array(array.slice().buffer).join());
            const program = dlcourse.compile(json);
            return steps.flatMap((step, n) => {
                const values = Object.fromEntries(Object.entries(step).map(([name, text]) => [name, decode(text)]));
                const task = program.start(values);
                if (n % 3 === 1) while (!task.advance(0));
                else task.advance(0); // and is left in its midst
                if (n % 3 === 0) return [];
                const [found, fresh] = [program, dlcourse.compile(json)].map((each) => bits(each.run(values)));
                return found.every((each, i) => each === fresh[i]) ? [] : [n];
            });
        }""",
        [recorded.to_json(), steps],
    )
    assert different == []


# ---------------------------------------------------------------------------------------------- bad input

ADD = program({"x": (3,), "a": ()}, [["add", [0, 1], [3]]], {"y": 2})


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ({"x": [1, 2, 3]}, 'The input "a" is missing.'),
        ({"x": [1, 2, 3], "a": 1, "b": 1}, 'The program has no input "b".'),
        ({"x": [1, 2], "a": 1}, 'The input "x" has shape (3,) and needs 3 numbers; 2 are given.'),
        ({"x": 1, "a": 1}, 'The input "x" has shape (3,) and needs 3 numbers; 1 are given.'),
        ({"x": "123", "a": 1}, 'The input "x" is neither a number nor an array of numbers.'),
        ({"x": [1, 2, 3], "a": None}, 'The input "a" is neither a number nor an array of numbers.'),
    ],
)
def test_bad_inputs_are_named(page: Page, inputs: dict, sentence: str) -> None:
    with pytest.raises(Error) as caught:
        page.evaluate("([program, inputs]) => dlcourse.compile(program).run(inputs)", [ADD, inputs])
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("ops", "sentence"),
    [
        ([["fourier", [0], [3]]], 'Unknown kernel "fourier"'),
        ([["toString", [0], [3]]], 'Unknown kernel "toString"'),
        ([["exp", [7], [3]]], "exp: Slot 7 is used before anything is in it."),
        ([["add", [0, 1], [2]]], "add: An array of shape (3,) does not broadcast to (2,)."),
        ([["add", [0], [3]]], "add: 2 operands are needed; 1 are given."),
        ([["reshape", [0], [2, 2]]], "reshape: (3,) cannot be reshaped to (2, 2)."),
        ([["matmul", [0, 1], []]], "matmul: (3,) @ (2, 2) do not fit to ()."),
        (
            [["strided", [0], [4], {"offset": 0, "strides": [1]}]],
            "strided: Offset 0 and strides (1,) leave an array of 3 elements.",
        ),
        ([["sum", [0], [2], {"axes": [0]}]], "sum: Reducing over the axes 0 gives another shape."),
        ([["concatenate", [0, 0], [5], {"axis": 0}]], "concatenate: (3,) and (3,) do not concatenate to (5,)."),
        ([["take", [0, 2], []]], "Index 3 is not one of the 3 rows."),
        ([["take", [0, 3], []]], "Index 0.5 is not one of the 3 rows."),
        ([["take", [0, 4], []]], "Index NaN is not one of the 3 rows."),
    ],
)
def test_bad_programs_are_refused(page: Page, ops: list, sentence: str) -> None:
    constants = [[[2, 2], encode(np.eye(2))], [[], 3], [[], 0.5], [[], "nan"]]
    with pytest.raises(Error) as caught:
        run(page, program({"x": (3,)}, ops, {"y": 5}, constants), x=np.zeros(3))
    assert sentence in str(caught.value)


def test_a_superseded_run_stops(page: Page) -> None:
    with pytest.raises(Error) as caught:
        page.evaluate(
            """program => {
                const { start, run } = dlcourse.compile(program);
                const task = start({ x: [1, 2, 3], a: 1 });
                run({ x: [1, 2, 3], a: 2 });
                task.advance(1);
            }""",
            ADD,
        )
    assert "superseded" in str(caught.value)
