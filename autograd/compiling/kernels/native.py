"""Steps of a plan as functions that numba compiles (extra `jit`).

A group of elementwise calls over large arrays is one loop, on threads where that pays; a run of
calls on small arrays is one chain of functions. What is neither stays a call of NumPy's, but for
products of matrices that tiles compute sooner.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from ...loops import diskcache
from ...loops.products import tiled_dot, tiles_pay
from ..faults import cleared, reported, zeroed
from ..ir import FRESH, NUMBER, Instruction, Recording, steps_of
from ..planning.axes import merged_axes
from ..planning.elementwise import zero_where_undefined
from ..planning.fusion import WORTH, Group, grouped
from ..planning.inplace import in_place
from ..planning.later import Later
from ..planning.rowruns import in_rows
from ..planning.rows import Rows
from ..planning.slots import Sharing
from . import columns
from .chains import Chain
from .epilogues import Followed, with_epilogues
from .kernel import FEW, Kernel, instruction, is_large, moves_much
from .matrixloops import factors
from .order import side_by_side
from .parts import cut
from .pieces import Piece
from .scribe import outside
from .wholestep import ELEMENTS, small

# Whether native functions can be used.
available = diskcache.available
# Operations of one run of small calls at most.
WORK = 1 << 20
# NumPy takes stretches of more elements than this as fast as any loop.
SHORT = 64
# Calls of which all functions of a program may consist, each source once: more take too long to compile.
BUDGET = 384


def with_loops(
    steps: list[Instruction],
    recording: Recording,
    ends: set[int],
    lasting: Mapping[int, int | None] = MappingProxyType({}),
    tiles: bool = True,
) -> list[Instruction]:
    """The steps, with calls of native functions where those are faster; `tiles`: for large products too."""
    before = len(steps)
    steps = side_by_side(_unwatched(steps), recording)
    items = _classified(_in_loops(steps, recording, ends), recording)
    later = Later(items, ends)
    for i, item in enumerate(items):
        if isinstance(item, Group):
            item.forget(recording, later.than(i))
    items = in_place(items, recording, ends, small)
    if tiles:
        items = with_epilogues(items, recording, ends)
    found: list[Instruction] = []
    budget = _Budget()
    for run, kernels in _kernels(items, Sharing(items, recording, ends, lasting, small), recording):
        if isinstance(run[0], Followed):
            found.append(run[0].instruction())
        elif kernels:
            found += _in_functions(run, budget.parted(kernels), recording, tiles)
        else:
            found += _by_numpy(run, tiles)
    # what NumPy still computes must warn no more than it did
    recording.quiet |= len(steps) < before and any(step.kind in ("call", "opaque") for step in found)
    return found


class _Budget:
    """Which functions there may be: no more than numba makes in time."""

    def __init__(self) -> None:
        self._made: set[str] = set()
        self._spent = 0

    def parted(self, kernels: list[Kernel]) -> list[tuple[bool, list[Kernel]]]:
        """Neighbours among functions, with whether there may be these."""
        return [(pays, list(several)) for pays, several in itertools.groupby(kernels, self._takes)]

    def _takes(self, kernel: Kernel) -> bool:
        source = kernel.source({})
        cost = 0 if source in self._made else sum(len(steps_of(item)) for item in kernel.items)
        if self._spent + cost > BUDGET:
            return False
        self._spent += cost
        self._made.add(source)
        return True


def _in_functions(
    run: list, parted: list[tuple[bool, list[Kernel]]], recording: Recording, tiles: bool
) -> list[Instruction]:
    """The items of a run as functions, where there may be these, and else as NumPy's calls."""
    found: list[Instruction] = []
    rest = iter(run)
    for pays, several in parted:
        items = list(itertools.islice(rest, sum(len(part.items) for part in several)))
        if not pays:
            found += _by_numpy(items, tiles)
            continue
        if len(parted) > 1:  # memory is shared within a function alone, not with what NumPy makes
            several = _apart(several, items, recording)
        kernel = several[0] if several[0].length else Chain(several)
        found.append(instruction(kernel, [item for part in several for item in part.items]))
    return found


def _apart(parts: list[Kernel], items: list, recording: Recording) -> list[Kernel]:
    """The functions of items as they were before parts of a run shared memory."""
    rest = iter(items)
    return [Kernel(list(itertools.islice(rest, len(part.items))), recording) for part in parts]


def _kernels(items: list, sharing: Sharing, recording: Recording) -> list[tuple[list, list[Kernel]]]:
    """The items in runs, each with the functions that compute it, if that pays."""
    found: list[tuple[list, list[Kernel]]] = []
    small_runs: dict[int, tuple[list, dict]] = {}  # as they share memory, and what lies in gradients
    start = 0
    for run in _runs(items):
        kernels = []
        if _pays(run) and _is_small(run[0]):
            small_runs[len(found)] = sharing.shared(run, start) if len(run) > 1 else (run, {})
        elif _pays(run):
            kernels = [Kernel(run, recording)]
        found.append((run, kernels))
        start += len(run)
    given = list(small_runs.values())
    parts = cut([run for run, _ in given], lambda i, several: Kernel(several, recording, given[i][1]))
    for i, kernels in zip(small_runs, parts, strict=True):
        found[i] = found[i][0], kernels
    return found


def _by_numpy(items: list, tiles: bool) -> list[Instruction]:
    """The calls of items, of which tiles may compute products."""
    return [_in_tiles(step) if tiles else step for item in items for step in steps_of(item)]


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
            moves = moves_much(item) and not _in_bits(item)
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


def _in_bits(group: Group) -> bool:
    """Whether no more than a few elements lie side by side, which NumPy goes over one by one."""
    shape = merged_axes(group.shape, outside(group))[0]
    return len(shape) > 1 and shape[-1] <= SHORT


def _group_pays(group: Group) -> bool:
    return group.pays or (group.body[0].target.size >= WORTH and _in_bits(group))


def _runs(items: list) -> list[list]:
    """Neighbours that may run in turn, small ones, and others one by one."""
    found: list[list] = []
    work = 0
    for item in items:
        if not _is_small(item):
            work = WORK + 1
            found.append([item])
            continue
        work += item.work
        if found and work <= WORK:
            found[-1].append(item)
        else:
            work = item.work
            found.append([item])
    return found


def _is_small(item: Instruction | Followed | Group | Piece | Rows) -> bool:
    return isinstance(item, Piece) or (isinstance(item, Group) and not is_large(item))


def _pays(run: list) -> bool:
    if isinstance(run[0], Instruction | Followed):
        return False
    calls = sum(len(steps_of(item)) for item in run)
    return calls >= 2 or (isinstance(run[0], Group) and _group_pays(run[0]))
