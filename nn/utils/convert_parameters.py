"""Parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd.diagnose import describe
from autograd.errors import DtypeError, OperandError, ShapeError
from autograd.ops.joining import concatenate
from autograd.ops.shapes import reshape
from autograd.tensor import Tensor
from autograd.views import writable

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All elements of all parameters, one after the other; gradients flow through.

    Shapes: any, together n elements -> (n,).

    Errors: OperandError for what is no Tensor, or for no parameters at all.

    Example:
        >>> from autograd import tensor
        >>> parameters_to_vector([tensor([1.0]), tensor([[2.0, 3.0]])])
        tensor([1., 2., 3.])
    """
    found = _checked(parameters, "parameters_to_vector")
    if not found:
        raise OperandError("parameters_to_vector: there are no parameters")
    return concatenate([reshape(p, (-1,)) for p in found])


def vector_to_parameters(vec: Any, parameters: Iterable[Tensor]) -> None:
    """Copy the elements of a vector into parameters, one after the other.

    Errors: ShapeError, before anything is copied, if there are not as many elements as the
    parameters have; DtypeError for values that these cannot hold.

    Example:
        >>> import nn
        >>> p = nn.Parameter(np.zeros((2, 1)))
        >>> vector_to_parameters(np.array([1.0, 2.0]), [p])
        >>> p.tolist()
        [[1.0], [2.0]]
    """
    if not isinstance(vec, (Tensor, np.ndarray)):
        raise OperandError(f"vector_to_parameters: expected a vector, got {describe(vec)}")
    found = _checked(parameters, "vector_to_parameters")
    values = np.asarray(vec._data if isinstance(vec, Tensor) else vec)
    total = sum(int(p._data.size) for p in found)
    if values.shape != (total,):
        raise ShapeError(f"vector_to_parameters: expected a vector of {total}, got {describe(vec)}")
    for p in found:
        if not np.can_cast(values.dtype, p.dtype, "same_kind"):
            raise DtypeError(f"vector_to_parameters: {p.dtype} cannot hold {values.dtype}")
    start = 0
    for p in found:
        stop = start + int(p._data.size)
        np.copyto(writable(p), values[start:stop].reshape(p.shape), casting="same_kind")
        start = stop


def _checked(parameters: Any, caller: str) -> list[Tensor]:
    if isinstance(parameters, Tensor) or not isinstance(parameters, Iterable):
        raise OperandError(f"{caller}: expected several Tensors, got {describe(parameters)}")
    found = list(parameters)
    for i, p in enumerate(found):
        if not isinstance(p, Tensor):
            raise OperandError(f"{caller}: element {i} must be a Tensor, got {describe(p)}")
    return found
