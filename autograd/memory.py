"""Who shares an array's memory, and how saved values are kept safe from writes.

The tape treats values as immutable. Three things could break that: an ndarray of the caller's
that a rule saves, a buffer handed out by `.data`, and a write through a tensor. The first two
are handled here, the third in `aliasing.py`.

- A saved array of the caller's is copied when it is small, or when it does not own its memory
  (then nothing can stop a write to the owner). Else it is *guarded*: made read-only until the
  node that saved it is released, so that a write raises instead of falsifying a gradient.
- What NumPy cannot reveal stays the caller's care: a writable view made before the guard, and
  a foreign buffer that an array wraps.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .addresses import is_whole

getrefcount = getattr(sys, "getrefcount", lambda value: 0)  # PyPy has none

# Copying this many bytes costs a fourth of setting up and releasing a guard (about 2 us).
SMALL = 32768


def _keep_freed_memory() -> None:
    """Have glibc's malloc keep what is freed, rather than give it back and fault it in again.

    Every step of a training loop frees its graph and makes the next. By default malloc then
    returns the top of the heap to the system, and half the time of a step goes into page faults.
    It raises its thresholds when it frees a large block, so one is made, untouched, and freed:
    arrays up to its size now come from a heap that is trimmed from twice its size on. Other
    allocators, and one that is configured by the environment, are not affected.
    """
    np.empty(31 << 20, np.uint8)  # malloc takes no hint from blocks of 32 MiB and more


_keep_freed_memory()

OWNED = "owned"  # by the tape alone: saved as it is, copied before a write if anything holds it
FOREIGN = "foreign"  # the caller's: protected when saved, never written
SHARED = "shared"  # with the caller: protected when saved, and written through


_arrays: tuple[type, ...] = (np.ndarray,)
# The same without subclasses, for kernels and rules to ask inline: a call costs a tenth of a small product.
ARRAYS: set[type] = {np.ndarray}


def admit_arrays(cls: type) -> None:
    """Let arrays of this class, which must have NumPy's protocols, stand where ndarrays do."""
    global _arrays
    _arrays = (*_arrays, cls)
    ARRAYS.add(cls)


def is_array(value: Any) -> bool:
    """Whether a value is an ndarray, or an array of a class that was admitted; no NumPy scalar."""
    return isinstance(value, _arrays)


def as_array(value: Any) -> Any:
    """An ndarray of a value; an array of a class that was admitted stays what it is."""
    recorded: Any = value
    if isinstance(value, np.ndarray) or not isinstance(value, _arrays):
        return np.asarray(value)
    return recorded.as_array()


def strided(x: Any, shape: tuple, strides: tuple) -> Any:
    """A view of memory that x views, by shape and strides."""
    return as_strided(x, shape, strides) if isinstance(x, np.ndarray) else x.strided(shape, strides)


class Memory:
    """One buffer and the tensors that view it.

    `handed_out` tells that the caller got an array that views the buffer: it stays writable
    when the owner is made read-only, so that guarding the owner protects nothing.
    """

    __slots__ = ("exposure", "handed_out", "limit", "members")

    def __init__(self, exposure: str):
        self.exposure = exposure
        self.handed_out = False
        self.members: list[weakref.ref] = []
        self.limit = 8

    def add(self, tensor: Any) -> None:
        """Enter a view. Dead entries are swept when their number may have doubled."""
        if len(self.members) >= self.limit:
            self.members = [m for m in self.members if m() is not None]
            self.limit = 2 * len(self.members) + 8
        self.members.append(weakref.ref(tensor))

    def live(self) -> list:
        """The views that still exist, oldest first."""
        return [t for t in (m() for m in self.members) if t is not None]


class Alias:
    """How one tensor shares memory: with whom, and by which view of what.

    `root` is the tensor that holds the buffer, None for the root itself; `above` is the alias
    of the tensor that was viewed, and `step` the view, a pair of primitive and statics.
    """

    __slots__ = ("above", "memory", "root", "step")

    def __init__(self, memory: Memory, root: Any = None, above: Any = None, step: Any = None):
        self.memory, self.root, self.above, self.step = memory, root, above, step

    @property
    def path(self) -> list[Alias]:
        """The aliases from the first view of the root down to this one."""
        path, alias = [], self
        while alias.step is not None:
            path.append(alias)
            alias = alias.above
        return path[::-1]


# What every ndarray argument counts as.
FOREIGN_ARRAY = Alias(Memory(FOREIGN))


def attach_view(result: Any, source: Any, prim: Any, statics: tuple) -> None:
    """Note that `result` came from `source` by a view, if it does share its memory."""
    data, origin = result._data, source._data
    if isinstance(origin, np.generic) and isinstance(data, np.ndarray):
        # NumPy's results of no axes are scalars, which nothing can view; as an array it can
        origin = source._data = np.array(origin)
        data = result._data = prim.kernel(origin, *statics)
    base = getattr(data, "base", None)  # NumPy's views refer to the owner, never to each other
    if base is None or not (base is origin or base is origin.base):
        return
    alias = source._alias
    if alias is None:
        alias = source._alias = Alias(Memory(OWNED))
    root = source if alias.root is None else alias.root
    result._alias = Alias(alias.memory, root, alias, (prim, statics))
    alias.memory.add(result)


