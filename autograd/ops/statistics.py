"""Statistics over axes, with NaNs left out and with weights.

What a mask or a NaN leaves out counts as the neutral element, so that its cotangent is exactly zero.
"""

from __future__ import annotations

import numpy as np

from ..errors import ArgumentError, DtypeError, ShapeError
from . import masked
from .arranging import atleast_2d
from .broadcasting import broadcast_to
from .choosing import clip, isnan
from .choosing import where as choose
from .complex import imag, real
from .composed import composed, plain
from .contractions import matmul
from .elementwise import sqrt
from .indexing import diagonal
from .joining import concatenate
from .matrices import conj
from .reductions import axes_of, count, mean, std, var
from .reductions import max as largest
from .reductions import min as smallest
from .reductions import sum as total
from .shapes import as_array, astype, reshape, transpose

_MISSING = np._NoValue
_WHOLE = {"mean": mean, "var": var, "std": std}  # where nothing is left out


def _given(**options):
    """The options that were given."""
    return {name: value for name, value in options.items() if value is not _MISSING and value is not None}


def _numbers_of(x, mask):
    """Which elements are numbers, and chosen by a mask."""
    there = ~np.isnan(plain(x)) if x.dtype.kind in "fc" else np.ones(x.shape, bool)
    return there if mask is _MISSING or mask is True else there & np.broadcast_to(plain(mask), x.shape)


def _in_dtype(x, dtype):
    x = as_array(x)
    return x if dtype is None or x.dtype == dtype else astype(x, dtype)


def _inexactly(name, x, dtype):
    """x in a dtype that a mean can have.

    Errors: DtypeError for integers, as NumPy's.
    """
    x = as_array(x)
    if dtype is not None and x.dtype.kind in "fc" and np.dtype(dtype).kind not in "fc":
        raise DtypeError(f"{name}: dtype must be inexact for {x.dtype}, got {np.dtype(dtype)}")
    return _in_dtype(x, dtype)


def _filled(name, neutral, x, axis, dtype, keepdims, initial, mask):
    x = _in_dtype(x, dtype)
    if x.dtype.kind in "fc":
        x = choose(isnan(x), neutral, x)
    return masked.masked(
        name, x, {"axis": axis, **_given(keepdims=keepdims, initial=initial), **_mask(mask)}
    )


def _mask(mask):
    return {} if mask is _MISSING else {"where": plain(mask)}


@composed(np.nansum)
def nansum(
    a, axis=None, dtype=None, out=None, keepdims=_MISSING, initial=_MISSING, where=_MISSING
):  # fmt: skip
    """The sum over axes of what are numbers.

    Example:
        >>> float(nansum(np.array([1.0, np.nan, 2.0])))
        3.0
    """
    return _filled("sum", 0, a, axis, dtype, keepdims, initial, where)


@composed(np.nanprod)
def nanprod(
    a, axis=None, dtype=None, out=None, keepdims=_MISSING, initial=_MISSING, where=_MISSING
):  # fmt: skip
    """The product over axes of what are numbers.

    Example:
        >>> float(nanprod(np.array([3.0, np.nan, 2.0])))
        6.0
    """
    return _filled("prod", 1, a, axis, dtype, keepdims, initial, where)


def _over_numbers(name, x, axis, keepdims, mask, **options):
    x = as_array(x)
    there = _numbers_of(x, mask)
    if not there.all():  # what is left out is finite, so that its cotangent of zero stays zero
        x = choose(there, x, 0)
    elif x.size and not options and keepdims is _MISSING:
        return _WHOLE[name](x, axis)
    return masked.masked(name, x, {"axis": axis, "where": there, **_given(keepdims=keepdims), **options})


@composed(np.nanmean)
def nanmean(a, axis=None, dtype=None, out=None, keepdims=_MISSING, *, where=_MISSING):
    """The mean over axes of what are numbers; NaN of none.

    Example:
        >>> float(nanmean(np.array([1.0, np.nan, 2.0])))
        1.5
    """
    return _over_numbers("mean", _inexactly("nanmean", a, dtype), axis, keepdims, where)


