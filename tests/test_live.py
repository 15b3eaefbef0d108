"""Explorables: state, controls, the two faces, and paths that are the package's own."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
import traitlets

from dlcourse import landscapes, optim
from dlcourse.landscapes import ALL
from dlcourse.live import Descent, Explorable, Question
from dlcourse.live.controls import Choice, Position, Several, Slider
from dlcourse.live.descent import ADAPTIVE_METHODS, METHODS, STEPS

RULES = {
    "gradient_descent": lambda α, β: optim.GradientDescent(α),
    "momentum": optim.Momentum,
    "accumulated_momentum": optim.AccumulatedMomentum,
    "heavy_ball": optim.HeavyBall,
    "nesterov": optim.Nesterov,
}


class Face(HTMLParser):
    """What a browser reads of an explorable's HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[str] = []
        self.text: dict[str, str] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        self.elements.append((tag, dict(attributes)))
        self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        for tag in self.inside:
            self.text[tag] = self.text.get(tag, "") + data

    def find(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def refuse(constant: str) -> Any:
    raise AssertionError(f"{constant} is not JSON")


def payload(explorable: Explorable) -> Any:
    return json.loads(Face(explorable.to_html()).text["script"], parse_constant=refuse)


@pytest.fixture(scope="module")
def descent() -> Descent:
    return Descent("himmelblau", ["gradient_descent", "nesterov"], identity="here", beta=0.8)


# State and controls --------------------------------------------------------------------------------------------


def test_the_state_is_the_controls(descent):
    assert descent.state == {
        "landscape": "himmelblau",
        "methods": ["gradient_descent", "nesterov"],
        "alpha": landscapes.himmelblau.learning_rate,
        "beta": 0.8,
        "condition": 10.0,
        "start": list(landscapes.himmelblau.start),
        "step": STEPS,
    }
    assert Descent.controls() == list(descent.state)


def test_every_control_is_a_synced_trait():
    for name in Descent.controls():
        assert Descent.class_traits()[name].metadata["sync"] is True
    assert set(Descent.class_trait_names(sync=True)) >= {"kind", "spec", *Descent.controls()}


def test_what_a_notebook_is_sent_holds_the_numbers_as_text():
    """A notebook's tools format, copy or check each message value by value: a description is one value of it."""
    assert not any(isinstance(value, dict) for value in Descent().get_state().values())


class Flat(Explorable):
    view = "curves"


def test_a_number_that_json_cannot_write():
    with pytest.raises(ValueError, match=r"^Descent: target must be a finite number ≥ 0, got nan$"):
        Descent("bowl", landscape_choices=["bowl"], method_choices=["momentum"], target=float("nan"))
    with pytest.raises(ValueError, match=r"^Flat: panels\.0\.lines\.0\.at is inf;"):
        Flat("flat", {"panels": [{"lines": [{"at": np.inf}]}]})


def test_the_landscape_gives_what_is_not_given():
    for name, landscape in ALL.items():
        made = Descent(name, method_choices=["gradient_descent"], landscape_choices=[name])
        assert made.alpha == landscape.learning_rate
        assert made.start == list(landscape.start)
        assert [each["name"] for each in made.spec["landscapes"]] == [name]
    assert Descent("bowl", alpha=0.3, start=(1, 2)).start == [1.0, 2.0]


def test_other_widgets_can_drive_it():
    import ipywidgets

    made = Descent("bowl", landscape_choices=["bowl"])
    slider = ipywidgets.FloatSlider(value=0.25, min=0.0, max=1.0)
    traitlets.dlink((slider, "value"), (made, "alpha"))
    assert made.alpha == 0.25
    seen: list[float] = []
    made.observe(lambda change: seen.append(change["new"]), "alpha")
    slider.value = 0.5
    assert (made.alpha, seen) == (0.5, [0.5])


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("alpha", 100.0, r"alpha \(learning rate\): needs a number from 0.0001 to 10, got 100\.0"),
        ("alpha", 0.0, "from 0.0001 to 10, got 0.0"),
        ("alpha", -1, "got -1"),
        ("alpha", float("nan"), "got nan"),
        ("alpha", float("inf"), "got inf"),
        ("alpha", "0.1", "got '0.1'"),
        ("alpha", None, "got None"),
        ("alpha", True, "got True"),
        ("alpha", [0.1], r"got \[0.1\]"),
        ("beta", 1.0, r"beta \(momentum\): needs a number from 0 to 0\.99, got 1\.0"),
        ("beta", -0.1, "from 0 to 0.99"),
        ("condition", 0.5, r"condition \(condition number\): needs a number from 1 to 1000, got 0.5"),
        ("step", 101, "step .*from 0 to 100, got 101"),
        ("step", -1, "from 0 to 100"),
        ("step", 2.5, "needs a whole number, got 2.5"),
        ("landscape", "rosenbrok", "there is no 'rosenbrok'; choose one of bowl, ravine"),
        ("landscape", None, "there is no None"),
        ("methods", ["newton"], "there is no 'newton'; choose from gradient_descent"),
        ("methods", [], "none was given"),
        ("methods", 5, "there is no 5"),
        ("methods", None, "there is no None"),
        ("start", [1.0], r"start: needs two numbers between −10 and 10, got \[1.0\]"),
        ("start", [1.0, 11.0], "needs two numbers"),
        ("start", [float("nan"), 0.0], "needs two numbers"),
        ("start", "12", "needs two numbers"),
        ("start", None, "needs two numbers"),
        ("start", 3.0, "needs two numbers"),
        ("start", ["a", "b"], "needs two numbers"),
        ("kind", "other", "read-only"),
        ("spec", {}, "read-only"),
    ],
)
def test_values_out_of_range(descent, name, value, words):
    before = dict(descent.state)
    with pytest.raises(traitlets.TraitError, match=words):
        setattr(descent, name, value)
    assert descent.state == before
    if name not in ("kind", "spec", "landscape", "methods"):
        with pytest.raises(traitlets.TraitError, match=words):
            Descent(**{name: value}, landscape_choices=["bowl"], method_choices=["gradient_descent"])


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"landscape": "rosenbrok"}, ValueError, "did you mean 'rosenbrock'"),
        ({"methods": ["newton"]}, traitlets.TraitError, "there is no 'newton'"),
        ({"methods": "newton"}, traitlets.TraitError, "there is no 'newton'"),
        ({"gamma": 0.1}, TypeError, "Descent: has no control 'gamma'; it has .*alpha"),
        ({"methods": None}, TypeError, "Descent: methods must be a list of str, got None"),
        ({"target": []}, ValueError, r"Descent: target must be a finite number ≥ 0, got \[\]"),
        ({"goal": 3}, TypeError, "Descent: goal must be a sentence, got 3"),
        ({"landscape_choices": "bowl"}, TypeError, "Descent: landscape_choices must be a list of str, got 'bowl'"),
        ({"method_choices": 3}, TypeError, "Descent: method_choices must be a list of str, got 3"),
        ({"landscape_choices": ["bowl", "nowhere"]}, ValueError, "no landscape or method 'nowhere'"),
        ({"method_choices": ["newton"]}, ValueError, "no landscape or method 'newton'"),
    ],
)
def test_what_does_not_exist(arguments, error, words):
    with pytest.raises(error, match=words):
        Descent(**{"landscape_choices": ["bowl"], "method_choices": ["gradient_descent"], **arguments})


