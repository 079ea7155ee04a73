"""Gradients of small functions against HIPS autograd: `python -m benchmarks.transforms PYTHON`.

PYTHON is an interpreter with HIPS autograd installed (and NumPy of the same version); ours runs
under this one. Prints the table, and with `--record` puts it into docs/benchmarks.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

from . import report
from .timing import machine
from .versus import ROOT, Side, ratios

PROGRAMS = Path(__file__).with_name("programs") / "small_gradients.py"
LIMITS = {
    "50 sines of a scalar": 0.25,
    "20-step RNN of width 64, batch 16": 0.25,
    "20-step RNN of width 64, batch 1": 0.25,
}


def main(python: str, rounds: int = 30) -> str:
    """Run and print."""
    ours, theirs = Side(sys.executable, str(ROOT), PROGRAMS), Side(python, "", PROGRAMS)
    rows: list[report.Row] = []
    for name, (mine, other, ratio) in ratios(ours, theirs, list(LIMITS), rounds, 0.05).items():
        measured = f"{mine * 1e6:.0f} us against {other * 1e6:.0f} us of HIPS autograd"
        rows.append((f"gradient of {name}", measured, ratio, LIMITS[name]))
    ours.close()
    theirs.close()
    table = report.table(rows)
    print(table)
    return table


if __name__ == "__main__":
    text = main(sys.argv[1])
    if "--record" in sys.argv:
        report.record("Small gradients", "python -m benchmarks.transforms PYTHON", machine(), text)
