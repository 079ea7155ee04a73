"""Parametrizations: a module's parameter as a function of others, computed whenever it is read."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.diagnose import describe
from autograd.errors import ArgumentError, DtypeError, OperandError, ShapeError
from autograd.modes import no_grad
from autograd.tensor import Tensor

from ..containers import ModuleList
from ..dicts import ModuleDict
from ..module import Module
from ..parameter import Parameter
from ..state import replace

__all__ = [
    "ParametrizationList",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "type_before_parametrizations",
]


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, the first innermost, and what they are computed from.

    That is the parameter `original`, or `original0`, `original1`, ... where the first of them
    takes several.

    Args:
        modules: the parametrizations.
        original: the Parameter or buffer that they take the place of.
        unsafe: whether the result may differ from it in shape and dtype.
    """

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False):
        super().__init__(modules)
        self.unsafe = unsafe
        with no_grad():
            source = _undone(modules, original)
        self.is_tensor = isinstance(source, Tensor)
        if self.is_tensor:
            if source is not original:
                replace(original, np.array(source._data))
            _register(self, "original", original)
        else:
            for i, part in enumerate(source):
                _register(self, f"original{i}", _like(original, part))
        self.ntensors = 1 if self.is_tensor else len(source)
        if not unsafe:
            with no_grad():
                _check_alike(self(), original, "forward", modules[0])

    def originals(self) -> list[Tensor]:
        """What the parametrized tensor is computed from."""
        names = ["original"] if self.is_tensor else [f"original{i}" for i in range(self.ntensors)]
        return [getattr(self, name) for name in names]

    def forward(self) -> Tensor:
        first, *others = self
        x = first(*self.originals())
        for parametrization in others:
            x = parametrization(x)
        return x

    def right_inverse(self, value: Any) -> None:
        """Give the originals values that make the parametrized tensor this one."""
        with no_grad():
            value = value.detach() if isinstance(value, Tensor) else Tensor(np.asarray(value))
            source = _undone(list(self), value)
            parts = [source] if isinstance(source, Tensor) else list(source)
            if len(parts) != self.ntensors:
                raise ArgumentError(f"right_inverse gave {len(parts)} tensors in place of {self.ntensors}")
            for original, part in zip(self.originals(), parts, strict=True):
                if original.shape == part.shape:
                    original[...] = part
                else:
                    replace(original, np.array(part._data))


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Have `module.<tensor_name>` computed as `parametrization(original)` from now on.

    The module's class becomes a subclass with a property of that name; the original is at
    `module.parametrizations.<tensor_name>.original`. A method `right_inverse` of the
    parametrization gives the original, or several, for a value: at first, and when a value is
    assigned. A further parametrization is applied to the result of those before it.

    Args:
        unsafe: allow a change of shape or dtype.

    Returns: the module.

    Errors: ArgumentError if there is no parameter or buffer of that name; ShapeError, DtypeError
    or OperandError for what a parametrization gives.

    Example:
        >>> import nn
        >>> class Positive(nn.Module):
        ...     def forward(self, x):
        ...         return np.exp(x)
        >>> layer = register_parametrization(nn.Linear(2, 1), "weight", Positive())
        >>> [name for name, _ in layer.named_parameters()]
        ['bias', 'parametrizations.weight.original']
        >>> bool(np.all(layer.weight > 0))
        True
    """
    if not isinstance(parametrization, Module):
        raise OperandError(f"register_parametrization: expected a Module, got {describe(parametrization)}")
    if is_parametrized(module, tensor_name):
        there = module.parametrizations[tensor_name]  # type: ignore[attr-defined]
        if not (unsafe or there.unsafe):
            _check_further(parametrization, getattr(module, tensor_name))
        there.append(parametrization)
        there.unsafe = there.unsafe or unsafe
        return module
    original = {**module._parameters, **module._buffers}.get(tensor_name)
    if original is None:
        raise ArgumentError(
            f"register_parametrization: {type(module).__name__} has no parameter or buffer {tensor_name!r}"
        )
    listed = ParametrizationList([parametrization], original, unsafe)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        module.add_module("parametrizations", ModuleDict())
    module.parametrizations[tensor_name] = listed  # type: ignore[attr-defined]
    _change_class(module)
    return module


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a module has parametrizations, or those of a tensor.

    Example:
        >>> import nn
        >>> is_parametrized(nn.Linear(2, 1))
        False
    """
    listed = getattr(module, "parametrizations", None)
    if not isinstance(listed, ModuleDict):
        return False
    return len(listed) > 0 if tensor_name is None else tensor_name in listed


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make a parametrized tensor a parameter or buffer again; returns the module.

    Args:
        leave_parametrized: keep the value that was computed; else the original's, which must be
            one tensor.

    Errors: ArgumentError if it is not parametrized, or has several originals.
    """
    if not is_parametrized(module, tensor_name):
        raise ArgumentError(
            f"remove_parametrizations: {type(module).__name__} has no parametrization of {tensor_name!r}"
        )
    listed = module.parametrizations[tensor_name]  # type: ignore[attr-defined]
    if not listed.is_tensor and not leave_parametrized:
        raise ArgumentError(
            "remove_parametrizations: without leave_parametrized there must be one original, "
            f"{tensor_name!r} has {listed.ntensors}"
        )
    original = listed.originals()[0]
    if leave_parametrized:
        with no_grad():
            value = np.array(getattr(module, tensor_name)._data)
        if listed.is_tensor:
            replace(original, value)
        else:
            original = _like(original, Tensor(value))
    del module.parametrizations[tensor_name]  # type: ignore[attr-defined]
    _change_class(module)
    if not is_parametrized(module):
        delattr(module, "parametrizations")
    _register(module, tensor_name, original)
    return module


def type_before_parametrizations(module: Module) -> type:
    """The class of a module as it was before anything was parametrized."""
    return type(module).__mro__[1] if is_parametrized(module) else type(module)


def _change_class(module: Module) -> None:
    """Give a module the class with properties for what is parametrized in it now."""
    base: Any = getattr(type(module), "_unparametrized", type(module))
    names = tuple(module.parametrizations)  # type: ignore[attr-defined]
    object.__setattr__(module, "__class__", _class_of(base, names) if names else base)


@functools.lru_cache(maxsize=512)
def _class_of(base: type, names: tuple[str, ...]) -> type:
    body: dict[str, Any] = {name: _property(name) for name in names}
    body |= {"_unparametrized": base, "__module__": base.__module__}
    return type(f"Parametrized{base.__name__}", (base,), body)


def _property(name: str) -> property:
    def compute(self: Any) -> Tensor:
        return self.parametrizations[name]()

    def assign(self: Any, value: Any) -> None:
        self.parametrizations[name].right_inverse(value)

    return property(compute, assign)


def _undone(modules: Sequence[Module], value: Tensor) -> Any:
    """The original of a value, through the right inverses of those that have one."""
    for module in reversed(modules):
        inverse = getattr(module, "right_inverse", None)
        if inverse is not None:
            try:
                value = inverse(value)
            except NotImplementedError:
                continue
    if not isinstance(value, (Tensor, tuple, list)):
        raise OperandError(f"right_inverse must give a Tensor or several, got {describe(value)}")
    return value


def _like(original: Tensor, value: Tensor) -> Tensor:
    """A value as a Parameter, or as a plain Tensor, as the original is one."""
    data = np.array(value._data)
    if isinstance(original, Parameter):
        return Parameter(data, requires_grad=original.requires_grad)
    return Tensor(data)


def _register(module: Module, name: str, tensor: Tensor) -> None:
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def _check_alike(value: Any, like: Tensor, what: str, module: Module) -> None:
    caller = f"register_parametrization: {type(module).__name__}.{what}"
    if not isinstance(value, Tensor):
        raise OperandError(f"{caller} must give a Tensor, got {describe(value)}")
    if value.dtype != like.dtype:
        raise DtypeError(f"{caller} changes {like.dtype} to {value.dtype}; unsafe=True allows that")
    if value.shape != like.shape:
        raise ShapeError(f"{caller} changes shape {like.shape} to {value.shape}; unsafe=True allows that")


def _check_further(parametrization: Module, value: Tensor) -> None:
    """A parametrization of what is parametrized maps tensors to others like them, both ways."""
    with no_grad():
        found = parametrization(value.detach())
        _check_alike(found, value, "forward", parametrization)
        inverse = getattr(parametrization, "right_inverse", None)
        if inverse is not None:
            with contextlib.suppress(NotImplementedError):
                _check_alike(inverse(found), value, "right_inverse", parametrization)