def _spread(name, a, axis, dtype, ddof, keepdims, mask, mean, correction):
    if correction is not _MISSING:
        if ddof:
            raise ArgumentError(f"nan{name}: ddof= and correction= are the same; give one of them")
        ddof = correction
    a = as_array(a)
    complexly = dtype is not None and np.dtype(dtype).kind == "c" and a.dtype.kind != "c"
    a = a if complexly else _inexactly(f"nan{name}", a, dtype)
    # where too few numbers are left the result is NaN, as NumPy's
    left = np.add.reduce(_numbers_of(a, mask), axis if axis is None else axes_of(axis, a.ndim),
                         np.intp, None, keepdims is True) - ddof  # fmt: skip
    given = {} if mean is _MISSING else {"mean": mean}
    out = _over_numbers(name, a, axis, keepdims, mask, ddof=ddof, **given)
    out = out if (left > 0).all() else choose(left <= 0, np.nan, out)
    return astype(out, np.dtype(dtype)) if complexly else out


@composed(np.nanvar)
def nanvar(
    a, axis=None, dtype=None, out=None, ddof=0, keepdims=_MISSING, *, where=_MISSING, mean=_MISSING,
    correction=_MISSING,
):  # fmt: skip
    """The variance over axes of what are numbers.

    Example:
        >>> float(nanvar(np.array([1.0, np.nan, 3.0])))
        1.0
    """
    return _spread("var", a, axis, dtype, ddof, keepdims, where, mean, correction)


@composed(np.nanstd)
def nanstd(
    a, axis=None, dtype=None, out=None, ddof=0, keepdims=_MISSING, *, where=_MISSING, mean=_MISSING,
    correction=_MISSING,
):  # fmt: skip
    """The standard deviation over axes of what are numbers; its gradient is 0 where they are equal.

    Example:
        >>> float(nanstd(np.array([1.0, np.nan, 3.0])))
        1.0
    """
    return _spread("std", a, axis, dtype, ddof, keepdims, where, mean, correction)


def _extremum(name, worst, a, axis, keepdims, initial, mask):
    a = as_array(a)
    there = _numbers_of(a, mask)
    start = _given(initial=initial)
    if start:
        return masked.masked(name, a, {"axis": axis, "where": there, **_given(keepdims=keepdims), **start})
    if not (mask is _MISSING or mask is True or mask is None):
        raise ArgumentError(f"nan{name}: where= needs initial=, for where it leaves nothing")
    pick = largest if name == "max" else smallest
    keepdims = keepdims is True
    if there.all():
        return pick(a, axis, keepdims)
    found = pick(choose(there, a, worst), axis, keepdims)
    some = np.logical_or.reduce(there, axis if axis is None else axes_of(axis, a.ndim), keepdims=keepdims)
    return found if some.all() else choose(some, found, np.nan)


@composed(np.nanmax)
def nanmax(a, axis=None, out=None, keepdims=_MISSING, initial=_MISSING, where=_MISSING):
    """The largest number over axes; NaN of none. Equal ones share the gradient.

    Example:
        >>> float(nanmax(np.array([1.0, np.nan, 3.0])))
        3.0
    """
    return _extremum("max", -np.inf, a, axis, keepdims, initial, where)


@composed(np.nanmin)
def nanmin(a, axis=None, out=None, keepdims=_MISSING, initial=_MISSING, where=_MISSING):
    """The smallest number over axes; NaN of none. Equal ones share the gradient.

    Example:
        >>> float(nanmin(np.array([1.0, np.nan, 3.0])))
        1.0
    """
    return _extremum("min", np.inf, a, axis, keepdims, initial, where)


