"""Compiled training steps against their peers, each in a process of its own, taking turns.

    python -m benchmarks.compiled [--torch PYTHON] [--jax PYTHON] [--threads 1 2] [--rows TEXT] [--write]

PYTHON are interpreters with PyTorch and with JAX; without them the peers' columns stay empty.
`--write` records the table and a chart in docs.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path
from typing import Any

from . import report
from .timing import machine
from .versus import ROOT, Side

PROGRAMS = Path(__file__).with_name("programs") / "training_steps.py"
# limits: compiled with numba, compiled with NumPy alone, eager; to the best peer
LIMITS = {
    "2-3-3-1 sigmoid/MSE, batch 50, SGD": (0.15, 0.5, 1.0),
    "64-10-10 sigmoid/CE, batch 1, SGD": (0.2, 0.6, 1.0),
    "784-20-20-10 ReLU, batch 8, SGD": (0.3, 0.5, 0.8),
    "784-512-512-10 ReLU, batch 64, Adam": (0.95, 1.5, 1.2),
    "784-100-200-10 ReLU, batch 5000, Adam": (0.95, 1.1, 1.2),
    "LeNet, batch 64, SGD": (1.0, 1.3, 1.3),
    "LSTM 32-64, 16x50, SGD": (0.6, 1.0, 1.2),
    "transformer 2x64, 16x64, AdamW": (0.95, 1.2, 1.3),
    "gradient of a formula, 10^6 elements": (0.4, 0.8, 1.2),
}
OURS = ("numba", "numpy", "eager")
# JAX has programs of its own for these rows alone.
JAX = set(LIMITS) - {n for n in LIMITS if n.startswith(("LeNet", "LSTM", "transformer"))}


def main() -> None:
    """Run, print, and record if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch", help="an interpreter with PyTorch")
    parser.add_argument("--jax", help="an interpreter with JAX")
    parser.add_argument("--threads", nargs="+", default=["1", "2"])
    parser.add_argument("--rows", default="", help="only rows that contain this")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--write", action="store_true", help="record the table in docs/benchmarks.md")
    options = parser.parse_args()
    texts = []
    for threads in options.threads:
        text = table(threads, options)
        print(text, flush=True)
        texts.append(text)
    if options.write:
        report.record(
            "Compiled steps", "python -m benchmarks.compiled --write", machine(), "\n\n".join(texts)
        )


def sides(threads: str, options: argparse.Namespace) -> dict[str, Side]:
    """A process for each contestant; idle threads sleep, or they would spoil the neighbour's turn."""
    variables = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
    common: dict[str, Any] = {name: threads for name in variables} | {"cores": int(threads)}
    common["OMP_WAIT_POLICY"] = "PASSIVE"
    common["OPENBLAS_THREAD_TIMEOUT"] = "20"  # log2 of the ticks that its threads spin after a product
    found = {name: Side(sys.executable, str(ROOT), PROGRAMS, CONTESTANT=name, **common) for name in OURS}
    if options.torch:
        for name in ("torch", "torch fused", "torch compiled"):
            found[name] = Side(options.torch, "", PROGRAMS, CONTESTANT=name, **common)
    if options.jax:
        found["jax"] = Side(options.jax, "", PROGRAMS, CONTESTANT="jax", **common)
    return found


def table(threads: str, options: argparse.Namespace) -> str:
    """The rows on so many threads."""
    contestants = sides(threads, options)
    lines = [
        f"{threads} thread{'s' if threads != '1' else ''}; times in us, ratios to the best peer (limit)",
        "",
        "| training step | best peer | compiled, numba | compiled, NumPy | eager |",
        "|---|---|---|---|---|",
    ]
    for row, limits in LIMITS.items():
        if options.rows in row:
            lines.append(_row(row, limits, contestants, options.rounds))
    for side in contestants.values():
        side.close()
    return "\n".join(lines)


def _row(row: str, limits: tuple, contestants: dict[str, Side], rounds: int) -> str:
    taking = {name: side for name, side in contestants.items() if name != "jax" or row in JAX}
    times: dict[str, list[float]] = {name: [] for name in taking}
    for i in range(rounds + 1):
        for name, side in taking.items():
            took = side.turn(row, 0.1)
            if i:  # the first turn compiles
                times[name].append(took)
    medians = {name: statistics.median(t) for name, t in times.items()}
    peers = {name: t for name, t in medians.items() if name not in OURS}
    if not peers:
        cells = [f"{medians[name] * 1e6:.1f}" for name in OURS]
        return f"| {row} | - | {' | '.join(cells)} |"
    best = min(peers, key=peers.get)  # type: ignore[arg-type]
    cells = []
    for name, limit in zip(OURS, limits, strict=True):
        # the formula's eager limit is to PyTorch's eager run
        against = "torch" if name == "eager" and row.startswith("gradient") and "torch" in times else best
        ratio = statistics.median(a / b for a, b in zip(times[name], times[against], strict=True))
        kept = "" if ratio <= limit else " NO"
        cells.append(f"{medians[name] * 1e6:.1f}: {ratio:.2f} ({limit}){kept}")
    others = ", ".join(f"{name} {t * 1e6:.0f}" for name, t in sorted(peers.items(), key=lambda p: p[1]))
    return f"| {row} | {others} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
