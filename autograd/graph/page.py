"""The interactive page: one HTML file that holds a tape and the program that shows it.

The data is made by `payload.py`. The program is in `assets/`, in reading order: `model.js` (records
and groups), `layout.js` and `columns.js` (a layered layout in linear time), `scene.js` (labels, and
what is where), `paint.js`, `wires.js` and `map.js` (the canvases), `panel.js` (what is said in
words), `actions.js` (what can be done) and `page.js` (the pointer and the keys).
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
from collections.abc import Iterable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from ..diagnose import describe
from ..errors import ArgumentError, OperandError
from ..files import write_whole
from .errors import FormatError
from .levels import Shapes
from .payload import payload, printable
from .records import Tape
from .styles import MARKED, STYLES

_PARTS = ("model", "layout", "columns", "scene", "paint", "wires", "map", "panel", "actions", "page")
_SUFFIXES = (".html", ".htm")


def to_html(
    records: Tape,
    *,
    depth: int | None = None,
    fold: bool | None = None,
    level: Shapes | None = None,
    marked: Iterable[int] = (),
    title: str = "Computational graph",
) -> str:
    """A page on which a graph can be moved, zoomed, folded, searched and followed.

    The page is one file: it loads nothing, and its policy forbids it to. The text is the same
    for the same tape.

    Args:
        records: a tape, as `graph.tape(loss)` gives it. Modules, statistics and source lines are
            there for what ran under `autograd.record()`.
        depth: how many levels of modules are unfolded at first; None for as many as give a
            picture that is no larger than about a hundred nodes.
        fold: whether what repeats is folded at first; None: if there is much to show.
        level: the level of detail, as `draw(...).view.level` has it; None for `shapes`.
        marked: the ids of records that are shown in red; the page begins at the first.
        title: what stands above the picture.

    Errors: OperandError for what is no tape; ArgumentError for a depth that is no count
    and for ids that are not there.

    Example:
        >>> from autograd import graph, tensor
        >>> x = tensor([1.0, 2.0], requires_grad=True)
        >>> page = to_html(graph.tape((x * x).sum(), names={"x": x}))
        >>> page[:15]
        '<!DOCTYPE html>'
    """
    if not isinstance(records, Tape):
        raise OperandError(f"to_html: expected a Tape, as graph.tape() gives it, got {describe(records)}")
    if depth is not None and (isinstance(depth, bool) or not isinstance(depth, int) or depth < 0):
        raise ArgumentError(f"to_html: depth must be None or an int >= 0, got {describe(depth)}")
    marked = sorted(set(marked))
    for id in marked:
        if isinstance(id, bool) or not isinstance(id, int) or not 0 <= id < len(records):
            known = f"ids of records, from 0 to {len(records) - 1}"
            raise ArgumentError(f"to_html: marked must be {known}, got {describe(id)}")
    shell, style, script, policy = _program()
    fields = {"POLICY": policy, "STYLE": style, "SCRIPT": script}
    told = payload(records, level or Shapes(), depth, fold) | {"marked": marked}
    fields |= {"TITLE": html.escape(printable(title)), "TAPE": _json(told)}
    return re.sub("@([A-Z]+)@", lambda mark: fields[mark[1]], shell)


def save(records: Tape, path: str | os.PathLike, **options: Any) -> Path:
    """Write the page of a tape to a file; returns its path.

    Args:
        records: as for `to_html`.
        path: ends in .html or .htm. An existing file is replaced at once, when all is written.
        options: as for `to_html`.

    Errors: FormatError for another suffix; as `to_html`; OSError if it cannot be written.

    Example:
        >>> import tempfile
        >>> from autograd import graph, tensor
        >>> x = tensor(3.0, requires_grad=True)
        >>> folder = Path(tempfile.mkdtemp())
        >>> save(graph.tape(x * x), folder / "square.html").name
        'square.html'
    """
    path = Path(path)
    if path.suffix.lower() not in _SUFFIXES:
        raise FormatError(f"cannot save a page as {path.name!r}: the suffix must be .html")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot save {path.name}: there is no folder {path.parent}")
    write_whole(path, to_html(records, **options).encode())
    return path


# ------------------------------------------------------------------ the program


@cache
def _program() -> tuple[str, str, str, str]:
    """The page without its tape, its style, its script, and the policy that allows only these."""
    assets = resources.files(__package__) / "assets"
    parts = [(assets / f"{name}.js").read_text("utf-8") for name in _PARTS]
    script = "\n" + "\n".join(['"use strict";', "(() => {", *parts, "})();"]) + "\n"
    style = _palette() + (assets / "page.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    return (assets / "page.html").read_text("utf-8"), style, script, policy


def _palette() -> str:
    """The colours of all pictures, as the style sheet knows them."""
    lines = [f"--{kind}: {style.fill}; --{kind}-line: {style.border};" for kind, style in STYLES.items()]
    return "\n  ".join([":root {", *lines, f"--marked: {MARKED};"]) + "\n}\n"


def _json(told: Any) -> str:
    """JSON that can stand inside a script element, whatever text is in it."""
    text = json.dumps(told, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
