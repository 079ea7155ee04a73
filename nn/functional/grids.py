"""Reading between elements at the places of a grid, as functions."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from autograd.errors import ArgumentError, DtypeError, ShapeError
from autograd.ops.neural import grids

from .inputs import as_array

__all__ = ["affine_grid", "grid_sample"]


def grid_sample(
    input: Any,
    grid: Any,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Any:
    """The input read at the places that a grid names.

    Args:
        input: what is read.
        grid: places, x before y (before z); -1 and 1 are the ends of an axis.
        mode: "bilinear" (between the nearest elements, in three dimensions too), "nearest", or
            "bicubic" (of images alone).
        padding_mode: what is outside: "zeros", "border" (the outermost elements), "reflection".
        align_corners: whether -1 and 1 are the middles of the outermost elements rather than
            their outer edges.

    Shapes: input (N, C, H, W), grid (N, h, w, 2) -> (N, C, h, w); or input (N, C, D, H, W), grid
    (N, d, h, w, 3) -> (N, C, d, h, w).

    Gradient: by the grid zero where padding by border or reflection holds a place at the border.

    Errors: ShapeError, DtypeError; ArgumentError for an unknown mode.

    Source: Jaderberg et al., Spatial Transformer Networks, 2015, eq. 3-7.

    Example:
        >>> import numpy as np
        >>> image = np.array([[[[0.0, 1.0], [2.0, 3.0]]]])
        >>> grid_sample(image, np.zeros((1, 1, 1, 2)), align_corners=True)
        array([[[[1.5]]]])
    """
    input, grid = as_array(input), as_array(grid)
    if grid.dtype != input.dtype:
        raise DtypeError(
            f"grid_sample: input and grid must be of one dtype, got {input.dtype} and {grid.dtype}"
        )
    return grids.grid_sample(input, grid, mode, padding_mode, bool(align_corners))


def affine_grid(theta: Any, size: Any, align_corners: bool | None = None) -> Any:
    """The grid for `grid_sample` of affine maps: grid[n, i, j] = theta[n] @ (x_j, y_i, 1).

    Args:
        theta: matrices.
        size: the shape of the output of `grid_sample`.
        align_corners: as there.

    Shapes: theta (N, 2, 3), size (N, C, H, W) -> (N, H, W, 2); theta (N, 3, 4), size
    (N, C, D, H, W) -> (N, D, H, W, 3).

    Errors: ShapeError for theta of another shape; ArgumentError for a size that is none.

    Example:
        >>> import numpy as np
        >>> affine_grid(np.eye(2, 3)[None], (1, 1, 1, 2), align_corners=True)
        array([[[[-1.,  0.],
                 [ 1.,  0.]]]])
    """
    theta = as_array(theta)
    try:
        sizes = tuple(operator.index(n) for n in size)
    except TypeError:
        sizes = ()
    if len(sizes) not in (4, 5) or min(sizes) < 1:
        raise ArgumentError(f"affine_grid: size must be 4 or 5 positive integers, got {size!r}")
    dims = len(sizes) - 2
    if theta.shape != (sizes[0], dims, dims + 1):
        raise ShapeError(
            f"affine_grid: theta{theta.shape} must be {(sizes[0], dims, dims + 1)} for {sizes}"
        )
    if theta.dtype.kind != "f":
        raise DtypeError(f"affine_grid: theta must be floating, got {theta.dtype}")
    ends = [_ends(n, bool(align_corners)) for n in sizes[2:]]
    axes = np.meshgrid(*ends, indexing="ij")[::-1]
    base = np.stack([*axes, np.ones(sizes[2:])], -1).astype(theta.dtype).reshape(-1, dims + 1)
    return (base @ theta.swapaxes(-1, -2)).reshape((sizes[0], *sizes[2:], dims))


def _ends(n: int, align_corners: bool) -> np.ndarray:
    """The middles of n elements between -1 and 1."""
    if align_corners:
        return np.linspace(-1, 1, n) if n > 1 else np.zeros(1)
    return (2 * np.arange(n) + 1) / n - 1
