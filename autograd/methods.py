"""NumPy's array methods, for Tensor: the functions of `ops/` under their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .errors import SpellingError
from .ops import choosing, complex, contractions, indexing, joining, reductions, shapes
from .spelling import spelled


class NumPyMethods:
    """What an ndarray can do, differentiably."""

    __slots__ = ()

    T = property(shapes.transpose, doc="Its axes reversed; a view.")
    mT = property(shapes.mT, doc="Its last two axes exchanged; a view.")
    real = property(complex.real, doc="Its real part, a copy.")
    imag = property(complex.imag, doc="Its imaginary part, a copy.")
    copy: Callable = shapes.copy
    ravel: Callable = shapes.ravel
    swapaxes: Callable = shapes.swapaxes
    squeeze: Callable = spelled(shapes.squeeze)
    sum: Callable = spelled(reductions.sum)
    prod: Callable = spelled(reductions.prod)
    mean: Callable = spelled(reductions.mean)
    var: Callable = spelled(reductions.var)
    std: Callable = spelled(reductions.std)
    max: Callable = spelled(reductions.max)
    min: Callable = spelled(reductions.min)
    argmax: Callable = spelled(reductions.argmax)
    argmin: Callable = spelled(reductions.argmin)
    argsort: Callable = spelled(reductions.argsort)
    any: Callable = spelled(reductions.any)
    all: Callable = spelled(reductions.all)
    cumsum: Callable = spelled(reductions.cumsum)
    dot: Callable = contractions.dot
    trace: Callable = contractions.trace
    diagonal: Callable = indexing.diagonal
    take: Callable = indexing.take
    clip: Callable = choosing.clip
    conj: Callable = complex.conjugate
    conjugate: Callable = complex.conjugate
    repeat: Callable = joining.repeat

    def reshape(self, *shape: Any) -> Any:
        """Its values with another shape, given as one tuple or as integers; a view if it can be."""
        if len(shape) == 1 and not isinstance(shape[0], (int, np.integer)):
            shape = tuple(shape[0])
        return shapes.reshape(self, shape)

    def transpose(self, *axes: Any) -> Any:
        """Its axes permuted (reversed by default); a view."""
        given: Any = axes
        if len(axes) == 1 and not isinstance(axes[0], (int, np.integer)):
            given = axes[0]
        return shapes.transpose(self, given or None)

    def flatten(self, order: str = "C") -> Any:
        """A copy as one axis."""
        if order != "C":
            raise SpellingError(
                f"flatten({order!r}) is PyTorch's spelling; Tensor follows NumPy, whose flatten "
                "gives one axis: use reshape"
            )
        return shapes.flatten(self)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """Its values in another dtype: a copy, or itself for `copy=False` if it has that dtype."""
        dtype = np.dtype(dtype)
        return self if not copy and dtype == self.dtype else shapes.astype(self, dtype)  # type: ignore[attr-defined]
