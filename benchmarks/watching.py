"""What it costs to look on: training steps under `profile()` and `detect_anomaly()`.

    OMP_NUM_THREADS=1 python benchmarks/watching.py [--write]

`--write` records the table in docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import autograd
import nn
import optim
from benchmarks.networks import NETWORKS
from benchmarks.report import Row, record, table
from benchmarks.timing import machine, paired, ratio

PROFILED, CHECKED = 1.15, 6.0


def main() -> None:
    """Time each network plain and watched, in turns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="record the table in docs/benchmarks.md")
    parser.add_argument("--seconds", type=float, default=12.0, help="time for each network")
    options = parser.parse_args()
    rows: list[Row] = []
    for label, network in NETWORKS.items():
        step = network(nn, optim, lambda array: array)
        contestants = {"plain": step, "profile": profiled(step), "detect_anomaly": checked(step)}
        times = paired(contestants, options.seconds)
        for name, limit in (("profile", PROFILED), ("detect_anomaly", CHECKED)):
            figure = ratio(times, name, "plain")
            rows.append((f"{label}, under {name}(): to plain", f"{figure:.2f}", figure, limit))
    text = table(rows)
    print(text)
    if options.write:
        record("Looking on", "python benchmarks/watching.py --write", f"{machine()}; float32.", text)


def profiled(step: Callable[[], object]) -> Callable[[], object]:
    """The step in a profile of its own, as it is used to look at one step."""

    def run() -> object:
        with autograd.profile():
            return step()

    return run


def checked(step: Callable[[], object]) -> Callable[[], object]:
    """The step under `detect_anomaly()`."""

    def run() -> object:
        with autograd.detect_anomaly():
            return step()

    return run


if __name__ == "__main__":
    main()
