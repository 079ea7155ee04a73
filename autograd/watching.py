"""Looking on: at each call of a primitive, and at each step of a sweep, in one thread.

Profiles, checks for NaN and explanations are watchers. While no thread is watched nothing of
this file runs: calls take the fast path, and `sweeping.py` sweeps by its own loop. While one
is, every call goes through `tape.apply`, which asks `mode.interceptor`, and sweeps run by the
plainer loop below, which hands each step to the watchers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from heapq import heappop
from typing import Any

from . import sweeping
from .codegen import Faults
from .sweeping import add_cotangent, arrive, free, lift, refuse_stray
from .tape import EXTRA, ORDER, PULL, apply, enter_unusual, leave_unusual, mode, parents


class Watcher:
    """What looks on. Each method may be left as it is; `run` does what is looked at."""

    def call(self, run: Callable, prim: Any, args: Sequence, statics: tuple) -> Any:
        """A call of a primitive: gives `run(prim, args, statics)`."""
        return run(prim, args, statics)

    def begin(self, roots: list) -> None:
        """A sweep begins, from pairs of a node and its cotangent."""

    def pull(self, run: Callable, node: list, g: Any) -> Any:
        """A step of a sweep: gives `run(node, g)`, the cotangents of the node's parents.

        Where the sweep arrives at a leaf, `run` gives an empty tuple.
        """
        return run(node, g)

    def end(self) -> None:
        """The sweep that began last has ended, or has raised."""


class _Watched(threading.local):
    """Those that watch this thread, the one that came first first."""

    def __init__(self) -> None:
        self.watchers: list[Watcher] = []


_watched = _Watched()
_threads = 0
_lock = threading.Lock()


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """Within, the watcher is asked at each call and each step of a sweep of this thread.

    It may end before one that began later, as in generators that take turns.
    """
    ended: list[bool] = []
    intercept = _interceptor(watcher, mode.interceptor, ended)
    mode.interceptor = intercept
    _watched.watchers = [*_watched.watchers, watcher]
    _count(1)
    enter_unusual()
    try:
        yield
    finally:
        leave_unusual()
        _count(-1)
        last = max(i for i, other in enumerate(_watched.watchers) if other is watcher)
        _watched.watchers = [w for i, w in enumerate(_watched.watchers) if i != last]
        ended.append(True)
        while getattr(mode.interceptor, "ended", None):
            mode.interceptor = mode.interceptor.before


def _interceptor(watcher: Watcher, before: Any, ended: list[bool]) -> Any:
    call = watcher.call

    def intercept(prim: Any, args: Sequence, statics: tuple) -> Any:
        mode.interceptor = before  # what the call does inside is its own affair
        if ended:
            return apply(prim, args, statics)
        try:
            return call(apply, prim, args, statics)
        finally:
            mode.interceptor = intercept

    intercept.before, intercept.ended = before, ended  # type: ignore[attr-defined]
    return intercept


def _count(change: int) -> None:
    global _threads
    with _lock:
        _threads += change
        sweeping.sweep_by(_sweep if _threads else None)


def _sweep(roots: list, targets: dict | None, keep: bool, lifted: bool) -> list[list]:
    """The sweep of a thread while some thread is watched; means what `sweeping._sweep` means."""
    watchers = _watched.watchers
    if not watchers:
        return sweeping._sweep(roots, targets, keep, lifted)
    pull: Callable = partial(_lifted_pull, lifted) if lifted else _plain_pull
    for watcher in watchers:
        pull = partial(watcher.pull, pull)
        watcher.begin(roots)
    try:
        return _steps(pull, roots, targets, keep, lifted)
    finally:
        for watcher in reversed(watchers):
            watcher.end()


def _plain_pull(node: list, g: Any) -> Any:
    return node[PULL](node, g)


def _lifted_pull(how: Any, node: list, g: Any) -> Any:
    return node[PULL](lift(node, how), g)


def _steps(pull: Callable, roots: list, targets: dict | None, keep: bool, lifted: bool) -> list[list]:
    heap: list[list] = []
    leaves: list[list] = []
    pending: dict[int, Any] = {}
    mine: set[int] = set()
    arrived: list[list] = []
    oldest = max(targets) if targets else 1
    held: list | None = [] if Faults.possible and not (keep or lifted or mode.whole) else None
    for node, g in roots:
        add_cotangent(node, g, heap, leaves, pending, mine)
    while heap:
        node = heappop(heap)
        g = _reach(node, pending, targets, arrived, lifted)
        if targets is not None and node[ORDER] == oldest:
            continue
        above = parents(node)
        parts = pull(node, g)
        for parent, part in zip(above, parts if type(parts) is tuple else (parts,), strict=False):
            if part is not None and parent[ORDER] <= oldest:
                add_cotangent(parent, part, heap, leaves, pending, mine)
        if held is not None:
            held.append(node)
        elif not keep:
            free([node])
        g = parts = part = None  # the next step can have their memory
    free(held or [])
    for node in leaves:
        pull(node, _reach(node, pending, targets, arrived, lifted))
    if targets is None and not arrived and any(node[EXTRA] is None for node in leaves):
        refuse_stray()
    return arrived


def _reach(node: list, pending: dict, targets: dict | None, arrived: list, lifted: bool) -> Any:
    """The cotangent of a node that all its children have contributed to."""
    g = pending.pop(node[ORDER])
    if node[EXTRA] is not None:
        g = arrive(node, g, arrived, lifted)
    if targets is not None and node[ORDER] in targets:
        targets[node[ORDER]] = g
    return g
