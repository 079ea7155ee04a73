"""HIPS autograd's `autograd.extend`: names over `autograd/hips/`."""

from .hips.boxes import Box
from .hips.graphs import JVPNode, VJPNode
from .hips.primitives import notrace_primitive, primitive, register_notrace
from .hips.rules import (
    def_linear,
    defjvp,
    defjvp_argnum,
    defjvp_argnums,
    defvjp,
    defvjp_argnum,
    defvjp_argnums,
)
from .hips.vspaces import SparseObject, VSpace, vspace

__all__ = [
    "Box",
    "JVPNode",
    "SparseObject",
    "VJPNode",
    "VSpace",
    "def_linear",
    "defjvp",
    "defjvp_argnum",
    "defjvp_argnums",
    "defvjp",
    "defvjp_argnum",
    "defvjp_argnums",
    "notrace_primitive",
    "primitive",
    "register_notrace",
    "vspace",
]
