"""Conditions, as source, for what a program relies on: at a call they are looked at rather than a key."""

from __future__ import annotations

import math
import operator
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from ...tape import TensorBase
from ..containers import extra_of, held_by
from .capture import Read
from .signatures import FUNCTIONS, class_values, is_immutable, is_users, signature
from .state import State, switches

# Parameters of an optimiser that are compared one by one.
FEW = 16


class _Miss:
    """What a checked call gives if something was not as it expects."""


MISS = _Miss()


class Unchecked(Exception):
    """Something can only be told by its key."""


class Source:
    """Conditions, the statements before them, and the names that they use.

    Attributes:
        inputs: what the arrays among the arguments are called.
        options: for each group of an optimiser, the options whose numbers are in place.
    """

    def __init__(self, names: dict[str, Any]):
        self.names = names
        self.lines: list[str] = []
        self.conditions: list[str] = []
        self.inputs: list[str] = []
        self.options: list[list[Any]] = []
        self._count = 0
        for name in [n for n in names if n.startswith("v_")]:
            del names[name]

    def put(self, value: Any) -> str:
        """A name of the value."""
        self._count += 1
        name = f"v_{self._count}"
        self.names[name] = value
        return name

    def local(self) -> str:
        self._count += 1
        return f"x_{self._count}"

    def require(self, *conditions: str) -> None:
        self.conditions += conditions


def argument(source: Source, x: str, value: Any, state: State) -> None:
    """That an argument, which is called x, is as this value was."""
    kind = type(value)
    if state.has(value):
        source.require(f"{x} is {source.put(value)}")
    elif kind is np.ndarray:
        source.require(f"type({x}) is ndarray")
        _array(source, x, value)
    elif isinstance(value, TensorBase):
        alias = value._alias
        if type(value._data) is not np.ndarray or (alias is not None and alias.root is not None):
            raise Unchecked
        item = source.local()
        source.lines.append(f"{item} = {x}._data")
        source.require(f"type({x}) is {source.put(kind)}", f"type({item}) is ndarray", f"{x}._node is None")
        source.require(f"({x}._alias is None or {x}._alias.root is None)")
        _array(source, item, value._data)
    elif isinstance(value, np.generic):
        source.require(f"type({x}) is {source.put(kind)}")
        source.inputs.append(f"asarray({x})")
    elif kind in (list, tuple) or (isinstance(value, tuple) and hasattr(value, "_make")):
        items = [source.local() for _ in value]
        source.require(f"type({x}) is {source.put(kind)}")
        _settle(source, f"len({x}) == {len(items)}")
        if items:
            source.lines.append(f"{', '.join(items)}, = {x}")
        for item, part in zip(items, value, strict=True):
            argument(source, item, part, state)
    elif (held := held_by(value)) is not None:
        source.require(f"type({x}) is {source.put(kind)}")
        _class(source, kind)
        _keys(source, x, value, held)
        for key, part in held.items():
            item = source.local()
            place = f"[{source.put(key)}]" if isinstance(value, dict) else f".{key}"
            source.lines.append(f"{item} = {x}{place}")
            argument(source, item, part, state)
    elif kind is float and value == value and math.copysign(1.0, value) > 0 < value:
        source.require(f"type({x}) is float", f"{x} == {value!r}")
    elif kind in (bool, int, str, bytes, type(None)):
        source.require(f"type({x}) is {source.put(kind)}", f"{x} == {source.put(value)}")
    else:
        raise Unchecked


def _keys(source: Source, x: str, value: Any, held: dict[str, Any]) -> None:
    """That a container is made as this one is, with the same keys."""
    extra = extra_of(value)
    if extra is not None:
        if not is_immutable(extra):  # a function of what it reads
            raise Unchecked
        source.require(f"{x}.default_factory is {source.put(extra)}")
    own = getattr(value, "__dict__", None)
    if not isinstance(value, dict):
        if own is not None:
            _settle(source, f"{x}.__dict__.keys() == {source.put(frozenset(held))}")
        else:  # in slots
            _settle(source, "True")
        return
    if own is not None:
        source.require(f"{x}.__dict__ is {x}" if own is value else f"not {x}.__dict__")
    _settle(source, f"[*{x}] == {source.put(list(value))}")


def _class(source: Source, kind: type) -> None:
    """That a class of the user's has the attributes that it has."""
    for base in kind.__mro__:
        if is_users(base):
            if not all(map(_is_fixed, class_values(base).values())):
                raise Unchecked
            values = f"[*{source.put(base)}.__dict__.values()]"
            source.require(f"{values} == {source.put([*base.__dict__.values()])}")


def _is_fixed(value: Any) -> bool:
    """Whether an attribute of a class is told by its identity."""
    return is_immutable(value) or isinstance(value, (*FUNCTIONS, property, staticmethod, classmethod))


def _settle(source: Source, condition: str) -> None:
    """Check what the following statements rely on; what was required so far first."""
    source.require(condition)
    source.lines.append(f"if not ({' and '.join(source.conditions)}): return MISS")
    source.conditions = []


def _array(source: Source, x: str, value: np.ndarray) -> None:
    base = value.base
    if base is not None and type(base) is not np.ndarray:
        raise Unchecked
    # a view of memory that was found to be none of the state's; the caller may let go of it
    same = "is None" if base is None else f"is {source.put(weakref.ref(base))}()"
    source.require(
        f"{x}.shape == {value.shape!r}", f"{x}.strides == {value.strides!r}",
        f"{x}.dtype is {source.put(value.dtype)}", f"{x}.base {same}",
    )  # fmt: skip
    source.inputs.append(x)


def read(source: Source, what: Read, own: Callable[[Any], bool]) -> None:
    """That what is read by name is what it was."""
    value = what.value()
    holder = source.put(what.holder)
    item = f"{holder}[{what.name!r}]" if what.how == "item" and what.name in what.holder else ""
    item = item or f"{holder}.get({what.name!r})"
    found = {"cell": f"{holder}.cell_contents", "item": item, "same": holder}
    now = found.get(what.how)
    if now is not None and (own(value) or is_immutable(value)):
        if what.how != "same":
            source.require(f"{now} is {source.put(value)}")
    elif now is not None and isinstance(value, FUNCTIONS):
        if what.how != "same":
            source.require(f"{now} is {source.put(value)}")
        source.require(f"{now}.__code__ is {source.put(value.__code__)}")
    else:
        source.require(f"signature({source.put(what)}.value(), own) == {source.put(signature(value, own))}")
        source.names |= {"own": own, "signature": signature}


def group(source: Source, options: dict[str, Any], renew: Callable[[], bool]) -> str:
    """That an optimiser's options decide what they did; if its numbers are others, that they are in place.

    Gives the name of the options.
    """
    values, pattern = list(options.values()), switches(options)
    source.options.append(values)

    def look() -> bool:
        if switches(options) != pattern or not renew():
            return False
        values[:] = options.values()
        return True

    held, parameters = source.put(options), source.put(options["params"])
    source.require(f"([*{held}.values()] == {source.put(values)} or {source.put(look)}())")
    source.require(f"len({parameters}) == {len(options['params'])}")
    if len(options["params"]) <= FEW:
        source.require(*(f"{parameters}[{i}] is {source.put(p)}" for i, p in enumerate(options["params"])))
    else:
        source.names |= {"is_": operator.is_}
        source.require(f"all(map(is_, {parameters}, {source.put(tuple(options['params']))}))")
    return held
