"""The tables of the benchmarks, and their places in docs/benchmarks.md."""

from __future__ import annotations

from pathlib import Path

Row = tuple[str, str, float, float]
PATH = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
HEAD = """# What it costs

Contestants take turns in one process; a time is a median, a ratio the median of the ratios within
the turns. Ratios are what to trust. A limit is what the project asks of itself.
"""


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | measured | figure | limit | kept |", "|---|---|---|---|---|"]
    for what, measured, figure, limit in rows:
        kept = "yes" if figure <= limit else "NO"
        lines.append(f"| {what} | {measured} | {figure:.2f} | {limit:.2f} | {kept} |")
    return "\n".join(lines)


def recorded(title: str) -> str:
    """What docs/benchmarks.md has under a title."""
    old = PATH.read_text() if PATH.exists() else HEAD
    return dict(part.split("\n", 1) for part in old.split("\n## ")[1:]).get(title, "")


def record(title: str, command: str, taken: str, text: str) -> None:
    """Put a table under its title in docs/benchmarks.md, in place of the one before."""
    old = PATH.read_text() if PATH.exists() else HEAD
    sections = dict(part.split("\n", 1) for part in old.split("\n## ")[1:])
    sections[title] = f"\nPrinted by `{command}`. Taken on: {taken}\n\n{text}\n"
    whole = HEAD + "".join(f"\n## {name}\n{body.rstrip()}\n" for name, body in sections.items())
    PATH.write_text(whole)
