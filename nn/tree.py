"""Walking the tree of modules: what is in it, at which path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from autograd.diagnose import describe
from autograd.errors import OperandError
from autograd.tensor import Tensor

from .parameter import Parameter

if TYPE_CHECKING:
    from .module import Module


class TreeMethods:
    """The part of Module that finds parameters, buffers and modules. All orders are of assignment."""

    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]

    def named_modules(
        self, memo: set | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module and all below it, with their paths; each once, or at each of its places.

        `memo` is the set of modules that were seen, to be left out.
        """
        seen = set() if memo is None else memo
        left: list[tuple[str, Any]] = [(prefix, self)]
        while left:
            path, module = left.pop()
            if module not in seen:
                if remove_duplicate:
                    seen.add(module)
                yield path, module
                left += [(_join(path, n), m) for n, m in reversed(module._modules.items()) if m is not None]

    def _named(self, table: str, prefix: str, recurse: bool, once: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        modules = self.named_modules(None, prefix, once) if recurse else [(prefix, self)]
        for path, module in modules:
            for name, value in getattr(module, table).items():
                if value is not None and id(value) not in seen:
                    if once:
                        seen.add(id(value))
                    yield _join(path, name), value

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """All parameters with their paths; each once, or at each of its places."""
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """All buffers with their paths; each once, or at each of its places."""
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly in this one, each once, with their names."""
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters, each once."""
        return (p for _, p in self.named_parameters(recurse=recurse))

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """All buffers, each once."""
        return (b for _, b in self.named_buffers(recurse=recurse))

    def modules(self, remove_duplicate: bool = True) -> Iterator[Module]:
        """This module and all below it; each once, or at each of its places."""
        return (m for _, m in self.named_modules(remove_duplicate=remove_duplicate))

    def children(self) -> Iterator[Module]:
        """The modules directly in this one, each once."""
        return (m for _, m in self.named_children())

    def get_submodule(self, target: str) -> Module:
        """The module at a path such as `encoder.0`; this one for "".

        Errors: AttributeError if there is none.
        """
        module: Any = self
        for name in target.split(".") if target else []:
            module = module._found("_modules", name, "module", target)
        return module

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a path; errors as `get_submodule`."""
        path, _, name = target.rpartition(".")
        return self.get_submodule(path)._found("_parameters", name, "parameter", target)

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a path; errors as `get_submodule`."""
        path, _, name = target.rpartition(".")
        return self.get_submodule(path)._found("_buffers", name, "buffer", target)

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put a module at a path; if `strict`, only in the place of another."""
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if strict:
            parent._found("_modules", name, "module", target)
        if not isinstance(module, TreeMethods):
            raise OperandError(f"set_submodule: expected a Module, got {describe(module)}")
        parent.add_module(name, module)

    def _found(self, table: str, name: str, kind: str, target: str) -> Any:
        value = getattr(self, table).get(name)
        if value is None:
            raise AttributeError(f"{target!r}: {type(self).__name__} has no {kind} {name!r}")
        return value

    def path_to(self, running: list[Module]) -> str:
        """The path from this module through others that are running within it."""
        path, module = "", self
        for inner in running:
            names = (name for name, m in module.named_modules() if m is inner)
            path, module = _join(path, next(names, type(inner).__name__)), inner
        return path or type(self).__name__


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
