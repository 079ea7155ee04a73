"""Compiled training steps against their peers, each in a process of its own, taking turns.

    python -m benchmarks.compiled [--torch PYTHON] [--jax PYTHON] [--hips PYTHON] [--mygrad PYTHON]
        [--threads 1 2] [--rows TEXT] [--calm] [--write]

PYTHON are interpreters with PyTorch, JAX, HIPS autograd and MyGrad, which may be one; those that are not
given are left out. `--calm` takes the time of each from the calmest sixth of its turns rather than from the
middle of all: another process on the other half of a core slows Python down by two, and XLA by a third.
`--write` records the table and a chart in docs; the chart takes matplotlib.
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
FUNCTIONS = PROGRAMS.with_name("training_functions.py")
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
# Libraries of functions have no programs for the rows of networks.
NETWORKS = tuple(n for n in LIMITS if n.startswith(("LeNet", "LSTM", "transformer")))
FUNCTIONAL = ("jax", "hips", "mygrad", "by hand")
CHART = ROOT / "docs" / "pictures" / "compiled.png"


def main() -> None:
    """Run, print, and record if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch", help="an interpreter with PyTorch")
    parser.add_argument("--jax", help="an interpreter with JAX")
    parser.add_argument("--hips", help="an interpreter with HIPS autograd")
    parser.add_argument("--mygrad", help="an interpreter with MyGrad")
    parser.add_argument("--threads", nargs="+", default=["1", "2"])
    parser.add_argument("--rows", default="", help="only rows that contain this")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--calm", action="store_true", help="of each the calmest sixth of its turns")
    parser.add_argument("--write", action="store_true", help="record the table in docs/benchmarks.md")
    options = parser.parse_args()
    texts, ratios = [], {}
    for threads in options.threads:
        text, ratios[threads] = table(threads, options)
        print(text, flush=True)
        texts.append(text)
    if options.write:
        chart(ratios)
        texts.append(f"![ratios to the best peer](pictures/{CHART.name})")
        report.record(
            "Compiled steps", "python -m benchmarks.compiled --write", machine(), "\n\n".join(texts)
        )


def sides(threads: str, options: argparse.Namespace) -> dict[str, Side]:
    """A process for each contestant; idle threads sleep, or they would spoil the neighbour's turn."""
    variables = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
    common: dict[str, Any] = {name: threads for name in variables} | {"cores": int(threads)}
    common["OMP_WAIT_POLICY"] = "PASSIVE"
    common["TORCHINDUCTOR_COMPILE_THREADS"] = "1"  # its pool of compilers would run in the others' turns
    common["OPENBLAS_THREAD_TIMEOUT"] = "20"  # log2 of the ticks that its threads spin after a product
    found = {name: Side(sys.executable, str(ROOT), PROGRAMS, CONTESTANT=name, **common) for name in OURS}
    if options.torch:
        for name in ("torch", "torch fused", "torch compiled"):
            found[name] = Side(options.torch, "", PROGRAMS, CONTESTANT=name, **common)
    if options.jax:
        found["jax"] = Side(options.jax, "", PROGRAMS, CONTESTANT="jax", **common)
    for name in ("hips", "mygrad"):
        if getattr(options, name):
            found[name] = Side(getattr(options, name), "", FUNCTIONS, CONTESTANT=name, **common)
    found["by hand"] = Side(sys.executable, "", FUNCTIONS, CONTESTANT="by hand", **common)
    return found


