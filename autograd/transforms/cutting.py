"""The border of a graph: the nodes made in a block, and those older than it that they lead to."""

from __future__ import annotations

from collections.abc import Callable

from ..tape import FIRST_PARENT, ORDER, PULL


def beyond(roots: list[list], oldest: int, ends: set[int]) -> list[list]:
    """The nodes older than the block that a graph leads to; `ends` are not passed."""
    found: dict[int, list] = {}
    _walk(roots, oldest, ends, lambda node, i, parent: found.setdefault(parent[ORDER], parent))
    found |= {node[ORDER]: node for node in roots if node[ORDER] > oldest}
    return list(found.values())


def cut(roots: list[list], oldest: int, ends: set[int], stand_ins: dict[int, list]) -> bool:
    """Have a graph end at stand-ins, in place of the nodes older than the block; whether each had one."""
    missing = [node for node in roots if node[ORDER] > oldest and node[ORDER] not in stand_ins]

    def replace(node: list, i: int, parent: list) -> None:
        if parent[ORDER] in stand_ins:
            node[i] = stand_ins[parent[ORDER]]
        else:
            missing.append(parent)

    _walk(roots, oldest, ends, replace)
    return not missing


def _walk(roots: list[list], oldest: int, ends: set[int], leaving: Callable) -> None:
    """Call `leaving(node, i, parent)` where `node[i]` is a parent older than the block."""
    seen = set(ends)
    left = [node for node in roots if node[ORDER] <= oldest]
    while left:
        node = left.pop()
        if node[ORDER] in seen:
            continue
        seen.add(node[ORDER])
        for i in range(FIRST_PARENT, FIRST_PARENT + node[PULL].step.arity):
            if node[i][ORDER] > oldest:
                leaving(node, i, node[i])
            else:
                left.append(node[i])
