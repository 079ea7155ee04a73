"""HIPS autograd's `autograd.builtins`: names over `autograd/hips/`."""

from .hips.boxes import DictBox, SequenceBox
from .hips.containers import (
    container_take,
    container_untake,
    dict,
    isinstance,
    list,
    make_sequence,
    sequence_extend_left,
    sequence_extend_right,
    subvals,
    tuple,
    type,
)
from .hips.vspaces import (
    ContainerVSpace,
    DictVSpace,
    ListVSpace,
    NamedTupleVSpace,
    SequenceVSpace,
    TupleVSpace,
)

__all__ = [
    "ContainerVSpace",
    "DictBox",
    "DictVSpace",
    "ListVSpace",
    "NamedTupleVSpace",
    "SequenceBox",
    "SequenceVSpace",
    "TupleVSpace",
    "container_take",
    "container_untake",
    "dict",
    "isinstance",
    "list",
    "make_sequence",
    "sequence_extend_left",
    "sequence_extend_right",
    "subvals",
    "tuple",
    "type",
]
