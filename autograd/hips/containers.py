"""Python's containers and type checks as HIPS autograd's programs call them: here Python's own do.

Functions get tuples, lists and dicts with Tensors in them, so `list(...)` of traced values is a list.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from typing import Any

from .primitives import notrace_primitive

isinstance = notrace_primitive(builtins.isinstance)
type = notrace_primitive(builtins.type)
tuple = builtins.tuple
list = builtins.list
dict = builtins.dict


def container_take(A: Any, idx: Any) -> Any:
    """A[idx]."""
    return A[idx]


def container_untake(x: Any, idx: Any, vs: Any) -> Any:
    """Zeros of the space of containers `vs` with x in the place idx."""
    zeros = vs.zeros()
    if builtins.isinstance(zeros, builtins.dict):
        return {**zeros, idx: x}
    changed = builtins.list(zeros)
    changed[idx] = x
    return builtins.type(zeros)(changed)


def sequence_extend_right(seq: Any, *elts: Any) -> Any:
    """The sequence with elements after it."""
    return seq + builtins.type(seq)(elts)


def sequence_extend_left(seq: Any, *elts: Any) -> Any:
    """The sequence with elements before it."""
    return builtins.type(seq)(elts) + seq


def make_sequence(seq_type: builtins.type, *args: Any) -> Any:
    """The elements in a sequence of this type."""
    return seq_type(args)


def subvals(x: Iterable, ivs: Iterable) -> builtins.tuple:
    """x as a tuple, with the values of pairs (i, value) in their places."""
    changed = builtins.list(x)
    for i, value in ivs:
        changed[i] = value
    return builtins.tuple(changed)


def subval(x: Iterable, i: int, v: Any) -> builtins.tuple:
    """x as a tuple, with v in the place i."""
    return subvals(x, [(i, v)])
