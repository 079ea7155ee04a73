"""PyTorch's spellings on Tensor: those that do not clash with NumPy's, and errors for the rest."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from . import aliasing
from .diagnose import typed
from .errors import SpellingError
from .ops import arranging, broadcasting, choosing, contractions, elementwise, shapes, sizes, softmax

_KEYWORDS = {"dim": "axis=", "keepdim": "keepdims=", "unbiased": "ddof=", "correction": "ddof="}


class Size(int):
    """The number of elements; calling it, as in PyTorch, names NumPy's spelling."""

    __slots__ = ()

    def __call__(self, *args: Any) -> Any:
        spelling = f"tensor.shape[{args[0]}]" if args else "tensor.shape"
        raise SpellingError(f"size is the number of elements, as in NumPy; use {spelling}")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        # NumPy takes a subclass of int for an int64 array, which makes float64 of float32
        plain = [int(x) if isinstance(x, Size) else x for x in inputs]
        return getattr(ufunc, method)(*plain, **options)


def spelled(function: Callable, full: Callable | None = None) -> Callable:
    """A method that names NumPy's keyword when it is given PyTorch's.

    `full` is the function with more keywords, where the first one takes the essential ones.
    """
    essential = {"axis", "keepdims"} if full is not None else set()
    by_position = 1 if full is not None else 0  # the axis
    full = full or function

    @functools.wraps(function)
    def method(self: Any, *args: Any, **options: Any) -> Any:
        if len(args) <= by_position and essential.issuperset(options):
            return function(self, *args, **options)
        for name in options:
            if name in _KEYWORDS:
                raise SpellingError(
                    f"{function.__name__}({name}=...) is PyTorch's spelling; Tensor follows "
                    f"NumPy: use {_KEYWORDS[name]}"
                )
        return full(self, *args, **options)

    return method


def _clash(torch: str, numpy: str) -> Callable:
    """A method whose PyTorch name means something else in NumPy, or nothing."""

    def method(self: Any, *args: Any, **options: Any) -> Any:
        raise SpellingError(f"tensor.{torch} is PyTorch's spelling; Tensor follows NumPy: use {numpy}")

    method.__doc__ = f"Raises: NumPy's spelling is `{numpy}`."
    return method


def _cast(name: str, dtype: type) -> Callable:
    def method(self: Any) -> Any:
        return self if self.dtype == dtype else shapes.astype(self, np.dtype(dtype))

    method.__qualname__ = f"Tensor.{name}"
    method.__doc__ = f"As {np.dtype(dtype)}; itself if it is already."
    return method


def _in_place(name: str, operation: Callable) -> Callable:
    def method(self: Any, other: Any) -> Any:
        return aliasing.augment(self, operation, other)

    method.__qualname__ = f"Tensor.{name}"
    method.__doc__ = f"{operation.__name__} in place; returns the tensor."
    return method


