"""Reshaping, transposing, casting: operations that move values about.

All are linear. Those that NumPy makes views of stay views, and declare their put-back:
the base with the values of a changed view put back in (see `aliasing.py`).
"""

from __future__ import annotations

import operator

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from ..batching import on_all
from ..codegen import FAST
from ..declare import case, primitive
from ..diagnose import describe
from ..errors import AxisError, OperandError, ShapeError
from ..primitive import REGISTRY
from ..tape import TensorBase, apply


def zeros_like(x):
    """Zeros of the shape and dtype of x, without gradient; a Tensor for a Tensor."""
    if not isinstance(x, TensorBase):
        return np.zeros_like(x)
    return on_all(np.zeros_like, x)


# ------------------------------------------------------------------ dtype and copies


def _cast_back(g, x_dtype):
    if g.dtype.kind == "c" and x_dtype.kind != "c":
        g = FAST["real"](g)
    return astype(g, x_dtype)


_astype = primitive(
    lambda x, dtype: x.real.astype(dtype)
    if x.dtype.kind == "c" and dtype.kind not in "cO"
    else x.astype(dtype),
    ["x"],
    name="astype",
    vjp={"x": lambda g, x_dtype: _cast_back(g, x_dtype)},
    linear=True, batch="same", cases=[case((2, 3), dtype=np.dtype(np.float32))],
    doc="x in another dtype, a copy. Gradient: cast back to x's dtype.",
)  # fmt: skip


def astype(x, dtype):
    """x in another dtype, a copy.

    Gradient: cast back to the dtype of x. Integers and booleans have none: they are a constant.

    Example:
        >>> astype(np.array([1.5, 2.5]), np.int64)
        array([1, 2])
    """
    dtype = np.dtype(dtype)
    if dtype.kind not in "fc" and isinstance(x, TensorBase):
        x = detach(x)
    return _astype(x, dtype)


copy = primitive(
    lambda x: x.copy(), ["x"], name="copy", vjp={"x": lambda g: g}, linear=True, batch="same",
    cases=[case((2, 3))], doc="A copy of x.",
)  # fmt: skip

detach = primitive(
    lambda x: x.view(), ["x"], name="detach", view=lambda base, new: new, batch="same", cases=[case((2, 3))],
    doc="The same values and memory, outside the graph.",
)  # fmt: skip

# ------------------------------------------------------------------ shape

reshape = primitive(
    lambda x, shape: x.reshape(shape),
    ["x"],
    name="reshape",
    vjp={"x": lambda g, x_shape: reshape(g, x_shape)},
    view=lambda base, new, shape: reshape(new, base.shape),
    linear=True, batch="shape", cases=[case((2, 6), shape=(3, -1)), case((0, 3), shape=(3, 0))],
    numpy=[np.reshape], doc="x with another shape, in C order; a view where NumPy makes one.",
)  # fmt: skip


def _inverse(axes):
    return tuple(int(i) for i in np.argsort(axes))


_transpose = primitive(
    lambda x, axes: x.transpose(axes),
    ["x"],
    name="transpose",
    vjp={"x": lambda g, axes: _transpose(g, _inverse(axes))},
    view=lambda base, new, axes: _transpose(new, _inverse(axes)),
    linear=True, cases=[case((2, 3, 4), axes=(2, 0, 1))],
    batch=lambda call: call.run(axes=(0, *(i + 1 for i in call.statics["axes"]))),
    doc="x with its axes permuted.",
)  # fmt: skip


def as_array(x):
    """x itself if it is an array or a Tensor, else what NumPy makes of it; a stack of tensors in a list."""
    if hasattr(x, "ndim"):
        return x
    if _has_tensor(x):
        return apply(REGISTRY["stack"], [as_array(part) for part in x], (0,))
    try:
        return np.asarray(x)
    except (TypeError, ValueError) as error:
        raise ShapeError(f"expected an array, got {describe(x)}: {error}") from None


def _has_tensor(x):
    if isinstance(x, (list, tuple)):
        return any(_has_tensor(part) for part in x)
    return isinstance(x, TensorBase)


