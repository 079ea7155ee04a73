"""Where pooling windows lie, from the arguments that pooling takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd.errors import ArgumentError, DtypeError, ShapeError
from autograd.ops.neural.pooling_windows import Windows

__all__: list[str] = []
from .inputs import as_array
from .sizes import integers


def planes_of(input: Any, dims: int, caller: str, kinds: str = "f", channels: bool = False) -> Any:
    """The input as an array or Tensor, if it has the axes and the dtype that pooling takes.

    Errors: ShapeError unless it has `dims` axes after its channels, and a batch axis or none,
    with nothing but the batch empty (or the channels, if those may be); DtypeError.
    """
    input = as_array(input)
    axes = ", ".join("DHW"[-dims:])
    if input.ndim not in (dims + 1, dims + 2):
        raise ShapeError(f"{caller}: input{input.shape} must be (N, C, {axes}) or (C, {axes})")
    if 0 in input.shape[input.ndim - dims - (not channels) :]:
        raise ShapeError(f"{caller}: input{input.shape} may be empty along its batch axis alone")
    if input.dtype.kind not in kinds:
        allowed = "floating or integer" if "i" in kinds else "floating"
        raise DtypeError(f"{caller}: input must be of a {allowed} dtype, got {input.dtype}")
    return input


def regular_windows(
    shape: tuple[int, ...],
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    caller: str,
    dilation: Any = 1,
) -> tuple[Windows, ...]:
    """The windows along the last axes of a shape.

    Errors: ArgumentError for sizes that are out of range; ShapeError where no window fits.
    """
    dims = len(shape)
    sizes = integers(kernel_size, dims, f"{caller}: kernel_size", 1)
    no_stride = stride is None or (isinstance(stride, (tuple, list)) and not stride)
    strides = sizes if no_stride else integers(stride, dims, f"{caller}: stride", 1)
    paddings = integers(padding, dims, f"{caller}: padding", 0)
    dilations = integers(dilation, dims, f"{caller}: dilation", 1)
    check_padding(sizes, paddings, caller)
    return tuple(
        _along(n, k, s, p, d, ceil_mode, f"{caller}: input{shape}")
        for n, k, s, p, d in zip(shape, sizes, strides, paddings, dilations)
    )


def check_padding(sizes: Sequence[int], paddings: Sequence[int], caller: str) -> None:
    """Refuse padding of more than half of a window."""
    if any(p > k // 2 for p, k in zip(paddings, sizes)):
        raise ArgumentError(
            f"{caller}: padding must be at most half of kernel_size {tuple(sizes)}, got {tuple(paddings)}"
        )


def _along(
    n: int, size: int, stride: int, padding: int, dilation: int, ceil_mode: bool, what: str
) -> Windows:
    """The windows along one axis: as many as fit, or with `ceil_mode` as begin inside."""
    reach = dilation * (size - 1) + 1
    free = n + 2 * padding - reach
    count = (free + (stride - 1 if ceil_mode else 0)) // stride + 1
    if ceil_mode and (count - 1) * stride >= n + padding:
        count -= 1  # no window begins in the padding on the right
    if count < 1:
        raise ShapeError(
            f"{what}: an axis of {n}, padded by {padding}, has no room for a window of {reach}"
        )
    starts = range(-padding, -padding + count * stride, stride)
    if dilation > 1 and any(
        not any(0 <= start + t * dilation < n for t in range(size)) for start in (starts[0], starts[-1])
    ):
        raise ShapeError(f"{what}: a window of dilation {dilation} has no element in an axis of {n}")
    return Windows(n, starts, size, dilation)


def counts(windows: Windows, padding: bool) -> tuple[int, ...]:
    """How many elements each window has, those of the padding (not beyond it) included or not."""
    border = -windows.starts[0] if padding else 0
    n, size = windows.length, windows.size
    return tuple(min(start + size, n + border) - max(start, -border) for start in windows.starts)


def adaptive_windows(shape: tuple[int, ...], output_size: Any, caller: str) -> tuple[Windows, ...]:
    """Windows that divide the last axes of a shape into so many parts; None keeps an axis."""
    wanted = integers(output_size, len(shape), f"{caller}: output_size", 0, optional=True)
    return tuple(_divided(n, n if m is None else m) for n, m in zip(shape, wanted))


def _divided(n: int, parts: int) -> Windows:
    """Part i goes from floor(i n / parts) to ceil((i + 1) n / parts)."""
    if parts and n % parts == 0:
        return Windows(n, range(0, n, n // parts), n // parts)
    starts = tuple(i * n // parts for i in range(parts))
    sizes = tuple(-(-(i + 1) * n // parts) - start for i, start in enumerate(starts))
    return Windows(n, starts, max(sizes, default=1), 1, sizes)
