"""HIPS autograd's `autograd.core`: names over `autograd/hips/`."""

# a package, since a file `core.py` beside it is how an installation of HIPS autograd on top is known
from ..hips.boxes import Box, SparseBox, getval, isbox
from ..hips.containers import subval, subvals
from ..hips.graphs import JVPNode, Node, VJPNode, toposort, trace
from ..hips.operators import jvp_at as make_jvp
from ..hips.operators import vjp_at as make_vjp
from ..hips.primitives import primitive_with_deprecation_warnings
from ..hips.primitives import primitive_with_deprecation_warnings as primitive
from ..hips.rules import (
    def_linear,
    defjvp,
    defjvp_argnum,
    defjvp_argnums,
    defvjp,
    defvjp_argnum,
    defvjp_argnums,
    primitive_jvps,
    primitive_vjps,
)
from ..hips.tracing import backward_pass
from ..hips.vspaces import SparseObject, VSpace, sparse_add, vspace

__all__ = [
    "Box",
    "JVPNode",
    "Node",
    "SparseBox",
    "SparseObject",
    "VJPNode",
    "VSpace",
    "backward_pass",
    "def_linear",
    "defjvp",
    "defjvp_argnum",
    "defjvp_argnums",
    "defvjp",
    "defvjp_argnum",
    "defvjp_argnums",
    "getval",
    "isbox",
    "make_jvp",
    "make_vjp",
    "primitive",
    "primitive_jvps",
    "primitive_vjps",
    "primitive_with_deprecation_warnings",
    "sparse_add",
    "subval",
    "subvals",
    "toposort",
    "trace",
    "vspace",
]
