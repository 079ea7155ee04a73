"""Sweeps of a few nodes alone: how what rules look at changes with what it was computed from."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

import numpy as np

from ..sweeping import is_freed, lift
from ..tape import ORDER, PULL, TensorBase, parents


class TooLarge(Exception):
    """A graph has more nodes than it is worth to look through."""


def pulled(roots: list, ends: set, recorded: bool, most: float = np.inf) -> dict:
    """The cotangents of the nodes `ends`, by their orders; nothing goes past these. Calls no hooks.

    Recorded, what is 0 whatever happens is left out.

    Errors: TooLarge if there are more nodes than `most`.
    """
    found: dict[int, Any] = dict.fromkeys(ends)
    pending: dict[int, Any] = {}
    heap: list[list] = []
    above = _above([node for node, _ in roots], ends)
    for node, g in roots:
        if node[ORDER] in above:
            _add(node, g, pending, heap)
    while heap:
        node = heappop(heap)
        g = pending.pop(node[ORDER])
        if node[ORDER] in found:
            found[node[ORDER]] = g
            continue
        most -= 1
        if most < 0:
            raise TooLarge
        parts = node[PULL](lift(node) if recorded else node, g)
        for parent, part in zip(parents(node), parts if type(parts) is tuple else (parts,), strict=False):
            if part is None or parent[ORDER] not in above or (recorded and _is_nothing(part)):
                continue
            _add(parent, part, pending, heap)
    return found


def _above(roots: list, ends: set) -> set:
    """The orders of the nodes beneath some that lead to the nodes `ends`, and of these."""
    oldest, left = max(ends, default=1), list(roots)
    seen = {}
    while left:
        node = left.pop()
        if node[ORDER] in seen or node[ORDER] > oldest:
            continue
        seen[node[ORDER]] = node
        if node[ORDER] not in ends and not is_freed(node):
            left += parents(node)
    above = set()
    for order in sorted(seen, reverse=True):  # the oldest first
        node = seen[order]
        if order in ends or (not is_freed(node) and any(p[ORDER] in above for p in parents(node))):
            above.add(order)
    return above


def _add(node: list, g: Any, pending: dict, heap: list) -> None:
    if node[ORDER] in pending:
        pending[node[ORDER]] = pending[node[ORDER]] + g
    else:
        pending[node[ORDER]] = g
        heappush(heap, node)


def _is_nothing(g: Any) -> bool:
    """Whether it is a constant 0."""
    return isinstance(g, TensorBase) and g._node is None and not g._data.any()
