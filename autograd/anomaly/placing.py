"""The graph that an error carries, and which of it is drawn red."""

from __future__ import annotations

from functools import partial
from typing import Any

from ..errors import AnomalyError, AutogradError
from ..recording import Source, note_of
from ..tape import ORDER, new_tensor


def place(error: AnomalyError, source: Source | None, roots: list, node: list | None, model: Any) -> None:
    """Enter the user's line, and the graph that leads to the roots; the node is drawn red."""
    if source is not None:
        error.source, error.code = str(source), source.code
    enter_graph(error, roots, model, node)
    if error.tape is not None:
        red = error.draw.keywords["highlight"][0]
        error.record = error.tape[red]


def enter_graph(error: AutogradError, roots: list, model: Any, node: list | None = None) -> None:
    """Enter the graph that leads to the roots; the node is drawn red, or else the roots themselves."""
    from .. import graph

    try:
        error.tape = graph.tape(roots, names=model)
    except AutogradError:  # a part was released before, and is not known any more
        return
    red = [r.id for r in error.tape if node is not None and r.order == node[ORDER]]
    red = red or list(dict.fromkeys(error.tape.outputs))
    error.draw = partial(graph.draw, roots, names=model, highlight=red)


def stand_in(node: list, cotangent: Any) -> Any:
    """A tensor for the one a sweep began at; its value is that of the note, if known."""
    note = note_of(node)
    known = note.value.few if note is not None and note.value is not None else None
    return new_tensor(getattr(cotangent, "_data", cotangent) if known is None else known, node)
