"""What a picture shows: boxes, some of which stand for folded groups, frames and arrows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from .groups import BACKWARD, CALL, PART, Group, group, split
from .records import CONSTANT, LEAF, Record, Tape
from .repeats import fold_repeats

# A graph of fewer boxes than this is drawn as it is, with each repetition.
SMALL = 40


@dataclass(eq=False)
class Box:
    """One box of a picture.

    Attributes:
        key: its name, which does not depend on what else is there.
        records: what it shows: one record, or those of a folded group.
        group: the group that is folded, or None.
    """

    key: str
    records: list[Record]
    group: Group | None = None

    @property
    def record(self) -> Record:
        """The record, or the one that was computed last."""
        return self.records[-1]


@dataclass(eq=False)
class Frame:
    """A module or another group that is drawn open, with what is in it."""

    group: Group
    members: list[Box | Frame] = field(default_factory=list)

    def boxes(self) -> Iterator[Box]:
        """All boxes within, in the order of the program."""
        for member in self.members:
            if isinstance(member, Frame):
                yield from member.boxes()
            else:
                yield member


@dataclass(eq=False)
class Arrow:
    """What goes from one box to another.

    Attributes:
        pairs: the edges of the tape that it stands for: id of the source and of the target.
        again: it leads from one occurrence of a repeated group to the next.
    """

    source: Box
    target: Box
    pairs: list[tuple[int, int]]
    again: bool = False


@dataclass
class Scene:
    """All that a picture shows of a tape.

    Attributes:
        root: the frame of everything.
        arrows: in the order of the program.
        marks: the outputs that are drawn, by their position, and the box that each comes from; of
            those that repeat, the first.
    """

    tape: Tape
    root: Frame
    arrows: list[Arrow]
    marks: list[tuple[int, Box]]


def stage(
    tape: Tape, *, depth: int | None, constants: bool, fold: bool | None, max_nodes: int | None
) -> Scene:
    """Choose what is shown of a tape.

    Args:
        depth: how many levels of modules are open; None: as many as fit.
        constants: show the arguments that no gradient flows to.
        fold: fold what repeats; None: if there is much to show.
        max_nodes: fold more than `depth` says, until no more boxes than this are left.
    """
    root = group(tape)
    shown = [r for r in tape if constants or r.kind != CONSTANT or r.id in tape.outputs]
    many = max_nodes is not None and len(shown) > max_nodes
    stands: dict[int, int] = {}
    if fold or (fold is None and len(shown) > SMALL):
        stands = fold_repeats(root, tape, steps=many or bool(fold))
    hidden = set(stands) | _others(root) | ({r.id for r in tape} - {r.id for r in shown})
    if many and max_nodes is not None:
        _prune(root, hidden)
        split(root, max(max_nodes // 2, 4))
    deepest = _height(root)
    depth = deepest if depth is None else min(depth, deepest)
    frame = _frame(root, tape, hidden, depth)
    while max_nodes is not None and depth > 0 and sum(1 for _ in frame.boxes()) > max_nodes:
        depth -= 1
        frame = _frame(root, tape, hidden, depth)
    return _connect(tape, frame, stands, hidden)


def _others(root: Group) -> set[int]:
    return {i for g in _all(root) for i in g.others}


def _all(root: Group) -> Iterator[Group]:
    left = [root]
    while left:
        yield (place := left.pop())
        left += place.groups()


def _prune(root: Group, hidden: set[int]) -> None:
    for place in _all(root):
        place.members = [m for m in place.members if isinstance(m, Group) or m not in hidden]


def _height(root: Group) -> int:
    """How deep groups lie within each other."""
    return max((_height(g) + 1 for g in root.groups()), default=0)


def _frame(place: Group, tape: Tape, hidden: set[int], depth: int) -> Frame:
    frame = Frame(place)
    for member in place.members:
        if not isinstance(member, Group):
            if member not in hidden:
                frame.members.append(Box(tape[member].key, [tape[member]]))
            continue
        records = [tape[i] for i in member.walk() if i not in hidden]
        if member.count == 1 and len(records) == 1:
            frame.members.append(Box(records[0].key, records))
        elif depth > 0 and len(records) > 1:
            frame.members.append(_frame(member, tape, hidden, depth - 1))
        elif records:
            records.sort(key=lambda r: (bool(r.inputs), r.id))
            frame.members.append(Box(member.key, records, member))
    return frame


def _connect(tape: Tape, frame: Frame, stands: dict[int, int], hidden: set[int]) -> Scene:
    boxes = {record.id: box for box in frame.boxes() for record in box.records}

    def box_of(i: int) -> Box | None:
        while i in stands:
            i = stands[i]
        return boxes.get(i)

    arrows: list[Arrow] = []
    known: dict[tuple[int, int, bool], Arrow] = {}
    for edge in tape.edges():
        source, target = box_of(edge.source), box_of(edge.target)
        if source is None or target is None or source is target:
            continue
        later = edge.target in hidden  # of another occurrence than the one that is drawn
        if later and not tape[edge.source].inputs and edge.source in hidden:
            continue
        again = later and source.record.id >= target.record.id
        key = (id(source), id(target), again)
        whole = source.group is None and target.group is None and not later
        if key in known and not whole:  # x * x has two arrows
            known[key].pairs.append((edge.source, edge.target))
        else:
            known[key] = Arrow(source, target, [(edge.source, edge.target)], again)
            arrows.append(known[key])
    marks = [(k, boxes[i]) for k, i in enumerate(tape.outputs) if i in boxes]
    return Scene(tape, frame, arrows, marks)


# ---------------------------------------------------------------- words


def title(place: Group) -> tuple[str, str]:
    """What a group is called, and what it is."""
    if place.sort == CALL:
        return place.name, place.kind if place.kind != place.name else ""
    return {BACKWARD: "backward", PART: "part"}.get(place.sort, "steps"), ""


def contents(box: Box) -> str:
    """What a folded group holds, in a few words."""
    steps = sum(1 for r in box.records if r.inputs)
    weights = sum(_elements(r) for r in box.records if r.kind == LEAF)
    parts = [f"{steps} op{'s' * (steps != 1)}"] if steps else []
    parts += [f"{weights:,} parameters"] if weights else []
    return ", ".join(parts)


def _elements(record: Record) -> int:
    count = 1
    for n in record.shape or ():
        count *= n
    return count
