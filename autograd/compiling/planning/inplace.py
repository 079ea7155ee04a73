"""Results of elementwise calls in the place of an argument that nothing reads any more.

The result gets the argument's name, so that whoever runs the call sees one piece of memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from ..faults import cleared, zeroed
from ..ir import FRESH, Instruction, Operand, Recording, steps_of
from .fusion import Group
from .lowering import gives_new_array
from .rows import Rows

_CLIPS = {np.clip, np.ndarray.clip}
# Loops that compute these may compute an element again; calls that ask what NumPy reported, too.
_TWICE = {np.sin, np.cos, zeroed, cleared}


def renamed(step: Instruction, moved: Mapping[int, int]) -> Instruction:
    """A step with other roots in the places of some."""
    return step.readdressed(lambda o: o._replace(root=moved[o.root]) if o.root in moved else o)


def renamed_group(group: Group, moved: Mapping[int, int]) -> Group:
    """The same of a group; two roots become one only where a result takes an argument's place."""

    def change(x: Any) -> Any:
        return x._replace(root=moved[x.root]) if type(x) is Operand and x.root in moved else x

    found = Group(group.shape, [renamed(step, moved) for step in group.steps], local=group.local)
    found.sums = {moved.get(root, root) for root in group.sums}
    for one in group.body:
        inputs = tuple([change(x) for x in one.inputs])
        found.body.append(one._replace(target=change(one.target), inputs=inputs, mask=change(one.mask)))
    for root, seen in group.seen.items():
        found.seen.setdefault(moved.get(root, root), set()).update(map(change, seen))
    found.written = {moved.get(root, root) for root in group.written}
    # a result that takes the place of such a value is not spent itself
    found.spent = {moved.get(root, root) for root in group.spent}
    found.spent -= {moved.get(root, root) for root in group.written - group.spent}
    return found


def in_place(
    items: list, recording: Recording, ends: set[int], again: Callable[[Instruction], Any] | None = None
) -> list:
    """The items (steps, groups, and what `again` makes of a step), with results in the place of arguments.

    Args:
        ends: roots that are read after the last item.
    """
    last = {o.root: i for i, item in enumerate(items) for o in _of_item(item)}
    own = {r for r in last if recording.roots[r].kind == FRESH} - ends
    own -= {o.root for item in items for s in steps_of(item) if gives_new_array(s) for o in s.made()}
    moved: dict[int, int] = {}
    found = []
    for i, item in enumerate(items):
        item = _renamed_item(item, moved, again)
        dying = {o.root for o in _of_item(item) if o.root in own and last[o.root] == i}
        pairs = _takeovers(item, dying, own, recording) if dying else {}
        for result, heir in pairs.items():
            last[heir] = last[result]
        moved |= pairs
        found.append(_renamed_item(item, pairs, again))
    return found


def _of_item(item: Any) -> Iterable[Operand]:
    return [o for step in steps_of(item) for o in step.touched()]


def _renamed_item(item: Any, moved: Mapping[int, int], again: Any) -> Any:
    if not moved:
        return item
    if isinstance(item, Instruction):
        return renamed(item, moved)
    if isinstance(item, Group):
        inside = any(root in moved for root in item.seen)
        return renamed_group(item, moved) if inside else item
    if isinstance(item, Rows):
        return item.rename(moved, [renamed(step, moved) for step in item.steps])
    step = renamed(item.step, moved)
    return item if step is item.step else again(step)


def _takeovers(item: Any, dying: set[int], own: set[int], recording: Recording) -> dict[int, int]:
    """Results of an item by root, each with the argument whose place it takes."""
    if isinstance(item, Instruction):
        return _of_steps([item], set(), dying, own, recording) if _is_elementwise(item) else {}
    if not isinstance(item, Group) or any(step.fn in _TWICE for step in item.steps):
        return {}
    return _of_steps(item.steps, item.local | item.sums, dying, own, recording)


def _is_elementwise(step: Instruction) -> bool:
    if step.kind != "call" or type(step.results) is not Operand:
        return False
    if step.fn is np.where:
        return len(step.args) == 3 and type(step.args[2]) is Operand
    return step.fn in _CLIPS or (
        isinstance(step.fn, np.ufunc) and step.fn.signature is None and step.fn.nout == 1
    )


def _of_steps(
    steps: list[Instruction], local: set[int], dying: set[int], own: set[int], recording: Recording
) -> dict[int, int]:
    read: dict[int, set[Operand]] = {}
    ends: dict[int, int] = {}
    for i, step in enumerate(steps):
        for o in step.reads():
            read.setdefault(o.root, set()).add(o)
        ends |= {o.root: i for o in step.touched()}
    found: dict[int, int] = {}
    for i, step in enumerate(steps):
        out = step.results
        # of a single element NumPy takes long to see that it may
        if type(out) is not Operand or out.root in local or out.root not in own or out.size == 1:
            continue
        for root, seen in read.items():
            if root not in dying or root in local or root in found.values():
                continue
            here = out._replace(root=root)
            alone = seen == {here} and ends[root] <= i
            # the last argument is written first
            if step.fn is np.where and not (type(step.args[2]) is Operand and step.args[2] == here):
                continue
            if alone and recording.roots[root].nbytes == recording.roots[out.root].nbytes:
                found[out.root] = root
                break
    return found
