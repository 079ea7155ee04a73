"""Rows of text as aligned tables."""

from __future__ import annotations

from collections.abc import Container, Sequence


def align(
    rows: Sequence[Sequence[str]], left: int | Container[int] = 1, rule: bool = True, foot: int = 0
) -> list[str]:
    """The lines of a table: headings first, then a rule.

    Args:
        rows: the cells, headings first.
        left: how many columns, or the numbers of those, that are aligned to the left; the rest,
            such as numbers, go to the right.
        rule: whether there are rules below the headings and at the end.
        foot: how many of the last rows stand below the last rule.

    Example:
        >>> print("\\n".join(align([("op", "calls"), ("exp", "12")])))
        op   calls
        ----------
        exp     12
        ----------
    """
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    at_left = range(left) if isinstance(left, int) else left
    lines = []
    for row in rows:
        cells = (c.ljust(w) if i in at_left else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths)))
        lines.append("  ".join(cells).rstrip())
    if rule:
        bar = "-" * (sum(widths) + 2 * (len(widths) - 1))
        end = len(lines) - foot
        lines = [lines[0], bar, *lines[1:end], bar, *lines[end:]]
    return lines
