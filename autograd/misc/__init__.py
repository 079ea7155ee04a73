"""HIPS autograd's `autograd.misc`: names over `autograd/hips/`."""

from .flatten import flatten
from .tracers import const_graph

__all__ = ["const_graph", "flatten"]
