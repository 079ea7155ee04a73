"""Update formulas as native loops (extra `jit`): one pass over memory instead of one for each operation.

They give what NumPy gives, to the last bit; only NumPy's warnings of overflow do not come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd.errors import ArgumentError, MissingExtra, NotDifferentiable, OperandError
from autograd.loops import diskcache, formulas

from .together import together

# A loop takes up to a second to make, and a twentieth if it is on disk: it comes once so many elements
# were updated without it.
PATIENCE = 1 << 22
# The same for parameters that are updated many in one call, each of which saves half a microsecond.
PATIENCE_WITH_SMALL = 1 << 15
_KINDS = "fd"
# What PyTorch's optimisers take to choose how an update runs.
WAYS = {"foreach", "fused", "capturable", "differentiable"}


def checked_ways(name: str, ways: Mapping[str, Any]) -> Mapping[str, Any]:
    """Refuse keywords that are none of `WAYS`, and choices that cannot be had."""
    for way, choice in ways.items():
        if way not in WAYS:
            raise OperandError(f"{name}: unexpected keyword argument {way!r}")
        if choice is not None and not isinstance(choice, bool):
            raise ArgumentError(f"{name}: {way} must be True, False or None, got {choice!r}")
    if ways.get("fused") and ways.get("foreach"):
        raise ArgumentError(f"{name}: fused and foreach cannot both be True")
    if ways.get("differentiable"):
        raise NotDifferentiable(f"{name}: differentiable=True: steps of optimisers are not recorded")
    if ways.get("fused") and not diskcache.available():
        raise MissingExtra(f'{name}: fused=True needs numba: pip install "wengert[jit]"')
    return ways


class Natives:
    """The native loops of one optimiser: from now on if `fused`, never if that is False, or in time."""

    def __init__(self, fused: bool | None = None) -> None:
        self.fused, self.updated, self.updated_small = fused, 0, 0
        self._loops: dict[tuple, Callable | None] = {}
        self._numbers: tuple[Any, np.ndarray] = ((), np.empty(0))
        self._last: tuple[Any, Any, Any, Any] = (None, None, None, None)

    def __deepcopy__(self, memo: dict) -> Natives:
        return Natives(self.fused)

    def run(self, optimizer: Any, p: np.ndarray, g: np.ndarray, slot: Any, scalars: tuple) -> bool:
        """Update a large parameter, if there is a loop for it."""
        self.updated += p.size
        if self.fused is False or (self.updated < PATIENCE and not self.fused):
            return False
        arrays = (p, g, *slot.state)
        if p.dtype.char not in _KINDS or np.may_share_memory(p, g):
            return False
        if not all(a.flags.c_contiguous and a.dtype is p.dtype for a in arrays):
            return False
        loop = self._loop(optimizer, slot, p.dtype, scalars, _over_parts)
        if loop is None:
            return False
        loop(arrays, self._values(scalars, p.dtype))
        return True

    def gathers(self, count: int) -> bool:
        """Whether small parameters are to be updated together, with so many more in this step."""
        self.updated_small += count
        return bool(self.fused or (self.fused is None and self.updated_small > PATIENCE_WITH_SMALL))

    def run_together(self, optimizer: Any, slots: list, arrays: list, scalars: tuple) -> bool:
        """Update small parameters of alike slots in one call, if there is one; `arrays`: those of all."""
        known, names, call, numbers = self._last
        if known is not scalars or names != slots[0].names:
            dtype = arrays[0].dtype
            # what stands for an array while a step is recorded is none
            if type(arrays[0]) is not np.ndarray or dtype.char not in _KINDS or not optimizer.tiled:
                return False
            call = self._loop(optimizer, slots[0], dtype, scalars, together)
            numbers = self._values(scalars, dtype)
            self._last = scalars, slots[0].names, call, numbers
        return call is not None and call(numbers, *arrays) is None

    def _loop(self, optimizer: Any, slot: Any, dtype: np.dtype, scalars: tuple, make: Callable) -> Any:
        kinds = tuple(["number" if type(v) is np.ndarray else v for v in scalars])
        key = (make, dtype, slot.names, len(slot.scratch), kinds)
        if key not in self._loops:
            self._loops[key] = _made(optimizer, slot, dtype, scalars, make)
        return self._loops[key]

    def _values(self, scalars: tuple, dtype: np.dtype) -> np.ndarray:
        """The numbers among the scalars in one array, made anew when they change."""
        if self._numbers[0] is not scalars:
            self._numbers = scalars, np.array([v for v in scalars if type(v) is np.ndarray], dtype)
        return self._numbers[1]


def _made(optimizer: Any, slot: Any, dtype: np.dtype, scalars: tuple, make: Callable) -> Any:
    if not diskcache.available():
        return None

    def formula(arrays: list, scratch: list, numbers: list) -> None:
        p, g, *state = arrays
        optimizer.update(p, g, tuple(state), tuple(scratch), tuple(numbers))

    count = 2 + len(slot.state)
    body = formulas.body(formula, dtype, count, len(slot.scratch), scalars)
    return None if body is None else make(body, dtype, count)


def _over_parts(body: formulas.Body, dtype: np.dtype, count: int) -> Callable | None:
    return formulas.loop(body, count)
