"""Steps of a plan as functions that numba compiles (extra `jit`).

A group of elementwise calls over large arrays is one loop, on threads where that pays; a run of
calls on small arrays is one function. What is neither stays a call of NumPy's, but for products of matrices
that tiles compute sooner.
"""

from __future__ import annotations

import dataclasses
import functools
import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from .. import threads
from ..addresses import address_of
from ..loops import diskcache, machine
from ..loops.products import tiled_dot, tiles_pay
from ..loops.writing import given, indented, word
from . import columns
from .changed import Changed, Undecided
from .elementwise import COSTLY, zero_where_undefined
from .faults import cleared, reported, zeroed
from .fusion import WORTH, Group, grouped, read_later
from .inplace import in_place
from .ir import FRESH, NUMBER, Instruction, Recording, steps_of
from .matrixloops import factors
from .order import side_by_side
from .pieces import Piece
from .rowcode import length, lines
from .rowruns import in_rows
from .rows import Rows
from .scribe import Scribe, group_lines, merged_axes, outside
from .slots import Sharing
from .wholestep import ELEMENTS, small

# Whether native functions can be used.
available = diskcache.available
# What one function of small calls may hold: operations, and calls.
WORK, CALLS = 1 << 20, 64
# NumPy copies more elements than this as fast as any loop.
FEW = 1024
# NumPy takes stretches of more elements than this as fast as any loop.
SHORT = 64
# Calls of which all functions of a program may consist: more take too long to compile.
BUDGET = 384


class Kernel:
    """A native function of a plan: its source, and what is in its table.

    Attributes:
        operands: whose addresses the table begins with; the `sizes` follow.
        hosts: which roots lie in gradients, and where there.
        checks: whether it says that the program does not hold, by giving True.
        doubts: whether it says that it cannot tell masked cotangents from others, at the table's end.
        length: of the outermost loop, if parts of it may run apart; else 0.
    """

    def __init__(
        self,
        items: list[Group | Piece | Rows],
        recording: Recording,
        hosts: Mapping[int, tuple[int, int]] = MappingProxyType({}),
    ):
        self.items, self.hosts = items, hosts
        alone = items[0] if len(items) == 1 and not isinstance(items[0], Piece) else None
        large = isinstance(alone, Rows) or (alone is not None and _is_large(alone))
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
            return columns.lines(item, scribe)
        if isinstance(item, Group):
            return group_lines(item, scribe, self.length > 0)
        return lines(item, scribe) if isinstance(item, Rows) else item.lines(scribe)

    def source(self, places: dict[int, int]) -> str:
        """The function; `places`: which operands lie in which of its arguments, which are arrays.

        A short one is called by Python itself: with the table as an array, and the arguments.
        """
        arrays = range(len(set(places.values())))
        last = len(self.operands) + len(self.sizes)
        doubts = [f"doubts = {last + 2}"] if self.doubts else []
        if self.length:
            head = f"def loop(t, start, stop{''.join(f', a{i}' for i in arrays)}):"
            costly = any(step.fn in COSTLY for item in self.items for step in steps_of(item))
            lines = ["widest()"] if costly else []
            lines += [f"x{i} = {word(f'a{i}', machine.DATA)}" for i in arrays]
            lines += [*doubts, *self._scribe.header(places), *self._body, "return 0"]
        else:
            head = "def loop(table, args, count):"
            lines = [f"t = {word('table', machine.DATA)}"]
            lines += [f"x{i} = {word(word('args', i), machine.DATA)}" for i in arrays]
            lines += [f"done = {word('t', last)}", f"refused = {word('t', last + 1)}"]
            lines += [*doubts, *self._scribe.header(places), *self._body, *given("done")]
        return "\n".join([head, *indented(lines)]) + "\n"

    def table(self, addresses: list[int]) -> np.ndarray:
        """What a function reads: addresses, or offsets in arguments; lengths; what it returns; doubts."""
        words = [*addresses, *self.sizes, id(None), id(True), 0]
        return np.frombuffer(bytearray(struct.pack(f"{len(words)}q", *words)), np.int64)

    def call(self, function: str, table: str, arrays: list[str], line: str) -> str:
        """The statement that runs it; `table` names the array."""
        call = f"{function}({', '.join(arrays)})"
        if self.length:
            rest = "".join(f", id({name})" for name in arrays)
            place = f"{table}_at"
            call = f"{function}({place}, 0, {self.length}{rest})"
            if self.parallel and threads.count() > 1:
                call = f"spread({function}, {self.length}, {place}{rest})"
        if self.doubts:
            return f"if {call} or {table}[-1]: raise refusal({table}, {line!r})"
        return f"if {call}: raise Changed({line!r})" if self.checks else call


