"""The challenges of the playground: each a setting to start from, and something to reach."""

from __future__ import annotations

from typing import Any, NamedTuple


class Challenge(NamedTuple):
    """To reach: a share of wrong answers on the validation examples no larger than `error`, by step `steps` (from `since` on).

    name : in links. title : in the menu. settings : where it starts; those named in `keeps` must stay. answer : settings that
    reach it, one way of several (a test sees to it that they do, and that the start does not).
    """

    name: str
    title: str
    text: str
    settings: dict[str, Any]
    error: float
    steps: int
    keeps: tuple[str, ...]
    answer: dict[str, Any]
    since: int = 0


CHALLENGES = (
    Challenge(
        "line", "1 A straight line",
        "Two clouds, no hidden unit: at most 1 % wrong within 50 steps of gradient descent. Only the steps are too small.",
        {"data": "blobs", "noise": 0.35, "hidden": "none", "rule": "gradient_descent", "alpha": 0.001, "seed": 2},
        0.01, 50, ("data", "noise", "hidden", "rule", "seed"), {"alpha": 1.0},
    ),
    Challenge(
        "bend", "2 A bend",
        "Two moons: at most 2 % wrong within 400 steps. A straight line stays above 10 %; what does the network lack?",
        {"data": "moons", "noise": 0.15, "hidden": "none", "rule": "adam", "alpha": 0.02},
        0.02, 400, ("data", "noise", "rule"), {"hidden": "8"},
    ),
    Challenge(
        "circle", "3 A closed curve",
        "Circles: at most 1 % wrong within 150 steps, with as few units as can do it. How many lines enclose a region?",
        {"data": "circles", "noise": 0.1, "hidden": "2", "rule": "adam", "alpha": 0.02},
        0.01, 150, ("data", "noise", "rule", "alpha"), {"hidden": "4"},
    ),
    Challenge(
        "collapse", "4 Three layers of nothing",
        "Spirals: at most 5 % wrong within 200 steps, with these layers and this rule. Why do they see a straight line?",
        {"data": "spirals", "noise": 0.03, "hidden": "8-8-8", "activation": "identity", "rule": "adam", "alpha": 0.02},
        0.05, 200, ("data", "noise", "hidden", "rule"), {"activation": "tanh"},
    ),
    Challenge(
        "silent", "5 Silent layers",
        "Two moons: at most 2 % wrong within 300 steps, with these layers and this rule. Look at the maps of the units first.",
        {"data": "moons", "noise": 0.15, "hidden": "8-8-8", "activation": "sigmoid", "rule": "gradient_descent", "alpha": 0.5},
        0.02, 300, ("data", "noise", "hidden", "rule"), {"activation": "tanh"},
    ),
    Challenge(
        "spirals", "6 Spirals in a hurry",
        "Spirals: at most 2 % wrong within 200 steps. Gradient descent gets there, but later; find a faster rule.",
        {"data": "spirals", "noise": 0.03, "hidden": "16-16", "activation": "tanh", "rule": "gradient_descent", "alpha": 0.5},
        0.02, 200, ("data", "noise", "hidden", "activation"), {"rule": "adam", "alpha": 0.02},
    ),
    Challenge(
        "momentum", "7 The same α",
        "Two moons: at most 3 % wrong within 350 steps, with this α, which must stay. Which rule makes more of it?",
        {"data": "moons", "noise": 0.15, "hidden": "8", "activation": "tanh", "rule": "gradient_descent", "alpha": 0.05},
        0.03, 350, ("data", "noise", "hidden", "activation", "alpha"), {"rule": "nesterov", "beta": 0.9},
    ),
    Challenge(
        "seed", "8 Another start",
        "XOR with four units: at most 10 % wrong within 150 steps, and nothing but the seed may change.",
        {"data": "xor", "noise": 0.0, "hidden": "4", "activation": "tanh", "rule": "adam", "alpha": 0.02, "batch": "200",
         "seed": 1},
        0.1, 150, ("data", "noise", "hidden", "activation", "rule", "alpha", "batch"), {"seed": 2},
    ),
    Challenge(
        "single", "9 One example a step",
        "Two moons, one example a step: at most 6 % wrong within 2000 steps of gradient descent. Here α is far too large.",
        {"data": "moons", "noise": 0.15, "hidden": "8", "rule": "gradient_descent", "batch": "1", "alpha": 5.0},
        0.06, 2000, ("data", "noise", "hidden", "rule", "batch"), {"alpha": 0.2},
    ),
    Challenge(
        "noise", "10 Noise that should not be learned",
        "Moons that overlap: at most 11 % wrong, and still so after 800 steps of Adam with 32 units. What keeps weights small?",
        {"data": "moons", "noise": 0.35, "hidden": "16-16", "rule": "adam", "alpha": 0.02},
        0.11, 900, ("data", "noise", "hidden", "rule", "alpha"), {"l2": 0.003}, since=800,
    ),
)  # fmt: skip
