"""What the pages of the gallery share: the figure that each shows, its picture, the command line."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Page:
    """What a page found.

    Attributes:
        figures: name -> number; the first is the one that tells whether it works.
        draw: draws the picture into a figure of matplotlib.
    """

    figures: dict[str, float]
    draw: Callable[[Any], None] = field(repr=False)

    def save(self, path: str) -> None:
        """Write the picture."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6, 2.6), layout="constrained", dpi=80)
        self.draw(figure)
        figure.savefig(path)


def command_line(run: Callable[[bool], Page], about: str | None) -> None:
    """Run a page as a script: print its figures, and write its picture if asked to."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--small", action="store_true", help="a short run")
    parser.add_argument("--picture", metavar="PATH", help="write the picture; needs matplotlib")
    chosen = parser.parse_args()
    start = time.perf_counter()
    page = run(chosen.small)
    for name, value in page.figures.items():
        print(f"{name}: {value:.4g}")
    print(f"({time.perf_counter() - start:.1f} s)")
    if chosen.picture:
        page.save(chosen.picture)