def _touched(item: Group | Piece | Rows) -> list:
    """The operands in memory that it reads or writes."""
    return outside(item) if isinstance(item, Group) else item.operands


def _length(group: Group) -> int:
    if group.sums:
        return columns.length(group)
    return (merged_axes(group.shape, outside(group))[0] or (0,))[0]


def with_loops(
    steps: list[Instruction],
    recording: Recording,
    ends: set[int],
    lasting: Mapping[int, int | None] = MappingProxyType({}),
) -> list[Instruction]:
    """The steps, with calls of native functions where those are faster."""
    before = len(steps)
    steps = side_by_side(_unwatched(steps), recording)
    items = _classified(_in_loops(steps, recording, ends), recording)
    later = read_later(items, ends)
    for item, alive in zip(items, later, strict=True):
        if isinstance(item, Group):
            item.forget(recording, alive)
    items = in_place(items, recording, ends, small)
    found: list[Instruction] = []
    written: set[str] = set()
    spent = 0
    sharing = Sharing(items, recording, ends, lasting, small)
    start = 0
    for several in _runs(items):
        kernel, run = None, several
        if _pays(several):
            run, hosts = sharing.shared(several, start) if len(several) > 1 else (several, {})
            kernel = Kernel(run, recording, hosts)
        start += len(several)
        if kernel is not None:
            text = kernel.source({})
            cost = 0 if text in written else sum(len(steps_of(item)) for item in run)
            if spent + cost <= BUDGET:
                spent += cost
                written.add(text)
                found.append(_instruction(kernel, run))
                continue
        found += [_in_tiles(step) for item in run for step in steps_of(item)]
    # what NumPy still computes must warn no more than it did
    recording.quiet |= len(steps) < before and any(step.kind in ("call", "opaque") for step in found)
    return found


def _unwatched(steps: list[Instruction]) -> list[Instruction]:
    """The steps without those that ask what NumPy reports: loops report nothing."""
    found = []
    for step in steps:
        if step.fn is zeroed:
            step = dataclasses.replace(step, fn=zero_where_undefined, args=step.args[1:])
        if step.fn is reported:  # loops look at values instead
            step = dataclasses.replace(step, fn=np.equal, args=(True, True))
        if step.fn is not cleared:
            found.append(step)
    return found


def _in_loops(steps: list[Instruction], recording: Recording, ends: set[int]) -> list:
    """The steps with loops over rows, and groups, in the places of those that they run."""
    found: list[Instruction | Group | Rows] = []
    rest: list[Instruction] = []
    for item in in_rows(steps, recording, ends):
        if isinstance(item, Instruction):
            rest.append(item)
            continue
        found += [*_grouped(rest, recording), item]
        rest = []
    return found + _grouped(rest, recording)


def _grouped(steps: list[Instruction], recording: Recording) -> list[Instruction | Group]:
    """The steps with groups, which take up sums of columns where that is one loop."""
    found: list[Instruction | Group] = []
    for item in grouped(steps, lambda step: columns.total(step, recording)):
        alone = isinstance(item, Group) and item.sums and (len(item.steps) == 1 or not columns.fits(item))
        found += grouped(item.steps) if alone else [item]  # type: ignore[union-attr]
    return found


