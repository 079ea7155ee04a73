"""NumPy's protocols: `np.exp(tensor)` and `np.sum(tensor)` do what `autograd.numpy` does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import views
from .coverage import LOOKS, MADE, name_of
from .errors import ArgumentError, NotDifferentiable
from .tape import TensorBase, mode, new_tensor

# NumPy function -> ours. Filled by `autograd.numpy`, which knows them all.
IMPLEMENTATIONS: dict[Any, Callable] = {}

# NumPy's functions that write into their first argument -> ours. Filled by `writes.py`.
WRITERS: dict[Any, Callable] = {}


def array_ufunc(self: Any, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
    """`Tensor.__array_ufunc__`: calls of NumPy's ufuncs with a tensor among the arguments."""
    ours = _find(ufunc)
    if ours is not None:
        if method == "__call__":
            return ours(*inputs, **options)
        if hasattr(ours, method):
            return getattr(ours, method)(*inputs, **options)
    name = name_of(ufunc)
    called = name if method == "__call__" else f"{name}.{method}"
    return on_values(called, getattr(ufunc, method), inputs, options)


def array_function(self: Any, function: Callable, types: Any, args: Any, options: Any) -> Any:
    """`Tensor.__array_function__`: calls of NumPy's other functions."""
    ours = _find(function)
    if ours is not None:
        return ours(*args, **options)
    name = name_of(function)
    if name in MADE:  # called with like= a tensor
        if not isinstance(self._data, (np.ndarray, np.generic)):  # recorded: what is made is to be as well
            options = {**options, "like": self._data}
        return new_tensor(function(*args, **options))
    return on_values(name, function, args, options)


def array_namespace(self: Any, /, *, api_version: str | None = None) -> Any:
    """`Tensor.__array_namespace__`: the Python array API standard, of Tensors.

    Errors: ArgumentError for a version that NumPy does not follow either.
    """
    from .numpy import array_api

    if api_version is not None and api_version not in array_api.VERSIONS:
        versions = ", ".join(array_api.VERSIONS)
        raise ArgumentError(f"__array_namespace__: expected one of {versions}, got {api_version!r}")
    return array_api


_has_numpy = False  # whether the table has NumPy's functions; others may have entered theirs before


def _find(function: Any) -> Callable | None:
    global _has_numpy
    if not _has_numpy:
        from . import numpy  # noqa: F401 - fills the table; not imported at start, to start fast

        _has_numpy = True
    return IMPLEMENTATIONS.get(function)


def on_values(name: str, function: Callable, args: Any, options: Any) -> Any:
    """A function without a derivative, on plain values; refused where a gradient is lost."""
    if function in WRITERS or name.endswith(".at"):
        return _write(name, function, args, options)
    looks = name in LOOKS
    return function(*_values(name, args, looks), **_values(name, options, looks))


def _write(name: str, function: Callable, args: Any, options: Any) -> Any:
    """A function that writes into its first argument: as a write that is not recorded."""
    target, rest = args[0], _values(name, args[1:], False)
    if isinstance(target, TensorBase):
        _values(name, target, False)  # refuses where a gradient would be lost
        target = views.writable(target)
    return function(target, *rest, **_values(name, options, False))


def _values(name: str, thing: Any, looks: bool) -> Any:
    if isinstance(thing, TensorBase):
        if not looks and thing._node is not None and mode.grad:
            raise NotDifferentiable(f"numpy.{name} has no derivative here; use .detach() if none is wanted")
        return thing._data
    if isinstance(thing, (list, tuple)):
        return type(thing)(_values(name, v, looks) for v in thing)
    if isinstance(thing, dict):
        return {k: _values(name, v, looks) for k, v in thing.items()}
    return thing
