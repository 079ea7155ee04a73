"""Fits of lifelines against HIPS autograd: `python -m benchmarks.clients OURS THEIRS`.

OURS is an interpreter with lifelines and without HIPS autograd, THEIRS one with both (versions of
NumPy, SciPy and pandas the same); docs/migration.md says how to make them. Prints the table, and with
`--record` puts it into docs/benchmarks.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

from . import report
from .timing import machine
from .versus import ROOT, Side, ratios

PROGRAMS = Path(__file__).with_name("programs") / "fits.py"
LIMITS = {"GeneralizedGammaFitter": 0.60, "WeibullAFTFitter": 0.75, "LogNormalAFTFitter": 0.80}


def main(ours_python: str, theirs_python: str, rounds: int = 9) -> str:
    """Run and print."""
    ours, theirs = Side(ours_python, str(ROOT), PROGRAMS), Side(theirs_python, "", PROGRAMS)
    rows: list[report.Row] = []
    for name, (mine, other, ratio) in ratios(ours, theirs, list(LIMITS), rounds, 0.5).items():
        measured = f"{mine:.2f} s against {other:.2f} s with HIPS autograd"
        rows.append((f"{name}.fit of lifelines", measured, ratio, LIMITS[name]))
    ours.close()
    theirs.close()
    table = report.table(rows)
    print(table)
    return table


if __name__ == "__main__":
    text = main(sys.argv[1], sys.argv[2])
    if "--record" in sys.argv:
        report.record("Clients", "python -m benchmarks.clients OURS THEIRS", machine(), text)
