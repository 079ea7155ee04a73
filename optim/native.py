"""Update formulas as native loops (extra `jit`): one pass over memory instead of one for each operation.

They give what NumPy gives, to the last bit; only NumPy's warnings of overflow do not come.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.compiling import formulas

# A loop takes up to a second to make, and a twentieth if it is on disk: it comes once so many elements
# were updated without it.
PATIENCE = 1 << 24
_KINDS = "fd"


class Natives:
    """The native loops of one optimiser."""

    def __init__(self) -> None:
        self.updated = 0
        self._loops: dict[tuple, formulas.Loop | None] = {}
        self._numbers: tuple[Any, np.ndarray] = ((), np.empty(0))

    def __deepcopy__(self, memo: dict) -> Natives:
        return Natives()

    def run(self, optimizer: Any, p: np.ndarray, g: np.ndarray, slot: Any, scalars: tuple) -> bool:
        """Update a large parameter, if there is a loop for it."""
        self.updated += p.size
        if self.updated < PATIENCE:
            return False
        arrays = (p, g, *slot.state)
        if p.dtype.char not in _KINDS or np.may_share_memory(p, g):
            return False
        if not all(a.flags.c_contiguous and a.dtype is p.dtype for a in arrays):
            return False
        loop = self._loop(optimizer, slot, p.dtype, scalars)
        if loop is None:
            return False
        loop(arrays, self._values(scalars, p.dtype))
        return True

    def _loop(self, optimizer: Any, slot: Any, dtype: np.dtype, scalars: tuple) -> formulas.Loop | None:
        kinds = tuple(["number" if type(v) is np.ndarray else v for v in scalars])
        key = (dtype, slot.names, len(slot.scratch), kinds)
        if key not in self._loops:
            self._loops[key] = _made(optimizer, slot, dtype, scalars)
        return self._loops[key]

    def _values(self, scalars: tuple, dtype: np.dtype) -> np.ndarray:
        """The numbers among the scalars in one array, made anew when they change."""
        if self._numbers[0] is not scalars:
            self._numbers = scalars, np.array([v for v in scalars if type(v) is np.ndarray], dtype)
        return self._numbers[1]


def _made(optimizer: Any, slot: Any, dtype: np.dtype, scalars: tuple) -> formulas.Loop | None:
    if not formulas.available():
        return None

    def formula(arrays: list, scratch: list, numbers: list) -> None:
        p, g, *state = arrays
        optimizer.update(p, g, tuple(state), tuple(scratch), tuple(numbers))

    count = 2 + len(slot.state)
    source = formulas.written(formula, dtype, count, len(slot.scratch), scalars)
    return None if source is None else formulas.loop(source, count)
