"""Reductions and cumulative sums over axes."""

from __future__ import annotations

import builtins
import math

import numpy as np

from ..declare import case, primitive
from ..memory import is_array
from .arranging import flip
from .broadcasting import stretched
from .choosing import equal, where
from .complex import conjugate, real_part
from .joining import concatenate, stack
from .limits import over, undefined_slope, unless, zeros_of
from .shapes import as_array, axis_index, moveaxis, ravel, reshape
from .steep import steep

CASES = [case((2, 3)), case((2, 3), axis=0), case((2, 3, 4), axis=(0, -1), keepdims=True)]


# Units of rounding that the mean of a constant may be off by.
_ROUNDED = 64


def axes_of(axis, ndim):
    """The axes that `axis` stands for, as a tuple of non-negative ones."""
    if axis is None or not ndim:  # NumPy takes axis 0 of what has none
        return tuple(range(ndim))
    return tuple(a % ndim for a in axis) if isinstance(axis, tuple) else (axis % ndim,)


def kept(shape, axis):
    """A shape with ones in place of the axes reduced over."""
    axes = axes_of(axis, len(shape))
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def spread(g, shape, axis):
    """A reduced array repeated along the axes that it was reduced over."""
    if axis is not None and g.ndim != len(shape):
        g = reshape(g, kept(shape, axis))
    elif axis is None and g.ndim:
        g = reshape(g, (1,) * len(shape))
    return stretched(g, shape)


def aligned(g, shape, axis):
    """A reduced array with ones for the reduced axes, so that it broadcasts against x."""
    return g if g.ndim == len(shape) or (axis is None and not g.ndim) else reshape(g, kept(shape, axis))


def count(shape, axis):
    """How many elements each result of a reduction comes from."""
    return math.prod(shape[i] for i in axes_of(axis, len(shape)))


sum = primitive(
    lambda x, axis=None, keepdims=False: np.add.reduce(x, axis, None, None, keepdims),
    ["x"],
    name="sum",
    vjp={"x": lambda g, x_shape, axis: spread(g, x_shape, axis)},
    linear=True, analytic=True, batch="axis", cases=CASES, numpy=[np.sum], doc="The sum over axes.",
)  # fmt: skip


def _mean(x, axis=None, keepdims=False):
    # np.mean is four times slower on small arrays; it alone knows what to do for integers,
    # float16 and nothing at all
    if x.dtype.kind in "fc" and x.dtype != np.float16 and x.size:
        return np.add.reduce(x, axis, None, None, keepdims) / count(x.shape, axis)
    return np.mean(x, axis, keepdims=keepdims)


mean = primitive(
    _mean,
    ["x"],
    name="mean",
    vjp={"x": lambda g, x_shape, axis: spread(g / builtins.max(count(x_shape, axis), 1), x_shape, axis)},
    linear=True, analytic=True, batch="axis", cases=CASES, numpy=[np.mean], doc="The mean over axes.",
)  # fmt: skip


def _var_slope(x, axis, ddof):
    """2 (x - mean) / (n - ddof); conjugated for complex x, whose variance is real."""
    freedom = count(x.shape, axis) - ddof
    centred = x - mean(x, axis, True)
    if x.dtype.kind == "c":
        centred = conjugate(centred)
    return centred * (2 / freedom if freedom > 0 else math.inf)


def _moved_var(t, x, axis, ddof, keepdims):
    moved = _var_slope(x, axis, ddof) * t
    return sum(real_part(moved), axis, keepdims)


def _is_single(x, axis, ddof):
    """Whether it is about one number at a time, whose deviation is 0 whatever it is."""
    return count(x.shape, axis) == 1 > ddof


def _d_std(g, x, out, axis, ddof):
    if _is_single(x, axis, ddof):
        return aligned(g, x.shape, axis) * _var_slope(x, axis, ddof)
    ratio, lost = over(g, out)  # a constant input: 0, as the convention has it
    slope = 0.5 * _var_slope(x, axis, ddof)
    if lost is not None:
        lost = aligned(lost, x.shape, axis)
        slope = _cleared(slope, lost)
    return unless(lost, slope, aligned(ratio, x.shape, axis) * slope)


def _cleared(slope, at):
    """`slope` less its value in the places `at`, where it is 0 but for rounding."""
    return slope - np.where(at, getattr(slope, "_data", slope), 0)


