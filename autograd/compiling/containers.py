"""Containers among the arguments and results of a function: how they are taken apart, and made again.

Tuples, named tuples, lists and dicts are, and so are dicts of classes that keep items as dict does (an
OrderedDict, a defaultdict, one of the user's with attributes for its items) and data classes that compare
by value. Everything else is a leaf.
"""

from __future__ import annotations

import dataclasses
import functools
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from ..transforms import trees
from . import ir

# What a class of dicts must have from dict for its items to be what is in it, and copies to be as it is.
_OF_DICTS = (
    "__getitem__", "__setitem__", "__iter__", "__len__", "__getattribute__", "__copy__", "__reduce__",
    "__reduce_ex__", "__new__", "keys", "values", "items",
)  # fmt: skip
# What makes objects of a data class more than what is in them.
_NOT_OF_RECORDS = ("__getattribute__", "__new__", "__call__", "__iter__", "__len__", "__getattr__")


def held_by(value: Any) -> dict[str, Any] | None:
    """What is in a dict by key, or in an object of a data class by name; None for what is neither."""
    kind: Any = type(value)
    if kind is dict:
        return value
    how = _how(kind)
    if how is None:
        return None
    own = getattr(value, "__dict__", None)
    if how is _TABLE:
        return value if not own or own is value else None
    if how is _SLOTTED:
        return _slots_of(value, _fields(kind))
    # one with further attributes, or that computes one, is more than its fields
    return dict(own) if own is not None and own.keys() == {*_fields(kind)} else None


def extra_of(value: Any) -> Any:
    """What a container is made with besides what is in it."""
    return value.default_factory if isinstance(value, defaultdict) else None


def mapped(tree: Any, change: Callable[[Any], Any]) -> Any:
    """The same containers with each leaf changed."""

    def changed(leaf: Any) -> Any:
        held = held_by(leaf)
        if held is None:
            return change(leaf)
        return _like(leaf, held, [mapped(value, change) for value in held.values()])

    return ir.mapped(tree, changed)


def leaves(tree: Any) -> list[Any]:
    """What is in nested containers, in order."""
    found: list[Any] = []
    mapped(tree, found.append)
    return found


def paths(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """What is in nested containers, with its path such as `[0].image`; None counts as nothing."""
    for place, leaf in trees.leaves(tree, path):
        held = held_by(leaf)
        if held is None:
            yield place, leaf
        else:
            for name, value in held.items():
                yield from paths(value, f"{place}.{name}")


def outline(tree: Any) -> list[Any]:
    """What who writes to nested containers would change, in order: see `unwritten`."""
    held = held_by(tree)
    if held is not None:
        found = [type(tree), extra_of(tree), *held]
        tree = held.values()
    elif isinstance(tree, (tuple, list)):
        found = [type(tree)]
    else:
        return [tree]
    for item in tree:
        found += outline(item)
    return [*found, outline]  # which ends one


def unwritten(before: list[Any], now: list[Any]) -> bool:
    """Whether containers with these outlines have the same keys, and the same objects in them."""
    return len(before) == len(now) and all(a is b for a, b in zip(before, now, strict=True))


def _like(container: Any, held: dict[str, Any], values: list) -> Any:
    """A container of the same class and keys around other values; none of the user's code runs."""
    if isinstance(container, dict):
        return trees.like(container, values)
    made = object.__new__(type(container))
    for name, value in zip(held, values, strict=True):
        object.__setattr__(made, name, value)  # also of a frozen one
    return made


_TABLE, _RECORD, _SLOTTED = "table", "record", "slotted"


@functools.lru_cache(maxsize=1024)
def _how(kind: type) -> str | None:
    """How objects of a class are taken apart, as far as the class tells."""
    slots = [name for c in kind.__mro__ for name in _slots(c) if name not in ("__dict__", "__weakref__")]
    if issubclass(kind, dict):
        base = next(b for b in (OrderedDict, defaultdict, dict) if issubclass(kind, b))
        names = _OF_DICTS if base is dict else (*_OF_DICTS, "__init__")  # whose copies are made by calls
        own = any(getattr(kind, name, None) is not getattr(base, name, None) for name in names)
        return None if own or slots else _TABLE
    if not dataclasses.is_dataclass(kind) or kind.__hash__ is object.__hash__:
        return None  # by identity: it may be a key
    if any(name in vars(c) for c in kind.__mro__[:-1] for name in _NOT_OF_RECORDS):
        return None
    if kind.__dictoffset__:
        return None if slots else _RECORD
    return _SLOTTED if {*slots} == {*_fields(kind)} else None


def _slots(cls: type) -> tuple[str, ...]:
    slots = vars(cls).get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


@functools.lru_cache(maxsize=1024)
def _fields(kind: Any) -> tuple[str, ...]:
    return tuple([field.name for field in dataclasses.fields(kind)])


def _slots_of(value: Any, names: tuple[str, ...]) -> dict[str, Any] | None:
    try:
        return {name: getattr(value, name) for name in names}
    except AttributeError:  # one that was not set
        return None
