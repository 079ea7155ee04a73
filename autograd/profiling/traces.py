"""A profile as files that other programs show: Chrome's trace events, and folded stacks."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from .events import BACKWARD, FORWARD, Event, Place, Span

_MICRO = 1e6
# Times are in whole eighths of a microsecond, which viewers that compute in nanoseconds hold exactly:
# so slices that lie within each other still do so there.
_PARTS = 8


def chrome(events: Sequence[Event], spans: Sequence[Span]) -> str:
    """The JSON text of a trace: a slice for each operation, inside those of modules and sweeps."""
    slices = [_slice(e.op, e.phase, e.start, e.end, _facts(e)) for e in events]
    for span in [*spans, *_modules_of_sweeps(events, spans)]:
        name = f"{span.place.name}: {span.place.kind}" if span.place.kind else "sweep"
        category = "module" if span.place.kind else "sweep"
        slices.append(_slice(name, category, span.start, span.end, {"path": span.place.path}))
    # where slices begin together, the longer one is around the other
    slices.sort(key=lambda s: (s["ts"], -s["dur"]))
    head = [_named("process_name", "autograd"), _named("thread_name", "operations")]
    return json.dumps({"traceEvents": head + slices, "displayTimeUnit": "ms"}, indent=0)


def _slice(name: str, category: str, start: float, end: float, facts: dict[str, Any]) -> dict[str, Any]:
    began, ended = (round(time * _MICRO * _PARTS) for time in (start, end))
    return {
        "name": name, "cat": category, "ph": "X", "ts": began / _PARTS, "dur": (ended - began) / _PARTS,
        "pid": os.getpid(), "tid": threading.get_native_id(), "args": facts,
    }  # fmt: skip


def _named(what: str, name: str) -> dict[str, Any]:
    ids = {"pid": os.getpid(), "tid": threading.get_native_id()}
    return {"name": what, "ph": "M", **ids, "args": {"name": name}}


def _facts(event: Event) -> dict[str, Any]:
    return {
        "phase": event.phase,
        "module": event.place.path,
        "shape": list(event.shape),
        "bytes": event.nbytes,
        "flops": event.flops,
    }


def _modules_of_sweeps(events: Sequence[Event], spans: Sequence[Span]) -> Iterator[Span]:
    """Spans over runs of steps of one module in one sweep: a sweep does not call modules."""
    for steps in _by_sweep(events, spans):
        open_: list[tuple[Place, float]] = []
        end = 0.0
        for event in steps:
            chain = event.place.chain
            same = 0
            while same < min(len(open_), len(chain)) and open_[same][0] is chain[same]:
                same += 1
            while len(open_) > same:
                place, start = open_.pop()
                yield Span(place, BACKWARD, start, end)
            open_ += [(place, event.start) for place in chain[same:]]
            end = event.end
        while open_:
            place, start = open_.pop()
            yield Span(place, BACKWARD, start, end)


def _by_sweep(events: Sequence[Event], spans: Sequence[Span]) -> list[list[Event]]:
    """The steps of each sweep, in order; sweeps may run within steps of others."""
    sweeps = sorted((s for s in spans if not s.place.kind), key=lambda s: (s.start, -s.end))
    steps: list[list[Event]] = [[] for _ in sweeps]
    running: list[int] = []
    later = 0
    for event in sorted((e for e in events if e.phase == BACKWARD), key=lambda e: e.start):
        while later < len(sweeps) and sweeps[later].start <= event.start:
            running.append(later)
            later += 1
        while running and sweeps[running[-1]].end < event.end:
            running.pop()
        if running:
            steps[running[-1]].append(event)
    return steps


def stacks(events: Sequence[Event]) -> dict[tuple[str, ...], float]:
    """Seconds for each stack: the direction, then modules from the outermost, then the operation."""
    found: dict[tuple[str, ...], float] = {}
    for phase in (FORWARD, BACKWARD):
        for event in events:
            if event.phase == phase:
                stack = (phase, *(place.name for place in event.place.chain), event.op)
                found[stack] = found.get(stack, 0.0) + event.own
    return found


def folded(events: Sequence[Event]) -> str:
    """Stacks, one a line, with whole microseconds.

    Example:
        >>> from .events import Place
        >>> folded([Event("exp", "forward", Place(), 0.0, 4e-6, 4e-6, (2,), 16, 2, None)])
        'forward;exp 4\\n'
    """
    lines = [
        f"{';'.join(part.replace(';', ',') for part in stack)} {round(time * _MICRO)}"
        for stack, time in stacks(events).items()
    ]
    return "".join(line + "\n" for line in lines)
