"""HIPS autograd's `autograd.numpy.numpy_vspaces`: names over `autograd/hips/`."""

from ..hips.vspaces import ArrayVSpace, ComplexArrayVSpace, NamedTupleVSpace, VSpace

__all__ = ["ArrayVSpace", "ComplexArrayVSpace", "NamedTupleVSpace", "VSpace"]
