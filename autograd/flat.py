"""`tensor.flat`: the elements of a tensor as one axis, to read and to write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from . import aliasing
from .errors import IndexingError
from .ops.indexing import clean_index, getitem
from .ops.shapes import as_array, ravel


class Flat:
    """The elements of a tensor in C order, as `ndarray.flat`.

    Reading gives copies, on the tape; writing writes the tensor, with values repeated as often as
    needed.

    Example:
        >>> import autograd
        >>> x = autograd.tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> x.flat[1:3] = 0.0
        >>> x.tolist()
        [[1.0, 0.0], [0.0, 4.0]]
    """

    __slots__ = ("base",)
    __array_ufunc__ = None

    def __init__(self, base: Any):
        self.base = base

    def _places(self, index: Any) -> Any:
        index = clean_index(index)
        try:
            return np.arange(self.base.size)[index]
        except IndexError as error:
            raise IndexingError(f"flat: {error}") from None

    def __len__(self) -> int:
        return int(self.base.size)

    def __iter__(self) -> Iterator:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: Any) -> Any:
        return getitem(self.base, np.unravel_index(self._places(index), self.base.shape))

    def __setitem__(self, index: Any, value: Any) -> None:
        places = np.ravel(self._places(index))
        values = ravel(as_array(value))
        if places.size:
            repeated = getitem(values, np.arange(places.size) % values.shape[0])
            aliasing.write(self.base, np.unravel_index(places, self.base.shape), repeated)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.base.__array__(dtype, copy).reshape(-1)

    def copy(self) -> Any:
        """The elements as a new tensor of one axis."""
        return ravel(self.base.copy())
