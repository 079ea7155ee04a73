"""Module: a tree of parameters, buffers and submodules with a forward function.

Parameters, buffers and submodules are ordinary attributes, read at the speed of any other; the
tables `_parameters`, `_buffers` and `_modules` hold them a second time, by name, in the order
of assignment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from autograd.diagnose import describe
from autograd.errors import ArgumentError, AutogradError, OperandError
from autograd.modes import no_grad
from autograd.tape import mode
from autograd.tensor import Tensor

from .parameter import Parameter


class StateDictError(AutogradError, RuntimeError):
    """A state dict does not fit the module."""


class LoadedKeys(NamedTuple):
    """What `load_state_dict` found no value for, and no place for."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class _Uninitialised:
    """Stands for the tables of a module until `Module.__init__` makes them."""

    def __get__(self, module: Any, owner: type) -> Any:
        raise AttributeError(f"{owner.__name__}: call super().__init__() before anything else in __init__")


class Module:
    """Base of all layers and models: assign parameters and modules, define `forward`.

    Example:
        >>> import nn
        >>> class Scale(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.factor = nn.Parameter(np.array(2.0))
        ...     def forward(self, x):
        ...         return x * self.factor
        >>> Scale()(3.0)
        tensor(6., requires_grad=True)
    """

    training: bool
    _parameters: dict[str, Parameter | None] = _Uninitialised()  # type: ignore[assignment]
    _buffers: dict[str, Tensor | None] = _Uninitialised()  # type: ignore[assignment]
    _modules: dict[str, Module | None] = _Uninitialised()  # type: ignore[assignment]
    _transient: set[str]

    def __init__(self) -> None:
        self.__dict__.update(training=True, _parameters={}, _buffers={}, _modules={}, _transient=set())

    def forward(self, *args: Any, **options: Any) -> Any:
        """What the module computes; to be defined by each subclass."""
        raise NotImplementedError(f"{type(self).__name__} does not define forward()")

    def __call__(self, *args: Any, **options: Any) -> Any:
        # errors, graphs and profiles read from this stack which module is running
        scopes = mode.scopes
        scopes.append(self)
        try:
            return self.forward(*args, **options)
        finally:
            scopes.pop()

    # -------------------------------------------------------------- registration

    def _tables(self) -> tuple[dict[str, Any], ...]:
        return self._parameters, self._buffers, self._modules

    def __setattr__(self, name: str, value: Any) -> None:
        parameters, buffers, modules = self._tables()
        if isinstance(value, Parameter):
            self._enter(parameters, name, value)
        elif isinstance(value, Module):
            self._enter(modules, name, value)
        elif name in buffers:
            self._enter(buffers, name, _buffer(value, f"{type(self).__name__}.{name} is a buffer: it"))
        else:
            for table, kind in ((parameters, Parameter), (modules, Module)):
                if name in table:
                    what = f"{type(self).__name__}.{name} is a {kind.__name__.lower()}: it"
                    table[name] = _checked(value, kind, what)
            self.__dict__[name] = value

    def _enter(self, table: dict[str, Any], name: str, value: Any) -> None:
        if not name or "." in name:
            raise KeyError(f"a name in a module must be non-empty and without a dot, got {name!r}")
        if isinstance(value, Module) and any(m is self for m in value.modules()):
            raise ArgumentError(f"{type(self).__name__}.{name}: a module cannot contain itself")
        for other in self._tables():
            if other is not table:
                other.pop(name, None)
        table[name] = self.__dict__[name] = value

    def _register(self, table: dict[str, Any], name: str, value: Any) -> None:
        """Enter something under a name that must not be an ordinary attribute's."""
        if not isinstance(name, str):
            raise OperandError(f"a name in a module must be a string, got {describe(name)}")
        if hasattr(self, name) and not any(name in t for t in self._tables()):
            raise KeyError(f"{name!r}: {type(self).__name__} has that attribute already")
        self._enter(table, name, value)

    def __delattr__(self, name: str) -> None:
        for table in self._tables():
            table.pop(name, None)
        object.__delattr__(self, name)

    def register_parameter(self, name: str, parameter: Parameter | None) -> None:
        """Enter a parameter under a name; None reserves the name."""
        what = f"register_parameter: {name!r}"
        self._register(self._parameters, name, _checked(parameter, Parameter, what))

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        """Enter a tensor that is state but is not trained; in `state_dict` if persistent."""
        self._register(self._buffers, name, _buffer(tensor, f"register_buffer: {name!r}"))
        (self._transient.discard if persistent else self._transient.add)(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Enter a submodule under a name."""
        self._register(self._modules, name, _checked(module, Module, f"add_module: {name!r}"))

    # -------------------------------------------------------------- the tree

    def named_modules(
        self, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module and all below it, with their paths; each once, or at each of its places."""
        seen: set[int] = set()
        left = [(prefix, self)]
        while left:
            path, module = left.pop()
            if id(module) not in seen:
                if remove_duplicate:
                    seen.add(id(module))
                yield path, module
                left += [(_join(path, n), m) for n, m in reversed(module._modules.items()) if m is not None]

    def _named(self, table: str, prefix: str, recurse: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for path, module in self.named_modules(prefix) if recurse else [(prefix, self)]:
            for name, value in getattr(module, table).items():
                if value is not None and id(value) not in seen:
                    seen.add(id(value))
                    yield _join(path, name), value

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Parameter]]:
        """All parameters with their paths, each once."""
        return self._named("_parameters", prefix, recurse)

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Tensor]]:
        """All buffers with their paths, each once."""
        return self._named("_buffers", prefix, recurse)

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly in this one, with their names."""
        return ((n, m) for n, m in self._modules.items() if m is not None)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters, each once."""
        return (p for _, p in self.named_parameters(recurse=recurse))

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """All buffers, each once."""
        return (b for _, b in self.named_buffers(recurse=recurse))

    def modules(self) -> Iterator[Module]:
        """This module and all below it, each once."""
        return (m for _, m in self.named_modules())

    def children(self) -> Iterator[Module]:
        """The modules directly in this one."""
        return (m for _, m in self.named_children())

    def path_to(self, running: list[Module]) -> str:
        """The path from this module through others that are running within it."""
        path, module = "", self
        for inner in running:
            names = (name for name, m in module.named_modules() if m is inner)
            path, module = _join(path, next(names, type(inner).__name__)), inner
        return path or type(self).__name__

    # -------------------------------------------------------------- all at once

    def apply(self, fn: Callable[[Module], Any]) -> Module:
        """Call `fn` on every module of the tree, children first; returns this one."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Module:
        """Put the whole tree in training mode, or in evaluation mode; returns it."""
        if not isinstance(mode, bool):
            raise OperandError(f"train: mode must be True or False, got {describe(mode)}")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Module:
        """Put the whole tree in evaluation mode; returns it."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Module:
        """Train all parameters, or freeze them; returns the module."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients, or set them to zero."""
        for parameter in self.parameters():
            if set_to_none or parameter.grad is None:
                parameter.grad = None
            else:
                parameter.grad = np.zeros(parameter.shape, parameter.dtype)

    # -------------------------------------------------------------- state

    def state_dict(self) -> dict[str, np.ndarray]:
        """Parameters and persistent buffers by path: ndarrays that share the model's memory."""
        return {path: tensor.data for path, tensor in self._state()}

    def _state(self) -> Iterator[tuple[str, Tensor]]:
        for path, module in self.named_modules(remove_duplicate=False):
            kept = {n: b for n, b in module._buffers.items() if n not in module._transient}
            for name, value in [*module._parameters.items(), *kept.items()]:
                if value is not None:
                    yield _join(path, name), value

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> LoadedKeys:
        """Copy values into parameters and buffers, by path.

        Returns: the paths that were missing from `state_dict`, and those unexpected in it.

        Errors: StateDictError, before anything is copied, for a wrong shape or dtype; if
        `strict`, also for missing or unexpected paths.
        """
        own = dict(self._state())
        missing = [path for path in own if path not in state_dict]
        unexpected = [path for path in state_dict if path not in own]
        values = {p: _values(state_dict[p], own) for p in own if p in state_dict}
        problems = [f"missing: {path}" for path in missing] if strict else []
        problems += [f"unexpected: {path}" for path in unexpected] if strict else []
        for path, value in values.items():
            want = own[path]
            if value.shape != want.shape or not np.can_cast(value.dtype, want.dtype, "same_kind"):
                problems.append(f"{path}: expected {want.dtype}{want.shape}, got {describe(value)}")
        if problems:
            lines = "".join(f"\n  {p}" for p in problems)
            raise StateDictError(f"the state dict does not fit {type(self).__name__}:{lines}")
        with no_grad():
            for path, value in values.items():
                own[path][...] = value
        return LoadedKeys(missing, unexpected)

    # -------------------------------------------------------------- display

    def extra_repr(self) -> str:
        """What the module's line in the repr says between the parentheses."""
        return ""

    def __repr__(self) -> str:
        head = f"{type(self).__name__}({self.extra_repr()}"
        lines = [f"({name}): {module!r}" for name, module in self._modules.items()]
        if not lines:
            return head + ")"
        return head + "".join("\n  " + line.replace("\n", "\n  ") for line in lines) + "\n)"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _values(value: Any, own: Mapping[str, Tensor]) -> np.ndarray:
    """An array to load; a copy if it is one of those that are about to be written."""
    array = np.asarray(value._data if isinstance(value, Tensor) else value)
    return array.copy() if any(array is tensor._data for tensor in own.values()) else array


def _checked(value: Any, kind: type, what: str) -> Any:
    if value is not None and not isinstance(value, kind):
        raise OperandError(f"{what} must be a {kind.__name__} or None, got {describe(value)}")
    return value


def _buffer(value: Any, what: str) -> Tensor | None:
    """A buffer as it is kept: ndarrays count as Tensors."""
    return Tensor(value) if isinstance(value, (np.ndarray, np.generic)) else _checked(value, Tensor, what)
