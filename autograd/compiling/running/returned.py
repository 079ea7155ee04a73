"""What a call returns: the arrays of a run as the function gives them, in its containers.

An expression written for the function makes few in tuples, lists and dicts: to look through these takes
longer than the rest of a short call. Others are made by looking at what the recorded run gave.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ... import tape
from ...sweeping import freed_pull
from ...tape import TensorBase, new_tensor
from ..containers import held_by, mapped
from ..recording.results import ARRAY, HOLE, SCALAR, SWEPT, TENSOR

# How much there is in containers, at most, that are written out.
MOST = 64


def _scalar(array: Any) -> Any:
    return array


def _swept(array: Any) -> Any:
    """A tensor as after backward(): it requires grad, and its graph is gone."""
    tensor = new_tensor(array)
    tensor._node = [1, freed_pull, None]
    return tensor


_MADE: dict[str, Callable[[Any], Any]] = {
    SCALAR: _scalar, ARRAY: np.asarray, TENSOR: new_tensor, SWEPT: _swept,
}  # fmt: skip


def result_of(tree: Any, kinds: list[str], arrays: Any) -> Any:
    """The result of a function, of these arrays."""
    values = zip(arrays, kinds, strict=True)

    def made(leaf: Any) -> Any:
        if leaf is not HOLE:
            return leaf
        array, kind = next(values)
        return _MADE[kind](array)

    return mapped(tree, made)


def source(entry: Any) -> list[str]:
    """The statements that return the result of an entry's program, of the arrays `found`."""
    tree, kinds, names = entry.traced.tree, entry.traced.kinds, entry.names
    if tree is HOLE and kinds[0] in (TENSOR, SWEPT):  # as `new_tensor`, without the call
        names |= {"new": TensorBase.__new__, "Made": tape._made, "freed_pull": freed_pull}
        node = "[1, freed_pull, None]" if kinds[0] == SWEPT else "None"
        return [
            "made = new(Made)", "made._data = found[0]", "made._alias = None", f"made._node = {node}",
            "return made",
        ]  # fmt: skip
    if not _is_written(tree, itertools.count(1)):
        names |= {"result": result_of, "tree": tree, "kinds": kinds}
        return ["return result(tree, kinds, found)"]
    names |= {f"as_{kind}": make for kind, make in _MADE.items()}
    fixed: list[Any] = []  # what is the same in each result: keys, and what is no array
    text = _expression(tree, enumerate(kinds), fixed)
    names |= {f"fixed{i}": value for i, value in enumerate(fixed)}
    return [f"return {text}"]


def _is_written(tree: Any, parts: Iterator[int]) -> bool:
    """Whether it is one array, or a few things in tuples, lists and dicts alone."""
    if next(parts) > MOST:
        return False
    if type(tree) is dict:
        tree = tree.values()
    elif type(tree) not in (tuple, list):
        return not isinstance(tree, tuple) and held_by(tree) is None
    return all(_is_written(item, parts) for item in tree)


def _expression(tree: Any, kinds: Iterator[tuple[int, str]], fixed: list[Any]) -> str:
    """What makes a result; what is the same in each goes to `fixed`."""

    def put(value: Any) -> str:
        fixed.append(value)
        return f"fixed{len(fixed) - 1}"

    if tree is HOLE:
        i, kind = next(kinds)
        return f"found[{i}]" if kind == SCALAR else f"as_{kind}(found[{i}])"
    if type(tree) is dict:
        items = [f"{put(key)}: {_expression(item, kinds, fixed)}, " for key, item in tree.items()]
        return f"{{{''.join(items)}}}"
    if type(tree) not in (tuple, list):
        return put(tree)
    items = [f"{_expression(item, kinds, fixed)}, " for item in tree]
    return f"({''.join(items)})" if type(tree) is tuple else f"[{''.join(items)}]"