def _axes(x, axes, ndim=None):
    """Non-negative axes of x; AxisError if one is out of range."""
    try:
        return normalize_axis_tuple(axes, x.ndim if ndim is None else ndim)
    except (np.exceptions.AxisError, ValueError) as error:
        raise AxisError(f"{error} (of shape {tuple(x.shape)})") from None


def transpose(x, axes=None):
    """x with its axes permuted, reversed by default; a view.

    Example:
        >>> transpose(np.zeros((2, 3, 4)), (2, 0, 1)).shape
        (4, 2, 3)
    """
    x = as_array(x)
    n = x.ndim
    axes = tuple(range(n))[::-1] if axes is None else _axes(x, axes)
    if len(axes) != n:
        raise ShapeError(
            f"transpose: {n} axes in {tuple(x.shape)}, got {len(axes)}: {axes}; "
            "to exchange two use swapaxes"
        )
    return _transpose(x, axes)


def swapaxes(x, axis1, axis2):
    """x with two axes exchanged; a view.

    Example:
        >>> swapaxes(np.zeros((2, 3, 4)), 0, -1).shape
        (4, 3, 2)
    """
    x = as_array(x)
    order = list(range(x.ndim))
    i, j = _axes(x, (axis1,))[0], _axes(x, (axis2,))[0]
    order[i], order[j] = order[j], order[i]
    return _transpose(x, tuple(order))


def mT(x):
    """x with its last two axes exchanged; a view.

    Example:
        >>> mT(np.zeros((2, 3, 4))).shape
        (2, 4, 3)
    """
    return swapaxes(x, -1, -2)


def moveaxis(x, source, destination):
    """x with axes moved to new places, the others in their order; a view.

    Example:
        >>> moveaxis(np.zeros((2, 3, 4)), 0, -1).shape
        (3, 4, 2)
    """
    x = as_array(x)
    source, destination = _axes(x, source), _axes(x, destination)
    if len(source) != len(destination):
        raise ShapeError(f"moveaxis: {len(source)} sources but {len(destination)} destinations")
    order = [i for i in range(x.ndim) if i not in source]
    for to, i in sorted(zip(destination, source, strict=True)):
        order.insert(to, i)
    return _transpose(x, tuple(order))


def ravel(x):
    """x as one axis; a view where NumPy makes one.

    Example:
        >>> ravel(np.eye(2))
        array([1., 0., 0., 1.])
    """
    return reshape(x, (-1,))


def flatten(x):
    """A copy of x as one axis.

    Example:
        >>> flatten(np.eye(2))
        array([1., 0., 0., 1.])
    """
    return copy(reshape(x, (-1,)))


def expand_dims(x, axis):
    """x with axes of length one put in; a view.

    Example:
        >>> expand_dims(np.zeros((2, 3)), (0, -1)).shape
        (1, 2, 3, 1)
    """
    x = as_array(x)
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    n = x.ndim + len(axes)
    axes = _axes(x, axes, n)
    rest = iter(x.shape)
    return reshape(x, tuple(1 if i in axes else next(rest) for i in range(n)))


def squeeze(x, axis=None):
    """x without axes of length one; a view.

    Example:
        >>> squeeze(np.zeros((1, 3, 1))).shape
        (3,)
    """
    x = as_array(x)
    shape = x.shape
    axes = [i for i, n in enumerate(shape) if n == 1] if axis is None else _axes(x, axis)
    for i in axes:
        if shape[i] != 1:
            raise ShapeError(f"squeeze: axis {i} of {shape} has length {shape[i]}, not 1")
    return reshape(x, tuple(n for i, n in enumerate(shape) if i not in axes))


def axis_index(axis, ndim):
    """A non-negative axis; AxisError if it is out of range."""
    try:
        return normalize_axis_index(operator.index(axis), ndim)
    except np.exceptions.AxisError as error:
        raise AxisError(str(error)) from None
    except TypeError:
        raise OperandError(f"an axis must be an integer, got {describe(axis)}") from None
