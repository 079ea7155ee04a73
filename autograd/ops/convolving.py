"""Convolution and correlation of vectors.

In "full" mode each pair of elements meets, in "valid" mode only where all of the shorter vector do.
Each is the transpose of the other, so the two make up all derivatives.
"""

from __future__ import annotations

import numpy as np

from ..declare import case, primitive
from ..errors import ArgumentError, ShapeError
from .arranging import flip
from .composed import composed
from .contractions import matmul
from .joining import concatenate
from .matrices import conj
from .shapes import as_array, reshape

_MODES = {0: "valid", 1: "same", 2: "full"}


def _each(call):
    """All examples at once: the windows of x times y turned round."""
    x, y = call.whole(0), call.whole(1)
    n, m = x.shape[-1], y.shape[-1]
    if call.statics["mode"] == "full":
        ends = np.zeros((x.shape[0], m - 1), x.dtype)
        x, n = concatenate([ends, x, ends], -1), n + 2 * (m - 1)
    windows = x[:, np.arange(n - m + 1)[:, None] + np.arange(m)]
    return reshape(matmul(windows, y[:, ::-1, None]), (x.shape[0], n - m + 1))


_convolve = primitive(
    lambda x, y, mode: np.convolve(x, y, mode),
    ["x", "y"],
    name="convolve",
    vjp={
        "x": lambda g, y, mode: _convolve(g, flip(y), "valid" if mode == "full" else "full"),
        "y": lambda g, x, mode: _d_kernel(g, x, mode),
    },
    linear="each", analytic=True, batch=_each,
    cases=[case((5,), (3,), mode="full"), case((2,), (3,), mode="full"), case((5,), (3,), mode="valid")],
    doc="sum over k of x[k] * y[n - k]; in mode 'valid' x is not the shorter.",
)  # fmt: skip


def _d_kernel(g, x, mode):
    if mode == "full":
        return _convolve(g, flip(x), "valid")
    return flip(_convolve(x, flip(g), "valid"))


def _vector(name, which, x):
    x = as_array(x)
    x = x if x.ndim else reshape(x, (1,))
    if x.ndim != 1 or not x.shape[0]:
        raise ShapeError(f"{name}: {which} must be a vector with an element or more, got shape {x.shape}")
    return x


def _mode(name, mode):
    mode = _MODES.get(mode, mode)
    if mode not in ("full", "same", "valid"):
        raise ArgumentError(f"{name}: mode must be 'full', 'same' or 'valid', got {mode!r}")
    return mode


def convolved(x, y, mode):
    """The convolution of two vectors, x not the shorter."""
    if mode != "same":
        return _convolve(x, y, mode)
    start = (y.shape[0] - 1) // 2
    return _convolve(x, y, "full")[start : start + x.shape[0]]


@composed(np.convolve)
def convolve(a, v, mode="full"):
    """The convolution of two vectors: sum over k of a[k] * v[n - k].

    Args:
        mode: "full": wherever they meet; "same": of the length of the longer; "valid": where all of
            the shorter meets the longer.

    Example:
        >>> convolve(np.array([1.0, 2.0]), np.array([1.0, 1.0, 1.0]))
        array([1., 3., 3., 2.])
    """
    a, v = _vector("convolve", "a", a), _vector("convolve", "v", v)
    a, v = (v, a) if v.shape[0] > a.shape[0] else (a, v)
    return convolved(a, v, _mode("convolve", mode))


@composed(np.correlate)
def correlate(a, v, mode="valid"):
    """The correlation of two vectors: sum over n of a[n + k] * conj(v[n]); modes as in convolve.

    Example:
        >>> correlate(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0]))
        array([2., 3.])
    """
    a, v = _vector("correlate", "a", a), _vector("correlate", "v", v)
    mode = _mode("correlate", mode)
    if v.shape[0] > a.shape[0]:
        return flip(conj(correlate(v, a, mode)))
    return convolved(a, flip(conj(v)), mode)
