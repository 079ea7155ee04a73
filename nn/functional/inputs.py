"""Inputs of functions that are more than one primitive: arrays of numbers, or a typed error."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.diagnose import describe
from autograd.errors import DtypeError, OperandError
from autograd.ops import shapes
from autograd.tensor import Tensor

NUMBERS = "fciub"


def as_array(x: Any) -> Any:
    """x itself if it is a Tensor or an array of numbers, else what NumPy makes of it.

    Errors: OperandError for what is no array; ShapeError for lists of differing lengths;
    DtypeError for an array of other things than numbers.

    Example:
        >>> as_array([1, 2])
        array([1, 2])
    """
    if isinstance(x, Tensor):
        return x
    found = shapes.as_array(x)
    if found.dtype.kind not in NUMBERS:
        kind = DtypeError if found is x else OperandError
        raise kind(f"expected an array of numbers, got {describe(x)}")
    return found


def numbers(input: Any, caller: str, kinds: str = NUMBERS) -> Any:
    """The input as an array or a Tensor.

    Args:
        kinds: the kinds of dtype that are taken.

    Errors: OperandError for what is no array; DtypeError for an array of other things.

    Example:
        >>> numbers([1, 2], "f")
        array([1, 2])
    """
    if type(input) is not Tensor:
        arrayish = isinstance(input, (Tensor, np.ndarray, np.generic))
        found = shapes.as_array(input)
        if not arrayish and found.dtype.kind not in NUMBERS:
            raise OperandError(f"{caller}: input must be a Tensor or an array, got {describe(input)}")
        input = found
    if input.dtype.kind not in kinds:
        wanted = "floating numbers" if kinds == "fc" else "integers" if kinds == "iu" else "numbers"
        raise DtypeError(f"{caller}: input must be {wanted}, got {input.dtype}")
    return input
