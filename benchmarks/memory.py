"""The peak of the arrays that training steps hold, set beside PyTorch's.

    python -m benchmarks.memory [--torch PYTHON] [--rows TEXT] [--write]

PYTHON is an interpreter with PyTorch. Counted are the arrays of a step: gradients, what optimisers keep,
what is saved for the backward pass and temporaries; not parameters and data.
`--write` records the table in docs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from . import report
from .compiled import OURS, PROGRAMS
from .timing import machine
from .versus import ROOT

PROGRAM = PROGRAMS.with_name("step_memory.py")


def main() -> None:
    """Measure, print, and record if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch", help="an interpreter with PyTorch")
    parser.add_argument("--rows", default="", help="only rows that contain this")
    parser.add_argument("--write", action="store_true", help="record the table in docs/benchmarks.md")
    options = parser.parse_args()
    found = {name: peaks(sys.executable, str(ROOT), name, options.rows) for name in OURS}
    if options.torch:
        found["torch"] = peaks(options.torch, "", "torch", options.rows)
    text = table(found)
    print(text)
    if options.write:
        report.record("Memory of steps", "python -m benchmarks.memory --write", machine(), text)


def peaks(python: str, path: str, contestant: str, rows: str) -> dict[str, int]:
    """The bytes of each row, from a process of its own, on one thread."""
    variables = {"CONTESTANT": contestant, "OMP_NUM_THREADS": "1", "PYTHONPATH": path, "ROWS": rows}
    command = [python, str(PROGRAM)]
    environment = {**os.environ, **variables}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True, cwd="/")
    pairs = (line.split("\t") for line in done.stdout.splitlines() if "\t" in line)
    return {row: int(size) for row, size in pairs}


def table(found: dict[str, dict[str, int]]) -> str:
    """A row for each program: megabytes, and ours to PyTorch's, which it may be at most."""
    names = {"numba": "compiled, numba", "numpy": "compiled, NumPy", "eager": "eager", "torch": "PyTorch"}
    lines = [
        f"| training step, MB | {' | '.join(names[n] for n in found)} |",
        "|" + "---|" * (len(found) + 1),
    ]
    for row in found["eager"]:
        most = found["torch"][row] if "torch" in found else 0
        cells = [f"{sizes[row] / 1e6:.4f}{_ratio(sizes[row], most)}" for sizes in found.values()]
        lines.append(f"| {row} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _ratio(size: int, most: int) -> str:
    if not most or size == most:
        return ""
    return f": {size / most:.2f}{' NO' if size > 1.005 * most else ''}"


if __name__ == "__main__":
    main()
