"""Attributes of modules that a function binds anew: what its programs are given and give besides.

    self.mean = 0.9 * self.mean + 0.1 * x.mean(0)

An attribute, or a buffer, that is another tensor or array after a run is taken along: its value before is
one more argument, and that after it one more result. One that a run leaves as it is stays the object that
it is, and so does one that becomes a tensor of the state.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ...tape import TensorBase, new_tensor
from ..containers import leaves, mapped, outline, unwritten
from ..reading.aside import is_plain
from ..reading.signatures import Same
from ..reading.state import OWN, State
from .results import KEPT, LIVE, SWEPT, kind_of
from .traced import Leak, Traced

_ARRAYS = (TensorBase, np.ndarray, np.generic)


class _Missing:
    """Stands for the value of an attribute that is not there."""


class _Unchanged:
    """Stands for the value of an attribute that a run has left as it was."""


MISSING, UNCHANGED = _Missing(), _Unchanged()


class Attributes:
    """What the attributes of modules are at some moment."""

    def __init__(self, state: State):
        self.state = state
        self.before = self._now()

    def _now(self) -> dict[tuple[int, str], tuple[Any, Any]]:
        return {
            (id(m), name): (m, value)
            for m in self.state.modules()
            for name, value in m.__dict__.items()
            if name not in OWN
        }

    def changed(self) -> tuple[list[tuple[Any, str]], list[tuple[Any, str]]]:
        """Attributes that are others since: those that are tensors or arrays, or were, and the rest."""
        now = self._now()
        tensors: list[tuple[Any, str]] = []
        rest: list[tuple[Any, str]] = []
        for (number, name), (module, _) in {**self.before, **now}.items():
            pair = [d.get((number, name), (module, MISSING))[1] for d in (self.before, now)]
            if pair[0] is pair[1] or (all(map(is_plain, pair)) and pair[0] == pair[1]):
                continue
            fixed = name in module._parameters or name in module._modules
            holds = any(isinstance(leaf, _ARRAYS) for v in pair for leaf in leaves(v))
            (tensors if holds and not fixed else rest).append((module, name))
        return tensors, rest


class Carried:
    """The attributes that a function binds anew, and the function with them as arguments and results.

    Attributes:
        places: modules and names of attributes.
        body: the function of their values before, and of its own arguments; gives its result and their
            values after.
    """

    def __init__(self, fn: Callable, state: State, places: list[tuple[Any, str]]):
        self.fn, self.state, self.places = fn, state, places
        state.carried = {(id(module), name) for module, name in places}
        self._given: tuple = ()
        self._real: list[Any] = []

        @functools.wraps(fn, updated=())
        def body(values: tuple, *args: Any, **options: Any) -> Any:
            before, given = self._now(), self._real if values is self._given else values
            inside = [outline(value) for value in given]
            self._bind(given)
            try:
                result = fn(*args, **options)
                return result, tuple(map(self._left, self.places, given, inside, self._now()))
            finally:
                if any(map(_is_recorded, self._now())):
                    self._bind(before)

        carries = [f"{type(module).__name__}.{name}" for module, name in places]
        body.__carries__ = carries  # type: ignore[attr-defined]  # see `labels.py`
        self.body = body

    def values(self) -> tuple:
        """What the attributes are now, without the graphs that sweeps of other runs have released."""
        self._real = self._now()
        self._given = tuple([mapped(value, _detached) for value in self._real])
        return self._given

    def put(self, values: tuple) -> bool:
        """Set the attributes; whether other programs must look at the modules again.

        They look at tensors among attributes at each call, but not at buffers, nor at what is no tensor.
        """
        before = self._now()
        after = [
            old if new is UNCHANGED else mapped(new, _held) for old, new in zip(before, values, strict=True)
        ]
        self._bind(after)
        return any(
            old is not new and (name in module._buffers or type(old) is not type(new))
            for (module, name), old, new in zip(self.places, before, after, strict=True)
        )

    def refused(self) -> str:
        """Why a value that an attribute has cannot be an argument; empty if all can."""
        for (module, name), value in zip(self.places, self._now(), strict=True):
            for leaf in leaves(value):
                if kind_of(leaf) == LIVE and not self.state.has(leaf):
                    return f"{type(module).__name__}.{name} keeps {KEPT}"
                data = getattr(leaf, "_data", leaf)
                if isinstance(data, np.ndarray) and not self.state.has(leaf) and self.state.shares(data):
                    return f"{type(module).__name__}.{name} has memory of the state; copy it"
        return ""

    def _left(self, place: tuple[Any, str], given: Any, inside: list, value: Any) -> Any:
        """What a run has left of a value that it was given, which held this inside."""
        if value is not given:
            return mapped(value, lambda leaf: Same(leaf) if self.state.has(leaf) else leaf)
        if not unwritten(inside, outline(value)) and any(map(_is_recorded, leaves(value))):
            module, name = place
            raise Leak(f"{type(module).__name__}.{name} is changed in place; bind it to a new one")
        return UNCHANGED

    def _now(self) -> list[Any]:
        return [module.__dict__.get(name, MISSING) for module, name in self.places]

    def _bind(self, values: Any) -> None:
        for (module, name), value in zip(self.places, values, strict=True):
            tables = [module.__dict__, *([module._buffers] if name in module._buffers else [])]
            for table in tables:
                if value is MISSING:
                    table.pop(name, None)
                else:
                    table[name] = value


def _held(value: Any) -> Any:
    return value.held() if type(value) is Same else value


def _detached(value: Any) -> Any:
    swept = isinstance(value, TensorBase) and kind_of(value) == SWEPT
    return new_tensor(value._data) if swept else value


def _is_recorded(value: Any) -> bool:
    return any(isinstance(getattr(leaf, "_data", leaf), Traced) for leaf in leaves(value))
