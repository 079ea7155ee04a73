"""Vector spaces: what shape and dtype a value has, and arithmetic on values of that kind.

`vspace(x)` describes an array, a number, or nested tuples, lists and dicts of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np

from .. import numpy as anp
from ..diagnose import describe
from ..errors import OperandError
from ..tape import TensorBase, new_tensor
from ..transforms.trees import leaves, rebuild, transform
from .boxes import getval


class VSpace:
    """A vector space.

    Attributes:
        size: its real dimension.
        iscomplex: whether its scalars are complex.
    """

    mappings: ClassVar[dict[type, Callable[[Any], VSpace]]] = {}
    iscomplex = False
    size: int

    def __init__(self, value: Any):
        pass

    @classmethod
    def register(cls, value_type: type, vspace_maker: Callable | None = None) -> None:
        """Have `vspace` describe values of this very type so."""
        VSpace.mappings[value_type] = vspace_maker or cls

    def zeros(self) -> Any:
        """The zero vector."""
        raise NotImplementedError

    def ones(self) -> Any:
        """The vector of ones; of 1 + 1j, if complex."""
        raise NotImplementedError

    def standard_basis(self) -> Iterator[Any]:
        """A basis over the real numbers."""
        raise NotImplementedError

    def randn(self) -> Any:
        """A vector of standard normal numbers."""
        raise NotImplementedError

    def add(self, x: Any, y: Any) -> Any:
        """x + y."""
        return self._add(x, y)

    def mut_add(self, x: Any, y: Any) -> Any:
        """x + y, where x may be None for zero and may be written."""
        return self._mut_add(self.zeros() if x is None else x, y)

    def scalar_mul(self, x: Any, a: Any) -> Any:
        """x * a."""
        return self._scalar_mul(x, a)

    def inner_prod(self, x: Any, y: Any) -> Any:
        """The real inner product."""
        return self._inner_prod(x, y)

    def covector(self, x: Any) -> Any:
        """The cotangent that stands for <x, .>."""
        return self._covector(x)

    def _add(self, x: Any, y: Any) -> Any:
        return x + y

    def _mut_add(self, x: Any, y: Any) -> Any:
        x += y
        return x

    def _scalar_mul(self, x: Any, a: Any) -> Any:
        return x * a

    def _inner_prod(self, x: Any, y: Any) -> Any:
        raise NotImplementedError

    def _covector(self, x: Any) -> Any:
        return x

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v}' for k, v in vars(self).items())})"


class ArrayVSpace(VSpace):
    """Real arrays of one shape and dtype."""

    def __init__(self, value: Any):
        value = np.asarray(getval(value))
        self.shape, self.dtype = value.shape, value.dtype

    @property
    def size(self) -> int:  # type: ignore[override]
        """Its real dimension."""
        return int(np.prod(self.shape))

    @property
    def ndim(self) -> int:
        """How many axes its arrays have."""
        return len(self.shape)

    def zeros(self) -> Any:
        return np.zeros(self.shape, self.dtype)

    def ones(self) -> Any:
        return np.full(self.shape, sum(self._units()), self.dtype)

    def _units(self) -> list:
        return [1.0]

    def standard_basis(self) -> Iterator[Any]:
        for index in np.ndindex(*self.shape):
            for unit in self._units():
                vector = np.zeros(self.shape, self.dtype)
                vector[index] = unit
                yield vector

    def randn(self) -> Any:
        parts = [unit * np.random.standard_normal(self.shape) for unit in self._units()]
        return np.asarray(sum(parts)).astype(self.dtype)

    def _inner_prod(self, x: Any, y: Any) -> Any:
        return anp.sum(anp.real(anp.conj(x) * y)) if self.iscomplex else anp.sum(x * y)


class ComplexArrayVSpace(ArrayVSpace):
    """Complex arrays of one shape and dtype, as a space over the real numbers."""

    iscomplex = True

    @property
    def size(self) -> int:  # type: ignore[override]
        """Its real dimension: two for each element."""
        return 2 * int(np.prod(self.shape))

    def _units(self) -> list:
        return [1.0, 1.0j]

    def _covector(self, x: Any) -> Any:
        return anp.conj(x)


class ContainerVSpace(VSpace):
    """Containers of one form; `shape` is the same container of the spaces of what is in it."""

    def __init__(self, value: Any):
        self.shape = self._of([vspace(part) for part in _parts(value)], value)

    def _of(self, parts: list, like: Any = None) -> Any:
        like = self.shape if like is None else like
        if isinstance(like, dict):
            return dict(zip(like, parts, strict=True))
        return like._make(parts) if hasattr(like, "_make") else type(like)(parts)

    def _map(self, f: Callable, *values: Any) -> Any:
        columns = [[v[k] for k in self.shape] if isinstance(v, dict) else v for v in values]
        return self._of([f(*row) for row in zip(_parts(self.shape), *columns, strict=True)])

    @property
    def size(self) -> int:  # type: ignore[override]
        """The sum of the dimensions of its parts."""
        return sum(space.size for space in _parts(self.shape))

    def zeros(self) -> Any:
        return self._map(lambda space: space.zeros())

    def ones(self) -> Any:
        return self._map(lambda space: space.ones())

    def randn(self) -> Any:
        return self._map(lambda space: space.randn())

    def standard_basis(self) -> Iterator[Any]:
        spaces = _parts(self.shape)
        for i, space in enumerate(spaces):
            for vector in space.standard_basis():
                yield self._of([vector if j == i else s.zeros() for j, s in enumerate(spaces)])

    def _add(self, x: Any, y: Any) -> Any:
        return self._map(lambda space, a, b: space._add(a, b), x, y)

    def _mut_add(self, x: Any, y: Any) -> Any:
        return self._map(lambda space, a, b: space._mut_add(a, b), x, y)

    def _scalar_mul(self, x: Any, a: Any) -> Any:
        return self._map(lambda space, part: space._scalar_mul(part, a), x)

    def _inner_prod(self, x: Any, y: Any) -> Any:
        return sum(_parts(self._map(lambda space, a, b: space._inner_prod(a, b), x, y)))

    def _covector(self, x: Any) -> Any:
        return self._map(lambda space, part: space._covector(part), x)


class SequenceVSpace(ContainerVSpace):
    """Sequences of a fixed length."""


class ListVSpace(SequenceVSpace):
    """Lists of a fixed length."""


class TupleVSpace(SequenceVSpace):
    """Tuples of a fixed length."""


class NamedTupleVSpace(SequenceVSpace):
    """Named tuples of one type."""


class DictVSpace(ContainerVSpace):
    """Dicts with the same keys."""


def _parts(container: Any) -> list:
    return list(container.values() if isinstance(container, dict) else container)


class SparseObject:
    """A cotangent of a space that is zero but for what `mut_add(zeros)` adds."""

    __slots__ = ("mut_add", "vs")

    def __init__(self, vs: VSpace, mut_add: Callable):
        self.vs, self.mut_add = vs, mut_add


def dense(value: Any, recorded: bool) -> Any:
    """A cotangent with sparse ones written out; into Tensors, where what is added is recorded."""
    found = [leaf for _, leaf in leaves(value)]
    if not any(type(leaf) is SparseObject for leaf in found):
        return value
    full = [_written_out(leaf, recorded) if type(leaf) is SparseObject else leaf for leaf in found]
    return full[0] if type(value) is SparseObject else rebuild(value, iter(full))


def _written_out(sparse: SparseObject, recorded: bool) -> Any:
    zeros = sparse.vs.zeros()
    return sparse.mut_add(transform(new_tensor, zeros) if recorded else zeros)


def sparse_add(vs: VSpace, x_prev: Any, x_new: SparseObject) -> Any:
    """x_prev, or zero for None, and a sparse cotangent."""
    return x_new.mut_add(vs.zeros() if x_prev is None else x_prev)


def _array_space(value: Any) -> VSpace:
    return (ComplexArrayVSpace if np.iscomplexobj(value) else ArrayVSpace)(value)


def vspace(value: Any) -> Any:
    """The vector space that a value is in.

    Errors: OperandError for what is no array, number or container of them.

    Example:
        >>> vspace({"w": np.ones((2, 3))}).size
        6
    """
    value = getval(value) if isinstance(value, TensorBase) else value
    maker = VSpace.mappings.get(type(value))
    if maker is not None:
        return maker(value)
    if isinstance(value, tuple) and hasattr(value, "_make"):
        return NamedTupleVSpace(value)
    if isinstance(value, (np.ndarray, np.generic)):
        return _array_space(value)
    raise OperandError(
        f"vspace: expected an array, a number or nested tuples, lists and dicts of them, got "
        f"{describe(value)}"
    )


for _type in (np.ndarray, float, complex, *np.sctypeDict.values()):
    if issubclass(_type, (np.ndarray, np.inexact, float, complex)):
        VSpace.register(_type, _array_space)
ListVSpace.register(list)
TupleVSpace.register(tuple)
DictVSpace.register(dict)
VSpace.register(SparseObject, lambda x: x.vs)
