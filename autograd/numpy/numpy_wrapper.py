"""HIPS autograd's `autograd.numpy.numpy_wrapper`: names over `autograd/hips/`."""

from typing import Any

from .. import numpy as _numpy
from ..hips.arrays import (
    array_from_args,
    concatenate_args,
    make_diagonal,
    metadata,
    wrap_if_boxes_inside,
    wrap_namespace,
)

__all__ = [
    "array_from_args",
    "concatenate_args",
    "make_diagonal",
    "metadata",
    "wrap_if_boxes_inside",
    "wrap_namespace",
]


def __getattr__(name: str) -> Any:
    """Everything else is autograd.numpy's."""
    return getattr(_numpy, name)
