"""Pooling layers over regular windows."""

from __future__ import annotations

from typing import Any

from . import functional as F
from .functional.norm_pooling import check_norm_type
from .functional.pooling import check_divisor
from .functional.pooling_windows import check_padding
from .functional.sizes import integers
from .module import Module

__all__ = [
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
]


class Pool(Module):
    """What layers over windows share: how many axes the windows have, and checked sizes."""

    dims: int

    def check(self, kernel_size: Any, stride: Any, padding: Any = 0, dilation: Any = 1) -> None:
        """Refuse sizes that no input could be pooled with."""
        name, dims = type(self).__name__, self.dims
        sizes = integers(kernel_size, dims, f"{name}: kernel_size", 1)
        if stride is not None:
            integers(stride, dims, f"{name}: stride", 1)
        integers(dilation, dims, f"{name}: dilation", 1)
        check_padding(sizes, integers(padding, dims, f"{name}: padding", 0), name)


class _MaxPool(Pool):
    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ):
        super().__init__()
        self.check(kernel_size, stride, padding, dilation)
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, input: Any) -> Any:
        pool = getattr(F, f"max_pool{self.dims}d")
        sizes = self.kernel_size, self.stride, self.padding, self.dilation
        return pool(input, *sizes, self.ceil_mode, self.return_indices)

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """y[..., i] = max over t of x[..., i * stride - padding + t * dilation]; as `MaxPool2d`.

    Example:
        >>> import numpy as np
        >>> MaxPool1d(2)(np.array([[1.0, 3.0, 2.0, 0.0]]))
        array([[3., 2.]])
    """

    dims = 1


class MaxPool2d(_MaxPool):
    """The largest element of each window over the last two axes.

    Args:
        kernel_size: of the windows, one number or one per axis; so are the next three.
        stride: from window to window; `kernel_size` if None.
        padding: how far windows may begin before the input; padding is never chosen.
        dilation: from element to element of a window.
        return_indices: also return where the largest elements are, for `MaxUnpool2d`.
        ceil_mode: whether a window that begins inside may end beyond the padding.

    Shapes: (N, C, H, W) or (C, H, W) -> the same with out = floor((H + 2 * padding -
    dilation * (kernel_size - 1) - 1) / stride) + 1, or ceil instead of floor.

    Errors: ArgumentError for sizes out of range; ShapeError where the input has other axes or
    no room for a window; DtypeError.

    Example:
        >>> import numpy as np
        >>> MaxPool2d(2)(np.arange(16.0).reshape(1, 4, 4))
        array([[[ 5.,  7.],
                [13., 15.]]])
    """

    dims = 2


class MaxPool3d(_MaxPool):
    """The largest element of each window over the last three axes; as `MaxPool2d`.

    Example:
        >>> import numpy as np
        >>> MaxPool3d(2)(np.arange(8.0).reshape(1, 2, 2, 2))
        array([[[[7.]]]])
    """

    dims = 3


class AvgPool1d(Pool):
    """y[..., i] = mean over t of x[..., i * stride - padding + t]; as `AvgPool2d`.

    Example:
        >>> import numpy as np
        >>> AvgPool1d(2)(np.array([[1.0, 3.0, 2.0, 0.0]]))
        array([[2., 1.]])
    """

    dims = 1

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ):
        super().__init__()
        self.check(kernel_size, stride, padding)
        self.kernel_size = integers(kernel_size, 1, "AvgPool1d: kernel_size", 1)
        self.stride = self.kernel_size if stride is None else integers(stride, 1, "AvgPool1d: stride", 1)
        self.padding = integers(padding, 1, "AvgPool1d: padding", 0)
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def forward(self, input: Any) -> Any:
        sizes = self.kernel_size, self.stride, self.padding
        return F.avg_pool1d(input, *sizes, self.ceil_mode, self.count_include_pad)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _AvgPool(Pool):
    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ):
        super().__init__()
        self.check(kernel_size, stride, padding)
        check_divisor(divisor_override, type(self).__name__)
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding, self.ceil_mode = padding, ceil_mode
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def forward(self, input: Any) -> Any:
        pool = getattr(F, f"avg_pool{self.dims}d")
        sizes = self.kernel_size, self.stride, self.padding
        return pool(input, *sizes, self.ceil_mode, self.count_include_pad, self.divisor_override)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(_AvgPool):
    """The mean of each window over the last two axes.

    Args:
        kernel_size: of the windows, one number or one per axis; so are the next two.
        stride: from window to window; `kernel_size` if None.
        padding: zeros put around the input.
        ceil_mode: whether a window that begins inside may end beyond the padding.
        count_include_pad: whether zeros of the padding count in the mean.
        divisor_override: divides the sums, instead of the number of elements.

    Shapes: (N, C, H, W) or (C, H, W) -> the same with out = floor((H + 2 * padding -
    kernel_size) / stride) + 1, or ceil instead of floor.

    Errors: ArgumentError for sizes out of range; ShapeError where the input has other axes or
    no room for a window; DtypeError.

    Example:
        >>> import numpy as np
        >>> AvgPool2d(2)(np.arange(16.0).reshape(1, 4, 4))
        array([[[ 2.5,  4.5],
                [10.5, 12.5]]])
    """

    dims = 2


class AvgPool3d(_AvgPool):
    """The mean of each window over the last three axes; as `AvgPool2d`.

    Example:
        >>> import numpy as np
        >>> AvgPool3d(2)(np.arange(8.0).reshape(1, 2, 2, 2))
        array([[[[3.5]]]])
    """

    dims = 3


class _LPPool(Pool):
    def __init__(self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False):
        super().__init__()
        self.check(kernel_size, stride)
        check_norm_type(norm_type, type(self).__name__)
        self.norm_type, self.kernel_size = norm_type, kernel_size
        self.stride, self.ceil_mode = stride, ceil_mode

    def forward(self, input: Any) -> Any:
        pool = getattr(F, f"lp_pool{self.dims}d")
        return pool(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPool):
    """y = (sum over the window of x**p)**(1 / p), p the norm type; as `LPPool2d`.

    Example:
        >>> import numpy as np
        >>> LPPool1d(2, 2)(np.array([[3.0, 4.0, 0.0, 1.0]]))
        array([[5., 1.]])
    """

    dims = 1


class LPPool2d(_LPPool):
    """y = (sum over the window of x**p)**(1 / p), p the norm type.

    Args:
        norm_type: p, not zero.
        kernel_size: of the windows, one number or one per axis; so is the next.
        stride: from window to window; `kernel_size` if None.
        ceil_mode: whether a window that begins inside may end beyond the input; it counts for
            its whole size then, as the mean of what it has.

    Shapes: (N, C, H, W) or (C, H, W) -> as `AvgPool2d` without padding.

    Errors: ArgumentError for sizes out of range; ShapeError where the input has other axes or
    no room for a window; DtypeError.

    Example:
        >>> import numpy as np
        >>> LPPool2d(2, 2)(np.array([[[3.0, 0.0], [0.0, 4.0]]]))
        array([[[5.]]])
    """

    dims = 2


class LPPool3d(_LPPool):
    """y = (sum over the window of x**p)**(1 / p), over three axes; as `LPPool2d`.

    Example:
        >>> import numpy as np
        >>> LPPool3d(3, 2)(np.full((1, 2, 2, 2), 2.0))
        array([[[[4.]]]])
    """

    dims = 3
