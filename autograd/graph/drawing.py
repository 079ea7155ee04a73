"""Pictures: DOT text that is laid out when it is looked at."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..files import write_whole
from .dot import to_dot
from .errors import FormatError, LayoutError, LayoutMissingError
from .layout import FORMATS, lay_out

TIME_LIMIT = 20.0
MAX_NODES = 500
_TEXT = ("dot", "gv")


class Drawing:
    """A picture of a graph. A notebook shows it; elsewhere, save it.

    Attributes:
        source: its DOT text.
        time_limit: seconds that layout may take.
    """

    def __init__(self, source: str, time_limit: float = TIME_LIMIT):
        self.source, self.time_limit = source, time_limit
        self._svg: str | None = None

    def svg(self) -> str:
        """The picture as SVG. It is laid out once.

        Errors: LayoutMissingError without a layout program, LayoutTimeoutError if it takes
        longer than the time limit, LayoutError if it fails.
        """
        if self._svg is None:
            self._svg = lay_out(self.source, "svg", self.time_limit).decode()
        return self._svg

    def save(self, path: str | os.PathLike) -> Path:
        """Write the picture to a file, in the format of its suffix; returns its path.

        Args:
            path: ends in .svg, .png, .jpg, .pdf (only by Graphviz's own dot), .dot or .gv (the
                DOT text, which needs no layout program). An existing file is replaced at once,
                when all is written.

        Errors: FormatError for another suffix; as `svg`; OSError if it cannot be written.

        Example:
            >>> import tempfile
            >>> from autograd import tensor
            >>> x = tensor(3.0, requires_grad=True)
            >>> folder = Path(tempfile.mkdtemp())
            >>> draw(x * x).save(folder / "square.dot").name
            'square.dot'
        """
        path = Path(path)
        format = path.suffix[1:].lower()
        if format not in (*FORMATS, *_TEXT):
            known = ", ".join(f".{f}" for f in (*FORMATS, *_TEXT))
            raise FormatError(f"cannot save a picture as {path.name!r}: the suffix must be one of {known}")
        if not path.parent.is_dir():
            raise FileNotFoundError(f"cannot save {path.name}: there is no folder {path.parent}")
        if format in _TEXT:
            data = self.source.encode()
        elif format == "svg":
            data = self.svg().encode()
        else:
            data = lay_out(self.source, format, self.time_limit)
        write_whole(path, data)
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
        return f"<Drawing: {len(self.source.splitlines())} lines of DOT; .save('graph.svg') draws it>"

    def _repr_svg_(self) -> str:
        return self.svg()

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, str]:
        """SVG for a notebook; if it cannot be laid out, a word why."""
        try:
            return {"image/svg+xml": self.svg(), "text/plain": repr(self)}
        except LayoutError as error:
            return {"text/plain": f"{error}\n{self!r}"}


def draw(
    tensor: Any,
    *,
    names: Any = None,
    direction: str = "down",
    constants: bool = True,
    legend: bool = True,
    max_nodes: int | None = MAX_NODES,
    time_limit: float = TIME_LIMIT,
) -> Drawing:
    """A picture of the graph that a tensor (or several) was computed by.

    Draw it before `backward()`, which releases the graph unless told `retain_graph=True`. A
    tensor without history is drawn alone.

    Args:
        tensor: a Tensor or a sequence of them.
        names: a mapping from names to Tensors, ndarrays or modules, or a module (anything with
            `named_parameters()`): what the picture calls them.
        direction: where the picture runs: "down" or "right".
        constants: draw the arguments that no gradient flows to.
        legend: explain shapes and colours below the picture.
        max_nodes: refuse a graph with more nodes than this, constants not counted; None for no
            limit.
        time_limit: seconds that layout may take, when the picture is first shown or saved.

    Errors: OperandError for what is no Tensor; GraphFreedError for a graph that a backward has
    released; GraphSizeError above `max_nodes`; ArgumentError for an unknown direction.

    Example:
        >>> from autograd import tensor
        >>> x = tensor(3.0, requires_grad=True)
        >>> picture = draw(x * x, names={"x": x})
        >>> picture.source.splitlines()[0]
        'digraph "autograd" {'
    """
    source = to_dot(
        tensor, names=names, direction=direction, constants=constants, legend=legend, max_nodes=max_nodes
    )
    return Drawing(source, time_limit)
