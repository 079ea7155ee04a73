"""Arrays by where they lie: at an aligned address, or in a part of memory that they have to themselves."""

from __future__ import annotations

from typing import Any

import numpy as np


def address_of(array: np.ndarray) -> int:
    """Where its first element is."""
    return array.__array_interface__["data"][0]


def aligned(nbytes: int, unit: int) -> np.ndarray:
    """So many bytes, all 0, from an address on that is a multiple of a unit."""
    room = np.zeros(nbytes + unit, np.uint8)
    start = -address_of(room) % unit
    return room[start : start + nbytes]


class ByAddress:
    """Memory as NumPy takes it from another object: what `numpy.asarray` gives refers to that."""

    def __init__(self, owner: Any, address: int, like: Any):
        self.owner = owner
        self.__array_interface__ = {
            "version": 3,
            "data": (address, False),
            "shape": like.shape,
            "strides": like.strides,
            "typestr": like.dtype.str,
        }


class Allotted(ByAddress):
    """What an array refers to that has a part of larger memory to itself, as if it owned that.

    A view of the array refers to the array, not to the whole, so that references tell who sees the part.
    """


def is_whole(array: Any) -> bool:
    """Whether an array is no view of another: it owns its memory, or has a part of some to itself."""
    return array.base is None or type(array.base) is Allotted
