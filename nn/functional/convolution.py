"""Convolutions as functions: one n-dimensional operation under all of them."""

from __future__ import annotations

from typing import Any

from autograd.errors import ArgumentError, ShapeError
from autograd.ops.neural import convolution, patches
from autograd.ops.shapes import reshape

from .convolution_arguments import arrays_of, check_groups, padding_of, window_of
from .inputs import as_array
from .sizes import integers

__all__ = [
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "fold",
    "unfold",
]


def _conv(
    dims: int, caller: str, arrays: tuple, stride: Any, padding: Any, dilation: Any, groups: Any
) -> Any:
    input, weight, bias, batched = arrays_of(dims, caller, *arrays)
    window = weight.shape[2:]
    stride = integers(stride, dims, f"{caller}: stride", 1)
    dilation = integers(dilation, dims, f"{caller}: dilation", 1)
    pairs = padding_of(padding, window, stride, dilation, caller)
    groups = check_groups(groups, caller)
    out = convolution.convolution(input, weight, bias, stride, pairs, dilation, groups, caller)
    return out if batched else reshape(out, out.shape[1:])


def conv1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """out[n, o, l] = bias[o] + sum_c,k weight[o, c, k] * input[n, c, stride * l + dilation * k - padding].

    Args:
        stride, dilation: how far apart the places of the window are, and its taps.
        padding: zeros at each end; 'valid' for none, 'same' for as many as keep the size.
        groups: parts that the channels fall into, each with its own part of the output.

    Shapes: input (N, C, L) or (C, L), weight (O, C / groups, K), bias (O,) -> (N, O, L') or (O, L')
    with L' = (L + 2 * padding - dilation * (K - 1) - 1) // stride + 1.

    Errors: ShapeError where channels, groups and bias do not fit, or the window does not fit the
    padded input; ArgumentError for numbers out of range, and 'same' with a stride.

    Example:
        >>> import numpy as np
        >>> conv1d(np.array([[1.0, 2.0, 4.0]]), np.array([[[1.0, -1.0]]]))
        array([[-1., -2.]])
    """
    return _conv(1, "conv1d", (input, weight, bias), stride, padding, dilation, groups)


def conv2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """As `conv1d`, over two axes.

    Args: as `conv1d`; a number counts for both axes.

    Shapes: input (N, C, H, W) or (C, H, W), weight (O, C / groups, KH, KW), bias (O,) ->
    (N, O, H', W') or (O, H', W').

    Errors: as `conv1d`.

    Example:
        >>> import numpy as np
        >>> conv2d(np.ones((1, 4, 4)), np.ones((1, 1, 3, 3)), padding="same")[0, :2]
        array([[4., 6., 6., 4.],
               [6., 9., 9., 6.]])
    """
    return _conv(2, "conv2d", (input, weight, bias), stride, padding, dilation, groups)


def conv3d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """As `conv1d`, over three axes.

    Args: as `conv1d`; a number counts for all axes.

    Shapes: input (N, C, D, H, W) or (C, D, H, W), weight (O, C / groups, KD, KH, KW), bias (O,) ->
    (N, O, D', H', W') or (O, D', H', W').

    Errors: as `conv1d`.

    Example:
        >>> import numpy as np
        >>> conv3d(np.ones((2, 1, 4, 4, 4)), np.ones((3, 1, 2, 2, 2)), stride=2).shape
        (2, 3, 2, 2, 2)
    """
    return _conv(3, "conv3d", (input, weight, bias), stride, padding, dilation, groups)


def _transposed(dims: int, caller: str, arrays: tuple, *options: Any) -> Any:
    input, weight, bias, batched = arrays_of(dims, caller, *arrays)
    limits = {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1}
    stride, padding, extra, dilation = (
        integers(value, dims, f"{caller}: {name}", least)
        for (name, least), value in zip(limits.items(), options)
    )
    groups = check_groups(options[-1], caller)
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation)):
        raise ArgumentError(
            f"{caller}: output_padding {extra} must be below the stride {stride} or dilation {dilation}"
        )
    window = weight.shape[2:]
    sizes = tuple(
        (n - 1) * s - 2 * p + d * (k - 1) + e + 1
        for n, s, p, d, k, e in zip(input.shape[2:], stride, padding, dilation, window, extra)
    )
    if min(sizes) < 1:
        raise ShapeError(
            f"{caller}: input{input.shape} gives an output of size {sizes}, which must be positive"
        )
    # output_padding takes from the padding after: so the places of the window stay as many
    pairs = tuple((p, p - e) for p, e in zip(padding, extra))
    out = convolution.transposed_convolution(
        input, weight, bias, sizes, stride, pairs, dilation, groups, caller
    )
    return out if batched else reshape(out, out.shape[1:])


