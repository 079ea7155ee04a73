"""A native function of a plan: its source, the table that it reads, and the step that runs it.

A loop over large arrays is a step; functions of small calls are parts of one (`chains.py`).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from ... import threads
from ...addresses import address_of
from ...loops import machine
from ...loops.chain import HOLDS
from ...loops.writing import indented, word
from ..changed import Changed, Undecided
from ..ir import Instruction, Recording, steps_of
from ..planning.axes import merged_axes
from ..planning.elementwise import COSTLY
from ..planning.fusion import Group
from ..planning.rows import Rows
from . import columns
from .pieces import Piece
from .rowcode import length, lines
from .scribe import Scribe, group_lines, outside
from .wholestep import ELEMENTS

# NumPy copies more elements than this as fast as any loop.
FEW = 1024


class Kernel:
    """A native function of a plan: its source, and what is in its table.

    Attributes:
        operands: whose addresses the table begins with; the `sizes` follow.
        hosts: which roots lie in gradients, and where there.
        checks: whether it may say that the program does not hold.
        doubts: whether it may say that it cannot tell masked cotangents from others; a loop over large
            arrays does so at the end of its table.
        length: of the outermost loop, if parts of it may run apart; else 0.
        block: so many rows have totals of their own, whose loop goes over some rows; 0: all, over columns.
    """

    def __init__(
        self,
        items: list[Group | Piece | Rows],
        recording: Recording,
        hosts: Mapping[int, tuple[int, int]] = MappingProxyType({}),
        block: int = 0,
    ):
        self.items, self.hosts, self.block = items, hosts, block
        alone = items[0] if len(items) == 1 and not isinstance(items[0], Piece) else None
        large = isinstance(alone, Rows) or (alone is not None and is_large(alone))
        touched = [o for item in items for o in _touched(item)]
        scribe = Scribe(touched, recording, not large, {host for host, _ in hosts.values()})
        self.operands, self.sizes = scribe.operands, scribe.sizes
        self.checks = any(isinstance(item, Piece) and item.checks for item in items)
        self.length, self.parallel = 0, False
        if large:
            assert alone is not None
            self.length = length(alone) if isinstance(alone, Rows) else _length(alone)
            least = columns.SHARED if isinstance(alone, Group) and alone.sums else 2
            self.parallel = alone.work >= threads.PARALLEL and self.length >= least
        self._body: list[str] = []
        for item in items:
            self._body += scribe.doubting(functools.partial(self._lines, item, scribe), not large)
        self._scribe, self.doubts = scribe, scribe.doubts
        self.checks |= self.doubts

    def _lines(self, item: Group | Piece | Rows, scribe: Scribe) -> list[str]:
        if isinstance(item, Group) and item.sums:
            return columns.of_rows(item, scribe, self.block) if self.block else columns.lines(item, scribe)
        if isinstance(item, Group):
            return group_lines(item, scribe, self.length > 0)
        return lines(item, scribe) if isinstance(item, Rows) else item.lines(scribe)

    def source(self, places: dict[int, int]) -> str:
        """The function; `places`: which operands lie in which of its arrays, which are arguments.

        A loop whose parts may run apart is given the addresses of those; others, where Python has them.
        """
        arrays, last = range(len(set(places.values()))), len(self.operands) + len(self.sizes)
        if self.length:
            head = f"def loop(t, start, stop{''.join(f', a{i}' for i in arrays)}):"
            costly = any(step.fn in COSTLY for item in self.items for step in steps_of(item))
            lines = ["widest()"] if costly else []
            lines += [f"x{i} = {word(f'a{i}', machine.DATA)}" for i in arrays]
            lines += [f"doubts = {last}"] if self.doubts else []
        else:  # the table says which arguments: others of the same source have other ones
            head = "def loop(t, args, count):"
            numbers = [word("t", last + i) for i in arrays]
            lines = [f"x{i} = {word(word('args', n), machine.DATA)}" for i, n in enumerate(numbers)]
        lines += [*self._scribe.header(places), *self._body, f"return {HOLDS}"]
        return "\n".join([head, *indented(lines)]) + "\n"

    def located(self, writer: Any) -> tuple[dict[int, int], list[str], list[int], list]:
        """Which operands lie in which arrays; their names, what the table begins with, and owners."""
        places: dict[int, int] = {}
        arrays: list[str] = []
        addresses, owners = [], []
        for i, o in enumerate(self.operands):
            if o.root in writer.bound:
                name, whole = writer.bound[o.root]
                if name not in arrays:
                    arrays.append(name)
                places[i] = arrays.index(name)
                addresses.append(o.offset - whole.offset)
            else:
                owner, low = writer.storage(o.root)
                owners.append(owner)
                addresses.append(low + o.offset)
        return places, arrays, [*addresses, *self.sizes], owners

    def placed(self, writer: Any) -> Placed:
        """The loop and its table in a program, among whose names they are."""
        places, arrays, words, owners = self.located(writer)
        number = len(writer.names)
        source, entries = self.source(places), np.array([*words, 0], np.int64)
        writer.functions.append(source.replace("def loop(", f"def loop_{number}(", 1))
        writer.names[f"owners_{number}"], writer.names[f"table_{number}"] = owners, entries
        return Placed(number, source, entries, arrays)

    def written(self, step: Instruction, writer: Any) -> str:
        """The statement that runs it in a program."""
        here = self.placed(writer)
        function, table = f"loop_{here.number}", f"table_{here.number}"
        writer.names["spread"], writer.names["undecided"] = threads.spread, _undecided
        writer.native(function, [here.source], lambda at: machine.unlocked(at, 3 + len(here.arrays)))
        writer.names[f"{table}_at"] = address_of(here.table)
        call = self._call(function, f"{table}_at", here.arrays)
        if self.doubts:
            return f"if {call} or {table}[-1]: raise undecided({table}, {step.line!r})"
        return f"if {call}: raise Changed({step.line!r})" if self.checks else call

    def _call(self, function: str, table: str, arrays: list[str]) -> str:
        rest = "".join(f", id({name})" for name in arrays)
        if self.parallel and threads.count() > 1:
            return f"spread({function}, {self.length}, {table}{rest})"
        return f"{function}({table}, 0, {self.length}{rest})"


class Placed(NamedTuple):
    """A kernel in a program.

    Attributes:
        number: which its names there end with.
        source: the function's.
        arrays: the names of the arrays that it is given.
    """

    number: int
    source: str
    table: np.ndarray
    arrays: list[str]


def _touched(item: Group | Piece | Rows) -> list:
    """The operands in memory that it reads or writes."""
    return outside(item) if isinstance(item, Group) else item.operands


def _length(group: Group) -> int:
    if group.sums:
        return columns.length(group)
    return (merged_axes(group.shape, outside(group))[0] or (0,))[0]


def moves_much(group: Group) -> bool:
    return group.moves and group.body[0].target.size > FEW


def is_large(group: Group) -> bool:
    """Whether it has a function of its own: LLVM takes seconds for copies between axes of known lengths.

    So have sums of columns, whose loops threads may share.
    """
    return bool(group.sums) or group.work > ELEMENTS or moves_much(group)


def instruction(kernel: Any, run: list) -> Instruction:
    """The step that runs a kernel, or what has one."""
    steps = [step for item in run for step in steps_of(item)]
    local = {r for item in run if not isinstance(item, Piece) for r in item.local}
    made = tuple(dict.fromkeys(o for step in steps for o in step.made() if o.root not in local))
    writes = tuple(o for step in steps for o in step.writes if o.root not in local)
    # all that it touches: what is small is read and written at different times within
    args = [o for item in run for o in _touched(item)]
    call = Instruction(_native, tuple(args), {}, made or None, writes, kind="native", extra=kernel)
    return call.stand_for(steps)


def _native() -> None:
    """Stands in a step for the function that its kernel is compiled to."""


def _undecided(table: np.ndarray, line: str) -> Changed:
    """What a loop says that gave True, or that had doubts."""
    if not table[-1]:
        return Changed(line)
    table[-1] = 0
    return Undecided(line)
