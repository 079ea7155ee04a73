"""`numpy.array` and its kin while a function is recorded.

They have no protocol by which a recorded value could answer, so they are stood in for.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from ..tape import TensorBase
from .ir import mapped
from .traced import Traced

_NAMES = (
    "array",
    "asarray",
    "asanyarray",
    "ascontiguousarray",
    "asfortranarray",
    "asarray_chkfinite",
    "full",
)
ORIGINAL: dict[str, Callable] = {name: getattr(np, name) for name in _NAMES}
# What keeps an array that is of the right kind as it is.
_KEEPING = (np.asarray, np.asanyarray)


class Conversions:
    """While one is entered, NumPy's makers of arrays note what they make of recorded values."""

    _entered = 0
    _lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            Conversions._entered += 1
            for name, function in STAND_INS.items():
                setattr(np, name, function)

    def __exit__(self, *exception: Any) -> None:
        with self._lock:
            Conversions._entered -= 1
            if not Conversions._entered:
                for name, function in ORIGINAL.items():
                    setattr(np, name, function)


def _noting(function: Callable) -> Callable:
    """The function, which hands recorded values among its arguments to their recorder."""

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        recorder = _recorder(args) or _recorder(list(options.values()))
        if recorder is None:
            return function(*args, **options)
        options.pop("like", None)  # NumPy would hand over what has the name now: this function, not its own
        args, options = mapped(args, recorder.of_tensor), mapped(options, recorder.of_tensor)
        if function in _KEEPING and len(args) == 1 and not options and isinstance(args[0], Traced):
            return args[0].as_array()
        return recorder.call(function, args, options)

    return call


def _recorder(tree: Any) -> Any:
    """The recorder of a recorded value in nested lists and tuples."""
    for value in tree:
        data = value._data if isinstance(value, TensorBase) else value
        if isinstance(data, Traced):
            return data.recorder
        if type(data) in (list, tuple) and (found := _recorder(data)) is not None:
            return found
    return None


STAND_INS = {name: _noting(function) for name, function in ORIGINAL.items()}
# A function that was handed over under its own name.
STAND_IN_OF: dict[Any, Callable] = {ORIGINAL[name]: STAND_INS[name] for name in _NAMES}
