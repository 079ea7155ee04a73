"""HIPS autograd's `autograd.numpy.numpy_jvps`: names over `autograd/hips/`."""

from ..hips.arrays import balanced_eq, broadcast, match_complex, replace_zero
from ..hips.rules import def_linear, defjvp, defjvp_argnum
from ..hips.vspaces import vspace

__all__ = [
    "balanced_eq",
    "broadcast",
    "def_linear",
    "defjvp",
    "defjvp_argnum",
    "match_complex",
    "replace_zero",
    "vspace",
]
