"""HIPS autograd's `autograd.misc.fixed_points`: names over `autograd/hips/`."""

from ..hips.fixed_points import fixed_point

__all__ = ["fixed_point"]
