"""Layers that shuffle channels and places."""

from __future__ import annotations

from typing import Any

from . import functional as F
from .functional.sizes import positive
from .module import Module

__all__ = ["ChannelShuffle", "PixelShuffle", "PixelUnshuffle"]


class PixelShuffle(Module):
    """out[c, h * r + i, w * r + j] = x[(c * r + i) * r + j, h, w], with r = upscale_factor.

    Shapes: x (..., C * r * r, H, W) -> (..., C, H * r, W * r).

    Errors: ArgumentError for a factor that is no positive integer; ShapeError for x.

    Source: Shi et al., Real-Time Single Image and Video Super-Resolution, 2016, eq. 4.

    Example:
        >>> import numpy as np
        >>> PixelShuffle(2)(np.zeros((1, 8, 3, 4))).shape
        (1, 2, 6, 8)
    """

    def __init__(self, upscale_factor: int):
        super().__init__()
        self.upscale_factor = positive(upscale_factor, "PixelShuffle: upscale_factor")

    def forward(self, input: Any) -> Any:
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """out[(c * r + i) * r + j, h, w] = x[c, h * r + i, w * r + j], with r = downscale_factor.

    Shapes: x (..., C, H * r, W * r) -> (..., C * r * r, H, W).

    Errors: ArgumentError for a factor that is no positive integer; ShapeError for x.

    Example:
        >>> import numpy as np
        >>> PixelUnshuffle(2)(np.zeros((1, 2, 6, 8))).shape
        (1, 8, 3, 4)
    """

    def __init__(self, downscale_factor: int):
        super().__init__()
        self.downscale_factor = positive(downscale_factor, "PixelUnshuffle: downscale_factor")

    def forward(self, input: Any) -> Any:
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """out[:, i * g + j] = x[:, j * C / g + i], with g = groups: one channel of each group by turns.

    Shapes: x (N, C, L, ...) -> the same.

    Errors: ArgumentError for groups that are no positive integer; ShapeError for x.

    Source: Zhang et al., ShuffleNet, 2018, section 3.1.

    Example:
        >>> import numpy as np
        >>> ChannelShuffle(2)(np.zeros((1, 4, 3))).shape
        (1, 4, 3)
    """

    def __init__(self, groups: int):
        super().__init__()
        self.groups = positive(groups, "ChannelShuffle: groups")

    def forward(self, input: Any) -> Any:
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"
