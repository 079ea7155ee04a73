"""Formulas over several gradients or parameters as one, on memory in which these lie side by side.

Such are the updates of optimisers: each element is what it was, and fewer calls begin. Gradients, and what
is computed from them, lie so in the program's memory; parameters, and what optimisers keep for them, are
brought there (`together.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ..ir import FRESH, STATE, Instruction, Operand, Recording
from .elementwise import is_number
from .lowering import gives_new_array
from .small import elementwise

# Elements that lie side by side at most: what is large takes long whoever begins it, and takes room.
MOST = 1 << 12
# Kinds of roots, each of which lies beside its own kind only.
LASTING, KEPT, TEMPORARY = "lasting", "kept", "temporary"


class Abreast(NamedTuple):
    """The steps with such formulas as one, and what lies in a common root.

    Attributes:
        lasting: gradients of the program's own, and where they lie there.
        blocks: by the common root, those of the parameters or of what optimisers keep, in their order.
    """

    steps: list[Instruction]
    lasting: dict[int, tuple[int, int]]
    blocks: dict[int, list[int]]


def abreast(
    steps: list[Instruction],
    recording: Recording,
    lasting: Mapping[int, Any],
    ends: Set[int],
    movable: Set[int],
) -> Abreast:
    """Find such formulas.

    Args:
        lasting: roots of the program's own that outlive a run.
        ends: roots that are read after the last step.
        movable: roots of the state whose arrays may be brought elsewhere.
    """
    roots = _Roots(steps, recording, lasting, ends, movable)
    rows = _Rows(steps)
    for formula in _formulas(steps, roots):
        rows.take(formula)
    groups = [group for group in rows.groups if len(group) > 1]
    places = _places(groups, roots)
    moved = {root: place for root, place in places.items() if roots.kind(root) == TEMPORARY}
    first = {i: group for group in groups for i in group[0].calls}
    gone = {i for group in groups for formula in group[1:] for i in formula.calls}
    found = []
    for i, step in enumerate(steps):
        if i in first:
            step = _joined(step, first[i], places)
        if i not in gone:
            found.append(_moved(step, moved))
    blocks: dict[int, list[int]] = {}
    for root, (block, _) in places.items():
        if roots.kind(root) == KEPT:
            blocks.setdefault(block, []).append(root)
    return Abreast(found, {r: p for r, p in places.items() if roots.kind(r) == LASTING}, blocks)


# ---------------------------------------------------------------- formulas


@dataclass(slots=True)
class _Formula:
    """Calls over some arrays of one size, which no other such calls use.

    Attributes:
        calls: by their places, each with what it has in common with those of other formulas, and its roots.
        roots: of the arrays, in the order in which they are met.
    """

    size: int
    calls: dict[int, tuple[Any, tuple[int, ...]]] = field(default_factory=dict)
    roots: dict[int, int] = field(default_factory=dict)

    def add(self, i: int, key: Any, roots: tuple[int, ...]) -> None:
        for root in roots:
            self.roots.setdefault(root, len(self.roots))
        self.calls[i] = key, roots

    @property
    def kind(self) -> tuple:
        """What it computes, whatever it is computed of."""
        return tuple([(key, *(self.roots[r] for r in roots)) for key, roots in self.calls.values()])


class _Roots:
    """What of the memory that steps use can lie where the plan says."""

    def __init__(
        self,
        steps: list[Instruction],
        recording: Recording,
        lasting: Any,
        ends: Set[int],
        movable: Set[int],
    ):
        self.recording, self._lasting, self._movable = recording, lasting, movable
        moving = {o.root for step in steps if gives_new_array(step) for o in step.made()}
        own = {o.root for step in steps for o in (*step.made(), *step.writes)} - moving
        self._own = {r for r in own if recording.roots[r].kind == FRESH and (r in lasting or r not in ends)}

    def kind(self, root: int) -> str:
        return LASTING if root in self._lasting else KEPT if root in self._movable else TEMPORARY

    def is_state(self, root: int) -> bool:
        return self.recording.roots[root].kind == STATE

    def is_whole(self, o: Operand) -> bool:
        """Whether an operand is all of a root that may lie elsewhere."""
        whole = o.offset == 0 and o.contiguous and o.nbytes == self.recording.roots[o.root].nbytes
        return whole and (o.root in self._own or o.root in self._movable)


def _formulas(steps: list[Instruction], roots: _Roots) -> list[_Formula]:
    """The formulas over gradients and parameters, in the order of their first calls."""
    of: dict[int, _Formula] = {}  # by root
    found: list[_Formula] = []
    for i, (key, used) in _calls(steps, roots).items():
        # what is computed of other things is soon let go of; beside others it would take room for longer
        if len(used) < 2 or not all(r in of or roots.kind(r) != TEMPORARY for r in used[:-1]):
            continue
        parts = list({id(of[r]): of[r] for r in used if r in of}.values())
        formula = parts[0] if len(parts) == 1 else _Formula(steps[i].out.size)
        if len(parts) != 1:
            for at, call in sorted((at, call) for part in parts for at, call in part.calls.items()):
                formula.add(at, *call)
            found = [f for f in found if all(f is not part for part in parts)] + [formula]
        formula.add(i, key, used)
        of |= dict.fromkeys(formula.roots, formula)
    return sorted(found, key=lambda f: min(f.calls))


def _calls(steps: list[Instruction], roots: _Roots) -> dict[int, tuple[Any, tuple[int, ...]]]:
    """The calls that formulas are made of, by their places.

    They write state or gradients in place, or what such calls read; no other completes their arrays.
    """
    found = {}
    unfinished: set[int] = set()
    wanted: set[int] = set()
    for i in reversed(range(len(steps))):
        key, used = _call(steps[i], roots)
        written = {o.root for o in (*steps[i].made(), *steps[i].writes)}
        updates = any(roots.is_state(root) for root in written) or (key and roots.kind(used[-1]) == LASTING)
        if updates or (key and not wanted.isdisjoint(written)):
            wanted |= {o.root for o in steps[i].reads()}
        else:
            key = None
        if key is None or not unfinished.isdisjoint(used):
            unfinished |= written
        else:
            found[i] = key, used
    return dict(reversed(found.items()))


def _call(step: Instruction, roots: _Roots) -> tuple[Any, tuple[int, ...]]:
    """What an elementwise call has in common with others that may be one with it; None if it cannot be.

    And the roots of its arrays, of which the last is what it writes.
    """
    out = elementwise(step)
    if out is None or "order" in step.options or not 1 <= out.size <= MOST or not roots.is_whole(out):
        return None, ()
    makes = step.results is not None
    if makes and roots.kind(out.root) != TEMPORARY:
        return None, ()
    key: list[Any] = [step.fn, makes, out.dtype]
    used = []
    for x in step.args:
        if is_number(x) or (type(x) is np.ndarray and not x.shape):
            key.append((type(x), np.asarray(x).dtype, np.asarray(x).tobytes()))
        elif type(x) is not Operand:
            return None, ()
        elif x.shape == out.shape and roots.is_whole(x):
            used.append(x.root)
            key.append(x.dtype)
        elif not x.shape:
            key.append(x)
        else:
            return None, ()
    used.append(out.root)
    return (*key, *map(roots.kind, used)), tuple(used)


# ---------------------------------------------------------------- rows of them


class _Rows:
    """Groups of formulas that run as one, where the calls of the first of them are."""

    def __init__(self, steps: list[Instruction]):
        self.groups: list[list[_Formula]] = []
        self._steps = steps
        self._last: dict[Any, list[_Formula]] = {}
        self._sizes: dict[int, int] = {}
        # by root, where it is read or written, after the calls that joined others have gone there
        self._used: dict[int, dict[int, tuple[int, bool]]] = {}
        self._effects = np.cumsum([step.kind not in ("call", "guard") for step in steps])
        for i, step in enumerate(steps):
            for root, writes in _uses(step):
                self._used.setdefault(root, {})[i] = i, writes

    def take(self, formula: _Formula) -> None:
        """Have a formula join the last that are like it, if its calls may run where theirs do."""
        kind = formula.kind
        group = self._last.get(kind)
        if group is not None and self._joins(group, formula):
            for i, at in zip(formula.calls, group[0].calls, strict=True):
                for root, writes in _uses(self._steps[i]):
                    self._used[root][i] = at, writes
        else:
            group = self._last[kind] = []
            self.groups.append(group)
        group.append(formula)

    def _joins(self, group: list[_Formula], formula: _Formula) -> bool:
        if sum(f.size for f in group) + formula.size > MOST:
            return False
        pairs = list(zip(formula.calls, group[0].calls, strict=True))
        return all(self._may_move(i, at, formula) for i, at in pairs)

    def _may_move(self, i: int, at: int, formula: _Formula) -> bool:
        """Whether a call of a formula may run at another place, as the formula's others do."""
        if at > i or self._effects[at] != self._effects[i]:  # whatever it does comes before what follows
            return False
        for root, writes in _uses(self._steps[i]):
            # what it reads must be there already, and what it writes not be needed any more
            for other, (now, wrote) in self._used[root].items():
                if other not in formula.calls and at <= now < i and (writes or wrote):
                    return False
        return True


