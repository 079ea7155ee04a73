"""`profile`: what users enter, and read afterwards."""

from __future__ import annotations

import os
from contextlib import ExitStack
from html import escape
from pathlib import Path
from time import perf_counter
from typing import Any

from ..errors import ArgumentError
from ..files import write_whole
from ..tape import mode
from ..watching import watching
from . import flame, report, traces
from .events import FORWARD, Cost, Event, Place, Span
from .recorder import Recorder, Scopes


class profile:
    """Within, the time, memory and arithmetic of every operation is taken down, forward and backward.

    Only this thread is looked at. Outside of a profile nothing is slower for it.

    Attributes:
        events: the operations in the order in which they ended, see `Event`.
        spans: the calls of modules, and the sweeps, in the order in which they ended.
        elapsed: seconds within the `with`.

    `print(prof)` shows tables by operation and by module; `by_op()` and `by_module()` give their
    rows; `save(path)` writes a trace for https://ui.perfetto.dev, a flame graph, or stacks;
    `graph.draw(loss, level="cost", profile=prof)` is a picture.

    Floating-point operations are counted for matrix products, convolutions and what is made of
    them (two for a multiply-add), and estimated for the rest: the leading terms of linear algebra
    and Fourier transforms, else one for each element. A complex number counts as one. Steps of a
    sweep are estimated from their calls; of calls before the profile, the module is not known.

    Example:
        >>> import autograd
        >>> x = autograd.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
        >>> with autograd.profile() as prof:
        ...     (x @ x).sum().backward()
        >>> for event in prof.events:
        ...     print(event.op, event.phase, event.flops)
        matmul forward 16
        sum forward 4
        sum backward 4
        matmul backward 32
    """

    def __init__(self) -> None:
        self._recorder = Recorder()
        self._stack = ExitStack()
        self._entered: float | None = None
        self._elapsed = 0.0
        self._events: list[Event] | None = None

    def __enter__(self) -> profile:
        if self._entered is not None:
            raise ArgumentError("profile: this profile is running already; make another one")
        self._events = None
        recorder = self._recorder
        recorder.place = recorder.find(mode.scopes)
        recorder.scopes = mode.scopes = Scopes(mode.scopes, recorder)
        self._stack.enter_context(watching(recorder))
        self._entered = perf_counter()
        if not self._elapsed:
            recorder.began = self._entered
        return self

    def __exit__(self, *exception: Any) -> None:
        assert self._entered is not None
        self._elapsed += perf_counter() - self._entered
        self._entered = None
        self._stack.close()
        self._recorder.scopes.end()
        self._recorder.running.clear()

    @property
    def elapsed(self) -> float:
        now = 0.0 if self._entered is None else perf_counter() - self._entered
        return self._elapsed + now

    @property
    def top(self) -> Place:
        """The place outside of all modules; modules are in it."""
        return self._recorder.top

    @property
    def events(self) -> list[Event]:
        if self._events is None or self._entered is not None:
            self._events = self._recorder.events()
        return self._events

    @property
    def spans(self) -> list[Span]:
        began = self._recorder.began
        return [s._replace(start=s.start - began, end=s.end - began) for s in self._recorder.spans]

    def costs(self, tape: Any) -> dict[int, Cost]:
        """What the records of a tape cost, by their ids, as far as they ran within the profile.

        `autograd.graph.draw(loss, level="cost", profile=prof)` shows it.
        """
        ids = {record.order: record.id for record in tape if record.order is not None}
        found: dict[int, Cost] = {}
        for event in self.events:
            if event.order in ids:
                cost = found.setdefault(ids[event.order], Cost())
                if event.phase == FORWARD:
                    cost.forward, cost.nbytes, cost.flops = event.own, event.nbytes, event.flops
                else:
                    cost.backward += event.own
        return found

    def by_op(self) -> list[report.Row]:
        """A row for each operation, the costliest first."""
        return report.by_op(self.events)

    def by_module(self) -> list[report.Row]:
        """A row for each module, in the order in which they first ran, what is in it included."""
        return report.by_module(self.top, self.events, self.spans)

    def table(self, by: str = "op", limit: int | None = None) -> str:
        """The rows by "op" or by "module" as an aligned table, the first `limit` of them."""
        if by not in ("op", "module"):
            raise ArgumentError(f"table: by must be 'op' or 'module', got {by!r}")
        rows = self.by_op() if by == "op" else self.by_module()
        return report.table(rows, by, self.events, self.elapsed, limit)

    def __str__(self) -> str:
        tables = [self.table("op", 20)]
        if self.top.children:
            tables.append(self.table("module", 60))
        return "\n\n".join(tables)

    def __repr__(self) -> str:
        return f"<profile: {len(self.events)} events in {report.seconds(self.elapsed)}>"

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>{flame.svg(traces.stacks(self.events))}"

    def save(self, path: str | os.PathLike) -> Path:
        """Write the profile to a file, in the form of its suffix; returns its path.

        Args:
            path: ends in .json (a trace of all events: open it in https://ui.perfetto.dev or
                chrome://tracing), .svg (a flame graph), or .folded (stacks with microseconds, which
                flamegraph.pl and https://speedscope.app read).

        Errors: ArgumentError for another suffix; OSError if it cannot be written.
        """
        path = Path(path)
        if path.suffix == ".json":
            text = traces.chrome(self.events, self.spans)
        elif path.suffix == ".svg":
            text = flame.svg(traces.stacks(self.events))
        elif path.suffix == ".folded":
            text = traces.folded(self.events)
        else:
            raise ArgumentError(
                f"cannot save a profile as {path.name!r}: the suffix must be one of .json, .svg, .folded"
            )
        write_whole(path, text.encode())
        return path
