"""HIPS autograd's `autograd.tracer`: names over `autograd/hips/`."""

from .hips.boxes import Box, getval, isbox
from .hips.containers import subvals
from .hips.graphs import Node, toposort, trace
from .hips.primitives import notrace_primitive, primitive, register_notrace
from .hips.rules import wraps
from .hips.tracing import TraceStack, new_box, trace_stack

__all__ = [
    "Box",
    "Node",
    "TraceStack",
    "getval",
    "isbox",
    "new_box",
    "notrace_primitive",
    "primitive",
    "register_notrace",
    "subvals",
    "toposort",
    "trace",
    "trace_stack",
    "wraps",
]
