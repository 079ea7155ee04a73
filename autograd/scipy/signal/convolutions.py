"""Convolution and correlation, in any number of dimensions.

In "full" mode each pair of elements meets, in "valid" mode only where all of the one array meet the other.
Each is the transpose of the other, so the two make up all derivatives.
"""

from __future__ import annotations

import numpy as np

from ...batched_calls import CLASSES
from ...declare import case, primitive
from ...errors import ArgumentError, OperandError, ShapeError
from ...keywords import has_tensor
from ...ops.arranging import flip
from ...ops.einsum import einsum
from ...ops.fft import fftn, ifftn, irfftn, rfftn
from ...ops.indexing import getitem
from ...ops.matrices import conj, in_lapack
from ...ops.moving import sliding_window_view
from ...ops.padding import pad
from ...ops.shapes import as_array, axis_index, transpose
from .. import load
from .._faces import spelled

theirs = load("signal")

_MODES = ("full", "same", "valid")


def _kernel(x, y, mode, method="auto"):
    if not x.size or not y.size:
        raise ShapeError(f"convolve: arrays of shapes {x.shape} and {y.shape} must have elements")
    return in_lapack(lambda a, b: theirs.convolve(a, b, mode, method), x, y)


def _of_examples(call):
    """An axis of examples beside one of length one; two of them, one example after the other."""
    if call.batched[0] and call.batched[1]:
        return CLASSES["loop"](call)
    whole = 0 if call.batched[0] else 1
    if whole and call.statics["mode"] != "full":  # x would be shorter than y
        return CLASSES["loop"](call)
    args = list(call.args)
    args[1 - whole] = args[1 - whole][None]
    return call.run(args)


_convolve = primitive(
    _kernel,
    ["x", "y"],
    name="convolve_nd",
    vjp={
        "x": lambda g, y, mode, method: _convolve(
            g, flip(y), "valid" if mode == "full" else "full", method
        ),
        "y": lambda g, x, mode, method: (
            _convolve(g, flip(x), "valid", method)
            if mode == "full"
            else flip(_convolve(x, flip(g), "valid", method))
        ),
    },
    linear="each",
    batch=_of_examples,
    analytic=True,
    reference=lambda x, y, mode, method: theirs.convolve(x, y, mode, "direct"),
    cases=[
        case((5, 4), (3, 2), mode="full"),
        case((2, 3), (3, 1), mode="full"),
        case((5, 4), (3, 2), mode="valid"),
        case((6,), (3,), mode="full"),
    ],
    doc="The sum over k of x[k] * y[n - k]; in mode 'valid' x is no shorter than y along any axis.",
)


def _pair(name, in1, in2, mode):
    """Both arrays and the mode, checked."""
    x, y = as_array(in1), as_array(in2)
    if x.ndim != y.ndim:
        raise ShapeError(f"{name}: in1 {tuple(x.shape)} and in2 {tuple(y.shape)} must have as many axes")
    if mode not in _MODES:
        raise ArgumentError(f"{name}: mode must be 'full', 'same' or 'valid', got {mode!r}")
    if not x.size or not y.size:
        raise ShapeError(f"{name}: in1 {tuple(x.shape)} and in2 {tuple(y.shape)} must have elements")
    return x, y


def is_turned(name, x, y, axes):
    """Whether "valid" means that y, which is the longer, slides under x.

    Errors: ShapeError if neither holds the other.
    """
    longer = [x.shape[i] >= y.shape[i] for i in axes]
    if all(longer):
        return False
    if any(x.shape[i] > y.shape[i] for i in axes):
        raise ShapeError(
            f"{name}: in 'valid' mode one of in1 {tuple(x.shape)} and in2 {tuple(y.shape)} must hold the other"
        )
    return True


