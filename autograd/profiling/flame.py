"""Stacks as a flame graph: an SVG that needs no script; names appear under the pointer."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from html import escape
from typing import NamedTuple

from .report import seconds

_WIDTH, _ROW, _FONT = 1200.0, 18, 11
_LETTER = 0.62 * _FONT
_NARROWEST = 0.3


class _Box(NamedTuple):
    """One rectangle: `depth` rows down, from `left` for `time`, both in seconds."""

    name: str
    depth: int
    left: float
    time: float
    phase: str


def svg(stacks: Mapping[tuple[str, ...], float]) -> str:
    """The flame graph of stacks: the outermost at the top, widths in proportion to time."""
    boxes = list(_boxes(stacks))
    whole = sum(stacks.values())
    rows = max((box.depth for box in boxes), default=0) + 1
    height = (rows + 1) * _ROW + 8
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {height}" '
        f'width="{_WIDTH:.0f}" height="{height}" font-family="monospace" font-size="{_FONT}">',
        f'<rect width="100%" height="100%" fill="#ffffff"/><text x="4" y="13">'
        f"{escape(seconds(whole))} in operations</text>",
    ]
    lines += [_drawn(box, whole) for box in boxes if box.time * _WIDTH >= _NARROWEST * whole > 0]
    return "\n".join([*lines, "</svg>", ""])


def _boxes(stacks: Mapping[tuple[str, ...], float]) -> Iterator[_Box]:
    """A rectangle for each beginning of a stack, in the order in which they first occur."""
    time: dict[tuple[str, ...], float] = {}
    inside: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for stack, own in stacks.items():
        for end in range(1, len(stack) + 1):
            part = stack[:end]
            if part not in time:
                time[part] = 0.0
                inside.setdefault(part[:-1], []).append(part)
            time[part] += own
    left = [((), 0.0)]  # type: list[tuple[tuple[str, ...], float]]
    while left:
        part, start = left.pop()
        if part:
            yield _Box(part[-1], len(part) - 1, start, time[part], part[0])
        for inner in inside.get(part, ()):
            left.append((inner, start))
            start += time[inner]


def _drawn(box: _Box, whole: float) -> str:
    x, width = box.left / whole * _WIDTH, box.time / whole * _WIDTH
    y = (box.depth + 1) * _ROW + 2
    letters = int((width - 6) / _LETTER)
    label = box.name if len(box.name) <= letters else box.name[: letters - 2] + ".." if letters > 3 else ""
    # the same name has the same shade everywhere; directions differ in hue
    shade = zlib.crc32(box.name.encode()) % 18
    hue, light = (24 + shade, 72) if box.phase == "forward" else (200 + shade, 76)
    tip = f"{box.name}: {seconds(box.time)}, {100 * box.time / whole:.1f} %"
    text = f'<text x="{x + 3:.1f}" y="{y + 13}">{escape(label)}</text>' if label else ""
    return (
        f"<g><title>{escape(tip)}</title>"
        f'<rect x="{x:.2f}" y="{y}" width="{max(width - 0.5, 0.2):.2f}" height="{_ROW - 1}" rx="2" '
        f'fill="hsl({hue},80%,{light}%)"/>{text}</g>'
    )
