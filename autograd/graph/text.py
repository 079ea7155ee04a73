"""Text in pictures: short, on one line, and escaped."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np

from ..summaries import Summary
from .records import number

LONGEST = 48


def clean(line: str) -> str:
    """On one line, without what XML cannot hold, and not too long."""
    if len(line) <= LONGEST and line.isascii() and line.isprintable():
        return line
    line = "".join(" " if c in "\n\r\t" else c for c in line)
    line = "".join(c if unicodedata.category(c) not in ("Cc", "Cs", "Cn") else "\ufffd" for c in line)
    half = LONGEST // 2
    return line if len(line) <= LONGEST else f"{line[: half - 3]}...{line[-half:]}"


def escape(line: str) -> str:
    """Text inside an HTML-like label."""
    return clean(line).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def quote(lines: list[str]) -> str:
    """Lines as a DOT string, in which `\\n` breaks the line and entities are read."""
    text = "\\n".join(clean(line).replace("\\", "\\\\") for line in lines)
    return '"' + text.replace("&", "&amp;").replace('"', '\\"') + '"'


def name(key: str) -> str:
    """A key as the name of a node in DOT."""
    if key.isascii() and key.isidentifier() and key not in _WORDS:
        return key
    line = "".join(c if c.isprintable() else "\ufffd" for c in key)
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '"'


_WORDS = frozenset(["node", "edge", "graph", "digraph", "subgraph", "strict"])


def short(value: Any) -> str:
    """A number in three digits, as the cells of small arrays show it.

    Example:
        >>> short(np.float32(0.12345)), short(-0.0), short(3), short(True)
        ('0.123', '0', '3', 'True')
    """
    value = value.item() if isinstance(value, np.generic) else value
    return f"{value + 0:.3g}" if isinstance(value, (float, complex)) else str(value)


def values(summary: Summary) -> list[str]:
    """What an array holds: its element if it has one, else the numbers that describe it.

    Example:
        >>> from autograd.summaries import summarise
        >>> values(summarise(2.5)), values(summarise(np.arange(100.0)))
        (['2.5'], ['49.5 ± 28.87, from 0 to 99'])
    """
    if summary.few is not None and summary.few.size == 1:
        return [number(summary.few)]
    if summary.low is None or summary.high is None:
        return ["no finite values"] if summary.nans + summary.infinities else []
    line = f"{number(summary.mean)} \u00b1 {number(summary.std)}"
    line += f", from {number(summary.low)} to {number(summary.high)}"
    return [line, *_faults(summary)]


def _faults(summary: Summary) -> list[str]:
    found = [(summary.nans, "NaN"), (summary.infinities, "inf")]
    line = ", ".join(f"{count} {what}" for count, what in found if count)
    return [line] if line else []
