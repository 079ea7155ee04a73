"""Tensor: NumPy's surface over a value on the tape.

Arithmetic and methods are the functions of `ops/`, put here under NumPy's names. The few
PyTorch names that do not clash with NumPy's are here too; those that clash raise and name
NumPy's spelling.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import aliasing, backward, protocols, views
from .backward import HookHandle
from .diagnose import typed
from .errors import DtypeError, GradientError, SpellingError
from .methods import NumPyMethods
from .ops import choosing, contractions, elementwise, indexing, parts, shapes, sizes
from .plain import PlainValues
from .spelling import PyTorchNames, Size
from .tape import EXTRA, TensorBase, admit, leaf_node


def _operator(operation: Callable) -> tuple[Callable, Callable, Callable]:
    """An operation as a binary operator: forward, reflected and in place."""

    def reflected(self: Any, other: Any) -> Any:
        return operation(other, self)

    def in_place(self: Any, other: Any) -> Any:
        return aliasing.augment(self, operation, other)

    return operation, reflected, in_place


class Tensor(NumPyMethods, PyTorchNames, PlainValues):  # view is of both
    """An array that remembers how it was computed.

    `Tensor(x)` shares the memory of an ndarray; `autograd.tensor(x)` copies.

    Args:
        x: anything `numpy.asarray` takes, or a Tensor.
        dtype: a NumPy dtype; by default x's own.
        requires_grad: whether gradients are to be had with respect to it. Only for floating
            and complex dtypes.

    Errors: DtypeError for `requires_grad` on integers or booleans, or data that is no number.

    Example:
        >>> x = Tensor(np.array([1.0, 2.0]), requires_grad=True)
        >>> (x * x).sum().backward()
        >>> x.grad
        tensor([2., 4.])
    """

    __slots__ = ()
    __array_priority__ = 1000.0

    def __init__(self, x: Any, dtype: Any = None, requires_grad: bool = False):
        data = np.asarray(views.expose(x) if isinstance(x, TensorBase) else x, dtype)
        if data.dtype.kind not in "fciub":
            raise DtypeError(f"Tensor: expected numbers, got dtype {data.dtype}")
        self._data, self._node = data, None
        views.share(self)
        if requires_grad:
            self.requires_grad_()

    # -------------------------------------------------------------- what it is

    @property
    def shape(self) -> tuple[int, ...]:
        """Its lengths along each axis."""
        return self._data.shape

    @shape.setter
    def shape(self, value: Any) -> None:
        raise SpellingError(f"the shape of a tensor cannot be set; use reshape({value!r})")

    @property
    def dtype(self) -> np.dtype:
        """The NumPy dtype of its elements."""
        return self._data.dtype

    @dtype.setter
    def dtype(self, value: Any) -> None:
        raise SpellingError("the dtype of a tensor cannot be set; use astype(), or view() of its bytes")

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return self._data.ndim

    @property
    def size(self) -> Size:
        """How many elements it has."""
        return Size(self._data.size)

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self._data.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self._data.nbytes

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to it."""
        return self._node is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    @property
    def is_leaf(self) -> bool:
        """Whether the user made it, rather than an operation that is on the tape."""
        node = self._node
        return node is None or (node[EXTRA] is not None and node[EXTRA].leaf)

    @property
    def data(self) -> np.ndarray:
        """Its values as an ndarray that shares its memory. Writes to it are not recorded."""
        return views.expose(self)

    @data.setter
    def data(self, value: Any) -> None:
        views.replace_data(self, value)

    @property
    def grad(self) -> Any:
        """The gradient accumulated by `backward()`: a Tensor of this shape and dtype, or None."""
        node = self._node if self._node is not None else getattr(self, "_dormant", None)
        extra = node[EXTRA] if node is not None else None
        return extra.grad if extra is not None else None

    @grad.setter
    def grad(self, value: Any) -> None:
        node = self._node if self._node is not None else getattr(self, "_dormant", None)
        extra = node[EXTRA] if node is not None else None
        if extra is None or not extra.keep:
            if value is None:
                return
            raise GradientError("only a leaf that requires grad, or after retain_grad(), has .grad")
        extra.grad = None if value is None else backward.as_cotangent(value, self, "grad")

    @property
    def _value(self) -> Any:
        """HIPS autograd's name for the plain value; an array that cannot be written."""
        data = self._data
        if isinstance(data, np.ndarray):
            data = data.view()
            data.flags.writeable = False
        return data

    @property
    def _trace(self) -> int:
        """HIPS autograd's name for how deep the trace is; there are no levels here."""
        return 0

    # -------------------------------------------------------------- copies

    def __copy__(self) -> Tensor:
        return self.copy()

    def __deepcopy__(self, memo: dict) -> Tensor:
        if not self.is_leaf:
            raise GradientError("only leaves can be deep-copied; use .detach() or .copy()")
        twin = type(self).__new__(type(self))
        twin._data, twin._node, twin._alias = self._data.copy(), None, None
        memo[id(self)] = twin
        if self._node is not None:
            twin.requires_grad_()
            if self.grad is not None:
                twin.grad = self.grad.copy()
        return twin

    def __reduce__(self) -> Any:
        raise TypeError("tensors are not pickled; save arrays with nn.save or numpy.save")

    # -------------------------------------------------------------- gradients

    def backward(
        self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False
    ) -> None:
        """Add d self / d leaf to the `.grad` of every leaf that it was computed from.

        Args:
            gradient: the cotangent to start from, of this shape; may be left out for a scalar.
            retain_graph: keep what the graph saved, for another backward through it.
            create_graph: record the sweep itself, for derivatives of the gradients.

        Errors: GradientError if it does not require grad, or has no single gradient;
        GraphFreedError if the graph was released by an earlier backward.

        Example:
            >>> x = tensor(3.0, requires_grad=True)
            >>> (x**2).backward()
            >>> x.grad
            tensor(6.)
        """
        backward.backward(self, gradient, retain_graph, create_graph)

    @typed
    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Make this leaf require grad, or no longer; returns it."""
        if requires_grad:
            if self._node is None:
                if self.dtype.kind not in "fc":
                    raise DtypeError(
                        f"only floating and complex tensors can require grad, got {self.dtype}"
                    )
                self._node = getattr(self, "_dormant", None) or leaf_node(self.dtype)
        elif not self.is_leaf:
            raise GradientError("only a leaf can stop requiring grad; use .detach() for the rest")
        elif self._node is not None:
            self._dormant, self._node = self._node, None
        return self

    def detach(self) -> Tensor:
        """The same values and memory, outside the graph."""
        return shapes.detach(self)

    def retain_grad(self) -> None:
        """Keep the gradient of this tensor in `.grad` at the next backward, as leaves do."""
        views.extra(self, "retain_grad()").keep = True

    def register_hook(self, hook: Callable) -> HookHandle:
        """Call `hook(grad)` when its gradient is known; a result replaces the gradient.

        Returns a handle whose `remove()` takes the hook off again.
        """
        return HookHandle(views.extra(self, "register_hook()").hooks, hook)

    # -------------------------------------------------------------- indexing and writes

    __getitem__ = indexing.getitem

    def __setitem__(self, index: Any, value: Any) -> None:
        aliasing.write(self, index, value)

    # -------------------------------------------------------------- NumPy's protocols

    __array_ufunc__ = protocols.array_ufunc
    __array_function__ = protocols.array_function
    __array_namespace__ = protocols.array_namespace

    # -------------------------------------------------------------- operators

    __neg__ = elementwise.negative
    __pos__ = elementwise.positive
    __abs__ = sizes.absolute
    __invert__ = choosing.invert
    __eq__ = choosing.equal
    __ne__ = choosing.not_equal
    __lt__ = choosing.less
    __le__ = choosing.less_equal
    __gt__ = choosing.greater
    __ge__ = choosing.greater_equal
    __hash__ = object.__hash__  # which Python drops beside __eq__
    __add__, __radd__, __iadd__ = _operator(elementwise.add)
    __sub__, __rsub__, __isub__ = _operator(elementwise.subtract)
    __mul__, __rmul__, __imul__ = _operator(elementwise.multiply)
    __truediv__, __rtruediv__, __itruediv__ = _operator(elementwise.divide)
    __floordiv__, __rfloordiv__, __ifloordiv__ = _operator(elementwise.floor_divide)
    __mod__, __rmod__, __imod__ = _operator(elementwise.remainder)
    __pow__, __rpow__, __ipow__ = _operator(elementwise.power)
    __matmul__, __rmatmul__, __imatmul__ = _operator(contractions.matmul)
    __and__, __rand__, __iand__ = _operator(choosing.bitwise_and)
    __or__, __ror__, __ior__ = _operator(choosing.bitwise_or)
    __xor__, __rxor__, __ixor__ = _operator(choosing.bitwise_xor)
    __lshift__, __rlshift__, __ilshift__ = _operator(parts.left_shift)
    __rshift__, __rrshift__, __irshift__ = _operator(parts.right_shift)

    def __divmod__(self, other: Any) -> Any:
        return parts.divmod(self, other)

    def __rdivmod__(self, other: Any) -> Any:
        return parts.divmod(other, self)


def tensor(x: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A Tensor with a copy of the data. Floating data keep NumPy's dtype.

    Example:
        >>> tensor([[1.0, 2.0]], requires_grad=True)
        tensor([[1., 2.]], requires_grad=True)
    """
    result = Tensor(np.array(x._data if isinstance(x, TensorBase) else x, dtype))
    result._alias = None
    return result.requires_grad_() if requires_grad else result


admit("Tensor", Tensor)
