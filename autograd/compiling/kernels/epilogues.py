"""Products of tiles together with what goes on with their rows: a layer's bias and activation, or the mask
and the sums of its gradient. These read rows as soon as they are computed, rather than from memory.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from ...addresses import address_of
from ...loops import tall
from ...loops.epilogue import Epilogue
from ...loops.products import rows_pay, tiled_dot
from ...loops.tiling import add_up
from ..ir import FRESH, INPUT, Instruction, Operand, Recording, steps_of
from ..planning.axes import merged_axes
from ..planning.fusion import Group, grouped
from ..planning.inplace import renamed_group
from ..planning.lowering import gives_new_array
from . import columns
from .kernel import Kernel, instruction, is_large
from .matrixloops import factors
from .order import BETWEEN, meet
from .scribe import outside


class Followed:
    """A product and the group that goes on with its rows; as a group, an item of a plan.

    Attributes:
        factors: those of the product, and its result.
        each: how far the group's outermost loop goes for a row.
    """

    checks = doubts = False

    def __init__(self, product: Instruction, factors: tuple, group: Group, each: int, kernel: Kernel):
        self.factors, self.each, self.kernel = factors, each, kernel
        self.operands = [*factors, *kernel.operands]
        self.steps, self.local = [dataclasses.replace(product, fn=tiled_dot), *group.steps], group.local

    def instruction(self) -> Instruction:
        return instruction(self, [self])

    def written(self, step: Instruction, writer: Any) -> str:
        """The statement that runs it in a program."""
        here = self.kernel.placed(writer)
        after = f"after_{here.number}"
        table = address_of(here.table)
        writer.native(after, [here.source], lambda at: Epilogue(at, table, self.each))
        a, b, out = map(writer.name, self.factors)
        return f"{writer.name(tiled_dot)}({a}, {b}, {out}, {after})"


def with_epilogues(items: list, recording: Recording, ends: set[int]) -> list:
    """The items, with such products and groups as one.

    What the sums of blocks are added up to is written where the sums of all rows were.

    Args:
        ends: roots that are read after the last item.
    """
    given = {o.root for item in items for s in steps_of(item) if gives_new_array(s) for o in s.made()}
    found: list[list] = [[item] for item in items]
    for i, item in enumerate(items):
        product = factors(item) if isinstance(item, Instruction) else None
        if product is None or not _pays(*product):
            continue
        at = _next(items, i, product[2].root)
        group = _group(items[at]) if at else None
        each = 0 if group is None else _each(group, product[2])
        if group is None or not each:
            continue
        group, totals = _in_blocks(group, tall.blocks(product[2].shape[0]), recording)
        between = [step for several in found[i + 1 : at] for x in several for step in steps_of(x)]
        free = _is_free(group, product, ends | given, recording)
        if not free or any(_stands_before(step, group, recording) for step in between):
            continue
        kernel = Kernel([group], recording, block=tall.ROWS if group.sums else 0)
        if not kernel.checks:
            found[i], found[at] = [Followed(item, product, group, each, kernel)], totals
    return [item for several in found for item in several]


def _pays(a: Operand, b: Operand, out: Operand) -> bool:
    return len(a.shape) == len(b.shape) == 2 and out.contiguous and rows_pay(a, b)


def _next(items: list, i: int, root: int) -> int:
    """The place of what touches a root next; 0 if that is not near."""
    for at in range(i + 1, min(i + 1 + BETWEEN, len(items))):
        if any(o.root == root for step in steps_of(items[at]) for o in step.touched()):
            return at
    return 0


def _group(item: Any) -> Group | None:
    """An item as a group that has a function of its own; None if it is none."""
    found = grouped([item])[0] if isinstance(item, Instruction) else item
    return found if isinstance(found, Group) and is_large(found) else None


def _each(group: Group, result: Operand) -> int:
    """How far a group's outermost loop goes for a row of a product; 0 if it does not go along the rows."""
    shape, strides = merged_axes(group.shape, outside(group))
    rows, seen = result.shape[0], [o for o in strides if o.root == result.root]
    steps = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    same = all(o.offset == result.offset and o.size == result.size and strides[o] == steps for o in seen)
    if not seen or not same or not shape or shape[0] % rows:
        return 0
    if group.sums:
        totals = [one.target for one in group.body if one.target.root in group.sums]
        of_rows = columns.fits(group) and len(shape) == 2 and shape[0] == rows
        if not of_rows or any(o.offset for o in totals):
            return 0
    return shape[0] // rows


def _in_blocks(group: Group, blocks: int, recording: Recording) -> tuple[Group, list[Instruction]]:
    """The group with sums of each block in the places of sums, and the steps that add these up."""
    parts: dict[int, Operand] = {}
    totals = []
    for step, one in zip(group.steps, group.body, strict=True):
        if one.target.root in group.sums:
            out = step.results._replace(shape=(step.results.size,), strides=(one.target.dtype.itemsize,))
            several = parts[out.root] = recording.room((blocks, out.size), out.dtype)
            totals.append(dataclasses.replace(step, fn=add_up, args=(several,), options={}, results=out))
    if not parts:
        return group, []
    found = renamed_group(group, {root: o.root for root, o in parts.items()})
    for i, one in enumerate(group.body):
        if one.target.root in parts:
            found.steps[i] = dataclasses.replace(found.steps[i], results=parts[one.target.root])
    return found, totals


def _is_free(group: Group, product: tuple, taken: set[int], recording: Recording) -> bool:
    """Whether all that a group touches has its place, and it writes nothing that the product reads."""
    roots = {o.root for o in outside(group)}
    written = group.written - group.local
    lasts = any(recording.roots[root].kind != FRESH for root in written)
    is_given = roots & taken or any(recording.roots[root].kind == INPUT for root in roots)
    return not (is_given or lasts or written & {product[0].root, product[1].root})


def _stands_before(step: Instruction, group: Group, recording: Recording) -> bool:
    """Whether a step must be run before a group that follows it."""
    return step.kind == "effect" or any(meet(step, one, recording) for one in group.steps)


__all__ = ["Followed", "with_epilogues"]