def test_values_in_range():
    made = Descent("bowl", "heavy_ball", landscape_choices=["bowl"])
    made.alpha = 1e-4
    made.alpha = np.float64(10.0)
    assert type(made.alpha) is float
    made.step = 3.0
    assert (made.step, type(made.step)) == (3, int)
    made.methods = ("nesterov", "gradient_descent", "nesterov")
    assert made.methods == ["gradient_descent", "nesterov"]  # in the table's order, each once
    made.methods = "momentum"
    assert made.methods == ["momentum"]
    made.start = np.array([1, -2])
    assert made.start == [1.0, -2.0]


@pytest.mark.parametrize("bounds", [(1.0, 1.0), (2.0, 1.0), (0.0, float("inf")), (float("nan"), 1.0)])
def test_sliders_need_a_range(bounds):
    with pytest.raises(ValueError, match="Slider α: needs a range"):
        Slider(1.0, low=bounds[0], high=bounds[1], label="α", description="learning rate")
    with pytest.raises(ValueError, match="above 0 on a log scale"):
        Slider(1.0, low=0.0, high=1.0, label="α", description="learning rate", scale="log")


# The HTML face -------------------------------------------------------------------------------------------------


def test_the_html_face(descent):
    face = Face(descent.to_html())
    root = face.find("div")[0]
    assert root == {"class": "dlcourse-explorable", "data-kind": "descent", "id": "here"}
    assert face.find("script") == [{"type": "application/json"}]
    found = payload(descent)
    assert list(found) == ["kind", "state", "spec"]
    assert found["kind"] == "descent"
    assert found["state"] == descent.state
    assert found["spec"] == descent.spec


