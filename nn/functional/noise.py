"""Dropout as functions: a mask that is drawn, scaled once, and multiplied by."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.errors import ShapeError
from autograd.tape import new_tensor
from autograd.tensor import Tensor
from nn.random import as_generator

from .arguments import share
from .inputs import numbers
from .table import written

__all__ = [
    "alpha_dropout",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "feature_alpha_dropout",
]

# how many axes at the front have a choice each, by the number of axes of the input; without a
# batch it is the channels alone. Three axes are (N, C, L) to dropout2d, as in PyTorch
_CHANNELS: dict[str, tuple[dict[int, int], str]] = {
    "dropout1d": ({3: 2, 2: 1}, "(N, C, L) or (C, L)"),
    "dropout2d": ({4: 2, 3: 2}, "(N, C, H, W) or (N, C, L)"),
    "dropout3d": ({5: 2, 4: 1}, "(N, C, D, H, W) or (C, D, H, W)"),
}
# what SELU tends to at -inf: Klambauer et al., eq. 14
_SATURATED = -1.0507009873554805 * 1.6732632423543772


def dropout(
    input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, *, generator: Any = None
) -> Any:
    """Zero for each element with probability p, else input / (1 - p).

    Args:
        input: floating numbers of any shape.
        p: probability of zero.
        training: whether to drop at all; else the input itself comes back.
        inplace: write the result over the input.
        generator: where the mask is drawn from; in float32 for every dtype, so that a seed drops
            the same elements of all.

    Errors: ArgumentError for a p outside 0..1; DtypeError for integers.

    Source: Srivastava et al., Dropout, 2014, section 10, scaled in training.

    Example:
        >>> dropout(np.ones(6), 0.5, generator=1)
        array([0., 2., 2., 2., 0., 0.])
    """
    return _dropped("dropout", input, p, training, inplace, generator)


def dropout1d(
    input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, *, generator: Any = None
) -> Any:
    """Zero for each channel with probability p, else input / (1 - p).

    Shapes: input (N, C, L) or (C, L).

    Args, Errors: as of `dropout`; ShapeError for another number of axes.

    Source: Tompson et al., Efficient object localization using convolutional networks, 2015,
    section 3.2.

    Example:
        >>> dropout1d(np.ones((2, 3)), 0.5, generator=1)
        array([[0., 0., 0.],
               [2., 2., 2.]])
    """
    return _dropped("dropout1d", input, p, training, inplace, generator)


def dropout2d(
    input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, *, generator: Any = None
) -> Any:
    """Zero for each channel with probability p, else input / (1 - p).

    Shapes: input (N, C, H, W), or (N, C, L) as in PyTorch.

    Args, Errors, Source: as of `dropout1d`.

    Example:
        >>> dropout2d(np.ones((1, 2, 1, 2)), 0.5, generator=1).ravel()
        array([0., 0., 2., 2.])
    """
    return _dropped("dropout2d", input, p, training, inplace, generator)


def dropout3d(
    input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, *, generator: Any = None
) -> Any:
    """Zero for each channel with probability p, else input / (1 - p).

    Shapes: input (N, C, D, H, W) or (C, D, H, W).

    Args, Errors, Source: as of `dropout1d`.

    Example:
        >>> dropout3d(np.ones((2, 1, 1, 2)), 0.5, generator=1).ravel()
        array([0., 0., 2., 2.])
    """
    return _dropped("dropout3d", input, p, training, inplace, generator)


def alpha_dropout(
    input: Any, p: float = 0.5, training: bool = False, inplace: bool = False, *, generator: Any = None
) -> Any:
    """-1.7581 for each element with probability p, then all scaled and shifted to keep moments.

    Of an input with mean 0 and variance 1, as SELU gives, the result has mean 0 and variance 1.

    Args, Errors: as of `dropout`.

    Source: Klambauer et al., Self-normalizing neural networks, 2017, section 3.

    Example:
        >>> alpha_dropout(np.zeros(4), 0.5, True, generator=1).round(4)
        array([-0.7792,  0.7792,  0.7792,  0.7792])
    """
    return _saturated("alpha_dropout", input, p, training, inplace, generator)


def feature_alpha_dropout(
    input: Any, p: float = 0.5, training: bool = False, inplace: bool = False, *, generator: Any = None
) -> Any:
    """`alpha_dropout` of whole channels.

    Shapes: input (N, C, ...).

    Args, Errors, Source: as of `alpha_dropout`; ShapeError for fewer than two axes.

    Example:
        >>> feature_alpha_dropout(np.zeros((1, 2, 2)), 0.5, True, generator=1).round(4)
        array([[[-0.7792, -0.7792],
                [ 0.7792,  0.7792]]])
    """
    return _saturated("feature_alpha_dropout", input, p, training, inplace, generator)


def _dropped(caller: str, input: Any, p: Any, training: bool, inplace: bool, generator: Any) -> Any:
    """Multiply by a mask of zeros and 1 / (1 - p)."""
    p, input = share(p, f"{caller}: p"), numbers(input, caller, "fc")
    shape = _mask_shape(caller, input.shape)
    if not training or p == 0:
        return input
    mask = _kept(shape, p, as_generator(generator, caller)).astype(input.dtype)
    if p < 1:
        mask *= 1 / (1 - p)
    out = input * _constant(mask, input)
    return written(caller, input, out) if inplace else out


def _saturated(caller: str, input: Any, p: Any, training: bool, inplace: bool, generator: Any) -> Any:
    """Put SELU's limit where a mask says, then restore mean 0 and variance 1."""
    p, input = share(p, f"{caller}: p"), numbers(input, caller, "fc")
    shape = _mask_shape(caller, input.shape)
    if not training or p == 0:
        return input
    mask = _kept(shape, p, as_generator(generator, caller)).astype(input.dtype)
    scale = 1 / math.sqrt((1 - p) * (1 + p * _SATURATED**2)) if p < 1 else 0.0
    # a * (x * mask + limit * (1 - mask)) + b, where b = -a * limit * p
    shift = (1 - mask - p) * (scale * _SATURATED)
    out = input * _constant(mask * scale, input) + _constant(shift, input)
    return written(caller, input, out) if inplace else out


def _mask_shape(caller: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of the mask: of length one where elements share a choice."""
    if caller in ("dropout", "alpha_dropout"):
        return shape
    kinds, expected = _CHANNELS.get(caller, ({}, "(N, C, ...)"))
    if (kinds and len(shape) not in kinds) or len(shape) < 2:
        raise ShapeError(f"{caller}: expected input of shape {expected}, got {shape}")
    own = kinds.get(len(shape), 2)
    return (*shape[:own], *(1,) * (len(shape) - own))


def _kept(shape: tuple[int, ...], p: float, generator: np.random.Generator) -> np.ndarray:
    # random() is below 1, hence at p = 1 nothing is kept, and at p = 0 all
    return generator.random(shape, np.float32) >= np.float32(p)


def _constant(values: np.ndarray, like: Any) -> Any:
    """An array that nobody else holds, beside a Tensor as a Tensor: it need not be protected."""
    return new_tensor(values) if isinstance(like, Tensor) and not isinstance(values, Tensor) else values
