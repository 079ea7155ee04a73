"""Module: a tree of parameters, buffers and submodules with a forward function.

Parameters, buffers and submodules are ordinary attributes, read at the speed of any other; the
tables `_parameters`, `_buffers` and `_modules` hold them a second time, by name, in the order
of assignment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from autograd.diagnose import describe
from autograd.errors import AutogradError, OperandError
from autograd.modes import no_grad
from autograd.tape import mode
from autograd.tensor import Tensor

from .parameter import Parameter


class StateDictError(AutogradError, RuntimeError):
    """A state dict does not fit the module."""


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
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
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
        try:
            return self._parameters, self._buffers, self._modules
        except AttributeError:
            raise AttributeError(
                f"{type(self).__name__}: call super().__init__() before assigning to the module"
            ) from None

    def __setattr__(self, name: str, value: Any) -> None:
        parameters, buffers, modules = self._tables()
        if isinstance(value, Parameter):
            self._enter(parameters, name, value)
        elif isinstance(value, Module):
            self._enter(modules, name, value)
        elif name in parameters and value is not None:
            raise OperandError(
                f"{type(self).__name__}.{name} is a parameter; it can be set to a Parameter or "
                f"None, got {describe(value)}"
            )
        else:
            for table in (parameters, buffers, modules):
                if name in table:
                    table[name] = value
            self.__dict__[name] = value

    def _enter(self, table: dict[str, Any], name: str, value: Any) -> None:
        if not name or "." in name:
            raise KeyError(f"a name in a module must be non-empty and without a dot, got {name!r}")
        for other in self._tables():
            if other is not table:
                other.pop(name, None)
        table[name] = self.__dict__[name] = value

    def __delattr__(self, name: str) -> None:
        for table in self._tables():
            table.pop(name, None)
        object.__delattr__(self, name)

    def register_parameter(self, name: str, parameter: Parameter | None) -> None:
        """Enter a parameter under a name; None reserves the name."""
        self._enter(self._parameters, name, parameter)

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        """Enter a tensor that is state but is not trained; in `state_dict` if persistent."""
        value = tensor if tensor is None or isinstance(tensor, Tensor) else Tensor(tensor)
        self._enter(self._buffers, name, value)
        (self._transient.discard if persistent else self._transient.add)(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Enter a submodule under a name."""
        self._enter(self._modules, name, module)

    # -------------------------------------------------------------- the tree

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module and all below it, each once, with their paths."""
        seen: set[int] = set()
        left = [(prefix, self)]
        while left:
            path, module = left.pop()
            if id(module) not in seen:
                seen.add(id(module))
                yield path, module
                left += [(_join(path, n), m) for n, m in reversed(module._modules.items()) if m is not None]

    def _named(self, table: str, recurse: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for path, module in self.named_modules() if recurse else [("", self)]:
            for name, value in getattr(module, table).items():
                if value is not None and id(value) not in seen:
                    seen.add(id(value))
                    yield _join(path, name), value

    def named_parameters(self, recurse: bool = True) -> Iterator[tuple[str, Parameter]]:
        """All parameters with their paths, each once."""
        return self._named("_parameters", recurse)

    def named_buffers(self, recurse: bool = True) -> Iterator[tuple[str, Tensor]]:
        """All buffers with their paths, each once."""
        return self._named("_buffers", recurse)

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly in this one, with their names."""
        return ((n, m) for n, m in self._modules.items() if m is not None)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters, each once."""
        return (p for _, p in self.named_parameters(recurse))

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """All buffers, each once."""
        return (b for _, b in self.named_buffers(recurse))

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
        for path, module in self.named_modules():
            kept = {n: b for n, b in module._buffers.items() if n not in module._transient}
            for name, value in [*module._parameters.items(), *kept.items()]:
                if value is not None:
                    yield _join(path, name), value

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> tuple[list, list]:
        """Copy values into parameters and buffers, by path.

        Returns: the paths that were missing from `state_dict`, and those unexpected in it.

        Errors: StateDictError, before anything is copied, for a wrong shape or dtype; if
        `strict`, also for missing or unexpected paths.
        """
        own = dict(self._state())
        missing = [path for path in own if path not in state_dict]
        unexpected = [path for path in state_dict if path not in own]
        values = {p: _values(state_dict[p]) for p in own if p in state_dict}
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
        return missing, unexpected

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


def _values(value: Any) -> np.ndarray:
    return np.asarray(value.detach().numpy() if isinstance(value, Tensor) else value)
