"""Layers that undo max pooling."""

from __future__ import annotations

from typing import Any

from . import functional as F
from .functional.sizes import integers
from .pooling import Pool

__all__ = ["MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"]


class _MaxUnpool(Pool):
    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0):
        super().__init__()
        self.check(kernel_size, stride, padding)
        name, dims = type(self).__name__, self.dims
        self.kernel_size = integers(kernel_size, dims, f"{name}: kernel_size", 1)
        self.stride = self.kernel_size if stride is None else integers(stride, dims, f"{name}: stride", 1)
        self.padding = integers(padding, dims, f"{name}: padding", 0)

    def forward(self, input: Any, indices: Any, output_size: Any = None) -> Any:
        unpool = getattr(F, f"max_unpool{self.dims}d")
        return unpool(input, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """y[..., indices[..., i]] = x[..., i], else 0; as `MaxUnpool2d`.

    Example:
        >>> import numpy as np
        >>> MaxUnpool1d(2)(np.array([[3.0, 2.0]]), np.array([[1, 2]]))
        array([[0., 3., 2., 0.]])
    """

    dims = 1


class MaxUnpool2d(_MaxUnpool):
    """Zeros, with the elements of the input put back where max pooling took them from.

    Args:
        kernel_size: of the pooling, one number or one per axis; so are the next two.
        stride: of the pooling; `kernel_size` if None.
        padding: of the pooling.

    Called with the input, the indices that the pooling returned, and optionally `output_size`,
    where several sizes lead to the same pooled one.

    Shapes: (N, C, h, w) or (C, h, w), indices of the same shape -> the same with output_size, or
    (h - 1) * stride - 2 * padding + kernel_size.

    Errors: IndexingError for indices beyond the output; ShapeError, DtypeError, ArgumentError.

    Example:
        >>> import numpy as np
        >>> MaxUnpool2d(2)(np.array([[[7.0]]]), np.array([[[2]]]))
        array([[[0., 0.],
                [7., 0.]]])
    """

    dims = 2


class MaxUnpool3d(_MaxUnpool):
    """Max pooling over three axes undone; as `MaxUnpool2d`.

    Example:
        >>> import numpy as np
        >>> MaxUnpool3d(2)(np.ones((1, 1, 1, 1)), np.zeros((1, 1, 1, 1), int)).shape
        (1, 2, 2, 2)
    """

    dims = 3
