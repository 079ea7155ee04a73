"""Convolution in any number of dimensions: three operations, each linear in both its arguments.

`convolution` gives the output, `transposed_convolution` is its adjoint by the input,
`convolution_weight` that by the weight; the derivatives of each are the other two, so that they serve
every order. A convolution slides its weight without turning it (cross-correlation), as is usual in
neural networks.

Source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning, 2016.
"""

from __future__ import annotations

import math

import numpy as np

from ...declare import case, primitive
from ...errors import ShapeError
from ..broadcasting import reduce_sum
from ..shapes import reshape
from . import batching, sliding
from .patches import places
from .sliding import Slide


def _slide(sizes, w, stride, padding, dilation, groups, caller) -> Slide:
    """The geometry of a call whose arguments have been checked."""
    window = tuple(w[2:])
    outs = places(sizes, window, stride, padding, dilation, caller)
    return Slide(tuple(sizes), window, outs, stride, padding, dilation, groups)


def _check_channels(x, w, inputs, groups, caller) -> None:
    """Refuse an array of other channels than the weight (out, in / groups, *window) takes."""
    if x.ndim < 3 or x.ndim != w.ndim:
        raise ShapeError(
            f"{caller}: input{x.shape} must be (N, C, *sizes) and have as many axes as weight{w.shape}"
        )
    if w.shape[0] % groups:
        raise ShapeError(
            f"{caller}: the first axis of weight{w.shape} must be divisible by groups={groups}"
        )
    if x.shape[1] != inputs:
        raise ShapeError(
            f"{caller}: input{x.shape} must have {inputs} channels to go with weight{w.shape} and "
            f"groups={groups}, got {x.shape[1]}"
        )


def _same_dtype(*arrays):
    """The arrays in their common dtype, which matrix products need to be fast."""
    dtype = np.result_type(*[a for a in arrays if a is not None])
    return [a if a is None or a.dtype == dtype else a.astype(dtype) for a in arrays]


def _check_bias(b, channels, caller) -> None:
    if b is not None and b.shape != (channels,):
        raise ShapeError(
            f"{caller}: bias{b.shape} must have one element for each of {channels} channels out"
        )


def _convolution(
    x, w, b=None, stride=(1,), padding=((0, 0),), dilation=(1,), groups=1, caller="convolution"
):
    _check_channels(x, w, w.shape[1] * groups if w.ndim > 1 else 0, groups, caller)
    _check_bias(b, len(w), caller)
    x, w, b = _same_dtype(x, w, b)
    return sliding.by_output(
        x, w, b, _slide(x.shape[2:], w.shape, stride, padding, dilation, groups, caller)
    )


def _transposed(
    y, w, b=None, sizes=(1,), stride=(1,), padding=((0, 0),), dilation=(1,), groups=1, caller="transposed_convolution"
):  # fmt: skip
    _check_channels(y, w, w.shape[0], groups, caller)
    _check_bias(b, w.shape[1] * groups, caller)
    slide = _slide(sizes, w.shape, stride, padding, dilation, groups, caller)
    if slide.outs != y.shape[2:]:
        raise ShapeError(
            f"{caller}: a convolution of spatial size {tuple(sizes)} has size {slide.outs}; "
            f"input{y.shape} has size {y.shape[2:]}"
        )
    y, w, b = _same_dtype(y, w, b)
    return sliding.by_input(y, w, b, slide)


def _weight(x, y, window, stride=(1,), padding=((0, 0),), dilation=(1,), groups=1):
    slide = _slide(x.shape[2:], (0, 0, *window), stride, padding, dilation, groups, "convolution_weight")
    if len(x) != len(y) or slide.outs != y.shape[2:] or x.shape[1] % groups or y.shape[1] % groups:
        raise ShapeError(
            f"convolution_weight: x{x.shape} and y{y.shape} are not the input and output of a "
            f"convolution with a window {tuple(window)}"
        )
    return sliding.by_weight(*_same_dtype(x, y), slide)


def _d_bias(g):
    # over the samples first, which BLAS does
    rows = reduce_sum(reshape(g, (g.shape[0], math.prod(g.shape[1:]))), (0,))
    return reduce_sum(reshape(rows, (g.shape[1], math.prod(g.shape[2:]))), (1,))


