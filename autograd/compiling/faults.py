"""Calls of programs that ask what NumPy reported: whether a result may be 0 * inf."""

from __future__ import annotations

from typing import Any

import numpy as np

from .changed import Undecided


class _Faults:
    """Stands for whether NumPy reported an invalid operation; a program puts its own in place."""


FAULTS = _Faults()


# What `faults.invalid` is while a pull is recorded: it asks for `keep_zeros`, and is told from a report.
ASKED = 1


def reported(faults: Any) -> Any:
    return np.bool_(faults.invalid)


def cleared(faults: Any) -> None:
    faults.invalid = False


def zeroed(faults: Any, g: Any, result: Any, unmasked: Any) -> None:
    if faults.invalid:
        put_zeros(g, result, unmasked)


def put_zeros(g: Any, result: Any, unmasked: Any) -> None:
    """0 in a rule's result where its cotangent is.

    Errors: Undecided if it may be 0 since it vanishes, where the derivative is infinite.
    """
    lost_in(g, result, unmasked)
    np.copyto(result, 0, where=np.equal(g, 0))


def lost_in(g: Any, result: Any, unmasked: Any) -> Any:
    """Where a cotangent of 0 met an infinite derivative, and is masked.

    Errors: Undecided if it may be 0 since it vanishes.
    """
    lost = np.equal(g, 0) & np.isnan(result)
    if np.any(lost & unmasked):
        raise Undecided
    return lost
