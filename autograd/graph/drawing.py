"""Pictures: scenes that are laid out when they are looked at."""

from __future__ import annotations

import os
import tempfile
import webbrowser
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from ..files import write_whole
from . import dot, mermaid
from .errors import FormatError, LayoutError, LayoutMissingError, LayoutTimeoutError
from .layout import FORMATS, lay_out
from .levels import Shapes
from .records import Tape
from .scene import Scene, stage
from .svg import settle
from .table import table

_TEXT = ("dot", "gv", "mmd", "txt", "html")
# A picture with fewer boxes than this is not made coarser when its layout takes too long.
_COARSEST = 25


@dataclass(frozen=True)
class View:
    """How a tape is looked at; see `draw`."""

    level: Shapes
    depth: int | None = None
    fold: bool | None = None
    direction: str = "down"
    constants: bool = True
    legend: bool = True
    max_nodes: int | None = None
    marked: frozenset[int] = frozenset()


class Drawing:
    """A picture of a graph. A notebook shows it; elsewhere, `show()` or `save()` it.

    Attributes:
        tape: the records that it shows.
        source: its DOT text.
        time_limit: seconds that layout may take.
    """

    def __init__(self, tape: Tape, view: View, time_limit: float):
        self.tape, self.view, self.time_limit = tape, view, time_limit
        self._scene = self._stage(view.max_nodes)
        self.source = self._dot(self._scene)
        self._svg: str | None = None

    def _stage(self, max_nodes: int | None) -> Scene:
        view = self.view
        return stage(
            self.tape, depth=view.depth, constants=view.constants, fold=view.fold, max_nodes=max_nodes
        )

    def _dot(self, scene: Scene) -> str:
        view = self.view
        return dot.Writer(scene, view.level, view.direction, view.legend, view.marked).text()

    def svg(self) -> str:
        """The picture as SVG. It is laid out once.

        If layout takes longer than half of the time limit, more is folded.

        Errors: LayoutMissingError without a layout program, LayoutTimeoutError if it takes
        longer than the time limit all the same, LayoutError if it fails.
        """
        if self._svg is None:
            self._svg = settle(self._lay_out("svg").decode())
        return self._svg

    def _lay_out(self, format: str) -> bytes:
        end = monotonic() + self.time_limit
        boxes = sum(1 for _ in self._scene.root.boxes())
        source = self.source
        while boxes > _COARSEST:
            try:
                return lay_out(source, format, (end - monotonic()) / 2)
            except LayoutTimeoutError:
                scene = self._stage(max(boxes // 3, _COARSEST))
                fewer = sum(1 for _ in scene.root.boxes())
                if fewer >= boxes:
                    break
                boxes, source = fewer, self._dot(scene)
        try:
            return lay_out(source, format, max(end - monotonic(), 0.1))
        except LayoutTimeoutError:
            raise LayoutTimeoutError(
                f"layout took longer than {self.time_limit:g} s and was stopped; draw a smaller graph or a "
                "smaller depth=, pass a larger time_limit=, or use the page (save to .html) or the DOT "
                "text (to_dot(), or save to a .dot file), which need no layout program"
            ) from None

    def mermaid(self) -> str:
        """The picture as a Mermaid flowchart."""
        view = self.view
        return mermaid.Writer(self._scene, view.level, view.direction, view.marked).text()

    def html(self) -> str:
        """The whole graph as one page to explore, which needs no network and no layout program.

        It shows the same level of detail, folded as the picture is, with the same records in red.
        """
        from .page import to_html

        options = {name: getattr(self.view, name) for name in ("depth", "fold", "level", "marked")}
        return to_html(self.tape, title=self._title(), **options)

    def _title(self) -> str:
        """What stands above the page: the outputs, and the level of detail."""
        named = [self.tape.title(i) for i in range(len(self.tape.outputs))]
        shown = ", ".join(named[:3]) + (", ..." if len(named) > 3 else "")
        return f"Graph of {shown}: {self.view.level.name}"

    def save(self, path: str | os.PathLike) -> Path:
        """Write the picture to a file, in the format of its suffix; returns its path.

        Args:
            path: ends in .svg, .png, .jpg, .pdf; or, without a layout program, in .html (a page to
                explore), .dot or .gv (DOT), .mmd (Mermaid), .txt (the table). An existing file
                is replaced at once, when all is written.

        Errors: FormatError for another suffix; as `svg`; OSError if it cannot be written.

        Example:
            >>> import tempfile
            >>> from autograd import graph, tensor
            >>> x = tensor(3.0, requires_grad=True)
            >>> folder = Path(tempfile.mkdtemp())
            >>> graph.draw(x * x).save(folder / "square.dot").name
            'square.dot'
        """
        path = Path(path)
        format = path.suffix[1:].lower()
        if format not in (*FORMATS, *_TEXT):
            known = ", ".join(f".{f}" for f in (*FORMATS, *_TEXT))
            raise FormatError(f"cannot save a picture as {path.name!r}: the suffix must be one of {known}")
        if not path.parent.is_dir():
            raise FileNotFoundError(f"cannot save {path.name}: there is no folder {path.parent}")
        write_whole(path, self._bytes(format))
        return path

    def _bytes(self, format: str) -> bytes:
        texts = {"mmd": self.mermaid, "txt": self.text, "html": self.html, "svg": self.svg}
        if format in ("dot", "gv"):
            return self.source.encode()
        return texts[format]().encode() if format in texts else self._lay_out(format)

    def text(self) -> str:
        """The tape as a table."""
        return table(self.tape) + "\n"

    def show(self) -> Path:
        """Open the picture in a browser; gives the file that it was written to.

        Without a layout program, or if layout fails, it opens the page to explore.
        """
        folder = Path(tempfile.mkdtemp(prefix="wengert-"))
        try:
            path = self.save(folder / "graph.svg")
        except LayoutError:
            path = self.save(folder / "graph.html")
        webbrowser.open(path.as_uri())
        return path

    def to_graphviz(self) -> Any:
        """The picture as a `graphviz.Source`, for code that goes on with that package.

        It needs Graphviz's own `dot`, and knows no time limit.

        Errors: LayoutMissingError if the `graphviz` package is not installed.
        """
        try:
            import graphviz
        except ImportError:
            raise LayoutMissingError(
                'to_graphviz() needs the graphviz package: pip install "wengert[graph]"'
            ) from None
        return graphviz.Source(self.source)

    def __repr__(self) -> str:
        shown = sum(1 for _ in self._scene.root.boxes())
        level = self.view.level.name
        return (
            f"<Drawing: {level} of {len(self.tape)} records in {shown} boxes; .save('graph.svg') draws it>"
        )

    def _repr_svg_(self) -> str:
        return self.svg()

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, str]:
        """SVG, Mermaid and a table for a notebook; if it cannot be laid out, a word why."""
        bundle = {"text/vnd.mermaid": self.mermaid(), "text/plain": table(self.tape, limit=60)}
        try:
            bundle["image/svg+xml"] = self.svg()
        except LayoutError as error:
            bundle["text/plain"] = f"{error}\n{bundle['text/plain']}"
        wanted = set(bundle) if include is None else set(include)
        return {kind: shown for kind, shown in bundle.items() if kind in wanted - set(exclude or ())}
