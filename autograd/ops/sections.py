"""Arrays cut up: sections along an axis."""

from __future__ import annotations

import numpy as np

from ..errors import ShapeError
from .composed import composed
from .indexing import split
from .shapes import as_array


def _sections(name, x, indices_or_sections, axis, needed):
    x = as_array(x)
    if x.ndim < needed:
        raise ShapeError(f"{name}: expected {needed} axes or more, got shape {tuple(x.shape)}")
    return split(x, indices_or_sections, axis)


@composed(np.hsplit, views=True)
def hsplit(ary, indices_or_sections):
    """ary cut along its second axis, or its only one; views.

    Example:
        >>> [p.shape for p in hsplit(np.zeros((2, 4)), 2)]
        [(2, 2), (2, 2)]
    """
    return _sections("hsplit", ary, indices_or_sections, 0 if as_array(ary).ndim == 1 else 1, 1)


@composed(np.vsplit, views=True)
def vsplit(ary, indices_or_sections):
    """ary cut along its first axis; views.

    Example:
        >>> [p.shape for p in vsplit(np.zeros((2, 4)), 2)]
        [(1, 4), (1, 4)]
    """
    return _sections("vsplit", ary, indices_or_sections, 0, 2)


@composed(np.dsplit, views=True)
def dsplit(ary, indices_or_sections):
    """ary cut along its third axis; views.

    Example:
        >>> [p.shape for p in dsplit(np.zeros((1, 2, 4)), 2)]
        [(1, 2, 2), (1, 2, 2)]
    """
    return _sections("dsplit", ary, indices_or_sections, 2, 3)
