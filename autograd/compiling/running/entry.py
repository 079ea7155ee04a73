"""One program bound to the arrays it reads and writes, ready to run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Set
from typing import Any

from ...tape import new_tensor
from ..changed import Moved, Outdated
from ..ir import FRESH
from ..plan import NUMPY, planned
from ..reading.holding import Holding, is_alone, is_owned, release, take_back
from ..reading.keys import Keys
from ..reading.owners import SlotPlace, TensorPlace, extra_of
from ..reading.state import State
from ..recording.numbers import Advancing
from ..recording.tracing import TracedRun
from . import accumulated, calls
from .guarded import Guarded
from .program import Writer
from .together import may_move, together

# How often a program is bound until it leaves arrays where others have brought them.
SETTLED = 4


class Entry:
    """A program with what belongs to it.

    `run(arrays)` gives what the function would; Changed says that it cannot, and that nothing
    was changed.

    Attributes:
        names: what the functions around the program know: see `calls`.
        body, call: those functions; `call` is None if none is written.
        verified: whether it was found to do what the function does.
        attempts, hopes: how often faster kernels were tried in its place, and whether they shall be again.
    """

    def __init__(self, traced: TracedRun, state: State, kernels: str = NUMPY):
        self.traced, self.state, self._kernels = traced, state, kernels
        self.verified, self.attempts, self.hopes = False, 0, False
        self.rebindings = 0
        self.source = ""
        self.names: dict[str, Any] = {}
        self.call: Callable | None = None
        self.options: list[list[Any]] = []  # of optimisers, whose numbers a call has found in place
        self._expected, self._patience = 0, 1  # when a call was written last; how many runs must follow
        self._plan({o.root for p, o in traced.places if isinstance(p, (TensorPlace, SlotPlace))})
        self._bind()

    # -------------------------------------------------------------- binding

    def _plan(self, movable: Set[int]) -> None:
        """Plan the program, where the arrays of these roots of the state can be brought elsewhere."""
        recording = self.traced.recording
        self._movable = movable
        self.plan = planned(recording, _lasting(self.traced), self._kernels, movable)
        steps, touched = self.plan.steps, self.plan.touched
        finals = {o.root for pair in recording.finals for o in pair}
        self.written = touched(o for step in steps for o in step.writes)
        self.written |= {target.root for target, _ in recording.finals}
        self.used = finals | touched(o for step in steps for o in (*step.reads(), *step.writes))
        self.guarded = Guarded(self.plan)
        self.inner = [step.fn for step in steps if isinstance(step.fn, Advancing)]

    def _bind(self) -> None:
        """Write the program for the arrays that the state has now."""
        self.state.prepare()
        blocks = self._together()
        self._hold(self._arrays() | blocks)
        self._count()

    def _together(self) -> dict[int, Any]:
        """The blocks of the state by root; what others would see to be moved is left out of the plan's."""
        places = {operand.root: place for place, operand in self.traced.places}
        again = self.rebindings < SETTLED
        while True:
            blocks = self.plan.blocks
            found = {b: together([places[root] for root in parts], again) for b, parts in blocks.items()}
            apart = {root for b, parts in blocks.items() if found[b] is None for root in parts}
            if not apart:
                return found
            stuck = {root for root in apart if not may_move(places[root], again)}
            self._plan(self._movable - (stuck or apart))

    def _hold(self, bindings: dict[int, Any]) -> None:
        held = [root for _, root in (*self.tensors, *self.slots)] + self.added
        self._holding: Holding | None = Holding(bindings[root] for root in held)
        self._write(bindings)
        self._holding.note()
        self._holding.include([self.names[n] for n in self.names if n[:1] == "d" and n[1:].isdigit()])

    def _arrays(self) -> dict[int, Any]:
        """The arrays of the state by root: in memory that the program may write."""
        self.tensors: list[tuple[Any, int]] = []
        self.slots: list[tuple[SlotPlace, int]] = []
        found = {}
        for place, operand in self.traced.places:
            if isinstance(place, TensorPlace):
                if operand.root in self.written:
                    release(place.owner)
                self.tensors.append((place.owner, operand.root))
            elif isinstance(place, SlotPlace):
                self.slots.append((place, operand.root))
            else:
                continue
            array = found[operand.root] = place.get()
            if (array.shape, array.strides, array.dtype) != operand[2:]:
                raise Outdated("a tensor of the state has another shape, layout or dtype")
        self.added = list({o.root: None for _, o in accumulated.places(self.traced, self.used)})
        roots = self.traced.recording
        for _, operand in accumulated.places(self.traced, self.used):
            if operand.root not in found:
                found[operand.root] = accumulated.memory_of(operand, roots)
        return found

    def _write(self, bindings: dict[int, Any]) -> None:
        writer = Writer(self.traced.recording, self.plan, bindings)
        run, self.source = writer.function()
        self.wrapped = self.traced.recording.quiet or "faults" in self.source
        names = self.names = {"run": run, "faults": writer.faults}
        for i, (tensor, root) in enumerate(self.tensors):
            names |= {f"t{i}": tensor, f"s{i}": bindings[root], f"n{i}": tensor._node, f"k{i}": 0}
        stay = accumulated.stay(self.traced)
        for i, (tensor, final) in enumerate(self.traced.grads):
            names[f"e{i}"] = extra_of(tensor)
            if final is not None and i not in stay:
                names[f"d{i}"] = writer.array(final)
                names[f"g{i}"] = new_tensor(names[f"d{i}"])
        for i, (_, root) in enumerate(self.slots):
            names[f"b{i}"] = bindings[root]
        kept = [
            accumulated.Kept(i, names[f"e{i}"], writer.array(o), o.root in self.written, i not in stay)
            for i, o in accumulated.places(self.traced, self.used)
        ]
        names |= {f"q{i}": one.array for i, one in enumerate(kept)}
        backups = [writer.array(o) for o in self.guarded.written(self.traced.places)]
        names |= {"kept": kept, "backups": backups}
        for numbers in (*self.traced.numbers, *self.inner):
            numbers.bind()
        self.body = calls.body(self)

    def _count(self) -> None:
        """Note how many references there are to each array when nobody else has any."""
        names = self.names
        for i in range(len(self.tensors)):
            names[f"k{i}"] = sys.getrefcount(names[f"s{i}"])
        for i in self._given():
            names[f"m{i}"] = sys.getrefcount(names[f"d{i}"])
        for i, one in enumerate(names["kept"]):
            names[f"z{i}"] = sys.getrefcount(one.array)

    def ready(self) -> None:
        """Make sure that the program's arrays are those of the state, and nobody else's."""
        bound = "run" in self.names  # else the last attempt to bind it was refused
        if not (bound and self._has_values() and self._has_slots() and self._has_gradients()):
            self.rebindings += 1
            self._forget()
            self._bind()
        for numbers in (*self.traced.numbers, *self.inner):
            if not numbers.is_bound():
                numbers.bind()
                self._unexpect()

    def _has_values(self) -> bool:
        names = self.names
        for i, (tensor, root) in enumerate(self.tensors):
            node = names[f"n{i}"]
            if tensor._node is not node:
                if (tensor._node is None) is not (node is None):
                    raise Moved("a tensor began or ceased to require grad")
                return False
            if tensor._data is not names[f"s{i}"]:
                if not take_back(tensor, names[f"s{i}"]):
                    return False
            elif root in self.written and sys.getrefcount(names[f"s{i}"]) != names[f"k{i}"]:
                if not is_owned(tensor):  # others may hold it, unless for a graph
                    release(tensor)
                    self._unexpect()
                elif not is_alone(tensor):
                    return False
            names[f"k{i}"] = sys.getrefcount(names[f"s{i}"])
        return True

    def _has_slots(self) -> bool:
        slots = ((p.owner, p.name, self.names[f"b{i}"]) for i, (p, _) in enumerate(self.slots))
        return all(
            parameter in optimizer._slots and optimizer._slots[parameter].state[at] is array
            for (optimizer, parameter), at, array in slots
        )

    def _has_gradients(self) -> bool:
        """Whether no gradient is still held by the caller; one that is becomes the caller's."""
        names = self.names
        for i in self._given():
            grad, memory = f"g{i}", f"d{i}"
            elsewhere = names[grad]._data is not names[memory]
            if (
                names[grad]._alias is not None
                or sys.getrefcount(names[memory]) > names[f"m{i}"] - elsewhere
            ):
                return False  # its very memory was handed out, or saved by a graph
            if elsewhere:  # the caller has put another there
                names[grad] = new_tensor(names[memory])
            elif sys.getrefcount(names[grad]) > calls.HELD - (names[f"e{i}"].grad is not names[grad]):
                names[grad]._data = names[grad]._data.copy()
                names[grad] = new_tensor(names[memory])
        return accumulated.ready(names["kept"], [names[f"z{i}"] for i in range(len(names["kept"]))])

    def _given(self) -> list[int]:
        """The numbers of the tensors that get a gradient of the program's own."""
        return [i for i in range(len(self.traced.grads)) if f"d{i}" in self.names]

    def _forget(self) -> None:
        self._unexpect()
        for name in [n for n in self.names if n not in ("seen", "again", "changes", "MISS")]:
            del self.names[name]
        self._holding = None  # there are no such references any more

    # -------------------------------------------------------------- running

    def run(self, arrays: list) -> Any:
        self.ready()
        for values in self.options:  # this run puts numbers of its own in place
            values.clear()
        return self.body(*arrays)

    def expect(self, args: tuple, options: dict, keys: Keys, replays: int) -> None:
        """Be ready for more calls like this one, which was found to fit by its key."""
        if self.call is not None and replays - self._expected < self._patience:
            self.names |= {"seen": keys.seen, "again": keys.again()}  # mostly nothing else has changed
            return
        # to write a call takes as long as some keys; calls that never come again shall not slow others
        often = self._expected and replays - self._expected < 2 * self._patience
        self._patience = min(2 * self._patience, 64) if often else 1
        self._expected = replays
        assert keys.captured is not None
        self.call = calls.call(self, args, options, keys)

    def _unexpect(self) -> None:
        # whoever calls it finds that it is of no use
        self.names |= {"seen": -1, "again": lambda names: False}
        self.call = None


def _lasting(traced: TracedRun) -> dict[int, int | None]:
    """Gradients' roots that are the program's own, each with the step that makes its old values dead."""
    found: dict[int, list[int | None]] = {}
    for tensor, operand in traced.grads:
        if operand is not None and traced.recording.roots[operand.root].kind == FRESH:
            found.setdefault(operand.root, []).append(traced.dead.get(id(tensor)))
    return {root: None if None in all_of else max(all_of) for root, all_of in found.items()}  # type: ignore[type-var]
