"""NumPy's buffers, which its iterator allocates for arrays that it cannot run through in one go.

A program makes them small, and as large as they were where a sum depends on it.
"""

from __future__ import annotations

import numpy as np

from ..ir import Instruction, Operand, operands

# Elements of a buffer in programs; NumPy has 8192 if nobody says otherwise.
SMALL = 512


def needed(steps: list[Instruction]) -> bool:
    """Whether any call may allocate larger buffers than a program's."""
    found = [step.extra.group.steps if hasattr(step.extra, "group") else [step] for step in steps]
    return any(_may_buffer(one) for calls in found for one in calls)


def _may_buffer(step: Instruction) -> bool:
    """Whether NumPy's iterator may copy: arrays of several shapes or dtypes, or not in one piece."""
    fn = step.fn
    ufunc = fn if isinstance(fn, np.ufunc) else getattr(fn, "__self__", None)
    if step.kind != "call" or not isinstance(ufunc, np.ufunc) or ufunc.signature is not None:
        return False
    arrays = [o for o in (*step.reads(), *step.made()) if o.size > 1]
    if max((o.size for o in arrays), default=0) <= SMALL:
        return False
    if fn is not ufunc:
        return fn.__name__ == "at" or len({o.dtype for o in arrays}) > 1
    inputs = {o.dtype for x in step.args[: fn.nin] for o in operands(x) if o.size > 1}
    alike = len({o.shape for o in arrays}) == 1 and all(o.contiguous for o in arrays)
    return len(inputs) > 1 or not alike


def matter(step: Instruction) -> bool:
    """Whether a step depends on the length of buffers: sums of what does not lie in one piece."""
    if step.kind == "opaque":
        return True
    if step.kind != "call" or (isinstance(step.fn, np.ufunc) and step.fn.signature is None):
        return False
    return any(o.dtype.kind in "fc" and o.size > SMALL and not _is_dense(o) for o in step.reads())


def _is_dense(o: Operand) -> bool:
    """Whether an array fills the memory between its first and its last element."""
    expected = o.dtype.itemsize
    for stride, n in sorted(zip(o.strides, o.shape, strict=True)):
        if n != 1:
            if stride != expected:
                return False
            expected *= n
    return True
