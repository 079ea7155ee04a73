"""How much gradient goes where: a sweep of its own, which leaves every `.grad` alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import GraphFreedError
from ..primitive import REGISTRY
from ..recording import note_of
from ..several import PICK
from ..summaries import Summary, summarise
from ..sweeping import is_freed, sweep
from ..tape import ORDER, PULL, parents
from .records import Tape


class Flow:
    """What a sweep brought to each record, and along each edge.

    Attributes:
        at: id of a record -> a summary of its cotangent.
        along: (source, target) -> the norm of what went from target to source.
    """

    def __init__(self) -> None:
        self.at: dict[int, Summary] = {}
        self.along: dict[tuple[int, int], float] = {}


class _Cotangents(dict):
    """Takes what a sweep brings to its targets, and keeps numbers of it.

    What goes along an edge is all that arrives at its end, unless other edges end there: then the
    step is taken a second time, to see its part.
    """

    def __init__(self, nodes: Sequence[list]):
        super().__init__((node[ORDER], None) for node in nodes)
        self.nodes = {node[ORDER]: node for node in nodes}
        self.uses = Counter(p[ORDER] for node in nodes for p in parents(node))
        self.parts: dict[tuple[int, int], float] = {}
        self.reached: set[int] = set()

    def __setitem__(self, order: int, g: Any) -> None:
        self.reached.add(order)
        if not isinstance(g, (np.ndarray, np.generic)):
            return  # a bundle, on its way to what has several results
        super().__setitem__(order, summarise(np.conjugate(g) if g.dtype.kind == "c" else g))
        node = self.nodes[order]
        prim = node[PULL].step.prim
        if prim is None or REGISTRY.get(prim.name) is not prim:
            return  # a gate calls what the user gave it: once
        above = [p[ORDER] for p in parents(node)]
        if any(self.uses[parent] > 1 for parent in above):
            found = node[PULL](node, g)
            for parent, part in zip(above, found if type(found) is tuple else (found,)):
                norm = summarise(part).norm if part is not None else 0.0
                self.parts[parent, order] = max(norm, self.parts.get((parent, order), 0.0))


def measure(tape: Tape, roots: Sequence[Any], nodes: Sequence[list]) -> Flow:
    """Sweep from the roots, with ones for what is no scalar, and see what arrives where.

    Errors: GraphFreedError if a part of the graph was released, unless it was recorded and a
    backward came by: then what that brought is all that is known.
    """
    flow = Flow()
    ids = {r.order: r.id for r in tape if r.order is not None}
    if any(is_freed(node) for node in nodes):
        flow.at = {r.id: r.gradient for r in tape if r.gradient is not None}
        picked = (r.inputs[0][0] for r in tape if r.op == PICK.name and r.id in flow.at)
        reached = {*flow.at, *picked}
        if not flow.at:
            raise GraphFreedError(
                "the graph was released, so that no gradient can be sent through it; keep it with "
                "backward(retain_graph=True)"
            )
    else:
        found = _swept(roots, nodes)
        reached = {ids[order] for order in found.reached}
        flow.at = {ids[order]: seen for order, seen in found.items() if seen is not None}
        flow.along = {(ids[a], ids[b]): norm for (a, b), norm in found.parts.items()}
    for source, target, _ in tape.edges():
        arrived = flow.at.get(target if tape[target].op == PICK.name else source)
        if tape[source].order is not None and arrived is not None and target in reached:
            flow.along.setdefault((source, target), arrived.norm)
    return flow


def _swept(roots: Sequence[Any], nodes: Sequence[list]) -> _Cotangents:
    """What a sweep finds; what a recording has noted of the program's own sweeps stays."""
    found = _Cotangents(nodes)
    starts = [(root._node, np.ones_like(root._data)[()]) for root in roots if root._node is not None]
    notes = [(note, note.gradient) for note in map(note_of, nodes) if note is not None]
    try:
        if starts:
            sweep(starts, targets=found, keep=True)
    finally:
        for note, gradient in notes:
            note.gradient = gradient
    return found
