"""The Python array API standard, version 2024.12, of Tensors: what `tensor.__array_namespace__()` gives.

The functions are those of `autograd.numpy`, which conform where NumPy's own do. What makes new
arrays makes Tensors here, so that code written for the standard meets one kind of array. Results are
on the tape where an argument requires grad.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

import numpy as _numpy

from .. import numpy as _ours
from ..errors import ArgumentError
from ..keywords import has_tensor as _has_tensor
from ..tensor import Tensor as _Tensor
from ..tensor import tensor as _tensor

__array_api_version__ = "2024.12"
VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12")


def _making(theirs: Callable) -> Callable:
    """NumPy's function that makes a new array, as one that makes a Tensor."""

    @functools.wraps(theirs)
    def make(*args: Any, **options: Any) -> Any:
        args = tuple(a.item() if isinstance(a, _Tensor) and not a.ndim else a for a in args)
        return _tensor(theirs(*args, **options))

    return make


arange = _making(_numpy.arange)
empty = _making(_numpy.empty)
eye = _making(_numpy.eye)
linspace = _making(_numpy.linspace)
ones = _making(_numpy.ones)
zeros = _making(_numpy.zeros)
fft = types.SimpleNamespace(
    **{name: getattr(_ours.fft, name) for name in _ours.fft._NAMES.split()},
    fftfreq=_making(_numpy.fft.fftfreq),
    rfftfreq=_making(_numpy.fft.rfftfreq),
)


def asarray(x: Any, /, *, dtype: Any = None, device: Any = None, copy: bool | None = None) -> Any:
    """x as a Tensor: itself, sharing an array's memory, or a copy.

    Args:
        copy: True for a copy always; False for never; None where one is needed.

    Errors: ArgumentError where `copy=False` cannot be had, or for a device that is not `cpu`.

    Example:
        >>> asarray([1.0, 2.0])
        tensor([1., 2.])
    """
    if _has_tensor([x]):
        return _ours.asarray(x, dtype, device=device, copy=copy)
    try:
        found = _numpy.asarray(x, dtype, device=device, copy=copy)
    except ValueError as error:
        raise ArgumentError(f"asarray: {error}") from None
    return _Tensor(found)


def full(shape: Any, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Any:
    """A Tensor with one value everywhere; on the tape if the value is.

    Example:
        >>> full((2,), 3.0)
        tensor([3., 3.])
    """
    if isinstance(fill_value, _Tensor):
        filled = _ours.broadcast_to(fill_value, shape).copy()
        return filled if dtype is None else filled.astype(dtype)
    return _tensor(_numpy.full(shape, fill_value, dtype, device=device))


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Any:
    """A Tensor of what another library hands over by DLPack; it shares the memory unless `copy`.

    Errors: RequiresGradError for a tensor that requires grad while gradients are recorded.

    Example:
        >>> import numpy
        >>> from_dlpack(numpy.array([1.0, 2.0]))
        tensor([1., 2.])
    """
    array = _numpy.from_dlpack(x, device=device, copy=copy)
    return _Tensor(array) if array.flags.writeable else _tensor(array)


def finfo(type: Any, /) -> Any:
    """The limits of a floating dtype, or of that of an array.

    Example:
        >>> finfo("f4").bits
        32
    """
    return _numpy.finfo(_dtype(type))


def iinfo(type: Any, /) -> Any:
    """The limits of an integer dtype, or of that of an array.

    Example:
        >>> iinfo("i1").max
        127
    """
    return _numpy.iinfo(_dtype(type))


def _dtype(x: Any) -> Any:
    return x.dtype if isinstance(x, (_Tensor, _numpy.ndarray)) else x


def argsort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """The places of the elements of x in sorted order along an axis; equal ones keep their order.

    Example:
        >>> argsort(asarray([1.0, 3.0, 1.0]), descending=True)
        tensor([1, 0, 2])
    """
    if not descending:
        return _ours.argsort(x, axis=axis, stable=stable)
    last = x.shape[axis] - 1
    return _ours.flip(last - _ours.argsort(_ours.flip(x, axis), axis=axis, stable=True), axis)


def sort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """The elements of x in sorted order along an axis. Gradient: follows the elements.

    Example:
        >>> sort(asarray([1.0, 3.0, 2.0]), descending=True)
        tensor([3., 2., 1.])
    """
    if not descending:
        return _ours.sort(x, axis=axis, stable=stable)
    return _ours.take_along_axis(x, argsort(x, axis=axis, descending=True), axis)


def unique_values(x: Any, /) -> Any:
    """The different elements of x, sorted: the standard leaves the order open, others rely on it.

    Example:
        >>> unique_values(asarray([3.0, 1.0, 3.0]))
        tensor([1., 3.])
    """
    return _ours.unique(x, equal_nan=False)


def __getattr__(name: str) -> Any:
    """The functions of arrays are those of `autograd.numpy`; dtypes and constants are NumPy's."""
    if name == "__array_namespace_info__":
        return _numpy.__array_namespace_info__
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(_ours, name)


def __dir__() -> list[str]:
    return sorted({*dir(_ours), *globals(), "__array_namespace_info__"})
