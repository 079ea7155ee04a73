"""Runs a function once under a recorder: state and arguments are stood in for, and put back."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import CompileError
from ...tape import TensorBase, new_tensor
from ...views import share
from ...watching import watching
from .. import lines
from ..containers import leaves, mapped
from ..ir import CONSTANT, FRESH, INPUT, STATE, Operand, Recording, Scalar
from ..reading.capture import Captured
from ..reading.owners import GradPlace, Place, TensorPlace, grad_of
from ..reading.state import State
from . import effects
from .asking import Asking, Hashing
from .conversions import STAND_IN_OF, Conversions
from .drawn import Number
from .generators import Draws, Watch
from .labels import changed_part, labels, parts, written
from .numbers import hoisted
from .places import view
from .recorder import Recorder, value_of
from .results import HISTORY, LIVE, hollow, kind_of, real_value
from .standins import StandIns
from .stepper import Stepper
from .traced import Leak, Traced


@dataclass(slots=True)
class TracedRun:
    """What a recorded run left: the recording, and what belongs to the state.

    Attributes:
        places: where the arrays of the state are, with their operands.
        grads: tensors and the operand of the gradient each has at the end; None for no gradient.
        dead: by id of a tensor the number of the step from which on the gradient it had before is dead.
        kinds: for each array among the outputs, what it is to the caller.
        result: the arrays that the run itself gave.
        resets: whether gradients that there were before play no part.
        numbers: what is found for optimisers before the program runs.
        met: the code of the user's functions that ran.
    """

    recording: Recording
    places: list[tuple[Place, Operand]]
    grads: list[tuple[Any, Operand | None]]
    dead: dict[int, int]
    kinds: list[str]
    tree: Any
    result: Any
    resets: bool
    numbers: list[Any]
    met: set[Any]

    def release(self) -> None:
        """Let go of the values of this run, which programs have no use for."""
        self.result = None
        for root in self.recording.roots.values():
            if root.kind in (FRESH, INPUT, STATE):
                root.array = None


def traced_run(
    fn: Callable, args: tuple, options: dict, state: State, kinds: list[str], captured: Captured
) -> TracedRun:
    """Run and record. Values are real, and the state is afterwards as the function left it.

    Arrays that the function makes or finds by name are constants, whose values it may read. If one meets a
    recorded value where only recorded arrays can, the function runs again and they are recorded, too.

    Errors: CompileError, naming line and reason, for what a program could not repeat; then the
    state is as it was.
    """
    state.prepare()
    try:
        return _traced_once(fn, args, options, state, kinds, captured)
    except Exception:
        if not any(leak.plain for leak in Leak.pending.raised):
            raise
        try:
            return _traced_once(fn, args, options, state, kinds, captured, widely=True)
        except Exception:  # the first reason is the plainer one
            pass
        raise


def _traced_once(
    fn: Callable, args: tuple, options: dict, state: State, kinds: list[str], captured: Captured,
    widely: bool = False,
) -> TracedRun:  # fmt: skip
    """One run of these; `widely`: record what is done to arrays that are made or found by name."""
    restore = state.snapshot()
    session = _Session(fn, state, kinds, captured, widely)
    Leak.pending.raised.clear()
    try:
        return session.run(args, options)
    except Leak as leak:
        session.ours.put_back()
        if session.watch is not None:
            session.watch.put_back()
        restore()
        text = str(leak)
        raise CompileError(text if lines.is_placed(text) else f"{lines.last(leak, fn)}: {text}") from leak
    except BaseException:
        session.ours.put_back()
        if session.watch is not None:
            session.watch.put_back()
        restore()
        raise


def told(error: Exception) -> str:
    """The text of an error raised while a function was recorded, which may hold recorded values."""
    try:
        return str(error)
    except Leak:
        return "of a value that is computed anew at each run"


class _Session:
    def __init__(self, fn: Callable, state: State, kinds: list[str], captured: Captured, widely: bool):
        self.widely = widely
        self.fn, self.state, self.recorder = fn, state, Recorder()
        self.captured = captured
        self.kinds: list[str] = kinds
        self.stepper = Stepper(self.recorder)
        self.ours = StandIns(state, self.recorder, self.stepper)
        self.standing: list[tuple[Any, Traced, Any, str]] = []  # stand-ins for arguments, and those
        self.names: dict[int, str] = {}  # of the parts of arguments, by identity
        self.watch: Watch | None = None

    # -------------------------------------------------------------- around the run

    def run(self, args: tuple, options: dict) -> TracedRun:
        if effects.streams(self.captured.values()):
            raise Leak("an iterator or a file is read by name, which gives another value each time")
        self.names = labels(self.fn, args, options)
        given = mapped((args, options), self._input)
        before = parts(self.fn, *given)
        self.ours.enter()
        self.recorder.ambient = np.geterr()
        self.watch = watch = Watch(effects.sources(self.captured.values()))
        self.recorder.on_draw = watch.accept
        names = self.captured.standing_in(self._named)
        arrays = Conversions(self.recorder if self.widely else None)
        seen = effects.Effects()
        looking = self.recorder.looking.beside(watch, seen)
        with names, arrays, Hashing(), watch, watching(self.stepper), seen, looking:
            result = self.fn(*given[0], **given[1])
        self.met = seen.met
        for leak in Leak.pending.raised:  # that a handler of the function's took for its own
            raise leak if lines.is_placed(str(leak)) else Leak(f"{leak.place}: {leak}")
        self._refuse_writes(before, parts(self.fn, *given))
        del given, before
        outputs = [self._output(leaf) for leaf in leaves(result)]
        tree = mapped(result, hollow)
        real = [real_value(leaf) for leaf in leaves(result) if kind_of(leaf) is not None]
        del result
        self.recorder.recording.outputs = outputs
        grads = self._finish()
        self.recorder.masks.forget()
        self._refuse_leaks()
        self.ours.put_back()
        places = [(place, operand) for place, _, operand in self.ours.places]
        recording = self.recorder.recording
        for _, operand in places:  # programs are bound to those that there are then
            recording.roots[operand.root].array = None
        return TracedRun(
            recording, places, grads, self.ours.dead(), self.kinds, tree, real,
            self.ours.resets(grads), hoisted(recording), self.met,
        )  # fmt: skip

    def _refuse_writes(self, before: dict[str, list], now: dict[str, list]) -> None:
        """An argument must be as it was: a program works on copies."""
        for tensor, duck, _, name in self.standing:
            if tensor._data is not duck:
                raise Leak(written(name))
        self.standing.clear()
        if name := changed_part(before, now):
            raise Leak(written(name))

    def _input(self, value: Any) -> Any:
        """The stand-in for an argument."""
        name = self.names.get(id(value), "")
        if isinstance(value, TensorBase):
            if any(value is t for t in self.state.tensors()):
                return value
            if value._node is not None:
                raise CompileError(f"argument {name!r} requires grad; name it in state=, or detach it")
            return self._standing(self._entered(value._data, name), value, name)
        if isinstance(value, (np.ndarray, np.generic)):
            # as a tensor, which every function of the library takes where it takes arrays
            return self._standing(self._entered(value, name), value, name)
        return self._named(value) if isinstance(value, np.random.Generator) else value

    def _standing(self, duck: Traced, value: Any, name: str) -> Any:
        tensor = new_tensor(duck)
        share(tensor)  # with the caller, so that what wraps it has its memory, too
        self.standing.append((tensor, duck, value, name))
        return tensor

    def _entered(self, value: Any, name: str) -> Traced:
        # a copy: what the run does to it in place must not reach the caller's, and no two overlap
        # of an array that repeats elements NumPy's calls give results in C order
        array = np.array(value, order="C" if 0 in getattr(value, "strides", ()) else "K")
        if any(value is t._data for t in self.state.tensors()):
            raise Leak(f"argument {name!r} is memory of the state; hand in a copy, or the tensor itself")
        operand = self.recorder.enter(array, INPUT, name)
        self.recorder.recording.inputs.append(operand)
        if array.strides != getattr(value, "strides", ()):
            self.recorder.recording.packed.add(operand.root)
        return self.recorder.duck(array, scalar=isinstance(value, np.generic))

    # -------------------------------------------------------------- what the run leaves

    def _output(self, value: Any) -> Any:
        """The operand of an array in the result; anything else as it is."""
        if type(value) is Number:
            raise Leak("a single number that is drawn is returned; return an array of it")
        kind = kind_of(value)
        if kind is None:
            return value
        if kind == LIVE:
            raise Leak(HISTORY)
        data = value._data if isinstance(value, TensorBase) else value
        if isinstance(data, (np.ndarray, np.generic)):
            data = self.recorder.traced(np.array(data), CONSTANT)
        operand = self.recorder.operand(data.value)
        return operand if data.ndim else Scalar(operand)

    def _finish(self) -> list[tuple[Any, Operand | None]]:
        """Note what the state's arrays are now, and have the real ones hold it."""
        recording = self.recorder.recording
        entered = {id(grad) for grad, _ in self.ours.entered}
        kept = {}  # by id of a tensor: its gradient is still the one that it was
        for place, array, operand in self.ours.places:
            if isinstance(place, GradPlace) and id(grad_of(place.owner)) in entered:
                kept[id(place.owner)] = operand
            elif not isinstance(place, TensorPlace):
                continue
            now = place.get()
            if isinstance(now, Traced) and now.value is array:
                continue
            if not isinstance(now, Traced) or (now.shape, now.dtype) != (array.shape, array.dtype):
                raise Leak("a tensor of the state got other memory, of another shape or from outside")
            recording.finals.append((operand, self.recorder.operand(now.value)))
        # only now, since one may hold what another held
        copies = [(self._array(target), self._array(value).copy()) for target, value in recording.finals]
        for target, value in copies:
            np.copyto(target, value)
        grads: list[tuple[Any, Operand | None]] = []
        for tensor in self.state.tensors():
            grad = grad_of(tensor)
            if grad is None:
                grads.append((tensor, None))
            elif id(tensor) in kept:
                grads.append((tensor, kept[id(tensor)]))
            elif isinstance(grad._data, Traced):
                grads.append((tensor, self.recorder.operand(grad._data.value)))
            else:
                grad._data = self.recorder.traced(np.array(grad._data), CONSTANT).copy()  # type: ignore[attr-defined]
                grads.append((tensor, self.recorder.operand(grad._data.value)))
        return grads

    def _array(self, operand: Operand) -> np.ndarray:
        root = self.recorder.recording.roots[operand.root]
        return view(root.array, root.low, operand)

    def _refuse_leaks(self) -> None:
        """Nothing may hold a stand-in but the state itself."""
        held = {id(place.get()) for place, _, _ in self.ours.places if isinstance(place, TensorPlace)}
        held |= {id(grad._data) for grad, _ in self.ours.entered}
        for tensor in self.state.tensors():
            grad = grad_of(tensor)
            if grad is not None:
                held.add(id(grad._data))
        for optimizer in self.state.optimizers:
            for slot in optimizer._slots.values():
                held |= {id(a) for a in slot.state}
        if self._held_besides(held):
            gc.collect()  # what is only in cycles is held by nobody
        found = self._held_besides(held)
        if found:
            line = self._line_of(found[0])
            found.clear()
            _make_real(self.recorder.leaked())
            raise Leak(
                f"{line}a value that was computed inside is still held outside when the function has "
                "returned, or is in a result that is no tuple, list, dict or data class"
            )

    def _line_of(self, duck: Traced) -> str:
        """The user's line that computed a value."""
        root = self.recorder.find(duck.value)
        number = -1 if root is None else root.number
        for step in self.recorder.recording.steps:
            if any(o.root == number for o in step.made()):
                return f"{step.line}: "
        return ""

    def _held_besides(self, held: set[int]) -> list[Traced]:
        """The stand-ins that somebody holds who is none of these, by id."""
        found = [duck for duck in self.recorder.leaked() if id(duck) not in held]
        bases = {id(d.base) for d in self.recorder.leaked()}
        return [duck for duck in found if id(duck) not in bases or duck.base is not None]

    # -------------------------------------------------------------- generators

    def _named(self, value: Any) -> Any:
        """What the name of a generator, a function or an array stands for in the recorded run."""
        if value is isinstance or value is type:
            return Asking(value, self._may_be)
        if isinstance(value, np.ndarray):
            known = self.widely and type(value) is np.ndarray and value.size and value.dtype.kind in "fciub"
            return self.recorder.traced(value, CONSTANT) if known else value
        declared = any(value is g for g in self.state.all_generators())
        return Draws(value, self.recorder) if declared else STAND_IN_OF.get(value, value)

    def _may_be(self, tensor: Any) -> list[Any]:
        """What a tensor over a stand-in may be in the function's own runs: itself, or its value."""
        data = value_of(tensor._data)
        for stand_in, _, given, _ in self.standing:
            if stand_in is tensor:
                return [given]
        certain = tensor._node is not None or any(tensor is t for t in self.state.tensors())
        return [tensor] if certain else [tensor, data]


def _make_real(ducks: list[Traced]) -> None:
    """Give whoever holds recorded values, tensors or what graphs saved, the real ones."""
    for duck in ducks:
        real = duck.value.copy()
        for holder in gc.get_referrers(duck):
            if isinstance(holder, TensorBase) and holder._data is duck:
                holder._data = real
            elif type(holder) is list and holder is not ducks:
                holder[:] = [real if item is duck else item for item in holder]
            elif type(holder) is dict:
                holder.update((k, real) for k, v in list(holder.items()) if v is duck)
