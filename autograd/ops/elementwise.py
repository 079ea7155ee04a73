"""Arithmetic, exponential, trigonometric and hyperbolic functions, element by element.

Read each line as a formula: the function, then its derivative. `singular` marks functions
whose derivative is infinite somewhere, or may overflow; `analytic` those that complex numbers may enter.
"""

from __future__ import annotations

import math

import numpy as np

from ..declare import elementwise
from ..tape import TensorBase
from .choosing import equal, less, logical_and, maximum, where
from .limits import call_of, call_on, flat_rest, limit, undefined, undefined_by, unless, zeros_of
from .masking import keep_zeros, moving_zeros
from .shapes import zeros_like
from .sizes import absolute, hypot
from .steep import steep

LN2, LN10 = math.log(2.0), math.log(10.0)
POSITIVE, UNIT, POSITIVE_TO_10 = (0.1, 3.0), (-0.9, 0.9), (0.1, 10.0)

# ------------------------------------------------------------------ arithmetic

negative = elementwise(np.negative, d=-1, linear=True, analytic=True, kernel_source="-{x}", doc="-x")
positive = elementwise(np.positive, d=1, linear=True, analytic=True, doc="+x, a copy of x")
add = elementwise(
    np.add,
    x=1,
    y=1,
    linear=True,
    analytic=True,
    kernel_source="{x} + {y}",
    reflected="__radd__",
    doc="x + y",
)
subtract = elementwise(
    np.subtract,
    x=1,
    y=-1,
    linear=True,
    analytic=True,
    kernel_source="{x} - {y}",
    reflected="__rsub__",
    doc="x - y",
)
multiply = elementwise(
    np.multiply,
    x=lambda y: y,
    y=lambda x: x,
    linear="each",
    analytic=True,
    kernel_source="{x} * {y}",
    reflected="__rmul__",
    doc="x * y",
)
divide = elementwise(
    np.divide,
    # x / y again rather than the saved result: where that is NaN, NumPy then says so
    vjp={"x": lambda g, y: g / y, "y": lambda g, x, y: -g * (x / y) / y},
    name="divide", analytic=True, singular=True, domain={"y": POSITIVE},
    kernel_source="{x} / {y}", reflected="__rtruediv__", doc="x / y",
)  # fmt: skip
reciprocal = elementwise(
    np.reciprocal, vjp=lambda g, x: -g / (x * x), analytic=True, singular=True, domain=POSITIVE,
    doc="1 / x",
)  # fmt: skip


def _d_power_base(g, x, y):
    # y * x**(y-1), but 0 for y = 0, also at x = 0 where x**-1 is infinite
    if isinstance(y, (int, float, complex)):
        return zeros_like(g) if y == 0 else g * (y * (x if y == 2 else x ** (y - 1)))
    if y.dtype.kind == "b":
        y = y * g.dtype.type(1)  # less one, truth values would be integers, which widen
    if not (isinstance(x, TensorBase) or isinstance(y, TensorBase)):
        flat = equal(y, 0)
        return where(flat, 0, g * (y * x ** where(flat, 1, y - 1)))
    # its derivative by y is there too, but at 0**0 and 0**1
    flat = logical_and(equal(y, 0), equal(x, 0))
    result = where(flat, 0, g * (y * x ** where(flat, 1, y - 1)))
    pole = logical_and(equal(y, 1), equal(x, 0))
    if isinstance(y, TensorBase) and pole._data.any():
        result = result + g * undefined(y - 1, pole)
    return unless(flat, y, result) if flat._data.any() else result


def _d_power_exponent(g, x, y, out):
    # out * log(x), but 0 at x = 0, where out vanishes faster than the logarithm grows
    if isinstance(x, (int, float, complex)):
        x = out.dtype.type(x)  # a Python number does not promote, its logarithm would
    elif x.dtype.kind == "b":
        x = x * out.dtype.type(1)
    flat = equal(x, 0)
    result = g * (out * log(where(flat, 1, x)))
    if isinstance(x, TensorBase) and flat._data.any():
        # derivatives by x lose a power of x each; the last, with a power of 0 or less, has a log x
        whole = np.ceil(np.real(getattr(y, "_data", y)))
        return result + g * flat_rest(x, flat._data, np.clip(whole - 1, 0, 99))
    return result


power = elementwise(
    np.power,
    vjp={"x": _d_power_base, "y": _d_power_exponent},
    name="power", analytic=True, singular=True, domain={"x": POSITIVE},
    kernel_source="{x} ** {y}", reflected="__rpow__",
    kinks="d/dx x**0 = 0, also at x = 0; d/dy 0**y = 0", doc="x ** y",
)  # fmt: skip
float_power = elementwise(
    np.float_power,
    vjp={"x": _d_power_base, "y": _d_power_exponent},
    name="float_power", analytic=True, singular=True, domain={"x": POSITIVE},
    kinks="as power", doc="x ** y in double precision",
)  # fmt: skip
square = elementwise(np.square, d=lambda x: x + x, analytic=True, doc="x**2")


