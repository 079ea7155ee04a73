"""Arguments as convolutions take them."""

from __future__ import annotations

from typing import Any

from autograd.errors import ArgumentError, ShapeError
from autograd.ops.shapes import reshape

from .inputs import as_array
from .sizes import integers


def same_padding(window: tuple[int, ...], dilation: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """The padding that keeps every size; an odd element goes after."""
    totals = [d * (k - 1) for k, d in zip(window, dilation)]
    return tuple((total // 2, total - total // 2) for total in totals)


def check_groups(groups: Any, caller: str) -> int:
    """The number of groups, as an integer."""
    return integers(groups, 1, f"{caller}: groups", 1)[0]


def padding_of(padding: Any, window: tuple, stride: tuple, dilation: tuple, caller: str) -> tuple:
    """The padding before and after each axis, from numbers or a word.

    Errors: ArgumentError for another word, for 'same' with a stride, for negative numbers.
    """
    if not isinstance(padding, str):
        return tuple((p, p) for p in integers(padding, len(window), f"{caller}: padding", 0))
    if padding == "valid":
        return ((0, 0),) * len(window)
    if padding != "same":
        raise ArgumentError(f"{caller}: padding must be numbers, 'valid' or 'same', got {padding!r}")
    if max(stride) > 1:
        raise ArgumentError(f"{caller}: padding='same' needs a stride of 1, got {stride}")
    return same_padding(window, dilation)


def arrays_of(dims: int, caller: str, input: Any, weight: Any, bias: Any) -> tuple[Any, Any, Any, bool]:
    """The arrays with a batch axis, and whether the caller's input had one."""
    input, weight = as_array(input), as_array(weight)
    batched = input.ndim == dims + 2
    if not batched and input.ndim != dims + 1:
        axes = ", ".join("DHW"[-dims:])
        raise ShapeError(f"{caller}: input{input.shape} must be (N, C, {axes}) or (C, {axes})")
    if weight.ndim != dims + 2:
        raise ShapeError(f"{caller}: weight{weight.shape} must have {dims + 2} axes")
    if 0 in input.shape[-dims:] or 0 in weight.shape[2:]:
        raise ShapeError(f"{caller}: input{input.shape} and weight{weight.shape} must have positive sizes")
    if not batched:
        input = reshape(input, (1, *input.shape))
    return input, weight, bias if bias is None else as_array(bias), batched


def window_of(caller: str, *options: Any) -> tuple:
    """kernel_size, dilation, padding and stride of two axes, as the operations take them."""
    limits = {"kernel_size": 1, "dilation": 1, "padding": 0, "stride": 1}
    window, dilation, padding, stride = (
        integers(value, 2, f"{caller}: {name}", least)
        for (name, least), value in zip(limits.items(), options)
    )
    return window, stride, tuple((p, p) for p in padding), dilation
