"""What the arguments of a function are called, part by part, where a program is looked at."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ..ir import leaves

_NAMED = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def labels(fn: Callable, args: tuple, options: dict) -> list[str]:
    """Of each leaf of `(args, options)` its parameter, and where it lies there: `x`, `batch[0]`."""
    return [label for name, value in [*_named(fn, args), *options.items()] for label in _parts(name, value)]


def parameters(fn: Callable, count: int) -> list[str]:
    """The parameters that so many positional arguments are for; those of a module's `forward`."""
    try:
        given = list(inspect.signature(getattr(fn, "forward", fn)).parameters.values())
    except (TypeError, ValueError):  # of a built-in
        given = []
    names = [p.name for p in given if p.kind in _NAMED][:count]
    rest = next((p.name for p in given if p.kind is p.VAR_POSITIONAL), "args")
    return names + [f"{rest}[{i}]" for i in range(count - len(names))]


def written(name: str = "", what: str = "an argument") -> str:
    """Why a function is refused that writes what it is given, or finds by name."""
    what = f"argument {name!r}" if name else what
    return f"{what} is written in place; copy it, or name it in state= as a tensor"


def _named(fn: Callable, args: tuple) -> list[tuple[str, Any]]:
    carries = getattr(fn, "__carries__", None)  # attributes that go along, see `carried.py`
    values, rest = ((), args) if carries is None else (args[0], args[1:])
    return list(zip([*(carries or ()), *parameters(fn, len(rest))], [*values, *rest], strict=True))


def _parts(name: str, value: Any) -> list[str]:
    """A name for each leaf of a value, in the order of `leaves`."""
    if type(value) in (list, tuple):
        return [label for i, item in enumerate(value) for label in _parts(f"{name}[{i}]", item)]
    if type(value) is dict:
        return [label for key, item in value.items() for label in _parts(f"{name}[{key!r}]", item)]
    if isinstance(value, tuple) and hasattr(value, "_make") and hasattr(value, "_fields"):
        pairs = zip(value._fields, value, strict=True)
        return [label for field, item in pairs for label in _parts(f"{name}.{field}", item)]
    return [name for _ in leaves(value)]
