"""Which references to the state's arrays are programs' own, so that anybody else's can be told.

A program writes parameters in place. Whoever else holds such an array (a graph that saved it, a
detached tensor, a list of the caller's) must not see that: it keeps the old memory, and the tensor
gets new. Reference counts tell, as for writes of the tape (`memory.py`), once the references are
known that programs have themselves.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...addresses import is_whole
from ...memory import OWNED, SHARED, unguard
from ...views import own, root_of

_counts: dict[int, int] = {}  # by id of an array: references that programs have
_lock = threading.RLock()  # a holding may be given up while another is made


def _references(tensor: Any) -> int:
    return sys.getrefcount(tensor._data)


class _Probe:
    def __init__(self) -> None:
        self._data = np.empty(0)


# What `_references` says of an array that one tensor alone holds; elsewhere than in CPython none counts so.
_SOLE = _references(_Probe()) if sys.implementation.name == "cpython" else -1


class Holding:
    """The references to some arrays that are made between `Holding(arrays)` and `note()`.

    It keeps the arrays, so that no id is given out twice.

    Args:
        arrays: an iterator, which holds none of them.
    """

    def __init__(self, arrays: Iterator[np.ndarray]):
        self._arrays = list({id(a): a for a in arrays}.values())
        self._before = [sys.getrefcount(a) for a in self._arrays]
        self._noted: list[int] = []

    def note(self) -> None:
        after = [sys.getrefcount(a) for a in self._arrays]
        self._noted = [1 + b - a for a, b in zip(self._before, after, strict=True)]
        with _lock:
            for array, count in zip(self._arrays, self._noted, strict=True):
                _counts[id(array)] = _counts.get(id(array), 0) + count

    def include(self, arrays: list) -> None:
        """Count arrays that programs have made since, each of which one tensor holds besides."""
        for array in arrays:
            count = sys.getrefcount(array) - _IN_LIST  # with the reference that `_arrays` is going to have
            self._arrays.append(array)
            self._noted.append(count)
            with _lock:
                _counts[id(array)] = _counts.get(id(array), 0) + count

    def __del__(self) -> None:
        with _lock:
            for array, count in zip(self._arrays, self._noted, strict=False):
                left = _counts.pop(id(array), 0) - count
                if left:
                    _counts[id(array)] = left


def is_alone(tensor: Any) -> bool:
    """Whether a tensor's buffer is held by it, its views and programs only."""
    data, alias = tensor._data, tensor._alias
    if not isinstance(data, np.ndarray) or not is_whole(data):
        return False
    views = [] if alias is None else [t for t in alias.memory.live() if t._data is not data]
    views = [t for t in views if getattr(t._data, "base", None) is data]
    known = _SOLE + _counts.get(id(data), 0) + len(views)
    del data
    return _references(tensor) == known and all(_references(t) == _SOLE for t in views)


def is_kept_alone(arrays: tuple, i: int) -> bool:
    """Whether an array is held by this tuple and programs only."""
    return sys.getrefcount(arrays[i]) == _SOLE_IN_TUPLE + _counts.get(id(arrays[i]), 0)


def is_held(array: np.ndarray) -> bool:
    """Whether programs hold an array."""
    return id(array) in _counts


def is_owned(tensor: Any) -> bool:
    """Whether nobody was handed the memory of a tensor to write to."""
    return tensor._alias is None or tensor._alias.memory.exposure is OWNED


def release(tensor: Any) -> None:
    """Make the buffer of a tensor fit for a program to write: what others saved of it stays as it is."""
    if is_owned(tensor):
        if not is_alone(tensor):
            own(root_of(tensor))
    elif tensor._alias.memory.exposure is SHARED:
        unguard(tensor._data)
    else:
        own(root_of(tensor))


def take_back(tensor: Any, array: np.ndarray) -> bool:
    """Have a tensor use a program's array again, with the values it has now; False if that may be seen."""
    data = tensor._data
    key = id(data)
    if tensor._alias is not None or type(data) is not np.ndarray or not is_whole(data):
        return False
    if (data.shape, data.strides, data.dtype) != (array.shape, array.strides, array.dtype):
        return False
    del data
    if key in _counts or _references(tensor) != _SOLE:
        return False
    # the array: its references are the programs', and the caller's and this function's variables
    if sys.getrefcount(array) > _counts.get(id(array), 0) + _VARIABLES:
        return False
    np.copyto(array, tensor._data)
    tensor._data = array
    return True


def _calibrated() -> int:
    """What `take_back` sees of an array that only its caller's variable holds."""

    def seen(tensor: Any, array: np.ndarray) -> int:
        return sys.getrefcount(array)

    array = np.empty(0)
    return seen(None, array)


_VARIABLES = _calibrated()


def _in_tuple(arrays: tuple) -> int:
    return sys.getrefcount(arrays[0]) if sys.implementation.name == "cpython" else -1


_SOLE_IN_TUPLE = _in_tuple((np.empty(0),))


def _in_list(arrays: list) -> int:
    for array in arrays:
        count = sys.getrefcount(array)
    return count


# What `Holding.include` sees of an array that only its list and one tensor hold, less one.
_IN_LIST = _in_list([np.empty(0)])
