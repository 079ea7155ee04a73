"""One program bound to the arrays it reads and writes, ready to run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ..memory import OWNED
from ..sweeping import freed_pull
from ..tape import TensorBase, new_tensor
from .ir import FRESH, STATE, Instruction, Operand, mapped
from .numbers import Numbers
from .plan import planned
from .program import Changed, Writer
from .recorder import cleared
from .results import ARRAY, HOLE, SCALAR, SWEPT
from .state import GradPlace, SlotPlace, State, TensorPlace, grad_of, release
from .tracing import TracedRun


class Entry:
    """A program with what belongs to it.

    `run(arrays)` gives what the function would; Changed says that it cannot, and that nothing
    was changed.
    """

    def __init__(self, traced: TracedRun, state: State, loops: bool = False):
        self.traced, self.state = traced, state
        recording = traced.recording
        lasting = {
            o.root for _, o in traced.grads if o is not None and recording.roots[o.root].kind == FRESH
        }
        self.plan = planned(recording, lasting, loops)
        self.verified = False
        self.rebindings = 0
        self.source = ""
        self._guarded = _Guarded(self.plan.steps, recording)
        self._grads: list[list] = []
        self._numbers = [step.fn for step in self.plan.steps if isinstance(step.fn, Numbers)]
        self._bind()
        self._calibrate()

    # -------------------------------------------------------------- binding

    def _bind(self) -> None:
        """Write the program for the arrays that the state has now."""
        recording = self.traced.recording
        bindings = {}
        self.state.prepare()
        self._tensors, self._slots = [], []
        for place, operand in self.traced.places:
            if isinstance(place, GradPlace):
                continue
            if isinstance(place, TensorPlace):
                release(place.owner)
            array = place.get()
            if (array.shape, array.dtype) != (operand.shape, operand.dtype):
                raise Changed("a tensor of the state has another shape or dtype")
            bindings[operand.root] = array
            if isinstance(place, TensorPlace):
                self._tensors.append([place.owner, array, 0, place.owner._node])
            elif isinstance(place, SlotPlace):
                optimizer, parameter = place.owner
                slots = optimizer._slots
                self._slots.append((optimizer, slots, slots[parameter], slots[parameter].state))
        for numbers in self._numbers:
            numbers.bind()
        self._slots = list({id(s[2]): s for s in self._slots}.values())  # once for each parameter
        writer = Writer(recording, self.plan, bindings)
        self._run, self.source = writer.function()
        self.faults = writer.faults
        self._wrapped = recording.quiet or "faults" in self.source
        self._grads = []
        for tensor, final in self.traced.grads:
            array = None if final is None else writer.array(final)
            self._grads.append([tensor, array, None])
        self._entering = [
            (place.owner, writer.array(operand))
            for place, operand in self.traced.places
            if isinstance(place, GradPlace) and _is_used(self.plan.steps, operand.root)
        ]
        self._backups = [writer.array(o) for o in self._guarded.written(self.traced.places)]

    def _calibrate(self) -> None:
        """Note how many references there are to each array when nobody else has any."""
        for entry in self._tensors:
            tensor, array = entry[:2]
            entry[2] = sys.getrefcount(array) - (tensor._data is not array)

    def _ready(self) -> None:
        """Make sure that the program's arrays are those of the state, and nobody else's."""
        for tensor, array, count, node in self._tensors:
            if tensor._node is not node:
                raise Changed("a tensor began or ceased to require grad")
            if tensor._data is not array:
                return self._rebind()
            if sys.getrefcount(array) != count:
                alias = tensor._alias
                if alias is None or alias.memory.exposure is OWNED:
                    return self._rebind()
        for optimizer, slots, slot, kept in self._slots:
            if optimizer._slots is not slots or slot.state is not kept:
                return self._rebind()
        for entry in self._grads:
            given = entry[2]
            if given is not None and (sys.getrefcount(given) > 4 or given._alias is not None):
                self._give_away(entry)
        return None

    def _rebind(self) -> None:
        self.rebindings += 1
        self._forget()
        self._bind()
        self._calibrate()

    def _give_away(self, entry: list) -> None:
        """A gradient that the caller still holds becomes the caller's."""
        given = entry[2]
        if given._alias is None:
            given._data = given._data.copy()
        else:  # its very memory was handed out
            self._forget()
            self._bind()
            self._calibrate()
        entry[2] = None

    def _forget(self) -> None:
        for entry in self._grads:
            entry[2] = None
        self._run = None

    # -------------------------------------------------------------- running

    def run(self, arrays: list) -> Any:
        self._ready()
        for tensor, array in self._entering:
            grad = grad_of(tensor)
            if grad is None:
                raise Changed("a gradient was reset")
            if grad._data is not array:
                np.copyto(array, grad._data)
        backup = self._guarded.backup(self._backups)
        for numbers in self._numbers:
            numbers.ran = False
        try:
            if self._wrapped:
                faults = self.faults
                faults.invalid = False
                with np.errstate(all="ignore", invalid="call", call=faults.note):
                    found = self._run(*arrays)
            else:
                found = self._run(*arrays)
        except Changed:
            self._undo(backup)
            raise
        except Exception as error:
            self._undo(backup)
            raise Changed(f"{type(error).__name__}: {error}") from error
        for entry in self._grads:
            tensor, array, given = entry
            node = tensor._node
            if array is None:
                if node is not None and node[2] is not None:
                    node[2].grad = None
                continue
            if given is None or given._data is not array:  # the caller may have put another there
                given = entry[2] = new_tensor(array)
            node[2].grad = given
        return result_of(self.traced, found)

    def _undo(self, backup: Callable[[], None]) -> None:
        """Leave the state as it was before a run that did not end."""
        backup()
        for numbers in self._numbers:
            numbers.undo()


