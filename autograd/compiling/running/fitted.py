"""What calls that make their arrays themselves give, as it lay when the program was recorded."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..changed import Changed


def array_of(value: Any, shape: tuple, strides: tuple, dtype: np.dtype) -> np.ndarray:
    """A result that a kernel made, which must lie as it did when it was recorded."""
    array = value if type(value) is np.ndarray else np.asarray(value)
    if array.shape != shape or array.dtype != dtype:
        raise Changed(f"a result is {array.dtype}{array.shape}; it was {dtype}{shape}")
    if array.base is not None:  # what was a scalar may be a view of the program's memory here
        array = array.copy(order="K")
    if array.strides != strides and array.size:
        laid = _laid(shape, strides, dtype)
        laid[...] = array
        return laid
    return array


def _laid(shape: tuple, strides: tuple, dtype: np.dtype) -> np.ndarray:
    """New memory that an array lies in with these strides, also with gaps, as real parts do."""
    steps = [(n - 1) * s for n, s in zip(shape, strides, strict=True)]
    low = -sum(step for step in steps if step < 0)
    memory = np.empty(low + sum(step for step in steps if step > 0) + dtype.itemsize, np.uint8)
    return np.ndarray(shape, dtype, memory, low, strides)


def store(target: np.ndarray, value: Any) -> None:
    if (np.shape(value), np.asarray(value).dtype) != (target.shape, target.dtype):
        raise Changed(f"a result has shape {np.shape(value)} or another dtype; it had {target.shape}")
    np.copyto(target, value)