def _uses(step: Instruction) -> Iterator[tuple[int, bool]]:
    """The roots that a step uses, each with whether it writes there."""
    written = {o.root for o in (*step.made(), *step.writes)}
    return ((root, root in written) for root in {o.root for o in step.touched()})


def _places(groups: list[list[_Formula]], roots: _Roots) -> dict[int, tuple[int, int]]:
    """The common root of each root that lies beside others, and where there it is."""
    found: dict[int, tuple[int, int]] = {}
    recording = roots.recording
    for group in groups:
        for beside in zip(*(formula.roots for formula in group), strict=True):
            together, at = recording.room((0,), np.dtype(np.uint8)).root, 0
            if roots.kind(beside[0]) == KEPT:
                recording.roots[together].kind = STATE
            for root in beside:
                found[root] = together, at
                at += recording.roots[root].nbytes
            recording.roots[together].nbytes = at
    return found


def _joined(step: Instruction, group: list[_Formula], places: Mapping[int, tuple[int, int]]) -> Instruction:
    """A call of the first formula of a group, for all of them."""
    size = sum(formula.size for formula in group)

    def whole(o: Operand) -> Operand:
        if o.root not in group[0].roots:
            return o
        return Operand(places[o.root][0], 0, (size,), (o.dtype.itemsize,), o.dtype)

    return step.readdressed(whole)


def _moved(step: Instruction, places: Mapping[int, tuple[int, int]]) -> Instruction:
    """A step whose operands are where they now lie."""

    def change(o: Operand) -> Operand:
        if o.root not in places:
            return o
        root, offset = places[o.root]
        return o._replace(root=root, offset=o.offset + offset)

    return step.readdressed(change)
