"""HIPS autograd's `autograd.misc.tracers`: names over `autograd/hips/`."""

from ..hips.graphs import (
    ConstGraphNode,
    FullGraphNode,
    const_graph,
    const_graph_unary,
    full_graph,
)

__all__ = ["ConstGraphNode", "FullGraphNode", "const_graph", "const_graph_unary", "full_graph"]
