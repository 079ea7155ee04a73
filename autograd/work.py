"""How much arithmetic a call is: multiply-adds, counted, and floating-point operations, estimated."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Shape = tuple[int, ...]


def multiply_adds(prim: Any, args: Sequence, statics: tuple, out: Any) -> int:
    """The multiply-adds of one call: of matrix products, convolutions and what is made of them."""
    if prim.name not in _WORK:
        return 0
    return count(prim, [shape_of(a) for a in args], shape_of(out), statics)


def shape_of(value: Any) -> Shape:
    """The shape of a Tensor, an array or a number."""
    return np.shape(getattr(value, "_data", value))


def is_counted(prim: Any) -> bool:
    """Whether the multiply-adds of a primitive are counted; the work of others is estimated."""
    return prim.name in _WORK


def count(prim: Any, shapes: Sequence[Shape], out: Shape, statics: tuple) -> int:
    """The multiply-adds of a counted primitive, from the shapes of its arguments and its result."""
    options = dict(zip(prim.statics, statics, strict=True))
    return int(_WORK[prim.name](out, list(shapes), options))


def flops(prim: Any, shapes: Sequence[Shape], out: Shape, statics: tuple = ()) -> int:
    """An estimate of the floating-point operations of one call.

    Two for a multiply-add where these are counted; nothing for what only moves or compares
    places; else one for each element of the largest of arguments and result.
    """
    if prim.name in _WORK:
        return 2 * count(prim, shapes, out, statics)
    if prim.view is not None or prim.name in _MOVES:
        return 0
    return max(math.prod(s) for s in [out, *shapes])


def backward_flops(prim: Any, forward: int, active: Sequence[int]) -> int:
    """An estimate for one step of the sweep: each matrix product has one like it per factor."""
    if prim.name not in _WORK or prim.name == "einsum":
        return forward * len(active)
    # a product for the input and one for the weights; biases are summed, which is nothing beside
    both = prim.name == "self_attention" or (0 in active and len(active) > 1)
    return 2 * forward if both else forward


def _steps(x: Shape, *weights: Shape) -> int:
    """Each weight once for every step of every sequence."""
    return math.prod(x[:-1]) * sum(math.prod(w) for w in weights if w)


def _self_attention(out: Shape, s: list[Shape], options: dict) -> int:
    """Scores, and sums of values: twice length**2 for every sequence and unit."""
    length = s[0][1] if options["batch_first"] else s[0][0]
    return 2 * math.prod(out) * length


def _einsum(out: Shape, s: list[Shape], options: dict) -> int:
    """One for each value of all labels together: what a loop over them would take."""
    inputs = options["subscripts"].partition("->")[0].split(",")
    return math.prod({c: n for term, shape in zip(inputs, s) for c, n in zip(term, shape)}.values())


# From the shape of the result, the shapes of the arguments, and the statics.
_WORK: dict[str, Callable[[Shape, list[Shape], dict], int]] = {
    "linear": lambda out, s, _: math.prod(out) * s[1][1],
    "matmul": lambda out, s, _: math.prod(out) * s[0][-1],
    "convolution": lambda out, s, _: math.prod(out) * math.prod(s[1][1:]),
    "transposed_convolution": lambda out, s, _: math.prod(s[0]) * math.prod(s[1][1:]),
    "convolution_weight": lambda out, s, _: math.prod(s[1]) * math.prod(out[1:]),
    "einsum": _einsum,
    "attention": lambda out, s, _: math.prod(out[:-1]) * s[1][-2] * (s[0][-1] + s[2][-1]),
    "self_attention": _self_attention,
    "rnn": lambda out, s, _: _steps(s[0], s[2], s[3]),
    "gru": lambda out, s, _: _steps(s[0], s[2], s[3]),
    "lstm": lambda out, s, _: _steps(s[0], s[3], s[4], s[7]),
}
_MOVE = """
    broadcast_cast astype copy detach reshape transpose broadcast_to flip roll tril triu conjugate real imag
    getitem setitem concatenate stack repeat pick place embedding unfold pad unpad max_unpool
"""
_MOVES = frozenset(_MOVE.split())