def _d_root(g, key, out, power):
    """g / out**power, or its limit where out, a root, is 0 and g vanishes with it as fast."""

    def divided():
        return g / (out if power == 1 else out * out)

    flat = zeros_of(out, g)
    if flat is None:
        return divided()
    ratio, lost = limit(g, key, flat, out)
    if power == 2 and isinstance(ratio, TensorBase):
        ratio, slower = limit(ratio, key, flat, out)
        lost = lost if slower is None else slower if lost is None else lost | slower
    return where(flat if lost is None else flat & ~lost, ratio, divided())


def _moved_sqrt(t, out, x):
    if zeros_of(x, t) is None:
        return keep_zeros(t, t / (2 * out))
    return steep(t / 2, out, call_on("sqrt", x))


sqrt = elementwise(
    np.sqrt, vjp=lambda g, x: _d_root(g, call_on("sqrt", x), sqrt(x), 1) / 2, jvp={"x": _moved_sqrt}, analytic=True, singular=True, domain=POSITIVE,
    doc="The non-negative square root of x",
)  # fmt: skip
cbrt = elementwise(
    np.cbrt, vjp=lambda g, out: _d_root(g, call_of(out), out, 2) / 3, singular=True, domain=POSITIVE,
    doc="The real cube root of x",
)  # fmt: skip
remainder = elementwise(
    np.remainder, vjp={"x": lambda g: g, "y": lambda g, x, y: -g * floor(x / y)},
    domain={"x": (0.1, 0.9), "y": (1.0, 3.0)}, reflected="__rmod__",
    kinks="at multiples of y the derivative from the right", doc="x - y * floor(x / y)",
)  # fmt: skip
fmod = elementwise(
    np.fmod, vjp={"x": lambda g: g, "y": lambda g, x, y: -g * trunc(x / y)},
    domain={"x": (0.1, 0.9), "y": (1.0, 3.0)}, kinks="as remainder",
    doc="x - y * trunc(x / y)",
)  # fmt: skip
floor_divide = elementwise(
    np.floor_divide, x=0, y=0, domain={"x": (0.1, 0.9), "y": (1.0, 3.0)},
    reflected="__rfloordiv__", kinks="0 everywhere", doc="floor(x / y)",
)  # fmt: skip
floor = elementwise(np.floor, d=0, domain=UNIT, kinks="0 everywhere", doc="Largest integer <= x")
ceil = elementwise(np.ceil, d=0, domain=UNIT, kinks="0 everywhere", doc="Smallest integer >= x")
trunc = elementwise(
    np.trunc, d=0, domain=UNIT, kinks="0 everywhere", numpy=[np.fix], doc="x without its fraction"
)
rint = elementwise(np.rint, d=0, domain=UNIT, kinks="0 everywhere", doc="Nearest integer, ties even")

# ------------------------------------------------------------------ exponentials

exp = elementwise(np.exp, d=lambda out: out, singular=True, analytic=True, doc="e**x")
exp2 = elementwise(np.exp2, d=lambda out: LN2 * out, singular=True, analytic=True, doc="2**x")
expm1 = elementwise(np.expm1, d=lambda out: out + 1, singular=True, analytic=True, doc="e**x - 1")
log = elementwise(
    np.log, vjp=lambda g, x: g / x, analytic=True, singular=True, domain=POSITIVE,
    doc="Natural logarithm of x",
)  # fmt: skip
log2 = elementwise(
    np.log2, vjp=lambda g, x: g / (LN2 * x), analytic=True, singular=True, domain=POSITIVE,
    doc="Logarithm to base 2",
)  # fmt: skip
log10 = elementwise(
    np.log10, vjp=lambda g, x: g / (LN10 * x), analytic=True, singular=True, domain=POSITIVE,
    doc="Logarithm to base 10",
)  # fmt: skip
log1p = elementwise(
    np.log1p, vjp=lambda g, x: g / (x + 1), analytic=True, singular=True, domain=POSITIVE,
    doc="log(1 + x)",
)  # fmt: skip


def _share(x, out):
    # exp(x - out), the share of x in the sum; where both are -inf the sum is empty: 0
    return exp(x - maximum(out, np.finfo(out.dtype).min))


logaddexp = elementwise(
    np.logaddexp,
    vjp={"x": lambda g, x, out: g * _share(x, out), "y": lambda g, y, out: g * _share(y, out)},
    kinks="0 where both are -inf", doc="log(exp(x) + exp(y))",
)  # fmt: skip
logaddexp2 = elementwise(
    np.logaddexp2,
    vjp={
        "x": lambda g, x, out: g * _share(LN2 * x, LN2 * out),
        "y": lambda g, y, out: g * _share(LN2 * y, LN2 * out),
    },
    kinks="0 where both are -inf", doc="log2(2**x + 2**y)",
)  # fmt: skip

# ------------------------------------------------------------------ trigonometry

