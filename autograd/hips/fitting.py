"""What functions and rules of user-defined primitives give, as the tape takes it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..diagnose import describe
from ..errors import GradientError, OperandError, ShapeError
from ..tape import TensorBase
from .boxes import isbox
from .rules import name_of


def plain(x: Any) -> Any:
    """The value of a tensor; anything else as it is."""
    return x._data if isinstance(x, TensorBase) else x


def result_of(function: Any, value: Any) -> Any:
    """One result of a primitive.

    Errors: GradientError if it is a tensor of another graph; OperandError for what is no array.
    """
    if type(value) is np.ndarray:
        return value
    if isbox(value):
        raise GradientError(
            f"{name_of(function)}: a primitive must compute with its arguments alone, but its "
            f"result comes from a tensor that requires grad ({describe(value)}), which it refers to"
        )
    value = plain(value)
    if isinstance(value, (np.ndarray, np.generic)):
        return value
    if isinstance(value, (bool, int, float, complex)):
        return np.asarray(value)[()]
    raise OperandError(
        f"{name_of(function)}: a primitive must return arrays, numbers or containers of them, got "
        f"{describe(value)}"
    )


def fitted(part: Any, like: Any, function: Any, what: str) -> Any:
    """A cotangent or tangent of a function, called `what`, of the shape and dtype of a value.

    Errors: ShapeError if it cannot be had without summing; OperandError for no array.
    """
    shape, dtype = like.shape, like.dtype
    if not isinstance(part, (TensorBase, np.ndarray, np.generic)):
        if not isinstance(part, (int, float, complex)):
            raise OperandError(f"{name_of(function)}: {what} must be an array, got {describe(part)}")
        part = np.asarray(part)[()]
    if part.shape != shape:
        if part.size != 1 and part.size != like.size:
            raise ShapeError(
                f"{name_of(function)}: {what} has shape {tuple(part.shape)}, but the value has {shape}; "
                "unbroadcast_f sums over what was broadcast"
            )
        part = _into_shape(part, shape)
    if part.dtype == dtype:
        return part
    part = part.real if part.dtype.kind == "c" and dtype.kind != "c" else part
    return part.astype(dtype)


def _into_shape(part: Any, shape: tuple) -> Any:
    same = part.size == int(np.prod(shape))
    return part.reshape(shape) if same else part.reshape(()) + np.zeros(shape, part.dtype)
