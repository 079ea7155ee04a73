"""Normalisation: one operation under batch, layer, group, instance and RMS normalisation.

An array is taken as n samples of c channels of s values, and the channels lie in groups: its
*view* is (n, c, s, groups). What `over` says is normalised together:

- "group": each group of each sample. One group: layer normalisation, of arrays without s; as
  many groups as channels: instance normalisation;
- "rms": the same, with the mean square in place of the variance, and no mean;
- "batch": each channel over all samples; the groups are the channels.

Statistics are of shape (n, groups, 1), or (1, groups, 1) over the batch; what belongs to
channels is (n, c, 1), (1, c, 1), or without that last axis.
"""

from __future__ import annotations

import numpy as np

from ...declare import case, fused, primitive
from ...errors import DtypeError
from ..elementwise import sqrt
from ..reductions import sum as total
from ..shapes import reshape
from . import batching
from .sums import column_sums, row_products, row_sums


def _rows(a, view):
    n, c, s, groups = view
    return a.reshape(n, groups, c // groups * s)


def _times(a, factor, view, out=None):
    """Values times the factor of their group or channel, in whichever shape fits."""
    n, c, s, _ = view
    shape = n, factor.shape[1], c * s // factor.shape[1]
    return np.multiply(a.reshape(shape), factor, None if out is None else out.reshape(shape))


def _count(view, over):
    """How many values are normalised together; 1 where there are none, to divide by."""
    n, c, s, groups = view
    return (n * s if over == "batch" else c // groups * s) or 1


def _per_channel(a, view, over):
    """Sums over the values of each channel: (n, c), or (1, c) over the batch."""
    n, c, s, _ = view
    sums = a.reshape(n, c) if s == 1 else row_sums(a.reshape(n * c, s)).reshape(n, c)
    return column_sums(sums)[None] if over == "batch" else sums


def _products_per_channel(a, b, view, over):
    """The sums of products likewise."""
    n, c, s, _ = view
    a, b = a.reshape(n, c, s), b.reshape(n, c, s)
    sums = (a * b).reshape(n, c) if s == 1 else row_products(a, b)
    return column_sums(sums)[None] if over == "batch" else sums


def _means(rows, view, over):
    n, _, _, groups = view
    if over == "batch":
        means = _per_channel(rows, view, over) / _count(view, over)
    else:
        means = row_sums(rows.reshape(n * groups, rows.shape[2])).reshape(n, groups)
        means /= rows.shape[2] or 1
    return means[:, :, None]


def _mean_squares(rows, view, over):
    if over == "batch":
        squares = _products_per_channel(rows, rows, view, over)
    else:
        squares = row_products(rows, rows)
    squares /= _count(view, over)
    return squares[:, :, None]


def _scales(deviation, weight, view):
    """What centred values are multiplied by, for each channel; `deviation` where that broadcasts."""
    _, c, _, groups = view
    if groups == 1 and weight is not None:  # an outer product, which BLAS does soonest
        return deviation[:, :, 0].dot(weight.reshape(1, c))[:, :, None]
    deviation = _to_channels(deviation, view)
    return deviation if weight is None else deviation * weight.reshape(c, 1)


def _to_channels(a, view):
    """What each group has, for each of its channels, or as it is where it broadcasts."""
    _, c, _, groups = view
    return np.repeat(a, c // groups, 1) if 1 < groups < c else a


def _common(*arrays):
    """Arrays in the dtype that is computed in, and the dtype of the result."""
    dtype = arrays[0].dtype
    if dtype.char not in "fdg" or not all(a is None or a.dtype is dtype for a in arrays):
        dtype = np.result_type(*[a for a in arrays if a is not None])
        if dtype.kind != "f":
            raise DtypeError(f"normalisation takes floating numbers, got {dtype}")
        working = np.dtype(np.float32) if dtype == np.float16 else dtype  # sums of halves overflow
        arrays = [None if a is None else a.astype(working, copy=False) for a in arrays]
    return np.ascontiguousarray(arrays[0], like=arrays[0]), *arrays[1:], dtype


def _statistics(rows, view, over):
    """Mean, variance, and the centred values, or None where they are not needed.

    Near means, no further than two deviations from zero, lose nothing to cancellation: then the
    values stay as they are, and the mean comes off what is added. For arrays of rows that costs
    more than it saves. Other means are subtracted before anything is squared.
    """
    mean = _means(rows, view, over)
    if over == "batch" or view[2] > 1:
        squares = _mean_squares(rows, view, over)
        squares -= mean * mean
        if _is_near(mean, squares):
            return mean, squares, None
    centred = rows - mean
    return mean, _mean_squares(centred, view, over), centred


def _is_near(mean, squares):
    return bool((mean * mean <= 4 * squares).all())


def _normalise(x, weight=None, bias=None, view=None, over="group", eps=1e-5, fixed=None, observe=None):
    shape = x.shape
    x, weight, bias, dtype = _common(x, weight, bias)
    n, c, s, _ = view
    mean = centred = None
    rows = _rows(x, view)
    if fixed is not None:
        mean, squares = (np.array(v, x.dtype).reshape(1, c, 1) for v in fixed)
    elif over == "rms":
        squares = _mean_squares(rows, view, over)
    else:
        mean, squares, centred = _statistics(rows, view, over)
        if observe is not None:
            observe(mean[:, :, 0], squares[:, :, 0], _count(view, over))
    near = mean is not None and centred is None and (fixed is None or _is_near(mean, squares))
    squares += eps
    deviation = np.reciprocal(np.sqrt(squares, squares), squares)
    scale = _scales(deviation, weight, view)
    out = _times(rows if centred is None else centred, scale, view, centred)
    shift = None if bias is None else bias.reshape(c, 1)
    if mean is not None and centred is None:
        mean_off = _to_channels(mean, view) * scale
        shift = -mean_off if shift is None else shift - mean_off
    if shift is not None:
        out = out.reshape(n, c, s)
        out += shift
    return out.reshape(shape).astype(dtype, copy=False), (mean, deviation, near)


def _d_normalise(g, x, weight, bias, aux, wanted, view, over, fixed):
    mean, deviation, near = aux
    working = deviation.dtype
    rows = _rows(np.ascontiguousarray(x, working, like=x), view)
    g = np.ascontiguousarray(g, working, like=g)
    factor = weight if weight is None or weight.dtype is working else weight.astype(working)
    through = 0 in wanted and fixed is None  # whether the statistics have a cotangent
    sums = products = None
    if mean is not None and (2 in wanted or through or near):
        sums = _per_channel(g, view, over)
    if 1 in wanted or through:
        rows = rows if near or mean is None else rows - mean
        products = _products_per_channel(g, rows, view, over)
        if near:
            products -= _to_channels(mean, view)[:, :, 0] * sums
    found = [None, None, None]
    if 0 in wanted:
        scale = _scales(deviation, factor, view)
        into = scale if scale is not deviation and scale.size == g.size else None
        gx = _times(g, scale, view, into)
        if through:
            _project(gx, rows, products, sums, mean if near else None, deviation, factor, view, over)
        found[0] = _like(gx, x)
    if 1 in wanted:
        found[1] = _like(_scaled_sums(products, deviation, view), weight)
    if 2 in wanted:
        found[2] = _like(column_sums(_per_channel(g, view, over) if sums is None else sums), bias)
    return found


def _like(cotangent, a):
    return cotangent.reshape(a.shape).astype(a.dtype, copy=False)


def _scaled_sums(products, deviation, view):
    """The cotangent of the weight: products of normalised values, summed over the samples."""
    deviation = deviation[:, :, 0]
    if deviation.shape == (len(products), 1):
        return column_sums(products, deviation[:, 0])
    return column_sums(products * _to_channels(deviation, view))


def _project(gx, rows, products, sums, mean, deviation, weight, view, over):
    """Take from `gx` its mean and its part along the normalised values, in place.

    Both follow from sums over channels of the cotangent before it was scaled. The rows are
    centred and are written over; or they are the input's, with a mean, or without `sums`.
    """
    count, gx = _count(view, over), _rows(gx, view)
    along = _per_group(products, weight, view)
    along *= deviation * deviation * deviation / count
    gx -= np.multiply(rows, along, rows if mean is None and sums is not None else None)
    if sums is not None:
        part = _per_group(sums, weight, view)
        part *= deviation / count
        if mean is not None:
            part -= mean * along
        gx -= part


def _per_group(sums, weight, view):
    """Sums per channel, times its weight, summed over each group: a fresh array."""
    _, c, _, groups = view
    if groups == 1 and weight is not None:
        return sums.dot(weight.reshape(c, 1))[:, :, None]
    weighted = sums.copy() if weight is None else sums * weight.reshape(c)
    if groups < c:
        weighted = row_sums(weighted.reshape(-1, c // groups)).reshape(-1, groups)
    return weighted[:, :, None]


def _formula(x, weight, bias, view, over, eps, fixed, observe):
    n, c, s, groups = view
    rows = reshape(x, (n, groups, c // groups * s))
    axes = (0, 2) if over == "batch" else 2
    if fixed is not None:
        mean, variance = (np.asarray(v, x.dtype).reshape(1, c, 1) for v in fixed)
        rows = rows - mean
    else:
        count = _count(view, over)
        rows = rows if over == "rms" else rows - total(rows, axes, True) / count
        variance = total(rows * rows, axes, True) / count
    out = reshape(rows / sqrt(variance + eps), (n, c, s))
    out = out if weight is None else out * reshape(weight, (c, 1))
    out = out if bias is None else out + reshape(bias, (c, 1))
    return reshape(out, x.shape)


_FAR = 3 + np.cos(np.arange(24.0))  # values whose mean is subtracted first

normalise = fused(
    _normalise,
    ["x", "weight", "bias"],
    backward=_d_normalise,
    formula=_formula,
    name="normalise",
    batch=batching.normalised,
    cases=[
        case((4, 6), (6,), (6,), view=(4, 6, 1, 1)),
        case((3, 2, 4), (2, 4), None, view=(3, 8, 1, 1)),
        case((3, 5), (5,), None, view=(3, 5, 1, 1), over="rms", eps=1e-3),
        case((2, 6, 3), (6,), (6,), view=(2, 6, 3, 3)),
        case((2, 4, 3), None, None, view=(2, 4, 3, 2)),
        case((2, 3, 2, 2), (3,), (3,), view=(2, 3, 4, 3)),
        case((4, 3), (3,), (3,), view=(4, 3, 1, 3), over="batch"),
        case((2, 3, 4), (3,), (3,), view=(2, 3, 4, 3), over="batch"),
        case((2, 3, 4), None, (3,), view=(2, 3, 4, 3), over="batch"),
        case(_FAR.reshape(2, 3, 4), (3,), (3,), view=(2, 3, 4, 3), over="batch"),
        case(_FAR.reshape(2, 4, 3), (4,), (4,), view=(2, 4, 3, 2)),
        case(_FAR.reshape(4, 6), None, None, view=(4, 6, 1, 1)),
        case(
            (2, 3, 2), (3,), (3,), view=(2, 3, 2, 3), over="batch",
            fixed=(np.array([0.5, -1.0, 0.0]), np.array([1.0, 0.5, 2.0])),
        ),
        case(
            (4, 3), (3,), None, view=(4, 3, 1, 3), over="batch",
            fixed=(np.array([3.0, -1.0, 0.0]), np.array([1.0, 0.5, 2.0])),
        ),
    ],
    doc="""(x - mean) / sqrt(variance + eps) * weight + bias

    Args:
        x: any shape with as many elements as `view` has.
        weight, bias: of as many elements as there are channels, or None.
        view: (samples, channels, values, groups) of x.
        over: what is normalised together: "group", "rms" or "batch"; see the module.
        fixed: (mean, variance) of each channel, which then are no functions of x.
        observe: called with the means, the variances (biased) and their count, in training.

    Gradient: what comes back, without its mean and its part along the normalised values.

    Source: Ioffe and Szegedy, Batch Normalization, 2015, section 3; Ba et al., Layer
    Normalization, 2016, eq. 3; Zhang and Sennrich, Root Mean Square Layer Normalization, 2019, eq. 4.""",
)  # fmt: skip


def _window_sums(x, before, after):
    out = x.copy()
    for i in range(1, max(before, after) + 1):
        if i <= before:
            out[:, i:] += x[:, :-i]
        if i <= after:
            out[:, :-i] += x[:, i:]
    return out


window_sums = primitive(
    _window_sums,
    ["x"],
    name="window_sums",
    vjp={"x": lambda g, before, after: window_sums(g, after, before)},
    linear=True,
    batch=batching.folded(0),
    cases=[
        case((2, 5, 3), before=1, after=0),
        case((2, 3), before=1, after=2),
        case((1, 2), before=3, after=2),
    ],
    doc="""The sums of each channel with those `before` it and `after` it, zeros where there are none.

    Shapes: x (N, C, ...).""",
)
