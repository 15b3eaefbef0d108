"""Curves: what is drawn is checked when it is made, and its numbers are those of the mathematics."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import traitlets

from dlcourse import nn
from dlcourse.autodiff import TraceError
from dlcourse.live import Activations, Averages, Curves, GradientCheck
from dlcourse.live.activations import OFFERED
from dlcourse.live.averages import temperatures
from dlcourse.live.controls import Choice, Slider, Switch
from dlcourse.live.curves import Axis, Goal, Line, Panel, Sentence, Series, Show
from dlcourse.live.gradient_check import FUNCTIONS


class Wave(Curves):
    """The least that a kind needs."""

    rate = Slider(2.0, low=0.0, high=4.0, step=0.5, label="ω", description="frequency")
    damped = Switch(False, label="Damped")


TIMES = np.linspace(0.0, 3.0, 7)
PANEL = Panel(Axis("t", (0.0, 3.0)), Axis("y"), (Series("t", "y", "wave", at="now"),))


def wave(rate, damped):
    return {"t": TIMES, "y": np.sin(rate * TIMES) * np.exp(-damped * TIMES), "now": np.sin(rate), "never": 0.0 * rate}


def made(compute=wave, panels=(PANEL,), **options):
    return Wave("wave", compute, panels, **options)


def panel(**changed):
    return (PANEL._replace(**changed),)


def series(**changed):
    return panel(series=(PANEL.series[0]._replace(**changed),))


# What cannot be drawn is said at construction ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"compute": lambda speed: {"t": speed}}, ValueError,
         "Wave: the computation reads 'speed', which is no slider.* rate, damped"),
        ({"compute": lambda: {"t": TIMES}}, ValueError, "reads no control"),
        ({"compute": lambda rate: {"t": TIMES, "y": TIMES * math.sin(rate)}}, TraceError,
         "Wave: the computation cannot be recorded"),
        ({"compute": lambda rate: {"t": TIMES} if rate > 1 else {}}, TraceError, "cannot be recorded: .*where"),
        ({"compute": lambda rate: None}, TraceError, "returned None"),
        ({"compute": lambda rate: rate * TIMES[:, None] * TIMES}, ValueError, "dict of numbers and vectors"),
        ({"compute": lambda rate: {"rate": rate}}, ValueError, "under names that no control has"),
        ({"compute": {"a": wave, "b": wave}}, ValueError, r"computations for \['a', 'b'\], but the options .* \[''\]"),
        ({"panels": ()}, ValueError, "one panel or two, got 0"),
        ({"panels": (PANEL,) * 3}, ValueError, "one panel or two, got 3"),
        ({"panels": panel(series=())}, ValueError, "panel of 'y' has no series"),
        ({"panels": series(y="yy")}, ValueError, "what is drawn is not there: no result is called 'yy'; did you mean 'y'"),
        ({"panels": series(y="now")}, ValueError, r"'now' is drawn as a vector, but has shape \(\)"),
        ({"panels": series(at="y")}, ValueError, r"'y' is drawn as a number, but has shape \(7,\)"),
        ({"panels": series(when="sometimes")}, ValueError, "'sometimes'"),
        ({"panels": series(kind="bars")}, ValueError, "no kind of series is called 'bars'"),
        ({"panels": panel(x=Axis("t", (3.0, 0.0)))}, ValueError, "axis 't' needs a domain from < to"),
        ({"panels": panel(y=Axis("y", (0.0, 1.0), "log"))}, ValueError, "above 0 on a log scale"),
        ({"panels": panel(y=Axis("y", (0.0, math.inf)))}, ValueError, "got 0 to inf"),
        ({"panels": panel(y=Axis("y", None, "square"))}, ValueError, "scale of an axis is called 'square'"),
        ({"panels": panel(pick="time")}, ValueError, "should move 'time', which is no slider"),
        ({"panels": panel(pick="damped")}, ValueError, "no slider"),
        ({"panels": panel(lines=(Line("limit"),))}, ValueError, "'limit'"),
        ({"panels": panel(lines=(Line(1.0, axis="z"),))}, ValueError, "no axis is called 'z'"),
        ({"panels": panel(lines=(Line(1.0, tone="loud"),))}, ValueError, "tone of a line"),
        ({"words": [Sentence("It is {speed}.")]}, ValueError, "'speed'"),
        ({"words": [Sentence("It is {y}.")]}, ValueError, "drawn as a number"),
        ({"words": [Sentence("It is {now:.3e}.")]}, ValueError, "not a way to write a number"),
        ({"words": [Sentence("It is {}.")]}, ValueError, "''"),
        ({"words": [Sentence("It is {now.")]}, ValueError, "Wave: 'It is {now.' is no sentence with names between braces"),
        ({"words": [Sentence(3)]}, ValueError, "Wave: 3 is no sentence"),
        ({"words": [Sentence("Well.", when="y")]}, ValueError, "drawn as a number"),
        ({"words": [Sentence("Well.", tone="loud")]}, ValueError, "tone of a sentence"),
        ({"goal": Goal("Wave.", "waved")}, ValueError, "'waved'"),
        ({"words": [Sentence("It is {now:.200f}.")]}, ValueError, "not a way to write a number"),
        ({"shows": [Show("a", None)]}, TypeError, "Wave: settings must be a dict of values by the names of controls, got None"),
        ({"phase": 1.0}, TypeError, "Wave: has no control 'phase'"),
        ({"rate": 5.0}, traitlets.TraitError, "from 0 to 4, got 5"),
        ({"damped": 1}, traitlets.TraitError, "needs True or False, got 1"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn(arguments, error, words):
    with pytest.raises(error, match=words):
        made(**arguments)


def test_short_labels_are_alternative_text_enough():
    assert "Panels of y against t." in made().to_html()


def test_series_of_different_lengths():
    with pytest.raises(ValueError, match=r"'t' and 'y' differ in length: \(7,\) and \(6,\)"):
        made(lambda rate: {"t": TIMES, "y": rate * TIMES[1:], "now": rate})


def test_a_control_without_range():
    with pytest.raises(ValueError, match="Slider ω: needs a range low < high"):

        class Endless(Curves):
            rate = Slider(1.0, low=0.0, high=math.inf, label="ω", description="frequency")


@pytest.mark.parametrize(("step", "low"), [(2, 1.0), (0.5, 1.0), (1, 0.5)])
def test_a_log_slider_has_no_steps_or_counts(step, low):
    with pytest.raises(ValueError, match="Slider n: a log scale has no step, or 1 between whole ends, got"):
        Slider(8, low=low, high=9.0, scale="log", step=step, label="n", description="examples")


class Chosen(Wave):
    shape = Choice(["sine", "cosine"], label="Shape", labels=["a sine", "a cosine"])


def test_every_option_needs_its_computation():
    with pytest.raises(
        ValueError, match=r"computations for \['sine'\], but the options of its choice are \['sine', 'cosine'\]"
    ):
        Chosen("c", {"sine": wave}, (PANEL,))
    with pytest.raises(ValueError, match="no result is called 'now'"):
        Chosen("c", {"sine": wave, "cosine": lambda rate: {"t": TIMES, "y": rate * TIMES}}, (PANEL,))


# State, values, words ----------------------------------------------------------------------------------------------


def test_values_are_those_of_the_function():
    it = made(rate=1.5, damped=True)
    assert it.state == {"rate": 1.5, "damped": True}
    np.testing.assert_array_equal(it.values["y"], np.sin(1.5 * TIMES) * np.exp(-TIMES))
    it.damped = False
    np.testing.assert_array_equal(it.values["y"], np.sin(1.5 * TIMES))
    assert it.values["now"] == math.sin(1.5)


def test_words_for_the_values():
    sentences = [
        Sentence("ω = {rate}: {now}, {now:.1f}, {rate:d}."),
        Sentence("Damped.", when="damped"),
        Sentence("No.", when="never"),
    ]
    it = made(words=sentences)
    assert it.words == "ω = 2.0: 0.909, 0.9, 2."
    it.damped = True
    assert it.words.endswith("2. Damped.")


def test_an_option_brings_its_settings():
    options = {"sine": wave, "cosine": wave}
    presets = {"sine": {"rate": 1.0}, "cosine": {"rate": 3.0}}
    build = lambda **state: Chosen("c", options, (PANEL,), presets=presets, notes={"sine": "Odd."}, **state)  # noqa: E731
    with pytest.raises(traitlets.TraitError, match=r"shape: there is no \[\]; choose one of sine, cosine"):
        build(shape=[])
    assert (build().rate, build(shape="cosine").rate, build(shape="cosine", rate=2.0).rate) == (1.0, 3.0, 2.0)
    assert build().spec["controls"]["shape"] == {
        "type": "choice",
        "label": "Shape",
        "options": [
            {"name": "sine", "label": "a sine", "note": "Odd.", "set": {"rate": 1.0}},
            {"name": "cosine", "label": "a cosine", "note": "", "set": {"rate": 3.0}},
        ],
    }


@pytest.mark.parametrize(
    ("more", "error", "words"),
    [
        ({"presets": {"tangent": {}}}, ValueError, "no option is called 'tangent'"),
        ({"notes": {"sin": "?"}}, ValueError, "no option is called 'sin'; did you mean 'sine'"),
        ({"presets": {"sine": {"speed": 1.0}}}, ValueError, "no control is called 'speed'"),
        ({"presets": {"sine": {"rate": 9.0}}}, traitlets.TraitError, "rate .*from 0 to 4, got 9"),
    ],
)
def test_settings_of_options_that_make_no_sense(more, error, words):
    with pytest.raises(error, match=words):
        Chosen("c", {"sine": wave, "cosine": wave}, (PANEL,), **more)


def test_one_choice_at_most():
    class Torn(Chosen):
        other = Choice(["a", "b"])

    with pytest.raises(ValueError, match="Torn: has the choices shape, other"):
        Torn("t", {"sine": wave, "cosine": wave}, (PANEL,))


def test_controls_keep_the_order_in_which_they_are_declared():
    assert list(Chosen.declared()) == ["rate", "damped", "shape"]
    assert list(Activations.declared()) == ["activation", "x", "slope", "alpha", "a", "b", "c", "d"]


@pytest.mark.parametrize("kind", [Averages, GradientCheck, Activations])
def test_both_faces(kind):
    it = kind()
    text = it.to_html()
    json.dumps(it.spec, allow_nan=False)
    still = text[text.index("<noscript>") :]
    assert "<svg" in still
    assert "nan" not in still.lower()
    assert it.words.split(".")[0].split("<")[0][:20] in still  # the words are the picture's alternative
    assert len(text) < 200_000
    with pytest.raises(TypeError, match="has no control 'speed'"):
        kind(speed=1.0)


def test_stops_are_round_numbers():
    stops = GradientCheck.class_traits()["epsilon"].stops()
    assert (stops[0], stops[-1], len(stops)) == (1e-16, 1.0, 321)
    assert 1e-5 in stops
    assert Averages.class_traits()["beta"].stops()[90] == 0.9


# Averages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.99])
def test_averages_are_weighted_sums(beta):
    """v_t = (1 − β) Σ β^(t−s) y_s, and divided by the sum of these weights."""
    _, y = temperatures()
    it = Averages(beta=beta, day=37)
    found = it.values
    t = np.arange(len(y))
    weights = np.where(t[:, None] >= t, (1 - beta) * beta ** np.maximum(t[:, None] - t, 0.0), 0.0)
    np.testing.assert_allclose(found["average"], weights @ y, rtol=1e-12)
    np.testing.assert_allclose(found["corrected"], weights @ y / weights.sum(1), rtol=1e-12)
    np.testing.assert_allclose(found["weights"], beta ** found["ages"], rtol=1e-12)
    assert found["total"] == pytest.approx(weights[36].sum())
    assert (found["measured_here"], found["average_here"]) == (y[36], found["average"][36])


def test_words_about_averages():
    it = Averages(day=1)
    assert "β = 0.90 remembers about 1/(1 − β) = 10.0 days." in it.words
    assert "the first value is 0.10 of what it should be" in it.words
    it.beta = 0.0
    assert "of what it should be" not in it.words  # there is no bias to speak of
    it.beta, it.correction = 0.9, True
    assert "without correction" not in it.words.lower()
    assert it.values["corrected_here"] == pytest.approx(it.values["measured_here"])


def test_the_goal_of_averages_needs_the_correction():
    it, reached = Averages(), []
    for it.correction in (False, True):
        found = []
        for it.beta in np.arange(0.0, 1.0, 0.04):
            found.append(bool(it.values["reached"]))
        reached.append(found)
    assert not any(reached[0])
    assert any(reached[1])
    assert not all(reached[1])


# Gradient check ----------------------------------------------------------------------------------------------------

DERIVATIVES = {
    "cube": lambda x: 3 * x**2,
    "bell": lambda x: -2 * x / (1 + x**2) ** 2,
    "root": lambda x: 0.5 / math.sqrt(x),
    "exponential": math.exp,
    "sine": math.cos,
    "kink": lambda x: math.copysign(1.0, x - 1),
}


@pytest.mark.parametrize("name", list(FUNCTIONS))
@pytest.mark.parametrize("x", [0.5, 1.73, 3.0])
def test_errors_of_differences(name, x):
    found = GradientCheck(function=name, x=x, epsilon=1e-5).values
    f, exact = FUNCTIONS[name].f, DERIVATIVES[name](x)
    assert found["exact"] == pytest.approx(exact, rel=1e-13)
    assert found["central"] == pytest.approx((f(x + 1e-5) - f(x - 1e-5)) / 2e-5, rel=1e-9)
    at = list(found["steps"]).index(1e-5)
    assert (found["central_errors"][at], found["forward_errors"][at]) == (found["central_error"], found["forward_error"])
    if name != "kink":  # the two arms of the V: the next term of the series, and a few roundings
        steps, errors, truncation = found["steps"], found["central_errors"], found["truncation"]
        assert np.all((np.abs(errors - truncation) < 5 * steps**4 + 4 * found["rounding"])[(steps >= 1e-3) & (steps <= 0.1)])
        assert np.all((errors < 3 * found["rounding"] + 1e-12)[(steps >= 1e-12) & (steps <= 1e-8)])


def test_where_the_bottom_of_the_v_is():
    it = GradientCheck(function="sine", x=1.5)
    for epsilon, verdict in [(0.1, "too_large"), (2e-5, "best"), (1e-12, "too_small")]:
        it.epsilon = epsilon
        assert [name for name in ("too_large", "best", "too_small") if it.values[name]] == [verdict]
    assert GradientCheck(function="kink", x=1.2, epsilon=0.5).values["crossing"] == 1
    assert GradientCheck(function="kink", x=1.2, epsilon=0.1).values["straight"] == 1


@pytest.mark.parametrize("name", [name for name, each in FUNCTIONS.items() if each.kink is None])
def test_the_step_that_the_chapter_recommends_is_not_called_too_small(name):
    it = GradientCheck(function=name, epsilon=1e-5)
    assert it.values["best"] == 1
    it.epsilon = 0.1  # 1 / (1 + x²) has f‴ = 0 at 1, and an error all the same
    for it.x in (1.2, 1.0):
        assert (it.values["too_large"], it.values["too_small"]) == (1, 0)
    it.epsilon = 1e-14
    assert "Little but rounding is left" in it.words


def test_there_is_no_goal_where_there_is_no_error_to_bring_down():
    it = GradientCheck(function="kink")
    for it.x in (1.0, 1.2, 1.5):
        assert it.values["central_error"] < 1e-10
        assert not it.values["reached"]
        assert ("no derivative at x = 1.00" in it.words) == (it.x == 1.0)


# Activations -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(OFFERED))
def test_activations_are_the_packages_own(name):
    g = nn.activations.get(name)
    it = Activations(name, x=-0.7)
    given = {p: q.default for p, q in g.parameters.items()}
    assert {p: getattr(it, p) for p in given} == given
    found = it.values
    away = np.abs(found["grid"]) > 1e-9
    np.testing.assert_allclose(found["g"][away], g(found["grid"], **given)[away], rtol=1e-14)
    np.testing.assert_allclose(found["slopes"][away], g.slope(found["grid"], **given)[away], rtol=1e-14)
    assert found["g_here"] == pytest.approx(float(g(-0.7, **given)))
    assert found["kept"] == pytest.approx(abs(found["slope_here"]) ** 10)


def test_a_jump_leaves_a_gap():
    middle = 200
    assert np.isnan(Activations("relu").values["slopes"][middle])
    assert np.isnan(Activations("binary_step").values["g"][middle])
    assert np.isfinite(Activations("relu").values["g"]).all()
    assert np.isfinite(Activations("elu").values["slopes"]).all()
    assert np.isnan(Activations("elu", alpha=0.5).values["slopes"][middle])


def test_for_which_activation_there_is_none():
    """The goal's question: slopes of the sigmoid reach 1/4, of the Gaussian 0.858, of the step none."""
    it, reached = Activations(), {}
    for name, g in OFFERED.items():
        it.set_trait("activation", name)
        for parameter, known in g.parameters.items():
            it.set_trait(parameter, known.default)
        reached[name] = max(np.nan_to_num(np.abs(it.values["slopes"]))) ** 10 >= 0.5
    assert [n for n, found in reached.items() if not found] == ["sigmoid", "binary_step", "gaussian"]


def test_what_explodes_does_not_arrive():
    it = Activations("soboleva_tanh", a=2.0, x=5.0)
    assert it.values["kept"] > 1e20
    assert "It explodes." in it.words
    assert "It arrives." not in it.words
    assert not it.values["arrives"]
    for name, x in (("relu", 5.0), ("gelu", 1.4), ("elu", -0.05)):  # GELU's slope is above 1 there
        assert Activations(name, x=x).values["arrives"], name


@pytest.mark.parametrize("name", list(OFFERED))
def test_no_activation_leaves_the_frame(name):
    """With its usual parameters, not at the top, and the slopes not at the bottom either, as those of the Gaussian did."""
    it = Activations(name)
    (_, top), (low, high) = (panel.y.span for panel in it.panels)
    assert np.nanmax(it.values["g"]) < top
    assert low < np.nanmin(it.values["slopes"])
    assert np.nanmax(it.values["slopes"]) < high
