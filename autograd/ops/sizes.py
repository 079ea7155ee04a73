"""Sizes and signs of numbers: |x|, sign, hypot, copysign, and what has a kink or a cone at 0.

The line |x| has the derivative 0 at 0, and no curvature; the cones |z| and hypot have an infinite one, which
is NaN. Of smooth functions of them, such as |z|**2, the next derivative is right (see `limits.py`).
"""

from __future__ import annotations

import numpy as np

from ..declare import elementwise
from ..tape import TensorBase
from .choosing import equal, where
from .complex import conjugate, real
from .limits import call_of, call_on, limit, over, undefined_by, undefined_slope, unless, zeros_of
from .masking import moving_zeros
from .shapes import zeros_like
from .steep import steep

POSITIVE, POSITIVE_TO_10 = (0.1, 3.0), (0.1, 10.0)


def _sized(name):
    """The rules of |x|: its cotangent, its tangent.

    For real x a line with a kink, which has no curvature; for complex x a cone, whose is infinite.
    """

    def backward(g, x):
        complex_ = x.dtype.kind == "c"
        flat = zeros_of(x, g)
        plain = g * (conjugate(sign(x)) if complex_ else sign(x))
        if flat is None:
            return plain
        ratio, lost = limit(g, call_on(name, x), flat, absolute(x), kinks=complex_)
        near = conjugate(x) if complex_ else x
        return unless(lost, near, where(flat, ratio * near, plain))

    def forward(t, out, x):
        if zeros_of(x, t) is None or not isinstance(out, TensorBase):
            return real(t * conjugate(sign(x)))
        num, key = real(t * conjugate(x)), call_on(name, x)
        return steep(num, out, key, x.dtype.kind == "c", moving=lambda: real(undefined_slope(x, True)))

    return {"vjp": backward, "jvp": {"x": forward}}


absolute = elementwise(
    np.absolute, **_sized("absolute"), domain=POSITIVE_TO_10,
    kinks="0 at x = 0; the next derivative there 0 for real x, NaN for complex x", doc="|x|",
)  # fmt: skip
fabs = elementwise(
    np.fabs, **_sized("fabs"), domain=POSITIVE_TO_10, kinks="0 at x = 0, as the next derivative",
    doc="|x|, real",
)  # fmt: skip


def _d_sign(g, x, out):
    # the component of g across x, over |x|; along x nothing changes, nor anywhere for real x
    if x.dtype.kind != "c":
        return zeros_like(g)
    return unless(moving_zeros(x, g, (x,)), x, _shared(g - real(g * out) * conjugate(out), x))


def _change_of_sign(t, out, x):
    if getattr(x, "dtype", t.dtype).kind != "c":
        return zeros_like(t)
    moved = _shared(t - real(t * conjugate(out)) * out, x)
    flat = moving_zeros(x, t, (x,))
    return moved if flat is None else where(flat, undefined_slope(x, flat), moved)


def _shared(part, x):
    return where(equal(x, 0), 0, part / where(equal(x, 0), 1, absolute(x)))


sign = elementwise(
    np.sign, vjp=_d_sign, jvp={"x": _change_of_sign}, kinks="0 for real x, and at x = 0",
    doc="-1, 0 or 1; x/|x| for complex x",
)  # fmt: skip


def _d_hypot(g, x, out):
    ratio, lost = over(g, out)
    return unless(lost, x, ratio * x)


hypot = elementwise(
    np.hypot,
    vjp={"x": _d_hypot, "y": lambda g, y, out: _d_hypot(g, y, out)},
    jvp={
        "x": lambda t, out, x, y: steep(x * t, out, moving=lambda: undefined_by(x, y)),
        "y": lambda t, out, x, y: steep(y * t, out, moving=lambda: undefined_by(x, y)),
    },
    domain={"x": POSITIVE, "y": POSITIVE}, kinks="0 at (0, 0); the next derivative there is NaN",
    doc="sqrt(x**2 + y**2)",
)  # fmt: skip


def _d_copysign(g, x, out):
    flat = zeros_of(out, g)
    plain = g * sign(x) * sign(out)
    if flat is None:
        return plain
    return where(flat, limit(g, call_of(out), flat, out, kinks=False)[0] * x, plain)


copysign = elementwise(
    np.copysign,
    vjp={"x": _d_copysign, "y": lambda g: zeros_like(g)},
    jvp={
        "x": lambda t, out, x, y: steep(t * x, out, kinks=False),
        "y": lambda t, out, x, y: zeros_like(out * t),
    },
    domain={"x": POSITIVE, "y": POSITIVE}, kinks="0 at x = 0", doc="|x| with the sign of y",
)  # fmt: skip
