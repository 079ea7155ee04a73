"""Parameters, and what optimisers keep for them, side by side, so that one call of a program writes all.

Each stays an array of its own: nobody sees by it that others lie beside it, and who holds it, or a view of
it, is told by references as ever (`Allotted`). Only what nobody else holds is brought there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...addresses import Allotted, address_of
from ..ir import Operand
from ..planning import arena
from ..reading.holding import is_alone, is_held, is_kept_alone, release
from ..reading.owners import Place, SlotPlace
from ..recording.places import view


def together(places: Sequence[Place], again: bool) -> np.ndarray | None:
    """The memory in which the arrays of some places lie side by side, as one array; None if they may not.

    Args:
        places: of tensors or of what optimisers keep; their arrays have one dtype and are contiguous.
        again: whether to take arrays from where another program has them beside others; two programs
            with different blocks would do so at every call.
    """
    for place in places:
        place.get()  # as an array
        if not isinstance(place, SlotPlace):
            release(place.owner)  # what others saved of it stays as it is
    found = _side_by_side(places)
    if found is None and all(may_move(place, again) for place in places):
        _move(places)
        found = _side_by_side(places)
    return found


def _side_by_side(places: Sequence[Place]) -> np.ndarray | None:
    """The array that those of the places make up, if each has its part of one block, in this order."""
    arrays = [place.get() for place in places]
    first = arrays[0]
    at = low = address_of(first)
    for array in arrays:
        part = array.base
        if type(part) is not Allotted or part.owner is not first.base.owner:
            return None
        if not array.flags.c_contiguous or array.dtype != first.dtype or address_of(array) != at:
            return None
        at += array.nbytes
    size = sum(array.size for array in arrays)
    return view(first.base.owner, low, Operand(0, 0, (size,), (first.itemsize,), first.dtype))


def may_move(place: Place, again: bool) -> bool:
    """Whether only the owner of an array, and programs, would see that it is elsewhere."""
    if isinstance(place, SlotPlace):
        optimizer, parameter = place.owner
        alone = is_kept_alone(optimizer._slots[parameter].state, place.name)
    else:
        alias = place.owner._alias
        viewed = alias is not None and bool(alias.memory.live())
        alone = not viewed and is_alone(place.owner)  # also of what was handed out, once that is gone
    return alone and (again or place.get().base is None or not is_held(place.get()))


def _move(places: Sequence[Place]) -> None:
    block, at = arena.memory(sum(place.get().nbytes for place in places))
    for place in places:
        array = place.get()
        moved = np.asarray(Allotted(block, at, array))
        moved[...] = array
        place.put(moved)
        at += array.nbytes
