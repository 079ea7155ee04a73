"""Parts of one loop on several threads.

The threads are Python's: compiled loops run without the interpreter's lock, and a process that
forks, as data loaders do, starts threads of its own rather than to stop for good.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

_ALIGNED = 64  # elements; so that no two threads write to one line of the cache


def count() -> int:
    """How many threads a loop may use: as many as OpenMP would, and no more than there are cores."""
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
        fn, args, done = tasks.get()
        try:
            fn(*args)
        except BaseException as error:
            done.put(error)
        else:
            done.put(None)


_workers = _Workers()


def _renew() -> None:
    global _workers
    _workers = _Workers()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)


def spread(fn: Callable, n: int, table: Any, *arrays: Any) -> None:
    """`fn(table, start, stop, *arrays)` for the parts of range(n), the last of them here."""
    workers, parts = _workers, count()
    size = -(-n // parts)
    size += -size % _ALIGNED if n >= parts * 4 * _ALIGNED else 0
    starts = range(0, n, size)
    workers.start(len(starts) - 1)
    done: SimpleQueue = SimpleQueue()
    for start in starts[:-1]:
        workers.tasks.put((fn, (table, start, start + size, *arrays), done))
    fn(table, starts[-1], n, *arrays)
    errors = [done.get() for _ in starts[:-1]]
    for error in errors:
        if error is not None:
            raise error
