"""What stands in for the state while a function is recorded, and is put back."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import changes
from ...tape import TensorBase, mode
from .. import lines
from ..ir import STATE, Operand
from ..reading.owners import GradPlace, Place, TensorPlace, extra_of, grad_of
from ..reading.state import State
from . import options as groups
from .averages import Averaging
from .generators import Draws
from .numbers import Stepping
from .recorder import Recorder
from .stepper import Stepper
from .traced import Leak, Traced


class StandIns:
    """Stand-ins for the arrays of the state, and for the methods that programs repeat in their own way.

    Attributes:
        places: where the arrays of the state are, those, and their operands.
        entered: gradients that there were, and their arrays.
    """

    def __init__(self, state: State, recorder: Recorder, stepper: Stepper):
        self.state, self.recorder, self.stepper = state, recorder, stepper
        self.places: list[tuple[Place, np.ndarray, Operand]] = []
        self.entered: list[tuple[Any, np.ndarray]] = []
        self._patched: list[tuple[Any, str]] = []
        # parameters whose gradient was reset before any sweep, by id, and the number of the next step
        self._reset: dict[int, int] = {}
        self._groups: list[tuple[Any, list]] = []  # optimisers and their groups
        self._averages: list[Averaging] = []

    def enter(self) -> None:
        """Put stand-ins where the arrays of the state are, and note what is called on it."""
        recorder, names = self.recorder, self.state.names()
        for place in self.state.places():
            array = place.get()
            operand = recorder.enter(array, STATE)
            recorder.recording.roots[operand.root].label = place.label(names)
            self.places.append((place, array, operand))
            if isinstance(place, GradPlace):
                self.entered.append((grad_of(place.owner), array))
            place.put(recorder.duck(array))
        for tensor in self.state.tensors():
            if tensor._node is not None:
                self.stepper.parameters.add(id(tensor._node))
        for optimizer in self.state.optimizers:
            self._patch(optimizer, "step", Stepping(optimizer, recorder).step)
            self._groups.append((optimizer, groups.stand_in(optimizer)))
        for owner in (*self.state.optimizers, *self.state.roots):
            self._patch(owner, "zero_grad", self._resetting(owner, owner.zero_grad))
        for scheduler in self.state.schedulers:
            self._patch(scheduler, "step", _as_effect(scheduler.step, recorder))
            self._patch(scheduler, "get_last_lr", _unread(scheduler.get_last_lr))
        for average in self.state.averages():
            self._averages.append(Averaging(average, recorder))
            self._patch(average, "update_parameters", self._averages[-1].update)
        mode.generators, mode.whole = self._generator, self.stepper.whole

    def _resetting(self, owner: Any, zero_grad: Callable) -> Callable:
        """`zero_grad` that notes whose gradients are gone before any sweep reads them."""

        def reset(set_to_none: bool = True) -> None:
            if set_to_none and not self.stepper.swept:
                groups = getattr(owner, "param_groups", None)
                mine = [p for g in groups for p in g["params"]] if groups else owner.parameters()
                found = [p for p in mine if p._node is not None or not groups]
                for p in found:
                    self._reset.setdefault(id(p), self.recorder.count + 1)
            zero_grad(set_to_none)

        return reset

    def resets(self, grads: list) -> bool:
        """Whether gradients that there were before play no part."""
        return all(id(t) in self._reset for t, _ in grads if extra_of(t) is not None)

    def dead(self) -> dict[int, int]:
        """From which step on the gradients that there were before are of no use."""
        had = {id(place.owner) for place, _, _ in self.places if isinstance(place, GradPlace)}
        return {id(t): 0 for t in self.state.tensors() if id(t) not in had} | self._reset

    def _patch(self, owner: Any, name: str, value: Any) -> None:
        owner.__dict__[name] = value
        self._patched.append((owner, name))

    def put_back(self) -> None:
        """Real arrays again where stand-ins were."""
        mode.generators = mode.whole = None
        for owner, name in self._patched:
            owner.__dict__.pop(name, None)
        self._patched = []
        for optimizer, kept in self._groups:
            groups.put_back(optimizer, kept)
        self._groups = []
        for average in self._averages:
            average.put_back()
        self._averages = []
        for place, array, _ in self.places:
            if not isinstance(place, TensorPlace):
                continue
            place.put(array)
        for grad, array in self.entered:
            if isinstance(grad._data, Traced) and grad._data.value is array:
                grad._data = array
        for optimizer in self.state.optimizers:
            for slot in optimizer._slots.values():
                slot.state = tuple(a.value if isinstance(a, Traced) else a for a in slot.state)
        for tensor in self.state.tensors():
            grad = grad_of(tensor)
            if grad is not None and isinstance(grad._data, Traced):
                grad._data = grad._data.value
        changes.note()  # what optimisers keep are other tuples

    def _generator(self, generator: Any) -> Any:
        if isinstance(generator, Draws):
            return generator
        if all(generator is not g for g in self.state.all_generators()):
            raise Leak("numbers are drawn from a generator that is not named in state=")
        return Draws(generator, self.recorder)


def _unread(read: Callable) -> Callable:
    def refused(*args: Any) -> Any:
        if lines.is_library(sys._getframe(1).f_code.co_filename):
            return read(*args)
        raise Leak("a scheduler's rate is read, which a program would do only once")

    return refused


def _as_effect(step: Callable, recorder: Recorder) -> Callable:
    def run(*args: Any) -> Any:
        if any(isinstance(a, (TensorBase, Traced)) for a in args):
            raise Leak("a scheduler's step() gets a value that is computed anew at each run")
        recorder.effect(step, *args)
        return step(*args)

    return run
