"""HIPS autograd's `autograd.numpy.numpy_boxes`: names over `autograd/hips/`."""

from ..hips.boxes import ArrayBox, Box, SequenceBox

__all__ = ["ArrayBox", "Box", "SequenceBox"]
