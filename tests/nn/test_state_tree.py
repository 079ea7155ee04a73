"""Nested states to a tree and arrays, and back."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.state_tree import TreeError, flatten, unflatten

plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
arrays = st.integers(0, 5).map(lambda n: np.arange(n, dtype=np.float32))
keys = st.text(max_size=3) | st.sampled_from(["$", "a.b", "a", "b"])
states = st.recursive(
    plain | arrays,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(keys, inner, max_size=3)
        | st.dictionaries(st.integers() | st.none() | st.booleans(), inner, max_size=3)
    ),
    max_leaves=12,
)


def same(a, b):
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b)
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


@given(states)
def test_there_and_back(state):
    tree, found = flatten(state)
    assert same(unflatten(json.loads(json.dumps(tree)), found), state)


def test_names_of_a_flat_dict_are_its_keys():
    _, found = flatten({"0.weight": np.zeros(1), "0.bias": np.ones(1)})
    assert list(found) == ["0.weight", "0.bias"]


@pytest.mark.parametrize(
    "tree",
    [
        {"$": "array"},
        {"$": "array", "name": 3},
        {"$": "array", "name": "missing"},
        {"$": "tuple", "items": 3},
        {"$": "dict", "items": [[1, 2, 3]]},
        {"$": "dict", "items": [[[1], 2]]},
        {"$": "eval", "items": []},
        {"$": None},
    ],
)
def test_trees_that_are_none(tree):
    with pytest.raises(TreeError):
        unflatten({"inside": [tree]}, {})
