"""HIPS autograd's `autograd.tracer`: names over `autograd/hips/`."""

from .hips.boxes import Box, getval, isbox
from .hips.containers import subvals
from .hips.graphs import Node, toposort, trace
from .hips.primitives import notrace_primitive, primitive, register_notrace
from .hips.rules import wraps

__all__ = [
    "Box",
    "Node",
    "getval",
    "isbox",
    "notrace_primitive",
    "primitive",
    "register_notrace",
    "subvals",
    "toposort",
    "trace",
    "wraps",
]
