"""What `vmap` is worth: `python -m benchmarks.vmap PYTHON`.

PYTHON is an interpreter with JAX installed, which takes turns with ours. Prints the table, and with
`--record` puts it into docs/benchmarks.md.
"""

from __future__ import annotations

import math
import statistics
import sys
from pathlib import Path

import numpy as np

from autograd import grad

from . import report
from .timing import machine
from .versus import ROOT, Side, ratios

PROGRAMS = Path(__file__).with_name("programs") / "per_example.py"
ORDER = 6


def main(python: str, rounds: int = 30) -> str:
    """Run and print."""
    ours, theirs = Side(sys.executable, str(ROOT), PROGRAMS), Side(python, "", PROGRAMS)
    mine, other, ratio = ratios(ours, theirs, ["vmap"], rounds, 0.05)["vmap"]
    measured = f"{mine * 1e3:.2f} ms against {other * 1e3:.2f} ms of jax.jit"
    rows: list[report.Row] = [("vmap(grad) of a 64-32-10 network, 1,000 examples", measured, ratio, 2.0)]
    rows.append(_within(ours, "vmap(grad) against the loop over the examples", "vmap", "loop", 1 / 25))
    rows.append(_within(ours, "hessian of 100 variables, 100 gradients", "hessian", "100 gradients", 3.0))
    ours.close()
    theirs.close()
    rows.append(_nested())
    table = report.table(rows)
    print(table)
    return table


def _within(side: Side, what: str, first: str, second: str, limit: float) -> report.Row:
    """Two programs of ours, in turns."""
    turns = [(side.turn(first, 0.05), side.turn(second, 0.05)) for _ in range(7)]
    a, b = (statistics.median(times) for times in zip(*turns, strict=True))
    ratio = statistics.median(x / y for x, y in turns)
    return what, f"{a * 1e3:.2f} ms against {b * 1e3:.1f} ms", ratio, limit


def _nested() -> report.Row:
    """grad nested six times, against the derivative of sin(2 x) exp(x) by hand."""
    f = lambda x: np.sin(2 * x) * np.exp(x)
    for _ in range(ORDER):
        f = grad(f)
    xs = np.linspace(-1, 1, 41)
    # sin(2 x) exp(x) is the imaginary part of exp((1 + 2i) x)
    exact = np.imag((1 + 2j) ** ORDER * np.exp((1 + 2j) * xs))
    worst = max(abs(f(x) - e) / abs(e) for x, e in zip(xs, exact, strict=True))
    digits = -math.log10(max(worst, 1e-17))
    return "error of grad nested 6 times, over 1e-9", f"right to {digits:.1f} digits", worst / 1e-9, 1.0


if __name__ == "__main__":
    text = main(sys.argv[1])
    if "--record" in sys.argv:
        report.record("vmap", "python -m benchmarks.vmap PYTHON", machine(), text)
