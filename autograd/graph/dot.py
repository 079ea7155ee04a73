"""Scenes as DOT, the language of Graphviz: text alone, no dependency.

The text is deterministic, and the name of a node does not depend on what else is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from .fonts import line_room, room, width
from .groups import Group
from .labels import BOLD, GRID, PLAIN, SMALL, Line, Words, tip
from .levels import GREY, Pen, Shapes
from .records import BROADCAST, CONSTANT, Record
from .scene import Box, Frame, Scene, title
from .styles import FOLDED, FRAME_BORDER, FRAMES, MARKED, OUTPUT, STYLES, legend
from .text import clean, escape, name, quote

DIRECTIONS = {"down": "TB", "right": "LR"}
# Drawn in whatever order gives the better picture; for the rest the order says which is which.
_COMMUTATIVE = frozenset(
    ["add", "multiply", "maximum", "minimum", "fmax", "fmin", "hypot", "logaddexp", "logaddexp2"]
)
# Without these limits on the search for the best picture, a weight that is used at 150 steps
# takes minutes; with them a second or two, and the picture is hardly worse.
_LARGE, _HASTE = 100, "  graph [nslimit=3, nslimit1=3, searchsize=10];"
_SMALL_GREY = "#555555"
_SIZES = {BOLD: 12, PLAIN: 12, SMALL: 9, GRID: 10}
_CAPTION = 10
_COOL, _HOT = (255, 250, 240), (253, 174, 107)
# Points that are left free beside a label, on both sides together; at least, in the widest font.
_MARGIN, _THIN_MARGIN, _LEAST = 17.0, 8.6, 3.0


class Writer:
    """Writes one scene.

    Args:
        marked: ids of records that are drawn red.
    """

    def __init__(
        self, scene: Scene, level: Shapes, direction: str, with_legend: bool, marked: frozenset[int]
    ):
        self.scene, self.level = scene, level
        self.direction, self.with_legend, self.marked = direction, with_legend, marked
        self.outputs = {id(box) for _, box in scene.marks if box.group is None}

    def text(self) -> str:
        """The scene as DOT."""
        boxes = list(self.scene.root.boxes())
        lines = ['digraph "autograd" {', *_header(self.direction)]
        lines += [_HASTE] if len(boxes) > _LARGE else []
        lines += self._frame(self.scene.root, 0, "")
        lines += self._arrows()
        lines += self._marks()
        if self.with_legend:
            lines.append(f"  label=<{self._legend(boxes)}>;")
        return "\n".join([*lines, "}", ""])

    def _frame(self, frame: Frame, depth: int, prefix: str) -> Iterator[str]:
        indent = "  " * (depth + 1)
        for member in frame.members:
            if isinstance(member, Box):
                yield f"{indent}{name(member.key)} [{self._attributes(member, prefix)}];"
                continue
            place = member.group
            yield f"{indent}subgraph {name('cluster ' + place.key)} {{"
            yield (
                f"{indent}  label=<{_caption(place)}>; labelloc=t; labeljust=l; "
                f"style={_frame_style(place)}; "
                f'color="{FRAME_BORDER}"; fillcolor="{FRAMES[min(depth, len(FRAMES) - 1)]}"; margin=10;'
            )
            yield from self._frame(member, depth + 1, place.key if place.sort == "call" else prefix)
            yield f"{indent}}}"

    def _attributes(self, box: Box, prefix: str) -> str:
        """The DOT attributes of a box."""
        record, style = box.record, STYLES[kind(box)]
        lines = self.level.lines(box, _inner(prefix), id(box) in self.outputs)
        parts = [f"label=<{_label(lines)}>", style.node]
        heat = self.level.heat(box)
        fill = style.fill if heat is None else _warm(heat)
        if style.border != style.fill:
            red = any(r.id in self.marked for r in box.records)
            parts.append(f'color="{MARKED}", penwidth=4' if red else f'color="{style.border}"')
        if record.kind != BROADCAST or box.group is not None:
            parts.append(f'fillcolor="{fill}"')
        parts.append(f"tooltip={quote(tip(box))}")
        if box.group is None and len(record.inputs) > 1 and record.op not in _COMMUTATIVE:
            parts.append("ordering=in")
        return ", ".join(parts) + _width(lines, kind(box))

    def _arrows(self) -> Iterator[str]:
        for arrow in self.scene.arrows:
            spine = arrow.source.group is not None or bool(arrow.source.record.inputs)
            pen = self.level.pen(self.level.norm(arrow.pairs))
            attributes = _pen(pen)
            if arrow.again:
                attributes += ["style=dashed", "constraint=false", 'tooltip="to the next of these"']
            elif spine:
                attributes.append("weight=4")  # results run straight, arguments come in from the side
            end = f" [{', '.join(attributes)}]" if attributes else ""
            yield f"  {name(arrow.source.key)} -> {name(arrow.target.key)}{end};"

    def _marks(self) -> Iterator[str]:
        """A node for each output, except for what is drawn for itself: a leaf or a constant."""
        style = STYLES[OUTPUT]
        for key, box, lines in marks(self.scene, self.level):
            yield (
                f"  {name(key)} [label=<{_label(lines)}>, {style.node}, "
                f'color="{style.border}", fillcolor="{style.fill}", tooltip="output"'
                f"{_width(lines, OUTPUT)}];"
            )
            yield f"  {name(box.key)} -> {name(key)} [weight=4];"

    def _legend(self, boxes: list[Box]) -> str:
        kinds = {kind(box) for box in boxes} | ({OUTPUT} if list(marks(self.scene, self.level)) else set())
        notes = list(self.level.notes())
        if any(arrow.again for arrow in self.scene.arrows):
            notes.append([("dashed: to the next of the steps or layers that are drawn once", "")])
        return legend([k for k in STYLES if k in kinds], notes)


def marks(scene: Scene, level: Shapes) -> Iterator[tuple[str, Box, list[Line]]]:
    """The boxes that mark outputs: their keys, what they come from and what they say."""
    of: dict[int, list[int]] = {}
    boxes = {}
    for position, box in scene.marks:
        if scene.tape[scene.tape.outputs[position]].inputs:
            of.setdefault(id(box) if box.group is not None else -1 - position, []).append(position)
            boxes[position] = box
    for positions in of.values():
        first, called = positions[0], [scene.tape.title(k) for k in positions]
        record = scene.tape[scene.tape.outputs[first]]
        lines = level.outputs(called) if len(positions) > 1 else level.output(record, called[0])
        yield f"output.{first + 1}", boxes[first], lines


def kind(box: Box) -> str:
    """The style of a box."""
    if box.group is not None:
        return FOLDED
    record: Record = box.record
    if record.phase == "backward" and record.kind not in (CONSTANT, BROADCAST):
        return "backward"
    return record.kind


def _inner(prefix: str) -> str:
    """The path of a module without the model's own name."""
    return prefix.partition(".")[2]


