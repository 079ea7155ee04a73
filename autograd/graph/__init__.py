"""Computational graphs: the tape as records, as DOT text and as pictures.

    from autograd import graph
    graph.draw(loss, names=model).save("graph.svg")

    graph.draw(model, x, level="teach", depth=1)
    print(graph.tape(loss))

To read it: `records.py`, `walk.py` and `inference.py` make the tape; `groups.py`, `repeats.py` and
`scene.py` choose what is shown of it, `levels.py` and `labels.py` what is said; `dot.py`,
`mermaid.py` and `page.py` write it, `drawing.py` is what `draw.py` hands out.
"""

from __future__ import annotations

from .draw import draw, to_dot, to_mermaid
from .drawing import Drawing
from .errors import FormatError, GraphSizeError, LayoutError, LayoutMissingError, LayoutTimeoutError
from .page import to_html
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
    "to_html",
    "to_mermaid",
]
