"""Native loops over arrays: loaded once, run by this thread or by several."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable

import numpy as np

from .. import threads
from . import diskcache, machine

log = logging.getLogger(__name__)

# What elements may be, as sources call them.
KINDS = {np.dtype(np.float32): "f4", np.dtype(np.float64): "f8"}


@functools.lru_cache(maxsize=512)
def loop(source: str, arrays: int) -> Callable | None:
    """`loop(table, start, stop, *arrays)` of a source, by addresses; None where it cannot be had."""
    if not diskcache.available():
        return None
    try:
        return machine.unlocked(diskcache.load(source), 3 + arrays)
    except Exception as error:  # a broken numba may raise anything; NumPy does without
        if diskcache.strict():
            raise
        log.warning("a native loop cannot be had, NumPy computes what it would: %s", error)
        return None


def run(loop: Callable, n: int, work: int, table: int, *arrays: int) -> None:
    """A loop over range(n), on threads if it makes so many steps that they come in time."""
    if work >= threads.PARALLEL and n > 1 and threads.count() > 1:
        threads.spread(loop, n, table, *arrays)
    else:
        loop(table, 0, n, *arrays)
