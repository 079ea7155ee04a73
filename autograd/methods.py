"""NumPy's array methods, for Tensor: the functions of `ops/` under their names."""

from __future__ import annotations

import builtins
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from . import views, writes
from .batching import is_batched
from .diagnose import CONVERTED, named, typed
from .errors import ArgumentError, DtypeError, NotDifferentiable, SpellingError
from .flat import Flat
from .keywords import with_keywords
from .ops import (
    choosing,
    complex,
    complex_parts,
    contractions,
    indexing,
    joining,
    ordering,
    parts,
    reductions,
    shapes,
)
from .ops.composed import COMPOSED
from .spelling import PyTorchNames, spelled
from .tape import mode


def _full(function: Callable, theirs: Callable) -> Callable:
    """A method with all of NumPy's keywords, that names them when it is given PyTorch's."""
    return spelled(function, with_keywords(theirs.__name__, function, theirs))


def _with(function: Callable, theirs: Callable) -> Callable:
    """The same for a method without an axis."""
    return with_keywords(theirs.__name__, function, theirs)


def _composed(theirs: Callable) -> Callable:
    """The method that does what a function of NumPy does to its first argument."""

    @functools.wraps(theirs)
    def call(*args: Any, **options: Any) -> Any:
        return COMPOSED[theirs](*args, **options)

    return call


def _refused(name: str, why: str) -> Callable:
    def method(self: Any, *args: Any, **options: Any) -> Any:
        raise NotDifferentiable(f"tensor.{name}: {why}")

    method.__doc__ = f"Raises: {why}."
    return method


