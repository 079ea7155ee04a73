"""Primitives called again with the very values of a call are asked once.

Rules of special functions call them again, or what they are made of, with the same arguments.
Primitives are functions: the same values give the same result. The tape keeps the values as they
were, so identity tells.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..memory import SMALL
from .repeats import at_each, is_costly, place_of_array, repeats_of

REPEATS = "repeats"
UNKNOWN: Any = object()


class Asking:
    """A block that runs with the values of a call: what primitives give for them is looked up in `known`.

    Results above SMALL bytes are not kept; none is where not `keeps`.
    """

    __slots__ = ("_before", "_keeps", "_known", "_places", "_values")

    def __init__(self, known: dict[tuple, Any], values: Sequence, keeps: bool):
        self._known, self._values, self._keeps = known, values, keeps
        self._places: Any = None  # id of a value -> its position, once a primitive is called

    def __enter__(self) -> None:
        self._before, _asked.block = _asked.block, self

    def __exit__(self, *exception: Any) -> None:
        _asked.block = self._before

    def answer(self, f_raw: Callable, args: tuple) -> Any:
        """f_raw(*args)."""
        at = self._places
        if at is None:
            at = self._places = {id(value): i for i, value in enumerate(self._values)}
        places = tuple([at.get(id(arg), -1) for arg in args])
        if -1 in places:
            return self._computed(f_raw, args, places)
        result = self._known.get((f_raw, places))
        if result is not None:
            return result.copy()
        result = self._computed(f_raw, args, places)
        if self._keeps and isinstance(result, (np.ndarray, np.generic)) and result.nbytes <= SMALL:
            self._known[f_raw, places] = result.copy()
        return result

    def _computed(self, f_raw: Callable, args: tuple, places: tuple[int, ...]) -> Any:
        """f_raw(*args); the repeats in a value of the call are found once."""
        if not is_costly(f_raw):
            return f_raw(*args)
        i = place_of_array(args)
        if i is None:
            return f_raw(*args)
        key = REPEATS, places[i]
        repeats = self._known.get(key, UNKNOWN) if places[i] >= 0 else UNKNOWN
        if repeats is UNKNOWN:
            repeats = repeats_of(args[i])
            if places[i] >= 0 and (repeats is None or args[i].nbytes <= SMALL):
                self._known[key] = repeats
        return f_raw(*args) if repeats is None else at_each(f_raw, args, i, repeats)


class _Asked(threading.local):
    block: Any = None


_asked = _Asked()


def plainly(f_raw: Callable, args: tuple, kwargs: dict) -> Any:
    """The call of a primitive without tensors."""
    block = _asked.block
    return f_raw(*args, **kwargs) if block is None or kwargs else block.answer(f_raw, args)
