"""Memory for what stands between: kept, since memory that is new takes longer."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np

_spare: list[np.ndarray] = []


@contextlib.contextmanager
def taken(nbytes: int) -> Iterator[np.ndarray]:
    """So many bytes, or more, that nobody else has."""
    try:
        room = _spare.pop()
    except IndexError:
        room = np.empty(0, np.uint8)
    if room.nbytes < nbytes:
        room = np.empty(nbytes, np.uint8)
    try:
        yield room
    finally:
        _spare[:] = [room]