def _classified(items: list, recording: Recording) -> list[Instruction | Group | Piece | Rows]:
    """Loops, small calls, and the rest."""
    found: list[Instruction | Group | Piece | Rows] = []
    written = False  # whether something that lasts has been written: then nothing may fail any more
    for item in items:
        if isinstance(item, Rows):
            found.append(item)
        elif isinstance(item, Group):
            moves = _moves_much(item) and not _in_bits(item)
            found += item.steps if moves or not (item.work <= ELEMENTS or _group_pays(item)) else [item]
        else:
            piece = small(item)
            if piece is not None and item.fn is np.concatenate and piece.work > FEW:
                piece = None
            found.append(item if piece is None or (piece.checks and written) else piece)
        for step in steps_of(item):
            kinds = {recording.roots[o.root].kind for o in step.writes}
            written = written or step.kind == "effect" or bool(kinds - {FRESH, NUMBER})
    return found


def _in_tiles(step: Instruction) -> Instruction:
    """A call of NumPy's, or of tiles if those compute a product of matrices sooner than BLAS."""
    found = factors(step)
    if found is None or not all(len(o.shape) == 2 for o in found) or not found[2].contiguous:
        return step
    return dataclasses.replace(step, fn=tiled_dot) if tiles_pay(*found[:2]) else step


def _moves_much(group: Group) -> bool:
    return group.moves and group.body[0].target.size > FEW


def _is_large(group: Group) -> bool:
    """Whether it has a function of its own: LLVM takes seconds for copies between axes of known lengths."""
    return group.work > ELEMENTS or _moves_much(group)


def _in_bits(group: Group) -> bool:
    """Whether no more than a few elements lie side by side, which NumPy goes over one by one."""
    shape = merged_axes(group.shape, outside(group))[0]
    return len(shape) > 1 and shape[-1] <= SHORT


def _group_pays(group: Group) -> bool:
    return group.pays or (group.body[0].target.size >= WORTH and _in_bits(group))


def _runs(items: list) -> list[list]:
    """Neighbours that one function may hold."""
    found: list[list] = []
    work = calls = 0
    for item in items:
        is_small = isinstance(item, Piece) or (isinstance(item, Group) and not _is_large(item))
        if is_small:
            work, calls = work + item.work, calls + len(steps_of(item))
            if found and work <= WORK and calls <= CALLS:
                found[-1].append(item)
                continue
            work, calls = item.work, len(steps_of(item))
            found.append([item])
        else:
            work = WORK + 1
            found.append([item])
    return found


def _pays(run: list) -> bool:
    if isinstance(run[0], Instruction):
        return False
    calls = sum(len(steps_of(item)) for item in run)
    return calls >= 2 or (isinstance(run[0], Group) and _group_pays(run[0]))


def _instruction(kernel: Kernel, run: list) -> Instruction:
    """The step that runs a kernel."""
    steps = [step for item in run for step in steps_of(item)]
    local = {r for item in run if not isinstance(item, Piece) for r in item.local}
    made = tuple(o for step in steps for o in step.made() if o.root not in local)
    writes = tuple(o for step in steps for o in step.writes if o.root not in local)
    # all that it touches: what is small is read and written at different times within
    args = [o for item in run for o in _touched(item)]
    call = Instruction(_native, tuple(args), {}, made or None, writes, kind="native", extra=kernel)
    return call.stand_for(steps)


def _native() -> None:
    """Stands in a step for the function that its kernel is compiled to."""


def _refusal(table: np.ndarray, line: str) -> Changed:
    """What a function says that gave True, or that had doubts."""
    if not table[-1]:
        return Changed(line)
    table[-1] = 0
    return Undecided(line)


def written(step: Instruction, writer: Any) -> str:
    """The statement of a native step in a program; its table goes to the program's names."""
    kernel = step.extra
    places: dict[int, int] = {}
    addresses, arrays, owners = [], [], []
    for i, o in enumerate(kernel.operands):
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
    number = len(writer.names)
    function, table = f"loop_{number}", f"table_{number}"
    source, entries = kernel.source(places), kernel.table(addresses)
    at = diskcache.load(source)
    writer.functions.append(source.replace("def loop(", f"def {function}(", 1))
    writer.names[f"owners_{number}"] = owners
    writer.names[table] = entries
    writer.names["spread"], writer.names["refusal"] = threads.spread, _refusal
    if kernel.length:
        writer.names[function] = machine.unlocked(at, 3 + len(arrays))
        writer.names[f"{table}_at"] = address_of(entries)
    else:
        writer.names[function] = machine.builtin(at, entries)
    return kernel.call(function, table, arrays, step.line)
