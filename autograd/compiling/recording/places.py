"""The memory that a recording knows: which root an array lies in, and where there."""

from __future__ import annotations

import bisect
import itertools

import numpy as np

from ...addresses import ByAddress, address_of
from ..ir import CONSTANT, Operand, Recording, Root
from .traced import Leak


class KnownMemory:
    """Roots by address. They hold the arrays, so that no address is given out twice."""

    def __init__(self) -> None:
        self.recording = Recording()
        self._lows: list[int] = []  # where known memory begins, sorted; and the roots there
        self._places: list[Root] = []
        self._numbers = itertools.count()

    def enter(self, array: np.ndarray, kind: str, label: str = "") -> Operand:
        """Make memory known, by what the user calls it, and give the operand that is the whole array."""
        address = address_of(array)
        found = self._at(address) if array.size else None
        if found is not None:
            return _operand(found, array, address)
        root = Root(next(self._numbers), array, kind)
        self.recording.roots[root.number], root.label = root, label
        if root.nbytes:
            at = bisect.bisect(self._lows, root.low)
            self._lows.insert(at, root.low)
            self._places.insert(at, root)
        return _operand(root, array, address)

    def find(self, array: np.ndarray) -> Root | None:
        return self._at(address_of(array)) if array.size else None

    def _at(self, address: int) -> Root | None:
        at = bisect.bisect(self._lows, address) - 1
        if at >= 0 and address < self._places[at].low + self._places[at].nbytes:
            return self._places[at]
        return None

    def operand(self, array: np.ndarray) -> Operand:
        """The operand of an array: of memory that is known, or a constant's."""
        address = address_of(array)
        root = self._at(address) if array.size else None
        if root is not None:
            return _operand(root, array, address)
        if not array.size:  # a view of nothing would keep what it is a view of
            return self.enter(np.empty(array.shape, array.dtype), CONSTANT)
        owner = array
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        if array.dtype.kind not in "fciub":
            raise Leak(f"an array of {array.dtype}")
        if owner is not array and owner.dtype.kind in "fciub" and owner.size:
            self.enter(owner, CONSTANT)
        return self.enter(array, CONSTANT)


def _operand(root: Root, array: np.ndarray, address: int) -> Operand:
    offset = address - root.low if array.size else 0
    return Operand(root.number, offset, array.shape, array.strides, array.dtype)


def view(owner: np.ndarray, low: int, operand: Operand) -> np.ndarray:
    """The array of an operand, in memory that begins at `low` and that `owner` keeps alive."""
    if not operand.size:
        return np.empty(operand.shape, operand.dtype)
    return np.asarray(ByAddress(owner, low + operand.offset, operand))
