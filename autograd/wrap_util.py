"""HIPS autograd's `autograd.wrap_util`: names over `autograd/hips/`."""

from .hips.containers import subvals
from .hips.operators import unary_to_nary
from .hips.rules import get_doc, get_name, wrap_nary_f, wraps

__all__ = ["get_doc", "get_name", "subvals", "unary_to_nary", "wrap_nary_f", "wraps"]
