"""Colours and shapes, and the legend that explains them.

Told apart by shape as well as by colour: pictures are printed, and people see differently.
"""

from __future__ import annotations

from typing import NamedTuple

from .fonts import line_room
from .groups import BACKWARD
from .records import BROADCAST, CONSTANT, INPUT, LEAF, OPERATION

OUTPUT, FOLDED = "output", "folded"


class Style(NamedTuple):
    """How one kind of box looks, in DOT, in Mermaid and in the legend."""

    meaning: str  # what the legend says
    node: str  # DOT attributes, without colours
    border: str
    fill: str
    cell: str  # HTML attributes of its cell in the legend
    ends: tuple[str, str] = ("[", "]")  # its shape in Mermaid


STYLES = {
    LEAF: Style(
        "parameter or leaf", "style=filled, penwidth=1.6", "#c77700", "#ffefd2", 'BORDER="2"', ("[/", "/]")
    ),
    INPUT: Style("input", "shape=note, style=filled", "#7b5ea7", "#eee6f8", 'BORDER="1"', ("[\\", "/]")),
    CONSTANT: Style(
        "constant", "style=filled, penwidth=0.6", "#a8a8a8", "#f6f6f6", 'BORDER="1"', (">", "]")
    ),
    OPERATION: Style(
        "operation", 'style="rounded,filled"', "#3d6fb0", "#e8f0fb",
        'BORDER="1" STYLE="ROUNDED"', ("(", ")"),
    ),
    BACKWARD: Style(
        "operation of the backward sweep", 'style="rounded,filled"', "#b0483d", "#fbeae8",
        'BORDER="1" STYLE="ROUNDED"', ("(", ")"),
    ),
    FOLDED: Style(
        "several operations, folded", 'shape=box3d, style=filled, margin="0.15,0.1"', "#3d6fb0", "#d3e2f7",
        'BORDER="2"', ("[[", "]]"),
    ),
    BROADCAST: Style(
        "implicit broadcast or cast", 'style="rounded,dashed", height=0.2, margin="0.06,0.02"',
        "#8a8a8a", "#ffffff", 'BORDER="1" STYLE="ROUNDED,DASHED"', ("(", ")"),
    ),
    OUTPUT: Style(
        "output", "style=filled, peripheries=2", "#2e8540", "#e3f4e6", 'BORDER="2"', ("[[", "]]")
    ),
}  # fmt: skip

# Frames of modules, by how deep they lie.
FRAMES = ("#fafafa", "#f2f4f7", "#e9edf2", "#e0e6ed")
FRAME_BORDER = "#9aa7b5"
MARKED = "#d4001a"
_SIZE = 10  # of the words of the legend


Note = list[tuple[str, str]]  # runs of words, each with its colour, or "" for the usual one


def legend(kinds: list[str], notes: list[Note]) -> str:
    """A row with a swatch for each kind that occurs, and lines that say what else is shown."""
    cells = "".join(
        f'<TD {s.cell} COLOR="{s.border}" BGCOLOR="{s.fill}" '
        f'WIDTH="{line_room([(s.meaning, _SIZE, False)]) + 12}">{s.meaning}</TD>'
        for s in (STYLES[kind] for kind in kinds)
    )
    rows = f"<TR>{cells}</TR>" if cells else ""
    for note in notes:
        needed = line_room((text, _SIZE, bool(colour)) for text, colour in note) + 12
        rows += (
            f'<TR><TD COLSPAN="{max(len(kinds), 1)}" ALIGN="LEFT" WIDTH="{needed}">'
            f"{''.join(map(_run, note))}</TD></TR>"
        )
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="6" CELLPADDING="4">{rows}</TABLE>'


def _run(words: tuple[str, str]) -> str:
    text, colour = words
    return f'<FONT COLOR="{colour}"><B>{text}</B></FONT>' if colour else text