def _beside_channels(t, out):
    """The tangent of a bias as that of the result."""
    return out * 0 + reshape(t, (-1, *(1,) * (len(out.shape) - 2)))


_ONE = dict(stride=(1,), padding=((0, 0),), dilation=(1,))
_TWO = dict(stride=(2, 1), padding=((1, 2), (0, 1)), dilation=(1, 2))
_DILATED = dict(stride=(1, 2), padding=((2, 1), (1, 1)), dilation=(2, 1))

convolution = primitive(
    _convolution,
    ["x", "w", "b"],
    name="convolution",
    vjp={
        "x": lambda g, w, x_shape, stride, padding, dilation, groups: transposed_convolution(
            g, w, None, x_shape[2:], stride, padding, dilation, groups
        ),
        "w": lambda g, x, w_shape, stride, padding, dilation, groups: convolution_weight(
            x, g, w_shape[2:], stride, padding, dilation, groups
        ),
        "b": _d_bias,
    },
    jvp={
        "x": lambda t, out, x, w, b, *statics: convolution(t, w, None, *statics),
        "w": lambda t, out, x, w, b, *statics: convolution(x, t, None, *statics),
        "b": lambda t, out, x, w, b, *statics: _beside_channels(t, out),
    },
    analytic=True,
    batch=batching.convolved,
    cases=[
        case((2, 2, 5), (3, 2, 3), (3,), **_ONE),
        case((2, 2, 3, 4), (2, 1, 2, 2), groups=2, **_TWO),
    ],
    doc="""What a weight that slides over x sums up, plus a bias.

    Shapes: x (N, C, *sizes), w (O, C / groups, *window), b (O,) or None -> (N, O, *outs), each
    out = (size + padding - dilation * (window - 1) - 1) // stride + 1; stride and dilation have a
    number for each axis, padding a pair.

    Gradient: `transposed_convolution`, `convolution_weight`, and the sum over each channel.""",
)
transposed_convolution = primitive(
    _transposed,
    ["y", "w", "b"],
    name="transposed_convolution",
    vjp={
        "y": lambda g, w, stride, padding, dilation, groups: convolution(
            g, w, None, stride, padding, dilation, groups
        ),
        "w": lambda g, y, w_shape, stride, padding, dilation, groups: convolution_weight(
            g, y, w_shape[2:], stride, padding, dilation, groups
        ),
        "b": _d_bias,
    },
    jvp={
        "y": lambda t, out, y, w, b, *statics: transposed_convolution(t, w, None, *statics),
        "w": lambda t, out, y, w, b, *statics: transposed_convolution(y, t, None, *statics),
        "b": lambda t, out, y, w, b, *statics: _beside_channels(t, out),
    },
    analytic=True,
    batch=batching.convolved,
    cases=[
        case((2, 3, 3), (3, 2, 3), (2,), sizes=(5,), **_ONE),
        case((2, 2, 3, 3), (2, 1, 2, 2), sizes=(3, 4), groups=2, **_TWO),
    ],
    doc="""The adjoint of `convolution` by its input, plus a bias.

    Shapes: y (N, O, *outs), w (O, C / groups, *window), b (C,) or None -> (N, C, *sizes).

    Gradient: `convolution`, `convolution_weight`, and the sum over each channel.""",
)
convolution_weight = primitive(
    _weight,
    ["x", "y"],
    name="convolution_weight",
    vjp={
        "x": lambda g, y, x_shape, stride, padding, dilation, groups: transposed_convolution(
            y, g, None, x_shape[2:], stride, padding, dilation, groups
        ),
        "y": lambda g, x, stride, padding, dilation, groups: convolution(
            x, g, None, stride, padding, dilation, groups
        ),
    },
    linear="each", analytic=True, batch=batching.weighed,
    cases=[
        case((2, 2, 5), (2, 3, 3), window=(3,), **_ONE),
        case((2, 2, 3, 4), (2, 2, 3, 3), window=(2, 2), groups=2, **_TWO),
    ],
    doc="""The adjoint of `convolution` by its weight.

    Shapes: x (N, C, *sizes), y (N, O, *outs) -> (O, C / groups, *window).

    Gradient: `transposed_convolution` and `convolution`.""",
)  # fmt: skip
