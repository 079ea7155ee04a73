"""A plan as the records that pictures are drawn from: a box for each step, an arrow for what it reads."""

from __future__ import annotations

from ..graph.keys import give_keys
from ..graph.records import CONSTANT as VALUE
from ..graph.records import INPUT as ARGUMENT
from ..graph.records import LEAF, OPERATION, Record, Tape
from .ir import FRESH, INPUT, NUMBER, STATE, Instruction, Operand, Recording

_KINDS = {INPUT: ARGUMENT, STATE: LEAF, NUMBER: VALUE}
_NAMES = {INPUT: "argument", STATE: "state", NUMBER: "number"}


def tape_of(steps: list[Instruction], recording: Recording, ends: list[Operand], places: dict) -> Tape:
    """The steps as records, whose options say where results lie; `ends`: what is read after the last."""
    found = _Records(recording, ends)
    for step in steps:
        found.add(step, places)
    outputs = dict.fromkeys(found.last[o.root] for o in ends if o.root in found.last)
    give_keys(found.records)
    return Tape(found.records, tuple(outputs or (len(found.records) - 1,)))


class _Records:
    def __init__(self, recording: Recording, ends: list[Operand]):
        self.recording, self.ends = recording, set(ends)
        self.records: list[Record] = []
        self.last: dict[int, int] = {}  # root -> the record that wrote it last

    def add(self, step: Instruction, places: dict) -> None:
        """A step, after the memory that it reads and nobody has written."""
        roots = self.recording.roots  # what is the program's own and not yet written is nothing but a place
        read = [o for o in step.reads() if o.root in self.last or roots[o.root].kind != FRESH]
        inputs = dict.fromkeys(self._source(o) for o in read)
        record = self._new(OPERATION, op=_name(step), inputs=[(i, "") for i in inputs], source=step.line)
        made = [*step.made(), *step.writes]
        shown = next((o for o in made if o in self.ends), made[0] if made else None)
        if shown is not None:  # of several results, one that the program gives
            record.learn(shown.shape, shown.dtype)
        at = [f"@{places[o.root] + o.offset}" for o in made if o.root in places]
        record.options = {"at": ", ".join(at)} if at else {}
        record.nbytes = sum(o.nbytes for o in made)
        self.last.update(dict.fromkeys([o.root for o in made], record.id))

    def _source(self, o: Operand) -> int:
        if o.root not in self.last:
            root = self.recording.roots[o.root]
            name = root.label or (f"{_NAMES[root.kind]} {o.root}" if root.kind in _NAMES else "")
            record = self._new(_KINDS.get(root.kind, VALUE), name=name)
            record.learn(root.shape, root.dtype)
            self.last[o.root] = record.id
        return self.last[o.root]

    def _new(self, kind: str, **rest: object) -> Record:
        self.records.append(Record(len(self.records), kind, **rest))  # type: ignore[arg-type]
        return self.records[-1]


def _name(step: Instruction) -> str:
    """What a step calls: of one that stands for several, the first and how many more."""
    if step.kind == "native":
        first, *more = step.calls
        return f"{first} and {len(more)} more" if more else first
    return getattr(step.fn, "__name__", type(step.fn).__name__)
