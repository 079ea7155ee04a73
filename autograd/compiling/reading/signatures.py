"""What tells two states of a Python value apart, as far as a program relies on it.

Numbers, text and what else compares by value go by value, arrays by identity and (up to 64 KiB) by value,
containers and the attributes of objects of the user's classes by what is in them, everything else by
identity.
"""

from __future__ import annotations

import array
import collections
import contextvars
import ctypes
import enum
import math
import sys
import threading
import types
import weakref
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ... import changes
from ...tape import TensorBase
from ..lines import is_library

# Arrays up to this size are compared by value at each call, larger ones by a checksum.
COMPARED = 65536
# How many values a container or an object is looked into.
MOST = 4096
FUNCTIONS = (types.FunctionType,)
_PLAIN = {bool, int, str, bytes, type(None), type(Ellipsis), range}
_BUFFERS = (bytearray, memoryview, array.array, ctypes._SimpleCData, ctypes.Structure, ctypes.Array)
_ATOMS = (
    type, types.ModuleType, np.ufunc, np.dtype, np.random.Generator, property, staticmethod, classmethod,
)  # fmt: skip


class Same:
    """A value as its identity tells it: never equal to another that has its address when it is gone."""

    __slots__ = ("address", "held")

    def __init__(self, value: Any):
        self.address = id(value)
        try:
            self.held: Callable[[], Any] = weakref.ref(value)
        except TypeError:
            self.held = lambda: value

    def __hash__(self) -> int:
        return self.address

    def __eq__(self, other: object) -> bool:
        if type(other) is not Same or self.address != other.address:
            return False
        value = self.held()
        return value is not None and value is other.held()


class Known:
    """Whether a value belongs to the state, and which attributes of objects are read; None for all."""

    __slots__ = ("has", "names")

    def __init__(self, has: Callable[[Any], bool], names: frozenset[str] | None):
        self.has, self.names = has, names

    def __call__(self, value: Any) -> bool:
        return self.has(value)


def signature(value: Any, own: Callable[[Any], bool], depth: int = 0) -> Any:
    """A hashable that is equal for what a program need not tell apart.

    Args:
        own: whether a value belongs to the state, which is looked at elsewhere; as `Known`, also which
            of the attributes of objects count.
    """
    kind = type(value)
    if kind in _PLAIN:
        return kind, value
    if kind is float:
        return number(value)
    if kind is complex:
        return kind, number(value.real), number(value.imag)
    if own(value) or depth > 8:
        return Same(value)
    if isinstance(value, np.ndarray):
        return id(value), value.shape, value.strides, value.dtype, _contents(value)
    if isinstance(value, np.generic):
        return kind, value.tobytes()
    if isinstance(value, TensorBase):
        return _tensor(value)
    if isinstance(value, FUNCTIONS):
        return Same(value), Same(value.__code__)  # what it reads is followed
    if isinstance(value, type) and is_users(value):
        return Same(value), _table(class_values(value), own, depth)
    if isinstance(value, (*_ATOMS, enum.Enum)):
        return Same(value)
    return _compound(value, kind, own, depth)


def is_immutable(value: Any) -> bool:
    """Whether a value is told by its identity, as long as the count of changes stays."""
    kind = type(value)
    if kind in _PLAIN or kind is float or isinstance(value, np.generic):
        return True
    if isinstance(value, type):
        return not is_users(value)
    return isinstance(value, (*_ATOMS, enum.Enum)) or is_module(value)


def is_module(value: Any) -> bool:
    return hasattr(type(value), "named_parameters")


def _compound(value: Any, kind: type, own: Callable[[Any], bool], depth: int) -> Any:
    if isinstance(value, (list, tuple, collections.deque)):
        if len(value) > MOST:
            return id(value), len(value)
        return kind, tuple([signature(v, own, depth + 1) for v in value])
    if isinstance(value, (set, frozenset)):
        return kind, len(value), frozenset([signature(v, own, depth + 1) for v in value])
    if isinstance(value, dict):
        return kind, _table(value, own, depth)
    if isinstance(value, types.BuiltinFunctionType):  # what it is bound to
        owner = value.__self__
        return Same(value), None if owner is None else signature(owner, own, depth + 1)
    if isinstance(value, _BUFFERS):
        return id(value), _contents(np.frombuffer(value, np.uint8))  # type: ignore[arg-type]
    if isinstance(value, Mapping):
        return kind, _table(dict(value), own, depth)
    if isinstance(value, (weakref.ref, contextvars.ContextVar)):
        now = value() if isinstance(value, weakref.ref) else value.get(None)
        return Same(value), signature(now, own, depth + 1)
    if isinstance(value, threading.local):
        return Same(value), _table(value.__dict__, own, depth)
    if is_module(value):
        return _module(value, own, depth)
    if isinstance(value, types.MethodType):
        return Same(value.__func__), signature(value.__self__, own, depth + 1)
    if isinstance(value, types.SimpleNamespace) or is_users(kind):
        names, found = getattr(own, "names", None), _attributes(value)
        if names is not None and is_written(kind):
            found = {k: v for k, v in found.items() if k in names or k == "__class__"}
        return id(value), _table(found, own, depth)
    if kind is slice:
        return kind, tuple([signature(v, own, depth + 1) for v in (value.start, value.stop, value.step)])
    if kind.__eq__ is object.__eq__ or kind.__hash__ is None:
        return Same(value)
    try:  # numbers, dates and paths of the standard library go by value
        hash(value)
    except TypeError:  # a frozen dataclass may hold a list
        return id(value), _table(_attributes(value), own, depth)
    return kind, value


