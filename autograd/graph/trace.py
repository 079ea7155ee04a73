"""What is drawn: tensors that are there, or those that a function gives when it runs once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..diagnose import describe
from ..errors import OperandError
from ..modes import enable_grad
from ..recording import Scope, note_of, record
from ..sweeping import conjugate, sweep
from ..tape import ORDER, PULL, TensorBase, identity_node, new_tensor
from .arguments import parameters
from .records import CONSTANT, INPUT, Tape
from .state import unchanged
from .walk import checked, nodes_of, tape


@dataclass
class Traced:
    """Tensors to draw.

    Attributes:
        roots: the outputs.
        names: what is known to be called what, as `tape` takes it.
        inputs: the names of those that a function was run on.
        titles: what the outputs are called.
        since: the order of the youngest node of the forward computation, where that matters.
        ran: whether a function ran to make them.
    """

    roots: list
    names: Any
    inputs: frozenset[str] = frozenset()
    titles: list[str] = field(default_factory=list)
    since: int | None = None
    ran: bool = False

    def read(self) -> Tape:
        """The tape, with what is known besides."""
        read = tape(self.roots, names=self.names)
        read.titles = tuple(self.titles)
        for entry in read:
            if entry.kind == CONSTANT and entry.name in self.inputs:
                entry.kind = INPUT
        if self.since is not None:
            _tell_phases(read, self.since)
        return read


def trace(what: Any, inputs: Sequence[Any], names: Any) -> Traced:
    """The tensors to draw: `what`, or what it gives for the inputs if it is a function.

    Errors: OperandError if there are inputs for what is no function, or if it gives no Tensor.
    """
    if isinstance(what, (TensorBase, list, tuple)) or not callable(what):
        if inputs:
            raise OperandError(f"draw: inputs are for a function or model, and {describe(what)} is none")
        return Traced(checked(what), names)
    called = parameters(what, len(inputs))
    known: dict[str, Any] = dict(names) if isinstance(names, Mapping) else {}
    if names is not None and not isinstance(names, Mapping):
        known[""] = names
    elif callable(getattr(what, "named_parameters", None)):
        known.setdefault("", what)
    recording = record()
    with unchanged(what) as recording.entering, recording, enable_grad():
        given = [_as_input(value) for value in inputs]
        found = list(_tensors(what(*given)))
    if not found:
        raise OperandError(
            "draw: the function gave no Tensor; floating inputs are differentiated, integers are not"
        )
    fresh = {}
    for name, value in zip(called, given):
        if isinstance(value, (TensorBase, np.ndarray)) and name not in known:
            known[name] = fresh[name] = value
    return Traced(found, known, frozenset(fresh), ran=True)


def _as_input(value: Any) -> Any:
    """An input that gradients flow to, if it is floating and does not require grad already."""
    if isinstance(value, TensorBase):
        data: Any = value._data
        if value._node is not None:
            return value
    elif isinstance(value, (float, complex, np.ndarray, np.generic)):
        data = np.asarray(value)
    else:
        return value
    if data.dtype.kind not in "fc":
        return value
    return new_tensor(np.array(data), identity_node(None))


def _tensors(value: Any) -> Iterator[Any]:
    """All Tensors in nested sequences and mappings."""
    if isinstance(value, TensorBase):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _tensors(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _tensors(item)


# ---------------------------------------------------------------- the backward graph


def backward_of(traced: Traced, read: Tape) -> Traced:
    """The outputs with their gradients by all leaves and inputs, as a recorded sweep gives them."""
    starts = [(r._node, new_tensor(np.ones_like(r._data)[()])) for r in traced.roots if r._node is not None]
    if not starts:
        return traced
    nodes = nodes_of(traced.roots)
    with record() as recording, enable_grad():
        steps = _Steps(nodes, recording)
        sweep(starts, steps, keep=True, lifted=True)
        recording.within = ()
        found = {order: conjugate(g) for order, g in steps.items() if g is not None}
    names = {r.order: r.name or r.key for r in read}
    outputs = [read.title(i) for i in range(len(traced.roots))]
    of = outputs[0] if len(outputs) == 1 else "sum"
    titles = outputs + [f"d {of} / d {names[order]}" for order in found]
    roots = [*traced.roots, *found.values()]
    return Traced(roots, traced.names, traced.inputs, titles, min(n[ORDER] for n in nodes))


class _Steps(dict):
    """The targets of a recorded sweep: all nodes. Of each, it tells the recording the module.

    So that what a sweep computes lies in the same modules as that which it is the derivative of,
    in calls of their own; and it keeps what arrives at the ends, where gradients are wanted.
    """

    def __init__(self, nodes: Sequence[list], recording: record):
        super().__init__((node[ORDER], None) for node in nodes)
        self._notes = {node[ORDER]: note_of(node) for node in nodes}
        self._ends = {node[ORDER] for node in nodes if node[PULL].step.arity == 0}
        self._recording = recording
        self._forward: tuple[Scope, ...] = ()
        self._count = itertools.count()
        recording.within = ()

    def __setitem__(self, order: int, g: Any) -> None:
        if order in self._ends:
            super().__setitem__(order, g)
        note = self._notes[order]
        scopes = note.scopes if note is not None else ()
        within = self._recording.within or ()
        shared = 0
        while shared < min(len(scopes), len(within)) and scopes[shared] == self._forward[shared]:
            shared += 1
        fresh = (scope._replace(call=-1 - next(self._count)) for scope in scopes[shared:])
        self._recording.within, self._forward = (*within[:shared], *fresh), scopes


def _tell_phases(read: Tape, since: int) -> None:
    """Mark what is younger than the forward computation, and the constants that only it uses."""
    forward: set[int] = set()
    for entry in read:
        if entry.order is not None and entry.order < since:
            entry.phase = "backward"
        elif entry.inputs:
            forward.update(source for source, _ in entry.inputs)
    for entry in read:
        if entry.kind == CONSTANT and entry.id not in forward and entry.id not in read.outputs:
            entry.phase = "backward"
