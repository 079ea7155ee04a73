"""ModuleDict and ParameterDict: what belongs to a module, by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from autograd.diagnose import describe
from autograd.errors import OperandError

from .containers import checked_module
from .lists import as_parameter, describe_entry
from .module import Module

__all__ = ["ModuleDict", "ParameterDict"]


class _Named(Module):
    """What both dicts do by getting, setting and deleting."""

    def _names(self) -> dict[str, Any]:
        raise NotImplementedError

    def __getitem__(self, key: str) -> Any:
        if key not in self._names():
            raise KeyError(key)
        return getattr(self, key)

    def __setitem__(self, key: str, value: Any) -> None:
        raise NotImplementedError

    def __delitem__(self, key: str) -> None:
        if key not in self._names():
            raise KeyError(key)
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._names())

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __reversed__(self) -> Iterator[str]:
        return reversed(list(self._names()))

    def __contains__(self, key: object) -> bool:
        return key in self._names()

    def keys(self) -> Any:
        """The names."""
        return self._names().keys()

    def values(self) -> Any:
        """What has the names."""
        return {key: self[key] for key in self}.values()

    def items(self) -> Any:
        """Pairs of a name and what has it."""
        return {key: self[key] for key in self}.items()

    def clear(self) -> None:
        """Take everything out."""
        for key in list(self):
            del self[key]

    def pop(self, key: str) -> Any:
        """Take out what has a name, and return it."""
        value = self[key]
        del self[key]
        return value

    def update(self, entries: Any) -> None:
        """Take in the entries of a dict, or pairs of a name and a value."""
        for key, value in pairs(entries, type(self).__name__):
            self[key] = value


class ModuleDict(_Named):
    """A dict of modules that belong to the module that holds it. It has no forward.

    Args:
        modules: a dict of modules, or pairs of a name and a module.

    Errors: KeyError for a name that is empty, has a dot, or is that of a method.

    Example:
        >>> import nn
        >>> acts = nn.ModuleDict({"relu": nn.ReLU(), "tanh": nn.Tanh()})
        >>> list(acts), acts["tanh"]
        (['relu', 'tanh'], Tanh())
    """

    def __init__(self, modules: Any = None):
        super().__init__()
        if modules is not None:
            self.update(modules)

    def _names(self) -> dict[str, Any]:
        return self._modules

    def __setitem__(self, key: str, module: Any) -> None:
        self.add_module(key, checked_module(module, f"ModuleDict[{key!r}]"))


class ParameterDict(_Named):
    """A dict of parameters that belong to the module that holds it.

    Arrays and Tensors become Parameters; anything else is kept as it is.

    Args:
        parameters: a dict, or pairs of a name and a value.

    Errors: KeyError for a name that is empty, has a dot, or is that of a method.

    Example:
        >>> import nn, numpy as np
        >>> params = nn.ParameterDict({"scale": np.ones(2)})
        >>> [name for name, _ in params.named_parameters()]
        ['scale']
    """

    def __init__(self, parameters: Any = None):
        super().__init__()
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def _names(self) -> dict[str, Any]:
        return self._keys

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise OperandError(f"ParameterDict: a key must be a string, got {describe(key)}")
        if key in self._keys:
            setattr(self, key, as_parameter(value))
        elif hasattr(self, key):
            raise KeyError(f"{key!r}: ParameterDict has that attribute already")
        else:
            setattr(self, key, as_parameter(value))
            self._keys[key] = None

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        del self._keys[key]

    def get(self, key: str, default: Any = None) -> Any:
        """What has a name, or the default."""
        return self[key] if key in self else default  # noqa: SIM401 - this is that get

    def setdefault(self, key: str, default: Any = None) -> Any:
        """What has a name; where nothing has it, the default, which then does."""
        if key not in self:
            self[key] = default
        return self[key]

    def popitem(self) -> tuple[str, Any]:
        """Take out the entry that came last, and return it."""
        if not self._keys:
            raise KeyError("popitem: the ParameterDict is empty")
        key = next(reversed(self._keys))
        return key, self.pop(key)

    def copy(self) -> ParameterDict:
        """A dict with the same parameters."""
        return ParameterDict(self)

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """A new dict with these names."""
        return ParameterDict((key, default) for key in keys)

    def __or__(self, other: Any) -> ParameterDict:
        if not isinstance(other, (ParameterDict, Mapping)):
            return NotImplemented
        both = self.copy()
        both.update(other)
        return both

    def __ror__(self, other: Any) -> ParameterDict:
        return NotImplemented if not isinstance(other, Mapping) else ParameterDict(other) | self

    def __ior__(self, other: Any) -> ParameterDict:
        self.update(other)
        return self

    def extra_repr(self) -> str:
        return "\n".join(f"  ({key}): {describe_entry(self[key])}" for key in self)


def pairs(entries: Any, caller: str) -> list[tuple[str, Any]]:
    """The entries of a dict, or pairs, checked to be pairs."""
    if isinstance(entries, (Mapping, _Named)):
        return list(entries.items())
    if not isinstance(entries, Iterable):
        raise OperandError(f"{caller}: expected a dict or pairs, got {describe(entries)}")
    found = []
    for i, pair in enumerate(entries):
        entry = list(pair) if isinstance(pair, Iterable) and not isinstance(pair, str) else []
        if len(entry) != 2:
            raise OperandError(f"{caller}: element {i} must be a pair of a name and a value")
        found.append((entry[0], entry[1]))
    return found
