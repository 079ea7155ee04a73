"""HIPS autograd's `autograd.util`: names over `autograd/hips/`."""

from .hips.checks import quick_grad_check
from .hips.containers import subval, subvals
from .hips.graphs import toposort
from .hips.rules import func

__all__ = ["func", "quick_grad_check", "subval", "subvals", "toposort"]