def test_nothing_can_break_out_of_the_script():
    evil = "</script><script>alert(1)</script><!-- & \u2028"
    made = Descent("bowl", goal=evil, identity='"><script>x', landscape_choices=["bowl"], method_choices=["gradient_descent"])
    text = made.to_html()
    assert text.count("<script") == text.count("</script>") == 1
    inside = re.search(r"<script[^>]*>(.*?)</script>", text, re.DOTALL)
    assert inside
    assert "<" not in inside[1]
    assert payload(made)["spec"]["goal"] == evil
    assert Face(text).find("div")[0]["id"] == '"><script>x'
    question = Question("q", evil, choices=[(evil, evil), ("b", "c")], right=0)
    assert payload(question)["spec"]["prompt"] == evil
    assert question.to_html().count("<script") == 1


def test_the_still_picture_has_a_text(descent):
    text = descent.to_html()
    still = text[text.index("<noscript>") : text.index("</noscript>")]
    assert "<svg" in still
    face = Face(still)
    named = [a.get("aria-label") or a.get("alt") or "" for _, a in face.elements] + [face.text.get("title", "")]
    alt = max(named, key=len)
    assert "Himmelblau" in alt
    assert "α = 0.01" in alt
    assert "Nesterov" in alt
    assert "nan" not in still.lower()


def test_a_diverging_run_has_a_still_picture_too():
    made = Descent("rosenbrock", list(METHODS), alpha=5.0, landscape_choices=["rosenbrock"])
    text = made.to_html()
    assert "nan" not in text[text.index("<noscript>") :].lower()
    payload(made)


def test_the_spec_tells_the_page_what_it_needs(descent):
    spec = payload(descent)["spec"]
    assert {"steps", "escape", "grid", "goal", "target", "controls", "methods", "landscapes"} <= set(spec)
    assert set(spec["controls"]) == {"alpha", "beta", "condition", "step"}
    for control in spec["controls"].values():
        assert {"label", "description", "scale", "min", "max"} <= set(control)
        assert control["scale"] in ("linear", "log")
        assert control["min"] < control["max"]
    assert [m["name"] for m in spec["methods"]] == list(METHODS)
    assert len({m["colour"] for m in spec["methods"]}) == len(METHODS)
    assert [each["name"] for each in spec["landscapes"]] == list(ALL)
    names = {m["name"] for m in spec["methods"]}
    n = spec["grid"][0] * spec["grid"][1]
    for each in spec["landscapes"]:
        landscape = ALL[each["name"]]
        assert (each["minimum"], each["alpha"], tuple(each["start"])) == (
            landscape.minimum,
            landscape.learning_rate,
            landscape.start,
        )
        assert each["uses"] == list(landscape.parameters)
        parameters = [[name, []] for name in landscape.parameters]
        assert each["surface"]["inputs"] == [["x", [n]], ["y", [n]], *parameters]
        assert [name for name, _ in each["surface"]["outputs"]] == ["J"]
        assert set(each["paths"]) == names
        for program in each["paths"].values():
            assert program["inputs"] == [["start", [2]], ["alpha", []], ["beta", []], *parameters]
            assert [name for name, _ in program["outputs"]] == ["path", "loss"]


EXACT = {
    "add",
    "subtract",
    "multiply",
    "divide",
    "negative",
    "square",
    "integer_power",
    "rint",
    "equal",
    "greater",
    "absolute",
    "where",
}
MOVES = {"reshape", "strided", "scatter", "concatenate", "scan"}


