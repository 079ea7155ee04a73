"""Computational graphs: the tape as records, as DOT text and as pictures.

    from autograd import graph
    graph.draw(loss, names=model).save("graph.svg")

To read it: `records.py`, `walk.py`, `inference.py`, `dot.py`, `drawing.py`.
"""

from __future__ import annotations

from .dot import to_dot
from .drawing import Drawing, draw
from .errors import FormatError, GraphSizeError, LayoutError, LayoutMissingError, LayoutTimeoutError
from .records import Edge, Record, Tape
from .walk import tape

__all__ = [
    "Drawing",
    "Edge",
    "FormatError",
    "GraphSizeError",
    "LayoutError",
    "LayoutMissingError",
    "LayoutTimeoutError",
    "Record",
    "Tape",
    "draw",
    "tape",
    "to_dot",
]