class NumPyMethods:
    """What an ndarray can do, differentiably."""

    __slots__ = ()

    T = property(shapes.transpose, doc="Its axes reversed; a view.")
    mT = property(shapes.mT, doc="Its last two axes exchanged; a view.")
    real = property(complex_parts.real, writes.set_real, doc="Its real part, a view.")
    imag = property(complex_parts.imag, writes.set_imag, doc="Its imaginary part, a view.")
    swapaxes: Callable = typed(shapes.swapaxes)
    squeeze: Callable = spelled(typed(shapes.squeeze))
    sum: Callable = _full(reductions.sum, np.sum)
    prod: Callable = _full(reductions.prod, np.prod)
    mean: Callable = _full(reductions.mean, np.mean)
    var: Callable = _full(reductions.var, np.var)
    std: Callable = _full(reductions.std, np.std)
    max: Callable = _full(reductions.max, np.max)
    min: Callable = _full(reductions.min, np.min)
    argmax: Callable = _full(reductions.argmax, np.argmax)
    argmin: Callable = _full(reductions.argmin, np.argmin)
    argsort: Callable = _full(reductions.argsort, np.argsort)
    any: Callable = _full(reductions.any, np.any)
    all: Callable = _full(reductions.all, np.all)
    cumsum: Callable = spelled(_composed(np.cumsum) if np.cumsum in COMPOSED else reductions.cumsum)
    cumprod: Callable = spelled(_composed(np.cumprod))
    choose: Callable = _composed(np.choose)
    round: Callable = _with(parts.round, np.round)
    dot: Callable = _with(contractions.dot, np.dot)
    trace: Callable = _with(contractions.trace, np.trace)
    diagonal: Callable = typed(indexing.diagonal)
    take: Callable = spelled(_composed(np.take))
    clip: Callable = _with(choosing.clamp, np.clip)
    conj: Callable = complex.conjugate
    conjugate: Callable = complex.conjugate
    repeat: Callable = joining.repeat
    argpartition: Callable = spelled(_composed(np.argpartition))
    nonzero: Callable = _composed(np.nonzero)
    searchsorted: Callable = _composed(np.searchsorted)
    fill: Callable = writes.fill
    put: Callable = writes.put

    def compress(self, condition: Any, axis: Any = None, out: Any = None) -> Any:
        """Its elements along an axis where the condition holds."""
        return COMPOSED[np.compress](condition, self, axis, out)

    def copy(self, order: str = "C") -> Any:
        """A copy of it; the order in memory is C's, or another one."""
        if order == "C":
            return shapes.copy(self)
        return ordering.copy_in_order(self, ordering.checked("copy", order))

    @typed
    def view(self, dtype: Any = None, type: Any = None, **options: Any) -> Any:
        """It once more, a view; or its bytes as those of another dtype, in the same memory.

        Errors: NotDifferentiable for another dtype of a tensor that requires grad; SpellingError
        for PyTorch's `view(shape)`.
        """
        if isinstance(dtype, (int, np.integer, tuple, list)) or options:
            return PyTorchNames.view(self, dtype, type)
        if type is not None or (isinstance(dtype, builtins.type) and issubclass(dtype, np.ndarray)):
            raise ArgumentError("view: a tensor cannot be seen as another type of array; use numpy()")
        mine = self.dtype  # type: ignore[attr-defined]
        wanted = mine if dtype is None else np.dtype(dtype)
        if wanted == mine:
            return indexing.getitem(self, ())
        if self._node is not None and mode.grad:  # type: ignore[attr-defined]
            raise NotDifferentiable(
                f"view({wanted}) of {mine} shows bytes, which have no derivative; use astype() to convert, "
                "numpy.stack([x.real, x.imag], -1) for pairs of real numbers, x[..., 0] + 1j * x[..., 1]"
            )
        return builtins.type(self)(views.expose(self).view(wanted))  # type: ignore[call-arg]

    def ravel(self, order: str = "C") -> Any:
        """Its elements as one axis, read in an order; a view where NumPy makes one."""
        return shapes.ravel(self) if order == "C" else ordering.ravel(self, order)

    def reshape(self, *shape: Any, order: str = "C", copy: Any = None) -> Any:
        """Its values with another shape, given as one tuple or as integers; a view if it can be."""
        try:
            if len(shape) == 1 and not isinstance(shape[0], (int, np.integer)):
                shape = tuple(shape[0])
            if order == "C" and copy is None:
                return shapes.reshape(self, shape)
            return ordering.reshape(self, shape, order, copy)
        except TypeError as error:
            raise named("reshape", error) from None

    def transpose(self, *axes: Any) -> Any:
        """Its axes permuted (reversed by default); a view."""
        given: Any = axes
        if len(axes) == 1 and not isinstance(axes[0], (int, np.integer)):
            given = axes[0]
        try:
            return shapes.transpose(self, given or None)
        except CONVERTED as error:
            raise named("transpose", error) from None

    def flatten(self, order: str = "C") -> Any:
        """A copy as one axis, its elements read in an order."""
        if not isinstance(order, str):
            raise SpellingError(
                f"flatten({order!r}) is PyTorch's spelling; Tensor follows NumPy, whose flatten "
                "gives one axis: use reshape"
            )
        return shapes.flatten(self) if order == "C" else ordering.flatten(self, order)

    @typed
    def astype(
        self, dtype: Any, order: str = "K", casting: Any = "unsafe", subok: bool = True, copy: bool = True
    ) -> Any:
        """Its values in another dtype: a copy, or itself for `copy=False` if it has that dtype.

        Errors: DtypeError where the rule `casting` does not allow it.
        """
        if isinstance(order, bool):
            raise ArgumentError(f"astype: order must be 'K', 'C', 'F' or 'A', got {order}; use copy=")
        dtype = np.dtype(dtype)
        mine = self.dtype  # type: ignore[attr-defined]
        if casting != "unsafe" and not np.can_cast(mine, dtype, casting):
            raise DtypeError(f"astype: cannot cast {mine} to {dtype} by the rule {casting!r}")
        ordering.checked("astype", order)
        if not copy and dtype == mine and ordering.arranged(self, order, (self,)) is self:
            return self
        return ordering.arranged(shapes.astype(self, dtype), order, (self,))

    # -------------------------------------------------------------- in place

    @typed
    def sort(self, axis: int = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> None:
        """Sort it in place along an axis; a recorded write, whose gradient follows the elements."""
        if is_batched(self):
            found = reductions.argsort(self, axis)
        else:
            found = np.argsort(self._data, axis, kind=kind, order=order, stable=stable)  # type: ignore[attr-defined]
        writes.reorder(self, found, axis)

    @typed
    def partition(self, kth: Any, axis: int = -1, kind: Any = "introselect", order: Any = None) -> None:
        """Reorder it in place so that the kth element is where sorting would put it."""
        found = COMPOSED[np.argpartition](self, kth, axis, kind, order)
        found = found if is_batched(found) else found._data
        writes.reorder(self, found, axis)

    # -------------------------------------------------------------- memory, as values

    @property
    def flat(self) -> Flat:
        """Its elements as one axis, to read and to write by index."""
        return Flat(self)

    @flat.setter
    def flat(self, value: Any) -> None:
        Flat(self)[:] = value

    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes from one element to the next along each axis."""
        return self._data.strides  # type: ignore[attr-defined]

    @strides.setter
    def strides(self, value: Any) -> None:
        raise SpellingError("the strides of a tensor cannot be set; use transpose(), indices or reshape()")

    @property
    def flags(self) -> Any:
        """How its values lie in memory, as NumPy tells it."""
        return np.asarray(self._data).flags  # type: ignore[attr-defined]

    @property
    def device(self) -> str:
        """Where it lives: `cpu`."""
        return "cpu"

    def to_device(self, device: str, /, *, stream: Any = None) -> Any:
        """Itself; tensors live in the computer's memory.

        Errors: ArgumentError for a device that is not `cpu`.
        """
        if device != "cpu" or stream is not None:
            raise ArgumentError(f"to_device: expected 'cpu' and no stream, got {device!r}, {stream!r}")
        return self

    @typed
    def tobytes(self, order: Any = "C") -> bytes:
        """Its values as bytes."""
        return self._data.tobytes(order)  # type: ignore[attr-defined]

    @typed
    def tofile(self, file: Any, sep: str = "", format: str = "%s") -> None:
        """Write its values to a file, as `ndarray.tofile`."""
        np.asarray(self._data).tofile(file, sep, format)  # type: ignore[attr-defined]

    byteswap: Callable = _refused("byteswap", "the bytes of a number have no derivative")
    getfield: Callable = _refused("getfield", "a part of a number's bytes has no derivative")
    setfield: Callable = _refused("setfield", "a part of a number's bytes has no derivative")
    setflags: Callable = _refused("setflags", "who may write is up to the tape; use .detach().numpy()")
    resize: Callable = _refused("resize", "a tensor cannot change its size in place; use numpy.resize")
    dump: Callable = _refused("dump", "tensors are not pickled; use nn.save or numpy.save")
    dumps: Callable = _refused("dumps", "tensors are not pickled; use nn.save or numpy.save")
