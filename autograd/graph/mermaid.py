"""Scenes as Mermaid flowcharts, which GitHub, GitLab and many notebooks draw."""

from __future__ import annotations

from collections.abc import Iterator

from .dot import kind, marks
from .labels import Line
from .levels import Shapes
from .scene import Box, Frame, Scene, title
from .styles import MARKED, OUTPUT, STYLES
from .text import clean

_DIRECTIONS = {"down": "TD", "right": "LR"}


class Writer:
    """Writes one scene."""

    def __init__(self, scene: Scene, level: Shapes, direction: str, marked: frozenset[int]):
        self.scene, self.level, self.direction, self.marked = scene, level, direction, marked
        self.outputs = {id(box) for _, box in scene.marks if box.group is None}
        self.names: dict[int, str] = {}
        self.taken: set[str] = set()
        self.kinds: dict[str, None] = {}

    def text(self) -> str:
        """The scene as a flowchart."""
        lines = [f"flowchart {_DIRECTIONS[self.direction]}", *self._frame(self.scene.root, 1, "")]
        styles = []
        for i, arrow in enumerate(self.scene.arrows):
            link = "-.->" if arrow.again else "-->"
            lines.append(f"  {self._name(arrow.source)} {link} {self._name(arrow.target)}")
            pen = self.level.pen(self.level.norm(arrow.pairs))
            if pen.says:
                styles.append(f"  linkStyle {i} stroke:{pen.colour},stroke-width:{pen.width:g}px")
        lines += self._marks()
        lines += styles
        for name in self.kinds:
            style = STYLES[name]
            lines.append(f"  classDef {name} fill:{style.fill},stroke:{style.border},color:#000")
        return "\n".join([*lines, ""])

    def _frame(self, frame: Frame, depth: int, prefix: str) -> Iterator[str]:
        indent = "  " * depth
        for member in frame.members:
            if isinstance(member, Frame):
                what, of = title(member.group)
                count = f" \u00d7{member.group.count}" if member.group.count > 1 else ""
                label = _escape(f"{what} {of}".rstrip() + count)
                yield f'{indent}subgraph {self._unique("in " + member.group.key)}["{label}"]'
                yield from self._frame(member, depth + 1, member.group.key.partition(".")[2])
                yield f"{indent}end"
                continue
            lines = self.level.lines(member, prefix, id(member) in self.outputs)
            yield f"{indent}{self._name(member)}{self._shape(kind(member), lines)}"
            if any(r.id in self.marked for r in member.records):
                yield f"{indent}style {self._name(member)} stroke:{MARKED},stroke-width:4px"

    def _marks(self) -> Iterator[str]:
        for key, box, lines in marks(self.scene, self.level):
            yield f"  {self._name(box)} --> {self._unique(key)}{self._shape(OUTPUT, lines)}"

    def _shape(self, sort: str, lines: list[Line]) -> str:
        self.kinds[sort] = None
        left, right = STYLES[sort].ends
        texts = ("".join(words.text for words in line) for line in lines)
        label = "<br/>".join(_escape(row) for text in texts for row in text.split("\n"))
        return f'{left}"{label}"{right}:::{sort}'

    def _name(self, box: Box) -> str:
        if id(box) not in self.names:
            self.names[id(box)] = self._unique(box.key)
        return self.names[id(box)]

    def _unique(self, key: str) -> str:
        """A key in letters, digits and underlines, which is all that Mermaid is sure to take."""
        name = base = "n_" + "".join(c if c.isascii() and c.isalnum() else "_" for c in key)
        count = 1
        while name in self.taken:
            count += 1
            name = f"{base}_{count}"
        self.taken.add(name)
        return name


def _escape(line: str) -> str:
    line = clean(line).replace("&", "#amp;").replace('"', "#quot;")
    return line.replace("<", "#lt;").replace(">", "#gt;")