def result_of(traced: TracedRun, arrays: Any) -> Any:
    """The result of the function, of these arrays."""
    tree, kinds = traced.tree, traced.kinds
    if tree is HOLE:
        return _wrapped(arrays[0], kinds[0])
    if not kinds:
        return tree
    values = zip(arrays, kinds, strict=True)
    return mapped(tree, lambda v: _wrapped(*next(values)) if v is HOLE else v)


def _wrapped(array: Any, kind: str) -> Any:
    """An array as the kind of thing that the function gives."""
    if kind == SCALAR:
        return array
    if kind == ARRAY:
        return array if type(array) is np.ndarray else np.asarray(array)
    tensor = new_tensor(array)
    if kind == SWEPT:
        # as after backward(): it requires grad, and its graph is gone
        tensor._node = [1, freed_pull, None]
    return tensor


class _Guarded:
    """What must be put back if a check fails after something was written."""

    def __init__(self, steps: list[Instruction], recording: Any):
        from ..errors import CompileError
        from .lowering import may_refuse

        checks = [i for i, s in enumerate(steps) if s.checks or s.kind == "opaque" or may_refuse(s)]
        last = checks[-1] if checks else -1
        # a native function writes state after its checks
        before = steps[: last if last >= 0 and steps[last].kind == "native" else last + 1]
        self.operands = {o.root for s in before for o in s.writes if recording.roots[o.root].kind == STATE}
        self.generators = []
        for step in before:
            if step.kind != "effect" or step.fn is cleared:
                continue
            owner = getattr(step.fn, "__self__", None)
            if isinstance(owner, np.random.Generator):
                self.generators.append(owner)
            elif any(s.checks for s in steps[steps.index(step) :]):
                raise CompileError(
                    f"{step.line}: a kernel looks at values after an optimiser's step has begun"
                )

    def written(self, places: list) -> list[Operand]:
        return [operand for _, operand in places if operand.root in self.operands]

    def backup(self, arrays: list[np.ndarray]) -> Callable[[], None]:
        if not arrays and not self.generators:
            return _nothing
        copies = [(a, a.copy()) for a in arrays]
        positions = [(g, g.bit_generator.state) for g in self.generators]

        def put_back() -> None:
            for array, values in copies:
                np.copyto(array, values)
            for generator, position in positions:
                generator.bit_generator.state = position

        return put_back


def _nothing() -> None:
    pass


def _is_used(steps: list[Instruction], root: int) -> bool:
    return any(o.root == root for s in steps for o in (*s.reads(), *s.writes))


__all__ = ["Entry", "TensorBase"]
