"""Programs with faster kernels in the place of plain ones, once they were found to do the same."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from ...loops import diskcache
from ..plan import LOOPS, NUMBA, NUMPY
from ..reading.state import State
from .entry import Entry
from .verify import KERNELS, agree, arrays_of

log = logging.getLogger(__name__)

# In how many calls loops of numba's may give something else until they are left. Where rounding moves a
# number across 0, a mask comes out otherwise, and gradients differ by what an example gives: in this call,
# not in all.
ATTEMPTS = 8


def hurried(entry: Entry, state: State, arrays: list, result: Any, restore: Callable) -> Entry | None:
    """A program that does the same sooner; None if none does, or later calls shall tell (`entry.hopes`).

    Args:
        arrays, result: what the plain program was given, and what it gave; the state is as it left it.
        restore: brings the state back to before.
    """
    wanted = [*arrays_of(result), *state.gradients()]
    entry.attempts, entry.hopes = entry.attempts + 1, False
    failed = False
    for kernels in (NUMBA, LOOPS, NUMPY):
        if failed and kernels == LOOPS:
            continue
        restore()
        faster = _tried(entry, state, arrays, wanted, kernels)
        if faster is None:
            failed = True
        elif faster.verified:
            return faster
        elif kernels == NUMBA and entry.attempts < ATTEMPTS:
            entry.hopes = True
            return None
        else:
            log.warning("compile: a program with the kernels of %s differs, and is not used", kernels)
    return None


def _tried(entry: Entry, state: State, arrays: list, wanted: list, kernels: str) -> Entry | None:
    """A program with other kernels, `verified` if it gives what is wanted; None if there can be none."""
    try:
        faster = Entry(entry.traced, state, kernels)
        found = faster.run(arrays)
    except Exception as error:  # numba, or LLVM below it, may fail in any way
        if diskcache.strict():
            raise
        log.warning("compile: no program with the kernels of %s: %s", kernels, error)
        return None
    rounding = None if kernels == NUMPY else KERNELS
    faster.verified = agree(wanted, [*arrays_of(found), *state.gradients()], rounding)
    return faster
