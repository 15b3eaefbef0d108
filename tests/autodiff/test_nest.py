"""Nests of arrays: taken apart, put together, named."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dlcourse import vjp
from dlcourse.autodiff import nest
from dlcourse.programs.leaves import leaf_names

Pair = namedtuple("Pair", "left right")
numbers = st.floats(-1, 1)
nests = st.recursive(
    numbers,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.builds(Pair, inner, inner),
        st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3),
    ),
    max_leaves=8,
)


def count(x: Any) -> int:
    if isinstance(x, dict):
        return sum(map(count, x.values()))
    return sum(map(count, x)) if isinstance(x, (list, tuple)) else 1


@given(nests)
def test_apart_and_together_again(x):
    leaves, rebuild = nest.flatten(x)
    assert len(leaves) == count(x)
    again = rebuild(leaves)
    assert again == x
    assert repr(again) == repr(x)  # the same types, the same order
    assert nest.flatten(rebuild([v + 1.0 for v in leaves]))[0] == [v + 1.0 for v in leaves]


@given(nests)
def test_every_leaf_has_a_name_of_its_own(x):
    names = leaf_names(x, "θ")
    assert len(names) == len(set(names)) == len(nest.flatten(x)[0])


def test_names():
    assert leaf_names({"W": [1.0, Pair(2.0, 3.0)], "b": 4.0}) == ["W.0", "W.1.left", "W.1.right", "b"]
    assert leaf_names(1.0, "x") == ["x"]
    assert leaf_names(1.0) == [""]


def test_arrays_and_other_things_are_leaves():
    a = np.ones(2)
    for leaf in (a, "text", None, {1, 2}):
        assert nest.flatten(leaf)[0][0] is leaf


def test_leaves_of_a_dict_go_by_key():
    """Keys in another order are the same nest: a cotangent must not reach the wrong result."""
    _, pullback = vjp(lambda x: {"a": 2.0 * x, "b": 3.0 * x}, 1.0)
    assert pullback({"b": 1.0, "a": 0.0}) == (3.0,)
    assert nest.leaves_like({"b": [1.0], "a": 2.0}, {"a": 0.0, "b": [0.0]}) == [2.0, 1.0]
