"""Interpolation layers."""

from __future__ import annotations

from typing import Any

from . import functional as F
from .functional.resampling import check_mode, check_sizes
from .module import Module

__all__ = ["Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d"]


class Upsample(Module):
    """The input at another size; see `nn.functional.interpolate`.

    Args:
        size: of the output, one number or one per axis.
        scale_factor: the size as a multiple of the input's, rounded down; one of the two.
        mode: "nearest", "nearest-exact", "area", "linear", "bilinear", "bicubic", "trilinear".
        align_corners: whether the middles of the outermost elements coincide, for the linear and
            cubic modes; otherwise the outer edges do.
        recompute_scale_factor: whether places follow from the sizes though a factor is given.

    Shapes: (N, C, L), (N, C, H, W) or (N, C, D, H, W) -> (N, C, *size).

    Errors: ArgumentError for arguments that do not go together; ShapeError for an input that
    the mode does not take; DtypeError.

    Example:
        >>> import numpy as np
        >>> Upsample(scale_factor=2, mode="linear")(np.array([[[0.0, 4.0]]]))
        array([[[0., 1., 3., 4.]]])
    """

    def __init__(
        self,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ):
        super().__init__()
        name = type(self).__name__
        check_mode(mode, align_corners, name)
        check_sizes(size, scale_factor, name)
        self.size: Any = tuple(size) if isinstance(size, (tuple, list)) else size
        several = isinstance(scale_factor, (tuple, list))
        self.scale_factor: Any = scale_factor
        if scale_factor is not None:
            self.scale_factor = tuple(map(float, scale_factor)) if several else float(scale_factor)
        self.mode, self.align_corners = mode, align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Any) -> Any:
        size = self.size, self.scale_factor
        return F.interpolate(input, *size, self.mode, self.align_corners, self.recompute_scale_factor)

    def extra_repr(self) -> str:
        given = f"scale_factor={self.scale_factor}" if self.size is None else f"size={self.size}"
        return f"{given}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """An image at another size: y[..., i, j] = x[..., floor(i / s), floor(j / s)].

    Args:
        size: of the output, one number or one per axis.
        scale_factor: the size as a multiple of the input's; one of the two.

    Shapes: (N, C, H, W) -> (N, C, *size).

    Errors: ArgumentError unless one of the two is given; ShapeError; DtypeError.

    Example:
        >>> import numpy as np
        >>> UpsamplingNearest2d(scale_factor=2)(np.array([[[[1.0, 2.0]]]]))
        array([[[[1., 1., 2., 2.],
                 [1., 1., 2., 2.]]]])
    """

    def __init__(self, size: Any = None, scale_factor: Any = None):
        super().__init__(size, scale_factor)


class UpsamplingBilinear2d(Upsample):
    """An image at another size, between the nearest elements; the outermost ones coincide.

    Args:
        size: of the output, one number or one per axis.
        scale_factor: the size as a multiple of the input's; one of the two.

    Shapes: (N, C, H, W) -> (N, C, *size).

    Errors: ArgumentError unless one of the two is given; ShapeError; DtypeError.

    Example:
        >>> import numpy as np
        >>> UpsamplingBilinear2d((1, 3))(np.array([[[[0.0, 2.0]]]]))
        array([[[[0., 1., 2.]]]])
    """

    def __init__(self, size: Any = None, scale_factor: Any = None):
        super().__init__(size, scale_factor, "bilinear", True)
