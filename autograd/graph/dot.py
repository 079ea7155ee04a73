"""Records as DOT, the language of Graphviz: text alone, no dependency.

The text is deterministic: `n7` is the seventh record of the tape, in every run.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any, NamedTuple

from ..errors import ArgumentError
from .records import BROADCAST, CONSTANT, INPUT, LEAF, OPERATION, Record, Tape
from .walk import tape

_OUTPUT = "output"


class _Style(NamedTuple):
    """How one kind of node looks, in DOT and in the legend."""

    meaning: str  # what the legend says
    node: str  # DOT attributes
    border: str
    fill: str
    cell: str  # HTML attributes of its cell in the legend


# Told apart by shape as well as by colour: pictures are printed, and people see differently.
_STYLES = {
    LEAF: _Style(
        "parameter or leaf", 'style=filled, penwidth=1.6, color="#c77700", fillcolor="#ffefd2"',
        "#c77700", "#ffefd2", 'BORDER="2"',
    ),
    INPUT: _Style(
        "input of a transform", 'style=filled, penwidth=1.6, color="#7b5ea7", fillcolor="#eee6f8"',
        "#7b5ea7", "#eee6f8", 'BORDER="2"',
    ),
    CONSTANT: _Style(
        "constant", 'style=filled, penwidth=0, fillcolor="#ececec"', "#ececec", "#ececec", 'BORDER="0"',
    ),
    OPERATION: _Style(
        "operation", 'style="rounded,filled", color="#3d6fb0", fillcolor="#e8f0fb"',
        "#3d6fb0", "#e8f0fb", 'BORDER="1" STYLE="ROUNDED"',
    ),
    BROADCAST: _Style(
        "implicit broadcast or cast",
        'style="rounded,dashed", color="#8a8a8a", height=0.2, margin="0.06,0.02"',
        "#8a8a8a", "#ffffff", 'BORDER="1" STYLE="ROUNDED,DASHED"',
    ),
    _OUTPUT: _Style(
        "output", 'style=filled, peripheries=2, color="#2e8540", fillcolor="#e3f4e6"',
        "#2e8540", "#e3f4e6", 'BORDER="2"',
    ),
}  # fmt: skip

_DIRECTIONS = {"down": "TB", "right": "LR"}
# Drawn in whatever order gives the better picture; for the rest the order says which is which.
_COMMUTATIVE = frozenset(
    ["add", "multiply", "maximum", "minimum", "fmax", "fmin", "hypot", "logaddexp", "logaddexp2"]
)
_SPINE = " [weight=4]"  # results run straight, and arguments come in from the side
# Without these limits on the search for the best picture, a weight that is used at 150 steps
# takes minutes; with them a second or two, and the picture is hardly worse.
_LARGE, _HASTE = 100, "  graph [nslimit=3, nslimit1=3, searchsize=10];"
_GREY = "#5f5f5f"
_LONGEST = 48


def to_dot(
    tensor: Any,
    *,
    names: Any = None,
    direction: str = "down",
    constants: bool = True,
    legend: bool = True,
    max_nodes: int | None = None,
) -> str:
    """The graph that a tensor (or several) was computed by, as DOT text.

    Args:
        tensor: a Tensor or a sequence of them.
        names: a mapping from names to Tensors, ndarrays or modules, or a module (anything with
            `named_parameters()`): what the picture calls them. Their shapes and dtypes, and the
            values of scalars, are shown.
        direction: where the picture runs: "down" or "right".
        constants: draw the arguments that no gradient flows to.
        legend: explain shapes and colours below the picture.
        max_nodes: refuse a graph with more nodes than this, constants not counted; None for no
            limit.

    Errors: OperandError for what is no Tensor; GraphFreedError for a graph that a backward has
    released; GraphSizeError above `max_nodes`; ArgumentError for an unknown direction.

    Example:
        >>> from autograd import tensor
        >>> x = tensor(3.0, requires_grad=True)
        >>> print(to_dot(x * x, names={"x": x}, legend=False))
        digraph "autograd" {
          ...
          n0 [label=<<B>x</B> = 3<BR/><FONT ...>float64</FONT>>, ...];
          n1 [label=<<B>multiply</B><BR/><FONT ...>float64</FONT>>, ...];
          n0 -> n1;
          n0 -> n1;
          ...
        }
    """
    if direction not in _DIRECTIONS:
        raise ArgumentError(f"direction: expected one of {sorted(_DIRECTIONS)}, got {direction!r}")
    read = tape(tensor, names=names, max_nodes=max_nodes)
    return render(read, direction=direction, constants=constants, legend=legend)


def render(read: Tape, *, direction: str, constants: bool, legend: bool) -> str:
    """Records as DOT text."""
    shown = [r for r in read if constants or r.kind != CONSTANT or r.id in read.outputs]
    lines = ['digraph "autograd" {', *_header(direction)]
    lines += [_HASTE] if len(shown) > _LARGE else []
    for record in shown:
        lines.append(f"  n{record.id} [{_attributes(record, record.id in read.outputs)}];")
        drawn = [read[i] for i, _ in record.inputs if constants or read[i].kind != CONSTANT]
        lines += [f"  n{source.id} -> n{record.id}{_SPINE if source.inputs else ''};" for source in drawn]
    kinds = dict.fromkeys(record.kind for record in shown)
    for position, output in enumerate(read.outputs):
        record = read[output]
        if record.inputs:  # a leaf or constant that is drawn for itself is drawn once
            kinds[_OUTPUT] = None
            title = record.name or ("output" if len(read.outputs) == 1 else f"output {position}")
            lines.append(f"  out{position} [{_output(record, title)}];")
            lines.append(f"  n{output} -> out{position}{_SPINE};")
    if legend:
        lines.append(f"  label=<{_legend([k for k in _STYLES if k in kinds])}>;")
    return "\n".join([*lines, "}", ""])


def _header(direction: str) -> Iterator[str]:
    font = 'fontname="Helvetica"'
    yield (
        f"  graph [rankdir={_DIRECTIONS[direction]}, bgcolor=white, pad=0.2, nodesep=0.25, "
        f"ranksep=0.3, {font}, fontsize=9, labelloc=b, labeljust=l];"
    )
    yield f'  node [shape=box, {font}, fontsize=12, width=0.4, height=0.35, margin="0.12,0.05"];'
    yield '  edge [color="#6f6f6f", arrowsize=0.6];'


# ---------------------------------------------------------------- nodes


def _attributes(record: Record, is_output: bool) -> str:
    """The DOT attributes of the node of a record."""
    style = _STYLES[record.kind].node
    if record.kind == BROADCAST:
        return f"label=<{_small(_conversion(record))}>, {style}, tooltip={_tip(record)}"
    name = "" if is_output and record.inputs else record.name  # the output's own node has it
    facts = _facts(record)
    lines = [_operation(record)] if record.op else [_value(name or record.kind, record)]
    lines += [_escape(name)] if record.op and name else []
    lines += [_small(facts)] if facts else []
    attributes = f"label=<{'<BR/>'.join(lines)}>, {style}{_width([name])}, tooltip={_tip(record)}"
    if len(record.inputs) > 1 and record.op not in _COMMUTATIVE:
        attributes += ", ordering=in"
    return attributes


def _operation(record: Record) -> str:
    """What an operation does: its name and its options."""
    options = ", ".join(f"{name}={value}" for name, value in record.options.items())
    return f"<B>{_escape(record.op)}</B>{' ' + _small(options) if options else ''}"


def _value(name: str, record: Record) -> str:
    """What something is called, and its value if that is known."""
    if record.kind == CONSTANT:
        return _escape(
            f"{record.name} = {record.value}" if record.name and record.value else record.value or name
        )
    return f"<B>{_escape(name)}</B>{' = ' + _escape(record.value) if record.value else ''}"


def _tip(record: Record) -> str:
    """What is shown under the pointer: what is kept for the backward sweep."""
    kept = [f"saves {name}: {what}" for name, what in record.saved.items()]
    return _quote([record.op or record.kind, *kept])


def _facts(record: Record) -> str:
    """The second line: shape and dtype, as far as they are known."""
    parts = [str(record.shape)] if record.shape else []
    if record.dtype is not None:
        parts.append(str(record.dtype))
    elif record.shape == () and not record.value:
        parts.append("scalar")
    return " ".join(parts)


def _conversion(record: Record) -> str:
    """What an implicit node does: broadcast, cast or both."""
    before, after = record.saved["x_shape"], record.saved["shape"]
    old, new = record.saved["x_dtype"], record.saved["dtype"]
    steps = [f"broadcast {before} to {after}"] if before != after else []
    steps += [f"cast {old} to {new}"] if old != new else []
    return ", ".join(steps)


def _output(record: Record, title: str) -> str:
    """The DOT attributes of the node that marks an output."""
    facts = _facts(record)
    label = _value(title, record) + (f"<BR/>{_small(facts)}" if facts else "")
    return f'label=<{label}>, {_STYLES[_OUTPUT].node}{_width([title])}, tooltip="output"'


def _legend(kinds: list[str]) -> str:
    """A row with a swatch for each kind that occurs."""
    cells = "".join(
        f'<TD {s.cell} COLOR="{s.border}" BGCOLOR="{s.fill}">{s.meaning}</TD>'
        for s in (_STYLES[kind] for kind in kinds)
    )
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="6" CELLPADDING="4"><TR>{cells}</TR></TABLE>'


# ---------------------------------------------------------------- text


def _small(line: str) -> str:
    return f'<FONT POINT-SIZE="9" COLOR="{_GREY}">{_escape(line)}</FONT>'


def _clean(line: str) -> str:
    """On one line, without what XML cannot hold, and not too long."""
    if len(line) <= _LONGEST and line.isascii() and line.isprintable():
        return line
    line = "".join(" " if c in "\n\r\t" else c for c in line)
    line = "".join(c if unicodedata.category(c) not in ("Cc", "Cs", "Cn") else "\ufffd" for c in line)
    half = _LONGEST // 2
    return line if len(line) <= _LONGEST else f"{line[: half - 3]}...{line[-half:]}"


def _escape(line: str) -> str:
    """Text inside an HTML-like label."""
    return _clean(line).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _quote(lines: list[str]) -> str:
    """Lines as a DOT string, in which `\\n` breaks the line and entities are read."""
    text = "\\n".join(_clean(line).replace("\\", "\\\\") for line in lines)
    return '"' + text.replace("&", "&amp;").replace('"', '\\"') + '"'


def _width(lines: list[str]) -> str:
    """A width for labels beyond ASCII, which layout programs without fonts take for narrow."""
    if all(line.isascii() for line in lines):
        return ""
    widest = max(sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.65 for c in s) for s in lines)
    return f", width={widest * 12 / 72 + 0.3:.2f}"
