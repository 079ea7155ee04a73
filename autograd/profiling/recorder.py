"""Looks on at calls, sweeps and modules, and takes down as little as it can while they run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from .. import work
from ..memory import bare
from ..primitive import REGISTRY
from ..pulls import step_for
from ..several import PICK
from ..tape import FIRST_PARENT, ORDER, PULL, TensorBase, mode
from ..watching import Watcher
from .events import BACKWARD, FORWARD, Event, Place, Span


class _Call:
    """A call as it is taken down."""

    __slots__ = ("end", "nbytes", "order", "place", "prim", "shape", "shapes", "start", "statics")

    prim: Any
    place: Place
    start: float
    end: float
    order: int | None
    shape: tuple[int, ...]
    shapes: Sequence[tuple[int, ...]]  # of the arguments, where they say how much work it is
    statics: tuple  # likewise
    nbytes: int


class _Step:
    """A step of a sweep as it is taken down."""

    __slots__ = ("call", "end", "nbytes", "order", "own", "place", "shape", "start", "step")

    step: Any
    call: _Call | None  # the call that it belongs to
    place: Place
    start: float
    end: float
    own: float
    order: int
    shape: tuple[int, ...]
    nbytes: int


class Scopes(list):
    """The stack of running modules; tells the profile when one begins and ends."""

    def __init__(self, running: Any, recorder: Recorder):
        super().__init__(running)
        self._outer, self._recorder = running, recorder
        self.ended = False

    def append(self, module: Any) -> None:
        super().append(module)
        self._outer.append(module)
        if not self.ended:
            self._recorder.enter(module)

    def pop(self, index: Any = -1) -> Any:
        if not self.ended:
            self._recorder.leave()
        self._outer.pop(index)
        return super().pop(index)

    def end(self) -> None:
        """Tell no more; take it off the thread, unless one that began later still stands on it."""
        self.ended = True
        while isinstance(mode.scopes, Scopes) and mode.scopes.ended:
            mode.scopes = mode.scopes._outer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._outer, name)


class Recorder(Watcher):
    """Takes down calls, sweeps and modules."""

    def __init__(self) -> None:
        self.began = perf_counter()
        self.top = self.place = Place()
        self.calls: list[_Call] = []
        self.steps: list[_Step] = []
        self.spans: list[Span] = []
        self.by_node: dict[int, _Call] = {}
        self.running: list[tuple[Place, float]] = []
        self.sweeps: list[float] = []
        self.inside = 0.0  # seconds in events inside the step that is running
        self.scopes: Any = None
        self.cast = step_for(REGISTRY["broadcast_cast"], (0,)).pull

    def call(self, run: Callable, prim: Any, args: Sequence, statics: tuple) -> Any:
        start = perf_counter()
        out = run(prim, args, statics)
        end = perf_counter()
        self.inside += end - start
        call = _Call()
        call.prim, call.start, call.end = prim, start, end
        call.place = self.place if mode.scopes is self.scopes else self.find(mode.scopes)
        call.order = None
        outs: tuple = out if isinstance(out, tuple) else (out,)
        call.shape = getattr(outs[0], "_data", outs[0]).shape
        call.nbytes = 0
        for one in outs:
            if isinstance(one, TensorBase):
                if one._node is not None:
                    self._know(one._node, call)
                if prim.view is None or one._alias is None:  # else of the same memory
                    call.nbytes += one._data.nbytes
            else:
                call.nbytes += one.nbytes
        call.statics = statics if work.needs_statics(prim) else ()
        call.shapes = () if prim.is_elementwise else [_shape(arg) for arg in args]
        self.calls.append(call)
        return out

    def _know(self, node: list, call: _Call) -> None:
        """Enter the nodes that a call made: its own, and those around it."""
        while node[PULL].step.prim is not call.prim and node[PULL].step.arity == 1:
            self.by_node[node[ORDER]] = call  # picks one of several results
            node = node[FIRST_PARENT]
        call.order = order = node[ORDER]
        self.by_node[order] = call
        for parent in node[FIRST_PARENT : FIRST_PARENT + node[PULL].step.arity]:
            if parent[PULL] is self.cast:
                self.by_node.setdefault(parent[ORDER], call)

    def pull(self, run: Callable, node: list, g: Any) -> Any:
        step = _Step()
        step.step, step.order = node[PULL].step, node[ORDER]
        if not step.step.arity or step.step.prim is PICK:
            return run(node, g)
        before, self.inside = self.inside, 0.0
        start = perf_counter()
        interceptor = mode.interceptor
        if type(g) is np.ndarray or isinstance(g, np.generic):
            mode.interceptor = None  # calls on arrays are no more than the rule's own work
        try:
            parts = run(node, g)
        finally:
            mode.interceptor = interceptor
        step.start, step.end = start, perf_counter()
        step.own = step.end - start - self.inside
        self.inside = before + step.end - start
        step.call = self.by_node.get(step.order)
        if step.call is None and step.step.prim is not None and len(node) > FIRST_PARENT:
            step.call = self._unseen_call(node, parts if type(parts) is tuple else (parts,), g)
        step.place = step.call.place if step.call is not None else self.top
        step.shape = _shape(g)
        step.nbytes = _made(parts if type(parts) is tuple else (parts,), g)
        self.steps.append(step)
        return parts

    def _unseen_call(self, node: list, parts: Sequence, g: Any) -> _Call:
        """What a step of a sweep tells of a call before the profile: cotangents have its shapes."""
        step, prim = node[PULL].step, node[PULL].step.prim
        saved = dict(zip(step.saves, bare(node)[FIRST_PARENT + step.arity :], strict=False))
        cotangents = dict(zip(step.active, parts, strict=False))
        call = _Call()
        call.prim, call.place, call.order, call.nbytes = prim, self.top, None, 0
        call.start = call.end = 0.0
        call.shape = _shape(g)
        call.shapes = [_argument_shape(prim, i, cotangents, saved) for i in range(_arguments(step, saved))]
        call.statics = tuple(saved.get(name) for name in prim.statics)
        return call

    def begin(self, roots: list) -> None:
        self.sweeps.append(perf_counter())

    def end(self) -> None:
        self.spans.append(Span(self.top, BACKWARD, self.sweeps.pop(), perf_counter()))

    def enter(self, module: Any) -> None:
        self.place = self.place.child(module)
        self.running.append((self.place, perf_counter()))

    def leave(self) -> None:
        if self.running:
            place, start = self.running.pop()
            self.spans.append(Span(place, FORWARD, start, perf_counter()))
            self.place = place.parent  # type: ignore[assignment]

    def events(self) -> list[Event]:
        """What was taken down, in the order in which it ended."""
        found = [_event_of_call(call, self.began) for call in self.calls]
        found += [_event_of_step(step, self.began) for step in self.steps]
        return sorted(found, key=lambda event: event.end)

    def find(self, scopes: Sequence) -> Place:
        """The place of the last of these modules, each of which runs in the one before."""
        place = self.top
        for module in scopes:
            place = place.child(module)
        return place


def _arguments(step: Any, saved: dict[str, Any]) -> int:
    """How many arrays a call took, as far as its node tells."""
    name = step.prim.arrays[0][1:]
    return len(saved.get(name) or step.active) if step.prim.variadic else len(step.prim.arrays)


def _argument_shape(prim: Any, i: int, cotangents: dict[int, Any], saved: dict) -> tuple[int, ...]:
    """The shape of an argument: of its cotangent, or as a node saved it; () if neither is there."""
    if cotangents.get(i) is not None:
        return _shape(cotangents[i])
    name = prim.arrays[0][1:] if prim.variadic else prim.arrays[i]
    value, shape = saved.get(name), saved.get(f"{name}_shape", ())
    return (_shape(value[i]) if prim.variadic else _shape(value)) if value is not None else shape


def _shape(arg: Any) -> tuple[int, ...]:
    return getattr(getattr(arg, "_data", arg), "shape", ())


def _made(parts: Sequence, g: Any) -> int:
    """Bytes of the cotangents that a step made: not of those that it passed on."""
    made = 0
    for part in parts:
        if part is not None and part is not g:
            data = getattr(part, "_data", part)
            if getattr(data, "base", None) is None:
                made += getattr(data, "nbytes", 0)
    return made


def _event_of_call(call: _Call, began: float) -> Event:
    return Event(
        call.prim.name, FORWARD, call.place, call.start - began, call.end - began, call.end - call.start,
        call.shape, call.nbytes, work.flops(call.prim, call.shapes, call.shape, call.statics), call.order,
    )  # fmt: skip


def _event_of_step(step: _Step, began: float) -> Event:
    prim, call = step.step.prim, step.call
    flops = 0
    if prim is not None and prim.name == "broadcast_cast":
        flops = math.prod(step.shape)
    elif call is not None and call.prim is prim:
        flops = work.backward_flops(prim, step.step.active, call.shapes, call.shape, call.statics)
    return Event(
        "identity" if prim is None else prim.name, BACKWARD, step.place, step.start - began,
        step.end - began, step.own, step.shape, step.nbytes, flops, step.order,
    )  # fmt: skip
