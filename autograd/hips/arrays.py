"""Tools that rules of array functions are written with: undoing broadcasting, and the like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import numpy as anp
from .boxes import getval
from .primitives import notrace_primitive, primitive
from .vspaces import SparseObject


@notrace_primitive
def metadata(A: Any) -> tuple:
    """Shape, number of axes, dtype, and whether it is complex."""
    return _metadata(A)


def _metadata(A: Any) -> tuple:
    if not isinstance(A, (np.ndarray, np.generic)):
        A = np.asarray(getval(A))
    return A.shape, A.ndim, A.dtype, A.dtype.kind == "c"


def unbroadcast(x: Any, target_meta: tuple, broadcast_idx: int = 0) -> Any:
    """x summed to the shape of what was broadcast to it, and real if that is real.

    Args:
        target_meta: the `metadata` of what was broadcast.
        broadcast_idx: which axis broadcasting put in, 0 or -1.

    Example:
        >>> unbroadcast(np.ones((2, 3)), metadata(np.zeros(3)))
        array([2., 2., 2.])
    """
    shape, ndim, _, is_complex = target_meta
    if type(x) is np.ndarray and (is_complex or x.dtype.kind != "c"):  # as nearly always
        if x.shape == shape:
            return x
        if not shape:
            return np.add.reduce(x, None)
    extra = anp.ndim(x) - ndim
    if extra > 0:
        first = broadcast_idx % anp.ndim(x) - (extra - 1 if broadcast_idx < 0 else 0)
        x = anp.sum(x, axis=tuple(range(first, first + extra)))
    ones = tuple(i for i, n in enumerate(shape) if n == 1)
    if ones:
        x = anp.sum(x, axis=ones, keepdims=True)
    return anp.real(x) if not is_complex and anp.iscomplexobj(getval(x)) else x


def unbroadcast_f(target: Any, f: Callable) -> Callable:
    """The cotangent function f, its result summed to the shape of target."""
    meta = _metadata(target)
    return lambda g: unbroadcast(f(g), meta)


def match_complex(target: Any, x: Any) -> Any:
    """x as complex or real as target is."""
    wanted, given = np.iscomplexobj(getval(target)), np.iscomplexobj(getval(x))
    if given and not wanted:
        return anp.real(x)
    return x + 0j if wanted and not given else x


def replace_zero(x: Any, val: Any) -> Any:
    """x with val for its zeros."""
    return anp.where(x, x, val)


def balanced_eq(x: Any, z: Any, y: Any) -> Any:
    """The share of x where the larger or smaller of x and y is z: 1, 0, or 1/2 where both are."""
    return (x == z) / (1.0 + (x == y))


def repeat_to_match_shape(g: Any, shape: tuple, dtype: Any, axis: Any, keepdims: bool) -> tuple:
    """g, the cotangent of a reduction, broadcast to the shape before; how often each was repeated."""
    if shape == ():
        return g, 1
    axes: Any = range(len(shape)) if axis is None else [axis] if np.isscalar(axis) else list(axis)
    kept = [1 if i in {a % len(shape) for a in axes} else n for i, n in enumerate(shape)]
    repeated = anp.reshape(g, kept) + np.zeros(shape, dtype)
    return repeated, int(np.prod(shape)) // max(int(np.prod(kept)), 1)


def untake(x: Any, idx: Any, vs: Any) -> SparseObject:
    """The cotangent that is x at an index, and zero elsewhere."""
    index = np.asarray(idx) if isinstance(idx, list) else idx

    def mut_add(A: Any) -> Any:
        np.add.at(A, index, x)
        return A

    return SparseObject(vs, mut_add)


def make_diagonal(D: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Arrays with vectors on their diagonals: the transpose of `diagonal`.

    Example:
        >>> make_diagonal(np.array([1.0, 2.0]), offset=1)
        array([[0., 1., 0.],
               [0., 0., 2.],
               [0., 0., 0.]])
    """
    size = anp.shape(D)[-1]
    whole = size + abs(offset)
    low, high = np.eye(size, whole), np.eye(size, whole, abs(offset))
    rows, columns = (high, low) if offset < 0 else (low, high)
    made = anp.einsum("...i,ij,ik->...jk", D, rows, columns)
    return anp.moveaxis(made, (-2, -1), (axis1, axis2))


def array_from_args(array_args: tuple, array_kwargs: dict, *args: Any) -> Any:
    """np.array of the arguments as its rows."""
    return anp.array(list(args), *array_args, **array_kwargs)


def concatenate_args(axis: int, *args: Any) -> Any:
    """np.concatenate of the arguments."""
    return anp.concatenate(args, axis)


def wrap_if_boxes_inside(raw_array: Any, slow_op_name: str | None = None) -> Any:
    """An array of tensors, as NumPy makes it of lists of them, as one Tensor."""
    raw = np.asarray(raw_array)
    return anp.array(raw.tolist()) if raw.dtype == object else raw_array


def wrap_namespace(old: dict, new: dict) -> None:
    """Put the functions of one namespace in another, those that autograd.numpy knows as it knows
    them, the rest as primitives for `defvjp`."""
    from ..protocols import IMPLEMENTATIONS

    for name, thing in old.items():
        if name.startswith("__"):
            continue
        if callable(thing) and not isinstance(thing, type):
            thing = IMPLEMENTATIONS.get(thing) or primitive(thing)
        new[name] = thing


def broadcast(x: Any, target: Any) -> Any:
    """x broadcast to the shape of target, and complex if that is."""
    return match_complex(target, anp.broadcast_to(x, np.broadcast_shapes(anp.shape(x), anp.shape(target))))
