"""What a function reads besides its arguments: the values behind its free and global names."""

from __future__ import annotations

import builtins
import functools
import gc
import operator
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from ..lines import is_library
from .names import Names, names_of
from .signatures import FUNCTIONS, Known, is_users, signature, within
from .state import OWN


class Read(NamedTuple):
    """Where a value is found.

    Attributes:
        how: `cell`, `item` (a dict and a key), `defaults` (of a function), or `same` (the value itself).
        name: what the user calls it; empty where it has no name.
    """

    how: str
    holder: Any
    name: str = ""

    def value(self) -> Any:
        """The value there now; None for none."""
        if self.how == "item":
            return self.holder.get(self.name)
        if self.how == "cell":
            return _contents(self.holder)
        return _defaults(self.holder) if self.how == "defaults" else self.holder


# Of what kind a value is behind a name that stands for something else while a function is recorded.
_STOOD_FOR = (np.random.Generator, types.BuiltinFunctionType, types.FunctionType, np.ndarray)
# Built-in functions that ask what a value is, which differs while a function is recorded.
ASKING = ("isinstance", "type")


class Captured:
    """The values that a function and those it calls find by name.

    `key()` is equal at two calls if all of them are what they were: see `signatures`.

    Attributes:
        reads: where they are found.
        own: whether a value belongs to the state, and which attributes are read.
    """

    def __init__(
        self,
        fn: Callable,
        modules: list[Any],
        own: Callable[[Any], bool],
        hooks: Any = (),
        carried: Any = (),
        ran: Iterable[types.CodeType] = (),
    ):
        self.reads: list[Read] = []
        self._places: list[tuple[Any, str]] = []  # a cell and "", or a dict of globals and a name
        self._seen: set[int] = set()
        self._classes: dict[type, None] = {}
        self._names: set[str] = set()
        self._spelled: set[str] = set()
        self._dynamic = False
        self._tables: dict[int, dict[str, Any]] = {}  # the globals of the functions
        self.codes: set[types.CodeType] = set()  # of those functions, and of what is defined in them
        self._kept: list[Any] = []  # so that no id is given out twice
        self._own, self._carried = own, carried
        if isinstance(fn, FUNCTIONS):
            self.reads.append(Read("same", fn))
        self._follow(fn)
        for module in modules:
            self._of_module(module)
        for hook in hooks:
            self._follow(hook)
        for code in ran:
            self._note(names_of(code))
        self._methods()
        self.own = Known(own, None if self._dynamic else frozenset(self._names | self._spelled))

    def key(self) -> tuple:
        own = self.own
        return tuple([signature(read.value(), own) for read in self.reads])

    def values(self) -> list[Any]:
        """What is read, as it is now."""
        return [read.value() for read in self.reads]

    @contextmanager
    def standing_in(self, stand_in: Callable[[Any], Any]) -> Iterator[None]:
        """Within, the names of random generators, C functions and arrays stand for something else."""
        before: list[tuple] = []
        functions = [read.holder for read in self.reads if read.how == "defaults"]
        held = [
            (holder, key)
            for holder in _holders([*self.values(), *(fn.__kwdefaults__ for fn in functions)])
            for key, value in (holder.items() if isinstance(holder, dict) else enumerate(holder))
            if _is_generator(value)
        ]
        added = [(table, name) for table in self._tables.values() for name in ASKING if name not in table]
        for table, name in added:
            table[name] = stand_in(getattr(builtins, name))
        for container, name in self._places:
            value = container.get(name) if name else _contents(container)
            if isinstance(value, _STOOD_FOR):
                stood = stand_in(value)
                if stood is not value:
                    before.append((container, name, value))
                    _assign(container, name, stood)
        kept = [(holder, key, holder[key]) for holder, key in held]
        for holder, key, value in kept:
            holder[key] = stand_in(value)
        defaults = [(fn, fn.__defaults__) for fn in functions if fn.__defaults__]
        for fn, values in defaults:
            fn.__defaults__ = tuple([stand_in(v) if _is_generator(v) else v for v in values])
        try:
            yield
        finally:
            for place in before:
                _assign(*place)
            for holder, key, value in kept:
                holder[key] = value
            for fn, values in defaults:
                fn.__defaults__ = values
            for table, name in added:
                table.pop(name, None)

    def _follow(self, value: Any) -> None:
        """Collect what a function reads, and what functions that it reads do."""
        if isinstance(value, functools.partial):
            for part in (value.func, *value.args, *value.keywords.values()):
                self._add(Read("same", part))
            return
        if isinstance(value, types.MethodType):
            self._add(Read("same", value.__self__))
            value = value.__func__
        inner = getattr(value, "__wrapped__", None)
        if inner is not None:
            self._follow(inner)
        if isinstance(value, FUNCTIONS):
            self._function(value)
        elif is_users(type(value)) and not isinstance(value, type):
            self._classes[type(value)] = None
            if not self._own(value):
                self.reads.append(Read("same", value))
        elif isinstance(value, type) and is_users(value):
            self._classes[value] = None

    def _function(self, fn: Any) -> None:
        if id(fn) in self._seen or is_library(fn.__code__.co_filename):
            return
        self._seen.add(id(fn))
        self._kept.append(fn)
        for name, cell in zip(fn.__code__.co_freevars, fn.__closure__ or ()):
            self._places.append((cell, ""))
            self._add(Read("cell", cell, name))
        if fn.__defaults__ or fn.__kwdefaults__:
            self._add(Read("defaults", fn))
            for default in _defaults(fn):
                self._follow(default)
        names = names_of(fn.__code__)
        self._note(names)
        self.codes.update(_codes(fn.__code__))
        table = self._tables[id(fn.__globals__)] = fn.__globals__
        for name in sorted(names.loose):
            if name not in table:
                if isinstance(sys.modules.get(name), types.ModuleType):  # imported where it is used
                    self._of_python_module(sys.modules[name], names.attributes)
                continue
            value = table[name]
            if isinstance(value, types.ModuleType):
                self._of_python_module(value, names.attributes)
            else:
                self._places.append((table, name))
                self._add(Read("item", table, name))

    def _note(self, names: Names) -> None:
        """Names of attributes that may be looked up."""
        self._names |= names.attributes
        self._spelled |= names.spelled
        self._dynamic |= names.dynamic

    def _of_python_module(self, module: types.ModuleType, names: frozenset[str]) -> None:
        """The names of a module of the user's that the function may read as attributes."""
        file = getattr(module, "__file__", None)
        if (file and _is_foreign(file)) or (module.__spec__ is not None and not file):
            return
        for name in sorted(names):
            if name in vars(module) and not isinstance(vars(module)[name], types.ModuleType):
                self._add(Read("item", vars(module), name))

    def _methods(self) -> None:
        """Follow the methods of the classes that were met, those whose names occur."""
        done: set[tuple[type, str]] = set()
        more = True
        while more:
            more = False
            for cls in list(self._classes):
                for base in cls.__mro__:
                    if not is_users(base):
                        continue
                    for name, value in list(vars(base).items()):
                        wanted = name in self._names or name in ("__call__", "forward", "__getattr__")
                        if wanted and (base, name) not in done:
                            done.add((base, name))
                            # the methods of other objects are looked at with their attributes
                            if hasattr(base, "named_parameters"):
                                before = cls.__mro__[: cls.__mro__.index(base) + 1]
                                found = (c for c in before if is_users(c))
                                self.reads += [Read("item", vars(c), name) for c in found]
                            value = value.fget if isinstance(value, property) else value
                            self._follow(getattr(value, "__func__", value))
                            more = True

    def _of_module(self, module: Any) -> None:
        """What a module of the state keeps that may change without its being told."""
        if is_users(type(module)):
            self._classes[type(module)] = None
            tables = [getattr(module, name, {}) for name in ("_parameters", "_buffers", "_modules")]
            for name, value in module.__dict__.items():
                if name in OWN or (id(module), name) in self._carried:
                    continue
                if not any(name in t for t in tables) and _may_change(value):
                    self._add(Read("item", module.__dict__, name))
        for table in getattr(module, "_hooks", None) or ():
            for hook, *_ in table.values():
                self._follow(hook)

    def _add(self, read: Read) -> None:
        self.reads.append(read)
        value = read.value()
        self._dynamic |= _looks_up(value)
        self._follow(value)
        if isinstance(value, (list, tuple)):
            for item in value[:64]:
                if isinstance(item, FUNCTIONS):
                    self._follow(item)