@composed(np.average)
def average(a, axis=None, weights=None, returned=False, *, keepdims=_MISSING):
    """The mean over axes, weighted.

    Args:
        weights: of the shape of `a`, or of its lengths along `axis`.
        returned: whether to give the sum of the weights too.

    Gradient: to the array and to the weights.

    Example:
        >>> float(average(np.array([1.0, 4.0]), weights=np.array([2.0, 1.0])))
        2.0
    """
    a, keepdims = as_array(a), keepdims is True
    np.average(np.empty((0,) * a.ndim) if not a.ndim else plain(a), _tuple(axis), _checked(a, weights))
    if weights is None:
        out = masked.masked("mean", a, {"axis": _tuple(axis), "keepdims": keepdims})
        scale = np.full(out.shape, count(a.shape, _tuple(axis)), out.dtype)
    else:
        weights = as_array(weights)
        if weights.shape != a.shape:
            axes = axes_of(_tuple(axis), a.ndim)
            order = tuple(int(i) for i in np.argsort(axes))
            shape = [a.shape[i] if i in axes else 1 for i in range(a.ndim)]
            weights = broadcast_to(reshape(transpose(weights, order), tuple(shape)), a.shape)
        scale = total(weights, _tuple(axis), keepdims)
        out = total(a * weights, _tuple(axis), keepdims) / scale
    return (out, scale) if returned else out


def _tuple(axis):
    return tuple(axis) if isinstance(axis, list) else axis


def _checked(a, weights):
    """Weights for NumPy to look at, which refuses wrong shapes and a sum of zero."""
    return None if weights is None else np.asarray(plain(weights))


# ------------------------------------------------------------------ covariance


@composed(np.cov)
def cov(m, y=None, rowvar=True, bias=False, ddof=None, fweights=None, aweights=None, *, dtype=None):
    """The covariances of variables, each a row of observations (a column if not `rowvar`).

    Args:
        y: more variables; fweights: how often each observation counts; aweights: how much.

    Gradient: to the observations and to `aweights`.

    Example:
        >>> float(cov(np.array([1.0, 2.0, 3.0])))
        1.0
    """
    expected = np.cov(plain(m), plain(y), rowvar, bias, ddof, plain(fweights), plain(aweights), dtype=dtype)
    m = _variables(m, rowvar, expected.dtype)
    if y is not None:
        m = concatenate([m, _variables(y, rowvar, expected.dtype)], 0)
    ddof = (0 if bias else 1) if ddof is None else ddof
    weights = None if fweights is None else np.asarray(plain(fweights), float)
    if aweights is not None:
        weights = as_array(aweights) if weights is None else weights * as_array(aweights)
    scale = m.shape[1] if weights is None else total(weights)
    if weights is None or not ddof or aweights is None:
        freedom = scale - ddof
    else:
        freedom = scale - ddof * total(weights * as_array(aweights)) / scale
    middle = mean(m, 1) if weights is None else average(m, 1, broadcast_to(weights, m.shape))
    centred = m - reshape(middle, (-1, 1))
    right = conj(transpose(centred if weights is None else centred * weights))
    freedom = freedom if plain(freedom) > 0 else 0.0 * freedom
    out = matmul(centred, right) / freedom
    out = out if out.dtype == expected.dtype else astype(out, expected.dtype)
    return reshape(out, expected.shape)


def _variables(m, rowvar, dtype):
    m = as_array(m)
    if m.ndim > 2:
        raise ShapeError(f"cov: expected a vector or a matrix, got shape {m.shape}")
    m = m if m.ndim < 2 or rowvar else transpose(m)
    m = atleast_2d(m)
    return m if m.dtype == dtype else astype(m, dtype)


@composed(np.corrcoef)
def corrcoef(x, y=None, rowvar=True, *, dtype=None):
    """The correlation coefficients of variables: covariances over both standard deviations.

    Example:
        >>> corrcoef(np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]))
        array([[ 1., -1.],
               [-1.,  1.]])
    """
    c = cov(x, y, rowvar, dtype=dtype)
    if not c.ndim:
        return c / c
    deviations = sqrt(real(diagonal(c)))
    out = c / reshape(deviations, (-1, 1)) / deviations
    if out.dtype.kind != "c":
        return clip(out, -1, 1)
    return clip(real(out), -1, 1) + 1j * clip(imag(out), -1, 1)
