"""How wide words are, so that they have room in their boxes in whatever font they are shown.

Layout reckons with Helvetica. Where neither that nor a font of its widths (Arial, Liberation Sans,
Nimbus Sans) is installed, words come out wider, in DejaVu Sans or Verdana by up to a quarter.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable

# Helvetica and Helvetica Bold, from the space to the tilde, in thousandths of the size.
_REGULAR = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 "
    "556 556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 "
    "667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 "
    "556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584 "
)
_BOLD = (
    "278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 "
    "556 556 333 333 584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 "
    "667 778 722 667 611 722 667 944 667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 "
    "611 278 278 556 278 889 611 611 611 611 389 556 333 611 556 778 556 556 500 389 280 389 584 "
)
_WIDTHS = tuple([int(width) for width in table.split()] for table in (_REGULAR, _BOLD))
_SIGNS = {"\xa0": 278, "\u2014": 1000, "\u00b1": 584, "\u00d7": 584}
# As wide as the widest fonts that stand in for it, regular and bold.
_STAND_IN = (1.2, 1.28)
FAMILY = "Helvetica,Arial,Liberation Sans,Nimbus Sans,Arimo,sans-serif"


def width(text: str, size: float, bold: bool = False) -> float:
    """The width of a text in Helvetica, in points.

    Example:
        >>> round(width("tanh", 12), 2), width("tanh", 12) < width("tanh", 12, bold=True)
        (23.35, True)
    """
    known = _WIDTHS[bold]
    return sum(known[ord(c) - 32] if " " <= c <= "~" else _other(c) for c in text) * size / 1000


def _other(character: str) -> int:
    """What is not in the table: a mark on another, wide, or as wide as most."""
    if character in _SIGNS:
        return _SIGNS[character]
    if unicodedata.combining(character):
        return 0
    return 1000 if unicodedata.east_asian_width(character) in "WF" else 600


def room(text: str, size: float, bold: bool = False) -> float:
    """The room that a text may need in any usual font, in points."""
    return width(text, size, bold) * _STAND_IN[bold]


def line_room(runs: Iterable[tuple[str, float, bool]]) -> int:
    """The room of runs of words on one line, each with its size and whether it is bold."""
    return math.ceil(sum(room(*run) for run in runs))
