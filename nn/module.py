"""Module: a tree of parameters, buffers and submodules with a forward function.

Parameters, buffers and submodules are ordinary attributes, read at the speed of any other; the
tables `_parameters`, `_buffers` and `_modules` hold them a second time, by name, in the order
of assignment.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import changes
from autograd.backward import clear
from autograd.diagnose import describe
from autograd.errors import ArgumentError, AutogradError, OperandError
from autograd.tape import mode, scope_path
from autograd.tensor import Tensor

from . import hooks
from .conversion import ConversionMethods
from .hooks import HookMethods
from .parameter import Buffer, Parameter
from .state import StateDictError, StateMethods
from .tree import TreeMethods

__all__ = ["Module", "StateDictError"]


class _Uninitialised:
    """Stands for the tables of a module until `Module.__init__` makes them."""

    def __get__(self, module: Any, owner: type) -> Any:
        raise AttributeError(f"{owner.__name__}: call super().__init__() before anything else in __init__")


class Module(TreeMethods, HookMethods, StateMethods, ConversionMethods):
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
        self.__dict__.update(
            training=True, _parameters={}, _buffers={}, _modules={}, _transient=set(), _hooks=None
        )

    def forward(self, *args: Any, **options: Any) -> Any:
        """What the module computes; to be defined by each subclass."""
        raise NotImplementedError(f"{type(self).__name__} does not define forward()")

    def __call__(self, *args: Any, **options: Any) -> Any:
        # graphs and profiles read from this stack which module is running
        scopes = mode.scopes
        scopes.append(self)
        try:
            if self._hooks is not None:
                return hooks.call(self, args, options)
            # without keywords, the usual case, this is the cheaper call
            return self.forward(*args, **options) if options else self.forward(*args)
        except AutogradError as error:
            if not error.module_path:
                error.module_path = scope_path()
            raise
        except TypeError as error:
            if not _is_of_the_call(error):
                raise
            refused = OperandError(str(error))
            refused.module_path = scope_path()
            raise refused from None
        finally:
            scopes.pop()

    # -------------------------------------------------------------- registration

    def _tables(self) -> tuple[dict[str, Any], ...]:
        return self._parameters, self._buffers, self._modules

    def __setattr__(self, name: str, value: Any) -> None:
        changes.count += 1
        parameters, buffers, modules = self._tables()
        if isinstance(value, Parameter):
            self._enter(parameters, name, value)
        elif isinstance(value, Module):
            self._enter(modules, name, value)
        elif isinstance(value, Buffer):
            self._enter(buffers, name, value)
            (self._transient.discard if value.persistent else self._transient.add)(name)
        elif name in buffers:
            self._enter(buffers, name, _buffer(value, f"{type(self).__name__}.{name} is a buffer: it"))
        else:
            for table, kind in ((parameters, Parameter), (modules, Module)):
                if name in table:
                    what = f"{type(self).__name__}.{name} is a {kind.__name__.lower()}: it"
                    table[name] = _checked(value, kind, what)
            object.__setattr__(self, name, value)

    def _enter(self, table: dict[str, Any], name: str, value: Any) -> None:
        if isinstance(getattr(type(self), name, None), property):
            object.__setattr__(self, name, value)
            return
        if not name or "." in name:
            raise KeyError(f"a name in a module must be non-empty and without a dot, got {name!r}")
        if isinstance(value, Module) and any(m is self for m in value.modules()):
            raise ArgumentError(f"{type(self).__name__}.{name}: a module cannot contain itself")
        changes.note()
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
        changes.note()
        for table in self._tables():
            table.pop(name, None)
        object.__delattr__(self, name)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Enter a parameter under a name; None reserves the name."""
        what = f"register_parameter: {name!r}"
        self._register(self._parameters, name, _checked(param, Parameter, what))

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        """Enter a tensor that is state but is not trained; in `state_dict` if persistent."""
        self._register(self._buffers, name, _buffer(tensor, f"register_buffer: {name!r}"))
        (self._transient.discard if persistent else self._transient.add)(name)

    def register_module(self, name: str, module: Module | None) -> None:
        """Another name of `add_module`."""
        self.add_module(name, module)

    def add_module(self, name: str, module: Module | None) -> None:
        """Enter a submodule under a name."""
        self._register(self._modules, name, _checked(module, Module, f"add_module: {name!r}"))

    # -------------------------------------------------------------- all at once

    def apply(self, fn: Callable[[Module], Any]) -> Module:
        """Call `fn` on every module of the tree, children first; returns this one."""
        if not callable(fn):
            raise OperandError(f"apply: fn must be a function of a module, got {describe(fn)}")
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Module:
        """Put the whole tree in training mode, or in evaluation mode; returns it."""
        if not isinstance(mode, bool):
            raise OperandError(f"train: mode must be True or False, got {describe(mode)}")
        for module in self.modules():
            module.__dict__["training"] = mode
        changes.note_switch()
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
                clear(parameter)

    # -------------------------------------------------------------- display

    def extra_repr(self) -> str:
        """What the module's line in the repr says between the parentheses."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        own = self.extra_repr()
        inner = [f"({name}): {module!r}" for name, module in self._modules.items()]
        return self._framed(own.split("\n") if own else [], inner)

    def _framed(self, own: list[str], inner: list[str]) -> str:
        """The repr made of what the module says of itself and of what is in it."""
        if not inner and len(own) <= 1:
            return f"{self._get_name()}({''.join(own)})"
        body = "".join("\n  " + line.replace("\n", "\n  ") for line in inner)
        return f"{self._get_name()}({''.join(f'{chr(10)}  {line}' for line in own)}{body}\n)"

    def __dir__(self) -> list[str]:
        return [name for name in object.__dir__(self) if name.isidentifier()]


def _checked(value: Any, kind: type, what: str) -> Any:
    if value is not None and not isinstance(value, kind):
        raise OperandError(f"{what} must be a {kind.__name__} or None, got {describe(value)}")
    return value


def _buffer(value: Any, what: str) -> Tensor | None:
    """A buffer as it is kept: ndarrays count as Tensors."""
    return Tensor(value) if isinstance(value, (np.ndarray, np.generic)) else _checked(value, Tensor, what)


def _is_of_the_call(error: TypeError) -> bool:
    """Whether Python raised it for the arguments of `forward`, before a line of it ran."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return last is not None and last.tb_frame.f_code in (Module.__call__.__code__, hooks.call.__code__)
