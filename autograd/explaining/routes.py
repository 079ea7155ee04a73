"""A sweep in pieces: one cotangent for each path, so that a gradient is told apart into its parts.

Rules are linear in the cotangent, so that what comes by each path can be pulled by itself, and
the pieces sum to the gradient. Where more paths meet than are to be told apart, the smallest are
put together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..errors import GraphFreedError
from ..gates import is_gate
from ..memory import bare
from ..recording import Note
from ..several import Bundle
from ..sweeping import is_freed, sweep
from ..tape import EXTRA, FIRST_PARENT, ORDER, PULL, parents
from ..watching import Watcher, watching

# The order of a node, the place of its argument among those on the tape, and the trail before.
Trail = tuple[int, int, Any] | None


class Piece(NamedTuple):
    """What came by one path, or by several that are not told apart.

    Attributes:
        g: the cotangent.
        trail: the nodes that it came through; of several paths, those before they were put together.
        paths: how many paths: different sequences of operations.
    """

    g: Any
    trail: Trail
    paths: int


class Flow(NamedTuple):
    """What went through one node towards the parameter.

    Attributes:
        order: of the node.
        step: its primitive and active arguments.
        arrived: the norm of the cotangent of its result.
        hooked: that norm after the hooks of the node.
        passed: for each argument on the way, its place among those on the tape, the order of its
            node, and the norm of the cotangent that it got.
        cancels: whether cotangents or their elements add up to zero, where it gave a parent zero.
        saved: what the node saved, by name, where it got a cotangent and passed on none.
    """

    order: int
    step: Any
    arrived: float
    hooked: float
    passed: list[tuple[int, int, float]]
    cancels: bool = False
    saved: dict[str, Any] | None = None


def norm(g: Any) -> float:
    """The Euclidean norm of a cotangent."""
    if type(g) is Bundle:
        return float(np.sqrt(sum(norm(part) ** 2 for part in g.parts.values() if part is not None)))
    data = np.abs(np.asarray(g)).astype(np.float64, copy=False)
    largest = float(data.max(initial=0.0))
    if largest == 0.0 or not np.isfinite(largest):
        return largest
    return largest * float(np.linalg.norm(data / largest))


def on_the_way(root: list, target: list) -> set[int]:
    """The orders of the nodes that lead from the root to the target, both included.

    Errors: GraphFreedError if an earlier sweep released one of them.
    """
    nodes: dict[int, list] = {}
    left = [root]
    while left:
        node = left.pop()
        if is_freed(node):
            raise GraphFreedError(
                "explain: the graph was released when backward() ran through it; explain the loss before, "
                "or keep the graph with backward(retain_graph=True)"
            )
        if node[ORDER] not in nodes and node[ORDER] <= target[ORDER]:
            nodes[node[ORDER]] = node
            left.extend(parents(node))
    found = {target[ORDER]} & nodes.keys()
    for order in sorted(nodes, reverse=True):  # parents first
        if any(parent[ORDER] in found for parent in parents(nodes[order])):
            found.add(order)
    return found


class Router(Watcher):
    """Carries pieces along a sweep, through the nodes on the way alone."""

    def __init__(self, way: set[int], limit: int):
        self.way, self.limit = way, limit
        self.pieces: dict[int, list[Piece]] = {}
        self.flows: list[Flow] = []
        self.cancelling: set[int] = set()  # orders of nodes that give a parent x and -x
        self.depth = 0  # of sweeps that run within each other

    def begin(self, roots: list) -> None:
        self.depth += 1

    def end(self) -> None:
        self.depth -= 1

    def pull(self, run: Callable, node: list, g: Any) -> Any:
        order, step = node[ORDER], node[PULL].step
        if self.depth > 1:  # a rule sweeps by itself
            return run(node, g)
        if not step.arity:
            return ()
        if order not in self.way:
            return (None,) * step.arity
        pieces = self.pieces.pop(order, None) or [Piece(g, None, 1)]
        arrived = norm(g)
        if is_gate(step) or _is_hooked(node):  # what a hook does need not be linear
            arrived = norm(_total(pieces)) if not is_gate(step) else arrived
            pieces = [_together(pieces)._replace(g=g)]
        flow = Flow(order, step, arrived, norm(g), [])
        pieces = _fewer(pieces, self.limit)
        found = [self._split(run(node, p.g), p, node) for p in pieces]
        sums = []
        for i, parent in enumerate(parents(node)):
            parts = [piece for new in found if (piece := new[i]) is not None]
            sums.append(_total(parts) if parts else None)
            if parts:
                self.pieces.setdefault(parent[ORDER], []).extend(parts)
                flow.passed.append((i, parent[ORDER], norm(sums[-1])))
        if flow.hooked > 0 and not any(passed for _, _, passed in flow.passed):
            flow = self._that_cuts(flow, run, node, g)
        self.flows.append(flow)
        return tuple(sums)

    def _that_cuts(self, flow: Flow, run: Callable, node: list, g: Any) -> Flow:
        """The flow of a node that got a cotangent and passed on none, with what tells why."""
        step = flow.step
        saved = dict(zip(step.saves, bare(node)[FIRST_PARENT + step.arity :], strict=False))
        cancels = flow.order in self.cancelling
        if not cancels and not is_gate(step):
            # what cancels does so no more when its elements are weighed otherwise
            parts = run(node, _weighed(g))
            parts = parts if type(parts) is tuple else (parts,)
            ways = zip(parents(node), parts, strict=False)
            cancels = any(part is not None and norm(part) and p[ORDER] in self.way for p, part in ways)
        return flow._replace(cancels=cancels, saved=saved)

    def _split(self, parts: Any, piece: Piece, node: list) -> list[Piece | None]:
        """What a piece gives for each parent; None for those off the way.

        What goes by two arguments to the same parent, as in `x * x`, goes together.
        """
        parts = parts if type(parts) is tuple else (parts,)
        found: list[Piece | None] = []
        first: dict[int, int] = {}
        for i, (parent, part) in enumerate(zip(parents(node), parts, strict=False)):
            found.append(None)
            if part is None or parent[ORDER] not in self.way:
                continue
            earlier = found[first.setdefault(parent[ORDER], i)]
            if earlier is None:
                found[i] = Piece(part, (node[ORDER], i, piece.trail), piece.paths)
            else:
                total = earlier.g + part
                if norm(total) == 0 < norm(part):
                    self.cancelling.add(node[ORDER])
                found[first[parent[ORDER]]] = earlier._replace(g=total)
        return found


def _is_hooked(node: list) -> bool:
    """Whether a hook of the user's may change what arrives."""
    extra = node[EXTRA]
    return extra is not None and any(type(hook) is not Note for hook in extra.hooks.values())


