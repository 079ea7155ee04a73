"""Zeros where a mask says so, in one pass over memory where NumPy takes four."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from . import machine, running
from .running import KINDS
from .writing import NAMES, exact, word


def keep_above(x: np.ndarray, values: np.ndarray, out: np.ndarray) -> bool:
    """out = x, but 0 where values are at most 0; whether there is a loop for it.

    Shapes: any; all are of one shape and contiguous, and out is x or overlaps nothing.
    """
    kind = KINDS.get(x.dtype)
    loop = None if kind is None or values.dtype != x.dtype else _loop(kind, out is x)
    if loop is None:
        return False
    running.run(loop, x.size, x.size, 0, id(x), id(values), id(out))
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
    return running.loop(exact(["t", "start", "stop", "x0", "x1", "x2"], lines), 3)
