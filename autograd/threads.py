"""Parts of one loop on several threads.

The threads are Python's: compiled loops run without the interpreter's lock, and a process that
forks, as data loaders do, starts threads of its own rather than to stop for good.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import os
import threading
import time
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any

_ALIGNED = 64  # elements; so that no two threads write to one line of the cache
# Parts for each thread: one that comes late still finds some.
PARTS = 4
# From so many additions on, a loop is spread over threads: below, it is over before another has come.
PARALLEL = 1 << 21


@functools.cache
def count() -> int:
    """How many threads a loop may use, when it is first asked for: as OpenMP, and no more than cores."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(int(given), cores)) if given.isdigit() else cores


class _Workers:
    """Threads that wait for work; one set for each process."""

    def __init__(self) -> None:
        self.tasks: SimpleQueue = SimpleQueue()
        self.started = 0
        self._lock = threading.Lock()

    def start(self, wanted: int) -> None:
        with self._lock:
            while self.started < wanted:
                threading.Thread(target=_work, args=(self.tasks,), daemon=True).start()
                self.started += 1


def _work(tasks: SimpleQueue) -> None:
    while True:
        tasks.get()()


_workers = _Workers()


def _renew() -> None:
    global _workers
    _workers = _Workers()
    count.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)


def spread(
    fn: Callable, n: int, table: Any, *arrays: Any, each: int = PARTS, most: int | None = None
) -> None:
    """`fn(table, start, stop, *arrays)` for the parts of range(n), by this thread and others as they come.

    There are so many parts for `each` thread, and at `most` so many threads. Others compute in a copy of
    the caller's context, so that NumPy's error state is the same. Nobody waits for one that has not come:
    those of BLAS stay on their cores for a while.
    """
    most = count() if most is None else min(count(), most)
    parts = each * most
    size = -(-n // parts)
    size += -size % _ALIGNED if n >= parts * _ALIGNED else 0
    starts, done = iter(range(0, n, size)), SimpleQueue()  # type: ignore[var-annotated]
    busy: set[int] = set()

    def take() -> None:
        busy.add(threading.get_ident())
        for start in starts:
            try:
                fn(table, start, min(start + size, n), *arrays)
            except BaseException as error:
                done.put(error)
            else:
                done.put(None)
        busy.discard(threading.get_ident())

    parts = len(range(0, n, size))
    try:
        _offer(take, min(most, parts) - 1)
        take()
        errors = [error for error in [done.get() for _ in range(parts)] if error is not None]
    except BaseException:  # an interrupt: the caller may free what others still write to
        _wait(starts, busy)
        raise
    try:
        if errors:
            raise errors[0]
    finally:
        errors.clear()  # an error holds this frame, which must not hold it


def _wait(starts: Iterator[int], busy: set[int]) -> None:
    """Until nobody else computes a part; no other is begun."""
    for _ in starts:
        pass
    while busy - {threading.get_ident()}:
        with contextlib.suppress(KeyboardInterrupt):  # the first is on its way
            time.sleep(1e-3)


def _offer(take: Callable, others: int) -> None:
    """Let so many other threads take parts."""
    workers = _workers
    if workers.started < others:
        with contextlib.suppress(RuntimeError):  # the system gives no more: those that there are will do
            workers.start(others)
    for _ in range(min(others, workers.started)):
        workers.tasks.put(functools.partial(contextvars.copy_context().run, take))
