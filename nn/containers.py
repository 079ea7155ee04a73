"""Modules made of modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from autograd.diagnose import describe
from autograd.errors import OperandError

from .module import Module


class Sequential(Module):
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
            self.add_module(str(name), _module(module, f"Sequential: argument {name}"))

    def forward(self, x: Any) -> Any:
        for module in self._modules.values():
            x = module(x)  # type: ignore[misc]
        return x

    def append(self, module: Module) -> Sequential:
        """Add a module at the end; returns this one."""
        taken = [int(name) for name in self._modules if name.isdigit()]
        name = str(max([len(self) - 1, *taken]) + 1)  # a slice keeps the numbers it had
        self.add_module(name, _module(module, "Sequential.append: argument"))
        return self

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())  # type: ignore[arg-type]

    def __getitem__(self, index: int | slice) -> Any:
        items = list(self._modules.items())
        if isinstance(index, slice):
            return Sequential(dict(items[index]))
        return items[index][1]


def _module(value: Any, what: str) -> Module:
    if not isinstance(value, Module):
        raise OperandError(f"{what} must be a Module, got {describe(value)}")
    return value
