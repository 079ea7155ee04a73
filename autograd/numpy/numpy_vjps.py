"""HIPS autograd's `autograd.numpy.numpy_vjps`: names over `autograd/hips/`."""

from ..hips.arrays import (
    balanced_eq,
    match_complex,
    metadata,
    repeat_to_match_shape,
    replace_zero,
    unbroadcast,
    unbroadcast_f,
    untake,
)
from ..hips.primitives import primitive
from ..hips.rules import defvjp, defvjp_argnum
from ..hips.vspaces import SparseObject, vspace

__all__ = [
    "SparseObject",
    "balanced_eq",
    "defvjp",
    "defvjp_argnum",
    "match_complex",
    "metadata",
    "primitive",
    "repeat_to_match_shape",
    "replace_zero",
    "unbroadcast",
    "unbroadcast_f",
    "untake",
    "vspace",
]
