"""What is trained on data: made, refused and right."""

from __future__ import annotations

import gzip
import json
import re
from urllib.parse import parse_qsl

import numpy as np
import pytest
import traitlets
from scipy.optimize import linprog, minimize

from dlcourse import data, grad, live, nn, optim
from dlcourse.live import training_programs
from dlcourse.live.challenges import CHALLENGES
from dlcourse.live.controls import Choice
from dlcourse.live.fit_line import LOSSES, STEPS, risk_of_line
from dlcourse.live.panels import Axis, Handle, Heat, Panel, Play, Series

# A line by hand -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def line():
    return live.FitLine()


def test_the_least_risks(line):
    x, y, _ = line.examples[False]
    n = len(x)
    residuals = np.polyfit(x, y, 1, full=True)[1][0]
    assert line.least["squared"] == pytest.approx(residuals / n)
    # min Σ u + v over θ, u, v ≥ 0 with Xθ + u − v = y
    A = np.c_[np.ones(n), x, np.eye(n), -np.eye(n)]
    free = [(None, None)] * 2 + [(0, None)] * (2 * n)
    assert line.least["absolute"] == pytest.approx(linprog(np.r_[0, 0, np.ones(2 * n)], A_eq=A, b_eq=y, bounds=free).fun / n)
    x, y, labels = line.examples[True]
    logits = lambda θ: y - θ[1] * x - θ[0]  # noqa: E731
    bce = lambda θ: np.mean(np.logaddexp(0, logits(θ)) - labels * logits(θ))  # noqa: E731
    assert line.least["cross_entropy"] == pytest.approx(minimize(bce, [2.0, 3.0]).fun, rel=1e-6)
    b, a = np.meshgrid(np.linspace(-3, 7, 300), np.linspace(-2, 8, 300))
    grid = np.mean(((y - a[..., None] * x - b[..., None]) >= 0) != labels, axis=-1)
    assert line.least["zero_one"] <= grid.min() <= line.least["zero_one"] + 1.01 / len(x)


@pytest.mark.parametrize("name", list(LOSSES))
def test_descent_follows_minus_the_gradient(name):
    line = live.FitLine(name, slope=1.0, intercept=-1.0, alpha=0.05, phase=3 * STEPS)
    found = line.values
    data = line.examples[LOSSES[name].classes]
    risk = lambda b, a: {  # noqa: E731
        "squared": lambda r: np.mean(r**2),
        "absolute": lambda r: np.mean(np.abs(r)),
        "zero_one": lambda r: np.mean((r >= 0) != data.labels),
        "cross_entropy": lambda r: np.mean(np.logaddexp(0, r) - data.labels * r),
    }[name](data.y - a * data.x - b)
    b, a = -1.0, 1.0
    for k in range(STEPS):
        assert (found["path_b"][k], found["path_a"][k]) == pytest.approx((b, a), abs=1e-6)
        ε = 1e-6
        slope_b, slope_a = (risk(b + ε, a) - risk(b - ε, a)) / (2 * ε), (risk(b, a + ε) - risk(b, a - ε)) / (2 * ε)
        b, a = b - 0.05 * slope_b, a - 0.05 * slope_a
    assert found["risk"] == pytest.approx(risk(b, a), abs=1e-6)
    assert found["hand_risk"] == pytest.approx(risk(-1.0, 1.0))
    surface = found["surface"].reshape(41, 41)
    assert np.exp(-surface[0, 40]) - 0.02 == pytest.approx(risk(7 - 5 / 41, -2 + 5 / 41))


def test_the_phases_in_words():
    line = live.FitLine(slope=0.0, intercept=0.0)
    assert "phase" not in line.words
    line.phase = 1
    assert f"Step 1, forward phase: the line predicts, and its risk is {line.values['risk']:.1f}." in line.words
    line.phase = 2
    assert re.search(r"Step 1, backward phase: the gradient is −\S+ for the slope, −\S+ for the intercept\.", line.words)
    line.phase = 3
    assert "Step 1, update: the risk went from 17.8 to" in line.words
    line.alpha = 10.0
    assert "The step raised it" in line.words
    stuck = live.FitLine("zero_one", phase=2).words
    assert "nowhere to go" in stuck
    assert "The step" not in stuck


def test_the_step_is_drawn_and_told():
    line = live.FitLine(slope=0.0, intercept=0.0, phase=2)
    found = line.values
    tip = -0.1 * np.array([found["gradient_b"], found["gradient_a"]])
    drawn = np.stack([found["next_b"], found["next_a"]], axis=1)
    np.testing.assert_allclose(drawn[[0, 1, 3]], [(0, 0), tip, tip])
    heads = drawn[[2, 4]] - tip  # both halves of the head point back, one to each side
    assert (heads @ tip < 0).all()
    assert np.prod(heads @ [-tip[1], tip[0]]) < 0
    assert f"The step, −α times that, is {tip[1]:.3f} and {tip[0]:.3f}." in line.words
    flat = live.FitLine("zero_one", phase=2).values
    assert not np.ptp([flat["next_b"], flat["next_a"]], axis=1).any()


