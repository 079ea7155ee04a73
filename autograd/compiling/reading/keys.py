"""What tells one program of a function from another: what it relies on, apart from the values of arrays."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import changes
from ...tape import TensorBase, mode
from ..containers import extra_of, held_by
from .aside import is_plain
from .capture import Captured, functions_of
from .signatures import Same, is_module, signature
from .state import State, frozen


class History(Exception):
    """An argument is part of a graph outside, or of the state's memory, or a container that holds itself:
    such a call runs as any other."""


class Keys:
    """Gives a call its key.

    Attributes:
        captured: what the function reads by name.
        seen: the count of changes when the state was looked at last.
    """

    def __init__(self, fn: Callable, state: State):
        self.fn, self.state = fn, state
        self.captured: Captured | None = None  # before the first call
        self.seen = -1
        self.met: list[Any] = []  # functions that ran though no name leads to them
        self._ran: set[types.CodeType] = set()  # the code of such functions
        self._number = 0
        self._numbers: dict[Any, int] = {}
        # at the last look at everything: the count of changes that are no switches between training and
        # evaluation, the modules, and the numbers for the modes that they have had since
        self._apart = -1
        self._modules: list[Any] = []
        self._modes: dict[tuple, int] = {}

    def of(self, args: tuple, options: dict, arrays: list) -> Any:
        """The key of a call; its arrays go to `arrays`."""
        arrays.clear()
        configuration = self._configuration()
        state = self.state
        try:
            given = tuple([_spec(a, arrays, state) for a in args])
            spec = given, tuple([(k, _spec(v, arrays, state)) for k, v in options.items()])
        except RecursionError as error:
            raise History from error
        assert self.captured is not None
        return spec, mode.grad, self.captured.key(), configuration

    def changed(self, key: Any) -> str:
        """What that it reads by name the function has changed since it had this key; empty for nothing."""
        assert self.captured is not None
        pairs = zip(self.captured.reads, key[2], self.captured.key(), strict=False)
        return next((read.name or "what it reads" for read, was, now in pairs if was != now), "")

    def varied(self, keys: list, arguments: list[str]) -> str:
        """What was another in most of these keys, of calls whose arguments are called so."""
        assert self.captured is not None
        places: dict[str, list] = {}
        for (given, named), _, reads, configuration in keys:
            found = dict(zip(arguments, given, strict=False))
            found |= {f"argument {name!r}": value for name, value in named}
            found |= {r.name: v for r, v in zip(self.captured.reads, reads, strict=False) if r.name}
            found["what modules and optimisers are made of"] = configuration
            for what, value in found.items():
                places.setdefault(what, []).append(value)
        often = [what for what, values in places.items() if len(set(values)) > len(keys) // 2]
        return " and ".join(often) or "something"

    def noted(self) -> None:
        """Say that modules are not as they were, and that all is known of it here."""
        known = self.seen == changes.count
        apart = self._apart == changes.count - changes.switches
        changes.note()
        self.seen += known
        self._apart += apart

    def watch(self) -> None:
        """Look up again which names are read."""
        state = self.state
        modules, hooks = [*state.modules(), *state.averages()], [*state.hooks(), *self.met]
        self.captured = Captured(self.fn, modules, state.has, hooks, state.carried, self._ran)

    def meet(self, codes: set[types.CodeType]) -> bool:
        """Follow functions that ran and were not followed; whether there are any."""
        assert self.captured is not None
        codes = codes - self.captured.codes - self._ran
        self._ran |= codes
        found = functions_of(codes) if codes else []
        self.met += [f for f in found if all(f is not known for known in self.met)]
        if codes:
            self.watch()
        return bool(codes)

    def _configuration(self) -> Any:
        """What of the state is no array: modes, options, which parameters are trained.

        A number stands for it, as long as nobody says that something changed.
        """
        if changes.count != self.seen and not self._switched():
            self.state.refresh()
            self._number = self._numbers.setdefault(self._structure(), len(self._numbers))
            self.watch()
            self._modules = self.state.modules()
            if self._apart != changes.count - changes.switches:
                self._apart = changes.count - changes.switches
                self._modes.clear()
            self._modes[_modes_of(self._modules)] = self._number
        self.seen = changes.count
        return self._number, self.state.pattern()

    def _switched(self) -> bool:
        """Whether modules only have modes again that they had before; their number is taken then."""
        if self._apart != changes.count - changes.switches:
            return False
        number = self._modes.get(_modes_of(self._modules))
        self._number = self._number if number is None else number
        return number is not None

    def forget(self) -> None:
        """Have the next key look at everything."""
        self.seen = self._apart = -1

    def again(self) -> Callable[[dict], bool]:
        """Tells whether all that is counted is as it is now, though modes were switched and back; then a
        program that has these names has seen all changes."""
        number, apart = self._number, changes.count - changes.switches
        assert self.captured is not None
        # others' modes are told by the key alone
        if any(is_module(v) and not self.state.has(v) for v in self.captured.values()):
            return lambda names: False

        def returned(names: dict) -> bool:
            # others may have looked at what else has changed, which is news to this program
            if changes.count - changes.switches != apart:
                return False
            if changes.count != self.seen:
                if not self._switched():
                    return False
                self.seen = changes.count
            if self._number != number:
                return False
            names["seen"] = changes.count
            return True

        return returned

    def _structure(self) -> Any:
        state = self.state
        modules = tuple([_attributes(m, state.carried) for m in state.modules()])
        tensors = tuple([(Same(t), t._node is None, *_layout(t._data), _hooks(t)) for t in state.tensors()])
        return modules, tensors, tuple([len(o.param_groups) for o in state.optimizers])


def _modes_of(modules: list[Any]) -> tuple:
    return tuple([m.training for m in modules])


def _spec(value: Any, arrays: list, state: State) -> Any:
    """What a program relies on of an argument; its arrays go to `arrays`."""
    kind = type(value)
    if kind is np.ndarray:
        return _of_array(value, arrays, state)
    if state.has(value):
        return kind, Same(value)
    if isinstance(value, TensorBase):
        alias = value._alias
        if value._node is not None or value._level is not None:
            raise History
        if alias is not None and alias.root is not None and state.has(alias.root):
            raise History
        if type(value._data) is np.ndarray:
            return kind, _of_array(value._data, arrays, state)
        arrays.append(value._data)
        return kind, *_layout(value._data)
    if isinstance(value, np.ndarray) and not isinstance(value, np.memmap):
        raise History  # what operations do with it may be its own affair
    if isinstance(value, (np.ndarray, np.generic)):
        arrays.append(np.asarray(value))
        return kind, value.shape, value.dtype
    if kind in (list, tuple) or (isinstance(value, tuple) and hasattr(value, "_make")):
        return kind, tuple([_spec(v, arrays, state) for v in value])
    held = held_by(value)
    if held is not None:
        parts = tuple([(k, _spec(v, arrays, state)) for k, v in held.items()])
        if kind is dict:
            return kind, parts
        return kind, parts, _spec(extra_of(value), arrays, state), signature(kind, state.has)
    if kind is types.FunctionType:  # one is often made for each call: its code and what it reads count
        _, *reads = Captured(value, [], state.has).key()  # the first is the function itself
        return kind, Same(value.__code__), signature(value.__dict__, state.has), tuple(reads)
    if kind is functools.partial:
        given = signature(value.args, state.has), signature(value.keywords, state.has)
        return kind, _spec(value.func, arrays, state), *given
    if callable(value) and not isinstance(value, type):
        return kind, signature(value, state.has), Captured(value, [], state.has).key()
    return kind, signature(value, state.has)


def _of_array(array: np.ndarray, arrays: list, state: State) -> Any:
    if state.shares(array):
        raise History
    arrays.append(array)
    return array.shape, array.strides, array.dtype


def _attributes(module: Any, carried: set) -> Any:
    """A module's attributes: plain data by value, everything else by identity."""
    hooks = [(k, Same(hook[0])) for table in module._hooks or () for k, hook in table.items()]
    plain = [
        (k, frozen(v) if is_plain(v) else Same(v))
        for k, v in module.__dict__.items()
        if k != "_hooks" and (id(module), k) not in carried
    ]
    return Same(module), tuple(plain), tuple(hooks)


def _layout(array: Any) -> tuple:
    return array.shape, getattr(array, "strides", ()), array.dtype


def _hooks(tensor: Any) -> tuple:
    extra = tensor._node[2] if tensor._node is not None else None
    return tuple(extra.hooks) if extra is not None else ()
