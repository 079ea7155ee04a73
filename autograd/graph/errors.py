"""What can go wrong when a graph is drawn."""

from __future__ import annotations

from ..errors import AutogradError


class GraphSizeError(AutogradError, ValueError):
    """A graph has more nodes than it was asked to be drawn with."""


class FormatError(AutogradError, ValueError):
    """A file name has a suffix that no picture is written for."""


class LayoutError(AutogradError, RuntimeError):
    """The layout program failed. The DOT text of a drawing needs none."""


class LayoutMissingError(LayoutError):
    """There is no layout program, or not the package that was asked for."""


class LayoutTimeoutError(LayoutError, TimeoutError):
    """The layout took longer than its time limit."""
