"""Calls on small arrays as NumPy begins them fastest; results are the same to the last bit.

For a few hundred elements most of a call's time goes before its loop. NumPy begins one over arrays of
one layout in a fifth of a microsecond; where it must broadcast it sets up an iterator first.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

import numpy as np

from .ir import INPUT, Instruction, Operand, Recording
from .lowering import below, gives_new_array

# Elements up to which an operand is copied to the layout of the result rather than broadcast.
FEW = 2048
# Indices of which the largest is found by Python.
COUNTED = 32


def hastened(steps: list[Instruction], recording: Recording) -> list[Instruction]:
    """The steps with those on small arrays in faster forms."""
    # where these lie is not known before the program runs, and views of them are made each time
    moving = {o.root for step in steps if gives_new_array(step) for o in step.made()}
    moving |= {number for number, root in recording.roots.items() if root.kind == INPUT}
    found: list[Instruction] = []
    for step in _with_ranges(steps):
        found += _spread(step, recording, moving)
    return found


def _spread(step: Instruction, recording: Recording, moving: set[int]) -> list[Instruction]:
    """A binary call whose one operand is broadcast, with a copy of it in full instead."""
    out = step.results if step.results is not None else step.options.get("out")
    fn = step.fn
    if step.kind != "call" or not isinstance(fn, np.ufunc) or (fn.nin, fn.nout) != (2, 1) or fn.signature:
        return [step]
    if type(out) is not Operand or set(step.options) - {"out", "order"} or len(step.args) != 2:
        return [step]
    if not 1 < out.size <= FEW or len(out.shape) < 2 or not out.contiguous:
        return [step]
    for at, one in enumerate(step.args):
        other = step.args[1 - at]
        if type(one) is not Operand or type(other) is not Operand or one.root in moving:
            continue
        if one.size > 1 and one.shape != out.shape and other.shape == out.shape and other.contiguous:
            full = _laid_out(out, one.dtype, recording)
            copy = dataclasses.replace(
                step, fn=np.copy, args=(_broadcast(one, out.shape),), options={}, results=full, writes=()
            )
            args = (full, other) if at == 0 else (other, full)
            return [copy, dataclasses.replace(step, args=args)]
    return [step]


def _laid_out(out: Operand, dtype: np.dtype, recording: Recording) -> Operand:
    """Memory for values of another operand's shape, in C order."""
    strides = tuple(s // out.dtype.itemsize * dtype.itemsize for s in out.strides)
    made = recording.temporary(out._replace(offset=0, dtype=dtype, strides=strides))
    recording.roots[made.root].nbytes = made.nbytes
    return made


def _broadcast(one: Operand, shape: tuple[int, ...]) -> Operand:
    missing = len(shape) - len(one.shape)
    seen = zip((1,) * missing + one.shape, (0,) * missing + one.strides, shape, strict=True)
    return one._replace(shape=shape, strides=tuple(0 if n == 1 != m else s for n, s, m in seen))


def _with_ranges(steps: list[Instruction]) -> list[Instruction]:
    """Guards that all of some indices are below a limit, in one step each."""
    reads = Counter(o.root for step in steps for o in step.reads())
    found: list[Instruction] = []
    for step in steps:
        limited = _range(found[-2:], step, reads)
        if limited is not None:
            del found[-2:]
        found.append(limited or step)
    return found


def _range(before: list[Instruction], guard: Instruction, reads: Counter) -> Instruction | None:
    if guard.kind != "guard" or guard.expected is not True or len(before) < 2:
        return None
    largest, less = before
    is_largest = getattr(largest.fn, "__self__", None) is np.maximum and largest.fn.__name__ == "reduce"
    if not is_largest or less.fn is not np.less or len(less.args) != 2:
        return None
    made = [largest.results, less.results]
    if any(type(o) is not Operand or reads[o.root] != 1 for o in made) or made[0].shape:
        return None
    indices, limit = largest.args[0], less.args[1]
    if less.args[0] != made[0] or guard.args != (made[1],) or type(indices) is not Operand:
        return None
    if indices.dtype.kind not in "iu" or len(indices.shape) != 1 or not 0 < indices.size <= COUNTED:
        return None
    return dataclasses.replace(guard, fn=below, args=(indices, int(limit))) if _is_integer(limit) else None


def _is_integer(limit: Any) -> bool:
    return np.ndim(limit) == 0 and not isinstance(limit, tuple) and np.asarray(limit).dtype.kind in "iu"
