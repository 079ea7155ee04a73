"""Memory for what stands between: kept, since memory that is new takes longer."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np

from ..addresses import aligned

# A line of the cache: a vector that begins with one lies in no second one.
LINE = 64
_spare: list[np.ndarray] = []


@contextlib.contextmanager
def taken(nbytes: int) -> Iterator[np.ndarray]:
    """So many bytes, or more, that nobody else has."""
    try:
        room = _spare.pop()
    except IndexError:
        room = aligned(0, LINE)
    if room.nbytes < nbytes:
        room = aligned(nbytes, LINE)
    try:
        yield room
    finally:
        _spare[:] = [room]
