"""Choosing between values by a mask, for the rules and kernels of activations.

`np.where` branches at every element: on a large array whose mask has no pattern the processor
guesses half of them wrong, and it takes ten times as long as a sum. Arithmetic on the bits of the
numbers does the same without a branch, also for infinities and NaN.
"""

from __future__ import annotations

import numpy as np

from ...errors import DtypeError
from ...loops import masks
from ...loops.patience import Patience
from ..choosing import where

_patience = Patience()
# From this size on the bits are quicker; below, the fewer calls are.
BITS = 2048
# Elements that are worked on together in place: what stands between takes room, each call some time.
TILE = 1 << 16
_INTEGERS = {np.dtype(f): np.dtype(i) for f, i in (("f2", "i2"), ("f4", "i4"), ("f8", "i8"))}
# Zero as an array: NumPy takes it twice as fast as Python's.
_ZEROS = {dtype: np.zeros((), dtype) for dtype in _INTEGERS}


def zero_like(x):
    """Zero, in the form that is cheapest beside x."""
    return _ZEROS.get(x.dtype, 0) if type(x) is np.ndarray else 0


def zeroed(x, drop):
    """x with exact zeros where `drop` holds."""
    if type(drop) is not np.ndarray or type(x) is not np.ndarray:
        return where(drop, 0, x)
    zero = _ZEROS.get(x.dtype)
    if zero is None or drop.shape != x.shape or not x.ndim:
        return where(drop, 0, x)
    if x.size < BITS:
        kept = x.copy()
        np.putmask(kept, drop, zero)
        return kept
    integers = _INTEGERS[x.dtype]
    kept = drop.view(np.int8).astype(integers)
    kept -= 1  # all bits set where x is kept, none where not
    kept &= x.view(integers)
    return kept.view(x.dtype)


def kept_above(x, values, owned):
    """x with exact zeros where values are at most 0, both as `are_alike` says; in its memory if `owned`."""
    native = _patience.is_over(x, x.dtype)
    if owned and (native or x.size > TILE):
        if not (native and masks.keep_above(x, values, x)):
            _zero_below(x, values)
        return x
    if native and masks.keep_above(x, values, kept := np.empty(x.shape, x.dtype)):
        return kept
    return zeroed(x, np.less_equal(values, _ZEROS[values.dtype]))


def _zero_below(x, values):
    """Set x to exact zeros where values are at most 0; few at a time, since what stands between takes room."""
    integers, zero = _INTEGERS[x.dtype], _ZEROS[values.dtype]
    x, values = x.reshape(-1).view(integers), values.reshape(-1)
    for start in range(0, x.size, TILE):
        here = x[start : start + TILE]
        kept = np.less_equal(values[start : start + TILE], zero).view(np.int8).astype(integers)
        kept -= 1  # all bits set where x is kept, none where not
        here &= kept


def are_alike(x, values):
    """Whether they are of one shape and order, and of numbers whose bits are known."""
    known = x.dtype in _INTEGERS and values.dtype in _ZEROS and x.shape == values.shape
    return known and x.flags.c_contiguous and values.flags.c_contiguous


def select(condition, x, y):
    """x where `condition` holds, else y; y is an array of the result's shape and dtype."""
    plain = type(condition) is np.ndarray and type(y) is np.ndarray
    if plain and y.size >= BITS and condition.shape == y.shape and y.dtype in _INTEGERS:
        integers = _INTEGERS[y.dtype]
        chosen = condition.view(np.int8).astype(integers)
        np.negative(chosen, chosen)
        bits = np.asarray(x, y.dtype).view(integers)
        chosen &= bits ^ y.view(integers)
        chosen ^= y.view(integers)
        return chosen.view(y.dtype)
    return where(condition, x, y)


def is_odd(x):
    """Whether a kernel that writes into float32 or float64 arrays of its own cannot take x."""
    return not x.ndim or x.dtype.char not in "fd"


def plainly(kernel, x, *statics):
    """The results of such a kernel on any real numbers: half precision is computed in single."""
    kind = x.dtype.kind
    if kind not in "fiub":
        raise DtypeError(f"expected real numbers, got {x.dtype}")
    # an extended double has no kernel of its own
    wide = np.float32 if x.dtype == np.float16 else np.float64
    out = kernel(np.asarray(x, wide).reshape(x.shape or (1,)), *statics)
    narrow = x.dtype if kind == "f" else out[0].dtype if type(out) is tuple else out.dtype
    if type(out) is tuple:
        return tuple([_like(part, x, narrow) for part in out])
    return _like(out, x, narrow)


def _like(out, x, dtype):
    out = out.astype(dtype, copy=False)
    return out if x.ndim else out[0]
