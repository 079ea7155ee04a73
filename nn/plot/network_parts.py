"""What a drawing of a network consists of: columns of circles, lines between them, words around."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..linear import Linear

APART = 2.6  # columns, in units of the distance between circles
RADIUS = 0.36
ABOVE, BELOW, BESIDE = 1.45, 1.6, 0.8  # room for words
POSITIVE, NEGATIVE, PLAIN, UNKNOWN = "tab:blue", "tab:red", "0.6", "gold"
_LETTER = 0.62  # how wide a letter is, in font sizes


class Column:
    """Where the circles of one layer are: unit -> (x, y), the middle of a large layer left out."""

    def __init__(self, x: float, size: int, shown: int, bias: bool):
        x *= APART
        self.x, self.size = x, size
        half = shown // 2
        self.units = list(range(size)) if size <= shown else [*range(half), *range(size - half, size)]
        self.gap = size > shown
        self.reach = (len(self.units) + self.gap - 1) / 2
        places = [self.reach - i - (self.gap and i >= half) for i in range(len(self.units))]
        self.places = {unit: (x, y) for unit, y in zip(self.units, places, strict=True)}
        self.middle = (x, self.reach - half)
        self.bias = (x, self.reach + 1) if bias else None
        self.top = self.reach + bias


def frame(columns: Sequence[Column]) -> tuple[tuple[float, float], tuple[float, float]]:
    """The limits of a drawing of these columns."""
    top, reach = max(c.top for c in columns), max(c.reach for c in columns)
    return (-BESIDE, columns[-1].x + BESIDE), (-reach - BELOW, top + ABOVE)


def draw_lines(ax: Any, a: Column, b: Column, layer: Linear | None) -> None:
    """The weights between two columns, as one collection."""
    from matplotlib.collections import LineCollection

    segments = [(a.places[i], b.places[j]) for i in a.units for j in b.units]
    segments += [] if a.bias is None else [(a.bias, b.places[j]) for j in b.units]
    colours, widths = [PLAIN] * len(segments), np.full(len(segments), 0.8)
    if layer is not None:
        weights = layer.weight._data[np.ix_(b.units, a.units)].T.ravel()
        if a.bias is not None and layer.bias is not None:
            weights = np.append(weights, layer.bias._data[b.units])
        known = np.where(np.isfinite(weights), weights, 0.0)
        widths = 0.15 + 2.2 * np.abs(known) / max(float(np.abs(known).max(initial=0)), 1e-12)
        signs = np.where(np.isfinite(weights), np.where(weights >= 0, POSITIVE, NEGATIVE), UNKNOWN)
        colours = signs.tolist()
    ax.add_collection(LineCollection(segments, colors=colours, linewidths=widths, alpha=0.55, zorder=1))


def draw_circles(ax: Any, column: Column, values: np.ndarray | None, scale: float) -> None:
    """The circles of a column, with their values as number and shade."""
    from matplotlib.patches import Circle

    centred = {"ha": "center", "va": "center", "zorder": 3}
    finite = [] if values is None else np.abs(values[np.isfinite(values)])
    largest, tallest = max(float(np.max(finite, initial=0)), 1e-12), min(7.0, RADIUS * scale)
    for unit, place in column.places.items():
        colour = "white" if values is None else _shade(float(values[unit]) / largest)
        ax.add_patch(Circle(place, RADIUS, facecolor=colour, edgecolor="black", linewidth=0.8, zorder=2))
        if values is not None:
            text = short(float(values[unit]))
            ax.text(*place, text, fontsize=fitting(text, 1.7 * RADIUS, scale, tallest), **centred)
    if column.gap:
        ax.text(*column.middle, "⋮", fontsize=min(14.0, 0.6 * scale), **centred)
    if column.bias is not None:
        patch = Circle(column.bias, RADIUS, facecolor="0.9", edgecolor="black", linewidth=0.8, zorder=2)
        ax.add_patch(patch)
        ax.text(*column.bias, "1", fontsize=tallest, **centred)


def _shade(share: float) -> Any:
    if not np.isfinite(share):
        return UNKNOWN
    pale = 1 - 0.6 * abs(share)
    return (1.0, pale, pale) if share < 0 else (pale, 1 - 0.4 * share, 1.0)


def draw_words(
    ax: Any, columns: Sequence[Column], titles: Sequence[str], counts: Sequence[int], scale: float
) -> None:
    """Titles above the columns, sizes below, weight counts between."""
    (_, (bottom, top)), room = frame(columns), 0.92 * APART
    grey = {"ha": "center", "va": "center", "color": "0.3"}
    for column, title in zip(columns, titles, strict=True):
        lines = textwrap.wrap(title, 12) or [""]
        size = max(fitting(max(lines, key=len), room, scale, min(9.0, 0.6 * scale / len(lines))), 5.0)
        ax.text(column.x, top - ABOVE + 0.6, "\n".join(lines), ha="center", va="bottom", fontsize=size)
        text = str(column.size)
        ax.text(
            column.x, bottom + 0.8, text, fontsize=fitting(text, room, scale, min(8.0, 0.7 * scale)), **grey
        )
    for (a, b), count in zip(itertools.pairwise(columns), counts, strict=False):
        text = f"{count:,} weights"
        ax.text(
            (a.x + b.x) / 2,
            bottom + 0.35,
            text,
            fontsize=fitting(text, room, scale, min(7.0, 0.7 * scale)),
            **grey,
        )


def fitting(text: str, width: float, scale: float, largest: float) -> float:
    """The font size with which a text is no wider than this, at so many points for a unit."""
    return min(largest, width * scale / (_LETTER * max(len(text), 1)))


def points_per_unit(ax: Any, columns: Sequence[Column]) -> float:
    """How large a unit of the drawing comes out on an axis."""
    (left, right), (bottom, top) = frame(columns)
    box = ax.get_window_extent()
    return 72 / ax.figure.dpi * min(box.width / (right - left), box.height / (top - bottom))


def short(value: float) -> str:
    """A number in five characters, most of the time.

    Example:
        >>> [short(v) for v in (0.0, -0.8437, 130.2, -1234.0, 2.5e6, 0.00035, -1.2e-5, float("nan"))]
        ['0', '-0.84', '130', '-1.2k', '2.5M', '3e-4', '-1e-5', 'nan']
    """
    if not np.isfinite(value) or value == 0:
        return f"{value:.0f}"
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3), ("", 99.5)):
        if 1e12 > abs(value) >= size:
            share = value / (size if unit else 1)
            return f"{share:.1f}{unit}" if unit and abs(share) < 9.95 else f"{share:.0f}{unit}"
    text = f"{value:.2g}"
    if 1e-3 <= abs(value) < 99.5:
        return text if len(text) <= 5 else f"{value:.1g}"
    digits, exponent = f"{value:.0e}".split("e")
    return f"{digits}e{int(exponent)}"
