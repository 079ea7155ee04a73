"""What NumPy makes of recorded values that it is handed with no protocol to ask them by.

`numpy.array` and its kin have none, and `numpy.mean` looks for none inside a list: while a function
is recorded, others stand in for them.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from ...tape import TensorBase
from ..ir import mapped
from ..lines import is_users
from .traced import Traced

_MAKERS = ("array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray", "full")
# They have a protocol, but do not look for recorded values inside lists.
_REDUCERS = ("sum", "prod", "mean", "std", "var", "median", "max", "min", "all", "any", "argmax", "argmin")
ORIGINAL: dict[str, Callable] = {name: getattr(np, name) for name in (*_MAKERS, *_REDUCERS)}
# What keeps an array that is of the right kind as it is.
_KEEPING = (np.asarray, np.asanyarray)


# What the user's own lines make is recorded only where it must be, to be written into.
_FRESH = (
    "zeros", "ones", "empty", "full", "zeros_like", "ones_like", "empty_like", "full_like", "arange", "eye",
)  # fmt: skip
ORIGINAL |= {name: getattr(np, name) for name in _FRESH}
# Of arrays NumPy takes another path than a tensor's function does.
ORIGINAL["einsum"] = np.einsum


class _Wide(threading.local):
    """The recorder that takes what the user's lines of this thread make; None for none."""

    recorder: Any = None


_wide = _Wide()


class Conversions:
    """While one is entered, NumPy's makers of arrays note what they make of recorded values.

    Args:
        recorder: who takes the arrays that are made of nothing recorded, too; None for nobody.
    """

    _entered = 0
    _lock = threading.Lock()

    def __init__(self, recorder: Any = None):
        self.recorder = recorder

    def __enter__(self) -> None:
        _wide.recorder = self.recorder
        with self._lock:
            Conversions._entered += 1
            for module, names in _namespaces():
                for name in names:
                    setattr(module, name, STAND_INS[name])

    def __exit__(self, *exception: Any) -> None:
        _wide.recorder = None
        with self._lock:
            Conversions._entered -= 1
            if not Conversions._entered:
                for module, names in _namespaces():
                    for name in names:
                        setattr(module, name, ORIGINAL[name])


@functools.cache
def _namespaces() -> list[tuple[Any, list[str]]]:
    """The modules in which NumPy's functions are found, and the names of those that are its own there."""
    from ... import numpy  # only now: its tables are made of NumPy's functions, never of stand-ins

    return [(module, [n for n, f in ORIGINAL.items() if getattr(module, n) is f]) for module in (np, numpy)]


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


def _making(original: Callable, function: Callable) -> Callable:
    """The function, whose results are recorded where the user's lines ask for them."""

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        like = options.get("like")
        like = like._data if isinstance(like, TensorBase) else like
        if isinstance(like, Traced):  # to which NumPy would hand what has the name now: this function
            options.pop("like")
            return like.recorder.function(original, args, options)
        made = function(*args, **options)
        asked = _wide.recorder is not None and type(made) is np.ndarray
        if asked and is_users(sys._getframe(1).f_code.co_filename):
            return _wide.recorder.made(made)
        return made

    return call


def _of_lists(function: Callable) -> Callable:
    """The function, for which a list of recorded values becomes an array first."""

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        if args and type(args[0]) in (list, tuple) and _recorder(args[0]) is not None:
            args = (STAND_INS["array"](args[0]), *args[1:])
        return function(*args, **options)

    return call


def _of_arrays(function: Callable) -> Callable:
    """The function, which is NumPy's own unless a gradient flows through its arguments."""

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        recorder, tensors = _recorder(args), [a for a in args if isinstance(a, TensorBase)]
        if recorder is None or any(t._node is not None for t in tensors):
            return function(*args, **options)
        return recorder.call(function, mapped(args, lambda x: getattr(x, "_data", x)), options)

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


STAND_INS = {name: _noting(ORIGINAL[name]) for name in _MAKERS}
STAND_INS |= {name: _of_lists(ORIGINAL[name]) for name in _REDUCERS}
STAND_INS |= {name: _making(ORIGINAL[name], STAND_INS.get(name, ORIGINAL[name])) for name in _FRESH}
STAND_INS["einsum"] = _of_arrays(ORIGINAL["einsum"])
# For a function that was taken from NumPy by name.
STAND_IN_OF: dict[Any, Callable] = {ORIGINAL[name]: STAND_INS[name] for name in ORIGINAL}
