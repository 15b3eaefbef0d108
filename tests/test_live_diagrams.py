"""Explorables that step through a diagram: what cannot be drawn is said, and the numbers are those of the formulas."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import traitlets

from dlcourse import FlowGraph
from dlcourse.live import BackPropagation, GraphSteps
from dlcourse.live.back_propagation import OFFERED, STAGES, UPDATES
from dlcourse.live.controls import Slider
from dlcourse.live.diagram import Diagram, Edge, Node, Pick, Said, Stepped
from dlcourse.live.graph_steps import EXPRESSIONS, SUBSCRIPTS


class Line(Stepped):
    """The least that a kind needs."""

    step = Slider(0, low=0, high=2, step=1, label="", description="step")
    x = Slider(1.0, low=0.0, high=2.0, label="x", description="input")
    picked = Pick(["one", "two", "edge"])


ONE = Node("one", "input", (0.0, 0.5), (Said("x {x}"),))
TWO = Node("two", "output", (1.0, 0.5), (Said("y {y[0]:.2f}", 1),), (Said("y = −{x:(.1f)}", 1, 2), Said("Late.", 2)))
DIAGRAM = Diagram("A line", (ONE, TWO), (Edge("one", "two", "edge"),), ("Start.", "Then {y[0]:.1f}."), 100, 200)


def compute(x):
    return {"y": np.stack([-x, x]), "n": 2.0 * x}


def made(diagram=DIAGRAM, compute=compute, **options):
    return Line("line", compute, diagram, **options)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"nodes": ()}, "boxes of the diagram 'A line' need names"),
        ({"nodes": (ONE, ONE)}, "need names, each its own"),
        ({"nodes": (ONE, TWO, ONE._replace(name="three"))}, "'three' of the diagram cannot be picked"),
        ({"edges": (Edge("one", "tow"),)}, "no box is called 'tow'; did you mean 'two'"),
        ({"edges": (Edge("one", "two", weight="y"),)}, "'y' is drawn as a number, but has shape"),
        ({"stages": ("Start.",)}, "has 1 stages, the slider gives 2 to 3"),
        ({"stages": ("a", "b", "c", "d")}, "has 4 stages"),
        ({"stages": ("Start.", "{z}")}, "no result is called 'z'"),
        ({"nodes": (ONE, TWO._replace(lines=(Said("{y[2]}"),)))}, r"'y\[2\]' is not there: 'y' has shape \(2,\)"),
        ({"nodes": (ONE, TWO._replace(lines=(Said("{n[0]}"),)))}, r"'n\[0\]' is not there: 'n' has shape \(\)"),
        ({"nodes": (ONE, TWO._replace(lines=(Said("{y}"),)))}, "drawn as a number"),
        ({"nodes": (ONE, TWO._replace(formula=(Said("{y[0]:(2)}"),)))}, "not a way to write a number"),
        ({"nodes": (ONE, TWO._replace(lines=(Said("", tone="loud"),)))}, "no tone of a line is called 'loud'"),
        ({"nodes": (ONE, TWO._replace(lines=(Said("", when="never"),)))}, "'never'"),
    ],
)
def test_what_cannot_be_drawn(changed, words):
    with pytest.raises(ValueError, match=words):
        made(DIAGRAM._replace(**changed))


@pytest.mark.parametrize("options", [{"counter": "x"}, {"counter": "pace"}, {"again": "x"}])
def test_steps_are_counted_in_whole_numbers(options):
    with pytest.raises(ValueError, match="no slider of whole numbers"):
        made(**options)


def test_only_what_is_there_can_be_picked():
    with pytest.raises(traitlets.TraitError, match="there is no 'three' to read; there are one, two, edge"):
        made(picked="three")


def test_lines_come_and_go_with_the_steps():
    it = made(picked="two")
    assert it.words == "Start."
    it.step = 1
    assert it.words == "Then −1.0. y = −1.0"
    it.step = 2  # beyond the last of this diagram
    assert it.stage == 1
    assert it.formula == "y = −1.0"


def test_brackets_stand_around_what_is_negative():
    it = made(DIAGRAM._replace(stages=("{y[0]:(.1f)} and {y[1]:(.1f)}", "")))
    assert it.words == "(−1.0) and 1.0"


# Back-propagation ------------------------------------------------------------------------------------------------

G = {
    "tanh": (np.tanh, lambda a: 1 - np.tanh(a) ** 2),
    "sigmoid": (lambda a: 1 / (1 + np.exp(-a)), lambda a: np.exp(-a) / (1 + np.exp(-a)) ** 2),
    "relu": (lambda a: np.maximum(a, 0), lambda a: (a > 0).astype(float)),
    "leaky_relu": (lambda a: np.where(a > 0, a, 0.01 * a), lambda a: np.where(a > 0, 1.0, 0.01)),
    "identity": (lambda a: a, np.ones_like),
}


def by_hand(activation, x, y, W1, b1, W2, b2):
    """The algorithm of the slide, with its own formulas."""
    g, slope = G[activation]
    a1 = b1 + W1 @ x
    h = g(a1)
    a2 = b2 + W2 @ h
    f = np.exp(a2) / np.exp(a2).sum()
    e = np.eye(2)[y]
    g_a2 = -(e - f)
    g_h = W2.T @ g_a2
    g_a1 = g_h * slope(a1)
    return {
        "a1": a1, "h1": h, "a2": a2, "f": f, "loss": -np.log(f[y]), "g_f": -e / f, "g_a2": g_a2, "g_h1": g_h, "g_a1": g_a1,
        "g_W2": np.outer(g_a2, h), "g_b2": g_a2, "g_W1": np.outer(g_a1, x), "g_b1": g_a1, "slope": slope(a1),
    }  # fmt: skip


@pytest.mark.parametrize("activation", OFFERED)
@pytest.mark.parametrize("target", [1, 2])
def test_every_number_is_that_of_the_formulas(activation, target):
    it = BackPropagation(activation, target=target, x1=0.7, x2=-1.3, w=1.1, v=0.4, b=-0.2, alpha=0.3)
    new: dict[str, np.ndarray] = {}
    for it.updates in range(4):
        found = it.values
        θ = [found[name].reshape(shape) for name, shape in (("W1", (3, 2)), ("b1", 3), ("W2", (2, 3)), ("b2", 2))]
        if it.updates == 0:
            assert (θ[0][0, 0], θ[2][0, 0], θ[1][0]) == (1.1, 0.4, -0.2)
        else:  # gradient descent from the update before
            for name, x in zip(("W1", "b1", "W2", "b2"), θ, strict=True):
                np.testing.assert_allclose(np.ravel(x), new[name], rtol=1e-12)
        for name, value in by_hand(activation, np.array([0.7, -1.3]), target - 1, *θ).items():
            np.testing.assert_allclose(found[name], np.ravel(value), rtol=1e-9, atol=1e-13, err_msg=name)
        new = {name: found[f"new_{name}"] for name in ("W1", "b1", "W2", "b2")}
        after = [new[name].reshape(np.shape(x)) for name, x in zip(new, θ, strict=True)]
        assert found["new_loss"] == pytest.approx(by_hand(activation, np.array([0.7, -1.3]), target - 1, *after)["loss"])
        for name, x in zip(new, θ, strict=True):
            np.testing.assert_allclose(new[name], np.ravel(x) - 0.3 * found[f"g_{name}"], rtol=1e-12, atol=1e-15)


def test_back_propagation_changes_nothing_and_the_optimiser_does():
    it = BackPropagation(step=11, picked="w111")
    assert "it has changed nothing" in it.words
    assert "←" not in it.words
    it.step = len(STAGES) - 1
    assert "W ← W − α∇W" in it.words
    found = it.values
    assert f"{found['loss']:.3f} to {found['new_loss']:.3f}" in it.words
    assert re.search(r"w₁₁ ← 0\.500 − 0\.10\u00a0·\u00a0.* = ", it.formula)


def test_what_came_before_is_told_in_one_sentence():
    it = BackPropagation(alpha=0.3)
    first = it.values["loss"]
    assert "With t = " not in it.words
    it.updates = 1
    assert f"With t = 1 the loss is {it.values['loss']:.3f}; at t = 0 it was {first:.3f}." in it.words


def test_what_enters_an_activation_is_called_after_its_layer():
    it = BackPropagation(step=11)
    written = {node.name: [text for _, text in it.shown(node.lines, it.values)] for node in it.diagram.nodes}
    assert {line.split()[0] for line in written["h1"] if "a" in line} == {"a⁽¹⁾₁", "∇a⁽¹⁾₁"}
    assert {line.split()[0] for line in written["f1"] if "a" in line} == {"a⁽²⁾₁", "∇a⁽²⁾₁"}


def test_the_goal_can_be_missed_and_reached():
    it = BackPropagation(updates=UPDATES)
    reached = []
    for it.alpha in (0.0, 0.1, 1.0):
        reached.append(bool(it.values["reached"]))
    assert (reached[0], reached[-1]) == (False, True)


def test_the_still_says_what_it_shows():
    it = BackPropagation(step=5, picked="h1")
    still = it.still()
    assert still.startswith("<svg")
    assert 'role="img"' in still
    assert "A network of 2 inputs, 3 hidden units and 2 outputs" in still
    assert f"loss {it.values['loss']:.3f}" in still
    assert "∇h" not in re.sub(r'aria-label="[^"]*"', "", still)  # nothing has gone backward yet
    json.dumps(it.spec, allow_nan=False)


# Steps through a flow graph ---------------------------------------------------------------------------------------


def numbered(it, letter, name):
    """The value, gradient or tangent of a box, by its name."""
    boxes = it.graphs[it.expression].boxes
    return it.values[f"{letter}{next(i for i, box in enumerate(boxes) if box.name == name)}"]


def test_the_printed_results_of_the_slide():
    it = GraphSteps(w11=0.7, w12=-0.4, w21=1.2, w22=0.3, x1=0.5, x2=-1.1)
    w1, w2, x = np.array([0.7, -0.4]), np.array([1.2, 0.3]), np.array([0.5, -1.1])
    y1, y2 = w1 @ x, w2 @ x
    y3, y4 = y1 * np.exp(y2), y2 * np.exp(y1)
    forward = y3 * np.exp(y1) * (w2 + y2 * w1) + y4 * np.exp(y2) * (w1 + y1 * w2)
    reverse = (y4 * y1 * np.exp(y2) + y3 * np.exp(y1)) * w2 + (y3 * y2 * np.exp(y1) + y4 * np.exp(y2)) * w1
    np.testing.assert_allclose(forward, reverse, rtol=1e-12)
    np.testing.assert_allclose(numbered(it, "g", "x"), reverse, rtol=1e-12)
    tangents = []
    for it.direction in (5, 6):  # the entries of x
        tangents.append(numbered(it, "t", "y")[0])
    np.testing.assert_allclose(tangents, forward, rtol=1e-12)


@pytest.mark.parametrize("name", list(EXPRESSIONS))
def test_values_gradients_and_tangents_are_those_of_the_flow_graph(name):
    expression = EXPRESSIONS[name]
    it = GraphSteps(name)
    assert {slider: getattr(it, slider) for slider in expression.start} == expression.start
    graph = it.graphs[name]
    graph.bprop()
    for i, box in enumerate(graph.boxes):
        np.testing.assert_allclose(it.values[f"v{i}"], np.ravel(box.value), rtol=1e-12)
        if box.grad is not None:
            np.testing.assert_allclose(it.values[f"g{i}"], np.ravel(box.grad), rtol=1e-12, err_msg=box.name)
    for direction, slider in enumerate(s for many in expression.variables.values() for s in many):
        it.direction = direction + 1
        moved = [GraphSteps(name, **{slider: expression.start[slider] + d}).values["result"] for d in (-1e-3, 1e-3)]
        assert it.values[f"t{len(graph.boxes) - 1}"][0] == pytest.approx((moved[1] - moved[0]) / 2e-3, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("name", list(EXPRESSIONS))
def test_each_step_is_one_box(name):
    it = GraphSteps(name)
    boxes = it.graphs[name].boxes
    operators = [box.name for box in boxes if box.row is not None]
    said, steps = [], range(len(it.diagram.stages))
    for it.step in steps:
        said.append(it.stage_words)
    n = len(operators)
    assert [re.match(r"fprop of (\S+) = ", words)[1] for words in said[1 : n + 1]] == operators
    assert "whose gradient is 1" in said[n + 1]
    assert [re.match(r"bprop of (\S+): ", words)[1] for words in said[n + 2 :]] == operators[::-1]
    it.forward = True
    it.step = n
    assert "tangent" in it.stage_words
    it.step = n + 1
    assert "One pass, and it is over" in it.stage_words


def test_boxes_stand_where_the_engine_draws_them():
    it = GraphSteps("shared")
    graph = it.graphs["shared"]
    assert type(graph) is FlowGraph
    column, height, *_ = graph.arrange()
    along = [node.at[0] for node in it.diagram.nodes]
    across = [node.at[1] for node in it.diagram.nodes]
    n = len(along)
    assert np.argsort(along, kind="stable").tolist() == np.argsort(column[:n], kind="stable").tolist()
    assert np.argsort(across, kind="stable").tolist() == np.argsort(height[:n], kind="stable").tolist()


@pytest.mark.parametrize("name", list(EXPRESSIONS))
def test_following_the_gradients_reaches_the_goal(name):
    it = GraphSteps(name)
    assert not it.values["reached"]
    gradients = {}
    for variable, sliders in EXPRESSIONS[name].variables.items():
        found = numbered(it, "g", variable.translate(SUBSCRIPTS))
        gradients |= dict(zip(sliders, found, strict=True))
    steepest = max(gradients, key=lambda slider: abs(gradients[slider]))
    it.step = len(it.diagram.stages) - 1  # what is not computed yet has reached nothing
    reached = []
    for stop in GraphSteps.class_traits()[steepest].stops():
        setattr(it, steepest, stop)
        if (stop - EXPRESSIONS[name].start[steepest]) * gradients[steepest] < 0:  # against the gradient
            reached.append(bool(it.values["reached"]))
    assert any(reached)


def test_the_result_is_told_when_it_is_computed():
    it = GraphSteps("shared", x2=-0.5)
    assert "result" not in it.words
    assert not it.values["reached"]
    it.step = 3
    assert "The result is −0.250; at the start it was 3.750. Goal reached." in it.words


@pytest.mark.parametrize("name", list(EXPRESSIONS))
def test_forward_mode_says_whose_derivative_it_carries(name):
    it = GraphSteps(name, forward=True)
    inputs = [GraphSteps.class_traits()[s].label for many in EXPRESSIONS[name].variables.values() for s in many]
    assert it.inputs == len(inputs)  # where the slider of the direction ends
    for it.direction, x in enumerate(inputs, start=1):
        it.step = 0
        assert f"The derivative by {x} goes forward" in it.stage_words
        it.step = len(it.diagram.stages) - 1
        assert f"for each unit of {x}." in it.stage_words


@pytest.mark.parametrize("name", list(EXPRESSIONS))
def test_buttons_stay_with_the_expression(name):
    """But for the one that names another: of these, only a line has a gradient of 0 where the goal is not reached."""
    shows = {show["label"]: show["set"] for show in GraphSteps(name).spec["shows"]}
    assert {label for label, settings in shows.items() if settings["expression"] != name} <= {"a line with a gradient of 0"}
    it = GraphSteps(**shows["all values"])
    assert it.stage_words.startswith(f"fprop of {it.graphs[name].result.name} = ")
    if two := shows.get("two paths add up"):
        it = GraphSteps(**two)
        assert re.search(r"∇\S+ = \S+ \+ \S+ = \S+, handed down by \S+ and", it.formula)


@pytest.mark.parametrize("make", [BackPropagation, GraphSteps])
def test_what_is_shown_is_worth_showing(make):
    """Every button leads to a setting that says something else."""
    said = {make().words}
    for show in make().spec["shows"]:
        said.add(make(**show["set"]).words)
    assert len(said) == 1 + len(make().spec["shows"])


def test_a_relu_unit_that_is_off_stops_the_gradient():
    show = next(show for show in BackPropagation().spec["shows"] if "off" in show["label"])
    it = BackPropagation(**show["set"])
    found, unit = it.values, 2
    assert it.picked == f"h{unit + 1}"
    assert (found["h1"][unit], found["slope"][unit], found["g_a1"][unit]) == (0, 0, 0)
    assert found["g_h1"][unit] != 0


def test_a_gradient_of_0_says_that_one_slider_does_not_help():
    show = next(show for show in GraphSteps().spec["shows"] if "gradient of 0" in show["label"])
    it = GraphSteps(**show["set"])
    assert abs(numbered(it, "g", "w")[0]) < 1e-12
    assert numbered(it, "g", "b")[0] == pytest.approx(1.2)  # the other does


def test_no_button_reaches_the_goal():
    assert not any(GraphSteps(**show["set"]).values["reached"] for show in GraphSteps().spec["shows"])
