"""HIPS autograd's boxes: here there is one, the Tensor, and containers are Python's own.

The classes serve `isinstance` alone. `isinstance(x, ArrayBox)` asks whether a gradient flows to x,
`isinstance(x, DictBox)` whether one flows to something in a dict.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from ..errors import DeclarationError
from ..tape import TensorBase
from ..transforms.trees import is_container, leaves, rebuild


def isbox(x: Any) -> bool:
    """Whether x is a tensor that a gradient flows to.

    Example:
        >>> from autograd import tensor
        >>> isbox(tensor(1.0)), isbox(tensor(1.0, requires_grad=True))
        (False, True)
    """
    return isinstance(x, TensorBase) and x._node is not None


def getval(x: Any) -> Any:
    """The plain value of a tensor, or of containers of them; anything else as it is.

    An array comes as a view that cannot be written, since the tape may need its values.

    Example:
        >>> from autograd import tensor
        >>> getval({"a": tensor([1.0], requires_grad=True)})
        {'a': array([1.])}
    """
    if isinstance(x, TensorBase):
        return x._value  # type: ignore[attr-defined]
    if is_container(x) and holds_tensor(x):
        return rebuild(x, iter([getval(leaf) for _, leaf in leaves(x)]))
    return x


def holds_tensor(x: Any) -> bool:
    """Whether x is a tensor, or a container with one in it."""
    if isinstance(x, TensorBase):
        return True
    return isinstance(x, (tuple, list, dict)) and any(isinstance(leaf, TensorBase) for _, leaf in leaves(x))


def _holds_box(x: Any) -> bool:
    return any(isbox(leaf) for _, leaf in leaves(x))


class _Asked(type):
    """The type of classes that only answer `isinstance`."""

    asks: Callable[[Any], bool]

    def __instancecheck__(cls, x: Any) -> bool:
        return cls.asks(x)

    def __call__(cls, *args: Any, **options: Any) -> Any:
        raise DeclarationError(f"{cls.__name__}: boxes are not made by hand; grad and its kin make Tensors")

    def register(cls, value_type: type) -> None:
        """Refused, but for classes of arrays: gradients flow to arrays, and to containers of them."""
        if isinstance(value_type, type) and issubclass(value_type, np.ndarray):
            return  # known already
        raise DeclarationError(
            f"{cls.__name__}.register({value_type.__name__}): values of other types cannot be "
            "differentiated; take them apart into arrays"
        )


class Box(metaclass=_Asked):
    """Anything that a gradient flows to."""

    asks = staticmethod(lambda x: isbox(x) or (is_container(x) and _holds_box(x)))
    type_mappings: ClassVar[dict[type, Any]] = {}  # written by packages with classes of arrays; unread


class ArrayBox(Box):
    """A tensor that a gradient flows to.

    Example:
        >>> from autograd import grad
        >>> seen = []
        >>> _ = grad(lambda x: seen.append(isinstance(x, ArrayBox)) or x)(1.0)
        >>> seen
        [True]
    """

    asks = staticmethod(isbox)


class SequenceBox(Box):
    """A tuple or list with something in it that a gradient flows to."""

    asks = staticmethod(lambda x: isinstance(x, (tuple, list)) and _holds_box(x))


class DictBox(Box):
    """A dict with something in it that a gradient flows to."""

    asks = staticmethod(lambda x: isinstance(x, dict) and _holds_box(x))


class SparseBox(Box):
    """Of a sparse cotangent; none reaches a function here."""

    asks = staticmethod(lambda x: False)
