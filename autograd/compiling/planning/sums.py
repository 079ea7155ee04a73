"""Which calls sum, or take the largest, along the last axes of an array."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..ir import Instruction, Operand
from .elementwise import Assignment
from .frames import Frame

_SUMS: set[Any] = {np.sum, np.ndarray.sum}
_LARGEST: set[Any] = {np.max, np.ndarray.max, np.amax}
PRODUCTS: set[Any] = {np.dot, np.ndarray.dot, np.matmul}


class Reduction(NamedTuple):
    """A call that makes one element for each row.

    Attributes:
        given: whose product is summed, all of the shape of the first, or broadcast to it.
        out: the result.
        largest: whether it is the largest rather than the sum.
    """

    given: tuple[Operand, ...]
    out: Operand
    largest: bool = False

    def along_rows(self, frame: Frame) -> bool:
        """Whether its rows are those of a grid."""
        first = self.given[0]
        return self.out.size == frame.height and first.size == frame.size


def reduction(step: Instruction) -> Reduction | None:
    """A call as a reduction of floats along its last axes; None if it is none."""
    if step.kind != "call":
        return None
    found = _product(step) or _dotted(step) or _reduced(step)
    if found is None or found.out.size < 2 or any(o.root == found.out.root for o in found.given):
        return None
    operands = (*found.given, found.out)
    plain = all(o.dtype == found.out.dtype and o.dtype.isnative for o in operands)
    return found if plain and found.out.dtype.str[1:] in ("f4", "f8") and found.given[0].size else None


def outer(step: Instruction) -> Assignment | None:
    """A product of a column and a row of numbers, which is one multiplication for each element."""
    if step.kind != "call" or step.fn not in PRODUCTS or step.options or len(step.args) != 2:
        return None
    (a, b), out = step.args, step.results
    if any(type(o) is not Operand or len(o.shape) != 2 for o in (a, b, out)) or a.shape[1] != 1:
        return None
    if not a.dtype == b.dtype == out.dtype or out.dtype.str[1:] not in ("f4", "f8"):
        return None
    return Assignment(out, "{0} * {1}", (a, b), out.dtype)


def _product(step: Instruction) -> Reduction | None:
    """A matrix times a vector."""
    if step.fn not in PRODUCTS or step.options or len(step.args) != 2 or type(step.results) is not Operand:
        return None
    a, b = step.args
    if any(type(o) is not Operand for o in (a, b)) or len(a.shape) != 2:
        return None
    if len(b.shape) == 2 and b.shape[1] == 1:
        b = b._replace(shape=b.shape[:1], strides=b.strides[:1])
    return Reduction((a, b), step.results) if len(b.shape) == 1 else None


def _dotted(step: Instruction) -> Reduction | None:
    """Products of rows with rows."""
    args, out, options = step.args, step.results, set(step.options)
    if step.fn is np.einsum and args and type(args[0]) is str:
        of_a, _, rest = args[0].partition(",")
        of_b, _, of_out = rest.partition("->")
        letters = of_a.replace("...", "")
        if not letters or not of_a == of_b == of_out + letters[-1:] or len(set(letters)) != len(letters):
            return None
        args, options = args[1:], options - {"optimize"}
    elif step.fn is not np.vecdot and step.fn is not np.matmul:
        return None
    if options or len(args) != 2 or any(type(o) is not Operand for o in (*args, out)):
        return None
    a, b = args
    if step.fn is np.matmul:  # of rows with columns, one each
        if len(a.shape) < 3 or len(b.shape) < 3 or (a.shape[-2], b.shape[-1]) != (1, 1):
            return None
        b = b._replace(shape=(*b.shape[:-2], 1, b.shape[-2]), strides=(*b.strides[:-2], 0, b.strides[-2]))
    return Reduction((a, b), out) if a.shape == b.shape and len(a.shape) > 1 else None


def _reduced(step: Instruction) -> Reduction | None:
    """`numpy.add.reduce`, `x.sum`, ... over the last axes."""
    found = _axes(step)
    if found is None:
        return None
    x, axes, largest = found
    last = axes == list(range(axes[0], len(x.shape))) and axes[0] > 0
    return Reduction((x,), step.results, largest) if last else None


def along(step: Instruction) -> tuple[Operand, Operand] | None:
    """What a call sums over its first axes, and to what."""
    found = _axes(step) if step.kind == "call" else None
    if found is None or found[2] or found[1] != list(range(len(found[1]))):
        return None
    x, axes, _ = found
    out = step.results
    kept = len(x.shape) - len(axes)
    out = out._replace(shape=out.shape[-kept:], strides=out.strides[-kept:]) if kept else out
    return (x, out) if kept and out.shape == x.shape[len(axes) :] else None


def of_all(step: Instruction) -> tuple[Operand, bool] | None:
    """What a call sums to one number, or takes the largest of; whether it does that."""
    found = _axes(step) if step.kind == "call" else None
    if found is None or step.results.shape or step.results.dtype.str[1:] not in ("f4", "f8"):
        return None
    x, axes, largest = found
    whole = len(axes) == len(x.shape) and x.contiguous and x.dtype == step.results.dtype
    return (x, largest) if whole else None


def _axes(step: Instruction) -> tuple[Operand, list[int], bool] | None:
    """What a call reduces, along which axes, and whether to the largest rather than the sum."""
    ufunc = getattr(step.fn, "__self__", None)
    is_ufunc = isinstance(ufunc, np.ufunc) and step.fn.__name__ == "reduce"
    summing = ufunc is np.add if is_ufunc else step.fn in _SUMS
    largest = ufunc is np.maximum if is_ufunc else step.fn in _LARGEST
    if not (summing or largest) or not step.args or type(step.args[0]) is not Operand:
        return None
    x, out = step.args[0], step.results
    names = ("axis", "dtype", "out", "keepdims") if summing or is_ufunc else ("axis", "out", "keepdims")
    options = {**dict(zip(names, step.args[1:], strict=False)), **step.options}
    start = options.pop("initial", None)
    if len(step.args) > 1 + len(names) or set(options) - set(names) or type(out) is not Operand:
        return None
    if (start is not None and not (largest and start == -np.inf)) or options.get("dtype") is not None:
        return None
    axis, ndim = options.get("axis", 0 if is_ufunc else None), len(x.shape)
    given = axis if isinstance(axis, tuple) else range(ndim) if axis is None else (axis,)
    axes = sorted(a % ndim for a in given)
    return (x, axes, bool(largest)) if axes else None
