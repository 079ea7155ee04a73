"""Batched: a Tensor that stands for one example of several, inside `vmap`.

All of Tensor's surface works on it. What needs the value of one example, and there is none, raises:
its number, its truth, its ndarray, its own `.grad`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import batching_classes  # noqa: F401 - fills the table of classes
from .batching import admit_batched, check_running
from .errors import VmapError
from .spelling import Size
from .tensor import Tensor

_FACTS = ("shape", "dtype", "ndim", "size", "itemsize", "nbytes")


class Hidden:
    """What a batched tensor shows in the place of its value: what it is like, and errors for the rest."""

    __slots__ = ("_owner",)

    def __init__(self, owner: Any):
        self._owner = owner

    def __getattr__(self, name: str) -> Any:
        if name in _FACTS:
            return getattr(self._owner, name)
        raise VmapError(_refusal("its value", self._owner))

    def _refused(self, *args: Any, **options: Any) -> Any:
        raise VmapError(_refusal("its value", self._owner))

    __array__ = __array_ufunc__ = __getitem__ = __iter__ = __len__ = _refused
    __bool__ = __float__ = __int__ = __index__ = __complex__ = __contains__ = _refused
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refused
    __neg__ = __abs__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _refused
    __truediv__ = __rtruediv__ = __pow__ = __rpow__ = __mod__ = __rmod__ = __and__ = __or__ = _refused
    __invert__ = __matmul__ = __rmatmul__ = _refused
    __hash__ = object.__hash__


def _refusal(what: str, tensor: Any) -> str:
    level = tensor._level
    return (
        f"vmap: {what} was asked of a tensor {tensor.dtype}{tensor.shape} that differs from example to "
        f"example ({level.size} of them); compute with it as an array, or give in_axes=None to what is "
        "the same for all"
    )


def _refuse(what: str, why: str = "") -> Any:
    def method(self: Any, *args: Any, **options: Any) -> Any:
        check_running(self._level, what)
        raise VmapError(_refusal(what, self) + why)

    method.__name__ = what
    method.__doc__ = f"Raises VmapError: {what} needs one value."
    return method


_CHOOSE = "; instead of `if` and `while` use numpy.where"
_INDEX = "; to index an ndarray by it use autograd.numpy.take, or make that a Tensor"
_LATER = "; use grad inside vmap, or backward() outside"


class Batched(Tensor):
    """One example of several, under `vmap`. See `batching.py`."""

    __slots__ = ("_inner", "_level")

    _inner: Any
    _level: Any

    @property
    def _data(self) -> Any:
        check_running(self._level, "Tensor")
        return Hidden(self)

    @property
    def _node(self) -> Any:  # type: ignore[override]
        return self._inner._node

    @property
    def _alias(self) -> Any:
        return None

    # -------------------------------------------------------------- what it is

    @property  # type: ignore[misc]
    def shape(self) -> tuple[int, ...]:
        """The lengths of one example along each axis."""
        return self._inner.shape[1:]

    @property  # type: ignore[misc]
    def dtype(self) -> np.dtype:
        """The NumPy dtype of its elements."""
        return self._inner.dtype

    @property
    def ndim(self) -> int:
        """How many axes one example has."""
        return self._inner.ndim - 1

    @property
    def size(self) -> Any:
        """How many elements one example has."""
        return Size(math.prod(self.shape))

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self._inner.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of one example."""
        return self.itemsize * int(self.size)

    @property
    def is_leaf(self) -> bool:
        """False where it requires grad: it is one example of something."""
        return self._node is None

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("len() of a 0-d tensor")
        return self.shape[0]

    def __repr__(self) -> str:
        return f"batched({self.dtype}{self.shape}, one of {self._level.size} examples)"

    def __format__(self, spec: str) -> str:
        return repr(self) if not spec else _refuse("its text")(self)

    # -------------------------------------------------------------- what it has not

    data = property(_refuse("its value (.data)"), _refuse("its value (.data)"))
    grad = property(_refuse("its .grad", _LATER), _refuse("its .grad", _LATER))
    _value = property(_refuse("its value (._value)"))
    numpy: Any = _refuse("its value (numpy())")
    item: Any = _refuse("its value (item())")
    tolist: Any = _refuse("its value (tolist())")
    tobytes: Any = _refuse("its value (tobytes())")
    tofile: Any = _refuse("its value (tofile())")
    backward: Any = _refuse("backward()", _LATER)
    requires_grad_: Any = _refuse("requires_grad_()", _LATER)
    retain_grad: Any = _refuse("retain_grad()", _LATER)
    register_hook: Any = _refuse("register_hook()", _LATER)
    __array__: Any = _refuse("its value (numpy.asarray)", _INDEX)
    __dlpack__: Any = _refuse("its value (__dlpack__)")
    __float__: Any = _refuse("its value (float())")
    __int__: Any = _refuse("its value (int())")
    __index__: Any = _refuse("its value (as an index or a length)", _INDEX)
    __complex__: Any = _refuse("its value (complex())")
    __bool__: Any = _refuse("its truth (bool())", _CHOOSE)
    __contains__: Any = _refuse("its elements (in)", _CHOOSE)
    __hash__ = object.__hash__

    def __deepcopy__(self, memo: dict) -> Any:
        return self.copy()


admit_batched(Batched)
