"""What the arguments of a function are called, part by part, where a program is looked at or refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...graph.arguments import parameters
from ..containers import outline, paths, unwritten


def labels(fn: Callable, args: tuple, options: dict) -> dict[int, str]:
    """By identity, the parameter that each part of the arguments is of, and where: `x`, `batch[0]`."""
    found: dict[int, list[str]] = {}
    for name, value in _named(fn, args, options):
        for path, leaf in paths(value, name):
            found.setdefault(id(leaf), []).append(path)
    return {leaf: ", ".join(several) for leaf, several in found.items()}


def parts(fn: Callable, args: tuple, options: dict) -> dict[str, list]:
    """By parameter, the outline of what is given for it."""
    return {name: outline(value) for name, value in _named(fn, args, options)}


def changed_part(before: dict[str, list], now: dict[str, list]) -> str:
    """The parameter whose argument was written since; empty for none."""
    return next((name for name in before if not unwritten(before[name], now[name])), "")


def _named(fn: Callable, args: tuple, options: dict) -> list[tuple[str, Any]]:
    carries = getattr(fn, "__carries__", None)  # attributes that go along, see `carried.py`
    values, rest = ((), args) if carries is None else (args[0], args[1:])
    names = [*(carries or ()), *parameters(fn, len(rest)), *options]
    return list(zip(names, [*values, *rest, *options.values()], strict=True))


def written(name: str = "", what: str = "an argument") -> str:
    """Why a function is refused that writes what it is given, or finds by name."""
    what = f"argument {name!r}" if name else what
    return f"{what} is written in place; copy it, or name it in state= as a tensor"
