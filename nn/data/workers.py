"""Batches made ahead of time by other processes."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any

import numpy as np

from autograd.errors import AutogradError

from ..random import manual_seed

Job = tuple[list[int], np.ndarray]  # a seed, and the indices of a batch

_make: Callable[[np.ndarray], Any]  # in a worker, what makes a batch


class WorkerError(AutogradError, RuntimeError):
    """A process that was to make a batch died."""


def made_ahead(
    make: Callable[[np.ndarray], Any], jobs: Iterable[Job], workers: int, ahead: int
) -> Iterator[Any]:
    """`make(indices)` of each job, in order, computed in `workers` processes.

    Args:
        ahead: how many batches each worker may be ahead of the caller.

    What a batch draws at random depends on its seed alone, not on the worker that makes it: the
    default generator of `nn`, NumPy's global one and Python's are all seeded for each.

    Errors: WorkerError if a worker dies; what `make` raises is raised here.
    """
    left = iter(jobs)
    pool = ProcessPoolExecutor(workers, initializer=_start, initargs=(make,))
    pending: deque[Future] = deque()
    try:
        for job in islice(left, workers * ahead):
            pending.append(pool.submit(_batch, *job))
        while pending:
            batch = pending.popleft().result()
            for job in islice(left, 1):
                pending.append(pool.submit(_batch, *job))
            yield batch
    except BrokenProcessPool:
        raise WorkerError("DataLoader: a worker process died; num_workers=0 shows where") from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _start(make: Callable[[np.ndarray], Any]) -> None:
    global _make
    _make = make


def _batch(seed: list[int], indices: np.ndarray) -> Any:
    manual_seed(seed)
    legacy = np.random.SeedSequence(seed).generate_state(2)
    np.random.seed(legacy[0])
    random.seed(int(legacy[1]))
    return _make(indices)
