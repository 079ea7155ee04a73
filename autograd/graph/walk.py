"""From tensors to records: reads the nodes of a graph, oldest first, without recursion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..diagnose import describe
from ..errors import GraphFreedError, OperandError
from ..memory import bare
from ..recording import Note, Seen, note_of
from ..summaries import summarise
from ..sweeping import is_freed
from ..tape import EXTRA, FIRST_PARENT, ORDER, PULL, TensorBase, parents
from .errors import GraphSizeError
from .inference import Call, infer
from .keys import give_keys
from .names import Names
from .records import BROADCAST, CONSTANT, INPUT, LEAF, OPERATION, Record, Tape


def tape(tensors: Any, *, names: Any = None, max_nodes: int | None = None) -> Tape:
    """The graph that a tensor (or several) was computed by, as a list of records.

    Shapes and dtypes are those that the graph has saved, those of tensors that are named, and
    what follows from them; the rest is None.

    Args:
        tensors: a Tensor or a sequence of them.
        names: what the picture calls things: a mapping from names to Tensors, ndarrays or
            modules, or a module (anything with `named_parameters()`).
        max_nodes: refuse a graph with more nodes than this, constants not counted; None for no
            limit.

    Errors: OperandError for what is no Tensor; GraphFreedError for a graph that a backward has
    released; GraphSizeError above `max_nodes`.

    Example:
        >>> from autograd import tensor
        >>> x = tensor([1.0, 2.0], requires_grad=True)
        >>> [(r.op, r.shape) for r in tape((x * x).sum())]
        [('', (2,)), ('multiply', (2,)), ('sum', ())]
    """
    roots = checked(tensors)
    known = Names(names)
    nodes = nodes_of(roots)
    if max_nodes is not None and len(nodes) > max_nodes:
        raise GraphSizeError(
            f"the graph has {len(nodes)} nodes, more than max_nodes={max_nodes}; draw a tensor "
            "nearer to the leaves, or pass a larger max_nodes= (and time_limit=: layout takes "
            "long); to_dot() and tape() take graphs of any size"
        )
    return _Reader(known).read(roots, nodes)


def checked(tensors: Any) -> list:
    """Tensors as a list. Errors: OperandError if there is anything else."""
    roots = list(tensors) if isinstance(tensors, (list, tuple)) else [tensors]
    for root in roots:
        if not isinstance(root, TensorBase):
            raise OperandError(f"graph: expected a Tensor or a sequence of Tensors, got {describe(root)}")
    if not roots:
        raise OperandError("graph: expected at least one Tensor, got an empty sequence")
    return roots


def nodes_of(roots: Sequence) -> list[list]:
    """All nodes above the roots, oldest first."""
    found: dict[int, list] = {}
    stack = [root._node for root in roots if root._node is not None]
    while stack:
        node = stack.pop()
        if node[ORDER] in found:
            continue
        found[node[ORDER]] = node
        stack.extend(parents(standing(node)))
    return [found[order] for order in sorted(found, reverse=True)]


def standing(node: list) -> list:
    """A node as it was before a backward released it, if it was recorded.

    Errors: GraphFreedError if it was not.
    """
    if not is_freed(node):
        return node
    note = note_of(node)
    if note is None:
        raise GraphFreedError(
            "the graph was released when backward() ran through it; draw it before backward(), "
            "keep it with backward(retain_graph=True), or compute it under autograd.record()"
        )
    return note.node


class _Reader:
    """Makes records of nodes. Used once."""

    def __init__(self, names: Names):
        self.names = names
        self.records: list[Record] = []
        self.ids: dict[int, int] = {}  # order of a node -> id
        self.constants: dict[Any, int] = {}  # id() of an array, or a name -> id of its record
        self.calls: list[Call] = []
        self.held: list = []  # arrays whose id() is a key above

    def read(self, roots: Sequence, nodes: list[list]) -> Tape:
        for node in nodes:
            self._read_node(node)
        outputs = []
        for root in roots:
            if root._node is None:
                outputs.append(self._constant(root._data))
            else:
                outputs.append(self.ids[root._node[ORDER]])
                self.records[outputs[-1]].learn_value(root._data)
        infer(self.calls, self.records)
        give_keys(self.records)
        return Tape(self.records, tuple(outputs))

    def _new(self, kind: str, op: str = "") -> Record:
        record = Record(len(self.records), kind, op)
        self.records.append(record)
        return record

    def _read_node(self, node: list) -> None:
        note = note_of(node)
        whole = bare(standing(node))
        step = whole[PULL].step
        if step.arity == 0:
            extra = node[EXTRA]
            record = self._new(INPUT if extra is None else LEAF)
            if extra is not None and extra.grad is not None:  # it has its tensor's shape and dtype
                record.learn(extra.grad.shape, extra.grad.dtype)
                record.gradient = summarise(extra.grad._data)
        else:
            record = self._read_call(whole, step, note)
        record.order = node[ORDER]
        self.ids[node[ORDER]] = record.id
        record.name, data = self.names.of_node(node)
        if data is not None:
            record.learn_value(data)
            record.summary = summarise(data)

    def _read_call(self, node: list, step: Any, note: Note | None) -> Record:
        saved = dict(zip(step.saves, node[FIRST_PARENT + step.arity :], strict=True))
        active = dict(zip(step.active, (self.ids[p[ORDER]] for p in parents(node)), strict=True))
        prim = step.prim
        seen = note.inputs if note is not None else []
        inputs = []
        for position, argument in enumerate(_arguments(prim, saved, active)):
            source = active.get(position)
            look = seen[position] if position < len(seen) else None
            if source is None:
                source = self._read_constant(prim, position, argument, saved, look)
            elif look is not None:
                self.records[source].learn_summary(look.value)
            if source is not None:
                inputs.append((source, argument))
        name = "identity" if prim is None else prim.name
        record = self._new(BROADCAST if name == "broadcast_cast" else OPERATION, name)
        record.inputs = inputs
        if note is not None:
            _read_note(record, note)
        for key, value in saved.items():
            record.keep(key, value)
            if key in prim.statics and value is not None:
                record.options[key] = record.saved[key]
        self.calls.append(Call(record, prim, active, saved))
        return record

    def _read_constant(
        self, prim: Any, position: int, argument: str, saved: dict, seen: Seen | None
    ) -> int | None:
        """The record of an argument that no gradient flows to; None if there was no argument."""
        if seen is not None:
            return self._seen_constant(seen)
        missing = object()
        if prim.variadic:
            name = prim.arrays[0][1:]
            value = saved[name][position] if name in saved else missing
            shape = saved[f"{name}_shape"][position] if f"{name}_shape" in saved else None
        else:
            value = saved.get(argument, missing)
            shape = saved.get(f"{argument}_shape")
            if value is missing and argument in prim.defaults:
                return None  # may have been left out
        if value is None:
            return None
        if value is not missing:
            return self._constant(value)
        record = self._new(CONSTANT)
        record.learn(shape, None)
        return record.id

    def _seen_constant(self, seen: Seen) -> int:
        """The record of a constant that a recording saw."""
        name = self.names.of_array(seen.array())
        key = name or id(seen)
        if key not in self.constants:
            record = self._new(CONSTANT)
            record.name = name
            record.learn_summary(seen.value)
            self.constants[key] = record.id
            self.held.append(seen)
        return self.constants[key]

    def _constant(self, value: Any) -> int:
        """The record of a constant. One array that several operations took is one record."""
        name = self.names.of_array(value)
        key = name or (id(value) if isinstance(value, np.ndarray) and value.ndim else None)
        if key in self.constants:
            return self.constants[key]
        record = self._new(CONSTANT)
        record.name = name
        record.learn_value(value)
        record.summary = summarise(value)
        if key is not None:
            self.constants[key] = record.id
            self.held.append(value)
        return record.id


def _read_note(record: Record, note: Note) -> None:
    """Enter what a recording saw of a call."""
    record.scopes, record.seconds, record.gradient = note.scopes, note.seconds, note.gradient
    if note.source is not None:
        record.source, record.code = str(note.source), note.source.code
    if note.value is not None:
        record.learn_summary(note.value)


def _arguments(prim: Any, saved: dict, active: dict[int, int]) -> Sequence[str]:
    """The names of the arguments of a call."""
    if prim is None:
        return ("x",)
    if not prim.variadic:
        return prim.arrays
    name = prim.arrays[0][1:]
    count = len(saved.get(f"{name}_shape", saved.get(name, ()))) or max(active) + 1
    return [f"{name}[{i}]" for i in range(count)]
