"""Functions of functions, and those of numpy.lib.scimath, which look at the values first."""

from __future__ import annotations

import math

import numpy as np

from ..errors import ArgumentError
from .complex import real
from .composed import composed, plain
from .elementwise import arccos, arcsin, arctanh, log, log2, log10, power, sqrt
from .indexing import getitem, setitem
from .joining import stack
from .shapes import as_array, astype, axis_index, expand_dims, moveaxis, reshape, zeros_like

# ------------------------------------------------------------------ functions of functions


@composed(np.apply_along_axis)
def apply_along_axis(func1d, axis, arr, *args, **kwargs):
    """func1d of each vector along an axis; its results take the place of that axis.

    Example:
        >>> apply_along_axis(np.sum, 0, np.ones((2, 3)))
        array([2., 2., 2.])
    """
    arr = as_array(arr)
    axis = axis_index(axis, arr.ndim)
    rows = moveaxis(arr, axis, -1)
    outer = tuple(rows.shape[: arr.ndim - 1])
    found = [as_array(func1d(getitem(rows, i), *args, **kwargs)) for i in np.ndindex(outer)]
    if not found:
        raise ArgumentError(f"apply_along_axis: there is no vector along axis {axis} of {tuple(arr.shape)}")
    inner = tuple(found[0].shape)
    out = reshape(stack(found), outer + inner)
    places = range(axis, axis + len(inner))
    return moveaxis(out, range(len(outer), out.ndim), places) if inner else out


@composed(np.apply_over_axes)
def apply_over_axes(func, a, axes):
    """func(a, axis) for one axis after the other, each of which stays with length one.

    Example:
        >>> apply_over_axes(np.sum, np.ones((2, 3)), [0, 1])
        array([[6.]])
    """
    out = as_array(a)
    for axis in np.atleast_1d(plain(axes)).tolist():
        axis = axis_index(axis, out.ndim)
        result = func(out, axis)
        out = result if result.ndim == out.ndim else expand_dims(result, axis)
    return out


@composed(np.piecewise)
def piecewise(x, condlist, funclist, *args, **kw):
    """Each function (or value) of the elements of x where its condition holds; else the last, or 0.

    Example:
        >>> piecewise(np.array([-1.0, 2.0]), [np.array([True, False])], [abs, 5.0])
        array([1., 5.])
    """
    x, functions = as_array(x), list(funclist)
    conditions = plain(condlist)
    if np.isscalar(conditions) or (not isinstance(conditions[0], (list, np.ndarray)) and x.ndim != 0):
        conditions = [conditions]
    conditions = np.asarray(conditions, bool)
    if len(functions) == len(conditions) + 1:
        conditions = np.concatenate([conditions, ~np.any(conditions, axis=0, keepdims=True)])
    elif len(functions) != len(conditions):
        raise ArgumentError(f"piecewise: {len(conditions)} conditions, but {len(functions)} functions")
    out = zeros_like(x)
    for condition, function in zip(conditions, functions, strict=True):
        part = getitem(x, condition)
        if part.size:
            value = function(part, *args, **kw) if callable(function) else function
            out = setitem(out, as_array(value), condition)
    return out


# ------------------------------------------------------------------ complex where need be


@composed(np.real_if_close)
def real_if_close(a, tol=100):
    """The real part if all imaginary parts are nearly zero, else a itself.

    Example:
        >>> real_if_close(np.array([1.0 + 1e-16j]))
        array([1.])
    """
    a = as_array(a)
    close = np.real_if_close(plain(a), tol).dtype.kind != "c"
    return real(a) if close and a.dtype.kind == "c" else a


def _as_complex(x, low, high):
    """x, in the complex dtype that NumPy chooses here, if a real number in it is outside [low, high]."""
    values = plain(x)
    if not np.any(np.isreal(values) & ((values.real < low) | (values.real > high))):
        return x
    dtype = np.dtype(np.complex64 if x.dtype.char in "fFbhBH" else np.complex128)
    return x if x.dtype == dtype else astype(x, dtype)


def _complex_outside(low, high, function, *theirs):
    """A function of numpy.lib.scimath: complex where an element is outside [low, high]."""

    def call(x):
        return function(_as_complex(as_array(x), low, high))

    call.__name__ = theirs[0].__name__
    call.__doc__ = f"{call.__name__} of x, complex if an element is outside [{low}, {high}]."
    return composed(*theirs)(call)


_SCIMATH = np.lib.scimath
_sqrt = _complex_outside(0, math.inf, sqrt, _SCIMATH.sqrt)
_log = _complex_outside(0, math.inf, log, _SCIMATH.log)
_log2 = _complex_outside(0, math.inf, log2, _SCIMATH.log2)
_log10 = _complex_outside(0, math.inf, log10, _SCIMATH.log10)
_arccos = _complex_outside(-1, 1, arccos, _SCIMATH.arccos)
_arcsin = _complex_outside(-1, 1, arcsin, _SCIMATH.arcsin)
_arctanh = _complex_outside(-1, 1, arctanh, _SCIMATH.arctanh)


@composed(_SCIMATH.logn)
def _logn(n, x):
    """The logarithm of x to base n, complex if an element is negative."""
    return _log(as_array(x)) / _log(as_array(n))


@composed(_SCIMATH.power)
def _power(x, p):
    """x ** p, complex if an element of x is negative."""
    return power(_as_complex(as_array(x), 0, math.inf), as_array(p))