sin = elementwise(np.sin, d=lambda x: cos(x), analytic=True, doc="Sine of x radians")
cos = elementwise(np.cos, d=lambda x: -sin(x), analytic=True, doc="Cosine of x radians")
tan = elementwise(
    np.tan, d=lambda out: 1 + out * out, analytic=True, domain=(-1.0, 1.0), doc="Tangent of x"
)
# (x - -1) * -(x - 1) rather than 1 - x * x: on a branch cut it keeps the sign of a zero imaginary part
arcsin = elementwise(
    np.arcsin, vjp=lambda g, x: g / sqrt((x - -1) * -(x - 1)), analytic=True, singular=True, domain=UNIT,
    doc="Angle in [-pi/2, pi/2] whose sine is x",
)  # fmt: skip
arccos = elementwise(
    np.arccos, vjp=lambda g, x: -g / sqrt((x - -1) * -(x - 1)), analytic=True, singular=True, domain=UNIT,
    doc="Angle in [0, pi] whose cosine is x",
)  # fmt: skip
arctan = elementwise(
    np.arctan, vjp=lambda g, x: g / (1 + x * x), analytic=True, domain=UNIT,
    doc="Angle in (-pi/2, pi/2) whose tangent is x",
)  # fmt: skip


def _over_square(g, a, x, y):
    # g * a / (x**2 + y**2), and 0 at the origin; by hypot, so that squares do not overflow
    radius = hypot(x, y)
    flat = moving_zeros(radius, g, (x, y))
    radius = where(equal(radius, 0), 1, radius)
    return unless(flat, a, g * (a / radius) / radius)


def _moved_over_square(t, a, x, y):
    radius = hypot(x, y)
    if zeros_of(radius, t) is None:
        return _over_square(t, a, x, y)
    share = t * (a / where(equal(radius, 0), 1, radius))
    return steep(share, radius, moving=lambda: undefined_by(x, y))


arctan2 = elementwise(
    np.arctan2,
    jvp={
        "x": lambda t, out, x, y: _moved_over_square(t, y, x, y),
        "y": lambda t, out, x, y: _moved_over_square(-t, x, x, y),
    },
    vjp={"x": lambda g, x, y: _over_square(g, y, x, y), "y": lambda g, x, y: _over_square(-g, x, x, y)},
    domain={"x": POSITIVE, "y": POSITIVE}, kinks="0 at (0, 0); the next derivative there is NaN",
    doc="Angle of the point (y, x)",
)  # fmt: skip
degrees = elementwise(
    np.degrees, d=180 / math.pi, linear=True, numpy=[np.rad2deg], doc="Radians to degrees"
)
radians = elementwise(
    np.radians, d=math.pi / 180, linear=True, numpy=[np.deg2rad], doc="Degrees to radians"
)


def _d_sinc(x, out):
    # (cos(pi x) - sinc(x)) / x loses all digits near 0; there the series -pi**2 x / 3 + ...
    near = less(absolute(x), 0.05)
    far = where(near, 1, x)
    slope = (cos(math.pi * far) - out) / far
    if type(slope) is np.ndarray:  # few are near, so the series is for them alone
        slope[near] = _d_sinc_near(x[near])
        return slope
    return where(near, _d_sinc_near(x), slope)


def _d_sinc_near(x):
    square = (math.pi * x) ** 2
    tail = 1 - square / 28 * (1 - square / 54 * (1 - square / 88))
    return -(math.pi**2) * x / 3 * (1 - square / 10 * tail)


sinc = elementwise(np.sinc, d=_d_sinc, doc="sin(pi x) / (pi x), and 1 at 0")

# ------------------------------------------------------------------ hyperbolic

sinh = elementwise(np.sinh, d=lambda x: cosh(x), singular=True, analytic=True, doc="Hyperbolic sine")
cosh = elementwise(np.cosh, d=lambda x: sinh(x), singular=True, analytic=True, doc="Hyperbolic cosine")
# 1 - out**2 is stable; 1 / cosh(x)**2 overflows
tanh = elementwise(np.tanh, d=lambda out: 1.0 - out * out, analytic=True, doc="Hyperbolic tangent")
# x * x - -1 rather than 1 + x * x: on a branch cut it keeps the sign of a zero imaginary part
arcsinh = elementwise(
    np.arcsinh, vjp=lambda g, x: g / sqrt(x * x - -1), analytic=True, domain=UNIT,
    doc="Inverse of sinh",
)  # fmt: skip
arccosh = elementwise(
    np.arccosh, vjp=lambda g, x: g / (sqrt(x - 1) * sqrt(x - -1)), analytic=True, singular=True,
    domain=(1.1, 4.0), doc="Inverse of cosh",
)  # fmt: skip
arctanh = elementwise(
    np.arctanh, vjp=lambda g, x: g / (1 - x * x), analytic=True, singular=True, domain=UNIT,
    doc="Inverse of tanh",
)  # fmt: skip
