"""Shuffles of channels and places as functions: reshapes and transposes."""

from __future__ import annotations

from typing import Any

from autograd.errors import ShapeError
from autograd.ops.shapes import reshape, transpose

from .inputs import numbers
from .sizes import positive

__all__ = ["channel_shuffle", "pixel_shuffle", "pixel_unshuffle"]


def pixel_shuffle(input: Any, upscale_factor: int) -> Any:
    """out[c, h * r + i, w * r + j] = x[(c * r + i) * r + j, h, w], with r = upscale_factor.

    Shapes: input (..., C * r * r, H, W) -> (..., C, H * r, W * r).

    Errors: ShapeError for channels that are no multiple of r * r, or below three axes;
    ArgumentError for a factor that is no positive integer.

    Source: Shi et al., Real-Time Single Image and Video Super-Resolution, 2016, eq. 4.

    Example:
        >>> import numpy as np
        >>> pixel_shuffle(np.arange(4.0).reshape(4, 1, 1), 2)
        array([[[0., 1.],
                [2., 3.]]])
    """
    input, r = numbers(input, "pixel_shuffle"), positive(upscale_factor, "pixel_shuffle: upscale_factor")
    *batch, c, h, w = _images(input, "pixel_shuffle")
    if c % (r * r):
        raise ShapeError(
            f"pixel_shuffle: the channels of input{input.shape} must be a multiple of {r * r}, got {c}"
        )
    apart = reshape(input, (*batch, c // (r * r), r, r, h, w))
    order = _behind(len(batch), (0, 3, 1, 4, 2))
    return reshape(transpose(apart, order), (*batch, c // (r * r), h * r, w * r))


def pixel_unshuffle(input: Any, downscale_factor: int) -> Any:
    """out[(c * r + i) * r + j, h, w] = x[c, h * r + i, w * r + j], with r = downscale_factor.

    Shapes: input (..., C, H * r, W * r) -> (..., C * r * r, H, W).

    Errors: ShapeError for a height or width that is no multiple of r, or below three axes;
    ArgumentError for a factor that is no positive integer.

    Example:
        >>> import numpy as np
        >>> pixel_unshuffle(np.arange(4.0).reshape(1, 2, 2), 2).shape
        (4, 1, 1)
    """
    input, r = (
        numbers(input, "pixel_unshuffle"),
        positive(downscale_factor, "pixel_unshuffle: downscale_factor"),
    )
    *batch, c, h, w = _images(input, "pixel_unshuffle")
    if h % r or w % r:
        raise ShapeError(
            f"pixel_unshuffle: the height and width of input{input.shape} must be multiples of {r}"
        )
    apart = reshape(input, (*batch, c, h // r, r, w // r, r))
    order = _behind(len(batch), (0, 2, 4, 1, 3))
    return reshape(transpose(apart, order), (*batch, c * r * r, h // r, w // r))


def channel_shuffle(input: Any, groups: int) -> Any:
    """out[:, i * g + j] = x[:, j * C / g + i], with g = groups: one channel of each group by turns.

    Shapes: input (N, C, L, ...) -> the same.

    Errors: ShapeError for channels that are no multiple of groups, or below three axes;
    ArgumentError for groups that are no positive integer.

    Source: Zhang et al., ShuffleNet, 2018, section 3.1.

    Example:
        >>> import numpy as np
        >>> channel_shuffle(np.arange(4.0).reshape(1, 4, 1), 2).ravel()
        array([0., 2., 1., 3.])
    """
    input, g = numbers(input, "channel_shuffle"), positive(groups, "channel_shuffle: groups")
    n, c, *places = _images(input, "channel_shuffle")
    if c % g:
        raise ShapeError(
            f"channel_shuffle: the channels of input{input.shape} must be a multiple of {g}, got {c}"
        )
    apart = reshape(input, (n, g, c // g, *places))
    return reshape(transpose(apart, (0, 2, 1, *range(3, apart.ndim))), input.shape)


def _images(input: Any, caller: str) -> tuple[int, ...]:
    if input.ndim < 3:
        raise ShapeError(f"{caller}: input{input.shape} must have at least 3 axes, got {input.ndim}")
    return input.shape


def _behind(count: int, order: tuple[int, ...]) -> tuple[int, ...]:
    """A permutation of the axes behind the first so many."""
    return (*range(count), *(count + i for i in order))