def test_to_and_fro_across_a_corner_is_no_step_too_large():
    line = live.FitLine("absolute", phase=3 * STEPS)
    assert 1 < line.values["risk"] / line.values["before"] < 1.01
    assert "go to and fro across a corner" in line.words
    assert "raised it" not in line.words
    line.alpha = 10.0
    line.phase = 6
    assert "raised it" in line.words


def test_the_goal_is_in_reach_of_the_hand():
    for name in LOSSES:
        line = live.FitLine(name)
        best = min(
            (line_risk, a, b)
            for a in np.arange(2.0, 4.01, 0.05)
            for b in np.arange(0.5, 3.51, 0.05)
            for line_risk in [float(risk_of_line(LOSSES[name], line.examples[LOSSES[name].classes], b, a))]
        )
        line.slope, line.intercept = round(best[1], 2), round(best[2], 2)
        assert line.values["reached"], name
        assert "reached the goal" in line.words


def test_refusals():
    with pytest.raises(traitlets.TraitError, match="there is no 'hinge'; choose one of squared, absolute"):
        live.FitLine("hinge")
    with pytest.raises(traitlets.TraitError, match=r"slope .*: needs a number from -2 to 8, got 9"):
        live.FitLine(slope=9.0)
    with pytest.raises(TypeError, match="has no control 'beta'"):
        live.FitLine(beta=0.9)


def test_the_still_picture_says_what_is_seen(line):
    assert "Its risk is 17.8" in line.still()
    assert "<svg" in line.still()


# Maps, handles and play of panels -------------------------------------------------------------------------------------


class Plane(live.Curves):
    speed = live.controls.Slider(1.0, low=0.0, high=2.0, label="s", description="speed")
    step = live.controls.Slider(0, low=0, high=9, step=1, label="k", description="step")

    def __init__(self, x=None, play=None, **changed):
        panel = Panel(x or Axis("x", (0.0, 1.0)), Axis("y", (0.0, 1.0)), (Series("t", "t"),), **changed)
        super().__init__("plane", lambda speed, step: {"t": speed + np.zeros(6), "at": step}, (panel,), play=play)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"heat": Heat("t", 3, 3)}, "map of 't' needs 2 × 2 cells or more and a value for each, got 3 × 3 with 6"),
        ({"heat": Heat("t", 1, 6)}, "needs 2 × 2 cells or more and a value for each, got 1 × 6 with 6"),
        ({"heat": Heat("t", 3, 2, ("#000000",) * 3)}, "needs one colour or two, written #rrggbb"),
        ({"heat": Heat("t", 3, 2, ("red",))}, r"needs one colour or two, written #rrggbb, got \('red',\)"),
        ({"heat": Heat("t", 3, 2, span=(1.0, 1.0))}, "'t' needs a span from < to, got 1 to 1"),
        ({"heat": Heat("tt", 3, 2)}, "no result is called 'tt'"),
        ({"handles": (Handle("att", 0.0),)}, "'att'"),
        ({"handles": (Handle(np.nan, 0.0),)}, "place in a panel must be a finite number, got nan"),
        ({"handles": (Handle(0.0, 0.0, gain=0),)}, "gain of a handle must be a finite number other than 0, got 0"),
        ({"share": 0}, "share of a panel must be a finite number > 0, got 0"),
        ({"handles": (Handle(0.0, 0.0, up="at"),)}, "a drag should move 'at', which is no slider"),
        ({"x": Axis("x"), "equal": True}, "needs a domain on both axes"),
        ({"x": Axis("x"), "heat": Heat("t", 3, 2)}, "needs a domain on both axes"),
        ({"play": Play("at")}, "the button should move 'at', which is no slider"),
        ({"play": Play("speed")}, "needs a slider of whole steps, 'speed' has none"),
        ({"play": Play("step", seconds=np.nan)}, "seconds of the button must be a finite number ≥ 0, got nan"),
        ({"play": Play("step", rewinds=("at",))}, "'at'"),
    ],
)  # fmt: skip
def test_maps_handles_and_play_are_checked(changed, words):
    with pytest.raises(ValueError, match=words):
        Plane(**changed)


def test_what_a_slider_depends_on_is_checked():
    class Limited(Plane):
        part = live.controls.Slider(0, low=0, high=9, step=1, label="i", description="part", limit="parts")

    with pytest.raises(ValueError, match="a slider is limited by 'parts', which is no slider"):
        Limited()

    class Shown(Plane):
        part = live.controls.Slider(0, low=0, high=9, step=1, label="i", description="part", when="part")

    with pytest.raises(ValueError, match="a slider is shown while 'part' is on, which is no switch"):
        Shown()


# Playground -----------------------------------------------------------------------------------------------------------


