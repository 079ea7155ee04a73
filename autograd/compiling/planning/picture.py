"""A plan as the records that pictures are drawn from: a box for each step, an arrow for what it reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...graph.keys import give_keys
from ...graph.records import CONSTANT as VALUE
from ...graph.records import INPUT as ARGUMENT
from ...graph.records import LEAF, OPERATION, Record, Tape
from ..ir import FRESH, INPUT, NUMBER, STATE, Instruction, Operand, Recording

_KINDS = {INPUT: ARGUMENT, STATE: LEAF, NUMBER: VALUE}
_NAMES = {STATE: "state", NUMBER: "number"}


def tape_of(
    steps: list[Instruction],
    recording: Recording,
    ends: list[Operand],
    places: dict,
    beside: Mapping[int, Iterable[int]],
) -> Tape:
    """The steps as records, whose options say where results lie.

    Args:
        ends: what is read after the last step.
        beside: roots that lie side by side in another, by that.
    """
    found = _Records(recording, ends, beside)
    for step in steps:
        found.add(step, places)
    outputs = dict.fromkeys(found.last[o.root] for o in ends if o.root in found.last)
    give_keys(found.records)
    return Tape(found.records, tuple(outputs or (len(found.records) - 1,)))


class _Records:
    def __init__(self, recording: Recording, ends: list[Operand], beside: Mapping[int, Iterable[int]]):
        self.recording, self.ends, self.beside = recording, set(ends), beside
        self.records: list[Record] = []
        self.last: dict[int, int] = {}  # root -> the record that wrote it last

    def add(self, step: Instruction, places: dict) -> None:
        """A step, after the memory that it reads and nobody has written."""
        roots = self.recording.roots  # what is the program's own and not yet written is nothing but a place
        read = [r for r in self._within(step.reads()) if r in self.last or roots[r].kind != FRESH]
        inputs = dict.fromkeys(map(self._source, read))
        record = self._new(OPERATION, op=_name(step), inputs=[(i, "") for i in inputs], source=step.line)
        made = [*step.made(), *step.writes]
        shown = next((o for o in made if o in self.ends), made[0] if made else None)
        if shown is not None:  # of several results, one that the program gives
            like = roots[shown.root] if shown.dtype.kind == "V" else shown  # rows that are taken as bytes
            record.learn(like.shape, like.dtype)
        at = [f"@{places[o.root] + o.offset}" for o in made if o.root in places]
        record.options = {"at": ", ".join(at)} if at else {}
        record.nbytes = sum(o.nbytes for o in made)
        self.last.update(dict.fromkeys(self._within(made), record.id))

    def _within(self, of: Iterable[Operand]) -> list[int]:
        """The roots of some operands, or those that lie in these."""
        return [root for o in of for root in self.beside.get(o.root, (o.root,))]

    def _source(self, number: int) -> int:
        if number not in self.last:
            root = self.recording.roots[number]
            name = root.label or (f"{_NAMES[root.kind]} {number}" if root.kind in _NAMES else "")
            record = self._new(_KINDS.get(root.kind, VALUE), name=name)
            record.learn(root.shape, root.dtype)
            self.last[number] = record.id
        return self.last[number]

    def _new(self, kind: str, **rest: object) -> Record:
        self.records.append(Record(len(self.records), kind, **rest))  # type: ignore[arg-type]
        return self.records[-1]


def _name(step: Instruction) -> str:
    """What a step calls: of one that stands for several, the first and how many more."""
    if step.kind == "native":
        first, *more = step.calls
        return f"{first} and {len(more)} more" if more else first
    return getattr(step.fn, "__name__", type(step.fn).__name__)
