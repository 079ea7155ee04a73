"""Parameter: a tensor that a module trains."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.tape import admit
from autograd.tensor import Tensor


class Parameter(Tensor):
    """A Tensor that requires grad and that modules register when it is assigned to them.

    Args:
        data: anything `numpy.asarray` takes; an ndarray's memory is shared.
        requires_grad: whether it is trained.

    Errors: DtypeError for integers or booleans that require grad.

    Example:
        >>> Parameter(np.zeros(2, np.float32))
        Parameter([0., 0.], dtype=float32, requires_grad=True)
    """

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = True):
        super().__init__(data, requires_grad=requires_grad)

    def __repr__(self) -> str:
        return super().__repr__().replace("tensor(", "Parameter(", 1)


def parameter_of(values: np.ndarray) -> Parameter:
    """A parameter over a fresh array that nobody else holds, so that nothing need guard it."""
    parameter = Parameter(values)
    parameter._alias = None
    return parameter


admit("Parameter", Parameter)
