"""What leaves the tape as plain values: numbers, lists, ndarrays, other libraries' arrays, text."""

from __future__ import annotations

import operator
import sys
from typing import Any

import numpy as np

from . import views
from .diagnose import CONVERTED, named, puts_an_item
from .errors import ArgumentError, RequiresGradError
from .tape import TensorBase, mode


class PlainValues(TensorBase):
    """A tensor's values for Python, NumPy and other libraries; a gradient is never lost in silence."""

    __slots__ = ()

    def numpy(self: Any) -> np.ndarray:
        """The ndarray that shares its memory.

        Errors: RequiresGradError if it requires grad while gradients are recorded.
        """
        self._refuse_if_recorded("numpy()")
        return views.expose(self)

    def item(self: Any, *index: int) -> Any:
        """The value of its only element (or the one at an index) as a Python number."""
        try:
            return self._data.item(*index)
        except CONVERTED as error:
            raise named("item", error) from None

    def tolist(self: Any) -> Any:
        """Its values as nested lists of Python numbers."""
        return self._data.tolist()

    def _refuse_if_recorded(self: Any, what: str) -> None:
        if self._node is not None and mode.grad:
            raise RequiresGradError(
                f"{what} of a tensor that requires grad would lose its gradient; "
                "use .detach() first, or autograd.no_grad()"
            )

    def _refuse_as_number(self: Any, what: str, caller: Any) -> None:
        """Refuse what NumPy does to put it into an array; else it is a number, as in PyTorch."""
        where = f"{mode.strict}: " if mode.strict else ""
        if puts_an_item(caller):
            raise RequiresGradError(
                f"{where}a[i] = t, of a tensor t that requires grad, loses its gradient in an ndarray a: "
                "make it a tensor, or put t.detach() there"
            )
        if mode.strict:
            self._refuse_if_recorded(where + what)

    def __array__(self: Any, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Its values, for `numpy.asarray` and its kin: they share its memory unless they are a copy.

        Errors: RequiresGradError if it requires grad while gradients are recorded, unless they are
        rounded to integers; ArgumentError
        where `copy=False` cannot be had.
        """
        if dtype is None or np.dtype(dtype).kind in "fc":  # rounding has no gradient to lose
            self._refuse_if_recorded("numpy.asarray()")
        if dtype is not None and dtype != self.dtype:
            if copy is False:
                raise ArgumentError(f"numpy.asarray: {self.dtype} becomes {np.dtype(dtype)} by a copy")
            return np.array(self._data, dtype)
        if not isinstance(self._data, (np.ndarray, np.generic)):
            return self._data.__array__()  # recorded: it refuses
        return np.array(self._data) if copy else views.expose(self)

    def __dlpack__(self: Any, **options: Any) -> Any:
        """Its memory, for `from_dlpack` of other libraries: writes there are seen here.

        Errors: RequiresGradError if it requires grad while gradients are recorded.
        """
        self._refuse_if_recorded("__dlpack__()")
        return views.expose(self).__dlpack__(**options)

    def __dlpack_device__(self: Any) -> tuple:
        return np.asarray(self._data).__dlpack_device__()

    def __float__(self: Any) -> float:
        if self._node is not None and mode.grad:
            self._refuse_as_number("float()", sys._getframe(1))
        return float(self._data)

    def __int__(self: Any) -> int:
        return int(self._data)

    def __index__(self: Any) -> int:
        return operator.index(self._data)

    def __complex__(self: Any) -> complex:
        if self._node is not None and mode.grad:
            self._refuse_as_number("complex()", sys._getframe(1))
        return complex(self._data)

    def __bool__(self: Any) -> bool:
        return bool(self._data)

    def __len__(self: Any) -> int:
        return len(self._data)

    def __iter__(self: Any) -> Any:
        if not self.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return (self[i] for i in range(self.shape[0]))

    def __contains__(self: Any, value: Any) -> bool:
        return getattr(value, "_data", value) in self._data

    def __repr__(self: Any) -> str:
        text = np.array2string(np.asarray(self._data), separator=", ", prefix="tensor(")
        if self.dtype not in (np.float64, np.int64, np.bool_):
            text += f", dtype={self.dtype}"
        return f"tensor({text}{', requires_grad=True' if self.requires_grad else ''})"

    def __format__(self: Any, spec: str) -> str:
        return format(self._data if not self.ndim else np.asarray(self._data), spec) if spec else str(self)