def kernels(program: dict[str, Any]) -> set[str]:
    found = {operation[0] for operation in program["ops"]}
    for operation in program["ops"]:
        if operation[0] == "scan":
            found |= kernels(operation[3]["body"])
    return found


def test_paths_use_exact_arithmetic_alone():
    """So that page and Python agree to the last bit even where the motion is chaotic."""
    for each in Descent("bowl").spec["landscapes"]:
        for program in (each["surface"], *each["paths"].values()):
            assert kernels(program) <= EXACT | MOVES, each["name"]


def test_the_page_stays_light():
    """All landscapes and methods of the flagship together, as JSON."""
    assert len(Descent("bowl").to_html()) < 250_000


# The widget face -----------------------------------------------------------------------------------------------


def test_both_faces_are_offered(descent):
    data, metadata = descent._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"} <= set(data)
    assert data["text/html"] == descent.to_html()
    assert data["text/plain"] == repr(descent)
    assert repr(descent).startswith("Descent('here', ")
    assert "beta=0.8, " in repr(descent)
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == descent.model_id
    assert isinstance(metadata, dict)
    sent = descent.get_state()
    assert json.loads(sent["spec"]) == descent.spec
    assert {name: sent[name] for name in descent.state} == descent.state


# Paths ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("landscape", sorted(ALL))
def test_adaptive_methods_are_there_when_named(landscape):
    """Their paths are the package's own; an explorable that does not name them does not carry them."""
    f = ALL[landscape]
    rules = {
        "adagrad": optim.Adagrad(0.1),
        "rmsprop": optim.RMSProp(0.1, 0.8),
        "rmsprop_epsilon_inside": optim.RMSPropEpsilonInside(0.1, 0.8),
        "rmsprop_momentum": optim.RMSPropMomentum(0.1, momentum=0.8),
        "adadelta": optim.Adadelta(0.1, 0.8),
        "adam": optim.Adam(0.1, 0.8),
    }
    made = Descent(landscape, list(rules), alpha=0.1, beta=0.8, landscape_choices=[landscape], method_choices=["nesterov"])
    assert [m["name"] for m in made.spec["methods"]] == ["nesterov", *rules]
    assert set(made.paths) == set(rules) == set(ADAPTIVE_METHODS)
    for name, path in made.paths.items():
        np.testing.assert_array_equal(path, optim.descend(rules[name], f, np.array(f.start), STEPS).path)


@pytest.mark.parametrize(
    ("method", "has"), [("adagrad", False), ("gradient_descent", False), ("adam", True), ("adadelta", True)]
)
def test_beta_is_a_control_where_it_matters(method, has):
    made = Descent("bowl", method, landscape_choices=["bowl"], method_choices=[method])
    assert ("beta" in made.spec["controls"]) is has


@pytest.mark.parametrize("landscape", sorted(ALL))
def test_paths_are_the_packages_own(landscape):
    """The traced program, run on the traits, against optim.descend computed eagerly: the same bits."""
    f = ALL[landscape]
    made = Descent(landscape, list(METHODS), landscape_choices=[landscape])
    for α, β, start in [(f.learning_rate, 0.9, f.start), (f.learning_rate / 3, 0.5, f.domain[0][:1] + f.domain[1][1:])]:
        made.alpha, made.beta, made.start, made.condition = α, β, start, 20.0
        parameters = {"condition": 20.0} if f.parameters else {}
        assert set(made.paths) == set(made.methods) == set(RULES)
        for name, path in made.paths.items():
            with np.errstate(all="ignore"):
                found = optim.descend(RULES[name](α, β), lambda θ, p=parameters: f(θ, **p), np.array(start), STEPS)
            np.testing.assert_array_equal(path, found.path)
            # J at the last point is computed on a plain array, where NumPy's x**3 may differ in the last bit
            np.testing.assert_allclose(made.runs()[name]["loss"], found.values, rtol=1e-15)
    np.testing.assert_array_equal(made.path, made.paths["gradient_descent"])


def test_a_run_that_diverges_is_a_result():
    made = Descent("rosenbrock", alpha=1.0, landscape_choices=["rosenbrock"])
    assert not np.all(np.isfinite(made.path))  # and no warning


# Building kinds ------------------------------------------------------------------------------------------------


