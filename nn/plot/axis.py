"""Axes to draw on, and files to put them in."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from typing import Any

from autograd.errors import ArgumentError
from autograd.files import write_whole

FORMATS = ("svg", "png", "pdf")


def new_axis(width: float = 5.0, height: float = 3.5) -> Any:
    """A fresh axis on a figure of its own, in inches."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError('nn.plot needs matplotlib: pip install "wengert[train]"') from None
    return Figure(figsize=(width, height), layout="constrained").subplots()


def save(drawn: Any, path: str | os.PathLike[str], dpi: int = 120) -> Path:
    """Write the figure of an axis (or of the first of several) to a file, whole or not at all.

    Args:
        drawn: a figure, an axis, or an array of axes.
        path: ends in .svg, .png or .pdf.

    Errors: ArgumentError for another ending.
    """
    path = Path(path)
    if path.suffix[1:] not in FORMATS:
        raise ArgumentError(f"save: {path} must end in one of {', '.join('.' + f for f in FORMATS)}")
    while hasattr(drawn, "flat"):
        drawn = next(iter(drawn.flat))
    figure = drawn if hasattr(drawn, "savefig") else drawn.figure
    buffer = BytesIO()
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": None}[path.suffix[1:]]
    figure.savefig(buffer, format=path.suffix[1:], dpi=dpi, metadata=metadata)
    write_whole(path, buffer.getvalue())
    return path
