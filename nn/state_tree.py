"""Nested states as arrays by name and a tree of plain values, which JSON can hold; and back.

A state is what `state_dict()` gives: dicts, lists and tuples of arrays and plain values. In the
tree, plain values stand for themselves, and a dict with the key "$" for everything else:

    {"$": "array", "name": "model.0.weight"}          an array; "scalar": true for a number
    {"$": "tuple", "items": [...]}
    {"$": "dict", "items": [[key, value], ...]}       where keys are not all text
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd.diagnose import describe
from autograd.errors import AutogradError, OperandError
from autograd.tensor import Tensor

PLAIN = (str, int, float, bool, type(None))


class TreeError(AutogradError, ValueError):
    """A tree does not say what it stands for, or arrays that it names are not there."""


def flatten(state: Any) -> tuple[Any, dict[str, np.ndarray]]:
    """The tree of a state, and its arrays by name.

    Errors: OperandError for what is neither an array nor a plain value, naming its place.

    Example:
        >>> flatten({"model": {"weight": np.zeros(2)}, "epoch": 3})[0]
        {'model': {'weight': {'$': 'array', 'name': 'model.weight'}}, 'epoch': 3}
    """
    arrays: dict[str, np.ndarray] = {}
    return _encode(state, "", arrays), arrays


def _encode(value: Any, place: str, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, (Tensor, np.ndarray, np.generic)):
        return _array(value, place, arrays)
    if isinstance(value, Mapping):
        items = [(k, _encode(v, _join(place, k), arrays)) for k, v in value.items()]
        if all(isinstance(k, str) for k, _ in items) and "$" not in value:
            return dict(items)
        for k, _ in items:
            if not isinstance(k, PLAIN):
                raise OperandError(
                    f"save: {place or 'the state'} has the key {k!r}, which is no plain value"
                )
        return {"$": "dict", "items": [[k, v] for k, v in items]}
    if isinstance(value, (list, tuple)):
        items = [_encode(v, _join(place, i), arrays) for i, v in enumerate(value)]
        return items if isinstance(value, list) else {"$": "tuple", "items": items}
    if isinstance(value, PLAIN):
        return value
    raise OperandError(
        f"save: {place or 'the state'} is {describe(value)}; a file can hold arrays, numbers, text, "
        "None, dicts, lists, tuples, and objects with a state_dict()"
    )


def _array(value: Any, place: str, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    data = value.detach().numpy() if isinstance(value, Tensor) else value
    name, n = place or "array", 1
    while name in arrays:  # "a.b" of {"a.b": ...} and of {"a": {"b": ...}}
        n += 1
        name = f"{place}#{n}"
    arrays[name] = np.asarray(data)
    return {"$": "array", "name": name, **({"scalar": True} if isinstance(data, np.generic) else {})}


def _join(place: str, key: Any) -> str:
    return f"{place}.{key}" if place else str(key)


def unflatten(tree: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """The state that a tree and its arrays came from.

    Errors: TreeError if it is no such tree.
    """
    try:
        return _decode(tree, arrays)
    except RecursionError:
        raise TreeError("the tree is nested too deeply") from None


def _decode(tree: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if isinstance(tree, list):
        return [_decode(v, arrays) for v in tree]
    if not isinstance(tree, dict):
        return tree
    kind = tree.get("$")
    if "$" not in tree:
        return {k: _decode(v, arrays) for k, v in tree.items()}
    items = tree.get("items")
    if kind == "array":
        name = tree.get("name")
        if not isinstance(name, str) or name not in arrays:
            raise TreeError(f"there is no array {name!r}")
        return arrays[name][()] if tree.get("scalar") is True else arrays[name]
    if kind == "tuple" and isinstance(items, list):
        return tuple(_decode(v, arrays) for v in items)
    if kind == "dict" and isinstance(items, list) and all(map(_is_pair, items)):
        return {k: _decode(v, arrays) for k, v in items}
    raise TreeError(f"{str(tree)[:60]} is not part of a tree")


def _is_pair(item: Any) -> bool:
    """A key and a value; a key of NaN could never be found again."""
    if not isinstance(item, list) or len(item) != 2 or not isinstance(item[0], PLAIN):
        return False
    return not (isinstance(item[0], float) and math.isnan(item[0]))
