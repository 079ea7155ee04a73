"""Dropout as modules."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from . import functional as F
from .functional.arguments import flag, share
from .module import Module
from .random import as_generator

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


class _Dropout(Module):
    """Base of all: what is dropped is its function's choice; nothing is in evaluation."""

    function: ClassVar[Any]
    generator: np.random.Generator | None

    def __init__(self, p: float = 0.5, inplace: bool = False, *, generator: Any = None):
        super().__init__()
        caller = type(self).__name__
        self.p = p if type(p) is int and p in (0, 1) else share(p, f"{caller}: p")
        self.inplace = flag(inplace, f"{caller}: inplace")
        # kept, so that a seed goes on from call to call
        self.generator = None if generator is None else as_generator(generator, caller)

    def forward(self, input: Any) -> Any:
        return type(self).function(input, self.p, self.training, self.inplace, generator=self.generator)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """Zero for each element with probability p, else x / (1 - p); x itself in evaluation.

    Args:
        p: probability of zero.
        inplace: write the result over the input.
        generator: where masks are drawn from: a generator or a seed; the default one otherwise.

    Shapes: any -> the same; floating dtypes.

    Errors: ArgumentError for a p outside 0..1; DtypeError for integers.

    Source: Srivastava et al., Dropout, 2014, section 10, scaled in training.

    Example:
        >>> Dropout(0.5, generator=1)(np.ones(6))
        array([0., 2., 2., 2., 0., 0.])
    """

    function = staticmethod(F.dropout)


class Dropout1d(_Dropout):
    """Zero for each channel with probability p, else x / (1 - p); x itself in evaluation.

    Args: as of `Dropout`.

    Shapes: (N, C, L) or (C, L) -> the same.

    Errors: as of `Dropout`; ShapeError for another number of axes.

    Source: Tompson et al., Efficient object localization using convolutional networks, 2015,
    section 3.2.

    Example:
        >>> Dropout1d(0.5, generator=1)(np.ones((2, 3)))
        array([[0., 0., 0.],
               [2., 2., 2.]])
    """

    function = staticmethod(F.dropout1d)


class Dropout2d(_Dropout):
    """Zero for each channel with probability p, else x / (1 - p); x itself in evaluation.

    Args, Errors, Source: as of `Dropout1d`.

    Shapes: (N, C, H, W), or (N, C, L) as in PyTorch -> the same.

    Example:
        >>> Dropout2d(0.5, generator=1)(np.ones((1, 2, 1, 2))).ravel()
        array([0., 0., 2., 2.])
    """

    function = staticmethod(F.dropout2d)


class Dropout3d(_Dropout):
    """Zero for each channel with probability p, else x / (1 - p); x itself in evaluation.

    Args, Errors, Source: as of `Dropout1d`.

    Shapes: (N, C, D, H, W) or (C, D, H, W) -> the same.

    Example:
        >>> Dropout3d(0.5, generator=1)(np.ones((2, 1, 1, 2))).ravel()
        array([0., 0., 2., 2.])
    """

    function = staticmethod(F.dropout3d)


class AlphaDropout(_Dropout):
    """-1.7581 for each element with probability p, then all scaled and shifted to keep moments.

    Of an input with mean 0 and variance 1, as SELU gives, the result has mean 0 and variance 1.

    Args, Shapes, Errors: as of `Dropout`.

    Source: Klambauer et al., Self-normalizing neural networks, 2017, section 3.

    Example:
        >>> AlphaDropout(0.5, generator=1)(np.zeros(4)).round(4)
        array([-0.7792,  0.7792,  0.7792,  0.7792])
    """

    function = staticmethod(F.alpha_dropout)


class FeatureAlphaDropout(_Dropout):
    """`AlphaDropout` of whole channels.

    Args, Source: as of `AlphaDropout`.

    Shapes: (N, C, ...) -> the same.

    Errors: as of `Dropout`; ShapeError for fewer than two axes.

    Example:
        >>> FeatureAlphaDropout(0.5, generator=1)(np.zeros((1, 2, 2))).round(4)
        array([[[-0.7792, -0.7792],
                [ 0.7792,  0.7792]]])
    """

    function = staticmethod(F.feature_alpha_dropout)
