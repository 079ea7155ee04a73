"""Scenes as DOT, the language of Graphviz: text alone, no dependency.

The text is deterministic, and the name of a node does not depend on what else is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator

from .groups import Group
from .labels import BOLD, GRID, SMALL, Line, Words, tip
from .levels import GREY, Pen, Shapes
from .records import BROADCAST, CONSTANT, Record
from .scene import Box, Frame, Scene, title
from .styles import FOLDED, FRAME_BORDER, FRAMES, MARKED, OUTPUT, STYLES, legend
from .text import escape, name, quote, width

DIRECTIONS = {"down": "TB", "right": "LR"}
# Drawn in whatever order gives the better picture; for the rest the order says which is which.
_COMMUTATIVE = frozenset(
    ["add", "multiply", "maximum", "minimum", "fmax", "fmin", "hypot", "logaddexp", "logaddexp2"]
)
# Without these limits on the search for the best picture, a weight that is used at 150 steps
# takes minutes; with them a second or two, and the picture is hardly worse.
_LARGE, _HASTE = 100, "  graph [nslimit=3, nslimit1=3, searchsize=10];"
_SMALL_GREY = "#5f5f5f"


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
        parts = [
            f"label=<{_label(self.level.lines(box, _inner(prefix), id(box) in self.outputs))}>",
            style.node,
        ]
        fill = self.level.fill(box) or style.fill
        if style.border != style.fill:
            red = any(r.id in self.marked for r in box.records)
            parts.append(f'color="{MARKED}", penwidth=4' if red else f'color="{style.border}"')
        if record.kind != BROADCAST or box.group is not None:
            parts.append(f'fillcolor="{fill}"')
        parts.append(f"tooltip={quote(tip(box))}")
        if box.group is None and len(record.inputs) > 1 and record.op not in _COMMUTATIVE:
            parts.append("ordering=in")
        return ", ".join(parts) + width([record.name])

    def _arrows(self) -> Iterator[str]:
        for arrow in self.scene.arrows:
            spine = arrow.source.group is not None or bool(arrow.source.record.inputs)
            pen = self.level.pen(arrow)
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
                f"{width([words.text for words in lines[0]])}];"
            )
            yield f"  {name(box.key)} -> {name(key)} [weight=4];"

    def _legend(self, boxes: list[Box]) -> str:
        kinds = {kind(box) for box in boxes} | ({OUTPUT} if list(marks(self.scene, self.level)) else set())
        notes = list(self.level.notes())
        if any(arrow.again for arrow in self.scene.arrows):
            notes.append("dashed: to the next of the steps or layers that are drawn once")
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
    words = f"<B>{escape(what)}</B>" + (f" {escape(of)}" if of else "")
    return words + (f" <B>\u00d7{place.count}</B>" if place.count > 1 else "")


def _header(direction: str) -> Iterator[str]:
    font = 'fontname="Helvetica"'
    yield (
        f"  graph [rankdir={DIRECTIONS[direction]}, bgcolor=white, pad=0.2, nodesep=0.25, "
        f"ranksep=0.3, {font}, fontsize=10, labelloc=b, labeljust=l];"
    )
    yield f'  node [shape=box, {font}, fontsize=12, width=0.4, height=0.35, margin="0.12,0.05"];'
    yield f'  edge [color="{GREY}", arrowsize=0.6];'


def _pen(pen: Pen) -> list[str]:
    parts = [] if pen.colour == GREY else [f'color="{pen.colour}"']
    parts += [] if pen.width == 1 else [f"penwidth={pen.width:g}"]
    parts += ["style=dashed"] if pen.dashed else []
    return parts + ([f'tooltip="{pen.says}"'] if pen.says else [])


def _label(lines: list[Line]) -> str:
    if not any(words.look == GRID for line in lines for words in line):
        return "<BR/>".join("".join(map(_words, line)) for line in lines)
    rows = "".join(f"<TR>{''.join(_cells(line))}</TR>" for line in lines)
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{rows}</TABLE>'


def _cells(line: Line) -> Iterator[str]:
    """A line of a label that has columns: two cells if it is a word and values, else one."""
    if len(line) == 2 and line[0].look == SMALL:
        yield f'<TD ALIGN="RIGHT">{_words(line[0])}</TD>'
        yield f'<TD ALIGN="LEFT">{_words(line[1])}</TD>'
    else:
        yield f'<TD COLSPAN="2">{"".join(map(_words, line))}</TD>'


def _words(words: Words) -> str:
    if words.look == BOLD:
        return f"<B>{escape(words.text)}</B>"
    if words.look == SMALL:
        return f'<FONT POINT-SIZE="9" COLOR="{_SMALL_GREY}">{escape(words.text)}</FONT>'
    if words.look == GRID:
        rows = (
            "".join(
                f'<TD ALIGN="RIGHT"><FONT POINT-SIZE="10">{escape(cell)}</FONT></TD>'
                for cell in row.split("\t")
            )
            for row in words.text.split("\n")
        )
        table = "".join(f"<TR>{row}</TR>" for row in rows)
        return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2">{table}</TABLE>'
    return escape(words.text)