class Guard:
    """Holds a caller's array read-only for as long as a node needs it.

    `array` is replaced by a copy if the array must be written after all (see `unguard`).
    """

    __slots__ = ("__weakref__", "array")

    def __init__(self, array: np.ndarray):
        self.array = array
        guards = _guards.setdefault(id(array), [array.flags.writeable])
        guards.append(weakref.ref(self))
        array.flags.writeable = False

    def __del__(self) -> None:
        guards = _guards.get(id(self.array))
        if guards is not None:
            guards[1:] = [g for g in guards[1:] if g() is not None and g() is not self]
            if len(guards) == 1:
                self.array.flags.writeable = _guards.pop(id(self.array))[0]


# id of a guarded array -> [whether it was writeable, weak references to its guards ...]. The
# guards hold the array, so its id stays its own.
_guards: dict[int, list] = {}


def unguard(array: np.ndarray) -> None:
    """Make a guarded array writable now: those that saved it get a copy of it instead."""
    guards = _guards.pop(id(array), None)
    if guards is not None:
        copy = array.copy("K")
        for guard in guards[1:]:
            if guard() is not None:
                guard().array = copy
        array.flags.writeable = guards[0]


def protect(value: Any, alias: Alias | None, node: list) -> Any:
    """What a new node saves in place of a value whose memory others can write.

    A node that saves a guard gets a pull that looks behind it.
    """
    if alias is None or alias.memory.exposure is OWNED or not isinstance(value, np.ndarray):
        return value
    guards = _guards.get(id(value))
    if guards is not None and not alias.memory.handed_out:  # as every step of a loop finds its weights
        node[1] = _guarded_pull(node[1])
        return guards[-1]() or Guard(value)
    unguardable = value.base is not None or not value.flags.owndata or alias.memory.handed_out
    if value.nbytes <= SMALL or unguardable:
        return value.copy(order="K")
    node[1] = _guarded_pull(node[1])
    return Guard(value)


def _guarded_pull(pull: Callable) -> Callable:
    """The same pull for a node that has guards among its saved values."""
    step = pull.step  # type: ignore[attr-defined]
    if step.guarded is None:
        guarded: Any = step.behind() if step.behind else _looking_behind(pull, 3 + step.arity)
        guarded.step = step
        step.guarded = guarded
    return step.guarded


def _looking_behind(pull: Callable, first: int) -> Callable:
    """A pull that is not generated, on nodes with guards in the slots from `first` on."""

    def guarded(node: list, g: Any) -> Any:
        return pull(node[:first] + [_behind(v) for v in node[first:]], g)

    return guarded


def bare(node: list) -> list:
    """A node with its guards replaced by what they guard."""
    return [_behind(v) for v in node]


def _behind(value: Any) -> Any:
    if type(value) is list and any(type(v) is Guard for v in value):
        return [_behind(v) for v in value]
    return value.array if type(value) is Guard else value


def _references(tensor: Any) -> int:
    return getrefcount(tensor._data)


class _Probe:
    def __init__(self) -> None:
        self._data = np.empty(0)


# What `getrefcount(tensor._data)` says of a buffer that one tensor alone holds: calibrated, since it
# differs between CPython versions. Elsewhere reference counts say nothing: then every buffer counts
# as held, and is copied before a write.
_SOLE = _references(_Probe()) if sys.implementation.name == "cpython" else -1


def _references_held(tensor: Any) -> int:
    held = tensor._data
    return getrefcount(held)


_SOLE_HELD = _references_held(_Probe()) if _SOLE >= 0 else -1  # in a function that gave it a name


def _references_in(holder: list, i: int) -> int:
    return getrefcount(holder[i])


_SOLE_IN_LIST = _references_in([np.empty(0)], 0) if _SOLE >= 0 else -1


def is_sole(holder: list, i: int) -> bool:
    """Whether the array in this slot of a list is held by nothing else and owns its memory."""
    if getrefcount(holder[i]) != _SOLE_IN_LIST:
        return not is_array(holder[i])  # a NumPy scalar never changes
    return is_whole(holder[i])


def is_exclusive(root: Any) -> bool:
    """Whether nothing but this tensor and its live views holds its buffer.

    True only if a write to it can be seen by no node and no array of the caller's.
    """
    if root._alias is None:
        held = root._data
        if getrefcount(held) != _SOLE_HELD:
            return False
        # each step asks this of each parameter: mostly without the call
        return (type(held) is np.ndarray or is_array(held)) and (held.base is None or is_whole(held))
    data = root._data
    if not is_array(data) or not is_whole(data):
        return False
    views = [t for t in root._alias.memory.live() if getattr(t._data, "base", None) is data]
    del data
    # a node that saved a view holds the view's own array, which counts as no more than the view
    return _references(root) == _SOLE + len(views) and all(_references(t) == _SOLE for t in views)
