"""A profile as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..tables import align
from .events import BACKWARD, FORWARD, Event, Place, Span

OUTSIDE = "(outside modules)"


@dataclass
class Row:
    """One operation, or one module with all that is in it.

    Attributes:
        name: of the operation; of a module, its path.
        label: what a module is called in the one around it.
        kind: the class of a module.
        depth: how many modules it lies in.
        calls: how often it was called.
        forward, backward: seconds.
        nbytes: bytes of the arrays that were made, in both directions.
        flops: an estimate of the floating-point operations, in both directions.
    """

    name: str
    label: str = ""
    kind: str = ""
    depth: int = 0
    calls: int = 0
    forward: float = 0.0
    backward: float = 0.0
    nbytes: int = 0
    flops: int = 0

    @property
    def time(self) -> float:
        """Seconds in both directions."""
        return self.forward + self.backward

    def add(self, event: Event, timed: bool = True) -> None:
        """Enter an event, with or without its time."""
        self.nbytes += event.nbytes
        self.flops += event.flops
        if event.phase == BACKWARD:
            self.backward += event.own
        elif timed:
            self.forward += event.own


def by_op(events: Sequence[Event]) -> list[Row]:
    """A row for each operation, the costliest first."""
    rows: dict[str, Row] = {}
    for event in events:
        row = rows.setdefault(event.op, Row(event.op))
        row.add(event)
        row.calls += event.phase == FORWARD
    return sorted(rows.values(), key=lambda row: (-row.time, row.name))


def by_module(top: Place, events: Sequence[Event], spans: Sequence[Span]) -> list[Row]:
    """A row for each module, in the order in which they first ran; what is outside comes last.

    A module's forward is the time of its calls, all that Python does in them included; its
    backward is that of the steps of its operations.
    """
    rows = {p: Row(p.path, p.name, p.kind, len(p.chain) - 1) for p in top.walk() if p is not top}
    outside = Row(OUTSIDE)
    timed = {span.place for span in spans}
    for span in spans:
        if span.place in rows:
            rows[span.place].calls += 1
            rows[span.place].forward += span.end - span.start
    for event in events:
        chain = event.place.chain
        for place in chain:
            rows[place].add(event, timed=place not in timed)
        if not chain:
            outside.add(event)
            outside.calls += event.phase == FORWARD
    return [*rows.values(), outside] if outside.time else list(rows.values())


def table(rows: Sequence[Row], by: str, events: Sequence[Event], elapsed: float, limit: int | None) -> str:
    """Rows as text, with a last line that says what they add up to."""
    whole = sum(event.own for event in events)
    head = (by, "calls", "forward", "backward", "share", "FLOPs", "FLOP/s", "bytes")
    cells = [head, *(_cells(row, by, elapsed) for row in rows[:limit])]
    hidden = len(rows) - len(cells) + 1
    total = Row("all operations", calls=sum(e.phase == FORWARD for e in events))
    for event in events:
        total.add(event)
    cells.append(_cells(total, "op", elapsed))
    lines = align(cells, foot=1)
    if hidden:
        lines.insert(-2, f"... and {hidden} more")
    rest = max(elapsed - whole, 0.0)
    lines.append(f"{seconds(elapsed)} in all, {seconds(rest)} of it outside of operations")
    return "\n".join(lines)


def _cells(row: Row, by: str, elapsed: float) -> tuple[str, ...]:
    name = row.name
    if by == "module" and row.kind:
        name = "  " * row.depth + (f"{row.label}: {row.kind}" if row.depth else row.label)
    return (
        name,
        f"{row.calls:,}",
        seconds(row.forward),
        seconds(row.backward),
        f"{100 * row.time / elapsed if elapsed else 0.0:.1f} %",
        scaled(row.flops),
        scaled(row.flops / row.time if row.time else 0.0),
        scaled(row.nbytes),
    )


def seconds(value: float) -> str:
    """A time in the unit that suits it.

    Example:
        >>> seconds(0.0), seconds(2.5e-6), seconds(0.0314), seconds(12.0)
        ('0', '2.5 us', '31.4 ms', '12.0 s')
    """
    if value == 0:
        return "0"
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if value >= size:
            return f"{value / size:.1f} {unit}"
    return f"{value * 1e6:.1f} us"


def scaled(value: float) -> str:
    """A count in thousands, millions and so on.

    Example:
        >>> scaled(0), scaled(999), scaled(12_345), scaled(2.5e9)
        ('0', '999', '12.3 k', '2.5 G')
    """
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.1f} {unit}"
    return f"{value:.0f}"
