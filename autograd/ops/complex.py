"""Parts of complex numbers.

The sweep's cotangent w of a complex z means dL = Re(w dz): holomorphic functions multiply it
by their derivative, without conjugation. These functions are not holomorphic, so each states
what becomes of w. `.grad` shows the conjugate of w, as PyTorch does.
"""

from __future__ import annotations

import numpy as np

from ..declare import elementwise
from .choosing import equal, where
from .limits import undefined_slope, unless
from .masking import moving_zeros
from .shapes import astype, zeros_like

conjugate = elementwise(
    np.conjugate,
    vjp=lambda g: conjugate(g),
    jvp={"x": lambda t, out, x: conjugate(t)},
    numpy=[np.conj], linear=True, doc="Complex conjugate",
)  # fmt: skip


def _real(x):
    return np.real(x) + 0.0 if np.iscomplexobj(x) else np.positive(x)


def _imag(x):
    return np.imag(x) + 0.0 if np.iscomplexobj(x) else np.zeros_like(x)


def _like(g, dtype):
    """A real cotangent as one of the argument's dtype."""
    return g if dtype.kind != "c" else astype(g, dtype)


real = elementwise(
    _real,
    vjp=lambda g, x_dtype: _like(g, x_dtype),
    jvp={"x": lambda t, out, x: real(t)},
    name="real", linear=True, doc="Real part, a copy",
)  # fmt: skip
imag = elementwise(
    _imag,
    vjp=lambda g, x_dtype: -1j * _like(g, x_dtype) if x_dtype.kind == "c" else zeros_like(g),
    jvp={"x": lambda t, out, x: imag(t)},
    name="imag", linear=True, doc="Imaginary part, a copy",
)  # fmt: skip


def real_part(x):
    """The real part of x; x itself if it is real."""
    return real(x) if x.dtype.kind == "c" else x


def _d_angle(g, x):
    if x.dtype.kind != "c":
        return zeros_like(g)
    return unless(moving_zeros(x, g, (x,)), x, where(equal(x, 0), 0, -1j * g / where(equal(x, 0), 1, x)))


def _moved_angle(t, out, x):
    if getattr(x, "dtype", t.dtype).kind != "c":
        return zeros_like(t)
    flat = moving_zeros(x, t, (x,))
    moved = imag(where(equal(x, 0), 0, t / where(equal(x, 0), 1, x)))
    return moved if flat is None else where(flat, real(undefined_slope(x, flat)), moved)


angle = elementwise(
    np.angle,
    vjp=_d_angle,
    jvp={"x": _moved_angle},
    domain=(0.1, 3.0), kinks="0 at x = 0; the next derivative there is NaN", doc="Argument of a complex number in radians",
)  # fmt: skip
