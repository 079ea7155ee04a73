"""Modules made of modules, by number: Sequential and ModuleList."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from autograd.diagnose import describe
from autograd.errors import ArgumentError, IndexingError, OperandError

from .module import Module

__all__ = ["ModuleList", "Sequential"]


class _Numbered(Module):
    """Modules in a row, named "0", "1", ... unless they were given names."""

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def _name_at(self, index: Any) -> str:
        names = list(self._modules)
        return names[position(index, len(names), type(self).__name__)]

    def __setitem__(self, index: int, module: Module) -> None:
        self.add_module(self._name_at(index), checked_module(module, f"{type(self).__name__}[{index}]"))

    def __delitem__(self, index: int | slice) -> None:
        names = list(self._modules)
        for name in names[index] if isinstance(index, slice) else [self._name_at(index)]:
            delattr(self, name)
        self._renumber(list(self))

    def _renumber(self, modules: list[Module]) -> None:
        """Hold these modules, under numbers."""
        for name in list(self._modules):
            delattr(self, name)
        for i, module in enumerate(modules):
            self.add_module(str(i), module)

    def append(self, module: Module) -> Any:
        """Add a module at the end; returns this one."""
        taken = [int(name) for name in self._modules if name.isdigit()]
        name = str(max([len(self) - 1, *taken]) + 1)  # a slice keeps the numbers it had
        self.add_module(name, checked_module(module, f"{type(self).__name__}.append: argument"))
        return self

    def insert(self, index: int, module: Module) -> Any:
        """Put a module in front of the one at an index; all are numbered anew."""
        caller = f"{type(self).__name__}.insert"
        modules = list(self)
        checked_module(module, f"{caller}: argument")
        modules.insert(position(index, len(modules) + 1, caller, len(modules)), module)
        self._renumber(modules)
        return self

    def extend(self, modules: Iterable[Module]) -> Any:
        """Add modules at the end; returns this one."""
        if not isinstance(modules, Iterable):
            raise OperandError(f"{type(self).__name__}.extend: expected modules, got {describe(modules)}")
        for module in list(modules):
            self.append(module)
        return self

    def pop(self, key: int | slice) -> Any:
        """Take a module out, and return it."""
        module = self[key]  # type: ignore[index]
        del self[key]
        return module


class Sequential(_Numbered):
    """Modules one after the other: each takes what the one before it gave.

    Args:
        modules: the modules, or one dict of them by name.

    Example:
        >>> import nn
        >>> nn.Sequential(nn.Linear(2, 3), nn.ReLU())
        Sequential(
          (0): Linear(in_features=2, out_features=3, bias=True)
          (1): ReLU()
        )
    """

    def __init__(self, *modules: Any):
        super().__init__()
        named = modules[0] if len(modules) == 1 and isinstance(modules[0], Mapping) else None
        for name, module in named.items() if named is not None else enumerate(modules):
            self.add_module(str(name), checked_module(module, f"Sequential: argument {name}"))

    def forward(self, input: Any) -> Any:
        for module in self._modules.values():
            input = module(input)  # type: ignore[misc]
        return input

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(dict(list(self._modules.items())[index]))
        return self._modules[self._name_at(index)]

    def __add__(self, other: Any) -> Sequential:
        if not isinstance(other, Sequential):
            return NotImplemented
        return Sequential(*self, *other)

    def __iadd__(self, other: Any) -> Any:
        if not isinstance(other, Sequential):
            return NotImplemented
        return self.extend(other)

    def __mul__(self, times: Any) -> Sequential:
        return Sequential(*list(self) * _count(times))

    __rmul__ = __mul__

    def __imul__(self, times: Any) -> Any:
        return self.extend(list(self) * (_count(times) - 1))


class ModuleList(_Numbered):
    """A list of modules that belong to the module that holds it. It has no forward.

    Args:
        modules: the modules.

    Example:
        >>> import nn
        >>> nn.ModuleList(nn.Linear(2, 2) for _ in range(3))
        ModuleList(
          (0-2): 3 x Linear(in_features=2, out_features=2, bias=True)
        )
    """

    def __init__(self, modules: Iterable[Module] | None = None):
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(list(self)[index])
        return self._modules[self._name_at(index)]

    def __add__(self, other: Any) -> ModuleList:
        if not isinstance(other, Iterable):
            return NotImplemented
        return ModuleList([*self, *other])

    def __iadd__(self, other: Any) -> Any:
        return self.extend(other) if isinstance(other, Iterable) else NotImplemented

    def __repr__(self) -> str:
        lines, start = [], 0
        for text, same in groupby(map(repr, self)):
            count = len(list(same))
            end = start + count - 1
            lines.append(f"({start}-{end}): {count} x {text}" if count > 1 else f"({start}): {text}")
            start = end + 1
        return self._framed([], lines)


def position(index: Any, length: int, caller: str, count: int | None = None) -> int:
    """An index from either end as one from the start; `count` is what negative ones count from."""
    try:
        i = operator.index(index)
    except TypeError:
        raise OperandError(f"{caller}: an index must be an integer, got {describe(index)}") from None
    start = i + (length if count is None else count) if i < 0 else i
    if not 0 <= start < length:
        raise IndexingError(f"{caller}: index {i} is out of range for {length if count is None else count}")
    return start


def checked_module(value: Any, what: str) -> Module:
    """The value, if it is a module."""
    if not isinstance(value, Module):
        raise OperandError(f"{what} must be a Module, got {describe(value)}")
    return value


def _count(times: Any) -> int:
    if not isinstance(times, int) or isinstance(times, bool):
        raise OperandError(f"Sequential: can be repeated an integer number of times, got {describe(times)}")
    if times < 1:
        raise ArgumentError(f"Sequential: can be repeated a positive number of times, got {times}")
    return times
