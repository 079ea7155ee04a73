"""The words in a box, for every level of detail."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..summaries import Summary
from .records import BROADCAST, CONSTANT, Record
from .scene import Box, contents, title
from .text import short, values

BOLD, PLAIN, SMALL, GRID = "bold", "plain", "small", "grid"
_COLUMNS = 8


class Words(NamedTuple):
    """Some words and how they look: `bold`, `plain`, `small`, or `grid`: lines of cells
    between tabs. Words that go on after others begin with a space; see `svg.py`."""

    text: str
    look: str = PLAIN


Line = list[Words]


def describe(box: Box, prefix: str, is_output: bool = False) -> list[Line]:
    """The lines of a box: what it is, what it is called, its shape and dtype.

    Args:
        prefix: the path of the module whose frame it lies in, which need not be said again.
    """
    if box.group is not None:
        return _of_group(box)
    record = box.record
    if record.kind == BROADCAST:
        return [[Words(conversion(record), SMALL)]]
    name = "" if is_output and record.inputs else _relative(record.name, prefix)
    facts = shape_and_dtype(record)
    lines = [_operation(record)] if record.op else [_value(name or record.kind, record)]
    lines += [[Words(name)]] if record.op and name else []
    return lines + ([[Words(facts, SMALL)]] if facts else [])


def _relative(name: str, prefix: str) -> str:
    return name[len(prefix) + 1 :] if prefix and name.startswith(prefix + ".") else name


def _of_group(box: Box) -> list[Line]:
    assert box.group is not None
    name, kind = title(box.group)
    head = [Words(name, BOLD)] + ([Words(f" {kind}")] if kind else [])
    if box.group.count > 1:
        head.append(Words(f" \u00d7{box.group.count}", BOLD))
    lines = [head]
    if not kind:  # not a module: say what it does
        ops = list(dict.fromkeys(r.op for r in box.records if r.op and r.kind != BROADCAST))
        lines.append([Words(", ".join(ops[:4]) + (", ..." if len(ops) > 4 else ""), SMALL)])
    lines.append([Words(contents(box), SMALL)])
    facts = shape_and_dtype(box.record)
    return lines + ([[Words(f"gives {facts}", SMALL)]] if facts else [])


def _operation(record: Record) -> Line:
    """What an operation does: its name and its options."""
    options = ", ".join(f"{name}={value}" for name, value in record.options.items())
    return [Words(record.op, BOLD)] + ([Words(f" {options}", SMALL)] if options else [])


def _value(name: str, record: Record) -> Line:
    """What something is called, and its value if that is known."""
    if record.kind == CONSTANT:
        both = f"{record.name} = {record.value}" if record.name and record.value else record.value or name
        return [Words(both)]
    return [Words(name, BOLD)] + ([Words(f" = {record.value}")] if record.value else [])


def output(record: Record, called: str) -> list[Line]:
    """The lines of the box that marks an output."""
    facts = shape_and_dtype(record)
    return [_value(called, record)] + ([[Words(facts, SMALL)]] if facts else [])


def shape_and_dtype(record: Record) -> str:
    """Shape and dtype, as far as they are known."""
    parts = [str(record.shape)] if record.shape else []
    if record.dtype is not None:
        parts.append(str(record.dtype))
    elif record.shape == () and not record.value:
        parts.append("scalar")
    return " ".join(parts)


def conversion(record: Record) -> str:
    """What an implicit node does: broadcast, cast or both."""
    before, after = record.saved["x_shape"], record.saved["shape"]
    old, new = record.saved["x_dtype"], record.saved["dtype"]
    steps = [f"broadcast {before} to {after}"] if before != after else []
    steps += [f"cast {old} to {new}"] if old != new else []
    return ", ".join(steps)


def printed(what: str, summary: Summary | None) -> list[Line]:
    """The values of an array: all, if they are few; else what describes them."""
    if summary is None:
        return []
    if summary.few is not None and summary.few.size > 1:
        return [[Words(what, SMALL), Words(_grid(summary.few), GRID)]]
    return [[Words(what, SMALL), Words(f" {line}")] for line in values(summary)]


def _grid(few: np.ndarray) -> str:
    """Elements as rows of cells; a long row is broken."""
    rows = few.reshape(-1, few.shape[-1])
    if few.ndim == 1:
        rows = [few[i : i + _COLUMNS] for i in range(0, few.size, _COLUMNS)]  # type: ignore[assignment]
    return "\n".join("\t".join(short(v) for v in row) for row in rows)


def tip(box: Box) -> list[str]:
    """What is shown under the pointer: where it comes from and what is kept for the sweep."""
    record = box.record
    if box.group is not None:
        return [box.key, contents(box)]
    kept = [f"saves {name}: {what}" for name, what in record.saved.items()]
    where = [record.path] if record.path else []
    return [
        record.op or record.kind,
        *where,
        *([f"{record.source} {record.code}"] * bool(record.source)),
        *kept,
    ]
