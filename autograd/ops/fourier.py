"""Discrete Fourier transforms.

All are linear. The complex transform over any axes is symmetric, so it is its own transpose; the
real ones are each other's, but for the weights that stand for the half of the spectrum that is
left out.
"""

from __future__ import annotations

import operator

import numpy as np

from ..declare import case, primitive
from ..errors import ArgumentError, AxisError, ShapeError
from .complex import conjugate
from .indexing import getitem, scatter_add
from .matrices import like
from .shapes import axis_index

SWAPPED = {"backward": "forward", "forward": "backward", "ortho": "ortho"}


def _fitted(x, shape):
    """x cut or filled up with zeros at the end of each axis, to the shape."""
    if tuple(x.shape) == tuple(shape):
        return x
    common = tuple(slice(min(have, want)) for have, want in zip(x.shape, shape, strict=True))
    x = getitem(x, common)
    return x if x.shape == tuple(shape) else scatter_add(x, common, tuple(shape))


def _d_transform(g, x_shape, x_dtype, axes, norm, inverse):
    return like(
        _fitted(_transform(g, tuple(g.shape[a] for a in axes), axes, norm, inverse), x_shape), x_dtype
    )


_transform = primitive(
    lambda x, s, axes, norm="backward", inverse=False: (np.fft.ifftn if inverse else np.fft.fftn)(
        x, s, axes, norm
    ),
    ["x"],
    name="fftn",
    vjp={"x": _d_transform},
    linear=True,
    batch="axis",
    reference=lambda x, s, axes, norm, inverse: (np.fft.ifftn if inverse else np.fft.fftn)(
        x, s, axes, norm
    ),
    cases=[
        case((5,), s=(5,), axes=(0,)),
        case((3, 4), s=(5, 2), axes=(1, 0), norm="ortho"),
        case((2, 3, 2), s=(2, 3), axes=(0, 1), norm="forward", inverse=True),
    ],
    doc="The discrete Fourier transform over axes; cut or filled up with zeros to s before.",
)


def _weights(g, axis, n, inner):
    """For each frequency of a half spectrum of n: 1 if it is its own mirror image, else `inner`."""
    length = g.shape[axis]
    weights = np.full(length, inner, np.finfo(g.dtype).dtype)
    weights[:1] = 1
    if n % 2 == 0 and length == n // 2 + 1:
        weights[-1:] = 1
    return weights.reshape((-1,) + (1,) * (len(g.shape) - 1 - axis))


def _d_half(g, x_shape, x_dtype, n, axis, norm):
    whole = _whole(conjugate(g) * _weights(g, axis, n, 0.5), n, axis, SWAPPED[norm])
    return like(_fitted(whole, x_shape), x_dtype)


def _d_whole(g, x_shape, x_dtype, n, axis, norm):
    half = conjugate(_half(g, n, axis, SWAPPED[norm]))
    return like(_fitted(half * _weights(half, axis, n, 2.0), x_shape), x_dtype)


_half = primitive(
    lambda x, n, axis, norm="backward": np.fft.rfft(x, n, axis, norm),
    ["x"],
    name="rfft",
    vjp={"x": _d_half},
    linear=True,
    batch="axis",
    reference=lambda x, n, axis, norm: np.fft.rfft(x, n, axis, norm),
    cases=[
        case((5,), n=5, axis=0),
        case((2, 6), n=6, axis=1, norm="ortho"),
        case((5, 2), n=4, axis=0, norm="forward"),
        case((3, 2), n=4, axis=0),
        case((2, 3), n=1, axis=1),
    ],
    doc="The non-negative half of the spectrum of a real x along an axis.",
)
_whole = primitive(
    lambda x, n, axis, norm="backward": np.fft.irfft(x, n, axis, norm),
    ["x"],
    name="irfft",
    vjp={"x": _d_whole},
    linear=True,
    batch="axis",
    reference=lambda x, n, axis, norm: np.fft.irfft(x, n, axis, norm),
    cases=[
        case((3,), n=5, axis=0),
        case((2, 4), n=6, axis=1, norm="ortho"),
        case((5, 2), n=4, axis=0, norm="forward"),
        case((2, 2), n=5, axis=0),
        case((2, 2), n=1, axis=1),
    ],
    doc="The real x along an axis whose half spectrum this is.",
)


# ------------------------------------------------------------------ lengths, axes, norms


def normed(name, norm):
    """A norm by its name; ArgumentError if it has none."""
    norm = "backward" if norm is None else norm
    if norm not in SWAPPED:
        raise ArgumentError(f"{name}: norm must be 'backward', 'ortho' or 'forward', got {norm!r}")
    return norm


def _length(name, n):
    n = operator.index(n)
    if n < 1:
        raise ArgumentError(f"{name}: a transform has at least one point, got {n}")
    return n


def plan(name, x, s, axes, mirrored=False):
    """The lengths and the non-negative axes of a transform; the last is mirrored in irfftn."""
    if axes is None:
        count = x.ndim if s is None else len(tuple(s))
        axes = range(x.ndim - count, x.ndim)
        if count > x.ndim:
            raise AxisError(f"{name}: s={s!r} has more axes than the shape {tuple(x.shape)}")
    axes = tuple(axis_index(a, x.ndim) for a in axes)
    lengths = [-1] * len(axes) if s is None else list(s)
    if len(lengths) != len(axes):
        raise ShapeError(f"{name}: s={s!r} and axes={axes} must have the same length")
    usual = [x.shape[a] for a in axes]
    if mirrored and axes:
        usual[-1] = 2 * (usual[-1] - 1)
    lengths = [x.shape[a] if n == -1 and s is not None else u if n in (None, -1) else n
               for n, u, a in zip(lengths, usual, axes, strict=True)]  # fmt: skip
    return [_length(name, n) for n in lengths], axes


def over_axes(x, lengths, axes, norm, inverse):
    """The complex transform; an axis that is named twice is transformed twice, last first."""
    if len(set(axes)) < len(axes):
        for n, axis in zip(reversed(lengths), reversed(axes), strict=True):
            x = over_axes(x, [n], (axis,), norm, inverse)
        return x
    return _transform(x, tuple(lengths), axes, norm, inverse)


def real_half(name, x, n, axis, norm):
    """The real transform along one axis; all its points for n=None."""
    if x.dtype.kind == "c":
        raise ArgumentError(f"{name}: expected real numbers, got {x.dtype}; use the complex transform")
    return _half(x, _length(name, x.shape[axis] if n is None else n), axis, norm)


def real_whole(name, x, n, axis, norm):
    """The inverse of the real transform along one axis; an even number of points for n=None."""
    return _whole(x, _length(name, 2 * (x.shape[axis] - 1) if n is None else n), axis, norm)
