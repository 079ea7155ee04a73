"""What all convolutions have in common."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from autograd.errors import ArgumentError, ShapeError

from . import init
from .functional import convolution as functions
from .functional import padding as pads
from .functional.convolution_arguments import check_groups, padding_of
from .functional.inputs import as_array
from .functional.sizes import integers
from .module import Module
from .parameter import Parameter, parameter_of
from .random import as_generator

_MODES = ("zeros", "reflect", "replicate", "circular")


class ConvolutionBase(Module):
    """What all convolutions have: their options, and a weight and a bias drawn for them."""

    dims: ClassVar[int]
    function: ClassVar[str]
    transposed: ClassVar[bool] = False

    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...] | str
    output_padding: tuple[int, ...]
    dilation: tuple[int, ...]
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        channels: tuple[int, int],
        options: dict[str, Any],
        groups: int,
        bias: bool,
        padding_mode: str,
        dtype: Any,
        generator: Any,
    ):
        super().__init__()
        caller = type(self).__name__
        for name, value in zip(("in_channels", "out_channels"), channels):
            setattr(self, name, integers(value, 1, f"{caller}: {name}", 1)[0])
        self.groups = check_groups(groups, caller)
        self._set_options(options, padding_mode)
        if self.in_channels % self.groups or self.out_channels % self.groups:
            raise ArgumentError(
                f"{caller}: in_channels={self.in_channels} and out_channels={self.out_channels} must both "
                f"be divisible by groups={self.groups}"
            )
        first, second = self.out_channels, self.in_channels
        if self.transposed:
            first, second = second, first
        weight = init.empty(first, second // self.groups, *self.kernel_size, dtype=dtype)
        self.weight = parameter_of(weight)
        if bias:
            self.bias = parameter_of(init.empty(self.out_channels, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters(generator)

    def _set_options(self, options: dict[str, Any], padding_mode: str) -> None:
        """Check sizes and padding, and keep them as tuples."""
        caller = type(self).__name__
        for name in ("kernel_size", "stride", "dilation"):
            setattr(self, name, integers(options[name], self.dims, f"{caller}: {name}", 1))
        self.output_padding = integers(
            options.get("output_padding", 0), self.dims, f"{caller}: output_padding", 0
        )
        padding = options["padding"]
        if self.transposed and isinstance(padding, str):
            raise ArgumentError(f"{caller}: padding must be numbers, got {padding!r}")
        pairs = padding_of(padding, self.kernel_size, self.stride, self.dilation, caller)
        self.padding = padding if isinstance(padding, str) else tuple(low for low, _ in pairs)
        allowed = _MODES[:1] if self.transposed else _MODES
        if padding_mode not in allowed:
            raise ArgumentError(f"{caller}: padding_mode must be one of {allowed}, got {padding_mode!r}")
        self.padding_mode = padding_mode
        # as `pad` takes them: from the last axis on
        self._pads = tuple(n for pair in reversed(pairs) for n in pair)

    def reset_parameters(self, generator: Any = None) -> None:
        """Draw the parameters anew, as PyTorch does."""
        generator = as_generator(generator, type(self).__name__)
        init.kaiming_uniform_(self.weight, math.sqrt(5), generator=generator)
        if self.bias is not None:
            bound = 1 / math.sqrt(init.fans(self.weight)[0])
            init.uniform_(self.bias, -bound, bound, generator)

    def extra_repr(self) -> str:
        none = (0,) * self.dims
        parts = [f"{self.in_channels}, {self.out_channels}"]
        parts += [f"kernel_size={self.kernel_size}, stride={self.stride}"]
        parts += [f"padding={self.padding}"] * (self.padding != none)
        parts += [f"dilation={self.dilation}"] * (max(self.dilation) > 1)
        parts += [f"output_padding={self.output_padding}"] * (self.output_padding != none)
        parts += [f"groups={self.groups}"] * (self.groups > 1)
        parts += ["bias=False"] * (self.bias is None)
        parts += [f"padding_mode={self.padding_mode}"] * (self.padding_mode != "zeros")
        return ", ".join(parts)


class Convolution(ConvolutionBase):
    """A convolution over `dims` axes."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        *,
        dtype: Any = None,
        generator: Any = None,
    ):
        options = {"kernel_size": kernel_size, "stride": stride, "padding": padding, "dilation": dilation}
        super().__init__((in_channels, out_channels), options, groups, bias, padding_mode, dtype, generator)

    def forward(self, input: Any) -> Any:
        padding: Any = self.padding
        if self.padding_mode != "zeros" and any(self._pads):
            input, padding = pads.pad(input, self._pads, self.padding_mode), 0
        function = getattr(functions, self.function)
        return function(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class TransposedConvolution(ConvolutionBase):
    """A transposed convolution over `dims` axes."""

    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        *,
        dtype: Any = None,
        generator: Any = None,
    ):
        options = {"kernel_size": kernel_size, "stride": stride, "padding": padding}
        options |= {"output_padding": output_padding, "dilation": dilation}
        super().__init__((in_channels, out_channels), options, groups, bias, padding_mode, dtype, generator)

    def forward(self, input: Any, output_size: Any = None) -> Any:
        extra = self.output_padding if output_size is None else self._extra(input, output_size)
        function = getattr(functions, self.function)
        options = (self.stride, self.padding, extra, self.groups, self.dilation)
        return function(input, self.weight, self.bias, *options)

    def _extra(self, input: Any, output_size: Any) -> tuple[int, ...]:
        """The output_padding that gives this size."""
        caller, dims, shape = type(self).__name__, self.dims, as_array(input).shape
        if not isinstance(output_size, (tuple, list)) or len(output_size) not in (dims, len(shape)):
            raise ArgumentError(
                f"{caller}: output_size must have {dims} or {len(shape)} numbers, got {output_size!r}"
            )
        given = integers(output_size, len(output_size), f"{caller}: output_size", 0)
        wanted = given[len(given) - dims :]
        padding: Any = self.padding
        least = tuple(
            (n - 1) * s - 2 * p + d * (k - 1) + 1
            for n, s, p, d, k in zip(
                shape[len(shape) - dims :], self.stride, padding, self.dilation, self.kernel_size
            )
        )
        most = tuple(n + s - 1 for n, s in zip(least, self.stride))
        if not all(a <= n <= b for a, n, b in zip(least, wanted, most)):
            raise ShapeError(
                f"{caller}: output_size must be from {least} to {most} for input{shape}, got {wanted}"
            )
        return tuple(n - a for n, a in zip(wanted, least))
