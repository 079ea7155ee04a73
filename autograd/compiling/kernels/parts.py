"""How runs of small calls are cut into parts, each of which becomes a function.

What a program does again and again, layer by layer or turn by turn, is the same source over other memory:
as a part of its own it is compiled once. Neighbours of which neither comes without the other are one part.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import NamedTuple

from ..ir import steps_of
from .kernel import Kernel

# Lines that numba translates in the time that one more function takes it: what saves fewer is not apart.
SAVED = 16
# Calls of one function at most: several processes make functions at once (`loops/making.py`).
CALLS = 16

Keys = list[list[Hashable]]


class Span(NamedTuple):
    """Items of a run that may be one function."""

    run: int
    start: int
    stop: int

    def of(self, runs: Sequence[Sequence]) -> tuple:
        return tuple(runs[self.run][self.start : self.stop])


def cut(runs: Sequence[list], make: Callable[[int, list], Kernel]) -> list[list[Kernel]]:
    """The functions of each run of items.

    Args:
        make: the function of some items of a run, by its place.
    """
    alone = [[make(i, [item]) for item in run] for i, run in enumerate(runs)]
    texts = [[kernel.source({}) for kernel in kernels] for kernels in alone]
    keys: Keys = [list(run) for run in texts]
    spans = _spans(keys)
    often = Counter(span.of(texts) for span in spans)
    for span in spans:
        lines = sum(text.count("\n") for text in span.of(texts))
        if (often[span.of(texts)] - 1) * lines < SAVED:  # as if they came nowhere else
            keys[span.run][span.start : span.stop] = [(span.run, i) for i in range(span.start, span.stop)]
    found: list[list[Kernel]] = [[] for _ in runs]
    spans = [part for span in _spans(keys) for part in _parted(span, runs)]
    made = {span: make(span.run, list(span.of(runs))) for span in spans}
    sources: dict[tuple, set[str]] = defaultdict(set)
    for span in spans:
        sources[span.of(keys)].add(made[span].source({}))
    for span in spans:
        same = len(sources[span.of(keys)]) == 1  # else they lie otherwise to each other
        found[span.run] += [made[span]] if same else alone[span.run][span.start : span.stop]
    return found


def _spans(keys: Keys) -> list[Span]:
    """Where each key only comes with its neighbours."""
    before: dict[Hashable, set] = defaultdict(set)
    after: dict[Hashable, set] = defaultdict(set)
    for run in keys:
        for one, other in itertools.pairwise([None, *run, None]):
            after[one].add(other)
            before[other].add(one)
    found = []
    for i, run in enumerate(keys):
        starts = [0]
        starts += [at for at in range(1, len(run)) if len(after[run[at - 1]]) + len(before[run[at]]) > 2]
        found += [Span(i, a, b) for a, b in itertools.pairwise([*starts, len(run)])]
    return found


def _parted(span: Span, runs: Sequence[list]) -> Iterator[Span]:
    """A span in such parts as one function may hold."""
    start, calls = span.start, 0
    for i in range(span.start, span.stop):
        more = len(steps_of(runs[span.run][i]))
        if i > start and calls + more > CALLS:
            yield Span(span.run, start, i)
            start, calls = i, 0
        calls += more
    yield Span(span.run, start, span.stop)
