"""Convolutions."""

from __future__ import annotations

from typing import Any

from .convolution_base import Convolution, TransposedConvolution
from .functional import convolution as functions
from .functional.convolution_arguments import window_of
from .functional.sizes import integers
from .module import Module

__all__ = [
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "Fold",
    "Unfold",
]


class Conv1d(Convolution):
    """out[n, o] = bias[o] + sum_c weight[o, c] slid over input[n, c].

    Args:
        in_channels, out_channels: channels of the input and of the output.
        kernel_size: taps of the window.
        stride, dilation: how far apart the places of the window are, and its taps.
        padding: elements put at each end; 'valid' for none, 'same' for as many as keep the size.
        groups: parts that the channels fall into, each with its own part of the output.
        bias: whether there is a bias.
        padding_mode: what the padding is: 'zeros', 'reflect', 'replicate' or 'circular'.
        dtype: dtype of the parameters; float32 by default.
        generator: where initial values are drawn from, uniform within
            1 / sqrt(in_channels / groups * kernel_size).

    Shapes: input (N, C, L) or (C, L) -> (N, O, L') or (O, L') with
    L' = (L + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1; weight
    (O, C / groups, kernel_size), bias (O,).

    Errors: ArgumentError for numbers out of range, channels that groups do not divide, unknown
    words, 'same' with a stride; ShapeError for an input that does not fit.

    Example:
        >>> import numpy as np
        >>> Conv1d(2, 4, 3, stride=2, padding=1)(np.zeros((5, 2, 8), np.float32)).shape
        (5, 4, 4)
    """

    dims, function = 1, "conv1d"


class Conv2d(Convolution):
    """As `Conv1d`, over two axes.

    Args: as `Conv1d`; a number counts for both axes.

    Shapes: input (N, C, H, W) or (C, H, W) -> (N, O, H', W') or (O, H', W'); weight
    (O, C / groups, *kernel_size), bias (O,).

    Errors: as `Conv1d`.

    Example:
        >>> import numpy as np
        >>> layer = Conv2d(2, 4, (3, 5), padding="same", groups=2)
        >>> layer
        Conv2d(2, 4, kernel_size=(3, 5), stride=(1, 1), padding=same, groups=2)
        >>> layer(np.zeros((2, 8, 8), np.float32)).shape
        (4, 8, 8)
    """

    dims, function = 2, "conv2d"


class Conv3d(Convolution):
    """As `Conv1d`, over three axes.

    Args: as `Conv1d`; a number counts for all axes.

    Shapes: input (N, C, D, H, W) or (C, D, H, W) -> (N, O, D', H', W') or (O, D', H', W'); weight
    (O, C / groups, *kernel_size), bias (O,).

    Errors: as `Conv1d`.

    Example:
        >>> import numpy as np
        >>> Conv3d(1, 2, 2)(np.zeros((3, 1, 4, 4, 4), np.float32)).shape
        (3, 2, 3, 3, 3)
    """

    dims, function = 3, "conv3d"


class ConvTranspose1d(TransposedConvolution):
    """The transpose of a `Conv1d` from out_channels to in_channels, plus a bias.

    Args:
        in_channels, out_channels: channels of the input and of the output.
        kernel_size, stride, padding, dilation, groups: those of the convolution.
        output_padding: elements that the output has beyond the least size; less than the stride
            or the dilation.
        bias: whether there is a bias.
        padding_mode: 'zeros'.
        dtype: dtype of the parameters; float32 by default.
        generator: where initial values are drawn from, uniform within
            1 / sqrt(out_channels / groups * kernel_size).

    A call may name `output_size`, which then sets the output_padding.

    Shapes: input (N, C, L) or (C, L) -> (N, O, L') or (O, L') with
    L' = (L - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1; weight
    (C, O / groups, kernel_size), bias (O,).

    Errors: as `Conv1d`; ShapeError for an output_size that cannot be.

    Example:
        >>> import numpy as np
        >>> layer, x = ConvTranspose1d(2, 4, 3, stride=2), np.zeros((5, 2, 8), np.float32)
        >>> layer(x).shape, layer(x, output_size=[18]).shape
        ((5, 4, 17), (5, 4, 18))
    """

    dims, function = 1, "conv_transpose1d"


class ConvTranspose2d(TransposedConvolution):
    """As `ConvTranspose1d`, over two axes.

    Args: as `ConvTranspose1d`; a number counts for both axes.

    Shapes: input (N, C, H, W) or (C, H, W) -> (N, O, H', W') or (O, H', W'); weight
    (C, O / groups, *kernel_size), bias (O,).

    Errors: as `ConvTranspose1d`.

    Example:
        >>> import numpy as np
        >>> ConvTranspose2d(3, 1, 4, stride=2, padding=1)(np.zeros((3, 8, 8), np.float32)).shape
        (1, 16, 16)
    """

    dims, function = 2, "conv_transpose2d"


class ConvTranspose3d(TransposedConvolution):
    """As `ConvTranspose1d`, over three axes.

    Args: as `ConvTranspose1d`; a number counts for all axes.

    Shapes: input (N, C, D, H, W) or (C, D, H, W) -> (N, O, D', H', W') or (O, D', H', W'); weight
    (C, O / groups, *kernel_size), bias (O,).

    Errors: as `ConvTranspose1d`.

    Example:
        >>> import numpy as np
        >>> ConvTranspose3d(2, 1, 2)(np.zeros((1, 2, 3, 3, 3), np.float32)).shape
        (1, 1, 4, 4, 4)
    """

    dims, function = 3, "conv_transpose3d"


# ------------------------------------------------------------------ windows as columns


class Unfold(Module):
    """The blocks that a sliding window meets, each as a column.

    Args: numbers, or pairs of them.
        kernel_size: taps of the window.
        dilation, stride: how far apart the taps of the window are, and its places.
        padding: zeros at each end.

    Shapes: (N, C, H, W) or (C, H, W) -> (N, C * taps, places) or (C * taps, places).

    Errors: ArgumentError for numbers out of range; ShapeError for an input that does not fit.

    Example:
        >>> import numpy as np
        >>> Unfold(3)(np.zeros((2, 3, 5, 5))).shape
        (2, 27, 9)
    """

    def __init__(self, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1):
        super().__init__()
        window_of("Unfold", kernel_size, dilation, padding, stride)
        self.kernel_size, self.dilation = kernel_size, dilation
        self.padding, self.stride = padding, stride

    def forward(self, input: Any) -> Any:
        return functions.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        names = ("kernel_size", "dilation", "padding", "stride")
        return ", ".join(f"{name}={getattr(self, name)}" for name in names)


class Fold(Unfold):
    """Columns added up where the blocks that they stand for lie: the transpose of `Unfold`.

    Args: numbers, or pairs of them.
        output_size: the sizes of the output.
        kernel_size, dilation, padding, stride: as `Unfold`.

    Shapes: (N, C * taps, places) or (C * taps, places) -> (N, C, *output_size) or (C, *output_size).

    Errors: as `Unfold`.

    Example:
        >>> import numpy as np
        >>> Fold((5, 5), 3)(np.zeros((2, 27, 9))).shape
        (2, 3, 5, 5)
    """

    def __init__(
        self, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
    ):
        super().__init__(kernel_size, dilation, padding, stride)
        integers(output_size, 2, "Fold: output_size", 1)
        self.output_size = output_size

    def forward(self, input: Any) -> Any:
        options = (self.kernel_size, self.dilation, self.padding, self.stride)
        return functions.fold(input, self.output_size, *options)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}, {super().extra_repr()}"
