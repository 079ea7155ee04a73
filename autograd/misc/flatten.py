"""HIPS autograd's `autograd.misc.flatten`: names over `autograd/hips/`."""

from ..hips.flattening import flatten, flatten_func

__all__ = ["flatten", "flatten_func"]