def _moved_std(t, out, x, axis, ddof, keepdims):
    if _is_single(x, axis, ddof):
        return _moved_var(t, x, axis, ddof, keepdims)

    def moving():
        return sum(real_part(undefined_slope(_var_slope(x, axis, ddof), True)), axis, keepdims)

    slope, flat = 0.5 * _moved_var(t, x, axis, ddof, keepdims), zeros_of(out, t)
    return steep(slope if flat is None else _cleared(slope, flat), out, moving=moving)


def _var(x, axis=None, ddof=0, keepdims=False):
    # as for the mean: NumPy's own takes twice the time for small arrays, and is for all else
    freedom = count(x.shape, axis) - ddof
    if x.dtype.kind != "f" or x.dtype == np.float16 or freedom <= 0 or not x.size:
        return np.var(x, axis, ddof=ddof, keepdims=keepdims)
    centred = x - np.add.reduce(x, axis, None, None, True) / (freedom + ddof)
    return np.add.reduce(centred * centred, axis, None, None, keepdims) / freedom


def _std(x, axis, ddof, keepdims):
    """As NumPy has it, but of a constant whose mean is rounded it is 0: less its first element, all is."""
    out = np.sqrt(_var(x, axis, ddof, keepdims))
    if not x.size:
        return out
    axes = axes_of(axis, x.ndim)
    first = x[tuple([slice(0, 1) if a in axes else slice(None) for a in range(x.ndim)])]
    size = np.abs(first).reshape(np.shape(out))
    constant = (out > 0) & (out < _ROUNDED * np.finfo(x.dtype).eps * size)
    if not constant.any():
        return out
    return np.where(constant, np.sqrt(_var(x - first, axis, ddof, keepdims)), out)[()]


var = primitive(
    lambda x, axis=None, ddof=0, keepdims=False: _var(x, axis, ddof, keepdims),
    ["x"],
    name="var",
    vjp={"x": lambda g, x, axis, ddof: aligned(g, x.shape, axis) * _var_slope(x, axis, ddof)},
    jvp={"x": lambda t, out, x, axis, ddof, keepdims: _moved_var(t, x, axis, ddof, keepdims)},
    batch="axis", cases=[*CASES, case((4, 3), axis=0, ddof=1)], numpy=[np.var],
    doc="The mean squared distance from the mean, n - ddof in the denominator.",
)  # fmt: skip
std = primitive(
    lambda x, axis=None, ddof=0, keepdims=False: (
        np.std(x, axis, ddof=ddof, keepdims=keepdims)
        if x.dtype.kind not in "fc" or x.dtype == np.float16
        else _std(x, axis, ddof, keepdims)
    ),
    ["x"],
    name="std",
    vjp={"x": _d_std},
    jvp={"x": _moved_std},
    batch="axis", cases=[*CASES, case((4, 3), axis=0, ddof=1)], numpy=[np.std],
    kinks="0 at constant input; the next derivative there is NaN",
    doc="The square root of var.",
)  # fmt: skip


def _best(x, out, axis):
    """Where the extreme elements are, and how many; they share evenly."""
    best = equal(x, aligned(out, x.shape, axis))
    ties = np.add.reduce(getattr(best, "_data", best), axis, None, None, True)
    return best, np.maximum(ties, 1).astype(out.dtype)


def _d_extremum(g, x, out, axis):
    best, ties = _best(x, out, axis)
    return where(best, aligned(g, x.shape, axis) / ties, 0)


def _moved_extremum(t, out, x, axis, keepdims):
    best, ties = _best(x, out, axis)
    return sum(where(best, t / ties, 0), axis, keepdims)


def _extremum(ufunc, name, functions, doc):
    return primitive(
        lambda x, axis=None, keepdims=False: ufunc.reduce(x, axis, None, None, keepdims),
        ["x"],
        name=name,
        vjp={"x": _d_extremum},
        jvp={"x": _moved_extremum},
        batch="axis", cases=CASES, numpy=functions, kinks="ties share evenly", doc=doc,
    )  # fmt: skip


max = _extremum(np.maximum, "max", [np.max, np.amax], "The largest element over axes.")
min = _extremum(np.minimum, "min", [np.min, np.amin], "The smallest element over axes.")


