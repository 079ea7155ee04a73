"""What a course reached beside what its text says: pictures and a table of results.

Every course is a function `run(report)`. It calls `report.add` for each figure and `report.save`
for each picture; `report.small` asks for a short run. From a script, `command_line(run)` does the rest.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from nn import plot


@dataclass(frozen=True)
class Result:
    """One figure: what it is, what was found, what the text found, what is asked, and whether it is so."""

    what: str
    found: str
    text: str
    asked: str
    kept: bool


class Report:
    """Collects the results and pictures of one course.

    Args:
        out: folder for pictures.
        small: whether to run on little data, briefly.
    """

    def __init__(self, out: Path, small: bool = False):
        self.out, self.small = Path(out), small
        self.results: list[Result] = []
        self.pictures: list[Path] = []
        self.out.mkdir(parents=True, exist_ok=True)

    def add(
        self,
        what: str,
        found: Any,
        *,
        text: str = "",
        least: float | None = None,
        most: float | None = None,
        true: bool | None = None,
        whole: bool = False,
    ) -> None:
        """Note a figure.

        Args:
            what: what it is.
            found: a number, or words.
            text: what the course's text found.
            least, most: the bounds that are asked of a number.
            true: for words, whether what is asked holds.
            whole: whether it is asked of whole runs alone.
        """
        asked = " and ".join(
            f"{sign} {bound:g}" for sign, bound in ((">=", least), ("<=", most)) if bound is not None
        )
        kept = true is not False
        if least is not None or most is not None:
            low = least if least is not None else float("-inf")
            kept = low <= found <= (most if most is not None else float("inf"))
        words = found if isinstance(found, str) else f"{found:.4g}"
        self.results.append(Result(what, words, text, asked, bool(kept or (whole and self.small))))

    def save(self, drawn: Any, name: str) -> Path:
        """Write a picture, an axis or a figure, under the folder."""
        path = plot.save(drawn, self.out / name)
        self.pictures.append(path)
        return path

    @property
    def kept(self) -> bool:
        """Whether all that was asked holds."""
        return all(r.kept for r in self.results)

    def markdown(self) -> str:
        """The results as a table."""
        lines = ["| what | here | the text | asked | kept |", "|---|---|---|---|---|"]
        for r in self.results:
            lines.append(f"| {r.what} | {r.found} | {r.text} | {r.asked} | {'yes' if r.kept else 'NO'} |")
        return "\n".join(lines)

    def show(self, title: str) -> None:
        """Print the results."""
        table = Table(title=title)
        for column in ("what", "here", "the text", "asked", "kept"):
            table.add_column(column)
        for r in self.results:
            table.add_row(r.what, r.found, r.text, r.asked, "yes" if r.kept else "NO")
        Console().print(table)


def command_line(run: Callable[[Report], None], doc: str) -> None:
    """Run a course from the shell: `--small`, `--out`."""
    title = doc.splitlines()[0]
    name = run.__module__ if run.__module__ != "__main__" else Path(run.__code__.co_filename).stem
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--small", action="store_true", help="little data, briefly")
    parser.add_argument("--out", type=Path, default=Path("runs") / name, help="folder for pictures")
    options = parser.parse_args()
    report, start = Report(options.out, options.small), time.perf_counter()
    run(report)
    report.show(title)
    print(f"{len(report.pictures)} pictures in {options.out}, {time.perf_counter() - start:.0f} s")
    raise SystemExit(0 if report.kept else 1)