class PyTorchNames:
    """PyTorch's method names that NumPy's arrays do not have; and those that clash, as errors."""

    __slots__ = ()

    # -------------------------------------------------------------- the same thing, its name

    float: Callable = _cast("float", np.float32)
    double: Callable = _cast("double", np.float64)
    half: Callable = _cast("half", np.float16)
    long: Callable = _cast("long", np.int64)
    int: Callable = _cast("int", np.int32)
    bool: Callable = _cast("bool", np.bool_)
    clone: Callable = shapes.copy
    exp: Callable = elementwise.exp
    log: Callable = elementwise.log
    log1p: Callable = elementwise.log1p
    sqrt: Callable = elementwise.sqrt
    square: Callable = elementwise.square
    abs: Callable = sizes.absolute
    sign: Callable = sizes.sign
    neg: Callable = elementwise.negative
    reciprocal: Callable = elementwise.reciprocal
    sin: Callable = elementwise.sin
    cos: Callable = elementwise.cos
    tanh: Callable = elementwise.tanh
    floor: Callable = elementwise.floor
    ceil: Callable = elementwise.ceil
    pow: Callable = elementwise.power
    add: Callable = elementwise.add
    sub: Callable = elementwise.subtract
    mul: Callable = elementwise.multiply
    div: Callable = elementwise.divide
    matmul: Callable = contractions.matmul
    mm: Callable = contractions.matmul
    bmm: Callable = contractions.matmul
    outer: Callable = contractions.outer
    clamp: Callable = choosing.clamp
    isnan: Callable = choosing.isnan
    isinf: Callable = choosing.isinf
    isfinite: Callable = choosing.isfinite
    tril: Callable = arranging.tril
    triu: Callable = arranging.triu
    add_: Callable = _in_place("add_", elementwise.add)
    sub_: Callable = _in_place("sub_", elementwise.subtract)
    mul_: Callable = _in_place("mul_", elementwise.multiply)
    div_: Callable = _in_place("div_", elementwise.divide)
    pow_: Callable = _in_place("pow_", elementwise.power)

    def numel(self: Any) -> Any:
        """The number of elements."""
        return int(self.size)

    def dim(self: Any) -> Any:
        """The number of axes."""
        return self.ndim

    @typed
    def unsqueeze(self: Any, dim: Any) -> Any:
        """With an axis of length one put in at `dim`; a view."""
        return shapes.expand_dims(self, dim)

    @typed
    def permute(self: Any, *dims: Any) -> Any:
        """Its axes in the order of `dims`; a view."""
        return shapes.transpose(self, dims[0] if isinstance(dims[0], (tuple, list)) else dims)

    def t(self: Any) -> Any:
        """A matrix with its axes exchanged; a view."""
        if self.ndim > 2:
            raise SpellingError(f"t() needs at most 2 axes, got {self.ndim}; use .mT or .T")
        return shapes.transpose(self)

    @typed
    def expand(self: Any, *sizes: Any) -> Any:
        """Repeated along axes of length one, -1 keeps an axis; a read-only view of the values."""
        sizes = tuple(sizes[0]) if isinstance(sizes[0], (tuple, list)) else sizes
        shape = (1,) * (len(sizes) - self.ndim) + self.shape
        return broadcasting.broadcast_to(
            self, tuple(n if s == -1 else s for s, n in zip(sizes, shape, strict=True))
        )

    def contiguous(self: Any) -> Any:
        """Itself, or a copy if its memory is not in C order."""
        return self if np.asarray(self._data).flags.c_contiguous else shapes.copy(self)

    def masked_fill(self: Any, mask: Any, value: Any) -> Any:
        """With `value` where the mask holds; no gradient flows there."""
        return choosing.where(mask, value, self)

    def softmax(self: Any, dim: Any) -> Any:
        """exp(x) / sum(exp(x)) along `dim`."""
        return softmax.softmax(self, dim)

    def log_softmax(self: Any, dim: Any) -> Any:
        """The logarithm of softmax along `dim`."""
        return softmax.log_softmax(self, dim)

    def logsumexp(self: Any, dim: Any, keepdim: Any = False) -> Any:
        """log(sum(exp(x))) along `dim`."""
        return softmax.logsumexp(self, dim, keepdim)

    def cpu(self: Any) -> Any:
        """Itself: tensors live in the computer's memory."""
        return self

    @typed
    def type_as(self: Any, other: Any) -> Any:
        """In the dtype of another tensor."""
        return self if self.dtype == other.dtype else shapes.astype(self, other.dtype)

    @typed
    def fill_(self: Any, value: Any) -> Any:
        """Every element set to `value`, in place; returns the tensor."""
        self[...] = value
        return self

    def zero_(self: Any) -> Any:
        """Every element set to 0, in place; returns the tensor."""
        self[...] = 0
        return self

    @typed
    def copy_(self: Any, other: Any) -> Any:
        """Its elements set to those of another, in place; returns the tensor."""
        self[...] = other
        return self

    # -------------------------------------------------------------- another thing, or nothing

    def view(self: Any, *shape: Any) -> Any:
        """Raises: `reshape` is NumPy's word for it, and `view(dtype)` is not differentiable."""
        how = ", ".join(map(repr, shape))
        raise SpellingError(
            f"view({how}) is PyTorch's spelling; Tensor follows NumPy: use reshape({how}); "
            "for another dtype use astype(dtype)"
        )

    view_as: Callable = _clash("view_as(other)", "reshape(other.shape)")
    reshape_as: Callable = _clash("reshape_as(other)", "reshape(other.shape)")
    expand_as: Callable = _clash("expand_as(other)", "numpy.broadcast_to(tensor, other.shape)")
    amax: Callable = _clash("amax(dim)", "max(axis)")
    amin: Callable = _clash("amin(dim)", "min(axis)")
    norm: Callable = _clash("norm()", "numpy.sqrt((tensor**2).sum())")
    index_select: Callable = _clash("index_select(dim, index)", "take(index, axis)")
    gather: Callable = _clash("gather(dim, index)", "numpy.take_along_axis(tensor, index, axis)")
    chunk: Callable = _clash("chunk(n, dim)", "numpy.array_split(tensor, n, axis)")
    split: Callable = _clash("split(size, dim)", "numpy.split(tensor, indices, axis)")
    movedim: Callable = _clash("movedim(source, destination)", "numpy.moveaxis(tensor, ...)")
    type: Callable = _clash("type(dtype)", "astype(dtype)")
    to: Callable = _clash("to(dtype)", "astype(dtype)")
    cuda: Callable = _clash("cuda()", "it as it is: tensors live in the computer's memory")
