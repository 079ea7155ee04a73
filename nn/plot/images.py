"""Images, and what a classifier thinks of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.errors import ShapeError

from .axis import new_axis


def image(pixels: Any, ax: Any = None, *, title: str = "", cmap: str = "gray") -> Any:
    """One image (H, W) or (H, W, 3), without ticks."""
    ax = new_axis(2, 2) if ax is None else ax
    ax.imshow(np.asarray(pixels), cmap=cmap, interpolation="nearest")
    ax.set(xticks=[], yticks=[])
    ax.set_title(title, fontsize=8)
    return ax


def images(
    batch: Any, ax: Any = None, *, titles: Sequence[str] = (), columns: int = 8, cmap: str = "gray"
) -> Any:
    """Images (N, H, W) side by side on one axis, row by row, each with its title above.

    Errors: ShapeError for another number of axes.
    """
    batch = np.asarray(batch)
    if batch.ndim != 3:
        raise ShapeError(f"images: expected (N, H, W), got {batch.shape}")
    n, height, width = batch.shape
    columns = min(columns, max(n, 1))
    rows = math.ceil(n / columns)
    ax = new_axis(columns, rows * (1.25 if titles else 1.05)) if ax is None else ax
    gap = height * (0.35 if titles else 0.08)
    for i, pixels in enumerate(batch):
        left, top = (i % columns) * width * 1.08, (i // columns) * (height + gap)
        ax.imshow(
            pixels, cmap=cmap, interpolation="nearest", extent=(left, left + width, top + height, top),
            vmin=batch.min(), vmax=batch.max(),
        )  # fmt: skip
        if i < len(titles):
            ax.text(left + width / 2, top - 0.04 * height, titles[i], ha="center", va="bottom", fontsize=7)
    ax.set(xlim=(0, columns * width * 1.08), ylim=(rows * (height + gap) - gap, -gap))
    ax.axis("off")
    return ax


def probabilities(
    p: Any, ax: Any = None, *, names: Sequence[str] | None = None, truth: int | None = None
) -> Any:
    """A bar for the probability of each class; the true one in another colour.

    Errors: ShapeError unless p has one axis.
    """
    p = np.asarray(p)
    if p.ndim != 1:
        raise ShapeError(f"probabilities: expected one axis, got {p.shape}")
    ax = new_axis(4, 2) if ax is None else ax
    colours = ["tab:green" if k == truth else "tab:blue" for k in range(len(p))]
    ax.bar(range(len(p)), p, color=colours)
    ax.set(ylim=(0, 1), ylabel="probability", xticks=range(len(p)))
    if names is not None:
        ax.set_xticklabels(names, rotation=45, ha="right", fontsize=7)
    return ax