def test_the_playground_trains_as_the_package_does():
    """Programs that are put together step by step, against `nn.MLP` and the rule itself."""
    mlp = nn.MLP([2, 4, 4, 2], "relu")
    sample = training_programs.sample_program().run(*training_programs.points("moons"), 0.2)
    X, y = sample["training"], training_programs.labels()
    gradient = grad(lambda θ: mlp.loss(θ, X, y, l1=0.001, l2=0.01))
    for rule, make in (("nesterov", lambda: optim.Nesterov(0.1, 0.8)), ("adam", lambda: optim.Adam(0.1, 0.8))):
        here = live.Playground(rule=rule, alpha=0.1, beta=0.8, hidden="4-4", activation="relu", l2=0.01, l1=0.001, noise=0.2)
        run = here.run(5)
        kind, scale = training_programs.scales("4-4", "relu")
        theta = (scale * training_programs.draws(1)[kind])[: mlp.size]
        step, state = make(), make().init(theta)
        for t in range(1, 6):
            theta, state = step.step(gradient, theta, state, t)
        np.testing.assert_allclose(run.theta[: mlp.size], theta, rtol=1e-12)
        assert not run.theta[mlp.size :].any()
        assert run.last["training"] == pytest.approx(mlp.loss(theta, X, y))
        assert run.last["validation_error"] == nn.zero_one(mlp(theta, sample["validation"]), y)
        np.testing.assert_allclose(run.boundary, mlp.predict(theta, training_programs.grid())[:, 1])


def test_the_first_weights_are_those_of_the_initialiser():
    """Many draws of the package's initialiser have the scale that the playground multiplies its draws with."""
    mlp = nn.MLP([2, 8, 8, 2], "relu")
    many = np.stack([mlp.flat(mlp.init(np.random.default_rng(k))) for k in range(400)])
    kind, scale = training_programs.scales("8-8", "relu")
    assert kind == "normal"
    np.testing.assert_allclose(many.std(axis=0), scale[: mlp.size], rtol=0.2)
    assert training_programs.scales("8-8", "tanh")[0] == "uniform"


def test_the_data_are_those_of_the_package():
    for name, chosen in training_programs.DATA.items():
        base, shift = training_programs.points(name)
        X, y = getattr(data, name)(np.random.default_rng([0, 0]), 200, noise=0.3, **chosen.more)
        expected = (X[np.argsort(y, kind="stable")] - chosen.centre) * chosen.stretch
        np.testing.assert_allclose((base + 0.3 * shift)[:200], expected, atol=2e-5)
        low, high = training_programs.DOMAIN
        inside = (base + chosen.noise * shift > low) & (base + chosen.noise * shift < high)
        assert inside.mean() > 0.99, name


def test_playground_refuses():
    with pytest.raises(traitlets.TraitError, match="there is no '64'; choose one of none, 2, 4"):
        live.Playground(hidden="64")
    start = live.Challenge("a", "A", "text", {"data": "xor"}, 0.1, 100, ("data",), {"alpha": 1.0})
    for wrong, words in (
        ({"settings": {"colour": 1}}, "sets 'colour', which is no control"),
        ({"keeps": ("alpha",)}, "keeps 'alpha', but does not set it"),
        ({"answer": {"data": "moons"}}, "changes 'data', which must stay"),
    ):
        with pytest.raises(ValueError, match=words):
            live.Playground(challenges=[start._replace(**wrong)])
    with pytest.raises(ValueError, match="names of their own"):
        live.Playground(challenges=[start, start])


def test_the_playground_is_small_and_has_a_still_picture():
    made = live.Playground(step=5)
    assert len(gzip.compress(made.to_html().encode())) < 150_000
    assert "after 5 steps: training loss" in made.still()


@pytest.mark.parametrize("name", [challenge.name for challenge in CHALLENGES])
def test_every_challenge_can_be_met_and_does_not_meet_itself(name):
    here = live.Playground(challenge=name)
    challenge = here.challenges[name]
    assert not here.reached(here.run(challenge.steps))
    for control, value in challenge.answer.items():
        setattr(here, control, value)
    run = here.run(challenge.steps)
    assert here.reached(run)
    setattr(here, challenge.keeps[0], "circles" if challenge.settings["data"] != "circles" else "moons")
    assert not here.reached(run)  # what must stay has changed


def test_the_page_links_to_every_challenge_and_to_settings_that_exist(repository):
    cells = json.loads((repository / "chapters" / "playground.ipynb").read_text(encoding="utf-8"))["cells"]
    text = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    links = [dict(parse_qsl(link.replace("&amp;", "&"))) for link in re.findall(r'href="#play\?([^"]+)"', text)]
    assert [link["challenge"] for link in links if "challenge" in link] == [challenge.name for challenge in CHALLENGES]
    for link in links:
        for name, value in link.items():
            trait = live.Playground.class_traits()[name]
            if name != "challenge":
                trait.validate(None, value if isinstance(trait, Choice) else float(value))