def conv_transpose1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """The transpose of `conv1d`: out = bias + J.T @ input, where `conv1d` by `weight` is J @ out.

    Args:
        stride, padding, dilation, groups: those of the convolution that is transposed.
        output_padding: elements that the output has beyond the least size; less than the stride
            or the dilation.

    Shapes: input (N, C, L) or (C, L), weight (C, O / groups, K), bias (O,) -> (N, O, L') or (O, L')
    with L' = (L - 1) * stride - 2 * padding + dilation * (K - 1) + output_padding + 1.

    Errors: as `conv1d`; ShapeError if no output is left.

    Example:
        >>> import numpy as np
        >>> conv_transpose1d(np.array([[1.0, 2.0]]), np.array([[[1.0, 10.0, 100.0]]]), stride=2)
        array([[  1.,  10., 102.,  20., 200.]])
    """
    arrays = (input, weight, bias)
    return _transposed(1, "conv_transpose1d", arrays, stride, padding, output_padding, dilation, groups)


def conv_transpose2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """As `conv_transpose1d`, over two axes.

    Args: as `conv_transpose1d`; a number counts for both axes.

    Shapes: input (N, C, H, W) or (C, H, W), weight (C, O / groups, KH, KW), bias (O,) ->
    (N, O, H', W') or (O, H', W').

    Errors: as `conv_transpose1d`.

    Example:
        >>> import numpy as np
        >>> conv_transpose2d(np.ones((2, 1, 3, 3)), np.ones((1, 4, 2, 2)), stride=2).shape
        (2, 4, 6, 6)
    """
    arrays = (input, weight, bias)
    return _transposed(2, "conv_transpose2d", arrays, stride, padding, output_padding, dilation, groups)


def conv_transpose3d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """As `conv_transpose1d`, over three axes.

    Args: as `conv_transpose1d`; a number counts for all axes.

    Shapes: input (N, C, D, H, W) or (C, D, H, W), weight (C, O / groups, KD, KH, KW), bias (O,) ->
    (N, O, D', H', W') or (O, D', H', W').

    Errors: as `conv_transpose1d`.

    Example:
        >>> import numpy as np
        >>> conv_transpose3d(np.ones((1, 2, 2, 2)), np.ones((1, 1, 3, 3, 3))).shape
        (1, 4, 4, 4)
    """
    arrays = (input, weight, bias)
    return _transposed(3, "conv_transpose3d", arrays, stride, padding, output_padding, dilation, groups)


# ------------------------------------------------------------------ windows as columns


def unfold(input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """The blocks that a sliding window meets, each as a column.

    Shapes: input (N, C, H, W) or (C, H, W) -> (N, C * taps, places) or (C * taps, places).

    Errors: ShapeError for other shapes, or if the window does not fit; ArgumentError for numbers out
    of range.

    Example:
        >>> import numpy as np
        >>> unfold(np.arange(6.0).reshape(1, 2, 3), (2, 2))
        array([[0., 1.],
               [1., 2.],
               [3., 4.],
               [4., 5.]])
    """
    options = window_of("unfold", kernel_size, dilation, padding, stride)
    input = as_array(input)
    if input.ndim not in (3, 4) or 0 in input.shape[-3:]:
        raise ShapeError(f"unfold: input{input.shape} must be (N, C, H, W) or (C, H, W), of positive sizes")
    if input.ndim == 4:
        return patches.unfold(input, *options)
    out = patches.unfold(reshape(input, (1, *input.shape)), *options)
    return reshape(out, out.shape[1:])


def fold(
    input: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Any:
    """Columns added up where the blocks that they stand for lie: the transpose of `unfold`.

    Shapes: input (N, C * taps, places) or (C * taps, places) -> (N, C, *output_size) or
    (C, *output_size).

    Errors: ShapeError where `unfold` of the output size would not give the input's shape;
    ArgumentError for numbers out of range.

    Example:
        >>> import numpy as np
        >>> fold(np.ones((4, 2)), (2, 3), (2, 2))
        array([[[1., 2., 1.],
                [1., 2., 1.]]])
    """
    sizes = integers(output_size, 2, "fold: output_size", 1)
    options = window_of("fold", kernel_size, dilation, padding, stride)
    input = as_array(input)
    if input.ndim not in (2, 3):
        raise ShapeError(f"fold: input{input.shape} must be (N, C * taps, places) or (C * taps, places)")
    if input.ndim == 3:
        return patches.fold(input, sizes, *options)
    out = patches.fold(reshape(input, (1, *input.shape)), sizes, *options)
    return reshape(out, out.shape[1:])