def _others(x):
    """For each element the product of all others along the last axis, exact at zeros.

    A tree of pairwise products, so that no division by the element is needed.
    """
    n = x.shape[-1]
    if n <= 1:
        return np.ones(x.shape, x.dtype)
    if is_array(x) and n > 256:
        return _others_by_halves(x, n)
    if is_array(x):  # what comes before, times what comes after: four calls instead of a tree
        others, after = np.ones(x.shape, x.dtype, like=x), np.ones(x.shape, x.dtype, like=x)
        np.multiply.accumulate(x[..., :-1], -1, out=others[..., 1:])
        np.multiply.accumulate(x[..., :0:-1], -1, out=after[..., -2::-1])
        return others * after
    if n % 2:
        x = concatenate([x, np.ones((*x.shape[:-1], 1), x.dtype)], -1)
    left, right = x[..., ::2], x[..., 1::2]
    above = _others(left * right)
    both = stack([above * right, above * left], -1)
    return reshape(both, x.shape)[..., :n]


def _others_by_halves(x, n):
    """The tree for large arrays, whose halves multiply faster than running products do."""
    half = n // 2
    left, right, last = x[..., :half], x[..., half : 2 * half], x[..., 2 * half :]
    above = _others(np.concatenate([left * right, last], -1) if n % 2 else left * right)
    out = np.empty_like(x)
    np.multiply(above[..., :half], right, out[..., :half])
    np.multiply(above[..., :half], left, out[..., half : 2 * half])
    out[..., 2 * half :] = above[..., half:]
    return out


def _products_without(x, axis):
    """For each element the product of those that it is multiplied with."""
    if is_array(x) and x.ndim == 1:
        return _others(x)
    axes = axes_of(axis, len(x.shape))
    last = tuple(range(-len(axes), 0))
    rows = moveaxis(x, axes, last)
    flat = reshape(rows, (*rows.shape[: len(rows.shape) - len(axes)], -1)) if x.size else rows
    others = _others(flat) if x.size else flat
    return moveaxis(reshape(others, rows.shape), last, axes)


prod = primitive(
    lambda x, axis=None, keepdims=False: np.multiply.reduce(x, axis, None, None, keepdims),
    ["x"],
    name="prod",
    vjp={"x": lambda g, x, axis: aligned(g, x.shape, axis) * _products_without(x, axis)},
    jvp={"x": lambda t, out, x, axis, keepdims: sum(t * _products_without(x, axis), axis, keepdims)},
    batch="axis", analytic=True, cases=CASES, numpy=[np.prod],
    doc="The product over axes; its derivative is exact also where elements are zero.",
)  # fmt: skip


def _d_cumsum(g, axis):
    if is_array(g) and g.ndim == 1:
        return np.add.accumulate(g[::-1])[::-1]
    return flip(_cumsum(flip(g, axis), axis), axis)


_cumsum = primitive(
    lambda x, axis: np.add.accumulate(x, axis),
    ["x"],
    name="cumsum",
    vjp={"x": _d_cumsum},
    linear=True, analytic=True, batch="axis", cases=[case((2, 3), axis=0), case((2, 3), axis=1)],
    doc="Running sum along an axis.",
)  # fmt: skip


def cumsum(x, axis=None):
    """Running sum along an axis; of all elements for None.

    Example:
        >>> cumsum(np.array([1.0, 2.0, 3.0]))
        array([1., 3., 6.])
    """
    x = as_array(x)
    return _cumsum(ravel(x), 0) if axis is None else _cumsum(x, axis_index(axis, x.ndim))


def _constant(function, doc):
    return primitive(
        lambda x, axis=None, keepdims=False: function(x, axis, keepdims=keepdims),
        ["x"],
        name=function.__name__, batch="axis", cases=CASES, numpy=[function], doc=doc,
    )  # fmt: skip


argmax = primitive(
    lambda x, axis=None, keepdims=False: np.argmax(x, axis, keepdims=keepdims),
    ["x"], name="argmax", batch="flat", cases=CASES[:2], numpy=[np.argmax],
    doc="Index of the largest element, without gradient.",
)  # fmt: skip
argmin = primitive(
    lambda x, axis=None, keepdims=False: np.argmin(x, axis, keepdims=keepdims),
    ["x"], name="argmin", batch="flat", cases=CASES[:2], numpy=[np.argmin],
    doc="Index of the smallest element, without gradient.",
)  # fmt: skip
argsort = primitive(
    lambda x, axis=-1: np.argsort(x, axis, kind="stable"),
    ["x"], name="argsort", batch="flat", cases=[case((2, 3)), case((2, 3), axis=0)],
    doc="Indices that sort along an axis, stably; without gradient.",
)  # fmt: skip
any = _constant(np.any, "Whether any element is true.")
all = _constant(np.all, "Whether all elements are true.")
count_nonzero = _constant(np.count_nonzero, "How many elements are not zero.")