def test_a_kind_of_ones_own():
    class Two(Explorable):
        view = "two"
        a = Slider(1.0, low=0.0, high=2.0, label="a", description="number a")
        b = Choice(["x", "y"])
        c = Several(["p", "q"], ["q"])
        d = Position(1.0)

    made = Two("here", {"n": 1}, a=0.5)
    assert made.state == {"a": 0.5, "b": "x", "c": ["q"], "d": [0.0, 0.0]}
    assert made.kind == "two"
    with pytest.raises(NotImplementedError, match="Two has no still picture"):
        made.to_html()


# Questions -----------------------------------------------------------------------------------------------------


def test_a_choice():
    made = Question("q1", "Which $α$?", choices=[("0.1", "Too small."), ("2/λ", "The edge.")], right=1)
    found = payload(made)
    assert found["kind"] == "question"
    assert found["state"] == {"answer": None}
    assert found["spec"] == {
        "prompt": "Which $α$?",
        "type": "choice",
        "options": [
            {"text": "0.1", "correct": False, "feedback": "Too small."},
            {"text": "2/λ", "correct": True, "feedback": "The edge."},
        ],
    }
    still = made.still()
    assert "Which $α$?" in still
    assert "2/λ" in still
    made.answer = 1
    assert payload(made)["state"] == {"answer": 1}


def test_a_number():
    made = Question(
        "q2",
        "2/λ for λ = 4?",
        answer=0.5,
        tolerance=1e-2,
        hints={2: "That is λ/2."},
        right_feedback="Yes.",
        wrong_feedback="No.",
    )
    assert payload(made)["spec"] == {
        "prompt": "2/λ for λ = 4?",
        "type": "number",
        "answer": 0.5,
        "tolerance": 0.01,
        "feedback": {"right": "Yes.", "wrong": "No."},
        "hints": [{"value": 2.0, "feedback": "That is λ/2."}],
    }
    assert "<ul>" not in made.still()


PAIR = [("yes", "Indeed."), ("no", "Count again.")]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "either choices .* or a number"),
        ({"choices": PAIR, "right": 0, "answer": 1.0}, "either choices"),
        ({"choices": PAIR}, "position of the right one"),
        ({"choices": PAIR, "right": 2}, "position of the right one"),
        ({"choices": PAIR, "right": -1}, "position of the right one"),
        ({"choices": PAIR[:1], "right": 0}, "two choices or more"),
        ({"answer": float("nan")}, "finite number, got nan"),
        ({"answer": float("inf")}, "finite number, got inf"),
        ({"answer": -float("inf")}, "finite number, got -inf"),
        ({"answer": "x"}, "answer must be a finite number, got 'x'"),
        ({"answer": 1.0, "tolerance": "x"}, "tolerance must be a finite number ≥ 0, got 'x'"),
        ({"choices": PAIR, "right": 0.5}, "position of the right one, must be a whole number from 0 to 1, got 0.5"),
        (
            {"choices": [("yes", "Indeed.", "?"), PAIR[1]], "right": 0},
            r"pair \(text, feedback\), got \('yes', 'Indeed.', '\?'\)",
        ),
        ({"choices": ["no", "yes"], "right": 0}, r"pair \(text, feedback\), got 'no'"),
    ],
)
def test_questions_without_an_answer(arguments, words):
    with pytest.raises(ValueError, match=f"Question q: .*{words}"):
        Question("q", "?", **arguments)


@pytest.mark.parametrize("given", [{"prompt": None}, {"right_feedback": None}, {"wrong_feedback": 3}, {"hints": {2.0: None}}])
def test_questions_without_words(given):
    with pytest.raises(TypeError, match=r"Question q: .* must be text, got (None|3)"):
        Question("q", **{"prompt": "?", "answer": 1.0, **given})


@pytest.mark.parametrize(
    "arguments",
    [
        {"answer": 1.0, "tolerance": -0.1},
        {"answer": 1.0, "tolerance": float("nan")},
        {"answer": 1.0, "hints": {float("nan"): "?"}},
        {"answer": 1.0, "right": 0},
    ],
)
def test_questions_that_cannot_be_answered(arguments):
    """No answer could be right, or the JSON of the page would not parse."""
    with pytest.raises(ValueError, match="Question q"):
        Question("q", "?", **arguments)
