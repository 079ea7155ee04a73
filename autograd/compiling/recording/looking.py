"""Has those who look on at each call and line of a function look away while the recorder is at work."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any

import numpy as np

# From 3.12 on Python changes the code that runs whenever it is told to look: longer than to look on.
SWIFT = sys.version_info < (3, 12)
# NumPy's own functions, which call none of the user's.
OWN = frozenset(f for f in vars(np).values() if isinstance(f, np.ufunc))


class Looking:
    """Told by a recorder when its own work begins and ends.

    Attributes:
        away: nobody looks on.
        on: everybody does as before.
    """

    def __init__(self) -> None:
        self.away: Callable[[], None] = _nothing
        self.on: Callable[[], None] = _nothing

    @contextmanager
    def beside(self, watch: Any, effects: Any) -> Iterator[None]:
        """Within, those who look on are these; not a debugger, nor who measures coverage."""
        lines = sys.gettrace() if watch.before is None else None
        calls, here = sys.getprofile(), get_ident()

        def away() -> None:
            if get_ident() != here:  # nobody looks on in other threads
                return
            if effects.free:
                sys.setprofile(None)
            if lines is not None:
                sys.settrace(None)

        def on() -> None:
            if get_ident() != here:
                return
            if lines is not None:
                sys.settrace(lines)
            if effects.free:
                sys.setprofile(calls)

        if SWIFT:
            self.away, self.on = away, on
        try:
            yield
        finally:
            self.away = self.on = _nothing


def _nothing() -> None:
    pass