def _weighed(g: Any) -> Any:
    """A cotangent with each element scaled by a factor of its own; zeros stay zero."""
    if type(g) is Bundle:
        return Bundle({i: _weighed(part) for i, part in g.parts.items()})
    g = np.asarray(g)
    factors = np.random.default_rng(0).uniform(0.5, 1.5, g.shape).astype(np.abs(g).dtype)
    return (g * factors).astype(g.dtype)


def _total(pieces: Sequence[Piece]) -> Any:
    total = pieces[0].g
    for piece in pieces[1:]:
        total = total + piece.g
    return total


def _together(pieces: Sequence[Piece]) -> Piece:
    """Pieces as one; its trail is what those of all of them begin with."""
    if len(pieces) == 1:
        return pieces[0]
    shared: Trail = None
    trails = [as_list(piece.trail) for piece in pieces]
    for steps in zip(*trails, strict=False):
        if len(set(steps)) > 1:
            break
        shared = (*steps[0], shared)
    return Piece(_total(pieces), shared, sum(piece.paths for piece in pieces))


def _fewer(pieces: list[Piece], limit: int) -> list[Piece]:
    """No more pieces than the limit: the smallest are put together."""
    if len(pieces) <= limit:
        return pieces
    pieces = sorted(pieces, key=lambda piece: -norm(piece.g))
    return [*pieces[: limit - 1], _together(pieces[limit - 1 :])]


def as_list(trail: Trail) -> list[tuple[int, int]]:
    """The nodes of a trail by their orders, and by which of its arguments it left each."""
    steps = []
    while trail is not None:
        order, i, trail = trail
        steps.append((order, i))
    return steps[::-1]


def split_gradient(root: list, g: Any, target: list, limit: int) -> tuple[Any, list[Piece], list[Flow]]:
    """The cotangent of the target, in all and in pieces, and what went through the nodes on the way.

    The target is the root itself, or above it. No `.grad` is written, and nothing is released.
    """
    router = Router(on_the_way(root, target), limit)
    targets: dict[int, Any] = {target[ORDER]: None}
    with watching(router):
        sweep([(root, g)], targets, keep=True)
    total = targets[target[ORDER]]
    pieces = router.pieces.pop(target[ORDER], [Piece(total, None, 1)])
    if _is_hooked(target):
        pieces = [_together(pieces)._replace(g=total)]
    return total, _fewer(pieces, limit), router.flows
