"""Gradients that a program adds to: the tensor that a leaf keeps stays, and has the sum after a run."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np

from ...addresses import address_of
from ...memory import SHARED
from ..changed import Moved
from ..ir import Operand, Recording
from ..planning import arena
from ..reading.holding import is_alone, release, take_back
from ..reading.owners import GradPlace


class Kept(NamedTuple):
    """A gradient that a program reads or writes.

    Attributes:
        number: of the tensor among those of the state; its names are `e` and `g` with that number.
        extra: what the leaf keeps it in.
        array: the program's memory for it, which the gradient itself lies in whenever that can be.
        replaced: whether the leaf keeps another gradient after a run.
    """

    number: int
    extra: Any
    array: np.ndarray
    written: bool
    replaced: bool


def memory_of(operand: Operand, recording: Recording) -> np.ndarray:
    """New memory for the root of a gradient."""
    here = recording.roots[operand.root]
    if operand.nbytes == here.nbytes:
        array = np.ndarray(operand.shape, operand.dtype, strides=operand.strides)
        if np.lib.array_utils.byte_bounds(array)[0] == address_of(array):
            return array
    return arena.memory(here.nbytes)[0]


def places(traced: Any, used: set[int]) -> list[tuple[int, Operand]]:
    """The gradients that steps use: the number of the tensor, and the operand."""
    numbers = {id(tensor): i for i, (tensor, _) in enumerate(traced.grads)}
    found = ((place, operand) for place, operand in traced.places if isinstance(place, GradPlace))
    return [(numbers[id(p.owner)], operand) for p, operand in found if operand.root in used]


def ready(kept: list[Kept], bases: list[int]) -> bool:
    """Whether the memory for gradients may be written, where they lie in it as others expect to see."""
    for one, base in zip(kept, bases, strict=True):
        grad = one.extra.grad
        if grad is None:
            continue
        if grad._data is one.array:
            shared = grad._alias is not None and grad._alias.memory.exposure is SHARED
            if not (shared or is_alone(grad)):  # a graph has saved it
                return False
        elif sys.getrefcount(one.array) > base:  # a gradient of former times lies there
            return False
        elif one.array.base is None:
            take_back(grad, one.array)
    return True


def enter(kept: list[Kept]) -> None:
    """Have the values of gradients where the program has them."""
    for one in kept:
        grad = one.extra.grad
        if grad is None:
            raise Moved("a gradient was reset")
        if grad._data is not one.array:
            np.copyto(one.array, grad._data)


def leave(kept: list[Kept], names: dict[str, Any]) -> None:
    """Have the gradients themselves hold what the program has written."""
    for one in kept:
        grad = one.extra.grad
        if not one.written or grad._data is one.array:
            continue
        if one.replaced and grad is names.get(f"g{one.number}"):  # which nobody else has
            continue
        release(grad)
        np.copyto(grad._data, one.array)


def stay(traced: Any) -> set[int]:
    """The numbers of the tensors whose gradient is afterwards the one that it was."""
    there = {id(p.owner): operand for p, operand in traced.places if isinstance(p, GradPlace)}
    return {i for i, (t, final) in enumerate(traced.grads) if final and there.get(id(t)) == final}


__all__ = ["Kept", "enter", "leave", "memory_of", "places", "ready", "stay"]
