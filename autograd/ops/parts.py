"""Numbers taken apart: quotient and remainder, fraction and whole, mantissa and exponent; rounding.

Also the functions of integers, which nobody differentiates.
"""

from __future__ import annotations

import numpy as np

from ..declare import case, elementwise, primitive
from ..tape import TensorBase
from .choosing import equal, where
from .elementwise import floor_divide, remainder, trunc
from .shapes import as_array, astype, zeros_like

# ------------------------------------------------------------------ integers


def _of_integers(ufunc, doc, reflected=""):
    return elementwise(ufunc, arrays=["x", "y"], reflected=reflected, doc=doc)


gcd = _of_integers(np.gcd, "The greatest common divisor of integers")
lcm = _of_integers(np.lcm, "The least common multiple of integers")
left_shift = _of_integers(np.left_shift, "x << y, of integers", "__rlshift__")
right_shift = _of_integers(np.right_shift, "x >> y, of integers", "__rrshift__")
bitwise_count = elementwise(np.bitwise_count, doc="How many bits of |x| are set, of integers")

# ------------------------------------------------------------------ floating numbers

ldexp = elementwise(
    np.ldexp,
    arrays=["x", "exponent"],
    constants=["exponent"],
    vjp={"x": lambda g, exponent: ldexp(g, exponent)},
    linear=True, doc="x * 2**exponent, of an integer exponent",
)  # fmt: skip
_exponent = elementwise(
    lambda x: np.frexp(x)[1], name="exponent", reference=lambda x: np.frexp(x)[1],
    doc="The exponent that frexp gives",
)  # fmt: skip
_mantissa = elementwise(
    lambda x: np.frexp(x)[0],
    vjp=lambda g, x: ldexp(g, -_exponent(x)),
    name="mantissa", reference=lambda x: np.frexp(x)[0], domain=(0.6, 0.9),
    kinks="at powers of two the derivative from the right", doc="The mantissa that frexp gives",
)  # fmt: skip
_fraction = elementwise(
    lambda x: np.modf(x)[0],
    d=1,
    name="fraction", reference=lambda x: np.modf(x)[0], domain=(0.1, 0.9),
    kinks="1 everywhere", doc="x without its whole part",
)  # fmt: skip
nextafter = elementwise(
    np.nextafter, x=1, y=0, kinks="1 and 0 everywhere", doc="The number after x, towards y",
)  # fmt: skip
spacing = elementwise(
    np.spacing, d=0, domain=(0.6, 0.9), kinks="0 everywhere", doc="From x to the number after it",
)  # fmt: skip
heaviside = elementwise(
    np.heaviside,
    vjp={"x": lambda g: zeros_like(g), "y": lambda g, x: where(equal(x, 0), g, 0)},
    kinks="0 in x everywhere", doc="0 for x < 0, y for x == 0, 1 for x > 0",
)  # fmt: skip


def modf(x):
    """The fraction and the whole part of x, both with its sign.

    Gradient: 1 of the fraction, 0 of the whole part.

    Example:
        >>> [float(part) for part in modf(np.array(-1.5))]
        [-0.5, -1.0]
    """
    fraction, whole = _fraction(x), trunc(x)
    return fraction, whole if whole.dtype == fraction.dtype else astype(whole, fraction.dtype)


def frexp(x):
    """The mantissa and the exponent of x: x = mantissa * 2**exponent, mantissa in [1/2, 1).

    Gradient: 2**-exponent of the mantissa; the exponent is an integer.

    Example:
        >>> [float(part) for part in frexp(np.array(6.0))]
        [0.75, 3.0]
    """
    return _mantissa(x), _exponent(x)


def divmod(x, y):
    """x // y and x % y. Gradient: 0 of the quotient, that of `remainder`.

    Example:
        >>> [float(part) for part in divmod(np.array(7.5), 2.0)]
        [3.0, 1.5]
    """
    # a number stays one, and takes the dtype of the other
    x, y = (as_array(v) if isinstance(v, (list, tuple)) else v for v in (x, y))
    if not isinstance(x, TensorBase) and not isinstance(y, TensorBase):
        return np.divmod(x, y)
    return floor_divide(x, y), remainder(x, y)


# ------------------------------------------------------------------ rounding

round = primitive(
    lambda x, decimals=0: np.round(x, decimals),
    ["x"],
    name="round",
    vjp={"x": lambda g: zeros_like(g)},
    jvp={"x": lambda t, out, x, decimals: zeros_like(t)},
    batch="same", cases=[case((2, 3)), case((2, 3), decimals=-1)], domain=(-2.4, 2.4),
    numpy=[np.round, np.around], kinks="0 everywhere", doc="x rounded to a number of decimals.",
)  # fmt: skip
