"""What a program does in Python at each run: the numbers of optimisers, and random draws."""

from __future__ import annotations

from collections.abc import Callable
from types import NoneType
from typing import Any

import numpy as np

from ..changed import Changed, Outdated
from ..faults import cleared
from ..ir import FRESH, NUMBER, Recording
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
        if type(optimizer).step is not _base_step(optimizer):
            raise Leak(f"{type(optimizer).__name__}.step() looks at values")
        loss = None if closure is None else closure()
        before = {parameter: slot.step for parameter, slot in optimizer._slots.items()}
        numbers = Numbers(optimizer)
        recorder.labels.append(type(optimizer).__name__)
        recorder.effect(numbers)
        optimizer.__dict__["_scalars"] = lambda group, slot, dtype: numbers.first(
            recorder, group, slot, dtype
        )
        direct = {slot: slot.direct for slot in optimizer._slots.values()}
        try:
            for parameter, slot in optimizer._slots.items():
                _whole(optimizer, parameter, slot, recorder)
            type(optimizer).step(optimizer)
        finally:
            recorder.labels.pop()
            optimizer.__dict__.pop("_scalars")
            for slot, was in direct.items():
                slot.direct = was
            optimizer._give_back()
        numbers.parameters = [p for p, step in before.items() if optimizer._slots[p].step != step]
        numbers.share()
        numbers.bind()
        return loss


def _base_step(optimizer: Any) -> Any:
    return next(c for c in type(optimizer).__mro__ if c.__name__ == "Optimizer").step  # type: ignore[attr-defined]


def _whole(optimizer: Any, parameter: Any, slot: Any, recorder: Any) -> None:
    """Have the formula take arrays whole: a program cuts them into tiles itself, if that pays."""
    value = parameter._data.value
    if value.dtype.kind == "f" and value.size and optimizer.tiled:
        slot.direct = True
    slot.scratch = optimizer._scratch_of(slot, value)
    if value.dtype.kind in "fc":
        slot.scratch = tuple(recorder.traced(a, FRESH) for a in slot.scratch)
    slot.ready = slot.buffers


class _Unused:
    """Stands for a step count that should not matter: whatever looks at it fails."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise TypeError("the step count is looked at")

    def __bool__(self) -> bool:
        raise TypeError("the step count is looked at")


_UNUSED: Any = _Unused()


class Advancing:
    """What a program advances in Python before it begins, and puts back if it cannot end."""

    ran = False  # in this run of the program

    def __call__(self) -> None:
        raise NotImplementedError

    def undo(self) -> None:
        raise NotImplementedError

    def bind(self) -> None:
        """Look up what it needs."""

    def is_bound(self) -> bool:
        return True

    def renew(self) -> bool:
        """Put numbers in place that are the same at each step; False if they are not."""
        return False


class Numbers(Advancing):
    """Advances an optimiser's step counts and puts the numbers of its formula in place."""

    def __init__(self, optimizer: Any):
        self.optimizer = optimizer
        self.parameters: list[Any] = []
        self.slots: list[Any] = []
        # group, slot, its parameter, arrays, the values in them; all parameters that take them, their slots
        self.entries: list[list] = []
        self._keepers: list[Any] = []  # slots that keep numbers of their own
        self._before: tuple = ()
        self._table: Any = None  # of the optimiser's slots, when they were looked up

    def bind(self) -> None:
        """Look up what the optimiser keeps for the parameters now."""
        slots = self._table = self.optimizer._slots
        self.slots = [slots[p] for p in self.parameters]
        for entry in self.entries:
            entry[0], entry[1] = self._group_of(entry[2]), slots[entry[2]]
            entry[6] = [slots[p] for p in entry[5] if p is not entry[2]]
        self._keepers = [slot for slot in self.slots if slot.numbers]

    def is_bound(self) -> bool:
        """Whether what was looked up is still what the optimiser keeps."""
        slots = self.optimizer._slots
        if slots is not self._table or any(self._group_of(e[2]) is not e[0] for e in self.entries):
            return False
        return all(slots.get(p) is s for p, s in zip(self.parameters, self.slots, strict=True))

    def _group_of(self, parameter: Any) -> Any:
        """The group that a parameter is in."""
        groups = (original(group) for group in self.optimizer.param_groups)
        return next((g for g in groups if any(p is parameter for p in dict.__getitem__(g, "params"))), None)

    def first(self, recorder: Any, group: Any, slot: Any, dtype: Any) -> tuple:
        """The numbers in the recorded run, as arrays that later runs write into."""
        values = self.optimizer.advance(group, slot.step, slot.numbers)
        dtype = np.dtype(dtype)
        real = np.empty(0, dtype).real.dtype
        arrays = [v if isinstance(v, (NoneType, bool, range)) else np.array(v, real) for v in values]
        label = f"number of {type(self.optimizer).__name__}"
        ducks = tuple(recorder.traced(a, NUMBER, label) if isinstance(a, np.ndarray) else a for a in arrays)
        parameter = next(p for p, s in self.optimizer._slots.items() if s is slot)
        self.entries.append([original(group), slot, parameter, tuple(arrays), tuple(values), [], []])
        return ducks

    def share(self) -> None:
        """Note which parameters took the same numbers: those that came next, being of one age."""
        taking = {id(p) for p in self.parameters}
        later = iter(self.entries)
        own, following = None, next(later, None)
        for group in self.optimizer.param_groups:
            for p in dict.__getitem__(original(group), "params"):
                if id(p) in taking:
                    if following is not None and following[2] is p:
                        own, following = following, next(later, None)
                    assert own is not None
                    own[5].append(p)

    def __call__(self) -> None:
        self._before = self.optimizer.stepped, [(slot, dict(slot.numbers)) for slot in self._keepers]
        self.ran = True
        for slot in self.slots:
            slot.step += 1
        self.optimizer.stepped = True
        for entry in self.entries:
            group, slot, _, _, last, _, others = entry
            values = self.optimizer.advance(group, slot.step, slot.numbers)
            if values != last:
                _put(entry, values)
            age = slot.step
            for other in others:
                if other.step != age:
                    raise Changed("parameters that were updated equally often are not any more")

    def renew(self) -> bool:
        """Put numbers in place that are the same at each step; False if they are not."""
        for entry in self.entries:
            if entry[1].numbers:
                return False
            try:
                values = self.optimizer.advance(entry[0], _UNUSED, {})
                if values != entry[4]:
                    _put(entry, values)
            except (Outdated, TypeError):
                return False
        return True

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


def _put(entry: list, values: tuple) -> None:
    """Other numbers where a program reads them."""
    for array, value in zip(entry[3], values, strict=True):
        if type(array) is np.ndarray:
            if isinstance(value, (NoneType, bool, range)):
                raise Outdated("an option of the optimiser was switched off")
            array[()] = value
        elif value != array:
            raise Outdated("an option of the optimiser was switched")
    entry[4] = values


def hoisted(recording: Recording) -> list[Any]:
    """Take what a program may advance before it begins out of its steps."""
    found: list[Any] = []
    kept, settled = [], True  # whether nothing has run that may set the options of an optimiser
    for step in recording.steps:
        drawn = isinstance(getattr(step.fn, "__self__", None), np.random.Generator)
        if isinstance(step.fn, Advancing) and settled:
            found.append(step.fn)
            continue
        settled = settled and (step.kind != "effect" or drawn or step.fn is cleared)
        kept.append(step)
    recording.steps = kept
    return found
