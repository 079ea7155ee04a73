"""NumPy's faces of the parts of complex numbers: `real` and `imag` are views, `angle` may be in degrees.

Those of `complex.py`, which rules use, give arrays of their own.
"""

from __future__ import annotations

import numpy as np

from ..declare import case, primitive
from . import complex as copies
from .broadcasting import broadcast_to
from .matrices import like
from .shapes import astype, zeros_like


def _joined(x, y):
    if np.iscomplexobj(x) or np.iscomplexobj(y):
        return x + 1j * y
    out = np.empty(np.shape(x), np.result_type(x, y, np.complex64))
    out.real, out.imag = x, y
    return out[()]


_from_parts = primitive(
    _joined,
    ["x", "y"],
    name="from_parts",
    vjp={"x": lambda g, x_dtype: like(g, x_dtype), "y": lambda g, y_dtype: like(1j * g, y_dtype)},
    jvp={"x": lambda t, out, x, y: _from_parts(t, zeros_like(t)),
         "y": lambda t, out, x, y: _from_parts(zeros_like(t), t)},
    linear=True, batch=lambda call: call.run([call.whole(0), call.whole(1)]), cases=[case((2, 3), (2, 3))],
    reference=_joined, doc="x + i y of one shape, also of infinities.",
)  # fmt: skip


def from_parts(x, y):
    """x + i y, broadcast to the larger."""
    shape = np.broadcast_shapes(tuple(x.shape), tuple(y.shape))
    return _from_parts(broadcast_to(x, shape), broadcast_to(y, shape))


def _put_real(base, new):
    return from_parts(new, copies.imag(base)) if base.dtype.kind == "c" else new


real = primitive(
    lambda x: x.real,
    ["x"],
    name="real_view",
    vjp={"x": lambda g, x_dtype: astype(g, x_dtype)},
    jvp={"x": lambda t, out, x: copies.real(t)},
    view=_put_real,
    linear=True, batch="same", cases=[case((2, 3))], numpy=[np.real], doc="The real part, a view.",
)  # fmt: skip
imag = primitive(
    lambda x: x.imag,
    ["x"],
    name="imag_view",
    vjp={"x": lambda g, x_dtype: -1j * astype(g, x_dtype) if x_dtype.kind == "c" else zeros_like(g)},
    jvp={"x": lambda t, out, x: copies.imag(t)},
    view=lambda base, new: from_parts(copies.real(base), new),
    linear=True, batch="same", cases=[case((2, 3))], numpy=[np.imag],
    doc="The imaginary part, a view; of real numbers zeros.",
)  # fmt: skip


def angle(z, deg=False):
    """The argument of a complex number, in (-pi, pi], or in degrees.

    Gradient: 0 at z = 0.

    Example:
        >>> float(angle(1j, deg=True))
        90.0
    """
    out = copies.angle(z)
    return out * (180 / np.pi) if deg else out
