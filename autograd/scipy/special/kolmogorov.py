"""Kolmogorov's limiting distribution and its inverse.

Source: A. Kolmogorov, Sulla determinazione empirica di una legge di distribuzione, Giorn. Ist. Ital.
Attuari 4 (1933), in the two forms that a theta function has (DLMF 20.7.32): the first converges for
large x, the second for small x.
"""

from __future__ import annotations

import math
from typing import Any

from ...ops.choosing import equal, less, where
from ...ops.elementwise import exp
from ._declare import special
from ._edges import no_slope

_BOTH = 0.9  # here both have all digits


def _slope(x: Any) -> Any:
    """The derivative of 2 sum((-1)**(k-1) exp(-2 k**2 x**2)), k from 1 on."""
    far = less(_BOTH, x)
    large, small = where(far, x, 1.0), where(far, 1.0, where(less(x, 0.04), 0.04, x))
    above: Any = 0.0
    for k in range(6, 0, -1):
        above = above + (-1) ** k * 8 * k * k * large * exp(-2 * k * k * large * large)
    below: Any = 0.0
    inverse = 1 / (small * small)
    for k in range(4, 0, -1):
        rate = ((2 * k - 1) * math.pi) ** 2 / 8
        below = below + exp(-rate * inverse) * (inverse - 2 * rate * inverse * inverse)
    return where(far, above, math.sqrt(2 * math.pi) * below)


kolmogorov = special(
    "kolmogorov", ["y"], vjp={"y": lambda g, y: g * _slope(y)}, domain=(0.4, 2.0),
    doc="The share of Kolmogorov's distribution above y, 2 sum((-1)**(k-1) exp(-2 k**2 y**2))",
)  # fmt: skip
kolmogi = special(
    "kolmogi", ["p"], vjp={"p": lambda g, out: g * (1 / _slope(out) + no_slope(equal(out, 0), out))}, singular=True, domain=(0.2, 0.8),
    kinks="infinite at 0 and 1", doc="The y where kolmogorov(y) = p",
)  # fmt: skip
