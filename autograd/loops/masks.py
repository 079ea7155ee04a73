"""Zeros where a mask says so, in one pass over memory where NumPy takes four."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from .. import threads
from . import machine
from .patience import loop
from .writing import EXACT, NAMES, indented, word

_KINDS = {np.dtype(np.float32): "f4", np.dtype(np.float64): "f8"}


def keep_above(x: np.ndarray, values: np.ndarray, out: np.ndarray) -> bool:
    """out = x, but 0 where values are at most 0; whether there is a loop for it.

    Shapes: any; all are of one shape and contiguous, and out is x or overlaps nothing.
    """
    kind = _KINDS.get(x.dtype)
    run = None if kind is None or values.dtype != x.dtype else _loop(kind, out is x)
    if run is None:
        return False
    if x.size >= threads.PARALLEL:
        threads.spread(run, x.size, 0, id(x), id(values), id(out))
    else:
        run(0, 0, x.size, id(x), id(values), id(out))
    return True


@functools.cache
def _loop(kind: str, in_place: bool) -> Callable | None:
    zero, to = f"{NAMES[kind]}(0)", 0 if in_place else 2
    lines = [
        *(f"p{a} = {word(f'x{a}', machine.DATA)}" for a in range(3)),
        "for i in range(start, stop):",
        # both are read whatever they are, so that nothing branches
        f"    kept = load_{kind}(p0, i, 1, 3)",
        f"    v = load_{kind}(p1, i, 2, 3)",
        f"    store_{kind}(p{to}, i, {zero} if v <= {zero} else kept, {to + 1}, 3)",
        "return 0",
    ]
    return loop("\n".join([EXACT, "def loop(t, start, stop, x0, x1, x2):", *indented(lines)]) + "\n", 3)
