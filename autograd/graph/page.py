"""The interactive page: one HTML file that holds a tape and the program that shows it.

The program is in `assets/`, in reading order: `model.js` (records and groups), `layout.js` and
`columns.js` (a layered layout in linear time), `scene.js` (labels, and what is where), `paint.js`
and `map.js` (the canvases), `panel.js` (what is said in words), `actions.js` (what can be done)
and `page.js` (the pointer and the keys).
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from ..diagnose import describe
from ..errors import ArgumentError, OperandError
from ..files import write_whole
from .errors import FormatError
from .groups import BACKWARD, Group, group
from .labels import conversion
from .records import BROADCAST, OPERATION, Record, Tape
from .scene import title as title_of
from .styles import MARKED, STYLES
from .table import size
from .text import values

_PARTS = ("model", "layout", "columns", "scene", "paint", "map", "panel", "actions", "page")
_SUFFIXES = (".html", ".htm")
_CONTROLS = ("Cc", "Cf", "Cs", "Cn")
_SHOWN = 120  # modules are unfolded at first as far as no more nodes than this are shown


def to_html(
    records: Tape,
    modules: Group | None = None,
    *,
    depth: int | None = None,
    marked: Iterable[int] = (),
    title: str = "Computational graph",
) -> str:
    """A page on which a graph can be moved, zoomed, folded, searched and followed.

    The page is one file: it loads nothing, and its policy forbids it to. The text is the same
    for the same tape.

    Args:
        records: a tape, as `graph.tape(loss)` gives it. Modules, statistics and source lines are
            there for what ran under `autograd.record()`.
        modules: the tree of the calls of modules, from `groups.group(records)`; None to make it.
        depth: how many levels of modules are unfolded at first; None for as many as give a
            picture that is no larger than about a hundred nodes.
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
    root = group(records) if modules is None else modules
    shell, style, script, policy = _program()
    fields = {"POLICY": policy, "STYLE": style, "SCRIPT": script}
    payload = _payload(records, root, depth) | {"marked": marked}
    fields |= {"TITLE": html.escape(_printable(title)), "TAPE": _json(payload)}
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


def _json(payload: Any) -> str:
    """JSON that can stand inside a script element, whatever text is in it."""
    text = json.dumps(payload, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


# ------------------------------------------------------------------ the tape as data


def _payload(tape: Tape, root: Group, depth: int | None) -> dict[str, Any]:
    """What the page is told: records, groups, outputs."""
    groups, places, levels = _flat(root)
    open_levels = _open_levels(levels, places) if depth is None else depth
    for entry, level in zip(groups, levels):
        entry["folded"] = level > open_levels
    records = [_entry(record, places[record.id]) for record in tape]
    outputs = list(dict.fromkeys(tape.outputs))
    kinds = {kind: style.meaning for kind, style in STYLES.items()}
    return {"records": records, "groups": groups, "outputs": outputs, "kinds": kinds}


def _flat(root: Group) -> tuple[list[dict[str, Any]], dict[int, int], list[int]]:
    """Groups as a list, each after the one around it; the group of each record; their levels."""
    groups: list[dict[str, Any]] = []
    places: dict[int, int] = {}
    levels: list[int] = []
    left: list[tuple[Group, int, tuple[str, ...]]] = [(root, -1, ())]
    while left:
        place, parent, path = left.pop()
        own = len(groups)
        levels.append(levels[parent] + 1 if parent >= 0 else 0)
        path = (*path, place.name) if place.name else path
        # the outermost module is called by its class; paths begin within it
        inner = ".".join(path[1:] if len(path) > 1 else path)
        title = ": ".join(part for part in title_of(place) if part)
        words = {"title": title, "path": inner, "kind": place.kind}
        entry: dict[str, Any] = {name: _printable(text) for name, text in words.items()}
        entry["parent"] = parent
        groups.append(entry)
        for member in place.members:
            if isinstance(member, int):
                places[member] = own
        left += [(inside, own, path) for inside in reversed(place.groups())]
    return groups, places, levels


def _open_levels(levels: list[int], places: dict[int, int]) -> int:
    """How many levels can be unfolded while no more than so many nodes are shown."""
    groups, records = Counter(levels), Counter(levels[own] for own in places.values())
    shown = 0
    for level in range(max(levels) + 1):
        shown += records[level]  # they stay when the groups beside them are unfolded
        if level and shown + groups[level + 1] > _SHOWN:
            return level - 1
    return max(levels)


def _entry(record: Record, place: int) -> dict[str, Any]:
    """A record as the page gets it; what is empty is left out by the names that need not be there."""
    return {
        "id": record.id,
        "kind": BACKWARD if record.kind == OPERATION and record.phase == BACKWARD else record.kind,
        "op": _printable(record.op),
        "name": _printable(record.name),
        "shape": "" if record.shape is None else str(record.shape),
        "dtype": "" if record.dtype is None else str(record.dtype),
        "value": _printable(record.value),
        "note": _printable(_note(record)),
        "group": place,
        "inputs": [[source, argument] for source, argument in record.inputs],
        "facts": [[word, _printable(text)] for word, text in _facts(record) if text],
    }


def _note(record: Record) -> str:
    """The options of an operation, or what an implicit one does."""
    if record.kind == BROADCAST:
        return conversion(record)
    return ", ".join(f"{name}={value}" for name, value in record.options.items())


def _facts(record: Record) -> list[tuple[str, str]]:
    """What is known of a record beyond its label."""
    saved = [f"{name}: {what}" for name, what in record.saved.items()]
    return [
        ("elements", "\n".join(values(record.summary)) if record.summary else ""),
        ("gradient", "\n".join(values(record.gradient)) if record.gradient else ""),
        ("saves", "\n".join(saved)),
        ("bytes saved", size(record.nbytes) if record.nbytes else ""),
        ("line", f"{record.source}\n{record.code}".strip()),
    ]


def _printable(text: str) -> str:
    """Text that draws in one direction and holds no controls; lines stay lines."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c == "\n" or unicodedata.category(c) not in _CONTROLS else "\ufffd" for c in text)
