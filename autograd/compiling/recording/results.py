"""What a function gives: arrays of which kind, in which containers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...memory import is_array
from ...sweeping import is_freed
from ...tape import ORDER, TensorBase, parents
from .traced import Traced


def kind_of(value: Any) -> str | None:
    """What an array is to the caller of a function that gives it; None for what is no array."""
    if isinstance(value, TensorBase):
        if value._node is None:
            return TENSOR
        return SWEPT if _is_released(value._node) else LIVE
    if is_array(value):
        return ARRAY
    return SCALAR if isinstance(value, np.generic) else None


def _is_released(node: list) -> bool:
    """Whether no sweep can go through a node's history: an earlier one has released a part of it."""
    left, seen = [node], {node[ORDER]}
    while left:
        node = left.pop()
        if is_freed(node):
            return True
        new = [p for p in parents(node) if p[ORDER] not in seen]
        seen.update(p[ORDER] for p in new)
        left += new
    return False


KEPT = "a history that backward() could still go through; detach() it"
HISTORY = f"a result has {KEPT}"
TENSOR, SWEPT, LIVE, ARRAY, SCALAR = "tensor", "swept", "live", "array", "scalar"


def hollow(value: Any) -> Any:
    return HOLE if isinstance(value, (TensorBase, Traced, np.ndarray, np.generic)) else value


class _Hole:
    """Stands where a result has an array."""


HOLE = _Hole()


def real_value(value: Any) -> Any:
    """An array of the result as the caller gets it."""
    data = value._data if isinstance(value, TensorBase) else value
    if isinstance(data, Traced):
        return data.value.copy() if data.ndim else data.value[()]
    return data if kind_of(value) is not None else value