def _looks_up(value: Any) -> bool:
    """Whether a value is a function that looks up attributes, under whatever name."""
    asking = isinstance(value, (operator.attrgetter, operator.methodcaller))
    return value is getattr or value is vars or asking


def _is_generator(value: Any) -> bool:
    return isinstance(value, np.random.Generator)


def _holders(values: Any) -> list[Any]:
    """The dicts and lists among values and what they keep, and the dicts of the user's objects."""
    found = {}
    for value in within(values):
        if is_users(type(value)) and hasattr(value, "__dict__"):
            value = value.__dict__
        if type(value) in (dict, list):
            found[id(value)] = value
    return list(found.values())


def functions_of(codes: Any) -> list[Any]:
    """The functions that there are of these codes."""
    # those that are frozen the collector does not look at
    holders = gc.get_referrers(*codes) + (_in_modules() if gc.get_freeze_count() else [])
    found = {id(f): f for f in holders if isinstance(f, FUNCTIONS) and f.__code__ in codes}
    return list(found.values())


def _in_modules() -> list[Any]:
    """What modules, and the user's classes in them, have by name."""
    spaces = [list(vars(m).values()) for m in list(sys.modules.values()) if hasattr(m, "__dict__")]
    found = [value for space in spaces for value in space]
    return found + [f for c in found if isinstance(c, type) and is_users(c) for f in vars(c).values()]


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _may_change(value: Any) -> bool:
    return value is not None and not isinstance(value, (bool, int, float, complex, str, bytes, type))


def _defaults(fn: Any) -> tuple:
    return (*(fn.__defaults__ or ()), *(fn.__kwdefaults__ or {}).values())


def _is_foreign(file: str) -> bool:
    return is_library(file) or "site-packages" in file or file.startswith(_STANDARD)


_STANDARD = functools.__file__.rpartition("functools")[0]


def _contents(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet filled
        return None


def _assign(container: Any, name: str, value: Any) -> None:
    if name:
        container[name] = value
    else:
        container.cell_contents = value
