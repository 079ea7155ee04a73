"""Paired timing: contestants take turns, so that noise hits all alike; medians and their ratios."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np


def paired(
    contestants: dict[str, Callable[[], object]], seconds: float = 2.0, rounds: int = 15
) -> dict[str, list[float]]:
    """The times of each contestant, round by round, for so many seconds and rounds at least.

    A turn is as many runs as fill two milliseconds, so that each contestant finds the caches as
    it would in a loop of its own, and not as another left them.
    """
    turns = {name: _runs_per_turn(run) for name, run in contestants.items()}
    times: dict[str, list[float]] = {name: [] for name in contestants}
    stop = time.perf_counter() + seconds
    while time.perf_counter() < stop or len(next(iter(times.values()))) < rounds:
        for name, run in contestants.items():
            start = time.perf_counter()
            for _ in range(turns[name]):
                run()
            times[name].append((time.perf_counter() - start) / turns[name])
    return times


def _runs_per_turn(run: Callable[[], object]) -> int:
    best = float("inf")  # of several: one that was interrupted would make turns of a single, cold run
    for _ in range(5):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
        if best > 0.01:
            break
    return max(1, int(0.002 / best))


def median(times: list[float]) -> float:
    """The median in microseconds."""
    return statistics.median(times) * 1e6


def ratio(times: dict[str, list[float]], ours: str, theirs: str) -> float:
    """The median of the ratios within the rounds."""
    return statistics.median(a / b for a, b in zip(times[ours], times[theirs], strict=True))


def machine() -> str:
    """What the figures were taken on, in a line."""
    cpu = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{cpu}, {platform.machine()}; Python {platform.python_version()}, NumPy {np.__version__}"
