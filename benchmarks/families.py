"""Typical calls of NumPy's families, there and back: `python -m benchmarks.families [PYTHON] [--write]`.

Ours takes turns with NumPy's forward and, if installed, with PyTorch's forward and backward. Figures are
medians over processes, which run a family at one size each: where large arrays were freed before, the heap of
the C library may make calls of a few kilobytes take three times as long. PYTHON is an interpreter with HIPS autograd,
which takes turns in a process of its own. `--only WORD` runs the calls that have the word in their family or
name, `--sizes 10,1000` some sizes alone; `--write` then leaves the other rows of the table as they are.
"""

from __future__ import annotations

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"  # before NumPy loads its BLAS
os.environ.pop("OPENBLAS_CORETYPE", None)  # which picks the kernels of this processor

import argparse
import math
import multiprocessing
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

import autograd

from .programs.families import CALLS, SIZES, Call, key, loss, module_of
from .report import record, recorded
from .timing import machine, median, paired, ratio
from .versus import ROOT, Side, ratios

try:
    import torch

    torch.set_num_threads(1)
except ImportError:
    torch = None
try:
    import scipy.special
except ImportError:
    scipy = None

PROGRAMS = Path(__file__).with_name("programs") / "families.py"
TITLE = "Families of calls"
PROCESSES = 3
BOUND = 1_000  # up to this size no call may be slower than PyTorch's
Figures = tuple[float, float, float, float]


def main() -> None:
    """Run, print, and record if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("hips", nargs="?", help="an interpreter with HIPS autograd")
    parser.add_argument("--write", action="store_true", help="record the table in docs/benchmarks.md")
    parser.add_argument("--only", default="", help="the calls with this word in their family or name")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="numbers of elements")
    parser.add_argument("--seconds", type=float, default=0.6, help="time for a call at a size")
    options = parser.parse_args()
    sizes = [int(n) for n in options.sizes.split(",")]
    taken = f"{machine()}{f', PyTorch {torch.__version__}' if torch else ''}. One thread, float64."
    old = recorded(TITLE) if options.only else ""
    if options.write and (sizes != list(SIZES) or (options.only and taken not in old)):
        parser.error("--write takes all sizes, and with --only the machine that the other rows are of")
    rows = rows_of(figures(options, sizes), sizes)
    print(table(rows, sizes))
    if options.write:
        text = table(rows_in(old) | rows, sizes)
        record(TITLE, "python -m benchmarks.families PYTHON --write", taken, text)


def figures(options: argparse.Namespace, sizes: list[int]) -> dict[tuple[Call, int], Figures]:
    """Of the calls that are asked for at each size, the medians over processes."""
    found = {}
    for family in dict.fromkeys(c.family for c in CALLS):
        chosen = [
            i for i, c in enumerate(CALLS) if c.family == family and options.only in f"{family} {c.name}"
        ]
        if not chosen:
            continue
        each = options.seconds / PROCESSES
        for n in sizes:
            runs = [_afresh(measured, chosen, n, each, options.hips) for _ in range(PROCESSES)]
            for i in chosen:
                found[CALLS[i], n] = tuple(np.median([run[i] for run in runs], 0).tolist())
    return found


def _afresh(function: Callable, *args: Any) -> Any:
    """What a function gives in a new process."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *args).result()


def measured(calls: list[int], n: int, seconds: float, hips: str | None) -> dict:
    """For each call our time in us at a size, and its ratios to NumPy, PyTorch and HIPS autograd."""
    found = {}
    sides = (Side(sys.executable, str(ROOT), PROGRAMS), Side(hips, "", PROGRAMS)) if hips else ()
    for i in calls:
        call = CALLS[i]
        print(f"... {call.family}: {call.name}", file=sys.stderr)
        by_theirs = math.nan
        if sides:
            program = key(call, n)
            by_theirs = ratios(*sides, [program], 9 if n <= BOUND else 3, seconds / 40)[program][2]
        found[i] = (*_in_this_process(call, n, seconds), by_theirs)
    for side in sides:
        side.close()
    return found


def _in_this_process(call: Call, n: int, seconds: float) -> tuple[float, float, float]:
    given = call.given(n)
    plain = np if call.module == "numpy" else scipy.special
    forward = loss(call.body, plain, np)
    contestants: dict[str, Callable] = {
        "ours": _both(
            loss(call.body, module_of(call), autograd.numpy), [autograd.tensor(x) for x in given]
        ),
        "numpy": lambda: forward(*given),
    }
    if torch and call.torch:
        leaves = [torch.from_numpy(x.copy()) for x in given]
        contestants["torch"] = _both(loss(call.torch, torch, torch), leaves)
    times = paired(contestants, seconds, 15 if n <= BOUND else 3)
    by_torch = ratio(times, "ours", "torch") if "torch" in times else math.nan
    return median(times["ours"]), ratio(times, "ours", "numpy"), by_torch


def _both(summed: Callable, leaves: list) -> Callable[[], None]:
    """Forward and backward to new gradients."""
    for leaf in leaves:
        leaf.requires_grad_()

    def run() -> None:
        for leaf in leaves:
            leaf.grad = None
        summed(*leaves).backward()

    return run


def slower(found: dict) -> list[tuple[Call, int]]:
    """Those that must not be slower than PyTorch's, and are."""
    return [at for at, figures in found.items() if at[1] <= BOUND and figures[2] > 1.0]


def unattainable(figures: Figures) -> bool:
    """Whether NumPy's forward alone takes longer than PyTorch's forward and backward."""
    return figures[2] > figures[1]


def rows_of(found: dict, sizes: list[int]) -> dict[str, list[str]]:
    """The cells of each call, by its name."""
    late, rows = slower(found), {}
    for call in dict.fromkeys(call for call, _ in found):
        cells = [_cells(found[call, n], (call, n) in late) for n in sizes]
        rows[f"{call.family}: {call.name}"] = [cell for some in cells for cell in some]
    return rows


def rows_in(text: str) -> dict[str, list[str]]:
    """The same of a table."""
    split = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    names = {f"{call.family}: {call.name}" for call in CALLS}
    return {name: cells for name, *cells in split if name in names}


def table(rows: dict[str, list[str]], sizes: list[int]) -> str:
    """A row for each call, and how many are slower than they may be."""
    heads = ["call"]
    for n in sizes:
        heads += [f"{n:,}: us", "NumPy", "PyTorch", "HIPS"]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    lines += [f"| {' | '.join([name, *cells])} |" for name, cells in rows.items()]
    bound = [
        cell for cells in rows.values() for n, cell in zip(sizes, cells[2::4], strict=True) if n <= BOUND
    ]
    lines += [
        "",
        "Forward and backward of the sum of what a call gives: our time, and its ratio to NumPy's forward, "
        "to PyTorch's and to HIPS autograd's forward and backward (- where there is no such call or "
        f"gradient). Slower than PyTorch up to {BOUND:,} elements, in bold: "
        f"{sum(cell.startswith('**') for cell in bound)} of {sum(cell != '-' for cell in bound)}; in "
        f"{sum(cell.endswith('***') for cell in bound)} of them, marked *, NumPy's forward alone is.",
    ]
    return "\n".join(lines)


def _cells(figures: Figures, late: bool) -> list[str]:
    time, *others = figures
    cells = [f"{time:.3g}" if time < 1000 else f"{time:.0f}"]
    cells += ["-" if math.isnan(v) else f"{v:.2f}" for v in others]
    if late:
        cells[2] = f"**{cells[2]}**{'*' if unattainable(figures) else ''}"
    return cells


if __name__ == "__main__":
    main()
