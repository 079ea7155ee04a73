"""Calls of a module as a function of its parameters, so that transforms take models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd.diagnose import describe
from autograd.effects import setting
from autograd.errors import OperandError, ShapeError
from autograd.tensor import Tensor

from .module import Module

__all__ = ["functional_call"]


def functional_call(module: Module, parameters: Mapping[str, Any], *args: Any, **options: Any) -> Any:
    """`module(*args, **options)` with other parameters and buffers, which it has for this call only.

    Args:
        module: left as it was; what it writes into buffers that are given goes into those.
        parameters: path -> Tensor or array, for any of its parameters and buffers, as
            `named_parameters` names them.

    Errors: OperandError for what is no module, a path that is none of the module's, or a value that
    is no array; ShapeError for a value of another shape.

    Example:
        >>> import autograd, nn
        >>> model = nn.Linear(1, 1, bias=False)
        >>> def loss(parameters):
        ...     return nn.functional_call(model, parameters, np.array([3.0])).sum()
        >>> autograd.grad(loss)({"weight": np.array([[2.0]])})
        {'weight': array([[3.]])}
    """
    if not isinstance(module, Module):
        raise OperandError(f"functional_call: expected a module, got {describe(module)}")
    if not isinstance(parameters, Mapping):
        raise OperandError(
            f"functional_call: parameters must be a dict of path -> array, got {describe(parameters)}"
        )
    given = dict(parameters)
    with setting(lambda: _substituted(module, given)):
        return module(*args, **options)


@contextmanager
def _substituted(module: Module, values: Mapping[str, Any]) -> Iterator[None]:
    owners = dict(module.named_modules(remove_duplicate=False))
    given: dict[int, Any] = {}
    for path, value in values.items():
        owner, _, name = path.rpartition(".")
        own = _registered(owners.get(owner), name)
        if own is None:
            raise OperandError(
                f"functional_call: {type(module).__name__} has no parameter or buffer {path!r}"
            )
        given[id(own)] = _fitting(path, value, own)
    # a tensor that the model uses in several places is replaced in all of them; an attribute may have
    # been replaced already, where a checkpoint runs again in such a call
    replaced: list[tuple[dict, Any, str, Any, Any]] = [
        (m.__dict__, table, name, own, m.__dict__[name])
        for m in owners.values()
        for table in (m._parameters, m._buffers)
        for name, own in table.items()
        if id(own) in given
    ]
    try:
        for attributes, _, name, own, _ in replaced:
            attributes[name] = given[id(own)]
        yield
    finally:
        for attributes, table, name, own, before in replaced:
            attributes[name], table[name] = before, own  # also what was assigned to it meanwhile


def _registered(owner: Module | None, name: str) -> Any:
    """The parameter or buffer of a module."""
    return None if owner is None else owner._parameters.get(name, owner._buffers.get(name))


def _fitting(path: str, value: Any, like: Tensor) -> Tensor:
    if not isinstance(value, (Tensor, np.ndarray, np.generic, float)):
        raise OperandError(f"functional_call: {path} must be an array or a Tensor, got {describe(value)}")
    tensor = value if isinstance(value, Tensor) else Tensor(value)
    if tensor.shape != like.shape:
        raise ShapeError(f"functional_call: {path} must have shape {like.shape}, got {tensor.shape}")
    return tensor