def _frame_style(place: Group) -> str:
    return "filled" if place.sort == "call" else '"filled,dashed"'


def _caption(place: Group) -> str:
    what, of = title(place)
    line = [Words(what, BOLD), *([Words(f" {of}")] if of else [])]
    line += [Words(f" \u00d7{place.count}", BOLD)] if place.count > 1 else []
    width = line_room((clean(text), _CAPTION, look == BOLD) for text, look in line)
    return (
        f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0"><TR>'
        f'<TD WIDTH="{width}" ALIGN="LEFT">{"".join(map(_words, line))}</TD></TR></TABLE>'
    )


def _header(direction: str) -> Iterator[str]:
    font = 'fontname="Helvetica"'
    yield (
        f"  graph [rankdir={DIRECTIONS[direction]}, bgcolor=white, pad=0.2, nodesep=0.25, "
        f"ranksep=0.3, {font}, fontsize=10, labelloc=b, labeljust=l];"
    )
    yield f'  node [shape=box, {font}, fontsize=12, width=0.4, height=0.35, margin="0.12,0.05"];'
    yield f'  edge [color="{GREY}", arrowsize=0.6];'


def _warm(heat: float) -> str:
    """From near white to orange."""
    return "#" + "".join(f"{round(a + (b - a) * heat):02x}" for a, b in zip(_COOL, _HOT))


def _pen(pen: Pen) -> list[str]:
    parts = [] if pen.colour == GREY else [f'color="{pen.colour}"']
    parts += [] if pen.width == 1 else [f"penwidth={pen.width:g}"]
    parts += ["style=dashed"] if pen.dashed else []
    return parts + ([f'tooltip="{pen.says}"'] if pen.says else [])


def _label(lines: list[Line]) -> str:
    if not any(words.look == GRID for line in lines for words in line):
        return "<BR/>".join("".join(map(_words, line)) for line in lines)
    rows = "".join(f"<TR>{''.join(_cells(line))}</TR>" for line in lines)
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2">{rows}</TABLE>'


def _width(lines: list[Line], kind: str) -> str:
    """The width of a box whose margins are too narrow for the widest fonts; else nothing."""
    margin = _THIN_MARGIN if kind == BROADCAST else _MARGIN
    needed = taken = 0.0
    for line in lines:
        runs = [(clean(text), _SIZES[look], look == BOLD) for text, look in line if look != GRID]
        needed = max(needed, line_room(runs))
        # layout programs without fonts take what is beyond ASCII for narrow
        taken = max(taken, sum(width(*run) if run[0].isascii() else 0.0 for run in runs))
    return f", width={(needed + _LEAST) / 72:.2f}" if needed + _LEAST > taken + margin else ""


def _cells(line: Line) -> Iterator[str]:
    """A line of a label that has columns: two cells if it is a word and values, else one."""
    if len(line) == 2 and line[0].look == SMALL:
        yield f'<TD ALIGN="RIGHT">{_words(line[0])}</TD>'
        yield f'<TD ALIGN="LEFT">{_words(line[1]._replace(text=line[1].text.strip()))}</TD>'
    else:
        yield f'<TD COLSPAN="2">{"".join(map(_words, line))}</TD>'


def _words(words: Words) -> str:
    if words.look == BOLD:
        return f"<B>{escape(words.text)}</B>"
    if words.look == SMALL:
        return f'<FONT POINT-SIZE="9" COLOR="{_SMALL_GREY}">{escape(words.text)}</FONT>'
    return _grid(words.text) if words.look == GRID else escape(words.text)


def _grid(text: str) -> str:
    rows = [[clean(cell) for cell in row.split("\t")] for row in text.split("\n")]
    size, padding = _SIZES[GRID], 2
    columns = [max(room(row[i], size) for row in rows if i < len(row)) for i in range(len(rows[0]))]
    lines = []
    for n, row in enumerate(rows):
        widths = [f' WIDTH="{math.ceil(w) + 2 * padding}"' if not n else "" for w in columns]
        cells = (
            f'<TD ALIGN="RIGHT"{w}><FONT POINT-SIZE="{size}">{escape(cell)}</FONT></TD>'
            for cell, w in zip(row, widths)
        )
        lines.append(f"<TR>{''.join(cells)}</TR>")
    return (
        f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="{padding}">{"".join(lines)}</TABLE>'
    )
