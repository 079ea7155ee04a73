"""What a program does in Python at each run: the numbers of optimisers, and random draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .ir import FRESH, NUMBER
from .options import original
from .traced import Leak


class Stepping:
    """Stands in for the `step` of an optimiser while it is recorded.

    The formulas are noted as any arithmetic is; the numbers they take (rates, corrections for the
    step count) are found anew in each run, by the optimiser's own code.
    """

    def __init__(self, optimizer: Any, recorder: Any):
        self.optimizer, self.recorder = optimizer, recorder

    def step(self, closure: Callable | None = None) -> Any:
        optimizer, recorder = self.optimizer, self.recorder
        if closure is not None:
            raise Leak("step() has a closure, which it may call as often as it likes")
        if type(optimizer).step is not _base_step(optimizer):
            raise Leak(f"{type(optimizer).__name__}.step() looks at values")
        before = {parameter: slot.step for parameter, slot in optimizer._slots.items()}
        numbers = Numbers(optimizer)
        recorder.effect(numbers)
        optimizer.__dict__["_scalars"] = lambda group, slot, dtype: numbers.first(
            recorder, group, slot, dtype
        )
        direct = {slot: (slot.direct, slot.scratch) for slot in optimizer._slots.values()}
        try:
            for parameter, slot in optimizer._slots.items():
                _whole(optimizer, parameter, slot, recorder)
            result = type(optimizer).step(optimizer)
        finally:
            optimizer.__dict__.pop("_scalars")
            for slot, (was, scratch) in direct.items():
                slot.direct, slot.scratch = was, scratch
        numbers.parameters = [p for p, step in before.items() if optimizer._slots[p].step != step]
        numbers.bind()
        return result


def _base_step(optimizer: Any) -> Any:
    return next(c for c in type(optimizer).__mro__ if c.__name__ == "Optimizer").step  # type: ignore[attr-defined]


def _whole(optimizer: Any, parameter: Any, slot: Any, recorder: Any) -> None:
    """Have the formula take arrays whole: a program cuts them into tiles itself, if that pays."""
    value = parameter._data.value
    if value.dtype.kind == "f" and value.size:
        if not slot.direct and optimizer.tiled:
            slot.direct, slot.scratch = True, optimizer.scratch(value)
        slot.scratch = tuple(recorder.traced(np.empty_like(a), FRESH) for a in slot.scratch)


class Numbers:
    """Advances an optimiser's step counts and puts the numbers of its formula in place."""

    def __init__(self, optimizer: Any):
        self.optimizer = optimizer
        self.parameters: list[Any] = []
        self.slots: list[Any] = []
        self.entries: list[list] = []  # group, slot, its parameter, arrays, the values in them
        self.ran = False  # in this run of the program
        self._keepers: list[Any] = []  # slots that keep numbers of their own
        self._before: tuple = ()

    def bind(self) -> None:
        """Look up what the optimiser keeps for the parameters now."""
        slots = self.optimizer._slots
        self.slots = [slots[p] for p in self.parameters]
        for entry in self.entries:
            entry[1] = slots[entry[2]]
        self._keepers = [slot for slot in self.slots if slot.numbers]

    def first(self, recorder: Any, group: Any, slot: Any, dtype: Any) -> tuple:
        """The numbers in the recorded run, as arrays that later runs write into."""
        values = self.optimizer.advance(group, slot.step, slot.numbers)
        dtype = np.dtype(dtype)
        real = np.empty(0, dtype).real.dtype
        arrays = [v if v is None or v is True or v is False else np.array(v, real) for v in values]
        ducks = tuple(recorder.traced(a, NUMBER) if isinstance(a, np.ndarray) else a for a in arrays)
        parameter = next(p for p, s in self.optimizer._slots.items() if s is slot)
        self.entries.append([original(group), slot, parameter, tuple(arrays), tuple(values)])
        return ducks

    def __call__(self) -> None:
        from .program import Outdated

        optimizer = self.optimizer
        self._before = optimizer.stepped, [(slot, dict(slot.numbers)) for slot in self._keepers]
        self.ran = True
        for slot in self.slots:
            slot.step += 1
        optimizer.stepped = True
        for entry in self.entries:
            group, slot, _, arrays, last = entry
            values = optimizer.advance(group, slot.step, slot.numbers)
            if values == last:
                continue
            for array, value in zip(arrays, values, strict=True):
                if type(array) is np.ndarray:
                    if value is None or value is True or value is False:
                        raise Outdated("an option of the optimiser was switched off")
                    array[()] = value
                elif value is not array:
                    raise Outdated("an option of the optimiser was switched")
            entry[4] = values

    def undo(self) -> None:
        """Put back what this run has advanced: it cannot go on."""
        if not self.ran:
            return
        self.ran = False
        self.optimizer.stepped, kept = self._before
        for slot in self.slots:
            slot.step -= 1
        for slot, numbers in kept:
            slot.numbers.clear()
            slot.numbers.update(numbers)
