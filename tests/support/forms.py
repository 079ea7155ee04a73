"""Namespaces that change how NumPy's functions are called: all arguments by name, or by position."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

import numpy as np

_STARRED = (inspect.Parameter.VAR_POSITIONAL,)


class Namespace:
    """A namespace whose functions are handed to `call`, with NumPy's own and the arguments."""

    def __init__(self, module: Any, call: Any, numpy: Any = np):
        self._module, self._call, self._numpy = module, call, numpy

    def __getattr__(self, name: str) -> Any:
        ours, theirs = getattr(self._module, name), getattr(self._numpy, name)
        if isinstance(theirs, ModuleType):
            return Namespace(ours, self._call, theirs)
        if not callable(theirs) or isinstance(theirs, (type, np.ufunc)):
            return ours
        return lambda *args, **options: self._call(ours, theirs, args, options)


def bound(theirs: Any, args: tuple, options: dict) -> Any:
    """The arguments by NumPy's names; None where it does not tell them."""
    try:
        signature = inspect.signature(theirs)
        found = signature.bind(*args, **options)
    except (TypeError, ValueError):
        return None
    return None if any(p.kind in _STARRED for p in signature.parameters.values()) else found


def by_name(ours: Any, theirs: Any, args: tuple, options: dict) -> Any:
    found = bound(theirs, args, options)
    if found is None:
        return ours(*args, **options)
    parameters, first, named = found.signature.parameters, [], {}
    for name, value in found.arguments.items():
        kind = parameters[name].kind
        if kind is inspect.Parameter.POSITIONAL_ONLY:
            first.append(value)
        else:
            named |= value if kind is inspect.Parameter.VAR_KEYWORD else {name: value}
    return ours(*first, **named)


def by_position(ours: Any, theirs: Any, args: tuple, options: dict) -> Any:
    """With NumPy's defaults for those in between that were not given."""
    found = bound(theirs, args, options)
    if found is None:
        return ours(*args, **options)
    found.apply_defaults()
    parameters, placed, named = found.signature.parameters, [], {}
    for name, value in found.arguments.items():
        kind = parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            named |= value
        elif kind is not inspect.Parameter.KEYWORD_ONLY:
            placed.append(value)
        elif name in options:
            named[name] = value
    return ours(*placed, **named)
