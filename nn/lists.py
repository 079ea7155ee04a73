"""ParameterList: parameters by number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from autograd.diagnose import describe
from autograd.errors import OperandError
from autograd.tensor import Tensor

from .containers import position
from .module import Module
from .parameter import Parameter

__all__ = ["ParameterList"]


class ParameterList(Module):
    """A list of parameters that belong to the module that holds it.

    Arrays and Tensors become Parameters; anything else is kept as it is.

    Args:
        values: the parameters.

    Example:
        >>> import nn, numpy as np
        >>> weights = nn.ParameterList([np.ones((2, 3)), np.zeros(3)])
        >>> [name for name, _ in weights.named_parameters()]
        ['0', '1']
    """

    def __init__(self, values: Iterable[Any] | None = None):
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(list(self)[index])
        return getattr(self, str(position(index, len(self), "ParameterList")))

    def __setitem__(self, index: int, value: Any) -> None:
        setattr(self, str(position(index, len(self), "ParameterList")), as_parameter(value))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return (getattr(self, str(i)) for i in range(self._size))

    def append(self, value: Any) -> ParameterList:
        """Add a value at the end; returns the list."""
        setattr(self, str(self._size), as_parameter(value))
        self._size += 1
        return self

    def extend(self, values: Iterable[Any]) -> ParameterList:
        """Add values at the end; returns the list."""
        if not isinstance(values, Iterable) or (isinstance(values, Tensor) and not values.ndim):
            raise OperandError(f"ParameterList: expected parameters, got {describe(values)}")
        for value in list(values):
            self.append(value)
        return self

    def __iadd__(self, values: Iterable[Any]) -> ParameterList:
        return self.extend(values)

    def extra_repr(self) -> str:
        return "\n".join(f"  ({i}): {describe_entry(value)}" for i, value in enumerate(self))


def as_parameter(value: Any) -> Any:
    """The value, as a Parameter if it is an array or a Tensor."""
    if isinstance(value, (Tensor, np.ndarray, np.generic)) and not isinstance(value, Parameter):
        # only floats can be trained; integers are kept all the same, as PyTorch's lists do not
        data = value.detach() if isinstance(value, Tensor) else value
        return Parameter(data, requires_grad=value.dtype.kind in "fc")
    return value


def describe_entry(value: Any) -> str:
    """A value as the reprs of lists and dicts of parameters show it."""
    if not isinstance(value, Tensor):
        return f"Object of type: {type(value).__name__}"
    kind = "Parameter" if isinstance(value, Parameter) else "Tensor"
    return f"{kind} containing: [{value.dtype} of size {'x'.join(map(str, value.shape))}]"
