"""Parameter: a tensor that a module trains. Buffer: one that it keeps."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.tape import admit
from autograd.tensor import Tensor

__all__ = ["Buffer", "Parameter"]


class Parameter(Tensor):
    """A Tensor that requires grad and that modules register when it is assigned to them.

    Args:
        data: anything `numpy.asarray` takes; an ndarray's memory is shared. None for no elements.
        requires_grad: whether it is trained.

    Errors: DtypeError for integers or booleans that require grad.

    Example:
        >>> Parameter(np.zeros(2, np.float32))
        Parameter([0., 0.], dtype=float32, requires_grad=True)
    """

    __slots__ = ()

    def __init__(self, data: Any = None, requires_grad: bool = True):
        data = np.empty(0, np.float32) if data is None else data
        super().__init__(data, requires_grad=requires_grad)

    def __repr__(self) -> str:
        return super().__repr__().replace("tensor(", "Parameter(", 1)


class Buffer(Tensor):
    """A Tensor that modules register as a buffer when it is assigned to them.

    Args:
        data: as for Parameter.
        persistent: whether it is in the module's `state_dict`.

    Example:
        >>> import nn
        >>> module = nn.Module()
        >>> module.mean = Buffer(np.zeros(2))
        >>> list(module.state_dict())
        ['mean']
    """

    __slots__ = ("persistent",)

    def __init__(self, data: Any = None, *, persistent: bool = True):
        super().__init__(np.empty(0, np.float32) if data is None else data)
        self.persistent = persistent

    def __deepcopy__(self, memo: dict) -> Buffer:
        twin: Any = super().__deepcopy__(memo)
        twin.persistent = self.persistent
        return twin


def parameter_of(values: np.ndarray) -> Parameter:
    """A parameter over a fresh array that nobody else holds, so that nothing need guard it."""
    parameter = Parameter(values)
    parameter._alias = None
    return parameter


admit("Parameter", Parameter)
