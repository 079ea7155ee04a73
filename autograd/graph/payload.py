"""A tape as the interactive page is told it: records, groups, and what the level of detail adds."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from typing import Any

from .groups import BACKWARD, CALL, REPEAT, Group, group
from .labels import GRID, Line, conversion
from .levels import Pen, Shapes
from .records import BROADCAST, OPERATION, Record, Tape
from .repeats import gather_repeats
from .scene import SMALL, Box, title
from .styles import STYLES
from .table import size
from .text import values

_CONTROLS = ("Cc", "Cf", "Cs", "Cn")
_SHOWN = 120  # modules are unfolded at first as far as no more nodes than this are shown
_PENS = 2  # widths of wires for each power of ten


def payload(tape: Tape, level: Shapes, depth: int | None, fold: bool | None) -> dict[str, Any]:
    """What the page is told."""
    root = group(tape)
    if fold or (fold is None and len(tape) > SMALL):
        gather_repeats(root, tape, steps=len(tape) > _SHOWN or bool(fold))
    groups, places, levels = _flat(root, tape, level)
    hides = _hides(groups)
    open_levels = _open_levels(groups, levels, places, hides) if depth is None else depth
    for i, entry in enumerate(groups):
        is_within = i > 0 and depth is None and hides[entry["parent"]]
        entry["folded"] = "count" in entry or levels[i] > open_levels or is_within
    pens = _Pens(level, tape)
    return {
        "records": [_entry(record, places[record.id], level, pens) for record in tape],
        "groups": groups,
        "outputs": list(dict.fromkeys(tape.outputs)),
        "kinds": {kind: style.meaning for kind, style in STYLES.items()},
        "pens": [[pen.colour, pen.width, pen.dashed] for pen in pens.all],
        "notes": level.notes(),
    }


class _Pens:
    """The pens of wires, of what least went along first; a wire that stands for several has the last.

    Pens are few, so that all wires of one can be drawn at once.
    """

    def __init__(self, level: Shapes, tape: Tape):
        self.level = level
        ranks = sorted({_rank(level.norm([(s, t)])) for s, t, _ in tape.edges()})
        is_plain = not any(rank > -math.inf for rank in ranks)
        self.all: list[Pen] = [] if is_plain else [level.pen(_norm_of(rank)) for rank in ranks]
        self.numbers = {rank: i for i, rank in enumerate(ranks)}

    def of(self, source: int, target: int) -> list:
        """The number of the pen of an edge, and what it says; nothing if there is nothing to say."""
        norm = self.level.norm([(source, target)])
        return [] if norm is None else [self.numbers[_rank(norm)], self.level.pen(norm).says]


def _rank(norm: float | None) -> float:
    """Where a norm stands among the pens: none, zero, by its exponent, not finite."""
    if norm is None:
        return -math.inf
    if not math.isfinite(norm):
        return math.inf
    return -1e9 if norm == 0 else float(round(_PENS * math.log10(norm)))


def _norm_of(rank: float) -> float | None:
    if math.isinf(rank):
        return None if rank < 0 else math.nan
    return 0.0 if rank == -1e9 else 10 ** (rank / _PENS)


def _flat(root: Group, tape: Tape, level: Shapes) -> tuple[list[dict[str, Any]], dict[int, int], list[int]]:
    """Groups as a list, each after the one around it; the group of each record; their levels."""
    groups: list[dict[str, Any]] = []
    places: dict[int, int] = {}
    levels: list[int] = []
    left: list[tuple[Group, int, tuple[str, ...]]] = [(root, -1, ())]
    while left:
        place, parent, path = left.pop()
        own = len(groups)
        # what repeats is no level of modules
        levels.append(levels[parent] + (place.sort != REPEAT) if parent >= 0 else 0)
        path = (*path, place.name) if place.sort == CALL else path
        # the outermost module is called by its class; paths begin within it
        inner = ".".join(path[1:] if len(path) > 1 else path)
        kind = place.kind if place.sort == CALL else ""
        entry: dict[str, Any] = {"title": printable(_title(place))}
        entry |= {"path": printable(inner), "kind": printable(kind), "parent": parent}
        if place.sort == REPEAT:
            entry["count"] = place.count
        if own:
            records = sorted((tape[i] for i in place.walk()), key=lambda r: (bool(r.inputs), r.id))
            entry |= _added(Box(place.key, records, place), level)
        groups.append(entry)
        for member in place.members:
            if isinstance(member, int):
                places[member] = own
        left += [(inside, own, path) for inside in reversed(place.groups())]
    return groups, places, levels


def _title(place: Group) -> str:
    """What is written on a group."""
    if place.sort == REPEAT:
        what = place.kind or place.name or "steps"
        return f"{what} \u00d7{place.count}"
    if place.sort != CALL and place.name:
        return place.name
    return ": ".join(part for part in title(place) if part)


def _hides(groups: list[dict[str, Any]]) -> list[bool]:
    """Of each group, whether what lies in it is not shown at first, as it is part of a repetition."""
    found = [False] * len(groups)
    for i, entry in enumerate(groups):
        found[i] = "count" in entry or (i > 0 and found[entry["parent"]])
    return found


def _open_levels(
    groups: list[dict[str, Any]], levels: list[int], places: dict[int, int], hides: list[bool]
) -> int:
    """How many levels can be unfolded while no more than so many nodes are shown."""
    of_groups = Counter(levels[i] for i in range(1, len(groups)) if not hides[groups[i]["parent"]])
    records = Counter(levels[own] for own in places.values() if not hides[own])
    shown = 0
    for level in range(max(levels) + 1):
        shown += records[level]  # they stay when the groups beside them are unfolded
        if level and shown + of_groups[level + 1] > _SHOWN:
            return level - 1
    return max(levels)


def _entry(record: Record, place: int, level: Shapes, pens: _Pens) -> dict[str, Any]:
    """A record as the page gets it; what is empty is left out by the names that need not be there."""
    return {
        "id": record.id,
        "kind": BACKWARD if record.kind == OPERATION and record.phase == BACKWARD else record.kind,
        "op": printable(record.op),
        "name": printable(record.name),
        "shape": "" if record.shape is None else str(record.shape),
        "dtype": "" if record.dtype is None else str(record.dtype),
        "value": printable(record.value),
        "note": printable(_note(record)),
        "group": place,
        "inputs": [[source, argument, *pens.of(source, record.id)] for source, argument in record.inputs],
        "facts": [[word, printable(text)] for word, text in _facts(record) if text],
        **_added(Box(record.key, [record]), level),
    }


def _added(box: Box, level: Shapes) -> dict[str, Any]:
    """What the level of detail adds to a box."""
    added: dict[str, Any] = {}
    lines = [row for line in level.adds(box) for row in _rows(line)]
    if lines:
        added["adds"] = lines
    heat = level.heat(box)
    if heat is not None:
        added["heat"] = round(heat, 3)
    return added


def _rows(line: Line) -> list[list[str]]:
    """A line as rows of text, each with its look; a grid has columns of equal width."""
    if line[-1].look != GRID:
        return [[printable("".join(words.text for words in line)), "small"]]
    head = "".join(words.text for words in line[:-1]) + "  "
    cells = [row.split("\t") for row in line[-1].text.split("\n")]
    most = max(map(len, cells))
    widths = [max(len(row[i]) for row in cells if i < len(row)) for i in range(most)]
    rows = ["  ".join(cell.rjust(w) for cell, w in zip(row, widths)) for row in cells]
    length = max(map(len, rows))
    return [[(head if i == 0 else " " * len(head)) + row.ljust(length), GRID] for i, row in enumerate(rows)]


def _note(record: Record) -> str:
    """The options of an operation, or what an implicit one does."""
    if record.kind == BROADCAST:
        return conversion(record)
    return ", ".join(f"{name}={value}" for name, value in record.options.items())


def _facts(record: Record) -> list[tuple[str, str]]:
    """What is known of a record beyond its label."""
    saved = [f"{name}: {what}" for name, what in record.saved.items()]
    return [
        ("elements", "\n".join(values(record.summary)) if record.summary else ""),
        ("gradient", "\n".join(values(record.gradient)) if record.gradient else ""),
        ("saves", "\n".join(saved)),
        ("bytes saved", size(record.nbytes) if record.nbytes else ""),
        ("line", f"{record.source}\n{record.code}".strip()),
    ]


def printable(text: str) -> str:
    """Text that draws in one direction and holds no controls; lines stay lines."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c == "\n" or unicodedata.category(c) not in _CONTROLS else "\ufffd" for c in text)