def _centered(full, shape):
    places = [(n - m) // 2 for n, m in zip(full.shape, shape, strict=True)]
    return getitem(full, tuple(slice(a, a + m) for a, m in zip(places, shape, strict=True)))


def convolved(name, x, y, mode, method="auto"):
    """The convolution in one of the three modes."""
    if not x.ndim:
        return x * y
    if mode != "valid":
        full = _convolve(x, y, "full", method)
        return full if mode == "full" else _centered(full, tuple(x.shape))
    if is_turned(name, x, y, range(x.ndim)):
        x, y = y, x
    return _convolve(x, y, "valid", method)


def _method(name, method):
    if method not in ("auto", "direct", "fft"):
        raise ArgumentError(f"{name}: method must be 'auto', 'direct' or 'fft', got {method!r}")
    return method


@spelled(theirs.convolve, calls=True)
def convolve(in1, in2, mode="full", method="auto", axes=None, dot_axes=None):
    """The convolution of two arrays: the sum over k of in1[k] * in2[n - k].

    Args:
        mode: "full": wherever they meet; "same": of the shape of in1, from the middle; "valid": where all
            of the one meet the other. In its place, as in HIPS autograd, `axes` may come.
        method: "direct", "fft" or "auto", the faster of them.
        axes: the axes of in1 and those of in2 along which to convolve, all if not given.
        dot_axes: those over whose products to sum. The result has the other axes of in1, those of in2,
            and the convolved ones.

    Errors: ShapeError, ArgumentError.

    Example:
        >>> convolve(np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0]), "same", "direct")
        array([1., 3., 5.])
    """
    if not isinstance(mode, str):  # by position HIPS autograd has axes, dot_axes and mode here
        mode, axes, dot_axes = axes or "full", mode, dot_axes if method == "auto" else method
    if axes is not None or dot_axes is not None:
        return _over_axes(as_array(in1), as_array(in2), axes, dot_axes or ((), ()), mode)
    if not has_tensor([in1, in2]):
        return theirs.convolve(in1, in2, mode, method)
    x, y = _pair("convolve", in1, in2, mode)
    return convolved("convolve", x, y, mode, _method("convolve", method))


def _over_axes(x, y, axes, dot_axes, mode):
    if axes is None:
        axes = (range(x.ndim), range(y.ndim))
    try:
        along, summed = ([[axis_index(i, a.ndim) for i in each] for a, each in zip((x, y), pair, strict=True)]
                         for pair in (axes, dot_axes))  # fmt: skip
    except TypeError:
        raise OperandError(
            f"convolve: axes and dot_axes must be two sequences of axes, got {axes!r} and {dot_axes!r}"
        ) from None
    if len(along[0]) != len(along[1]) or len(summed[0]) != len(summed[1]):
        raise ArgumentError(f"convolve: axes {axes} and dot_axes {dot_axes} must name as many axes of both")
    if mode not in _MODES:
        raise ArgumentError(f"convolve: mode must be 'full', 'same' or 'valid', got {mode!r}")
    free = [
        [i for i in range(a.ndim) if i not in (*k, *d)]
        for a, k, d in zip((x, y), along, summed, strict=True)
    ]
    x, y = (transpose(a, [*f, *d, *k]) for a, f, d, k in zip((x, y), free, summed, along, strict=True))
    n, dots, count = len(along[0]), len(summed[0]), [len(f) for f in free]
    lengths = [tuple(a.shape[a.ndim - n :]) for a in (x, y)]
    turned = mode == "valid" and any(a < b for a, b in zip(*lengths, strict=True))
    letters = iter("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    fx, fy, d, out, k = ("".join(next(letters) for _ in range(c)) for c in (*count, dots, n, n))
    if turned:
        is_turned("convolve", *[np.empty(s) for s in lengths], range(n))
        x, y, fx_, fy_ = y, x, fy, fx
    else:
        fx_, fy_ = fx, fy
    if mode != "valid":
        widths = [(0, 0)] * (x.ndim - n) + [(m - 1, m - 1) for m in y.shape[y.ndim - n :]]
        x = pad(x, widths)
    windows = sliding_window_view(x, tuple(y.shape[y.ndim - n :]), tuple(range(x.ndim - n, x.ndim)))
    y = flip(y, tuple(range(y.ndim - n, y.ndim)))
    found = einsum(f"{fx_}{d}{out}{k},{fy_}{d}{k}->{fx}{fy}{out}", windows, y)
    return _centered(found, (*found.shape[: found.ndim - n], *lengths[0])) if mode == "same" else found


@spelled(theirs.correlate)
def correlate(in1, in2, mode="full", method="auto"):
    """The correlation of two arrays: the sum over n of in1[n + k] * conj(in2[n]); modes as in convolve.

    Example:
        >>> correlate(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0]), "valid", "direct")
        array([2., 3.])
    """
    x, y = _pair("correlate", in1, in2, mode)
    return convolved("correlate", x, flip(conj(y)), mode, _method("correlate", method))


# ------------------------------------------------------------------ by Fourier transforms


def _by_transforms(name, in1, in2, mode, axes):
    x, y = _pair(name, in1, in2, mode)
    if axes is None:
        return convolved(name, x, y, mode, "fft")
    given = axes if isinstance(axes, (tuple, list)) else (axes,)
    places = [axis_index(i, x.ndim) for i in given]
    lengths = [x.shape[i] + y.shape[i] - 1 for i in places]
    if np.result_type(x.dtype, y.dtype).kind == "c":
        full = ifftn(fftn(x, lengths, places) * fftn(y, lengths, places), lengths, places)
    else:
        full = irfftn(rfftn(x, lengths, places) * rfftn(y, lengths, places), lengths, places)
    shape = list(full.shape)
    if mode == "valid":
        is_turned(name, x, y, places)
        for i in places:
            shape[i] = abs(x.shape[i] - y.shape[i]) + 1
    elif mode == "same":
        for i in places:
            shape[i] = x.shape[i]
    return _centered(full, tuple(shape))


@spelled(theirs.fftconvolve)
def fftconvolve(in1, in2, mode="full", axes=None):
    """The convolution of two arrays, by Fourier transforms; along some axes, if they are named.

    Example:
        >>> fftconvolve(np.array([1.0, 2.0]), np.array([1.0, 1.0])).round(12)
        array([1., 3., 2.])
    """
    return _by_transforms("fftconvolve", in1, in2, mode, axes)


@spelled(theirs.oaconvolve)
def oaconvolve(in1, in2, mode="full", axes=None):
    """The convolution of two arrays, part by part; as fftconvolve.

    Example:
        >>> oaconvolve(np.array([1.0, 2.0]), np.array([1.0, 1.0])).round(12)
        array([1., 3., 2.])
    """
    return _by_transforms("oaconvolve", in1, in2, mode, axes)


# ------------------------------------------------------------------ images

_BOUNDARIES = {"fill": "constant", "pad": "constant", "wrap": "wrap", "circular": "wrap", "symm": "symmetric",
               "symmetric": "symmetric"}  # fmt: skip


def _in_2d(name, in1, in2, mode, boundary, fillvalue, correlates):
    x, y = _pair(name, in1, in2, mode)
    if x.ndim != 2:
        raise ShapeError(f"{name}: in1 and in2 must be matrices, got {tuple(x.shape)}")
    if boundary not in _BOUNDARIES:
        raise ArgumentError(f"{name}: boundary must be 'fill', 'wrap' or 'symm', got {boundary!r}")
    shape = tuple(x.shape)
    y = flip(conj(y)) if correlates else y
    if mode == "valid" or (_BOUNDARIES[boundary] == "constant" and not np.any(fillvalue)):
        return _same_2d(convolved(name, x, y, "full", "direct"), shape, tuple(y.shape), correlates) if (
            mode == "same") else convolved(name, x, y, mode, "direct")  # fmt: skip
    kind = _BOUNDARIES[boundary]
    options = {"constant_values": fillvalue} if kind == "constant" else {}
    whole = pad(x, [(n - 1, n - 1) for n in y.shape], kind, **options)
    full = _convolve(whole, y, "valid", "direct")
    return _same_2d(full, shape, tuple(y.shape), correlates) if mode == "same" else full


def _same_2d(full, shape, kernel, correlates):
    """The middle of a full convolution; of an even kernel a correlation has the later one."""
    places = [n // 2 if correlates else (n - 1) // 2 for n in kernel]
    return getitem(full, tuple(slice(a, a + m) for a, m in zip(places, shape, strict=True)))


@spelled(theirs.convolve2d)
def convolve2d(in1, in2, mode="full", boundary="fill", fillvalue=0):
    """The convolution of two matrices, with a choice of what lies outside of in1.

    Args:
        boundary: "fill" for `fillvalue`, "wrap" for in1 again, "symm" for its mirror image.

    Example:
        >>> convolve2d(np.eye(2), np.array([[1.0, 2.0]]), "same")
        array([[1., 2.],
               [0., 1.]])
    """
    return _in_2d("convolve2d", in1, in2, mode, boundary, fillvalue, False)


@spelled(theirs.correlate2d)
def correlate2d(in1, in2, mode="full", boundary="fill", fillvalue=0):
    """The correlation of two matrices; as convolve2d.

    Example:
        >>> correlate2d(np.eye(2), np.array([[1.0, 2.0]]), "valid")
        array([[1.],
               [2.]])
    """
    return _in_2d("correlate2d", in1, in2, mode, boundary, fillvalue, True)
