"""Interpolation, as functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.errors import ArgumentError, DtypeError, ShapeError
from autograd.ops.neural.axis_maps import cubic_map, linear_map, nearest_map, smooth_map
from autograd.ops.neural.resampling import resample

from .adaptive_pooling import window_means
from .arguments import number
from .inputs import as_array
from .pooling_windows import adaptive_windows

__all__ = [
    "interpolate",
    "upsample",
    "upsample_bilinear",
    "upsample_nearest",
]

# mode: how many axes it takes, and the kernel of its smooth form
MODES: dict[str, tuple[tuple[int, ...], str]] = {
    "nearest": ((1, 2, 3), ""),
    "nearest-exact": ((1, 2, 3), ""),
    "area": ((1, 2, 3), ""),
    "linear": ((1,), ""),
    "bilinear": ((2,), "linear"),
    "bicubic": ((2,), "cubic"),
    "lanczos": ((2,), "lanczos"),
    "trilinear": ((3,), ""),
}
_CORNERLESS = ("nearest", "nearest-exact", "area")


def check_mode(mode: Any, align_corners: Any, caller: str) -> None:
    """Refuse a mode that there is not, and `align_corners` where there are no corners to align."""
    if not isinstance(mode, str) or mode not in MODES:
        raise ArgumentError(f"{caller}: mode must be one of {tuple(MODES)}, got {mode!r}")
    if align_corners is not None and mode in _CORNERLESS:
        raise ArgumentError(
            f"{caller}: align_corners must be None for mode {mode!r}, got {align_corners!r}"
        )


def check_sizes(size: Any, scale_factor: Any, caller: str) -> None:
    """Refuse both, neither, and what is no size or factor."""
    if (size is None) == (scale_factor is None):
        raise ArgumentError(f"{caller}: either size or scale_factor must be given, and not both")
    if size is not None:
        _sizes(size, None, caller)
    else:
        _factors(scale_factor, None, caller)


def _several(value: Any, dims: int | None, what: str) -> tuple:
    """One value per axis; of one value, as many as there are axes."""
    if not isinstance(value, (tuple, list)):
        return (value,) * (dims or 1)
    if dims is not None and len(value) != dims:
        raise ArgumentError(f"{what} must be one number or {dims}, one per axis, got {value!r}")
    return tuple(value)


def _sizes(size: Any, dims: int | None, caller: str) -> tuple[int, ...]:
    found = []
    for n in _several(size, dims, f"{caller}: size"):
        if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
            raise ArgumentError(f"{caller}: size must be positive integers, got {size!r}")
        found.append(int(n))
    return tuple(found)


def _factors(scale_factor: Any, dims: int | None, caller: str) -> tuple[float, ...]:
    what = f"{caller}: scale_factor"
    found = tuple(number(f, what) for f in _several(scale_factor, dims, what))
    if not all(0 < f < math.inf for f in found):
        raise ArgumentError(f"{what} must be positive and finite, got {scale_factor!r}")
    return found


def interpolate(
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Any:
    """The input at another size: each output is a weighted mean of inputs near its place.

    Output i lies at (i + 1/2) / s - 1/2 in the input, s being output size / input size or the
    given factor; with `align_corners` at i * (in - 1) / (out - 1).

    Args:
        input: floating; for the nearest modes also integer.
        size: of the output, one number or one per axis.
        scale_factor: the size as a multiple of the input's, rounded down; one of the two.
        mode: "nearest" (floor(i / s)), "nearest-exact" (the nearest one), "area" (the mean of
            what an output covers), "linear", "bilinear", "trilinear" (between the two nearest
            along each axis), "bicubic" (among four along each axis), "lanczos" (among six or
            more; only with `antialias`).
        align_corners: whether the middles of the outermost elements coincide, for the linear and
            cubic modes; otherwise the outer edges do.
        recompute_scale_factor: whether s is the quotient of the sizes though a factor is given.
        antialias: whether the weights widen as the output shrinks; for "bilinear", "bicubic" and
            "lanczos".

    Shapes: (N, C, L), (N, C, H, W) or (N, C, D, H, W) -> (N, C, *size).

    Errors: ArgumentError for arguments that do not go together; ShapeError for an input that
    the mode does not take; DtypeError.

    Source: cubic weights: Keys, Cubic Convolution Interpolation for Digital Image Processing,
    1981, with a = -3/4, or -1/2 with `antialias`.

    Example:
        >>> import numpy as np
        >>> interpolate(np.array([[[0.0, 4.0]]]), 4, mode="linear")
        array([[[0., 1., 3., 4.]]])
    """
    caller = "interpolate"
    check_mode(mode, align_corners, caller)
    check_sizes(size, scale_factor, caller)
    if mode == "lanczos" and (not antialias or align_corners):
        raise ArgumentError("interpolate: mode 'lanczos' needs antialias=True, and takes no align_corners")
    input = _checked(as_array(input), mode, antialias)
    shape = input.shape[2:]
    sizes, factors = _scaled(shape, size, scale_factor, recompute_scale_factor, mode)
    if mode == "area":
        return window_means(input, adaptive_windows(shape, sizes, caller))
    real = np.float32 if input.dtype.itemsize <= 4 else np.float64
    maps = tuple(
        _axis_map(n, m, f, mode, bool(align_corners), antialias, real)
        for n, m, f in zip(shape, sizes, factors)
    )
    return resample(input, maps)


def _scaled(
    shape: tuple[int, ...], size: Any, scale_factor: Any, recompute: bool | None, mode: str
) -> tuple[tuple[int, ...], tuple[float | None, ...]]:
    """The sizes of the output; along each axis its factor, or None for the quotient of the sizes."""
    free: tuple[None, ...] = (None,) * len(shape)
    if size is not None:
        if recompute:
            raise ArgumentError(
                f"interpolate: recompute_scale_factor needs a scale_factor, got size {size!r}"
            )
        return _sizes(size, len(shape), "interpolate"), free
    factors = _factors(scale_factor, len(shape), "interpolate")
    sizes = tuple(int(n * f) for n, f in zip(shape, factors))
    if min(sizes) < 1:
        raise ArgumentError(f"interpolate: scale_factor {scale_factor!r} leaves nothing of lengths {shape}")
    if recompute:
        return sizes, free
    if mode == "nearest" and len(shape) == 2:
        # of images alone, an axis that keeps or doubles its length goes by that, as in PyTorch
        return sizes, tuple(None if m in (n, 2 * n) else f for n, m, f in zip(shape, sizes, factors))
    return sizes, factors


def _checked(input: Any, mode: str, antialias: bool) -> Any:
    dims, smooth = MODES[mode]
    if input.ndim - 2 not in dims or 0 in input.shape[1:]:
        axes = " or ".join(str(d + 2) for d in dims)
        raise ShapeError(
            f"interpolate: mode {mode!r} takes input of {axes} axes (N, C, ...), none but N empty; "
            f"got input{input.shape}"
        )
    if input.dtype.kind not in ("fiu" if mode.startswith("nearest") else "f"):
        raise DtypeError(f"interpolate: mode {mode!r} takes floating input, got {input.dtype}")
    if antialias and not smooth:
        raise ArgumentError(
            f"interpolate: antialias is for bilinear, bicubic and lanczos, got mode {mode!r}"
        )
    return input


def _axis_map(
    n: int, m: int, factor: float | None, mode: str, align_corners: bool, antialias: bool, real: Any
) -> Any:
    """The linear map along one axis."""
    if antialias:
        return smooth_map(MODES[mode][1], n, m, factor, align_corners, real)
    if mode.startswith("nearest"):
        return nearest_map(n, m, factor, mode == "nearest-exact", real)
    return (cubic_map if mode == "bicubic" else linear_map)(n, m, factor, align_corners, real)


def upsample(
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Any:
    """`interpolate` under its older name.

    Example:
        >>> import numpy as np
        >>> upsample(np.array([[[1.0, 2.0]]]), scale_factor=2)
        array([[[1., 1., 2., 2.]]])
    """
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Any, size: Any = None, scale_factor: Any = None) -> Any:
    """`interpolate` with mode "nearest".

    Example:
        >>> import numpy as np
        >>> upsample_nearest(np.array([[[1.0, 2.0]]]), 3)
        array([[[1., 1., 2.]]])
    """
    return interpolate(input, size, scale_factor)


def upsample_bilinear(input: Any, size: Any = None, scale_factor: Any = None) -> Any:
    """`interpolate` with mode "bilinear" and aligned corners.

    Example:
        >>> import numpy as np
        >>> upsample_bilinear(np.array([[[[0.0, 2.0]]]]), (1, 3))
        array([[[[0., 1., 2.]]]])
    """
    return interpolate(input, size, scale_factor, "bilinear", True)
