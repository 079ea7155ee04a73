"""How long pictures take: a transformer folded, and ten thousand nodes on a page in headless Chromium.

    OMP_NUM_THREADS=1 python benchmarks/graphs.py [--write]

`--write` records the table in docs/benchmarks.md. Without Chromium the times of the page are left
out.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from autograd import graph
from autograd.graph.page import save, to_html
from benchmarks.report import Row, record, table
from benchmarks.timing import machine
from tests.autograd.graph.browser import PROGRAM, browse
from tests.autograd.graph.models import TOKENS, Transformer
from tests.autograd.graph.tapes import blocks

DRAWN, WRITTEN, ANSWERED = 3.0, 5.0, 0.1
RUNS = 5

# What a reader does, timed until it is painted: each action several times, the median of each.
SCRIPT = """
const median = (times) => times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
const folds = [], searches = [];
for (const g of [group("block.25"), group("block.40.part.2")]) {
  for (let i = 0; i < 20; i++) folds.push(timed(() => toggle(g)));
}
for (const word of ["tanh", "nothing", "x", "weight"]) {
  for (let i = 0; i < 5; i++) searches.push(timed(() => type(word)));
}
return [scene.nodes.length, median(folds), Math.max(...folds), median(searches), Math.max(...searches)];
"""


def main() -> None:
    """Time each, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="record the table in docs/benchmarks.md")
    options = parser.parse_args()
    rows = [*of_pictures(), *(of_pages() if PROGRAM else [])]
    text = table(rows)
    print(text)
    if options.write:
        record("Pictures of graphs", "python benchmarks/graphs.py --write", f"{machine()}.", text)


def seconds(run: Callable[[], object]) -> float:
    """The median time of a few runs."""
    times = []
    for _ in range(RUNS):
        start = perf_counter()
        run()
        times.append(perf_counter() - start)
    return statistics.median(times)


def of_pictures() -> list[Row]:
    """A transformer of twelve blocks, from the model to SVG; and a page of ten thousand nodes."""
    model = Transformer()
    operations = sum(1 for r in graph.draw(model, TOKENS).tape if r.inputs)
    rows = []
    for level in ("shapes", "flow"):
        taken = seconds(lambda: graph.draw(model, TOKENS, level=level).svg())  # noqa: B023
        what = f"12 blocks, {operations:,} operations, run, drawn folded and laid out, {level}: seconds"
        rows.append((what, f"{taken:.2f} s", taken, DRAWN))
    tape = blocks(50, 5, 39)
    with tempfile.TemporaryDirectory() as folder:
        written = seconds(lambda: save(tape, Path(folder) / "graph.html", depth=9, fold=False))
    rows.append((f"HTML of {len(tape):,} nodes, unfolded: seconds", f"{written:.2f} s", written, WRITTEN))
    return rows


def of_pages() -> list[Row]:
    """How soon the page answers."""
    shown, fold, slowest_fold, search, slowest_search = browse(
        to_html(blocks(50, 5, 39), depth=9, fold=False), SCRIPT
    )
    found = (("a fold", fold, slowest_fold), ("a search", search, slowest_search))
    return [
        (
            f"{what} on {shown:,} nodes: seconds",
            f"{taken:.0f} ms (slowest {slowest:.0f})",
            taken / 1000,
            ANSWERED,
        )
        for what, taken, slowest in found
    ]


if __name__ == "__main__":
    main()