def table(threads: str, options: argparse.Namespace) -> tuple[str, dict[str, list[float]]]:
    """The rows on so many threads, and our ratios to the best peer by row."""
    contestants = sides(threads, options)
    lines = [
        f"{threads} thread{'s' if threads != '1' else ''}; times in us, ratios to the best peer (limit)"
        f"{', in the calmest sixth of the turns of each' if options.calm else ''}",
        "",
        "| training step | peers | NumPy by hand | compiled, numba | compiled, NumPy | eager |",
        "|---|---|---|---|---|---|",
    ]
    found = {}
    for row, limits in LIMITS.items():
        if options.rows in row:
            times = measured(row, contestants, options.rounds)
            if options.calm:
                times = {name: [sorted(t)[len(t) // 6]] for name, t in times.items()}
            ratios = to_the_best(row, times)
            lines.append(_line(row, limits, times, ratios))
            if ratios:
                found[row] = ratios
    for side in contestants.values():
        side.close()
    return "\n".join(lines), found


def measured(row: str, contestants: dict[str, Side], rounds: int) -> dict[str, list[float]]:
    """The times of all contestants that have the program, turn by turn."""
    taking = {n: side for n, side in contestants.items() if n not in FUNCTIONAL or row not in NETWORKS}
    times: dict[str, list[float]] = {name: [] for name in taking}
    for i in range(rounds + 1):
        for name, side in taking.items():
            # the first turn compiles, and is so long that eager kernels get their loops
            took = side.turn(row, 0.1 if i else 0.5)
            if i:
                times[name].append(took)
    return times


def to_the_best(row: str, times: dict[str, list[float]]) -> list[float]:
    """Our ratios to the best peer of the row; none without peers."""
    medians = {n: statistics.median(t) for n, t in times.items() if n not in (*OURS, "by hand")}
    if not medians:
        return []
    best = min(medians, key=medians.get)  # type: ignore[arg-type]
    # the formula's eager limit is to PyTorch's eager run
    eager = "torch" if row.startswith("gradient") and "torch" in times else best
    pairs = zip(OURS, (best, best, eager), strict=True)
    return [statistics.median(a / b for a, b in zip(times[n], times[of], strict=True)) for n, of in pairs]


def _line(row: str, limits: tuple, times: dict[str, list[float]], ratios: list[float]) -> str:
    us = {name: statistics.median(t) * 1e6 for name, t in times.items()}
    cells = [f"{us['by hand']:.1f}" if "by hand" in us else "-"]
    for i, name in enumerate(OURS):
        kept = f": {ratios[i]:.2f} ({limits[i]}){' NO' if ratios[i] > limits[i] else ''}" if ratios else ""
        cells.append(f"{us[name]:.1f}{kept}")
    peers = sorted((t, name) for name, t in us.items() if name not in (*OURS, "by hand"))
    return f"| {row} | {', '.join(f'{name} {t:.0f}' for t, name in peers) or '-'} | {' | '.join(cells)} |"


def chart(ratios: dict[str, dict[str, list[float]]]) -> None:
    """Draw the ratios, with marks where the limits are."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 4.5), layout="constrained", dpi=80)
    panels = figure.subplots(1, len(ratios), sharey=True, squeeze=False)[0]
    for panel, (threads, found) in zip(panels, ratios.items(), strict=True):
        rows = list(found)[::-1]
        for k, (name, color) in enumerate(zip(OURS, ("#2a6f97", "#61a5c2", "#c0c0c0"), strict=True)):
            places = [i + 0.26 * (1 - k) for i in range(len(rows))]
            panel.barh(places, [found[row][k] for row in rows], 0.24, color=color, label=name)
            limits = [LIMITS[row][k] for row in rows]
            panel.plot(limits, places, "|", color="black", ms=7, label="limit" if k == 2 else None)
        panel.axvline(1, color="firebrick", lw=1, label="best peer")
        panel.set_xscale("log")
        panel.set_xlim(0.08, 5)
        panel.set_xticks([0.1, 0.2, 0.5, 1, 2, 5], ["0.1", "0.2", "0.5", "1", "2", "5"], fontsize=8)
        panel.minorticks_off()
        panel.set_yticks(range(len(rows)), [row.split(",")[0] for row in rows], fontsize=8)
        panel.set_title(f"{threads} thread{'s' if threads != '1' else ''}", fontsize=9)
    panels[0].set_xlabel("time, of the best peer's", fontsize=8)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower right", ncols=5, fontsize=7)
    figure.savefig(CHART)


if __name__ == "__main__":
    main()
