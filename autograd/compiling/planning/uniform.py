"""Of which recorded arrays all elements are one number, and what constants are."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ir import CONSTANT, Instruction, Operand, Recording
from ..recording.places import view
from .elementwise import is_number


class Uniform:
    """The numbers of one recording: of constants that are broadcast, and of what calls make of such."""

    def __init__(self, recording: Recording):
        self._recording = recording
        self._numbers: dict[int, Any] = {}  # by root, of results

    def note(self, step: Instruction) -> None:
        """Note what a call without writes gives, to which nobody else writes either."""
        fn, result = step.fn, step.results
        if not isinstance(fn, np.ufunc) or fn.signature is not None or set(step.options) - {"order"}:
            return
        given = [self.number(x) for x in step.args]
        if type(result) is Operand and result.dtype.kind in "fb" and all(x is not None for x in given):
            with np.errstate(all="ignore"):
                self._numbers[result.root] = result.dtype.type(fn(*given))

    def number(self, x: Any) -> Any:
        """The one value of an argument; None if it may have others."""
        if type(x) is not Operand:
            return x if is_number(x) else None
        if x.root in self._numbers:
            return self._numbers[x.root] if x.dtype == self._numbers[x.root].dtype else None
        root = self._recording.roots[x.root]
        if root.kind != CONSTANT or not x.size or (any(x.strides) and x.size > 1):
            return None
        return self.value(x._replace(shape=(), strides=()))[()]

    def value(self, o: Operand) -> np.ndarray:
        """A constant as an array."""
        root = self._recording.roots[o.root]
        return view(root.array, root.low, o)
