"""The levels of detail: what a picture says of each box, and how it draws each arrow."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ..errors import ArgumentError
from . import labels
from .flow import Flow
from .labels import SMALL, Line, Words
from .records import BROADCAST, Record, Tape, number
from .scene import Box
from .styles import Note
from .table import duration, size

GREY = "#6f6f6f"
_MARKED = 4  # outputs of one box are named up to this number


class Pen(NamedTuple):
    """How an arrow is drawn."""

    colour: str = GREY
    width: float = 1.0
    dashed: bool = False
    says: str = ""


class Shapes:
    """Operations, shapes and dtypes."""

    name = "shapes"

    def lines(self, box: Box, prefix: str, is_output: bool = False) -> list[Line]:
        """What a box says: what it is, and what the level adds."""
        return labels.describe(box, prefix, is_output) + self.adds(box)

    def adds(self, box: Box) -> list[Line]:
        """What the level says of a box."""
        return []

    def output(self, record: Record, called: str) -> list[Line]:
        """What the mark of an output says."""
        return labels.output(record, called)

    def outputs(self, called: list[str]) -> list[Line]:
        """What the mark of several outputs of one box says."""
        names = [[Words(name)] for name in called[:_MARKED]]
        more = [[Words(f"and {len(called) - _MARKED} more", SMALL)]] if len(called) > _MARKED else []
        return [[Words(f"{len(called)} outputs", labels.BOLD)], *names, *more]

    def heat(self, box: Box) -> float | None:
        """From 0 to 1, how deep the colour of a box is, if it tells something."""
        return None

    def norm(self, pairs: Iterable[tuple[int, int]]) -> float | None:
        """What the widths of arrows stand for, of edges of the tape: the largest; None if nothing."""
        return None

    def pen(self, norm: float | None) -> Pen:
        """How an arrow is drawn that stands for this."""
        return Pen()

    def notes(self) -> list[Note]:
        """What the legend says of this level."""
        return []


class Backward(Shapes):
    """The graph of the backward sweep too, as a second sweep would go through it."""

    name = "backward"


class Teach(Shapes):
    """Every value and gradient; of large arrays, a few numbers."""

    name = "teach"

    def __init__(self, flow: Flow):
        self.flow = flow

    def lines(self, box: Box, prefix: str, is_output: bool = False) -> list[Line]:
        """What a box says; of what an output comes from, its mark says the numbers."""
        found = labels.describe(box, prefix, is_output)
        return found if is_output and box.record.inputs else found + self.adds(box)

    def adds(self, box: Box) -> list[Line]:
        """The value, if the label does not say it, and the gradient."""
        record = box.record
        if box.group is not None or record.kind == BROADCAST:
            return []
        is_said = not record.op and record.value
        data = [] if is_said else labels.printed("data", record.summary)
        return data + labels.printed("grad", self.flow.at.get(record.id))

    def output(self, record: Record, called: str) -> list[Line]:
        """What the mark of an output says."""
        found = labels.output(record, called)
        if not record.value:
            found += labels.printed("data", record.summary)
        return found + labels.printed("grad", self.flow.at.get(record.id))

    def notes(self) -> list[Note]:
        """What the legend says of this level."""
        return [[("data: the value; grad: the derivative of the output (of its sum) by it", "")]]


# Norms that colours stand for, by their exponents, so that pictures of different steps can be
# compared: blue has vanished, red explodes.
_SCALE = ((-6, "#2166ac"), (-3, "#5a9bd0"), (1.5, "#7d8894"), (3, "#e08214"))
_MORE = "#b30000"


class FlowOfGradient(Shapes):
    """The norm of the cotangent that went along each edge."""

    name = "flow"

    def __init__(self, flow: Flow):
        self.flow = flow

    def adds(self, box: Box) -> list[Line]:
        """The norm of the gradient that arrived."""
        seen = self.flow.at.get(box.record.id)
        if seen is None or box.record.kind == BROADCAST:
            return []
        return [[Words(f"|grad| {number(seen.norm)}", SMALL)]]

    def norm(self, pairs: Iterable[tuple[int, int]]) -> float | None:
        """The largest norm of what went along edges of the tape; NaN if one is not finite."""
        norms = [self.flow.along[pair] for pair in pairs if pair in self.flow.along]
        return (max(norms) if all(map(math.isfinite, norms)) else math.nan) if norms else None

    def pen(self, norm: float | None) -> Pen:
        """The wider and the redder, the more went along an arrow."""
        if norm is None:
            return Pen("#c4c4c4", 0.8)
        if not math.isfinite(norm):
            return Pen("#d4001a", 6.0, dashed=True, says="not finite")
        if norm == 0:
            return Pen("#b0b0b0", 0.8, dashed=True, says="zero")
        exponent = math.log10(norm)
        colour = next((c for limit, c in _SCALE if exponent <= limit), _MORE)
        return Pen(colour, round(min(max(2.5 + 0.7 * exponent, 0.6), 7.0), 2), says=number(norm))

    def notes(self) -> list[Note]:
        """What the legend says of this level."""
        limits = ["1e-6", "1e-3", "30", "1000"]
        colours = [colour for _, colour in _SCALE] + [_MORE]
        names = [f"to {limit}" for limit in limits] + ["more"]
        scale = [(f"  \u2014 {name}", colour) for name, colour in zip(names, colours)]
        return [
            [("norm of the gradient along an edge:", ""), *scale],
            [("dashed: zero (thin) or not finite (wide)", "")],
        ]


class Cost(Shapes):
    """Time and bytes of every operation."""

    name = "cost"

    def __init__(self, costs: dict[int, tuple[float, float]]):
        self.costs = costs
        self.total = sum(seconds for seconds, _ in costs.values())

    def _of(self, box: Box) -> tuple[float, float]:
        ids = [r.id for r in box.records]
        if box.group is not None:
            ids += box.group.others
        found = [self.costs[i] for i in ids if i in self.costs]
        return sum(seconds for seconds, _ in found), sum(nbytes for _, nbytes in found)

    def adds(self, box: Box) -> list[Line]:
        """Time, its share, and bytes."""
        seconds, nbytes = self._of(box)
        if not seconds and not nbytes:
            return []
        share = f" {100 * seconds / self.total:.0f}%" if self.total else ""
        return [[Words(f"{duration(seconds)}{share}, {size(nbytes)}", SMALL)]]

    def heat(self, box: Box) -> float | None:
        """The share of the time, by its root, so that small shares can be told apart."""
        seconds, _ = self._of(box)
        return (seconds / self.total) ** 0.5 if seconds and self.total else None

    def notes(self) -> list[Note]:
        """What the legend says of this level."""
        nbytes = sum(n for _, n in self.costs.values())
        whole = f"{duration(self.total)}; {size(nbytes)} in all"
        return [[(f"time and bytes of each operation; the deeper the colour, the more of {whole}", "")]]


NAMES = ("teach", "shapes", "flow", "cost", "backward")


def costs_of(tape: Tape, profile: Any) -> dict[int, tuple[float, float]]:
    """Seconds and bytes of each record: from a profile, or as a recording saw them.

    Args:
        profile: None; a mapping from records, their keys or their ids to pairs of seconds and
            bytes, or to anything with `seconds` and `nbytes`; or an object whose `costs(tape)`
            gives such a mapping.

    Errors: ArgumentError for anything else, or if nothing is known.
    """
    if profile is None:
        found = {r.id: (r.seconds, float(r.nbytes)) for r in tape if r.seconds}
        if not found:
            raise ArgumentError(
                "level='cost' needs a profile=, or a graph that ran under autograd.record() or draw(f, x)"
            )
        return found
    known = profile.costs(tape) if callable(getattr(profile, "costs", None)) else profile
    if not isinstance(known, Mapping):
        raise ArgumentError(
            "profile: expected a mapping from records to pairs of seconds and bytes, "
            f"got {type(profile).__name__}"
        )
    found = {}
    for record in tape:
        for key in (record, record.key, record.id):
            if key in known:
                found[record.id] = _pair(known[key])
                break
    return found


def _pair(value: Any) -> tuple[float, float]:
    if hasattr(value, "seconds"):
        return float(value.seconds), float(getattr(value, "nbytes", 0))
    seconds, nbytes = value
    return float(seconds), float(nbytes)
