"""The options of optimisers while a function is recorded: only optimisers and schedulers use them."""

from __future__ import annotations

import sys
from typing import Any

from ..lines import is_library
from .traced import Leak


class Options(dict):
    """Stands in for a group of an optimiser: what it holds is found anew in each run, by `step()` alone."""

    original: dict[str, Any]


def _refusing(name: str) -> Any:
    plain = getattr(dict, name)

    def method(self: Options, *args: Any, **options: Any) -> Any:
        if args[:1] != ("params",) and not is_library(sys._getframe(1).f_code.co_filename):
            raise Leak("an option of an optimiser is read or set, which a program would do only once")
        return plain(self, *args, **options)

    method.__name__ = name
    return method


for _name in (
    "__getitem__", "__setitem__", "__delitem__", "__iter__", "get", "items", "keys", "values", "pop",
    "popitem", "setdefault", "update", "copy", "clear",
):  # fmt: skip
    setattr(Options, _name, _refusing(_name))


def stand_in(optimizer: Any) -> list[dict[str, Any]]:
    """Put stand-ins for an optimiser's groups in their places; gives the groups."""
    groups = optimizer.param_groups
    optimizer.param_groups = []
    for group in groups:
        options = Options(group)
        options.original = group
        optimizer.param_groups.append(options)
    return groups


def put_back(optimizer: Any, groups: list[dict[str, Any]]) -> None:
    """Undo `stand_in`; what schedulers have set stays."""
    for group, options in zip(groups, optimizer.param_groups, strict=False):
        dict.update(group, options)
    optimizer.param_groups = groups


def original(group: Any) -> Any:
    """The group that a stand-in stands for."""
    return group.original if isinstance(group, Options) else group
