"""Pooling layers to a given size, and fractional ones."""

from __future__ import annotations

from typing import Any

from autograd.errors import ArgumentError

from . import functional as F
from .functional.fractional_pooling import ratios
from .functional.sizes import integers
from .module import Module
from .random import as_generator

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "FractionalMaxPool2d",
    "FractionalMaxPool3d",
]


class _AdaptivePool(Module):
    dims: int

    def __init__(self, output_size: Any):
        super().__init__()
        integers(output_size, self.dims, f"{type(self).__name__}: output_size", 0, optional=True)
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class _AdaptiveAvgPool(_AdaptivePool):
    def forward(self, input: Any) -> Any:
        return getattr(F, f"adaptive_avg_pool{self.dims}d")(input, self.output_size)


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """y[..., i] = mean of x[..., floor(i * L / out) : ceil((i + 1) * L / out)].

    As `AdaptiveAvgPool2d`, along one axis.

    Example:
        >>> import numpy as np
        >>> AdaptiveAvgPool1d(2)(np.array([[1.0, 2.0, 3.0]]))
        array([[1.5, 2.5]])
    """

    dims = 1


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """The means of as many windows over the last two axes as asked for.

    Window i of an axis of length n goes from floor(i * n / out) to ceil((i + 1) * n / out).

    Args:
        output_size: one number, or one per axis; None keeps an axis as it is.

    Shapes: (N, C, H, W) or (C, H, W) -> the same with output_size.

    Errors: ArgumentError for sizes that are no integers >= 0; ShapeError; DtypeError.

    Example:
        >>> import numpy as np
        >>> AdaptiveAvgPool2d((1, 2))(np.arange(6.0).reshape(1, 2, 3))
        array([[[2., 3.]]])
    """

    dims = 2


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """The means of windows over the last three axes; as `AdaptiveAvgPool2d`.

    Example:
        >>> import numpy as np
        >>> AdaptiveAvgPool3d(1)(np.arange(8.0).reshape(1, 2, 2, 2))
        array([[[[3.5]]]])
    """

    dims = 3


class _AdaptiveMaxPool(_AdaptivePool):
    def __init__(self, output_size: Any, return_indices: bool = False):
        super().__init__(output_size)
        self.return_indices = return_indices

    def forward(self, input: Any) -> Any:
        pool = getattr(F, f"adaptive_max_pool{self.dims}d")
        return pool(input, self.output_size, self.return_indices)


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """y[..., i] = max of x[..., floor(i * L / out) : ceil((i + 1) * L / out)].

    As `AdaptiveMaxPool2d`, along one axis.

    Example:
        >>> import numpy as np
        >>> AdaptiveMaxPool1d(2)(np.array([[1.0, 3.0, 2.0]]))
        array([[3., 3.]])
    """

    dims = 1


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The largest elements of as many windows over the last two axes as asked for.

    Window i of an axis of length n goes from floor(i * n / out) to ceil((i + 1) * n / out).

    Args:
        output_size: one number, or one per axis; None keeps an axis as it is.
        return_indices: also return where the largest elements are, as int64 indices into H * W.

    Shapes: (N, C, H, W) or (C, H, W) -> the same with output_size.

    Errors: ArgumentError for sizes that are no integers >= 0; ShapeError; DtypeError.

    Example:
        >>> import numpy as np
        >>> AdaptiveMaxPool2d((None, 2))(np.arange(6.0).reshape(1, 2, 3))
        array([[[1., 2.],
                [4., 5.]]])
    """

    dims = 2


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """The largest elements of windows over the last three axes; as `AdaptiveMaxPool2d`.

    Example:
        >>> import numpy as np
        >>> AdaptiveMaxPool3d(1)(np.arange(8.0).reshape(1, 2, 2, 2))
        array([[[[7.]]]])
    """

    dims = 3


class _FractionalMaxPool(Module):
    dims: int
    _random_samples: Any

    def __init__(
        self,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Any = None,
        *,
        generator: Any = None,
    ):
        super().__init__()
        name = type(self).__name__
        self.kernel_size = integers(kernel_size, self.dims, f"{name}: kernel_size", 1)
        if (output_size is None) == (output_ratio is None):
            raise ArgumentError(f"{name}: either output_size or output_ratio must be given, and not both")
        self.output_size = self.output_ratio = None
        if output_size is not None:
            self.output_size = integers(output_size, self.dims, f"{name}: output_size", 1)
        else:
            self.output_ratio = ratios(output_ratio, self.dims, name)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        # once: a seed must not give the same windows at every call
        self.generator = None if generator is None else as_generator(generator, name)

    def forward(self, input: Any) -> Any:
        pool = getattr(F, f"fractional_max_pool{self.dims}d")
        size = self.kernel_size, self.output_size, self.output_ratio
        samples = self._random_samples
        return pool(input, *size, self.return_indices, samples, generator=self.generator)


class FractionalMaxPool2d(_FractionalMaxPool):
    """The largest elements of windows that begin at pseudorandom places of the last two axes.

    Along an axis of length n, window i starts at floor(a (i + u)) - floor(a u), where a =
    (n - kernel_size) / (out - 1) and u is drawn from [0, 1) at each call, for each plane; the
    last window ends the axis.

    Args:
        kernel_size: of the windows, one number or one per axis.
        output_size: how many windows, one number or one per axis.
        output_ratio: the same as a share of the input's size; one of the two must be given.
        return_indices: also return where the largest elements are, as int64 indices into H * W.
        _random_samples: u for each plane and axis, (N, C, 2), the first for the last axis.
        generator: what u is drawn from otherwise; a seed, or None for the default one.

    Shapes: (N, C, H, W) or (C, H, W) -> the same with output_size.

    Errors: ArgumentError for sizes out of range; ShapeError where the windows do not fit.

    Source: Graham, Fractional Max-Pooling, 2014, section 2 (overlapping, pseudorandom).

    Example:
        >>> import numpy as np
        >>> FractionalMaxPool2d(2, output_ratio=0.5, generator=0)(np.zeros((3, 8, 6))).shape
        (3, 4, 3)
    """

    dims = 2


class FractionalMaxPool3d(_FractionalMaxPool):
    """The largest elements of windows at pseudorandom places of the last three axes.

    As `FractionalMaxPool2d`, but `_random_samples` (N, C, 3) has the axes in their order.

    Example:
        >>> import numpy as np
        >>> FractionalMaxPool3d(2, (2, 3, 4), generator=0)(np.zeros((1, 4, 5, 6))).shape
        (1, 2, 3, 4)
    """

    dims = 3