def _module(value: Any, own: Callable[[Any], bool], depth: int) -> Any:
    """A module that is not of the state, such as a loss: looked at again when any module has changed."""
    found = _modules.get(value)
    if found is None or found[0] != changes.count:
        plain = {
            (number, k): v
            for number, module in enumerate(value.modules())
            for k, v in module.__dict__.items()
            if isinstance(v, (bool, int, float, str))
        }
        found = _modules[value] = changes.count, (Same(value), _table(plain, own, depth))
    return found[1]


_modules: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def number(value: float) -> Any:
    """A float, with -0.0 apart from 0.0 and NaN equal to itself."""
    if value == 0:
        return float, value, math.copysign(1.0, value)
    return (float, value) if value == value else (float, "nan")


def _table(items: Any, own: Callable[[Any], bool], depth: int) -> Any:
    if len(items) > MOST:
        return id(items), len(items)
    return tuple([(signature(k, own, depth + 1), signature(v, own, depth + 1)) for k, v in items.items()])


def _contents(array: np.ndarray) -> Any:
    if array.nbytes <= COMPARED and array.dtype.kind != "O":
        return array.tobytes()
    if array.dtype.kind == "O" or not array.flags.c_contiguous:
        return zlib.crc32(repr(array).encode()) if array.dtype.kind == "O" else zlib.crc32(array.tobytes())
    return zlib.crc32(array.reshape(-1).view(np.uint8).data)


def _tensor(tensor: Any) -> Any:
    if tensor._level is not None:  # its values are of many examples, or gone
        return id(tensor)
    data = tensor._data
    known = isinstance(data, np.ndarray) and data.nbytes <= COMPARED
    return id(tensor), id(data), tensor._node is None, data.tobytes() if known else None


def is_users(cls: type) -> bool:
    """Whether a class is the user's: of no library's and of no other installed package's."""
    found = _users.get(cls)
    if found is None:
        found = _users[cls] = _of_user(cls)
    return found


_users: dict[type, bool] = {}
_STANDARD = types.__file__.rpartition("types")[0]


def is_written(cls: type) -> bool:
    """Whether all methods of a class are in files: others, as a dataclass's, read what nobody sees."""
    found = _written.get(cls)
    if found is None:
        methods = [m for base in cls.__mro__ if base is not object for m in vars(base).values()]
        methods = [getattr(m, "__func__", m.fget if isinstance(m, property) else m) for m in methods]
        known = [m for m in methods if callable(m) and not isinstance(m, type)]
        plain = all(isinstance(m, FUNCTIONS) and not m.__code__.co_filename.startswith("<") for m in known)
        found = _written[cls] = plain and not issubclass(cls, types.SimpleNamespace)
    return found


_written: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def _of_user(cls: type) -> bool:
    name = getattr(cls, "__module__", "")
    if not isinstance(name, str):  # of a class written in C, by chance
        return False
    if name.partition(".")[0] in sys.stdlib_module_names and name != "__main__":
        return False
    file = getattr(sys.modules.get(name), "__file__", None) or ""
    return not (is_library(file) or "site-packages" in file or file.startswith(_STANDARD))


def _attributes(value: Any) -> dict[str, Any]:
    found = dict(getattr(value, "__dict__", ()))
    for base in type(value).__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(value, name):
                found[name] = getattr(value, name)
    if is_users(type(value)):
        found["__class__"] = type(value)
    return found


def class_values(cls: type) -> dict[str, Any]:
    """Attributes of a class, and of its metaclass, that are not Python's own."""
    skip = (types.MemberDescriptorType, types.GetSetDescriptorType)
    metaclass: type = type(cls)
    return {
        name: value
        for base in (*metaclass.__mro__, *cls.__mro__)
        if is_users(base)
        for name, value in vars(base).items()
        if not (name.startswith("__") and name.endswith("__")) and not isinstance(value, skip)
    }


def within(values: Any, depth: int = 3) -> list[Any]:
    """The values and what they keep."""
    found = []
    for value in values:
        found.append(value)
        if depth:
            if isinstance(value, (list, tuple, set, frozenset)) and len(value) < 256:
                found += within(value, depth - 1)
            elif isinstance(value, dict) and len(value) < 256:
                found += within(value.values(), depth - 1)
            elif is_users(type(value)) and hasattr(value, "__dict__"):
                found += within(vars(value).values(), depth - 1)
            elif isinstance(value, types.BuiltinFunctionType):  # as a method of a generator
                found += within([value.__self__], depth - 1)
    return found
