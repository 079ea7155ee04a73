"""How long compiling takes: each row in processes of its own, with an empty cache on disk and a full one.

    python -m benchmarks.warm [--rows TEXT] [--write]

Counted are the first three calls of a compiled step, which record, check and compile it, less what three
steps take without. `--write` records the table in docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile

from . import report
from .compiled import LIMITS, PROGRAMS
from .timing import machine
from .versus import ROOT

PROGRAM = PROGRAMS.with_name("first_calls.py")
# Seconds: on NumPy's kernels, with numba and an empty cache, with numba and a full one.
KINDS = {"NumPy": 1.0, "numba, cold": 15.0, "numba, warm": 0.5}


def main() -> None:
    """Measure, print, and record if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", default="", help="only rows that contain this")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="record the table in docs/benchmarks.md")
    options = parser.parse_args()
    limits = " | ".join(f"{kind} ({limit})" for kind, limit in KINDS.items())
    lines = [f"| seconds to compile (limit) | {limits} |", "|" + "---|" * (len(KINDS) + 1)]
    for row in [row for row in LIMITS if options.rows in row]:
        found = times(row, options.rounds)
        cells = [f"{t:.2f}{' NO' if t > KINDS[kind] else ''}" for kind, t in found.items()]
        lines.append(f"| {row} | {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    if options.write:
        report.record("Compile times", "python -m benchmarks.warm --write", machine(), "\n".join(lines))


def times(row: str, rounds: int) -> dict[str, float]:
    """The medians of a row."""
    found: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            for kind, contestant in zip(KINDS, ("numpy", "numba", "numba"), strict=True):
                found[kind].append(first_calls(row, contestant, folder))
    return {kind: statistics.median(t) for kind, t in found.items()}


def first_calls(row: str, contestant: str, cache: str) -> float:
    """Seconds that a new process needs to compile a row."""
    environment = {**os.environ, "CONTESTANT": contestant, "WENGERT_CACHE": cache, "OMP_NUM_THREADS": "1"}
    environment |= {"PYTHONPATH": str(ROOT), "ROWS": row}
    environment.pop("OPENBLAS_CORETYPE", None)
    command = [sys.executable, str(PROGRAM)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True, cwd="/")
    return float(done.stdout)


if __name__ == "__main__":
    main()
